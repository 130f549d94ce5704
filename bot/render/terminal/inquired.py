"""What inquiries found, in the terminal: whether a deployment is healthy, and what should be logged and is not."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from bot.inquiries.coverage import ADVICE, Coverage, Lack
from bot.inquiries.deploys import Validation
from bot.models import Problem
from bot.render.escape import cut
from bot.render.terminal.page import SENTENCE, at, line, printed, rows


def show_validation(v: Validation, *, width: int, color: bool) -> str:
    """The verdict with its reason, and what is new, worse and gone since."""
    d = v.deployment
    where = " ".join(w for w in (d.service, d.revision, f"in {d.environment}" if d.environment else "") if w)
    page: list[RenderableType] = [
        *rows(
            [
                ("deployment", line(where)),
                ("deployed", f"{d.time:%Y-%m-%d %H:%M} UTC{f' by {line(d.who)}' if d.who else ''}"),
                ("verdict", f"{v.health}: {line(v.reason)}"),
                ("read until", f"{v.span.end:%Y-%m-%d %H:%M} UTC"),
            ]
        )
    ]
    page += _part("new since", [_problem(p) for p in v.new])
    page += _part(
        "more often than before",
        [f"{_problem(s.problem)} ({s.before:.3g} an hour before, {s.since:.3g} since)" for s in v.worse],
    )
    page += _part("not seen any more", [_problem(s.problem) for s in v.gone])
    return printed(Group(*page), width, color)


def show_coverage(found: Coverage, *, width: int, color: bool) -> str:
    """The gaps by what is lacking, with what to do; then what the team wants to see."""
    page: list[RenderableType] = [Text(f"{len(found.gaps)} gaps in {found.problems} problems of the last 7 days")]
    for lack in Lack:
        gaps = [g for g in found.gaps if g.lack is lack]
        page += _part(f"{lack}: {ADVICE[lack]}", [f"{_problem(g.problem)} ({line(g.why)})" for g in gaps])
    page += _part(
        "what you want to see",
        [
            f"{line(m.expectation.name)}: "
            + (f"seen in {', '.join(map(str, m.clusters[:5]))}" if m.clusters else "never seen")
            for m in found.expected
        ],
    )
    return printed(Group(*page), width, color)


def _part(title: str, lines: list[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text("")
        yield Text(title, style="bold")
        yield from (at(2, Text(cut(text, SENTENCE))) for text in lines)


def _problem(p: Problem) -> str:
    return f"{p.triage.severity} cluster {p.number}, {line(p.cluster.title)}"
