"""The requests that PyGithub really sends for us are ones that GitHub's published description allows.

The description is in the npm package `@octokit/openapi`; `npm install --no-package-lock --prefix tests/contracts` puts
it there. Without it these tests are skipped, and where `CI` is set they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from bot.errors import NotFound
from bot.models import Act, Draft, Mark, Severity
from bot.trackers.github import GitHubTracker
from tests.standins.github_server import GitHubServer, Sent

DESCRIPTION = Path(__file__).parent / "node_modules/@octokit/openapi/generated/api.github.com.json"
REPOSITORY = "ticketry/platform"
NOW = datetime(2026, 3, 6, tzinfo=UTC)
MARKER = "<!-- log-gardener: cluster=3 proposal=p-17 -->"
PATHS = (
    "/repos/{owner}/{repo}/issues",
    "/repos/{owner}/{repo}/issues/{issue_number}",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
    "/repos/{owner}/{repo}/issues/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/issues/events",
    "/repos/{owner}/{repo}/issues/{issue_number}/events",
    "/repos/{owner}/{repo}/contents/{path}",
    "/user",
    "/repos/{owner}/{repo}/labels",
    "/repos/{owner}/{repo}/labels/{name}",
)
"""All that we ever ask of GitHub; a request to anything else is an error here."""


class Captured:
    """A request as it came over the wire, in the shape that openapi-core looks at."""

    def __init__(self, sent: Sent) -> None:
        self.host_url = "https://api.github.com"
        self.path = sent.quoted
        self.method = sent.verb.lower()
        query = [tuple(pair.split("=", 1)) for pair in sent.query.split("&") if pair]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict([(k, v.replace("%3A", ":")) for k, v in query]), header=Headers(sent.headers)
        )
        self.body = sent.body or None
        self.content_type = sent.headers.get("Content-Type", "")


@pytest.fixture(scope="module")
def description() -> OpenAPI:
    if not DESCRIPTION.exists():
        message = "GitHub's description is missing: npm install --no-package-lock --prefix tests/contracts"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    whole: dict[str, Any] = orjson.loads(DESCRIPTION.read_bytes())
    whole["paths"] = {path: whole["paths"][path] for path in PATHS}
    for path in whole["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation["responses"] = {"200": {"description": "not looked at"}}
    return OpenAPI.from_dict(whole, config=Config(spec_validator_cls=None))  # the description itself is not on trial


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer(REPOSITORY) as server:
        yield server


@pytest.fixture
def tracker(github: GitHubServer) -> Iterator[GitHubTracker]:
    made = GitHubTracker(REPOSITORY, token=github.token, base_url=github.url, timeout=5, pause=0.0)
    yield made
    made.shut()


def everything(github: GitHubServer, tracker: GitHubTracker) -> None:
    """All that the tracker can do, once."""
    labels = ("P1", "bug", "area/checkout-api", "log-gardener")
    new = Draft(
        Act.CREATE, REPOSITORY, title="Payments time out", body="text", labels=labels, assignees=("ann-example",)
    )
    issue = tracker.create(new, MARKER)
    tracker.comment(Draft(Act.COMMENT, REPOSITORY, comment="again", issue=issue.number), MARKER)
    github.close(issue.number)
    tracker.edit(Draft(Act.REOPEN, REPOSITORY, comment="again", issue=issue.number))
    title = "GCP-new | P1 → P0 | Payments time out"
    tracker.edit(Draft(Act.ESCALATE, REPOSITORY, title=title, labels=("P0",), issue=issue.number, severity=Severity.P0))
    mark = [change.mark for change in tracker.changes(Mark())][-1]
    list(tracker.changes(mark))
    own = github.state.comments[issue.number][0]["id"]
    tracker.comment(Draft(Act.COMMENT, REPOSITORY, comment="more", issue=issue.number, amends=own), MARKER)
    tracker.turns(issue.number)
    tracker.newest(NOW)
    with pytest.raises(NotFound):
        tracker.file("CODEOWNERS")
    twin = tracker.create(new, MARKER)
    tracker.close_as_duplicate(twin.number, issue.number, "<!-- log-gardener: twin -->")
    tracker.find(MARKER)
    tracker.find(MARKER, issue.number)


def test_every_request_is_one_that_github_describes(
    description: OpenAPI, github: GitHubServer, tracker: GitHubTracker
) -> None:
    """Path, query, content type and body of each, validated against the description."""
    everything(github, tracker)
    seen = {(s.verb, s.path.removeprefix(f"/repos/{REPOSITORY}")) for s in github.requests}
    assert {("POST", "/issues"), ("PATCH", "/issues/1"), ("POST", "/issues/1/labels"), ("POST", "/labels")} <= seen
    for sent in github.requests:
        description.validate_request(Captured(sent))


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/issues", b'{"body": "no title"}'),
        ("POST", "/issues", b'{"title": "x", "labels": "P1"}'),
        ("PATCH", "/issues/1", b'{"state": "reopened"}'),
        ("POST", "/issues/1/comments", b"{}"),
        ("POST", "/issue", b'{"title": "x"}'),
        ("GET", "/issues?direction=up", b""),
    ],
)
def test_the_check_can_fail(description: OpenAPI, verb: str, path: str, body: bytes) -> None:
    """Requests that GitHub does not describe are found out."""
    path, _, query = path.partition("?")
    sent = Sent(
        verb,
        f"/repos/{REPOSITORY}{path}",
        query,
        {"Content-Type": "application/json"},
        body,
        f"/repos/{REPOSITORY}{path}",
    )
    with pytest.raises(OpenAPIError):
        description.validate_request(Captured(sent))


def test_each_write_has_the_headers_that_github_asks_for(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A user agent, and the token in the header only."""
    everything(github, tracker)
    for sent in github.requests:
        assert sent.headers["User-Agent"] == "log-gardener"
        assert sent.headers["Authorization"].endswith(github.token)
        assert github.token not in sent.query
        assert github.token.encode() not in sent.body
