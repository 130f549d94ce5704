"""Whether a problem is new, rising, steady, falling or quiet, from its counts per bucket."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.models import Cluster, Trend

QUIET = timedelta(hours=1)
NEW = timedelta(hours=1)
_SPAN = timedelta(minutes=30)
_ENOUGH = 5
"""Fewer occurrences than that are no rate."""


def trend(cluster: Cluster, now: datetime) -> Trend:
    """The newest half hour beside the half hour before it."""
    if now - cluster.last_seen > QUIET:
        return Trend.QUIET
    if now - cluster.first_seen <= NEW:
        return Trend.NEW
    recent = before = 0
    for count in cluster.counts:
        age = now - count.start
        if age < _SPAN:
            recent += count.occurrences
        elif age < 2 * _SPAN:
            before += count.occurrences
    if recent + before < _ENOUGH:
        return Trend.STEADY
    if recent >= 2 * before:
        return Trend.RISING
    return Trend.FALLING if 2 * recent <= before else Trend.STEADY
