"""Entries to occurrences: a message that came as many entries is put together again.

Pieces of one message follow each other on one stream; other streams may stand between them. Whether an entry goes
on with a message is decided from that message alone, never from where a batch begins or ends: so the same entries
give the same occurrences however they were sliced, as long as what is still open is handed in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter

from bot.models import Assembled, Entry, Form, Level, Occurrence, Window
from bot.steps.assemble.lines import shape
from bot.steps.assemble.messages import GAP, REPORT, SPAN, Message
from bot.steps.assemble.rollouts import TOLD, Rollout, failed
from bot.steps.assemble.sweeps import GAP as SWEEP_GAP
from bot.steps.assemble.sweeps import Burst, broken, burst_of, refused
from bot.steps.assemble.twins import joined, last_of, together

LATE = timedelta(seconds=60)
"""How far behind the newest entry another may still arrive and find its place."""
OPEN = LATE + GAP
OPEN_ENTRIES = 20_000
"""At most so many entries stay open; beyond, the oldest messages are closed early."""

_Stream = tuple[str, str, str, str]


def assemble(entries: Sequence[Entry], until: datetime | None = None, seams: Sequence[Window] = ()) -> Assembled:
    """The occurrences that `entries` are, in order of time; those that may still grow are `open`.

    `until` is up to when was read, where others of which nothing can be made are newer than these. Beside `seams`
    something is still to be read: what may be part of that stays open, however old it is.
    """
    unique = {e.key: e for e in entries}
    if not unique:
        return Assembled((), ())
    ordered = sorted(unique.values(), key=_order)
    newest = max(ordered[-1].time, until or ordered[-1].time)
    closed: list[Occurrence] = []
    said: list[Entry] = []
    asked: list[Entry] = []
    rolled: list[Entry] = []
    for entry in ordered:
        form = entry.form
        if form is Form.LINE or form is Form.EXCEPTION:
            said.append(entry)
        elif refused(entry) or broken(entry):
            asked.append(entry)
        elif failed(entry):
            rolled.append(entry)
        else:
            closed.append(_single(entry))

    growing = []
    for unit in chain(_messages(said, closed), _bursts(asked), _rollouts(rolled)):
        if newest - unit.last > unit.patience and not (seams and any(map(unit.beside, seams))):
            closed += unit.occurrences
        else:
            growing.append(unit)
    growing = _bounded(growing, closed)
    still = (o for unit in growing for o in unit.occurrences)
    return Assembled(tuple(sorted(closed, key=_first)), tuple(sorted(still, key=_first)))


class _Unit:
    """What is closed together, or stays open together."""

    __slots__ = ("last", "occurrences", "patience", "reach")

    def __init__(self, occurrences: list[Occurrence], last: datetime, patience: timedelta, reach: timedelta) -> None:
        self.occurrences = occurrences
        self.last = last
        self.patience = patience
        self.reach = reach
        """How long before its first entry another may be that it goes on with."""

    @property
    def start(self) -> tuple[datetime, str, int]:
        return _first(self.occurrences[0])

    @property
    def size(self) -> int:
        return sum(len(o.entries) for o in self.occurrences)

    def beside(self, seam: Window) -> bool:
        return self.last >= seam.start - self.patience and self.start[0] <= seam.end + self.reach


def _messages(ordered: Sequence[Entry], closed: list[Occurrence]) -> list[_Unit]:
    """What was logged in words; entries that are complete in themselves go to `closed` at once."""
    messages: list[Message] = []
    streams: dict[_Stream, Message] = {}
    reported: dict[_Stream, Message] = {}
    torn: dict[_Stream, Message] = {}
    for entry in ordered:
        if entry.structured:
            if entry.level < Level.WARNING and entry.failure is None:
                closed.append(_single(entry))
                continue
            message = Message(entry, shape(entry.text))
            messages.append(message)
            reported[entry.stream] = message
            continue
        looks, stream = shape(entry.text), entry.stream
        current = streams.get(stream)
        head = reported.get(stream)
        if (before := torn.get(stream)) is not None and before.ends_with(entry, looks):
            torn.pop(stream).add(entry, looks)
        elif current is not None and current.led_by(entry, looks):
            current.lead(entry, looks)
        elif current is not None and current.goes_on(entry, looks):
            current.add(entry, looks)
        elif head is not None and head.reports(entry, looks):
            streams[stream] = reported.pop(stream)
            head.add(entry, looks)
        else:
            reported.pop(stream, None)
            if current is not None and current.python:
                torn[stream] = current
            streams[stream] = message = Message(entry, looks)
            messages.append(message)
    return [
        _Unit([together(group)], last_of(group), OPEN, REPORT if group[0].headed else SPAN)
        for group in joined(messages)
    ]


def _bursts(ordered: Sequence[Entry]) -> list[_Unit]:
    """Requests that failed: refused ones by client, others by service."""
    found: list[Burst] = []
    running: dict[tuple[str, str, int], Burst] = {}
    for entry in ordered:
        burst = running.get(whose := burst_of(entry))
        if burst is not None and burst.goes_on(entry):
            burst.add(entry)
        else:
            running[whose] = burst = Burst(entry)
            found.append(burst)
    return [_Unit(b.occurrences(), b.last, LATE + SWEEP_GAP, SWEEP_GAP) for b in found]


def _rollouts(ordered: Sequence[Entry]) -> list[_Unit]:
    """What the platform says of rollouts that failed."""
    found: list[Rollout] = []
    running: dict[str, Rollout] = {}
    for entry in ordered:
        whose = entry.workload or entry.service
        rollout = running.get(whose)
        if rollout is not None and rollout.goes_on(entry):
            rollout.add(entry)
        else:
            running[whose] = rollout = Rollout(entry)
            found.append(rollout)
    return [_Unit([r.occurrence()], r.last, LATE + TOLD, TOLD) for r in found]


_order = attrgetter("time", "id", "key")
"""As `Entry.order`, in a third of the time."""


def _first(occurrence: Occurrence) -> tuple[datetime, str, int]:
    return _order(occurrence.entries[0])


def _single(entry: Entry) -> Occurrence:
    return Occurrence((entry,), entry.text, entry.level, entry.form, entry.site, entry.failure, entry.request)


def _bounded(growing: list[_Unit], closed: list[Occurrence]) -> list[_Unit]:
    """Keeps the newest, whole; per stream the kept ones are its newest, so that order is not torn."""
    total = sum(unit.size for unit in growing)
    if total <= OPEN_ENTRIES:
        return growing
    growing.sort(key=lambda unit: (unit.last, unit.start))
    at = 0
    while at < len(growing) - 1 and total > OPEN_ENTRIES:
        total -= growing[at].size
        closed += growing[at].occurrences
        at += 1
    return growing[at:]
