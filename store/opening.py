"""Opening a database: what it is, whether it may be used, and bringing it up to date after a copy was made.

Until all of this is known the file is only read, so that what is not ours, newer than we are, or write-protected
stays as it is, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from bot.errors import StoreError
from store.backup import copy
from store.connection import HEADER, MEMORY, PATIENCE, Connections, Guard, connect_for_looking, translated, writable
from store.migrations import MIGRATIONS, STEPS

_BESIDE = ("local_", "sqlite_", "_sqlite_", "lease")
"""Tables that may be there before ours are."""


def open_connections(
    path: str,
    *,
    read_only: bool = False,
    patience: float = PATIENCE,
    claim: Callable[[Path], Guard] | None = None,
    known: bool = False,
    beside: bool = False,
) -> Connections:
    """Connections to a database that is ours and up to date; raises `StoreError` with the reason otherwise.

    `claim` is asked for the right to change it, once it is known to be ours and before anything is changed. `known`
    says that this process has the file open: it must not be opened but through SQLite then, or SQLite's locks go when
    it is closed, and another process would throw away what is written here. `beside` says that another process acts on
    it, which would not know what this one makes of it.
    """
    if path == MEMORY:
        connections = Connections(path)
        _migrate(connections)
        return connections

    file = Path(path)
    exists = known or _look_at(file, read_only=read_only)
    pending, applied = _versions(file, patience) if exists else (STEPS, 0)
    if read_only:
        if pending:
            raise StoreError(f"The database {path} was made by an older version; start `garden` once to upgrade it.")
        return Connections(path, read_only=True, patience=patience)

    check_writable(file)
    if pending and beside:
        raise StoreError(
            f"The bot that runs on {path} is of an older version than this command. Restart the bot, which brings the "
            "database up to date; then try again."
        )
    fence = claim(file) if claim else None
    kept = Path(f"{path}.before-{len(STEPS)}")
    if pending and applied:
        copy(file, kept, patience)
    connections = Connections(path, patience=patience)
    connections.hold()
    connections.fence = fence
    if pending:
        try:
            _migrate(connections)
        except (StoreError, OSError):
            connections.close()
            raise
        except Exception as error:
            connections.close()
            raise StoreError(_failed(path, kept if applied else None, error)) from error
    return connections


def _migrate(connections: Connections) -> None:
    with connections.change() as db:
        MIGRATIONS.apply(db)


def _failed(path: str, kept: Path | None, error: Exception) -> str:
    """The step was taken back with its transaction; what it stumbled over stands in the log, as its cause."""
    said = f"The database {path} could not be brought up to date ({type(error).__name__}), and is as it was."
    return f"{said} Go on with the version before; a copy from before is {kept}." if kept else said


def _look_at(file: Path, *, read_only: bool) -> bool:
    """Whether there is a database already; raises where the path cannot be one."""
    try:
        if file.is_dir():
            raise StoreError(f"{file} is a directory; name a file for the database.")
        if not file.exists() or not file.stat().st_size:
            if read_only:
                raise StoreError(f"There is no database at {file} yet.")
            if not file.parent.is_dir():
                raise StoreError(f"The folder {file.parent} for the database is not there; create it first.")
            return False
        with file.open("rb") as opened:
            header = opened.read(len(HEADER))
    except OSError as error:
        raise StoreError(f"The database {file} cannot be read: {error.strerror or error}.") from error
    if header != HEADER:
        raise StoreError(f"{file} is not an SQLite database. It was left as it is; name another file.")
    return True


def _versions(file: Path, patience: float) -> tuple[tuple[str, ...], int]:
    """Steps that this database still needs, and how many it has; raises where it is not ours or newer than we."""
    with translated(str(file)):
        conn = connect_for_looking(file, patience)
        try:
            db = Database(conn, execute_plugins=False)
            applied = [m.name for m in MIGRATIONS.applied(db)]
            pending = tuple(m.name for m in MIGRATIONS.pending(db))
            tables = [t for t in db.table_names() if not t.startswith(_BESIDE)]
        finally:
            conn.close()
    if tables and not applied:
        raise StoreError(f"{file} is a database of another program. It was left as it is; name another file.")
    if set(applied) - set(STEPS):
        raise StoreError(_newer(file))
    return pending, len(applied)


def _newer(file: Path) -> str:
    said = f"The database {file} was made by a newer version of Log Gardener and was left as it is; upgrade"
    copies = sorted(file.parent.glob(f"{file.name}.before-*"), key=lambda p: p.stat().st_mtime)
    return f"{said}, or restore the backup {copies[-1]}." if copies else f"{said}, or name another file."


def check_writable(file: Path) -> None:
    """Raises where nothing can be written to it, or beside it."""
    folder = file.resolve().parent
    if file.exists() and not writable(file):
        raise StoreError(f"The database {file} is read-only. Make it writable, or name another file.")
    if not writable(folder):
        raise StoreError(
            f"The folder {folder} is read-only, and the database {file.name} needs to write there. "
            "Make it writable, or name another file."
        )
