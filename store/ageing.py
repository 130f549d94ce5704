"""What becomes of what is old: identities of entries are dropped, and counts are kept by the day, then by the month.

A round loads the counts of every problem that it touches; so that it takes as long after a year as on the first
day, there must not be more of them. Sums stay exact; only when in the day or the month is forgotten.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from store import conditions
from store.codec import MICROSECOND, micros

RETENTION = timedelta(days=14)
"""How long an entry is recognised that comes again."""
DAY = timedelta(days=1) // MICROSECOND
GRAINS = ((timedelta(days=8), DAY), (timedelta(days=35), 30 * DAY))
"""What is older than so long is counted in buckets of such a length."""


def age(db: Database, now: datetime) -> None:
    """Takes next to no time where it was done shortly before."""
    db.execute(
        "DELETE FROM seen WHERE bucket < min(?1, coalesce((SELECT min(start) FROM stretches WHERE aim <> 'late'), ?1))",
        [micros(now - RETENTION)],
    )
    db.execute("DELETE FROM deliveries WHERE at < ?", [micros(now - RETENTION)])
    conditions.age(db, now)
    for after, length in GRAINS:
        until = micros(now - after) // length * length
        name = f"counted by {length}"
        row = db.execute("SELECT value FROM meta WHERE key = ?", [name]).fetchone()
        since = row[0] if row else 0
        if until > since:
            _coarsen(db, since, until, length)
            db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [name, until])


def begin_again(db: Database, since: int) -> None:
    """What was counted of that time only now is put together, too."""
    db.execute("UPDATE meta SET value = min(value, ?) WHERE key LIKE 'counted by %'", [since])


def _coarsen(db: Database, since: int, until: int, length: int) -> None:
    """Late counts, of before `since`, stay as they are: they are few."""
    chosen = "open = 0 AND last >= ? AND last < ? AND bucket < ?"
    span = [since, until, until]
    together = f"SELECT {SUMS} FROM counts WHERE {chosen} GROUP BY 1, 2, 3, 4"  # noqa: S608 - ours
    rows = db.execute(together, [length, length, *span]).fetchall()
    db.execute(f"DELETE FROM counts WHERE {chosen}", span)  # noqa: S608 - ours
    db.conn.executemany(ADD, rows)


SUMS = (
    "signature, bucket / ? * ?, environment, revision, 0, sum(entries), sum(occurrences), min(first), max(last),"
    " max(level)"
)
ADD = (
    "INSERT INTO counts (signature, bucket, environment, revision, open, entries, occurrences, first, last, level)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries,"
    " occurrences = occurrences + excluded.occurrences, first = min(first, excluded.first),"
    " last = max(last, excluded.last), level = max(level, excluded.level)"
)
"""Adds to what is counted in a bucket already."""
