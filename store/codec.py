"""How values become columns and back: dataclasses as JSON, times as whole microseconds since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, overload

import orjson
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Made when first needed: it takes milliseconds."""
    return _ADAPTERS.get(kind) or _ADAPTERS.setdefault(kind, TypeAdapter(kind))


def dump(value: object) -> str:
    """A dataclass as JSON; what equals its default is left out."""
    adapter = _adapter(type(value))
    try:
        return adapter.dump_json(value, exclude_defaults=True).decode()
    except (PydanticSerializationError, UnicodeError):
        return orjson.dumps(_cleaned(adapter.dump_python(value, exclude_defaults=True))).decode()


def load(kind: type[T], text: str) -> T:
    value: T = _adapter(kind).validate_json(text)
    return value


def canonical(value: object) -> bytes:
    """JSON of which equal values have equal bytes."""
    return orjson.dumps(orjson.loads(dump(value)), option=orjson.OPT_SORT_KEYS)


def words(texts: Iterable[str]) -> str:
    """A list of texts as one column."""
    return orjson.dumps([clean(t) for t in texts]).decode()


def numbers(values: Iterable[int]) -> str:
    """A list of integers as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return orjson.dumps(list(values)).decode()


def pairs(values: Iterable[tuple[str, int]]) -> str:
    """A list of names with numbers as one parameter."""
    return orjson.dumps([(clean(name), number) for name, number in dict.fromkeys(values)]).decode()


@overload
def micros(time: datetime) -> int: ...
@overload
def micros(time: None) -> None: ...
def micros(time: datetime | None) -> int | None:
    return None if time is None else (time - EPOCH) // MICROSECOND


@overload
def moment(column: int) -> datetime: ...
@overload
def moment(column: None) -> None: ...
def moment(column: int | None) -> datetime | None:
    return None if column is None else EPOCH + timedelta(0, 0, column)


def clean(text: str) -> str:
    """Text that can be written down: half a surrogate pair, which UTF-8 has no bytes for, becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def bounded(text: str, size: int) -> str:
    """At most `size` bytes of the text."""
    if len(text) * 4 <= size:
        return clean(text)
    return clean(text).encode()[:size].decode(errors="ignore")


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(str(value))
        case dict():
            return {clean(str(k)): _cleaned(v) for k, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
        case _:
            return value
