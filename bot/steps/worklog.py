"""The full account of a window: every problem with its figures, what is to be done, what was done on the tracker, and
what was checked.

Everything is computed from the report. Rendering decides the words around it; nothing here is text of its own but
names of things.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models import Act, Finding, Issue, Kind, Outcome, Problem, Report, Severity, Stage, Verdict

OFTEN, SOMETIMES = 10, 3
"""From how many occurrences in the window on a problem is called frequent, or not rare."""
LAG = timedelta(minutes=15)
"""Reading that stops further before the end of the window than this has not covered it."""
IDS = 8


class Frequency(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Treatment(StrEnum):
    """What became of a problem on the tracker."""

    CREATED = "created new issue"
    UPDATED = "updated existing issue"
    ESCALATED = "escalated existing issue"
    REOPENED = "reopened issue"
    LINKED = "linked to existing issue"
    WAITING = "waits for approval"
    REJECTED = "rejected"
    FAILED = "failed"
    TRACKED = "already tracked"
    NONE = "no action"


class Urgency(StrEnum):
    IMMEDIATE = "immediate"
    SHORT = "short-term"
    LONG = "long-term"
    WATCH = "monitoring and security"


@dataclass(frozen=True, slots=True)
class Section:
    """One problem, with its figures in the window and what its evidence says of who was hit."""

    problem: Problem
    entries: int
    occurrences: int
    per_hour: float
    frequency: Frequency
    first: datetime
    last: datetime
    root: int
    """The cluster whose symptom it is, or 0."""
    symptoms: tuple[int, ...]
    worst: Severity
    """The worst severity among it and its symptoms."""
    request_ids: tuple[str, ...]
    traces: tuple[str, ...]
    agents: tuple[str, ...]
    instances: int

    @property
    def number(self) -> int:
        return self.problem.number


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do about a cluster. `step` is advice of the analysis, empty where there is none to give."""

    cluster: int
    title: str
    severity: Severity
    steps: tuple[str, ...]
    settled: bool
    """Whether the cause that the steps follow from may be shown."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What the tracker knows of a cluster now, and why."""

    problem: Problem
    treatment: Treatment
    reason: str
    issue: int
    url: str
    related: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, in figures: `good` of `all`."""

    name: str
    good: int
    all: int

    @property
    def ok(self) -> bool:
        return self.good == self.all


@dataclass(frozen=True, slots=True)
class Worklog:
    report: Report
    sections: tuple[Section, ...]
    tasks: dict[Urgency, tuple[Task, ...]]
    treated: tuple[Treated, ...]
    checks: tuple[Check, ...]
    covered: bool
    """Whether reading reached the end of the window."""

    def count(self, *treatments: Treatment) -> int:
        return sum(t.treatment in treatments for t in self.treated)

    def issues(self, *treatments: Treatment) -> tuple[int, ...]:
        return tuple(sorted({t.issue for t in self.treated if t.treatment in treatments and t.issue}))


def worklog(report: Report) -> Worklog:
    """The worklog of all that a report holds, the worst family first, a root before its symptoms."""
    families = report.families
    sections = tuple(_section(p, family, report) for family in families for p in family)
    problems = [s.problem for s in sections]
    tasks: dict[Urgency, list[Task]] = {u: [] for u in Urgency}
    for section in sections:
        if not section.root:
            tasks[_urgency(section)].append(_task(section))
    return Worklog(
        report=report,
        sections=sections,
        tasks={u: tuple(sorted(t, key=lambda t: t.severity)) for u, t in tasks.items()},
        treated=tuple(_treated(p) for p in problems),
        checks=tuple(_checks(report, problems)),
        covered=report.read_until is not None and report.window.end - report.read_until <= LAG,
    )


def _section(problem: Problem, family: tuple[Problem, ...], report: Report) -> Section:
    cluster, window = problem.cluster, report.window
    entries, occurrences = cluster.within(window)
    hours = max(window.span / timedelta(hours=1), 1 / 60)
    evidence = [e for e in cluster.evidence if window.start <= e.time <= window.end] or list(cluster.evidence)
    root = family[0].number
    return Section(
        problem=problem,
        entries=entries,
        occurrences=occurrences,
        per_hour=occurrences / hours,
        frequency=_frequency(occurrences),
        first=max(cluster.first_seen, window.start) if occurrences else cluster.first_seen,
        last=min(cluster.last_seen, window.end) if occurrences else cluster.last_seen,
        root=0 if problem.number == root else root,
        symptoms=tuple(p.number for p in family[1:]) if problem.number == root else (),
        worst=min(p.triage.severity for p in family) if problem.number == root else problem.triage.severity,
        request_ids=_distinct(e.request_id for e in evidence),
        traces=_distinct(e.trace for e in evidence),
        agents=_distinct(e.request.agent for e in evidence if e.request),
        instances=len({m.instance for m in cluster.moments if m.instance}),
    )


def _frequency(occurrences: int) -> Frequency:
    if occurrences >= OFTEN:
        return Frequency.HIGH
    return Frequency.MEDIUM if occurrences >= SOMETIMES else Frequency.LOW


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))[:IDS]


def _urgency(section: Section) -> Urgency:
    if section.worst <= Severity.P1:
        return Urgency.IMMEDIATE
    if section.problem.triage.kind is Kind.SECURITY:
        return Urgency.WATCH
    return Urgency.SHORT if section.worst <= Severity.P3 else Urgency.LONG


def _task(section: Section) -> Task:
    problem = section.problem
    analysis, audit = problem.analysis, problem.audit
    settled = audit is not None and audit.cause in (Finding.CONFIRMED, Finding.INFERRED)
    return Task(
        cluster=problem.number,
        title=problem.cluster.title,
        severity=section.worst,
        steps=analysis.next_steps if analysis and settled else (),
        settled=settled,
    )


_DONE = {
    Act.CREATE: Treatment.CREATED,
    Act.COMMENT: Treatment.UPDATED,
    Act.ESCALATE: Treatment.ESCALATED,
    Act.REOPEN: Treatment.REOPENED,
    Act.LINK: Treatment.LINKED,
}
_UNDER_WAY = {
    Stage.OPEN: Treatment.WAITING,
    Stage.APPROVED: Treatment.WAITING,
    Stage.FILING: Treatment.WAITING,
    Stage.REJECTED: Treatment.REJECTED,
    Stage.FAILED: Treatment.FAILED,
}


def _treated(problem: Problem) -> Treated:
    match, proposal = problem.match, problem.proposal
    issue = match.issue if match else None
    number, url = (issue.number, issue.url) if issue else (0, "")
    reason = match.reason if match else ""
    treatment = Treatment.TRACKED if issue and not issue.closed else Treatment.NONE
    if proposal and proposal.stage is Stage.FILED:
        treatment = _DONE.get(proposal.draft.act, Treatment.NONE)
        number, url = proposal.issue or number, proposal.url or url
    elif proposal and proposal.stage in _UNDER_WAY:
        treatment = _UNDER_WAY[proposal.stage]
        number = number or proposal.draft.issue
        reason = proposal.note or reason
    elif problem.is_symptom and problem.incident:
        reason = f"a symptom of cluster {problem.incident.root}, which is tracked instead"
    elif match is None or match.outcome in (Outcome.NEW, Outcome.OFFER):
        reason = "; ".join(filter(None, (*problem.triage.reasons[:2], reason)))
    related = tuple(c.issue for c in match.candidates if c.issue.number != number)[:5] if match else ()
    return Treated(problem, treatment, reason, number, url, related)


def _checks(report: Report, problems: list[Problem]) -> list[Check]:
    audits = [p.audit for p in problems if p.analysis and p.audit]
    analysed = [p for p in problems if p.analysis]
    claims = [c for a in audits for c in a.claims]
    filed = [p.proposal for p in problems if p.proposal and p.proposal.stage is Stage.FILED]
    symptoms = [p for p in problems if p.is_symptom]
    own = [p for p in symptoms if p.proposal and p.proposal.draft.act is Act.CREATE and p.proposal.stage is Stage.FILED]
    return [
        Check("input lines that were log entries", report.entries, report.entries + report.bad_count),
        Check("clusters with a severity and its reasons", sum(bool(p.triage.reasons) for p in problems), len(problems)),
        Check("clusters looked for on the tracker", sum(p.match is not None for p in problems), len(problems)),
        Check("analyses that were audited", len(audits), len(analysed)),
        Check("audited analyses approved", sum(a.verdict is Verdict.APPROVED for a in audits), len(audits)),
        Check("claims not contradicted", sum(c.finding is not Finding.CONTRADICTED for c in claims), len(claims)),
        Check("symptoms without an issue of their own", len(symptoms) - len(own), len(symptoms)),
        Check("writes to the tracker that carry our marker", sum(bool(p.marker) for p in filed), len(filed)),
    ]
