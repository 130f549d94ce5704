"""`check`, `trends` and `dashboard` in Slack, and the picture of the digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import telling
from bot.demo.server import Fault
from tests.samples import HOSTILE
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, Place, office


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path) as made:
        made.round()
        yield made


def answer(place: Place, user: str, text: str, words: str) -> dict[str, Any]:
    assert place.slack.command(user, CHANNEL, text).ok
    assert place.told(user, words), [w["text"] for w in place.slack.whispers(user)]
    return next(w for w in place.slack.whispers(user) if words in w["text"])


def test_what_somebody_says_is_held_against_the_logs(place: Place) -> None:
    """Sentence by sentence: confirmed, contradicted with the right value, unsupported, inferred."""
    number = place.number_of("checkout-api")
    said = (
        f"check {number} It was logged 12 times. It was logged 500 times. The moon was full. "
        "Checkout fails because the module fees is missing."
    )
    shown = str(answer(place, BOB, said, "checked against cluster")["blocks"])
    for words in ("✓ confirmed", "✗ contradicted", "12", "? unsupported", "→ inferred"):
        assert words in shown, (words, shown)


def test_the_text_of_an_issue_is_checked_against_its_cluster(place: Place) -> None:
    """Of one that is linked; whatever stands there does nothing; guests do not get it."""
    number = place.number_of("seat-map")
    issue = place.github.add(
        "Seats", f"## Cause\n\n- It happened 12 times.\n- {HOSTILE}\n```\nIt happened 99 times.\n```"
    )
    answer(place, BOB, f"check {issue}", "is not linked to a cluster")
    answer(place, ANN, f"link {number} {issue}", "> now, by your word")
    shown = answer(place, BOB, f"check #{issue}", f"{issue}, checked against")
    assert "99 times" not in str(shown["blocks"])
    assert "<!channel>" not in str(shown["blocks"])
    answer(place, GUS, f"check {issue}", "guests and bots do not get them")


def test_trends_are_a_picture_and_the_same_in_words(place: Place) -> None:
    """In the channel, with words for those who do not see it."""
    words = "36 occurrences from"
    answer(place, BOB, "trends", words)
    (file,) = [f for f in place.slack.files.values() if f["name"].startswith("trends-")]
    assert file["content"].startswith(b"\x89PNG")
    assert words in file["alt_txt"]
    answer(place, BOB, "trends 90d", "at most")


def test_the_dashboard_is_a_link_or_what_to_set(place: Place) -> None:
    answer(place, BOB, "dashboard", "GARDEN_URL")


def noon() -> str:
    """A time zone where it is about noon, so that two hours later it is still the same day."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def test_the_digest_has_its_picture_drawn_at_most_hourly(tmp_path: Path) -> None:
    """With words; an edit within the hour keeps it, one later draws what changed; no edit, no upload."""
    with office(tmp_path, GARDEN_TIMEZONE=noon()) as place:
        place.round()
        (picture,) = [b for b in place.digest()["blocks"] if b["type"] == "image"]
        assert "36 occurrences" in picture["alt_text"]
        uploads = place.slack.calls["files.completeUploadExternal"]
        place.round()
        answer(place, BOB, "take 1", "is on cluster 1")
        telling.tell(place.edges)
        assert "on it:" in str(place.digest()["blocks"])
        assert place.slack.calls["files.completeUploadExternal"] == uploads
        answer(place, BOB, "take 2", "is on cluster 2")
        later = replace(place.edges, clock=lambda: ahead)
        ahead = place.edges.clock() + timedelta(hours=2)
        telling.tell(later)
        assert place.slack.calls["files.completeUploadExternal"] == uploads + 1
        (after,) = [b for b in place.digest()["blocks"] if b["type"] == "image"]
        assert after["slack_file"] != picture["slack_file"]


@pytest.mark.parametrize("fault", ["not looked at yet", "refused"])
def test_a_digest_without_its_picture_is_better_than_none(tmp_path: Path, fault: str) -> None:
    """Slack looks at a file for a moment before it can be shown; or takes none."""
    with office(tmp_path) as place:
        place.slack.settling = 60.0
        if fault == "refused":
            place.slack.fail("files.getUploadURLExternal", Fault(error="fatal_error"), 5)
        place.round()
        assert "Log Gardener" in str(place.digest()["blocks"])
        assert not [b for b in place.digest()["blocks"] if b["type"] == "image"]
        assert len([m for m in place.slack.messages(CHANNEL) if "thread_ts" not in m]) == 1
