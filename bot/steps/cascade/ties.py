"""How two clusters hang together: how often one comes with the other, compared with how often it comes at all."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from bot.models import Kind
from bot.steps.cascade.episodes import Episode

MARGIN = 120.0
"""How far around what both have in common either is counted; seconds, as everything here."""
SHARE = 0.6
"""Each must come with the other at least so often, while both are there."""
SHARE_OF_CAUSES = 0.5
"""... but a cause whose effect is an exit or a failed request may come without it half of the time."""
CHANCE = 0.1
"""A tie that would come about by chance more often than that is none."""

_SOME = 4
"""Fewer than so many lags say nothing of how they differ."""
_BURST = 1_800.0
"""Seconds that an outage lasts that both begin and end with."""
_CLOSE = 5.0
"""Lags that differ by no more than these seconds are alike, however often the cause comes."""

AROUND = 60.0
"""How long before and after a crash loop nobody may answer."""

Reach = tuple[float, float]
"""How long before and after the cause the effect may be."""
_LINES: Reach = (5, 5)
_RESTATED: Reach = (90, 90)
_CRASH: Reach = (5, 60)
_ASKED: Reach = (60, 5)
_REFUSED: Reach = (2, 2)
_TRACE: Reach = (90, 90)
_UNPLACED: Reach = (15, 15)


@dataclass(frozen=True, slots=True)
class Tie:
    """`times` of `among` occurrences of the effect came with the cause (a cluster's number), within `lag`.

    Without a lag they came while the cause went on.
    """

    cause: int
    times: int
    among: int
    lag: float
    after: bool
    mutual: bool
    """The cause, too, comes mostly with the effect."""
    effects: frozenset[int]
    """Which moments of the effect, by index."""

    def words(self) -> str:
        if not self.lag:
            return f"{self.times} of {self.among} times while cluster {self.cause} went on"
        where = "after" if self.after else "of"
        return f"{self.times} of {self.among} times within {max(1, ceil(self.lag))} s {where} cluster {self.cause}"


def tie(cause: Episode, effect: Episode) -> Tie | None:
    """What ties the two, or None where they only happen to overlap."""
    if cause.number == effect.number:
        return None
    if cause.service != effect.service and cause.traces.keys().isdisjoint(effect.traces):
        return None
    start = max(cause.times[0], effect.times[0]) - MARGIN
    end = min(cause.times[-1], effect.times[-1]) + MARGIN
    if start > end:
        return None
    first, last = effect.within(start, end)
    begin, stop = cause.within(start, end)
    among, causes = last - first, stop - begin
    if not among or not causes:
        return None
    akin = cause.akin(effect)
    shares = not cause.traces.keys().isdisjoint(effect.traces)
    reach = _reach(cause, effect, akin)
    lags = _lags(effect, first, last, cause, reach, akin, SHARE)
    if not lags:
        return None
    least = SHARE_OF_CAUSES if effect.effect else SHARE
    back = _lags(cause, begin, stop, effect, (reach[1], reach[0]), akin, least)
    if not shares and not _one_burst(cause, effect) and _anyhow(list(lags.values()), cause.times[begin:stop]):
        return None
    widest = max(0.001, *(abs(lag) for lag in lags.values()))
    if not back and not _part(cause, effect, len(lags), among, widest):
        return None
    return Tie(
        cause.number, len(lags), among, widest, all(lag >= 0 for lag in lags.values()), bool(back), frozenset(lags)
    )


def least(cause: Episode, effect: Episode) -> int:
    """So many moments of the effect have to come near the cause for a tie."""
    first, last = effect.within(
        max(cause.times[0], effect.times[0]) - MARGIN, min(cause.times[-1], effect.times[-1]) + MARGIN
    )
    return (last - first) - int((last - first) * (1 - SHARE))


def reach_among(effect: Episode, *, lines: bool) -> float:
    """How far from a moment of the effect a cause can be that is neither akin nor of one trace; `lines` are causes
    that are neither requests nor containers.
    """
    if effect.refused:
        return max(_REFUSED)
    return max(_LINES) if lines and not effect.effect else max(*_ASKED, *_CRASH)


def outage(cause: int, start: datetime, end: datetime, effect: Episode) -> Tie | None:
    """What ties requests that nobody answered to containers that kept failing: that they came just then."""
    first, last = effect.within(start.timestamp() - AROUND, end.timestamp() + AROUND)
    if last - first < 0.9 * len(effect.times):
        return None
    return Tie(cause, last - first, len(effect.times), 0, True, False, frozenset(range(first, last)))


def _lags(
    one: Episode, first: int, last: int, other: Episode, reach: Reach, akin: bool, share: float
) -> dict[int, float]:
    """How long after the nearest occurrence of the other each came; nothing at all where too few came with it."""
    found: dict[int, float] = {}
    spare = int((last - first) * (1 - share))
    for i in range(first, last):
        lag = _lag(one, i, other, reach, akin)
        if lag is not None:
            found[i] = lag
        elif spare == 0:
            return {}
        else:
            spare -= 1
    return found


def _part(cause: Episode, effect: Episode, times: int, among: int, widest: float) -> bool:
    """One of several effects of a cause: it comes (nearly) only with it, and hardly by chance."""
    if times < (0.8 * among if effect.effect else max(among, _SOME)):
        return False
    if effect.traces and all(t in cause.traces for t in effect.traces):
        return True
    covered = len(cause.times) * (2 * widest + 0.5) / (cause.times[-1] - cause.times[0] + MARGIN)
    return bool(covered**times <= CHANCE)


def _one_burst(cause: Episode, effect: Episode) -> bool:
    """Whether requests fail from when to when something else does that may be why, and not for long: no chance."""
    if cause.kind is Kind.HTTP or not effect.effect:
        return False
    begin, end = cause.times[0] - effect.times[0], cause.times[-1] - effect.times[-1]
    return max(abs(begin), abs(end)) <= AROUND and cause.times[-1] - cause.times[0] <= _BURST


def _anyhow(lags: list[float], causes: list[float]) -> bool:
    """Whether the lags differ as much as the causes are apart: then whatever happens meanwhile is near to one."""
    spread = max(lags) - min(lags)
    if min(len(lags), len(causes)) < _SOME or spread <= _CLOSE:
        return False
    return 2 * len(causes) * spread >= causes[-1] - causes[0]


def _reach(cause: Episode, effect: Episode, akin: bool) -> Reach:
    kinds = {cause.kind, effect.kind}
    if Kind.HTTP in kinds:
        if cause.refused or effect.refused:
            return _REFUSED
        return _ASKED if effect.kind is Kind.HTTP else (_ASKED[1], _ASKED[0])
    if Kind.PLATFORM in kinds or Kind.DEPLOYMENT in kinds:
        return _CRASH
    return _RESTATED if akin else _LINES


def _lag(one: Episode, index: int, other: Episode, reach: Reach, akin: bool) -> float | None:
    """How long after the nearest occurrence of the other, in the same place, it came."""
    moment, time = one.moments[index], one.times[index]
    best: float | None = None
    if moment.trace in other.traces:
        best = _nearest(time, other.traces[moment.trace], _TRACE)
    if best is None and moment.instance and moment.instance in other.places:
        best = _nearest(time, other.places[moment.instance], reach)
    if best is None and (not moment.instance or "" in other.places):
        times = other.times if not moment.instance else other.places[""]
        best = _nearest(time, times, (min(reach[0], _UNPLACED[0]), min(reach[1], _UNPLACED[1])))
    if best is None and akin:
        best = _nearest(time, other.times, reach)
    return best


def _nearest(time: float, times: list[float], reach: Reach) -> float | None:
    at = bisect_left(times, time)
    best: float | None = None
    if at < len(times) and times[at] - time <= reach[0]:
        best = time - times[at]
    if at and time - times[at - 1] <= reach[1] and (best is None or time - times[at - 1] < -best):
        best = time - times[at - 1]
    return best
