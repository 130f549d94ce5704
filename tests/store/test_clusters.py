"""Clusters are put together from what was counted; problems from what was thought of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Refused
from bot.models import (
    Analysis,
    Audit,
    Candidate,
    Failure,
    Finding,
    Issue,
    Kind,
    Level,
    Match,
    Outcome,
    Problem,
    Request,
    Severity,
    Site,
    Trend,
    Triage,
    Verdict,
    Window,
)
from store import Store
from tests.store.making import START, absorb, at, conclude, draft, entry, plant, sighting

JUDGED = Triage(Severity.P2, "new", Kind.APPLICATION, Trend.RISING, ("12 users",))


def problem(store: Store, number: int, **fields: object) -> Problem:
    (cluster,) = store.clusters.load([number])
    return Problem(cluster=cluster, **({"triage": JUDGED} | fields))  # type: ignore[arg-type]


def test_counts_are_per_bucket_environment_and_revision(store: Store) -> None:
    """Entries and occurrences are summed up where and when the occurrence began."""
    absorb(
        store,
        [
            sighting("a", entry(1, 10, revision="r1"), entry(2, 299, revision="r1")),
            sighting("a", entry(3, 20, revision="r1"), level=Level.CRITICAL),
            sighting("a", entry(4, 301, revision="r2")),
            sighting("a", entry(5, 302, environment="staging")),
        ],
    )
    (cluster,) = store.clusters.load([1])
    rows = [(c.start, c.environment, c.revision, c.entries, c.occurrences) for c in cluster.counts]
    assert rows == [
        (at(0), "production", "r1", 3, 2),
        (at(300), "production", "r2", 1, 1),
        (at(300), "staging", "", 1, 1),
    ]
    assert (cluster.entries, cluster.occurrences, cluster.level) == (5, 4, Level.CRITICAL)
    assert (cluster.first_seen, cluster.last_seen) == (at(10), at(302))
    assert cluster.environments == {"production": (4, 3), "staging": (1, 1)}
    assert cluster.revisions == ("r1", "r2")


def test_times_keep_their_microseconds(store: Store) -> None:
    """A time comes back as it was, to the last digit."""
    absorb(store, [sighting("a", entry(1, 0.123457))])
    (cluster,) = store.clusters.load([1])
    assert cluster.first_seen == cluster.moments[0].time == cluster.evidence[0].time == at(0.123457)


def test_evidence_is_the_whole_occurrence_in_bounds(store: Store) -> None:
    """A piece of evidence has the id of the first entry and says what all of them say, cut to 8 KiB."""
    failure = Failure("ValueError", "é" * 9000, Site("pay", "charge", "pay.py", 12))
    request = Request("GET", "https://shop.example/" + "x" * 9000, "/{id}", 500)
    head = entry(1, 0, text="a" * 6000, failure=failure, request=request, user="u", structured=True)
    absorb(store, [sighting("a", head, entry(2, 1, text="b" * 6000))])
    (kept,) = store.clusters.load([1])[0].evidence
    assert (kept.id, kept.key, kept.time, kept.user, kept.structured) == ("id-1", 1, START, "u", True)
    assert kept.text == "a" * 6000 + "\n" + "b" * 2191
    assert kept.failure == Failure("ValueError", "é" * 1024, failure.frame)
    assert kept.request is not None
    assert len(kept.request.url) == 2048


def test_people_are_counted_once_each(store: Store) -> None:
    """Users and clients of all entries of an occurrence, open or closed, each once."""
    absorb(
        store,
        [sighting("a", entry(1, user="u1", client="c1"), entry(2, 1, user="u2"))],
        [sighting("a", entry(3, 2, user="u1"), entry(4, 3, user="u3"))],
    )
    (cluster,) = store.clusters.load([1])
    assert (cluster.users, cluster.clients) == (3, 1)


def test_all_services_are_known(store: Store) -> None:
    """That ever logged something that was counted."""
    assert store.clusters.services() == frozenset()
    plant(store, "a", "b")
    (cluster,) = store.clusters.load([1])
    assert store.clusters.services() == {cluster.service}


def test_hostile_text_is_kept_as_it_is(store: Store) -> None:
    """NUL, quotes, and half surrogate pairs neither break nor change anything else."""
    nasty = "\x00'\"; DROP TABLE clusters; --\u202e<!-- \U0001f511"
    absorb(
        store,
        [
            sighting("a", entry(1, text=nasty, environment=nasty, instance="half \ud83d pair")),
            sighting("b", entry(2, 1, text="half \ud83d pair")),
        ],
        [sighting("c", entry(3, 2, text="half \ud83d pair"))],
    )
    first, second, _ = store.clusters.load([1, 2, 3])
    assert (first.evidence[0].text, first.counts[0].environment) == (nasty, nasty)
    assert second.evidence[0].text == "half ? pair"
    assert store.rounds.edge()[""][0].text == "half ? pair"


def test_load_is_in_order_and_leaves_out_what_is_not_there(store: Store) -> None:
    """Numbers come in any order, twice, or from nowhere."""
    plant(store, "a", "b", "c")
    assert [c.number for c in store.clusters.load([3, 99, 1, 3])] == [1, 3]
    assert store.clusters.load([]) == []


def test_between_asks_what_was_seen(store: Store) -> None:
    """A cluster is in a window if it was seen in it, however long before it began."""
    absorb(store, [sighting("a", entry(1, 0)), sighting("a", entry(2, 4000)), sighting("b", entry(3, 2000))])
    assert store.clusters.between(Window(at(1900), at(2100))) == [2]
    assert store.clusters.between(Window(at(3900), at(4100))) == [1]
    assert store.clusters.between(Window(at(-10), at(9000))) == [1, 2]


def test_a_number_resolves_to_itself_or_to_nothing(store: Store) -> None:
    """Nothing is known under a number that was never given."""
    plant(store, "a")
    assert store.clusters.resolve(1) == 1
    assert store.clusters.resolve(2) is None


def test_problems_join_the_newest_of_everything(store: Store) -> None:
    """The newest analysis, the open proposal, the match as the mirror has it now, the newest incident."""
    plant(store, "a", "b")
    issue = Issue("acme/shop", 7, "Checkout fails", body="long " * 100, comments=("a comment",))
    store.issues.put([issue])
    analysis = Analysis(1, "patterns", "n", "cause", "t", "b", ("look",), ())
    store.analyses.keep(analysis, Audit(Verdict.INCONCLUSIVE, "no rule"))
    newer = Analysis(1, "model", "n", "better cause", "t", "b", ("look",), (), made_at=START)
    store.analyses.keep(newer, Audit(Verdict.APPROVED, "all", cause=Finding.INFERRED))
    match = Match(Outcome.OFFER, "alike", candidates=(Candidate(issue, 0.5, "same words"),))
    store.rounds.conclude(1, [problem(store, 1, match=match), problem(store, 2)], [], START)
    proposal = store.proposals.add(1, draft(), "gardener", START, timedelta(days=1), START)

    first, second = store.clusters.problems([2, 1])
    assert (first.number, first.triage, first.proposal) == (1, JUDGED, proposal)
    assert first.analysis == newer
    assert first.audit is not None
    assert first.audit.verdict is Verdict.APPROVED
    assert first.match == match
    assert (second.match, second.analysis, second.proposal, second.incident) == (None, None, None, None)


def test_a_link_counts_before_the_next_round(store: Store) -> None:
    """What a person or an approval linked since the newest round is the match; what the round said of it stays."""
    plant(store, "a")
    store.rounds.conclude(1, [problem(store, 1, match=Match(Outcome.NEW, "nothing like it"))], [], START)
    issue = Issue("acme/shop", 7, "Checkout fails")
    store.issues.link(1, issue, "U1", at(5))
    assert store.clusters.problems([1])[0].match == Match(Outcome.KNOWN, "linked by U1", issue)
    returned = Match(Outcome.REGRESSION, "closed, and here again", issue)
    store.rounds.conclude(1, [problem(store, 1, match=returned)], [], at(9))
    assert store.clusters.problems([1])[0].match == returned


def test_a_cluster_nobody_thought_about_says_so(store: Store) -> None:
    """Until a round concludes there is a triage to show, with that as its reason."""
    plant(store, "a")
    assert store.clusters.problems([1])[0].triage.reasons == ("not judged yet",)
    assert store.clusters.triage(1) is None


def test_a_severity_that_a_person_set_stays(store: Store) -> None:
    """Also one that was set while a round was thinking; the rest of the triage is the round's."""
    plant(store, "a")
    conclude(store)
    thinking = problem(store, 1)
    store.clusters.set_severity(1, Severity.P0, "U1", at(5))
    store.rounds.conclude(2, [thinking], [], at(10))
    kept = store.clusters.triage(1)
    assert kept is not None
    assert (kept.severity, kept.by, kept.trend) == (Severity.P0, "U1", Trend.RISING)
    (event,) = store.history.latest("cluster 1")
    assert (event.who, event.detail) == ("U1", "P3 → P0")


