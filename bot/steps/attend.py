"""Whether what a person said of a cluster still holds: silences end by themselves when what happens is not what was
silenced.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.models import Cluster, Count, Severity, Stance, Stand

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FACTOR, MORE = 3, 10
"""So many times what it was, and at least so many more within an hour, is not what was silenced."""
DRAINING = timedelta(minutes=30)
"""How long a revision that was there when the problem was called resolved may still show it."""


def stance(
    cluster: Cluster,
    stand: Stand,
    who: str,
    now: datetime,
    severity: Severity,
    *,
    whom: str = "",
    why: str = "",
    lasting: timedelta | None = None,
    later: bool = False,
) -> Stance:
    """What a person says, with what the cluster is like now, from which a change is told later."""
    return Stance(
        cluster=cluster.number,
        stand=stand,
        who=who,
        at=now,
        whom=whom,
        why=why,
        until=now + lasting if lasting else None,
        peak=peak(c for c in cluster.counts if c.start > now - DAY),
        severity=severity,
        revisions=cluster.revisions,
        later=later,
    )


def ended(said: Stance, now: datetime, cluster: Cluster | None, severity: Severity | None) -> str:
    """Why it does not hold any more, in words; empty where it holds. No cluster: nothing new was seen of it."""
    if said.until is not None and said.until <= now:
        return "its time is over"
    if cluster is None or not said.silences:
        return ""
    if severity is not None and said.severity is not None and severity < said.severity:
        return f"it went from {said.severity} to {severity}"
    since = [c for c in cluster.counts if c.start >= said.at]
    return _returned(said, since) if said.stand is Stand.RESOLVED else _louder(said, since)


def _returned(said: Stance, since: list[Count]) -> str:
    """Seen on a revision that had not shown it, or on one that had, long after it was called resolved there."""
    for count in since:
        fresh = bool(count.revision) and count.revision not in said.revisions
        if fresh:
            return f"it was seen again on revision {count.revision}"
        if not said.later and count.start > said.at + DRAINING:
            return f"it was seen again at {count.start:%H:%M} UTC" + (f" on {count.revision}" if count.revision else "")
    return ""


def _louder(said: Stance, since: list[Count]) -> str:
    now = peak(since)
    if now >= max(FACTOR * said.peak, said.peak + MORE):
        return f"{now} times within an hour; it was {said.peak} at most when it was {said.stand}"
    return ""


def peak(counts: Iterable[Count]) -> int:
    """The most occurrences within an hour."""
    recent: list[Count] = []
    most = 0
    for count in sorted(counts, key=lambda c: c.start):
        recent = [c for c in recent if c.start > count.start - HOUR] + [count]
        most = max(most, sum(c.occurrences for c in recent))
    return most
