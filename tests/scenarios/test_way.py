"""The whole way, as a team goes it: from log lines to an approved issue, through the real libraries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.server import Fault
from bot.models import Stage
from tests.scenarios.office import ANN, BOB, CHANNEL, Place, bad_hour, office
from tests.standins.logging_server import LoggingServer


@pytest.fixture(params=["socket", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with (
        LoggingServer(bad_hour(datetime.now(UTC))) as logging,
        office(tmp_path, socket=request.param == "socket", LOGGING_EMULATOR_HOST=logging.host) as made,
    ):
        yield made


def test_from_log_lines_to_an_approved_issue(place: Place) -> None:
    """Round, digest, command, refusal, approval, one issue, link; all delivered twice, and nothing changes."""
    report = place.round()
    assert report.new_entries == 36
    digest = place.digest()
    assert "ModuleNotFoundError: No module named 'fees'" in str(digest["blocks"])
    number = place.number_of("checkout-api")

    assert place.slack.command(BOB, CHANNEL, f"file cluster {number}", times=2).ok
    proposal = place.proposal()
    assert proposal["thread_ts"] == digest["ts"]
    assert place.github.sent("POST", "/issues") == 0

    assert place.slack.say(BOB, CHANNEL, "approve", digest["ts"], times=2).ok
    assert place.told(BOB, "not on the list of approvers")
    assert place.github.sent("POST", "/issues") == 0

    assert place.slack.say(ANN, CHANNEL, "approve", digest["ts"], times=2).ok
    assert place.shown("Filed")
    kept = place.store.proposals.get(1)
    assert kept is not None
    (issue,) = place.github.state.issues.values()
    assert kept.marker in issue["body"]
    assert issue["title"] == kept.draft.title
    assert f"<{issue['html_url']}|" in place.proposal()["text"]
    assert f"approved by <@{ANN}>" in place.proposal()["text"]

    place.round()
    assert place.slack.wait(lambda: issue["html_url"] in str(place.digest()["blocks"]))
    seen = place.slack.messages(CHANNEL)
    assert place.round().new_entries == 0
    place.garden.stop()
    assert place.slack.messages(CHANNEL) == seen
    assert place.github.sent("POST", "/issues") == 1
    assert [m["ts"] for m in seen if "thread_ts" not in m and "bot_id" in m] == [digest["ts"]]
    assert len([w for w in place.slack.whispers(BOB) if "list of approvers" in w["text"]]) == 1


def test_an_approval_outlives_a_tracker_that_is_down(place: Place) -> None:
    """The message says why it is not written yet; the outbox writes it later, once."""
    place.round()
    place.slack.command(BOB, CHANNEL, f"file cluster {place.number_of('mailer')}")
    place.github.fault("bad gateway, written", "POST", "/issues")
    place.slack.say(ANN, CHANNEL, "approve", place.proposal()["thread_ts"])
    assert place.shown("It is tried again")
    place.drain()
    assert place.shown("Filed")
    assert len(place.github.state.issues) == 1


def test_slack_being_down_loses_no_approved_issue(place: Place) -> None:
    """An approval that was recorded is filed though its message cannot be edited; the message follows."""
    place.round()
    place.slack.command(BOB, CHANNEL, f"file cluster {place.number_of('mailer')}")
    shown = place.proposal()
    place.slack.fail("chat.update", Fault(status=503), times=2)
    place.slack.say(ANN, CHANNEL, "approve", shown["thread_ts"])
    assert place.slack.wait(lambda: place.github.state.issues)
    place.drain()
    proposal = place.store.proposals.get(1)
    assert proposal is not None
    assert proposal.stage is Stage.FILED
    place.round()
    assert place.shown("Filed")
