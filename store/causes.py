"""What people said of causes: that one is wrong, and which were confirmed by the change that closed the issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlite_utils import Database

from bot.models import Analysis, Audit, Event, Finding, Issue, Lesson, Wrong
from store import history
from store.codec import dump, load, micros, numbers
from store.connection import Connections
from store.resolving import resolve

KEPT = 5
"""Of each sort that is looked up for a cluster."""
T = TypeVar("T")


class Causes:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def mark(self, wrong: Wrong) -> None:
        with self._connections.change() as db:
            cluster = resolve(db, wrong.cluster) or wrong.cluster
            db.execute(
                "INSERT INTO wrong_causes (cluster, source, body) VALUES (?, ?, ?)",
                [cluster, wrong.source, dump(wrong)],
            )
            history.add(db, Event(wrong.at, wrong.who, "wrong", f"cluster {cluster}", f"{wrong.why} ({wrong.cause})"))

    def wrong(self, cluster: int) -> list[Wrong]:
        with self._connections.read() as db:
            number = resolve(db, cluster) or cluster
            return list(newest_wrong(db, [number]).get(number, ()))

    def learn(self, lesson: Lesson) -> None:
        with self._connections.change() as db:
            cluster = resolve(db, lesson.cluster) or lesson.cluster
            cursor = db.execute(
                "INSERT OR IGNORE INTO lessons (cluster, issue, body) VALUES (?, ?, ?)",
                [cluster, lesson.issue, dump(lesson)],
            )
            if cursor.rowcount:
                said = f"{lesson.issue} was closed by {lesson.change}: {lesson.cause}"
                history.add(db, Event(lesson.at, history.GARDENER, "learnt", f"cluster {cluster}", said))

    def lessons(self, cluster: int) -> list[Lesson]:
        with self._connections.read() as db:
            number = resolve(db, cluster) or cluster
            return list(newest_lessons(db, [number]).get(number, ()))

    def closed(self, repository: str, since: datetime, limit: int = 100) -> list[tuple[int, Issue]]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT links.cluster, issues.body FROM links JOIN issues USING (repository, number)"
                " WHERE repository = ? AND issues.state = 'closed'"
                "  AND max(coalesce(issues.updated_at, 0), links.at) >= ?"
                "  AND issues.body ->> 'reason' = 'completed'"
                "  AND NOT EXISTS (SELECT 1 FROM lessons WHERE lessons.cluster = links.cluster"
                "   AND lessons.issue = repository || '#' || number)"
                " ORDER BY issues.updated_at DESC LIMIT ?",
                [repository, micros(since), limit],
            )
            return [(cluster, load(Issue, body)) for cluster, body in rows]

    def tally(self) -> list[tuple[str, int, int]]:
        with self._connections.read() as db:
            shown: dict[str, set[int]] = {}
            for cluster, source, written, audited in db.execute(
                "SELECT cluster, source, analysis, audit FROM analyses"
            ):
                cause = load(Audit, audited).cause
                if load(Analysis, written).cause and cause in (Finding.CONFIRMED, Finding.INFERRED):
                    shown.setdefault(source, set()).add(cluster)
            wrong: dict[str, set[int]] = {}
            for cluster, source in db.execute("SELECT cluster, source FROM wrong_causes"):
                wrong.setdefault(source, set()).add(cluster)
            sources = sorted(shown.keys() | wrong.keys())
            return [(s, len(shown.get(s, set()) | wrong.get(s, set())), len(wrong.get(s, set()))) for s in sources]


def newest_wrong(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Wrong, ...]]:
    return _newest(db, "wrong_causes", clusters, Wrong)


def newest_lessons(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Lesson, ...]]:
    return _newest(db, "lessons", clusters, Lesson)


def _newest(db: Database, table: str, clusters: Sequence[int], kind: type[T]) -> dict[int, tuple[T, ...]]:
    """The newest of each cluster, those of its aliases included."""
    rows = db.execute(
        "WITH named AS (SELECT value AS cluster, value AS number FROM json_each(:asked) UNION ALL"  # noqa: S608 - ours
        "  SELECT cluster, number FROM aliases WHERE cluster IN (SELECT value FROM json_each(:asked)))"
        f" SELECT named.cluster, body FROM named JOIN {table} said ON said.cluster = named.number"
        " ORDER BY said.id DESC",
        {"asked": numbers(clusters)},
    )
    out: dict[int, list[T]] = {}
    for cluster, body in rows:
        if len(found := out.setdefault(cluster, [])) < KEPT:
            found.append(load(kind, body))
    return {cluster: tuple(found) for cluster, found in out.items()}
