"""What people say of clusters: take, resolved, snooze, expected, wake, link, unlink, split, merge, undo; and the lists
of what was said and done.
"""

from __future__ import annotations

import re

from bot import telling, tending
from bot.errors import Refused
from bot.models import Message, Stand
from bot.render import slack
from handlers.desk import Asked, Desk
from handlers.grammar import Link, Merge, Past, Search, Settings, Silence, Split, Take, Unlink, Wake

HISTORY = 30
FOUND = 10


def take(desk: Desk, asked: Asked, command: Take) -> None:
    """Somebody is on it: whoever says it, or somebody who is named."""
    desk.must_operate(asked.user)
    whom = command.whom or asked.user
    if not desk.people.full_member(whom):
        raise Refused("Guests and bots cannot be on a cluster. A full member of the workspace can.")

    def change() -> Message:
        said = tending.say(desk.edges, command.cluster, Stand.TAKEN, asked.user, whom=whom)
        return slack.said(said, desk.now())

    desk.change(asked, change)


def silence(desk: Desk, asked: Asked, command: Silence) -> None:
    desk.must_operate(asked.user)

    def change() -> Message:
        said = tending.say(
            desk.edges,
            command.cluster,
            command.stand,
            asked.user,
            why=command.why,
            lasting=command.lasting,
            later=command.later,
        )
        return slack.said(said, desk.now())

    desk.change(asked, change)


def wake(desk: Desk, asked: Asked, command: Wake) -> None:
    desk.must_operate(asked.user)

    def change() -> Message:
        ended = tending.wake(desk.edges, command.cluster, asked.user)
        return slack.say(f"Cluster {ended.cluster} is awake: it is shown again. `/garden undo` takes it back.")

    desk.change(asked, change)


def snoozed(desk: Desk, asked: Asked, start: int = 0) -> None:
    silent = desk.edges.store.stances.silent()
    problems = {p.number: p for p in desk.edges.store.clusters.problems(s.cluster for s in silent)}
    desk.answer(asked, slack.silences(silent, problems, desk.now(), start))


def link(desk: Desk, asked: Asked, command: Link) -> None:
    """An approver's word is final; an operator's becomes a proposal."""
    desk.must_operate(asked.user)
    issue = tending.issue_for(desk.edges, command.issue)
    if desk.is_approver(asked.user) and desk.edges.policy.self_approval:
        desk.change(asked, lambda: slack.linked(*tending.link(desk.edges, command.cluster, issue, asked.user)))
        return
    proposal = telling.linking(desk.edges, command.cluster, issue, asked.user, desk.now())
    telling.show(desk.edges, proposal.id, channel=asked.channel)
    desk.say(asked, f"Proposal {proposal.id} is in the channel. It waits for an approver.")


def unlink(desk: Desk, asked: Asked, command: Unlink) -> None:
    desk.must_approve(asked.user)
    desk.change(asked, lambda: slack.unlinked(*tending.unlink(desk.edges, command.cluster, asked.user)))


def merge(desk: Desk, asked: Asked, command: Merge) -> None:
    """Two clusters; without the second, those that it may be the same as."""
    desk.must_approve(asked.user)
    if command.other:
        _merge(desk, asked, command.one, command.other)
        return
    problem = telling.one(desk.edges, command.one)
    desk.answer(asked, slack.kin(problem, tending.kin(desk.edges, problem)))


def merge_clicked(desk: Desk, asked: Asked) -> None:
    """The pick names both clusters and what they were known by; what either became meanwhile, nobody picked."""
    desk.must_approve(asked.user)
    picked = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9}) (\S+) (\S+)", asked.value)
    if picked is None or not asked.value.isascii():
        raise Refused("That button is not one of ours. `/garden merge 3` shows what cluster 3 may be the same as.")
    one, other = int(picked[1]), int(picked[2])
    tending.must_be(desk.edges, {one: picked[3], other: picked[4]}, f"/garden merge {one}")
    _merge(desk, asked, one, other)


def _merge(desk: Desk, asked: Asked, one: int, other: int) -> None:
    def change() -> Message:
        stays, gone = tending.merge(desk.edges, one, other, asked.user)
        return slack.say(f"One problem now: cluster {stays}; {gone} is another name for it. That is for good.")

    desk.change(asked, change)


def split(desk: Desk, asked: Asked, command: Split) -> None:
    """Places in the list of signatures; without any, the list to pick from."""
    desk.must_approve(asked.user)
    problem = telling.one(desk.edges, command.cluster)
    own = problem.cluster.signatures
    if len(own) < 2:
        raise Refused(f"Cluster {problem.number} has one signature only: there is nothing to take out of it.")
    if not command.parts:
        desk.answer(asked, slack.picker(problem))
        return
    wrong = [p for p in command.parts if p > len(own)]
    if wrong:
        raise Refused(f"Cluster {problem.number} has {len(own)} signatures, none in place {wrong[0]}.")
    _split(desk, asked, problem.number, [own[p - 1].key for p in command.parts])


def split_clicked(desk: Desk, asked: Asked) -> None:
    desk.must_approve(asked.user)
    number, _, key = asked.value.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Refused("That button is not one of ours. `/garden split 3` shows the signatures of cluster 3.")
    tending.must_be(desk.edges, {int(number): key}, f"/garden split {number}")
    _split(desk, asked, int(number), [key])


def _split(desk: Desk, asked: Asked, number: int, keys: list[str]) -> None:
    def change() -> Message:
        made, left = tending.split(desk.edges, number, keys, asked.user)
        return slack.say(f"Cluster {made} was taken out of cluster {left}. `/garden undo` takes it back.")

    desk.change(asked, change)


def settings(desk: Desk, asked: Asked, command: Settings) -> None:
    """What this channel is told, and when; set by operators, in the channel itself."""
    if command.name:
        desk.must_operate(asked.user)

    def change() -> Message:
        if command.name:
            tending.wish(desk.edges, asked.channel, command.name, command.value or None, asked.user)
        found = next((c for c in telling.channels(desk.edges) if c.id == asked.channel), None)
        if found is None:
            raise Refused(tending.UNTOLD)
        return slack.settings(found, desk.edges.store.channels.wishes().get(asked.channel, {}))

    desk.change(asked, change)


def undo(desk: Desk, asked: Asked) -> None:
    """One's own last change."""
    desk.must_operate(asked.user)
    approver = desk.is_approver(asked.user)

    def change() -> Message:
        deed = tending.undo(desk.edges, asked.user, approver=approver)
        return slack.say(f"Taken back: `{deed.verb}`" + (f" of cluster {deed.cluster}." if deed.cluster else "."))

    desk.change(asked, change)


def past(desk: Desk, asked: Asked, command: Past) -> None:
    number = telling.one(desk.edges, command.cluster).number if command.cluster else 0
    events = desk.edges.store.history.latest(f"cluster {number}" if number else "", HISTORY)
    desk.answer(asked, slack.past(events, desk.now(), number))


def search(desk: Desk, asked: Asked, command: Search) -> None:
    numbers = desk.edges.store.clusters.search(command.words.split(), FOUND)
    found = {p.number: p for p in desk.edges.store.clusters.problems(numbers)}
    desk.answer(asked, slack.found([found[n] for n in numbers if n in found], command.words, desk.now()))
