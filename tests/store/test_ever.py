"""Where a cluster was ever seen stands beside its counts, and says the same."""

from __future__ import annotations

import random

import pytest

from bot.models import Sighting
from store import Store, ever
from tests.store.making import absorb, at, entry, sighting

REVISIONS = ("", "r-1", "r-2", 'r"1', "r,2", '","', "r-10", "\\", "ß")
ENVIRONMENTS = ("", "production", "staging")


def some(rng: random.Random, key: int, size: int) -> list[Sighting]:
    """Of three problems, within three hours, in any order."""
    return [
        sighting(
            rng.choice("abc"),
            entry(
                key + n,
                rng.uniform(0, 10_800),
                environment=rng.choice(ENVIRONMENTS),
                revision=rng.choice(REVISIONS),
            ),
        )
        for n in range(size)
    ]


def same(store: Store, seed: int) -> None:
    whole = store.clusters.load([1, 2, 3])
    told = store.clusters.ever(c.number for c in whole)
    for cluster in whole:
        known = told[cluster.number]
        assert {name: sums for name, *sums in known.environments} == {
            name: list(sums) for name, sums in cluster.environments.items()
        }, seed
        assert known.revisions == cluster.revisions, seed
    assert store.clusters.environments() == {c.environment for each in whole for c in each.counts}


@pytest.mark.parametrize("seed", range(12))
def test_it_says_what_all_counts_say(seed: int, store: Store) -> None:
    """Whatever comes, late or in time, still open or not, and where two clusters became one."""
    rng = random.Random(seed)
    for batch in range(6):
        absorb(store, some(rng, batch * 100, 8), some(rng, batch * 100 + 50, rng.randint(0, 3)))
        same(store, seed)
    store.clusters.merge(1, 2, "U1", at(0))
    same(store, seed)
    with store._connections.change() as db:
        before = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("shares", "revisions")]
        ever.again(db, "true", [])
        after = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("shares", "revisions")]
    assert [len(rows) for rows in before] == [len(rows) for rows in after]
    same(store, seed)


def test_the_counts_of_a_day_come_with_all_else(store: Store) -> None:
    """Asked from a time on, older counts and moments are left out, and nothing else is."""
    absorb(store, [sighting("a", entry(1, 0, revision="r-1")), sighting("a", entry(2, 3 * 86_400, revision="r-2"))])
    (whole,), (late,) = store.clusters.load([1]), store.clusters.load([1], at(2 * 86_400))
    assert (len(whole.counts), len(late.counts)) == (2, 1)
    assert (late.entries, late.first_seen, late.moments) == (2, whole.first_seen, whole.moments[1:])
    assert tuple(store.clusters.moments([1])[1]) == whole.moments
    assert late.revisions == ("r-2",)
    assert store.clusters.ever([1])[1].revisions == ("r-1", "r-2")
