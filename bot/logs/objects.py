"""Cuts a stream of bytes into JSON objects: an array, lines, or objects one after another, pretty-printed or not.

Works in bounded memory however long the stream or a line is. What is broken is named with its line and skipped;
reading goes on at the next object that can be found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from bot.models import BadLine
from bot.unread import load

LONGEST = 8 * 1024 * 1024
"""Bytes that one object may have."""
CHUNK = 1024 * 1024

_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|["{}\[\]]|\n(?=[ \t]*\{)')
_REST_OF_STRING = re.compile(rb'[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+')
_BETWEEN = re.compile(rb"[ \t\r\n,\[\]]*")
_HISTORY = 200
"""Bytes before the current place that are kept, to see how a line is indented."""

NO_OBJECT = "not a JSON object"
_TOO_LONG = f"an entry longer than {LONGEST // 1024 // 1024} MiB"
_MISPRINTS = 100
"""Objects that turned out not to be pretty-printed, after which it is not tried again."""
_RESCUES = 100
"""How often the next entry is looked for on the line of a broken one, and at how many places."""
_BOUNDARY = re.compile(rb"[}\]\"0-9]\s*,?\s*\{(?=\s*\")")
_DECODER = json.JSONDecoder()
_DOUBTS = 1_000
"""Lines that look like a new object, and may yet belong to the one that was begun."""

Found = tuple[int, bytes, dict[str, Any]]
"""The line it begins on, its bytes, and what they say."""


class Objects:
    """The objects of a stream, as their bytes and parsed; `BadLine` where something else stands.

    Iterate once. `line` is the line that was reached.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.line = 1
        self._chunks = iter(chunks)
        self._buffer = b""
        self._at = 0
        self._ended = False
        self._one_per_line = False
        self._line_tried = -1
        """Up to here in the buffer there is no object that is the whole rest of a line."""
        self._misprints = 0
        self._rescues = 0

    def __iter__(self) -> Iterator[Found | BadLine]:
        while True:
            if self._one_per_line:
                yield from self._plain_lines()
            self._step(self._between())
            if self._at >= len(self._buffer):
                if not self._more():
                    return
                continue
            if self._buffer[self._at] != 0x7B:
                yield self._other()
                continue
            yield from self._object()

    # ------------------------------------------------------------ the buffer

    def _more(self) -> bool:
        """Reads on; what was consumed is forgotten."""
        if self._ended:
            return False
        chunk = next(self._chunks, b"")
        if not chunk:
            self._ended = True
            return False
        kept = min(self._at, _HISTORY)
        self._buffer = self._buffer[self._at - kept :] + chunk
        self._line_tried -= self._at - kept
        self._at = kept
        return True

    def _step(self, to: int) -> None:
        """Consumes up to `to`, counting lines."""
        self.line += self._buffer.count(b"\n", self._at, to)
        self._at = to

    def _between(self) -> int:
        found = _BETWEEN.match(self._buffer, self._at)
        return found.end() if found else self._at

    def _line_end(self) -> int:
        """Where the line ends that is being read; -1 where it is not in the buffer and would be too long."""
        searched = self._at
        while True:
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                return end
            if len(self._buffer) - self._at > LONGEST:
                return -1
            searched = len(self._buffer) - self._at
            if not self._more():
                return len(self._buffer)
            searched += self._at

    # ------------------------------------------------------------ what stands there

    def _other(self) -> BadLine:
        """Something that is no object: skipped up to the next line or object."""
        line = self.line
        while True:
            ends = [e for e in (self._buffer.find(c, self._at) for c in (b"\n", b"{")) if e >= 0]
            if ends:
                self._step(min(ends))
                break
            self._step(len(self._buffer))
            if not self._more():
                break
        return BadLine(line, NO_OBJECT)

    def _object(self) -> Iterator[Found | BadLine]:
        whole = self._line()
        if whole:
            self._one_per_line = True
            yield whole
            return
        if self._buffer[self._at : self._at + 2].rstrip() == b"{":
            self._one_per_line = False
        if not self._one_per_line and self._misprints <= _MISPRINTS:
            printed = self._printed()
            if printed:
                yield printed
                return
            self._misprints += 1
        yield from self._measured()

    def _indent(self) -> bytes | None:
        """The white space before what stands here; None where something else is before it on the line."""
        back = max(0, self._at - _HISTORY)
        start = max(back, self._buffer.rfind(b"\n", back, self._at) + 1)
        before = self._buffer[start : self._at].lstrip(b"[,")
        return None if before.strip(b" \t") else before

    def _line(self) -> Found | None:
        """An object that is the whole rest of its line."""
        if self._at < self._line_tried:
            return None
        newline = self._buffer.find(b"\n", self._at)
        if newline < 0:
            if len(self._buffer) - self._at > CHUNK and not self._one_per_line:
                self._line_tried = len(self._buffer)
                return None
            newline = self._line_end()
            if newline < 0:
                return None
        self._line_tried = newline
        text = self._buffer[self._at : newline].rstrip(b" \t\r,]")
        if not text.endswith(b"}") or len(text) > LONGEST:
            return None
        try:
            found = load(text)
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        line = self.line
        self._step(newline)
        return line, text, found

    def _plain_lines(self) -> Iterator[Found]:
        """The lines in the buffer that are an object each and nothing else; ends at the first that is not."""
        buffer, at = self._buffer, self._at
        if buffer[at : at + 1] == b"\n":
            at += 1
            self._step(at)
        while (newline := buffer.find(b"\n", at)) > 0 and newline - at <= LONGEST:
            text = buffer[at:newline]
            try:
                found = orjson.loads(text)
            except orjson.JSONDecodeError:
                return
            if text[0] != 0x7B or text[-1] != 0x7D:
                return
            line = self.line
            at = self._at = newline + 1
            self.line = line + 1
            yield line, text, found

    def _printed(self) -> Found | None:
        """A pretty-printed object: it ends at the first brace that is indented as the one it began with."""
        indent = self._indent()
        if indent is None:
            return None
        closing = b"\n" + indent + b"}"
        while (end := self._buffer.find(closing, self._at)) < 0:
            if len(self._buffer) - self._at > LONGEST or not self._more():
                return None
        text = self._buffer[self._at : end + len(closing)]
        if len(text) > LONGEST:
            return None
        try:
            found = load(text)
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        line = self.line
        self._step(end + len(closing))
        return line, text, found

    def _measured(self) -> Iterator[Found | BadLine]:
        """Finds the object's end by its braces; where it has none, says so and goes on at the next line."""
        line, depth, at = self.line, 0, self._at
        indent = len(self._indent() or b"")
        retreat, doubts = -1, 0
        why = ""
        while True:
            found = _TOKEN.search(self._buffer, at)
            if found is None or (found[0] == b'"' and self._buffer.find(b"\n", found.end()) < 0):
                at = found.start() if found else len(self._buffer)
                if len(self._buffer) - self._at > LONGEST:
                    yield BadLine(line, _TOO_LONG)
                    if not self._rescued():
                        self._skip(at, depth)
                    return
                place = self._at
                if not self._more():
                    why = (
                        "not valid JSON (it does not end)"
                        if retreat >= 0
                        else "the input ends in the middle of an entry"
                    )
                    break
                at += self._at - place
                retreat += self._at - place if retreat >= 0 else 0
                continue
            token, at = found[0], found.end()
            if token == b'"':
                why = "not valid JSON (a text in it does not end)"
                break
            if token == b"\n":
                if self._buffer.find(b"{", at) - at > indent and not self._one_per_line:
                    continue
                doubts += 1
                retreat = at if retreat < 0 else retreat
                if self._one_per_line or doubts > _DOUBTS or self._buffer[self._at : self._at + 2].strip() != b"{":
                    why = "not valid JSON (it does not end)"
                    break
            elif token in (b"{", b"["):
                depth += 1
            elif token in (b"}", b"]"):
                depth -= 1
                if depth == 0:
                    text = self._buffer[self._at : at]
                    try:
                        value = load(text) if len(text) <= LONGEST else None
                    except ValueError as error:
                        why = str(error)
                        break
                    self._step(at)
                    yield (line, text, value) if isinstance(value, dict) else BadLine(line, _TOO_LONG)
                    return
        yield BadLine(line, why)
        self._give_up(retreat, at, indent)

    def _give_up(self, retreat: int, at: int, indent: int) -> None:
        """Goes on at the next line that may begin an object; where each line is one, at the next line."""
        newline = self._buffer.find(b"\n", self._at)
        if self._one_per_line and newline >= 0:
            self._step(newline)
            return
        if retreat >= 0:
            self._step(retreat)
            return
        if self._buffer[at - 1 : at] == b"}":
            self._step(at)
            return
        if self._rescued():
            return
        next_line = re.compile(rb"\n[ \t]{0,%d}(?=[\[{])" % indent)
        while True:
            found = next_line.search(self._buffer, self._at)
            if found:
                self._step(found.end())
                return
            self._step(max(self._at, len(self._buffer) - _HISTORY))
            if not self._more():
                self._step(len(self._buffer))
                return

    def _rescued(self) -> bool:
        """Goes to the next entry on the same line, if one can be made out: a whole object with a timestamp."""
        self._rescues += 1
        if self._rescues > _RESCUES:
            return False
        newline = self._buffer.find(b"\n", self._at)
        end = newline if newline >= 0 else len(self._buffer)
        for n, found in enumerate(_BOUNDARY.finditer(self._buffer, self._at + 1, end)):
            if n >= _RESCUES:
                break
            start = found.end() - 1
            text = self._buffer[start : min(end, start + CHUNK // 4)].decode("utf-8", "replace")
            try:
                value, _ = _DECODER.raw_decode(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) and ("timestamp" in value or "receiveTimestamp" in value):
                self._step(start)
                return True
        return False

    def _skip(self, at: int, depth: int) -> None:
        """Passes over an object that is too long, keeping nothing of it."""
        self._step(at)
        inside = False
        while True:
            if inside:
                rest = _REST_OF_STRING.match(self._buffer, self._at)
                self._step(rest.end() if rest else self._at)
                if self._at < len(self._buffer) and self._buffer[self._at] in b'"\n':
                    inside = False
                    self._step(self._at + 1)
                    continue
                if not self._more():
                    self._step(len(self._buffer))
                    return
                continue
            found = _TOKEN.search(self._buffer, self._at)
            if found is None:
                self._step(len(self._buffer))
                if not self._more():
                    return
            elif found[0] == b'"':
                self._step(found.end())
                inside = True
            else:
                self._step(found.end())
                if found[0] == b"\n":
                    if self._one_per_line:
                        return
                else:
                    depth += 1 if found[0] in (b"{", b"[") else -1 if found[0] in (b"}", b"]") else 0
                    if depth <= 0:
                        return
