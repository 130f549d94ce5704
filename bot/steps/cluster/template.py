"""A line to its template: everything that varies masked, and cut to a length that can be compared."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.masks import mask
from bot.steps.cluster.recall import recall
from bot.steps.cluster.runs import runs
from bot.steps.cluster.words import spanning, unrouted, varied

TEMPLATE = 200
LONGEST = 2 * TEMPLATE
_WORDS = re.compile(r"(?:\S+\s+){31}\S+")
"""Cut after so many words, and not after so many characters, a line ends at the same place whatever its values are."""


def masked(text: str) -> str:
    """The template of a line, worked out piece by piece where it may be."""
    found = _by_runs(text)
    return whole(text) if found is None else _cut(found)


def whole(text: str) -> str:
    """The template of a line, worked out from all of it at once."""
    return _cut(varied(mask(text)[:LONGEST]))


def _cut(found: str) -> str:
    if len(found) > TEMPLATE:
        words = _WORDS.match(found)
        found = words[0] if words else found
    return found.rstrip(" .")


def _by_runs(text: str) -> str | None:
    """None where the line has to be seen as a whole."""
    if text.startswith("-") or unrouted(text) or spanning(text):
        return None
    pieces, places = runs(text)
    found, length = pieces.copy(), len(text)
    for at in places:
        found[at], longer = _run(pieces[at])
        length += longer
    return " ".join(found) if length <= LONGEST else None


@lru_cache(maxsize=8192)
def _run(text: str) -> tuple[str, int]:
    """A run's template, and by how much masks alone make it longer. Something stands in front of it."""
    found = mask(f" {text}")
    return varied(found)[1:], len(found) - 1 - len(text)


template = recall(masked)
"""The template of a line, remembered from one that differs in numbers only, where that is right."""
