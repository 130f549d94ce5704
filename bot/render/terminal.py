"""What people read in a terminal: a report that a tired engineer understands in ten seconds, one problem in full,
plain tables.

Every function returns text for the width given. Without colour it holds no escape sequence and no frames, so that
it can be piped, mailed and searched. Text from outside goes through `escape.plain`; each piece is bounded.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.models import Cluster, Entry, Finding, Incident, Problem, Report, Severity, Trend, Window
from bot.render import phrases
from bot.render.charts import trendline
from bot.render.escape import cut, plain

TITLE = 200
SENTENCE = 400
EVIDENCE = 1200
FOLDED = {Severity.P3: 10, Severity.P4: 6, Severity.P5: 6}
"""How many problems of a severity are shown before the rest is only counted; worse ones are all shown."""
SYMPTOMS = 6
NOTES = 12

_COLOUR = {
    Severity.P0: "bold white on red",
    Severity.P1: "bold red",
    Severity.P2: "bold yellow",
    Severity.P3: "bold cyan",
    Severity.P4: "dim",
    Severity.P5: "dim",
}
_ARROW = {Trend.NEW: "new", Trend.RISING: "rising ↗", Trend.STEADY: "steady", Trend.FALLING: "falling ↘"}
_WORTH = {"confirmed": "green", "inferred": "yellow"}


class Check(Protocol):
    """One thing that `garden doctor` examined."""

    @property
    def name(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def words(self) -> str: ...


def show_report(report: Report, *, width: int, color: bool) -> str:
    """A round or a window: what is wrong, the worst first, with causes, and what to type next."""
    return _print(Group(*_report(report, width)), width, color)


def show_problem(problem: Problem, *, now: datetime, width: int, color: bool) -> str:
    """All that is known of one cluster."""
    return _print(Group(*_details(problem, now, width)), width, color)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int, color: bool, right: Sequence[str] = ()
) -> str:
    """A table without lines; the columns named in `right` hold figures."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cut(plain(cell), SENTENCE)) for cell in row))
    return _print(table, width, color)


def show_checks(checks: Iterable[Check], *, color: bool, width: int = 100) -> str:
    """What `garden doctor` found."""
    styles = {"ok": "green", "wrong": "bold red"}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for check in checks:
        table.add_row(
            Text(check.mark, style=styles.get(check.mark, "dim")), Text(check.name), Text(cut(plain(check.words), 1000))
        )
    return _print(table, width, color)


def heading(text: str, *, width: int, color: bool) -> str:
    """A line that begins something new."""
    return _print(Text(cut(_line(text), TITLE), style="bold underline"), width, color)


# ------------------------------------------------------------------------------------------------ a report


def _report(report: Report, width: int) -> Iterator[RenderableType]:
    now = report.made_at
    yield from _header(report)
    sections: dict[Severity, list[tuple[Problem, ...]]] = {}
    for family in report.families:
        sections.setdefault(min(p.triage.severity for p in family), []).append(family)
    incidents = {i.id: i for i in report.incidents}
    for severity, families in sections.items():
        yield Text()
        yield Text.assemble((f" {severity} ", _COLOUR[severity]), (f" {phrases.MEANING[severity]}", "dim"))
        shown = families[: FOLDED.get(severity, len(families))]
        for family in shown:
            if severity >= Severity.P4:
                yield _one_line(family[0], report.window, width)
            else:
                yield Text()
                yield from _family(family, severity, report.window, now, incidents)
        if len(families) > len(shown):
            yield _at(5, Text(f"and {len(families) - len(shown)} more; garden worklog lists all", style="dim"))
    yield Text()
    yield from _footer(report)


def _header(report: Report) -> Iterator[RenderableType]:
    now = report.made_at
    problems = list(report.problems)
    services = phrases.listed([cut(plain(s), 40) for s in report.services[:4]])
    if len(report.services) > 4:
        services = f"{len(report.services)} services"
    until = f"read up to {phrases.moment(report.read_until, now)}" if report.read_until else "nothing read yet"
    parts = [services or "no service", f"{phrases.span(report.window, now)} UTC", until]
    yield Text.assemble(("Log Gardener", "bold"), "  ", " · ".join(parts))
    if not problems:
        yield Text(f"No problem found in {phrases.count(report.entries, 'entry')}.", style="bold green")
        return
    waiting = sum(phrases.waiting(p) is not None for p in problems)
    facts = [
        f"{phrases.count(len(problems), 'problem')} in {phrases.count(report.entries, 'entry')}: "
        f"{phrases.severities(problems)}.",
        f"{phrases.count(len(report.incidents), 'incident')}." if report.incidents else "",
        f"{phrases.count(waiting, 'proposal')} {'waits' if waiting == 1 else 'wait'} for approval." if waiting else "",
    ]
    yield Text(" ".join(f for f in facts if f), style="bold")


