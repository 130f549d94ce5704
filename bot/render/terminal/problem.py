"""One problem in the terminal: everything that is known of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from bot.models import Cluster, Entry, Finding, Problem, Window
from bot.render import phrases
from bot.render.charts import trendline
from bot.render.escape import cut, plain
from bot.render.terminal.page import COLOUR, SENTENCE, TITLE, at, figures, line, printed, rows

EVIDENCE = 1200
REVISIONS = 8


def show_problem(problem: Problem, *, now: datetime, width: int, color: bool) -> str:
    """What it is, how often and where, why, what the tracker knows, what to type next, and what was logged."""
    return printed(Group(*_details(problem, now, width)), width, color)


def _details(problem: Problem, now: datetime, width: int) -> Iterator[RenderableType]:
    cluster, triage, match = problem.cluster, problem.triage, problem.match
    window = Window(cluster.first_seen, cluster.last_seen)
    yield Text.assemble(
        (f" {triage.severity} ", COLOUR[triage.severity]),
        (f" cluster {cluster.number}  {cut(line(cluster.title), TITLE)}", "bold"),
    )
    yield figures(cluster, triage.trend, window, now, width)
    yield from rows(
        [
            ("kind", f"{triage.kind}, {triage.category}"),
            ("severity", "; ".join([*triage.reasons, *([f"set by {triage.by}"] if triage.by else [])])),
            ("counted", _counted(cluster)),
            ("over time", trendline(cluster, window, max(10, min(60, width - 24)))),
            ("revisions", ", ".join(cluster.revisions[-REVISIONS:])),
            ("pattern", cluster.template),
            ("code site", cluster.signature.site if cluster.signatures else ""),
            ("also known as", ", ".join(str(n) for n in cluster.aliases)),
        ]
    )
    yield from _explained(problem)
    yield Text()
    yield from rows(
        [
            ("issue", phrases.tracked(problem)),
            ("title", match.issue.title if match and match.issue else ""),
            ("because", match.reason if match else ""),
            *(
                ("candidate", f"#{c.issue.number} {c.issue.title} ({c.reason})")
                for c in (match.candidates[:3] if match else ())
            ),
            ("proposal", phrases.proposed(problem.proposal) if problem.proposal else ""),
            ("next", phrases.next_words(problem)),
        ]
    )
    for seen in _telling(cluster.evidence):
        yield Text()
        yield Text(f"{phrases.moment(seen.time, now, seconds=True)} {line(seen.id)} {line(seen.revision)}", style="dim")
        yield at(2, Text(cut(plain(seen.text), EVIDENCE)))


def _explained(problem: Problem) -> Iterator[RenderableType]:
    analysis, audit = problem.analysis, problem.audit
    if analysis is None:
        return
    cause = phrases.cause(problem)
    shown, impact = bool(cause.text), phrases.impact(problem)
    yield Text()
    yield from rows(
        [
            (f"cause ({cause.label})" if shown else "cause", cause.text or cause.instead),
            ("technical impact (inferred)", impact.technical),
            ("business impact (inferred)", impact.business),
            *(("wrong", f"{w.cause} (says {w.who}: {w.why})") for w in problem.wrong[:3]),
            *(("known", text) for text in phrases.lessons(problem)),
            ("note", analysis.note),
            ("verdict", f"{audit.verdict}{f', {audit.rule}' if audit.rule else ''}" if audit else "none"),
        ]
    )
    for checked in audit.claims if audit else ():
        if checked.finding is not Finding.STRUCK:
            why = f" ({checked.why})" if checked.why else ""
            yield at(2, Text(cut(line(f"{checked.finding}: {checked.claim.text}{why}"), SENTENCE)))
    for index, step in enumerate(analysis.next_steps if shown or cause.worth == phrases.UNKNOWN else (), 1):
        yield at(2, Text(cut(line(f"{index}. {step}"), SENTENCE)))


def _counted(cluster: Cluster) -> str:
    each = [f"{name or 'none'} {phrases.number(o)}" for name, (_, o) in cluster.environments.items()]
    total = f"{phrases.count(cluster.occurrences, 'occurrence')} in {phrases.count(cluster.entries, 'entry')}"
    return f"{total} ({', '.join(each)})" if len(each) > 1 else total


def _telling(evidence: Sequence[Entry]) -> Sequence[Entry]:
    """The first, and the last where it says something else."""
    if len(evidence) < 2 or evidence[0].text == evidence[-1].text:
        return evidence[:1]
    return (evidence[0], evidence[-1])
