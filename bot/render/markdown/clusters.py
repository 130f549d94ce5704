"""The chapter of each cluster: what it is, how often and where, a sample, cause with its audit, impact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bot.models import Audit, Entry, Finding, Level, Problem, Window
from bot.render import phrases
from bot.render.escape import cut, fence
from bot.render.markdown.pieces import DETAILED, LISTED, TITLE, facts, heading, names, p, span, times
from bot.steps.worklog import Section, Worklog

SAMPLE = 4000


def clusters(log: Worklog) -> Iterator[str]:
    if not log.sections:
        return
    yield from heading(2, "Cluster analysis")
    for section in log.sections[:DETAILED]:
        yield from _cluster(section)
    if len(log.sections) > DETAILED:
        yield f"{len(log.sections) - DETAILED} more clusters are in the table above only."
        yield ""


def _cluster(section: Section) -> Iterator[str]:
    problem, cluster, triage = section.problem, section.problem.cluster, section.problem.triage
    impact = phrases.impact(problem)
    yield from heading(3, f"Cluster {section.number}: {p(cluster.title, TITLE)}")
    by = f", set by {p(triage.by, 60)}" if triage.by else ""
    yield from facts(
        ("Severity", f"{triage.severity}, {phrases.MEANING[triage.severity]}{by}"),
        ("Severity because", p("; ".join(triage.reasons))),
        ("Category", f"{p(triage.category, 60)}, {triage.kind}"),
        ("Frequency", f"{section.frequency} ({times(section.occurrences)}, {section.per_hour:.1f} an hour)"),
        ("Trend", str(triage.trend)),
        ("Business impact", f"{p(impact.business)} _(inferred)_" if impact.business else ""),
        ("Technical impact", f"{p(impact.technical)} _(inferred)_" if impact.technical else ""),
        ("Incident", _incident(section)),
    )
    yield ""
    yield "Pattern:"
    yield ""
    yield fence(cluster.template, TITLE * 4)
    yield ""
    if cluster.evidence:
        yield from heading(4, "Sample log entry")
        yield _sample(_telling(cluster.evidence))
        yield ""
    yield from heading(4, "Detailed occurrences")
    yield from _occurrences(section)
    yield ""
    yield from heading(4, "Root cause analysis")
    yield from _causes(problem)
    yield ""
    yield from heading(4, "Business impact")
    yield from _impact(section)
    yield ""


def _occurrences(section: Section) -> Iterator[str]:
    cluster = section.problem.cluster
    requests = {f"{s.method} {s.route} → {s.status}" for s in cluster.signatures if s.route}
    sites = [s.site for s in cluster.signatures if s.site]
    per = [f"{p(name, 40)} {phrases.number(o)}" for name, (_, o) in cluster.environments.items() if name]
    rows = (
        ("Time range", span(Window(section.first, section.last), seconds=True)),
        ("Count", f"{times(section.occurrences)} in {phrases.count(section.entries, 'entry')}"),
        ("Over all time", times(cluster.occurrences) if cluster.occurrences != section.occurrences else ""),
        ("Environments", ", ".join(per)),
        ("Service", p(cluster.service, 80)),
        ("Revisions", names(cluster.revisions[-LISTED:])),
        ("Instances seen", phrases.number(section.instances) if section.instances else ""),
        ("Requests", names(sorted(requests)[:LISTED])),
        ("Code site", names(sites[:LISTED])),
        ("Request ids", names(section.request_ids)),
        ("Traces", names(section.traces)),
        ("User context", _hit(section)),
        ("User agents", names(section.agents)),
        ("Evidence", names([e.id for e in cluster.evidence[:LISTED]])),
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
        yield f"- {p(cause.text)} _({cause.worth})_"
    else:
        yield f"- {p(cause.instead[:1].upper() + cause.instead[1:])}"
    yield from (f"- **Wrong, says {p(w.who, 80)}:** ~~{p(w.cause)}~~ {p(w.why)}" for w in problem.wrong[:3])
    yield from (f"- **Known:** {p(text)}" for text in phrases.lessons(problem))
    source = cause.source or "pattern-based"
    yield f"- **Source:** {p(source, 80)}{f', {p(analysis.note)}' if analysis.note else ''}"
    if audit is None:
        yield "- **Audit:** none"
        return
    rule = f", {p(audit.rule)}" if audit.rule else ""
    yield f"- **Audit:** {str(audit.verdict).upper()}{rule}{_figures(audit)}"
    for index, checked in enumerate(audit.claims, 1):
        why = f" ({p(checked.why)})" if checked.why else ""
        text = p(checked.claim.text)
        if checked.finding is Finding.STRUCK:
            text = "an inference that rests on nothing true"
        yield f"  {index}. {checked.finding}: {text}{why}"


def _figures(audit: Audit) -> str:
    counts = [f"{n} {finding}" for finding in Finding if (n := audit.count(finding))]
    return f"; claims: {', '.join(counts)}" if counts else ""


def _impact(section: Section) -> Iterator[str]:
    problem = section.problem
    cause = phrases.cause(problem)
    impact = phrases.impact(problem)
    if impact.business:
        yield f"- {p(impact.business)} _(inferred, {p(cause.source, 80)})_"
    hit = _hit(section)
    yield f"- {times(section.occurrences)} in the window{f'; {hit}' if hit else ''}."


def _hit(section: Section) -> str:
    cluster = section.problem.cluster
    users = phrases.count(cluster.users, "user") if cluster.users else ""
    clients = phrases.count(cluster.clients, "client") if cluster.clients else ""
    return ", ".join(filter(None, (users, clients)))


def _incident(section: Section) -> str:
    if section.root:
        return f"symptom of cluster {section.root}; see there"
    if section.symptoms:
        noun = "clusters" if len(section.symptoms) > 1 else "cluster"
        found = section.problem.incident
        reason = f": {p(found.reason)}" if found else ""
        return f"root of {noun} {phrases.listed([str(n) for n in section.symptoms])}{reason}"
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
