"""Which problems are analysed, in what order, and when the model may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import (
    BUDGET,
    KEPT,
    ROUND_BUDGET,
    Analysis,
    Audit,
    Count,
    Deployment,
    Failure,
    Incident,
    Policy,
    Problem,
    Severity,
    Spent,
    Verdict,
)
from bot.steps.analyse import (
    NO_KEY,
    afford,
    choose,
    fingerprint,
    released,
    unsuited,
    withheld,
)
from tests.analysts.making import NEW, START, cluster, entry, missing_module, problem

RELEASED = Policy(model_services=("*",))
INCIDENT = Incident(1, 3, (3, 4), START, START + timedelta(minutes=5), "a test")


def known(p: Problem, source: str = "claude-x", note: str = "", *, provisional: bool = False) -> tuple[Analysis, Audit]:
    analysis = Analysis(
        p.number, source, "n", "c", "", "", (), (), note=note, fingerprint=fingerprint(p), provisional=provisional
    )
    return analysis, Audit(Verdict.APPROVED, "r")


def chosen(*problems: Problem, **earlier: tuple[Analysis, Audit]) -> list[int]:
    before = {p.number: earlier.get(f"_{p.number}") for p in problems}
    cases = choose(problems, before, [], {p.number: p.cluster for p in problems}, RELEASED, has_model=True)
    return [c.problem.number for c in cases]


@pytest.fixture
def plain() -> Problem:
    return problem(cluster([entry("ERROR it broke")]))


def test_new_problem_is_chosen(plain: Problem) -> None:
    """What was never analysed is, with the fingerprint of its evidence."""
    assert chosen(plain) == [3]


def test_unchanged_problem_is_not(plain: Problem) -> None:
    """The same evidence is never analysed twice, and a few more of the same change nothing."""
    assert chosen(plain, _3=known(plain)) == []
    more = replace(plain, cluster=replace(plain.cluster, occurrences=40, entries=400))
    assert chosen(more, _3=known(plain)) == []


def test_evidence_of_another_kind_is_chosen_again(plain: Problem) -> None:
    """Another revision, another exception, another severity, ten times as many: each is a new question."""
    c = plain.cluster
    counts = (*c.counts, Count(START, "production", "seat-map-00043-new", 1, 1))
    raised = entry("ERROR it broke", failure=Failure("KeyError", "'row'"))
    for changed in (
        replace(plain, cluster=replace(c, counts=counts)),
        replace(plain, cluster=replace(c, evidence=(raised,))),
        replace(plain, triage=replace(plain.triage, severity=Severity.P0)),
        replace(plain, cluster=replace(c, occurrences=120)),
    ):
        assert chosen(changed, _3=known(plain)) == [3]


def test_fingerprint_does_not_depend_on_order(plain: Problem) -> None:
    """The order of buckets and of evidence changes nothing."""
    c = plain.cluster
    two = (*c.counts, Count(START, "staging", "seat-map-00040-old", 1, 1))
    forth = replace(plain, cluster=replace(c, counts=two))
    back = replace(plain, cluster=replace(c, counts=two[::-1]))
    assert fingerprint(forth) == fingerprint(back)


def test_roots_first_then_the_worst() -> None:
    """Symptoms come last, and of the others the worst severity first, then the most frequent."""
    problems = [
        problem(cluster([entry("x")], number=4), severity=Severity.P0, incident=INCIDENT),
        problem(cluster([entry("x")], number=5), severity=Severity.P2),
        problem(cluster([entry("x")], number=6, occurrences=99), severity=Severity.P2),
        problem(cluster([entry("x")], number=3), severity=Severity.P1, incident=INCIDENT),
    ]
    assert chosen(*problems) == [3, 6, 5, 4]


def test_root_brings_its_symptoms_and_the_deployments_around() -> None:
    """A root's case has its symptoms, and the deployments of these services shortly before and while it lasted."""
    root = problem(cluster([entry("x")], number=3), incident=INCIDENT)
    symptom = problem(cluster([entry("x")], number=4), incident=INCIDENT)

    def deployed(minutes: float, service: str = "seat-map") -> Deployment:
        return Deployment(START + timedelta(minutes=minutes), service, "production", NEW)

    deployments = [deployed(-10), deployed(-300), deployed(5), deployed(60), deployed(-5, "elsewhere")]
    cases = choose([root, symptom], {}, deployments, {3: root.cluster, 4: symptom.cluster}, RELEASED)
    assert [c.number for c in cases[0].symptoms] == [4]
    assert [d.time for d in cases[0].deployments] == [deployed(-10).time, deployed(5).time]
    assert cases[1].symptoms == ()


