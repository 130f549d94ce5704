"""What somebody wrote about a cause, cut into claims that can be checked: a sentence each."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.models import Analysis, Claim, Ground
from bot.steps.audit.reading import CAUSAL, CLAIM_BOUND, MARKED

PERSON = "a person"
MOST = 30
"""Sentences that are looked at."""
LONGEST = 20_000
"""Characters that are looked at."""
FEWEST = 3
"""Words; less than that claims nothing."""

_LEFT_OUT = re.compile(r"^(```|~~~).*?(?:^\1|\Z)|<!--.*?-->", re.DOTALL | re.MULTILINE)
_NO_PROSE = re.compile(r"\s*(?:#|\||>|-{3,}|={3,}|!\[|https?://\S*$|\[[ xX]\])")
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s*)?")
_MARKUP = re.compile(r"\*\*|__|</?[a-z]{1,20}>|\u2060")
_LINK = re.compile(r"\[([^\]]{1,300})\]\([^)\s]{1,2000}\)")
_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+(?=[A-Z0-9\"“`(])")


def authored(cluster: int, text: str) -> Analysis:
    """The text as an analysis: what draws a conclusion rests on all that is observed, the first conclusion is the
    cause."""
    said = list(dict.fromkeys(sentences(text)))[:MOST]
    claims = [Claim(s, Ground.INFERENCE if _concludes(s) else Ground.OBSERVATION) for s in said]
    basis = tuple(str(i) for i, c in enumerate(claims, 1) if c.ground is Ground.OBSERVATION)
    rested = tuple(replace(c, rests_on=basis) if c.ground is Ground.INFERENCE else c for c in claims)
    cause = next((c.text for c in rested if c.ground is Ground.INFERENCE), "")
    return Analysis(cluster, PERSON, "", cause, "", "", (), rested, confidence=1.0)


def sentences(text: str) -> list[str]:
    """Those of the prose; code, quotations, headings, tables and questions claim nothing."""
    found = []
    for line in _LEFT_OUT.sub("\n", text[:LONGEST]).splitlines():
        if _NO_PROSE.match(line):
            continue
        plain = _MARKUP.sub("", _LINK.sub(r"\1", _BULLET.sub("", line))).strip()
        found += [s.strip() for s in _END.split(plain)]
    return [s[:CLAIM_BOUND] for s in found if len(s.split()) >= FEWEST and not s.endswith(("?", ":"))]


def _concludes(sentence: str) -> bool:
    return bool(CAUSAL.search(MARKED.sub(" ", sentence)))
