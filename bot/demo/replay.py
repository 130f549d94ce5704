"""Entries in memory as a source of logs: what the demo's rounds read, a piece of the week at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.models import Batch, Raw, Window


class Replay:
    """A `Logs` over entries that are at hand; now is the newest of them."""

    source = "replay"
    lasting = False

    def __init__(self, entries: Sequence[Raw], batch: int = 5000) -> None:
        self.entries = sorted(entries, key=lambda raw: str(raw["timestamp"]))
        self.batch = batch

    def now(self) -> datetime:
        return datetime.fromisoformat(self.entries[-1]["timestamp"])

    def window(self, cursor: datetime | None, since: timedelta | None) -> Window:
        return Window(datetime.fromisoformat(self.entries[0]["timestamp"]), self.now())

    def read(self, window: Window) -> Iterator[Batch]:
        for start in range(0, len(self.entries), self.batch):
            piece = self.entries[start : start + self.batch]
            yield Batch(piece, progress=min(1.0, (start + self.batch) / len(self.entries)))
