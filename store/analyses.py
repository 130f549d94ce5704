"""Analyses with their audits, all of them, and what was spent on models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Analysis, Audit, Spend
from store.codec import bounded, dump, load, micros, numbers
from store.connection import Connections


class Analyses:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def latest(self, cluster: int) -> tuple[Analysis, Audit] | None:
        with self._connections.read() as db:
            return newest(db, [cluster]).get(cluster)

    def keep(self, analysis: Analysis, audit: Audit) -> None:
        with self._connections.change() as db:
            db.execute(
                "INSERT INTO analyses (cluster, source, fingerprint, made_at, analysis, audit)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    analysis.cluster,
                    analysis.source,
                    analysis.fingerprint,
                    micros(analysis.made_at),
                    dump(analysis),
                    dump(audit),
                ],
            )

    def spend(self, spend: Spend, purpose: str, now: datetime) -> None:
        with self._connections.change() as db:
            db.execute(
                "INSERT INTO spend (at, purpose, model, input_tokens, output_tokens, dollars)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    micros(now),
                    bounded(purpose, 200),
                    spend.model,
                    spend.input_tokens,
                    spend.output_tokens,
                    spend.counted,
                ],
            )

    def spent_since(self, since: datetime) -> float:
        with self._connections.read() as db:
            row = db.execute("SELECT total(dollars) FROM spend WHERE at >= ?", [micros(since)]).fetchone()
            return float(row[0])


def newest(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Analysis, Audit]]:
    rows = db.execute(
        "SELECT cluster, analysis, audit FROM analyses WHERE id IN (SELECT max(id) FROM analyses"
        " WHERE cluster IN (SELECT value FROM json_each(?)) GROUP BY cluster)",
        [numbers(clusters)],
    )
    return {cluster: (load(Analysis, analysis), load(Audit, audit)) for cluster, analysis, audit in rows}
