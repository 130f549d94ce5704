"""Tables in the terminal, without lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rich.table import Table
from rich.text import Text

from bot.render.escape import cut, plain
from bot.render.terminal.page import SENTENCE, printed

_MARK = {"ok": "green", "wrong": "bold red"}


class Check(Protocol):
    """One thing that `garden doctor` examined."""

    @property
    def name(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def words(self) -> str: ...


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int, color: bool, right: Sequence[str] = ()
) -> str:
    """A table with a heading for each column; those named in `right` hold figures."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cut(plain(cell), SENTENCE)) for cell in row))
    return printed(table, width, color)


def show_checks(checks: Iterable[Check], *, color: bool, width: int = 100) -> str:
    """What `garden doctor` found, a line each."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for check in checks:
        mark = Text(check.mark, style=_MARK.get(check.mark, "dim"))
        table.add_row(mark, Text(check.name), Text(cut(plain(check.words), 1000)))
    return printed(table, width, color)
