"""What sightings come to, signature by signature, before it is written down. Pure.

Everything kept of occurrences is a function of the set of them alone, not of their order nor of how they were
sliced: sums, smallest and largest, and choices by time or by a hash of the key.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from bot.models import Entry, Failure, Occurrence, Request, Sighting, Signature
from store.codec import MICROSECOND, bounded, clean, micros

BUCKET = timedelta(minutes=5) // MICROSECOND
SPREAD = 8
"""Evidence kept beside the first and the last."""
MOMENTS = 500
PEOPLE = 1000
TEXT = 8 * 1024
"""Bytes kept of the text of one piece of evidence."""
DETAIL = 2 * 1024
"""Bytes kept of a failure's message, a URL, a user agent."""

Place = tuple[int, str, str]
"""Bucket, environment, revision."""


class Cell(NamedTuple):
    """What happened in one place."""

    entries: int
    occurrences: int
    first: int
    last: int
    level: int

    def plus(self, other: Cell) -> Cell:
        return Cell(
            self.entries + other.entries,
            self.occurrences + other.occurrences,
            min(self.first, other.first),
            max(self.last, other.last),
            max(self.level, other.level),
        )


class Kept(NamedTuple):
    """Where a piece of evidence stands in the order of time; `key` is its identity."""

    time: int
    id: str
    key: int

    @property
    def place(self) -> int:
        """Where it stands in an order that has nothing to do with time; Fibonacci hashing spreads the keys."""
        return self.key * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF


class Instant(NamedTuple):
    """A moment, as its columns."""

    time: int
    key: int
    instance: str
    trace: str
    revision: str


@dataclass(slots=True)
class Tally:
    """All that one batch adds to one signature."""

    signature: Signature
    since: tuple[int, str, int]
    cells: dict[Place, Cell] = field(default_factory=dict)
    evidence: dict[Kept, Occurrence] = field(default_factory=dict)
    moments: list[Instant] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)

    def add(self, occurrence: Occurrence) -> None:
        head = occurrence.head
        first = micros(head.time)
        place = (first - first % BUCKET, clean(head.environment), clean(head.revision))
        cell = Cell(len(occurrence.entries), 1, first, micros(occurrence.last), int(occurrence.level))
        known = self.cells.get(place)
        self.cells[place] = known.plus(cell) if known else cell
        self.evidence[Kept(first, clean(head.id), head.key)] = occurrence
        self.moments.append(Instant(first, head.key, clean(head.instance), clean(head.trace), place[2]))
        self.users.update(e.user for e in occurrence.entries if e.user)
        self.clients.update(e.client for e in occurrence.entries if e.client)


def tally(sightings: Iterable[Sighting]) -> dict[str, Tally]:
    """By key of the signature, those that began first in front."""
    found: dict[str, Tally] = {}
    for sighting in sorted((s for s in sightings if s.signature), key=_order):
        signature = sighting.signature
        if signature is None:
            continue
        if signature.key not in found:
            found[signature.key] = Tally(signature, _order(sighting))
        found[signature.key].add(sighting.occurrence)
    return found


def _order(sighting: Sighting) -> tuple[int, str, int]:
    head = sighting.occurrence.head
    return (micros(head.time), sighting.signature.key if sighting.signature else "", head.key)


def choose(found: Sequence[Kept]) -> list[Kept]:
    """The first, the last and a few between, in order of time."""
    if len(found) <= 2:
        return sorted(found)
    spread = heapq.nsmallest(SPREAD, found, key=lambda k: (k.place, k.key))
    return sorted({min(found), max(found), *spread})


def newest(moments: Iterable[Instant]) -> list[Instant]:
    """The newest few, in order of time."""
    return sorted(moments)[-MOMENTS:]


def exhibit(occurrence: Occurrence) -> Entry:
    """An occurrence as one piece of evidence: its first entry, saying what all of them say together."""
    return replace(
        occurrence.head,
        text=bounded(occurrence.text, TEXT),
        level=occurrence.level,
        form=occurrence.form,
        site=occurrence.site or occurrence.head.site,
        failure=_short_failure(occurrence.failure or occurrence.head.failure),
        request=_short_request(occurrence.request or occurrence.head.request),
    )


def _short_failure(failure: Failure | None) -> Failure | None:
    return failure and replace(failure, message=bounded(failure.message, DETAIL))


def _short_request(request: Request | None) -> Request | None:
    return request and replace(request, url=bounded(request.url, DETAIL), agent=bounded(request.agent, DETAIL))
