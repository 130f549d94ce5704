"""What becomes of what is old: identities of entries are dropped, and counts are kept by the day, then by the month.

A round loads the counts of every problem that it touches; so that it takes as long after a year as on the first
day, there must not be more of them. Sums stay exact; only when in the day or the month is forgotten.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import MOMENTS
from store import conditions, ever
from store.codec import MICROSECOND, micros, numbers

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
    _cut(db, now)
    for after, length in GRAINS:
        until = micros(now - after) // length * length
        name = f"counted by {length}"
        row = db.execute("SELECT value FROM meta WHERE key = ?", [name]).fetchone()
        since = row[0] if row else 0
        if until > since:
            _coarsen(db, since, until, length)
            db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [name, until])


def _cut(db: Database, now: datetime) -> None:
    """Of a problem with many signatures no more moments are kept than of one with a single one. Once a day at most."""
    today = micros(now) // DAY
    row = db.execute("SELECT value FROM meta WHERE key = 'moments cut'").fetchone()
    if row and row[0] >= today:
        return
    db.execute("INSERT INTO meta VALUES ('moments cut', ?) ON CONFLICT DO UPDATE SET value = excluded.value", [today])
    gone = db.execute(BEYOND, [MOMENTS]).fetchall()
    db.conn.executemany("DELETE FROM moments WHERE signature = ? AND open = 0 AND time = ? AND key = ?", gone)
    left = "(SELECT count(*) FROM moments WHERE signature = id AND open = 0)"
    db.execute(
        f"UPDATE signatures SET moments = {left} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 - ours
        [numbers({id_ for id_, *_ in gone})],
    )


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


def archive(db: Database, now: datetime, after: timedelta) -> None:
    """What did not happen for so long is kept as a stub: number, name, signatures, sums, severity, issue, what people
    said. So it is the same problem if it comes back. Evidence, moments and people go, and with them what was thought
    before the newest; and episodes, rounds and deployments of that time. Once a day at most."""
    until = micros(now - after)
    row = db.execute("SELECT value FROM meta WHERE key = 'archived until'").fetchone()
    since = row[0] if row else 0
    if not after or until - since < DAY:
        return
    quiet = numbers(
        number
        for (number,) in db.execute(
            "SELECT cluster FROM signatures JOIN totals ON totals.signature = signatures.id JOIN clusters ON"
            " clusters.number = cluster WHERE NOT changed GROUP BY cluster HAVING max(last) >= ? AND max(last) < ?"
            " AND NOT max(id IN (SELECT signature FROM counts WHERE open = 1))",
            [since, until],
        ).fetchall()
    )
    own = "signature IN (SELECT id FROM signatures WHERE cluster IN (SELECT value FROM json_each(?)))"
    for table in ("evidence", "moments", "people"):
        db.execute(f"DELETE FROM {table} WHERE {own}", [quiet])  # noqa: S608 - one of three names
    db.execute(
        "UPDATE signatures SET moments = 0, users = 0, clients = 0 WHERE cluster IN (SELECT value FROM json_each(?))",
        [quiet],
    )
    stubs = f"SELECT {STUB} FROM counts WHERE {own} {SAME}"  # noqa: S608 - ours
    rows = db.execute(stubs, [quiet]).fetchall()
    db.execute(f"DELETE FROM counts WHERE {own}", [quiet])  # noqa: S608 - ours
    db.conn.executemany(ADD, rows)
    sums = "signature, sum(entries), sum(occurrences), min(first), max(last), max(level)"
    again = f"INSERT OR REPLACE INTO totals SELECT {sums} FROM counts WHERE {own} GROUP BY 1"  # noqa: S608 - ours
    db.execute(again, [quiet])
    ever.again(db, own, [quiet])
    db.execute(
        "DELETE FROM analyses WHERE cluster IN (SELECT value FROM json_each(?))"
        " AND id NOT IN (SELECT max(id) FROM analyses GROUP BY cluster)",
        [quiet],
    )
    db.execute("DELETE FROM incidents WHERE end < ?", [until])
    db.execute("DELETE FROM deployments WHERE time < ?", [until])
    db.execute("DELETE FROM rounds WHERE concluded < ? AND number < (SELECT max(number) FROM rounds)", [until])
    db.execute(
        "INSERT INTO meta VALUES ('archived until', ?) ON CONFLICT DO UPDATE SET value = excluded.value", [until]
    )


BEYOND = """
SELECT signature, time, key FROM (
  SELECT signature, time, moments.key AS key,
    row_number() OVER (PARTITION BY cluster ORDER BY time DESC, moments.key DESC) AS place
  FROM moments JOIN signatures ON signatures.id = moments.signature WHERE open = 0
) WHERE place > ?
"""
"""Moments of closed occurrences that are not among the newest of their problem."""
STUB = (
    "signature, max(bucket) OVER same, environment, last_value(revision) OVER same, 0, entries, occurrences, first,"
    " last, level"
)
SAME = (
    "WINDOW same AS (PARTITION BY signature, environment ORDER BY last"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
)
"""Everything counts where it was last seen: `ADD` makes one row of it for each environment."""
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
ADD_TOTAL = (
    "INSERT INTO totals (signature, entries, occurrences, first, last, level) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries,"
    " occurrences = occurrences + excluded.occurrences, first = min(first, excluded.first),"
    " last = max(last, excluded.last), level = max(level, excluded.level)"
)
"""Adds to what all closed counts of a signature come to; ageing changes nothing in that."""
