"""A round after a year asks the database no more than on the first day, and reads little more."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from store import Store, ever, open_store
from store.codec import micros

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PROBLEMS = ("basket", "seat", "order", "mail", "price", "stock")
EVERY = 100
"""Steps of SQLite's machine that are counted as one."""


def round_of(store: Store, folder: Path, start: datetime) -> None:
    """Five minutes in which each problem happens ten times."""
    path = folder / "round.json"
    entries = [
        {
            "insertId": f"{problem}-{n}",
            "timestamp": (start + timedelta(seconds=5 * n)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "severity": "ERROR",
            "resource": {"labels": {"service_name": "shop", "revision_name": "shop-1"}},
            "jsonPayload": {"message": f"{problem} service could not be reached by {problem}-client: giving up"},
        }
        for n in range(10)
        for problem in PROBLEMS
    ]
    path.write_text("\n".join(map(json.dumps, entries)))
    with closing(FileLogs(str(path))) as logs:
        pipeline.round(edges.alone(settings.load({}), store, logs), think=False)


def a_year(store: Store) -> None:
    """Each problem four times a day, in another revision each week, put together as ageing does."""
    with store._connections.change() as db:
        rows = [
            (signature, micros(at), "production", f"shop-{n // 28}", 3, 1, micros(at), micros(at), 500)
            for (signature,) in db.execute("SELECT id FROM signatures").fetchall()
            for n in range(4 * 365)
            for at in [NOW - timedelta(days=1, hours=6 * n)]
        ]
        db.conn.executemany(
            "INSERT INTO counts (signature, bucket, environment, revision, open, entries, occurrences, first, last,"
            " level) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
            rows,
        )
        ever.again(db, "true", [])
        hours = [micros(NOW - timedelta(hours=n)) // 3_600_000_000 * 3_600_000_000 for n in range(1, 14 * 24)]
        seen = [(hour, at * 0x9E3779B97F4A7C15 % 2**63) for at, hour in enumerate(hours * 100)]
        db.conn.executemany("INSERT OR IGNORE INTO seen (bucket, key) VALUES (?, ?)", seen)
    store.rounds.age(NOW)


def cost(store: Store, folder: Path) -> tuple[int, int]:
    """Statements, and hundreds of steps, that one round takes of the database."""
    statements: list[str] = []
    steps: list[int] = []
    connection = store._connections.db().conn
    connection.set_trace_callback(statements.append)
    connection.set_progress_handler(lambda: steps.append(1), EVERY)
    round_of(store, folder, NOW)
    connection.set_trace_callback(None)
    connection.set_progress_handler(None, 0)
    return len(statements), len(steps)


def test_a_year_makes_a_round_no_dearer(tmp_path: Path) -> None:
    """Counted, not timed: not one statement more, and what is left of the 8,760 counts of the year is read once."""
    with open_store(str(tmp_path / "new.db")) as new, open_store(str(tmp_path / "old.db")) as old:
        for store in (new, old):
            round_of(store, tmp_path, NOW - timedelta(minutes=10))
        a_year(old)
        statements, steps = cost(new, tmp_path)
        statements_later, steps_later = cost(old, tmp_path)
        with old._connections.read() as db:
            (kept,) = db.execute("SELECT count(*) FROM counts").fetchone()
    assert statements_later <= statements
    assert kept < 1_000
    assert steps_later - steps < kept
