"""Pictures in text: the rise and fall of a cluster in one line."""

from __future__ import annotations

from collections.abc import Sequence

from bot.models import BUCKET, Cluster, Window

BARS = "▁▂▃▄▅▆▇█"
"""The first stands for nothing at all; one occurrence already shows as the second."""


def sparkline(values: Sequence[int]) -> str:
    """One bar for each value, the highest as high as the line."""
    top = max(values, default=0)
    if top <= 0:
        return BARS[0] * len(values)
    steps = len(BARS) - 2
    return "".join(BARS[1 + round(steps * value / top)] if value > 0 else BARS[0] for value in values)


def spread(cluster: Cluster, window: Window, bins: int) -> list[int]:
    """Occurrences per equal piece of the window, of at most `bins` pieces and none shorter than a bucket. What lies
    outside is left out; a bucket that reaches into the window from before counts in the first piece."""
    bins = max(1, min(bins, int(window.span / BUCKET)))
    values = [0] * bins
    piece = window.span / bins
    for count in cluster.counts:
        if window.start - BUCKET < count.start <= window.end:
            place = int((count.start - window.start) / piece) if piece else 0
            values[max(0, min(bins - 1, place))] += count.occurrences
    return values


def trendline(cluster: Cluster, window: Window, bins: int = 16) -> str:
    """The sparkline of a cluster over a window; empty where the window is too short to have a shape."""
    values = spread(cluster, window, bins)
    return sparkline(values) if len(values) > 2 else ""
