"""The tracker of our own behaves towards us as GitHub does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Forbidden, NotFound, TrackerUnavailable
from bot.models import Act, Draft, Issue, Mark
from bot.ports import Tracker
from bot.trackers.local import LocalTracker

MARKER = "<!-- log-gardener: cluster=1 proposal=p-00000000000000e1 -->"
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Clock:
    """Each look is a second later than the one before."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[LocalTracker]:
    made = LocalTracker(str(tmp_path / "tracker.db"), clock=Clock())
    yield made
    made.shut()


def draft(title: str = "Checkout fails", **fields: object) -> Draft:
    given: dict[str, object] = {"act": Act.CREATE, "repository": "local/garden", "title": title, "body": "It fails."}
    return Draft(**(given | fields))  # type: ignore[arg-type]


def comment(number: int, text: str = "Still happening.") -> Draft:
    return Draft(Act.COMMENT, "local/garden", comment=text, issue=number)


def changed(tracker: LocalTracker, mark: Mark | None = None) -> list[Issue]:
    return [issue for change in tracker.changes(mark or Mark()) for issue in change.issues]


def test_it_is_a_tracker(tracker: LocalTracker) -> None:
    """It has all that the pipeline asks for."""
    port: Tracker = tracker
    assert port.repository == "local/garden"


def test_an_issue_is_created_with_its_marker(tracker: LocalTracker) -> None:
    """Numbers count up; text, labels and times are kept, and the address says that it is only here."""
    one = tracker.create(draft(labels=("P1", "log-gardener"), assignees=("ada",)), MARKER)
    two = tracker.create(draft(), MARKER.replace("e1", "e2"))
    assert (one.number, two.number) == (1, 2)
    assert one.body == f"It fails.\n\n{MARKER}\n"
    assert (one.labels, one.state, one.url) == (("P1", "log-gardener"), "open", "local:garden#1")
    assert one.created_at == one.updated_at == START + timedelta(seconds=1)
    assert tracker.issue(1) == one


def test_markers_are_found_where_they_were_written(tracker: LocalTracker) -> None:
    """In bodies of all issues; in the comments of one."""
    tracker.create(draft(), MARKER)
    tracker.create(draft(), "<!-- another -->")
    tracker.comment(comment(2), "<!-- third -->")
    found = tracker.find(MARKER)
    assert found is not None
    assert found.number == 1
    assert tracker.find("<!-- third -->") is None
    assert tracker.find("<!-- third -->", 2) == tracker.find("<!-- another -->", 2) == tracker.issue(2)
    assert tracker.find(MARKER, 2) is None
    with pytest.raises(NotFound):
        tracker.find(MARKER, 9)


def test_comments_are_kept_in_order(tracker: LocalTracker) -> None:
    """Each with its marker, hostile text and all; a draft without one writes nothing."""
    tracker.create(draft(), MARKER)
    tracker.comment(comment(1, "one'; DROP TABLE local_comments; --"), "<!-- m1 -->")
    after = tracker.comment(comment(1, "two\x00 \ud83d"), "<!-- m2 -->")
    assert after.comments == ("one'; DROP TABLE local_comments; --\n\n<!-- m1 -->\n", "two\x00 ?\n\n<!-- m2 -->\n")
    assert after.updated_at == START + timedelta(seconds=3)
    assert tracker.comment(comment(1, ""), "<!-- m3 -->") == after


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (draft("t" * 257), "title is too long: 257 characters, and 256"),
        (draft(body="b" * 65_500), "body is too long"),
        (draft(" "), "needs a title"),
    ],
)
def test_what_does_not_fit_is_refused(tracker: LocalTracker, made: Draft, words: str) -> None:
    """As GitHub does, but in words; nothing is written."""
    with pytest.raises(Forbidden, match=words):
        tracker.create(made, MARKER)
    assert changed(tracker) == []


