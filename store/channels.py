"""Channels: what was said there about themselves, and what they were told last."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from bot.errors import StoreFull
from bot.models import Event, Heard
from store import history
from store.codec import bounded, dump, load, micros
from store.connection import Connections


class Channels:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def wishes(self) -> dict[str, dict[str, str]]:
        """What was said in each channel, by the name of the setting."""
        found: dict[str, dict[str, str]] = {}
        with self._connections.read() as db:
            for channel, name, value in db.execute("SELECT channel, name, value FROM wishes ORDER BY channel, name"):
                found.setdefault(channel, {})[name] = value
        return found

    def wish(self, channel: str, name: str, value: str | None, who: str, now: datetime) -> str | None:
        """From now on the channel has it so; None takes it back to what garden.toml says. What it was before."""
        with self._connections.change() as db:
            row = db.execute("SELECT value FROM wishes WHERE channel = ? AND name = ?", [channel, name]).fetchone()
            if value is None:
                db.execute("DELETE FROM wishes WHERE channel = ? AND name = ?", [channel, name])
            else:
                db.execute(
                    "INSERT INTO wishes (channel, name, value, who, at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value, who = excluded.who, at = excluded.at",
                    [channel, name, bounded(value, 2000), who, micros(now)],
                )
            before = str(row[0]) if row else None
            detail = f"{name}: {value if value is not None else 'as in garden.toml'}" + (
                f", was {before}" if row else ""
            )
            history.add(db, Event(now, who, "settings", f"channel {channel}", detail))
            return before

    def heard(self, channel: str) -> Heard | None:
        """What it was told last; None where it was never told anything."""
        with self._connections.read() as db:
            row = db.execute("SELECT body FROM heard WHERE channel = ?", [channel]).fetchone()
            return load(Heard, row[0]) if row else None

    def hears(self, channel: str, heard: Heard) -> None:
        """Not while the disk is full; that a message stands there is known from elsewhere."""
        with suppress(StoreFull), self._connections.change() as db:
            db.execute(
                "INSERT INTO heard (channel, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                [channel, dump(heard)],
            )
