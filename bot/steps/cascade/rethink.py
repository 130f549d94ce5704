"""What to think anew when something was read, and what becomes of the incidents that were known there.

An incident depends on all that happened around it, so the unit of thinking is a stretch: activity without a pause as
long as an episode's. Everything in the stretches that something new fell into is thought anew; what is found there
takes the place of what was known there. So it is of no account in how many pieces the logs were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.models import BUCKET, MOMENTS, Cluster, Incident, Window
from bot.steps.cascade import cascade
from bot.steps.cascade.episodes import EPISODE, Episode, episodes

PAUSE = EPISODE + BUCKET
"""What is further apart has nothing to do with each other; an episode's end is only known by the bucket."""
FAR = timedelta(days=1)
"""Where there never is a pause, a stretch still ends so far from what is new."""


@dataclass(frozen=True, slots=True)
class Rethought:
    """What is to be kept, and what is known and was not found again."""

    incidents: tuple[Incident, ...]
    withdrawn: tuple[Incident, ...] = ()


def joined(windows: Iterable[Window], pause: timedelta) -> list[Window]:
    """In order of time; those no further apart than the pause become one."""
    out: list[Window] = []
    for w in sorted(windows, key=lambda w: (w.start, w.end)):
        if out and w.start - out[-1].end <= pause:
            out[-1] = Window(out[-1].start, max(out[-1].end, w.end))
        else:
            out.append(w)
    return out


def widened(window: Window, margin: timedelta) -> Window:
    return Window(window.start - margin, window.end + margin)


def stretch(new: Window, busy: Iterable[Window]) -> Window:
    """The activity around what is new, up to the next pause, and never further than FAR."""
    start, end = new.start, new.end
    for w in joined([*busy, new], PAUSE):
        if w.start <= new.start and new.end <= w.end:
            start, end = w.start, w.end
    return Window(max(start, new.start - FAR), min(end, new.end + FAR))


def begun(cluster: Cluster, since: datetime) -> Cluster:
    """The cluster as if it had begun then."""
    if cluster.first_seen >= since:
        return cluster
    return replace(cluster, moments=tuple(m for m in cluster.moments if m.time >= since))


def reach(clusters: Sequence[Cluster], stretches: Sequence[Window]) -> list[Window]:
    """The stretches, as wide as the longest episodes that touch them."""
    own = [Window(e.start, e.end) for c in clusters for e in episodes(c) if _touches(e, stretches, PAUSE)]
    return joined([*own, *stretches], PAUSE)


def rethink(
    clusters: Sequence[Cluster],
    known: Sequence[Incident],
    stretches: Sequence[Window],
    reached: Sequence[Window],
    begin: datetime | None = None,
) -> Rethought:
    """The incidents of the stretches, found among `clusters`: all that were seen in what the stretches reach, as if
    they had begun at `begin`.

    Moments are kept in a bounded number; of an incident that began before those of its members, the beginning stays.
    """
    since = {c.number: _known_from(c, begin) for c in clusters if 0 < len(c.moments) < c.occurrences}
    found = cascade([_within(c, reached) for c in clusters], known)

    ids = {i.id for i in found if i.id}
    old = {k.id: k for k in known}
    here = {k.id for k in known if _touches(k, stretches)}
    kept = [i for i in found if i.id in here or _touches(i, stretches)]
    kept = [_with_beginning(i, old[i.id], kept, since) if i.id else i for i in kept]
    lost = [k for k in known if k.id not in ids]
    now: dict[int, list[Incident]] = {}
    for i in kept:
        for n in i.clusters:
            now.setdefault(n, []).append(i)
    instead = {k.id for k in lost if any(_overlap(k, i) for n in k.clusters for i in now.get(n, ()))}
    gone = [k for k in lost if (k.id in here and not _dim(k, since)) or k.id in instead]
    return Rethought(tuple(kept), tuple(gone))


def _known_from(cluster: Cluster, begin: datetime | None) -> datetime:
    first = min(m.time for m in cluster.moments)
    return first if begin is None or len(cluster.moments) >= MOMENTS else min(first, begin)


def _touches(what: Episode | Incident, windows: Iterable[Window], margin: timedelta = timedelta(0)) -> bool:
    return any(what.start <= w.end + margin and w.start - margin <= what.end for w in windows)


def _within(cluster: Cluster, windows: Sequence[Window]) -> Cluster:
    """The cluster as if only those of its episodes were known that touch the windows."""
    kept = tuple(m for e in episodes(cluster) if _touches(e, windows) for m in e.moments)
    return replace(cluster, moments=kept)


def _overlap(one: Incident, other: Incident) -> bool:
    return one.start <= other.end and other.start <= one.end and not set(one.clusters).isdisjoint(other.clusters)


def _dim(known: Incident, since: Mapping[int, datetime]) -> bool:
    """It began before what is still known of one of its members."""
    return any(since[n] > known.start for n in known.clusters if n in since)


def _with_beginning(
    incident: Incident, known: Incident, others: Sequence[Incident], since: Mapping[int, datetime]
) -> Incident:
    if not _dim(known, since) or known.start > incident.end:
        return incident
    forgotten = [n for n in known.clusters if n in since and since[n] > known.start and n not in incident.clusters]
    begun = replace(incident, start=min(known.start, incident.start))
    for whole in (replace(begun, clusters=(*begun.clusters, *forgotten)), begun):
        if not any(_overlap(whole, o) for o in others if o.root != incident.root or o.start != incident.start):
            return whole
    return incident


def came_alone(cluster: Cluster, incidents: Iterable[Incident]) -> bool:
    """Whether it was ever seen outside of all incidents that it is part of."""
    own = [i for i in incidents if cluster.number in i.clusters]
    times = (cluster.first_seen, *(m.time for m in cluster.moments))
    return any(not any(i.start <= time <= i.end for i in own) for time in times)
