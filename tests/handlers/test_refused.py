"""Ways to do what one may not: refused, told to whoever tried, and nothing changed."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import bolt
from bot.errors import SettingsError
from bot.models import Stage
from bot.settings import load
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, OTHER, ROBOT, Place, office

Json = dict[str, Any]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path, socket=False) as made:
        made.round()
        made.slack.command(BOB, CHANNEL, "file cluster 1")
        made.proposal()
        yield made


def nothing_changed(place: Place) -> None:
    place.garden.stop()
    proposal = place.store.proposals.get(1)
    assert proposal is not None
    assert proposal.stage is Stage.OPEN
    assert place.github.state.issues == {}


def send(place: Place, body: str, headers: dict[str, str]) -> int:
    """The status that the bot answers with."""
    request = urllib.request.Request(place.slack.request_url, body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("wrong", ["signature", "time", "body", "none", "secret"])
def test_a_request_that_slack_did_not_sign_is_not_heard(place: Place, wrong: str) -> None:
    """Another signature, an old time, a changed body, no signature at all, another secret."""
    thread = place.proposal()["thread_ts"]
    payload = place.slack.message_payload(ANN, CHANNEL, "approve", thread)
    if wrong == "secret":
        place.slack.signing_secret = "not-a-real-other-secret"
    body, signed = place.slack.request("events_api", payload)
    headers = dict(signed)
    if wrong == "signature":
        headers["X-Slack-Signature"] = "v0=" + "0" * 64
    if wrong == "time":
        headers["X-Slack-Request-Timestamp"] = str(int(headers["X-Slack-Request-Timestamp"]) - 600)
    if wrong == "body":
        body = body.replace(ANN, BOB)
    if wrong == "none":
        headers = {"Content-Type": "application/json"}
    assert send(place, body, headers) == 401
    nothing_changed(place)


def test_the_same_signed_request_twice_is_one(place: Place) -> None:
    """A replay within the time that the signature holds changes nothing more."""
    payload = place.slack.message_payload(ANN, CHANNEL, "approve", place.proposal()["thread_ts"])
    body, headers = place.slack.request("events_api", payload)
    assert [send(place, body, dict(headers)) for _ in range(3)] == [200, 200, 200]
    assert place.shown("Filed")
    place.garden.stop()
    assert place.github.sent("POST", "/issues") == 1


def of_another_message(place: Place, payload: Json) -> None:
    payload["container"]["message_ts"] = place.digest()["ts"]


def of_another_channel(place: Place, payload: Json) -> None:
    payload["container"]["channel_id"] = OTHER


def of_another_proposal(place: Place, payload: Json) -> None:
    payload["actions"][0]["value"] = payload["actions"][0]["value"].replace("1:", "2:", 1)


def of_another_text(place: Place, payload: Json) -> None:
    payload["actions"][0]["value"] = "1:" + "0" * 64


def of_no_text(place: Place, payload: Json) -> None:
    payload["actions"][0]["value"] = "1"


def of_nonsense(place: Place, payload: Json) -> None:
    payload["actions"][0]["value"] = "¹:x"


@pytest.mark.parametrize(
    "forge", [of_another_message, of_another_channel, of_another_proposal, of_another_text, of_no_text, of_nonsense]
)
def test_a_forged_click_approves_nothing(place: Place, forge: Callable[[Place, Json], None]) -> None:
    """Even an approver's, where it does not fit the message that is shown."""
    payload = place.slack.click_payload(ANN, CHANNEL, place.proposal()["ts"], "approve")
    forge(place, payload)
    body, headers = place.slack.request("interactive", payload)
    assert send(place, body, dict(headers)) == 200
    nothing_changed(place)
    assert place.slack.whispers(ANN)


@pytest.mark.parametrize("user", [BOB, GUS, ROBOT])
@pytest.mark.parametrize("how", ["reply", "click"])
def test_whoever_is_not_on_the_list_decides_nothing(place: Place, user: str, how: str) -> None:
    """By reply or by button."""
    shown = place.proposal()
    if how == "reply":
        place.slack.say(user, CHANNEL, "approve P0", shown["thread_ts"])
    else:
        place.slack.click(user, CHANNEL, shown["ts"], "approve")
    nothing_changed(place)


