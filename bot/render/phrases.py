"""The few phrases that every page says in the same words: figures, times, what a cause is worth, what to type next.

Nothing here is escaped: what comes from a log, a model or the tracker is, at each exit, by its own rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.models import Act, Finding, Issue, Outcome, Problem, Proposal, Severity, Spend, Stage, Verdict, Window

MEANING = {
    Severity.P0: "service down, all users blocked, or data lost",
    Severity.P1: "a core function fails for some, or a risk to security or integrity",
    Severity.P2: "degraded, or a secondary function fails",
    Severity.P3: "low: a smell, or blocked probes",
    Severity.P4: "works as intended, or noise",
    Severity.P5: "a nit of configuration",
}

_WOULD = {
    Act.CREATE: "would create an issue",
    Act.COMMENT: "would comment on #{issue}",
    Act.ESCALATE: "would escalate #{issue}",
    Act.REOPEN: "would reopen #{issue}",
    Act.LINK: "would link #{issue}",
    Act.NOTHING: "would do nothing",
}
_STAGE = {
    Stage.APPROVED: "is approved and about to be filed",
    Stage.FILING: "is being filed",
    Stage.FILED: "was filed as #{issue}",
    Stage.REJECTED: "was rejected",
    Stage.SUPERSEDED: "was superseded",
    Stage.EXPIRED: "has expired",
    Stage.FAILED: "could not be filed",
}


UNKNOWN = "no known pattern"


@dataclass(frozen=True, slots=True)
class Impact:
    """What the problem means, as far as it may be shown. It is always inferred: nobody measured it."""

    technical: str = ""
    business: str = ""


def impact(problem: Problem) -> Impact:
    """The impacts of an analysis that the audit approved, and of no other."""
    analysis, audit = problem.analysis, problem.audit
    if analysis is None or audit is None or audit.verdict is not Verdict.APPROVED or not cause(problem).text:
        return Impact()
    return Impact(analysis.technical_impact, analysis.business_impact)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause and how far it may be believed. `text` is empty where none may be shown."""

    text: str
    worth: str
    source: str
    """Who wrote it down: "pattern-based", or the name of the model."""
    says: str = ""
    """Where nothing is known of the cause: what an entry says."""

    @property
    def instead(self) -> str:
        """What is said where no cause may be shown."""
        if self.says:
            return f"{self.worth}; the entries say: “{self.says}”"
        return self.worth if self.worth == UNKNOWN else f"none that may be shown: {self.worth}"

    @property
    def label(self) -> str:
        return f"{self.worth}, {self.source}" if self.source else self.worth


def cause(problem: Problem) -> Cause:
    """The cause, if the audit lets it be shown: confirmed by a rule, or inferred, and nothing else."""
    analysis, audit = problem.analysis, problem.audit
    if analysis is None:
        return Cause("", "not analysed yet", "")
    source = "pattern-based" if analysis.source == "patterns" else f"by {analysis.source}"
    finding = audit.cause if audit else Finding.UNSUPPORTED
    if analysis.cause and finding in (Finding.CONFIRMED, Finding.INFERRED):
        return Cause(analysis.cause, finding.value, source)
    if analysis.source == "patterns" and not analysis.cause:
        quotes = [c.claim.quote for c in (audit.claims if audit else ()) if c.finding is Finding.CONFIRMED]
        return Cause("", UNKNOWN, "", next((q for q in reversed(quotes) if q), ""))
    worth = "struck out" if finding is Finding.STRUCK else "not supported by the log lines"
    return Cause("", worth, source)


def lessons(problem: Problem) -> list[str]:
    """What people confirmed the last time."""
    return [f"last time: {k.cause} Fixed by {k.change} ({k.issue})" for k in problem.lessons[:2]]


def number(value: int) -> str:
    """With thousands apart: `12,400`."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """`1 entry`, `2 entries`, `1,840 occurrences`."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number(value)} {noun if value == 1 else many}"


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def moment(time: datetime, now: datetime, *, seconds: bool = False) -> str:
    """`6 Mar 11:58`, with the year where it is another one. Always UTC; the page says so once."""
    time = time.astimezone(UTC)
    year = f" {time.year}" if time.year != now.year else ""
    return f"{time.day} {time:%b}{year} {time:%H:%M:%S}" if seconds else f"{time.day} {time:%b}{year} {time:%H:%M}"


