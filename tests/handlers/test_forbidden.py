"""What one may not: each way is refused in words, privately; it is in the history who tried; and nothing has changed.

What a request over HTTP is refused for (signature, time, body) stands in `test_refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import telling
from bot.models import Act, Decision, Stage
from tests.scenarios.desks import Morning, Run, deliver, form, kept, morning, proposal_message, run
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, OTHER, ROBOT

Json = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """Who tries what, after what happened; and what they are told. Without words nobody is told anything: what is not
    said to the bot is none of its business."""

    who: str
    try_: Callable[[Run], Json]
    told: str = ""
    before: Callable[[Run], None] = lambda place: None
    at: str = CHANNEL


def types(user: str, text: str, channel: str = CHANNEL) -> Callable[[Run], Json]:
    return lambda place: place.slack.command_payload(user, channel, text)


def replies(user: str, text: str, **more: Any) -> Callable[[Run], Json]:
    def reply(place: Run) -> Json:
        shown = proposal_message(place.slack, 2)
        payload = place.slack.message_payload(user, CHANNEL, text, shown.get("thread_ts", shown["ts"]))
        payload["event"] |= more
        return payload

    return reply


def clicks(
    user: str, action: str = "approve", forge: Callable[[Run, Json], None] | None = None
) -> Callable[[Run], Json]:
    def click(place: Run) -> Json:
        payload = place.slack.click_payload(user, CHANNEL, proposal_message(place.slack, 2)["ts"], action)
        if forge:
            forge(place, payload)
        return payload

    return click


def sends(user: str, **fields: str) -> Callable[[Run], Json]:
    def send(place: Run) -> Json:
        proposal = place.edges.store.proposals.get(2)
        assert proposal is not None
        return form(user, f"2:{proposal.digest}", **fields)

    return send


def decided(verb: str, number: int = 2) -> Callable[[Run], None]:
    def before(place: Run) -> None:
        proposal = place.edges.store.proposals.get(number)
        assert proposal is not None
        now = place.edges.clock()
        telling.settle(place.edges, Decision(number, verb, ANN, now, proposal.digest, "Ev9"), frozenset({"S0ONCALL"}))

    return before


def says(user: str, *texts: str) -> Callable[[Run], None]:
    def before(place: Run) -> None:
        for text in texts:
            desk = place.desk()
            deliver(desk, place.slack.command_payload(user, CHANNEL, text))
            desk.close()

    return before


def off_the_list(place: Run) -> None:
    place.slack.groups["S0ONCALL"] = []


def first(*steps: Callable[[Run], None]) -> Callable[[Run], None]:
    def before(place: Run) -> None:
        for step in steps:
            step(place)

    return before


def policy(**changes: Any) -> Callable[[Run], None]:
    def before(place: Run) -> None:
        place.edges = replace(place.edges, policy=replace(place.edges.policy, **changes))

    return before


def expired(place: Run) -> None:
    late = place.edges.clock() + timedelta(days=30)
    place.edges = replace(place.edges, clock=lambda: late)


def superseded(place: Run) -> None:
    place.edges.store.proposals.withdraw(2, "it is another problem's", place.edges.clock())


def shared_channel(place: Run) -> None:
    place.slack.channels[CHANNEL].shared = True


def value(text: str) -> Callable[[Run, Json], None]:
    def forge(place: Run, payload: Json) -> None:
        payload["actions"][0]["value"] = text

    return forge


def of_the_first(place: Run, payload: Json) -> None:
    proposal = place.edges.store.proposals.get(1)
    assert proposal is not None
    payload["actions"][0]["value"] = f"1:{proposal.digest}"


def elsewhere(place: Run, payload: Json) -> None:
    payload["container"]["channel_id"] = OTHER


def in_another_thread(place: Run) -> Json:
    own = place.slack.ts()
    place.slack.channels[CHANNEL].messages[own] = {"type": "message", "user": ANN, "text": "lunch?", "ts": own}
    return place.slack.message_payload(ANN, CHANNEL, "approve 2", own)


def in_another_channel(place: Run) -> Json:
    shown = proposal_message(place.slack, 2)
    return place.slack.message_payload(ANN, OTHER, "approve 2", shown.get("thread_ts", shown["ts"]))


def by_an_edit(place: Run) -> Json:
    shown = proposal_message(place.slack, 2)
    said = place.slack.message_payload(ANN, CHANNEL, "approve", shown.get("thread_ts", shown["ts"]))
    event = said["event"]
    changed = {**event, "edited": {"user": ANN, "ts": place.slack.ts()}}
    return {**said, "event_id": "Ev-edit", "event": {**event, "subtype": "message_changed", "message": changed}}


def split_button(place: Run) -> Json:
    payload = clicks(BOB)(place)
    payload["actions"][0] |= {"action_id": "split-0", "value": "1:whatever"}
    return payload


NOT_LISTED, GUESTS, STRANGE = "not on the list of approvers", "Guests and bots cannot", "not one of ours"
WAYS: dict[str, Way] = {
    "a member approves by reply": Way(BOB, replies(BOB, "approve"), NOT_LISTED),
    "a member approves with a severity": Way(BOB, replies(BOB, "approve P0"), NOT_LISTED),
    "a member approves always": Way(BOB, replies(BOB, "approve always"), NOT_LISTED),
    "a member says which issue it is": Way(BOB, replies(BOB, "same as #1"), NOT_LISTED),
    "a member rejects": Way(BOB, replies(BOB, "reject noise"), NOT_LISTED),
    "a member puts off": Way(BOB, replies(BOB, "later 2h"), NOT_LISTED),
    "a member takes `always` back": Way(BOB, replies(BOB, "revoke"), NOT_LISTED),
    "a member clicks approve": Way(BOB, clicks(BOB), NOT_LISTED),
    "a member clicks reject": Way(BOB, clicks(BOB, "reject"), NOT_LISTED),
    "a guest replies": Way(GUS, replies(GUS, "approve"), NOT_LISTED),
    "a guest clicks": Way(GUS, clicks(GUS), NOT_LISTED),
    "a bot replies as itself": Way(ROBOT, replies(ROBOT, "approve")),
    "a bot posts as a user": Way(ANN, replies(ANN, "approve", bot_id="B0OTHER")),
    "a workflow posts as a user": Way(ANN, replies(ANN, "approve", subtype="bot_message")),
    "an edited message": Way(ANN, by_an_edit),
    "a message that was edited before it came": Way(ANN, replies(ANN, "approve", edited={"user": ANN, "ts": "1.0"})),
    "a reply to another thread": Way(ANN, in_another_thread),
    "a reply in another channel": Way(ANN, in_another_channel),
    "a reply from before it was shown": Way(ANN, replies(ANN, "approve 2", ts="1.000001"), "after you wrote that"),
    "a broadcast by a member": Way(BOB, replies(BOB, "approve", subtype="thread_broadcast"), NOT_LISTED),
    "a button of another proposal": Way(ANN, clicks(ANN, forge=of_the_first), STRANGE),
    "a button of another text": Way(ANN, clicks(ANN, forge=value("2:" + "0" * 64)), "not the one that you were shown"),
    "a button without a text": Way(ANN, clicks(ANN, forge=value("2")), "not the one that you were shown"),
    "a button of nonsense": Way(ANN, clicks(ANN, forge=value("²:x")), STRANGE),
    "a button with a command in it": Way(ANN, clicks(ANN, forge=value("2;DROP TABLE proposals:x")), STRANGE),
    "a click in another channel": Way(ANN, clicks(ANN, forge=elsewhere), STRANGE, at=OTHER),
    "who was in the group": Way(ANN, replies(ANN, "approve"), NOT_LISTED, off_the_list),
    "a group that is gone": Way(ANN, clicks(ANN), NOT_LISTED, lambda place: place.slack.groups.clear()),
    "an empty list, by reply": Way(ANN, replies(ANN, "approve"), "GARDEN_APPROVERS", policy(approvers=frozenset())),
    "an empty list, by button": Way(ANN, clicks(ANN), "GARDEN_APPROVERS", policy(approvers=frozenset())),
    "an empty list, by command": Way(ANN, types(ANN, "unlink 1"), NOT_LISTED, policy(approvers=frozenset())),
    "one's own proposal, where two are needed": Way(
        ANN,
        replies(ANN, "approve 3"),
        "wants a second person",
        first(policy(self_approval=False, approvers=frozenset({ANN})), lambda p: made_by(p, ANN)),
    ),
    "an expired proposal": Way(ANN, replies(ANN, "approve 2"), "expired", expired),
    "a superseded proposal": Way(ANN, replies(ANN, "approve 2"), "replaced by a newer one", superseded),
    "a rejected proposal": Way(ANN, replies(ANN, "approve 2"), "was rejected", decided("reject")),
    "an approved proposal, again": Way(ANN, replies(ANN, "approve 2 P0"), "is approved already", decided("approve")),
    "rejecting what is approved": Way(ANN, replies(ANN, "reject 2"), "is approved already", decided("approve")),
    "a form by a member": Way(BOB, sends(BOB, title="Mine now"), NOT_LISTED),
    "a form that was opened before the list changed": Way(ANN, sends(ANN, title="Mine now"), NOT_LISTED, off_the_list),
    "a form for another text": Way(ANN, lambda p: form(ANN, "2:" + "0" * 64, title="Mine"), "not the one that you"),
    "a form of nothing": Way(ANN, lambda p: form(ANN, "x"), STRANGE),
    "a form for what is decided": Way(ANN, sends(ANN, title="Mine"), "was rejected", decided("reject")),
    "a member merges": Way(BOB, types(BOB, "merge 1 2"), NOT_LISTED),
    "a member splits": Way(BOB, types(BOB, "split 1"), NOT_LISTED),
    "a member splits by button": Way(BOB, split_button, NOT_LISTED),
    "a member unlinks": Way(BOB, types(BOB, "unlink 1"), NOT_LISTED),
    "a guest links": Way(GUS, types(GUS, "link 3 1"), GUESTS),
    "a guest escalates": Way(GUS, types(GUS, "escalate 1 P0"), GUESTS),
    "a guest files": Way(GUS, types(GUS, "file 3"), GUESTS),
    "a guest snoozes": Way(GUS, types(GUS, "snooze 3 2d quiet"), GUESTS),
    "a bot snoozes": Way(ROBOT, types(ROBOT, "snooze 3 2d quiet"), GUESTS),
    "a guest sets": Way(GUS, types(GUS, "settings severity P0"), GUESTS),
    "a bot sets": Way(ROBOT, types(ROBOT, "settings services x"), GUESTS),
    "somebody who is not known": Way(ANN, lambda p: stranger(p, "take 3"), GUESTS),
    "a guest takes": Way(GUS, types(GUS, "take 3"), GUESTS),
    "a guest is put on it": Way(BOB, types(BOB, f"take 3 <@{GUS}>"), "cannot be on a cluster"),
    "a guest reads everything now": Way(GUS, types(GUS, "run"), GUESTS),
    "a guest says it is wrong": Way(GUS, types(GUS, "wrong 3 because"), GUESTS),
    "a guest asks the lines": Way(GUS, types(GUS, "ask 3 since when?"), "quotes log lines"),
    "a guest has the worklog": Way(GUS, types(GUS, "worklog"), "quotes log lines"),
    "lines in a shared channel": Way(BOB, types(BOB, "ask 3 since when?"), "quotes log lines", shared_channel),
    "not an operator": Way(
        BOB, types(BOB, "snooze 3 2d x"), "GARDEN_OPERATORS", policy(operators=frozenset({"U0SOMEBODY"}))
    ),
    "settings of a channel that gets no digest": Way(
        BOB, types(BOB, "settings severity P0", OTHER), "gets no digest", at=OTHER
    ),
    "undoing what somebody else did": Way(BOB, types(BOB, "undo"), "changed nothing yet", says(ANN, "take 3")),
    "undoing what one may not any more": Way(
        ANN, types(ANN, "undo"), "Only approvers take that back", first(says(ANN, "unlink 1"), off_the_list)
    ),
}


def stranger(place: Run, text: str) -> Json:
    payload = place.slack.command_payload(ANN, CHANNEL, text)
    return payload | {"user_id": "U0NOBODY"}


def made_by(place: Run, who: str) -> None:
    """The open proposal is that person's."""
    with place.edges.store.together():
        place.edges.store.proposals.withdraw(2, "asked for anew", place.edges.clock())
    desk = place.desk()
    deliver(desk, place.slack.command_payload(who, CHANNEL, "file 2"))
    desk.close()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return morning(tmp_path_factory.mktemp("morning"))


