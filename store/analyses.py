"""Analyses with their audits, all of them, and what was spent on models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import Analysis, Audit, Spend, Spent
from store.codec import bounded, dump, load, micros, numbers
from store.connection import Connections
from store.resolving import resolve

DAY = timedelta(days=1)
NOT_SETTLED = "no answer was noted; it counts as the most that it can cost"


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

    def reserve(
        self, at_most: Spend, now: datetime, judge: Callable[[Spent], str], *, round: int = 0
    ) -> tuple[int, str]:
        with self._connections.change() as db:
            row = db.execute(
                "SELECT total(dollars), total(dollars) FILTER (WHERE round), total(dollars) FILTER (WHERE round = ?)"
                " FROM spend WHERE at > ?",
                [round or None, micros(now - DAY)],
            ).fetchone()
            reason = judge(Spent(*row))
            if reason:
                return 0, reason
            cursor = db.execute(
                "INSERT INTO spend (at, purpose, model, input_tokens, output_tokens, dollars, round, known, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
                [micros(now), bounded(at_most.purpose, 200), *_figures(at_most), round, NOT_SETTLED],
            )
            return cursor.lastrowid or 0, ""

    def settle(self, bill: int, spend: Spend) -> None:
        with self._connections.change() as db:
            db.execute(
                "UPDATE spend SET model = ?, input_tokens = ?, output_tokens = ?, dollars = ?, known = ?, note = ?"
                " WHERE id = ?",
                [*_figures(spend), spend.dollars is not None, bounded(spend.note, 500), bill],
            )

    def bills(self, since: datetime) -> list[Spend]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT model, input_tokens, output_tokens, dollars, known, purpose, note FROM spend WHERE at >= ?"
                " ORDER BY at, id",
                [micros(since)],
            )
            return [
                Spend(m, i, o, d if known else None, 0.0 if known else d, purpose, note)
                for m, i, o, d, known, purpose, note in rows
            ]


def _figures(spend: Spend) -> tuple[str, int, int, float]:
    return (spend.model, spend.input_tokens, spend.output_tokens, spend.counted)


def newest(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Analysis, Audit]]:
    """The newest of each cluster; of one that has none, the newest of its aliases."""
    rows = db.execute(
        "SELECT value, analysis, audit FROM json_each(?) JOIN analyses ON analyses.id = coalesce("
        " (SELECT max(id) FROM analyses AS own WHERE own.cluster = value),"
        " (SELECT max(own.id) FROM aliases JOIN analyses AS own ON own.cluster = aliases.number"
        "  WHERE aliases.cluster = value))",
        [numbers(clusters)],
    )
    return {
        cluster: (replace(load(Analysis, analysis), cluster=cluster), load(Audit, audit))
        for cluster, analysis, audit in rows
    }
