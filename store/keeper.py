"""Keeps what must not be lost, and sees to it that one instance acts.

    lease in the backup  ->  restored if the backup is newer  ->  lease in the database  ->  migrated  ->  acting
    acting: renews both leases; copies what changed; nothing is told to people before it is in the backup
    else:   answers from the newest copy, and acts when the other is gone

The lease in the backup is one object that is only ever written by its generation. It names who acts, and the newest
copy. A copy counts from the moment at which the lease names it; so whoever takes the lease over has in its hands
everything that was ever told, and one that woke up late cannot name a copy any more.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any

from sqlite_utils import Database

from bot.errors import GardenError, Overtaken, Standby, StoreError, Unsafe
from bot.ports import Vault
from store import Store, copies, lease
from store import backup as backups
from store import purge as purging
from store.connection import Connections
from store.copies import Copy
from store.opening import open_connections

LOG = logging.getLogger("garden.keeper")
LEASE = "lease.json"
MARGIN = 0.8
"""Of its time, a lease is used only so far: others may take it over when all of it has passed."""
SKEW = 2.0
"""Clocks of two machines may differ by so many times the lease; what ended longer ago than that ended."""
LEFT = 3_600.0
"""Seconds after which what a process put beside the database for itself is nobody's."""
EVERY = 60.0
"""Seconds after which even what does not matter is copied."""


@dataclass(frozen=True, slots=True)
class Held:
    """The lease in the backup."""

    epoch: int = 0
    holder: str = ""
    until: float = 0.0
    beat: int = 0
    newest: Copy | None = None

    def dump(self) -> bytes:
        newest = self.newest.plain() if self.newest else None
        plain = {"version": 1, "epoch": self.epoch, "holder": self.holder, "until": self.until, "beat": self.beat}
        return json.dumps({**plain, "newest": newest}).encode()

    @classmethod
    def load(cls, content: bytes) -> Held:
        try:
            found: dict[str, Any] = json.loads(content)
            newest = Copy.of(found["newest"]) if found["newest"] else None
            return cls(int(found["epoch"]), str(found["holder"]), float(found["until"]), int(found["beat"]), newest)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{LEASE} in the backup cannot be read; is it of another program?") from error


class _Other:
    """Stands before every change where another instance acts."""

    def __init__(self, why: Standby) -> None:
        self.why = why

    def check(self, db: Database) -> None:
        raise self.why


