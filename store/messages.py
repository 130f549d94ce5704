"""Messages of ours that stand in the chat, or were to be posted there."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from bot.errors import StoreFull
from bot.models import Posted
from store.codec import micros, moment
from store.connection import Connections
from store.reserve import Reserve

RESERVED = "messages"
_REMEMBER = (
    "INSERT INTO messages (purpose, channel, ts, thread, fingerprint, at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET channel = excluded.channel, ts = excluded.ts, thread = excluded.thread,"
    " fingerprint = excluded.fingerprint, at = excluded.at"
)


class Messages:
    def __init__(self, connections: Connections, reserve: Reserve) -> None:
        self._connections = connections
        self._reserve = reserve

    def find(self, purpose: str) -> Posted | None:
        waiting = self._reserve.rows(RESERVED).get(purpose)
        if waiting:
            return Posted(*waiting[:-1])
        with self._connections.read() as db:
            row = db.execute(
                "SELECT purpose, channel, ts, thread, fingerprint FROM messages WHERE purpose = ?", [purpose]
            ).fetchone()
            return Posted(*row) if row else None

    def begin(self, purpose: str, channel: str, thread: str, now: datetime) -> datetime | None:
        """It is about to be posted. When that was tried before, and nobody knows what came of it; else None.

        While the disk is full nothing is written down: what has to be said is said all the same.
        """
        with suppress(StoreFull), self._connections.change() as db:
            row = db.execute("SELECT at FROM posting WHERE purpose = ? AND channel = ?", [purpose, channel]).fetchone()
            db.execute(
                "INSERT INTO posting (purpose, channel, thread, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [purpose, channel, thread, micros(now)],
            )
            return moment(row[0]) if row else None
        return None

    def drop(self, purpose: str) -> None:
        """It was certainly not posted."""
        with suppress(StoreFull), self._connections.change() as db:
            db.execute("DELETE FROM posting WHERE purpose = ?", [purpose])

    def at(self, channel: str, ts: str) -> Posted | None:
        with self._connections.read() as db:
            row = db.execute(
                "SELECT purpose, channel, ts, thread, fingerprint FROM messages WHERE channel = ? AND ts = ?"
                " ORDER BY at DESC LIMIT 1",
                [channel, ts],
            ).fetchone()
            return Posted(*row) if row else None

    def thread(self, channel: str, ts: str) -> list[Posted]:
        """The message itself, if it is ours, and ours below it, in the order in which they were posted."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT purpose, channel, ts, thread, fingerprint FROM messages"
                " WHERE channel = ? AND (ts = ? OR thread = ?) ORDER BY ts",
                [channel, ts, ts],
            )
            return [Posted(*row) for row in rows]

    def threads(self) -> list[tuple[str, str]]:
        """Where messages of ours stand: each thread, and each message outside of one, by channel and first message."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT DISTINCT channel, CASE thread WHEN '' THEN ts ELSE thread END FROM messages WHERE channel <> ''"
            )
            return [(channel, ts) for channel, ts in rows]

    def remember(self, posted: Posted, now: datetime) -> None:
        """In any case: while the disk is full, in the reserve, or it would be posted again and again."""
        row = [posted.purpose, posted.channel, posted.ts, posted.thread, posted.fingerprint, micros(now)]
        waiting = list(self._reserve.rows(RESERVED).values())
        try:
            with self._connections.change() as db:
                db.conn.executemany(_REMEMBER, [*waiting, row])
                db.execute("DELETE FROM posting WHERE purpose = ?", [posted.purpose])
        except StoreFull:
            self._reserve.put(RESERVED, posted.purpose, row)
        else:
            self._reserve.drop(RESERVED)

    def stranded(self) -> list[tuple[str, str]]:
        """Purpose and channel of what was to be posted, and is not known to stand there."""
        with self._connections.read() as db:
            return [(row[0], row[1]) for row in db.execute("SELECT purpose, channel FROM posting ORDER BY at")]

    def recent(self, kind: str, since: datetime) -> list[Posted]:
        """Those of a kind of purpose that changed since, the oldest first."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT purpose, channel, ts, thread, fingerprint FROM messages"
                " WHERE purpose >= ? AND purpose < ? AND at >= ? ORDER BY at",
                [f"{kind}:", f"{kind};", micros(since)],
            )
            return [Posted(*row) for row in rows]