@pytest.mark.parametrize("name", WAYS)
def test_it_is_refused_told_and_recorded_and_nothing_has_changed(name: str, start: Morning, tmp_path: Path) -> None:
    """By reply, button, form and command; by guests, bots, members, and approvers who may not either."""
    way = WAYS[name]
    with run(start, tmp_path / "run") as place:
        way.before(place)
        payload = way.try_(place)
        who = payload.get("user_id", way.who)
        before = kept(place.path)
        told_before = len(place.slack.whispers(way.who))
        desk = place.desk()
        deliver(desk, payload)
        desk.close()
        after = kept(place.path)
        new = [line for line in after.pop("history") if line not in before["history"]]
        before.pop("history")
        if name != "an expired proposal":
            assert after == before
        told = [w["text"] for w in place.slack.whispers(way.who)[told_before:]]
        if not way.told:
            assert told == []
            assert new == []
            return
        assert len(told) == 1
        assert way.told in told[0]
        ((by, verb, where, what),) = new
        assert (by, verb, where) == (who, "refused", f"channel {way.at}")
        assert way.told in what


@pytest.mark.parametrize(
    ("text", "act"), [("link 3 1", Act.LINK), ("escalate 1 P0 all is down", Act.ESCALATE)]
)  # fmt: skip
@pytest.mark.parametrize("user", [BOB, ANN])
def test_the_same_command_from_an_operator_is_a_proposal(
    user: str, text: str, act: Act, start: Morning, tmp_path: Path
) -> None:
    """Also an approver's own where the team wants a second person; what was said is done once somebody approves."""
    with run(start, tmp_path / "run") as place:
        place.edges = replace(place.edges, policy=replace(place.edges.policy, self_approval=user != ANN))
        before = kept(place.path)
        desk = place.desk()
        deliver(desk, place.slack.command_payload(user, CHANNEL, text))
        desk.close()
        made = place.edges.store.proposals.get(3)
        assert made is not None
        assert (made.stage, made.draft.act, made.made_by) == (Stage.OPEN, act, user)
        after = kept(place.path)
        assert [t for t in after if after[t] != before[t]] == ["proposals", "history"]
        assert "It waits for an approver" in place.slack.whispers(user)[-1]["text"]
        if user == BOB:
            shown = proposal_message(place.slack, 3)
            desk = place.desk()
            deliver(desk, place.slack.message_payload(ANN, CHANNEL, "approve 3", shown.get("thread_ts", shown["ts"])))
            desk.close()
            done = place.edges.store.proposals.get(3)
            assert done is not None
            assert done.stage is Stage.FILED
            comments = place.edges.tracker.issue(1).comments
            assert len(comments) == (act is Act.ESCALATE)
            holders = place.edges.store.issues.holders(place.edges.tracker.repository, 1)
            assert holders == ([1, 3] if act is Act.LINK else [1])


def test_there_are_more_than_thirty_ways() -> None:
    """Each of its own."""
    assert len(WAYS) >= 30
