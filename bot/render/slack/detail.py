"""One cluster, in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.models import Checked, Finding, Message, Problem
from bot.render import phrases
from bot.render.blocks import Block, actions, code, context, fit, header, section
from bot.render.escape import cut, mrkdwn
from bot.render.slack.pieces import PARAGRAPH, SENTENCE, SYMBOL, TREND, buttons_of, name, person, prose, tracked, where

EVIDENCE = 1500

FINDING = {
    Finding.CONFIRMED: "✓ confirmed",
    Finding.CONTRADICTED: "✗ contradicted",
    Finding.UNSUPPORTED: "? unsupported",
    Finding.INFERRED: "→ inferred",
    Finding.STRUCK: "✗ struck out",
}


def detail(p: Problem, now: datetime, *, evidence: bool = True) -> Message:
    """All that is known of one cluster; `evidence` is False where strangers read along."""
    c, audit = p.cluster, p.audit
    found = phrases.cause(p)
    facts = [
        f"*Where:* {where(p)}",
        f"*How often:* {phrases.count(c.occurrences, 'occurrence')} in {phrases.count(c.entries, 'entry')}, "
        f"{TREND[p.triage.trend]}",
        f"*When:* {phrases.moment(c.first_seen, now)} to {phrases.moment(c.last_seen, now)} UTC",
        f"*Why {p.triage.severity}:* {prose('; '.join(p.triage.reasons) or 'no reason is kept', PARAGRAPH)}"
        + (f", set by {person(p.triage.by)}" if p.triage.by else ""),
        f"*Issue:* {tracked(p)}",
    ]
    if c.users or c.clients:
        facts.append(f"*Who:* {phrases.count(c.users, 'user')}, {phrases.count(c.clients, 'client')}")
    if c.revisions:
        facts.append(
            f"*Revisions:* {mrkdwn(phrases.listed([*c.revisions[:3]]))}" + ("…" if len(c.revisions) > 3 else "")
        )
    if p.owner:
        facts.append(f"*On it:* {person(p.owner)}")
    if p.silence:
        until = f" until {phrases.moment(p.silence.until, now)} UTC" if p.silence.until else ""
        why = f": {prose(p.silence.why, SENTENCE)}" if p.silence.why else ""
        facts.append(f"*Silent:* {p.silence.stand}{until} by {person(p.silence.who)}{why}")
    if p.incident:
        what = f"a symptom of cluster {p.incident.root}" if p.is_symptom else "the root"
        facts.append(f"*Incident:* {what}; {prose(p.incident.reason, SENTENCE)}")
    blocks: list[Block] = [
        header(f"Cluster {p.number}, {p.triage.severity}"),
        section(f"{SYMBOL[p.triage.severity]} *{name(p, 250)}*\n{phrases.MEANING[p.triage.severity].capitalize()}"),
        section("\n".join(facts)),
        section(
            f"*Cause* ({mrkdwn(found.label)})\n{prose(found.text, PARAGRAPH)}"
            if found.text
            else f"*Cause*\n{prose(found.instead if p.analysis else found.label, PARAGRAPH)}"
        ),
    ]
    if said := [*_wrong(p), *(prose(text, PARAGRAPH) for text in phrases.lessons(p))]:
        blocks.append(section("\n".join(said)))
    if p.analysis:
        impact = phrases.impact(p)
        blocks.append(
            section(
                f"*Impact, technical (inferred):* {prose(impact.technical, PARAGRAPH) or 'unknown'}\n"
                f"*Impact, business (inferred):* {prose(impact.business, PARAGRAPH) or 'unknown'}"
            )
        )
        if argued := _argued(p):
            blocks.append(section(argued))
        if p.analysis.next_steps and (found.text or found.worth == phrases.UNKNOWN):
            steps = [f"{i}. {prose(s, SENTENCE)}" for i, s in enumerate(p.analysis.next_steps[:6], 1)]
            blocks.append(section("*Next steps*\n" + "\n".join(steps)))
    if audit and audit.claims:
        blocks.append(section(f"*Claims* (audit: {audit.verdict})\n" + "\n".join(_claims(audit.claims))))
    if evidence and c.evidence:
        lines = [f"{e.time:%Y-%m-%d %H:%M:%S} {e.level.name} {e.id}\n{cut(e.text, 500)}" for e in c.evidence[:5]]
        blocks += [section("*Evidence*"), *code("\n\n".join(lines), EVIDENCE)]
    if offered := buttons_of(p, details=False):
        blocks.append(actions(f"cluster:{p.number}", offered))
    blocks.append(context([f"Next: {mrkdwn(phrases.next_words(p))}"]))
    text = (
        f"Cluster {p.number}, {p.triage.severity}: {name(p)} in {mrkdwn(c.service)}. "
        f"{phrases.count(c.occurrences, 'occurrence')}, {p.triage.trend}. "
        + (
            f"Cause ({mrkdwn(found.label)}): {prose(found.text, SENTENCE)}"
            if found.text
            else f"Cause: {prose(found.instead, SENTENCE) if p.analysis else found.label}."
        )
    )
    return fit(text, blocks)


def _wrong(p: Problem) -> Iterator[str]:
    """Causes that people said are wrong, struck."""
    for w in p.wrong[:3]:
        yield f"~{prose(w.cause, SENTENCE)}~ is wrong, says {person(w.who)}: {prose(w.why, SENTENCE)}"


def _argued(p: Problem) -> str:
    """What the model would call it instead, and other causes; the rules decide."""
    a = p.analysis
    if a is None or a.source == "patterns":
        return ""
    said = []
    if a.severity and a.severity is not p.triage.severity and a.severity_reason:
        reason = prose(a.severity_reason, SENTENCE)
        said.append(f"*The model argues for {a.severity}:* {reason} The rules say {p.triage.severity}, and that holds.")
    if a.category and a.category != p.triage.category and a.category_reason:
        reason = prose(a.category_reason, SENTENCE)
        said.append(f"*The model calls it {a.category}:* {reason} The rules call it {prose(p.triage.category, 40)}.")
    if a.alternatives and phrases.cause(p).text:
        said.append(f"*Not ruled out, says the model:* {prose('; '.join(a.alternatives), PARAGRAPH)}")
    return "\n".join(said)


def _claims(claims: Sequence[Checked]) -> Iterator[str]:
    for number, checked in enumerate(claims[:8], 1):
        text = prose(checked.claim.text, SENTENCE)
        text = f"~{text}~" if checked.finding in (Finding.CONTRADICTED, Finding.STRUCK) else text
        why = f": {prose(checked.why, SENTENCE)}" if checked.why else ""
        yield f"{number}. {text} _{FINDING[checked.finding]}{why}_"
    if len(claims) > 8:
        yield f"And {len(claims) - 8} more."
