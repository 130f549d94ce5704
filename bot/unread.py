"""Entries as the bytes that stand in a file: cut out, not yet parsed. Who looks at them decides how much to parse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

import msgspec
import orjson

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


class Unread(Sequence[Raw]):
    """Entries as their bytes, parsed when they are looked at: perhaps by another process."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    def __len__(self) -> int:
        return len(self.lines)

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
