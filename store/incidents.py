"""Incidents: episodes with their root and members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from bot.models import Incident, Window
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
        "SELECT members.cluster, incidents.id FROM members JOIN incidents ON incidents.id = members.incident"
        " WHERE members.cluster IN (SELECT value FROM json_each(?)) ORDER BY incidents.end, incidents.id",
        [numbers(clusters)],
    )
    last: dict[int, int] = dict(rows.fetchall())
    found = {incident.id: incident for incident in read(db, set(last.values()))}
    return {cluster: found[id_] for cluster, id_ in last.items()}


def keep(db: Database, incidents: Iterable[Incident]) -> None:
    """Writes them down. One without an id continues what is known of the same root in a span that overlaps; what
    an overlapping one covers altogether is replaced by it."""
    known = {row[0] for row in db.execute("SELECT number FROM clusters")}
    for incident in incidents:
        members = {n for n in incident.clusters if n in known} | {incident.root}
        if incident.root not in known:
            continue
        start, end = micros(incident.start), micros(incident.end)
        earlier = None if incident.id else _continued(db, incident.root, start, end)
        id_ = incident.id
        if earlier is not None:
            id_, start, end = earlier[0], min(start, earlier[1]), max(end, earlier[2])
            members |= {row[0] for row in db.execute("SELECT cluster FROM members WHERE incident = ?", [id_])}
        id_ = _write(db, id_, incident, start, end)
        db.execute("DELETE FROM members WHERE incident = ?", [id_])
        db.conn.executemany(
            "INSERT INTO members (incident, cluster) VALUES (?, ?)", [(id_, n) for n in sorted(members)]
        )
        _drop_covered(db, id_, start, end)


def _continued(db: Database, root: int, start: int, end: int) -> tuple[int, int, int] | None:
    row: tuple[int, int, int] | None = db.execute(
        "SELECT id, start, end FROM incidents WHERE root = ? AND start <= ? AND end >= ? ORDER BY id LIMIT 1",
        [root, end, start],
    ).fetchone()
    return row


def _write(db: Database, id_: int, incident: Incident, start: int, end: int) -> int:
    reason = bounded(incident.reason, 2000)
    cursor = db.execute(
        "INSERT INTO incidents (id, root, start, end, reason) VALUES (nullif(?, 0), ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET root = excluded.root, start = excluded.start, end = excluded.end,"
        " reason = excluded.reason",
        [id_, incident.root, start, end, reason],
    )
    return id_ or cursor.lastrowid or 0


def _drop_covered(db: Database, id_: int, start: int, end: int) -> None:
    db.execute(
        "DELETE FROM incidents WHERE id <> ? AND start <= ? AND end >= ? AND NOT EXISTS"
        " (SELECT 1 FROM members WHERE incident = incidents.id"
        "  AND cluster NOT IN (SELECT cluster FROM members WHERE incident = ?))",
        [id_, end, start, id_],
    )
