"""What holds for every tracker: one suite, for GitHub through the real client and for the local one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Forbidden, NotFound
from bot.models import Act, Change, Draft, Issue, Mark, Severity, Turn
from bot.ports import Tracker
from bot.trackers.github import GitHubTracker
from bot.trackers.local import LocalTracker
from store import open_store
from tests.standins.github_server import GitHubServer

REPOSITORY = "ticketry/platform"
MARKER = "<!-- log-gardener: cluster=1 signature=00000000000000aa proposal=p-00000000000000e1 -->"
OTHER = MARKER.replace("e1 -->", "e2 -->")
START = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """A tracker, and what people do there."""

    tracker: Tracker
    close: Callable[[int, str], object]
    label: Callable[[int, str, str], object]
    """Number, label, who: this label and no other."""
    lock: Callable[[int], object]


@pytest.fixture(params=["github", "local"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        if request.param == "github":
            server = stack.enter_context(GitHubServer(REPOSITORY, now=START))
            github = GitHubTracker(REPOSITORY, token=server.token, base_url=server.url, pause=0)
            stack.callback(github.shut)
            yield World(
                github,
                lambda n, why: server.close(n, why),
                lambda n, name, who: server.label(n, name, who=who),
                lambda n: server.state.issues[n].update(locked=True),
            )
        else:
            now = [START]

            def clock() -> datetime:
                now[0] += timedelta(seconds=1)
                return now[0]

            local = LocalTracker(str(tmp_path / "tracker.db"), REPOSITORY, clock=clock)
            stack.callback(local.shut)
            yield World(local, local.close, lambda n, name, who: local.label(n, name, who=who), local.lock)


def draft(**fields: object) -> Draft:
    given = {"act": Act.CREATE, "repository": REPOSITORY, "title": "GCP-new | P3 | Pay", "body": "It fails."} | fields
    return Draft(**given)  # type: ignore[arg-type]  # whatever field of Draft the test wants


def comment(number: int, text: str = "Still happening.", **fields: object) -> Draft:
    return draft(act=Act.COMMENT, title="", body="", comment=text, issue=number, **fields)


def read(tracker: Tracker, mark: Mark | None = None) -> tuple[list[Change], Mark]:
    mark = mark or Mark()
    changes = list(tracker.changes(mark))
    return changes, changes[-1].mark if changes else mark


def issues(changes: list[Change]) -> list[Issue]:
    return [issue for change in changes for issue in change.issues]


def test_what_is_created_is_found_by_its_marker(world: World) -> None:
    """In the body, by the list of the newest, and in a comment of that issue."""
    made = world.tracker.create(draft(labels=("P3", "bug"), assignees=("ann-example",)), MARKER)
    found = world.tracker.find(MARKER, since=START - timedelta(hours=1))
    assert found is not None
    assert (found.number, found.title, set(found.labels)) == (made.number, "GCP-new | P3 | Pay", {"P3", "bug"})
    assert [i.number for i in world.tracker.newest(START - timedelta(hours=1))] == [made.number]
    assert world.tracker.find(OTHER) is None
    assert world.tracker.find(OTHER, made.number) is None
    world.tracker.comment(comment(made.number), OTHER)
    assert world.tracker.find(OTHER, made.number) is not None


def test_an_own_comment_is_edited_in_its_place(world: World) -> None:
    """One that is gone is written anew; people's stay."""
    number = world.tracker.create(draft(), MARKER).number
    world.tracker.comment(comment(number, "first"), MARKER)
    (said,) = [c for change in read(world.tracker)[0] for c in change.comments]
    after = world.tracker.comment(comment(number, "second", amends=said.id), OTHER)
    assert after.comments == (f"second\n\n{OTHER}\n",)
    assert len(world.tracker.comment(comment(number, "third", amends=987654), MARKER).comments) == 2


