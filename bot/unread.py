"""Entries as the bytes that stand in a file: cut out, not yet parsed. Who looks at them decides how much to parse."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, overload

import msgspec
import orjson

from bot.errors import InputError
from bot.models import Raw


def load(data: bytes) -> Any:
    """One JSON value; raises ValueError with a few words where it is none."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        why = str(error)
    try:
        return json.loads(data.decode("utf-8", "replace"))  # knows NaN, lone surrogates and huge numbers
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        raise ValueError(f"not valid JSON ({why[:120]})") from None


ABSENT = msgspec.Raw(b"")


class Asked(msgspec.Struct, gc=False):
    """What is read of the request that an entry is about."""

    requestMethod: str = ""
    requestUrl: str = ""
    status: int = 0
    userAgent: msgspec.Raw = ABSENT
    remoteIp: msgspec.Raw = ABSENT
    latency: msgspec.Raw = ABSENT


class Head(msgspec.Struct, gc=False):
    """What is read of every entry; of the rest only the bytes are known, which say enough of what was met before."""

    timestamp: str = ""
    insertId: str = ""
    trace: str = ""
    severity: msgspec.Raw = ABSENT
    logName: msgspec.Raw = ABSENT
    resource: msgspec.Raw = ABSENT
    labels: msgspec.Raw = ABSENT
    textPayload: msgspec.Raw = ABSENT
    jsonPayload: msgspec.Raw = ABSENT
    protoPayload: msgspec.Raw = ABSENT
    sourceLocation: msgspec.Raw = ABSENT
    httpRequest: Asked | msgspec.UnsetType = msgspec.UNSET


class Mark(msgspec.Struct, gc=False):
    """Where an entry stands in the order of time."""

    timestamp: str = ""
    insertId: str = ""


head_of = msgspec.json.Decoder(Head).decode
heads_of = msgspec.json.Decoder(Head).decode_lines
"""Of one, and of all in a block; raise `STRANGE` where something has another shape than it mostly has."""
marks_of = msgspec.json.Decoder(Mark).decode_lines
STRANGE = (msgspec.DecodeError, RecursionError)
_each = msgspec.json.Decoder(msgspec.Raw).decode_lines


def objects_of(block: bytes) -> list[bytes]:
    """The entries of a block, one by one. They are not told by their lines: so they are as many as heads or marks."""
    return list(map(bytes, _each(block)))


State = tuple[int, ...]
"""Which file it is, and whether it is still what it was."""


class Stretch(NamedTuple):
    """Lines that follow each other in a file. Who looks at them reads them: so they are not handed about."""

    path: str
    state: State
    start: int
    sizes: tuple[int, ...]
    """Of the blocks that it is looked at in."""
    lines: int

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def follows(self, other: Stretch) -> bool:
        return self.path == other.path and self.start == other.start + other.size

    def and_then(self, other: Stretch) -> Stretch:
        return self._replace(sizes=self.sizes + other.sizes, lines=self.lines + other.lines)

    def blocks(self) -> Iterator[bytes]:
        try:
            with Path(self.path).open("rb") as file:
                if state_of(file) == self.state:
                    file.seek(self.start)
                    yield from map(file.read, self.sizes)
                    return
        except FileNotFoundError:
            pass
        raise InputError(f"{Path(self.path).name} was written to while it was read; copy it and read the copy.")


def state_of(file: BinaryIO) -> State:
    state = os.fstat(file.fileno())
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


class Unread(Sequence[Raw]):
    """Entries as their bytes, parsed when they are looked at: perhaps by another process."""

    def __init__(self, parts: Sequence[bytes | Stretch]) -> None:
        self.parts = parts

    @property
    def lines(self) -> list[bytes]:
        found: list[bytes] = []
        for part in self.parts:
            if isinstance(part, Stretch):
                found += chain.from_iterable(map(objects_of, part.blocks()))
            else:
                found.append(part)
        return found

    def __len__(self) -> int:
        return sum(part.lines if isinstance(part, Stretch) else 1 for part in self.parts)

    def __iter__(self) -> Iterator[Raw]:
        return map(load, self.lines)

    @overload
    def __getitem__(self, index: int) -> Raw: ...
    @overload
    def __getitem__(self, index: slice) -> Unread: ...
    def __getitem__(self, index: int | slice) -> Raw | Unread:
        if isinstance(index, slice):
            return Unread(self.lines[index])
        raw: Raw = load(self.lines[index])
        return raw
