"""What Slack refuses in a message: Block Kit's limits, with those that the SDK does not check.

Independent of the builders on purpose: they are held against this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_BLOCKS = 50
MOST_CHARACTERS = 12_000
"""Over all blocks of a message; more is refused as `msg_blocks_too_long`."""

MOST_OF_A_VIEW = 100
KINDS = {"section", "header", "context", "actions", "divider", "image", "rich_text", "markdown", "input", "table"}
_TEXT_LIMITS = {"section": 3000, "header": 150, "context": 2000, "button": 75, "title": 24}
LONGEST_INPUT = 3000


def problems(blocks: list[Mapping[str, Any]]) -> list[str]:
    """Sentences about what Slack would refuse; none for a good message."""
    found = []
    if len(blocks) > MOST_BLOCKS:
        found.append(f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    for index, block in enumerate(blocks):
        found += [f"{problem} [json-pointer:/blocks/{index}]" for problem in _block(block)]
    repeated = [i for i, n in Counter(b["block_id"] for b in blocks if b.get("block_id")).items() if n > 1]
    found += [f"`block_id` {i} already exists" for i in repeated]
    return found


def view_problems(view: Mapping[str, Any], kind: str) -> list[str]:
    """What Slack would refuse in a modal or a home tab."""
    found = [] if view.get("type") == kind else [f"must be a {kind}"]
    blocks = view.get("blocks", [])
    if not 1 <= len(blocks) <= MOST_OF_A_VIEW:
        found.append(f"a view needs 1 to {MOST_OF_A_VIEW} blocks")
    for index, block in enumerate(blocks):
        found += [f"{problem} [json-pointer:/view/blocks/{index}]" for problem in _block(block)]
    repeated = [i for i, n in Counter(b["block_id"] for b in blocks if b.get("block_id")).items() if n > 1]
    found += [f"`block_id` {i} already exists" for i in repeated]
    if kind == "modal":
        found += [f"{p} [json-pointer:/view/title]" for p in _text(view.get("title"), "title", plain=True)]
        for label in ("submit", "close"):
            if label in view:
                found += [f"{p} [json-pointer:/view/{label}]" for p in _text(view[label], "title", plain=True)]
        if any(b.get("type") == "input" for b in blocks) and "submit" not in view:
            found.append("a view with an input needs a submit button")
    found += ["callback_id is longer than 255"] if len(view.get("callback_id", "")) > 255 else []
    found += ["private_metadata is longer than 3000"] if len(view.get("private_metadata", "")) > 3000 else []
    return found


def pictures(blocks: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """The files that blocks show, with the place of the block."""
    return [(at, str(b["slack_file"].get("id"))) for at, b in enumerate(blocks) if b.get("slack_file")]


def characters(blocks: list[Mapping[str, Any]]) -> int:
    """Characters that people would read in all blocks."""
    return sum(len(text) for block in blocks for text in _texts(block))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in KINDS:
        yield f"unsupported type: {kind}"
    if len(block.get("block_id", "")) > 255:
        yield "block_id is longer than 255"
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            yield "missing required field: text or fields"
        if block.get("text"):
            yield from _text(block["text"], "section")
        fields = block.get("fields", [])
        if len(fields) > 10:
            yield "no more than 10 fields allowed"
        for field in fields:
            yield from _text(field, "context")
        if block.get("accessory"):
            yield from _element(block["accessory"])
    elif kind == "header":
        yield from _text(block.get("text"), "header", plain=True)
    elif kind == "context":
        elements = block.get("elements", [])
        if not 1 <= len(elements) <= 10:
            yield "context needs 1 to 10 elements"
        for element in elements:
            if element.get("type") != "image":
                yield from _text(element, "context")
    elif kind == "image":
        if not 1 <= len(block.get("alt_text", "")) <= 2000:
            yield "alt_text needs 1 to 2000 characters"
        if ("image_url" in block) == ("slack_file" in block):
            yield "needs either image_url or slack_file"
    elif kind == "input":
        yield from _text(block.get("label"), "context", plain=True)
        if block.get("hint"):
            yield from _text(block["hint"], "context", plain=True)
        yield from _input(block.get("element") or {})
    elif kind == "actions":
        elements = block.get("elements", [])
        if not 1 <= len(elements) <= 25:
            yield "actions needs 1 to 25 elements"
        for element in elements:
            yield from _element(element)
        if any(n > 1 for n in Counter(e.get("action_id") for e in elements).values()):
            yield "`action_id` already exists"


def _text(text: Any, place: str, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, Mapping) or text.get("type") not in ("plain_text", "mrkdwn"):
        yield "must be a text object"
        return
    if plain and text["type"] != "plain_text":
        yield "must be plain_text"
    length, limit = len(text.get("text", "")), _TEXT_LIMITS[place]
    if not length:
        yield "must be more than 0 characters"
    if length > limit:
        yield f"must be less than {limit + 1} characters"


def _input(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("type") == "plain_text_input":
        longest = element.get("max_length", LONGEST_INPUT)
        if longest > LONGEST_INPUT:
            yield f"max_length is at most {LONGEST_INPUT}"
        if len(element.get("initial_value", "")) > longest:
            yield "initial_value is longer than max_length"
    elif element.get("type") == "static_select":
        options = element.get("options", [])
        if not 1 <= len(options) <= 100:
            yield "a select needs 1 to 100 options"
        for option in options:
            yield from _text(option.get("text"), "button", plain=True)
            if not 1 <= len(option.get("value", "")) <= 75:
                yield "the value of an option needs 1 to 75 characters"
        if "initial_option" in element and element["initial_option"] not in options:
            yield "initial_option is none of the options"
    else:
        yield f"unsupported input: {element.get('type')}"


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    if len(element.get("action_id", "")) > 255:
        yield "action_id is longer than 255"
    if element.get("type") == "button":
        yield from _text(element.get("text"), "button", plain=True)
        if len(element.get("value", "")) > 2000:
            yield "value is longer than 2000"
        if len(element.get("url", "")) > 3000:
            yield "url is longer than 3000"
        if element.get("style") not in (None, "primary", "danger"):
            yield "unknown style"
