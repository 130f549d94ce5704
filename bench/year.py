"""A round of five minutes on the first day, and the same round after a year: what history costs.

    python bench/year.py [--entries 3000] [--clusters 400] [--remembered 2000000]

The year is written into the store as rounds would have left it: counts of every problem in many buckets, and the
identities of the entries of the last fourteen days; then it ages as it does at the end of every round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _bars import bar

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from store import Store, ever, open_store
from store.codec import micros

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RETENTION = timedelta(days=14)
ROUND = timedelta(minutes=5)
RUNS = 5
WORDS = (
    "basket",
    "seat",
    "order",
    "mail",
    "price",
    "stock",
    "ticket",
    "coupon",
    "invoice",
    "refund",
    "parcel",
    "ledger",
)


def round_file(path: Path, start: datetime, count: int, clusters: int) -> None:
    """Entries of five minutes: a third of them errors, spread over the problems that are known."""

    def entry(i: int) -> dict[str, Any]:
        stamp = (start + ROUND * i / count).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        said: dict[str, Any] = {
            "severity": "INFO",
            "jsonPayload": {"message": f"request {i} served", "padding": "x" * 500},
        }
        if i % 3 == 0:
            said = {"severity": "ERROR", "jsonPayload": {"message": told(i // 3 % clusters), "padding": "x" * 500}}
        return {
            "insertId": f"entry-{i}",
            "timestamp": stamp,
            "logName": "projects/ticketry-prod/logs/run.googleapis.com%2Fstdout",
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"service_name": "shop", "revision_name": "shop-00001-abc"},
            },
            **said,
        }

    path.write_text("".join(json.dumps(entry(i)) + "\n" for i in range(count)), encoding="utf-8")


def told(number: int) -> str:
    """A sentence that no other problem has."""
    names, left = [], number
    for _ in range(3):
        left, at = divmod(left, len(WORDS))
        names.append(WORDS[at])
    return f"{names[0]} of {names[1]} could not reach {names[2]}"


def a_year(store: Store, buckets: int, remembered: int) -> None:
    """Writes the history of every problem, and what is remembered of the entries of the last two weeks."""
    with store._connections.change() as db:
        step = timedelta(days=365) // buckets // timedelta(minutes=5) * timedelta(minutes=5)
        rows = (
            (
                signature,
                micros(start),
                "production",
                f"shop-{(NOW - start).days // 7:05}-abc",
                3,
                1,
                micros(start),
                micros(start),
                500,
            )
            for i in range(buckets)
            for start in [NOW - timedelta(days=1) - i * step]
            for (signature,) in db.execute("SELECT id FROM signatures").fetchall()
        )
        db.conn.executemany(
            "INSERT OR IGNORE INTO counts (signature, bucket, environment, revision, open, entries, occurrences, first,"
            " last, level) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
            rows,
        )
        db.execute("DELETE FROM totals")
        db.execute(
            "INSERT INTO totals SELECT signature, sum(entries), sum(occurrences), min(first), max(last), max(level)"
            " FROM counts WHERE open = 0 GROUP BY signature"
        )
        ever.again(db, "true", [])
        db.conn.executemany("INSERT OR IGNORE INTO seen (bucket, key) VALUES (?, ?)", identities(remembered))
    store.rounds.age(NOW)


def identities(count: int) -> Iterator[tuple[int, int]]:
    hours = RETENTION // timedelta(hours=1)
    for i in range(count):
        hour = micros(NOW - timedelta(hours=1 + i * hours // count))
        yield hour - hour % 3_600_000_000, i * 0x9E3779B97F4A7C15 % 2**63


def rounds(store: Store, folder: Path, count: int, clusters: int, start: datetime, runs: int) -> list[float]:
    """Seconds of CPU time that each of some rounds takes, one after the other."""
    took = []
    for run in range(runs):
        path = folder / "round.json"
        round_file(path, start + run * ROUND, count, clusters)
        began = time.process_time()
        with closing(FileLogs(str(path))) as logs:
            pipeline.round(edges.alone(settings.load({}), store, logs), think=False)
        took.append(time.process_time() - began)
    return took


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=3_000)
    options.add_argument("--clusters", type=int, default=400)
    options.add_argument("--buckets", type=int, default=2_000)
    options.add_argument("--remembered", type=int, default=2_000_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(str(folder / "old.db")) as old, open_store(str(folder / "new.db")) as new:
            rounds(old, folder, given.entries, given.clusters, NOW - timedelta(days=365), 1)
            a_year(old, given.buckets, given.remembered)
            rounds(new, folder, given.entries, given.clusters, NOW - ROUND, 1)
            first = rounds(new, folder, given.entries, given.clusters, NOW, RUNS)
            later = rounds(old, folder, given.entries, given.clusters, NOW, RUNS)
        size = (folder / "old.db").stat().st_size / 1e6
    early, late = statistics.median(first), statistics.median(later)
    print(f"five minutes of {given.entries:,} entries and {given.clusters} problems, median of {RUNS} rounds")
    print(f"on day one     {early:>8.3f} s")
    print(f"after a year   {late:>8.3f} s   a store of {size:,.0f} MB, {given.remembered:,} entries remembered")
    print(f"ratio          {late / early:>8.2f}")
    bar("a round after a year, times one on the first day", late / early, most=1.2, form=",.2f")


if __name__ == "__main__":
    main()
