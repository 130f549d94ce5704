"""Which entries were read before, and which problem each belongs to: by the hour of the entry, then by its key.

Entries of one hour stand together, so that what is read now touches a few pages, however much is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Entry, Quiet
from bot.moments import hour_of
from store.codec import numbers
from store.rows import insert

Owned = tuple[int, int, int]
"""The hour of an entry, its key and the signature that it counts for."""


def known(db: Database, hours: Quiet) -> set[int]:
    """The keys of those that were read before."""
    found: set[int] = set()
    begun = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM seen WHERE bucket = value)"
    for (hour,) in db.execute(begun, [numbers(hours)]).fetchall():
        sql = "SELECT key FROM seen WHERE bucket = ? AND key IN (SELECT value FROM json_each(?))"
        found.update(key for (key,) in db.execute(sql, [hour, numbers(hours[hour])]))
    return found


def clusters(db: Database, keys: Sequence[int], times: Sequence[datetime] | None) -> dict[int, int]:
    """The clusters of those that belong to one."""
    sql = (
        "SELECT seen.key, signatures.cluster FROM seen JOIN signatures ON signatures.id = seen.signature"
        " WHERE seen.key IN (SELECT value FROM json_each(?))"
    )
    if times is None:
        return dict(db.execute(sql, [numbers(keys)]).fetchall())
    found: dict[int, int] = {}
    for bucket, some in by_hour(zip(times, keys, strict=True)).items():
        found.update(db.execute(f"{sql} AND seen.bucket = ?", [numbers(some), bucket]).fetchall())
    return found


def remember(db: Database, owned: Mapping[int, Owned], entries: Iterable[Entry], quiet: Quiet) -> None:
    """Every entry once; those that are known may belong to another problem now."""
    insert(
        db,
        "INSERT INTO seen (bucket, key, signature)",
        sorted(owned.values()),
        "ON CONFLICT DO UPDATE SET signature = excluded.signature WHERE signature IS NOT excluded.signature",
    )
    healthy = [row(e) for e in entries if e.key not in owned]
    healthy += [(hour, key) for hour, keys in quiet.items() for key in keys]
    healthy.sort()
    insert(db, "INSERT INTO seen (bucket, key)", healthy, "ON CONFLICT DO NOTHING")


def disown(db: Database) -> None:
    """Those of the old edge may belong elsewhere now."""
    db.execute("UPDATE seen SET signature = NULL WHERE (bucket, key) IN (SELECT bucket, key FROM edge)")


def row(entry: Entry) -> tuple[int, int]:
    return hour_of(entry.time), entry.key


def by_hour(stamped: Iterable[tuple[datetime, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for time, key in stamped:
        found.setdefault(hour_of(time), []).append(key)
    return found
