"""The small pieces that all messages share: how a problem is called, where it is, who somebody is."""

from __future__ import annotations

import re

from bot.models import Act, Issue, Outcome, Problem, Severity, Stage, Trend
from bot.render import phrases
from bot.render.blocks import Block, button
from bot.render.escape import cut, mrkdwn

NAME = 140
SENTENCE = 300
PARAGRAPH = 700

SYMBOL = {
    Severity.P0: "🔴",
    Severity.P1: "🟠",
    Severity.P2: "🟡",
    Severity.P3: "🔵",
    Severity.P4: "⚪",
    Severity.P5: "▫️",
}
TREND = {
    Trend.NEW: "new",
    Trend.RISING: "rising ↗",
    Trend.STEADY: "steady →",
    Trend.FALLING: "falling ↘",
    Trend.QUIET: "quiet",
}
_URL = re.compile(r"https?://[^\s<>|\"]{1,500}")
_BRACKETED = re.compile(r"<([^<>|]{1,2000})(?:\|([^<>]{0,500}))?>")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")


def person(id: str) -> str:
    """A mention for a user's id, which notifies nobody in an edit; the bare word for anybody else."""
    return f"<@{id}>" if _PERSON.fullmatch(id) else mrkdwn(cut(id or "nobody", 60))


def link(url: str, label: str) -> str:
    """A link to the tracker, or the bare label where the address is none."""
    safe = url.replace("&", "&amp;")
    return f"<{safe}|{mrkdwn(label)}>" if _URL.fullmatch(url) else label


def tracked(p: Problem) -> str:
    """What the tracker knows of it, the issue as a link; what was filed since the last round included."""
    issue = issue_of(p)
    matched = p.match.issue if p.match else None
    if issue and (matched is None or matched.number != issue.number):
        return f"{link(issue.url, f'#{issue.number}')}, filed just now"
    words = mrkdwn(phrases.tracked(p))
    plain = mrkdwn(f"#{issue.number}") if issue else ""
    return words.replace(plain, link(issue.url, f"#{issue.number}"), 1) if issue and issue.url else words


def issue_of(p: Problem) -> Issue | None:
    """The issue the problem has: the one that was just filed for it, or the one it was matched with."""
    done = p.proposal
    if done and done.stage is Stage.FILED and done.draft.act is Act.CREATE:
        return Issue(done.draft.repository, done.issue, done.draft.title, url=done.url)
    return p.match.issue if p.match and p.match.outcome is not Outcome.SYMPTOM else None


def unescaped(text: str) -> str:
    """What somebody wrote, as they see it: Slack hands on `&`, `<` and `>` escaped, people and links in brackets."""
    text = _BRACKETED.sub(lambda found: found[2] or found[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def name(p: Problem, limit: int = NAME) -> str:
    return prose(p.cluster.title, limit)


def where(p: Problem) -> str:
    environments = ", ".join(e for e in p.cluster.environments if e)
    return mrkdwn(f"{p.cluster.service}{f' in {environments}' if environments else ''}")


def prose(text: str, limit: int) -> str:
    """Text from elsewhere in one line, bounded, escaped."""
    return mrkdwn(cut(" ".join(text.split()), limit))


def buttons_of(p: Problem, *, details: bool = True) -> list[Block]:
    out = [button("Details", "show", str(p.number))] if details else []
    if not p.is_symptom and not (p.proposal and p.proposal.stage in (Stage.OPEN, Stage.APPROVED, Stage.FILING)):
        out.append(button("Propose an issue" if issue_of(p) is None else "Propose an update", "file", str(p.number)))
    return out
