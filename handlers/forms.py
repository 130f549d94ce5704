"""Forms: a proposal changed and approved in one, and a message of the channel made a proposal.

A form is checked when it is sent, not only when it is shown: somebody who was taken off the list meanwhile is refused
in the form itself. What takes longer is told afterwards, like everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot import telling
from bot.errors import Refused
from bot.models import Decision, Edit, Severity, Stage
from bot.render import slack
from bot.steps.redact import scrub
from handlers.approvals import settle
from handlers.desk import Asked, Desk, Handle

STRANGE = "That form is not one of ours. `/garden latest` shows what is open."


@dataclass(frozen=True, slots=True)
class Form:
    """What is looked at before a form is acknowledged, and who works on it then."""

    may: Callable[[Desk, str], None]
    """Raises `Refused`."""
    handle: Handle


def wrong(form: Mapping[str, str]) -> dict[str, str]:
    """What is missing, by field."""
    found = {}
    if not form.get("title", "-").strip():
        found["title"] = "An issue needs a title."
    text = _text(form)
    if text is not None and not text.strip():
        found["text-1"] = "There is no text left that could be written."
    return found


def _text(form: Mapping[str, str]) -> str | None:
    """The text that stood in as many fields as it takes; None where the form did not ask for it."""
    fields = sorted((f for f in form if f.startswith("text-")), key=lambda f: (len(f), f))
    return "\n".join(form[f] for f in fields) if fields else None


def may_approve(desk: Desk, user: str) -> None:
    telling.must_approve(user, desk.edges.policy, desk.groups(user))


def may_report(desk: Desk, user: str) -> None:
    desk.must_operate(user)


def edit_clicked(desk: Desk, asked: Asked) -> None:
    """Shows the form to whoever may send it."""
    may_approve(desk, asked.user)
    number, _, digest = asked.value.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Refused("That button is not one of ours. `/garden latest` shows what is open.")
    proposal = desk.edges.store.proposals.get(int(number))
    posted = desk.edges.store.messages.find(f"proposal:{int(number)}")
    if asked.channel and telling.standing_at(desk.edges, asked.channel, asked.ts) != int(number):
        raise Refused("That button is not one of ours. `/garden latest` shows what is open.")
    if proposal is None or proposal.stage is not Stage.OPEN or proposal.digest != digest:
        telling.show(desk.edges, int(number))
        raise Refused(f"Proposal {int(number)} is not open any more as you saw it. Look at the newest message.")
    place = (posted.channel, posted.ts, posted.thread) if posted else (asked.channel, asked.ts, asked.thread)
    if desk.edges.chat is not None:
        desk.edges.chat.open(asked.trigger, slack.edit(proposal, *place))


def edit_sent(desk: Desk, asked: Asked) -> None:
    """The approval of the text as it is in the form now."""
    number, _, digest = asked.value.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Refused(STRANGE)
    text = _text(asked.form)
    edit = Edit(
        title=asked.form.get("title"),
        severity=_severity(asked),
        labels=tuple(asked.form["labels"].split(",")) if "labels" in asked.form else None,
        text=None if text is None else scrub(text, desk.edges.policy),
    )
    decision = Decision(
        int(number), "approve", asked.user, desk.now(), digest, asked.delivery, words="with changes", edit=edit
    )
    settle(desk, asked, decision)


def report_clicked(desk: Desk, asked: Asked) -> None:
    """The form for a message, with its words in it, secrets masked."""
    desk.must_operate(asked.user)
    if not asked.text.strip():
        raise Refused("That message has no text that could be filed.")
    if desk.edges.chat is not None:
        text = scrub(slack.unescaped(asked.text), desk.edges.policy)
        desk.edges.chat.open(asked.trigger, slack.report(text, asked.channel, asked.ts))


def report_sent(desk: Desk, asked: Asked) -> None:
    """A proposal in the channel; nothing is filed by it."""
    desk.must_operate(asked.user)
    severity = _severity(asked)
    if asked.value != "message" or severity is None:
        raise Refused(STRANGE)
    policy = desk.edges.policy
    title, text = (scrub(said, policy) for said in (asked.form.get("title", ""), _text(asked.form) or ""))
    source = f"message {asked.channel} {asked.ts}"
    proposal = telling.propose_message(desk.edges, title, text, severity, asked.user, source, desk.now())
    telling.show(desk.edges, proposal.id, channel=asked.channel)
    desk.say(asked, f"Proposal {proposal.id} is in the channel. It waits for an approver.")


def _severity(asked: Asked) -> Severity | None:
    said = asked.form.get("severity", "")
    return Severity(said) if said in set(Severity) else None


FORMS: Mapping[str, Form] = {"edit": Form(may_approve, edit_sent), "report": Form(may_report, report_sent)}
"""Forms, by `callback_id`."""
