"""What was done on the tracker and why, in figures, and what was checked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.models import Issue
from bot.render import phrases
from bot.render.escape import link
from bot.render.escape import markdown as prose
from bot.render.markdown.pieces import DETAILED, LISTED, TITLE, heading, issue_link, p
from bot.steps.worklog import Treated, Treatment, Worklog

_MARK = {True: "✅", False: "⚠️"}


def issues(log: Worklog) -> Iterator[str]:
    yield from heading(2, "GitHub issue processing results")
    if not log.treated:
        yield "No cluster, no issue."
        yield ""
    for treated in log.treated[:DETAILED]:
        yield from _treated(treated)


def _treated(treated: Treated) -> Iterator[str]:
    problem, proposal = treated.problem, treated.problem.proposal
    yield from heading(3, f"Cluster {problem.number} ({problem.triage.severity}): {p(problem.cluster.title, TITLE)}")
    issue = problem.match.issue if problem.match else None
    title = f": {p(issue.title, TITLE)}" if issue and issue.number == treated.issue else ""
    rows = [
        ("Action", str(treated.treatment).upper()),
        ("Issue", f"{_reference(treated, issue)}{title}" if treated.issue else ""),
        ("Proposal", p(phrases.proposed(proposal)) if proposal else ""),
        ("Title", p(proposal.draft.title, TITLE) if proposal and proposal.draft.title else ""),
        ("Tracker", p(phrases.tracked(problem))),
        ("Rationale", p(treated.reason)),
        ("Cross-references", ", ".join(issue_link(i) for i in treated.related)),
    ]
    for name, value in rows:
        if value:
            yield f"- **{name}:** {value}"
    yield ""


def _reference(treated: Treated, issue: Issue | None) -> str:
    label = f"#{treated.issue}"
    repository = issue.repository if issue else ""
    if not repository and treated.problem.proposal:
        repository = treated.problem.proposal.draft.repository
    return link(label, treated.url, [f"https://github.com/{repository}"]) if repository else prose(label)


def statistics(log: Worklog) -> Iterator[str]:
    related = {i.ref for t in log.treated for i in t.related}
    yield from heading(2, "Summary statistics")
    rows: tuple[tuple[str, int, Sequence[int]], ...] = (
        ("Clusters", len(log.sections), ()),
        ("Symptoms, tracked with their root", sum(bool(s.root) for s in log.sections), ()),
        ("New issues created", log.count(Treatment.CREATED), log.issues(Treatment.CREATED)),
        ("Existing issues updated", log.count(Treatment.UPDATED), log.issues(Treatment.UPDATED)),
        ("Issues escalated", log.count(Treatment.ESCALATED), log.issues(Treatment.ESCALATED)),
        ("Issues reopened", log.count(Treatment.REOPENED), log.issues(Treatment.REOPENED)),
        ("Already tracked", log.count(Treatment.TRACKED), log.issues(Treatment.TRACKED)),
        ("Waiting for approval", log.count(Treatment.WAITING), ()),
        ("Rejected", log.count(Treatment.REJECTED), ()),
        ("No action", log.count(Treatment.NONE), ()),
        ("Cross-referenced issues", len(related), ()),
        ("Expected behaviour", sum(s.problem.triage.kind.value == "expected" for s in log.sections), ()),
        ("Entries in clusters", sum(s.entries for s in log.sections), ()),
        ("Occurrences", sum(s.occurrences for s in log.sections), ()),
    )
    for name, value, issues in rows:
        named = f" ({', '.join(prose(f'#{n}') for n in issues[:LISTED])})" if issues else ""
        yield f"- **{name}:** {phrases.number(value)}{named}"
    yield ""


def compliance(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from heading(2, "Process compliance")
    until = phrases.moment(report.read_until, report.made_at) if report.read_until else "nothing"
    yield (
        f"- {_MARK[log.covered]} **Coverage:** read up to {until} UTC, the window ends at "
        f"{phrases.moment(report.window.end, report.made_at)} UTC"
    )
    for check in log.checks:
        if check.all:
            yield f"- {_MARK[check.ok]} **{check.name.capitalize()}:** {check.good:,} of {check.all:,}"
    for bad in report.bad[:LISTED]:
        yield f"  - line {bad.line}: {p(bad.why, 120)}"
    filed = log.count(Treatment.CREATED, Treatment.UPDATED, Treatment.ESCALATED, Treatment.REOPENED)
    yield (
        f"- **Approvals:** {phrases.count(filed, 'write')} to the tracker, each after a person's approval; "
        f"{phrases.count(log.count(Treatment.WAITING), 'proposal')} waiting, "
        f"{phrases.number(log.count(Treatment.REJECTED))} rejected"
    )
    left_out = f"; {said}" if (said := phrases.left_out(report.problems)) else ""
    spent = phrases.spent(report.spent) or "$0.00"
    yield f"- **Model:** {phrases.count(len(report.spent), 'request')}, {spent}{left_out}"
    yield ""
