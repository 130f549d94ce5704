"""The gardener's watch over itself: what it cannot do is said in the channel, once, and once more when it is over.

    look:   [store], process -> health -> settle -> [store] -> [chat]

It has a thread of its own, so that it speaks also where the schedule is dead; the watchdog looks after that thread.
What cannot be said now, because Slack is away, is said later; what cannot be written down, because the disk is full,
is kept in the reserve. One look after the other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from bot import telling
from bot.errors import ChatUnavailable, Forbidden, StoreError, StoreFull
from bot.models import Condition, Told
from bot.ports import Edges
from bot.steps.health import Facts, health, settle

LOG = logging.getLogger("garden.vigil")
EVERY = 30.0
"""Seconds between two looks; a round that ended is looked at at once."""
LONGEST = 900.0
"""Seconds that a look may take."""
GREET = timedelta(minutes=5)
"""How often Slack is asked whether it is there, where nothing was to be said."""
LATELY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Life:
    """What only this process knows of itself."""

    lag: timedelta = timedelta(minutes=10)
    """How far reading may be behind."""
    overdue_since: datetime | None = None
    deaf_since: datetime | None = None
    backup: str | None = None
    """Why the newest backup failed; empty where it did not, None where none is made."""


class Vigil:
    """`life` tells how the process is; `acting` whether it is the one that speaks."""

    def __init__(
        self,
        edges: Edges,
        *,
        life: Callable[[], Life] = Life,
        acting: Callable[[], bool] = lambda: True,
        every: float = EVERY,
    ) -> None:
        self._edges = edges
        self._life = life
        self._acting = acting
        self._every = every
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = self._made()
        self._full_since: datetime | None = None
        self._greeted: datetime | None = None
        self._mute = False
        """Slack took no message when last we had one."""
        self._looked = monotonic()
        self.active: tuple[Condition, ...] = ()
        """What holds, as of the last look; kept in memory, for who asks when nothing else answers."""

    # ------------------------------------------------------------ its thread

    def start(self) -> None:
        self._edges.store.conditions.set_aside()
        self._thread.start()

    def wake(self) -> None:
        """Something happened that is worth a look."""
        self._wake.set()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def stuck(self) -> bool:
        """A look does not come to its end, though all it waits for has limits."""
        return self.alive and monotonic() - self._looked > LONGEST

    def restart(self) -> None:
        """A new thread in the place of one that died."""
        if not self.alive and not self._stopped.is_set():
            self._thread = self._made()
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _made(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="garden-vigil", daemon=True)

    def _run(self) -> None:
        self._looked = monotonic()
        while not self._stopped.is_set():
            try:
                self.look()
            except Exception as error:  # who watches must not die of what is watched
                LOG.error("the look at ourselves failed", exc_info=error)
            self._looked = monotonic()
            self._wake.wait(self._every)
            self._wake.clear()

    # ------------------------------------------------------------ what fails

    def note(self, part: str, trouble: str) -> None:
        """How it went with something outside: in words why not, or empty where all is well."""
        conditions = self._edges.store.conditions
        try:
            if trouble:
                conditions.strike(part, trouble, self._edges.clock())
            else:
                conditions.well(part)
        except StoreError as error:
            LOG.warning("could not note that of %s: %s", part, error.user_message)

    def telling(self, tell: Callable[[], object]) -> None:
        """Tells the channel something else; where Slack does not take it, that is noted, and it is told later."""
        try:
            tell()
        except (ChatUnavailable, Forbidden) as error:
            self._mute = True
            self.note("chat", error.user_message)
            LOG.warning("could not tell the channel: %s", error.user_message)
        except StoreError as error:
            LOG.warning("could not look up what to tell the channel: %s", error.user_message)

    # ------------------------------------------------------------ the look

    def look(self) -> tuple[Condition, ...]:
        """Finds out what is wrong, keeps it, says what was not said yet; returns what holds."""
        with self._turn:
            now = self._edges.clock()
            if not self._acting():
                self.active = ()
                return ()
            conditions, life = self._edges.store.conditions, self._life()
            self._write(now)
            if life.backup is not None:
                self.note("backup", life.backup)
            self._greet(now)
            known = conditions.open()
            found = health(self._facts(now, life, known))
            often = {c.key: conditions.count(c.key, now - LATELY) for c in known}
            for condition in settle(found, known, often, now):
                self._log(condition)
                conditions.put(condition)
            self.active = tuple(conditions.active())
            self._say(now)
            return self.active

    def _facts(self, now: datetime, life: Life, known: list[Condition]) -> Facts:
        store = self._edges.store
        figures = store.sums.figures()
        return Facts(
            now=now,
            lag=life.lag,
            sources=store.sources.progress(),
            rhythms=store.conditions.rhythm(),
            strikes=store.conditions.strikes(),
            active=[c for c in known if c.over is None],
            overdue_since=life.overdue_since,
            deaf_since=life.deaf_since,
            full_since=self._full_since,
            unfiled=figures.unfiled,
            unfiled_since=figures.unfiled_since,
        )

    def _write(self, now: datetime) -> None:
        """Whether the database takes anything."""
        try:
            self._edges.store.conditions.beat(now)
        except StoreFull:
            self._full_since = self._full_since or now
        else:
            self._full_since = None

    def _greet(self, now: datetime) -> None:
        """Whether Slack knows us; asked more often while it does not."""
        chat = self._edges.chat
        failing = any(s.part == "chat" for s in self._edges.store.conditions.strikes())
        if chat is None or (self._greeted and now - self._greeted < GREET and not failing):
            return
        self._greeted = now
        try:
            chat.greet()
        except (ChatUnavailable, Forbidden) as error:
            self.note("chat", error.user_message)
        else:
            if not self._mute:
                self.note("chat", "")

    def _say(self, now: datetime) -> None:
        """That Slack takes nothing can only be said when that is over: whether it is, is tried."""
        conditions = self._edges.store.conditions
        for condition in conditions.open():
            away = condition.kind == "chat" and condition.over is None
            try:
                said = telling.say(self._edges, replace(condition, over=now) if away else condition)
            except (ChatUnavailable, Forbidden) as error:
                self._mute = True
                self.note("chat", error.user_message)
                return
            if said == condition:
                continue
            conditions.put(said)
            self._mute = False
            self.note("chat", "")
            if away:
                self._log(said)
                self.active = tuple(c for c in self.active if c.key != said.key)

    def _log(self, condition: Condition) -> None:
        labels = {"condition": condition.kind, "of": condition.of}
        if condition.over:
            LOG.info("over: %s", condition.what, extra={"labels": labels})
        elif condition.told is Told.NOTHING and condition.well is None:
            LOG.warning("%s %s", condition.what, condition.mend, extra={"labels": labels})
