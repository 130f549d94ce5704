"""What came from the chat, and how far it got: begun, changed something, done.

A delivery that comes again is worked on again only if what was begun never came to its end, and then what it changed
is found with the answer that goes with it. What was asked is kept until it is done, and no longer.
"""

from __future__ import annotations

from datetime import datetime

from bot.models import Delivery, Message
from store.codec import bounded, dump, load, micros
from store.connection import Connections

LONGEST = 500
"""Bytes of a delivery's id."""
_UNDONE = "SELECT id, handle, body, answer FROM deliveries WHERE done IS NULL"


class Deliveries:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def begin(self, delivery: Delivery, life: str, now: datetime) -> Delivery | None:
        """What is to be done, with the answer that is there already; None for what is done, or being done in this
        life. `life` is a start of the process."""
        id_ = bounded(delivery.id, LONGEST)
        with self._connections.change() as db:
            fresh = db.execute(
                "INSERT INTO deliveries (id, at, handle, body, life) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [id_, micros(now), delivery.handle, delivery.body, life],
            ).rowcount
            if fresh:
                return delivery
            adopted = db.execute(
                "UPDATE deliveries SET life = ? WHERE id = ? AND done IS NULL AND life <> ?", [life, id_, life]
            ).rowcount
            return _delivery(*db.execute(f"{_UNDONE} AND id = ?", [id_]).fetchone()) if adopted else None

    def undone(self, id: str) -> Delivery | None:
        """As it stands, unless it is done by now."""
        with self._connections.read() as db:
            row = db.execute(f"{_UNDONE} AND id = ?", [bounded(id, LONGEST)]).fetchone()
            return _delivery(*row) if row else None

    def keep(self, id: str, answer: Message) -> None:
        """Its change is made, in the same transaction, and this is what is to be said of it."""
        with self._connections.change() as db:
            db.execute("UPDATE deliveries SET answer = ? WHERE id = ?", [dump(answer), bounded(id, LONGEST)])

    def done(self, id: str, now: datetime) -> None:
        """It came to its end; what was asked and answered is forgotten."""
        with self._connections.change() as db:
            db.execute(
                "UPDATE deliveries SET done = ?, body = '', answer = NULL WHERE id = ?",
                [micros(now), bounded(id, LONGEST)],
            )

    def unfinished(self, life: str, since: datetime) -> list[Delivery]:
        """What was begun and did not come to its end, the oldest first; from now on it is this life's."""
        with self._connections.change() as db:
            rows = db.execute(f"{_UNDONE} AND at >= ? ORDER BY at, id", [micros(since)]).fetchall()
            db.execute("UPDATE deliveries SET life = ? WHERE done IS NULL AND at >= ?", [life, micros(since)])
            return [_delivery(*row) for row in rows]


def _delivery(id_: str, handle: str, body: str, answer: str | None) -> Delivery:
    return Delivery(id_, handle, body, load(Message, answer) if answer else None, again=True)
