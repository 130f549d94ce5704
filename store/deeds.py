"""What people changed, and what it takes to take it back: for `undo`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.models import Deed
from store.codec import dump, load, micros
from store.connection import Connections


class Deeds:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, deed: Deed) -> None:
        with self._connections.change() as db:
            db.execute("INSERT INTO deeds (who, at, body) VALUES (?, ?, ?)", [deed.who, micros(deed.at), dump(deed)])

    def last(self, who: str) -> Deed | None:
        """A person's newest change that was not taken back."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT id, body FROM deeds WHERE who = ? AND undone IS NULL ORDER BY id DESC LIMIT 1", [who]
            ).fetchone()
            return replace(load(Deed, row[1]), id=row[0]) if row else None

    def undone(self, deed: Deed, now: datetime) -> bool:
        """False for one that was taken back before."""
        with self._connections.change() as db:
            return bool(
                db.execute(
                    "UPDATE deeds SET undone = ? WHERE id = ? AND undone IS NULL", [micros(now), deed.id]
                ).rowcount
            )
