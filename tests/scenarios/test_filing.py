"""An approved proposal ends as one issue, whatever goes wrong on the way: store, tracker and faults together.

Each seed is a story of its own: bad gateways and lost connections before and after the write, rate limits, workers
that die after any step and others that take over, approvals that come twice, a search index that never catches up.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Harvest, Occurrence, Policy, Severity, Sighting, Stage, Window
from bot.pipeline import LEASE, decide, file, reconcile
from bot.ports import Edges, Tracker
from bot.steps.reconcile import ECHO
from bot.trackers.github import GitHubTracker
from store import Store, open_store
from tests.samples import NOW, REPOSITORY, entry, signature
from tests.scenarios import filing_worker
from tests.standins.github_server import GitHubServer

RUNS, CAMPAIGN = 20, 500
KILLED, KILLED_LONG = 1, 40
FAULTS = ("bad gateway", "bad gateway, written", "dropped", "dropped, written", "dropped, written late",
          "broken answer, written", "primary limit", "secondary limit", "too many")  # fmt: skip
POLICY = Policy(repository=REPOSITORY, approvers=frozenset({"U1"}))


class Died(BaseException):
    """The process is gone: nothing after this runs."""


class Mortal:
    """A tracker whose process may die before or after a call of it."""

    def __init__(self, tracker: Tracker, dice: random.Random) -> None:
        self._tracker, self._dice = tracker, dice
        self.repository = tracker.repository
        self.deaths = 3

    def __getattr__(self, name: str) -> object:
        call = getattr(self._tracker, name)

        def mortal(*args: object) -> object:
            self._perhaps()
            answer = call(*args)
            self._perhaps()
            return answer

        return mortal

    def _perhaps(self) -> None:
        if self.deaths and self._dice.random() < 0.15:
            self.deaths -= 1
            raise Died


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer(REPOSITORY) as server:
        yield server


@pytest.fixture
def now() -> list[datetime]:
    """The time, which tests move on. It begins with the real one: PyGithub compares limits with that."""
    return [datetime.now(UTC)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def tracker(github: GitHubServer, now: list[datetime]) -> Iterator[GitHubTracker]:
    made = GitHubTracker(
        REPOSITORY, token=github.token, base_url=github.url, timeout=2, pause=0.0, clock=lambda: now[0]
    )
    yield made
    made.shut()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "garden.db")) as opened:
        five_clusters(opened)
        yield opened


def five_clusters(store: Store) -> None:
    """Clusters 1 to 5, a sighting each: proposals are of clusters that exist."""
    seen = []
    for n in range(1, 6):
        found = replace(entry(f"failure {n}", id=f"e{n}"), key=n)
        occurrence = Occurrence((found,), found.text, found.level, found.form)
        seen.append(Sighting(occurrence, signature(f"failure {n}")))
    harvest = Harvest(tuple(s.occurrence.head for s in seen), tuple(seen), (), (), (), NOW)
    number = store.rounds.begin("test", Window(NOW, NOW), NOW)
    store.rounds.absorb(number, "test", harvest)


def drafts(github: GitHubServer) -> list[Draft]:
    """A draft of each sort, on issues of its own."""
    known = github.add("GCP-new | P3 | Known", labels=("P3",))
    closed = github.add("GCP-new | P2 | Closed")
    github.close(closed)
    return [
        Draft(Act.CREATE, REPOSITORY, title="GCP-new | P1 | Name", body="body", labels=("P1",), severity=Severity.P1),
        Draft(Act.COMMENT, REPOSITORY, comment="Still happening", issue=known),
        Draft(Act.REOPEN, REPOSITORY, comment="Regression", issue=closed),
        Draft(
            Act.ESCALATE,
            REPOSITORY,
            title="GCP-new | P3 → P1 | Known",
            comment="raised",
            labels=("P1",),
            issue=known,
            severity=Severity.P1,
        ),
    ]


RUN = [*range(RUNS), *(pytest.param(n, marks=pytest.mark.campaign) for n in range(RUNS, CAMPAIGN))]
KILL = [*range(KILLED), *(pytest.param(n, marks=pytest.mark.campaign) for n in range(KILLED, KILLED_LONG))]


@pytest.mark.parametrize("run", RUN)
def test_every_approved_proposal_ends_as_one_write(
    run: int,
    seed: int,
    github: GitHubServer,
    tracker: GitHubTracker,
    store: Store,
    now: list[datetime],
    stack: ExitStack,
) -> None:
    """One issue or one comment each: none twice, none lost, none without approval."""
    dice = random.Random(seed * 1000 + run)
    mortal = Mortal(tracker, dice)
    other = stack.enter_context(open_store(store.path))
    workers = [edges(kept, mortal, now, name) for kept, name in ((store, "a"), (other, "b"))]
    proposals = {}
    for cluster, draft in enumerate(drafts(github), start=1):
        made = store.proposals.add(cluster, draft, "gardener", now[0], timedelta(days=7), NOW)
        proposals[made.id] = made
    unapproved = store.proposals.add(5, drafts(github)[0], "gardener", now[0], timedelta(days=7), NOW)

    for made in proposals.values():
        for delivery in ("Ev1", "Ev1", "Ev2"):
            with suppress(Refused):  # the second time it says that it is approved already
                decide(workers[0], Decision(made.id, "approve", "U1", now[0], made.digest, f"{delivery}-{made.id}"))
    for _ in range(dice.randint(0, 6)):
        github.fault(dice.choice(FAULTS), dice.choice(["POST", "POST", "PATCH", "GET", "DELETE"]))

    for _ in range(60):
        due = store.proposals.due(now[0])
        for number in dice.sample(due, len(due)):
            with suppress(Died):
                file(dice.choice(workers), number)
            if dice.random() < 0.1:
                github.arrive()
        now[0] += LEASE / 2
        if all(p.stage is Stage.FILED for n in proposals if (p := store.proposals.get(n))):
            break

    github.faults.clear()
    github.arrive()
    look_again(store, tracker, now)
    for number, made in proposals.items():
        kept = store.proposals.get(number)
        assert kept is not None
        assert kept.stage is Stage.FILED, kept.note
        assert writes(github, made.marker) == 1
        assert store.issues.linked(kept.cluster) is not None
    assert writes(github, unapproved.marker) == 0
    known, closed = (github.state.issues[made.draft.issue] for made in list(proposals.values())[1:3])
    assert known["title"] == "GCP-new | P3 → P1 | Known"
    assert [label["name"] for label in known["labels"]] == ["P1"]
    assert closed["state"] == "open"


def look_again(store: Store, tracker: GitHubTracker, now: list[datetime]) -> list[int]:
    """The mirror is brought up to date, and what shows only now is put in order."""
    store.issues.take(REPOSITORY, tracker.changes(store.issues.mark(REPOSITORY)))
    return reconcile(edges(store, tracker, now, "a"), now[0])


def writes(github: GitHubServer, marker: str) -> int:
    """Comments, and issues but for those that were closed as duplicates."""
    comments = [c["body"] for found in github.state.comments.values() for c in found]
    issues = [n for n in github.marked(marker) if github.state.issues[n]["state_reason"] != "duplicate"]
    return len(issues) + sum(marker in text for text in comments)


def edges(store: Store, tracker: object, now: list[datetime], worker: str) -> Edges:
    return filing_worker.edges(store, tracker, lambda: now[0], worker, POLICY)


@pytest.mark.parametrize("run", KILL)
def test_processes_that_are_killed_at_any_step_file_once(
    run: int, seed: int, tmp_path: Path, store: Store, now: list[datetime]
) -> None:
    """Real processes, SIGKILL before or after any call of the store or the tracker, or between two requests; others
    take over when the claim has run out."""
    dice = random.Random(seed * 1000 + run)
    with GitHubServer(REPOSITORY) as github:
        made = [
            store.proposals.add(n, d, "gardener", now[0], timedelta(days=7), NOW)
            for n, d in enumerate(drafts(github), start=1)
        ]
        for proposal in made:
            decide(edges(store, None, now, "a"), Decision(proposal.id, "approve", "U1", now[0], proposal.digest))
        for _ in range(25):
            if not store.proposals.due(now[0] + LEASE):
                break
            last = str(dice.choice([0, *range(1, 30)]) if dice.random() < 0.7 else 0)
            command = [sys.executable, "-m", "tests.scenarios.filing_worker", str(tmp_path / "garden.db"), github.url,
                       github.token, now[0].isoformat(), last]  # fmt: skip
            ended = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
            assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
            now[0] += LEASE
        for proposal in made:
            kept = store.proposals.get(proposal.id)
            assert kept is not None
            assert kept.stage is Stage.FILED, kept.note
            assert writes(github, proposal.marker) == 1


@pytest.mark.parametrize("when", ["create", "newest"])
@pytest.mark.parametrize("first", [True, False])
def test_two_bots_on_two_databases_leave_one_open_issue(
    github: GitHubServer, tmp_path: Path, now: list[datetime], when: str, first: bool
) -> None:
    """Whatever the order: between look and write, before the look, or with each other's look in between."""
    with open_store(str(tmp_path / "one.db")) as one, open_store(str(tmp_path / "two.db")) as two, ExitStack() as stack:
        bots = []
        for store in (one, two):
            five_clusters(store)
            made = GitHubTracker(REPOSITORY, token=github.token, base_url=github.url, pause=0, clock=lambda: now[0])
            stack.callback(made.shut)
            proposal = store.proposals.add(1, drafts(github)[0], "gardener", now[0], timedelta(days=7), NOW)
            decide(edges(store, made, now, "a"), Decision(proposal.id, "approve", "U1", now[0], proposal.digest))
            bots.append((store, made, proposal))
        github.state.now = now[0]
        (store, made, proposal), (other, theirs, their_proposal) = bots if first else bots[::-1]

        def meanwhile() -> None:
            file(edges(other, theirs, now, "b"), their_proposal.id)

        file(edges(store, Interrupted(made, when, meanwhile), now, "a"), proposal.id)
        for kept, tracker, _ in bots:
            kept.issues.take(REPOSITORY, tracker.changes(kept.issues.mark(REPOSITORY)))
            reconcile(edges(kept, tracker, now, "a"), now[0])

        ours = [i for i in github.state.issues.values() if any(p.marker in i["body"] for *_, p in bots)]
        still = [i["number"] for i in ours if i["state"] == "open"]
        assert len(still) == 1
        assert still[0] == min(i["number"] for i in ours)
        for twin in ours:
            if twin["number"] != still[0]:
                assert twin["state_reason"] == "duplicate"
                said = [c["body"] for c in github.state.comments[twin["number"]]]
                assert len(said) == 1
                assert f"Duplicate of #{still[0]}" in said[0]
        for kept, _, asked in bots:
            linked = kept.issues.linked(1)
            filed = kept.proposals.get(asked.id)
            assert linked is not None
            assert filed is not None
            assert (linked.number, filed.issue, filed.stage) == (still[0], still[0], Stage.FILED)


