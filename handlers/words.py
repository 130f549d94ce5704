"""The single words of what people type: numbers of clusters and issues, severities, spans, people; read forgivingly.

No text makes it raise. `grammar` and `replies` put these together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.models import Severity

LONGEST = 3000
"""Characters of a command or reply that are looked at; Slack itself allows more."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was typed cannot be read; `answer` says what to type."""

    answer: str


SEVERITY = re.compile(r"[pP]([0-5])")
CLUSTER = re.compile(r"(?:clusters?[-#]?|c[-#]?|#)?([0-9]{1,9})", re.IGNORECASE)
NAMED_CLUSTER = re.compile(r"(?:clusters?[-#]?|c[-#]?)([0-9]{1,9})", re.IGNORECASE)
ISSUE = re.compile(r"(?:issues?[-#]?|[\w.-]{1,100}/[\w.-]{1,100}#|gh-|#)?([0-9]{1,9})", re.IGNORECASE)
SERVICE = re.compile(r"[A-Za-z0-9][\w.-]{0,62}")
REVISION = re.compile(r"-[0-9]{5}-[a-z0-9]{3}$|^[0-9]{5}-[a-z0-9]{3}$")
"""How Cloud Run ends the name of a revision."""
SPAN = re.compile(r"(?:[0-9]{1,6}[smhdw])+", re.IGNORECASE)
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
SHARE = re.compile(r"(?:--?|—|–)share", re.IGNORECASE)
FILLER = frozenset({"the", "to", "as", "for", "in", "last", "since", "please", "service", "services", "from", "past"})
MARKS = "*_~`'\"“”‘’.,;:!?"


def plain(text: str) -> str:
    """The text as the person typed it: Slack sends `&`, `<` and `>` escaped; what is invisible was copied along."""
    return INVISIBLE.sub("", text[:LONGEST]).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def bare(word: str) -> str:
    return word.strip(MARKS)


def severity_in(word: str) -> Severity | None:
    found = SEVERITY.fullmatch(bare(word))
    return Severity(f"P{found[1]}") if found else None


def number_in(pattern: re.Pattern[str], word: str) -> int:
    found = pattern.fullmatch(bare(word))
    return int(found[1]) if found else 0


def is_one_of(word: str, *names: str) -> bool:
    return bare(word).lower() in names


def split_share(words: list[str]) -> tuple[list[str], bool]:
    kept = [w for w in words if not SHARE.fullmatch(w)]
    return kept, len(kept) < len(words)


def cluster_in(words: list[str], verb: str) -> int | Mistake:
    """The one cluster that is named, however it is written."""
    rest = [w for w in words if not is_one_of(w, "cluster", "clusters", "c", "number", "no", "#", *FILLER)]
    if not rest:
        return Mistake(f"Which cluster? Type its number: `/garden {verb} 3`. `/garden latest` lists them.")
    number = number_in(CLUSTER, rest[0])
    if not number:
        return Mistake(f"“{short(rest[0])}” is not the number of a cluster. Type `/garden {verb} 3`.")
    if len(rest) > 1:
        return Mistake(f"One cluster at a time, please: `/garden {verb} {number}`.")
    return number


def short(text: str) -> str:
    """A typed word, fit to be repeated in an answer: bounded, without marks that could format or mention."""
    shown = "".join(c if c.isprintable() and c not in "`<>&*~|@" else " " for c in text).strip()
    return shown if len(shown) <= 30 else shown[:29] + "…"


PERSON = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|[^<>]{0,80})?>")
"""Somebody, as Slack sends a mention."""


def clusters_in(words: list[str]) -> tuple[list[int], list[str]]:
    """The clusters that are named first, however they are written, and the words after them."""
    found: list[int] = []
    for index, word in enumerate(words):
        if number := number_in(CLUSTER, word):
            found.append(number)
        elif not is_one_of(word, "cluster", "clusters", "c", "number", "no", "#", "and", "&", "with", "", *FILLER):
            return found, words[index:]
    return found, []


def first_cluster(words: list[str]) -> tuple[int, list[str]]:
    """The cluster that is named first, or 0, and all that is said after it."""
    for index, word in enumerate(words[:3]):
        if number := number_in(CLUSTER, word):
            return number, words[index + 1 :]
        if not is_one_of(word, "cluster", "c", "number", "no", "about", "of", "#", ""):
            break
    return 0, words


def reason(words: list[str]) -> str:
    """What is said after the rest, as it was typed."""
    text = " ".join(words).strip(' :,-–—"“”')
    return text.removeprefix("because ").removeprefix("why ")[:500]