@pytest.mark.parametrize("note", [NO_KEY, BUDGET, ROUND_BUDGET, "the logs of seat-map are not released for models"])
def test_asked_once_it_can_be(plain: Problem, note: str) -> None:
    """What the table explained for want of a key, of money or of a release goes to the model when it may."""
    assert chosen(plain, _3=known(plain, "patterns", note)) == [3]


def test_outage_is_asked_about_again(plain: Problem) -> None:
    """What stands in for a model that was down is made anew; what stands for a useless answer is not."""
    assert chosen(plain, _3=known(plain, "patterns", "overloaded", provisional=True)) == [3]
    assert chosen(plain, _3=known(plain, "patterns", "refused to answer")) == []


def test_without_a_model_patterns_stay(plain: Problem) -> None:
    """Where there still is no model, the table's analysis is not made again and again."""
    earlier = {3: known(plain, "patterns", NO_KEY)}
    assert choose([plain], earlier, [], {3: plain.cluster}, RELEASED) == []


def test_round_asks_about_what_suits() -> None:
    """A P1 of a released service does; a symptom, a P4 and a service that is not released do not, in words."""
    suits = missing_module().problem
    assert unsuited(suits, RELEASED) == ""
    assert unsuited(suits, Policy(model_services=("seat-map",))) == ""
    assert "not released" in unsuited(suits, Policy())
    assert "not released" in unsuited(suits, Policy(model_services=("other",)))
    assert "cluster 3" in unsuited(problem(cluster([entry("x")], number=4), incident=INCIDENT), RELEASED)
    assert "P4" in unsuited(problem(cluster([entry("x")]), severity=Severity.P4), RELEASED)


def test_a_person_may_ask_about_anything_that_is_released() -> None:
    """A symptom or a P4 is worth a person's question; the team's word on the service stays."""
    symptom = problem(cluster([entry("x")], number=4), severity=Severity.P4, incident=INCIDENT)
    assert withheld(symptom, RELEASED) == ""
    assert "not released" in withheld(symptom, Policy())


def test_neighbours_that_are_not_released_are_left_out() -> None:
    """Symptoms and deployments of another service go to a model only if that service is released, too."""
    near, far = cluster([entry("x")], number=4), replace(cluster([entry("secret of others")], number=5), service="till")
    deployed = [Deployment(START, "seat-map", "production", NEW), Deployment(START, "till", "production", "till-1")]
    whole = replace(missing_module(), symptoms=(near, far), deployments=tuple(deployed))
    shown = released(whole, Policy(model_services=("seat-map",)))
    assert [c.number for c in shown.symptoms] == [4]
    assert [d.service for d in shown.deployments] == ["seat-map"]
    assert released(whole, RELEASED) == whole


POLICY = Policy(model_services=("*",), day_budget=5.0, round_budget=0.5, people_budget=1.0)


@pytest.mark.parametrize(
    ("spent", "by_person", "reason"),
    [
        (Spent(), False, ""),
        (Spent(4.0, 3.8, 0.3), False, ""),
        (Spent(0.45, 0.45, 0.45), False, ROUND_BUDGET),
        (Spent(3.95, 3.95, 0.1), False, KEPT),
        (Spent(3.95, 3.95, 3.95), True, ""),
        (Spent(4.95, 3.0, 0.0), False, BUDGET),
        (Spent(4.95, 3.0, 0.0), True, BUDGET),
    ],
)
def test_ceilings_have_their_words(spent: Spent, by_person: bool, reason: str) -> None:
    """A round stops at its own ceiling and before what is kept for people; people only at the day's."""
    assert afford(0.1, spent, POLICY, by_person=by_person) == reason


def test_ceilings_are_never_passed() -> None:
    """Whoever asks, and however often: no sum ever passes the day's, and people always have their part of it."""
    day = rounds = 0.0
    while not afford(0.1, Spent(day, rounds, 0.0), POLICY, by_person=False):
        day, rounds = day + 0.1, rounds + 0.1
    assert 3.9 <= rounds <= 4.0
    while not afford(0.1, Spent(day, rounds, 0.0), POLICY, by_person=True):
        day += 0.1
    assert 4.9 <= day <= 5.0
