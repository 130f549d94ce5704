"""A round looks for incidents among what a day around the news holds, and finds those that all the past would give."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.models import Policy, Window
from bot.ports import Edges
from bot.steps.cascade.rethink import FAR, Rethought, joined, reach, rethink, stretch
from bot.trackers.local import LocalTracker
from store import open_store
from tests.scenarios.test_slices import AsItComes, Raw

ALWAYS = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 6
SEED = int(os.environ.get("SEED", "1"))
CAUSES = ("basket lost its lock", "seat map broken: no rows", "order queue refused a message", "price table is stale")
EFFECTS = ("checkout failed: giving up", "mail could not be sent", "ticket rendering crashed", "stock sync aborted")


def days(rng: random.Random) -> list[Raw]:
    """Failures that come together some times a day, others that come alone, and nobody awake from two to six."""
    entries: list[Raw] = []

    def say(service: str, text: str, at: datetime, severity: str = "ERROR") -> None:
        entries.append(
            {
                "insertId": f"e{len(entries)}",
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "severity": severity,
                "resource": {"type": "cloud_run_revision", "labels": {"service_name": service, "revision_name": "r-1"}},
                "jsonPayload": {"message": text},
            }
        )

    for day in range(DAYS):
        for _ in range(rng.randint(1, 4)):
            begin = MIDNIGHT + timedelta(days=day, hours=rng.uniform(6, 24))
            service, cause = rng.choice(("shop", "till")), rng.choice(CAUSES)
            effects = rng.sample(EFFECTS, rng.randint(0, 2))
            for _ in range(rng.randint(1, 8)):
                begin += timedelta(seconds=rng.uniform(20, 900))
                say(service, cause, begin)
                for effect in effects:
                    say(service, effect, begin + timedelta(seconds=rng.uniform(0.1, 3)))
        for _ in range(rng.randint(0, 6)):
            say("shop", rng.choice(EFFECTS), MIDNIGHT + timedelta(days=day, hours=rng.uniform(6, 24)), "WARNING")
    return sorted(entries, key=lambda e: str(e["timestamp"]))


def among_all(edges: Edges) -> Rethought:
    """What `pipeline.look_again` finds, had it everything that was ever counted before it."""
    clusters = edges.store.clusters
    busy = clusters.busy(ALWAYS)
    stretches = joined((stretch(n, busy) for n in joined(edges.store.rounds.touched(), FAR)), timedelta(0))
    everything = clusters.load(clusters.between(ALWAYS))
    reached = reach(everything, stretches)
    known = {i.id: i for i in edges.store.incidents.between(ALWAYS)}
    return rethink(everything, list(known.values()), stretches, reached)


def found(rethought: Rethought) -> object:
    told = [(i.id, i.root, sorted(i.clusters), i.start, i.end, i.reason) for i in rethought.incidents]
    return sorted(told), sorted(i.id for i in rethought.withdrawn)


def looked(seed: int, folder: Path) -> int:
    """Compares the two after every round over a few hours, one entry of thirty coming a round late; returns how many
    incidents there are in the end."""
    rng = random.Random(seed)
    entries = days(rng)
    rounds: list[list[Raw]] = [[] for _ in range(19)]
    for i, raw in enumerate(entries):
        rounds[i * 18 // len(entries) + (rng.random() < 1 / 30)].append(raw)
    with open_store(":memory:") as store:
        for at, piece in enumerate(rounds):
            if not piece:
                continue
            logs = AsItComes(sorted(piece, key=lambda e: str(e["timestamp"])))
            edges = Edges(logs, None, Patterns(), LocalTracker(str(folder / "t.db")), store, logs.now, Policy())
            window = logs.window(None, None)
            number = store.rounds.begin("test", window, logs.now())
            pipeline.collect(edges, number, window)
            rethought, *_ = pipeline.look_again(edges, window.start - FAR)
            assert found(rethought) == found(among_all(edges)), f"seed {seed}, round {at}"
            pipeline.conclude(edges, number, pipeline.sort_out(edges, window, logs.now(), False), logs.now())
        return len(store.incidents.between(ALWAYS))


def test_a_day_around_the_news_gives_the_incidents_of_all_time(tmp_path: Path) -> None:
    assert sum(looked(seed, tmp_path) for seed in range(SEED, SEED + 2)) > 2


def test_an_incident_begins_with_its_own_first_moment(tmp_path: Path) -> None:
    """And not with that of an incident which it was part of before the last round, a second earlier."""
    assert looked(225, tmp_path)


@pytest.mark.campaign
def test_a_day_around_the_news_gives_the_incidents_of_all_time_whatever_happened(tmp_path: Path) -> None:
    assert sum(looked(seed, tmp_path) for seed in range(SEED, SEED + 300)) > 300
