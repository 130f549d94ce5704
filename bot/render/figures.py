"""Figures put back into a masked title, so that people read `pool of size 5` and not `pool of size <num>`.

Only what says how much comes back: a number of at most three digits, or such a time or size, that stands by itself.
What may name somebody or something stays masked: what follows a word such as `user` or `order`, what has other
figures beside it, and all that is longer or no plain figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.models import Entry

LOOKED_AT = 3
"""Entries that are tried: the first may have been written by another statement of the same problem."""
_LONGEST_TEXT = 4_000
_LONGEST_VALUE = 200
_CONTEXT = 24
"""Characters of a title's beginning and end that have to stand in the text; the rest may be cut off or added."""
_TOKEN = re.compile(r"<[a-z][a-z_-]{0,30}>")
_PLAIN = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,2})? ?(?:%|ms|us|ns|s|sec|secs|seconds?|milliseconds?|m|mins?|minutes?|h|hours?|days?"
    r"|bytes|[kKMGT]i?B|[kKMGT]i)?",
    re.ASCII,
)
_ENDING = re.compile(rf"{_PLAIN.pattern}(?![^\s,;)\]\"'])", re.ASCII)
_FIGURES = frozenset({"<num>", "<duration>", "<size>"})
_NAMES = re.compile(
    r"(?:[#@/\\._-]|\b(?:ids?|no|nr|number|user|users|customer|client|member|person|account|order|booking|ticket|invoice"
    r"|payment|session|request|job|task|message|event|seat|room|tenant|device|pid|tid|thread|process|key|token|secret"
    r"|password|passcode|passwd|pin|pins|cv[vc]2?|csc|otp|code|card|phone|ssn|iban|zip)s?[\"']? ?[:=#]{0,2} ?[\"']?)$",
    re.IGNORECASE,
)
"""What stands before a figure that names rather than counts."""
_CUT = re.compile(r"<[a-z_-]*$")
"""A token that the end of the title fell into."""
_BESIDE = re.compile(r"[^A-Za-z]{0,2}")


def with_figures(title: str, evidence: Iterable[Entry]) -> str:
    """The title with the figures of the first entry that it was made of."""
    if "<" not in title:
        return title
    tokens = _TOKEN.findall(title)
    if _FIGURES.isdisjoint(tokens):
        return title
    pieces = _TOKEN.split(title.removesuffix("…"))
    for _, entry in zip(range(LOOKED_AT), evidence, strict=False):
        for text in _texts(entry):
            values = _values(text, pieces, tokens)
            if values:
                shown = [v if _may_show(i, values, pieces, tokens) else tokens[i] for i, v in enumerate(values)]
                ending = "…" if title.endswith("…") else ""
                return "".join(p + s for p, s in zip(pieces, [*shown, ""], strict=True)) + ending
    return title


def _texts(entry: Entry) -> Iterable[str]:
    if entry.failure and entry.failure.message:
        kind = entry.failure.type.rpartition(".")[2]
        yield " ".join(f"{kind}: {entry.failure.message[:_LONGEST_TEXT]}".split())
    yield " ".join(entry.text[:_LONGEST_TEXT].split())


def _values(text: str, pieces: list[str], tokens: list[str]) -> list[str]:
    """What stands in the text where the title has its tokens; nothing where the text is another one."""
    first, last = pieces[0][-_CONTEXT:], _CUT.sub("", pieces[-1])[:_CONTEXT]
    at = text.find(first)
    if at >= 0:
        at += len(first)
    elif first.endswith(": ") and len(pieces) > 1 and (end := text.find(pieces[1])) > 0:
        at = text.rfind(" ", 0, end) + 1  # what is before the colon is no part of the text: the name of a function
    else:
        return []
    values = []
    for i in range(len(tokens)):
        piece = pieces[i + 1] if i + 1 < len(tokens) else last
        if piece:
            end = text.find(piece, at, at + _LONGEST_VALUE + len(piece))
        else:
            end = found.end() if (found := _ENDING.match(text, at)) else len(text)
        if end < 0:
            return []
        values.append(text[at:end])
        at = end + len(piece)
    return values


def _may_show(i: int, values: list[str], pieces: list[str], tokens: list[str]) -> bool:
    if tokens[i] not in _FIGURES or not _PLAIN.fullmatch(values[i]):
        return False
    before, after = pieces[i], pieces[i + 1]
    if not before or _NAMES.search(before) or (after and (after[0].isalnum() or after[0] in "@_-")):
        return False
    others = [*([before] if i else []), *([after] if i + 1 < len(tokens) else [])]
    return not any(_BESIDE.fullmatch(piece) for piece in others)
