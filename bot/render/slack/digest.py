"""The digest, and the answer to `latest`: what matters, the worst first, symptoms folded under their root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from bot.models import Digest, Message, Problem, Report, Stage
from bot.render import phrases
from bot.render.blocks import Block, actions, context, fit, header, image, section, trim
from bot.render.escape import mrkdwn
from bot.render.slack.paging import page
from bot.render.slack.pieces import (
    SENTENCE,
    SYMBOL,
    TREND,
    buttons_of,
    issue_of,
    link,
    name,
    person,
    prose,
    tracked,
    where,
)

LINE = 1500
"""Characters of a problem in a list."""


def digest(shown: Digest, picture: str = "", words: str = "") -> Message:
    """The living message of a channel and day; `picture` is a file, and `words` say what it shows."""
    report = shown.report
    heads = set(shown.shown)
    families = [f for f in report.families if f[0].number in heads]
    return fit(
        _summary(families, report, shown.more),
        [
            header(f"Log Gardener, {_day(shown.day)}"),
            *(block for family in families for block in _family(family, report.made_at)),
            *([section(_more(shown.more, "latest all"))] if shown.more else []),
            *([section("Nothing needs attention.")] if not families else []),
            *([image(picture, words)] if picture else []),
            context([*_footer(report), f"{shown.silent} silent: `/garden snoozed`" if shown.silent else ""]),
        ],
    )


def changes(lines: Sequence[str]) -> Message:
    """What changed since the digest was last told, for its thread."""
    return fit("What changed: " + " ".join(map(mrkdwn, lines)), [section("\n".join(f"• {mrkdwn(c)}" for c in lines))])


def alert(problems: Sequence[Problem], group: str = "") -> Message:
    """What is new and cannot wait; `group` is called by it."""
    call = f"<!subteam^{group}> " if group else ""
    if len(problems) == 1:
        p = problems[0]
        impact = phrases.impact(p)
        means = prose(impact.business or impact.technical, SENTENCE)
        often = f"{phrases.count(p.cluster.occurrences, 'occurrence')} so far"
        lines = [
            f"{call}{SYMBOL[p.triage.severity]} *New {p.triage.severity} · {name(p)}*",
            f"{where(p)} · {often} · cluster {p.number}",
            *([f"Impact (inferred): {means}"] if means else []),
        ]
        text = f"New {p.triage.severity}: {name(p)} in {where(p)}. {often}. Cluster {p.number}."
        return fit(text, [section("\n".join(lines)), actions(f"cluster:{p.number}", buttons_of(p))])
    severities, named = [p.triage.severity for p in problems], problems[:20]
    lines = [f"{SYMBOL[p.triage.severity]} {p.triage.severity} · cluster {p.number}, {name(p, 80)}" for p in named]
    left = len(problems) - len(named)
    more = [_more(left, f"latest all {max(severities)}")] if left else []
    count = f"{len(problems)} more new problems, up to {min(severities)}"
    text = f"{count}: clusters {', '.join(str(p.number) for p in named)}."
    return fit(text, [section("\n".join([f"{call}*{count}*", *lines, *more]))])


def latest(report: Report, shown: Sequence[tuple[Problem, ...]], more: int, asked: str, typed: str) -> Message:
    """The answer to `latest`: the same problems as in a digest, by what was asked for; `typed` asks for all."""
    title = f"Problems: {asked}" if asked else "Problems that matter now"
    return fit(
        _summary(shown, report, more),
        [
            header(title),
            *(block for family in shown for block in _family(family, report.made_at)),
            *([section(_more(more, typed))] if more else []),
            *([section("Nothing like that was seen in this span.")] if not shown else []),
            context(_footer(report)),
        ],
    )


def listing(
    report: Report, families: Sequence[tuple[Problem, ...]], start: int, asked: str, typed: str, namesake: bool
) -> Message:
    """Every problem that was asked for, a line each, a page of them from `start` on; a button asks for the next.

    `namesake`: there is a service by the name of the word that asks for all.
    """
    shown = page(families, _brief, start, typed)
    head = f"{_until(report)}. {shown.place if families else 'Nothing like that was seen'}"
    return fit(
        f"{_counted(families)}. {head}." if families else f"{head}.",
        [
            header(f"All problems: {asked}" if asked else "All problems"),
            *shown.blocks,
            *([section(f"{head}.")] if not shown.blocks else []),
            context(
                [
                    head,
                    "`/garden show 3` shows one of them",
                    "`/garden latest service all` shows the service of that name" if namesake else "",
                ]
            ),
        ],
    )


def _counted(families: Sequence[tuple[Problem, ...]]) -> str:
    return f"{phrases.count(len(families), 'problem')} ({phrases.severities([f[0] for f in families])})"


def _brief(family: tuple[Problem, ...]) -> str:
    """A problem with its symptoms in one line."""
    p, symptoms = family[0], family[1:]
    issue = issue_of(p)
    parts = [
        f"{SYMBOL[p.triage.severity]} {p.triage.severity} · cluster {p.number} · *{name(p, 90)}*",
        where(p),
        f"{phrases.count(p.cluster.occurrences, 'occurrence')}, {TREND[p.triage.trend]}",
        link(issue.url, f"#{issue.number}") if issue else "",
        f"on it: {person(p.owner)}" if p.owner else "",
        f"symptoms: {', '.join(str(s.number) for s in symptoms)}" if symptoms else "",
    ]
    return trim(" · ".join(part for part in parts if part), LINE)


def _summary(families: Iterable[tuple[Problem, ...]], report: Report, more: int) -> str:
    """The digest in a few plain lines."""
    heads = [f[0] for f in families]
    until = _until(report)
    if not heads:
        return f"Nothing needs attention. {until}."
    count = phrases.severities(heads) + (f" and {more} more" if more else "")
    lines = [f"{phrases.count(len(heads) + more, 'problem')} ({count}). {until}."]
    lines += [
        f"{p.triage.severity}, cluster {p.number}: {name(p, 100)} in {mrkdwn(p.cluster.service)}, "
        f"{phrases.count(p.cluster.occurrences, 'occurrence')}, {p.triage.trend}."
        for p in heads[:3]
    ]
    if len(heads) + more > 3:
        lines.append(f"And {len(heads) + more - 3} more.")
    return "\n".join(lines)


def _family(family: tuple[Problem, ...], now: datetime) -> list[Block]:
    """A problem with its symptoms folded under it: one section, one row of buttons."""
    p, symptoms = family[0], family[1:]
    found = phrases.cause(p)
    impact = phrases.impact(p)
    means = prose(impact.business or impact.technical, SENTENCE)
    lines = [
        f"{SYMBOL[p.triage.severity]} *{p.triage.severity} · {name(p)}*",
        f"{where(p)} · {phrases.count(p.cluster.occurrences, 'occurrence')} · {TREND[p.triage.trend]} · "
        f"since {phrases.moment(p.cluster.first_seen, now)} UTC",
        f"Cause ({mrkdwn(found.label)}): {prose(found.text, SENTENCE)}"
        if found.text
        else f"Cause: {prose(found.instead, SENTENCE) if p.analysis else found.label}",
        *([f"Impact (inferred): {means}"] if means else []),
        f"Cluster {p.number} · issue: {tracked(p)}" + (f" · on it: {person(p.owner)}" if p.owner else ""),
    ]
    if p.proposal and p.proposal.stage in (Stage.OPEN, Stage.APPROVED, Stage.FILING, Stage.FAILED):
        lines.append(f"_{phrases.proposed(p.proposal)}_")
    if symptoms:
        some = phrases.listed([f"{s.number} ({name(s, 60)})" for s in symptoms[:3]])
        rest = f" and {len(symptoms) - 3} more" if len(symptoms) > 3 else ""
        lines.append(f"Its symptoms: {phrases.count(len(symptoms), 'cluster')}, {some}{rest}")
    return [section("\n".join(lines)), actions(f"cluster:{p.number}", buttons_of(p))]


def _footer(report: Report) -> list[str]:
    return [
        _until(report),
        f"{phrases.count(report.entries, 'entry')} read",
        f"{phrases.spent(report.spent)} spent on the model" if report.spent else "nothing spent on a model",
        phrases.left_out(report.problems),
        f"{phrases.count(report.bad_count, 'line')} could not be read" if report.bad_count else "",
        *(prose(note, SENTENCE) for note in report.notes),
    ]


def _until(report: Report) -> str:
    if report.read_until is None:
        return "Nothing was read yet"
    return f"Read up to {phrases.moment(report.read_until, report.made_at)} UTC"


def _more(count: int, typed: str) -> str:
    return f"And {count} more: `/garden {mrkdwn(typed)}`"


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
