"""Texts as tokens, which of them are one, and what they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from functools import partial, reduce
from operator import xor

from bot.steps.mine.tokens import ANY, DELIMITERS, VALUE, Parts, Token

Apart = tuple[int, list[int]]
"""A position, and texts that are equal everywhere else."""


class Pool:
    """Grows only: texts are joined and never parted, and what is found in common is added as a text of its own."""

    def __init__(self, texts: Iterable[tuple[Token, ...]]) -> None:
        self.texts: list[tuple[Token, ...]] = []
        self.parts: list[Parts] = []
        self.loose: list[Parts] = []
        """The parts, where what looks like a value is one."""
        self._looks: list[_Look] = []
        self._shapes: dict[Parts, list[int]] = defaultdict(list)
        self._above: list[int] = []
        self._common: dict[Parts, int] = {}
        for text in texts:
            self._add(text, tuple([t.text for t in text]))

    def _add(self, text: tuple[Token, ...], parts: Parts) -> int:
        at = len(self.texts)
        self.texts.append(text)
        self.parts.append(parts)
        self.loose.append(tuple([VALUE if t.odd else t.text for t in text]))
        self._looks.append(_look(text, parts))
        self._shapes[tuple([p if p in DELIMITERS else "" for p in parts])].append(at)
        self._above.append(at)
        return at

    def find(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def join(self, these: Iterable[int], varying: Collection[int] = ()) -> None:
        """These are one; what they have in common, but for what varies, stands for them from now on."""
        first, *rest = these
        for other in rest:
            self._join(first, other)
        if varying:
            common = tuple(ANY if at in varying else t for at, t in enumerate(self.texts[first]))
            parts = tuple([t.text for t in common])
            at = self._common.get(parts, -1)
            if at < 0:
                at = self._common[parts] = self._add(common, parts)
            self._join(first, at)

    def _join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._above[high] = low

    def shapes(self) -> list[list[int]]:
        """Texts of the same length and with the same delimiters at the same places."""
        return [list(bucket) for bucket in self._shapes.values() if len(bucket) > 1]

    def different(self, these: Iterable[int], at: int) -> set[str]:
        """What stands at a position."""
        return {self.parts[text][at] for text in these}

    def one_apart(self, bucket: list[int]) -> Iterator[Apart]:
        """Positions, and the texts that are equal everywhere else and may vary there."""
        if len(bucket) < 2:
            return
        looks = [self._looks[t] for t in bucket]
        for at in range(len(self.texts[bucket[0]])):
            same: dict[int, list[int]] = {}
            for text, look in zip(bucket, looks, strict=True):
                but = look[at]
                if but is None:
                    continue
                if but in same:
                    same[but].append(text)
                else:
                    same[but] = [text]
            for alike in same.values():
                if len(alike) > 1 and len(self.different(alike, at)) > 1:
                    for group in grouped(alike, partial(self._but, at)):
                        if len(self.different(group, at)) > 1:
                            yield at, group

    def _but(self, at: int, text: int) -> Parts:
        return self.parts[text][:at] + self.parts[text][at + 1 :]


_Look = list[int | None]
"""For each place a figure for all that stands elsewhere; None where what stands there never varies."""


def _look(text: tuple[Token, ...], parts: Parts) -> _Look:
    hashes = list(map(hash, enumerate(parts)))
    whole = reduce(xor, hashes, 0)
    return [None if token.fixed else whole ^ one for token, one in zip(text, hashes, strict=True)]


def grouped(bucket: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    """Those with the same key, where there are several."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at in bucket:
        groups[key(at)].append(at)
    return [group for group in groups.values() if len(group) > 1]
