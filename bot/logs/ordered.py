"""Puts entries in order of time without holding them all: sorted runs go to temporary files and are merged.

The files have no name in the file system, so that nothing is left behind, whatever happens.
"""

from __future__ import annotations

import heapq
import itertools
import struct
import tempfile
from collections.abc import Iterator
from typing import IO

Item = tuple[int, str, int, bytes]
"""Microseconds since the epoch, insertId, position in the input, the entry's JSON."""

_HEAD = struct.Struct("<qqII")
_TOGETHER = 1_000
"""Entries that are written at once."""
_FILES = 64
"""Runs that are open at once; more are merged into one."""


class Ordered:
    """Add entries, then iterate: as often as wanted, in order of time, then insertId."""

    def __init__(self, entries: int = 50_000, size: int = 64 * 1024 * 1024) -> None:
        self._limit, self._bytes = entries, size
        self._items: list[Item] = []
        self._held = 0
        self._runs: list[IO[bytes]] = []
        self._in_order = True
        """No run begins before the end of the one written before it: what was logged first came first."""
        self._last: Item = (-(2**63), "", 0, b"")
        self.count = 0
        self.size = 0

    def add(self, time: int, id: str, data: bytes) -> None:
        self._items.append((time, id, self.count, data))
        self._held += len(data)
        self.count += 1
        self.size += len(data)
        if len(self._items) >= self._limit or self._held >= self._bytes:
            self._spill()

    def __iter__(self) -> Iterator[Item]:
        self._items.sort()
        if not self._runs:
            return iter(self._items)
        runs = [_read(r) for r in self._runs]
        if self._in_order and (not self._items or self._items[0] >= self._last):
            return itertools.chain(*runs, self._items)
        return heapq.merge(*runs, self._items)

    def close(self) -> None:
        for run in self._runs:
            run.close()
        self._runs.clear()
        self._items.clear()

    def _spill(self) -> None:
        self._items.sort()
        self._in_order = self._in_order and self._items[0] >= self._last
        self._last = self._items[-1]
        if len(self._runs) >= _FILES:
            merged = _written(heapq.merge(*(_read(r) for r in self._runs)))
            for run in self._runs:
                run.close()
            self._runs = [merged]
        self._runs.append(_written(iter(self._items)))
        self._items = []
        self._held = 0


def _written(items: Iterator[Item]) -> IO[bytes]:
    run = tempfile.TemporaryFile(prefix="garden-")  # noqa: SIM115 - lives as long as the order is read
    try:
        while some := list(itertools.islice(items, _TOGETHER)):
            pieces: list[bytes] = []
            for time, id, place, data in some:
                name = id.encode("utf-8", "surrogatepass")
                pieces += (_HEAD.pack(time, place, len(name), len(data)), name, data)
            run.write(b"".join(pieces))
        run.flush()
    except BaseException:
        run.close()
        raise
    return run


def _read(run: IO[bytes]) -> Iterator[Item]:
    at = 0
    while True:
        run.seek(at)
        block = run.read(1024 * 1024)
        if not block:
            return
        used = 0
        while len(block) - used >= _HEAD.size:
            time, place, name, data = _HEAD.unpack_from(block, used)
            end = used + _HEAD.size + name + data
            if end > len(block):
                if used:
                    break
                block += run.read(end - len(block))
            start = used + _HEAD.size
            yield time, block[start : start + name].decode("utf-8", "surrogatepass"), place, block[start + name : end]
            used = end
        at += used
