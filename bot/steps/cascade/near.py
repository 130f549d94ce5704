"""Which episodes can be tied at all: those that come near each other often enough. All others need no look.

Whatever ties two episodes is a trace, likeness of their words, or that most occurrences of one come within a short
reach of the other, in one service. So each is looked up by its traces, its rarer words, and the times around its
moments, and compared with what is found there instead of with everything.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from bot.steps.cascade.episodes import AKIN, Episode
from bot.steps.cascade.ties import least, reach_among

_SLACK = 0.01
"""Seconds; what is reckoned here is only where to look."""


class Near:
    """Episodes to be looked up by what comes near them."""

    def __init__(self, episodes: Sequence[Episode]) -> None:
        self._episodes = episodes
        self._lines = all(not e.effect for e in episodes)
        moments: dict[str, list[tuple[float, int]]] = {}
        self._traced: dict[str, list[int]] = {}
        self._wordy: dict[str, list[int]] = {}
        self._common = Counter(w for e in episodes for w in e.words)
        for i, e in enumerate(episodes):
            moments.setdefault(e.service, []).extend((t, i) for t in e.times)
            for trace in e.traces:
                self._traced.setdefault(trace, []).append(i)
            for word in self._rarer(e):
                self._wordy.setdefault(word, []).append(i)
        for found in moments.values():
            found.sort()
        self._times = {service: [t for t, _ in found] for service, found in moments.items()}
        self._owners = {service: [i for _, i in found] for service, found in moments.items()}

    def of(self, effect: Episode) -> set[int]:
        """Indexes of all that may be a cause of the effect; some of them are none."""
        found = set[int]().union(*(self._traced.get(trace, ()) for trace in effect.traces))
        found.update(*(self._wordy.get(word, ()) for word in self._rarer(effect)))
        for i, times in self._around(effect).items():
            if i not in found and times >= least(self._episodes[i], effect):
                found.add(i)
        return found

    def _around(self, effect: Episode) -> Counter[int]:
        """How many moments of the effect each episode of its service comes near to."""
        times, owners = self._times.get(effect.service, []), self._owners.get(effect.service, [])
        reach = reach_among(effect, lines=self._lines) + _SLACK
        counted: Counter[int] = Counter()
        for time in effect.times:
            counted.update(set(owners[bisect_left(times, time - reach) : bisect_right(times, time + reach)]))
        return counted

    def _rarer(self, episode: Episode) -> list[str]:
        """All its words but the most common: who shares as many as it takes to be akin shares one of these."""
        ordered = sorted(episode.words, key=lambda w: (self._common[w], w))
        return ordered[: max(0, len(ordered) - AKIN + 1)]
