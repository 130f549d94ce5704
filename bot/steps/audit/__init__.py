"""Checks each claim of an analysis against the entries, without a model.

An observation is confirmed, contradicted (with what is right) or unsupported; an inference is shown as one if it rests
on a confirmed observation, and is struck out if not. Whatever can be checked in a sentence is checked, however it was
labelled. Only a deterministic rule of the pattern table confirms a cause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.models import Analysis, Audit, Case, Checked, Claim, Finding, Ground, Verdict, Wrong
from bot.steps.audit.facts import Facts
from bot.steps.audit.reading import CAUSAL, MARKED, read

PATTERNS = "patterns"
BY_RULE = "{} of {} observations confirmed; the rule “{}” of the pattern table confirms the cause"


def audit(case: Case, analysis: Analysis, known_issues: frozenset[int]) -> Audit:
    """What of the analysis the entries confirm, and the verdict on the whole."""
    facts = Facts(case, known_issues)
    observed = {i: _observation(c, facts) for i, c in enumerate(analysis.claims, 1) if _observes(c)}
    checked = dict(observed)
    for i in range(1, len(analysis.claims) + 1):
        if i not in checked:
            checked[i] = _inference(i, analysis.claims, observed, facts)
    claims = tuple(checked[i] for i in sorted(checked))
    cause, why = _cause(analysis, claims, facts)
    verdict, rule = _verdict(analysis, claims, cause, why, facts)
    return Audit(verdict=verdict, rule=rule, claims=claims, cause=cause)


def disputed(analysis: Analysis, audit: Audit, wrong: Sequence[Wrong]) -> Audit:
    """The audit, unless people said that this very cause is wrong: then it is struck out, and what follows with it."""
    said = next((w for w in wrong if analysis.cause and _same(w.cause) == _same(analysis.cause)), None)
    if said is None:
        return audit
    why = f"marked as wrong by {said.who}: {said.why}"
    claims = tuple(
        replace(c, finding=Finding.STRUCK, why=why) if _same(c.claim.text) == _same(analysis.cause) else c
        for c in audit.claims
    )
    return replace(audit, verdict=Verdict.REJECTED, rule=f"the cause was {why}", cause=Finding.STRUCK, claims=claims)


def _same(cause: str) -> str:
    return re.sub(r"\W+", " ", cause).strip().casefold()


def _observes(claim: Claim) -> bool:
    """An observation, and not a cause or a guess that was only labelled as one."""
    unquoted = MARKED.sub(" ", claim.text.replace(claim.quote, " ") if claim.quote else claim.text)
    return claim.ground is Ground.OBSERVATION and not CAUSAL.search(unquoted)


def _observation(claim: Claim, facts: Facts) -> Checked:
    marks = read(claim, facts, strict=True)
    for finding in (Finding.CONTRADICTED, Finding.UNSUPPORTED):
        whys = [m.why for m in marks if m.finding is finding]
        if whys:
            return Checked(claim, finding, "; ".join(dict.fromkeys(whys)))
    if not marks:
        return Checked(claim, Finding.UNSUPPORTED, "nothing in it can be checked")
    return Checked(claim, Finding.CONFIRMED)


def _inference(number: int, claims: tuple[Claim, ...], observed: dict[int, Checked], facts: Facts) -> Checked:
    claim = claims[number - 1]
    marks = read(claim, facts, strict=False)
    for finding in (Finding.CONTRADICTED, Finding.UNSUPPORTED):
        whys = [m.why for m in marks if m.finding is finding]
        if whys:
            return Checked(claim, finding, "; ".join(dict.fromkeys(whys)))
    basis = sorted(_basis(number, claims, observed, set()))
    true = [i for i in basis if observed[i].finding is Finding.CONFIRMED]
    if true:
        failed = [i for i in basis if i not in true]
        said = f"inferred from {', '.join(map(str, true))}"
        return Checked(
            claim, Finding.INFERRED, said + (f"; {', '.join(map(str, failed))} did not hold" if failed else "")
        )
    if claim.ground is Ground.OBSERVATION and claim.quote and any(m.finding is Finding.CONFIRMED for m in marks):
        return Checked(claim, Finding.INFERRED, "a conclusion, not an observation; inferred from the words it quotes")
    return Checked(claim, Finding.STRUCK, "it rests on nothing that the entries confirm")


def _basis(number: int, claims: tuple[Claim, ...], observed: dict[int, Checked], seen: set[int]) -> set[int]:
    """The observations that an inference rests on, through other inferences too."""
    seen.add(number)
    found: set[int] = set()
    for named in claims[number - 1].rests_on:
        at = int(named) if named.isascii() and named.isdigit() and len(named) < 6 else 0
        if at in observed:
            found.add(at)
        elif 0 < at <= len(claims) and at not in seen:
            found |= _basis(at, claims, observed, seen)
    return found


def _cause(analysis: Analysis, claims: tuple[Checked, ...], facts: Facts) -> tuple[Finding, str]:
    """Whether the cause may be shown, and why not. Its own claim decides, where there is one."""
    if not analysis.cause.strip():
        return Finding.UNSUPPORTED, "it names no cause"
    confirmed = [c for c in claims if c.finding is Finding.CONFIRMED]
    wrong = [m.why for m in read(Claim(analysis.cause, Ground.INFERENCE), facts, strict=False) if m.why]
    if wrong:
        return Finding.STRUCK, wrong[0]
    if analysis.rule and analysis.source == PATTERNS and confirmed:
        return Finding.CONFIRMED, ""
    own = [c for c in claims if c.claim.text == analysis.cause and c.claim.ground is Ground.INFERENCE]
    if any(c.finding is not Finding.INFERRED for c in own):
        return Finding.STRUCK, own[0].why
    if not confirmed:
        return Finding.STRUCK, "it rests on nothing that the entries confirm"
    return Finding.INFERRED, ""


def _verdict(
    analysis: Analysis, claims: tuple[Checked, ...], cause: Finding, why: str, facts: Facts
) -> tuple[Verdict, str]:
    """The first rule that applies gives the verdict."""
    observed = [c for c in claims if c.finding in (Finding.CONFIRMED, Finding.CONTRADICTED, Finding.UNSUPPORTED)]
    confirmed = sum(c.finding is Finding.CONFIRMED for c in claims)
    contradicted = sum(c.finding is Finding.CONTRADICTED for c in claims)
    unsupported = sum(c.finding is Finding.UNSUPPORTED for c in claims)
    tally = f"{confirmed} of {len(observed)} observations confirmed"
    told = (analysis.name, analysis.technical_impact, analysis.business_impact)
    marks = [m for t in told for m in read(Claim(t, Ground.INFERENCE), facts, strict=False)]
    by_table = analysis.source == PATTERNS
    false = [m.why for m in marks if m.finding is Finding.CONTRADICTED and not by_table]
    loose = [m.why for m in marks if m.finding is Finding.UNSUPPORTED and not by_table]
    if not claims:
        return Verdict.INCONCLUSIVE, "it claims nothing that could be checked"
    if contradicted and contradicted >= confirmed:
        return Verdict.REJECTED, f"{tally}, {contradicted} contradicted"
    if false:
        return Verdict.REJECTED, f"its summary is contradicted: {false[0]}"
    if cause is Finding.STRUCK:
        return Verdict.REJECTED, f"the cause is struck out: {why}"
    if cause is Finding.UNSUPPORTED or (analysis.confidence == 0 and not analysis.rule):
        return Verdict.INCONCLUSIVE, f"{tally}; it names no cause"
    if contradicted:
        return Verdict.INCONCLUSIVE, f"{tally}, {contradicted} contradicted"
    if loose:
        return Verdict.INCONCLUSIVE, f"{tally}; its summary is not borne out: {loose[0]}"
    if not confirmed or unsupported >= confirmed:
        return Verdict.INCONCLUSIVE, f"{tally}, {unsupported} not supported by the entries"
    if cause is Finding.CONFIRMED:
        return Verdict.APPROVED, BY_RULE.format(confirmed, len(observed), analysis.rule)
    return Verdict.APPROVED, f"{tally}; the cause is inferred from them"
