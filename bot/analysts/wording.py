"""Puts values from the entries into the sentences of the table, so that they read with and without them.

`[a clause with {value}]` is dropped where an entry does not give the value; `[with {value}|without]` has words for
that. Log text that could be read as the table's own words stands in quotation marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

VALUE_BOUND = 120
CLAUSE = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")
NAMED = re.compile(r"\{(\w+)\}")
FIGURE = re.compile(r"\d[\d.]* ?[A-Za-z]{0,12}")
NAME = re.compile(r"(?!P[0-5]\b)[\w@./:<>{}$+~*%?=&-]+")
REQUEST = re.compile(r"[A-Z]{2,12} /?[\w@./:<>{}$+~*%?=&-]*")
FIGURES = frozenset(["code", "limit", "port", "seconds", "status"])
"""Values that the sentences introduce as the figure that they are."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """The sentence with its values; it begins with a capital unless with a value."""

    def chosen(clause: re.Match[str]) -> str:
        given = all(values.get(name) for name in NAMED.findall(clause[1]))
        return clause[1] if given else clause[2] or ""

    kept = CLAUSE.sub(chosen, template)
    shown = NAMED.sub(lambda found: marked(found[1], values.get(found[1], "")), kept)
    return shown if kept.startswith("{") else shown[:1].upper() + shown[1:]


def marked(name: str, value: str) -> str:
    """A value as it stands in a sentence: a plain name or figure by itself, anything else as a quotation."""
    plain = (FIGURE if name in FIGURES else REQUEST if name == "request" else NAME).fullmatch(value)
    return value if plain or (name == "request" and NAME.fullmatch(value)) else quotation(value)


def quotation(text: str) -> str:
    """Words of an entry as words of an entry."""
    return "“" + text.replace("“", "'").replace("”", "'") + "”"


def clean(value: str, bound: int = VALUE_BOUND) -> str:
    """A value from a log line, fit to stand in a sentence: one line, bounded, without what is invisible."""
    shown = "".join(c if c.isprintable() else _blank(c) for c in value[: 4 * bound])
    shown = " ".join(shown.split()).strip(" '\"`,;")
    if len(shown) <= bound:
        return shown
    piece = shown[: bound - 1]
    return (piece.rpartition(" ")[0] if " " in piece[bound // 2 :] else piece).rstrip() + "…"


def _blank(character: str) -> str:
    return "" if unicodedata.category(character) == "Cf" else " "
