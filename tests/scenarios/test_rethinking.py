"""However logs were cut into rounds, incidents and severities at the end are those of reading everything at once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.demo.week import week
from bot.models import Policy, Window
from bot.ports import Edges
from bot.steps.cascade import cascade
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.scenarios import real
from tests.scenarios.test_slices import SLICE, AsItComes, Raw, in_slices, time

ALWAYS = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
Told = tuple[Any, Any]


def told(pieces: Iterable[Sequence[Raw]], folder: Path) -> Told:
    """The incidents and the severities that the store has after a whole round over each piece.

    A cluster is the set of its entries here, for its number depends on what was read first.
    """
    with open_store(":memory:") as store:
        keys: dict[int, datetime] = {}
        for piece in pieces:
            logs = AsItComes(sorted(piece, key=time))
            edges = Edges(logs, None, Patterns(), LocalTracker(str(folder / "tracker.db")), store, logs.now, Policy())
            window = logs.window(None, None)
            number = store.rounds.begin("test", window, logs.now())
            reading = pipeline.collect(edges, number, window, members=True)
            thought = pipeline.sort_out(edges, window, logs.now(), True)
            pipeline.conclude(edges, number, thought, logs.now())
            sound(store)
            keys.update({e.key: e.time for e in reading.members})
        groups: dict[int, set[int]] = {}
        for key, cluster in store.clusters.of(list(keys), list(keys.values())).items():
            groups.setdefault(cluster, set()).add(key)
        named = {n: frozenset(g) for n, g in groups.items()}
        severities = {named[p.number]: (p.triage.severity, p.triage.kind) for p in store.clusters.problems(named)}
        return episodes(store, named), severities


def episodes(store: Store, named: Mapping[int, frozenset[int]]) -> set[Any]:
    def unnumbered(reason: str) -> tuple[str, tuple[frozenset[int], ...]]:
        numbers = [int(n) for n in re.findall(r"cluster (\d+)", reason)]
        return re.sub(r"cluster \d+", "cluster", reason), tuple(named[n] for n in numbers)

    return {
        (named[i.root], frozenset(named[n] for n in i.clusters), i.start, i.end, unnumbered(i.reason))
        for i in store.incidents.between(ALWAYS)
    }


def sound(store: Store) -> None:
    """What holds after every round, however little was read, and in whatever order."""
    found = store.incidents.between(ALWAYS)
    everything = cascade(store.clusters.load(store.clusters.between(ALWAYS)), [])
    assert [
        replace(i, id=0, clusters=tuple(sorted(i.clusters))) for i in sorted(found, key=lambda i: (i.start, i.root))
    ] == [replace(i, clusters=tuple(sorted(i.clusters))) for i in everything]
    for p in store.clusters.problems(store.clusters.between(ALWAYS)):
        part = [r for r in p.triage.reasons if "ncident" in r or r.startswith("A symptom of")]
        if p.is_symptom and p.incident:
            assert part == [f"A symptom of cluster {p.incident.root}"]
            assert p.match is not None
            assert p.match.reason.endswith(p.incident.reason)
        else:
            assert len(part) == (p.incident is not None)
    assert all(len(i.clusters) > 1 and i.root in i.clusters for i in found)
    for at, one in enumerate(found):
        for other in found[at + 1 :]:
            apart = one.end < other.start or other.end < one.start
            assert apart or not set(one.clusters) & set(other.clusters), (one, other)


def pieces(entries: Sequence[Raw], count: int) -> list[Sequence[Raw]]:
    count = min(count, len(entries))
    return [entries[i * len(entries) // count : (i + 1) * len(entries) // count] for i in range(count)]


def late(entries: Sequence[Raw], seed: int) -> list[Sequence[Raw]]:
    """In ten pieces by time; one entry of twenty comes a piece later."""
    rng = random.Random(seed)
    out: list[list[Raw]] = [[] for _ in range(11)]
    for i, raw in enumerate(entries):
        out[i * 10 // len(entries) + (rng.random() < 0.05)].append(raw)
    return [piece for piece in out if piece]


def ways(entries: list[Raw]) -> dict[str, list[Sequence[Raw]]]:
    entries = sorted(entries, key=time)
    return {
        "in halves": pieces(entries, 2),
        "in 7 pieces": pieces(entries, 7),
        "in 25 pieces, and then the whole": [*pieces(entries, 25), entries],
        "5-minute slices": list(in_slices(entries, SLICE, SLICE)),
        "slices that overlap by half": list(in_slices(entries, SLICE, SLICE / 2)),
    }


@real.needs_real
@pytest.mark.parametrize("path", real.FILES, ids=lambda p: p.stem)
def test_real_logs_tell_the_same_incidents_however_they_arrive(path: Path, tmp_path: Path) -> None:
    """Slices and overlaps of real logs give the same incidents and severities."""
    entries = real.entries(path)
    whole = told([entries], tmp_path)
    for way, cut in ways(entries).items():
        assert told(cut, tmp_path) == whole, way


@real.needs_real
@pytest.mark.parametrize("path", real.FILES, ids=lambda p: p.stem)
def test_what_comes_late_leaves_nothing_stale(path: Path, tmp_path: Path) -> None:
    """Entries a piece late, or all pieces in reverse: after each round the incidents are those of all that is known."""
    entries = sorted(real.entries(path), key=time)
    told(late(entries, 5), tmp_path)
    told(pieces(entries, 5)[::-1], tmp_path)


def test_the_week_of_the_demo_tells_the_same_incidents_in_few_rounds(tmp_path: Path) -> None:
    """Seven days, cut in 15 pieces."""
    entries = sorted(week(), key=time)
    assert told(pieces(entries, 15), tmp_path) == told([entries], tmp_path)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.floats(0, 1), max_size=10))
def test_any_cut_of_generated_logs_tells_the_same_incidents(seed: int, cuts: list[float], tmp_path: Path) -> None:
    """A stretch of the demo's week, cut anywhere and with everything near a cut read twice."""
    entries = sorted(week(), key=time)
    start = random.Random(seed).randrange(0, max(1, len(entries) - 400))
    stretch = entries[start : start + 400]
    borders = sorted({0, len(stretch), *(int(c * len(stretch)) for c in cuts)})
    cut = [stretch[max(0, a - 20) : b] for a, b in pairwise(borders)]
    assert told(cut, tmp_path) == told([stretch], tmp_path)
