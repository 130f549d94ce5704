"""An approved proposal ends as one issue, whatever goes wrong on the way: store, tracker and faults together.

Each seed is a story of its own: bad gateways and lost connections before and after the write, rate limits, workers
that die after any step and others that take over, approvals that come twice, a search index that never catches up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Harvest, Occurrence, Policy, Severity, Sighting, Stage, Window
from bot.pipeline import LEASE, decide, file
from bot.ports import Edges, Tracker
from bot.trackers.github import GitHubTracker
from store import Store, open_store
from tests.samples import NOW, REPOSITORY, entry, signature
from tests.standins.github_server import GitHubServer

RUNS = 25
FAULTS = ("bad gateway", "bad gateway, written", "dropped", "dropped, written", "broken answer, written",
          "primary limit", "secondary limit", "too many")  # fmt: skip
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


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubServer]:
    with GitHubServer(REPOSITORY) as server:
        yield server


@pytest.fixture
def now() -> list[datetime]:
    """The time, which tests move on. It begins with the real one: PyGithub compares limits with that."""
    return [datetime.now(UTC)]


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


@pytest.mark.parametrize("run", range(RUNS))
def test_every_approved_proposal_ends_as_one_write(
    run: int, seed: int, github: GitHubServer, tracker: GitHubTracker, store: Store, now: list[datetime]
) -> None:
    """One issue or one comment each: none twice, none lost, none without approval."""
    dice = random.Random(seed * 1000 + run)
    mortal = Mortal(tracker, dice)
    workers = [edges(store, mortal, now, name) for name in ("a", "b")]
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
        now[0] += LEASE / 2
        if all(p.stage is Stage.FILED for n in proposals if (p := store.proposals.get(n))):
            break

    github.faults.clear()
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


def writes(github: GitHubServer, marker: str) -> int:
    comments = [c["body"] for found in github.state.comments.values() for c in found]
    return len(github.marked(marker)) + sum(marker in text for text in comments)


def edges(store: Store, tracker: Mortal, now: list[datetime], worker: str) -> Edges:
    return Edges(
        logs=None,  # type: ignore[arg-type]  # filing reads no logs
        analyst=None,
        patterns=None,  # type: ignore[arg-type]  # and analyses nothing
        tracker=tracker,  # type: ignore[arg-type]  # answers like the one it wraps
        store=store,
        clock=lambda: now[0],
        policy=POLICY,
        worker=worker,
    )
