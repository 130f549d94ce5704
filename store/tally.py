"""What sightings come to, signature by signature, before it is written down. Pure.

Everything kept of occurrences is a function of the set of them alone, not of their order nor of how they were
sliced: sums, smallest and largest, and choices by time or by a hash of the key.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from bot.models import MOMENTS, Entry, Failure, Occurrence, Request, Sighting, Signature
from store.codec import MICROSECOND, bounded, clean, micros

BUCKET = timedelta(minutes=5) // MICROSECOND
SPREAD = 8
"""Evidence kept beside the first and the last."""
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


class Instant(NamedTuple):
    """A moment, as its columns."""

    time: int
    key: int
    instance: str
    trace: str
    revision: str


@dataclass(slots=True)
class Tally:
    """All that one batch adds to one signature; of evidence and moments no more than may be kept."""

    signature: Signature
    since: tuple[int, str, int]
    cells: dict[Place, Cell]
    evidence: dict[Kept, Occurrence]
    moments: list[Instant]
    users: set[str]
    clients: set[str]


def tally(sightings: Iterable[Sighting]) -> dict[str, Tally]:
    """By key of the signature, those that began first in front."""
    own: dict[str, list[Occurrence]] = {}
    named: dict[str, tuple[datetime, int, Signature]] = {}
    for sighting in sightings:
        signature, occurrence = sighting.signature, sighting.occurrence
        if signature is None:
            continue
        head, key = occurrence.entries[0], signature.key
        if key not in own:
            own[key] = [occurrence]
            named[key] = (head.time, head.key, signature)
        else:
            own[key].append(occurrence)
            if (head.time, head.key) < named[key][:2]:
                named[key] = (head.time, head.key, signature)
    found = [_tallied(signature, own[key]) for key, (_, _, signature) in named.items()]
    return {each.signature.key: each for each in sorted(found, key=lambda each: each.since)}


_newer = attrgetter("time", "key")


def _tallied(signature: Signature, occurrences: Sequence[Occurrence]) -> Tally:
    heads = sorted([o.entries[0] for o in occurrences], key=_newer)
    first, last = heads[0].time, heads[-1].time
    telling = [o for o in occurrences if o.entries[0].time in (first, last)]
    telling += heapq.nsmallest(SPREAD, occurrences, key=lambda o: spread(o.entries[0].key))
    people = [e for o in occurrences for e in o.entries]
    return Tally(
        signature,
        (micros(first), signature.key, heads[0].key),
        _cells(occurrences),
        {_kept(o.entries[0]): o for o in telling},
        [_instant(head) for head in heads[-MOMENTS:]],
        {e.user for e in people if e.user},
        {e.client for e in people if e.client},
    )


def _cells(occurrences: Iterable[Occurrence]) -> dict[Place, Cell]:
    found: dict[Place, list[int]] = {}
    for o in occurrences:
        entries, level = o.entries, o.level
        head = entries[0]
        first = last = micros(head.time)
        size = len(entries)
        if size > 1:
            last = micros(entries[-1].time)
        place = (first - first % BUCKET, head.environment, head.revision)
        cell = found.get(place)
        if cell is None:
            found[place] = [size, 1, first, last, level]
            continue
        cell[0] += size
        cell[1] += 1
        if first < cell[2]:
            cell[2] = first
        if last > cell[3]:
            cell[3] = last
        if level > cell[4]:
            cell[4] = level
    cells: dict[Place, Cell] = {}
    for (bucket, environment, revision), sums in found.items():
        written, done = (bucket, clean(environment), clean(revision)), Cell(*sums)
        cells[written] = cells[written].plus(done) if written in cells else done
    return cells


def _kept(head: Entry) -> Kept:
    return Kept(micros(head.time), clean(head.id), head.key)


def _instant(head: Entry) -> Instant:
    return Instant(micros(head.time), head.key, clean(head.instance), clean(head.trace), clean(head.revision))


def spread(key: int) -> int:
    """Where an entry stands in an order that has nothing to do with time; Fibonacci hashing spreads the keys."""
    return key * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF


def choose(found: Sequence[Kept]) -> list[Kept]:
    """The first, the last and a few between, in order of time."""
    if len(found) <= 2:
        return sorted(found)
    between = heapq.nsmallest(SPREAD, found, key=lambda k: spread(k.key))
    return sorted({min(found), max(found), *between})


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