def test_a_comment_is_rewritten_and_one_that_is_gone_is_not_written_anew(world: World) -> None:
    """It says the new text only, and a sync brings that."""
    number = world.tracker.create(draft(), MARKER).number
    world.tracker.comment(comment(number, "first"), MARKER)
    (said,) = [c for change in read(world.tracker)[0] for c in change.comments]
    assert world.tracker.rewrite(said, "other words").body == "other words"
    assert world.tracker.rewrite(replace(said, id=987654), "other words").id == 987654
    assert world.tracker.issue(number).comments == ("other words",)
    assert [c.body for change in read(world.tracker)[0] for c in change.comments] == ["other words"]


def test_a_sync_brings_what_changed_and_then_nothing_new(world: World) -> None:
    """Into the mirror: state, comments, who set the severity; again with the mark, no more than the last."""
    one, two = (world.tracker.create(draft(title=t), m).number for t, m in (("one", MARKER), ("two", OTHER)))
    world.tracker.comment(comment(one, "said"), MARKER.replace("e1 -->", "e3 -->"))
    world.label(two, "P3", "ann-example")
    world.close(one, "not_planned")
    with open_store(":memory:") as store:
        assert store.issues.take(REPOSITORY, world.tracker.changes(Mark())) >= 2
        kept = [store.issues.get(REPOSITORY, n) for n in (one, two)]
        assert [i.state if i else "" for i in kept] == ["closed", "open"]
        assert kept[0] is not None
        assert kept[1] is not None
        assert (kept[0].reason, kept[1].severity_by) == ("not_planned", "ann-example")
        assert "said" in kept[0].comments[0]
        world.tracker.edit(draft(act=Act.ESCALATE, title="two", labels=("P1",), issue=two, severity=Severity.P1))
        store.issues.take(REPOSITORY, world.tracker.changes(store.issues.mark(REPOSITORY)))
        raised = store.issues.get(REPOSITORY, two)
        assert raised is not None
        assert (raised.labels, raised.severity_by) == (("P1",), "")
        again, _ = read(world.tracker, store.issues.mark(REPOSITORY))
        assert {i.number for i in issues(again)} <= {two}


def test_who_did_what_is_told(world: World) -> None:
    """People's labels apart from ours."""
    number = world.tracker.create(draft(), MARKER).number
    world.label(number, "P2", "ann-example")
    world.tracker.edit(draft(act=Act.ESCALATE, title="", labels=("P1",), issue=number))
    told = [t for t in world.tracker.turns(number) if t.what == "labeled"]
    assert [(t.label, t.person) for t in told] == [("P2", True), ("P1", False)]
    assert all(isinstance(t, Turn) for t in told)


def test_a_twin_is_closed_once_and_says_so(world: World) -> None:
    """As duplicate of the lower; the second time nothing happens."""
    low, high = (world.tracker.create(draft(), m).number for m in (MARKER, OTHER))
    for _ in range(2):
        closed = world.tracker.close_as_duplicate(high, low, "<!-- log-gardener-twin: x -->")
        assert (closed.state, closed.reason, len(closed.comments)) == ("closed", "duplicate", 1)
        assert f"Duplicate of #{low}" in closed.comments[0]


def test_editing_and_reopening_leave_people_what_is_theirs(world: World) -> None:
    """The priority is swapped, other labels stay; a closed issue is opened; twice changes nothing more."""
    number = world.tracker.create(draft(labels=("P3", "needs-design")), MARKER).number
    world.close(number, "completed")
    escalated = draft(act=Act.ESCALATE, title="P3 → P1 | Pay", labels=("P1",), issue=number)
    for _ in range(2):
        issue = world.tracker.edit(escalated)
        assert (issue.title, set(issue.labels), issue.state) == ("P3 → P1 | Pay", {"P1", "needs-design"}, "closed")
    assert world.tracker.edit(draft(act=Act.REOPEN, title="", body="", issue=number)).state == "open"


def test_refusals_are_the_same(world: World) -> None:
    """What is not there, and what is locked."""
    for ask in (world.tracker.issue, lambda n: world.tracker.comment(comment(n), MARKER)):
        with pytest.raises(NotFound):
            ask(77)
    with pytest.raises(NotFound):
        world.tracker.file("CODEOWNERS")
    number = world.tracker.create(draft(), MARKER).number
    world.lock(number)
    assert world.tracker.issue(number).locked
    with pytest.raises(Forbidden):
        world.tracker.comment(comment(number), OTHER)
