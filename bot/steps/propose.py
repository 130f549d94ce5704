"""What the gardener wants to do on the tracker, in the exact words that would be written, or nothing and why.

`propose` drafts for one problem, `wanted` says for which a round does so by itself, `escalate` drafts a change of an
issue's severity that a person asked for. The texts are made by `bot.render.issues`, which is as pure as this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import Refused
from bot.models import (
    Act,
    Comment,
    Deployment,
    Draft,
    Finding,
    Issue,
    Kind,
    Match,
    Outcome,
    Policy,
    Problem,
    Proposal,
    Severity,
)
from bot.render import issues, titles
from bot.render.escape import authored, cut

AFTER_DEPLOYMENT = timedelta(days=1)
"""How long a newer revision has to serve without a problem before that is worth a word."""
CAUSE = 500


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a problem that its texts depend on."""

    comments: Sequence[Comment] = ()
    """Those on its issue."""
    owners: str = ""
    """The repository's CODEOWNERS."""
    issues: Mapping[int, int] = field(default_factory=dict)
    """The issues that its symptoms have, by cluster."""
    asked: bool = False
    """A person asks: a second word on the same day takes the place of the first."""


def wanted(problems: Sequence[Problem], policy: Policy, *, baseline: bool) -> list[Problem]:
    """The problems a round makes proposals for by itself: urgent enough, by the evidence or by their issue, no symptom,
    not expected, not the baseline."""
    if baseline:
        return []
    chosen = [
        p
        for p in problems
        if min(p.triage.severity, _ranked(p)) <= policy.propose_down_to
        and not (p.silence or is_expected(p) or _owner_elsewhere(p))
    ]
    return sorted(chosen, key=lambda p: (p.triage.severity, p.number))


def _ranked(problem: Problem) -> Severity:
    """What its open issue says: people who gave it a severity want to hear that it goes on."""
    match = problem.match
    issue = match.issue if match and match.outcome is Outcome.KNOWN else None
    said = titles.severity_of(issue) if issue and not issue.closed else None
    return said or Severity.P5


def is_expected(problem: Problem) -> bool:
    return Kind.EXPECTED in (problem.triage.kind, problem.cluster.kind)


def propose(problem: Problem, policy: Policy, now: datetime, around: Around | None = None) -> Draft:
    """Create, comment, escalate, reopen, link, or nothing, by what the tracker knows of the problem."""
    around = around or Around()
    if is_expected(problem):
        why = "; ".join(problem.triage.reasons) or "the team or a rule says so"
        return _nothing(problem, policy, f"Expected behaviour, so no issue: {why}.")
    if _owner_elsewhere(problem) and problem.incident:
        root = problem.incident.root
        own = [part for part in problem.incident.reason.split("; ") if part.startswith(f"cluster {problem.number} ")]
        because = ("; ".join(own) or problem.incident.reason).rstrip(".")
        why = f"A symptom of cluster {root}, which owns the issue: {because}. Say `/garden file cluster {root}`."
        return _nothing(problem, policy, why)
    if _answers_well(problem):
        s = problem.cluster.signature
        why = f"{s.method} {s.route} is answered with {s.status}, as what is not there should be"
        return _nothing(problem, policy, f"Expected behaviour, so no issue: {why}; nothing failed behind it.")
    match = problem.match or Match(Outcome.NEW, "the tracker was not searched")
    issue = match.issue
    if issue is None:
        return _create(problem, policy, match, around)
    match match.outcome:
        case Outcome.REGRESSION if issue.locked or _long_closed(issue, policy, now):
            return _create(problem, policy, match, around)
        case Outcome.REGRESSION:
            return _reopen(problem, policy, match, issue)
        case Outcome.KNOWN if issue.closed:
            return _nothing(problem, policy, f"Nothing to do: {match.reason}.", issue)
        case Outcome.KNOWN | Outcome.COMMENT_ONLY:
            return _known(problem, policy, match, issue, now, around)
        case _:
            return _create(problem, policy, match, around)