def test_a_reply_from_before_the_proposal_was_shown_is_not_about_it(place: Place) -> None:
    """Nobody approves what they have not seen."""
    payload = place.slack.message_payload(ANN, CHANNEL, "approve", place.proposal()["thread_ts"])
    payload["event"]["ts"] = payload["event"]["event_ts"] = "1.000001"
    body, headers = place.slack.request("events_api", payload)
    assert send(place, body, dict(headers)) == 200
    assert place.told(ANN, "when you wrote that")
    nothing_changed(place)


@pytest.mark.parametrize("text", ["file cluster 2", "escalate cluster 1 P0", "escalate 1 P1"])
def test_a_guest_and_a_bot_ask_for_nothing(place: Place, text: str) -> None:
    """They are told so."""
    for user in (GUS, ROBOT):
        place.slack.command(user, CHANNEL, text)
        assert place.told(user, "Guests and bots cannot")
    nothing_changed(place)
    assert place.store.proposals.get(2) is None


def test_a_refusal_is_recorded(place: Place) -> None:
    """Who tried what, and what they were told."""
    place.slack.say(BOB, CHANNEL, "approve P0", place.proposal()["thread_ts"])
    assert place.told(BOB, "not on the list of approvers")
    (line,) = [e for e in place.store.history.latest(f"channel {CHANNEL}") if e.verb == "refused"]
    assert line.who == BOB
    assert line.detail.startswith("approve P0: You are not on the list")


def test_in_a_channel_without_the_bot_it_says_how_to_invite_it(place: Place) -> None:
    """To the person who asked, by the address that came along."""
    place.slack.add_channel("C0SECRET", "secret", joined=False)
    place.slack.command(BOB, "C0SECRET", "file cluster 2")
    assert place.slack.wait(lambda: "/invite @" in str(place.slack.whispers(BOB, "C0SECRET")))


def test_without_a_signing_secret_http_is_not_served(place: Place) -> None:
    """Anybody could speak for Slack."""
    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET"):
        bolt(load({"SLACK_BOT_TOKEN": place.slack.bot_token}), place.garden.desk)


def test_a_reply_sent_to_the_channel_too_counts(place: Place) -> None:
    """It is a reply all the same."""
    payload = place.slack.message_payload(ANN, CHANNEL, "approve", place.proposal()["thread_ts"])
    payload["event"]["subtype"] = "thread_broadcast"
    body, headers = place.slack.request("events_api", payload)
    assert send(place, body, dict(headers)) == 200
    assert place.shown("Filed")


def test_with_an_empty_list_nobody_approves(tmp_path: Path) -> None:
    """Not even by command; what is missing is named."""
    with office(tmp_path, GARDEN_APPROVERS="") as place:
        place.round()
        place.slack.command(ANN, CHANNEL, "file cluster 1")
        place.slack.say(ANN, CHANNEL, "approve", place.proposal()["thread_ts"])
        assert place.told(ANN, "GARDEN_APPROVERS")
        nothing_changed(place)


def test_with_a_list_of_operators_others_do_not_steer(tmp_path: Path) -> None:
    """Who is on it, or may approve, does."""
    with office(tmp_path, GARDEN_OPERATORS="U0SOMEBODY") as place:
        place.round()
        place.slack.command(BOB, CHANNEL, "file cluster 1")
        assert place.told(BOB, "GARDEN_OPERATORS")
        place.slack.command(ANN, CHANNEL, "file cluster 1")
        assert place.proposal()


def test_who_left_the_group_does_not_approve_any_more(tmp_path: Path) -> None:
    """Once what was remembered of the group is forgotten."""
    with office(tmp_path) as place:
        place.round()
        place.slack.command(BOB, CHANNEL, "file cluster 1")
        shown = place.proposal()
        place.slack.groups["S0ONCALL"] = [BOB]
        place.slack.say(ANN, CHANNEL, "approve", shown["thread_ts"])
        assert place.told(ANN, "not on the list of approvers")
        nothing_changed(place)