class Interrupted:
    """A tracker, during whose call something else happens first."""

    def __init__(self, tracker: Tracker, when: str, meanwhile: Callable[[], None]) -> None:
        self._tracker, self._when, self._meanwhile = tracker, when, meanwhile

    def __getattr__(self, name: str) -> object:
        call = getattr(self._tracker, name)
        if name != self._when:
            return call

        def interrupted(*args: object) -> object:
            meanwhile, self._meanwhile = self._meanwhile, lambda: None
            meanwhile()
            return call(*args)

        return interrupted


def test_a_write_that_came_late_is_no_second_issue(
    github: GitHubServer, store: Store, now: list[datetime], tracker: GitHubTracker
) -> None:
    """Sent, not answered, not there when we looked, written again, and only then committed: the twin gives way."""
    made = store.proposals.add(1, drafts(github)[0], "gardener", now[0], timedelta(days=7), NOW)
    decide(edges(store, tracker, now, "a"), Decision(made.id, "approve", "U1", now[0], made.digest))
    github.state.now = now[0]
    filed = file(edges(store, tracker, now, "a"), made.id)
    assert filed is not None
    late = github.add(made.draft.title, f"{made.draft.body}\n\n{made.marker}\n")
    assert look_again(store, tracker, now) == [made.id]
    assert github.state.issues[late]["state_reason"] == "duplicate"
    assert github.state.issues[filed.issue]["state"] == "open"
    assert look_again(store, tracker, now) == []


