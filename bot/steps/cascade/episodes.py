"""When a cluster was active: its moments, cut where it was silent for long."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from bot.models import Cluster, Kind, Level, Moment

EPISODE = timedelta(hours=2)
"""After so much silence, the same problem is a new episode."""
AKIN = 4
"""So many words in common, and a fair part of all, and one may restate the other."""

_TROUBLE = re.compile(
    r"(?i)\b(?:error|exception|fail(?:ed|ure|ing|s)?|fatal|broken|refused|denied|reset|rejected|aborted|halted|lost"
    r"|timed[ -]out|timeout|unreachable|unauthori[sz]ed|forbidden|unable|slow|could not|cannot|crash(?:ed)?)\b"
    r"|_(?:failed|error|timeout)(?:\b|_)|(?:Error|Exception)\b|\brequired\b.{0,80}\b(?:missing|not set|unset|empty)\b"
)
_SLOW = re.compile(
    r"(?i)\bslow\b|\btook (?:too long|longer|<duration>)|\b(?:high|long) latency\b|\blatency threshold\b"
    r"|\bevent loop\b.{0,20}\bblock"
)
_WORD = re.compile(r"[A-Za-z][\w.-]{2,}")


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of a cluster's life."""

    number: int
    service: str
    kind: Kind
    rank: int
    """How specific it is: 2 names its cause, 1 is a weak hint, 0 tells only that something else went wrong."""
    status: int
    words: frozenset[str]
    moments: tuple[Moment, ...]
    thrown: str = ""
    """The type of the exception, where it was raised in a known place."""
    swept: bool = False
    """Requests for many routes, as one cluster."""
    times: list[float] = field(default_factory=list, compare=False)
    places: dict[str, list[float]] = field(default_factory=dict, compare=False)
    traces: dict[str, list[float]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for m in self.moments:
            time = m.time.timestamp()
            self.times.append(time)
            self.places.setdefault(m.instance, []).append(time)
            if m.trace:
                self.traces.setdefault(m.trace, []).append(time)

    @property
    def start(self) -> datetime:
        return self.moments[0].time

    @property
    def end(self) -> datetime:
        return self.moments[-1].time

    @property
    def cause(self) -> bool:
        return self.rank > 0

    @property
    def effect(self) -> bool:
        return self.kind in (Kind.PLATFORM, Kind.DEPLOYMENT, Kind.HTTP)

    @property
    def refused(self) -> bool:
        return self.kind is Kind.HTTP and self.status < 500

    @property
    def sweep(self) -> bool:
        """Somebody who tries doors: nothing that fails here brings that about."""
        return self.refused and self.swept

    @property
    def unanswered(self) -> bool:
        """Requests that no instance took."""
        return self.kind is Kind.HTTP and self.status == 503

    def akin(self, other: Episode) -> bool:
        """Whether both say so much the same that one may restate the other; what one type of exception says is alike
        wherever it is raised.
        """
        if self.thrown and self.thrown == other.thrown:
            return False
        shared = len(self.words & other.words)
        return shared >= AKIN and shared * 5 >= 2 * min(len(self.words), len(other.words))

    def without(self, indexes: frozenset[int]) -> Episode:
        left = tuple(m for i, m in enumerate(self.moments) if i not in indexes)
        return replace(self, moments=left, places={}, traces={}, times=[])

    def within(self, start: float, end: float) -> tuple[int, int]:
        """The range of moments in a span of time."""
        return bisect_left(self.times, start), bisect_right(self.times, end)


def episodes(cluster: Cluster) -> list[Episode]:
    """The episodes of a cluster, by time; none for what is never part of an incident."""
    rank = _rank(cluster)
    if rank is None or not cluster.moments:
        return []
    moments = sorted(cluster.moments, key=lambda m: m.time)
    busy = sorted(c.start for c in cluster.counts)
    parts = [[moments[0]]]
    for before, after in pairwise(moments):
        if after.time - before.time > EPISODE and _silent(busy, before.time, after.time):
            parts.append([])
        parts[-1].append(after)
    words = frozenset(w.lower() for w in _WORD.findall(cluster.template)[:60])
    return [
        Episode(
            cluster.number,
            cluster.service,
            cluster.kind,
            rank,
            cluster.signature.status,
            words,
            tuple(part),
            thrown=cluster.signature.exception if cluster.signature.site else "",
            swept=cluster.kind is Kind.HTTP and not (cluster.signature.route or cluster.signature.method),
        )
        for part in parts
    ]


def _rank(cluster: Cluster) -> int | None:
    if cluster.kind is Kind.SECURITY:
        return None
    if cluster.kind in (Kind.PLATFORM, Kind.DEPLOYMENT, Kind.HTTP):
        return 0
    if cluster.kind is Kind.EXCEPTION or cluster.level >= Level.ERROR:
        return 2
    if _SLOW.search(cluster.title) or _SLOW.search(cluster.template):
        return 2  # where it came first, everything that waits for it and gives up is a consequence
    return 1 if _TROUBLE.search(cluster.title) or _TROUBLE.search(cluster.template) else None


def _silent(busy: list[datetime], before: datetime, after: datetime) -> bool:
    """Whether no bucket between the two counted anything: moments are only a sample."""
    at = bisect_left(busy, before)
    last = before
    for start in busy[at:]:
        if start >= after:
            break
        if start - last > EPISODE:
            return True
        last = max(last, start)
    return after - last > EPISODE
