"""Reading a Cloud Logging that behaves badly: whatever goes wrong, each entry counts once, and no faster than allowed.

The service says 429 and 500, goes away, hangs, answers with empty pages and forgets tokens; entries come late, out of
order and dated ahead; the reader is killed. Time is compressed: the service and the reader share a clock that moves
only where somebody waits, or that runs many times as fast.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.errors import LogsUnavailable
from bot.logs.cloud import CloudLogs
from bot.models import Batch, Policy, Scope, Window
from bot.ports import Edges
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.standins.logging_server import LoggingServer, Time, Trouble

Raw = dict[str, Any]
START = datetime(2026, 1, 31, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEMPLATES = (
    "could not reserve seat {n} of hall {m}",
    "payment of order {n} was declined by the bank",
    "cache of region {m} does not answer",
    "ticket {n} was printed twice",
    "upload {n} is larger than allowed",
)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entries(count: int, chance: random.Random, span: timedelta = 10 * HOUR, healthy: float = 0.2) -> list[Raw]:
    """Entries of a day: most arrive in order, some late by minutes or hours, some dated ahead, many healthy."""
    out = []
    for n in range(count):
        when = START + span * chance.random()
        kind = chance.random()
        late = (
            timedelta(seconds=chance.uniform(0, 3)) if kind < 0.94
            else MINUTE * chance.uniform(1, 20) if kind < 0.97
            else span * chance.random() if kind < 0.997
            else -HOUR * chance.uniform(1, 24 * 365)
        )  # fmt: skip
        arrived = when + late if late > timedelta(0) else when + timedelta(seconds=1)
        dated = when if late > timedelta(0) else when - late
        service = f"shop-{n % 3}"
        says: Raw = {
            "jsonPayload": {"message": TEMPLATES[n % 5].format(n=n, m=n % 7), "try": n % 4},
            "severity": "ERROR",
        }
        if n % 100 < 100 * healthy:
            says = {"httpRequest": {"requestMethod": "GET", "requestUrl": "/seats", "status": 200}}
        out.append(
            {
                "insertId": f"e{n // 2}",  # unique only together with its time
                "timestamp": stamp(dated),
                "receiveTimestamp": stamp(arrived),
                "logName": "projects/shop/logs/run.googleapis.com%2Fstdout",
                "resource": {"type": "cloud_run_revision", "labels": {"service_name": service, "project_id": "shop"}},
                **says,
            }
        )
    return out


def edges(store: Store, logs: CloudLogs, clock: Callable[[], datetime]) -> Edges:
    return Edges(logs, None, Patterns(), LocalTracker(":memory:"), store, clock, Policy())


def reader(store: Store, host: str, clock: Any, seed: int, pages: int = 300, patience: float = 0.5) -> CloudLogs:
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
                raise Killed
            yield batch
            if self.chance.random() < self.often:
                raise Killed


def one_round(store: Store, logs: CloudLogs, clock: Callable[[], datetime]) -> None:
    """As `pipeline.round` reads; what it thinks of it makes no difference here."""
    parts = edges(store, logs, clock)
    window = logs.window(None, None)
    number = store.rounds.begin("cloud", window, clock())
    pipeline.collect(parts, number, window)
    store.rounds.age(clock())


def counted(store: Store) -> Counter[str]:
    numbers = store.clusters.between(Window(START - 48 * HOUR, START + 48 * HOUR))
    found: Counter[str] = Counter()
    for cluster in store.clusters.load(numbers):
        found[cluster.service] += cluster.entries
    return found


def expected(given: list[Raw]) -> Counter[str]:
    return Counter(e["resource"]["labels"]["service_name"] for e in given if "severity" in e)


def taken_in(path: str) -> int:
    """How many entries were new to the rounds, the healthy ones, too."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT sum(entries) FROM rounds").fetchone()[0])


