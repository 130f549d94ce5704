"""The Slack on loopback is as strict as the real one, and as unreliable as one orders it to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.demo.slack import Slack
from tests.scenarios.office import ANN, BOB, CHANNEL, office


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as workspace:
        workspace.add_channel(CHANNEL, "logs")
        workspace.add_user(ANN, "ann")
        yield workspace


def client(slack: Slack, token: str = "") -> WebClient:
    return WebClient(token or slack.bot_token, base_url=slack.url)


def section(text: str = "x") -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section()] * 51, "invalid_blocks"),
        ([section("x" * 3001)], "invalid_blocks"),
        ([section("")], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}], "invalid_blocks"),
        ([{"type": "actions", "elements": []}], "invalid_blocks"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}], "invalid_blocks"),
        ([{**section(), "block_id": "same"}, {**section(), "block_id": "same"}], "invalid_blocks"),
        ([{"type": "dance"}], "invalid_blocks"),
        ([section("x" * 2999)] * 5, "msg_blocks_too_long"),
    ],
)
def test_what_slack_refuses_is_refused(slack: Slack, blocks: list[dict[str, object]], error: str) -> None:
    """Also what the SDK lets through."""
    with pytest.raises(SlackApiError) as caught:
        client(slack).chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)
    assert caught.value.response["error"] == error


def test_tokens_and_scopes_are_checked(slack: Slack) -> None:
    """Each method wants its kind of token."""
    for token, error in (("xoxb-not-a-real-other", "invalid_auth"), (slack.app_token, "not_allowed_token_type")):
        with pytest.raises(SlackApiError) as caught:
            client(slack, token).chat_postMessage(channel=CHANNEL, text="x")
        assert caught.value.response["error"] == error
    with pytest.raises(SlackApiError):
        client(slack).apps_connections_open(app_token=slack.bot_token)


def test_a_reply_to_a_parent_that_is_gone_stands_at_top_level(slack: Slack) -> None:
    """Silently, as Slack does it."""
    parent = client(slack).chat_postMessage(channel=CHANNEL, text="x")["ts"]
    slack.remove(CHANNEL, parent)
    answer = client(slack).chat_postMessage(channel=CHANNEL, text="y", thread_ts=parent)
    assert "thread_ts" not in answer["message"]


def test_an_edit_with_text_alone_keeps_the_blocks_and_is_bounded(slack: Slack) -> None:
    """4,000 bytes."""
    web = client(slack)
    ts = web.chat_postMessage(channel=CHANNEL, text="x", blocks=[section()])["ts"]
    web.chat_update(channel=CHANNEL, ts=ts, text="y")
    assert slack.messages(CHANNEL)[0]["blocks"] == [section()]
    with pytest.raises(SlackApiError):
        web.chat_update(channel=CHANNEL, ts=ts, text="ü" * 2001)


def test_an_answers_address_works_five_times(slack: Slack) -> None:
    """And not a sixth."""
    url = slack.command_payload(ANN, CHANNEL, "help")["response_url"]
    assert [WebhookClient(url).send(text="x").status_code for _ in range(6)] == [200] * 5 + [404]
    assert len(slack.whispers(ANN)) == 5


def test_the_bot_comes_back_after_the_socket_was_closed(tmp_path: Path) -> None:
    """Slack closes sockets every few hours."""
    with office(tmp_path) as place:
        (before,) = place.slack.sockets
        place.slack.refresh()
        assert before not in place.slack.sockets
        assert place.slack.command(BOB, CHANNEL, "help").ok
        assert place.told(BOB, "You can type")
