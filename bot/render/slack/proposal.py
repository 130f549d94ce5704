"""A proposal: what would be written, exactly, where it stands, and who decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.models import Act, Candidate, Draft, Message, Proposal, Stage
from bot.render import phrases
from bot.render.blocks import INPUT, Block, actions, button, code, context, divider, fit, header, section
from bot.render.escape import cut, mrkdwn, visible
from bot.render.slack.pieces import PARAGRAPH, SENTENCE, SYMBOL, link, person, prose

PART = INPUT - 300
MOST_PARTS = 5
SHOWN = 6000
"""Characters of the text that are shown; a longer one is attached as a file."""

_ACT = {
    Act.CREATE: "Create an issue",
    Act.COMMENT: "Comment on {issue}",
    Act.ESCALATE: "Escalate {issue}",
    Act.REOPEN: "Reopen {issue}",
    Act.LINK: "Link {issue}",
    Act.NOTHING: "Do nothing",
}


def proposal(
    p: Proposal, now: datetime, *, who: str = "", words: str = "", candidates: Sequence[Candidate] = ()
) -> Message:
    """What would be written, exactly, and where it stands. `who` decided, with `words` where there are any;
    `candidates` are issues that it may be the same as."""
    draft = p.draft
    what = act(draft)
    of = f" for cluster {p.cluster}" if p.cluster else ""
    title = f"Proposal {p.id}: {what}{of}"
    state = _state(p, now, who, words)
    blocks: list[Block] = [header(title), section(state)]
    if p.stage is Stage.OPEN:
        blocks.append(
            actions(
                f"proposal:{p.id}",
                [
                    button("Approve", "approve", f"{p.id}:{p.digest}", "primary"),
                    *filter(None, [edit_button(p)]),
                    button("Reject", "reject", f"{p.id}:{p.digest}", "danger"),
                ],
            )
        )
        blocks += _picker(p, candidates)
    head = [f"*In:* {mrkdwn(draft.repository) or 'the local tracker'}"]
    if draft.title:
        head.append(f"*Title:* {mrkdwn(cut(draft.title, 300))}")
    if draft.severity:
        head.append(f"*Severity:* {SYMBOL[draft.severity]} {draft.severity}")
    if draft.labels:
        head.append(f"*Labels:* {mrkdwn(', '.join(draft.labels))}")
    if draft.assignees:
        head.append(f"*Assigned to:* {mrkdwn(', '.join(draft.assignees))}")
    if draft.reason:
        head.append(f"*Why:* {prose(draft.reason, PARAGRAPH)}")
    if draft.amends:
        head.append("*Edits* the comment of today, in its place.")
    blocks += [section("\n".join(head)), *code(written(draft), SHOWN)]
    notes = [f"Counts as of {phrases.moment(p.as_of, now)} UTC", f"asked for by {person(p.made_by)}"]
    if len(written(draft)) > SHOWN:
        notes.append("The whole text is attached as a file.")
    blocks += [divider(), context(notes)]
    return fit(f"{title}. {mrkdwn(cut(draft.title, 200))}\n{state}", blocks)


def act(draft: Draft) -> str:
    """What would be done."""
    return _ACT[draft.act].format(issue=f"#{draft.issue}" if draft.issue else "the issue")


def edit_button(p: Proposal) -> Block | None:
    """Where there is a text that an approver can change before approving it."""
    if p.draft.act is Act.CREATE or parts(p.draft):
        return button("Edit and approve", "edit", f"{p.id}:{p.digest}")
    return None


def parts(draft: Draft) -> list[str]:
    """The text in pieces of whole lines, each with room to write in its field; none where it is too long for a form."""
    found = [""]
    for line in visible(draft.body if draft.act is Act.CREATE else draft.comment).split("\n"):
        if len(line) > PART:
            return []
        if len(found[-1]) + len(line) > PART:
            found.append(line)
        else:
            found[-1] += f"\n{line}" if found[-1] else line
    return found if any(found) and len(found) <= MOST_PARTS else []


def _label(c: Candidate) -> str:
    """A button's text is plain; angle brackets are changed all the same, so that nothing can take it for more."""
    return f"Same as #{c.issue.number} {c.issue.title.replace('<', '‹').replace('>', '›')}"


def _picker(p: Proposal, candidates: Sequence[Candidate]) -> list[Block]:
    """It may be an issue that is there already: a button for each of the best."""
    if not candidates:
        return []
    lines = [f"• {link(c.issue.url, f'#{c.issue.number}')} {prose(c.issue.title, 120)}" for c in candidates]
    buttons = [
        button(
            _label(c),
            f"same-{c.issue.number}",
            f"{p.id}:{p.digest}:{c.issue.number}",
        )
        for c in candidates
    ]
    return [section("\n".join(["*Perhaps it is one of these:*", *lines])), actions(f"same:{p.id}", buttons)]


def written(draft: Draft) -> str:
    """The text that would be written: the body of an issue, or a comment."""
    return "\n\n".join(part for part in (draft.body, draft.comment) if part) or "(no text)"


def _state(p: Proposal, now: datetime, who: str, words: str) -> str:
    by = f" by {person(who)}" if who else ""
    why = f": {prose(words, SENTENCE)}" if words else ""
    if p.stage is Stage.OPEN:
        return (
            "⏳ *Waits for an approver.* Reply `approve`, `approve P1`, `approve as &lt;title&gt;`, "
            "`same as #889`, `reject &lt;why&gt;` or `later 2h`, or click; where several wait here, name it: "
            f"`approve {p.id}`. "
            f"Until {phrases.moment(p.expires_at, now)} UTC."
            + (" `approve always` lets later comments there go without asking." if _may_go_on(p.draft) else "")
            + (f" It {prose(p.note, SENTENCE)}." if p.note else "")
        )
    if p.stage is Stage.APPROVED:
        when = f" at {phrases.moment(p.retry_at, now)} UTC" if p.retry_at else ""
        retry = f" Not written yet: {prose(p.note, SENTENCE)} It is tried again{when}." if p.note else ""
        return f"✅ *Approved*{by}; it is being written.{retry}"
    if p.stage is Stage.FILING:
        return f"✅ *Approved*{by}; it is being written."
    if p.stage is Stage.FILED:
        where = link(p.url, f"#{p.issue}")
        return f"📌 *Filed* as {where}{f', approved{by}' if by else ''}."
    if p.stage is Stage.REJECTED:
        return f"🚫 *Rejected*{by}{why}"
    if p.stage is Stage.FAILED:
        return f"⚠️ *Could not be written:* {prose(p.note, SENTENCE)}"
    if p.stage is Stage.SUPERSEDED:
        return f"↪️ *Superseded*{f': {prose(p.note, SENTENCE)}' if p.note else ' by a newer proposal'}."
    return f"⌛ *Expired.* {phrases.anew(p)}."


def _may_go_on(draft: Draft) -> bool:
    """Whether it is one of the comments that can go without asking."""
    return draft.act is Act.COMMENT and draft.severity is not None
