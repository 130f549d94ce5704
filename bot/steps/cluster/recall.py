"""Templates remembered: what was worked out for a line holds for those that differ from it in numbers only.

Masking is slow, and `took 12 ms` and `took 345 ms` have the same template. So lines are looked up with their numbers
left out, and worked out only where that finds nothing. Which numbers may be left out is decided by what stands around
them, so that a line always has the template it would have had alone:

1. every number, where each stands free (`= 17,`) or has a unit (`250ms`);
2. every number, but one to three digits are told from four or five, where the rest are addresses (`10.0.0.7:8080`);
3. digits, but not how many, and nothing of what masks keep for telling problems apart (`status 404`);
4. none, where some stay that no mask keeps (`s3`), or a digit is more than a digit (`0x10`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from bot.masks import MASKS, figureless
from bot.steps.cluster.runs import runs

KNOWN = 50_000
"""Lines that are remembered; then all are forgotten and learned anew."""

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_ONES = bytes.maketrans(b"0", b"1")
_HEX_ZEROS = bytes.maketrans(b"123456789abcdefABCDEF", b"0" * 21)
_SEVEN, _TEN = "0" * 7, b"0" * 10
_SPACES = b" \t\n\r\x0b\x0c"
_PUT_BY = b"\xf5\xf6\xf7\xf8\xf9\xfa"
_BLANKS = bytes.maketrans(b"0123456789" + _SPACES, b" " * 10 + _PUT_BY)
_WRITTEN = bytes.maketrans(_PUT_BY, _SPACES)
"""Where blanks are put by and digits are blanks, splitting cuts numbers out, however long they are: three times as
fast as replacing them."""
_LONG, _LARGE, _SIZED = b"\xff", b"\xfe", b"\xfd "
"""Bytes that UTF-8 does not have: ten digits, four or five, and the mark of a form that tells them apart."""
_BEFORE = rb"(?:(?<![^\s=(\[,#\"'])|(?<=[A-Za-z]-))"
_AFTER = rb"(?![^\s,;)\]\"'%.]|\.[^\sA-Za-z]|[,;)\]\"'%][0-9A-Za-z])"
_UNIT = rb"(?:ms|us|ns|s|m|h)?"
_FREE = re.compile(_BEFORE + rb"(?:\xfe?0|\xfe)(?:\.(?:\xfe?0|\xfe))?" + _UNIT + _AFTER)
_ADDRESS = re.compile(rb"([\s=(\[,#\"'/])0\.0\.0\.0(?::[0\xfe])?(?![^\s,;)\]\"'])")
_SPECIAL = re.compile(rb"0[xX]|[sS][hH][aA]0|@|0[0-9A-Z]{25}")
_KEPT = re.compile("|".join(f"(?:{m.expression})" for m in MASKS if not m.token and "0-9" in m.expression), re.ASCII)
"""The numbers that masks leave as they are."""
_HINTS = ("stat", "http", "exit", "errno", "code", "signal")
_REASONED = re.compile(r"[1-5][0-9]{2}:? [A-Z]")
"""One of these is where there is such a number."""
_NUMBER = re.compile("[0-9]+")
_TOLD = re.compile("[1-5][0-9]{2}").fullmatch
"""What masks keep wherever they keep any number."""
_HEX = re.compile(
    r"([\s=(\[\"'])(?=[0-9a-fA-F]{7})(?:([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"
    r"|(?![0-9]+(?:e[0-9]{1,3})?(?![0-9a-f]))[0-9a-f]{7,})(?![^\s,;)\]\"'])"
)
"""Begins with a character, not with a look behind it: so it is found three times as fast."""
_DIGIT = re.compile("[0-9]")
_NEVER = -1
_EXACT = object()
"""Found where only the text itself says enough. A number is found where a form does together with so many numbers
that masks keep, and less than none where it never does."""


_Kept = TypeVar("_Kept")


def recall(work: Callable[[str], str], size: int = KNOWN) -> Callable[[str], str]:
    """`work`, remembered: gives for each text what `work` would."""
    rest = _Rest(work, size)
    known = rest.known

    def recalled(text: str) -> str:
        framed = f".{text}\n"  # so that what it begins and ends with stands between something, too
        try:
            data = framed.encode()
        except UnicodeEncodeError:
            data = framed.encode("utf-8", "surrogatepass")
        digits = data.translate(_HEX_ZEROS).decode("latin-1")
        if _SEVEN in digits:
            framed, more = _without_hex(framed, digits)
            data = framed.encode("utf-8", "surrogatepass")
            if more:
                data = data.translate(_ZEROS).replace(_TEN, _LONG)
        free = b"0".join(data.translate(_BLANKS).split())
        found = known.get(free)
        return found if type(found) is str else rest.look(free, framed[1:-1], found)

    return recalled


def _without_hex(text: str, digits: str) -> tuple[str, bool]:
    """The text with ids masked, which are looked for where so many digits are, and whether there may be more such
    digits. In a query all is masked at once.
    """
    if "?" in text:
        return text, True
    if len(text) != len(digits):
        return _HEX.sub(_token, text), True
    found, done, more = "", 0, False
    at = digits.find(_SEVEN)
    while at > 0:
        if id := _HEX.match(text, at - 1):
            found += text[done : at - 1] + _token(id)
            at = done = id.end()
        else:
            at, more = at + len(_SEVEN), True
        at = digits.find(_SEVEN, at)
    return found + text[done:], more


class _Fact(Enum):
    OPEN = "open"
    """One of the numbers may be more than a number."""
    KEEPING = "keeping"
    """Masks keep one of them."""
    FREE = "free"


class _Rest:
    """What is done where the shortest form of a text has no template yet, or none for all texts of that form."""

    def __init__(self, work: Callable[[str], str], size: int) -> None:
        self._work = work
        self._size = size
        self.known: dict[object, object] = {}

    def look(self, free: bytes, text: str, found: object) -> str:
        if found is None:
            found = self._first(free, free.translate(_WRITTEN)[1:-1])
            if type(found) is str:
                return found
        if found != _NEVER and (known := self._by(free, text, found)):
            return known
        return self._sized(text)

    def _first(self, key: bytes, form: bytes) -> object:
        """What is found by a form from now on."""
        if _LONG in form:
            return self._keep(key, _NEVER)
        sized = form.startswith(_SIZED)
        text = (
            (form[len(_SIZED) :].replace(_LARGE, b"00000") if sized else form)
            .translate(_ONES)
            .decode("utf-8", "surrogatepass")
        )
        pieces, places = runs(text)
        facts = [_facts(pieces[at], sized) for at in places]
        if _Fact.OPEN in facts:
            return self._keep(key, _NEVER)
        kept = _keeps(form) if _Fact.KEEPING in facts else 0
        return self._keep(key, kept or self._work(text))

    def _by(self, form: bytes, text: str, found: object) -> str:
        """The template by a form; empty where the form does not say enough."""
        if isinstance(found, tuple):
            numbers = _NUMBER.findall(text)
            told = [numbers[at] for at in found]
            if all(map(_TOLD, told)):
                key = (form, *told)
                return self._get(key) or self._keep(key, self._work(text))
            found = len(found)
        if isinstance(found, int):
            kept = [m[0] for m in _KEPT.finditer(text)] if found > 0 else []
            if len(kept) != found:
                return ""
            key = (form, *kept)
            return self._get(key) or self._keep(key, self._work(text))
        return str(found)

    def _sized(self, text: str) -> str:
        form = figureless(text)
        sized = _SIZED + form.replace(b"00000", _LARGE).replace(b"0000", _LARGE).replace(b"000", b"0").replace(
            b"00", b"0"
        )
        found = self.known.get(sized)
        if found is None:
            found = self._first(sized, sized)
        if type(found) is str:
            return found
        return self._by(sized, text, found) or self._as_it_is(form, text)

    def _as_it_is(self, form: bytes, text: str) -> str:
        key = () if _SPECIAL.search(form) else (form, *((m.start(), m[0]) for m in _KEPT.finditer(text)))
        if key and self.known.get(key) is not _EXACT:
            known = self._get(key)
            result = known or self._keep(key, self._work(text))
            if known or not _DIGIT.search(_KEPT.sub("", result)):
                return result
            self._keep(key, _EXACT)
        return self._get(text) or self._keep(text, self._work(text))

    def _get(self, key: object) -> str:
        found = self.known.get(key)
        return found if isinstance(found, str) else ""

    def _keep(self, key: object, found: _Kept) -> _Kept:
        if len(self.known) >= self._size:
            self.known.clear()
        self.known[key] = found
        return found


def _token(found: re.Match[str]) -> str:
    return found[1] + ("<uuid>" if found[2] else "<hex>")


@lru_cache(maxsize=8192)
def _facts(run: str, sized: bool) -> _Fact:
    """What the numbers of a run are, of which only the form is known."""
    form = run.encode("utf-8", "surrogatepass")
    form = _SIZED + form.replace(b"11111", _LARGE).replace(b"1", b"0") if sized else form.replace(b"1", b"0")
    if not _stands_free(form):
        return _Fact.OPEN
    return _Fact.KEEPING if _keeps(form) else _Fact.FREE


def _stands_free(form: bytes) -> bool:
    """Whether no number of this form can be more than a number."""
    rest = _FREE.sub(b"", _ADDRESS.sub(rb"\1", form) if _SIZED in form else form)
    return not (b"0" in rest or _LONG in rest or _LARGE in rest or b"@" in rest)


def _keeps(form: bytes) -> int | tuple[int, ...]:
    """How many numbers masks keep in texts of a form at most, or which of all numbers these are.

    Their words are looked for first, which takes a tenth of the time.
    """
    text = _example(form)
    small = text.lower()
    if not (any(map(small.__contains__, _HINTS)) or _REASONED.search(text)):
        return 0
    kept = [m.span() for m in _KEPT.finditer(text)]
    which = tuple(
        at for at, m in enumerate(_NUMBER.finditer(text)) if any(start <= m.start() < end for start, end in kept)
    )
    return which if len(which) == len(kept) and _LONG not in form else len(kept)


def _example(form: bytes) -> str:
    """A text of the form, with numbers that masks would keep if they may."""
    return form.replace(b"0", b"111").replace(_LARGE, b"11111").decode("utf-8", "replace")
