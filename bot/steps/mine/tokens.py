"""A masked text as tokens: what it is split into, and which of the tokens may vary at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

LOOKED_AT = 64
"""Tokens of a text that are looked at; what follows is left out."""

_MOST = 50_000
"""Words that are remembered at one place."""

VALUE = "<*>"
DELIMITERS = frozenset(",;=()[]{}|:'\"")
_PIECE = re.compile(
    r"`[^`]{0,120}`|(?:[^\s,;=()\[\]{}|:'\".]++|\.(?!\.\.)|:(?=[/:]))++(?:'(?:t|s|d|m|re|ve|ll)\b)?|\s++|\.{3,}"
    r"|'[^']{0,120}'|\"[^\"]{0,120}\"|[,;=()\[\]{}|]|:(?=\s|$|[^\s/:])|."
)
_MASK = re.compile(
    r"<(?:card|date|broken|duration|email|hex|host|id|ip|jwt|key|list|num|object|private-key|query|revision|secret|size|time|token|uuid)>"
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
_SIGNS = frozenset("=:")
_FOR = frozenset({"for", "from", "to", "by", "of", "on", "via", "with"})
_NAME = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*")
"""`for Lisbon`: a word with a capital within a line, where it names something."""
_PAIR = re.compile(r"[A-Z]{3,4}[-/][A-Z]{3,4}")
"""`EUR-USD`, `HAM/FRA`: a name made of two."""
_DIGIT = re.compile(r"[0-9]")
_WORDLIKE = re.compile(r"\w")


class Token(NamedTuple):
    """A piece of a text. `fixed` never varies, `odd` looks like a value."""

    text: str
    fixed: bool = False
    odd: bool = False
    said: str | None = None
    """The word that stands in front of the next token; None where that is the one before this."""


_DELIMITERS = {sign: Token(sign, fixed=True) for sign in DELIMITERS}
_LEFT_OUT = Token(VALUE)
Parts = tuple[str, ...]
Flags = tuple[bool, ...]
Columns = tuple[Parts, Flags, Flags, tuple[str | None, ...]]
"""Tokens, told apart by what is asked of them: their texts, which are fixed, which are odd, and what they say."""


class _Place(NamedTuple):
    """How far a text was read, as far as it matters to what follows."""

    first: bool = True
    last: str = ""
    """The last piece, where that is an equals sign, a colon, or one of a few words."""
    value: Token | None = None
    """The last token, where it is a value, whatever it said."""
    method: bool = False
    telling: bool = False
    """Whether the last word is an HTTP method, or names what tells problems apart."""


class _Words(dict[str, tuple[list[Token], bool, "_Words"]]):
    """What words come to that may stand at a place, remembered: their tokens; whether the first of these stands for
    the one before it, too; and what the next word comes to."""

    def __init__(self, place: _Place) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, word: str) -> tuple[list[Token], bool, _Words]:
        found, again, place = _read(_PIECE.findall(word), self._place)
        if len(self) >= _MOST:
            self.clear()
        self[word] = step = found, again, _words(place)
        return step


@cache
def _words(place: _Place) -> _Words:
    return _Words(place)


@lru_cache(maxsize=8192)
def tokens(text: str) -> Columns:
    """The text as tokens; whatever a mask has found is the same, and several of it in a row are one."""
    found = _tokens(text)[:LOOKED_AT]
    return tuple(zip(*found, strict=True)) if found else ((), (), (), ())  # type: ignore[return-value] # four of them


def _tokens(text: str) -> list[Token]:
    if "'" in text or '"' in text or "`" in text:  # what is quoted may hold blanks
        return _quoting(_PIECE.findall(text))
    found: list[Token] = []
    known = _words(_Place())
    for word in text.split():
        some, again, known = known[word]
        if again:
            del found[-1]
        found += some
        if len(found) >= LOOKED_AT:
            break
    return found


def _quoting(pieces: Sequence[str]) -> list[Token]:
    """What is quoted in a text is a name, without quotes, too: `no column mail: column "mail" is there`."""
    found = _read(pieces, _Place())[0]
    names = {p[1:-1] for p in pieces if len(p) > len("'id'") and p[0] in "'\"`"}
    return [t._replace(odd=True) if t.text in names and not t.fixed else t for t in found]


def _read(pieces: Sequence[str], place: _Place) -> tuple[list[Token], bool, _Place]:
    first, last, value, method, telling = place
    found: list[Token] = []
    again = False
    for at, piece in enumerate(pieces):
        if piece.isspace():
            continue
        if piece in DELIMITERS:
            found.append(_DELIMITERS[piece])
            value = _LEFT_OUT if _empty(pieces, at) else None
            if value:
                found.append(value)
        else:
            token = _token(piece, method or (telling and last in _SIGNS), last, first)
            said = token.said or ""
            if token.text == VALUE and value:
                token = value._replace(said=said)
                again = again or not found
                del found[-1:]
            found.append(token)
            value = token._replace(said=None) if token.text == VALUE else None
            method, telling = said in _METHODS, _TELLING.match(said) is not None
        last, first = piece if piece in _SIGNS or piece in _FOR else "", False
        if len(found) >= LOOKED_AT:
            break
    return found, again, _Place(first, last, value, method, telling)


def _empty(pieces: Sequence[str], at: int) -> bool:
    """Whether a value is left out here: `key= `, or brackets that stand alone with nothing in them."""
    after = pieces[at + 1] if at + 1 < len(pieces) else " "
    if pieces[at] == "=":
        return after.isspace() or after in ",;)]}|"
    alone = at == 0 or pieces[at - 1].isspace()
    return alone and (pieces[at], after) in (("(", ")"), ("[", "]"))


@lru_cache(maxsize=8192)
def _token(piece: str, stays: bool, last: str, first: bool) -> Token:
    word, said = _word(piece), _said(piece)
    if word.value:
        return Token(VALUE, said=said)
    if last in _FOR and _NAME.fullmatch(piece):
        return Token(piece, odd=True, said=said)
    if word.fixed or stays:
        return Token(piece, fixed=True, said=said)
    return Token(piece, odd=word.odd or last == "=" or (word.composed and not first), said=said)


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
