"""A masked text as tokens: what it is split into, and which of the tokens may vary at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

LOOKED_AT = 64
"""Tokens of a text that are looked at; what follows is left out."""

VALUE = "<*>"
DELIMITERS = frozenset(",;=()[]{}|:'\"")
_PIECE = re.compile(
    r"`[^`]{0,120}`|(?:[^\s,;=()\[\]{}|:'\".]++|\.(?!\.\.)|:(?=[/:]))++(?:'(?:t|s|d|m|re|ve|ll)\b)?|\s++|\.{3,}"
    r"|'[^']{0,120}'|\"[^\"]{0,120}\"|[,;=()\[\]{}|]|:(?=\s|$|[^\s/:])|."
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
_FOR = frozenset({"for", "from", "to", "by", "of", "on", "via", "with"})
_NAME = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*")
"""`for Lisbon`: a word with a capital within a line, where it names something."""
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
_DELIMITERS = {sign: Token(sign, fixed=True) for sign in DELIMITERS}
Parts = tuple[str, ...]


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """The text as tokens; whatever a mask has found is the same, and several of it in a row are one."""
    found: list[Token] = []
    pieces = _PIECE.findall(text)
    before = last = ""
    first = True
    for at, piece in enumerate(pieces):
        if piece.isspace():
            continue
        delimiter = _DELIMITERS.get(piece)
        if delimiter:
            found.append(delimiter)
            if _empty(pieces, at):
                found.append(ANY)
        else:
            token = _token(piece, before, last, first)
            if token.text != VALUE or not found or found[-1].text != VALUE:
                found.append(token)
            before = _said(piece)
        if len(found) >= LOOKED_AT:
            break
        first, last = False, piece
    return tuple(found[:LOOKED_AT])


def _empty(pieces: Sequence[str], at: int) -> bool:
    """Whether a value is left out here: `key= `, or brackets that stand alone with nothing in them."""
    after = pieces[at + 1] if at + 1 < len(pieces) else " "
    if pieces[at] == "=":
        return after.isspace() or after in ",;)]}|"
    alone = at == 0 or pieces[at - 1].isspace()
    return alone and (pieces[at], after) in (("(", ")"), ("[", "]"))


@lru_cache(maxsize=32_768)
def _token(piece: str, before: str, last: str, first: bool) -> Token:
    word = _word(piece)
    if word.value:
        return ANY
    if before in _FOR and last == before and _NAME.fullmatch(piece):
        return Token(piece, odd=True, before=before)
    if word.fixed or before in _METHODS or (last in ("=", ":") and _TELLING.match(before)):
        return Token(piece, fixed=True)
    return Token(piece, odd=word.odd or last == "=" or (word.composed and not first), before=before)


class _Word(NamedTuple):
    """What a piece is by itself, whatever stands before it."""

    value: bool
    fixed: bool
    """Tells problems apart, as a number that no mask took does, or a kind of failure; or is punctuation."""
    odd: bool
    composed: bool
    """Looks like a value, but for a text that begins with it."""


@lru_cache(maxsize=8192)
def _word(piece: str) -> _Word:
    bare = piece.strip(".!?-'\"`")
    return _Word(
        _MASK.search(piece) is not None or bare.lower() in _LITERALS,
        not _WORDLIKE.search(bare) or _DIGITS.fullmatch(bare) is not None or _FAILURE.search(bare) is not None,
        _DIGIT.search(bare) is not None or piece[0] in "'\"`" or _PAIR.fullmatch(bare) is not None,
        "/" in bare or _CAMEL.search(bare) is not None or _DOTTED.search(bare) is not None,
    )


def _said(piece: str) -> str:
    return piece if piece.islower() and piece.isalnum() else piece.lower().strip(".,'\"")
