"""What people said of clusters, and what became of it: short answers, lists, and the picker of signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.models import Channel, Event, Issue, Kin, Message, Problem, Stance, Stand
from bot.render import phrases
from bot.render.blocks import actions, button, context, fit, header, section
from bot.render.escape import cut, mrkdwn
from bot.render.slack.answers import say
from bot.render.slack.paging import page
from bot.render.slack.pieces import SENTENCE, SYMBOL, link, name, person, prose, where

PICKED = 20


def said(stance: Stance, now: datetime) -> Message:
    """The answer to somebody who said it: what it means from now on."""
    number = stance.cluster
    back = "`/garden undo` takes it back."
    match stance.stand:
        case Stand.TAKEN:
            return say(f"{person(stance.whom)} is on cluster {number} now. {back}")
        case Stand.SNOOZED:
            until = phrases.moment(stance.until, now) if stance.until else "it is woken"
            return say(
                f"Cluster {number} is silent until {until} UTC. It wakes by itself before, if it happens much more "
                f"often or gets more urgent. {back}"
            )
        case Stand.EXPECTED:
            return say(
                f"Cluster {number} is expected, and silent from now on. It wakes by itself if it happens much more "
                f"often or gets more urgent. {back}"
            )
        case Stand.RESOLVED:
            when = (
                "if a revision shows it that did not before"
                if stance.later
                else "if it is seen on another revision, or still half an hour from now"
            )
            return say(f"Cluster {number} counts as resolved. It comes back {when}. {back}")


def silences(stances: Sequence[Stance], problems: Mapping[int, Problem], now: datetime, start: int = 0) -> Message:
    """What is silent, by whom, why and until when; a page of it from `start` on."""
    known = [s for s in stances if s.cluster in problems]
    if not known:
        return say("Nothing is silent. `/garden snooze 3 2d why` silences cluster 3 for two days.")
    shown = page(known, lambda s: _silence(s, problems[s.cluster], now), start, "snoozed")
    count = phrases.count(len(known), "cluster")
    return fit(
        f"{count} silent. {shown.place}.",
        [header(f"Silent: {count}"), *shown.blocks, context([shown.place, "`/garden wake 3` shows cluster 3 again."])],
    )


def _silence(s: Stance, p: Problem, now: datetime) -> str:
    until = f" until {phrases.moment(s.until, now)} UTC" if s.until else ""
    why = f": {prose(s.why, SENTENCE)}" if s.why else ""
    return (
        f"{SYMBOL[p.triage.severity]} *Cluster {s.cluster}*, {name(p, 100)}\n"
        f"{s.stand}{until} by {person(s.who)}, {phrases.moment(s.at, now)} UTC{why}"
    )


def linked(problem: Problem, issue: Issue) -> Message:
    ref = link(issue.url, f"#{issue.number}")
    return say(f"Cluster {problem.number} is {ref} now, by your word. `/garden undo` takes it back.")


def unlinked(problem: Problem, issue: Issue) -> Message:
    ref = link(issue.url, f"#{issue.number}")
    return say(
        f"Cluster {problem.number} is not {ref} any more, and will not be matched with it again. `/garden undo` takes "
        "it back."
    )


def picker(p: Problem) -> Message:
    """The signatures of a cluster, to pick those that are a problem of their own."""
    own = p.cluster.signatures
    lines = [f"*{place}.* {prose(s.title, 120)}{_where(s.site, s.route)}" for place, s in enumerate(own[:PICKED], 1)]
    blocks = [header(f"Cluster {p.number}: {phrases.count(len(own), 'signature')}"), *(section(line) for line in lines)]
    buttons = [button(f"Take out {i}", f"split-{i}", f"{p.number}:{s.key}") for i, s in enumerate(own[:PICKED], 1)]
    more = f"And {len(own) - PICKED} more." if len(own) > PICKED else ""
    typed = f"Several at once: `/garden split {p.number} 1,2`. They become one cluster of their own, for good."
    return fit(
        f"Cluster {p.number} has {phrases.count(len(own), 'signature')}. Pick what is a problem of its own, or type "
        f"/garden split {p.number} 1,2.",
        [*blocks, actions(f"split:{p.number}", buttons), context([typed, more])],
    )


def kin(p: Problem, others: Sequence[Kin]) -> Message:
    """What a cluster may be the same as, to pick what is."""
    own = f"{SYMBOL[p.triage.severity]} *Cluster {p.number}*, {name(p, 120)} · {where(p)}"
    typed = f"Any other: `/garden merge {p.number} 5`. `/garden search words` finds clusters."
    if not others:
        return fit(
            f"Nothing that was seen in the last 7 days is much like cluster {p.number}.",
            [section(f"{own}\nNothing that was seen in the last 7 days is much like it."), context([typed])],
        )
    lines = [
        f"{SYMBOL[k.problem.triage.severity]} *Cluster {k.problem.number}*, {name(k.problem, 120)} · {where(k.problem)}"
        f"\n{phrases.count(k.problem.cluster.occurrences, 'occurrence')} · {prose(k.why, SENTENCE)}"
        for k in others
    ]
    buttons = [
        button(
            f"{p.number} and {k.problem.number} are one",
            f"merge-{place}",
            f"{p.number}:{k.problem.number} {p.cluster.signature.key} {k.problem.cluster.signature.key}",
        )
        for place, k in enumerate(others, 1)
    ]
    numbers = phrases.listed([str(k.problem.number) for k in others])
    return fit(
        f"Most like cluster {p.number}: {numbers}. Pick what is the same problem, or type /garden merge {p.number} "
        f"{others[0].problem.number}.",
        [
            header(f"What is the same as cluster {p.number}?"),
            section(own),
            *(section(line) for line in lines),
            actions(f"merge:{p.number}", buttons),
            context(["They become one for good; the lower number stays, the other is another name for it.", typed]),
        ],
    )


def _where(site: str, route: str) -> str:
    return f" · {mrkdwn(cut(site or route, 80))}" if site or route else ""


def settings(channel: Channel, said: Mapping[str, str]) -> Message:
    """What a channel is told, and when; what was said here is marked."""
    rows = {
        "schedule": channel.schedule or "as everywhere",
        "timezone": channel.timezone or "as everywhere",
        "severity": f"down to {channel.severity}",
        "alert": f"at once down to {channel.alert}",
        "services": ", ".join(channel.services) or "all",
        "kinds": ", ".join(channel.kinds) or "all",
        "notify": channel.notify or "nobody",
    }
    lines = [f"*{n}:* {mrkdwn(cut(v, 300))}{' _(said here)_' if n in said else ''}" for n, v in rows.items()]
    return fit(
        "Settings of this channel: " + "; ".join(f"{n} {mrkdwn(cut(v, 80))}" for n, v in rows.items()) + ".",
        [
            header("Settings of this channel"),
            section("\n".join(lines)),
            context(["`/garden settings severity P2` sets one, `default` takes it back, the rest is in garden.toml"]),
        ],
    )


def past(events: Sequence[Event], now: datetime, cluster: int = 0) -> Message:
    """Who did what, the newest first."""
    if not events:
        return say(f"Nothing was said or done about cluster {cluster} yet." if cluster else "Nothing was done yet.")
    lines = [
        f"{phrases.moment(e.at, now)} UTC · {person(e.who)} · {mrkdwn(e.verb)} · {mrkdwn(cut(e.subject, 80))}"
        + (f" · {prose(e.detail, 160)}" if e.detail else "")
        for e in events
    ]
    of = f" of cluster {cluster}" if cluster else ""
    pages = ["\n".join(lines[i : i + 10]) for i in range(0, len(lines), 10)]
    return fit(
        f"The last {phrases.count(len(lines), 'line')} of the history{of}.",
        [header(f"History{of}"), *map(section, pages)],
    )


def found(problems: Sequence[Problem], words: str, now: datetime) -> Message:
    """What a search came to."""
    if not problems:
        return say(f"No cluster has “{mrkdwn(cut(words, 80))}” in its name, text or evidence.")
    lines = [
        f"{SYMBOL[p.triage.severity]} *Cluster {p.number}*, {p.triage.severity}, {name(p, 100)}\n"
        f"{mrkdwn(p.cluster.service)} · {phrases.count(p.cluster.occurrences, 'occurrence')} · last seen "
        f"{phrases.moment(p.cluster.last_seen, now)} UTC"
        for p in problems
    ]
    return fit(
        f"{phrases.count(len(problems), 'cluster')} with “{mrkdwn(cut(words, 80))}”: "
        + ", ".join(str(p.number) for p in problems)
        + ".",
        [header("Found"), *(section(line) for line in lines), context(["`/garden show 3` shows one of them."])],
    )
