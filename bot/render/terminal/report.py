"""A report in the terminal: what is wrong, the worst first, why, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.models import Incident, Outcome, Problem, Report, Severity, Window
from bot.render import phrases
from bot.render.escape import cut
from bot.render.terminal.page import COLOUR, SENTENCE, TITLE, at, dotted, figures, labelled, line, printed

SHOWN = {Severity.P3: 10, Severity.P4: 6, Severity.P5: 6}
"""How many problems of a severity are shown before the rest is only counted; worse ones are all shown."""
SYMPTOMS = 6
NOTES = 12
REASON = 120
FEW = 4
"""Families that are seen at one glance."""
SERVICES = 4

_INDENT = 5
_PICKED = (Outcome.OFFER, Outcome.REGRESSION)
"""Where only a person can say what belongs together."""
_WORTH = {"confirmed": "green", "inferred": "yellow"}


def show_report(report: Report, *, width: int, color: bool) -> str:
    """A round or a window."""
    incidents = {i.id: i for i in report.incidents}
    problems = {n: p for p in report.problems for n in (*p.cluster.aliases, p.number)}
    leaders = {p.number: family[0].number for family in report.families for p in family}
    page = _Page(report.window, report.made_at, width, incidents, problems, leaders)
    return printed(Group(*_header(report, width), *_sections(report, page), Text(), *_footer(report)), width, color)


@dataclass(frozen=True, slots=True)
class _Page:
    """What every problem on the page is shown against."""

    window: Window
    now: datetime
    width: int
    incidents: Mapping[int, Incident]
    problems: Mapping[int, Problem]
    leaders: Mapping[int, int]
    """The problem that each is shown under; itself, where it stands by itself."""


def _header(report: Report, width: int) -> Iterator[RenderableType]:
    now = report.made_at
    problems = list(report.problems)
    named = phrases.listed([cut(line(s), 40) for s in report.services])
    services = named if len(report.services) <= SERVICES else f"{len(report.services)} services"
    until = f"read up to {phrases.moment(report.read_until, now)}" if report.read_until else "nothing read yet"
    heading = dotted(
        ["Log Gardener", *([services] if services else []), f"{phrases.span(report.window, now)} UTC", until], width
    )
    heading.stylize("bold", 0, len("Log Gardener"))
    yield heading
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


def _sections(report: Report, page: _Page) -> Iterator[RenderableType]:
    """A section for each severity; a family stands where its worst member does."""
    sections: dict[Severity, list[tuple[Problem, ...]]] = {}
    for family in report.families:
        sections.setdefault(min(p.triage.severity for p in family), []).append(family)
    for severity, families in sections.items():
        yield Text()
        yield Text.assemble((f" {severity} ", COLOUR[severity]), (f" {phrases.MEANING[severity]}", "dim"))
        shown = families[: SHOWN.get(severity, len(families))]
        for family in shown:
            if severity >= Severity.P4:
                yield _one_line(family[0], page.width)
            else:
                yield Text()
                yield from _family(family, severity, page)
        if len(families) > len(shown):
            yield at(_INDENT, Text(f"and {len(families) - len(shown)} more, in the worklog", style="dim"))


def _family(family: tuple[Problem, ...], severity: Severity, page: _Page) -> Iterator[RenderableType]:
    head, *folded = family
    yield _title(head, severity)
    yield at(_INDENT, figures(head.cluster, head.triage.trend, page.window, page.now, page.width - _INDENT))
    yield from (at(_INDENT, text) for text in _known(head, severity))
    incident = head.incident if folded or not head.is_symptom else None
    if incident is None:
        return
    incident = page.incidents.get(incident.id, incident)
    others = [n for n in incident.clusters if n != head.number]
    folded += [page.problems[n] for n in others if n in page.problems and page.problems[n] not in folded]
    yield at(_INDENT, _incident(len(others), incident, page))
    for symptom in folded[:SYMPTOMS]:
        yield at(_INDENT + 2, _symptom(symptom, _elsewhere(symptom, head, incident, page), page.width - _INDENT - 2))
    unseen = sum(n not in page.problems for n in others)
    if (more := max(0, len(folded) - SYMPTOMS) + unseen) > 0:
        yield at(_INDENT + 2, Text(f"and {more} more", style="dim"))


def _elsewhere(symptom: Problem, head: Problem, incident: Incident, page: _Page) -> str:
    """What is to be said of one that was part of other incidents, too."""
    if symptom.number not in incident.clusters:
        return "at another time"
    leader = page.leaders[symptom.number]
    return "" if leader == head.number else f"see cluster {leader}"


def _title(problem: Problem, section: Severity) -> RenderableType:
    severity = problem.triage.severity
    other = (f"{severity} ", COLOUR[severity]) if severity is not section else ""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_INDENT - 1, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(
        Text(str(problem.number), style="bold"),
        Text.assemble(other, (cut(line(problem.cluster.title), TITLE), "bold" if section <= Severity.P2 else "")),
    )
    return grid


def _known(problem: Problem, severity: Severity) -> Iterator[Text]:
    """Cause, reasons, issue, and what to type."""
    cause = phrases.cause(problem)
    if cause.text:
        yield labelled(f"cause ({cause.label})", cut(line(cause.text), SENTENCE), _WORTH.get(cause.worth, ""))
    elif problem.analysis:
        yield labelled("cause", cut(line(cause.instead), SENTENCE))
    if problem.triage.reasons and severity <= Severity.P2:
        urgent = problem.triage.severity <= Severity.P1
        reasons = problem.triage.urgent_because if urgent else problem.triage.reasons
        yield labelled("why urgent" if urgent else "why", cut(line("; ".join(reasons)), SENTENCE))
    known = problem.match is not None and problem.match.outcome is not Outcome.NEW
    if known or problem.analysis or problem.proposal:
        said = [phrases.tracked(problem), *([phrases.proposed(problem.proposal)] if problem.proposal else [])]
        yield labelled("issue", "; ".join(said))
        if phrases.waiting(problem) or (problem.match and problem.match.outcome in _PICKED):
            yield labelled("next", phrases.next_words(problem), "bold")


def _incident(symptoms: int, incident: Incident, page: _Page) -> Text:
    words = f"incident with {phrases.count(symptoms, 'symptom')}"
    when = phrases.span(Window(incident.start, incident.end), page.now)
    return Text.assemble((words, "bold"), f", {when}: {_because(incident)}")


def _because(incident: Incident) -> str:
    """As many of the reasons as fit into a line or two, each whole."""
    first, *others = line(incident.reason).split("; ")
    said = [cut(first, REASON)]
    for index, reason in enumerate(others):
        if len("; ".join((*said, reason))) > REASON:
            return f"{'; '.join(said)}; and {len(others) - index} more"
        said.append(reason)
    return "; ".join(said)


def _symptom(problem: Problem, aside: str, width: int) -> Text:
    severity = problem.triage.severity
    told = f"({aside}) " if aside else ""
    count = f" · {line(problem.cluster.service)} · {phrases.number(problem.cluster.occurrences)}×"
    title = cut(line(problem.cluster.title), max(20, width - len(count) - len(f"{problem.number} P0 {told}")))
    number = (f"{problem.number} ", "bold")
    text = Text.assemble(number, (f"{severity} ", COLOUR[severity]), (told, "dim"), title, count)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _one_line(problem: Problem, width: int) -> Text:
    """A problem that nobody has to do anything about."""
    reason = f" · {line(problem.triage.reasons[0])}" if problem.triage.reasons else ""
    title = cut(line(problem.cluster.title), max(20, width // 2))
    count = f"{line(problem.cluster.service)} · {phrases.number(problem.cluster.occurrences)}×"
    return Text(f"{problem.number:>4} {title} · {count}{reason}", no_wrap=True, overflow="ellipsis")


def _footer(report: Report) -> Iterator[RenderableType]:
    """What was read, what could not be, what it cost."""
    read = [f"{phrases.count(report.entries, 'entry')} read from {line(report.source)}"]
    if report.new_entries != report.entries:
        read.append(f"{phrases.number(report.new_entries)} of them new")
    if report.bad_count:
        read.append(f"{phrases.count(report.bad_count, 'line')} skipped that {_are(report.bad_count)}")
    yield Text(f"{', '.join(read)}.", style="dim")
    for bad in report.bad[:NOTES]:
        yield at(2, Text(f"line {bad.line}: {cut(line(bad.why), 120)}", style="dim"))
    if report.bad_count > len(report.bad[:NOTES]):
        yield at(2, Text(f"and {report.bad_count - len(report.bad[:NOTES])} more", style="dim"))
    if any(p.analysis for p in report.problems):
        yield Text(_spent(report), style="dim")
    elif report.problems:
        yield Text("Only grouped. `garden round` explains causes, finds issues and keeps it all.", style="dim")
    for note in report.notes[:NOTES]:
        yield Text(cut(line(note), SENTENCE), style="yellow")
    if len(report.families) > FEW:
        yield Text(_start(report), style="bold")


def _start(report: Report) -> str:
    """Where a long page ends, the reader's eyes are: the worst once more."""
    head = report.families[0][0]
    return f"Start with cluster {head.number}, {head.triage.severity}: {cut(line(head.cluster.title), REASON)}"


def _are(count: int) -> str:
    return "is no log entry" if count == 1 else "are no log entries"


def _spent(report: Report) -> str:
    patterns = sum(p.analysis is not None and p.analysis.source == "patterns" for p in report.problems)
    table = f"{phrases.count(patterns, 'cause')} from the table of known patterns"
    left_out = f" {said}." if (said := phrases.left_out(report.problems)) else ""
    if not report.spent:
        return f"Nothing was spent on a model; {table}.{left_out}"
    requests = phrases.count(len(report.spent), "request")
    return f"Spent {phrases.spent(report.spent)} on {requests} to a model; {table}.{left_out}"
