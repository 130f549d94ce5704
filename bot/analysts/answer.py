"""What a model answers: the schema it is held to, and how an answer becomes an analysis. Model text is untrusted:
control and invisible characters are taken out, and every length and number is bounded."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.analysts.named import sound
from bot.models import Analysis, Case, Claim, Ground, Severity

ANSWER_BOUND = 100_000
NAME, SENTENCES, STEP, CLAIM, QUOTE, REST = 100, 1_200, 400, 500, 500, 120
STEPS, CLAIMS, RESTS, ALTERNATIVES = 5, 20, 12, 3


class Block(BaseModel):
    type: str = ""
    text: str = ""


class Usage(BaseModel):
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    cache_creation_input_tokens: Annotated[int, BeforeValidator(lambda n: n or 0)] = Field(default=0, ge=0)
    cache_read_input_tokens: Annotated[int, BeforeValidator(lambda n: n or 0)] = Field(default=0, ge=0)


class Reply(BaseModel):
    """A message of the API, as far as it is looked at."""

    content: list[Block] = Field(default_factory=list)
    stop_reason: str | None = None
    usage: Usage | None = None

    @property
    def written(self) -> str:
        return "".join(b.text for b in self.content if b.type == "text")


class StatedClaim(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str
    ground: Ground
    rests_on: list[str] = Field(default_factory=list)
    quote: str = ""


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: str
    cause: str
    cause_rests_on: list[int] = Field(default_factory=list)
    alternatives: list[str] = Field(default_factory=list)
    technical_impact: str
    business_impact: str
    next_steps: list[str]
    claims: list[StatedClaim]
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    severity: Severity
    severity_reason: str = ""
    category: str = ""
    category_reason: str = ""
    issues: list[int] = Field(default_factory=list)


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}

CATEGORIES = ("new", "active-dev", "regression")

SCHEMA: dict[str, Any] = _object(
    name=_TEXT,
    claims={
        "type": "array",
        "items": _object(
            text=_TEXT, ground={"type": "string", "enum": [g.value for g in Ground]}, rests_on=_TEXTS, quote=_TEXT
        ),
    },
    cause=_TEXT,
    cause_rests_on={"type": "array", "items": {"type": "integer"}},
    alternatives=_TEXTS,
    technical_impact=_TEXT,
    business_impact=_TEXT,
    next_steps=_TEXTS,
    confidence={"type": "number", "description": "from 0 to 1"},
    severity={"type": "string", "enum": [s.value for s in Severity]},
    severity_reason=_TEXT,
    category={"type": "string", "enum": list(CATEGORIES)},
    category_reason=_TEXT,
    issues={"type": "array", "items": {"type": "integer"}},
)
"""What comes first is written first: the claims before the cause that follows from them."""


def analysis(answer: Answer, case: Case, source: str) -> Analysis:
    """The answer as an analysis of the case; its cause is the last claim. It never has a rule: those confirm."""
    stated = [
        Claim(
            text=tidy(c.text, CLAIM),
            ground=c.ground,
            rests_on=tuple(tidy(r, REST) for r in c.rests_on[:RESTS]),
            quote=tidy(c.quote, QUOTE) if c.ground is Ground.OBSERVATION else "",
        )
        for c in answer.claims[:CLAIMS]
        if tidy(c.text, CLAIM)
    ]
    cause = tidy(answer.cause, SENTENCES)
    rests_on = tuple(str(n) for n in answer.cause_rests_on[:RESTS] if 0 < n <= len(stated))
    return Analysis(
        cluster=case.problem.number,
        source=source,
        name=tidy(answer.name, NAME),
        cause=cause,
        technical_impact=tidy(answer.technical_impact, SENTENCES),
        business_impact=tidy(answer.business_impact, SENTENCES),
        next_steps=tuple(s for s in (tidy(step, STEP) for step in answer.next_steps[:STEPS]) if s and sound(s, case)),
        claims=(*stated, Claim(cause, Ground.INFERENCE, rests_on)) if cause else tuple(stated),
        confidence=answer.confidence,
        severity=answer.severity,
        severity_reason=tidy(answer.severity_reason, STEP),
        category=answer.category if answer.category in CATEGORIES else "",
        category_reason=tidy(answer.category_reason, STEP),
        issues=tuple(n for n in dict.fromkeys(answer.issues) if n in dict(case.issues)),
        alternatives=tuple(a for a in (tidy(a, STEP) for a in answer.alternatives[:ALTERNATIVES]) if a),
        fingerprint=case.fingerprint,
    )


def tidy(text: str, bound: int) -> str:
    """One line, bounded, without control or invisible characters."""
    kept = (c if unicodedata.category(c)[0] not in "CZ" else " " for c in text if unicodedata.category(c) != "Cf")
    line = " ".join("".join(kept).split())
    return line if len(line) <= bound else line[: bound - 1].rstrip() + "…"
