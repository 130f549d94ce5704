"""The worklog as a Markdown document: what people used to write by hand after a day of reading logs.

Every figure comes from the worklog. What is from a log, a model or the tracker is escaped or fenced, and bounded;
`escape` says how.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from bot import spans
from bot.models import Audit, Entry, Finding, Issue, Level, Problem, Severity, Trend, Window
from bot.render import phrases
from bot.render.escape import cut, fence, link
from bot.render.escape import markdown as prose
from bot.steps.worklog import Section, Task, Treated, Treatment, Urgency, Worklog

SENTENCE = 600
TITLE = 160
SAMPLE = 4000
LISTED = 30
"""Of each list in the document (notes, bad lines, related issues) so many are named, the rest counted."""
DETAILED = 200
"""Clusters that get a chapter; the rest are in the table of the summary only."""

_TASKS = {
    Urgency.IMMEDIATE: "Immediate actions (P0, P1)",
    Urgency.SHORT: "Short-term actions (P2, P3)",
    Urgency.LONG: "Long-term actions (P4, P5)",
    Urgency.WATCH: "Monitoring and security",
}
_MARK = {True: "✅", False: "⚠️"}


def worklog(log: Worklog) -> str:
    """The whole document."""
    parts = (
        *(_header(log), _summary(log), _clusters(log), _recommendations(log), _process(log)),
        *(_issues(log), _statistics(log), _follow_ups(log), _compliance(log), _footer(log)),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


# ------------------------------------------------------------------------------------------------ head


def _header(log: Worklog) -> Iterator[str]:
    report = log.report
    now = report.made_at
    projects = sorted({e.project for s in log.sections for e in s.problem.cluster.evidence if e.project})
    environments = sorted({name for s in log.sections for name in s.problem.cluster.environments if name})
    until = f"{phrases.moment(report.read_until, now)} UTC" if report.read_until else "nothing"
    yield f"# Log Gardener worklog, {report.window.end:%Y-%m-%d}"
    yield ""
    yield from _facts(
        ("Generated", f"{report.made_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("Services", _names(report.services)),
        ("Projects", _names(projects)),
        ("Environments", _names(environments)),
        ("Time range", f"{_window(report.window)} ({spans.words(report.window.span)})"),
        ("Read up to", until),
        ("Log entries analysed", phrases.number(report.entries)),
        ("Clusters identified", phrases.number(len(log.sections))),
        ("Incidents", phrases.number(len(report.incidents))),
    )
    yield ""


def _summary(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from _heading(2, "Executive summary")
    if not log.sections:
        yield f"No problem was found in {phrases.count(report.entries, 'log entry')}."
        yield ""
        return
    problems = [s.problem for s in log.sections]
    roots = [s for s in log.sections if not s.root]
    symptoms = len(problems) - len(roots)
    urgent = sum(s.problem.triage.severity <= Severity.P1 for s in roots)
    regressions = sum(p.triage.category == "regression" for p in problems)
    new = sum(p.triage.trend is Trend.NEW or p.triage.category == "new" for p in problems)
    figures = [
        f"{phrases.count(len(problems), 'cluster')} in {phrases.count(len(report.services), 'service')}: "
        f"{phrases.severities(problems)}",
        f"{phrases.count(urgent, 'cause')} at P0 or P1" if urgent else "",
        f"{phrases.count(symptoms, 'cluster')} only symptoms of others" if symptoms else "",
        f"{phrases.number(new)} new" if new else "",
        phrases.count(regressions, "regression") if regressions else "",
        f"{phrases.count(log.count(Treatment.WAITING), 'proposal')} for a person to decide"
        if log.count(Treatment.WAITING)
        else "",
    ]
    yield f"{'; '.join(f for f in figures if f)}."
    worst = roots[0]
    yield ""
    yield f"Most urgent: {_name(worst.problem)}, {_times(worst.occurrences)}.{_cause_sentence(worst.problem)}"
    yield ""
    yield "| Cluster | Severity | Service | Problem | Occurrences | Trend |"
    yield "| ---: | --- | --- | --- | ---: | --- |"
    for section in log.sections:
        problem = section.problem
        under = f" (symptom of {section.root})" if section.root else ""
        yield (
            f"| {section.number} | {problem.triage.severity} | {_p(problem.cluster.service, 60)} "
            f"| {_p(problem.cluster.title, TITLE)}{under} | {phrases.number(section.occurrences)} "
            f"| {problem.triage.trend} |"
        )
    yield ""
    for incident in report.incidents:
        others = phrases.listed([str(n) for n in incident.symptoms])
        yield (
            f"- Incident {incident.id}, {_window(Window(incident.start, incident.end))}: cluster {incident.root} "
            f"caused {others or 'nothing else'}. {_p(incident.reason)}"
        )
    yield ""


# ------------------------------------------------------------------------------------------------ clusters


def _clusters(log: Worklog) -> Iterator[str]:
    if not log.sections:
        return
    yield from _heading(2, "Cluster analysis")
    for section in log.sections[:DETAILED]:
        yield from _cluster(section, log)
    if len(log.sections) > DETAILED:
        yield f"{len(log.sections) - DETAILED} more clusters are in the table above only."
        yield ""


def _cluster(section: Section, log: Worklog) -> Iterator[str]:
    problem, cluster, triage = section.problem, section.problem.cluster, section.problem.triage
    shown = bool(phrases.cause(problem).text)
    analysis = problem.analysis if shown else None
    yield from _heading(3, f"Cluster {section.number}: {_p(cluster.title, TITLE)}")
    by = f", set by {_p(triage.by, 60)}" if triage.by else ""
    yield from _facts(
        ("Severity", f"{triage.severity}, {phrases.MEANING[triage.severity]}{by}"),
        ("Severity because", _p("; ".join(triage.reasons))),
        ("Category", f"{_p(triage.category, 60)}, {triage.kind}"),
        ("Frequency", f"{section.frequency} ({_times(section.occurrences)}, {section.per_hour:.1f} an hour)"),
        ("Trend", str(triage.trend)),
        ("Business impact", _p(analysis.business_impact) if analysis else ""),
        ("Technical impact", _p(analysis.technical_impact) if analysis else ""),
        ("Incident", _incident(section, log)),
    )
    yield ""
    yield "Pattern:"
    yield ""
    yield fence(cluster.template, TITLE * 4)
    yield ""
    if cluster.evidence:
        yield from _heading(4, "Sample log entry")
        yield _sample(_telling(cluster.evidence))
        yield ""
    yield from _heading(4, "Detailed occurrences")
    yield from _occurrences(section)
    yield ""
    yield from _heading(4, "Root cause analysis")
    yield from _causes(problem)
    yield ""
    yield from _heading(4, "Business impact")
    yield from _impact(section)
    yield ""


def _occurrences(section: Section) -> Iterator[str]:
    cluster = section.problem.cluster
    requests = {f"{s.method} {s.route} → {s.status}" for s in cluster.signatures if s.route}
    sites = [s.site for s in cluster.signatures if s.site]
    per = [f"{_p(name, 40)} {phrases.number(o)}" for name, (_, o) in cluster.environments.items() if name]
    rows = (
        ("Time range", _window(Window(section.first, section.last), seconds=True)),
        ("Count", f"{_times(section.occurrences)} in {phrases.count(section.entries, 'entry')}"),
        ("Since ever", _times(cluster.occurrences) if cluster.occurrences != section.occurrences else ""),
        ("Environments", ", ".join(per)),
        ("Service", _p(cluster.service, 80)),
        ("Revisions", _names(cluster.revisions[-LISTED:])),
        ("Instances seen", phrases.number(section.instances) if section.instances else ""),
        ("Requests", _names(sorted(requests)[:LISTED])),
        ("Code site", _names(sites[:LISTED])),
        ("Request ids", _names(section.request_ids)),
        ("Traces", _names(section.traces)),
        ("User context", _hit(section)),
        ("User agents", _names(section.agents)),
        ("Evidence", _names([e.id for e in cluster.evidence[:LISTED]])),
    )
    for name, value in rows:
        if value:
            yield f"- **{name}:** {value}"


def _causes(problem: Problem) -> Iterator[str]:
    analysis, audit = problem.analysis, problem.audit
    cause = phrases.cause(problem)
    if analysis is None:
        root = problem.incident.root if problem.is_symptom and problem.incident else 0
        yield f"A symptom of cluster {root}; see there." if root else "Not analysed."
        return
    if cause.text:
        yield f"- {_p(cause.text)} _({cause.worth})_"
    else:
        yield f"- No cause may be shown: {cause.worth}."
    yield f"- **Source:** {_p(cause.source, 80)}{f', {_p(analysis.note)}' if analysis.note else ''}"
    if audit is None:
        yield "- **Audit:** none"
        return
    rule = f", by the rule {_p(audit.rule, 60)}" if audit.rule else ""
    yield f"- **Audit:** {str(audit.verdict).upper()}{rule}{_figures(audit)}"
    for index, checked in enumerate(audit.claims, 1):
        why = f" ({_p(checked.why)})" if checked.why else ""
        text = _p(checked.claim.text)
        if checked.finding is Finding.STRUCK:
            text = "an inference that rests on nothing true"
        yield f"  {index}. {checked.finding}: {text}{why}"


def _figures(audit: Audit) -> str:
    counts = [f"{n} {finding}" for finding in Finding if (n := audit.count(finding))]
    return f"; claims: {', '.join(counts)}" if counts else ""


def _impact(section: Section) -> Iterator[str]:
    problem = section.problem
    cause = phrases.cause(problem)
    if problem.analysis and cause.text and problem.analysis.business_impact:
        yield f"- {_p(problem.analysis.business_impact)} _(inferred, {_p(cause.source, 80)})_"
    hit = _hit(section)
    yield f"- {_times(section.occurrences)} in the window{f'; {hit}' if hit else ''}."
    for reason in problem.triage.reasons:
        yield f"- {_p(reason)}"


def _hit(section: Section) -> str:
    cluster = section.problem.cluster
    users = phrases.count(cluster.users, "user") if cluster.users else ""
    clients = phrases.count(cluster.clients, "client") if cluster.clients else ""
    return ", ".join(filter(None, (users, clients)))


def _incident(section: Section, log: Worklog) -> str:
    problem = section.problem
    if section.root:
        found = problem.incident
        return f"symptom of cluster {section.root}{f': {_p(found.reason)}' if found else ''}"
    if section.symptoms:
        return f"root of {phrases.listed([f'cluster {n}' for n in section.symptoms])}"
    return ""


def _telling(evidence: Sequence[Entry]) -> Entry:
    """The entry that shows most: an exception, else the loudest, else the newest."""
    return max(evidence, key=lambda e: (e.failure is not None, e.level, e.order))


def _sample(entry: Entry) -> str:
    """One entry as JSON, with what helps to find it again."""
    request, site, failure = entry.request, entry.site, entry.failure
    shown: dict[str, object] = {
        "severity": entry.level.name if entry.level is not Level.DEFAULT else None,
        "message": cut(entry.text, SAMPLE // 2),
        "httpRequest": request
        and {
            "requestMethod": request.method,
            "requestUrl": cut(request.url, 400),
            "status": request.status,
            "userAgent": cut(request.agent, 200),
        },
        "exception": failure and {"type": failure.type, "message": cut(failure.message, 400)},
        "labels": site and {"module": site.module, "function": site.function, "file": site.file, "line": site.line},
        "service": entry.service,
        "environment": entry.environment,
        "revision": entry.revision,
        "trace": entry.trace,
        "timestamp": entry.time.isoformat(),
        "insertId": entry.id,
    }
    kept = {k: _kept(v) for k, v in shown.items() if v}
    text = fence(json.dumps(kept, indent=2, ensure_ascii=False), SAMPLE)
    return text.replace("text\n", "json\n", 1)


def _kept(value: object) -> object:
    return {k: v for k, v in value.items() if v} if isinstance(value, dict) else value


# ------------------------------------------------------------------------------------------------ what to do


def _recommendations(log: Worklog) -> Iterator[str]:
    yield from _heading(2, "Next steps and recommendations")
    for urgency, title in _TASKS.items():
        yield from _heading(3, title)
        tasks = log.tasks[urgency]
        if not tasks:
            yield "None."
        for index, task in enumerate(tasks, 1):
            yield from _task(index, task)
        yield ""


def _task(index: int, task: Task) -> Iterator[str]:
    name = f"**Cluster {task.cluster}, {task.severity}:** {_p(task.title, TITLE)}"
    yield f"{index}. {name}"
    for step in task.steps[:8]:
        yield f"   - {_p(step)}"
    if not task.steps:
        yield f"   - {'No steps are known.' if task.settled else 'The cause is not established.'}"


def _process(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from _heading(3, "Process notes")
    roots = [s for s in log.sections if not s.root]
    by = [
        (
            "need a new issue",
            [t.problem.number for t in log.treated if t.treatment is Treatment.WAITING and not t.issue],
        ),
        ("update an issue", [t.problem.number for t in log.treated if t.treatment is Treatment.WAITING and t.issue]),
        ("are urgent", [s.number for s in roots if s.problem.triage.severity <= Severity.P1]),
        ("are for the security team", [s.number for s in roots if s.problem.triage.kind.value == "security"]),
        ("are regressions", [s.number for s in roots if s.problem.triage.category == "regression"]),
        ("are expected behaviour", [s.number for s in roots if s.problem.triage.kind.value == "expected"]),
    ]
    written = False
    for words, numbers in by:
        if numbers:
            written = True
            noun = "Cluster" if len(numbers) == 1 else "Clusters"
            yield f"- {noun} {phrases.listed([str(n) for n in numbers[:LISTED]])}: {words}."
    for deployment in report.deployments[-LISTED:]:
        written = True
        ended = "succeeded" if deployment.ok else f"failed: {_p(deployment.message)}"
        yield (
            f"- Deployment of {_p(deployment.revision or deployment.service, 80)} at "
            f"{phrases.moment(deployment.time, report.made_at)} UTC {ended}"
        )
    for note in report.notes[:LISTED]:
        written = True
        yield f"- {_p(note)}"
    if not written:
        yield "- Nothing to note."
    yield ""


# ------------------------------------------------------------------------------------------------ the tracker


def _issues(log: Worklog) -> Iterator[str]:
    yield from _heading(2, "GitHub issue processing results")
    if not log.treated:
        yield "No cluster, no issue."
        yield ""
    for treated in log.treated[:DETAILED]:
        yield from _treated(treated)


def _treated(treated: Treated) -> Iterator[str]:
    problem, proposal = treated.problem, treated.problem.proposal
    yield from _heading(3, f"Cluster {problem.number} ({problem.triage.severity}): {_p(problem.cluster.title, TITLE)}")
    issue = problem.match.issue if problem.match else None
    title = f": {_p(issue.title, TITLE)}" if issue and issue.number == treated.issue else ""
    rows = [
        ("Action", str(treated.treatment).upper()),
        ("Issue", f"{_reference(treated, issue)}{title}" if treated.issue else ""),
        ("Proposal", phrases.proposed(proposal) if proposal else ""),
        ("Title", _p(proposal.draft.title, TITLE) if proposal and proposal.draft.title else ""),
        ("Tracker", phrases.tracked(problem)),
        ("Rationale", _p(treated.reason)),
        ("Cross-references", ", ".join(_issue_link(i) for i in treated.related)),
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


def _issue_link(issue: Issue) -> str:
    state = f" ({issue.state})"
    return link(f"#{issue.number}", issue.url, [f"https://github.com/{issue.repository}"]) + state


def _statistics(log: Worklog) -> Iterator[str]:
    related = {i.ref for t in log.treated for i in t.related}
    yield from _heading(2, "Summary statistics")
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


def _follow_ups(log: Worklog) -> Iterator[str]:
    yield from _heading(2, "Follow-up actions")
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
            yield from _heading(3, str(severity))
            yield from (f"{index}. {line}" for index, line in enumerate(lines[:LISTED], 1))
            yield ""
    if empty:
        yield "None."
        yield ""


def _follow_up(treated: Treated) -> Iterator[str]:
    proposal = phrases.waiting(treated.problem)
    if proposal:
        yield (
            f"**Cluster {treated.problem.number}:** decide on {phrases.proposed(proposal)}, "
            f"before {proposal.expires_at:%Y-%m-%d}"
        )
    elif treated.treatment in (Treatment.CREATED, Treatment.UPDATED, Treatment.ESCALATED, Treatment.REOPENED):
        yield f"**Issue {prose(f'#{treated.issue}')}:** resolve cluster {treated.problem.number}"
    elif treated.treatment is Treatment.TRACKED:
        yield f"**Issue {prose(f'#{treated.issue}')}:** still happening in cluster {treated.problem.number}"
    elif treated.treatment is Treatment.FAILED:
        yield f"**Cluster {treated.problem.number}:** {phrases.proposed(proposal) if proposal else 'file it again'}"
    if treated.related:
        numbers = phrases.listed([prose(f"#{i.number}") for i in treated.related])
        yield f"**Cluster {treated.problem.number}:** compare with {numbers} for a common cause"


def _compliance(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from _heading(2, "Process compliance")
    until = phrases.moment(report.read_until, report.made_at) if report.read_until else "nothing"
    yield (
        f"- {_MARK[log.covered]} **Coverage:** read up to {until} UTC, the window ends at "
        f"{phrases.moment(report.window.end, report.made_at)} UTC"
    )
    for check in log.checks:
        if check.all:
            yield f"- {_MARK[check.ok]} **{check.name.capitalize()}:** {check.good:,} of {check.all:,}"
    for bad in report.bad[:LISTED]:
        yield f"  - line {bad.line}: {_p(bad.why, 120)}"
    filed = log.count(Treatment.CREATED, Treatment.UPDATED, Treatment.ESCALATED, Treatment.REOPENED)
    yield (
        f"- **Approvals:** {phrases.count(filed, 'write')} to the tracker, each after a person's approval; "
        f"{phrases.count(log.count(Treatment.WAITING), 'proposal')} waiting, "
        f"{phrases.number(log.count(Treatment.REJECTED))} rejected"
    )
    dollars = sum(s.dollars or 0.0 for s in report.spent)
    yield f"- **Model:** {phrases.count(len(report.spent), 'request')}, ${dollars:.4f}"
    yield ""


def _footer(log: Worklog) -> Iterator[str]:
    created, escalated = log.count(Treatment.CREATED), log.count(Treatment.ESCALATED)
    yield "---"
    yield ""
    yield (
        f"_Generated by Log Gardener, {log.report.made_at:%Y-%m-%d}: "
        f"{phrases.count(len(log.sections), 'cluster')} analysed, {phrases.count(created, 'new issue')} created, "
        f"{phrases.number(log.count(Treatment.UPDATED))} updated, {phrases.number(escalated)} escalated, "
        f"{phrases.number(log.count(Treatment.WAITING))} waiting_"
    )


# ------------------------------------------------------------------------------------------------ pieces


def _heading(level: int, words: str) -> Iterator[str]:
    yield f"{'#' * level} {words}"
    yield ""


def _facts(*rows: tuple[str, str]) -> Iterator[str]:
    """Lines that stay lines: two spaces at the end are a line break in Markdown."""
    yield from (f"**{name}:** {value}  " for name, value in rows if value)


def _p(text: str, limit: int = SENTENCE) -> str:
    return prose(cut(text, limit))


def _names(values: Iterable[str]) -> str:
    return ", ".join(_p(v, 120) for v in values)


def _name(problem: Problem) -> str:
    return f"cluster {problem.number} ({problem.triage.severity}), {_p(problem.cluster.title, TITLE)}"


def _cause_sentence(problem: Problem) -> str:
    cause = phrases.cause(problem)
    return f" Cause ({cause.label}): {_p(cause.text)}" if cause.text else ""


def _times(count: int) -> str:
    return phrases.count(count, "occurrence")


def _window(window: Window, *, seconds: bool = False) -> str:
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    start, end = window.start.strftime(form), window.end.strftime(form)
    return f"{start} UTC" if start == end else f"{start} to {end} UTC"
