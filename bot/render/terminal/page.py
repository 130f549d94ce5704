"""Pieces of a page in the terminal: labelled lines, indents, figures; and how a page becomes text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.models import Cluster, Severity, Trend, Window
from bot.render import phrases
from bot.render.charts import trendline
from bot.render.escape import cut, plain

TITLE = 200
SENTENCE = 400
NARROWEST = 40

COLOUR = {
    Severity.P0: "bold white on red",
    Severity.P1: "bold red",
    Severity.P2: "bold yellow",
    Severity.P3: "bold cyan",
    Severity.P4: "dim",
    Severity.P5: "dim",
}
_TREND = {Trend.RISING: "rising ↗", Trend.FALLING: "falling ↘"}


def printed(page: RenderableType, width: int, color: bool) -> str:
    """The page as text; nothing of the surroundings (`TERM`, `COLUMNS`) enters."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(NARROWEST, width),
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(page)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().split("\n"))


def heading(text: str, *, width: int, color: bool) -> str:
    """A line that begins something new."""
    return printed(Text(cut(line(text), TITLE), style="bold underline"), width, color)


def line(text: str) -> str:
    """Text from outside in one line."""
    return " ".join(plain(text).split())


def rows(found: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    """`label: value`, where there is a value."""
    return (labelled(label, cut(line(value), SENTENCE)) for label, value in found if value)


def labelled(label: str, value: str, style: str = "") -> Text:
    return Text.assemble((f"{label}: ", "dim"), (value, style))


def at(indent: int, text: RenderableType) -> Padding:
    return Padding(text, (0, 0, 0, indent), expand=False)


def dotted(parts: Sequence[str], width: int) -> Text:
    """Parts with dots between, broken between parts and not inside of them where they fit."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(f"{lines[-1]} · {part}") <= width:
            lines[-1] = f"{lines[-1]} · {part}"
        else:
            lines.append(part)
    return Text("\n".join(lines))


def figures(cluster: Cluster, trend: Trend, window: Window, now: datetime, width: int) -> Text:
    """Where, how often, whether it grows, when, and who was hit."""
    environments = "/".join(name for name in cluster.environments if name)
    return dotted(
        [
            f"{line(cluster.service)} ({line(environments)})" if environments else line(cluster.service),
            phrases.count(cluster.occurrences, "occurrence"),
            f"{_TREND.get(trend, trend.value)} {trendline(cluster, window, 14)}".strip(),
            phrases.span(Window(cluster.first_seen, cluster.last_seen), now),
            *([phrases.count(cluster.users, "user")] if cluster.users else []),
            *([phrases.count(cluster.clients, "client")] if cluster.clients else []),
        ],
        width,
    )
