"""A line to its template: everything that varies masked, and cut to a length that can be compared."""

from __future__ import annotations

from bot.masks import mask
from bot.steps.cluster.recall import recall
from bot.steps.cluster.words import varied

TEMPLATE = 200


def masked(text: str) -> str:
    """The template of a line, worked out."""
    return varied(mask(text)[: 2 * TEMPLATE])[:TEMPLATE].rstrip(" .")


template = recall(masked)
"""The template of a line, remembered from one that differs in numbers only, where that is right."""
