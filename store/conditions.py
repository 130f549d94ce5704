"""In which ways we went silent, and what was said of it: each is said once, and once more when it is over.

While the disk is full, the rows are kept in the reserve, over restarts, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.errors import StoreFull
from bot.models import Condition, Strike, Told
from store import rhythm
from store.codec import bounded, micros, moment
from store.connection import Connections
from store.reserve import Reserve

KEPT = timedelta(days=90)
_COLUMNS = "key, since, what, mend, well, over, told"
_PUT = (
    "INSERT INTO conditions (key, since, what, mend, well, over, told) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET what = excluded.what, mend = excluded.mend,"
    " well = excluded.well, over = excluded.over, told = excluded.told"
)
_STRIKE = (
    "INSERT INTO strikes (part, count, since, words) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " count = excluded.count, since = excluded.since, words = excluded.words"
)


class Conditions:
    def __init__(self, connections: Connections, reserve: Reserve) -> None:
        self._connections = connections
        self._reserve = reserve

    def open(self) -> list[Condition]:
        """Those of which not all was told yet, in the order in which they began."""
        with self._connections.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM conditions WHERE told < ?",  # noqa: S608 - ours
                [Told.OVER],
            ).fetchall()
        found = {(row[0], row[1]): row for row in rows}
        found |= {(row[0], row[1]): row for row in self._reserve.rows("conditions").values()}
        conditions = [_condition(row) for _, row in sorted(found.items(), key=lambda kv: (kv[0][1], kv[0][0]))]
        return [c for c in conditions if not c.done]

    def active(self) -> list[Condition]:
        return [c for c in self.open() if c.over is None]

    def put(self, condition: Condition) -> None:
        """Kept in any case."""
        row = _row(condition)
        try:
            with self._connections.change() as db:
                db.execute(_PUT, row)
        except StoreFull:
            self._reserve.put("conditions", f"{row[0]} {row[1]}", row)

    def count(self, key: str, since: datetime) -> int:
        """How often it began since then."""
        with self._connections.read() as db:
            return int(
                db.execute(
                    "SELECT count(*) FROM conditions WHERE key = ? AND since >= ?", [key, micros(since)]
                ).fetchone()[0]
            )

    # ------------------------------------------------------------ what fails

    def strikes(self) -> list[Strike]:
        with self._connections.read() as db:
            rows = db.execute("SELECT part, count, since, words FROM strikes").fetchall()
        found = {row[0]: list(row) for row in rows} | self._reserve.rows("strikes")
        return [Strike(p, n, moment(since), words) for p, n, since, words in found.values() if n]

    def strike(self, part: str, words: str, now: datetime) -> None:
        """It failed once more."""
        known = next((s for s in self.strikes() if s.part == part), Strike(part, 0, now, ""))
        self._strike([part, known.count + 1, micros(known.since), bounded(words, 1000)])

    def well(self, part: str) -> None:
        """It works; nothing is written where that was known."""
        known = next((s for s in self.strikes() if s.part == part), None)
        if known:
            self._strike([part, 0, micros(known.since), ""])

    def _strike(self, row: list[Any]) -> None:
        try:
            with self._connections.change() as db:
                db.execute(_STRIKE, row)
        except StoreFull:
            self._reserve.put("strikes", row[0], row)

    # ------------------------------------------------------------ the rest

    def set_aside(self) -> None:
        """Takes the little room that is needed once there is none."""
        self._reserve.set_aside()

    def rhythm(self) -> Mapping[str, Mapping[int, int]]:
        """How many entries each source had in each hour since 1970, for some weeks."""
        with self._connections.read() as db:
            return rhythm.of(db)

    def beat(self, now: datetime) -> None:
        """Writes something, to see whether that can be done; what waited in the reserve comes along."""
        with self._connections.change() as db:
            db.execute(
                "INSERT INTO meta VALUES ('beat', ?) ON CONFLICT DO UPDATE SET value = excluded.value", [micros(now)]
            )
            for row in self._reserve.rows("conditions").values():
                db.execute(_PUT, row)
            for row in self._reserve.rows("strikes").values():
                db.execute(_STRIKE, row)
        self._reserve.drop("conditions")
        self._reserve.drop("strikes")


def age(db: Database, now: datetime) -> None:
    db.execute("DELETE FROM conditions WHERE over < ? AND told = ?", [micros(now - KEPT), Told.OVER])
    rhythm.age(db, now)


def _row(c: Condition) -> list[Any]:
    said = [bounded(c.what, 1000), bounded(c.mend, 1000)]
    return [c.key, micros(c.since), *said, micros(c.well), micros(c.over), int(c.told)]


def _condition(row: Any) -> Condition:
    key, since, what, mend, well, over, told = row
    return Condition(key, moment(since), what, mend, moment(well), moment(over), Told(told))
