"""Takes a text out of the database for good: out of every column, the full-text index, the log and the free pages.

A secret that slipped through the masks may stand anywhere, written as it is or escaped as JSON, HTML or Markdown have
it. What is left in its place is the same everywhere, so that nothing tells how it looked.
"""

from __future__ import annotations

import html
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bot.errors import InputError, StoreError
from store.connection import PATIENCE, translated
from store.migrations import ONLY_ADDED_TO

INSTEAD = "<purged>"
SHORTEST = 6
"""What is shorter stands everywhere by chance."""

_SHADOWS = ("_data", "_idx", "_content", "_docsize", "_config")


def forms(text: str) -> tuple[str, ...]:
    """All the ways in which the text may have been written down, the longest first."""
    if len(text.strip()) < SHORTEST:
        raise InputError(f"Give at least {SHORTEST} characters; what is shorter stands everywhere by chance.")
    found = {text}
    for _ in range(2):
        found |= {json.dumps(f, ensure_ascii=ascii)[1:-1] for f in found for ascii in (True, False)}
    found |= {html.escape(f, quote=quote) for f in (text, *found) for quote in (True, False)}
    return tuple(sorted(found, key=lambda f: (-len(f), f)))


def cleaned(value: str, wanted: Sequence[str]) -> str:
    for form in wanted:
        value = value.replace(form, INSTEAD)
    return value


def find(path: Path, text: str) -> dict[str, int]:
    """In how many rows of which table the text stands."""
    with translated(str(path)), closing(sqlite3.connect(path, timeout=PATIENCE)) as conn:
        conn.execute("PRAGMA query_only = ON")
        return {table: len(_rows(conn, table, forms(text))) for table in _tables(conn)}


def purge(path: Path, text: str) -> dict[str, int]:
    """Takes the text out; returns in how many rows of which table it was. Nobody else may have the file open."""
    wanted = forms(text)
    with translated(str(path)), closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as conn:
        conn.execute("PRAGMA secure_delete = ON")
        conn.execute("BEGIN IMMEDIATE")
        guards = [
            r[0] for r in conn.execute("SELECT name FROM sqlite_master WHERE name LIKE 'history\\_no\\_%' ESCAPE '\\'")
        ]
        for guard in guards:
            conn.execute(f"DROP TRIGGER {guard}")
        counts = {table: _clean(conn, table, wanted) for table in _tables(conn)}
        for guard in guards:
            conn.execute(ONLY_ADDED_TO.format(verb=guard.removeprefix("history_no_")))
        for table in _indexed(conn):
            conn.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")  # noqa: S608 - a name of ours
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.execute("VACUUM")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = [str(f) for f in _files(path) if any(form.encode() in f.read_bytes() for form in wanted)]
    if left:
        raise StoreError(f"The text is still in {', '.join(left)}: another process has the database open. Stop it.")
    return counts


def _files(path: Path) -> list[Path]:
    return [f for f in (path, Path(f"{path}-wal"), Path(f"{path}-journal")) if f.exists()]


def _tables(conn: sqlite3.Connection) -> list[str]:
    """All that hold text; what an index keeps for itself is made anew from its table."""
    indexed = _indexed(conn)
    shadows = {f"{table}{shadow}" for table in indexed for shadow in _SHADOWS}
    rows = conn.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [name for (name,) in rows if name not in shadows]


def _indexed(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'")
    return [name for (name,) in rows]


def _columns(conn: sqlite3.Connection, table: str) -> list[str]:
    return [f'"{row[1]}"' for row in conn.execute(f'PRAGMA table_info("{table}")')]


def _rows(conn: sqlite3.Connection, table: str, wanted: Sequence[str]) -> list[tuple[object, ...]]:
    """The rows of a table that hold one of the forms, whole."""
    columns = _columns(conn, table)
    holds = " OR ".join(f"instr({column}, ?)" for column in columns for _ in wanted)
    sql = f'SELECT {", ".join(columns)} FROM "{table}" WHERE {holds}'  # noqa: S608 - names of ours
    return conn.execute(sql, [form for _ in columns for form in wanted]).fetchall()


def _clean(conn: sqlite3.Connection, table: str, wanted: Sequence[str]) -> int:
    """Rows whose key held the text, too, are found by all that they hold; one that then equals another is dropped."""
    columns = _columns(conn, table)
    rows = _rows(conn, table, wanted)
    values = ", ".join(f"{column} = ?" for column in columns)
    same = " AND ".join(f"{column} IS ?" for column in columns)
    for row in rows:
        new = [cleaned(v, wanted) if isinstance(v, str) else v for v in row]
        conn.execute(f'UPDATE OR REPLACE "{table}" SET {values} WHERE {same}', [*new, *row])  # noqa: S608 - names of ours
    return len(rows)
