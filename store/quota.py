"""The pages that may be asked for in a minute, shared by all processes: rounds, inquiries and people.

A page takes up its place from when it is asked for until a minute after the answer came, so that the service too
never sees more than the limit in any minute. Whoever finds no place says that he waits; while somebody waits, nobody
else goes beyond his own share. While nobody does, one may use what the others leave, but for a few that are kept
for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database

from store.codec import micros, moment
from store.connection import Connections

MINUTE = timedelta(seconds=60)
LIMIT = 60
SHARES: Mapping[str, int] = {"rounds": 36, "inquiries": 12, "people": 12}
FREE: Mapping[str, int] = {"rounds": 2, "inquiries": 2, "people": 0}
"""Places that each leaves free in any case, so that somebody else finds one at once."""
STILL = timedelta(seconds=5)
"""How long after he asked somebody counts as waiting, who asks again sooner than that."""


class Place(NamedTuple):
    """A place that was taken, or, without a number, how long to wait before asking again."""

    number: int | None
    wait: timedelta = timedelta(0)


class Quota:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def take(self, project: str, use: str, now: datetime, patience: timedelta) -> Place:
        """`patience` is how long the page may take: so long its place is taken up if nobody gives it back."""
        with self._connections.change() as db:
            _tidy(db, project, now)
            taken = dict(db.execute("SELECT use, count(*) FROM pages WHERE project = ? GROUP BY use", [project]))
            waiting = {row[0] for row in db.execute("SELECT use FROM waiting WHERE project = ?", [project])} - {use}
            if _may(use, taken, waiting):
                db.execute("DELETE FROM waiting WHERE project = ? AND use = ?", [project, use])
                until = micros(now + patience + MINUTE)
                row = db.execute(
                    "INSERT INTO pages (project, use, at, until) VALUES (?, ?, ?, ?)",
                    [project, use, micros(now), until],
                )
                return Place(row.lastrowid)
            db.execute(
                "INSERT INTO waiting (project, use, until) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET until = excluded.until",
                [project, use, micros(now + STILL)],
            )
            return Place(None, _next(db, project, now))

    def give_back(self, number: int, now: datetime) -> None:
        """The answer came: a minute from now the place is free."""
        with self._connections.change() as db:
            db.execute("UPDATE pages SET until = ? WHERE id = ?", [micros(now + MINUTE), number])

    def taken(self, project: str, now: datetime) -> dict[str, int]:
        """How many places each use takes up, for `status`."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT use, count(*) FROM pages WHERE project = ? AND until > ? GROUP BY use", [project, micros(now)]
            )
            return dict(rows.fetchall())


def _tidy(db: Database, project: str, now: datetime) -> None:
    """Forgets what is over; where the clock was put back, what is ahead of it is counted from now."""
    db.execute("DELETE FROM pages WHERE until <= ?", [micros(now)])
    db.execute("DELETE FROM waiting WHERE until <= ?", [micros(now)])
    db.execute(
        "UPDATE pages SET at = ?, until = ? WHERE project = ? AND at > ?",
        [micros(now), micros(now + MINUTE), project, micros(now)],
    )


def _may(use: str, taken: Mapping[str, int], waiting: set[str]) -> bool:
    total = sum(taken.values())
    if total >= LIMIT - FREE[use]:
        return False
    return not waiting or taken.get(use, 0) < SHARES[use]


def _next(db: Database, project: str, now: datetime) -> timedelta:
    """Until a place becomes free, but soon enough to be known to wait."""
    row = db.execute("SELECT min(until) FROM pages WHERE project = ?", [project]).fetchone()
    free = moment(row[0]) - now if row[0] is not None else timedelta(seconds=1)
    return min(max(free, timedelta(milliseconds=1)), STILL / 2)
