"""Entries to occurrences: a message that came as many entries is put together again.

Pieces of one message follow each other on one stream; other streams may stand between them. Whether an entry goes
on with a message is decided from that message alone, never from where a batch begins or ends: so the same entries
give the same occurrences however they were sliced, as long as what is still open is handed in again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.models import Assembled, Entry, Failure, Form, Level, Occurrence
from bot.steps.assemble.lines import Look, Shape, shape, source_echo
from bot.tracebacks import failure

GAP = timedelta(seconds=5)
"""A longer silence on a stream ends its message, whatever follows."""
LATE = timedelta(seconds=60)
"""How far behind the newest entry another may still arrive and find its place."""
OPEN = LATE + GAP
OPEN_ENTRIES = 20_000
"""At most so many entries stay open; beyond, the oldest messages are closed early."""
SPAN = timedelta(seconds=60)
LONGEST = 5_000
"""A message ends after so long, or so many entries: nothing grows for ever."""
TEXT_ENTRIES = 500
TEXT = 64 * 1024
"""How much of a message is in its text; further pieces are members only."""

_WRITE = timedelta(microseconds=200)
"""Pieces of one write follow each other closer than two writes do."""
_CALL = timedelta(milliseconds=1)
_REPORT = timedelta(seconds=2)
"""How long after "it failed" the stack of the same failure may come."""
_ONCE = timedelta(seconds=1)

_WHOLE = frozenset({Form.REQUEST, Form.PLATFORM, Form.AUDIT})


def assemble(entries: Sequence[Entry]) -> Assembled:
    """The occurrences that `entries` are, in order of time; those that may still grow are `open`."""
    unique = {e.key: e for e in entries}
    if not unique:
        return Assembled((), ())
    ordered = sorted(unique.values(), key=_order)
    newest = ordered[-1].time

    closed: list[Occurrence] = []
    growing: list[_Message] = []
    streams: dict[tuple[str, str, str, str], _Message] = {}
    for entry in ordered:
        if entry.structured or entry.form in _WHOLE:
            closed.append(_single(entry))
            continue
        looks = shape(entry.text)
        message = streams.get(entry.stream)
        if message is not None and message.goes_on(entry, looks):
            message.add(entry, looks)
        else:
            if message is not None:
                _settle(message, newest, closed, growing)
            streams[entry.stream] = _Message(entry, looks)
    for message in streams.values():
        _settle(message, newest, closed, growing)

    growing = _bounded(growing, closed)
    return Assembled(tuple(sorted(closed, key=_first)), tuple(sorted((m.occurrence() for m in growing), key=_first)))


def _order(entry: Entry) -> tuple[datetime, str, int]:
    return entry.order


def _first(occurrence: Occurrence) -> tuple[datetime, str, int]:
    return occurrence.entries[0].order


def _single(entry: Entry) -> Occurrence:
    return Occurrence((entry,), entry.text, entry.level, entry.form, entry.site, entry.failure, entry.request)


def _settle(message: _Message, newest: datetime, closed: list[Occurrence], growing: list[_Message]) -> None:
    if newest - message.last > OPEN:
        closed.append(message.occurrence())
    else:
        growing.append(message)


def _bounded(growing: list[_Message], closed: list[Occurrence]) -> list[_Message]:
    """Keeps the newest messages, whole; per stream the kept ones are its newest, so that order is not torn."""
    total = sum(len(m.entries) for m in growing)
    if total <= OPEN_ENTRIES:
        return growing
    growing.sort(key=lambda m: (m.last, m.entries[0].order))
    at = 0
    while at < len(growing) - 1 and total > OPEN_ENTRIES:
        total -= len(growing[at].entries)
        closed.append(growing[at].occurrence())
        at += 1
    return growing[at:]


class _Message:
    """A message being put together. All it knows comes from its own entries."""

    __slots__ = (
        "announced", "caret", "chains", "entries", "go", "headed",
        "last", "loud", "opens", "python", "raised", "traced",
    )  # fmt: skip

    def __init__(self, entry: Entry, looks: Shape) -> None:
        self.entries = [entry]
        self.last = entry.time
        self.headed = looks.look is Look.HEADED
        self.loud = entry.level >= Level.WARNING
        self.opens = self.announced = looks.opens
        self.caret = looks.caret or source_echo(entry.text)
        self.traced = looks.traced
        self.python = looks.python
        self.chains = looks.chains
        self.raised = looks.look is Look.RAISED
        self.go = entry.text.startswith(("panic: ", "goroutine ", "fatal error: "))

    def goes_on(self, entry: Entry, looks: Shape) -> bool:
        """Whether `entry`, the next on the stream, is a further piece of this message."""
        gap = entry.time - self.last
        if gap > GAP or len(self.entries) >= LONGEST or entry.time - self.entries[0].time > SPAN:
            return False
        look = looks.look
        if look is Look.HEADED:
            return False
        if look is Look.BLANK or look is Look.CLOSER:
            return gap <= _ONCE
        if look is Look.INDENTED:
            return gap <= _ONCE or self.traced or self.python
        if look is Look.LINK:
            return self.traced or self.raised or self.go or (self.headed and gap <= _REPORT)
        if look is Look.CALL and self.go:
            return True
        if look is Look.RAISED:
            return self._explained_by(gap)
        if self.opens or self.announced:
            return gap <= _CALL
        if self.headed and (self.loud or entry.level < Level.WARNING):
            return gap <= _WRITE
        return (self.raised or self.python or self.caret) and gap <= _WRITE

    def _explained_by(self, gap: timedelta) -> bool:
        """Whether an exception that follows is the one this message announced."""
        if self.python or self.caret or self.chains:
            return True
        if self.traced or self.raised:
            return False
        return gap <= (_REPORT if self.headed and self.loud else _CALL) and (self.headed or self.opens)

    def add(self, entry: Entry, looks: Shape) -> None:
        self.entries.append(entry)
        self.last = entry.time
        self.loud = self.loud or entry.level >= Level.WARNING
        if looks.look is not Look.BLANK:
            self.opens = looks.opens
            self.chains = looks.chains
            self.announced = self.announced and looks.look is not Look.PLAIN
            self.caret = looks.caret or (self.caret and looks.look is Look.INDENTED)
        if looks.look is Look.RAISED:
            self.raised = True
            self.python = looks.python
        elif looks.python:
            self.python = True
        self.traced = self.traced or looks.traced
        self.go = self.go or entry.text.startswith("goroutine ")

    def occurrence(self) -> Occurrence:
        entries = self.entries
        head = entries[0]
        if len(entries) == 1:
            found = head.failure or (failure(head.text) if self.traced else None)
            level = max(head.level, Level.ERROR) if found and head.level is Level.DEFAULT else head.level
            form = Form.EXCEPTION if found else head.form
            return Occurrence((head,), head.text[:TEXT], level, form, head.site, found, head.request)
        text = "\n".join(e.text for e in entries[:TEXT_ENTRIES])[:TEXT]
        found = failure(text) or _only(e.failure for e in entries)
        level = max(e.level for e in entries)
        if found and level is Level.DEFAULT:
            level = Level.ERROR
        form = Form.EXCEPTION if found else head.form
        site = head.site or next((e.site for e in entries if e.site), None)
        return Occurrence(tuple(entries), text, level, form, site, found, head.request)


def _only(found: Iterable[Failure | None]) -> Failure | None:
    return next((f for f in found if f is not None), None)
