"""Who may decide on a proposal, in which state, for which text, until when; and what an approval's words change.

Refusals say what to do instead. The store makes sure that a decision happens once; this says whether it may at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Edit, Policy, Proposal, Severity, Stage
from bot.render import issues, phrases, titles
from bot.render.escape import BREAK, authored

_SEVERITY = re.compile(r"p([0-5])", re.IGNORECASE)
_AS = re.compile(r"as\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_SAME = re.compile(r"same as #?(\d{1,9})", re.IGNORECASE)
ALWAYS = "always"
"""Later "still happening" comments on that issue go without asking, until somebody takes that back."""
_SPAN = re.compile(r"\d{1,3}\s*(?:m|min|h|d|w)\w*", re.IGNORECASE)


def approve(
    proposal: Proposal | None,
    decision: Decision,
    policy: Policy,
    groups: frozenset[str],
    same: Callable[[int], Draft] | None = None,
) -> Draft | None:
    """The draft as the approval's words change it, or None where they do not; raises `Refused`.

    `groups` are the ids of the user groups that the person is in; `same` drafts what `same as #889` comes to.
    """
    if proposal is None:
        raise Refused(f"There is no proposal {decision.proposal}. `/garden latest` shows what is open.")
    _may(proposal, decision, policy, groups)
    _is_open(proposal, decision)
    if decision.verb == "approve":
        if decision.digest != proposal.digest:
            raise Refused(
                f"The text of proposal {proposal.id} is not the one that you were shown. Look at the newest message "
                "and approve there."
            )
        meant = _SAME.fullmatch(decision.words.strip())
        if meant and same:
            return same(int(meant[1]))
        if decision.edit:
            return edited(proposal.draft, decision.edit)
        return _changed(proposal.draft, decision.words.strip())
    if decision.verb == "later":
        if decision.words.strip() and not _SPAN.fullmatch(decision.words.strip()):
            raise Refused(f'"{decision.words.strip()[:40]}" is no span of time. Say `later 2h`, `later 1d`.')
        return None
    if decision.verb == "reject":
        return None
    raise Refused("Say `approve`, `approve P1`, `approve as <title>`, `same as #889`, `reject <why>` or `later 2h`.")


def must_approve(who: str, policy: Policy, groups: frozenset[str]) -> None:
    """Raises `Refused`, in words, where the person may not decide."""
    if not policy.approvers:
        raise Refused(
            "Nobody can approve yet: the list of approvers is empty. Whoever runs the bot sets GARDEN_APPROVERS to "
            "Slack user or user-group ids, for example GARDEN_APPROVERS=U012AB3CD,S045EF6GH."
        )
    if not policy.approvers & {who, *groups}:
        raise Refused("You are not on the list of approvers (GARDEN_APPROVERS). Somebody who is has to decide this.")


def _may(proposal: Proposal, decision: Decision, policy: Policy, groups: frozenset[str]) -> None:
    must_approve(decision.who, policy, groups)
    if decision.verb == "approve" and not policy.self_approval and decision.who == proposal.made_by:
        raise Refused("You asked for this proposal yourself, and this team wants a second person to approve.")


def _is_open(proposal: Proposal, decision: Decision) -> None:
    name = f"Proposal {proposal.id}"
    where = f" as #{proposal.issue}" if proposal.issue else ""
    link = f" {proposal.url}" if proposal.url else ""
    note = f": {proposal.note.rstrip('.')}" if proposal.note else ""
    match proposal.stage:
        case Stage.OPEN if decision.at < proposal.expires_at:
            return
        case Stage.OPEN | Stage.EXPIRED:
            raise Refused(f"{name} expired on {proposal.expires_at:%Y-%m-%d %H:%M} UTC. {phrases.anew(proposal)}.")
        case Stage.APPROVED | Stage.FILING:
            raise Refused(f"{name} is approved already and is being filed.")
        case Stage.FILED:
            raise Refused(f"{name} is filed already{where}.{link}")
        case Stage.REJECTED:
            raise Refused(f"{name} was rejected{note}. {phrases.anew(proposal)}.")
        case Stage.SUPERSEDED:
            raise Refused(f"{name} was replaced by a newer one{note}. Decide on that.")
        case Stage.FAILED:
            raise Refused(f"{name} could not be filed{note}. {phrases.anew(proposal)}.")


def _changed(draft: Draft, words: str) -> Draft | None:
    if not words:
        return None
    if words == ALWAYS:
        if draft.act is Act.COMMENT and draft.severity:
            return None
        raise Refused('Only "still happening" comments can go without asking. Say `approve` alone.')
    severity = _SEVERITY.fullmatch(words)
    if severity:
        return _with_severity(draft, Severity(f"P{severity[1]}"))
    named = _AS.fullmatch(words)
    if named:
        if draft.act is not Act.CREATE:
            raise Refused(f"This proposal writes to #{draft.issue}, whose title stays. Say `approve` alone.")
        return replace(draft, title=titles.retitle(named[1]))
    raise Refused("That was not understood. Say `approve`, `approve P1` or `approve as <title>`.")


def edited(draft: Draft, edit: Edit) -> Draft | None:
    """The draft as an approver rewrote it, or None where nothing is different."""
    made = draft
    if edit.title is not None and draft.act is Act.CREATE and _bare(edit.title) != _bare(draft.title):
        if not edit.title.strip():
            raise Refused("An issue needs a title.")
        made = replace(made, title=titles.retitle(edit.title))
    if edit.labels is not None and draft.act is Act.CREATE:
        made = replace(made, labels=titles.relabelled(edit.labels))
    if edit.text is not None:
        before = made.body if draft.act is Act.CREATE else made.comment
        text = authored(edit.text, before, issues.LONGEST)
        if not text.strip():
            raise Refused("There is no text left that could be written.")
        made = replace(made, body=text) if draft.act is Act.CREATE else replace(made, comment=text)
    if edit.severity is not None and draft.act in (Act.CREATE, Act.ESCALATE):
        made = _with_severity(made, edit.severity) or made
    return None if made == draft else made


def _bare(text: str) -> str:
    return " ".join(text.replace(BREAK, "").split())


def _with_severity(draft: Draft, severity: Severity) -> Draft | None:
    if severity is draft.severity:
        return None
    if draft.act not in (Act.CREATE, Act.ESCALATE):
        raise Refused(
            f"This proposal only comments on #{draft.issue}. `/garden escalate {draft.issue} {severity}` changes its "
            "severity."
        )
    return replace(
        draft,
        title=titles.with_severity(draft.title, severity),
        body=issues.body_with_severity(draft.body, severity),
        comment=issues.comment_with_severity(draft.comment, severity),
        labels=tuple(severity.value if name in titles.PRIORITIES else name for name in draft.labels),
        severity=severity,
    )
