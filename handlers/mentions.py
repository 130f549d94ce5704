"""`@garden` in a thread of ours is a question about the problem that the thread is of."""

from __future__ import annotations

import re

from bot import inquire, telling
from bot.errors import Refused
from bot.render import slack
from handlers.desk import Asked, Desk
from handlers.inquiries import LINES
from handlers.replies import parse_reply
from handlers.words import NAMED_CLUSTER, bare, first_cluster, number_in, plain

_MENTION = re.compile(r"<@[UW][A-Z0-9]{2,20}(?:\|[^<>]{0,80})?>")


def mentioned(desk: Desk, asked: Asked) -> None:
    standing = desk.edges.store.messages.thread(asked.channel, asked.thread)
    if not standing:
        return
    text = plain(_MENTION.sub(" ", asked.text, count=1)).strip(" ,:")
    if parse_reply(text) is not None:
        raise Refused("Decisions are replies without `@garden`, so that nothing is decided by the way.")
    named, question = _named(text)
    number = named or _of_thread(desk, asked)
    if not number:
        raise Refused("About which cluster? Say it, as in `@garden cluster 3 since when?`")
    if not question:
        raise Refused(f"What do you want to know? Say `@garden cluster {number} since when does it happen?`")
    if not desk.may_see_lines(asked):
        raise Refused(f"An answer quotes log lines; {LINES}")
    number = telling.one(desk.edges, number).number

    def answer(slow: Desk, asked: Asked) -> None:
        reply = inquire.ask(slow.edges, number, question, asked.user)
        message = slack.reply(reply)
        if slow.edges.chat is None or reply.by_patterns:
            slow.answer(asked, message)  # lines as they were logged, which not everybody in a channel may see
        else:
            slow.edges.chat.post(asked.channel, message, asked.thread)

    desk.later(asked, f"On it: I look what the log lines of cluster {number} say to that.", answer)


def _named(text: str) -> tuple[int, str]:
    """The cluster that the text names, and the question."""
    words = text.split()
    if words and bare(words[0]).lower() in ("cluster", "c"):
        number, rest = first_cluster(words)
        return number, " ".join(rest)
    for word in words:
        if number := number_in(NAMED_CLUSTER, word) if not bare(word).isdecimal() else 0:
            return number, text
    found = re.search(r"\bcluster #?([0-9]{1,9})\b", text, re.IGNORECASE)
    return (int(found[1]) if found else 0), text


def _of_thread(desk: Desk, asked: Asked) -> int:
    """The cluster of the only proposal here, or that of the alert that the thread is under."""
    proposals = [
        desk.edges.store.proposals.get(n) for n, _ in telling.standing(desk.edges, asked.channel, asked.thread)
    ]
    clusters = {p.cluster for p in proposals if p and p.cluster}
    if not clusters:
        posted = desk.edges.store.messages.at(asked.channel, asked.thread)
        alert = re.fullmatch(r"alert:[^:]*:([0-9]{1,9})", posted.purpose) if posted else None
        return int(alert[1]) if alert else 0
    return clusters.pop() if len(clusters) == 1 else 0
