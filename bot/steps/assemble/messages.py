"""One message being put together from the entries it came as. All it knows comes from its own entries."""

# ruff: noqa: SIM905 - a list of plain words is read more easily as words

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from bot.masks import heading
from bot.models import Entry, Failure, Form, Level, Occurrence
from bot.steps.assemble.lines import Look, Shape, said, source_echo
from bot.tracebacks import failure

GAP = timedelta(seconds=5)
"""A longer silence on a stream ends its message, whatever follows."""
SPAN = timedelta(seconds=60)
LONGEST = 5_000
"""A message ends after so long, or so many entries: nothing grows for ever."""
TEXT_ENTRIES = 500
TEXT = 64 * 1024
"""How much of a message is in its text; further pieces are members only."""

_WRITE = timedelta(microseconds=200)
"""Pieces of one write follow each other closer than two writes do."""
_PRINTED = timedelta(microseconds=500)
"""Lines without a heading that are printed one after the other follow each other closer than this."""
_CALL = timedelta(milliseconds=1)
_SLOWLY = timedelta(milliseconds=2)
"""What follows an exception below a heading: where a logger writes headings, a line without one goes on."""
REPORT = timedelta(seconds=2)
"""How long after "it failed" the stack of the same failure may come."""
_ONCE = timedelta(seconds=1)
_SAID = 600
_ENDS = ("panic: ", "fatal error: ")
_USAGE = ("usage: ", "Usage: ")
"""How a command begins to say that it was called wrongly; what was wrong stands below."""
_DYING = "<--- Last few GCs"
"""How Node begins to say that it ran out of memory, in one go."""
_BARE = re.compile(
    r"(?i)(?:\b|_)(?:failed|failure|errors?|exception|crashed|wrong)\W*$|^\W*$"
    r"|\b(?:unable to|cannot|can't|could not|couldn't|failed to)\b[^:]*$"
)
"""An announcement that does not say what went wrong."""
_NAMED = re.compile(r"\b[A-Z]\w{0,80}(?:Error|Exception)(?=: )")
"""An exception that is told of by its type and in its own words."""
_ROOT = re.compile(r"(?i)\broot cause\W*$")
"""How Java's servers say that what follows is what the exception that they name is due to."""
_ADVICE = re.compile(r"(?:DEPRECATION )?WARNING: |\[DEP\w{1,20}\] |\(node:\d+\) ")
"""How a warning begins that is made of sentences."""
_PLACED = re.compile(
    r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M [\w.$]{1,200} [\w$<>]{1,80}$"
    r"|(?:\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? )?/?(?:[\w.@-]{1,80}/){1,20}[\w.-]{1,80}\.\w{1,4}:\d{1,7}$"
)
"""A line that only says where in the code the next one was written."""
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[0-9]{4,}")
_COMMON = frozenset(
    "error errors exception failed failure warn warning info debug critical fatal panic runtime with from this that "
    "when while could cannot have been main root traceback uncaught unhandled message code".split()
)
"""Words that say nothing of what failed."""


