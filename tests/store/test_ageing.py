"""What becomes of what is old: nothing of the sums is lost, and there is less of it."""

from __future__ import annotations

from datetime import timedelta

from store import Store
from tests.store.making import START, absorb, at, entry, sighting

NOW = START + timedelta(days=60)


def test_old_counts_keep_their_sums(store: Store) -> None:
    """Entries, occurrences, first and last stay as they were; buckets become days, then months."""
    for day in range(0, 60, 3):
        for minute in (0, 20, 40):
            seconds = day * 86_400 + minute * 60
            absorb(store, [sighting("a", entry(day * 100 + minute, seconds))])
    (before,) = store.clusters.load([1])
    store.rounds.age(NOW)
    (after,) = store.clusters.load([1])
    assert (after.entries, after.occurrences) == (before.entries, before.occurrences) == (60, 60)
    assert (after.first_seen, after.last_seen) == (before.first_seen, before.last_seen)
    assert after.environments == before.environments
    assert after.moments == before.moments
    assert len(before.counts) == 60
    assert len(after.counts) < 25
    assert [c for c in after.counts if c.start > NOW - timedelta(days=8)] == [
        c for c in before.counts if c.start > NOW - timedelta(days=8)
    ]


def test_ageing_again_changes_nothing(store: Store) -> None:
    """It may be done at the end of every round; what comes later is counted beside what was put together."""
    absorb(store, [sighting("a", entry(1, 0)), sighting("a", entry(2, 3_000))])
    store.rounds.age(NOW)
    once = store.clusters.load([1])
    store.rounds.age(NOW)
    assert store.clusters.load([1]) == once
    absorb(store, [sighting("a", entry(3, 60))])
    store.rounds.age(NOW + timedelta(days=40))
    assert store.clusters.load([1])[0].entries == 3


def test_what_is_older_than_the_retention_is_not_recognised(store: Store) -> None:
    """Identities are dropped by the time of the entry, two weeks after it."""
    absorb(store, [sighting("a", entry(1, 0), entry(2, 86_400))])
    store.rounds.age(at(0) + timedelta(days=14, hours=2))
    assert store.rounds.unseen([entry(1), entry(2, 86_400)]) == [entry(1)]
