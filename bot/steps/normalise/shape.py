"""Looking into values of any shape without ever failing: what is not as expected counts as absent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_EMPTY: Mapping[str, Any] = {}


def inner(value: Any, *path: str) -> Mapping[str, Any]:
    """The mapping found by going down `path`; an empty one where there is none."""
    for name in path:
        if type(value) is not dict and not _is_mapping(value):
            return _EMPTY
        value = value.get(name)
    return value if type(value) is dict or _is_mapping(value) else _EMPTY


def _is_mapping(value: Any) -> bool:
    """The slow question, asked only of what is neither a plain dictionary nor nothing."""
    return value is not None and isinstance(value, Mapping)


class Names(tuple[str, ...]):
    """Names of fields in the order in which they are asked; `missing` tells at once that a mapping has none of them."""

    missing: Callable[[Iterable[str]], bool]

    def __new__(cls, *names: str) -> Names:
        made = super().__new__(cls, names)
        made.missing = frozenset(names).isdisjoint
        return made


def around(value: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    """The mapping itself, and those of its fields that are mappings with something in them."""
    found = [value] if value else []
    for name in names if value else ():
        below = value.get(name)
        if below and (type(below) is dict or _is_mapping(below)):
            found.append(below)
    return found


def words(value: Any) -> str:
    """A string that is worth something; numbers count, anything else does not."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if abs(value) < 1e300 else ""
    return ""


def first(where: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first of the fields that holds words."""
    if where:
        for name in names:
            value = where.get(name)
            if value is not None and (found := words(value).strip()):
                return found
    return ""


def whole(value: Any) -> int:
    """A whole number, from whatever stands for one; 0 where nothing does."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value if abs(value) < 2**62 else 0
    if isinstance(value, float):
        return int(value) if abs(value) < 2**62 else 0
    if isinstance(value, str) and len(value) < 20 and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return 0
