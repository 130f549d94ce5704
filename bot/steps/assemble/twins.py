"""Messages that are one call's: logged twice, once as a structure and once as text, or with its reason in a line after.

A logger with two handlers writes each call twice; a process that gives up says so in a second line. Either would
count one failure as two problems. Whether two messages belong together is decided from the two alone, and only
where they are so close that both are still open together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.masks import bare
from bot.models import Occurrence
from bot.steps.assemble.messages import SPAN, TEXT, Message

_TWICE = timedelta(seconds=1)
"""Two handlers of one logger write one after the other; output that is buffered comes a little later."""
_NEXT = timedelta(milliseconds=20)
"""The statement after the one that reported the failure, in the same handler."""
_SHORTEST = 8
"""Fewer characters say too little to be recognised: `failed`, `error:`."""
_SENTENCE = 16
"""Fewer characters may stand in anything."""
_FIRST = 4
"""Among so many entries an exception's words stand, where each line is one."""
_TAGS = re.compile(r"^(?:\[[^\]\n]{1,80}\] ?){1,3}")
_TYPE = re.compile(r"(?:\[[^\]\n]{1,80}\] ?){0,3}(?:\w{1,80}(?:\.|::)){0,9}[A-Z]\w{1,80}(?:: | \()")
_SEQUEL = re.compile(
    r"\W{0,8}(?:(?:[\w-]{1,30}(?: |\]\[)){0,4}(?:details?|reason|cause|hint|stack ?trace|traceback)\]?\s?:"
    r"|(?:error|exception|err)[ _]?(?:type|message|msg|class|name|code|details?|args|text|body)\s?:"
    r"|(?:response|status)[ _](?:body|text|code)\s?:"
    r"|(?:[^,;\n]{1,80}[,;] )?(?:shutting down|exiting|aborting|terminating|quitting|giving up)\b)",
    re.I,
)
"""A line that names itself the reason or a part of what was just reported, or says goodbye because of it."""
_PROCESS = re.compile(r"\(pid: ?(\d{1,9})\)")
_WRITER = re.compile(r"\[[^\]\n]{10,40}\] \[(\d{1,9})\] \[[A-Z]")
"""The process that a line is about, and the one that wrote it."""
_ENDING = timedelta(seconds=2)
"""How long it may take from a supervisor's word on one of its processes to the process's own, and to its end."""
_PRELUDE = re.compile(r"SQL Error: -?\d+, SQLState: \w+$|fail$|context\":\"Job raised exception\"")
"""A statement that says nothing by itself; the next one of the same logger does."""
_LETTER = re.compile(r"\w")

Place = tuple[str, str]


def joined(messages: Sequence[Message]) -> list[list[Message]]:
    """The messages, by time, in groups that are one call's; most are alone."""
    groups: list[list[Message]] = []
    of: dict[int, list[Message]] = {}
    places = {id(m): _place(m) for m in messages if m.loud}
    forms: dict[Place, set[bool]] = {}
    for message in messages:
        if message.loud:
            forms.setdefault(places[id(message)], set()).add(message.structured)
    waiting: dict[tuple[Place, object], list[Message]] = {}
    before: dict[tuple[Place, str, bool], Message] = {}
    ending: dict[tuple[Place, str, str], Message] = {}
    for message in sorted(messages, key=lambda m: m.entries[0].order):
        if not message.loud:
            groups.append([message])
            continue
        place, instance = places[id(message)], message.entries[0].instance
        partner = _partner(message, waiting, place) if len(forms[place]) > 1 else None
        if partner is None:
            last = before.get((place, instance, message.structured))
            partner = last if last is not None and _follows(message, of[id(last)]) else None
            if partner is None and last is not None and _announced(message, last):
                partner = last
        if partner is None:
            partner = _told_of(message, ending, place)
        before[place, instance, message.structured] = message
        if partner is None:
            group: list[Message] = []
            groups.append(group)
        else:
            group = of[id(partner)]
        group.append(message)
        of[id(message)] = group
    return groups


def last_of(group: Sequence[Message]) -> datetime:
    return group[0].last if len(group) == 1 else max(m.last for m in group)


