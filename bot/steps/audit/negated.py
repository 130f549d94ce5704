# ruff: noqa: E501 (an expression reads better unbroken)
"""What is not all, not only, and neither: of environments and revisions, over the counts."""

from __future__ import annotations

import re

from bot.steps.audit.names import KNOWN_ENVIRONMENTS, NOT, REVISION
from bot.steps.audit.sentence import Sentence

SEEN = r"(?: (?:is|are|was|were|be|been|seen|logged|recorded|observed|found|came|come|happen(?:ed)?|occur(?:red)?|fell|stem(?:med)?))*"
AT = r" (?:in|on|from|at|to) (?:the )?(?:revisions? |environments? )?"
THINGS = r"(?:occurrences?|errors?|failures?|events?|(?:log )?(?:entries|entry|lines?)|of (?:them|it))"
HIT = r"(?: environment)?(?: (?:is|was|are|were|has been)? ?(?:affected|hit|involved|concerned))?"
NOT_ALL = (
    rf"\bnot (?:all|every)(?: of)?(?: the| its| these)?(?: (?P<n>\d[\d,]*))?(?: {THINGS})?{SEEN}{AT}",
    rf"\b{THINGS} (?:are|were|did|have)(?: not|n't) all{SEEN}{AT}",
)
NOT_ONLY = (
    rf"(?:\b(?:does|did|do|is|was|were) )?(?:\bnot|\bnever|n't){SEEN} (?:only|just|exclusively|solely|merely|limited|confined|restricted|exclusive)(?: affect| hit)?{SEEN}{AT}",
    r"(?:\b(?:does|did|do|is|was|were) )?(?:\bnot|n't) (?:only|just|exclusively|solely) (?:affect |hit |in |on )?(?:the )?(?:revision )?",
)
ONE = r"(?:a single|one|the same) (?P<one>revision|environment)s?"


def negated(sentence: Sentence) -> None:
    """`not all were in A`, `not only A is affected`, `not limited to one revision`, `neither A nor B`."""
    if not NOT.search(sentence.rest):
        return
    cluster = sentence.facts.cluster
    known = {n for n in (*cluster.environments, *cluster.revisions) if n}
    names = "|".join(map(re.escape, sorted({*known, *KNOWN_ENVIRONMENTS}, key=len, reverse=True)))
    place = rf"(?:{names}|{REVISION.pattern})(?![\w-])"
    places = rf"(?P<places>{place}(?:(?:, | and | or |, and ){place})*)"
    for form in (*NOT_ALL, *NOT_ONLY):
        for found in sentence.find(re.compile(form + rf"(?:{places}{HIT}|{ONE})", re.IGNORECASE)):
            _partly(sentence, found, re.findall(place, (found["places"] or ""), re.IGNORECASE), only=form in NOT_ONLY)
    alone = rf"\b(?P<places>{place})(?: environment)? (?:is|was)(?: not|n't) the only (?:one|environment|revision)\b(?P<one>)"
    for found in sentence.find(re.compile(alone, re.IGNORECASE)):
        _partly(sentence, found, [found["places"]], only=True)
    for found in sentence.find(
        re.compile(rf"\bneither (?:in |on )?{place} nor (?:in |on )?{place}{HIT}", re.IGNORECASE)
    ):
        seen = [n for n in re.findall(place, found[0], re.IGNORECASE) if n in known]
        if seen:
            sentence.wrong(*found.span(), f"it was seen on {', '.join(seen)}")
        else:
            sentence.counted(*found.span())


def _partly(sentence: Sentence, found: re.Match[str], named: list[str], *, only: bool) -> None:
    """Whether what is named is a part, and there is more."""
    facts, cluster, span = sentence.facts, sentence.facts.cluster, found.span()
    if one := found["one"]:
        many = [n for n in (cluster.revisions if one.lower() == "revision" else cluster.environments) if n]
        if len(many) > 1:
            sentence.counted(*span)
        else:
            sentence.wrong(*span, f"it was seen on {', '.join(many)} only")
        return
    named = [n if n in cluster.revisions else n.lower() for n in named]
    inside = [n for n in named if n in cluster.environments]
    if inside and len(inside) < len(named) and any(n in cluster.revisions for n in named):
        sentence.open(*span, "environments and revisions in one were not counted")
        return
    part = sum(facts.count(n) if n in cluster.environments else facts.count("", n) for n in set(named))
    total = (found.groupdict().get("n") or "").replace(",", "")
    absent = [n for n in named if n not in cluster.environments and n not in cluster.revisions]
    if total and int(total) not in (cluster.occurrences, cluster.entries):
        sentence.wrong(*span, f"{cluster.occurrences} occurrences in {cluster.entries} entries, not {total}")
    elif part == cluster.occurrences:
        sentence.wrong(*span, f"all {part} were on {', '.join(named)}")
    elif absent and only:
        sentence.wrong(*span, f"it was not seen on {', '.join(absent)}")
    elif absent:
        sentence.open(*span, f"none was on {', '.join(absent)}")
    else:
        sentence.counted(*span)
