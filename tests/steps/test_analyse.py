"""Which problems are analysed, in what order, and when the model may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import (
    Analysis,
    Audit,
    Case,
    Count,
    Deployment,
    Failure,
    Incident,
    Policy,
    Problem,
    Severity,
    Verdict,
)
from bot.steps.analyse import BUDGET, NO_KEY, ROUND_BUDGET, afford, choose, fingerprint
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


def asked(
    case: Case, policy: Policy = RELEASED, spent: float = 0.0, *, has_model: bool = True, spent_in_round: float = 0
) -> str:
    return afford(case, policy, spent, has_model=has_model, spent_in_round=spent_in_round)


def test_model_may_be_asked() -> None:
    """A new P1 of a released service within the budget: nothing speaks against it."""
    assert asked(missing_module()) == ""
    assert asked(missing_module(), Policy(model_services=("seat-map",))) == ""


def test_reasons_not_to_ask_are_said() -> None:
    """No key, not released, symptom, not worth it, budget of the day or the round: each in words."""
    case = missing_module()
    symptom = Case(problem(cluster([entry("x")], number=4), incident=INCIDENT))
    minor = Case(problem(cluster([entry("x")]), severity=Severity.P4))
    assert asked(case, has_model=False) == NO_KEY
    assert "not released" in asked(case, Policy())
    assert "not released" in asked(case, Policy(model_services=("other",)))
    assert "cluster 3" in asked(symptom)
    assert "P4" in asked(minor)
    assert asked(case, spent=4.95) == BUDGET
    assert asked(case, spent_in_round=0.45) == ROUND_BUDGET


def test_ceiling_is_never_passed() -> None:
    """However much was spent, one more request stays under the ceiling of the day, or is not made."""
    case = missing_module()
    spent = 0.0
    while not asked(case, Policy(model_services=("*",), day_budget=1.0), spent):
        spent += 0.10
    assert spent <= 1.0
