"""An announcement and the exception that follows are one message only where one is about the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models import Level
from bot.steps.assemble import assemble
from tests.steps.strategies import entry

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "raised", "gap", "one"),
    [
        ("ERROR stock feed is late", "panic: runtime error: index out of range [3] with length 3", SECOND, False),
        ("ERROR stock feed is late", "fatal error: all goroutines are asleep - deadlock!", SECOND, False),
        ("ERROR stock feed is late", "LookupError: seat 4", SECOND, False),
        ("ERROR order failed:", "panic: runtime error: index out of range [3] with length 3", SECOND, False),
        ("ERROR stock feed is late", "panic: stock feed is late", SECOND, True),
        ("ERROR order failed:", "LookupError: seat 4", SECOND, True),
        ("ERROR order failed", "LookupError: seat 4", SECOND, True),
        ("ERROR Error:", "LookupError: seat 4", SECOND, True),
        ("ERROR no stock for chairs", "StockError: empty", SECOND, True),
        ("ERROR stock feed is late", "LookupError: seat 4", timedelta(microseconds=300), True),
        ("ERROR stock feed is late", "Traceback (most recent call last):", SECOND, True),
    ],
)
def test_what_is_announced(said: str, raised: str, gap: timedelta, one: bool) -> None:
    """A panic needs shared words; other exceptions those, or an announcement that leaves open what failed."""
    entries = [
        entry(said, number=1, level=Level.ERROR),
        entry(raised, gap, number=2, level=Level.ERROR),
    ]
    found = assemble(entries)
    assert len([*found.closed, *found.open]) == (1 if one else 2)
