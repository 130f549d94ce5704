"""Texts as tokens, which of them are one, and what they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from functools import partial, reduce
from itertools import chain
from operator import xor

from bot.steps.mine.tokens import DELIMITERS, VALUE, Columns, Flags, Parts

Apart = tuple[int, list[int]]
"""A position, and texts that are equal everywhere else."""
_ARROWS = frozenset({"\u2192", "->", "=>", "-", "\u2013", "\u2014", "|", "\u00bb"})
_FOLLOWING = 2
"""So many words have to follow an arrow."""


class Groups:
    """Texts by what they have in common."""

    def __init__(self) -> None:
        self._of: dict[Hashable, list[int]] = {}
        self._grown: dict[Hashable, None] = {}

    def add(self, key: Hashable, text: int) -> None:
        group = self._of.setdefault(key, [])
        group.append(text)
        if len(group) > 1:
            self._grown[key] = None

    def grown(self) -> list[list[int]]:
        """Those of several texts to which some were added since this was asked last, in order of their first text."""
        found = [self._of[key] for key in self._grown]
        self._grown.clear()
        return sorted(found)


class Pool:
    """Grows only: texts are joined and never parted, and what is found in common is added as a text of its own.

    What is added is compared with others from the next pass on. Of what was compared before only that is looked at
    again which has grown: the same evidence says the same.
    """

    def __init__(self) -> None:
        self.parts: list[Parts] = []
        self.fixed: list[Flags] = []
        self.odd: list[Flags] = []
        self.said: list[tuple[str | None, ...]] = []
        self.times: list[int] = []
        """How many texts there are of which all this is the same, but for what is said."""
        self.taken = 0
        """So many of them are compared."""
        self.loose, self.alike, self.headed, self.enclosed = Groups(), Groups(), Groups(), Groups()
        """Texts that are the same where what looks like a value is one; of the same shape and behind the same first
        token; behind the same words in front of a colon; and with the same words around a name, as in
        `sync: Old Town -> failed`."""
        self._hashes: list[list[int]] = []
        self._whole: list[int] = []
        self._but: dict[int, int] = {}
        """The first text by a figure for all that stands elsewhere than at a place of it."""
        self._varied: dict[int, Apart] = {}
        self._grown: dict[int, None] = {}
        self._apart: dict[int, list[Apart]] = {}
        self._above: list[int] = []
        self._known: dict[tuple[Parts, Flags, Flags], int] = {}
        self._equal: dict[Parts, int] = {}
        self._common: dict[Parts, int] = {}

    def add(self, text: Columns) -> int:
        """Returns where the text stands."""
        parts, fixed, odd, said = text
        at = self._known.setdefault((parts, fixed, odd), len(self.parts))
        if at == len(self.parts):
            self._add(parts, fixed, odd, said)
        else:
            self.times[at] += 1
        return at

    def _add(self, parts: Parts, fixed: Flags, odd: Flags, said: tuple[str | None, ...]) -> int:
        at = len(self.parts)
        self.parts.append(parts)
        self.fixed.append(fixed)
        self.odd.append(odd)
        self.said.append(said)
        self.times.append(1)
        self._above.append(at)
        if ":" in parts[2:]:
            self.headed.add(parts[: parts.index(":", 2)], at)
        if not _ARROWS.isdisjoint(parts) and (around := _around(parts, odd)):
            self.enclosed.add(around, at)
        return at

    def take(self) -> bool:
        """Compares what was added since the last time; False where nothing was."""
        new = range(self.taken, len(self.parts))
        self.taken = len(self.parts)
        for text in new:
            self._take(text, self.parts[text], self.fixed[text], self.odd[text])
        return len(new) > 0

    def _take(self, text: int, parts: Parts, fixed: Flags, odd: Flags) -> None:
        self.join((self._equal.setdefault(parts, text), text))
        self.loose.add(
            tuple([VALUE if o else p for o, p in zip(odd, parts, strict=True)]) if True in odd else parts, text
        )
        self.alike.add((parts[:1], *[p if p in DELIMITERS else "" for p in parts]), text)
        self._look(text, parts, fixed)

    def _look(self, text: int, parts: Parts, fixed: Flags) -> None:
        hashes = list(map(hash, enumerate(parts)))
        whole = reduce(xor, hashes, 0)
        self._hashes.append(hashes)
        self._whole.append(whole)
        first_of = self._but.setdefault
        for at, (one, stays) in enumerate(zip(hashes, fixed, strict=True)):
            if stays:
                continue
            but = whole ^ one
            first = first_of(but, text)
            if first != text:
                self._varied.setdefault(but, (at, [first]))[1].append(text)
                self._grown[but] = None

    def apart(self) -> list[Apart]:
        """Positions, and the texts that are equal everywhere else and may vary there."""
        for but in self._grown:
            at, texts = self._varied[but]
            groups = grouped(texts, partial(self._others, at))
            self._apart[but] = [(at, group) for group in groups if len(self.different(group, at)) > 1]
        self._grown.clear()
        return sorted(chain.from_iterable(self._apart.values()))

    def find(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def join(self, these: Sequence[int], varying: Collection[int] = ()) -> None:
        """These are one; what they have in common, but for what varies, stands for them from now on."""
        roots = set(map(self.find, these))
        if varying:
            first = these[0]
            parts, fixed, odd = list(self.parts[first]), list(self.fixed[first]), list(self.odd[first])
            for at in varying:
                parts[at], fixed[at], odd[at] = VALUE, False, False
            common = tuple(parts)
            if common not in self._common:
                self._common[common] = self._add(common, tuple(fixed), tuple(odd), self.said[first])
            roots.add(self.find(self._common[common]))
        low = min(roots)
        for root in roots:
            self._above[root] = low

    def before(self, text: int, at: int) -> str:
        """The word in front of a position."""
        return next((said for said in self.said[text][:at][::-1] if said is not None), "")

    def different(self, these: Iterable[int], at: int) -> set[str]:
        """What stands at a position."""
        parts = self.parts
        return {parts[text][at] for text in these}

    def counts(self, these: Iterable[int]) -> list[int]:
        """How many words stand at each position and may vary."""
        columns = zip(*[self.parts[text] for text in these], strict=True)
        stay = zip(*[self.fixed[text] for text in these], strict=True)
        return [len({p for p, s in zip(*both, strict=True) if not s}) for both in zip(columns, stay, strict=True)]

    def several(self, these: Sequence[int]) -> bool:
        return len(these) > 1 or any(self.times[text] > 1 for text in these)

    def blanked(self, text: int, chosen: Collection[int]) -> int | None:
        """A figure for all that stands elsewhere; None where one of the places never varies."""
        fixed, hashes, figure = self.fixed[text], self._hashes[text], self._whole[text]
        for at in chosen:
            if fixed[at]:
                return None
            figure ^= hashes[at]
        return figure

    def _others(self, at: int, text: int) -> Parts:
        return self.parts[text][:at] + self.parts[text][at + 1 :]


def _around(parts: Parts, odd: Flags) -> tuple[Parts, Parts] | None:
    """What stands in front of a name and behind it."""
    begin = parts.index(":", 1) + 1 if ":" in parts[1:] else len(parts)
    end = max(at for at, part in enumerate(parts) if part in _ARROWS)
    if not begin < end < len(parts) - _FOLLOWING:
        return None
    name = zip(parts[begin:end], odd[begin:end], strict=True)
    return (
        (parts[:begin], parts[end:]) if any(o or p == VALUE or p[:1].isupper() or "_" in p for p, o in name) else None
    )


def grouped(texts: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    """Those with the same key, where there are several."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at in texts:
        groups[key(at)].append(at)
    return [group for group in groups.values() if len(group) > 1]