def _family(
    family: tuple[Problem, ...], severity: Severity, window: Window, now: datetime, incidents: dict[int, Incident]
) -> Iterator[RenderableType]:
    head, *symptoms = family
    yield _title(head, severity)
    body = 5
    yield _at(body, _figures(head.cluster, head.triage.trend, window, now))
    cause = phrases.cause(head)
    if cause.text:
        yield _at(body, _labelled(f"cause ({cause.label})", cut(plain(cause.text), SENTENCE), _WORTH.get(cause.worth)))
    elif head.analysis:
        yield _at(body, _labelled("cause", f"none that may be shown: {cause.worth}"))
    if head.triage.reasons and severity <= Severity.P2:
        yield _at(body, _labelled("why", cut(plain("; ".join(head.triage.reasons)), SENTENCE)))
    issue = phrases.tracked(head)
    if head.proposal:
        issue = f"{issue}; {phrases.proposed(head.proposal)}"
    if head.match or head.proposal:
        yield _at(body, _labelled("issue", issue))
        yield _at(body, _labelled("next", phrases.next_words(head), "bold"))
    if symptoms:
        incident = head.incident or symptoms[0].incident
        yield _at(body, _incident(symptoms, incidents.get(incident.id, incident) if incident else None, now))
        for symptom in symptoms[:SYMPTOMS]:
            yield _at(body + 2, _symptom(symptom))
        if len(symptoms) > SYMPTOMS:
            yield _at(body + 2, Text(f"and {len(symptoms) - SYMPTOMS} more", style="dim"))


def _title(problem: Problem, section: Severity) -> RenderableType:
    style = "bold" if section <= Severity.P2 else ""
    severity = problem.triage.severity
    other = (f"{severity} ", _COLOUR[severity]) if severity is not section else ""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=4, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(
        Text(str(problem.number), style="bold"),
        Text.assemble(other, (cut(_line(problem.cluster.title), TITLE), style)),
    )
    return grid


def _figures(cluster: Cluster, trend: Trend, window: Window, now: datetime) -> Text:
    environments = "/".join(cluster.environments) or "no environment"
    parts = [
        f"{plain(cluster.service)} ({plain(environments)})",
        phrases.count(cluster.occurrences, "occurrence"),
        f"{_ARROW.get(trend, trend.value)} {trendline(cluster, window, 14)}".strip(),
        phrases.span(Window(cluster.first_seen, cluster.last_seen), now),
    ]
    if cluster.users:
        parts.append(phrases.count(cluster.users, "user"))
    if cluster.clients:
        parts.append(phrases.count(cluster.clients, "client"))
    return Text(" · ".join(parts))


def _incident(symptoms: Sequence[Problem], incident: Incident | None, now: datetime) -> Text:
    words = f"incident with {phrases.count(len(symptoms), 'symptom')}"
    if incident is None:
        return Text(words, style="bold")
    when = phrases.span(Window(incident.start, incident.end), now)
    return Text.assemble((words, "bold"), f", {when}: {cut(plain(incident.reason), SENTENCE)}")