@pytest.mark.parametrize("approved_after", [timedelta(minutes=1), timedelta(days=6)])
def test_a_comment_that_came_late_says_that_it_was_written_twice(
    github: GitHubServer, store: Store, now: list[datetime], tracker: GitHubTracker, approved_after: timedelta
) -> None:
    """Sent, not answered, not there when we looked, written again, and only then committed. Once it is put in order
    nothing more is written; somebody else's comment with our marker is theirs."""
    made = store.proposals.add(2, drafts(github)[1], "gardener", now[0], timedelta(days=7), NOW)
    now[0] += approved_after
    decide(edges(store, tracker, now, "a"), Decision(made.id, "approve", "U1", now[0], made.digest))
    github.fault("dropped, written late", "POST", "/comments")
    waits = file(edges(store, tracker, now, "a"), made.id)
    assert waits is not None
    assert waits.stage is Stage.APPROVED
    filed = file(edges(store, tracker, now, "a"), made.id)
    assert filed is not None
    assert filed.stage is Stage.FILED
    theirs = f"They wrote:\n{made.draft.comment}\n{made.marker}"
    github.state.new_comment(made.draft.issue, theirs)
    github.arrive()
    assert writes(github, made.marker) == 3

    look_again(store, tracker, now)
    said = [c["body"] for c in github.state.comments[made.draft.issue]]
    assert made.marker in said[0]
    assert said[1:] == [theirs, ECHO]
    sent = len([s for s in github.requests if s.verb != "GET"])
    for _ in range(3):
        look_again(store, tracker, now)
    assert len([s for s in github.requests if s.verb != "GET"]) == sent
    assert sum(made.marker in c.body for c in store.issues.comments(REPOSITORY, made.draft.issue)) == 2