def span(window: Window, now: datetime) -> str:
    """`6 Mar 06:00 to 11:55`, the day said once where it is one day."""
    start, end = moment(window.start, now), moment(window.end, now)
    if start == end:
        return start
    same = window.start.astimezone(UTC).date() == window.end.astimezone(UTC).date()
    return f"{start} to {end.rsplit(' ', 1)[1] if same else end}"


def spent(spends: Sequence[Spend]) -> str:
    """`$0.12`, with what has no known price said as unknown, and what it counts as."""
    known = [s.dollars for s in spends if s.dollars is not None]
    unknown = [s.at_most for s in spends if s.dollars is None]
    bound = f", counted as ${sum(unknown):.2f}" if any(unknown) else ""
    more = f"an unknown sum for {count(len(unknown), 'request')}{bound}" if unknown else ""
    return " and ".join(filter(None, (f"${sum(known):.2f}" if known else "", more)))


def too_late(many: int) -> str:
    return f"{count(many, 'entry')} came too late to be counted"


def left_out(problems: Sequence[Problem]) -> str:
    """What no model was asked about for want of money; empty where nothing."""
    many = sum(p.analysis is not None and p.analysis.unaffordable for p in problems)
    was = "was" if many == 1 else "were"
    return (
        f"{count(many, 'problem')} {was} left to the table of patterns: the model's budget was used up" if many else ""
    )


def severities(problems: list[Problem]) -> str:
    """`2 P0, 1 P2`."""
    counts = {s: sum(p.triage.severity is s for p in problems) for s in Severity}
    return ", ".join(f"{n} {s}" for s, n in counts.items() if n)


def waiting(problem: Problem) -> Proposal | None:
    """The proposal that waits for a person, if there is one."""
    return problem.proposal if problem.proposal and problem.proposal.stage is Stage.OPEN else None


def tracked(problem: Problem) -> str:
    """What the tracker knows of it, in words of ours only: `issue #889, open`, `no issue yet`."""
    match = problem.match
    if match is None:
        return "the tracker was not looked at"
    if match.outcome is Outcome.SYMPTOM and problem.incident:
        return f"none of its own, a symptom of cluster {problem.incident.root}"
    if match.issue:
        return {
            Outcome.REGRESSION: f"{known(match.issue)}; it is back, so a regression",
            Outcome.COMMENT_ONLY: f"{known(match.issue)}; a comment at most",
        }.get(match.outcome, known(match.issue))
    if match.outcome is Outcome.OFFER:
        return f"perhaps {' or '.join(f'#{c.issue.number}' for c in match.candidates[:3])}; a person picks"
    return "none yet"


def known(issue: Issue) -> str:
    closed = {"completed": "closed as completed", "not_planned": "closed as not planned", "duplicate": "a duplicate"}
    return f"#{issue.number}, {closed.get(issue.reason, 'closed') if issue.closed else 'open'}"


def proposed(proposal: Proposal) -> str:
    """`proposal 17 would create an issue`, `proposal 17 was filed as #1044`."""
    words = _WOULD[proposal.draft.act] if proposal.stage is Stage.OPEN else _STAGE[proposal.stage]
    return f"proposal {proposal.id} {words.format(issue=proposal.issue or proposal.draft.issue)}"


def anew(proposal: Proposal) -> str:
    """How to get a proposal like it again, without the full stop."""
    draft = proposal.draft
    if proposal.cluster:
        return f"`/garden file cluster {proposal.cluster}` makes a new one with today's counts"
    if draft.act is Act.CREATE:
        return "“File this as an issue”, in the menu of the message that it was made from, makes a new one"
    if draft.act is Act.ESCALATE:
        return f"`/garden escalate {draft.issue} {draft.severity}` makes a new one"
    return f"It is not proposed again; what it says can be written on #{draft.issue} by hand"


def next_words(problem: Problem) -> str:
    """What to type next, in the chat."""
    n = problem.number
    if waiting(problem):
        return f"reply “approve” in its thread, or type /garden show {n}"
    if problem.is_symptom and problem.incident:
        return f"/garden show {problem.incident.root}"
    if problem.match and problem.match.outcome in (Outcome.NEW, Outcome.OFFER, Outcome.REGRESSION):
        return f"/garden file cluster {n}"
    return f"/garden show {n}"
