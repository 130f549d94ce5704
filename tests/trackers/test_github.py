"""The tracker on GitHub, through the real PyGithub, against a small GitHub on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Ambiguous, Forbidden, NotFound, TrackerUnavailable
from bot.models import Act, Comment, Draft, Issue, Mark, Severity
from bot.trackers.github import GitHubTracker
from tests.standins.github_server import GitHubServer

MARKER = "<!-- log-gardener: cluster=3 proposal=p-17 -->"
NEW = Draft(
    Act.CREATE,
    "ticketry/platform",
    title="GCP-new | P1 | Payments time out",
    body="## Impact",
    labels=("P1", "bug", "area/checkout-api", "log-gardener"),
    assignees=("ann-example",),
    severity=Severity.P1,
)
START = Mark()


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        yield server


@pytest.fixture
def connect(github: GitHubServer) -> Iterator[Callable[..., GitHubTracker]]:
    made: list[GitHubTracker] = []

    def make(**more: object) -> GitHubTracker:
        settings = {"token": github.token, "base_url": github.url, "timeout": 1, "pause": 0.0, **more}
        made.append(GitHubTracker("ticketry/platform", **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for tracker in made:
        tracker.shut()


@pytest.fixture
def tracker(connect: Callable[..., GitHubTracker]) -> GitHubTracker:
    return connect()


def comment_on(number: int) -> Draft:
    return Draft(Act.COMMENT, "ticketry/platform", comment="Still happening", issue=number)


# ---------------------------------------------------------------------------------------- writing


def test_create_writes_all_of_the_draft_and_the_marker_once(github: GitHubServer, tracker: GitHubTracker) -> None:
    """Title, body with marker, labels made with colours, assignees: one POST."""
    issue = tracker.create(NEW, MARKER)
    kept = github.state.issues[issue.number]
    assert github.sent("POST", "/issues") == 1
    assert (issue.title, issue.url) == (NEW.title, "https://github.com/ticketry/platform/issues/1")
    assert kept["body"] == f"## Impact\n\n{MARKER}\n"
    assert [label["name"] for label in kept["labels"]] == list(NEW.labels)
    assert github.state.labels["P1"]["color"] == "d93f0b"
    assert [a["login"] for a in kept["assignees"]] == ["ann-example"]


def test_labels_that_exist_are_not_made_again(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A second issue asks for no label that the first one had."""
    tracker.create(NEW, MARKER)
    asked = github.sent("GET"), github.sent("POST", "/labels")
    tracker.create(NEW, MARKER)
    assert (github.sent("GET"), github.sent("POST", "/labels")) == asked


def test_a_body_that_is_too_long_keeps_its_marker(github: GitHubServer, tracker: GitHubTracker) -> None:
    """The text is cut, never the marker, within GitHub's limits."""
    draft = Draft(Act.CREATE, "ticketry/platform", title="t" * 400, body="x" * 70_000)
    issue = tracker.create(draft, MARKER)
    assert len(github.state.issues[issue.number]["body"]) <= 65_536
    assert github.marked(MARKER) == [issue.number]


WRITTEN = ["bad gateway, written", "dropped, written", "hangs, written", "broken answer, written"]


@pytest.mark.parametrize("kind", WRITTEN)
def test_an_ambiguous_create_is_found_again_and_not_repeated(
    github: GitHubServer, tracker: GitHubTracker, kind: str
) -> None:
    """Written, but the answer was lost: `Ambiguous`, one POST, and `find` sees it although the search does not."""
    github.fault(kind, "POST", "/issues")
    with pytest.raises(Ambiguous):
        tracker.create(NEW, MARKER)
    assert github.sent("POST", "/issues") == 1
    found = tracker.find(MARKER)
    assert found is not None
    assert github.marked(MARKER) == [found.number]
    assert github.sent("GET", "/search/issues") == 0


@pytest.mark.parametrize("kind", ["bad gateway", "dropped"])
def test_a_create_that_did_not_happen_is_sent_once_and_not_found(
    github: GitHubServer, tracker: GitHubTracker, kind: str
) -> None:
    """Not written, but we cannot know: `Ambiguous`, one POST, and nothing is found."""
    github.fault(kind, "POST", "/issues")
    with pytest.raises(Ambiguous):
        tracker.create(NEW, MARKER)
    assert github.sent("POST", "/issues") == 1
    assert tracker.find(MARKER) is None


