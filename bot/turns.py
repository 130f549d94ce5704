"""Whose turn it is to write to the chat: one thread at a time, in the order in which they came, the urgent ones first;
and how fast messages may follow each other in a channel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep


class Turns:
    """A lock that its holder may take again. Whoever is urgent waits for the one at work and for nobody else."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[bool, int]] = []
        self._came = 0
        self._holder = 0
        self._depth = 0

    @contextmanager
    def take(self, *, urgent: bool = False) -> Iterator[None]:
        me = threading.get_ident()
        with self._changed:
            if self._holder != me:
                self._came += 1
                ticket = (not urgent, self._came)
                self._waiting.append(ticket)
                self._changed.wait_for(lambda: not self._holder and ticket == min(self._waiting))
                self._waiting.remove(ticket)
                self._holder = me
            self._depth += 1
        try:
            yield
        finally:
            with self._changed:
                self._depth -= 1
                if not self._depth:
                    self._holder = 0
                    self._changed.notify_all()


class Pace:
    """Slack takes about one message a second in a channel, and bursts now and then; what is more waits here, and not
    for Slack's own, longer pauses. What is urgent does not wait; what comes after it waits for that, too.
    """

    def __init__(
        self,
        every: float = 1.05,
        burst: int = 2,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], object] = sleep,
    ) -> None:
        self._every = every
        self._ahead = (burst - 1) * every
        self._clock = clock
        self._pause = pause
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, channel: str, *, urgent: bool = False) -> None:
        while (left := self._left(channel, urgent)) > 0:
            self._pause(left)

    def _left(self, channel: str, urgent: bool) -> float:
        """Seconds until a message may go; where it may, it is counted."""
        with self._lock:
            now = self._clock()
            self._next = {c: at for c, at in self._next.items() if at > now - self._ahead}
            at = max(self._next.get(channel, 0.0), now - self._ahead)
            if at > now and not urgent:
                return at - now
            self._next[channel] = at + self._every
            return 0.0
