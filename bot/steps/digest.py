"""What a channel's digest shows: which problems fit a phone's screen, and what changed since it was last shown.

Problems come as families, the worst first: a root with its symptoms folded under it, or a problem by itself. What
works as intended and configuration nits (P4, P5) are only counted, unless there is nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date

from bot.models import Digest, Glimpse, Problem, Report, Severity, Trend

SHOWN = 8
"""Families that fit the screen of a phone."""
CHANGES = 10
"""Changes that are named; the rest are only counted."""


def digest(report: Report, channel: str, day: date, earlier: Mapping[int, Glimpse] | None = None) -> Digest:
    """The digest of a channel and day; `earlier` is what people were told last."""
    families = [f for f in report.families if f[0].silence is None]
    urgent = [f for f in families if min(p.triage.severity for p in f) <= Severity.P3]
    shown = (urgent or families)[:SHOWN]
    return Digest(
        channel=channel,
        day=day,
        report=report,
        changes=() if earlier is None else tuple(_changes(earlier, report)),
        fingerprint=_fingerprint(report, shown),
        shown=tuple(f[0].number for f in shown),
        more=len(families) - len(shown),
        silent=len(report.families) - len(families),
    )


def glimpses(report: Report) -> dict[int, Glimpse]:
    """What a channel is told of each problem, in short: what the next digest is compared with."""
    return {number: _glimpse(problem) for number, problem in _by_number(report).items()}


def _glimpse(p: Problem) -> Glimpse:
    return Glimpse(
        severity=p.triage.severity,
        quiet=p.triage.trend is Trend.QUIET,
        silent=str(p.silence.stand) if p.silence else "",
        owner=p.owner,
        issue=_issue(p),
        state=_state(p),
    )


def _changes(before: Mapping[int, Glimpse], after: Report) -> Iterator[str]:
    """What is worth a line, in words; names are left out, for they are log text."""
    now = _by_number(after)
    told = [line for number, p in now.items() for line in _told(number, before.get(number), p)]
    told += [f"Cluster {number} is not seen any more." for number in before if number not in now]
    yield from told[:CHANGES]
    if len(told) > CHANGES:
        yield f"And {len(told) - CHANGES} more changes."


def _told(number: int, old: Glimpse | None, problem: Problem) -> Iterator[str]:
    who, new = f"Cluster {number}", _glimpse(problem)
    if old is None:
        yield f"{who} is new, {new.severity}."
        return
    if old.severity is not new.severity:
        by = f" by {problem.triage.by}" if problem.triage.by else ""
        yield f"{who} went from {old.severity} to {new.severity}{by}."
    if new.quiet != old.quiet:
        yield f"{who} has gone quiet." if new.quiet else f"{who} is back."
    if new.silent != old.silent:
        by = f", says {problem.silence.who}" if problem.silence else ""
        yield f"{who} is {new.silent}{by}." if new.silent else f"{who} is not {old.silent} any more."
    if new.owner != old.owner:
        yield f"{new.owner} is on cluster {number}." if new.owner else f"Nobody is on cluster {number} now."
    if new.issue and new.issue != old.issue:
        yield f"{who} belongs to issue #{new.issue} now."
    elif new.issue and new.state and new.state != old.state:
        yield f"Issue #{new.issue} of cluster {number} is {new.state} now."


def _issue(problem: Problem) -> int:
    if problem.proposal and problem.proposal.issue:
        return problem.proposal.issue
    return problem.match.issue.number if problem.match and problem.match.issue else 0


def _state(problem: Problem) -> str:
    return problem.match.issue.state if problem.match and problem.match.issue else ""


def _by_number(report: Report) -> Mapping[int, Problem]:
    return {p.number: p for family in report.families for p in family}


def _fingerprint(report: Report, shown: list[tuple[Problem, ...]]) -> str:
    """Equal for digests that tell people the same.

    Counts enter by their order of magnitude (9 to 12 occurrences is a change, 12 to 90 is none), the time up to
    which was read by its hour: a digest that stands must not look stale, nor be edited for each minute. Changes do
    not enter, for they are told once; neither do deployments nor what was spent.
    """
    facts = [
        *(_facts(problem) for family in shown for problem in family),
        *(
            f"{p.number} {p.triage.severity}"
            for family in report.families
            if family not in shown
            for p in family
            if not p.silence
        ),
        f"{report.read_until:%Y-%m-%dT%H}" if report.read_until else "never",
        str(bool(report.bad_count)),
        *report.notes,
    ]
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _facts(problem: Problem) -> str:
    cluster, triage, match = problem.cluster, problem.triage, problem.match
    analysis, audit, proposal = problem.analysis, problem.audit, problem.proposal
    facts = (
        *(cluster.number, cluster.title, len(str(cluster.occurrences))),
        *(triage.severity, triage.category, triage.trend, triage.by),
        *((match.outcome, match.issue and (match.issue.ref, match.issue.state)) if match else ()),
        *((analysis.cause, analysis.source) if analysis else ()),
        *((audit.verdict, audit.cause) if audit else ()),
        *((proposal.id, proposal.stage, proposal.issue) if proposal else ()),
        problem.incident.root if problem.incident else 0,
        problem.owner,
    )
    return repr(facts)
