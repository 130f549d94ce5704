"""Spans of time as people type and read them: `30m`, `6h`, `2d`, `1w`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.errors import InputError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(?:\d{1,6}[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
LONGEST = timedelta(days=3660)


def span(text: str) -> timedelta:
    """The span that `text` names; `InputError` says what to type instead."""
    typed = text.strip().lower().replace(" ", "")
    if not _SPAN.fullmatch(typed):
        raise InputError(f"“{text[:40]}” is not a span of time. Type a number and m, h, d or w: 30m, 6h, 2d, 1w.")
    total = timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(typed)))
    if not timedelta(0) < total <= LONGEST:
        raise InputError(
            f"“{text[:40]}” is not a span that can be read. Type something between 1s and 10 years: 6h, 2d."
        )
    return total


def typed(value: timedelta) -> str:
    """The span as `span` reads it: `1d6h`."""
    seconds, parts = int(value.total_seconds()), []
    for unit in "dhms":
        amount, seconds = divmod(seconds, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def words(value: timedelta) -> str:
    """The span in its two largest units: `2 d 3 h`, `5 min`, `under a minute`."""
    seconds = int(value.total_seconds())
    if seconds < 60:
        return "under a minute"
    parts = []
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount} {name}")
    return " ".join(parts[:2])
