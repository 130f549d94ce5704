"""Pieces of a Markdown document: headings, facts, names; everything from outside escaped and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.models import Issue, Window
from bot.render import phrases
from bot.render.escape import cut, link
from bot.render.escape import markdown as prose

SENTENCE = 600
TITLE = 160
LISTED = 30
"""Of each list in the document (notes, bad lines, related issues) so many are named, the rest counted."""
DETAILED = 200
"""Clusters that get a chapter; the rest are in the table of the summary only."""


def heading(level: int, words: str) -> Iterator[str]:
    yield f"{'#' * level} {words}"
    yield ""


def facts(*rows: tuple[str, str]) -> Iterator[str]:
    """Lines that stay lines: two spaces at the end are a line break in Markdown."""
    yield from (f"**{name}:** {value}  " for name, value in rows if value)


def p(text: str, limit: int = SENTENCE) -> str:
    return prose(cut(text, limit))


def names(values: Iterable[str]) -> str:
    return ", ".join(p(v, 120) for v in values)


def times(count: int) -> str:
    return phrases.count(count, "occurrence")


def span(window: Window, *, seconds: bool = False) -> str:
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    start, end = window.start.strftime(form), window.end.strftime(form)
    return f"{start} UTC" if start == end else f"{start} to {end} UTC"


def issue_link(issue: Issue) -> str:
    state = f" ({issue.state})"
    return link(f"#{issue.number}", issue.url, [f"https://github.com/{issue.repository}"]) + state
