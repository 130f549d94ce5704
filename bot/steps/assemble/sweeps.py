"""Refused requests that one client sent in one go, to many routes: somebody tries doors, and that is one problem.

A burst is a client's requests with the same refusal, each soon after the one before. Like a message, it is decided
from its own entries alone, and stays open until no further one can belong to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.masks import scanned
from bot.models import Entry, Form, Occurrence

GAP = timedelta(seconds=60)
"""Somebody who tries doors does not wait for longer; people who follow a broken link do."""
SPAN = timedelta(minutes=10)
ROUTES = 5
"""So many different routes in one burst are a sweep; fewer are what an ordinary page may ask for in vain."""
LONGEST = 2_000
"""Requests in one burst; beyond, another begins."""


def refused(entry: Entry) -> bool:
    """Whether it is a request of a known client that the server refused."""
    request = entry.request
    return entry.form is Form.REQUEST and request is not None and 400 <= request.status < 500 and bool(entry.client)


def burst_of(entry: Entry) -> tuple[str, str, int]:
    """Whose burst the request belongs to. One status each: a dead token (401) is not a search for doors (404)."""
    return (entry.workload or entry.service, entry.client, entry.request.status if entry.request else 0)


class Burst:
    """A client's refused requests, being put together."""

    __slots__ = ("entries", "last", "routes", "scanner")

    def __init__(self, entry: Entry) -> None:
        self.entries: list[Entry] = []
        self.routes: set[str] = set()
        self.scanner = False
        self.add(entry)

    def goes_on(self, entry: Entry) -> bool:
        first = self.entries[0].time
        return entry.time - self.last <= GAP and entry.time - first <= SPAN and len(self.entries) < LONGEST

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.last: datetime = entry.time
        if entry.request:
            self.routes.add(entry.request.route)
            self.scanner = self.scanner or scanned(entry.request.url or entry.request.route)

    def occurrences(self) -> list[Occurrence]:
        """Each request is one occurrence, in a sweep too: a sweep counts what was tried."""
        sweep = ("probes" if self.scanner else "doors") if len(self.routes) >= ROUTES else ""
        return [Occurrence((e,), e.text, e.level, e.form, e.site, e.failure, e.request, sweep) for e in self.entries]