def test_a_severity_that_moves_is_told(store: Store) -> None:
    """A round's change of severity is a line in the history; its first word is not."""
    plant(store, "a")
    store.rounds.conclude(1, [problem(store, 1)], [], START)
    assert store.history.latest() == []
    store.rounds.conclude(1, [problem(store, 1)], [], START)
    louder = Triage(Severity.P1, "new", Kind.APPLICATION, Trend.RISING, ())
    store.rounds.conclude(1, [problem(store, 1, triage=louder)], [], START)
    (event,) = store.history.latest("cluster 1")
    assert (event.who, event.verb, event.detail) == ("gardener", "severity", "P2 → P1")


def test_a_severity_for_no_cluster_is_refused(store: Store) -> None:
    """A wrong number is told in words."""
    with pytest.raises(Refused, match="no cluster 9"):
        store.clusters.set_severity(9, Severity.P0, "U1", START)


def test_a_title_shows_the_figures_of_its_evidence(store: Store) -> None:
    """What people read says how much; what the cluster is known by stays masked."""
    seen = sighting("a", replace(entry(1, 10), text="pool of size 5 is used up"))
    masked = replace(seen.signature, title="pool of size <num> is used up") if seen.signature else None
    absorb(store, [replace(seen, signature=masked)])
    (cluster,) = store.clusters.load([1])
    assert cluster.title == "pool of size 5 is used up"
    assert cluster.signature.title == "pool of size <num> is used up"
