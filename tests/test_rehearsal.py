"""`garden doctor --live`, against the stand-ins: everything is tried, nothing is left, and what is wrong is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import kinds
from bot.cli import cli
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.doctor import Check, examine
from bot.rehearsal import rehearse
from bot.render import slack
from bot.settings import Secret, Settings
from bot.slack import SlackChat
from tests.scenarios.office import CHANNEL, MANIFEST, REPOSITORY, bad_hour, settings_for
from tests.standins.github_server import GitHubServer
from tests.standins.logging_server import LoggingServer


@dataclass
class Stage:
    slack: Slack
    github: GitHubServer
    logging: LoggingServer
    settings: Settings

    def chat(self) -> SlackChat:
        """In no hurry to be slow."""
        return SlackChat(self.slack.bot_token, self.slack.url)

    def goes(self, *, write: bool = False) -> tuple[dict[str, Check], list[str]]:
        """What came of it, by name; and all texts that stood in the channel at some time."""
        checks, seen = {}, {}
        for check in rehearse(self.settings, write=write, chat=self.chat()):
            checks[check.name] = check
            seen |= {m["ts"]: f"{m['text']} {m.get('files', '')}" for m in self.slack.messages(CHANNEL)}
        return checks, list(seen.values())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with (
        Slack(scopes=MANIFEST["oauth_config"]["scopes"]["bot"]) as slack,
        GitHubServer(REPOSITORY) as github,
        LoggingServer(bad_hour(datetime.now(UTC))) as logging,
    ):
        slack.add_channel(CHANNEL, "logs")
        yield Stage(
            slack, github, logging, settings_for(slack, github, tmp_path, True, LOGGING_EMULATOR_HOST=logging.host)
        )


def test_everything_is_tried_in_a_thread_and_nothing_is_left(stage: Stage, tmp_path: Path) -> None:
    """Each kind of message once; the bot's own database and the repository are as they were."""
    checks, seen = stage.goes()
    assert {name: c.words for name, c in checks.items() if c.wrong} == {}
    assert re.search(r"[1-9]\d* entries of the last half hour", checks["Round"].words)
    for words in ("rehearsal", "Proposal 1", "Filed", "not on the list of approvers", "I am silent", "Over", "a bug"):
        assert any(words in text for text in seen), (words, seen)
    assert any("rehearsal.md" in text for text in seen)
    assert stage.slack.messages(CHANNEL) == []
    assert not stage.slack.files
    assert list(tmp_path.glob("garden.db*")) == []
    assert {s.verb for s in stage.github.requests} == {"GET"}
    assert "Not tried" in checks["Writing issues"].words


def test_each_kind_of_message_is_posted_and_each_view_is_held_against_slacks_own_rules(stage: Stage) -> None:
    """Everything that the renderer can make, by name; and what is refused is named, too."""
    checks, seen = stage.goes()
    said = checks["Messages"].words
    made = set(re.findall(r"slack\.(\w+)\(", Path(kinds.__file__).read_text(encoding="utf-8")))
    elsewhere = {"digest", "proposal", "condition", "over", "sentence", "help_page", "person", "unescaped", "written"}
    assert {n for n in slack.__all__ if n.islower()} - made - elsewhere == set()
    for name in ("an alert", "a page of a list", "a picker of clusters", "coverage", "a checked claim"):
        assert name in said
    assert len(seen) > 35
    assert "the home tab" in checks["Views"].words
    assert stage.slack.calls["blocks.validate"] == 4
    assert not stage.slack.views
    assert not stage.slack.homes
    stage.slack.fail("blocks.validate", Fault(error="invalid_blocks"))
    assert "Slack would not take the form of a proposal" in stage.goes()[0]["Views"].words


def test_all_stands_in_one_thread_and_nothing_can_be_pressed(stage: Stage) -> None:
    """A button of a rehearsal would be taken for one of the bot that serves."""
    places, pressed = set(), []
    for _ in rehearse(stage.settings, chat=stage.chat()):
        for message in stage.slack.messages(CHANNEL):
            places.add(message.get("thread_ts", message["ts"]))
            pressed += [b for b in message.get("blocks", []) if b["type"] == "actions"]
    assert len(places) == 1
    assert pressed == []


def test_with_leave_to_write_one_issue_is_filed_commented_on_and_closed(stage: Stage) -> None:
    """And says that it is to be ignored."""
    checks, _ = stage.goes(write=True)
    (issue,) = stage.github.state.issues.values()
    assert checks["Writing issues"].mark == "ok"
    assert (issue["state"], issue["state_reason"], issue["comments"]) == ("closed", "not_planned", 1)
    assert "please ignore" in issue["title"]


def test_what_is_wrong_is_said_and_the_rest_is_tried_all_the_same(stage: Stage) -> None:
    """No role for the logs, a token that may only read, a message that Slack keeps."""
    stage.logging.missing = {"ticketry-prod"}
    stage.github.fault("forbidden", "POST", "/issues")
    stage.slack.fail("chat.delete", Fault(error="compliance_exports_prevent_deletion"))
    checks, _ = stage.goes(write=True)
    assert "roles/logging.viewer" in checks["Round"].words
    assert {name for name, c in checks.items() if c.wrong} == {"Round", "Writing issues", "Cleaning up"}
    assert "by hand" in checks["Cleaning up"].words
    assert len(stage.slack.messages(CHANNEL)) == 1


def test_a_rehearsal_that_is_broken_off_cleans_up(stage: Stage) -> None:
    """Somebody presses Ctrl-C in the middle."""
    going = rehearse(stage.settings, chat=stage.chat())
    for check in going:
        if check.name == "Proposal":
            break
    assert stage.slack.messages(CHANNEL)
    going.close()
    assert stage.slack.messages(CHANNEL) == []


def test_a_channel_that_cannot_be_posted_to_ends_it(stage: Stage) -> None:
    """In words; nothing is left to clean up."""
    stage.slack.channels[CHANNEL].members.clear()
    checks, _ = stage.goes()
    assert list(checks) == ["Thread"]
    assert "/invite" in checks["Thread"].words


def test_an_approver_that_slack_does_not_know_and_a_token_that_it_refuses_are_named(stage: Stage) -> None:
    """By the checks that go before."""
    stage.slack.add_group("S0ONCALL", [])
    fine = {c.name: c for c in examine(stage.settings)}
    assert {name for name, c in fine.items() if c.wrong} == set()
    wrong = replace(stage.settings, approvers=frozenset({"S0ONCALL", "U0NOBODY"}), slack_app_token=Secret("xapp-other"))
    found = {c.name: c.words for c in examine(wrong) if c.wrong}
    assert "U0NOBODY" in found["Approvers"]
    assert "SLACK_APP_TOKEN" in found["Slack"]


def test_write_is_for_live() -> None:
    """Said, not ignored."""
    result = CliRunner().invoke(cli, ["doctor", "--write"])
    assert result.exit_code == 2
    assert "garden doctor --live --write" in result.output
