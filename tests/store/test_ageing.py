"""What becomes of what is old: nothing of the sums is lost, and there is less of it."""

from __future__ import annotations

from datetime import timedelta

from bot.models import Issue, Severity
from store import Store
from tests.store.making import START, absorb, at, conclude, entry, sighting

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


def test_what_was_quiet_for_long_becomes_a_stub(store: Store) -> None:
    """Number, name, sums, severity, issue and words stay, evidence goes; and it comes back as the same problem."""
    absorb(store, [sighting("a", entry(1, user="u", client="c"))])
    number = absorb(store, [sighting("a", entry(2, 86_400, revision="r-2"))])
    absorb(store, [sighting("b", entry(3, 80 * 86_400))])
    conclude(store, number)
    store.clusters.set_severity(1, Severity.P1, "U1", at(1))
    store.issues.link(1, Issue("acme/shop", 5, "t"), "U1", at(2))
    before, other = store.clusters.load([1, 2])
    store.rounds.age(at(92 * 86_400), timedelta(days=90))
    stub, same = store.clusters.load([1, 2])
    assert same.evidence == other.evidence
    assert stub.evidence == stub.moments == ()
    assert (stub.entries, stub.occurrences, stub.title) == (before.entries, before.occurrences, before.title)
    assert (stub.first_seen, stub.last_seen) == (before.first_seen, before.last_seen)
    assert [c.revision for c in stub.counts] == ["r-2"]
    (problem,) = store.clusters.problems([1])
    assert problem.triage.severity is Severity.P1
    assert store.issues.linked(1) is not None
    absorb(store, [sighting("a", entry(9, 93 * 86_400))])
    (back,) = store.clusters.load([1])
    assert back.entries == before.entries + 1
    assert [e.id for e in back.evidence] == ["id-9"]


def test_what_happens_is_not_archived(store: Store) -> None:
    """Nor is anything where that is switched off; a second look on the same day changes nothing."""
    absorb(store, [sighting("a", entry(1))])
    conclude(store)
    store.rounds.age(at(80 * 86_400), timedelta(days=90))
    store.rounds.age(at(200 * 86_400), timedelta(0))
    assert store.clusters.load([1])[0].evidence
    store.rounds.age(at(200 * 86_400), timedelta(days=90))
    assert not store.clusters.load([1])[0].evidence


def test_what_is_older_than_the_retention_is_not_recognised(store: Store) -> None:
    """Identities are dropped by the time of the entry, two weeks after it."""
    absorb(store, [sighting("a", entry(1, 0), entry(2, 86_400))])
    store.rounds.age(at(0) + timedelta(days=14, hours=2))
    assert store.rounds.unseen([entry(1), entry(2, 86_400)]) == [entry(1)]
