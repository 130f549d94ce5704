"""Commands and decisions, as people give them in Slack; through Bolt, over a socket and over signed HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import pipeline
from bot.logs.files import FileLogs
from bot.models import Stage
from handlers import ACTIONS, COMMANDS, EVENTS
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, MANIFEST, OTHER, ROBOT, Place, entry, office
from tests.scenarios.test_flood import different


@pytest.fixture(params=["socket", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path, socket=request.param == "socket") as made:
        made.round()
        yield made


def test_looking_answers_the_person_who_asked(place: Place) -> None:
    """`latest`, `show` and `help` are acknowledged at once and answered privately from the store."""
    for text, words in (
        ("latest", "problems ("),
        ("latest mailer", "mailer"),
        ("show 1", "Cluster 1,"),
        ("", "You can"),
    ):
        delivery = place.slack.command(BOB, CHANNEL, text)
        assert delivery.ok
        assert delivery.seconds < 3
        assert place.told(BOB, words), text


def test_a_mistake_and_an_unknown_cluster_are_answered(place: Place) -> None:
    """With what to type instead."""
    place.slack.command(BOB, CHANNEL, "shwo 3")
    assert place.told(BOB, "Did you mean")
    place.slack.command(BOB, CHANNEL, "show 99")
    assert place.told(BOB, "There is no cluster 99")


def test_a_shared_answer_stands_in_the_channel(place: Place) -> None:
    """Everybody sees it, without the log lines."""
    place.slack.command(BOB, CHANNEL, "show 1 --share")
    assert place.slack.wait(lambda: any(m["text"].startswith("Cluster 1,") for m in place.slack.messages(CHANNEL)))
    assert "Evidence" not in str(place.slack.messages(CHANNEL)[-1])


def test_a_proposal_is_approved_by_reply_and_filed_once(place: Place) -> None:
    """In the digest's thread; Ann's reply files it; the message shows who and where."""
    place.slack.command(BOB, CHANNEL, "file cluster 1")
    shown = place.proposal()
    assert shown["thread_ts"] == place.digest()["ts"]
    place.slack.say(ANN, CHANNEL, "approve", shown["thread_ts"])
    assert place.shown("Filed")
    assert "approved by <@U0ANN>" in place.proposal()["text"]
    assert place.github.sent("POST", "/issues") == 1


def test_a_button_approves_too(place: Place) -> None:
    """And is gone afterwards."""
    place.slack.command(BOB, CHANNEL, "file 2")
    ts = place.proposal()["ts"]
    place.slack.click(ANN, CHANNEL, ts, "approve")
    assert place.shown("Filed")
    assert not [b for b in place.proposal()["blocks"] if b["type"] == "actions"]


def test_a_rejection_is_kept_with_its_reason(place: Place) -> None:
    """Nothing is written."""
    place.slack.command(BOB, CHANNEL, "file 1")
    place.slack.say(ANN, CHANNEL, "reject known noise", place.proposal()["thread_ts"])
    assert place.shown("known noise")
    place.garden.stop()
    assert place.github.sent("POST", "/issues") == 0


def test_nobody_else_decides(place: Place) -> None:
    """A full member, a guest and a bot; by reply and by button; each is told so, the bot is ignored."""
    place.slack.command(BOB, CHANNEL, "file 1")
    shown = place.proposal()
    for user in (BOB, GUS):
        place.slack.say(user, CHANNEL, "approve", shown["thread_ts"])
        assert place.told(user, "not on the list of approvers")
        place.slack.click(user, CHANNEL, shown["ts"], "reject")
    place.slack.say(ROBOT, CHANNEL, "approve", shown["thread_ts"])
    place.garden.stop()
    assert place.store.proposals.get(1).stage is Stage.OPEN  # type: ignore[union-attr]  # it is there
    assert place.github.sent("POST", "/issues") == 0


def test_an_edited_message_decides_nothing(place: Place) -> None:
    """What was not said at once was not said."""
    place.slack.command(BOB, CHANNEL, "file 1")
    shown = place.proposal()
    place.slack.say(ANN, CHANNEL, "hm", shown["thread_ts"])
    said = place.slack.thread(CHANNEL, shown["thread_ts"])[-1]
    assert place.slack.edit(ANN, CHANNEL, said["ts"], "approve").ok
    place.garden.stop()
    assert place.store.proposals.get(1).stage is Stage.OPEN  # type: ignore[union-attr]  # it is there


def test_talk_is_left_alone_and_another_thread_is_another_thread(place: Place) -> None:
    """No answer to what is no decision; no decision outside of the proposal's thread."""
    place.slack.command(BOB, CHANNEL, "file 1")
    shown = place.proposal()
    assert place.told(BOB, "waits for an approver")
    place.slack.say(ANN, CHANNEL, "I would approve of that", shown["thread_ts"])
    place.slack.say(ANN, CHANNEL, "approve")
    place.slack.say(ANN, CHANNEL, "approve", "1.000001")
    place.slack.say(ANN, OTHER, "approve", shown["thread_ts"])
    place.garden.stop()
    assert place.slack.whispers(ANN) == []
    assert place.store.proposals.get(1).stage is Stage.OPEN  # type: ignore[union-attr]  # it is there


