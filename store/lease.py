"""Who acts on this database: one process at a time, by a lease that ends by itself.

Whoever takes the lease gets a higher generation than all before. Every change asks, inside its own transaction,
whether its generation still holds; so one that slept, and wakes up after another took over, changes nothing.
The same row says which copy in the backup this database is, or came from.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from sqlite_utils import Database

from bot.errors import Standby
from store.connection import PATIENCE, private, translated

TTL = 30.0
"""Seconds that a lease holds if it is not renewed."""

Clock = Callable[[], float]

_TABLE = (
    "CREATE TABLE IF NOT EXISTS lease (one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT NOT NULL,"
    " generation INTEGER NOT NULL, until REAL NOT NULL, epoch INTEGER NOT NULL, copy INTEGER NOT NULL) STRICT"
)
_EMPTY = "INSERT OR IGNORE INTO lease VALUES (1, '', 0, 0, 0, 0)"


@dataclass(frozen=True, slots=True)
class Fence:
    """What lets through only the changes of the one who acts."""

    generation: int
    clock: Clock = time.time

    def check(self, db: Database) -> None:
        """Raises `Standby` where another took over, or the lease was not renewed in time."""
        holder, generation, until = db.execute("SELECT holder, generation, until FROM lease").fetchone()
        if generation != self.generation:
            raise held(holder, until, self.clock())
        if until <= self.clock():
            raise Standby("This instance could not renew its lease, and does not act until it has. Try again soon.")


def identity() -> str:
    """This process, as no other is called: host, boot and namespace, process, and when the process began."""
    return f"{_machine()}:{os.getpid()}:{_began(os.getpid())}"


def _machine() -> str:
    """Where processes can be told by their numbers; containers often share a name, and have numbers of their own."""
    host = socket.gethostname()
    if sys.platform == "darwin":
        return f"{host}/mac/0"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{host}/{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"{host}/{token_hex(8)}/0"


def take(path: Path, holder: str, *, ttl: float = TTL, clock: Clock = time.time, above: int = 0) -> Fence:
    """The lease, if nobody has it, or whoever had it is gone; raises `Standby` otherwise. Its generation is above all
    that were, and above the one given."""
    private(path)
    with translated(str(path)), closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute(_TABLE)
        conn.execute(_EMPTY)
        other, generation, until = conn.execute("SELECT holder, generation, until FROM lease").fetchone()
        now, new = clock(), max(generation, above) + 1
        if other not in ("", holder) and until > now and not gone(other):
            conn.execute("ROLLBACK")
            raise held(other, until, now)
        conn.execute("UPDATE lease SET holder = ?, generation = ?, until = ?", [holder, new, now + ttl])
        conn.execute("COMMIT")
        return Fence(new, clock)


def renew(db: Database, fence: Fence, until: float) -> None:
    """Raises `Standby` where another took over."""
    changed = db.execute("UPDATE lease SET until = ? WHERE generation = ?", [until, fence.generation]).rowcount
    if not changed:
        holder, until = db.execute("SELECT holder, until FROM lease").fetchone()
        raise held(holder, until, fence.clock())


def release(db: Database, fence: Fence) -> None:
    """Lets the next one act at once; what this one left running is fenced off."""
    db.execute(
        "UPDATE lease SET holder = '', until = 0, generation = generation + 1 WHERE generation = ?", [fence.generation]
    )


def held(holder: str, until: float, now: float) -> Standby:
    """What somebody is told who cannot act now."""
    wait = max(1, round(until - now))
    host, _, process = holder.rpartition(":")[0].partition("/")
    who = f" ({host}, process {process.rpartition(':')[2]})" if process else ""
    return Standby(f"Another instance{who} is acting; try again in {wait} seconds.")


def standing(path: Path) -> str:
    """The lease of whoever acts on it now, for who works beside and for that one; empty where nobody ever did."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        row = conn.execute("SELECT generation FROM lease").fetchone()
        if row:
            return str(row[0])
    return ""


def lineage(path: Path) -> tuple[int, int]:
    """Which copy in the backup this database is, or came from: epoch and number; (0, 0) where it never was one."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        row = conn.execute("SELECT epoch, copy FROM lease").fetchone()
        if row:
            return int(row[0]), int(row[1])
    return 0, 0


def descend(db: Database, epoch: int, copy: int) -> None:
    """From here on the database is this copy."""
    db.execute("UPDATE lease SET epoch = ?, copy = ?", [epoch, copy])


def gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more; nothing is known of other machines."""
    host, number, began = (["", "", *holder.rsplit(":", 2)])[-3:]
    return host == _machine() and number.isdecimal() and _began(int(number)) != began


def _began(process: int) -> str:
    """When a process began, in the system's own count; where that cannot be told, whether it is there."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "there"
