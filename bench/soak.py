"""Ninety days in a few minutes: rounds with a daily rhythm, floods and restarts; memory, cost and size stay flat.

    python bench/soak.py [--days 90] [--every 60]

Each round is a real one, over entries that a file brings, into a store on disk that ages as it does in the field.
Every few days the bot is begun anew. Bounds, which the campaign asserts: a round of the last third costs at most 1.15
times one of the second third, memory grows by at most 5 MB after the second third (the first fills the caches and what
is kept of each problem), and the database stays below 64 bytes for each entry of the last 14 days, plus 128 for each
round, plus 64 KB for each problem.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import resource
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from bot.trackers.local import LocalTracker
from store import open_store

START = datetime(2026, 3, 2, tzinfo=UTC)
RESTART = timedelta(days=3)
PROBLEMS = (
    "seat",
    "mail",
    "basket",
    "price",
    "stock",
    "coupon",
    "refund",
    "ledger",
    "parcel",
    "queue",
    "cache",
    "login",
)
REMEMBERED = 14
PER_ENTRY, PER_ROUND, PER_PROBLEM = 64, 128, 64 * 1024
GROWTH, COST = 5e6, 1.15


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of it: seconds for each round, and bytes."""

    rounds: list[float]
    memory: list[float]
    size: int
    entries: int
    remembered: int
    problems: int

    @property
    def cost(self) -> float:
        """A round of the last third, as a multiple of one of the second."""
        third = len(self.rounds) // 3
        return statistics.median(self.rounds[-third:]) / statistics.median(self.rounds[third : 2 * third])

    @property
    def growth(self) -> float:
        """Bytes that came in the last third."""
        third = len(self.memory) // 3
        return max(self.memory[-third:]) - max(self.memory[third : 2 * third])

    @property
    def bound(self) -> int:
        return PER_ENTRY * self.remembered + PER_ROUND * len(self.rounds) + PER_PROBLEM * self.problems


def written(chance: random.Random, now: datetime, every: timedelta, number: int) -> list[dict[str, Any]]:
    """What is logged until now: more by day than by night, a flood now and then, a new problem each week."""
    rhythm = 1.2 + math.sin((now.hour - 9) / 24 * 2 * math.pi)
    count = int(rhythm * 12) + (600 if chance.random() < 0.01 else 0)
    week = (now - START).days // 7
    out = []
    for i in range(count):
        what = chance.choice(PROBLEMS) if chance.random() < 0.9 else f"part {chr(97 + week % 26)}"
        stamp = (now - every * chance.random()).isoformat()
        out.append(
            {
                "insertId": f"{number}-{i}",
                "timestamp": stamp,
                "severity": chance.choice(["ERROR", "WARNING"]),
                "logName": "projects/ticketry-prod/logs/run.googleapis.com%2Fstderr",
                "resource": {
                    "type": "cloud_run_revision",
                    "labels": {"service_name": "shop", "revision_name": f"shop-{week:05}-abc"},
                },
                "textPayload": f"could not reach the {what} of order {chance.randrange(10**6)}: connection refused",
            }
        )
    return out


def soak(days: int, every: timedelta, folder: Path, seed: int = 1) -> Soaked:
    chance, chosen = random.Random(seed), settings.load({})
    path, file = str(folder / "garden.db"), folder / "logs.json"
    rounds: list[float] = []
    memory: list[float] = []
    daily: list[int] = []
    store, tracker = open_store(path), LocalTracker(str(folder / "tracker.db"))
    now, begun = START, START
    for number in range(int(timedelta(days=days) / every)):
        now += every
        entries = written(chance, now, every, number)
        daily.append(len(entries))
        if not entries:
            continue
        if now - begun > RESTART:
            store.close()
            store, begun = open_store(path), now
        if now.hour == 0:
            gc.collect()
            memory.append(resident())
        file.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
        with closing(FileLogs(str(file))) as logs:
            logs.lasting = True  # it ages, as what comes from Cloud Logging does
            built = replace(edges.alone(chosen, store, logs), tracker=tracker, clock=lambda at=now: at)
            began = time.process_time()
            pipeline.round(built)
            rounds.append(time.process_time() - began)
    problems = store.holds()["clusters"]
    store.close()
    remembered = sum(daily[-int(timedelta(days=REMEMBERED) / every) :])
    size = sum(p.stat().st_size for p in folder.glob("garden.db*"))
    return Soaked(rounds, memory, size, sum(daily), remembered, problems)


def resident() -> float:
    """Bytes in memory now; where that cannot be told, the most that there were."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(most if sys.platform == "darwin" else most * 1024)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--every", type=int, default=60, help="minutes")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        done = soak(given.days, timedelta(minutes=given.every), Path(name))
    print(f"{given.days} days, {len(done.rounds):,} rounds, {done.entries:,} entries, {done.problems} problems")
    print(
        f"a round: median {statistics.median(done.rounds) * 1000:,.0f} ms of CPU; last third to second {done.cost:.2f}"
    )
    print(f"memory: {max(done.memory) / 1e6:,.0f} MB, {done.growth / 1e6:+,.1f} MB in the last third")
    print(f"database: {done.size / 1e6:,.1f} MB; the bound is {done.bound / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