class Keeper:
    """One instance's hold on the database, and on its backup where there is one."""

    def __init__(
        self, path: Path, vault: Vault | None = None, *, ttl: float = lease.TTL, every: float = EVERY, holder: str = ""
    ) -> None:
        self.path = path
        self.vault = vault
        self.restored = ""
        """What was restored at the start, in words."""
        self._ttl = ttl
        self._every = every
        self._holder = holder or lease.identity()
        self._mark = token_hex(4)
        self._connections: Connections | None = None
        self._fence: lease.Fence | None = None
        self._held = Held()
        self._generation = 0
        self._until = 0.0
        self._watched: tuple[int, float] = (-1, 0.0)
        self._replica: Copy | None = None
        self._turn = threading.RLock()
        self._news = threading.Condition()
        self._copied = -1
        self._asked = 0
        self._served = 0
        self._trouble = ""
        self.failing = ""
        """Why the newest copy could not be made; empty where it could."""
        self._state: tuple[int, ...] = ()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._on_act: Callable[[], object] = _nothing
        self._on_lost: Callable[[], object] = _nothing

    # ------------------------------------------------------------------------------------------ beginning

    def act(self) -> Store:
        """The store, to act on; raises `Standby` where another instance acts."""
        self._begin()
        store = Store(self._own(*self._hold()))
        self._start()
        return store

    def open(self) -> Store:
        """The store, to act on or else to look at."""
        try:
            return self.act()
        except Standby as why:
            LOG.info("standing by: %s", why.user_message)
            store = Store(self._look(why))
            self._start()
            return store

    def watch(self, on_act: Callable[[], object], on_lost: Callable[[], object]) -> None:
        """Calls `on_act` as soon as this instance acts, now or later; and `on_lost` when another took over from it: it
        should end then, and begin anew."""
        with self._turn:
            self._on_act, self._on_lost = on_act, on_lost
            if self._fence is not None:
                on_act()

    @property
    def acting(self) -> bool:
        """Whether this instance may change anything now."""
        return self._fence is not None and time.time() < self._until

    @property
    def standing_by(self) -> bool:
        """Whether another instance acts."""
        return self._fence is None

    @property
    def token(self) -> str:
        """What a process that works for this one shows: the generation of the lease."""
        return str(self._fence.generation) if self._fence else ""

    def _begin(self) -> None:
        if self.vault is None:
            return
        found = self.vault.get(LEASE)
        held, generation = (Held.load(found[0]), found[1]) if found else (Held(), 0)
        if held.holder not in ("", self._holder) and not lease.gone(held.holder) and not self._over(held, generation):
            raise lease.held(held.holder, held.until, time.time())
        began = time.time()
        mine = Held(held.epoch + 1, self._holder, began + self._ttl, 0, held.newest)
        try:
            self._generation = self.vault.put(LEASE, mine.dump(), generation)
        except Overtaken:
            raise lease.held("", began + self._ttl, began) from None
        self._held = mine

    def _over(self, held: Held, generation: int) -> bool:
        """Whether a lease ended: long ago by any clock, or it was not renewed for its whole time by ours."""
        if held.until + SKEW * self._ttl < time.time():
            return True
        if self._watched[0] != generation:
            self._watched = (generation, time.monotonic())
        return time.monotonic() - self._watched[1] >= self._ttl

    def _hold(self) -> tuple[Connections, lease.Fence]:
        """Restores where the backup is newer, takes the lease of the database, and brings it up to date."""
        renewing = threading.Thread(target=self._renew_until, args=(done := threading.Event(),), daemon=True)
        try:
            if self.vault is not None:
                renewing.start()
                self._restore(self.vault)
            fences: list[lease.Fence] = []

            def claim(path: Path) -> lease.Fence:
                fences.append(lease.take(path, self._holder, ttl=self._ttl))
                return fences[0]

            open_here = self._connections is not None and self._connections.path == str(self.path)
            connections = open_connections(str(self.path), claim=claim, known=open_here)
        except BaseException:
            done.set()
            self._let_go()
            raise
        finally:
            done.set()
            if renewing.ident is not None:
                renewing.join()
        return connections, fences[0]

    def _own(self, connections: Connections, fence: lease.Fence) -> Connections:
        """From now on this instance acts."""
        self._connections, self._fence = connections, fence
        self._until = time.time() + self._ttl * MARGIN
        _tidy(self.path)
        with suppress(GardenError):
            self._renew()
        return connections

    def _renew_until(self, done: threading.Event) -> None:
        """A large copy takes longer to fetch than a lease lasts."""
        while not done.wait(self._ttl / 3):
            with suppress(GardenError):
                self._renew()

    def _restore(self, vault: Vault) -> None:
        newest = self._held.newest
        if newest is None or (newest.epoch, newest.number) <= lease.lineage(self.path):
            return
        part = self._part("restoring")
        try:
            copies.fetch(vault, newest, part)
            aside = copies.place(part, self.path)
        finally:
            part.unlink(missing_ok=True)
        kept = f"; the one that was there is {aside}" if aside else ""
        self.restored = f"restored {newest.name} from {vault.where}{kept}"
        LOG.info("%s", self.restored)

    # ------------------------------------------------------------------------------------------ standing by

    def _look(self, why: Standby) -> Connections:
        """What others act on, to look at: the database itself, or the newest copy of it."""
        connections = self._connections or Connections(str(self._replica_path(0)), read_only=True)
        path = self._newest_to_see()
        if path is not None and (str(path) != connections.path or self._connections is None):
            before = connections.path
            connections.move(str(path), read_only=True, fence=_Other(why))
            if before != str(self.path):
                Path(before).unlink(missing_ok=True)
        else:
            connections.fence = _Other(why)
            if connections.path != str(self.path):
                Path(connections.path).touch()
        self._connections = connections
        return connections

    def _newest_to_see(self) -> Path | None:
        """Where to look now; None where nothing changed."""
        if self.vault is None:
            if self._connections is not None and self._connections.path == str(self.path):
                return None
            try:
                open_connections(str(self.path), read_only=True).close()
                return self.path
            except StoreError:
                if self._connections is not None:
                    return None
                target = self._replica_path(1)
                if self.path.exists():
                    backups.copy(self.path, target)
                open_connections(str(target)).close()
                return target
        found = self.vault.get(LEASE)
        newest = Held.load(found[0]).newest if found else None
        if newest is None:
            if self._connections is not None:
                return None
            target = self._replica_path(1)
            open_connections(str(target)).close()
            return target
        if newest == self._replica:
            return None
        target = self._replica_path(newest.epoch * 1_000_000 + newest.number)
        copies.fetch(self.vault, newest, target)
        open_connections(str(target)).close()
        self._replica = newest
        return target

    def _replica_path(self, number: int) -> Path:
        return self._part(f"replica-{number}")

    def _part(self, name: str) -> Path:
        """A file of this process only, beside the database."""
        return self.path.with_name(f".{self.path.name}.{self._mark}.{name}")

    def _take_over(self) -> None:
        try:
            self._begin()
            looking = self._connections
            acting, fence = self._hold()
        except Standby as why:
            self._look(why)
            return
        if looking is not None:
            before = looking.path
            looking.move(str(self.path), read_only=False, fence=fence)
            acting.close()
            acting = looking
            if before != str(self.path):
                for name in (before, f"{before}-wal", f"{before}-shm"):
                    Path(name).unlink(missing_ok=True)
        self._own(acting, fence)
        LOG.info("acting now")
        with self._turn:
            self._on_act()

    # ------------------------------------------------------------------------------------------ acting

    def _start(self) -> None:
        for name, do in (("beat", self._beat), ("copies", self._copy_along)):
            thread = threading.Thread(target=do, name=f"garden-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _beat(self) -> None:
        while not self._stop.wait(self._ttl / 3):
            try:
                if self._fence is None:
                    self._take_over()
                else:
                    self._renew()
            except (Standby, Overtaken) as error:
                if self._fence is not None:
                    LOG.error("not acting any more: %s", error.user_message)
                    self._fence, self._until = None, 0.0
                    self._stop.set()
                    self._on_lost()
            except (GardenError, OSError) as error:
                LOG.warning("the lease: %s", getattr(error, "user_message", error))

    def _renew(self, newest: Copy | None = None) -> None:
        """Both leases; with `newest`, the copy counts from now on. Raises `Overtaken` or `Standby` if it is lost."""
        with self._turn:
            began = time.time()
            if self.vault is not None:
                wanted = replace(
                    self._held, until=began + self._ttl, beat=self._held.beat + 1, newest=newest or self._held.newest
                )
                try:
                    self._generation = self.vault.put(LEASE, wanted.dump(), self._generation)
                except Overtaken:
                    self._generation = self.vault.put(LEASE, wanted.dump(), self._mine(self.vault))
                self._held = wanted
            if self._connections is not None and self._fence is not None:
                until = began + self._ttl * MARGIN
                with self._connections.change(fenced=False) as db:
                    lease.renew(db, self._fence, until)
                self._until = until

    def _mine(self, vault: Vault) -> int:
        """The generation of the lease, if it is this instance's still: a write that seemed to fail had not."""
        found = vault.get(LEASE)
        held = Held.load(found[0]) if found else Held()
        if found is None or (held.holder, held.epoch) != (self._holder, self._held.epoch):
            raise Overtaken(f"Another instance ({held.holder or 'unknown'}) took over.")
        return found[1]

    def safe(self, patience: float) -> None:
        """Returns when everything that matters is in the backup, and this instance acts; raises `Unsafe` with the
        reason where that takes longer than `patience` seconds."""
        if self._connections is None or self._fence is None:
            raise Standby("This instance does not act.")
        if self.vault is None:
            return
        with self._connections.read() as db:
            wanted = copies.version(db)
        with self._news:
            if wanted > self._copied:
                self._asked += 1
                self._trouble = ""
                self._news.notify_all()
                self._news.wait_for(lambda: self._copied >= wanted or self._trouble or self._stop.is_set(), patience)
            if wanted > self._copied:
                why = self._trouble or f"{self.vault.where} is slow"
                raise Unsafe(f"It is kept here, but not yet in the backup: {why} It is told once it is.")
        if not self.acting:
            raise Unsafe("It is kept here, but this instance cannot renew its lease. It is told once it can.")

    def replace(self, found: Path) -> Path | None:
        """The database in the file takes the place of this one, here and in the backup; returns where the old one was
        put aside. Raises `Standby` where another instance acts."""
        self.act()
        if self._connections is None or self._fence is None:
            raise Standby("Another instance took over.")
        self._quiet()
        generation = int(self.token)
        lineage = lease.lineage(self.path)
        with self._connections.change(fenced=False) as db:
            lease.release(db, self._fence)
        self._connections.close()
        aside = copies.place(found, self.path)
        connections = open_connections(str(self.path), claim=lambda path: self._again(path, generation))
        with connections.change(fenced=False) as db:
            lease.descend(db, *lineage)
        self._connections = connections
        if self.vault is not None:
            self._copy(self.vault)
        return aside

    def _again(self, path: Path, generation: int) -> lease.Fence:
        """The lease of another file, by a generation that nobody has who worked on the one before."""
        self._fence = lease.take(path, self._holder, ttl=self._ttl, above=generation)
        return self._fence

    def purge(self, text: str) -> dict[str, int]:
        """Takes a text out of the database, of the files that were put beside it, and of all copies in the backup;
        returns how often it was where. The store must not be used meanwhile."""
        if self._connections is None or not self.acting:
            raise Standby("Only the instance that acts can purge.")
        self._quiet()
        self._connections.close()
        found = {f"table {table}": count for table, count in purging.purge(self.path, text).items()}
        for file in beside(self.path):
            found[f"file {file.name}"] = sum(purging.purge(file, text).values())
        self._renew()
        if self.vault is not None:
            before = self.vault.names(copies.PREFIX)
            self._copy(self.vault)
            for name in set(before) & set(self.vault.names(copies.PREFIX)):
                hit = copies.purged(self.vault, name, text, self._part("purging"))
                found[f"copy {name}"] = int(hit)
                self._renew()
        return {where: count for where, count in found.items() if count}

    def soon(self) -> None:
        """Something was done that should be copied, though nobody waits for it."""
        with self._news:
            self._asked += 1
            self._news.notify_all()

    def _copy_along(self) -> None:
        while not self._stop.is_set():
            with self._news:
                self._news.wait_for(lambda: self._asked > self._served or self._stop.is_set(), self._every)
                asked = self._asked
            if self._stop.is_set():
                return
            if self._fence is None or self.vault is None or (asked == self._served and not self._changed()):
                self._served = asked
                continue
            try:
                held = self._copy(self.vault)
            except (GardenError, OSError) as error:
                self._tell(str(getattr(error, "user_message", error)))
                LOG.warning("no copy was made: %s", self._trouble)
                self._stop.wait(self._ttl / 10)
            else:
                self._served = asked
                self._tell("", held)

    def _tell(self, trouble: str, held: int = -1) -> None:
        with self._news:
            self._copied, self._trouble, self.failing = max(held, self._copied), trouble, trouble
            self._news.notify_all()

    def _changed(self) -> bool:
        if self._connections is None:
            return False
        with suppress(GardenError), self._connections.read() as db:
            return copies.state(db) != self._state
        return True

    def _copy(self, vault: Vault) -> int:
        """A copy that counts; returns the version that it holds."""
        if self._connections is None:
            return -1
        _, number = lease.lineage(self.path)
        part = self._part("copy")
        try:
            with self._connections.change() as db:
                lease.descend(db, self._held.epoch, number + 1)
                state = copies.state(db)
            with self._connections.alone() as db:
                copy, held = copies.make(db.conn, self._held.epoch, number + 1, part)
            vault.save(copy.name, part)
            self._renew(copy)
        finally:
            part.unlink(missing_ok=True)
        self._state = state
        with suppress(GardenError):
            for name in copies.outdated(vault.names(copies.PREFIX), copy.name):
                vault.delete(name)
        return held

    # ------------------------------------------------------------------------------------------ ending

    def close(self) -> None:
        """A last copy, if something changed since the newest; then the next one may act at once."""
        self._quiet()
        if self._fence is not None and self.vault is not None and self._changed():
            try:
                self._copy(self.vault)
            except (GardenError, OSError) as error:
                LOG.error("no last copy was made: %s", getattr(error, "user_message", error))
        self._let_go()
        if self._connections is not None:
            self._connections.close()
            if self._connections.path != str(self.path):
                Path(self._connections.path).unlink(missing_ok=True)

    def _quiet(self) -> None:
        """Ends what goes on beside; from here on the lease is renewed by what is done."""
        self._stop.set()
        with self._news:
            self._news.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _let_go(self) -> None:
        with suppress(GardenError), self._turn:
            if self._connections is not None and self._fence is not None:
                with self._connections.change(fenced=False) as db:
                    lease.release(db, self._fence)
            if self.vault is not None and self._held.holder:
                free = replace(self._held, holder="", until=0.0, beat=self._held.beat + 1)
                self.vault.put(LEASE, free.dump(), self._generation)
        self._fence, self._held = None, Held()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def beside(path: Path) -> list[Path]:
    """Databases that were put beside this one: before an upgrade, before a restore."""
    return sorted(
        p for kind in ("before", "aside") for p in path.parent.glob(f"{path.name}.{kind}-*") if p.suffix != "-wal"
    )


def _tidy(path: Path) -> None:
    """What was left behind, a while ago, by processes that were killed."""
    for left in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT:
                left.unlink()


def _nothing() -> None:
    pass
