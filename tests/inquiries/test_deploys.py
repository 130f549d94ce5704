"""Whether a deployment is called healthy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.inquiries.deploys import Health, validate
from bot.models import Count, Deployment, Problem, Severity
from tests.samples import cluster, problem, triage

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DEPLOYED = Deployment(AT, "checkout-api", "production", revision="checkout-api-00043-abc")


def seen(
    number: int, *counts: tuple[int, int], severity: Severity = Severity.P2, service: str = "checkout-api"
) -> Problem:
    """A problem with occurrences at minutes from the deployment; afterwards on the new revision."""
    made = replace(
        cluster(number, service=service),
        counts=tuple(
            Count(AT + timedelta(minutes=m), "production", f"checkout-api-000{42 + (m >= 0)}-abc", n, n)
            for m, n in counts
        ),
    )
    return replace(problem(number), cluster=made, triage=triage(severity))


def after(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


STEADY = ((-120, 5), (-60, 5), (30, 5), (90, 5))


def test_nothing_new_and_nothing_worse_is_healthy() -> None:
    """What happens as often as before is no fault of the deployment."""
    found = validate(DEPLOYED, None, [seen(1, *STEADY)], after(120))
    assert (found.health, found.new, found.worse, found.gone) == (Health.HEALTHY, (), (), ())


@pytest.mark.parametrize(("severity", "health"), [(Severity.P2, Health.UNHEALTHY), (Severity.P3, Health.HEALTHY)])
def test_a_new_problem_makes_it_unhealthy_if_it_is_urgent(severity: Severity, health: Health) -> None:
    """Even minutes later; what is not urgent is named all the same."""
    found = validate(DEPLOYED, None, [seen(1, *STEADY), seen(2, (20, 1), severity=severity)], after(25))
    assert found.health is health
    assert [p.number for p in found.new] == [2]


def test_much_more_often_than_before_is_worse() -> None:
    """Three times as often, and ten times at least."""
    found = validate(DEPLOYED, None, [seen(1, (-60, 4), (30, 12)), seen(2, (-60, 1), (30, 9))], after(60))
    assert found.health is Health.UNHEALTHY
    assert [s.problem.number for s in found.worse] == [1]
    assert found.reason == "cluster 1 is worse"


def test_what_the_deployment_mended_is_named() -> None:
    """Once there was an hour to see it in."""
    problems = [seen(1, (-90, 6), (-30, 6))]
    assert [s.problem.number for s in validate(DEPLOYED, None, problems, after(120)).gone] == [1]
    assert validate(DEPLOYED, None, problems, after(30)).gone == ()


def test_other_services_and_later_deployments_are_not_its_fault() -> None:
    """It is judged until the next one came."""
    other = seen(1, (20, 50), service="mailer")
    late = seen(2, (90, 50))
    assert validate(DEPLOYED, after(60), [other, late], after(300)).health is Health.HEALTHY


def test_what_failed_or_is_young_is_said() -> None:
    """A young one that fails already is not too young."""
    assert validate(replace(DEPLOYED, ok=False), None, [], after(300)).health is Health.UNHEALTHY
    assert validate(DEPLOYED, None, [], after(5)).health is Health.EARLY
    assert validate(DEPLOYED, None, [seen(1, (2, 1))], after(5)).health is Health.UNHEALTHY
    assert validate(DEPLOYED, None, [], AT - timedelta(minutes=3)).health is Health.EARLY
