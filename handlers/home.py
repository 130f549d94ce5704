"""What is shown without being asked in words: the home tab, and what links to the dashboard lead to."""

from __future__ import annotations

import re
from datetime import timedelta

from bot import pipeline, telling
from bot.errors import GardenError
from bot.models import Message, Severity, Window
from bot.render import slack
from handlers.desk import Asked, Desk

DAY = timedelta(hours=24)
LINKS = 5
"""Links of one message that are looked at."""


def opened(desk: Desk, asked: Asked) -> None:
    """What is open, waits for an approver, is mine and is silent, and how the gardener is; from the store alone."""
    edges, now = desk.edges, desk.now()
    if edges.chat is None:
        return
    store = edges.store
    report = pipeline.look(edges, Window(now - DAY, now))
    open_ = [f for f in report.families if f[0].silence is None and min(p.triage.severity for p in f) <= Severity.P3]
    view = slack.home(
        open_,
        telling.waiting(edges),
        store.clusters.problems(s.cluster for s in store.stances.owned(asked.user)),
        store.stances.silent(),
        store.conditions.active(),
        store.rounds.read_until(),
        now,
        url=edges.policy.url,
        names=desk.may_see_lines(asked),
    )
    edges.chat.publish(asked.user, view)


def linked(desk: Desk, asked: Asked) -> None:
    """Links to problems, posted by somebody who may see them, where nobody from outside reads along."""
    edges, url = desk.edges, desk.edges.policy.url
    if not url or edges.chat is None or not desk.may_see_lines(asked):
        return
    shown: dict[str, Message] = {}
    for posted in asked.value.split()[:LINKS]:
        found = re.fullmatch(re.escape(url) + r"/clusters?/([0-9]{1,9})/?(?:[?#].*)?", posted)
        try:
            problem = telling.one(edges, int(found[1])) if found else None
        except GardenError:
            continue  # a number that is none
        if problem:
            shown[posted] = slack.unfurled(problem, f"{url}/clusters/{problem.number}", desk.now())
    if shown:
        edges.chat.unfurl(asked.channel, asked.ts, shown)
