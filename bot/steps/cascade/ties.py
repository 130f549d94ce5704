"""How two clusters hang together: how often one comes with the other, compared with how often it comes at all."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.models import Kind, Moment
from bot.steps.cascade.episodes import Episode

MARGIN = timedelta(minutes=2)
"""How far around what both have in common either is counted."""
SHARE = 0.5
"""Each must come with the other at least so often, while both are there."""
_LINES = (timedelta(seconds=5), timedelta(seconds=5))
_RESTATED = (timedelta(seconds=90), timedelta(seconds=90))
_CRASH = (timedelta(seconds=5), timedelta(seconds=60))
_ASKED = (timedelta(seconds=60), timedelta(seconds=5))
_REFUSED = (timedelta(seconds=2), timedelta(seconds=2))
_TRACE = (timedelta(seconds=90), timedelta(seconds=90))
_UNPLACED = (timedelta(seconds=15), timedelta(seconds=15))


@dataclass(frozen=True, slots=True)
class Tie:
    """`times` of `among` occurrences of the effect came with the cause, within `lag`."""

    times: int
    among: int
    lag: timedelta
    after: bool
    effects: frozenset[int]
    """Which moments of the effect, by index."""

    def words(self, cause: int) -> str:
        seconds = max(1, round(self.lag.total_seconds() + 0.499))
        where = "after" if self.after else "of"
        return f"{self.times} of {self.among} times within {seconds} s {where} cluster {cause}"


def tie(cause: Episode, effect: Episode) -> Tie | None:
    """What ties the two, or None where they only happen to overlap."""
    if cause.number == effect.number:
        return None
    akin = cause.akin(effect)
    if cause.service != effect.service and not (cause.traces.keys() & effect.traces.keys()):
        return None
    start = max(cause.start, effect.start) - MARGIN
    end = min(cause.end, effect.end) + MARGIN
    if start > end:
        return None
    first, last = effect.within(start, end)
    begin, stop = cause.within(start, end)
    if first == last or begin == stop:
        return None
    reach = _reach(cause, effect, akin)
    lags = {i: lag for i in range(first, last) if (lag := _lag(effect.moments[i], cause, reach, akin)) is not None}
    back = (reach[1], reach[0])
    hit = sum(_lag(cause.moments[i], effect, back, akin) is not None for i in range(begin, stop))
    among = last - first
    if len(lags) < SHARE * among or not lags:
        return None
    if hit < SHARE * (stop - begin) and not _part(cause, effect, len(lags), among):
        return None
    widest = max(abs(lag) for lag in lags.values())
    after = all(lag >= timedelta(0) for lag in lags.values())
    return Tie(len(lags), among, widest, after, frozenset(lags))


def _part(cause: Episode, effect: Episode, times: int, among: int) -> bool:
    """One of several effects of a cause: it comes (nearly) only with it, by the same trace or on the same instance."""
    if not effect.effect or times < 0.8 * among:
        return False
    if effect.traces and all(t in cause.traces for t in effect.traces):
        return True
    span = (cause.end - cause.start) + MARGIN
    return len(cause.moments) * timedelta(seconds=4) < 0.25 * span


def _reach(cause: Episode, effect: Episode, akin: bool) -> tuple[timedelta, timedelta]:
    """How long before and after the cause the effect may be."""
    kinds = {cause.kind, effect.kind}
    if Kind.HTTP in kinds:
        if cause.refused or effect.refused:
            return _REFUSED
        return _ASKED if effect.kind is Kind.HTTP else (_ASKED[1], _ASKED[0])
    if Kind.PLATFORM in kinds or Kind.DEPLOYMENT in kinds:
        return _CRASH
    return _RESTATED if akin else _LINES


def _lag(moment: Moment, other: Episode, reach: tuple[timedelta, timedelta], akin: bool) -> timedelta | None:
    """How long after the nearest occurrence of the other, in the same place, it came."""
    best: timedelta | None = None
    if moment.trace in other.traces:
        best = _nearest(moment.time, other.traces[moment.trace], _TRACE)
    if best is None and moment.instance and moment.instance in other.places:
        best = _nearest(moment.time, other.places[moment.instance], reach)
    if best is None and (not moment.instance or "" in other.places):
        times = other.times if not moment.instance else other.places[""]
        best = _nearest(moment.time, times, (min(reach[0], _UNPLACED[0]), min(reach[1], _UNPLACED[1])))
    if best is None and akin:
        best = _nearest(moment.time, other.times, reach)
    return best


def _nearest(time: datetime, times: list[datetime], reach: tuple[timedelta, timedelta]) -> timedelta | None:
    at = bisect_left(times, time)
    found = [time - times[i] for i in (at - 1, at) if 0 <= i < len(times)]
    fit = [d for d in found if -reach[0] <= d <= reach[1]]
    return min(fit, key=abs) if fit else None
