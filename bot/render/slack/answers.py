"""Help, and short answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.models import Message
from bot.render.blocks import context, fit, header, section
from bot.render.escape import cut, mrkdwn, plain
from bot.render.slack.pieces import PARAGRAPH

_TYPED = re.compile(r"`([^`\n]{1,80})`")


def help_page(rows: Sequence[tuple[str, str, str, Sequence[str]]], replies: Sequence[tuple[str, str]]) -> Message:
    """The table of commands (syntax, what it does, who may, examples) and of replies."""
    lines = [
        f"`/garden {mrkdwn(syntax)}`  {_code_spans(does)} _({mrkdwn(who)})_\n      e.g. "
        + ", ".join(f"`/garden {mrkdwn(e)}`" for e in examples)
        for syntax, does, who, examples in rows
    ]
    words = [f"`{mrkdwn(syntax)}`  {_code_spans(does)}" for syntax, does in replies]
    blocks = [header("What you can type"), *(section(line) for line in lines)]
    if words:
        blocks.append(section("*In a proposal's thread*, approvers reply\n" + "\n".join(words)))
    blocks.append(context(["Case, `#`, `C-3` and plurals are forgiven. Add `--share` to show an answer to everybody."]))
    text = "You can type " + ", ".join(f"/garden {mrkdwn(row[0])}" for row in rows) + "."
    return fit(text, blocks)


def say(text: str) -> Message:
    """A short answer of our own words, already finished mrkdwn."""
    return fit(text, [section(text)])


def sentence(text: str) -> Message:
    """A sentence that may hold words from elsewhere; what it puts in backticks is something to type, and looks so."""
    return say(typed(text))


def typed(text: str) -> str:
    """The same as a piece of a message."""
    parts = _TYPED.split(cut(text, PARAGRAPH))
    return "".join(f"`{_code_spans(plain(p))}`" if i % 2 else mrkdwn(p) for i, p in enumerate(parts))


def provisional(message: Message, why: str) -> Message:
    """The message, and that what is new in it may yet be lost."""
    said = f"Not final: {mrkdwn(cut(why, PARAGRAPH))}"
    blocks = [dict(b) for b in message.blocks] or [section(message.text)]
    return fit(f"{message.text}\n{said}", [*blocks, context([said])])


def _code_spans(text: str) -> str:
    """Our own words, in which backticks are meant."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
