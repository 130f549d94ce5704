"""However a window of logs arrives, it comes to the same problems with the same counts."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.demo.replay import Replay
from bot.demo.week import week
from bot.models import Batch, Policy, Window
from bot.ports import Edges
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.scenarios import real

Raw = dict[str, Any]
SLICE = timedelta(minutes=5)


class AsItComes(Replay):
    """Gives all entries in one batch, in the order in which they were handed in."""

    def __init__(self, entries: Sequence[Raw]) -> None:
        super().__init__(entries)
        self.as_given = list(entries)

    def read(self, window: Window) -> Any:
        yield Batch(self.as_given)


def time(raw: Raw) -> datetime:
    return datetime.fromisoformat(raw["timestamp"])


def tally(pieces: Iterable[Sequence[Raw]], folder: Path) -> tuple[Any, Any]:
    """The partition of entries into clusters, and what was counted, after a round over each piece."""
    store = open_store(":memory:")
    seen: dict[int, str] = {}
    for piece in pieces:
        if not piece:
            continue
        logs = AsItComes(piece)
        tracker = LocalTracker(str(folder / "tracker.db"))
        edges = Edges(logs, None, Patterns(), tracker, store, logs.now, Policy())
        reading = pipeline.collect(
            edges,
            store.rounds.begin("test", logs.window(None, None), logs.now()),
            logs.window(None, None),
            members=True,
        )
        seen.update({e.key: e.id for e in reading.members})
    return came_to(store, list(seen))


def came_to(store: Store, keys: Sequence[int]) -> tuple[Any, Any]:
    """The partition of these entries into clusters, and what was counted."""
    groups: dict[int, set[int]] = {}
    for key, number in store.clusters.of(keys).items():
        groups.setdefault(number, set()).add(key)
    counted = {
        frozenset(groups[c.number]): (
            c.signature.key,
            c.entries,
            c.occurrences,
            c.first_seen,
            c.last_seen,
            tuple(sorted((n.start, n.environment, n.revision, n.entries, n.occurrences) for n in c.counts)),
            tuple((e.id, e.text) for e in c.evidence),
            tuple(sorted((m.time, m.instance) for m in c.moments)),
            (c.users, c.clients),
        )
        for c in store.clusters.load(groups)
    }
    return set(map(frozenset, groups.values())), counted


def in_slices(entries: Sequence[Raw], span: timedelta, step: timedelta) -> list[list[Raw]]:
    """Windows of `span` every `step`, from the first entry to the last; empty ones left out."""
    start, end = min(map(time, entries)), max(map(time, entries))
    by_step: dict[int, list[Raw]] = {}
    for raw in entries:
        by_step.setdefault(int((time(raw) - start) / step), []).append(raw)
    width = int(span / step)
    windows = sorted({i + j for i in by_step for j in range(width) if start + (i + j) * step <= end + span})
    out = [[raw for i in range(w - width + 1, w + 1) for raw in by_step.get(i, [])] for w in windows]
    return [piece for piece in out if piece]


def shuffled_within_a_minute(entries: Sequence[Raw], seed: int) -> list[Raw]:
    rng = random.Random(seed)
    return sorted(entries, key=lambda raw: time(raw) + timedelta(seconds=rng.uniform(0, 60)))


def ways(entries: list[Raw]) -> dict[str, list[list[Raw]]]:
    return {
        "5-minute slices": in_slices(entries, SLICE, SLICE),
        "slices that overlap by half": in_slices(entries, SLICE, SLICE / 2),
        "every entry twice": [[raw for e in entries for raw in (e, e)]],
        "the whole twice": [entries, entries],
        "shuffled within a minute": [shuffled_within_a_minute(entries, 7)],
        "in many pieces": _pieces(entries, 61),
        "shuffled, in many pieces": _pieces(shuffled_within_a_minute(entries, 8), 61),
    }


def _pieces(entries: list[Raw], count: int) -> list[list[Raw]]:
    size = max(1, len(entries) // count)
    return [entries[i : i + size] for i in range(0, len(entries), size)]


def check(entries: list[Raw], folder: Path) -> None:
    whole = tally([entries], folder)
    for way, pieces in ways(entries).items():
        assert tally(pieces, folder) == whole, way


@real.needs_real
@pytest.mark.parametrize("path", real.FILES, ids=lambda p: p.stem)
def test_real_logs_come_to_the_same_however_they_arrive(path: Path, tmp_path: Path) -> None:
    """Slices, overlaps, duplicates and shuffles of real logs give the same partition and counts."""
    check(real.entries(path), tmp_path)


def test_the_week_of_the_demo_comes_to_the_same_however_it_arrives(tmp_path: Path) -> None:
    """Slices, overlaps, duplicates and shuffles of the demo's last day give the same partition and counts."""
    entries = list(week())
    end = max(map(time, entries))
    check([raw for raw in entries if time(raw) > end - timedelta(days=1)], tmp_path)


cut = given(begin=st.integers(0, 10_000), cuts=st.lists(st.floats(0, 1), max_size=6))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@cut
def test_any_cut_of_generated_logs_comes_to_the_same(begin: int, cuts: list[float], tmp_path: Path) -> None:
    """A stretch of generated logs, cut anywhere and with everything near a cut read twice, counts the same."""
    check_cut(begin, cuts, tmp_path)


@pytest.mark.campaign
@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@cut
def test_any_cut_of_generated_logs_comes_to_the_same_at_length(begin: int, cuts: list[float], tmp_path: Path) -> None:
    """The same, hundreds of times."""
    check_cut(begin, cuts, tmp_path)


def check_cut(begin: int, cuts: list[float], tmp_path: Path) -> None:
    entries = sorted(week(), key=time)
    start = random.Random(begin).randrange(0, max(1, len(entries) - 400))
    stretch = entries[start : start + 400]
    borders = sorted({0, len(stretch), *(int(c * len(stretch)) for c in cuts)})
    pieces = [stretch[max(0, a - 20) : b] for a, b in pairwise(borders)]
    assert tally(pieces, tmp_path) == tally([stretch], tmp_path)
