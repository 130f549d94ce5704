"""Reading a Cloud Logging that behaves badly: whatever goes wrong, each entry counts once, and no faster than allowed.

The service says 429 and 500, goes away, hangs, answers with empty pages and forgets tokens; entries come late, out of
order and dated ahead; processes that read are killed. Time is compressed: the service and whoever reads share a clock
that moves only where somebody waits.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.crew import seldom_swept
from bot.errors import LogsUnavailable
from bot.logs.cloud import CloudLogs
from bot.models import Batch, Policy, Scope, Window
from bot.ports import Edges
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.standins.logging_server import EPOCH, Logged, LoggingServer, Said, SharedTime, Time, Trouble, nanos

Raw = dict[str, Any]
START = datetime(2026, 1, 31, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PATIENCE = 3.0
WAYS = ("429", "500", "503", "empty", "spent", "small") * 3 + ("hang",)
"""Each is as likely as the others, but for what takes its time."""
TEMPLATES = (
    "could not reserve seat {n} of hall {m}",
    "payment of order {n} was declined by the bank",
    "cache of region {m} does not answer",
    "ticket {n} was printed twice",
    "upload {n} is larger than allowed",
)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def said(n: int, healthy: bool) -> Said:
    """What an entry says; runs share it."""
    says: Raw = {"httpRequest": {"requestMethod": "GET", "requestUrl": "/seats", "status": 200}}
    if not healthy:
        message = TEMPLATES[n % 5].format(n=n, m=n % 7)
        says = {"jsonPayload": {"message": message, "try": n % 4}, "severity": "ERROR"}
    labels = {"service_name": f"shop-{n % 3}", "project_id": "shop"}
    resource = {"type": "cloud_run_revision", "labels": labels}
    return Said({"logName": "projects/shop/logs/run.googleapis.com%2Fstdout", "resource": resource, **says})


def entries(count: int, chance: random.Random, span: timedelta = 10 * HOUR, healthy: float = 0.2) -> list[Logged]:
    """Entries of a day: most arrive in order, some late by minutes or hours, some dated ahead, many healthy."""
    out = []
    start, length, second = nanos(START), span.total_seconds(), 10**9
    for n in range(count):
        when = length * chance.random()
        kind = chance.random()
        late = (
            chance.uniform(0, 3) if kind < 0.94
            else chance.uniform(60, 1_200) if kind < 0.97
            else length * chance.random() if kind < 0.997
            else -chance.uniform(1, 24 * 365) * 3_600
        )  # fmt: skip
        arrived, dated = (when + late, when) if late > 0 else (when + 1, when - late)
        is_healthy = n % 100 < 100 * healthy
        out.append(
            Logged(
                start + int(dated * second),
                start + int(arrived * second),
                f"e{n // 2}",  # unique only together with its time
                said(n % 3 if is_healthy else n % 2_000, is_healthy),
            )
        )
    return out


def edges(store: Store, logs: CloudLogs, clock: Callable[[], datetime]) -> Edges:
    return Edges(logs, None, Patterns(), LocalTracker(":memory:"), store, clock, Policy())


def reader(store: Store, host: str, clock: Any, seed: int, pages: int = 300, patience: float = PATIENCE) -> CloudLogs:
    return CloudLogs(
        [Scope("shop")], clock=clock, sources=store.sources, quota=store.quota, emulator=host, patience=patience,
        chance=random.Random(seed), pause=clock.sleep, pages=pages,
    )  # fmt: skip


class Killed(Exception):
    """The process is gone."""


class Mortal(CloudLogs):
    """A reader that dies between a page and what becomes of it."""

    chance: random.Random
    often: float

    def read(self, window: Window) -> Iterator[Batch]:
        for batch in super().read(window):
            if self.chance.random() < self.often:
                self.die()
            yield batch
            if self.chance.random() < self.often:
                self.die()

    def die(self) -> None:
        raise Killed


class Doomed(Mortal):
    """Takes its process with it."""

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def one_round(store: Store, logs: CloudLogs, clock: Callable[[], datetime]) -> None:
    """As `pipeline.round` reads; what it thinks of it makes no difference here."""
    parts = edges(store, logs, clock)
    window = logs.window(None, None)
    number = store.rounds.begin("cloud", window, clock())
    with seldom_swept():
        pipeline.collect(parts, number, window)
    store.rounds.age(clock())


def counted(store: Store) -> Counter[str]:
    numbers = store.clusters.between(Window(START - 48 * HOUR, START + 48 * HOUR))
    found: Counter[str] = Counter()
    for cluster in store.clusters.load(numbers):
        found[cluster.service] += cluster.entries
    return found


def expected(given: list[Logged]) -> Counter[str]:
    raws = (e.said.raw for e in given)
    return Counter(raw["resource"]["labels"]["service_name"] for raw in raws if "severity" in raw)


def taken_in(path: Path) -> int:
    """How many entries were new to the rounds, the healthy ones, too."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT sum(entries) FROM rounds").fetchone()[0])


# ------------------------------------------------------------------------------------------------ each entry once

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Day:
    """What came of one run."""

    requests: int
    killed: int
    fastest: int
    """The most pages in any minute."""
    minutes: int
    """Whole ones in which there was more to read than could be."""
    used: int
    """Pages in these."""


