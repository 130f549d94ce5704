"""Cases as rounds make them: of the demo's week, and of labelled logs where they are at hand."""

from __future__ import annotations

from functools import cache

from bot.evaluate.rounds import cases, of_the_week
from bot.models import Case
from tests.scenarios import real

__all__ = ["cases", "of_real_logs", "of_the_week"]


@cache
def of_real_logs() -> tuple[Case, ...]:
    """Those of every labelled log; none where they are not at hand."""
    return tuple(c for path in real.FILES for c in cases(real.entries(path)))
