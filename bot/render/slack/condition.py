"""What the channel is told of the gardener's own silence: once when it begins, and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models import Condition, Figures, Message, Progress
from bot.render import phrases
from bot.render.blocks import context, fit, section
from bot.render.escape import cut, mrkdwn
from bot.render.slack.answers import typed
from bot.spans import words

MOST = 12
"""Sources and conditions that are named."""


def condition(c: Condition, now: datetime) -> Message:
    """What happened, since when, what to do. Once it is over, the same message says so."""
    since = f"Since {phrases.moment(c.since, now)} UTC"
    if c.over:
        return fit(
            f"Over: {mrkdwn(c.what)}",
            [
                section(f"It was so, and is over: {typed(c.what)}"),
                context([f"{since}, until {phrases.moment(c.over, now)} UTC"]),
            ],
        )
    return fit(
        f"{mrkdwn(c.what)} {since}.",
        [section(f"⚠️ *{typed(c.what)}*\n{typed(c.mend)}"), context([since, "I say so when it is over"])],
    )


def status(active: Sequence[Condition], sources: Sequence[Progress], figures: Figures, now: datetime) -> Message:
    """Up to when was read, what is wrong and what to do about it, and a few figures."""
    read = [
        f"{mrkdwn(cut(s.source.partition(':')[2] or s.source, 100))}: "
        + (f"read up to {phrases.moment(s.read_until, now)} UTC" if s.read_until else "nothing was read yet")
        for s in sources[:MOST]
    ]
    head = "All is well." if not active else f"{phrases.count(len(active), 'thing')} to look after."
    waits = figures.proposals.get("open", 0)
    return fit(
        f"{head} {' · '.join(read)}",
        [
            section(f"{'✅' if not active else '⚠️'} *{head}*\n" + "\n".join(read)),
            *(
                section(f"⚠️ *{typed(c.what)}*\n{typed(c.mend)}\n_Since {phrases.moment(c.since, now)} UTC._")
                for c in active[:MOST]
            ),
            context(
                [
                    f"{phrases.count(figures.concluded, 'round')}, {phrases.count(figures.entries, 'entry')} read",
                    f"{phrases.count(figures.clusters, 'problem')} known",
                    f"{phrases.count(waits, 'proposal')} open",
                    f"{phrases.count(figures.unfiled, 'approval')} not filed yet" if figures.unfiled else "",
                    phrases.too_late(late) if (late := sum(s.too_late for s in sources)) else "",
                    f"${figures.spent:.2f} spent on the model",
                ]
            ),
        ],
    )


def over(c: Condition, now: datetime) -> Message:
    """Said anew, for an edit notifies nobody."""
    until = c.over or now
    lasted = words(max(until - c.since, timedelta(minutes=1)))
    span = f"from {phrases.moment(c.since, now)} to {phrases.moment(until, now)} UTC ({lasted})"
    return fit(
        f"Over, {span}: {mrkdwn(c.what)}",
        [section(f"✅ *All is well again:* {typed(c.what)}"), context([f"It was so {span}"])],
    )
