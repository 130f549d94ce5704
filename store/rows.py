"""Many rows written by few statements: calling SQLite for each takes longer than what it does then."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from sqlite_utils import Database

_PARAMETERS = 600
"""Of one statement; with more of them it is no faster."""


def distinct(db: Database, table: str, what: str) -> list[str]:
    """The different values of what has an index, in order: as many steps as there are values, however many rows."""
    sql = (
        f"WITH RECURSIVE own (value) AS (SELECT min({what}) FROM {table} UNION ALL"  # noqa: S608 - names of ours
        f" SELECT (SELECT min({what}) FROM {table} WHERE {what} > value) FROM own WHERE value IS NOT NULL)"
        " SELECT value FROM own WHERE value IS NOT NULL"
    )
    return [value for (value,) in db.execute(sql)]


def insert(db: Database, into: str, rows: Sequence[Sequence[int | str | None]], otherwise: str = "") -> None:
    """Rows of one length; those that stand together in the table's order are best handed over so."""
    if not rows:
        return
    row = f"({', '.join('?' * len(rows[0]))})"
    step = _PARAMETERS // len(rows[0])
    whole = len(rows) - len(rows) % step
    together = f"{into} VALUES {', '.join([row] * step)} {otherwise}"
    for at in range(0, whole, step):
        db.conn.execute(together, list(chain.from_iterable(rows[at : at + step])))
    db.conn.executemany(f"{into} VALUES {row} {otherwise}", rows[whole:])
