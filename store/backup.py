"""Whole copies of a database, taken while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_hex

from bot.errors import StoreError
from store.connection import HEADER, PATIENCE, connect_for_looking, private, translated


def copy(source: Path, target: Path, patience: float = PATIENCE) -> None:
    """Copies the database file; see `write`."""
    with translated(str(source)), closing(connect_for_looking(source, patience)) as conn:
        write(conn, target)


def write(conn: sqlite3.Connection, target: Path) -> None:
    """A consistent copy that was checked; `target` is either the whole of it, or what it was before."""
    _check(conn, target)
    part = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        private(part)
        with translated(str(target)), closing(sqlite3.connect(part)) as copied:
            conn.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")
            found = copied.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreError(f"The backup {target} was not made: the copy is damaged ({found}).")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be written: {error.strerror or error}.") from error
    finally:
        for left in (part, Path(f"{part}-wal"), Path(f"{part}-shm"), Path(f"{part}-journal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _check(conn: sqlite3.Connection, target: Path) -> None:
    """An earlier backup may be replaced; nothing else may."""
    if target.is_dir():
        raise StoreError(f"{target} is a directory; name a file for the backup.")
    if not target.exists():
        return
    source = conn.execute("PRAGMA database_list").fetchone()[2]
    if source and Path(source).samefile(target):
        raise StoreError(f"{target} is the database itself; name another file for the backup.")
    with target.open("rb") as file:
        header = file.read(len(HEADER))
    if header and header != HEADER:
        raise StoreError(f"{target} is there already and is no backup; name another file.")
