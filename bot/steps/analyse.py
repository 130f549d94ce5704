"""Which problems deserve an analysis, in what order, and whether a model may be asked for it.

Every problem has an analysis to show. A new one is made where there is none, or where the evidence changed in
kind: another revision, another exception, another severity, ten times as many. The same goes where a model could
not be asked before, and now it can. Ceilings hold for rounds and people together; a part of the day's is left for
people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.models import (
    BUDGET,
    BUDGETS,
    KEPT,
    ROUND_BUDGET,
    Analysis,
    Audit,
    Case,
    Cluster,
    Deployment,
    Lesson,
    Policy,
    Problem,
    Severity,
    Spent,
    Wrong,
)

NO_KEY = "no key for a model is set"
WORTH_ASKING = Severity.P3
"""The lowest severity that a model is asked about."""
LOOK_BACK = timedelta(hours=1)
"""How long before a problem began a deployment may still have to do with it."""
DEPLOYMENTS_SHOWN = 10
PATTERNS = "patterns"


TENFOLD = 10


def fingerprint(problem: Problem) -> str:
    """What the evidence looks like, and how often it happened."""
    return f"{_kind(problem)}:{problem.cluster.occurrences}"


def _changed(known: str, problem: Problem) -> bool:
    """Changed in kind since: what it looks like, or ten times as often as it was then."""
    kind, _, often = known.partition(":")
    then = int(often) if often.isdecimal() else 0
    return kind != _kind(problem) or problem.cluster.occurrences >= TENFOLD * max(then, 1)


def _kind(problem: Problem) -> str:
    cluster = problem.cluster
    exceptions = {s.exception for s in cluster.signatures if s.exception}
    exceptions |= {e.failure.type for e in cluster.evidence if e.failure}
    parts = (
        "2",
        *sorted(set(cluster.revisions)),
        *sorted(exceptions),
        problem.triage.severity.value,
        "symptom" if problem.is_symptom else "",
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def choose(
    problems: Sequence[Problem],
    earlier: Mapping[int, tuple[Analysis, Audit] | None],
    deployments: Sequence[Deployment],
    clusters: Mapping[int, Cluster],
    policy: Policy,
    *,
    has_model: bool = False,
) -> list[Case]:
    """The cases to analyse now: roots before symptoms, worst first."""
    cases = [
        _case(p, deployments, clusters, policy)
        for p in problems
        if _stale(p, earlier.get(p.number), policy, has_model=has_model)
    ]
    return sorted(cases, key=_urgency)


def about(problem: Problem, deployments: Sequence[Deployment], clusters: Mapping[int, Cluster], policy: Policy) -> Case:
    """The case of one problem that a person asks about, with all other clusters of its incident."""
    case = _case(problem, deployments, clusters, policy)
    members = problem.incident.clusters if problem.incident else ()
    others = tuple(clusters[n] for n in members if n in clusters and n != problem.number)
    return replace(case, symptoms=others)


def informed(case: Case, wrong: Sequence[Wrong], lessons: Sequence[Lesson]) -> Case:
    """The case with what people said of its causes so far."""
    return replace(
        case,
        wrong=tuple(f"{w.cause} (wrong, says somebody of the team: {w.why})" for w in wrong),
        known=tuple(f"{k.cause} ({k.issue} was closed by {k.change})" for k in lessons),
    )


def afford(at_most: float, spent: Spent, policy: Policy, *, by_person: bool) -> str:
    """Empty if a request that costs so much at most may be sent; else why not, in words that are shown."""
    if spent.day + at_most > policy.day_budget:
        return BUDGET
    if by_person:
        return ""
    if spent.rounds + at_most > policy.day_budget - policy.people_budget:
        return KEPT
    return ROUND_BUDGET if spent.round + at_most > policy.round_budget else ""


def unsuited(problem: Problem, policy: Policy) -> str:
    """Why a round asks no model about this problem; empty where it may."""
    if problem.incident and problem.is_symptom:
        return f"a symptom of cluster {problem.incident.root}, whose analysis explains it"
    if problem.triage.severity > WORTH_ASKING:
        return f"a problem of severity {problem.triage.severity} is not worth a request to a model"
    return withheld(problem, policy)


def withheld(problem: Problem, policy: Policy) -> str:
    """Why nothing of this problem may be shown to a model; empty where it may."""
    service = problem.cluster.service
    return (
        "" if may_be_shown(service, policy) else f"the logs of {service or 'this service'} are not released for models"
    )


def released(case: Case, policy: Policy) -> Case:
    """The case without what came from services that are not released for models: symptoms, deployments."""
    return replace(
        case,
        symptoms=tuple(c for c in case.symptoms if may_be_shown(c.service, policy)),
        deployments=tuple(d for d in case.deployments if may_be_shown(d.service, policy)),
    )


def may_be_shown(service: str, policy: Policy) -> bool:
    """Whether the team released what the service logs for models."""
    return "*" in policy.model_services or service in policy.model_services


def _stale(problem: Problem, known: tuple[Analysis, Audit] | None, policy: Policy, *, has_model: bool) -> bool:
    if known is None or _changed(known[0].fingerprint, problem):
        return True
    if known[0].source != PATTERNS or not has_model or unsuited(problem, policy):
        return False
    note = known[0].note
    return known[0].provisional or note in {NO_KEY, *BUDGETS} or note.endswith("not released for models")


def _case(problem: Problem, deployments: Sequence[Deployment], clusters: Mapping[int, Cluster], policy: Policy) -> Case:
    cluster, incident = problem.cluster, problem.incident
    members = incident.symptoms if incident and not problem.is_symptom else ()
    symptoms = tuple(clusters[n] for n in members if n in clusters)
    services = {cluster.service, *(s.service for s in symptoms)}
    near = [
        d
        for d in deployments
        if d.service in services and cluster.first_seen - LOOK_BACK <= d.time <= cluster.last_seen
    ]
    near.sort(key=lambda d: (abs(d.time - cluster.first_seen), d.revision))
    return Case(
        problem=problem,
        symptoms=symptoms,
        deployments=tuple(sorted(near[:DEPLOYMENTS_SHOWN], key=lambda d: (d.time, d.revision))),
        critical_paths=policy.critical_paths,
        fingerprint=fingerprint(problem),
    )


def _urgency(case: Case) -> tuple[bool, Severity, int, int]:
    problem = case.problem
    return (problem.is_symptom, problem.triage.severity, -problem.cluster.occurrences, problem.number)
