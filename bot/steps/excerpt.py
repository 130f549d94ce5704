"""An answer without a model: what was counted, where the question asks for it, and the kept lines that fit it best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.models import Analysis, Case, Claim, Entry, Ground

LINES = 3
QUOTE = 200
NOTHING = "The logs do not say: no kept line has a word of the question."
FOUND = "These lines fit the question best; nobody has drawn a conclusion from them."
COUNTED = "This was counted."
WORD = re.compile(r"[^\W_]{3,}")
APART = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
"""Where a name is taken apart: `ModuleNotFoundError` says "module"."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for with from that this was were has have had does did are its what why when where who "
        "which how many often much there any can could would should is not about into cluster problem "
        "error errors happen happened happens log logs line lines say says show tell since until first "
        "last seen",
    )
)
HOW_OFTEN = re.compile(r"\bhow (?:often|many|much|frequent\w*)\b|\bcount\b|\bnumber of\b", re.IGNORECASE)
WHEN = re.compile(r"\b(?:when|since|until|begin|began|start\w*|first|last|long|still)\b", re.IGNORECASE)
WHERE = re.compile(r"\b(?:revisions?|versions?|deploy\w*|environments?|production|staging|where)\b", re.IGNORECASE)
WHO = re.compile(r"\b(?:who|users?|customers?|clients?|people|affected)\b", re.IGNORECASE)

HOW_MANY_PEOPLE = re.compile(r"\bhow many (?:\w+ )?(?:users?|customers?|clients?|people)\b", re.IGNORECASE)
"""Asks for people; how often it happened is no answer to that."""


def excerpt(case: Case) -> Analysis:
    """The answer to the question of the case; it claims nothing but figures and quotations."""
    figures = _figures(case)
    lines = _lines(case)
    quotes = [Claim(f'An entry says "{quote}".', Ground.OBSERVATION, (e.id,), quote) for e, quote in lines]
    said = " ".join(s for s in (COUNTED if figures else "", FOUND if quotes else "") if s)
    return Analysis(
        cluster=case.problem.number,
        source="patterns",
        name="",
        cause=said or NOTHING,
        technical_impact="",
        business_impact="",
        next_steps=(),
        claims=(*figures, *quotes),
    )


def _figures(case: Case) -> tuple[Claim, ...]:
    cluster, question = case.problem.cluster, case.question
    said = []
    if HOW_OFTEN.search(question) and not HOW_MANY_PEOPLE.search(question):
        said.append(f"{cluster.occurrences} occurrences in {cluster.entries} log entries.")
    if WHEN.search(question):
        said.append(f"First seen {_stamp(cluster.first_seen)}, last seen {_stamp(cluster.last_seen)}.")
    if WHERE.search(question) and cluster.revisions:
        said.append(f"Seen on {', '.join(cluster.revisions[:4])}.")
    if WHO.search(question) and cluster.users:
        said.append(f"{cluster.users} distinct users.")
    if WHO.search(question) and cluster.clients:
        said.append(f"{cluster.clients} distinct clients.")
    return tuple(Claim(text, Ground.OBSERVATION) for text in said)


def _lines(case: Case) -> list[tuple[Entry, str]]:
    """Lines with words of the question, rare words first; each text once, in the order in which they were logged."""
    wanted = {_stem(w) for w in WORD.findall(case.question.lower()) if w not in COMMON}
    lines = [(e, line) for c in (case.problem.cluster, *case.symptoms) for e in c.evidence for line in _said(e)]
    known = [{_stem(w) for w in WORD.findall(APART.sub(" ", line).lower())} for _, line in lines]
    often = Counter(w for words in known for w in words)
    best: dict[str, tuple[float, int]] = {}
    for place, ((entry, line), words) in enumerate(zip(lines, known, strict=True)):
        fits = words & wanted
        if fits and line not in best:
            raised = entry.failure is not None and entry.failure.type.rpartition(".")[2] in line
            best[line] = (sum(1 + 1 / often[w] for w in fits) + raised, place)
    chosen = sorted(best.values(), key=lambda found: (-found[0], found[1]))[:LINES]
    return sorted((lines[place] for _, place in chosen), key=lambda found: found[0].order)


def _said(entry: Entry) -> Sequence[str]:
    """The lines of an entry that can be quoted in one piece."""
    kept = (" ".join(line.split()) for line in entry.text.splitlines()[:60])
    return [line if len(line) <= QUOTE else line[:QUOTE].rsplit(" ", 1)[0] for line in kept if len(line) >= 4]


def _stem(word: str) -> str:
    return re.sub(r"(?:ations?|ings?|ions?|ed|es|s|ly|e)$", "", word) if len(word) > 5 else word.removesuffix("s")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
