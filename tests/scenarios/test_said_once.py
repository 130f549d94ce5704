"""What was said of a silence before a restart is not said again after it, and its end is said once: each kind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.analysts.patterns import Patterns
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.logs.files import FileLogs
from bot.models import Bookmark, Decision, Policy
from bot.moments import HOUR
from bot.ports import Edges
from bot.slack import SlackChat
from bot.trackers.local import LocalTracker
from bot.vigil import Life, Vigil
from bot.web.health import KINDS
from store import open_store
from tests.scenarios.office import ANN, CHANNEL
from tests.store.making import draft, plant

START = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)
SOURCE = "cloud:shop"
WELL = Life(lag=timedelta(days=9))


@dataclass
class Watched:
    """A store, a channel, and whoever watches; `again` is another process that watches the same."""

    slack: Slack
    path: Path
    now: datetime = START
    life: Life = WELL

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        if hasattr(self, "vigil"):
            self.edges.store.close()
        store, chat = open_store(str(self.path)), SlackChat(self.slack.bot_token, self.slack.url)
        logs, tracker = FileLogs("none.json"), LocalTracker(":memory:", "local")
        policy = Policy(approvers=frozenset({ANN}))
        self.edges = Edges(logs, None, Patterns(), tracker, store, lambda: self.now, policy, chat=chat, channel=CHANNEL)
        self.vigil = Vigil(self.edges, life=lambda: self.life)
        store.conditions.set_aside()

    def looks(self, times: int = 3) -> None:
        for _ in range(times):
            self.now += EVERY
            self.vigil.look()

    def notes(self, part: str, words: str) -> None:
        for _ in range(2):
            self.vigil.note(part, words)

    def fails(self, error: str) -> None:
        self.edges.store.sources.expect([SOURCE])
        for _ in range(2):
            self.edges.store.sources.failed(SOURCE, error, "It does not answer.", self.now)

    def reads(self) -> None:
        sources = self.edges.store.sources
        sources.expect([SOURCE])
        sources.plan(SOURCE, [], self.now)
        sources.advance(Bookmark(SOURCE, 0, self.now, self.now, done=True, heir=SOURCE))

    def write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self.path)) as db, db:
            db.executemany(sql, rows)

    def empties(self) -> None:
        """A hundred entries in each hour of ten days, and none in the last hours."""
        last = int(self.now.timestamp() * 1e6) // HOUR
        rows: list[tuple[object, ...]] = [(SOURCE, hour, 100) for hour in range(last - 240, last - 4)]
        self.write("INSERT INTO rhythm VALUES (?, ?, ?)", rows)
        self.reads()

    def comes(self) -> None:
        last = int(self.now.timestamp() * 1e6) // HOUR
        self.write("INSERT INTO rhythm VALUES (?, ?, ?)", [(SOURCE, last, 100)])

    def approves(self) -> None:
        plant(self.edges.store, "a")
        made = self.edges.store.proposals.add(1, draft(), ANN, self.now, timedelta(days=3), self.now)
        self.edges.store.proposals.decide(Decision(made.id, "approve", ANN, self.now, made.digest, "t"))
        self.now += timedelta(hours=1)

    def files(self) -> None:
        claimed = self.edges.store.proposals.claim(1, "me", self.now, EVERY)
        assert claimed is not None
        self.edges.store.proposals.release(1, "me", "no", self.now, final=True)

    def lives(self, **how: object) -> None:
        self.life = replace(WELL, **how)  # type: ignore[arg-type]

    def deafens(self) -> None:
        self.slack.fail("auth.test", Fault(status=503), times=100)
        self.slack.fail("chat.postMessage", Fault(status=503), times=100)


CASES: dict[str, tuple[Callable[[Watched], object], Callable[[Watched], object]]] = {
    "access": (lambda w: w.fails("permission"), Watched.reads),
    "backup": (lambda w: w.lives(backup="The bucket is gone."), lambda w: w.lives(backup="")),
    "chat": (Watched.deafens, lambda w: w.slack.faults.clear()),
    "disk": (lambda w: w.notes("disk", "full"), lambda w: w.vigil.note("disk", "")),
    "empty": (Watched.empties, Watched.comes),
    "filing": (Watched.approves, Watched.files),
    "lag": (lambda w: (w.reads(), w.lives(lag=timedelta(0))), lambda w: w.lives()),
    "model": (lambda w: w.notes("model", "refused"), lambda w: w.vigil.note("model", "")),
    "reading": (lambda w: w.fails("unreachable"), Watched.reads),
    "round": (lambda w: w.notes("round", "Killed."), lambda w: w.vigil.note("round", "")),
    "schedule": (lambda w: w.lives(overdue_since=START), lambda w: w.lives()),
    "socket": (lambda w: w.lives(deaf_since=START), lambda w: w.lives()),
    "tracker": (lambda w: w.notes("tracker", "refused"), lambda w: w.vigil.note("tracker", "")),
}
"""Kind to what brings it about, and what ends it."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with Slack() as slack:
        slack.add_channel(CHANNEL, "logs")
        watched = Watched(slack, tmp_path / "garden.db")
        yield watched
        watched.edges.store.close()


def test_each_kind_is_tried() -> None:
    """None is forgotten when another is added."""
    assert tuple(CASES) == KINDS


@pytest.mark.parametrize("kind", CASES)
def test_a_restart_says_nothing_again(kind: str, watched: Watched) -> None:
    """Said before the restart, not said after it, over said once, and nothing after another restart."""
    begins, ends = CASES[kind]
    begins(watched)
    watched.looks()
    assert [c.kind for c in watched.vigil.active] == [kind]
    before = watched.slack.messages(CHANNEL)
    assert len(before) == (kind != "chat")
    watched.again()
    watched.looks()
    assert [c.kind for c in watched.vigil.active] == [kind]
    assert watched.slack.messages(CHANNEL) == before
    ends(watched)
    watched.again()
    watched.looks()
    assert watched.vigil.active == ()
    after = watched.slack.messages(CHANNEL)
    assert [m["text"].startswith("Over,") for m in after] == [False, True] or kind == "chat", after
    assert len(after) == len(before) + 1
    watched.again()
    watched.looks()
    assert watched.slack.messages(CHANNEL) == after
