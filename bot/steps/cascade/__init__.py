"""Clusters that are one incident: what begins together, again and again, with its root first.

An incident is an episode. Its causes are exceptions and error lines that come together; exits, failed probes,
failed deployments and failed requests are attached to the causes that they follow. The same symptom may so be part
of many incidents, at different times. What merely overlaps in time is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.models import Cluster, Incident, Kind
from bot.steps.cascade.episodes import EPISODE, Episode, episodes
from bot.steps.cascade.known import identified
from bot.steps.cascade.near import Near
from bot.steps.cascade.ties import MARGIN, Tie, outage, tie

_NAMED = 4


def cascade(clusters: Sequence[Cluster], known: Sequence[Incident]) -> list[Incident]:
    """The incidents among `clusters`, by time. One that is `known` keeps its id; a new one has 0."""
    everything = [e for c in clusters for e in episodes(c)]
    causes = [e for e in everything if e.cause]
    effects = [e for e in everything if not e.cause and e.effect]

    groups = [_Group(members) for members in _joined(causes)]
    at = [(i, cause) for i, g in enumerate(groups) for cause in g.causes]
    near = Near([cause for _, cause in at])

    def rest(effect: Episode) -> Episode:
        fits: dict[int, list[Episode]] = {}
        for i, cause in (at[n] for n in sorted(near.of(effect))):
            fits.setdefault(i, []).append(cause)
        return _attach(effect, groups, fits)

    loose = [left for e in sorted(effects, key=_stops_first) if (left := e if e.sweep else rest(e)).moments]
    groups += [_Group(members) for members in _joined(loose) if _telling(members)]

    found = sorted((g for g in groups if len(g.numbers()) > 1), key=lambda g: (-g.size(), g.start))
    return identified(_disjoint(found), known)


def _stops_first(effect: Episode) -> tuple[bool, datetime, int]:
    """Stopped containers come first: failed deployments, and requests that nobody answered, belong to them."""
    return (effect.kind is not Kind.PLATFORM, effect.start, effect.number)


def _attach(effect: Episode, groups: list[_Group], near: Mapping[int, list[Episode]]) -> Episode:
    """Gives each occurrence of the effect to the group it fits best; what is left over is returned.

    `near` has the causes of each group that may be tied to it.
    """
    since, until = effect.start - EPISODE, effect.end + EPISODE
    looked = range(len(groups)) if effect.unanswered else near
    fits = [
        (effect.kind is Kind.DEPLOYMENT and g.crashes, found.mutual, found.times, -found.lag, -i, found)
        for i in looked
        if (i in near or groups[i].crashes)
        and (g := groups[i]).start <= until
        and g.end >= since
        and (found := g.tie(effect, near.get(i, ())))
    ]
    gone: set[int] = set()
    for *_, at, found in sorted(fits, key=lambda f: f[:5], reverse=True):
        left = found.effects - gone
        if 2 * len(left) >= found.times:
            groups[-at].attach(effect, replace(found, effects=left))
            gone |= left
    return effect.without(frozenset(gone)) if gone else effect


class _Group:
    """Causes that come together, and the effects attached to them."""

    def __init__(self, causes: list[Episode]) -> None:
        self.causes = sorted(causes, key=_earliest)
        self.effects: list[tuple[Episode, Tie]] = []
        self.start = min(c.start for c in causes)
        self.end = max(c.end for c in causes)
        self.crashes = False

    def tie(self, effect: Episode, near: Iterable[Episode]) -> Tie | None:
        """The strongest tie between the effect and one of the causes near it."""
        ties = [found for c in near if (found := tie(c, effect))]
        if ties:
            return max(ties, key=lambda t: (t.mutual, t.times, -t.lag))
        crash = self.crashes and effect.service == self.causes[0].service
        return outage(self.causes[0].number, self.start, self.end, effect) if crash and effect.unanswered else None

    def attach(self, effect: Episode, found: Tie) -> None:
        self.effects.append((effect, found))
        self.crashes = self.crashes or effect.kind is Kind.PLATFORM
        self.start = min([self.start, *(effect.moments[i].time for i in found.effects)])
        self.end = max([self.end, *(effect.moments[i].time for i in found.effects)])

    def numbers(self) -> set[int]:
        return {c.number for c in self.causes} | {e.number for e, _ in self.effects}

    def size(self) -> int:
        return sum(len(c.moments) for c in self.causes) + sum(t.times for _, t in self.effects)

    def without(self, numbers: set[int]) -> _Group | None:
        """The group without some of its clusters; None where nothing is left to be a root."""
        causes = [c for c in self.causes if c.number not in numbers]
        if not causes:
            return None
        group = _Group(causes)
        for effect, found in self.effects:
            if effect.number not in numbers:
                group.attach(effect, found)
        return group

    def incident(self) -> Incident:
        root = self.causes[0]
        order = [(c.start, c.number) for c in self.causes[1:]] + [(e.start, e.number) for e, _ in self.effects]
        symptoms = [n for n in dict.fromkeys(n for _, n in sorted(order)) if n != root.number]
        return Incident(0, root.number, (root.number, *symptoms), self.start, self.end, self._reason(root, symptoms))

    def _reason(self, root: Episode, symptoms: list[int]) -> str:
        members = {e.number: e for e in (*self.causes[1:], *(e for e, _ in self.effects))}
        parts = []
        for number in symptoms[:_NAMED]:
            found = tie(root, members[number]) or next((t for e, t in self.effects if e.number == number), None)
            if found:
                parts.append(f"cluster {number}: {found.words()}")
            else:
                parts.append(f"cluster {number} came with others of these")
        if len(symptoms) > _NAMED:
            parts.append(f"and {len(symptoms) - _NAMED} more")
        return "; ".join(parts)


def _earliest(episode: Episode) -> tuple[int, datetime, int]:
    return (-episode.rank, episode.start, episode.number)


def _joined(found: list[Episode]) -> list[list[Episode]]:
    """Episodes that are tied to each other, directly or through others."""
    found = sorted(found, key=lambda e: (e.start, e.number))
    parent = list(range(len(found)))

    def top(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    near = Near(found)
    lasts = [e.times[-1] + 2 * MARGIN for e in found]
    for i, episode in enumerate(found):
        for j in near.of(episode):
            if j < i and lasts[j] >= episode.times[0] and top(i) != top(j) and tie(found[j], episode):
                parent[top(i)] = top(j)
    groups: dict[int, list[Episode]] = {}
    for i, episode in enumerate(found):
        groups.setdefault(top(i), []).append(episode)
    return list(groups.values())


def _telling(members: list[Episode]) -> bool:
    """Refused requests alone are no incident: nothing failed, and what somebody tries in one go is one problem."""
    return not all(m.refused for m in members)


def _disjoint(groups: list[_Group]) -> list[Incident]:
    """No cluster in two incidents at the same time: the larger one keeps it."""
    taken: dict[int, list[tuple[datetime, datetime]]] = {}
    out = []
    for group in groups:
        clash = {n for n in group.numbers() if any(s <= group.end and group.start <= e for s, e in taken.get(n, ()))}
        kept = group.without(clash) if clash else group
        if kept is None or len(kept.numbers()) < 2:
            continue
        for number in kept.numbers():
            taken.setdefault(number, []).append((kept.start, kept.end))
        out.append(kept.incident())
    return sorted(out, key=lambda i: (i.start, i.root))
