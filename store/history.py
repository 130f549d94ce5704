"""The history: who did what to what. The database itself refuses to change or delete a line of it."""

from __future__ import annotations

from sqlite_utils import Database

from bot.models import Event
from store.codec import bounded, micros, moment
from store.connection import Connections

GARDENER = "gardener"
"""Who it was when no person was."""


class History:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, event: Event) -> None:
        with self._connections.change() as db:
            add(db, event)

    def latest(self, subject: str = "", limit: int = 50) -> list[Event]:
        """The newest first; all, or those about one subject (`cluster 3`, `proposal 17`)."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT at, who, verb, subject, detail FROM history WHERE ? IN ('', subject) ORDER BY id DESC LIMIT ?",
                [subject, limit],
            )
            return [Event(moment(at), *texts) for at, *texts in rows]


def add(db: Database, event: Event) -> None:
    db.execute(
        "INSERT INTO history (at, who, verb, subject, detail) VALUES (?, ?, ?, ?, ?)",
        [
            micros(event.at),
            bounded(event.who, 200),
            bounded(event.verb, 200),
            bounded(event.subject, 200),
            bounded(event.detail, 4000),
        ],
    )
