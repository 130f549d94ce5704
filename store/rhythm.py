"""How many entries each source had in each hour, so that nothing where there is always something is noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import Harvest
from bot.moments import HOUR, hour_of
from store.codec import micros

KEPT = timedelta(weeks=6)


def add(db: Database, source: str, harvest: Harvest) -> None:
    counts = Counter(hour_of(e.time) // HOUR for e in harvest.entries)
    for hour, keys in harvest.quiet.items():
        counts[hour // HOUR] += len(keys)
    db.conn.executemany(
        "INSERT INTO rhythm (source, hour, entries) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
        [(source, hour, entries) for hour, entries in counts.items()],
    )


def of(db: Database) -> Mapping[str, Mapping[int, int]]:
    """Source to hours since 1970, to entries."""
    out: dict[str, dict[int, int]] = {}
    for source, hour, entries in db.execute("SELECT source, hour, entries FROM rhythm"):
        out.setdefault(source, {})[hour] = entries
    return out


def age(db: Database, now: datetime) -> None:
    db.execute("DELETE FROM rhythm WHERE hour < ?", [micros(now - KEPT) // HOUR])