def same(problem: Problem, policy: Policy, issue: Issue, now: datetime) -> Draft:
    """A person says that the problem is that issue: it is told there, and linked."""
    if issue.pull_request:
        raise Refused(f"#{issue.number} is a pull request. A problem belongs to an issue.")
    match = Match(Outcome.KNOWN, f"a person says that it is the same as #{issue.number}", issue)
    if issue.locked or issue.closed:
        why = f"{match.reason}; that one is {'locked' if issue.locked else 'closed'}, so it is only linked"
        return Draft(Act.LINK, issue.repository or policy.repository, issue=issue.number, reason=_sentence(why))
    return _comment(problem, policy, match, issue, issues.told(issue, problem.cluster), 0)


def of_message(title: str, text: str, severity: Severity, policy: Policy, source: str) -> Draft:
    """Something that somebody wrote in the chat, as they want it filed; the text is their own, secrets masked."""
    if not title.strip():
        raise Refused("An issue needs a title.")
    return Draft(
        act=Act.CREATE,
        repository=policy.repository,
        title=titles.retitle(title),
        body=authored(text, "", issues.LONGEST),
        labels=tuple(dict.fromkeys((severity.value, *policy.labels)))[: titles.LABELS],
        severity=severity,
        reason="Somebody asked for it, from a message in the chat.",
        cause=source,
    )


def link(issue: Issue, policy: Policy) -> Draft:
    """A person says that the problem is that issue: nothing is written there, only the mapping is kept."""
    why = f"a person says that it is #{issue.number}, {issue.title}; nothing is written there, the cluster is linked"
    return Draft(Act.LINK, issue.repository or policy.repository, issue=issue.number, reason=_sentence(why))


def duplicate(issue: Issue, original: Issue) -> Draft | None:
    """Two clusters that turned out to be one had an issue each: the other's says so, and people close it. Nothing where
    either is closed, or the other is locked."""
    if issue.closed or issue.locked or original.closed or issue.repository != original.repository:
        return None
    said = f"Duplicate of #{original.number}"
    return Draft(
        act=Act.COMMENT,
        repository=issue.repository,
        comment=f"{said}: the log lines of both turned out to be one problem, and it is told there from now on. "
        "This one stays as it is until somebody closes it.",
        issue=issue.number,
        reason=f"#{issue.number} and #{original.number} turned out to be one problem.",
        cause=said,
    )


def waits_for(problem: Problem, policy: Policy, other: Proposal, why: str) -> Draft:
    """Another cluster's proposal would become the very issue: one cause, one issue, so that one is decided first."""
    one, two = sorted((other.cluster, problem.number))
    return _nothing(
        problem,
        policy,
        f"The same as proposal {other.id} of cluster {other.cluster}, it seems ({why}), and that one is not filed yet. "
        f"If they are one, say `/garden merge {one} {two}`; if not, decide that one first, and then say "
        f"`/garden file cluster {problem.number}`.",
    )


def recovered(problem: Problem, policy: Policy, deployments: Sequence[Deployment], now: datetime) -> Draft | None:
    """Not seen for long, or not since a newer revision serves: a word on its open issue, which stays open."""
    cluster, issue = problem.cluster, problem.match.issue if problem.match else None
    if issue is None or issue.closed or issue.locked or issues.told_quiet(issue, cluster):
        return None
    newer = [
        d
        for d in deployments
        if d.ok and d.service == cluster.service and d.revision and d.revision not in cluster.revisions
        and cluster.last_seen < d.time <= now - AFTER_DEPLOYMENT
    ]  # fmt: skip
    if not newer and now - cluster.last_seen < policy.quiet_after:
        return None
    revision = max(newer, key=lambda d: d.time).revision if newer else ""
    since = f"{cluster.last_seen:%Y-%m-%d %H:%M} UTC"
    return Draft(
        act=Act.COMMENT,
        repository=issue.repository,
        comment=issues.recovery(problem, policy, revision),
        issue=issue.number,
        reason=f"Not seen since {since}" + (f", nor on the newer revision {revision}." if revision else "."),
        cause=f"not seen since {since}",
    )


