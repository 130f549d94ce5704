"""An answer to a question, as every page shows it: what may be said, what it rests on, and who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.models import Entry, Finding, Reply

SILENT = "The logs do not say."
SAYS_NOTHING = re.compile(
    r"\b(?:logs?|entr(?:y|ies)|lines?|evidence|it)\b[^.]{0,40}\b(?:do(?:es)?|did) not"
    r" (?:say|show|tell|mention|contain|name|state)"
    r"|\bnot (?:stated|said|known|shown) (?:in|by|from) the (?:logs?|entries|evidence)|\bcannot be (?:told|known|said)",
    re.IGNORECASE,
)
PATTERNS = "patterns"


@dataclass(frozen=True, slots=True)
class Rested:
    """One claim of an answer: what was found of it, and the entries that it cites."""

    text: str
    finding: Finding
    why: str
    entries: tuple[Entry, ...]


def text(reply: Reply) -> str:
    """The answer, where it may be shown; else that the logs do not say, or why it is not shown."""
    written, cause = reply.analysis.cause, reply.audit.cause
    if reply.analysis.source == PATTERNS:
        return written
    if written and cause in (Finding.CONFIRMED, Finding.INFERRED):
        return written
    if not written or SAYS_NOTHING.search(written):
        return SILENT
    why = next((c.why for c in reversed(reply.audit.claims) if c.claim.text == written and c.why), reply.audit.rule)
    return f"There is an answer, but the log lines do not bear it out, so it is not shown ({why})."


def worth(reply: Reply) -> str:
    """Who wrote it and how far it may be believed."""
    analysis = reply.analysis
    if analysis.source == PATTERNS:
        return f"pattern-based, without a model{f': {analysis.note}' if analysis.note else ''}"
    return f"{reply.audit.cause}, by {analysis.source}; audit: {reply.audit.verdict}"


def claims(reply: Reply) -> Iterator[Rested]:
    """What the answer rests on, without the answer itself."""
    known = {e.id: e for c in (reply.problem.cluster, *reply.symptoms) for e in c.evidence}
    for checked in reply.audit.claims:
        if checked.claim.text != reply.analysis.cause:
            entries = tuple(known[i] for i in checked.claim.rests_on if i in known)
            yield Rested(checked.claim.text, checked.finding, checked.why, entries)
