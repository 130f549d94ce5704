"""Restarts what died or hangs, and gives up, so that the platform restarts everything, where that does not help.

It only looks at what is in this process, and never waits for anything outside, so that nothing can make it hang.
Restarts are bounded: the pause between two of the same doubles, and what is vital gets a few and no more.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from time import monotonic

LOG = logging.getLogger("garden.watchdog")
EVERY = 5.0
SHORTEST, LONGEST = 5.0, 300.0
"""Seconds between two restarts of the same."""
MOST = 5
"""Restarts that something vital gets before the process gives up."""
FINE = 600.0
"""Seconds after which a restart counts as having helped."""
EXIT = 70


@dataclass(slots=True)
class Ward:
    """Something that is looked after. `wrong` says why it has to be restarted; empty where it is fine."""

    name: str
    wrong: Callable[[], str]
    mend: Callable[[], object] | None = None
    """How it is restarted; None where only a new process helps."""
    vital: bool = True
    restarts: int = 0
    """In a row."""
    total: int = 0
    last: float = float("-inf")

    @property
    def pause(self) -> float:
        return min(LONGEST, SHORTEST * 2.0 ** (self.restarts - 1)) if self.restarts else 0.0


def give_up() -> None:
    """Ends the process at once: what hangs would keep it from ending in order."""
    logging.shutdown()
    os._exit(EXIT)


class Watchdog:
    def __init__(self, wards: Sequence[Ward], *, every: float = EVERY, give_up: Callable[[], object] = give_up) -> None:
        self._wards = tuple(wards)
        self._every = every
        self._give_up = give_up
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="garden-watchdog", daemon=True)
        self._looked = monotonic()

    def start(self) -> None:
        self._looked = monotonic()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    @property
    def alive(self) -> bool:
        """It has looked lately."""
        return self._thread.is_alive() and monotonic() - self._looked < 60 + 2 * self._every

    @property
    def restarts(self) -> dict[str, int]:
        return {w.name: w.total for w in self._wards}

    def look(self) -> None:
        for ward in self._wards:
            if self._stopped.is_set():
                return
            try:
                self._tend(ward, monotonic())
            except Exception as error:  # one that cannot be mended must not keep the others from it
                LOG.error("%s could not be restarted", ward.name, exc_info=error)
        self._looked = monotonic()

    def _tend(self, ward: Ward, now: float) -> None:
        why = ward.wrong()
        if not why:
            if ward.restarts and now - ward.last > FINE:
                ward.restarts = 0
            return
        if now - ward.last < ward.pause:
            return
        if ward.mend is None or (ward.vital and ward.restarts >= MOST):
            LOG.critical("%s: %s; this process ends, so that a new one begins", ward.name, why)
            self._give_up()
            return
        ward.restarts, ward.total, ward.last = ward.restarts + 1, ward.total + 1, now
        LOG.error("%s: %s; it is restarted (%d)", ward.name, why, ward.restarts)
        ward.mend()

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            self.look()


class Pool:
    """Whether the threads of a pool still get to what they are given."""

    def __init__(self, pool: Executor, patience: float) -> None:
        self._pool = pool
        self._patience = patience
        self._asked: Future[None] | None = None
        self._since = 0.0

    def wrong(self) -> str:
        now = monotonic()
        if self._asked is None or self._asked.done():
            try:
                self._asked, self._since = self._pool.submit(_nothing), now
            except RuntimeError:  # it is being shut down
                return ""
        waited = now - self._since
        return f"its threads have been stuck for {waited:.0f} s" if waited > self._patience else ""


def _nothing() -> None:
    """What a thread does that is free."""
