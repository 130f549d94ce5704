"""A file with an entry on each line, nearly in order of time: as log sinks write them, oldest or newest first.

It is looked through in pieces, and read as it stands; nothing is written down again to put it in order. Where a line
is otherwise, or the order is lost altogether, the patient way of `files` is taken.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bot.errors import InputError
from bot.logs.objects import CHUNK, LONGEST
from bot.models import Window
from bot.moments import moment, plain, plain_moment
from bot.unread import STRANGE, mark_of

_PIECE = 1_000
_PIECE_BYTES = 8 * 1024 * 1024
_HELD = 64 * 1024 * 1024
"""Bytes that may wait until what belongs before them has been read."""

_Key = tuple[str, str]
"""Time, as it is written plainly, and insertId."""


class _Piece(NamedTuple):
    """Some lines that follow each other."""

    start: int
    lines: int
    size: int
    first: _Key
    last: _Key
    ordered: bool


class Lines(NamedTuple):
    """Where the file is, what it was when it was looked through, and its pieces in order of time."""

    path: str
    state: tuple[int, ...]
    pieces: list[_Piece]

    @property
    def span(self) -> Window:
        return Window(plain_moment(self.pieces[0].first[0]), plain_moment(max(p.last for p in self.pieces)[0]))

    def read(self, window: Window) -> Iterator[tuple[list[bytes], float]]:
        """The lines of the window in order of time, some at a time, and how far they are."""
        since, until = _written(window.start), _written(window.end)
        size, done = sum(p.size for p in self.pieces), 0
        with Path(self.path).open("rb") as file:
            if _state(file) != self.state:
                raise InputError(f"{Path(self.path).name} was written to while it was read; copy it and read the copy.")
            waiting: list[tuple[_Key, int, bytes]] = []
            for piece, following in zip(self.pieces, [*self.pieces[1:], None], strict=True):
                done += piece.size
                if piece.last[0] < since or piece.first[0] > until:
                    continue
                file.seek(piece.start)
                lines = list(islice(file, piece.lines))
                inside = since <= piece.first[0] and piece.last[0] <= until
                alone = not waiting and (following is None or piece.last < following.first)
                if piece.ordered and inside and alone:
                    yield lines, done / size
                    continue
                keyed = ((_key(line), piece.start + at, line) for at, line in enumerate(lines))
                waiting += (item for item in keyed if since <= item[0][0] <= until)
                waiting.sort()
                ready = len(waiting) if following is None else bisect_left(waiting, (following.first,))
                yield [line for _, _, line in waiting[:ready]], done / size
                del waiting[:ready]
            yield [line for _, _, line in waiting], 1.0


def in_lines(path: str) -> Lines | None:
    """None where the file is anything else, or cannot be read."""
    with suppress(OSError, ValueError), Path(path).open("rb") as file:
        if file.seekable():
            pieces = _pieces(file)
            if pieces and _held(pieces) <= _HELD:
                return Lines(path, _state(file), pieces)
    return None


def _state(file: BinaryIO) -> tuple[int, ...]:
    state = os.fstat(file.fileno())
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _pieces(file: BinaryIO) -> list[_Piece]:
    """In order of time; none where a line is no entry."""
    found: list[_Piece] = []
    start = size = count = 0
    ordered = True
    first = last = before = ("", "")
    for line in _cut(file):
        try:
            mark = mark_of(line)
        except STRANGE:
            return []
        time = plain(mark.timestamp) or _written(moment(mark.timestamp))
        if not time:
            return []
        key = (time, mark.insertId[:300])
        if not count:
            first = last = key
        elif key < before:
            ordered = False
            first = min(first, key)
        last = max(last, key)
        before = key
        count += 1
        size += len(line) + 1
        if count >= _PIECE or size >= _PIECE_BYTES:
            found.append(_Piece(start, count, size, first, last, ordered))
            start, size, count, ordered = start + size, 0, 0, True
    if count:
        found.append(_Piece(start, count, size, first, last, ordered))
    return sorted(found, key=lambda piece: (piece.first, piece.start))


def _cut(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; one that is too long comes in pieces."""
    rest = b""
    while chunk := file.read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


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


def _key(line: bytes) -> _Key:
    mark = mark_of(line)
    return plain(mark.timestamp) or _written(moment(mark.timestamp)), mark.insertId[:300]


def _written(time: datetime | None) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") if time else ""
