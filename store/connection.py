"""Connections to the one SQLite file: one per thread, short transactions, and errors in words.

A change begins with BEGIN IMMEDIATE, so that reading and then writing never fails half-way because somebody else
wrote in between. A change or reading inside another one joins it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from bot.errors import StoreBusy, StoreError, StoreFull

MEMORY = ":memory:"
PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
ROOM = 128 * 1024
"""Bytes; a disk with less is full."""
HEADER = b"SQLite format 3\x00"

_WRITE_BITS = 0o222
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNUSABLE = {
    sqlite3.SQLITE_PERM: "may not be written to",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore the newest backup",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; is its folder there, and may it be written to?",
    sqlite3.SQLITE_NOTADB: "is not a database of Log Gardener, and was left as it is",
}


class Guard(Protocol):
    """Lets a change through, or raises."""

    def check(self, db: Database) -> None: ...


class Connections:
    """Gives each thread its own connection to `path`; `:memory:` is one connection behind a lock."""

    def __init__(self, path: str, *, read_only: bool = False, patience: float = PATIENCE) -> None:
        self.path = path
        self.read_only = read_only
        self._patience = patience
        self.fence: Guard | None = None
        self._era = 0
        self._guard = threading.Lock()
        self._open: WeakKeyDictionary[threading.Thread, tuple[int, Database]] = WeakKeyDictionary()
        self._turn = threading.RLock() if path == MEMORY else None
        self._shared = self._connect() if path == MEMORY else None
        self._held: Database | None = None

    def db(self) -> Database:
        """The connection of the thread that asks."""
        if self._shared is not None:
            return self._shared
        thread = threading.current_thread()
        with self._guard:
            era, known = self._open.get(thread, (-1, None))
            now = self._era
        if known is not None and (era == now or known.conn.in_transaction):
            return known
        if known is not None:
            known.conn.close()
        known = self._connect()
        with self._guard:
            self._open[thread] = (now, known)
        return known

    def move(self, path: str, *, read_only: bool, fence: Guard | None = None) -> None:
        """From now on it is that file; each thread comes along when it has ended what it is at."""
        with self._guard:
            self.path, self.read_only, self.fence = path, read_only, fence
            self._era += 1
        self.hold()

    def hold(self) -> None:
        """Keeps one connection from now to the end, where changes are made.

        While there is one, SQLite's files beside the database stay; so whichever thread asks for the first time needs
        no room for them, also on a disk that is full by then.
        """
        before, self._held = self._held, None if self.read_only or self.path == MEMORY else self._connect()
        if before is not None:
            before.conn.close()

    @contextmanager
    def change(self, *, fenced: bool = True) -> Iterator[Database]:
        """All of it or nothing; nobody else writes meanwhile. Only the lease itself is written past the fence."""
        if self.read_only and self.fence is not None:
            self.fence.check(self.db())
        if self.read_only:
            raise StoreError(f"The database {self.path} was opened for reading only.")
        with self._transaction("BEGIN IMMEDIATE") as db:
            if self.fence is not None and fenced:
                self.fence.check(db)
            yield db

    @contextmanager
    def read(self) -> Iterator[Database]:
        """Several questions that are answered as of one moment."""
        with self._transaction("BEGIN") as db:
            yield db

    @contextmanager
    def alone(self) -> Iterator[Database]:
        """The thread's connection outside any transaction, for what brings its own."""
        with self._turn or nullcontext(), translated(self.path):
            yield self.db()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Database]:
        with self._turn or nullcontext(), translated(self.path):
            db = self.db()
            if db.conn.in_transaction:
                yield db
                return
            db.conn.execute(begin)
            try:
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            connections = [*(db for _, db in self._open.values()), *filter(None, (self._shared, self._held))]
            self._open.clear()
            self._held = None
        for db in connections:
            db.conn.close()

    def _connect(self) -> Database:
        with translated(self.path):
            if self.path == MEMORY:
                conn = sqlite3.connect(MEMORY, check_same_thread=False)
            elif self.read_only and not _beside(Path(self.path)):
                conn = connect_for_looking(Path(self.path), self._patience)
            else:
                private(Path(self.path))
                conn = sqlite3.connect(self.path, timeout=self._patience, check_same_thread=False)
            db = Database(conn, execute_plugins=False)
            conn.execute("PRAGMA foreign_keys = ON")
            conn.execute("PRAGMA cache_size = -8192")
            conn.execute("PRAGMA temp_store = MEMORY")
            if self.read_only:
                conn.execute("PRAGMA query_only = ON")
            elif self.path != MEMORY:
                conn.execute("PRAGMA journal_mode = WAL")
            return db


def private(path: Path) -> None:
    """Makes the file, if it is not there, so that nobody else may read it; SQLite's own files beside it follow."""
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def connect_for_looking(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """A short look that leaves no trace: without `immutable`, SQLite would leave files beside an idle database."""
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=patience, check_same_thread=False)


def _beside(path: Path) -> bool:
    """Whether SQLite may put its own files beside the database, as it does to read what others write meanwhile."""
    return writable(path) and writable(path.resolve().parent)


def writable(path: Path) -> bool:
    """What nobody may write to is meant to stay as it is, even where root could."""
    return bool(path.stat().st_mode & _WRITE_BITS) and os.access(path, os.W_OK)


def _no_room(path: str) -> bool:
    """Where the disk is full, some of SQLite's steps fail with another error."""
    try:
        return shutil.disk_usage(Path(path).resolve().parent).free < ROOM
    except OSError:
        return False


@contextmanager
def translated(path: str) -> Iterator[None]:
    """SQLite's errors about the file, as ours; errors of our own making pass through."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            raise StoreBusy(
                f"The database {path} is busy: another process is writing. Try again in a moment."
            ) from error
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(path)):
            raise StoreFull(f"The database {path} {_UNUSABLE[sqlite3.SQLITE_FULL]}.") from error
        if code in _UNUSABLE:
            raise StoreError(f"The database {path} {_UNUSABLE[code]}.") from error
        raise
