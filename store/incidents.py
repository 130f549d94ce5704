"""Incidents: episodes with their root and members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Event, Incident, Window
from store import history, touched
from store.codec import bounded, micros, moment, numbers
from store.connection import Connections


class Incidents:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def between(self, window: Window) -> list[Incident]:
        """Those that touch the window, in order of time."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT id FROM incidents WHERE start <= ? AND end >= ?", [micros(window.end), micros(window.start)]
            )
            return read(db, [row[0] for row in rows])

    def of(self, clusters: Iterable[int], since: datetime | None = None) -> list[Incident]:
        with self._connections.read() as db:
            asked, after = numbers(clusters), 0 if since is None else micros(since)
            rows = db.execute(
                "SELECT incident FROM members WHERE cluster IN (SELECT value FROM json_each(?1)) AND end >= ?2"
                " UNION SELECT (SELECT incident FROM members WHERE cluster = value AND end < ?2"
                "  ORDER BY end DESC, incident DESC LIMIT 1) FROM json_each(?1)",
                [asked, after],
            )
            return read(db, [row[0] for row in rows if row[0] is not None])


def read(db: Database, ids: Iterable[int]) -> list[Incident]:
    wanted = numbers(ids)
    clusters: dict[int, list[int]] = {}
    for incident, cluster in db.execute(
        "SELECT incident, cluster FROM members WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY cluster",
        [wanted],
    ):
        clusters.setdefault(incident, []).append(cluster)
    rows = db.execute(
        "SELECT id, root, start, end, reason FROM incidents WHERE id IN (SELECT value FROM json_each(?))"
        " ORDER BY start, id",
        [wanted],
    )
    return [
        Incident(id_, root, tuple(clusters.get(id_, ())), moment(start), moment(end), reason)
        for id_, root, start, end, reason in rows
    ]


def newest(db: Database, clusters: Sequence[int]) -> dict[int, Incident]:
    """The incident of each cluster that ended last."""
    rows = db.execute(
        "SELECT value, (SELECT incident FROM members WHERE cluster = value ORDER BY end DESC, incident DESC LIMIT 1)"
        " FROM json_each(?)",
        [numbers(clusters)],
    )
    last: dict[int, int] = {cluster: incident for cluster, incident in rows if incident is not None}
    found = {incident.id: incident for incident in read(db, set(last.values()))}
    return {cluster: found[id_] for cluster, id_ in last.items()}


def keep(db: Database, incidents: Iterable[Incident], now: datetime) -> None:
    """Writes them down: one with an id takes the place of what was known under it, one without is new."""
    incidents = list(incidents)
    named = numbers({n for i in incidents for n in i.clusters})
    sql = "SELECT number FROM clusters WHERE number IN (SELECT value FROM json_each(?))"
    known = {row[0] for row in db.execute(sql, [named])}
    for incident in incidents:
        members = sorted({n for n in incident.clusters if n in known})
        if incident.root not in members:
            continue
        id_ = _write(db, incident, now)
        db.execute("DELETE FROM members WHERE incident = ?", [id_])
        db.conn.executemany(
            "INSERT INTO members (incident, cluster, end) VALUES (?, ?, ?)",
            [(id_, n, micros(incident.end)) for n in members],
        )


def _write(db: Database, incident: Incident, now: datetime) -> int:
    before = db.execute("SELECT root FROM incidents WHERE id = ?", [incident.id]).fetchone()
    if before and before[0] != incident.root:
        _tell(db, incident, f"cluster {before[0]} → cluster {incident.root} as its root", now)
    cursor = db.execute(
        "INSERT INTO incidents (id, root, start, end, reason) VALUES (nullif(?, 0), ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET root = excluded.root, start = excluded.start, end = excluded.end,"
        " reason = excluded.reason",
        [incident.id, incident.root, micros(incident.start), micros(incident.end), bounded(incident.reason, 2000)],
    )
    return incident.id or cursor.lastrowid or 0


def withdraw(db: Database, incidents: Iterable[Incident], now: datetime) -> None:
    """People may have seen them, so the history says that they are gone."""
    for incident in incidents:
        _tell(db, incident, f"withdrawn; not found any more with root cluster {incident.root}", now)
        db.execute("DELETE FROM incidents WHERE id = ?", [incident.id])


def _tell(db: Database, incident: Incident, what: str, now: datetime) -> None:
    history.add(db, Event(now, history.GARDENER, "incident", f"incident {incident.id}", what))


def leave(db: Database, cluster: int) -> None:
    """The cluster is in no incident any more, and what is left of those it was in has to be looked at again."""
    rows = db.execute(
        "SELECT id, start, end FROM incidents"
        " WHERE root = :cluster OR id IN (SELECT incident FROM members WHERE cluster = :cluster)",
        {"cluster": cluster},
    ).fetchall()
    for id_, start, end in rows:
        db.execute("DELETE FROM members WHERE incident = ? AND cluster = ?", [id_, cluster])
        left = [row[0] for row in db.execute("SELECT cluster FROM members WHERE incident = ? ORDER BY 1", [id_])]
        touched.incident(db, left, start, end)
        if len(left) < 2:
            db.execute("DELETE FROM incidents WHERE id = ?", [id_])
        else:
            db.execute("UPDATE incidents SET root = ? WHERE id = ? AND root = ?", [left[0], id_, cluster])
