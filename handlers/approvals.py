"""Decisions: replies in a proposal's thread, and its buttons. The words that count are `replies.WORDS`.

Only people on the list of approvers decide; everybody else is told so, privately. A decision is bound to the text
that the message showed when it was made.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot import telling
from bot.errors import Refused
from bot.models import Decision, Posted, Proposal, Stage
from bot.render import slack
from bot.spans import words as span_words
from handlers.desk import Asked, Desk
from handlers.replies import Approve, Later, Reject, Reply, Revoke, Same, parse_reply
from handlers.words import Mistake


def replied(desk: Desk, asked: Asked) -> None:
    """A reply in a thread that proposals of ours stand in."""
    reply = parse_reply(asked.text)
    if reply is None:
        return
    standing = telling.standing(desk.edges, asked.channel, asked.thread)
    if not standing:
        return
    if isinstance(reply, Mistake):
        desk.say(asked, reply.answer)
        return
    heard = desk.edges.store.proposals.decided(asked.delivery)
    if heard is not None:  # it came before, and was not shown to its end
        _follow(desk, asked, heard)
        _note(desk, asked, reply, heard.id)
        return
    number, posted = _meant(desk, asked, reply, standing)
    if isinstance(reply, Revoke):
        desk.say(asked, telling.revoke(desk.edges, number, asked.user, desk.groups(asked.user), desk.now()))
        return
    decide(desk, asked, reply, number, telling.digest_of(posted))


def _meant(desk: Desk, asked: Asked, reply: Reply, standing: list[tuple[int, Posted]]) -> tuple[int, Posted]:
    """The proposal that the reply is about: the one it names, or the only one that waits.

    What was posted after the reply was written cannot be meant by it.
    """
    if reply.proposal:
        named = [s for s in standing if s[0] == reply.proposal]
        if not named:
            raise Refused(f"Proposal {reply.proposal} is not in this thread.")
        if named[0][1].ts > asked.ts:
            raise Refused(f"Proposal {reply.proposal} was shown after you wrote that. Look at it, and say it again.")
        return named[0]
    seen = [s for s in standing if s[1].ts < asked.ts]
    if not seen:
        raise Refused("There was no proposal in this thread yet when you wrote that. Look at it, and say it again.")
    waiting = [s for s in seen if (p := desk.edges.store.proposals.get(s[0])) is not None and p.stage is Stage.OPEN]
    if len(waiting) > 1:
        names = ", ".join(str(n) for n, _ in waiting)
        raise Refused(f"Proposals {names} wait in this thread. Say which: `approve {waiting[0][0]}`.")
    return waiting[0] if waiting else seen[-1]


def approve_clicked(desk: Desk, asked: Asked) -> None:
    _clicked(desk, asked, Approve())


def reject_clicked(desk: Desk, asked: Asked) -> None:
    _clicked(desk, asked, Reject())


def _clicked(desk: Desk, asked: Asked, reply: Approve | Same | Reject | Later) -> None:
    """The button names proposal and text; both must be those of the message that it stands in."""
    number, _, digest = asked.value.partition(":")
    standing = telling.standing_at(desk.edges, asked.channel, asked.ts)
    if standing is None or number != str(standing):
        raise Refused("That button is not one of ours. `/garden latest` shows what is open.")
    decide(desk, asked, reply, standing, digest)


def same_clicked(desk: Desk, asked: Asked) -> None:
    """One of the issues that the proposal may be the same as."""
    rest, _, issue = asked.value.rpartition(":")
    if not (issue.isascii() and issue.isdecimal() and len(issue) < 10):
        raise Refused("That button is not one of ours. `/garden latest` shows what is open.")
    _clicked(desk, replace(asked, value=rest), Same(int(issue)))


def decide(desk: Desk, asked: Asked, reply: Approve | Same | Reject | Later, number: int, digest: str) -> None:
    """Records the decision once, shows it in place, and has an approved proposal filed."""
    verb, words = _words(reply)
    decision = Decision(
        proposal=number, verb=verb, who=asked.user, at=desk.now(), digest=digest, via=asked.delivery, words=words
    )
    settle(desk, asked, decision)
    _note(desk, asked, reply, number)


def settle(desk: Desk, asked: Asked, decision: Decision) -> None:
    try:
        settled = telling.settle(desk.edges, decision, desk.groups(asked.user))
    except Refused:
        telling.show(desk.edges, decision.proposal)
        raise
    _follow(desk, asked, settled)


def _follow(desk: Desk, asked: Asked, settled: Proposal) -> None:
    """Has it filed, where it is approved, and shows it in place."""
    if settled.stage is Stage.APPROVED:
        desk.file(settled.id, asked)
    telling.show(desk.edges, settled.id)


def _note(desk: Desk, asked: Asked, reply: Reply, number: int) -> None:
    if isinstance(reply, Later):
        desk.answer(asked, slack.sentence(f"Proposal {number} waits on; noted: later, in {span_words(reply.wait)}."))


def _words(reply: Approve | Same | Reject | Later) -> tuple[str, str]:
    match reply:
        case Same(number):
            return "approve", f"same as #{number}"
        case Approve(always=True):
            return "approve", "always"
        case Approve():
            return "approve", f"as {reply.title}" if reply.title else str(reply.severity or "")
        case Reject():
            return "reject", reply.why
        case Later():
            return "later", _span(reply.wait)


def _span(wait: timedelta) -> str:
    """In minutes, hours or days, as few as say it."""
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes < 1000:
        return f"{minutes}m"
    return f"{round(minutes / 60)}h" if minutes < 60_000 else f"{min(999, round(minutes / 1440))}d"
