"""Lists that are longer than a message: a page at a time, with a button that asks for the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.render.blocks import Block, actions, button, sections

T = TypeVar("T")
PAGE, CHARACTERS = 40, 9000
"""Lines that stand in one message, and their characters."""


@dataclass(frozen=True, slots=True)
class Page:
    blocks: tuple[Block, ...]
    place: str
    """`41 to 80 of 300`."""


def page(all_: Sequence[T], line: Callable[[T], str], start: int, typed: str) -> Page:
    """A finished line of each from a place in the list on, as many as fit; `typed` is what asks for the list."""
    shown: list[str] = []
    for one in map(line, all_[start : start + PAGE]):
        if shown and sum(map(len, shown)) + len(one) > CHARACTERS:
            break
        shown.append(one)
    if not shown:
        return Page((), "Nothing more")
    end = start + len(shown)
    left = len(all_) - end
    asking = f"{end} {typed}"
    following = [actions(asking, [button(f"Next page ({left} more)", "more", asking)])] if left > 0 else []
    return Page((*sections(shown), *following), f"{start + 1} to {end} of {len(all_)}")