class Message:
    """A message being put together. All it knows comes from its own entries."""

    __slots__ = (
        "announced", "caret", "chains", "entries", "go", "headed", "headless", "hollow", "last", "logged",
        "loud", "opens", "orphan", "placed", "python", "raised", "structured", "tag", "traced",
    )  # fmt: skip

    def __init__(self, entry: Entry, looks: Shape) -> None:
        self._begin(entry, looks)

    def _begin(self, entry: Entry, looks: Shape) -> None:
        self.entries = [entry]
        self.last = entry.time
        self.structured = entry.structured
        self.headed = entry.structured or looks.look is Look.HEADED or bool(looks.tag)
        self.loud = entry.level >= Level.WARNING or entry.failure is not None
        self.opens = self.announced = looks.opens
        self.caret = looks.caret or source_echo(entry.text)
        self.headless = False
        """The first line says only where the rest was written."""
        self.placed = not entry.structured and bool(_PLACED.match(entry.text.strip()))
        self.traced = looks.traced
        self.python = looks.python
        self.chains = looks.chains
        self.raised = looks.look is Look.RAISED
        self.go = entry.text.startswith(("panic: ", "goroutine ", "fatal error: "))
        self.tag = looks.tag
        self.logged = looks.logged
        self.hollow = looks.hollow
        self.orphan = _headless(entry, looks)
        """Only frames so far, or the line above them: what they belong to may have got a time just after theirs."""

    def goes_on(self, entry: Entry, looks: Shape) -> bool:
        """Whether `entry`, the next on the stream, is a further piece of this message."""
        gap = entry.time - self.last
        if gap > GAP or len(self.entries) >= LONGEST or entry.time - self.entries[0].time > SPAN:
            return False
        if looks.tag != self.tag and looks.tag:
            return False
        if looks.logged and (self.hollow or looks.hollow):
            return self.hollow and looks.logged == self.logged and gap <= _SLOWLY
        if self.tag and entry.text.startswith(self.tag):
            return gap <= _ONCE
        look = looks.look
        if self.entries[0].text.startswith(_DYING):
            return gap <= _SLOWLY
        if self.placed and gap <= _CALL:
            return True
        if look is Look.HEADED:
            return False
        if look is Look.BLANK and entry.level >= Level.WARNING and not self.loud:
            return False
        if look is Look.BLANK or look is Look.CLOSER:
            return gap <= _ONCE
        if look is Look.INDENTED:
            return gap <= _ONCE or self.traced or self.python
        if look is Look.LINK:
            return (
                self.traced or self.raised or self.go or (gap <= REPORT if self.headed else self.loud and gap <= _WRITE)
            )
        if look is Look.CALL and self.go:
            return True
        if look is Look.DETAIL or self.entries[0].text.startswith(_USAGE):
            return gap <= _CALL
        if look is Look.RAISED:
            return self._explained_by(entry, looks, gap)
        if self.opens or self.announced:
            return gap <= _CALL
        if self.headed and (self.loud or entry.level < Level.WARNING):
            return gap <= (_SLOWLY if self.loud or self.raised else _WRITE)
        if self.loud and (entry.level is Level.DEFAULT or self._runs_on(entry)):
            return gap <= _PRINTED
        return (self.raised or self.python or self.caret) and gap <= _WRITE

    def _runs_on(self, entry: Entry) -> bool:
        """Whether a line is the rest of a sentence, or a further one of a warning, whatever words are in it."""
        first, begun = self.entries[0].text, self.entries[-1].text.rstrip()
        if entry.text[:1].islower() and begun[-1:].isalnum() and not first[:1].islower():
            return True
        return self.entries[0].level is Level.WARNING is entry.level and bool(_ADVICE.match(first))

    def _explained_by(self, entry: Entry, looks: Shape, gap: timedelta) -> bool:
        """Whether an exception that follows is the one this message announced."""
        if self.python or self.caret or self.chains:
            return True
        if self.raised or (self.traced and not (self.headed and gap <= _SLOWLY)):
            return False
        if gap > (REPORT if self.headed and self.loud else _CALL) or not (self.headed or self.opens or self.loud):
            return False
        return self._tells_of(entry, looks, gap)

    def _tells_of(self, entry: Entry, looks: Shape, gap: timedelta) -> bool:
        """Whether this is about the exception that begins with `entry`: it leaves open what failed, speaks of the same
        things, or was written in one go with it; or the exception has its stack with it, which nobody prints of one
        that was dealt with. What ends the process is only told of in its own words.
        """
        said, raised = self.entries[0].text[:_SAID], entry.text[:_SAID]
        if (named := _NAMED.search(said)) and named[0] not in raised and not _ROOT.search(said):
            return False
        open_ended = gap <= _CALL or self.opens or _BARE.search(said.partition("\n")[0])
        if (open_ended or looks.traced) and not raised.startswith(_ENDS):
            return True
        return not _words(said).isdisjoint(_words(raised))

    def ends_with(self, entry: Entry, looks: Shape) -> bool:
        """Whether this is the exception of a Python traceback that other lines were written into."""
        raised = looks.look is Look.RAISED and not looks.traced
        return raised and self.python and timedelta(0) <= entry.time - self.last <= _ONCE

    def reports(self, entry: Entry, looks: Shape) -> bool:
        """Whether this structured entry is what the traceback that begins with `entry` belongs to: some loggers write
        the words as JSON and leave the traceback to the runtime, which prints it as lines.
        """
        gap = entry.time - self.last
        return looks.look is Look.RAISED and not self.traced and gap <= REPORT and self._tells_of(entry, looks, gap)

    def led_by(self, entry: Entry, looks: Shape) -> bool:
        """Whether `entry` is the head of frames that came before it: lines of one write may change places."""
        return (
            self.orphan
            and entry.time - self.last <= _CALL
            and (
                (looks.look is Look.RAISED and (looks.python or not self.python))
                or (looks.look is Look.HEADED and entry.level >= Level.WARNING)
            )
        )

    def lead(self, entry: Entry, looks: Shape) -> None:
        """Puts the head in front of its frames."""
        frames, traced, python = self.entries, self.traced, self.python
        self._begin(entry, looks)
        self.entries += frames
        self.traced, self.python = self.traced or traced, self.python or python

    def add(self, entry: Entry, looks: Shape) -> None:
        if looks.look is Look.RAISED and self.traced and not (self.raised or self.python):
            self.entries.insert(self._above_frames(), entry)
        else:
            self.entries.append(entry)
        self.last = entry.time
        self.headless = self.headless or self.placed
        self.placed = False
        self.orphan = self.orphan and _headless(entry, looks)
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

    def _above_frames(self) -> int:
        """Where an exception belongs that came after its first frames."""
        return next((i for i, e in enumerate(self.entries) if i and e.text[:1] in " \t"), len(self.entries))

    def _piece(self, entry: Entry) -> str:
        if self.hollow:
            return said(entry.text)
        return entry.text.removeprefix(self.tag).removeprefix(" ") if self.tag else entry.text

    def occurrence(self) -> Occurrence:
        entries = self.entries
        head = entries[0]
        if len(entries) == 1:
            found = head.failure or (failure(head.text) if self.traced else None)
            level = max(head.level, Level.ERROR) if found and head.level is Level.DEFAULT else head.level
            form = Form.EXCEPTION if found else head.form
            return Occurrence((head,), head.text[:TEXT], level, form, head.site, found, head.request)
        pieces = entries[1:TEXT_ENTRIES]
        lead = pieces.pop(0) if self.hollow or self.headless else head
        text = "\n".join([lead.text, *map(self._piece, pieces)])[:TEXT]
        found = failure(text) or _only(e.failure for e in entries)
        told = self.headed and not self.traced and Level.DEFAULT < head.level < Level.ERROR
        told = told and (head.level < Level.WARNING or heading(head.text) is not None)
        level = head.level if told else max(e.level for e in entries)
        if found and (level is Level.DEFAULT or (self.traced and not self.headed and level < Level.ERROR)):
            level = Level.ERROR  # that somebody printed a stack says more than the words in front of it
        form = Form.EXCEPTION if found else head.form
        site = head.site or next((e.site for e in entries if e.site), None)
        ordered = tuple(sorted(entries, key=lambda e: e.order))
        return Occurrence(ordered, text, level, form, site, found, head.request)


def _headless(entry: Entry, looks: Shape) -> bool:
    """Whether it only ever stands inside a stack trace, or is the line that Python writes above its frames."""
    if looks.look is Look.LINK:
        return True
    return looks.traced and (looks.look is Look.INDENTED or entry.text.strip() == "Traceback (most recent call last):")


def _words(text: str) -> set[str]:
    return {w.lower() for w in _WORD.findall(text)} - _COMMON


def _only(found: Iterable[Failure | None]) -> Failure | None:
    return next((f for f in found if f is not None), None)
