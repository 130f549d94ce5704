"""The worklog as a Markdown document: what people used to write by hand after a day of reading logs.

Every figure comes from the worklog. What is from a log, a model or the tracker is escaped or fenced, and bounded;
`escape` says how.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot import spans
from bot.models import Incident, Problem, Report, Severity, Trend, Window
from bot.render import phrases
from bot.render.markdown.actions import follow_ups, process, recommendations
from bot.render.markdown.clusters import clusters
from bot.render.markdown.pieces import LISTED, TITLE, facts, heading, names, p, span, times
from bot.render.markdown.tracker import compliance, issues, statistics
from bot.steps.worklog import Treatment, Worklog

__all__ = ["worklog"]


def worklog(log: Worklog) -> str:
    """The whole document."""
    parts = (
        *(_header(log), _summary(log), clusters(log), recommendations(log), process(log)),
        *(issues(log), statistics(log), follow_ups(log), compliance(log), _footer(log)),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _header(log: Worklog) -> Iterator[str]:
    report = log.report
    now = report.made_at
    projects = sorted({e.project for s in log.sections for e in s.problem.cluster.evidence if e.project})
    environments = sorted({name for s in log.sections for name in s.problem.cluster.environments if name})
    until = f"{phrases.moment(report.read_until, now)} UTC" if report.read_until else "nothing"
    yield f"# Log Gardener worklog, {report.window.end:%Y-%m-%d}"
    yield ""
    yield from facts(
        ("Generated", f"{report.made_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("Services", names(report.services)),
        ("Projects", names(projects)),
        ("Environments", names(environments)),
        ("Time range", f"{span(report.window)} ({spans.words(report.window.span)})"),
        ("Read up to", until),
        ("Log entries analysed", _entries(report)),
        ("Clusters identified", phrases.number(len(log.sections))),
        ("Incidents", phrases.number(len(report.incidents))),
    )
    yield ""


def _summary(log: Worklog) -> Iterator[str]:
    report = log.report
    yield from heading(2, "Executive summary")
    if not log.sections:
        yield f"No problem was found in {phrases.count(report.entries, 'log entry')}."
        yield ""
        return
    problems = [s.problem for s in log.sections]
    roots = [s for s in log.sections if not s.root]
    symptoms = len(problems) - len(roots)
    urgent = sum(s.worst <= Severity.P1 for s in roots)
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
    yield f"Most urgent: {name(worst.problem)}, {times(worst.occurrences)}.{_cause_sentence(worst.problem)}"
    yield ""
    yield "| Cluster | Severity | Service | Problem | Occurrences | Trend |"
    yield "| ---: | --- | --- | --- | ---: | --- |"
    for section in log.sections:
        problem = section.problem
        under = f" (symptom of {section.root})" if section.root else ""
        yield (
            f"| {section.number} | {problem.triage.severity} | {p(problem.cluster.service, 60)} "
            f"| {p(problem.cluster.title, TITLE)}{under} | {phrases.number(section.occurrences)} "
            f"| {problem.triage.trend} |"
        )
    yield ""
    yield from _incidents(report)
    yield ""


def _incidents(report: Report) -> Iterator[str]:
    """Episodes, those of the same clusters in one line."""
    alike: dict[tuple[int, tuple[int, ...]], list[Incident]] = {}
    for incident in report.incidents:
        alike.setdefault((incident.root, incident.clusters), []).append(incident)
    for (root, _), incidents in list(alike.items())[:LISTED]:
        first, last = incidents[0], incidents[-1]
        others = phrases.listed([str(n) for n in first.symptoms]) or "nothing else"
        ids = phrases.listed([str(i.id) for i in incidents[:LISTED]])
        when = span(Window(first.start, last.end))
        again = f", {len(incidents)} times, the last time" if len(incidents) > 1 else ":"
        name = "Incidents" if len(incidents) > 1 else "Incident"
        yield f"- {name} {ids}, {when}: cluster {root} caused {others}{again} {p(last.reason)}"
    if len(alike) > LISTED:
        yield f"- And {len(alike) - LISTED} more."


def _cause_sentence(problem: Problem) -> str:
    cause = phrases.cause(problem)
    return f" Cause ({cause.label}): {p(cause.text)}" if cause.text else ""


def name(problem: Problem) -> str:
    return f"cluster {problem.number} ({problem.triage.severity}), {p(problem.cluster.title, TITLE)}"


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


def _entries(report: Report) -> str:
    """What was read; from the store alone, which does not keep what is healthy, the entries of the clusters."""
    return phrases.number(report.entries) + (", healthy ones not counted" if report.source == "store" else "")
