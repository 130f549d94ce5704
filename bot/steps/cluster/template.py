"""A line to its template: everything that varies masked, and cut to a length that can be compared."""

from __future__ import annotations

import re

from bot.masks import mask
from bot.steps.cluster.recall import recall
from bot.steps.cluster.words import varied

TEMPLATE = 200
LONGEST = 2 * TEMPLATE
_WORDS = re.compile(r"(?:\S+\s+){31}\S+")
"""Cut after so many words, and not after so many characters, a line ends at the same place whatever its values are."""


def masked(text: str) -> str:
    """The template of a line, worked out."""
    found = varied(mask(text)[:LONGEST])
    if len(found) > TEMPLATE:
        words = _WORDS.match(found)
        found = words[0] if words else found
    return found.rstrip(" .")


template = recall(masked)
"""The template of a line, remembered from one that differs in numbers only, where that is right."""
