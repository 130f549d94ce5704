"""What people reply in a proposal's thread, read into decisions: one table of words, as in `handlers.grammar`.

Other talk is left alone. What begins like a decision but cannot be read decides nothing, and is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import InputError
from bot.models import Severity
from bot.spans import span
from handlers.words import Mistake, bare, is_one_of, number_in, plain, severity_in, short


@dataclass(frozen=True, slots=True)
class Approve:
    """`proposal` is set where the reply names it, as it must where several wait in a thread."""

    severity: Severity | None = None
    title: str = ""
    proposal: int = 0
    always: bool = False
    """Later comments of that sort on the issue go without asking."""


@dataclass(frozen=True, slots=True)
class Same:
    """The issue that it is, by the approver's own word."""

    issue: int
    proposal: int = 0


@dataclass(frozen=True, slots=True)
class Revoke:
    """`approve always` is taken back."""

    proposal: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    why: str = ""
    proposal: int = 0


@dataclass(frozen=True, slots=True)
class Later:
    wait: timedelta
    proposal: int = 0


Reply = Approve | Same | Reject | Later | Revoke


@dataclass(frozen=True, slots=True)
class Word:
    """A row of the table of replies in a proposal's thread."""

    name: str
    syntax: str
    does: str
    examples: tuple[str, ...]
    read: Callable[[str], Reply | Mistake | None]


_BARE_NUMBER = re.compile(r"#?([0-9]{1,9})")


def _approve(rest: str) -> Reply | Mistake | None:
    proposal, words = _proposal(rest)
    if all(is_one_of(w, "it", "this", "please", "") for w in words):
        return Approve(proposal=proposal)
    if len(words) == 1 and is_one_of(words[0], "always"):
        return Approve(proposal=proposal, always=True)
    if (
        len(words) <= 2
        and (severity := severity_in(words[-1])) is not None
        and (len(words) == 1 or is_one_of(words[0], "as"))
    ):
        return Approve(severity=severity, proposal=proposal)
    if is_one_of(words[0], "as") and words[1:]:
        return Approve(title=" ".join(words[1:]).strip('`"“”'), proposal=proposal)
    return Mistake(
        f"Nothing was approved: I do not read “{short(rest)}”. Reply `approve`, `approve P1`, `approve as <title>` or "
        "`approve always`."
    )


def _same(rest: str) -> Reply | Mistake | None:
    words = rest.split()
    if not words or not is_one_of(words[0], "as"):
        return None
    rest_words = [w for w in words[1:] if not is_one_of(w, "issue", "number", "#", "")]
    number = number_in(_BARE_NUMBER, rest_words[0]) if rest_words else 0
    if not number or len(rest_words) > 1:
        return Mistake("Nothing was decided. Reply `same as #889`, with the number of the issue that it is.")
    return Same(number)


def _revoke(rest: str) -> Reply | Mistake | None:
    proposal, words = _proposal(rest)
    if not all(is_one_of(w, "always", "it", "approval", "the", "") for w in words):
        return None
    return Revoke(proposal)


def _reject(rest: str) -> Reply | Mistake | None:
    proposal, words = _proposal(rest)
    return Reject(" ".join(words).strip(" :,-–—"), proposal)


def _later(rest: str) -> Reply | Mistake | None:
    proposal, words = _proposal(rest) if len(rest.split()) > 1 else (0, rest.split())
    words = [bare(w) for w in words if not is_one_of(w, "in", "for", "about")]
    try:
        return Later(span("".join(words)), proposal)
    except InputError:
        pass
    try:
        return Later(span("".join(bare(w) for w in rest.split() if not is_one_of(w, "in", "for", "about"))))
    except InputError:
        if words and not words[0][:1].isdigit():
            return None
        return Mistake("Later, but when? Reply `later 2h`, or `later 1d`.")


def _proposal(rest: str) -> tuple[int, list[str]]:
    """The proposal that the reply names first, and the other words."""
    words = rest.split()
    if words and is_one_of(words[0], "proposal"):
        words = words[1:]
    number = number_in(_BARE_NUMBER, words[0]) if words else 0
    return (number, words[1:]) if number else (0, rest.split())


WORDS: tuple[Word, ...] = (
    Word(
        "approve",
        "approve [P1] [as <title>] [always]",
        "writes the proposal to the tracker as it was shown, or with your severity or title; with `always`, later "
        "comments on that issue go without asking",
        ("approve", "approve P1", "approve as Checkout fails for guests", "approve always"),
        _approve,
    ),
    Word("same", "same as #889", "it is that issue: told and linked there, no new one", ("same as #889",), _same),
    Word("revoke", "revoke", "takes `approve always` back for that issue", ("revoke",), _revoke),
    Word("reject", "reject [why]", "drops the proposal", ("reject known noise",), _reject),
    Word("later", "later 2h", "asks again after that time", ("later 2h",), _later),
)

_REPLIES = {word.name: word for word in WORDS}


def parse_reply(text: str) -> Reply | Mistake | None:
    """A reply in a proposal's thread; None for other talk, which is left alone."""
    typed = plain(text).split(maxsplit=1)
    word = _REPLIES.get(typed[0].strip("*_~`.,;:!").lower()) if typed else None
    return word.read(typed[1] if len(typed) > 1 else "") if word else None
