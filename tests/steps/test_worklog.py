"""What a worklog says, computed from a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import Act, Count, Draft, Match, Outcome, Problem, Severity, Stage, Window
from bot.steps.worklog import Frequency, Treatment, Urgency, worklog
from tests.samples import (
    NOW,
    REPOSITORY,
    crash,
    draft,
    expected,
    issue,
    known,
    offered,
    probe,
    problem,
    proposal,
    regression,
    report,
    symptoms,
)


def filed(act: Act, stage: Stage = Stage.FILED) -> Problem:
    found = replace(problem(1), match=Match(Outcome.KNOWN, "linked", issue(889)))
    made = replace(proposal(1, Draft(act, REPOSITORY, issue=889), stage), issue=889 if stage is Stage.FILED else 0)
    return replace(found, proposal=made)


def test_roots_before_their_symptoms() -> None:
    """Every problem has a section, the worst family first, a symptom after its root, which it names."""
    log = worklog(report())
    assert [s.number for s in log.sections] == [1, 2, 3, 4, 5, 7, 6, 8, 9]
    assert [s.root for s in log.sections[:4]] == [0, 1, 1, 0]
    assert log.sections[0].symptoms == (2, 3)


def test_figures_are_those_of_the_window() -> None:
    """What happened before the window is not counted in it; a bucket that reaches into it is."""
    window = Window(NOW - timedelta(hours=1), NOW)
    found = problem(1)
    starts = {NOW - timedelta(hours=9): 100, NOW - timedelta(hours=1, minutes=2): 5, NOW - timedelta(minutes=20): 2}
    counts = tuple(Count(s, "production", "r", 2 * n, n) for s, n in starts.items())
    cluster = replace(
        found.cluster, counts=counts, entries=214, occurrences=107, first_seen=NOW - timedelta(hours=9), last_seen=NOW
    )
    section = worklog(replace(report(replace(found, cluster=cluster)), window=window)).sections[0]
    assert (section.entries, section.occurrences) == (14, 7)
    assert section.per_hour == 7
    assert section.frequency is Frequency.MEDIUM
    assert section.first == window.start
    assert section.problem.cluster.occurrences == 107


def test_all_is_counted_where_the_window_holds_all() -> None:
    """A window that begins in the middle of the first bucket loses nothing of it."""
    found = problem(1)
    window = Window(found.cluster.first_seen, found.cluster.last_seen)
    assert worklog(replace(report(found), window=window)).sections[0].occurrences == 12


@pytest.mark.parametrize(
    ("found", "treatment"),
    [
        (filed(Act.CREATE), Treatment.CREATED),
        (filed(Act.COMMENT), Treatment.UPDATED),
        (filed(Act.ESCALATE), Treatment.ESCALATED),
        (filed(Act.REOPEN), Treatment.REOPENED),
        (filed(Act.LINK), Treatment.LINKED),
        (filed(Act.CREATE, Stage.OPEN), Treatment.WAITING),
        (filed(Act.CREATE, Stage.APPROVED), Treatment.WAITING),
        (filed(Act.CREATE, Stage.REJECTED), Treatment.REJECTED),
        (filed(Act.CREATE, Stage.FAILED), Treatment.FAILED),
        (filed(Act.CREATE, Stage.EXPIRED), Treatment.TRACKED),
        (expected(), Treatment.NONE),
        (offered(), Treatment.NONE),
        (symptoms()[0], Treatment.NONE),
        (problem(1), Treatment.NONE),
    ],
)
def test_what_became_of_it(found: Problem, treatment: Treatment) -> None:
    """Created, updated, escalated, reopened, linked, waiting, rejected, failed, tracked, nothing."""
    assert worklog(report(found)).treated[0].treatment is treatment


def test_no_action_has_its_reason() -> None:
    """Expected behaviour gets no issue, and the reason is kept."""
    assert "expected: a browser asks for it by itself" in worklog(report(expected())).treated[0].reason


def test_a_symptom_is_tracked_with_its_root() -> None:
    """The reason for not filing a symptom names its root, and no more."""
    assert worklog(report(symptoms()[0])).treated[0].reason == "a symptom of cluster 1, which is tracked instead"


def test_candidates_are_cross_references() -> None:
    """Issues that were candidates and not chosen are related."""
    assert [i.number for i in worklog(report(offered())).treated[0].related] == [307]


def test_tasks_by_urgency() -> None:
    """P0 and P1 at once, security to be watched, P2 and P3 soon, the rest later; symptoms are their root's."""
    tasks = worklog(report()).tasks
    assert [t.cluster for t in tasks[Urgency.IMMEDIATE]] == [1, 4]
    assert [t.cluster for t in tasks[Urgency.SHORT]] == [5, 6]
    assert [t.cluster for t in tasks[Urgency.LONG]] == [8, 9]
    assert [t.cluster for t in tasks[Urgency.WATCH]] == [7]


def test_urgent_security_is_immediate() -> None:
    """A security problem at P1 is not only watched."""
    found = probe()
    urgent = replace(found, triage=replace(found.triage, severity=Severity.P1))
    assert [t.cluster for t in worklog(report(urgent)).tasks[Urgency.IMMEDIATE]] == [7]


def test_steps_follow_only_from_a_cause_that_may_be_shown() -> None:
    """The advice of an analysis that was struck out is not given."""
    assert worklog(report(crash())).tasks[Urgency.IMMEDIATE][0].steps
    assert worklog(report(known())).tasks[Urgency.SHORT][0].steps == ()


def test_what_was_checked() -> None:
    """Audits, claims, bad lines, symptoms: each as so many of so many."""
    checks = {c.name: (c.good, c.all) for c in worklog(report()).checks}
    assert checks["input lines that were log entries"] == (1840, 1841)
    assert checks["clusters looked for on the tracker"] == (9, 9)
    assert checks["analyses that were audited"] == (4, 4)
    assert checks["audited analyses approved"] == (2, 4)
    assert checks["claims not contradicted"] == (3, 4)
    assert checks["symptoms without an issue of their own"] == (2, 2)


def test_a_symptom_with_an_issue_of_its_own_shows() -> None:
    """Where a symptom got its own issue all the same, the check says so."""
    one = replace(symptoms()[0], proposal=proposal(2, draft(), Stage.FILED))
    checks = {c.name: c.ok for c in worklog(report(crash(), one)).checks}
    assert checks["symptoms without an issue of their own"] is False


def test_coverage() -> None:
    """Reading that stopped long before the end of the window has not covered it."""
    assert worklog(report()).covered
    assert not worklog(replace(report(), read_until=NOW - timedelta(hours=2))).covered
    assert not worklog(replace(report(), read_until=None)).covered


def test_counts_and_issue_numbers() -> None:
    """Treatments are counted, with the issues they touched."""
    log = worklog(report(crash(), regression(), replace(filed(Act.ESCALATE), cluster=problem(12).cluster)))
    assert log.count(Treatment.WAITING) == 2
    assert log.issues(Treatment.ESCALATED) == (889,)
