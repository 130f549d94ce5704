"""Numbers of clusters: an alias leads to the lower number, for ever."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from store.codec import numbers


def resolve(db: Database, number: int) -> int | None:
    """The number that counts, or None where nothing is counted under it."""
    row = db.execute("SELECT cluster FROM aliases WHERE number = ?", [number]).fetchone()
    found: int = row[0] if row else number
    return found if living(db, [found]) else None


def living(db: Database, clusters: Iterable[int]) -> list[int]:
    """Those of the clusters in which something is counted; aliases become what they lead to."""
    rows = db.execute(
        "SELECT DISTINCT coalesce(aliases.cluster, asked.value) AS number FROM json_each(?) AS asked"
        " LEFT JOIN aliases ON aliases.number = asked.value"
        " WHERE EXISTS (SELECT 1 FROM signatures JOIN counts ON counts.signature = signatures.id"
        "  WHERE signatures.cluster = coalesce(aliases.cluster, asked.value)) ORDER BY number",
        [numbers(clusters)],
    )
    return [row[0] for row in rows]


def names(db: Database, cluster: int) -> list[int]:
    """The number and all its aliases."""
    rows = db.execute("SELECT number FROM aliases WHERE cluster = ? ORDER BY number", [cluster])
    return [cluster, *(row[0] for row in rows)]
