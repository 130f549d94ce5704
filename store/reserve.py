"""A few pages set aside beside the database, for what must not be forgotten while the disk is full.

They are written in place, which needs no room, and hold only what was said in the chat and why. As soon as the
database takes it, it goes there, and the pages are blank again.
"""

from __future__ import annotations

import os
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

SIZE = 32 * 1024


class Reserve:
    """Rows by table and key, in memory, and in the file where there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, list[Any]]] = self._read()

    def set_aside(self) -> None:
        """Takes the room while there is some; does nothing where that was done before."""
        if self._path is None or (self._path.exists() and self._path.stat().st_size >= SIZE):
            return
        with suppress(OSError):
            self._write(b"\0" * SIZE, os.O_CREAT)

    def rows(self, table: str) -> dict[str, list[Any]]:
        with self._lock:
            return dict(self._rows.get(table, {}))

    def put(self, table: str, key: str, row: list[Any]) -> None:
        with self._lock:
            self._rows.setdefault(table, {})[key] = row
            self._save()

    def drop(self, table: str) -> None:
        with self._lock:
            if self._rows.pop(table, None):
                self._save()

    def __bool__(self) -> bool:
        return any(self._rows.values())

    def _read(self) -> dict[str, dict[str, list[Any]]]:
        if self._path is None:
            return {}
        try:
            sum_, _, body = self._path.read_bytes().rstrip(b"\0").partition(b"\n")
            if body and int(sum_) == zlib.crc32(body):
                return dict(orjson.loads(body))
        except (OSError, ValueError):
            pass
        return {}

    def _save(self) -> None:
        """What does not fit, or cannot be written, is kept in memory only."""
        if self._path is None:
            return
        body = orjson.dumps(self._rows) if any(self._rows.values()) else b""
        page = b"%d\n%s" % (zlib.crc32(body), body)
        if len(page) <= SIZE:
            with suppress(OSError):
                self._write(page.ljust(SIZE, b"\0"))

    def _write(self, page: bytes, more: int = 0) -> None:
        if self._path is None:
            return
        file = os.open(self._path, os.O_WRONLY | more, 0o600)
        try:
            os.pwrite(file, page, 0)
            os.fsync(file)
        finally:
            os.close(file)