def run(
    seed: int, folder: Path, count: int, *, page: int, deaths: float = 0.05, healthy: float = 0.2, patience: float = 0.5
) -> LoggingServer:
    """A day of rounds every five minutes, with hours of silence in them; returns the server as it was left."""
    chance = random.Random(seed)
    clock = Time(START + HOUR)
    given = entries(count, chance, healthy=healthy)
    last = max(datetime.fromisoformat(e["receiveTimestamp"]) for e in given)
    path = str(folder / f"{seed}.db")
    with LoggingServer(given, page, clock) as server:
        server.encode()
        server.trouble = Trouble(chance, hang=1.2 * patience)
        while True:
            with open_store(path) as store:
                pages, one = chance.choice((7, 60, 300)), chance.randrange(2**32)
                logs = reader(store, server.host, clock, one, pages, patience)
                logs.__class__ = Mortal
                logs.chance, logs.often = chance, deaths  # type: ignore[attr-defined] # it is a Mortal now
                try:
                    one_round(store, logs, clock)
                    done = clock() > last + 5 * MINUTE and not store.sources.pending("cloud:shop")
                except (Killed, LogsUnavailable):
                    done = False
                finally:
                    logs.close()
            if done:
                break
            behind = clock() > last
            clock.sleep(chance.choice((20, 60)) if behind else chance.choice((300, 300, 300, 900, 5 * 3600)))
    with open_store(path) as store:
        assert counted(store) == expected(given), f"seed {seed}"
        assert (taken_in(path), [s.too_late for s in store.sources.all()]) == (count, [0]), f"seed {seed}"
    assert server.fastest() <= 60, f"seed {seed}: {server.fastest()} pages in a minute"
    return server


# ------------------------------------------------------------------------------------------------ each entry once


def test_each_entry_counts_once(tmp_path: Path) -> None:
    """A day with every fault there is, and a reader that dies now and then: all is counted, nothing twice."""
    run(1, tmp_path, 1_000, page=50)


@pytest.mark.campaign
def test_each_entry_counts_once_in_many_days(tmp_path: Path, seed: int) -> None:
    """The same, in 180 days of 2,000 entries; 20 more are read by processes that are killed."""
    for one in range(180):
        run(1000 * seed + one, tmp_path, 2_000, page=random.Random(one).choice((25, 50, 100)))


@pytest.mark.campaign
def test_each_of_two_hundred_thousand_entries_counts_once(tmp_path: Path, seed: int) -> None:
    """One day of 200,000 entries, most of them healthy, in pages of 1,000."""
    run(seed, tmp_path, 200_000, page=1_000, healthy=0.9, patience=5)


# ------------------------------------------------------------------------------------------------ killed


class Fast:
    """A clock that several processes share: so many times as fast as the wall's, from a moment on."""

    def __init__(self, since: float, speed: float) -> None:
        self.since, self.speed = since, speed

    def __call__(self) -> datetime:
        return START + HOUR + timedelta(seconds=(time.time() - self.since) * self.speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


def killed(seed: int, folder: Path, count: int = 1_500) -> None:
    """Processes that read, and are killed with SIGKILL at random moments; the last one comes to its end."""
    chance = random.Random(seed)
    clock = Fast(time.time(), 900.0)
    given = entries(count, chance, span=HOUR * 3 / 2)
    path = str(folder / f"killed-{seed}.db")
    with LoggingServer(given, 25, clock) as server:
        server.encode()
        server.trouble = Trouble(chance, often=0.1)
        words = [path, server.host, str(clock.since), str(clock.speed)]
        for _ in range(chance.randint(2, 4)):
            with child(*words, str(chance.randrange(2**32)), "") as process:
                try:
                    process.wait(chance.uniform(0.5, 4.0))
                except subprocess.TimeoutExpired:
                    process.kill()
        last = max(datetime.fromisoformat(e["receiveTimestamp"]) for e in given) + 5 * MINUTE
        with child(*words, str(seed), last.isoformat()) as process:
            assert process.wait(180) == 0
    with open_store(path) as store:
        assert counted(store) == expected(given), f"seed {seed}"
        assert taken_in(path) == count, f"seed {seed}"
    assert server.fastest() <= 60, f"seed {seed}"


def child(*words: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.scenarios.test_reading", *words]
    return subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """Killed in the middle of pages and transactions, the next process goes on; each entry counts once."""
    killed(1, tmp_path)


@pytest.mark.campaign
def test_many_killed_processes_lose_nothing(tmp_path: Path, seed: int) -> None:
    """The same, twenty times."""
    for one in range(20):
        killed(100 * seed + one, tmp_path)


# ------------------------------------------------------------------------------------------------ the pace


@pytest.mark.parametrize("latency", [0.0, 0.5])
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


def main(path: str, host: str, since: str, speed: str, seed: str, last: str) -> None:
    """Reads round after round; to the end of what there is, where that is given."""
    clock = Fast(float(since), float(speed))
    with open_store(path) as store:
        while True:
            logs = reader(store, host, clock, int(seed))
            began = clock()
            try:
                one_round(store, logs, clock)
            except LogsUnavailable:
                continue
            finally:
                logs.close()
            if last and began > datetime.fromisoformat(last) and not store.sources.pending("cloud:shop"):
                return
            clock.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
