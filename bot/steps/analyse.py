"""Which problems deserve an analysis, in what order, and whether a model may be asked for it.

Every problem has an analysis to show. A new one is made where there is none, or where the evidence changed in
kind: another revision, another exception, another severity, ten times as many. The same goes where a model could
not be asked before, and now it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.models import Analysis, Audit, Case, Cluster, Deployment, Policy, Problem, Severity

NO_KEY = "no key for a model is set"
BUDGET = "the model budget for today is used up"
ROUND_BUDGET = "the model budget for this round is used up"
WORTH_ASKING = Severity.P3
"""The lowest severity that a model is asked about."""
REQUEST_CEILING = 0.10
"""Dollars that one request may cost at most where the analyst does not say, by the bounds of prompt and answer."""
LOOK_BACK = timedelta(hours=1)
"""How long before a problem began a deployment may still have to do with it."""
DEPLOYMENTS_SHOWN = 10
PATTERNS = "patterns"


def fingerprint(problem: Problem) -> str:
    """What the evidence looks like. Equal fingerprints need no second analysis."""
    cluster = problem.cluster
    exceptions = {s.exception for s in cluster.signatures if s.exception}
    exceptions |= {e.failure.type for e in cluster.evidence if e.failure}
    parts = (
        "1",
        *sorted(set(cluster.revisions)),
        *sorted(exceptions),
        problem.triage.severity.value,
        f"10^{len(str(max(cluster.occurrences, 1))) - 1}",
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


def afford(
    case: Case,
    policy: Policy,
    spent_today: float,
    *,
    has_model: bool,
    spent_in_round: float = 0.0,
    ceiling: float = REQUEST_CEILING,
) -> str:
    """Empty if the model may be asked about this case; else why not, in words that are shown."""
    if not has_model:
        return NO_KEY
    if unsuited := _unsuited(case.problem, policy):
        return unsuited
    if spent_today + ceiling > policy.day_budget:
        return BUDGET
    return ROUND_BUDGET if spent_in_round + ceiling > policy.round_budget else ""


def _unsuited(problem: Problem, policy: Policy) -> str:
    service = problem.cluster.service
    if not _released(service, policy):
        return f"the logs of {service or 'this service'} are not released for models"
    if problem.incident and problem.is_symptom:
        return f"a symptom of cluster {problem.incident.root}, whose analysis explains it"
    if problem.triage.severity > WORTH_ASKING:
        return f"a problem of severity {problem.triage.severity} is not worth a request to a model"
    return ""


def _released(service: str, policy: Policy) -> bool:
    return "*" in policy.model_services or service in policy.model_services


def _stale(problem: Problem, known: tuple[Analysis, Audit] | None, policy: Policy, *, has_model: bool) -> bool:
    if known is None or known[0].fingerprint != fingerprint(problem):
        return True
    if known[0].source != PATTERNS or not has_model or _unsuited(problem, policy):
        return False
    note = known[0].note
    return known[0].provisional or note in (NO_KEY, BUDGET, ROUND_BUDGET) or note.endswith("not released for models")


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