def _symptom(problem: Problem) -> Text:
    severity = problem.triage.severity
    text = Text.assemble(
        (f"{problem.number} ", "bold"),
        (f"{severity} ", _COLOUR[severity]),
        f"{cut(_line(problem.cluster.title), 90)} · {plain(problem.cluster.service)}"
        f" · {phrases.number(problem.cluster.occurrences)}×",
    )
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _one_line(problem: Problem, window: Window, width: int) -> RenderableType:
    """A problem that nobody has to do anything about."""
    reason = f" · {_line(problem.triage.reasons[0])}" if problem.triage.reasons else ""
    title = cut(_line(problem.cluster.title), max(20, width // 2))
    figures = f"{plain(problem.cluster.service)} · {phrases.number(problem.cluster.occurrences)}×"
    text = f"{problem.number:>4} {title} · {figures}{reason}"
    return Text(text, no_wrap=True, overflow="ellipsis")


def _footer(report: Report) -> Iterator[RenderableType]:
    entries = [f"{phrases.count(report.entries, 'entry')} read from {plain(report.source)}"]
    if report.new_entries != report.entries:
        entries.append(f"{phrases.number(report.new_entries)} of them new")
    if report.bad_count:
        entries.append(f"{phrases.count(report.bad_count, 'line')} skipped, for they are no log entries")
    yield Text(f"{', '.join(entries)}.", style="dim")
    for bad in report.bad[:NOTES]:
        yield _at(2, Text(f"line {bad.line}: {cut(plain(bad.why), 120)}", style="dim"))
    if report.bad_count > len(report.bad[:NOTES]):
        yield _at(2, Text(f"and {report.bad_count - len(report.bad[:NOTES])} more", style="dim"))
    yield Text(_spent(report), style="dim")
    for note in report.notes[:NOTES]:
        yield Text(cut(plain(note), SENTENCE), style="yellow")


def _spent(report: Report) -> str:
    analysed = [p for p in report.problems if p.analysis]
    patterns = sum(p.analysis is not None and p.analysis.source == "patterns" for p in analysed)
    if not report.spent:
        return f"Nothing was spent on a model; {phrases.count(patterns, 'cause')} from the table of known patterns."
    dollars = sum(s.dollars or 0.0 for s in report.spent)
    known = all(s.dollars is not None for s in report.spent)
    price = f"${dollars:.2f}" if known else f"${dollars:.2f} and what has no known price"
    return f"Spent {price} on {phrases.count(len(report.spent), 'request')} to a model; {patterns} by patterns."


# ------------------------------------------------------------------------------------------------ one problem


def _details(problem: Problem, now: datetime, width: int) -> Iterator[RenderableType]:
    cluster, triage = problem.cluster, problem.triage
    window = Window(cluster.first_seen, max(cluster.last_seen, cluster.first_seen))
    yield Text.assemble(
        (f" {triage.severity} ", _COLOUR[triage.severity]),
        (f" cluster {cluster.number}  ", "bold"),
        (cut(_line(cluster.title), TITLE), "bold"),
    )
    yield _figures(cluster, triage.trend, window, now)
    rows = [
        ("kind", f"{triage.kind}, {plain(triage.category)}"),
        ("severity", "; ".join([*triage.reasons, *([f"set by {triage.by}"] if triage.by else [])])),
        ("counted", _counted(cluster)),
        ("over time", trendline(cluster, window, max(10, min(60, width - 24)))),
        ("revisions", ", ".join(cluster.revisions[-8:])),
        ("pattern", cluster.template),
        ("site", cluster.signature.site if cluster.signatures else ""),
        ("aliases", ", ".join(str(n) for n in cluster.aliases)),
    ]
    yield from _rows(rows)
    yield from _explained(problem)
    yield from _rows(
        [
            ("issue", phrases.tracked(problem)),
            ("because", problem.match.reason if problem.match else ""),
            ("title", problem.match.issue.title if problem.match and problem.match.issue else ""),
            *(
                ("candidate", f"#{c.issue.number} {c.issue.title} ({c.reason})")
                for c in (problem.match.candidates[:3] if problem.match else ())
            ),
            ("proposal", phrases.proposed(problem.proposal) if problem.proposal else ""),
            ("next", phrases.next_words(problem)),
        ]
    )
    for seen in _chosen(cluster.evidence):
        yield Text()
        yield Text(
            f"{phrases.moment(seen.time, now, seconds=True)} {plain(seen.id)} {plain(seen.revision)}", style="dim"
        )
        yield _at(2, Text(cut(plain(seen.text), EVIDENCE)))


def _explained(problem: Problem) -> Iterator[RenderableType]:
    analysis, audit = problem.analysis, problem.audit
    if analysis is None:
        return
    cause = phrases.cause(problem)
    shown = bool(cause.text)
    yield Text()
    yield from _rows(
        [
            (f"cause ({cause.label})", cause.text or "none that may be shown"),
            ("technical impact", analysis.technical_impact if shown else ""),
            ("business impact", analysis.business_impact if shown else ""),
            ("note", analysis.note),
            ("verdict", f"{audit.verdict}{f', by the rule {audit.rule}' if audit.rule else ''}" if audit else "none"),
        ]
    )
    for checked in audit.claims if audit else ():
        if checked.finding is not Finding.STRUCK:
            why = f" ({checked.why})" if checked.why else ""
            yield _at(2, Text(cut(plain(f"{checked.finding}: {checked.claim.text}{why}"), SENTENCE)))
    for index, step in enumerate(analysis.next_steps if shown else (), 1):
        yield _at(2, Text(cut(plain(f"{index}. {step}"), SENTENCE)))


def _counted(cluster: Cluster) -> str:
    each = [f"{name or 'none'}: {phrases.number(o)}" for name, (_, o) in cluster.environments.items()]
    return f"{phrases.count(cluster.entries, 'entry')}, {phrases.count(cluster.occurrences, 'occurrence')}" + (
        f" ({', '.join(each)})" if len(each) > 1 else ""
    )


def _chosen(evidence: Sequence[Entry]) -> Sequence[Entry]:
    """The first, and the last where it says something else."""
    if len(evidence) < 2 or evidence[0].text == evidence[-1].text:
        return evidence[:1]
    return (evidence[0], evidence[-1])


# ------------------------------------------------------------------------------------------------ pieces


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    for label, value in rows:
        if value:
            yield _labelled(label, cut(_line(value), SENTENCE))


def _labelled(label: str, value: str, style: str | None = None) -> Text:
    return Text.assemble((f"{label}: ", "dim"), (value, style or ""))


def _at(indent: int, text: Text) -> Padding:
    return Padding(text, (0, 0, 0, indent), expand=False)


def _line(text: str) -> str:
    return " ".join(plain(text).split())


def _print(page: RenderableType, width: int, color: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(40, width),
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(page)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().split("\n"))
