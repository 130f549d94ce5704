"""Sums over all that is kept, for `/metrics` and `status`."""

from __future__ import annotations

from bot.models import Figures
from store.codec import MICROSECOND, moment
from store.connection import Connections


class Sums:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def figures(self) -> Figures:
        with self._connections.read() as db:
            rounds, concluded, entries = db.execute(
                "SELECT count(*), count(concluded), coalesce(sum(entries), 0) FROM rounds"
            ).fetchone()
            took = db.execute(
                "SELECT concluded - began FROM rounds WHERE concluded IS NOT NULL ORDER BY number DESC LIMIT 1"
            ).fetchone()
            unfiled, since = db.execute(
                "SELECT count(DISTINCT proposals.id), min(decisions.at) FROM proposals"
                " JOIN decisions ON decisions.proposal = proposals.id AND verb = 'approve'"
                " WHERE stage IN ('approved', 'filing')"
            ).fetchone()
            return Figures(
                rounds=rounds,
                concluded=concluded,
                entries=entries,
                clusters=db.execute("SELECT count(*) FROM clusters").fetchone()[0],
                proposals=dict(db.execute("SELECT stage, count(*) FROM proposals GROUP BY stage ORDER BY stage")),
                unfiled=unfiled,
                unfiled_since=moment(since),
                spent=db.execute("SELECT coalesce(sum(dollars), 0) FROM spend").fetchone()[0],
                last_round=took[0] * MICROSECOND if took else None,
            )
