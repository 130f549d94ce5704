"""A file with an entry on each line, nearly in order of time: as log sinks write them, oldest or newest first.

It is looked through in pieces, and read as it stands; nothing is written down again to put it in order. Where a line
is otherwise, or the order is lost altogether, the patient way of `files` is taken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from operator import le
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bot.logs.objects import CHUNK, LONGEST
from bot.models import Window
from bot.moments import moment, plain, plain_moment, plains
from bot.unread import STRANGE, Mark, State, Stretch, marks_of, objects_of, state_of

_PIECE = CHUNK // 8
"""Bytes that are looked through at a time: so many that the processor has them at hand when they are looked at."""
_TOGETHER = 1_000
"""Lines that are kept in mind as one, where they are in order: so that a large file takes no more memory."""
_HELD = 64 * 1024 * 1024
"""Bytes that may wait until what belongs before them has been read."""

_Key = tuple[str, str]
"""Time, as it is written plainly, and insertId."""


class _Piece(NamedTuple):
    """Some lines that follow each other."""

    start: int
    sizes: tuple[int, ...]
    lines: int
    first: _Key
    last: _Key
    ordered: bool

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def goes_on(self, following: _Piece) -> bool:
        """Whether the two may be one, as large as that may be."""
        ordered = self.ordered and following.ordered and self.last <= following.first
        return ordered and self.lines + following.lines <= _TOGETHER

    def and_then(self, following: _Piece) -> _Piece:
        sizes, lines = self.sizes + following.sizes, self.lines + following.lines
        return self._replace(sizes=sizes, lines=lines, last=following.last)


class Lines(NamedTuple):
    """Where the file is, what it was when it was looked through, and its pieces in order of time."""

    path: str
    state: State
    pieces: list[_Piece]

    @property
    def span(self) -> Window:
        return Window(plain_moment(self.pieces[0].first[0]), plain_moment(max(p.last for p in self.pieces)[0]))

    def read(self, window: Window, most: int) -> Iterator[tuple[Sequence[bytes | Stretch], float]]:
        """The lines of the window in order of time, some at a time, and how far; no part is of more than `most`."""
        since, until = _written(window.start), _written(window.end)
        size, done = sum(p.size for p in self.pieces), 0
        waiting: list[tuple[_Key, int, bytes]] = []
        for piece, following in zip(self.pieces, [*self.pieces[1:], None], strict=True):
            done += piece.size
            if piece.last[0] < since or piece.first[0] > until:
                continue
            stretch = Stretch(self.path, self.state, piece.start, piece.sizes, piece.lines)
            inside = since <= piece.first[0] and piece.last[0] <= until
            alone = not waiting and (following is None or piece.last < following.first)
            if piece.ordered and inside and alone and piece.lines <= most:
                yield [stretch], done / size
                continue
            block = b"".join(stretch.blocks())
            places = range(piece.start, piece.start + piece.lines)
            keyed = zip(_keys(block) or (), places, objects_of(block), strict=True)
            waiting += (item for item in keyed if since <= item[0][0] <= until)
            waiting.sort()
            ready = len(waiting) if following is None else bisect_left(waiting, (following.first,))
            yield [line for _, _, line in waiting[:ready]], done / size
            del waiting[:ready]
        yield [line for _, _, line in waiting], 1.0


def in_lines(path: str) -> Lines | None:
    """None where the file is anything else, or cannot be read."""
    with suppress(OSError, ValueError), Path(path).open("rb", buffering=0) as file:
        if file.seekable():
            pieces = _pieces(file)
            if pieces and _held(pieces) <= _HELD:
                return Lines(path, state_of(file), pieces)
    return None


def _pieces(file: BinaryIO) -> list[_Piece]:
    """In order of time; none where a line is no entry."""
    found: list[_Piece] = []
    start = 0
    for block in _cut(file):
        keys = _keys(block)
        if not keys:
            return []
        ordered = all(map(le, keys, keys[1:]))
        first, last = (keys[0], keys[-1]) if ordered else (min(keys), max(keys))
        piece = _Piece(start, (len(block),), len(keys), first, last, ordered)
        if found and found[-1].goes_on(piece):
            found[-1] = found[-1].and_then(piece)
        else:
            found.append(piece)
        start += len(block)
    return sorted(found, key=lambda piece: (piece.first, piece.start))


def _cut(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines of a file, some at a time; one that is too long in pieces."""
    rest = b""
    while chunk := file.read(_PIECE):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest += chunk
            if len(rest) > LONGEST:
                yield rest
                rest = b""
    if rest:
        yield rest


def _keys(block: bytes) -> list[_Key] | None:
    """None where a line is no entry."""
    try:
        marks: list[Mark] = marks_of(block)
    except STRANGE:
        return None
    written = [mark.timestamp for mark in marks]
    times = plains(written) or [plain(w) or _written(moment(w)) for w in written]
    return list(zip(times, [mark.insertId[:300] for mark in marks], strict=True)) if all(times) else None


def _held(pieces: list[_Piece]) -> int:
    """How many bytes will wait at most."""
    most = 0
    waiting: list[_Piece] = []
    for piece in pieces:
        waiting = [p for p in waiting if p.last >= piece.first]
        waiting.append(piece)
        most = max(most, sum(p.size for p in waiting))
        if most > _HELD:
            break
    return most


def _written(time: datetime | None) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") if time else ""
