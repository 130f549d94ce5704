"""A masked text as tokens: what it is split into, and which of the tokens may vary at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LOOKED_AT = 64
"""Tokens of a text that are looked at; what follows is left out."""

VALUE = "<*>"
DELIMITERS = frozenset(",;=()[]{}|:'\"")
_PIECE = re.compile(
    r"\s+|\.{3,}|'[^']{0,120}'|\"[^\"]{0,120}\"|`[^`]{0,120}`|[,;=()\[\]{}|]|:(?=\s|$|[^\s/:])"
    r"|(?:[^\s,;=()\[\]{}|:'\".]|\.(?!\.\.)|:(?=[/:]))+(?:'(?:t|s|d|m|re|ve|ll)\b)?|."
)
_MASK = re.compile(
    r"<(?:card|date|duration|email|hex|host|id|ip|jwt|key|list|num|private-key|query|revision|secret|size|time|token|uuid)>"
)
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LITERALS = frozenset({"true", "false", "null", "none", "nil", "undefined", "nan"})
_FAILURE = re.compile(r"(?:Error|Exception|Warning|Failure|Fault|Interrupt)[.:]?$")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_TELLING = re.compile(
    r"(?:\w*_)?(?:err(?:or)?|reason|code|errno|status|state|cause|type|exception|msg|message|event|action)$"
)
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Za-z]\$[A-Za-z]")
_DOTTED = re.compile(r"[\w-]\.[\w-]")
_PAIR = re.compile(r"[A-Z]{3,4}[-/][A-Z]{3,4}")
"""`EUR-USD`, `HAM/FRA`: a name made of two."""
_DIGIT = re.compile(r"[0-9]")
_WORDLIKE = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text. `fixed` never varies; `odd` looks like a value; `before` is the word in front of it."""

    text: str
    fixed: bool = False
    odd: bool = False
    before: str = ""

    @property
    def value(self) -> bool:
        return self.text == VALUE


ANY = Token(VALUE)
"""What a mask has found, or what is a value whatever it is."""
Parts = tuple[str, ...]


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """The text as tokens; whatever a mask has found is the same, and several of it in a row are one."""
    found: list[Token] = []
    for token in _split(text):
        if not (token.value and found and found[-1].value):
            found.append(token)
            if len(found) == LOOKED_AT:
                break
    return tuple(found)


def _split(text: str) -> Iterator[Token]:
    pieces = _PIECE.findall(text)
    before = last = ""
    first = True
    for at, piece in enumerate(pieces):
        if piece.isspace():
            continue
        if piece in DELIMITERS:
            yield Token(piece, fixed=True)
            if _empty(pieces, at):
                yield ANY
        else:
            yield _token(piece, before, last, first)
            before = piece if piece.islower() and piece.isalnum() else piece.lower().strip(".,'\"")
        first, last = False, piece


def _empty(pieces: Sequence[str], at: int) -> bool:
    """Whether a value is left out here: `key= `, or brackets that stand alone with nothing in them."""
    after = pieces[at + 1] if at + 1 < len(pieces) else " "
    if pieces[at] == "=":
        return after.isspace() or after in ",;)]}|"
    alone = at == 0 or pieces[at - 1].isspace()
    return alone and (pieces[at], after) in (("(", ")"), ("[", "]"))


@lru_cache(maxsize=32_768)
def _token(piece: str, before: str, last: str, first: bool) -> Token:
    bare = piece.strip(".!?-'\"`")
    if _MASK.search(piece) or bare.lower() in _LITERALS:
        return ANY
    if _fixed(bare, before, last):
        return Token(piece, fixed=True)
    odd = _DIGIT.search(bare) is not None or piece[0] in "'\"`" or last == "=" or _PAIR.fullmatch(bare) is not None
    if not first:
        odd = odd or "/" in bare or _CAMEL.search(bare) is not None or _DOTTED.search(bare) is not None
    return Token(piece, odd=odd, before=before)


def _fixed(bare: str, before: str, last: str) -> bool:
    """What tells problems apart: a number that no mask took, a kind of failure, a route, a reason, punctuation."""
    if not _WORDLIKE.search(bare) or _DIGITS.fullmatch(bare) or _FAILURE.search(bare) or before in _METHODS:
        return True
    return last in ("=", ":") and _TELLING.match(before) is not None
