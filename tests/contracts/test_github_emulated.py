"""The tracker on a GitHub that nobody here wrote: the npm package `emulate`.

It accepts what real GitHub would refuse and has no faults to order; those are `tests/standins/github_server.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import NotFound
from bot.models import Act, Draft, Severity
from bot.trackers.github import GitHubTracker
from tests.standins.emulate import GITHUB_TOKEN, REPOSITORY, emulate

MARKER = "<!-- log-gardener: cluster=3 proposal=p-17 -->"


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubTracker]:
    with emulate(tmp_path_factory.mktemp("emulate")) as running:
        made = GitHubTracker(REPOSITORY, token=GITHUB_TOKEN, base_url=running.github, timeout=10, pause=0.0)
        yield made
        made.shut()


def test_the_whole_way_of_an_issue(tracker: GitHubTracker) -> None:
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
    read = {i.number: i for i in tracker.issues(None)}[issue.number]
    assert read.comments
    assert MARKER in read.body


def test_what_is_not_there_is_not_found(tracker: GitHubTracker) -> None:
    """Its 404 is understood like GitHub's."""
    with pytest.raises(NotFound):
        tracker.issue(4711)
