"""The tracker on a GitHub that nobody here wrote: the npm package `emulate`.

It accepts what real GitHub would refuse and has no faults to order; those are `tests/standins/github_server.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import NotFound
from bot.models import Act, Draft, Mark, Severity
from bot.trackers.github import GitHubTracker
from tests.standins.emulate import GITHUB_TOKEN, REPOSITORY, Emulate, emulate

MARKER = "<!-- log-gardener: cluster=3 proposal=p-17 -->"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulate]:
    with emulate(tmp_path_factory.mktemp("emulate")) as running:
        yield running


@pytest.fixture(scope="module")
def tracker(world: Emulate) -> Iterator[GitHubTracker]:
    made = GitHubTracker(REPOSITORY, token=GITHUB_TOKEN, base_url=world.github, timeout=10, pause=0.0)
    yield made
    made.shut()


def test_the_whole_way_of_an_issue(world: Emulate, tracker: GitHubTracker) -> None:
    """Created with labels, found by its marker, commented, found again, escalated, read in the list."""
    new = Draft(Act.CREATE, REPOSITORY, title="GCP-new | P3 | Name", body="text", labels=("P3", "area/checkout-api"))
    issue = tracker.create(new, MARKER)
    assert set(issue.labels) == {"P3", "area/checkout-api"}
    found = tracker.find(MARKER)
    assert found is not None
    assert found.number == issue.number

    again = "<!-- log-gardener: cluster=3 proposal=p-18 -->"
    assert tracker.find(again, issue.number) is None
    tracker.comment(Draft(Act.COMMENT, REPOSITORY, comment="again", issue=issue.number), again)
    assert tracker.find(again, issue.number) is not None

    title = "GCP-new | P3 → P1 | Name"
    changed = tracker.edit(
        Draft(Act.ESCALATE, REPOSITORY, title=title, labels=("P1",), issue=issue.number, severity=Severity.P1)
    )
    assert changed.title == title
    assert set(changed.labels) == {"P1", "area/checkout-api"}
    changes = list(tracker.changes(Mark()))
    assert MARKER in next(i.body for c in changes for i in c.issues if i.number == issue.number)
    (comment,) = world.ask_github(f"/repos/{REPOSITORY}/issues/{issue.number}/comments")
    more = "<!-- log-gardener: cluster=3 proposal=p-19 -->"
    tracker.comment(Draft(Act.COMMENT, REPOSITORY, comment="and again", issue=issue.number, amends=comment["id"]), more)
    assert tracker.issue(issue.number).comments == (f"and again\n\n{more}\n",)
    tracker.turns(issue.number)
    twin = tracker.create(new, MARKER)
    closed = tracker.close_as_duplicate(twin.number, issue.number, "<!-- log-gardener: twin -->")
    assert closed.closed
    assert f"Duplicate of #{issue.number}" in closed.comments[0]


def test_what_is_not_there_is_not_found(tracker: GitHubTracker) -> None:
    """Its 404 is understood like GitHub's."""
    with pytest.raises(NotFound):
        tracker.issue(4711)
