"""What the gardener wants to do on the tracker, in the exact words that would be written, or nothing and why.

`propose` drafts for one problem, `wanted` says for which a round does so by itself, `escalate` drafts a change of an
issue's severity that a person asked for. The texts are made by `bot.render.issues`, which is as pure as this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.errors import Refused
from bot.models import Act, Draft, Issue, Kind, Match, Outcome, Policy, Problem, Severity
from bot.render import issues, titles


def wanted(problems: Sequence[Problem], policy: Policy, *, baseline: bool) -> list[Problem]:
    """The problems a round makes proposals for by itself: urgent enough, no symptom, not expected, not the baseline."""
    if baseline:
        return []
    chosen = [
        p
        for p in problems
        if p.triage.severity <= policy.propose_down_to and not (p.silence or is_expected(p) or _owner_elsewhere(p))
    ]
    return sorted(chosen, key=lambda p: (p.triage.severity, p.number))


def is_expected(problem: Problem) -> bool:
    return Kind.EXPECTED in (problem.triage.kind, problem.cluster.kind)


def propose(problem: Problem, policy: Policy, now: datetime) -> Draft:
    """Create, comment, escalate, reopen, link, or nothing, by what the tracker knows of the problem."""
    if is_expected(problem):
        why = "; ".join(problem.triage.reasons) or "the team or a rule says so"
        return _nothing(problem, policy, f"Expected behaviour, so no issue: {why}.")
    if _owner_elsewhere(problem) and problem.incident:
        root = problem.incident.root
        own = [part for part in problem.incident.reason.split("; ") if part.startswith(f"cluster {problem.number} ")]
        because = ("; ".join(own) or problem.incident.reason).rstrip(".")
        why = f"A symptom of cluster {root}, which owns the issue: {because}. Say `/garden file cluster {root}`."
        return _nothing(problem, policy, why)
    match = problem.match or Match(Outcome.NEW, "the tracker was not searched")
    issue = match.issue
    if issue is None:
        return _create(problem, policy, match)
    match match.outcome:
        case Outcome.REGRESSION if issue.locked:
            return _create(problem, policy, match)
        case Outcome.REGRESSION:
            return _reopen(problem, policy, match, issue)
        case Outcome.KNOWN if issue.closed:
            return _nothing(problem, policy, f"Nothing to do: {match.reason}.", issue)
        case Outcome.KNOWN | Outcome.COMMENT_ONLY:
            return _known(problem, policy, match, issue, now)
        case _:
            return _create(problem, policy, match)


def escalate(issue: Issue, severity: Severity, why: str, problem: Problem | None, policy: Policy, who: str) -> Draft:
    """The severity of an issue raised or lowered: its title, its priority label, a comment with the reason."""
    name = f"#{issue.number}"
    if issue.pull_request:
        raise Refused(f"{name} is a pull request. Only issues have a severity.")
    if issue.locked:
        raise Refused(f"{name} is locked, so nobody can comment there. Unlock it on GitHub first.")
    if issue.closed:
        raise Refused(f"{name} is closed{f' as {issue.reason}' if issue.reason else ''}. Reopen it first.")
    old = titles.severity_of(issue)
    if old is severity:
        raise Refused(f"{name} is {severity} already.")
    return Draft(
        act=Act.ESCALATE,
        repository=issue.repository or policy.repository,
        title=titles.escalated(issue.title, old, severity),
        comment=issues.escalation(problem, policy, old, severity, why, person=bool(who)),
        labels=(severity.value,),
        issue=issue.number,
        severity=severity,
        reason=_sentence(f"{name} from {old} to {severity}" if old else f"{name} to {severity}", why),
    )


def _owner_elsewhere(problem: Problem) -> bool:
    """A symptom owns no issue, unless it is linked to one already."""
    return problem.match.outcome is Outcome.SYMPTOM if problem.match else problem.is_symptom


def _create(problem: Problem, policy: Policy, match: Match) -> Draft:
    return Draft(
        act=Act.CREATE,
        repository=policy.repository,
        title=titles.title(problem),
        body=issues.body(problem, policy),
        labels=titles.labels(problem, policy),
        assignees=titles.assignees(problem, policy),
        severity=problem.triage.severity,
        reason=_sentence(match.reason),
    )


def _reopen(problem: Problem, policy: Policy, match: Match, issue: Issue) -> Draft:
    return Draft(
        act=Act.REOPEN,
        repository=issue.repository,
        comment=issues.regression(problem, policy),
        issue=issue.number,
        severity=problem.triage.severity,
        reason=_sentence(match.reason),
    )


def _known(problem: Problem, policy: Policy, match: Match, issue: Issue, now: datetime) -> Draft:
    """It has its issue: only what is new is worth saying, once a day; more urgent than the issue says is always."""
    if issue.locked:
        why = f"{match.reason}; the issue is locked, so it is only linked"
        return Draft(Act.LINK, issue.repository, issue=issue.number, reason=_sentence(why))
    severity, said = problem.triage.severity, titles.severity_of(issue)
    if said and severity < said and not issue.closed:
        why = "; ".join(problem.triage.urgent_because)
        return escalate(issue, severity, why, problem, policy, problem.triage.by)
    told = issues.told(issue, problem.cluster)
    if told and told.occurrences >= problem.cluster.occurrences:
        return _nothing(problem, policy, f"#{issue.number} says all of it already: nothing new since.", issue)
    if told and told.last.date() == now.date() and told.severity <= severity:
        return _nothing(problem, policy, f"#{issue.number} was told today already, up to {told.last:%H:%M} UTC.", issue)
    return Draft(
        act=Act.COMMENT,
        repository=issue.repository,
        comment=issues.comment(problem, policy, told),
        issue=issue.number,
        severity=severity,
        reason=_sentence(match.reason),
    )


def _nothing(problem: Problem, policy: Policy, why: str, issue: Issue | None = None) -> Draft:
    return Draft(
        act=Act.NOTHING,
        repository=issue.repository if issue else policy.repository,
        issue=issue.number if issue else 0,
        severity=problem.triage.severity,
        reason=why,
    )


def _sentence(*parts: str) -> str:
    text = ": ".join(part.strip() for part in parts if part.strip())
    return (text[:1].upper() + text[1:]).rstrip(".") + "." if text else ""
