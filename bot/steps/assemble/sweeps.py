"""Requests that fail the same way in one go, on several routes, and that are one problem.

Refused ones of one client: somebody tries doors. Those that the server failed, whoever sent them: what the routes
share is broken. A burst is requests with the same status, each soon after the one before. Like a message, it is
decided from its own entries alone, and stays open until no further one can belong to it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from bot.masks import scanned
from bot.models import Entry, Form, Occurrence

GAP = timedelta(seconds=60)
"""Somebody who tries doors does not wait for longer; people who follow a broken link do."""
SPAN = timedelta(minutes=10)
ROUTES = 5
"""So many different routes in one burst are a sweep; fewer are what an ordinary page may ask for in vain."""
SCANNED = 2
"""Who asked for what only scanners look for is no visitor."""
BROKEN = 3
"""So many different routes that fail in one burst share what is broken. Two do, where each fails so often."""
TWICE = timedelta(seconds=2)
"""How long after the end of a request a server's own log may tell of it."""
LONGEST = 2_000
"""Requests in one burst; beyond, another begins."""


def refused(entry: Entry) -> bool:
    """Whether it is a request of a known client that the server refused."""
    request = entry.request
    return entry.form is Form.REQUEST and request is not None and 400 <= request.status < 500 and bool(entry.client)


def broken(entry: Entry) -> bool:
    """Whether it is a request that the server failed, and of which it is known with what."""
    request = entry.request
    return entry.form is Form.REQUEST and request is not None and 500 <= request.status < 600


def burst_of(entry: Entry) -> tuple[str, str, int]:
    """Whose burst the request belongs to. One status each: a dead token (401) is not a search for doors (404)."""
    client = "" if broken(entry) else entry.client
    return (entry.workload or entry.service, client, entry.request.status if entry.request else 0)


def _took(*entries: Entry) -> timedelta:
    return timedelta(seconds=max(e.request.latency if e.request else 0.0 for e in entries))


class Burst:
    """Requests that failed, being put together."""

    __slots__ = ("_waiting", "entries", "last", "routes", "scanner", "twins")

    def __init__(self, entry: Entry) -> None:
        self.entries: list[Entry] = []
        self.twins: dict[int, Entry] = {}
        """What else tells of a request, by the key of the entry that counts."""
        self._waiting: dict[tuple[str, str], list[Entry]] = {}
        self.routes: Counter[str] = Counter()
        self.scanner = False
        self.add(entry)

    def goes_on(self, entry: Entry) -> bool:
        first = self.entries[0].time
        return entry.time - self.last <= GAP and entry.time - first <= SPAN and len(self.entries) < LONGEST

    def add(self, entry: Entry) -> None:
        self.last: datetime = entry.time
        if broken(entry) and (known := self._known(entry)):
            self.twins[known.key] = entry
            return
        self.entries.append(entry)
        if entry.request:
            self.routes[entry.request.route] += 1
            self.scanner = self.scanner or scanned(entry.request.url or entry.request.route)

    def _known(self, entry: Entry) -> Entry | None:
        """The same request in another log: the platform's has when it began, a server's own when it ended."""
        request = entry.request
        if request is None:
            return None
        waiting = self._waiting.setdefault((request.method, request.route), [])
        waiting[:] = [w for w in waiting if entry.time <= w.time + _took(w, entry) + TWICE]
        for other in waiting:
            here = other.instance == entry.instance or not (other.instance and entry.instance)
            if here and other.log != entry.log:
                waiting.remove(other)
                return other
        waiting.append(entry)
        return None

    def occurrences(self) -> list[Occurrence]:
        """Each request is one occurrence, in a sweep too: a sweep counts what was tried."""
        if broken(self.entries[0]):
            sweep = "outage" if self._shared() else ""
        else:
            least = SCANNED if self.scanner else ROUTES
            sweep = ("probes" if self.scanner else "doors") if len(self.routes) >= least else ""
        return [
            Occurrence(self._told(e), e.text, e.level, e.form, e.site, e.failure, e.request, sweep)
            for e in self.entries
        ]

    def _told(self, entry: Entry) -> tuple[Entry, ...]:
        twin = self.twins.get(entry.key)
        return (entry, twin) if twin else (entry,)

    def _shared(self) -> bool:
        """Whether so many routes fail that it is none of them alone."""
        often = sum(times >= BROKEN for times in self.routes.values())
        return len(self.routes) >= BROKEN or often == len(self.routes) > 1
