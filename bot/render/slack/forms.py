"""What one person gets besides messages: the forms of proposals, a page over the conversation, and the home tab.

Forms hold raw text, as it would be written: what comes back is compared with what was shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from bot.models import Act, Condition, Draft, Message, Problem, Proposal, Severity, Stance, View
from bot.render import phrases
from bot.render.blocks import (
    HEADER,
    INPUT,
    Block,
    actions,
    context,
    divider,
    fit,
    header,
    link_button,
    section,
    select,
    text_input,
)
from bot.render.escape import cut, fence, mrkdwn
from bot.render.escape import title as plain_title
from bot.render.slack.answers import typed
from bot.render.slack.pieces import SYMBOL, buttons_of, link, name, person, where
from bot.render.slack.proposal import act, edit_button, parts
from bot.render.titles import LABEL_LIMIT, TITLE_LIMIT

LISTED = 8
EDITED = frozenset({Act.CREATE, Act.ESCALATE})
"""Acts that set a severity."""


def edit(p: Proposal, channel: str, ts: str, thread: str) -> View:
    """An open proposal, to be changed and approved in one."""
    draft = p.draft
    blocks: list[Block] = [section(f"*{mrkdwn(act(draft))}* in {mrkdwn(draft.repository) or 'the local tracker'}")]
    if draft.act is Act.CREATE:
        blocks.append(text_input("title", "Title", draft.title, TITLE_LIMIT))
    if draft.severity and draft.act in EDITED:
        blocks.append(_severity(draft.severity))
    if draft.act is Act.CREATE:
        labels = ", ".join(draft.labels)
        blocks.append(text_input("labels", "Labels", labels, 10 * (LABEL_LIMIT + 2), optional=True, hint="By commas."))
    pieces = parts(draft)
    for number, piece in enumerate(pieces, 1):
        label = f"Text (Markdown), part {number} of {len(pieces)}" if len(pieces) > 1 else "Text (Markdown)"
        blocks.append(text_input(f"text-{number}", label, piece, INPUT, lines=True, optional=number > 1))
    if not pieces:
        blocks.append(section("The text is too long for a form in Slack, so it is written as the channel shows it. It "
                              "can be edited on the tracker afterwards."))  # fmt: skip
    blocks.append(context(["Sending it is your approval of what stands here. It is recorded with your name."]))
    place = json.dumps({"of": f"{p.id}:{p.digest}", "channel": channel, "ts": ts, "thread": thread})
    return View(f"Proposal {p.id}", tuple(blocks), "edit", "Approve", place)


def report(text: str, channel: str, ts: str) -> View:
    """A message of the channel as an issue, `text` with its secrets masked; it becomes a proposal."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    blocks = [
        text_input("title", "Title", cut(plain_title(first), TITLE_LIMIT), TITLE_LIMIT),
        _severity(Severity.P2),
        text_input("text-1", "Text (Markdown)", cut(fence(text, INPUT - 200), INPUT), INPUT, lines=True),
        context(["It becomes a proposal in this channel. Nothing is written before an approver says so."]),
    ]
    place = json.dumps({"of": "message", "channel": channel, "ts": ts})
    return View("File this as an issue", tuple(blocks), "report", "Propose", place)


def _severity(chosen: Severity) -> Block:
    return select("severity", "Severity", [(s.value, f"{SYMBOL[s]} {s}") for s in Severity], chosen.value)


def page(message: Message) -> View:
    """A message over the conversation, without its buttons."""
    blocks = [b for b in message.blocks if b["type"] != "actions"]
    return View("Log Gardener", tuple(blocks) or (section(message.text),))


def home(
    families: Sequence[tuple[Problem, ...]],
    waiting: Sequence[Proposal],
    mine: Sequence[Problem],
    silent: Sequence[Stance],
    active: Sequence[Condition],
    read_until: datetime | None,
    now: datetime,
    *,
    url: str = "",
    names: bool = True,
) -> View:
    """What is open, waits, is mine and is silent, and how the gardener is. Without `names` only how many."""
    read = f"Read up to {phrases.moment(read_until, now)} UTC" if read_until else "Nothing was read yet"
    well = "✅ All is well." if not active else f"⚠️ {phrases.count(len(active), 'thing')} to look after."
    blocks: list[Block] = [header("Log Gardener"), section(f"*{well}* {read}.")]
    blocks += [section(f"⚠️ {typed(c.what)}\n{typed(c.mend)}") for c in active[:3]] if names else []
    heads = [f[0] for f in families]
    blocks.append(header(cut(f"Open: {phrases.severities(heads)}" if heads else "Open: nothing", HEADER)))
    if not names:
        blocks.append(section("Guests see names and log lines in the channels that they are in: `/garden latest`."))
        return View("Log Gardener", tuple(blocks))
    for p in heads[:LISTED]:
        blocks += [section(_line(p)), actions(f"home:{p.number}", buttons_of(p))]
    if len(heads) > LISTED:
        blocks.append(context([f"And {len(heads) - LISTED} more, in a channel: `/garden latest all`"]))
    blocks.append(divider())
    blocks.append(section(f"*Waits for an approver:* {phrases.count(len(waiting), 'proposal')}"))
    for waits in waiting[:LISTED]:
        blocks.append(section(f"Proposal {waits.id} · {mrkdwn(act(waits.draft))} · {mrkdwn(_title(waits.draft))}"))
        blocks += [actions(f"waits:{waits.id}", [b])] if (b := edit_button(waits)) else []
    yours = [*map(_line, mine[:LISTED]), *_rest(len(mine), "latest all")]
    blocks.append(section("\n".join([f"*Yours:* {phrases.count(len(mine), 'cluster')}", *yours])))
    quiet = [
        f"Cluster {s.cluster}, {s.stand} by {person(s.who)}"
        + (f" until {phrases.moment(s.until, now)} UTC" if s.until else "")
        for s in silent[:LISTED]
    ]
    quiet += _rest(len(silent), "snoozed")
    blocks.append(section("\n".join([f"*Silent:* {phrases.count(len(silent), 'cluster')}", *quiet])))
    if url:
        blocks.append(actions("dashboard", [link_button("Dashboard", "dashboard", url)]))
    blocks.append(context(["`/garden help` in a channel says what you can type there."]))
    return View("Log Gardener", fit("Log Gardener", blocks).blocks)


def _rest(count: int, typed: str) -> list[str]:
    return [f"And {count - LISTED} more: `/garden {typed}`"] if count > LISTED else []


def _title(draft: Draft) -> str:
    return cut(draft.title or draft.reason, 120)


def _line(p: Problem) -> str:
    return f"{SYMBOL[p.triage.severity]} *{p.triage.severity} · {name(p, 100)}*\n{where(p)} · cluster {p.number}"


def unfurled(p: Problem, url: str, now: datetime) -> Message:
    """What a link to a problem leads to, below the message that has it."""
    seen = f"last seen {phrases.moment(p.cluster.last_seen, now)} UTC"
    line = f"{_line(p)} · {phrases.count(p.cluster.occurrences, 'occurrence')} · {seen}"
    return fit(f"Cluster {p.number}: {name(p, 100)}", [section(f"{line}\n{link(url, 'On the dashboard')}")])


def dashboard(url: str) -> Message:
    """Where the dashboard is, or what to set."""
    if url:
        return fit(f"The dashboard: {url}", [section(link(url, "The dashboard"))])
    said = "There is no dashboard yet. Whoever runs the bot sets GARDEN_URL to its public address."
    return fit(said, [section(said)])
