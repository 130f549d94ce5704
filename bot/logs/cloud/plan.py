"""What is to be read of a source now, decided from what was read and what is still to be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import Aim, Source, Stretch

OVERLAP = timedelta(minutes=2)
"""How far before its last question a round begins again: the service shows an entry some seconds after it came."""
FIRST = timedelta(hours=24)
"""How far back the very first round looks."""
FRESH = timedelta(minutes=15)
"""What was not asked for longer than that is not read in order: its newest piece comes first."""
NEWEST = timedelta(minutes=5)
OLDEST = timedelta(days=400)
"""How much older than its arrival an entry may be and still be seen."""
ORDER = (Aim.NEWS, Aim.LATE, Aim.FIRST, Aim.GAP, Aim.PAST)
"""What is read first: what happens now, then what was missed, oldest first."""


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
    low = min(start, max(now - since, now - remembered)) if since else start
    newest = low if now - low <= FRESH else now - NEWEST
    found = _stretches(name, Aim.NEWS, newest, now)
    found += _merged(pending, _stretches(name, Aim.GAP, low, newest))
    late = Stretch(0, name, Aim.LATE, now - OLDEST, start, now - OLDEST, arrived=start)
    waiting = next((s for s in pending if s.aim is Aim.LATE and not s.token and s.at == s.start), None)
    found.append(replace(waiting, end=start) if waiting else late)
    if since:
        found += past(source, pending, now - since)
    return found


def past(source: Source, pending: Sequence[Stretch], start: datetime) -> list[Stretch]:
    """What lies between a time and the beginning of what was ever asked for."""
    return _stretches(source.name, Aim.PAST, start, source.since) if source.since else []


def _stretches(source: str, aim: Aim, start: datetime, end: datetime) -> list[Stretch]:
    return [Stretch(0, source, aim, start, end, start)] if start < end else []


def _merged(pending: Sequence[Stretch], gaps: Sequence[Stretch]) -> list[Stretch]:
    """A gap that goes on where one ends that nobody began to read makes that one longer."""
    out = []
    for gap in gaps:
        before = next(
            (
                s
                for s in pending
                if s.aim is Aim.GAP and not s.token and s.at == s.start and s.start <= gap.start <= s.end
            ),
            None,
        )
        out.append(replace(before, end=max(before.end, gap.end)) if before else gap)
    return out
