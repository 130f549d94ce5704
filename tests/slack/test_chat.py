"""The outbound edge, spoken through the real slack_sdk to the Slack on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.errors import ChatUnavailable, Forbidden, NotFound
from bot.models import Message
from bot.slack import SlackChat, SlackPeople

HELLO = Message("hello", ({"type": "section", "text": {"type": "mrkdwn", "text": "hello"}},))


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as workspace:
        workspace.add_channel("C0LOGS", "logs")
        workspace.add_channel("C0SECRET", "secret", joined=False)
        workspace.add_user("U0ANN", "ann")
        yield workspace


@pytest.fixture
def chat(slack: Slack) -> SlackChat:
    return SlackChat(slack.bot_token, slack.url)


def test_a_message_is_posted_edited_and_answered_in_its_thread(slack: Slack, chat: SlackChat) -> None:
    """Text and blocks arrive; an edit replaces both; a reply stands below."""
    ts = chat.post("C0LOGS", HELLO)
    chat.update("C0LOGS", ts, Message("changed"))
    chat.post("C0LOGS", HELLO, ts)
    first, second = slack.messages("C0LOGS")
    assert (first["text"], first["blocks"]) == ("changed", [])
    assert second["thread_ts"] == ts


def test_a_dropped_connection_never_posts_twice(slack: Slack, chat: SlackChat) -> None:
    """Where the answer is lost after Slack has posted, nothing is sent again, and the error says so."""
    slack.fail("chat.postMessage", Fault(dropped="after"))
    with pytest.raises(ChatUnavailable):
        chat.post("C0LOGS", HELLO)
    assert slack.calls["chat.postMessage"] == 1
    assert len(slack.messages("C0LOGS")) == 1


def test_an_edit_is_sent_again_after_a_dropped_connection(slack: Slack, chat: SlackChat) -> None:
    """What may be repeated is."""
    ts = chat.post("C0LOGS", HELLO)
    slack.fail("chat.update", Fault(dropped="before"))
    chat.update("C0LOGS", ts, Message("changed"))
    assert slack.messages("C0LOGS")[0]["text"] == "changed"


def test_a_short_rate_limit_is_waited_out_and_a_long_one_is_not(slack: Slack, chat: SlackChat) -> None:
    """A long wait is left to the next try, which is told when."""
    slack.fail("chat.postMessage", Fault(status=429, retry_after=0))
    chat.post("C0LOGS", HELLO)
    slack.fail("chat.postMessage", Fault(status=429, retry_after=600))
    with pytest.raises(ChatUnavailable) as caught:
        chat.post("C0LOGS", HELLO)
    assert caught.value.retry_at is not None
    assert len(slack.messages("C0LOGS")) == 1


@pytest.mark.parametrize(
    ("channel", "words"),
    [("C0SECRET", "/invite @garden"), ("C0NOWHERE", "never invited")],
)
def test_a_refusal_says_how_to_mend_it(slack: Slack, chat: SlackChat, channel: str, words: str) -> None:
    """The words name what to type."""
    with pytest.raises(Forbidden, match=words):
        chat.post(channel, HELLO)


def test_a_wrong_token_and_a_missing_scope_are_told_apart() -> None:
    """The scope that is missing is named."""
    with Slack(scopes={"chat:write"}) as workspace:
        workspace.add_channel("C0LOGS", "logs")
        with pytest.raises(Forbidden, match="SLACK_BOT_TOKEN"):
            SlackChat("xoxb-not-a-real-other-token", workspace.url).post("C0LOGS", HELLO)
        with pytest.raises(Forbidden, match="usergroups:read"):
            SlackPeople(workspace.bot_token, workspace.url).groups("U0ANN", {"S0TEAM"})


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(error="fatal_error"), Fault(dropped="before")])
def test_what_passes_is_unavailable_and_not_forbidden(slack: Slack, chat: SlackChat, fault: Fault) -> None:
    """Trying later helps."""
    slack.fail("chat.postMessage", fault)
    with pytest.raises(ChatUnavailable):
        chat.post("C0LOGS", HELLO)


def test_a_message_that_is_gone_is_not_found(chat: SlackChat) -> None:
    """So that it can be posted anew."""
    with pytest.raises(NotFound):
        chat.update("C0LOGS", "1.1", HELLO)


def test_a_whisper_is_for_one_and_a_file_arrives_whole(slack: Slack, chat: SlackChat) -> None:
    """Nobody else sees the whisper; the file's bytes are the ones sent."""
    chat.whisper("C0LOGS", "U0ANN", HELLO)
    assert [w["text"] for w in slack.whispers("U0ANN")] == ["hello"]
    assert slack.messages("C0LOGS") == []
    chat.upload("C0LOGS", "worklog.md", "# ü\n".encode())
    assert [f["content"] for f in slack.files.values()] == ["# ü\n".encode()]
    assert slack.messages("C0LOGS")[0]["files"][0]["name"] == "worklog.md"


def test_a_text_that_an_edit_would_not_take_is_cut_on_whole_characters(slack: Slack, chat: SlackChat) -> None:
    """An edit takes 4,000 bytes of text."""
    ts = chat.post("C0LOGS", Message("ü" * 5000))
    chat.update("C0LOGS", ts, Message("ü" * 5000))
    assert slack.messages("C0LOGS")[0]["text"].rstrip("…") == "ü" * 1948


def test_people_are_remembered_for_a_while(slack: Slack) -> None:
    """Groups and guests are asked for once; a group or a person that is gone counts for nothing."""
    slack.add_user("U0GUEST", "guest", guest=True)
    slack.add_user("U0BOT", "robot", bot=True)
    slack.add_group("S0ONCALL", ["U0ANN"])
    people = SlackPeople(slack.bot_token, slack.url)
    for _ in range(3):
        assert people.groups("U0ANN", {"S0ONCALL", "S0GONE", "U0ANN"}) == {"S0ONCALL"}
        assert [people.full_member(u) for u in ("U0ANN", "U0GUEST", "U0BOT", "U0NOBODY")] == [True, False, False, False]
    assert slack.calls["usergroups.users.list"] == 2
    assert slack.calls["users.info"] == 4
