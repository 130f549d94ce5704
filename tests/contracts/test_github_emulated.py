"""The tracker on a GitHub that nobody here wrote: the npm package `emulate`, started for these tests.

It accepts what real GitHub would refuse and has no faults to order; those are `tests/standins/github_server.py`'s.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from bot.errors import NotFound
from bot.models import Act, Draft, Severity
from bot.trackers.github import GitHubTracker

EMULATE = Path(__file__).parent / "node_modules/.bin/emulate"
REPOSITORY = "ticketry/platform"
TOKEN = "not-a-real-token"
MARKER = "<!-- log-gardener: cluster=3 proposal=p-17 -->"
SEED = {
    "tokens": {TOKEN: {"login": "gardener", "scopes": ["repo"]}},
    "github": {
        "users": [{"login": "gardener", "name": "Gardener", "email": "gardener@example.com"}],
        "orgs": [{"login": "ticketry", "name": "Ticketry"}],
        "repos": [{"owner": "ticketry", "name": "platform", "description": "Tickets", "auto_init": False}],
    },
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not EMULATE.exists() or shutil.which("node") is None:
        message = "emulate is missing: npm install --no-package-lock --prefix tests/contracts"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    seed = tmp_path_factory.mktemp("emulate") / "seed.json"
    seed.write_text(json.dumps(SEED))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(EMULATE), "start", "--service", "github", "--port", str(port), "--seed", str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + 20
    while monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            sleep(0.05)
        else:
            return
    pytest.fail("emulate did not start")


@pytest.fixture
def tracker(url: str) -> Iterator[GitHubTracker]:
    made = GitHubTracker(REPOSITORY, token=TOKEN, base_url=url, timeout=10, pause=0.0)
    yield made
    made.close()


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
