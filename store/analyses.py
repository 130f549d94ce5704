"""Analyses with their audits, all of them, and what was spent on models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from bot.models import Analysis, Audit, Spend
from store.codec import bounded, dump, load, micros, numbers
from store.connection import Connections
from store.resolving import resolve


class Analyses:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def latest(self, cluster: int) -> tuple[Analysis, Audit] | None:
        with self._connections.read() as db:
            number = resolve(db, cluster) or cluster
            return newest(db, [number]).get(number)

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
    """The newest of each cluster; of one that has none, the newest of its aliases."""
    rows = db.execute(
        "WITH named AS (SELECT value AS cluster, value AS number, 1 AS own FROM json_each(:asked) UNION ALL"
        "  SELECT cluster, number, 0 FROM aliases WHERE cluster IN (SELECT value FROM json_each(:asked)))"
        " SELECT cluster, analysis, audit FROM (SELECT named.cluster, analysis, audit, row_number() OVER"
        "   (PARTITION BY named.cluster ORDER BY own DESC, id DESC) AS place"
        "  FROM named JOIN analyses ON analyses.cluster = named.number) WHERE place = 1",
        {"asked": numbers(clusters)},
    )
    return {
        cluster: (replace(load(Analysis, analysis), cluster=cluster), load(Audit, audit))
        for cluster, analysis, audit in rows
    }
