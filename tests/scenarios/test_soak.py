"""Months of rounds, time compressed: memory, the cost of a round and the size of the database stay flat."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bench.soak import COST, GROWTH, Soaked, soak


def held(done: Soaked, cost: float = COST, growth: float = GROWTH) -> None:
    assert done.cost < cost
    assert done.growth < growth
    assert done.size < done.bound


def test_some_days_stay_flat(tmp_path: Path) -> None:
    """Nine days, two rounds a day, two restarts; in so short a time caches and problems are still filling."""
    held(soak(9, timedelta(hours=12), tmp_path), cost=2.0, growth=16e6)


@pytest.mark.campaign
def test_ninety_days_stay_flat(tmp_path: Path, seed: int) -> None:
    """A round an hour, a restart every third day, a flood now and then, a new problem each week."""
    held(soak(90, timedelta(hours=1), tmp_path, seed))