def cause_of(problem: Problem) -> str:
    """The cause as the texts give it; empty where none is shown."""
    shown = problem.audit is not None and problem.audit.cause in (Finding.CONFIRMED, Finding.INFERRED)
    return cut(problem.analysis.cause, CAUSE) if problem.analysis and shown else ""


def _long_closed(issue: Issue, policy: Policy, now: datetime) -> bool:
    """Who reads an issue that was done with long ago? What is back gets a new one, with the link."""
    return issue.closed_at is not None and now - issue.closed_at > policy.reopen_within


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
        cause=cut(why, CAUSE) if who or problem is None else cause_of(problem),
    )


def _answers_well(problem: Problem) -> bool:
    """Somebody asks for what is not there and is told so; unless a person or an issue says that it matters."""
    issue = problem.match.issue if problem.match else None
    said = problem.cluster.signature.status in (404, 410) and problem.triage.kind is Kind.HTTP
    return said and issue is None and not problem.triage.by and problem.triage.severity >= Severity.P3


def _owner_elsewhere(problem: Problem) -> bool:
    """A symptom owns no issue, unless it is linked to one already."""
    return problem.match.outcome is Outcome.SYMPTOM if problem.match else problem.is_symptom


def _create(problem: Problem, policy: Policy, match: Match, around: Around) -> Draft:
    return Draft(
        act=Act.CREATE,
        repository=policy.repository,
        title=titles.title(problem, policy),
        body=issues.body(problem, policy, around.issues),
        labels=titles.labels(problem, policy),
        assignees=titles.assignees(problem, policy, around.owners),
        severity=problem.triage.severity,
        reason=_sentence(match.reason),
        cause=cause_of(problem),
    )


def _reopen(problem: Problem, policy: Policy, match: Match, issue: Issue) -> Draft:
    return Draft(
        act=Act.REOPEN,
        repository=issue.repository,
        comment=issues.regression(problem, policy),
        issue=issue.number,
        severity=problem.triage.severity,
        reason=_sentence(match.reason),
        cause=cause_of(problem),
    )


def _known(problem: Problem, policy: Policy, match: Match, issue: Issue, now: datetime, around: Around) -> Draft:
    """It has its issue: only what is new is worth saying, once a day; more urgent than the issue says is always."""
    if issue.locked:
        why = f"{match.reason}; the issue is locked, so it is only linked"
        return Draft(Act.LINK, issue.repository, issue=issue.number, reason=_sentence(why))
    severity, said = problem.triage.severity, titles.severity_of(issue)
    if said and severity < said and not issue.closed:
        why = "; ".join(problem.triage.urgent_because)
        if issue.severity_by:
            why += f"; {issue.severity_by} set {said} by hand, which approving this changes"
        return escalate(issue, severity, why, problem, policy, "")
    told = issues.told(issue, problem.cluster)
    if told and told.occurrences >= problem.cluster.occurrences:
        return _nothing(problem, policy, f"#{issue.number} says all of it already: nothing new since.", issue)
    today = told is not None and told.last.date() == now.date() and told.severity <= severity
    if told and today and not around.asked:
        return _nothing(problem, policy, f"#{issue.number} was told today already, up to {told.last:%H:%M} UTC.", issue)
    own = issues.ours_of(around.comments, problem.cluster, now.date())
    if own:
        told = issues.told(issue, problem.cluster, without=own.body)
    return _comment(problem, policy, match, issue, told, own.id if own else 0)


def _comment(
    problem: Problem, policy: Policy, match: Match, issue: Issue, told: issues.Told | None, amends: int
) -> Draft:
    return Draft(
        act=Act.COMMENT,
        repository=issue.repository,
        comment=issues.comment(problem, policy, told),
        issue=issue.number,
        amends=amends,
        severity=problem.triage.severity,
        reason=_sentence(match.reason),
        cause=cause_of(problem),
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