@pytest.mark.parametrize("kind", WRITTEN)
def test_an_ambiguous_comment_is_found_again(github: GitHubServer, tracker: GitHubTracker, kind: str) -> None:
    """The same for comments: one POST, found on the issue."""
    number = github.add("Payments time out")
    github.fault(kind, "POST", "/comments")
    with pytest.raises(Ambiguous):
        tracker.comment(comment_on(number), MARKER)
    assert github.sent("POST", "/comments") == 1
    assert tracker.find(MARKER, number) is not None


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [("primary limit", 30), ("secondary limit", 1), ("secondary limit, retry after", 2), ("too many", 2)],
)
@pytest.mark.parametrize("reading", [False, True])
def test_rate_limits_are_told_at_once_with_the_time_to_come_back(
    github: GitHubServer, tracker: GitHubTracker, kind: str, minutes: int, reading: bool
) -> None:
    """Neither reads nor writes sleep through a limit; nothing was written, so it is not ambiguous."""
    github.fault(kind, "GET" if reading else "POST", "/issues", times=9)
    with pytest.raises(TrackerUnavailable, match="rate limit") as caught:
        list(tracker.changes(Mark())) if reading else tracker.create(NEW, MARKER)
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.retry_at is not None
    assert abs(caught.value.retry_at - datetime.now(UTC) - timedelta(minutes=minutes)) <= timedelta(seconds=10)
    assert github.sent("POST", "/issues") == (0 if reading else 1)


def test_no_server_is_no_ambiguity(connect: Callable[..., GitHubTracker]) -> None:
    """A connection that was never made cannot have written anything."""
    tracker = connect(base_url="http://127.0.0.1:9")
    with pytest.raises(TrackerUnavailable) as caught:
        tracker.create(NEW, MARKER)
    assert not isinstance(caught.value, Ambiguous)


def test_an_assignee_who_left_stops_no_issue(github: GitHubServer, tracker: GitHubTracker) -> None:
    """GitHub refuses unknown assignees and writes nothing; the issue is created without them, once."""
    github.state.assignable = {"bob-example"}
    tracker.create(NEW, MARKER)
    assert len(github.state.issues) == 1


