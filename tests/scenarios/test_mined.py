"""Lines that are one template are one problem in the end, in whatever order and slices they arrived."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.models import Learnt, Policy
from bot.ports import Edges
from bot.steps.mine.fold import CAP
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.scenarios.test_slices import AsItComes, Raw, tally

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
LINES = (
    "user {} was logged out early",
    "could not render the page of {} today",
    "too many attempts for {} at the gate",
    "{} (command 1903) was refused",
    "cannot open /srv/{}/data for reading",
    "sending {} to {} took too long",
    "gave up on {}",
)


def entry(number: int, text: str, seconds: float) -> Raw:
    stamp = START + timedelta(seconds=seconds)
    return {
        "insertId": f"id-{number}",
        "textPayload": text,
        "severity": "ERROR",
        "timestamp": stamp.isoformat().replace("+00:00", "Z"),
        "logName": "projects/example/logs/run.googleapis.com%2Fstderr",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop"}},
    }


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Raw], list[list[Raw]]]:
    """Some lines, in order of time; and the same shuffled, sliced, and with some of them twice."""
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from(LINES), st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(0, 400)),
            min_size=1,
            max_size=50,
        )
    )
    entries = [entry(n, line.format(one, other), s) for n, (line, one, other, s) in enumerate(chosen)]
    arrived = draw(st.permutations(entries))
    arrived += draw(st.lists(st.sampled_from(entries), max_size=5))
    borders = sorted({0, len(arrived), *draw(st.lists(st.integers(0, len(arrived)), max_size=4))})
    pieces = [arrived[a:b] for a, b in pairwise(borders)]
    return sorted(entries, key=lambda raw: str(raw["timestamp"])), pieces


def check(arrived: tuple[list[Raw], list[list[Raw]]], folder: Path) -> None:
    whole, pieces = arrived
    assert tally(pieces, folder) == tally([whole], folder)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_any_order_and_slicing_of_lines_comes_to_the_same(
    tmp_path: Path, arrived: tuple[list[Raw], list[list[Raw]]]
) -> None:
    """The same problems, the same counts, the same evidence, after what is one has been joined."""
    check(arrived, tmp_path)


@pytest.mark.campaign
@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_any_order_and_slicing_of_lines_comes_to_the_same_at_length(
    tmp_path: Path, arrived: tuple[list[Raw], list[list[Raw]]]
) -> None:
    """The same, thousands of times."""
    check(arrived, tmp_path)


def read(store: Any, folder: Path, raws: list[Raw]) -> None:
    logs = AsItComes(raws)
    edges = Edges(logs, None, Patterns(), LocalTracker(str(folder / "t.db")), store, logs.now, Policy())
    window = logs.window(None, None)
    pipeline.collect(edges, store.rounds.begin("test", window, START), window)


def test_the_lower_number_stays_and_the_others_lead_to_it(tmp_path: Path) -> None:
    """A digest of yesterday that named number 3 still leads to the problem."""
    store = open_store(":memory:")
    lines = [entry(n, LINES[0].format(name), 100.0 * n) for n, name in enumerate(NAMES)]
    read(store, tmp_path, lines[:2])
    assert len(store.clusters.load(range(1, 10))) == 2
    read(store, tmp_path, lines[2:])
    (after,) = store.clusters.load(range(1, 10))
    assert (after.number, after.occurrences, after.aliases[:2]) == (1, 8, (2, 3))
    assert {store.clusters.resolve(n) for n in (1, *after.aliases)} == {1}
    assert [e.detail for e in store.history.latest("cluster 1")][-1] == "cluster 2 is the same: one template"


class Dying:
    """A store that is killed before it joins what is one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clusters = DyingClusters(store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class DyingClusters:
    def __init__(self, store: Store) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store.clusters, name)

    def unlearnt(self) -> list[Learnt]:
        raise KeyboardInterrupt


def test_killed_before_joining_the_next_round_finds_the_same(tmp_path: Path) -> None:
    """Between keeping what was read and joining what is one, nothing is lost."""
    store = open_store(":memory:")
    lines = [entry(n, LINES[0].format(name), 100.0 * n) for n, name in enumerate(NAMES)]
    with pytest.raises(KeyboardInterrupt):
        read(Dying(store), tmp_path, lines)
    assert len(store.clusters.load(range(1, 10))) == 8
    read(store, tmp_path, lines)
    assert [c.occurrences for c in store.clusters.load(range(1, 10))] == [8]


def test_what_a_person_split_off_is_never_joined_again(tmp_path: Path) -> None:
    """More of the same template changes nothing for what was split off; the rest goes on learning."""
    store = open_store(":memory:")
    rng = random.Random(1)
    lines = [entry(n, LINES[0].format(name), 100.0 * n) for n, name in enumerate(NAMES)]
    read(store, tmp_path, lines[:6])
    (cluster,) = store.clusters.load(range(1, 10))
    alice = next(s.key for s in cluster.signatures if "alice" in s.template)
    new = store.clusters.split(1, [alice], "U1", START)
    read(store, tmp_path, [*lines[6:], *(entry(100 + n, rng.choice(lines)["textPayload"], 900 + n) for n in range(20))])
    found = {c.number: {s.template.split()[1] for s in c.signatures} for c in store.clusters.load(range(1, 50))}
    assert found == {1: set(NAMES) - {"alice"}, new: {"alice"}}


def test_free_text_is_bounded_and_what_is_known_goes_on_counting(tmp_path: Path) -> None:
    """A service that never says the same twice has as many problems as can be looked at, and one of the rest."""
    rng = random.Random(1)
    store = open_store(":memory:")
    users = [entry(n, LINES[0].format(name), float(n)) for n, name in enumerate(NAMES)]
    prose = [
        entry(100 + n, " ".join(_word(rng) for _ in range(rng.randrange(2, 30))), 100 + n / 10) for n in range(3_000)
    ]
    read(store, tmp_path, [*users, *prose])
    read(store, tmp_path, [entry(9_000, LINES[0].format("zoe"), 900), entry(9_001, "something quite different", 901)])
    found = store.clusters.load(range(1, 5_000))
    assert sum(len(c.signatures) for c in found) <= CAP + 1
    assert next(c.occurrences for c in found if c.number == 1) == len(NAMES) + 1
    (rest,) = [c for c in found if c.title.startswith("Other lines")]
    assert sum(c.occurrences for c in found) == 3_000 + len(NAMES) + 2
    assert rest.occurrences > 900


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(3, 9)))
