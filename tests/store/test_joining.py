"""Two clusters become one, or one becomes two: everything follows, and nothing is counted twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Refused
from bot.models import Analysis, Audit, Incident, Issue, Severity, Stage, Verdict
from store import Store
from tests.store.making import DAY, START, absorb, at, conclude, draft, entry, plant, sighting

LIFETIME = timedelta(days=1)


def keys(store: Store, number: int) -> set[str]:
    return {s.key for c in store.clusters.load([number]) for s in c.signatures}


def test_counts_and_evidence_follow(store: Store) -> None:
    """What was counted under both is counted under the lower number; the higher leads to it."""
    absorb(store, [sighting("a", entry(1)), sighting("b", entry(2, 5)), sighting("b", entry(3, 900))])
    assert store.clusters.merge(2, 1, "U1", at(1000)) == 1
    (cluster,) = store.clusters.load([2])
    assert (cluster.number, cluster.aliases, cluster.occurrences) == (1, (2,), 3)
    assert [e.key for e in cluster.evidence] == [1, 2, 3]
    assert store.clusters.of([1, 2, 3]) == {1: 1, 2: 1, 3: 1}
    assert (cluster.first_seen, cluster.last_seen) == (at(0), at(900))


def test_the_same_again_changes_nothing(store: Store) -> None:
    """Killed after it, or told twice, there is one line in the history."""
    plant(store, "a", "b")
    for _ in range(3):
        assert store.clusters.merge(1, 2, "U1", START) == 1
        store.clusters.join([("a", "b")], store.clusters.unlearnt(), START)
    assert [e.verb for e in store.history.latest("cluster 1")] == ["merge"]


def test_aliases_of_aliases_lead_to_the_lowest(store: Store) -> None:
    """3 became 2, and 2 became 1."""
    plant(store, "a", "b", "c")
    store.clusters.merge(3, 2, "U1", START)
    store.clusters.merge(3, 1, "U1", START)
    assert [store.clusters.resolve(n) for n in (1, 2, 3)] == [1, 1, 1]
    assert keys(store, 3) == {"a", "b", "c"}


def test_what_comes_later_is_counted_under_the_lower_number(store: Store) -> None:
    """A signature goes on pointing to where it was moved."""
    plant(store, "a", "b")
    store.clusters.merge(1, 2, "U1", START)
    conclude(store)
    absorb(store, [sighting("b", entry(50, 60))])
    assert store.rounds.changed() == [1]
    assert store.clusters.load([1])[0].occurrences == 3


def thought(cluster: int, cause: str) -> Analysis:
    return Analysis(cluster, "patterns", cause, cause, "", "", (), ())


def test_what_was_thought_of_the_alias_is_found_under_the_number_that_stays(store: Store) -> None:
    """By either number; what was thought of the lower number itself comes first."""
    plant(store, "a", "b", "c")
    for number, cause in ((1, "of one"), (2, "of two")):
        store.analyses.keep(thought(number, cause), Audit(Verdict.INCONCLUSIVE, "no rule"))
    store.clusters.merge(2, 3, "U1", START)
    for number in (2, 3):
        kept = store.analyses.latest(number)
        assert kept is not None
        assert (kept[0].cluster, kept[0].cause) == (2, "of two")
    store.clusters.merge(3, 1, "U1", START)
    (problem,) = store.clusters.problems([3])
    assert problem.analysis is not None
    assert (problem.analysis.cluster, problem.analysis.cause) == (1, "of one")


def test_an_alias_lends_its_analysis(store: Store) -> None:
    """The number that stays has none of its own."""
    plant(store, "a", "b")
    store.analyses.keep(thought(2, "of two"), Audit(Verdict.INCONCLUSIVE, "no rule"))
    store.clusters.merge(1, 2, "U1", START)
    (problem,) = store.clusters.problems([1])
    assert problem.analysis is not None
    assert (problem.analysis.cluster, problem.analysis.cause) == (1, "of two")


def test_an_open_proposal_of_the_alias_is_superseded(store: Store) -> None:
    """What would be written was about a part only; what is on its way goes on, and is not proposed again."""
    plant(store, "a", "b", "c")
    first = store.proposals.add(2, draft("one"), "gardener", START, LIFETIME, START)
    store.clusters.merge(1, 2, "U1", at(1))
    moved = store.proposals.get(first.id)
    assert moved
    assert (moved.stage, moved.cluster) == (Stage.SUPERSEDED, 1)
    again = store.proposals.add(1, draft("one"), "gardener", at(2), LIFETIME, START)
    assert (again.stage, again.cluster) == (Stage.OPEN, 1)


def test_the_issue_of_the_alias_becomes_the_issue_of_both(store: Store) -> None:
    """Where only the higher number had one."""
    plant(store, "a", "b")
    store.issues.link(2, Issue("acme/shop", 7, "it fails"), "U1", START)
    store.clusters.merge(1, 2, "U2", START)
    linked = store.issues.linked(1)
    assert linked
    assert linked.number == 7


def test_of_two_issues_that_of_the_lower_number_stays(store: Store) -> None:
    """The other is named in the history."""
    plant(store, "a", "b")
    store.issues.link(1, Issue("acme/shop", 5, "it fails"), "U1", START)
    store.issues.link(2, Issue("acme/shop", 7, "it fails, too"), "U1", START)
    store.clusters.merge(1, 2, "U2", START)
    linked = store.issues.linked(2)
    assert linked
    assert linked.number == 5
    assert [e.detail for e in store.history.latest("cluster 1") if e.verb == "two issues"] == [
        "acme/shop#5 stays; cluster 2 was acme/shop#7"
    ]
    assert store.issues.duplicates("acme/shop") == [(7, 5)]
    store.issues.asked("acme/shop", 7)
    assert store.issues.duplicates("acme/shop") == []


def test_a_persons_severity_counts_for_both(store: Store) -> None:
    """Also where it was given to the higher number; but not over what was said of the lower."""
    plant(store, "a", "b", "c")
    store.clusters.set_severity(2, Severity.P0, "U1", START)
    store.clusters.merge(1, 2, "U2", START)
    store.clusters.set_severity(3, Severity.P4, "U1", START)
    store.clusters.merge(1, 3, "U2", START)
    judged = store.clusters.triage(1)
    assert judged
    assert (judged.severity, judged.by) == (Severity.P0, "U1")


def test_episodes_name_the_lower_number(store: Store) -> None:
    """As root and as member, each once."""
    number = absorb(store, [sighting("a", entry(1)), sighting("b", entry(2, 5)), sighting("c", entry(3, 9))])
    store.rounds.conclude(number, [], [Incident(0, 3, (1, 2, 3), at(0), at(9), "one after the other")], at(10))
    store.clusters.merge(1, 3, "U1", at(11))
    (incident,) = store.incidents.between(DAY)
    assert (incident.root, incident.clusters) == (1, (1, 2))


def test_what_was_split_off_has_a_number_of_its_own_for_good(store: Store) -> None:
    """Neither template nor a later batch brings it back; a person can."""
    plant(store, "a", "b", "c")
    store.clusters.join([("a", "b", "c")], store.clusters.unlearnt(), START)
    new = store.clusters.split(3, ["c"], "U1", START)
    assert (keys(store, 1), keys(store, new)) == ({"a", "b"}, {"c"})
    absorb(store, [sighting("c", entry(70, 60)), sighting("d", entry(71, 61))])
    known = store.clusters.unlearnt()
    assert {k.signature.key for k in known} == {"a", "b", "d"}
    store.clusters.join([("a", "b", "c", "d")], known, START)
    assert (keys(store, 1), keys(store, new)) == ({"a", "b", "d"}, {"c"})
    assert store.clusters.resolve(3) == 1
    assert store.clusters.merge(new, 1, "U1", START) == 1


@pytest.mark.parametrize("wrong", [[], ["a", "b"], ["x"], ["a", "x"]], ids=str)
def test_a_split_names_some_of_the_signatures(store: Store, wrong: list[str]) -> None:
    """Neither none, nor all, nor those of another cluster."""
    plant(store, "a", "b", "x")
    store.clusters.merge(1, 2, "U1", START)
    with pytest.raises(Refused, match="some of its 2 signatures"):
        store.clusters.split(1, wrong, "U1", START)


def test_numbers_that_are_not_there_are_refused(store: Store) -> None:
    """In words that can be shown."""
    plant(store, "a")
    with pytest.raises(Refused, match="no cluster 9"):
        store.clusters.merge(1, 9, "U1", START)
    with pytest.raises(Refused, match="no cluster 9"):
        store.clusters.split(9, ["a"], "U1", START)


def test_a_signature_is_compared_once_it_is_certain(store: Store) -> None:
    """While it may still grow, it is looked at once, and again when it is closed; then never again."""
    absorb(store, [sighting("a", entry(1))], [sighting("b", entry(2, 5))])
    first = store.clusters.unlearnt()
    assert {k.signature.key: k.certain for k in first} == {"a": True, "b": False}
    store.clusters.join([], first, START)
    assert store.clusters.unlearnt() == []
    absorb(store, [sighting("b", entry(2, 5))], fresh=[])
    second = store.clusters.unlearnt()
    assert {k.signature.key: k.certain for k in second} == {"a": True, "b": True}
    store.clusters.join([], second, START)
    assert store.clusters.unlearnt() == []


def test_services_with_many_texts_are_named(store: Store) -> None:
    """So that the cap can be held without reading all of them each time."""
    plant(store, "a", "b", "c")
    assert {k.signature.key for k in store.clusters.crowded(3, ["shop", "till"])["shop"]} == {"a", "b", "c"}
    assert store.clusters.crowded(4, ["shop"]) == {}
