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
BROKEN = 3
"""So many different routes that fail in one burst share what is broken. Two do, where each fails so often."""
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


class Burst:
    """Requests that failed, being put together."""

    __slots__ = ("entries", "last", "routes", "scanner")

    def __init__(self, entry: Entry) -> None:
        self.entries: list[Entry] = []
        self.routes: Counter[str] = Counter()
        self.scanner = False
        self.add(entry)

    def goes_on(self, entry: Entry) -> bool:
        first = self.entries[0].time
        return entry.time - self.last <= GAP and entry.time - first <= SPAN and len(self.entries) < LONGEST

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.last: datetime = entry.time
        if entry.request:
            self.routes[entry.request.route] += 1
            self.scanner = self.scanner or scanned(entry.request.url or entry.request.route)

    def occurrences(self) -> list[Occurrence]:
        """Each request is one occurrence, in a sweep too: a sweep counts what was tried."""
        if broken(self.entries[0]):
            sweep = "outage" if self._shared() else ""
        else:
            sweep = ("probes" if self.scanner else "doors") if len(self.routes) >= ROUTES else ""
        return [Occurrence((e,), e.text, e.level, e.form, e.site, e.failure, e.request, sweep) for e in self.entries]

    def _shared(self) -> bool:
        """Whether so many routes fail that it is none of them alone."""
        often = sum(times >= BROKEN for times in self.routes.values())
        return len(self.routes) >= BROKEN or often == len(self.routes) > 1
