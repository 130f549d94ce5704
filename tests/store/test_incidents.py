"""Incidents are episodes: one that goes on is the same, one that comes again is another."""

from __future__ import annotations

import pytest

from bot.models import Incident, Window
from store import Store
from tests.store.making import DAY, absorb, at, entry, plant, sighting


@pytest.fixture
def grown(store: Store) -> Store:
    """A store with clusters 1 to 4."""
    plant(store, "a", "b", "c", "d")
    return store


def episode(root: int, *clusters: int, start: float, end: float, id: int = 0) -> Incident:
    return Incident(id, root, clusters, at(start), at(end), "15 of 15 times within 2 s")


def test_a_new_incident_gets_an_id(grown: Store) -> None:
    """It is found in every window that it touches."""
    grown.rounds.conclude(1, [], [episode(1, 1, 2, start=10, end=20)], at(30))
    assert grown.incidents.between(DAY) == [episode(1, 1, 2, start=10, end=20, id=1)]
    assert grown.incidents.between(Window(at(20), at(25))) != []
    assert grown.incidents.between(Window(at(21), at(25))) == []


def test_an_incident_that_goes_on_is_the_same(grown: Store) -> None:
    """What is kept under an id takes the place of what was known under it; one without an id is new."""
    grown.rounds.conclude(1, [], [episode(1, 1, 2, start=10, end=20)], at(30))
    grown.rounds.conclude(1, [], [episode(1, 1, 3, start=15, end=40, id=1)], at(30))
    assert grown.incidents.between(DAY) == [episode(1, 1, 3, start=15, end=40, id=1)]
    assert grown.incidents.of([2]) == []
    assert [i.id for i in grown.incidents.of([3, 4])] == [1]


def test_another_root_is_told_in_the_history(grown: Store) -> None:
    """People may have read of the first one."""
    grown.rounds.conclude(1, [], [episode(1, 1, 2, start=10, end=20)], at(30))
    grown.rounds.conclude(2, [], [episode(2, 1, 2, start=10, end=20, id=1)], at(40))
    (event,) = grown.history.latest("incident 1")
    assert event.detail == "cluster 1 → cluster 2 as its root"


def test_an_incident_that_is_not_found_again_is_withdrawn(grown: Store) -> None:
    """It is gone, and the history says so."""
    known = episode(2, 2, 3, start=10, end=20)
    grown.rounds.conclude(1, [], [known], at(30))
    (known,) = grown.incidents.between(DAY)
    grown.rounds.conclude(2, [], [episode(1, 1, 2, 3, start=9, end=20)], at(40), withdrawn=[known])
    assert [(i.root, i.clusters) for i in grown.incidents.between(DAY)] == [(1, (1, 2, 3))]
    (event,) = grown.history.latest("incident 1")
    assert (event.verb, event.detail) == ("incident", "withdrawn; not found any more with root cluster 2")


def test_the_same_cause_much_later_is_another_incident(grown: Store) -> None:
    """Each problem shows the newest of its incidents."""
    grown.rounds.conclude(1, [], [episode(1, 1, 2, start=10, end=20)], at(30))
    grown.rounds.conclude(1, [], [episode(1, 1, 2, start=1000, end=1010)], at(2000))
    assert [i.id for i in grown.incidents.between(DAY)] == [1, 2]
    incident = grown.clusters.problems([2])[0].incident
    assert incident is not None
    assert incident.id == 2


def test_a_symptom_may_be_in_many_incidents(grown: Store) -> None:
    """At different times, of different roots."""
    both = [episode(1, 1, 4, start=10, end=20), episode(2, 2, 3, 4, start=25, end=35)]
    grown.rounds.conclude(1, [], both, at(30))
    grown.rounds.conclude(1, [], grown.incidents.between(DAY), at(30))
    assert [(i.id, i.root, i.clusters) for i in grown.incidents.between(DAY)] == [(1, 1, (1, 4)), (2, 2, (2, 3, 4))]


def test_a_cluster_that_is_gone_leaves_its_incidents(store: Store) -> None:
    """Half a traceback that grew is no member any more, and no root."""
    absorb(store, [sighting("a", entry(1)), sighting("b", entry(2, 1))], [sighting("half", entry(3, 2))])
    found = [episode(1, 1, 2, 3, start=0, end=5), episode(3, 2, 3, start=0, end=9)]
    store.rounds.conclude(1, [], found, at(30))
    absorb(store, [sighting("whole", entry(3, 2), entry(4, 3))], fresh=[entry(4, 3)])
    assert [(i.root, i.clusters) for i in store.incidents.between(DAY)] == [(1, (1, 2))]
    assert set(store.rounds.changed()) >= {1, 2}, "what is left of the incident has to be looked at again"
