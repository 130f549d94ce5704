"""What the digest chooses, and when it says that nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import Digest, Issue, Match, Outcome, Problem, Report, Severity, Trend
from bot.steps.digest import SHOWN, digest, glimpses
from tests.samples import NOW, cluster, crash, incident, issue, known, problem, proposal, report, symptoms


def made(found: Report, earlier: Digest | None = None) -> Digest:
    return digest(found, "C1", NOW.date(), glimpses(earlier.report) if earlier else None)


def changed(problem: Problem, **triage: object) -> Problem:
    return replace(problem, triage=replace(problem.triage, **triage))  # type: ignore[arg-type]


def test_the_worst_comes_first_and_symptoms_are_folded() -> None:
    """Roots are shown by severity; their symptoms, expected behaviour and nits are not."""
    found = made(report())
    assert found.shown == (1, 4, 5, 7, 6)
    assert found.more == 2


def test_at_most_a_phone_screen() -> None:
    """Twenty problems: the first eight, and how many more there are."""
    found = made(report(*(problem(n) for n in range(1, 21))))
    assert len(found.shown) == SHOWN
    assert found.more == 12


def test_noise_is_shown_where_there_is_nothing_else() -> None:
    """A digest of P4 and P5 alone is not empty."""
    assert made(report(problem(1, severity=Severity.P4))).shown == (1,)


def test_a_symptom_alone_stands_by_itself() -> None:
    """A symptom whose root is not in the report is not lost."""
    assert made(report(symptoms()[0])).shown == (2,)


def test_two_that_are_each_others_symptoms_are_not_lost() -> None:
    """Where two problems are each other's symptom in two incidents, the worse one leads."""
    one = replace(problem(1), incident=incident(2, 1))
    two = replace(problem(2, severity=Severity.P0), incident=incident(1, 2, id=2))
    families = report(one, two).families
    assert [[p.number for p in f] for f in families] == [[2, 1]]


def test_a_severe_symptom_lifts_its_family() -> None:
    """A mild root with a severe symptom comes before a middling problem."""
    root = replace(problem(1, severity=Severity.P3), incident=incident(1, 2))
    symptom = replace(problem(2, severity=Severity.P0), incident=incident(1, 2))
    assert made(report(problem(3), root, symptom)).shown == (1, 3)


def test_a_cause_with_many_symptoms_comes_before_a_frequent_problem() -> None:
    """Among equals in severity the family that happened most leads, its symptoms included."""
    root = replace(problem(2), cluster=cluster(2, occurrences=5), incident=incident(2, 3))
    symptom = replace(problem(3), cluster=cluster(3, occurrences=30), incident=incident(2, 3))
    alone = replace(problem(1), cluster=cluster(1, occurrences=20))
    assert made(report(alone, root, symptom)).shown == (2, 1)


def test_what_still_happens_comes_before_what_is_over() -> None:
    """Among equals in severity the quiet ones come last, however often they happened."""
    over = changed(replace(problem(1), cluster=cluster(1, occurrences=500)), trend=Trend.QUIET)
    assert made(report(over, problem(2))).shown == (2, 1)


def test_the_first_digest_tells_no_changes() -> None:
    """The baseline is no storm of news."""
    assert made(report()).changes == ()


def test_nothing_changed() -> None:
    """The same report again has the same fingerprint and no changes."""
    first = made(report())
    again = made(report(), first)
    assert again.fingerprint == first.fingerprint
    assert again.changes == ()


def test_counts_that_tick_up_are_no_change() -> None:
    """12 to 90 occurrences changes nothing; 90 to 110 does."""

    def with_count(count: int) -> Digest:
        found = problem(1)
        return made(report(replace(found, cluster=replace(found.cluster, occurrences=count))))

    assert with_count(12).fingerprint == with_count(90).fingerprint
    assert with_count(90).fingerprint != with_count(110).fingerprint


def test_reading_on_is_told_once_an_hour() -> None:
    """Minutes of reading change nothing; an hour does, so that a digest that stands does not look stale."""
    first = report()
    minute = replace(first, read_until=NOW - timedelta(minutes=10))
    hour = replace(first, read_until=NOW + timedelta(hours=1))
    assert made(minute).fingerprint == made(first).fingerprint
    assert made(hour).fingerprint != made(first).fingerprint


def test_what_changed_is_told() -> None:
    """New, gone, worse, quiet, back, filed, closed: a sentence each."""
    before = made(
        report(
            crash(),
            problem(2),
            problem(3),
            changed(problem(4), trend=Trend.QUIET),
            replace(problem(5), match=Match(Outcome.NEW, "")),
            known_as(issue(889)),
            problem(7),
        )
    )
    after = made(
        report(
            crash(),
            changed(problem(2), severity=Severity.P1),
            changed(problem(3), trend=Trend.QUIET),
            problem(4),
            replace(problem(5), proposal=replace(proposal(5), issue=1044)),
            known_as(issue(889, state="closed", reason="completed")),
            problem(8),
        ),
        before,
    )
    assert sorted(after.changes) == [
        "Cluster 2 went from P2 to P1.",
        "Cluster 3 has gone quiet.",
        "Cluster 4 is back.",
        "Cluster 5 belongs to issue #1044 now.",
        "Cluster 7 is not seen any more.",
        "Cluster 8 is new, P2.",
        "Issue #889 of cluster 6 is closed now.",
    ]
    assert after.fingerprint != before.fingerprint


def known_as(found: Issue) -> Problem:
    return replace(problem(6), match=Match(Outcome.KNOWN, "linked", found))


def test_a_persons_severity_is_told_with_the_person() -> None:
    """Who set the severity stands in the change."""
    before = made(report(problem(1)))
    after = made(report(changed(problem(1), severity=Severity.P0, by="U1")), before)
    assert after.changes == ("Cluster 1 went from P2 to P0 by U1.",)


def test_many_changes_are_counted() -> None:
    """More than ten changes end with how many more there are."""
    before = made(report(problem(1)))
    after = made(report(*(problem(n) for n in range(1, 31))), before)
    assert len(after.changes) == 11
    assert after.changes[-1] == "And 19 more changes."


def test_a_proposal_decided_is_a_change() -> None:
    """Whether a proposal waits, was filed or rejected is part of what people see."""
    first = known()
    filed = replace(first, proposal=replace(proposal(5), issue=889))
    assert made(report(first)).fingerprint != made(report(filed)).fingerprint
