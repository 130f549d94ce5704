"""What inquiries found: deployments and whether they are healthy, and what should be logged and is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.inquiries.coverage import ADVICE, Coverage, Lack
from bot.inquiries.deploys import Health, Shift, Validation
from bot.models import Message, Problem
from bot.render import phrases
from bot.render.blocks import Block, context, fit, header, section
from bot.render.escape import cut, mrkdwn
from bot.render.slack.answers import say
from bot.render.slack.pieces import SYMBOL, name, person, prose

LISTED = 15
NAMED = 8
_HEALTH = {Health.HEALTHY: "✅ healthy", Health.UNHEALTHY: "❌ unhealthy", Health.EARLY: "⏳ too early to say"}


def deploys(found: Sequence[Validation], span: str, now: datetime) -> Message:
    """Every deployment of a span, a line each, the newest first."""
    if not found:
        return say(f"No deployment was read in the last {mrkdwn(span)}.")
    lines = [
        f"{_HEALTH[v.health]} · *{mrkdwn(v.deployment.service)}* {_revision(v)} · "
        f"{phrases.moment(v.deployment.time, now)} UTC · {prose(v.reason, 160)}"
        for v in found[:LISTED]
    ]
    more = f"And {len(found) - LISTED} more." if len(found) > LISTED else ""
    count = phrases.count(len(found), "deployment")
    bad = sum(v.health is Health.UNHEALTHY for v in found)
    return fit(
        f"{count} in the last {mrkdwn(span)}, {bad} unhealthy.",
        [
            header(f"{count} in the last {span}"),
            *(section(line) for line in lines),
            context(["`/garden validate shop-api` says more of the newest one of a service.", more]),
        ],
    )


def validated(v: Validation, now: datetime) -> Message:
    """One deployment: the verdict, and what changed with it."""
    d = v.deployment
    who = f" by {person(d.who)}" if d.who else ""
    head = (
        f"*{_HEALTH[v.health]}*: {prose(v.reason, 300)}\n"
        f"{mrkdwn(d.service)} {_revision(v)}{f' in {mrkdwn(d.environment)}' if d.environment else ''}, deployed "
        f"{phrases.moment(d.time, now)} UTC{who}; read until {phrases.moment(v.span.end, now)} UTC"
    )
    blocks: list[Block] = [header(f"Is {cut(d.service, 60)} healthy?"), section(head)]
    blocks += _part("New since", [_problem(p) for p in v.new])
    blocks += _part("More often than before", [f"{_problem(s.problem)} · {_rates(s)}" for s in v.worse])
    blocks += _part("Not seen any more", [f"{_problem(s.problem)} · {_rates(s)}" for s in v.gone])
    blocks.append(context(["Compared with the time before by the counts in the store; nothing outside was asked."]))
    return fit(f"{mrkdwn(d.service)} {_revision(v)} is {v.health}: {prose(v.reason, 200)}.", blocks)


def covered(found: Coverage, service: str) -> Message:
    """The gaps, by what is lacking, with what to do about each sort."""
    of = f" of {mrkdwn(service)}" if service else ""
    never = [m for m in found.expected if not m.clusters]
    blocks: list[Block] = [header(f"What should be logged{' by ' + cut(service, 60) if service else ''}")]
    for lack in Lack:
        gaps = [g for g in found.gaps if g.lack is lack]
        if gaps:
            lines = [f"{_problem(g.problem)} · {prose(g.why, 160)}" for g in gaps]
            blocks += _part(f"{str(lack).capitalize()} ({len(gaps)})", lines, ADVICE[lack])
    if found.expected:
        lines = [
            f"{'✅' if m.clusters else '❌'} {mrkdwn(cut(m.expectation.name, 80))}: "
            + (f"seen in {phrases.listed([str(n) for n in m.clusters[:5]])}" if m.clusters else "never seen")
            for m in found.expected
        ]
        blocks += _part("What you want to see", lines)
    if not found.gaps and not never:
        blocks.append(section(f"No gap was found in {phrases.count(found.problems, 'problem')} of the last 7 days."))
    blocks.append(context(["By what was read in 7 days. `[[coverage]]` in garden.toml names what you want to see."]))
    text = f"{phrases.count(len(found.gaps), 'gap')} in {phrases.count(found.problems, 'problem')}{of}"
    return fit(text + (f"; {len(never)} of what you want to see was never seen." if never else "."), blocks)


def _part(title: str, lines: Sequence[str], note: str = "") -> list[Block]:
    if not lines:
        return []
    more = [f"And {len(lines) - NAMED} more."] if len(lines) > NAMED else []
    return [section("\n".join([f"*{title}*", *lines[:NAMED], *more, *([f"_{note}_"] if note else [])]))]


def _problem(p: Problem) -> str:
    return f"{SYMBOL[p.triage.severity]} {p.triage.severity} cluster {p.number}, {name(p, 90)}"


def _rates(shift: Shift) -> str:
    return f"{shift.before:.3g} an hour before, {shift.since:.3g} since"


def _revision(v: Validation) -> str:
    return mrkdwn(cut(v.deployment.revision, 80)) or "(revision unknown)"
