"""Entries as the bytes that stand in a file: cut out, not yet parsed. Who looks at them decides how much to parse."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
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


class Asked(msgspec.Struct, gc=False):
    """What is read first of the request that an entry is about."""

    requestMethod: str = ""
    requestUrl: str = ""
    status: int = 0


ABSENT = msgspec.Raw(b"")


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
"""Raises `STRANGE` where something has another shape than it mostly has."""
mark_of = msgspec.json.Decoder(Mark).decode
STRANGE = (msgspec.DecodeError, RecursionError)


State = tuple[int, ...]
"""Which file it is, and whether it is still what it was."""


class Stretch(NamedTuple):
    """Lines that follow each other in a file. Who looks at them reads them: so they are not handed about."""

    path: str
    state: State
    start: int
    size: int
    lines: int

    def read(self) -> list[bytes]:
        try:
            with Path(self.path).open("rb") as file:
                if state_of(file) == self.state:
                    file.seek(self.start)
                    return file.read(self.size).split(b"\n")[: self.lines]
        except FileNotFoundError:
            pass
        raise InputError(f"{Path(self.path).name} was written to while it was read; copy it and read the copy.")


def state_of(file: BinaryIO) -> State:
    state = os.fstat(file.fileno())
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


class Unread(Sequence[Raw]):
    """Entries as their bytes, parsed when they are looked at: perhaps by another process."""

    def __init__(self, parts: Sequence[bytes | Stretch]) -> None:
        self._parts = parts

    @property
    def lines(self) -> list[bytes]:
        found: list[bytes] = []
        for part in self._parts:
            if isinstance(part, Stretch):
                found += part.read()
            else:
                found.append(part)
        return found

    def __len__(self) -> int:
        return sum(part.lines if isinstance(part, Stretch) else 1 for part in self._parts)

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
