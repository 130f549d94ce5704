"""What is to be done: next steps by urgency, notes on the process, follow-ups by severity."""

from __future__ import annotations

from collections.abc import Iterator

from bot.models import Kind, Severity
from bot.render import phrases
from bot.render.escape import markdown as prose
from bot.render.markdown.pieces import LISTED, TITLE, heading, p
from bot.steps.worklog import Task, Treated, Treatment, Urgency, Worklog

_TASKS = {
    Urgency.IMMEDIATE: "Immediate actions (P0, P1)",
    Urgency.SHORT: "Short-term actions (P2, P3)",
    Urgency.LONG: "Long-term actions (P4, P5)",
    Urgency.WATCH: "Monitoring and security",
}


def recommendations(log: Worklog) -> Iterator[str]:
    yield from heading(2, "Next steps and recommendations")
    for urgency, title in _TASKS.items():
        yield from heading(3, title)
        tasks = log.tasks[urgency]
        if not tasks:
            yield "None."
        for index, task in enumerate(tasks, 1):
            yield from _task(index, task)
        yield ""


def _task(index: int, task: Task) -> Iterator[str]:
    name = f"**Cluster {task.cluster}, {task.severity}:** {p(task.title, TITLE)}"
    yield f"{index}. {name}"
    for step in task.steps[:8]:
        yield f"   - {p(step)}"
    if not task.steps:
        yield f"   - {'No steps are known.' if task.settled else 'The cause is not established.'}"


def process(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from heading(3, "Process notes")
    roots = [s.problem for s in log.sections if not s.root]
    urgent = [s.problem for s in log.sections if not s.root and s.worst <= Severity.P1]
    waiting = [t for t in log.treated if t.treatment is Treatment.WAITING]
    groups = {
        "Need a new issue": [t.problem for t in waiting if not t.issue],
        "Update an existing issue": [t.problem for t in waiting if t.issue],
        "Urgent": urgent,
        "For the security team": [found for found in roots if found.triage.kind is Kind.SECURITY],
        "Regressions": [found for found in roots if found.triage.category == "regression"],
        "Expected behaviour": [found for found in roots if found.triage.kind is Kind.EXPECTED],
    }
    written = False
    for words, problems in groups.items():
        if problems:
            written = True
            yield f"- {words}: cluster {phrases.listed([str(found.number) for found in problems[:LISTED]])}"
    for deployment in report.deployments[-LISTED:]:
        written = True
        ended = "succeeded" if deployment.ok else f"failed: {p(deployment.message)}"
        yield (
            f"- Deployment of {p(deployment.revision or deployment.service, 80)} at "
            f"{phrases.moment(deployment.time, report.made_at)} UTC {ended}"
        )
    for note in report.notes[:LISTED]:
        written = True
        yield f"- {p(note)}"
    if not written:
        yield "- Nothing to note."
    yield ""


def follow_ups(log: Worklog) -> Iterator[str]:
    yield from heading(2, "Follow-up actions")
    empty = True
    for severity in Severity:
        lines = [
            line
            for t in log.treated
            if t.problem.triage.severity is severity and not t.problem.is_symptom
            for line in _follow_up(t)
        ]
        if lines:
            empty = False
            yield from heading(3, str(severity))
            yield from (f"{index}. {line}" for index, line in enumerate(lines[:LISTED], 1))
            yield ""
    if empty:
        yield "None."
        yield ""


def _follow_up(treated: Treated) -> Iterator[str]:
    proposal = phrases.waiting(treated.problem)
    if proposal:
        what = p(phrases.proposed(proposal))
        yield f"**Cluster {treated.problem.number}:** decide before {proposal.expires_at:%Y-%m-%d}: {what}"
    elif treated.treatment in (Treatment.CREATED, Treatment.UPDATED, Treatment.ESCALATED, Treatment.REOPENED):
        yield f"**Issue {prose(f'#{treated.issue}')}:** resolve cluster {treated.problem.number}"
    elif treated.treatment is Treatment.TRACKED:
        yield f"**Issue {prose(f'#{treated.issue}')}:** still happening in cluster {treated.problem.number}"
    elif treated.treatment is Treatment.FAILED:
        yield f"**Cluster {treated.problem.number}:** file it again: {p(treated.reason)}"
    if treated.related:
        numbers = phrases.listed([prose(f"#{i.number}") for i in treated.related])
        yield f"**Cluster {treated.problem.number}:** compare with {numbers} for a common cause"
