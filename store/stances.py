"""What people say of clusters: who is on them, and which are silent and why. One owner and one silence at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from bot.models import Event, Stance, Stand
from store import history
from store.codec import dump, load, micros, numbers
from store.connection import Connections
from store.resolving import resolve

_HOLDS = "SELECT id, cluster, body FROM stances WHERE ended IS NULL"
_IN = "IN (SELECT value FROM json_each(?))"


class Stances:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def say(self, stance: Stance) -> tuple[Stance, tuple[int, ...]]:
        """From now on this holds; returned with the ids of what held before in its place."""
        with self._connections.change() as db:
            cluster = resolve(db, stance.cluster) or stance.cluster
            before = _of_its_sort(db, cluster, stance.stand)
            _end(db, before, stance.at)
            row = db.execute(
                "INSERT INTO stances (cluster, stand, until, body) VALUES (?, ?, ?, ?)",
                [cluster, str(stance.stand), micros(stance.until), dump(stance)],
            )
            said = replace(stance, cluster=cluster, id=row.lastrowid or 0)
            history.add(db, Event(stance.at, stance.who, str(stance.stand), f"cluster {cluster}", _words(said)))
            return said, tuple(before)

    def of(self, clusters: Sequence[int]) -> list[Stance]:
        with self._connections.read() as db:
            return [s for found in newest(db, clusters).values() for s in found]

    def silent(self) -> list[Stance]:
        """All silences that hold, in order of cluster."""
        with self._connections.read() as db:
            rows = db.execute(f"{_HOLDS} AND stand != 'taken' ORDER BY cluster")
            return [_stance(*row) for row in rows]

    def owned(self, whom: str) -> list[Stance]:
        """What a person is on, in order of cluster."""
        with self._connections.read() as db:
            rows = db.execute(f"{_HOLDS} AND stand = 'taken' AND body ->> 'whom' = ? ORDER BY cluster", [whom])
            return [_stance(*row) for row in rows]

    def end(self, ids: Sequence[int], who: str, why: str, now: datetime) -> None:
        with self._connections.change() as db:
            for row in db.execute(f"{_HOLDS} AND id {_IN}", [numbers(ids)]).fetchall():
                ended = _stance(*row)
                history.add(db, Event(now, who, f"no longer {ended.stand}", f"cluster {ended.cluster}", why))
            _end(db, ids, now)

    def resume(self, ids: Sequence[int], who: str, why: str, now: datetime) -> None:
        """What had ended holds again, unless something else took its place meanwhile."""
        with self._connections.change() as db:
            rows = db.execute(
                "UPDATE OR IGNORE stances SET ended = NULL WHERE id IN (SELECT value FROM json_each(?))"
                " RETURNING id, cluster, body",
                [numbers(ids)],
            ).fetchall()
            for row in rows:
                again = _stance(*row)
                history.add(db, Event(now, who, str(again.stand), f"cluster {again.cluster}", why))


def newest(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Stance, ...]]:
    """What holds of each cluster."""
    found: dict[int, tuple[Stance, ...]] = {}
    rows = db.execute(f"{_HOLDS} AND cluster {_IN} ORDER BY id", [numbers(clusters)])
    for row in rows:
        found[row[1]] = (*found.get(row[1], ()), _stance(*row))
    return found


def move(db: Database, lower: int, higher: int, now: datetime) -> None:
    """The cluster that stays keeps what was said of it; else what was said of the other counts for it."""
    db.execute("UPDATE OR IGNORE stances SET cluster = ? WHERE cluster = ?", [lower, higher])
    db.execute("UPDATE stances SET cluster = ?, ended = ? WHERE cluster = ?", [lower, micros(now), higher])


def _of_its_sort(db: Database, cluster: int, stand: Stand) -> list[int]:
    rows = db.execute(f"{_HOLDS} AND cluster = ? AND (stand = 'taken') = ?", [cluster, int(stand is Stand.TAKEN)])
    return [row[0] for row in rows]


def _end(db: Database, ids: Sequence[int], now: datetime) -> None:
    db.execute(
        "UPDATE stances SET ended = ? WHERE ended IS NULL AND id IN (SELECT value FROM json_each(?))",
        [micros(now), numbers(ids)],
    )


def _stance(id_: int, cluster: int, body: str) -> Stance:
    return replace(load(Stance, body), id=id_, cluster=cluster)


def _words(stance: Stance) -> str:
    """The reason, and whom or until when it concerns."""
    until = f"until {stance.until:%Y-%m-%d %H:%M} UTC" if stance.until else ""
    later = "in the next revision" if stance.later else ""
    return "; ".join(w for w in (stance.whom and f"by {stance.whom}", until, later, stance.why) if w)