def test_where_two_wait_the_reply_says_which(place: Place) -> None:
    """A bare `approve` is not guessed; a named one is done."""
    for number in (1, 2):
        place.slack.command(BOB, CHANNEL, f"file {number}")
        shown = place.proposal(number)
    place.slack.say(ANN, CHANNEL, "approve", shown["thread_ts"])
    assert place.told(ANN, "wait in this thread")
    place.slack.say(ANN, CHANNEL, "approve 2 P0", shown["thread_ts"])
    assert place.shown("Filed", 2)
    assert "P0" in place.github.state.issues[1]["title"]
    assert place.store.proposals.get(1).stage is Stage.OPEN  # type: ignore[union-attr]  # it is there


def test_everything_delivered_four_times_happens_once(place: Place) -> None:
    """Commands, replies and clicks: one proposal, one issue, one answer."""
    place.slack.command(BOB, CHANNEL, "file cluster 1", times=4)
    shown = place.proposal()
    place.slack.say(ANN, CHANNEL, "approve", shown["thread_ts"], times=4)
    assert place.shown("Filed")
    place.garden.stop()
    assert place.github.sent("POST", "/issues") == 1
    assert len([m for m in place.slack.messages(CHANNEL) if m["text"].startswith("Proposal")]) == 1
    assert len([w for w in place.slack.whispers(BOB) if "waits for an approver" in w["text"]]) == 1
    assert place.slack.whispers(ANN) == []


def test_an_approver_escalates_by_command_and_an_operator_proposes(place: Place) -> None:
    """Ann's command is the approval, and is recorded; Bob's waits; a guest's is refused."""
    place.slack.command(BOB, CHANNEL, "file 1")
    place.slack.say(ANN, CHANNEL, "approve P3", place.proposal()["thread_ts"])
    assert place.shown("Filed")
    place.slack.command(GUS, CHANNEL, "escalate 1 P1")
    assert place.told(GUS, "Guests and bots cannot")
    place.slack.command(BOB, CHANNEL, "escalate 1 P1 checkout is down")
    assert place.shown("Waits for an approver", 2)
    place.slack.command(ANN, CHANNEL, "escalate cluster 1 P0 worse")
    assert place.shown("Filed", 3)
    assert place.shown("Superseded", 2)
    assert "P0" in place.github.state.issues[1]["title"]
    assert any("worse" in c["body"] for c in place.github.state.comments[1])
    assert place.store.clusters.problems([1])[0].triage.by == ANN


def test_an_answer_arrives_though_its_address_has_expired(place: Place) -> None:
    """It is whispered instead."""
    payload = place.slack.command_payload(BOB, CHANNEL, "show 1")
    place.slack.response_urls.clear()
    place.slack._send("slash_commands", payload, 1)
    assert place.told(BOB, "Cluster 1,")


def test_what_is_listened_to_is_what_the_app_subscribes_to() -> None:
    """The manifest names the command, the events and the clicks that have a handler."""
    assert [c["command"] for c in MANIFEST["features"]["slash_commands"]] == list(COMMANDS)
    assert {e.split(".")[0] for e in MANIFEST["settings"]["event_subscriptions"]["bot_events"]} == set(EVENTS)
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is bool(ACTIONS)


def test_every_problem_can_be_listed_page_by_page(tmp_path: Path) -> None:
    """For whoever clicks, below what they see; a service that has the name of the word is asked for as a service."""
    with office(tmp_path) as place:
        now = place.edges.clock()
        entries = [entry("all", "the ferry lost its anchor", now, "a1"), *different(70, now)]
        file = tmp_path / "many.json"
        file.write_text(json.dumps(entries), encoding="utf-8")
        pipeline.round(replace(place.edges, logs=FileLogs(str(file))), baseline=True)
        place.slack.command(BOB, CHANNEL, "latest all --share")
        assert place.slack.wait(lambda: place.slack.messages(CHANNEL))
        (first,) = place.slack.messages(CHANNEL)
        assert "1 to 40 of 71" in first["text"]
        assert "`/garden latest service all`" in str(first["blocks"])
        place.slack.click(GUS, CHANNEL, first["ts"], "more", times=4)
        assert place.told(GUS, "41 to 71 of 71")
        pages = str([first["blocks"], place.slack.whispers(GUS)[-1]["blocks"]])
        assert sorted(map(int, re.findall(r"cluster ([0-9]+) ·", pages))) == list(range(1, 72))
        place.slack.command(BOB, CHANNEL, "latest service all P5")
        assert place.told(BOB, "1 problem (")
        assert "anchor" in str(place.slack.whispers(BOB)[-1]["blocks"])
        for value in ("", "x latest all", "-1 latest all", "40 run", "40 latest", "99999999999 latest all"):
            payload = place.slack.click_payload(BOB, CHANNEL, first["ts"], "more")
            payload["actions"][0]["value"] = value
            place.slack._send("interactive", payload, 1)
        place.garden.stop()
        assert len([w for w in place.slack.whispers(BOB) if "not one of ours" in w["text"]]) == 6
        assert len(place.slack.whispers(GUS)) == 1
