"""The pieces that Slack messages are made of, each within Block Kit's limits, and `fit` for the whole.

What is given as `mrkdwn` is finished: text from outside has been through `escape` before. Whatever is too long is
cut on whole characters and says so; no limit is ever left to Slack, which would refuse the whole message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.models import Message
from bot.render.escape import codeblock, cut, plain

Block = dict[str, Any]

BLOCKS = 50
TOTAL = 11_500
"""Characters over all blocks; Slack refuses a little more."""
SECTION = 3000
HEADER = 150
CONTEXT = 2000
ELEMENTS = 10
BUTTONS = 25
LABEL = 75
ALT = 1000
INPUT = 3000
"""Characters that a field of a form takes."""
VALUE = 2000

_BROKEN = re.compile(r"&[a-z]{0,3}$|<[^<>]*$")
"""An entity or a link that a cut went through."""


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(_line(text), HEADER), "emoji": False}}


def section(mrkdwn: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": trim(mrkdwn, SECTION), "verbatim": True}}


def sections(lines: Iterable[str]) -> list[Block]:
    """Finished lines, as many of them in each section as it takes; shown in full, without a click."""
    packed: list[str] = []
    for line in lines:
        if packed and len(packed[-1]) + len(line) < SECTION:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return [section(text) | {"expand": True} for text in packed]


def image(file: str, words: str) -> Block:
    """A picture that was uploaded before; `words` say what it shows."""
    return {"type": "image", "slack_file": {"id": file}, "alt_text": cut(_line(words), ALT)}


def context(parts: Sequence[str]) -> Block:
    """Small print; what is more than ten parts is joined into the last."""
    shown = [p for p in parts if p]
    shown = [*shown[: ELEMENTS - 1], " · ".join(shown[ELEMENTS - 1 :])] if len(shown) > ELEMENTS else shown
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": trim(p, CONTEXT), "verbatim": True} for p in shown or ["…"]],
    }


def divider() -> Block:
    return {"type": "divider"}


def button(label: str, action: str, value: str, style: str = "") -> Block:
    """`style` is `primary`, `danger` or nothing; the label says the same as the colour."""
    made = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": cut(_line(label), LABEL), "emoji": False},
        "value": value[:VALUE],
    }
    return made | ({"style": style} if style else {})


def link_button(label: str, action: str, url: str) -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": cut(_line(label), LABEL), "emoji": False},
        "url": url[:SECTION],
    }


def text_input(
    id: str, label: str, value: str, most: int, *, lines: bool = False, optional: bool = False, hint: str = ""
) -> Block:
    """A field of a form; what is in it is raw text."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": id,
        "multiline": lines,
        "max_length": min(most, INPUT),
    }
    if value:
        element["initial_value"] = value[: min(most, INPUT)]
    return _field(id, label, element, optional=optional, hint=hint)


def select(id: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> Block:
    """A choice in a form, of (value, label)."""
    made = [{"text": _words(text, LABEL), "value": value} for value, text in options]
    element = {
        "type": "static_select",
        "action_id": id,
        "options": made,
        "initial_option": next(o for o in made if o["value"] == chosen),
    }
    return _field(id, label, element)


def _field(id: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    made: Block = {
        "type": "input",
        "block_id": id,
        "label": _words(label, 200),
        "optional": optional,
        "element": element,
    }
    return made | ({"hint": _words(hint, 200)} if hint else {})


def _words(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(_line(text), limit), "emoji": False}


def actions(id: str, buttons: Sequence[Block]) -> Block:
    return {"type": "actions", "block_id": id[:255], "elements": list(buttons[:BUTTONS])}


def code(text: str, budget: int) -> list[Block]:
    """Raw text in code blocks, as many sections as it takes, up to `budget` characters of it."""
    shown = cut(text, budget)
    return [section(codeblock(piece, SECTION)) for piece in _pieces(shown)]


def fit(text: str, blocks: Iterable[Block]) -> Message:
    """A message within the limits; the last block is a footer and stays, what is cut before it is said there."""
    made = list(blocks)
    if made and (len(made) > BLOCKS or size(made) > TOTAL):
        footer = made.pop() if made[-1]["type"] == "context" else context(["…"])
        kept: list[Block] = []
        room = TOTAL - size([footer]) - 100
        for block in made[: BLOCKS - 2]:
            room -= size([block])
            if room < 0:
                break
            kept.append(block)
        made = [*kept, context([f"Cut here to fit a message: {len(made) - len(kept)} parts are left out."]), footer]
    return Message(trim(text, 3000) or "…", tuple(made))


def size(blocks: Iterable[Block]) -> int:
    """Characters of all texts."""
    return sum(len(t) for block in blocks for t in texts(block))


def texts(value: object) -> Iterator[str]:
    """Every text in a block."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def trim(mrkdwn: str, limit: int) -> str:
    """Finished mrkdwn, cut so that no entity, link or code block is left open."""
    if len(mrkdwn) <= limit:
        return mrkdwn or "…"
    shown = _BROKEN.sub("", cut(mrkdwn, limit - 8)[:-1]).rstrip() + "…"
    return shown + "\n```" if shown.count("```") % 2 else shown


def _line(text: str) -> str:
    return " ".join(plain(text).split()) or "…"


def _pieces(text: str) -> Iterator[str]:
    """Pieces that fit a section after escaping, cut at line ends where possible."""
    piece = ""
    for line in text.strip("\n").split("\n"):
        while line or piece is not None:
            joined = f"{piece}\n{line}" if piece else line
            if len(codeblock(joined, SECTION)) <= SECTION - 20:
                piece = joined
                break
            if piece:
                yield piece
                piece = ""
                continue
            half = max(1, min(len(line) - 1, 500))
            yield line[:half]
            line = line[half:]
    if piece:
        yield piece