def test_a_link_writes_nothing(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A draft without a comment only reads the issue that it links to."""
    number = github.add("Payments time out")
    issue = tracker.comment(Draft(Act.LINK, "ticketry/platform", issue=number), MARKER)
    assert (issue.number, github.sent("POST")) == (number, 0)


def test_twenty_threads_create_twenty_issues(github: GitHubServer, tracker: GitHubTracker) -> None:
    """One client shared by threads loses and doubles writes; ours does not."""
    threads = [
        threading.Thread(target=tracker.create, args=(NEW, f"<!-- log-gardener: cluster=1 proposal=p-{n} -->"))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(github.marked(f"p-{n} ")) for n in range(20)] == [1] * 20


# ---------------------------------------------------------------------------------------- editing


def escalation(number: int) -> Draft:
    return Draft(
        Act.ESCALATE,
        "ticketry/platform",
        title="GCP-new | P3 → P1 | Payments time out",
        comment="why",
        labels=("P1",),
        issue=number,
        severity=Severity.P1,
    )


def test_escalation_swaps_only_our_priority_label(github: GitHubServer, tracker: GitHubTracker) -> None:
    """The title changes, P3 becomes P1, and people's own labels stay."""
    number = github.add("GCP-new | P3 | Payments time out", labels=("P3", "bug", "needs-design", "PRIORITY"))
    issue = tracker.edit(escalation(number))
    assert issue.title == "GCP-new | P3 → P1 | Payments time out"
    assert set(issue.labels) == {"P1", "bug", "needs-design", "PRIORITY"}


def test_editing_twice_changes_nothing_more(github: GitHubServer, tracker: GitHubTracker) -> None:
    """An edit that already happened sends no write."""
    number = github.add("GCP-new | P3 | Payments time out", labels=("P3",))
    tracker.edit(escalation(number))
    before = len([s for s in github.requests if s.verb != "GET"])
    tracker.edit(escalation(number))
    assert len([s for s in github.requests if s.verb != "GET"]) == before


def test_reopening_opens_and_keeps_labels(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A regression opens the issue and touches nothing else."""
    number = github.add("Payments time out", labels=("P2",))
    github.close(number)
    issue = tracker.edit(Draft(Act.REOPEN, "ticketry/platform", comment="again", issue=number, severity=Severity.P0))
    assert (issue.state, issue.labels, issue.title) == ("open", ("P2",), "Payments time out")


# ---------------------------------------------------------------------------------------- reading


def read(tracker: GitHubTracker, mark: Mark = START) -> tuple[list[Issue], list[Comment], Mark]:
    """All that changed since the mark, and the new mark."""
    issues, comments = list[Issue](), list[Comment]()
    for change in tracker.changes(mark):
        issues += change.issues
        comments += change.comments
        mark = change.mark
    return issues, comments, mark


def test_issues_are_read_open_and_closed_with_comments(github: GitHubServer, tracker: GitHubTracker) -> None:
    """State, reason, labels, comments and times are there; pull requests are flagged; oldest change first."""
    first = github.add("One", "body one", comments=("a", "b"))
    second = github.add("Two", labels=("P2",))
    pull = github.add("Three", pull_request={"url": "x", "merged_at": "2026-03-06T12:00:00Z"})
    github.close(first, "not_planned")
    found, comments, _ = read(tracker)
    assert [i.number for i in found] == [second, pull, first]
    closed = found[-1]
    assert (closed.state, closed.reason) == ("closed", "not_planned")
    assert [(c.issue, c.body) for c in comments] == [(first, "a"), (first, "b")]
    assert closed.closed_at is not None
    assert [i.pull_request for i in found] == [False, True, False]
    assert found[1].merged_at is not None


def test_a_sync_reads_only_what_changed_and_nothing_costs_nothing(github: GitHubServer, tracker: GitHubTracker) -> None:
    """Three requests a sync, whatever the number of issues; where nothing changed, three that cost nothing."""
    numbers = [github.add(f"Issue {n}", comments=("one",)) for n in range(5)]
    *_, mark = read(tracker)
    before = len(github.requests)
    github.state.new_comment(numbers[2], "news")
    issues, comments, mark = read(tracker, mark)
    assert [i.number for i in issues] == [numbers[4], numbers[2]]
    assert [c.body for c in comments] == ["one", "news"]
    assert len(github.requests) - before == 3
    *_, mark = read(tracker, mark)
    github.unchanged, before = 0, len(github.requests)
    assert read(tracker, mark)[:2] == ([], [])
    assert (github.unchanged, len(github.requests) - before) == (3, 3)


def test_pages_lose_nothing_while_issues_change(github: GitHubServer, tracker: GitHubTracker) -> None:
    """An issue that moves to the end while pages are read pushes no other over the edge."""
    numbers = [github.add(f"Issue {n}") for n in range(230)]
    seen, disturbed = list[int](), False
    for change in tracker.changes(Mark()):
        seen += [i.number for i in change.issues]
        if seen and not disturbed:
            disturbed = True
            for number in numbers[:30]:
                github.state.new_comment(number, "changed meanwhile")
    assert set(seen) == set(numbers)


def test_many_issues_changed_in_one_second_are_all_read(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A bulk edit gives more than a page of issues the same time."""
    for n in range(250):
        github.state.issues[github.add(f"Issue {n}")]["updated_at"] = "2026-03-06T13:00:00Z"
    issues, _, mark = read(tracker)
    assert sorted(i.number for i in issues) == list(range(1, 251))
    assert len(read(tracker, mark)[0]) == 250


def test_what_people_and_the_gardener_did_is_told_apart(github: GitHubServer, tracker: GitHubTracker) -> None:
    """Who set a label, who closed, by which commit; events of another kind are left out."""
    number = tracker.create(NEW, MARKER).number
    github.label(number, "P3", who="ann-example")
    github.state.turn(number, "subscribed", "ann-example")
    github.close(number, who="bob-example", commit="c0ffee")
    told = tracker.turns(number)
    assert [(t.what, t.label, t.who, t.person) for t in told[-2:]] == [
        ("labeled", "P3", "ann-example", True),
        ("closed", "", "bob-example", True),
    ]
    assert told[-1].commit == "c0ffee"
    assert {(t.who, t.person) for t in told[:-2]} == {("gardener", False)}
    assert [t for change in tracker.changes(Mark()) for t in change.turns] == list(told)


def test_a_limit_is_waited_out_without_asking(github: GitHubServer, tracker: GitHubTracker) -> None:
    """Once GitHub has said until when, nothing is sent before that."""
    github.fault("secondary limit, retry after", "POST", "/issues")
    with pytest.raises(TrackerUnavailable):
        tracker.create(NEW, MARKER)
    before = len(github.requests)
    for act in (lambda: tracker.create(NEW, MARKER), lambda: tracker.issue(1)):
        with pytest.raises(TrackerUnavailable, match="rate limit"):
            act()
    assert len(github.requests) == before


def test_find_sees_the_lowest_of_two_and_no_pull_request(github: GitHubServer, tracker: GitHubTracker) -> None:
    """Twins resolve to the lower number."""
    github.add("pull", f"text {MARKER}", pull_request={"url": "x"})
    lower = github.add("one", f"text {MARKER}")
    github.add("two", f"text {MARKER}")
    found = tracker.find(MARKER)
    assert found is not None
    assert found.number == lower


def test_find_on_an_issue_reads_all_pages_of_comments(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A marker among 250 comments is found; on another issue it is not."""
    number = github.add("busy", comments=(f"old {MARKER}", *(f"comment {n}" for n in range(250))))
    other = github.add("quiet")
    assert tracker.find(MARKER, number) is not None
    assert tracker.find(MARKER, other) is None


def test_reads_are_repeated_through_bad_gateways(github: GitHubServer, tracker: GitHubTracker) -> None:
    """A read is safe to repeat: two bad gateways go unnoticed, a lasting one is told."""
    number = github.add("One")
    github.fault("bad gateway", "GET", f"/issues/{number}", times=2)
    assert tracker.issue(number).title == "One"
    github.fault("bad gateway", "GET", f"/issues/{number}", times=99)
    with pytest.raises(TrackerUnavailable):
        tracker.issue(number)


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("not found", NotFound, "GITHUB_REPOSITORY"),
        ("forbidden", Forbidden, "read and write access"),
        ("bad token", Forbidden, "GITHUB_TOKEN"),
        ("unprocessable", Forbidden, "Validation Failed"),
    ],
)
def test_refusals_say_what_to_do_and_never_the_token(
    github: GitHubServer, tracker: GitHubTracker, kind: str, error: type[Forbidden], words: str
) -> None:
    """Each no of GitHub becomes a sentence with the next step, and no secret, even where GitHub echoes it."""
    number = github.add("One")
    github.fault(kind, "POST", "/comments")
    with pytest.raises(error, match=words) as caught:
        tracker.comment(comment_on(number), MARKER)
    assert github.token not in caught.value.user_message
    assert github.sent("POST", "/comments") == 1


def test_an_issue_that_is_not_there(tracker: GitHubTracker) -> None:
    """`NotFound`, in words."""
    with pytest.raises(NotFound, match="number"):
        tracker.issue(404)


@pytest.fixture(scope="module")
def pem() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_github_app_gets_its_token_by_itself(
    github: GitHubServer, connect: Callable[..., GitHubTracker], pem: str
) -> None:
    """Id, key and installation are enough; the installation's token is asked for with the issues permission only."""
    tracker = connect(token="", app_id="12", private_key=pem, installation_id="34")
    assert tracker.create(NEW, MARKER).number == 1
    asked = next(s for s in github.requests if s.path.endswith("/access_tokens"))
    assert asked.json["permissions"] == {"issues": "write", "metadata": "read"}


def test_a_github_app_reads_a_file_only_where_it_was_granted(
    github: GitHubServer, connect: Callable[..., GitHubTracker], pem: str
) -> None:
    """With a token of its own, so that issues are read and written all the same where it was not."""
    tracker = connect(token="", app_id="12", private_key=pem, installation_id="34")
    with pytest.raises(Forbidden, match="not granted"):
        tracker.file("CODEOWNERS")
    assert tracker.create(NEW, MARKER).number == 1
    github.granted.add("contents")
    github.state.files["CODEOWNERS"] = "* @ann-example"
    assert tracker.file("CODEOWNERS") == "* @ann-example"


def test_github_enterprise_has_its_own_address(github: GitHubServer, connect: Callable[..., GitHubTracker]) -> None:
    """`https://HOST/api/v3` is all that differs."""
    tracker = connect(base_url=f"{github.url}/api/v3/")
    assert tracker.find(MARKER) is None
    assert tracker.create(NEW, MARKER).number == 1