def together(group: Sequence[Message]) -> Occurrence:
    """What the messages of one call say: in the words of the one that has the exception, with all entries."""
    if len(group) == 1:
        return group[0].occurrence()
    found = [m.occurrence() for m in group]
    told = [o for o in found[1:] if _SEQUEL.match(_words(o.text))]
    versions = [o for o in found if o not in told and not _PRELUDE.match(_words(o.text))] or found
    lead = max(versions, key=lambda o: (o.failure is not None and o.failure.frame is not None, o.failure is not None))
    return Occurrence(
        entries=tuple(sorted((e for o in found for e in o.entries), key=lambda e: e.order)),
        text="\n".join([lead.text, *(o.text for o in told)])[:TEXT],
        level=max(o.level for o in found),
        form=lead.form,
        site=next((o.site for o in found if o.site and o.site.function), lead.site),
        failure=lead.failure,
        request=next((o.request for o in found if o.request), None),
    )


def _place(message: Message) -> Place:
    head = message.entries[0]
    return (head.workload or head.service, head.revision)


def _partner(message: Message, waiting: dict[tuple[Place, object], list[Message]], place: Place) -> Message | None:
    """The same words, or the same exception, in the other form just before; each is taken once."""
    head = message.entries[0]
    keys = _keys(message)
    for key in keys:
        others = waiting.get((place, key), [])
        others[:] = [o for o in others if head.time - o.entries[0].time <= _TWICE]
        for other in others:
            there = other.entries[0].instance
            if other.structured is not message.structured and (there == head.instance or not (there and head.instance)):
                for known in _keys(other):
                    waiting[place, known] = [o for o in waiting[place, known] if o is not other]
                return other
    for key in keys:
        waiting.setdefault((place, key), []).append(message)
    return None


def _keys(message: Message) -> list[object]:
    """What makes it recognisable in its other form."""
    words = _words(message.entries[0].text)
    head = message.entries[0]
    failure, logger = head.failure, head.site.module if head.structured and head.site else ""
    if len(words) < _SHORTEST:
        words = logger = ""
    named = f"{logger} {words}" if logger else ""
    return [k for k in (words, named, failure if failure and failure.message else "") if k]


def _follows(message: Message, group: list[Message]) -> bool:
    """Whether the message goes on where the last of the group ended."""
    head = message.entries[0]
    last = last_of(group)
    if not timedelta(0) <= head.time - last <= _NEXT or head.time - group[0].entries[0].time > SPAN:
        return False
    before = group[-1].entries[0]
    if head.site and before.site and head.site.module != before.site.module:
        return False  # another part of the code tells of the same in its own words
    return bool(_SEQUEL.match(_words(head.text)) or _PRELUDE.match(_words(before.text)))


def _announced(message: Message, before: Message) -> bool:
    """Whether the message is an exception in the very words of the line just before."""
    if message.entries[0].time - before.last > _NEXT or before.traced:
        return False
    words = _words(_TAGS.sub("", bare(before.entries[0].text[:2_000]), count=1)).rstrip(".")
    return len(words) >= _SENTENCE and any(_raised(e.text, words) for e in message.entries[:_FIRST])


def _raised(text: str, words: str) -> bool:
    line = text[: 2 * len(words) + 400].partition("\n")[0].rstrip(" ):.")
    return line.endswith(words) and _TYPE.fullmatch(line[: -len(words)]) is not None


def _told_of(message: Message, ending: dict[tuple[Place, str, str], Message], place: Place) -> Message | None:
    """What was last said of the process that the message is about, or was written by, just before."""
    head = message.entries[0]
    about = _PROCESS.search(head.text[:300])
    process = about or _WRITER.match(head.text)
    if process is None:
        return None
    key = (place, head.instance, process[1])
    last = ending.get(key)
    if about:
        ending[key] = message
    return last if last is not None and head.time - last.entries[0].time <= _ENDING else None


def _words(text: str) -> str:
    """The first line that says something, without time, level and ornaments in front."""
    for line in bare(text[:2_000].lstrip()).split("\n", 8)[:8]:
        if found := _LETTER.search(line):
            return line[found.start() :].strip()
    return ""
