"""Texts as tokens, which of them are one, and what they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from functools import partial, reduce
from operator import xor

from bot.steps.mine.tokens import ANY, DELIMITERS, Parts, Token

Apart = tuple[int, list[int]]
"""A position, and texts that are equal everywhere else."""


class Pool:
    """Grows only: texts are joined and never parted, and what is found in common is added as a text of its own."""

    def __init__(self, texts: Iterable[tuple[Token, ...]]) -> None:
        self.texts = list(texts)
        self.parts = [tuple(t.text for t in text) for text in self.texts]
        self._above = list(range(len(self.texts)))
        self._common: dict[Parts, int] = {}

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
            parts = tuple(t.text for t in common)
            at = self._common.setdefault(parts, len(self.texts))
            if at == len(self.texts):
                self.texts.append(common)
                self.parts.append(parts)
                self._above.append(at)
            self._join(first, at)

    def _join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._above[high] = low

    def shapes(self) -> list[list[int]]:
        """Texts of the same length and with the same delimiters at the same places."""
        shapes: dict[Parts, list[int]] = defaultdict(list)
        for at, parts in enumerate(self.parts):
            shapes[tuple(p if p in DELIMITERS else "" for p in parts)].append(at)
        return [bucket for bucket in shapes.values() if len(bucket) > 1]

    def different(self, these: Iterable[int], at: int) -> set[str]:
        """What stands at a position."""
        return {self.parts[text][at] for text in these}

    def one_apart(self, bucket: list[int]) -> Iterator[Apart]:
        """Positions, and the texts that are equal everywhere else and may vary there."""
        if len(bucket) < 2:
            return
        tokens = {t: [hash((at, part)) for at, part in enumerate(self.parts[t])] for t in bucket}
        wholes = {t: reduce(xor, hashes, 0) for t, hashes in tokens.items()}
        for at in range(len(self.texts[bucket[0]])):
            may = [t for t in bucket if not self.texts[t][at].fixed]
            for alike in grouped(may, {t: wholes[t] ^ tokens[t][at] for t in may}.__getitem__):
                if len(self.different(alike, at)) > 1:
                    for group in grouped(alike, partial(self._but, at)):
                        if len(self.different(group, at)) > 1:
                            yield at, group

    def _but(self, at: int, text: int) -> Parts:
        return self.parts[text][:at] + self.parts[text][at + 1 :]


def grouped(bucket: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    """Those with the same key, where there are several."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at in bucket:
        groups[key(at)].append(at)
    return [group for group in groups.values() if len(group) > 1]
