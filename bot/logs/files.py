"""Logs from a file or standard input: JSON arrays, JSON lines, concatenated objects, gzipped or not.

Now is the newest timestamp, the window its span. Nothing is held in memory but one chunk, however big the input.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import InputError
from bot.logs.lines import Lines, in_lines
from bot.logs.objects import CHUNK, NO_OBJECT, Objects
from bot.logs.ordered import Ordered
from bot.models import BadLine, Batch, Window
from bot.moments import EPOCH, moment
from bot.unread import Stretch, Unread

_MICROSECOND = timedelta(microseconds=1)
_NAMED = 1_000
"""Bad lines that are named; further ones are counted."""
_BATCH_BYTES = 8 * 1024 * 1024
_STARTS = 65_536
"""How much of a file tells what it is."""
_CONTROLS = bytes(c for c in range(32) if c not in b"\b\t\n\f\r\x1b")
_NOTHING = re.compile(rb"\s*(?:\[\s*\]\s*)+")
"""What is exported where nothing was logged."""
_HOW = "Export entries with `gcloud logging read --format=json > FILE`."


class FileLogs:
    """An exported file as a source of logs; `-` is standard input. It is read once, when first asked."""

    lasting = False

    def __init__(self, path: str, *, batch: int = 5_000, chunk: int = 50_000, stdin: BinaryIO | None = None) -> None:
        self.source = "stdin" if path == "-" else f"file:{Path(path).name}"
        self._path = path
        self._stdin = stdin
        self._batch = batch
        self._entries = Ordered(chunk)
        self._bad: list[BadLine] = []
        self._more_bad = 0
        self._oldest: int | None = None
        self._newest: int | None = None
        self._done = False
        self._lines: Lines | None = None

    def window(self, cursor: datetime | None, since: timedelta | None) -> Window:
        """The span of the file, or `since` before its newest entry; the cursor means nothing to a file."""
        self._take()
        if self._oldest is None or self._newest is None:
            return Window(now := datetime.now(UTC), now)  # an empty export: nothing in it tells the time
        first, last = self._oldest, self._newest
        if since is not None:
            first = max(first, last - since // _MICROSECOND)
        return Window(EPOCH + first * _MICROSECOND, EPOCH + last * _MICROSECOND)

    def read(self, window: Window) -> Iterator[Batch]:
        """The entries of the window in order of time; bad lines come with the first batch."""
        self._take()
        bad = (*self._bad, *(self._bad[-1:] * self._more_bad))
        held: list[bytes | Stretch] = []
        held_count = held_size = 0
        reached = 1.0
        for some, progress in self._lines.read(window, self._batch) if self._lines else self._sorted(window):
            for part in some:
                count, size = (part.lines, part.size) if isinstance(part, Stretch) else (1, len(part))
                if held and (held_count + count > self._batch or held_size + size > _BATCH_BYTES):
                    yield Batch(Unread(held), bad, reached, unread=True)
                    held, held_count, held_size, bad = [], 0, 0, ()
                if held and isinstance(part, Stretch) and isinstance(held[-1], Stretch) and part.follows(held[-1]):
                    held[-1] = held[-1].and_then(part)
                else:
                    held.append(part)
                held_count += count
                held_size += size
                reached = progress
        if held or bad:
            yield Batch(Unread(held), bad, 1.0, unread=True)

    def _sorted(self, window: Window) -> Iterator[tuple[Sequence[bytes | Stretch], float]]:
        start, end = (window.start - EPOCH) // _MICROSECOND, (window.end - EPOCH) // _MICROSECOND
        passed = 0
        for time, _, _, data in self._entries:
            passed += len(data)
            if start <= time <= end:
                yield [data], passed / max(1, self._entries.size)

    def close(self) -> None:
        self._entries.close()

    # ------------------------------------------------------------ reading it in

    def _take(self) -> None:
        if self._done:
            return
        if self._path != "-" and (lines := in_lines(self._path)):
            self._lines, self._done = lines, True
            self._oldest, self._newest = ((time - EPOCH) // _MICROSECOND for time in (lines.span.start, lines.span.end))
            return
        name = "Standard input" if self._path == "-" else f"{Path(self._path).name}"
        seen = False
        start = bytearray()
        try:
            with _opened(self._path, self._stdin) as stream:
                for found in Objects(_noted(_decoded(stream, name), start)):
                    seen = True
                    if isinstance(found, BadLine):
                        self._note(found)
                    else:
                        self._keep(*found)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(
                f"{name} is a damaged gzip file: unpack it with `gzip -d` to see where it ends."
            ) from error
        except FileNotFoundError as error:
            raise InputError(f"There is no file {self._path}: check the path. {_HOW}") from error
        except IsADirectoryError as error:
            raise InputError(f"{self._path} is a directory: name a file in it.") from error
        except PermissionError as error:
            raise InputError(f"{self._path} may not be read: `chmod u+r {self._path}`, or run as its owner.") from error
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "its name cannot be used"
            raise InputError(f"{name} cannot be read: {why}.") from error
        if not seen and not start.strip():
            raise InputError(f"{name} is empty: there is nothing to read. {_HOW}")
        if not seen and not _NOTHING.fullmatch(start):
            raise InputError(f"{name} is not JSON: it holds nothing but brackets and commas. {_HOW}")
        if self._oldest is None and self._bad:
            raise InputError(f"{name} holds no log entries: none has a timestamp. {self._first_bad()}{_HOW}")
        self._done = True

    def _first_bad(self) -> str:
        return f"Line {self._bad[0].line}: {self._bad[0].why}. " if self._bad else ""

    def _keep(self, line: int, data: bytes, found: Mapping[str, Any]) -> None:
        time = moment(found.get("timestamp")) or moment(found.get("receiveTimestamp"))
        if time is None:
            inside = found.get("entries")
            if isinstance(inside, list) and all(isinstance(e, Mapping) for e in inside):
                for entry in inside:
                    self._keep(line, json.dumps(entry).encode(), {"entries": None, **entry})
            else:
                self._note(BadLine(line, "an object without a timestamp"))
            return
        micros = (time - EPOCH) // _MICROSECOND
        id = found.get("insertId")
        self._entries.add(micros, id[:300] if isinstance(id, str) else "", data)
        self._oldest = micros if self._oldest is None else min(self._oldest, micros)
        self._newest = micros if self._newest is None else max(self._newest, micros)

    def _note(self, bad: BadLine) -> None:
        if self._bad and self._bad[-1].line == bad.line and bad.why == NO_OBJECT:
            return  # the rest of a line that is known to be bad
        if len(self._bad) < _NAMED:
            self._bad.append(bad)
        else:
            self._more_bad += 1


def _noted(chunks: Iterator[bytes], start: bytearray) -> Iterator[bytes]:
    """The chunks; how they begin is kept."""
    for chunk in chunks:
        if len(start) < _STARTS:
            start += chunk[: _STARTS - len(start)]
        yield chunk


def _binary(data: bytes) -> bool:
    """Whether it is no text: a NUL alone may have slipped into one, many control characters do not."""
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return b"\0" in data and controls > 1 and controls * 20 > len(data)


@contextmanager
def _opened(path: str, stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    if path == "-":
        yield stdin or sys.stdin.buffer
        return
    with Path(path).open("rb") as stream:
        yield stream


def _decoded(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The stream's bytes as UTF-8 without a byte order mark: unpacked, and recoded where it is UTF-16."""
    ahead = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream), CHUNK)
    packed = ahead.peek(2)[:2] == b"\x1f\x8b"
    plain = io.BufferedReader(gzip.GzipFile(fileobj=ahead), CHUNK) if packed else ahead
    first = plain.read(CHUNK)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        yield decoder.decode(first).encode()
        while chunk := plain.read(CHUNK):
            yield decoder.decode(chunk).encode()
        return
    first = first.removeprefix(codecs.BOM_UTF8)
    if _binary(first[:_STARTS]):
        raise InputError(f"{name} is binary data, not log entries. {_HOW}")
    if first:
        yield first
    while chunk := plain.read(CHUNK):
        yield chunk


class _Raw(io.RawIOBase):
    """Any readable stream, as one that can be looked ahead in."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
