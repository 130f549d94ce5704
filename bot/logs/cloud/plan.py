"""What is to be read of a source now, decided from what was read and what is still to be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import Aim, Source, Stretch, Window

OVERLAP = timedelta(minutes=2)
"""How far before its last question a round begins again: the service shows an entry some seconds after it came."""
FIRST = timedelta(hours=24)
"""How far back the very first round looks."""
FRESH = timedelta(minutes=15)
"""What was not asked for longer than that is not read in order: its newest piece comes first. Two questions for late
entries become one only where no more than that lies between them, for all that arrived there is read again."""
NEWEST = timedelta(minutes=5)
OLDEST = timedelta(days=400)
"""How much older than its arrival an entry may be and still be seen."""
_UNREAD = (Aim.FIRST, Aim.GAP)
_IN_ORDER = (Aim.NEWS, *_UNREAD)
ORDER = (Aim.NEWS, Aim.FIRST, Aim.GAP, Aim.LATE, Aim.PAST)
"""What is read first: what happens now, then what was missed, oldest first, then what came late."""


def news(
    source: Source,
    pending: Sequence[Stretch],
    now: datetime,
    since: timedelta | None,
    *,
    remembered: timedelta,
    known: bool,
) -> list[Stretch]:
    """What a round adds to what is pending. `known`: other sources were read before, so this is not the beginning;
    `remembered`: how old an entry may be and still be recognised if it is read again."""
    name = source.name
    asked = source.asked_until
    if asked is None:
        aim = Aim.PAST if known else Aim.FIRST
        return _stretches(name, aim, now - (since or FIRST), now)
    asked = min(asked, now)
    start = asked - OVERLAP
    unread = next((s for s in pending if s.aim is Aim.NEWS and _untouched(s)), None)
    low = unread.start if unread else start
    low = min(low, max(now - since, now - remembered)) if since else low
    newest = low if now - low <= FRESH else now - NEWEST
    again = unread is not None and newest == unread.start
    found = [replace(unread, end=now)] if unread and again else _stretches(name, Aim.NEWS, newest, now)
    found += _merged(pending, _stretches(name, Aim.GAP, low, newest))
    waiting = [s for s in pending if s.aim is Aim.LATE and _untouched(s)]
    if not (unread and any(s.end >= _since(unread, pending) for s in waiting)):
        near = next((s for s in waiting if s.arrived and start - s.arrived <= FRESH), None)
        late = Stretch(0, name, Aim.LATE, now - OLDEST, start, now - OLDEST, arrived=start)
        found.append(replace(near, end=start) if near else late)
    if since:
        found += past(source, pending, now - since)
    return found


def past(source: Source, pending: Sequence[Stretch], start: datetime) -> list[Stretch]:
    """What lies between a time and the beginning of what was ever asked for."""
    return _stretches(source.name, Aim.PAST, start, source.since) if source.since else []


def heir(stretch: Stretch, pending: Sequence[Stretch]) -> str:
    """The lane of what follows a stretch: what is still open at its end may go on there."""
    after = [s for s in pending if s.aim in _IN_ORDER and s.id != stretch.id and s.start >= stretch.start]
    return min(after, key=lambda s: s.start).lane if after and stretch.aim in _IN_ORDER else stretch.source


def seams(stretch: Stretch, pending: Sequence[Stretch]) -> tuple[Window, ...]:
    """Where something is still to be read beside what is read in the order of time."""
    return tuple(Window(s.end - OVERLAP, s.end) for s in pending if s.aim in _UNREAD and stretch.aim in _IN_ORDER)


def _stretches(source: str, aim: Aim, start: datetime, end: datetime) -> list[Stretch]:
    return [Stretch(0, source, aim, start, end, start)] if start < end else []


def _untouched(stretch: Stretch) -> bool:
    return not stretch.token and stretch.at == stretch.start


def _since(unread: Stretch, pending: Sequence[Stretch]) -> datetime:
    """Where what nobody began to read begins: what arrives late before it is read is read with it."""
    since = unread.start
    for gap in sorted((s for s in pending if s.aim is Aim.GAP and _untouched(s)), key=lambda s: s.start, reverse=True):
        since = gap.start if gap.start < since <= gap.end else since
    return since


def _merged(pending: Sequence[Stretch], gaps: Sequence[Stretch]) -> list[Stretch]:
    """A gap that goes on where something ends that nobody began to read makes that longer: failing rounds do not pile
    up pieces."""
    unread = sorted(
        (s for s in pending if s.aim in (Aim.NEWS, Aim.GAP) and _untouched(s)), key=lambda s: s.aim is Aim.GAP
    )
    out = []
    for gap in gaps:
        before = next((s for s in unread if s.start <= gap.start <= s.end), None)
        out.append(replace(before, aim=Aim.GAP, end=max(before.end, gap.end)) if before else gap)
    return out