def test_long_comments_and_titles_are_refused_too(tracker: LocalTracker) -> None:
    """The same limits hold for what is changed later."""
    tracker.create(draft(), MARKER)
    with pytest.raises(Forbidden, match="comment is too long"):
        tracker.comment(comment(1, "c" * 65_536), MARKER)
    with pytest.raises(Forbidden, match="title is too long"):
        tracker.edit(Draft(Act.ESCALATE, "local/garden", title="t" * 257, issue=1))
    assert tracker.issue(1).comments == ()


def test_an_edit_leaves_to_people_what_is_theirs(tracker: LocalTracker) -> None:
    """Our priority label is swapped, others stay; the same edit again changes nothing, not even the time."""
    tracker.create(draft(labels=("P3", "backend")), MARKER)
    escalate = Draft(Act.ESCALATE, "local/garden", title="P3 → P1 | Checkout fails", labels=("P1",), issue=1)
    edited = tracker.edit(escalate)
    assert (edited.title, edited.labels) == ("P3 → P1 | Checkout fails", ("backend", "P1"))
    assert tracker.edit(escalate) == edited
    assert tracker.edit(Draft(Act.ESCALATE, "local/garden", labels=("area",), issue=1)).labels == (
        "backend",
        "P1",
        "area",
    )


def test_a_closed_issue_is_reopened_only_if_asked(tracker: LocalTracker) -> None:
    """An escalation does not reopen; a reopening does."""
    tracker.create(draft(), MARKER)
    closed = tracker.close(1, "completed")
    assert (closed.state, closed.reason, closed.closed_at) == ("closed", "completed", START + timedelta(seconds=2))
    assert tracker.edit(Draft(Act.ESCALATE, "local/garden", title="louder", issue=1)).closed
    opened = tracker.edit(Draft(Act.REOPEN, "local/garden", issue=1))
    assert (opened.state, opened.closed_at, opened.title) == ("open", None, "louder")
    assert tracker.close(1, "not_planned").reason == "not_planned"
    assert tracker.reopen(1).state == "open"
    with pytest.raises(Forbidden, match="closed as"):
        tracker.close(1, "bored")


def test_what_changed_since_comes_oldest_first(tracker: LocalTracker) -> None:
    """A comment is a change; what changed exactly then comes again."""
    for title in ("one", "two", "three"):
        tracker.create(draft(title), MARKER)
    tracker.comment(comment(1), "<!-- m -->")
    assert [i.number for i in changed(tracker)] == [2, 3, 1]
    assert [i.number for i in changed(tracker, Mark(issues=START + timedelta(seconds=3)))] == [3, 1]


def test_what_is_not_there_is_not_found(tracker: LocalTracker) -> None:
    """Every way to name a wrong number says so."""
    for act in (tracker.issue, tracker.close, tracker.reopen):
        with pytest.raises(NotFound, match="no issue #7"):
            act(7)
    with pytest.raises(NotFound):
        tracker.comment(comment(7), MARKER)
    with pytest.raises(NotFound):
        tracker.edit(Draft(Act.REOPEN, "local/garden", issue=7))


def test_repositories_share_a_file_and_nothing_else(tmp_path: Path) -> None:
    """Each has its own numbers."""
    path = str(tmp_path / "tracker.db")
    one, two = LocalTracker(path, "local/one"), LocalTracker(path, "local/two")
    one.create(draft("of one"), MARKER)
    assert two.create(draft("of two"), MARKER).number == 1
    assert [i.title for i in changed(one)] == ["of one"]
    assert two.issue(1).url == "local:two#1"
    one.shut()
    two.shut()


@pytest.mark.parametrize("memory", [False, True])
def test_many_threads_get_a_number_each(tmp_path: Path, memory: bool) -> None:
    """Nothing is lost or numbered twice."""
    tracker = LocalTracker(":memory:" if memory else str(tmp_path / "tracker.db"))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: tracker.create(draft(f"t{n}"), MARKER).number, range(80)))
    assert sorted(made) == list(range(1, 81))
    tracker.shut()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """In words, and the file is left alone."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as if it were one" * 20)
    before = path.read_bytes()
    with pytest.raises(TrackerUnavailable, match=r"notes\.txt"):
        LocalTracker(str(path)).issue(1)
    assert path.read_bytes() == before
