"""A line in pieces that say nothing of each other, so that each can be worked out for itself, and remembered.

No mask begins or ends within a plain word, or reaches over one. So what stands between plain words is masked as it
would be in the whole line; and the same few pieces (`in 17ms`, `/srv/shop.json`) stand in many lines.
"""

from __future__ import annotations

from functools import lru_cache

_MOST = 50_000
_TELLING = frozenset(
    """
    status code http exit exited with errno error return response signal
    millisecond milliseconds microsecond microseconds second seconds sec secs minute minutes min mins hour hours
    day days ms bytes ki
    """.split()  # noqa: SIM905 - a list of plain words is read more easily as words
)
"""Words that a mask may begin with, or reach up to."""


class _Plain(dict[str, bool]):
    """Words, and whether masks stop at them; remembered up to a bound."""

    def __missing__(self, word: str) -> bool:
        plain = word.isascii() and word.isalpha() and word.islower() and word not in _TELLING
        if len(self) >= _MOST:
            self.clear()
        self[word] = found = plain and (len(word) < 7 or not set(word) <= set("abcdef"))
        return found


_plain = _Plain()


def worded(text: str) -> bool:
    """Whether a word of the text stays as it is, whatever masks do to the rest."""
    return any(map(_plain.__getitem__, text.split(" ")))


@lru_cache(maxsize=8)
def runs(text: str) -> tuple[list[str], list[int]]:
    """The text in pieces with a space between each, and which of them are more than a plain word.

    A word behind a comma may be one of a list, and is left with that.
    """
    pieces: list[str] = []
    places: list[int] = []
    run: list[str] = []
    listed = False
    for word in text.split(" "):
        if _plain[word] and not listed:
            if run:
                places.append(len(pieces))
                pieces.append(" ".join(run))
                run = []
            pieces.append(word)
        else:
            run.append(word)
            listed = word[-1:] == ","
    if run:
        places.append(len(pieces))
        pieces.append(" ".join(run))
    return pieces, places
