"""Copies of the database in the backup: made, fetched and checked, and which of them are kept.

A copy is the whole database, checked and compressed, under a name that says who made it (the epoch of its lease) and
which of theirs it is. The lease in the backup names the newest one; a copy that no lease names was never finished.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.errors import StoreError
from bot.ports import Vault
from store import backup, purge
from store.connection import HEADER, private, translated

PREFIX = "garden-"
RECENT, DAYS = 8, 7
"""The newest few copies are kept, and the last of each of some days."""
ASIDE = 3
"""Databases that were put aside, and are kept."""
PIECE = 1 << 20
GZIP = b"\x1f\x8b"

_BY_ITSELF = ("rounds", "spend", "analyses", "issues", "local_comments", "stretches", "pages")
"""What grows, and is neither a number that people see nor anything that somebody did."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as the lease names it."""

    epoch: int
    number: int
    made: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.epoch:06d}-{self.number:08d}-{self.made}.db.gz"

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Copy:
        return cls(
            int(value["epoch"]), int(value["number"]), str(value["made"]), str(value["sha256"]), int(value["size"])
        )

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def version(db: Database) -> int:
    """Grows with everything that a person did, and with every number that is given away."""
    marks = ", ".join("?" for _ in _BY_ITSELF)
    sql = f"SELECT coalesce(sum(seq), 0) FROM sqlite_sequence WHERE name NOT IN ({marks})"  # noqa: S608 - ours
    return int(db.execute(sql, list(_BY_ITSELF)).fetchone()[0])


def state(db: Database) -> tuple[int, ...]:
    """Differs wherever anything was written that is worth a copy, though nobody waits for it."""
    sql = (
        "SELECT (SELECT coalesce(sum(seq), 0) FROM sqlite_sequence), (SELECT coalesce(max(at), 0) FROM messages),"
        " (SELECT coalesce(max(at), 0) FROM cursors), (SELECT coalesce(max(concluded), 0) FROM rounds)"
    )
    return tuple(db.execute(sql).fetchone())


def make(conn: sqlite3.Connection, epoch: int, number: int, target: Path) -> tuple[Copy, int]:
    """A checked and compressed copy in the file `target`; returns it with the version that it holds."""
    plain = target.with_name(f"{target.name}.plain")
    try:
        backup.write(conn, plain)
        with closing(sqlite3.connect(plain)) as copied:
            held = version(Database(copied, execute_plugins=False))
        _pack(plain, target)
    finally:
        plain.unlink(missing_ok=True)
    made = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return Copy(epoch, number, made, _sha256(target), target.stat().st_size), held


def fetch(vault: Vault, copy: Copy, target: Path) -> None:
    """The database that the copy holds, in the file `target`; raises `StoreError` if it is not what was copied."""
    packed = target.with_name(f"{target.name}.gz")
    try:
        private(packed)
        vault.load(copy.name, packed)
        if _sha256(packed) != copy.sha256:
            raise StoreError(f"The copy {copy.name} in {vault.where} is damaged; `garden restore` shows the others.")
        unpack(packed, target)
    finally:
        packed.unlink(missing_ok=True)


def unpack(packed: Path, target: Path) -> None:
    """A copy or a plain database becomes the file `target`, is checked, and belongs to nobody."""
    private(target)
    try:
        with packed.open("rb") as source:
            head = source.read(2)
        with packed.open("rb") as raw, gzip.open(raw) as unpacked, target.open("wb") as plain:
            shutil.copyfileobj(unpacked if head == GZIP else raw, plain, PIECE)
    except (OSError, EOFError) as error:
        raise StoreError(f"{packed} cannot be read as a copy ({type(error).__name__}).") from error
    with target.open("rb") as plain:
        if plain.read(len(HEADER)) != HEADER:
            raise StoreError(f"{packed} holds no database.")
    with translated(str(packed)), closing(sqlite3.connect(target)) as conn, conn:
        found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreError(f"{packed} is damaged ({found}).")
        if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'lease'").fetchone():
            conn.execute("UPDATE lease SET holder = '', until = 0")


def purged(vault: Vault, name: str, text: str, part: Path) -> bool:
    """Takes a text out of a copy that is no more the newest; returns whether it was there."""
    packed, clean = part.with_name(f"{part.name}.gz"), part.with_name(f"{part.name}.new.gz")
    try:
        private(packed)
        vault.load(name, packed)
        unpack(packed, part)
        if not sum(purge.find(part, text).values()):
            return False
        purge.purge(part, text)
        _pack(part, clean)
        vault.delete(name)
        vault.save(name, clean)
        return True
    finally:
        for left in (packed, clean, part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            left.unlink(missing_ok=True)


def _pack(plain: Path, target: Path) -> None:
    private(target)
    with plain.open("rb") as source, gzip.open(target, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(source, packed, PIECE)


def place(new: Path, path: Path) -> Path | None:
    """`new` becomes the database; what was there is put aside whole, and its name is returned."""
    aside = None
    if path.exists() and path.stat().st_size:
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        aside = path.with_name(f"{path.name}.aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        path.replace(aside)
        for old in sorted(path.parent.glob(f"{path.name}.aside-*"))[:-ASIDE]:
            old.unlink(missing_ok=True)
    for beside in ("-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    new.replace(path)
    return aside


def outdated(names: Collection[str], newest: str) -> list[str]:
    """Those that need not be kept: all but the newest few and the last of each of some days."""
    finished = sorted((n for n in names if n.startswith(PREFIX) and n <= newest), reverse=True)
    kept = set(finished[:RECENT])
    days: dict[str, str] = {}
    for name in finished:
        days.setdefault(_day(name), name)
    kept.update(days[day] for day in sorted(days, reverse=True)[:DAYS])
    return [name for name in finished if name not in kept]


def _day(name: str) -> str:
    return name.rpartition("-")[2][:8]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
