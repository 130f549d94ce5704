"""Pictures in text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import Count, Window
from bot.render.charts import sparkline, spread, trendline
from tests.samples import NOW, cluster


def test_nothing_and_little_differ() -> None:
    """Nothing is the lowest bar, one of a thousand the second, the most the highest."""
    assert sparkline([0, 1, 1000]) == "▁▂█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_buckets_fall_into_their_piece() -> None:
    """What lies outside of the window is left out; the bucket that reaches into it counts."""
    window = Window(NOW - timedelta(hours=4), NOW)
    starts = [NOW - timedelta(hours=5), NOW - timedelta(hours=4, minutes=3), NOW - timedelta(hours=1, minutes=30), NOW]
    found = replace(cluster(), counts=tuple(Count(s, "production", "r", 1, n) for n, s in enumerate(starts, 1)))
    assert spread(found, window, 4) == [2, 0, 3, 4]


def test_a_moment_has_no_shape() -> None:
    """No chart of a window that is hardly longer than a bucket."""
    assert trendline(cluster(), Window(NOW - timedelta(minutes=6), NOW)) == ""