def run(seed: int, folder: Path, count: int, *, page: int, healthy: float) -> Day:
    """A day of rounds every five minutes, with hours of silence in them, read by processes that are killed: by
    themselves between a page and what becomes of it, and from outside at any moment."""
    chance = random.Random(seed)
    given = entries(count, chance, healthy=healthy)
    last = EPOCH + timedelta(microseconds=max(e.arrived for e in given) // 1_000)
    path, times = folder / f"{seed}.db", folder / f"{seed}.times"
    clock = SharedTime(folder / f"{seed}.clock", START + HOUR)
    killed = 0
    with LoggingServer(given, page, clock) as server:
        server.trouble = Trouble(random.Random(chance.random()), ways=WAYS, hang=PATIENCE)
        server.latency = chance.choice((0.0, 0.2, 0.5))
        while True:
            words = (path, times, server.host, folder / f"{seed}.clock", chance.randrange(2**32), last)
            process = FORKS.Process(target=keep_reading, args=words, daemon=True)
            process.start()
            enough = len(server.requests) + chance.randint(1, 400)
            while process.is_alive() and len(server.requests) < enough:
                process.join(0.02)
            process.join(chance.uniform(0, 0.1))
            process.kill()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            killed += 1
    with open_store(str(path)) as store:
        assert counted(store) == expected(given), f"seed {seed}"
        assert (taken_in(path), [s.too_late for s in store.sources.all()]) == (count, [0]), f"seed {seed}"
    day = Day(len(server.requests), killed, server.fastest(), *busy(times, server.seen))
    path.unlink()
    assert day.fastest <= 60, f"seed {seed}: {day}"
    return day


def keep_reading(path: Path, times: Path, host: str, shared: Path, seed: int, last: datetime) -> None:
    """What one process does, until it is killed or all is read; writes down when it had caught up, and since when it
    had not."""
    chance, clock, parent = random.Random(seed), SharedTime(shared), parent_process()
    with times.open("a", encoding="utf-8", buffering=1) as written:
        while parent and parent.is_alive():
            began = clock()
            with open_store(str(path)) as store:
                logs = reader(store, host, clock, chance.randrange(2**32), chance.choice((7, 60, 300)))
                logs.__class__ = Doomed
                logs.chance, logs.often = chance, 0.003  # type: ignore[attr-defined] # it is a Doomed now
                with closing(logs), suppress(LogsUnavailable):
                    one_round(store, logs, clock)
                if began > last + 5 * MINUTE and not store.sources.pending("cloud:shop"):
                    return
                behind = store.sources.behind()
            if behind:
                clock.sleep(2)  # until the next process is there
                continue
            written.write(f"-{clock().isoformat()}\n")
            clock.sleep(60 if clock() > last else chance.choice((300, 300, 300, 900, 5 * 3600)))
            written.write(f"+{clock().isoformat()}\n")


def busy(times: Path, seen: list[datetime]) -> tuple[int, int]:
    """The whole minutes in which there was more to read, and the pages that were asked for in them."""
    minutes = used = 0
    since: datetime | None = seen[0]
    for line in times.read_text(encoding="utf-8").splitlines():
        at = datetime.fromisoformat(line[1:])
        if line[0] == "+":
            since = at
        elif since:  # or it was killed where it would have said so
            whole = (at - since) // MINUTE
            minutes += whole
            used += sum(1 for s in seen if since <= s < since + whole * MINUTE)
            since = None
    return minutes, used


def test_each_entry_counts_once(tmp_path: Path) -> None:
    """A day with every fault there is, and a reader that dies now and then: all is counted, nothing twice."""
    run(1, tmp_path, 1_500, page=50, healthy=0.2)


@pytest.mark.campaign
@pytest.mark.parametrize("number", range(200))
def test_each_of_two_hundred_thousand_entries_counts_once(
    tmp_path: Path, seed: int, number: int, record_property: Callable[[str, object], None]
) -> None:
    """Two hundred days of 200,000 entries, most of them healthy, in pages of 1,000. `-n 2` reads two days at a time,
    `-k '[17]'` one; `--junitxml` keeps what came of each."""
    day = run(1000 * seed + number, tmp_path, 200_000, page=1_000, healthy=0.9)
    assert day.used >= 57 * day.minutes, f"{day}"
    for name, figure in asdict(day).items():
        record_property(name, figure)


# ------------------------------------------------------------------------------------------------ the pace


@pytest.mark.parametrize("latency", [0.0, 1.0])
def test_catching_up_uses_the_quota_and_no_more(tmp_path: Path, latency: float) -> None:
    """Of 60 pages a minute at least 57 are used while there is much to read; never more, as the service sees it."""
    clock = Time(START + 24 * HOUR)
    with LoggingServer(entries(8_000, random.Random(1)), 20, clock) as server, open_store(":memory:") as store:
        server.latency = latency
        rounds = 0
        while rounds == 0 or store.sources.pending("cloud:shop"):
            logs = reader(store, server.host, clock, 1)
            for batch in logs.read(logs.window(None, None)):
                assert batch.mark is None or store.sources.advance(batch.mark) is None
            logs.close()
            rounds += 1
            clock.sleep(2)  # until the next process is there
        assert server.fastest() <= 60
        whole = int((server.seen[-1] - server.seen[0]) / MINUTE)
        assert whole >= 5
        end = server.seen[0] + whole * MINUTE
        used = sum(1 for at in server.seen if at < end)
        assert used >= 57 * whole, f"{used} pages in {whole} minutes"
