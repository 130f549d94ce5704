"""Whether a deployment is healthy: what is new since, what got worse, what is gone; by the counts, and with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models import BUCKET, Cluster, Deployment, Problem, Severity, Window

ENOUGH = timedelta(minutes=10)
"""A revision that is younger is not judged well, unless it fails already."""
SHORTEST, LONGEST = timedelta(hours=1), timedelta(hours=24)
"""How much of the time before is compared."""
FACTOR, FEWEST = 3, 10
"""So many times as often, and at least so many, is worse."""
BAD = Severity.P2
"""What is this urgent, or more, makes a deployment unhealthy."""


class Health(StrEnum):
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    EARLY = "too early to say"


@dataclass(frozen=True, slots=True)
class Shift:
    """A problem before and since; occurrences an hour."""

    problem: Problem
    before: float
    since: float


@dataclass(frozen=True, slots=True)
class Validation:
    deployment: Deployment
    health: Health
    reason: str
    span: Window
    """From the deployment until the next one, or until what was read."""
    new: tuple[Problem, ...] = ()
    worse: tuple[Shift, ...] = ()
    gone: tuple[Shift, ...] = ()


def validate(deployment: Deployment, later: datetime | None, problems: Sequence[Problem], now: datetime) -> Validation:
    """`later` is when the next deployment of the same service came; `now`, up to when was read."""
    end = max(deployment.time, min(later or now, now))
    span = Window(deployment.time, end)
    before = Window(deployment.time - min(max(span.span, SHORTEST), LONGEST), deployment.time)
    own = [p for p in problems if p.cluster.service == deployment.service and not p.is_symptom]

    new, worse, gone = [], [], []
    for problem in own:
        was = _seen(problem.cluster, before, deployment.environment, "")
        ever = _first(problem.cluster, deployment.environment)
        now_seen = _seen(problem.cluster, span, deployment.environment, deployment.revision)
        shift = Shift(problem, _hourly(was, before), _hourly(now_seen, span))
        if now_seen and ever is not None and ever > deployment.time - BUCKET:
            new.append(problem)
        elif now_seen >= FEWEST and shift.since >= FACTOR * shift.before:
            worse.append(shift)
        elif was >= FEWEST and not now_seen and span.span >= SHORTEST:
            gone.append(shift)
    health, reason = _judged(deployment, span, new, worse)
    return Validation(deployment, health, reason, span, tuple(new), tuple(worse), tuple(gone))


def _judged(deployment: Deployment, span: Window, new: list[Problem], worse: list[Shift]) -> tuple[Health, str]:
    if not deployment.ok:
        return Health.UNHEALTHY, "the deployment itself failed"
    bad_new = [p.number for p in new if p.triage.severity <= BAD]
    bad_worse = [s.problem.number for s in worse if s.problem.triage.severity <= BAD]
    if bad_new or bad_worse:
        what = [f"{_clusters(bad_new)} new since"] * bool(bad_new) + [f"{_clusters(bad_worse)} worse"] * bool(bad_worse)
        return Health.UNHEALTHY, " and ".join(what)
    if span.span < ENOUGH:
        return Health.EARLY, f"read only {int(span.span / timedelta(minutes=1))} min since"
    return Health.HEALTHY, f"no problem of {BAD} or above is new or worse since"


def _clusters(numbers: list[int]) -> str:
    names = ", ".join(map(str, numbers))
    return f"cluster {names} is" if len(numbers) == 1 else f"clusters {names} are"


def _seen(cluster: Cluster, window: Window, environment: str, revision: str) -> int:
    return sum(
        c.occurrences
        for c in cluster.counts
        if window.start - BUCKET < c.start <= window.end
        and c.environment == environment
        and (not revision or c.revision in ("", revision))
    )


def _first(cluster: Cluster, environment: str) -> datetime | None:
    return min((c.start for c in cluster.counts if c.environment == environment), default=None)


def _hourly(count: int, window: Window) -> float:
    return count / max(window.span / timedelta(hours=1), 1 / 12)
