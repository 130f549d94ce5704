"""What a round reads is kept batch by batch, and nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

from bot.models import Deployment, Severity
from store import Store
from tests.store.making import DAY, START, absorb, at, conclude, entry, harvest, plant, sighting


def test_unseen_gives_new_entries_once(store: Store) -> None:
    """Of entries with equal keys the first comes back, and none that was absorbed."""
    first, twin, other = entry(1, text="first"), entry(1, text="twin"), entry(2)
    assert store.rounds.unseen([first, twin, other]) == [first, other]
    absorb(store, [sighting("a", first)], healthy=[other])
    assert store.rounds.unseen([first, other, entry(3)]) == [entry(3)]


def test_unseen_takes_large_batches(store: Store) -> None:
    """Thousands of entries are asked about at once."""
    entries = [entry(n + 1, n / 100) for n in range(20_000)]
    absorb(store, healthy=entries[:10_000])
    assert store.rounds.unseen(entries) == entries[10_000:]


def test_numbers_follow_the_time_of_the_first_occurrence(store: Store) -> None:
    """New clusters of one batch are numbered by their first occurrence, then by key, closed or open."""
    absorb(
        store,
        [sighting("late", entry(1, 50)), sighting("b", entry(2, 10)), sighting("a", entry(3, 10))],
        [sighting("early", entry(4, 5))],
    )
    assert [c.title for c in store.clusters.load([1, 2, 3, 4])] == ["title early", "title a", "title b", "title late"]


def test_open_occurrences_count_until_they_are_taken_back(store: Store) -> None:
    """What was open counts in the meantime, and once when it comes back closed."""
    grown = (entry(1, 0), entry(2, 1))
    absorb(store, [], [sighting("a", grown[0])])
    assert [(c.entries, c.occurrences) for c in store.clusters.load([1])] == [(1, 1)]
    assert store.rounds.edge() == {"": [grown[0]]}
    absorb(store, [sighting("a", *grown)], fresh=[grown[1]])
    (cluster,) = store.clusters.load([1])
    assert (cluster.entries, cluster.occurrences, cluster.last_seen) == (2, 1, at(1))
    assert store.rounds.edge() == {}


def test_half_a_traceback_that_grew_leaves_nothing_behind(store: Store) -> None:
    """A cluster of which everything was taken back is gone, its number too, and its entries belong elsewhere."""
    head, rest = entry(1, 0), entry(2, 1)
    absorb(store, [], [sighting("half", head)])
    assert store.clusters.of([1]) == {1: 1}
    absorb(store, [sighting("whole", head, rest)], fresh=[rest])
    assert store.clusters.load([1, 2]) == store.clusters.load([2])
    assert store.clusters.resolve(1) is None
    assert store.rounds.changed() == [2]
    assert store.clusters.of([1, 2]) == {1: 2, 2: 2}
    absorb(store, [sighting("half", entry(3, 9))])
    assert [c.number for c in store.clusters.load([1, 2, 3])] == [2, 3]


def test_an_emptied_cluster_that_somebody_spoke_of_keeps_its_number(store: Store) -> None:
    """It is not shown while nothing is counted in it, and is itself again when it comes back."""
    absorb(store, [], [sighting("half", entry(1))])
    store.clusters.set_severity(1, Severity.P1, "U1", START)
    absorb(store, [sighting("whole", entry(1))], fresh=[])
    assert store.clusters.load([1]) == []
    assert store.clusters.problems([1]) == []
    absorb(store, [sighting("half", entry(3, 9))])
    (problem,) = store.clusters.problems([1])
    assert problem.triage.severity is Severity.P1


def test_an_entry_that_turns_out_healthy_belongs_to_no_cluster(store: Store) -> None:
    """An open occurrence that is closed as no problem is taken out of its cluster."""
    absorb(store, [sighting("a", entry(1))], [sighting("a", entry(2, 5))])
    absorb(store, [sighting(None, entry(2, 5))], fresh=[])
    assert store.clusters.of([1, 2]) == {1: 1}
    assert store.clusters.load([1])[0].occurrences == 1


def test_what_was_open_and_does_not_come_again_is_gone(store: Store) -> None:
    """Its entries stay seen, and belong to nothing."""
    absorb(store, [sighting("a", entry(1))], [sighting("a", entry(2, 5)), sighting("b", entry(3, 6))])
    absorb(store)
    assert store.clusters.of([1, 2, 3]) == {1: 1}
    assert store.rounds.unseen([entry(2), entry(3)]) == []
    assert [c.number for c in store.clusters.load([1, 2])] == [1]


def test_the_same_round_again_changes_nothing(store: Store) -> None:
    """What is taken back and counted again alike does not mark its cluster as changed."""
    opened = [sighting("a", entry(1, 3)), sighting("b", entry(2, 4))]
    number = absorb(store, [sighting("a", entry(3, 1))], opened)
    before = store.clusters.load([1, 2])
    assert store.rounds.changed() == [1, 2]
    conclude(store, number)
    absorb(store, [], opened, fresh=[])
    assert store.rounds.changed() == []
    absorb(store, opened, [], fresh=[])
    assert store.rounds.changed() == []
    assert store.clusters.load([1, 2]) == before


def test_growth_marks_only_what_grew(store: Store) -> None:
    """After a round concluded, only clusters that are counted anew wait for the next."""
    plant(store, "a", "b")
    conclude(store)
    absorb(store, [sighting("b", entry(7, 40))])
    assert store.rounds.changed() == [2]


def test_the_cursor_never_moves_backwards(store: Store) -> None:
    """Each source has its cursor; what was read up to is the furthest of them."""
    assert store.rounds.cursor("file") is None
    assert store.rounds.read_until() is None
    absorb(store, read_until=at(60))
    absorb(store, read_until=at(30))
    store.rounds.absorb(1, "cloud", harvest(read_until=at(45)))
    assert (store.rounds.cursor("file"), store.rounds.cursor("cloud")) == (at(60), at(45))
    assert store.rounds.read_until() == at(60)


def test_the_first_round_is_first_until_one_concluded(store: Store) -> None:
    """A round that was killed does not end the baseline."""
    assert store.rounds.first()
    plant(store, "a")
    assert store.rounds.first()
    conclude(store)
    assert not store.rounds.first()


def test_deployments_are_kept_once(store: Store) -> None:
    """The same deployment read twice is one; they come in order of time."""
    later = Deployment(at(90), "shop", "production", "shop-2", key=8)
    sooner = Deployment(at(30), "shop", "production", "shop-1", key=9)
    for _ in range(2):
        store.rounds.absorb(1, "file", replace(harvest(), deployments=(later, sooner)))
    assert store.deployments.between(DAY) == [sooner, later]


def test_a_failed_absorb_leaves_all_as_it_was(store: Store) -> None:
    """A batch is taken in one transaction."""
    absorb(store, [sighting("a", entry(1))], [sighting("b", entry(2))])
    before = store.clusters.load([1, 2])
    broken = sighting("c", entry(2**63, 5))
    try:
        absorb(store, [sighting("a", entry(3)), broken])
    except OverflowError:
        pass
    else:
        raise AssertionError("a key of 64 bits cannot be kept")
    assert store.clusters.load([1, 2, 3]) == before
    assert store.rounds.edge() == {"": [entry(2)]}
    assert store.rounds.unseen([entry(3)]) == [entry(3)]


def test_forgetting_keeps_what_is_recent(store: Store) -> None:
    """Identities of entries are dropped by the time of the entry."""
    absorb(store, [sighting("a", entry(1, 0), entry(2, 7200))])
    store.rounds.age(at(14 * 86_400 + 3600))
    assert store.rounds.unseen([entry(1), entry(2, 7200)]) == [entry(1)]
    assert store.clusters.load([1])[0].entries == 2
