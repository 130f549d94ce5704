"""The way against a Slack and a GitHub that nobody here wrote; commands and replies come as signed requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from slack_bolt import BoltRequest
from slack_sdk.signature import SignatureVerifier

from bot import edges as parts
from bot import pipeline, telling
from bot.app import bolt
from bot.logs.files import FileLogs
from bot.settings import load
from bot.slack import SlackChat, SlackPeople
from bot.trackers.github import GitHubTracker
from handlers.desk import Desk
from store import open_store
from tests.scenarios.office import NEVER, bad_hour
from tests.standins.emulate import BOT_TOKEN, GITHUB_TOKEN, REPOSITORY, Emulate, emulate

SECRET = "not-a-real-signing-secret"


def signed(body: str, content: str) -> BoltRequest:
    """A request as Slack signs it."""
    stamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body) or ""
    headers = {"content-type": content, "x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    return BoltRequest(body=body, headers=headers)


def command(user: str, channel: str, text: str) -> BoltRequest:
    form = {"command": "/garden", "text": text, "user_id": user, "channel_id": channel, "team_id": "T000000001",
            "trigger_id": f"t-{user}-{text}", "response_url": ""}  # fmt: skip
    return signed(urlencode(form), "application/x-www-form-urlencoded")


def reply(user: str, channel: str, text: str, thread: str) -> BoltRequest:
    now = f"{time.time():.6f}"
    event = {"type": "message", "user": user, "channel": channel, "text": text, "ts": now, "thread_ts": thread}
    outer = {"type": "event_callback", "event_id": f"Ev-{user}-{text}", "team_id": "T000000001", "event": event,
             "authorizations": [{"team_id": "T000000001", "user_id": "U000000001", "is_bot": True}]}  # fmt: skip
    return signed(json.dumps(outer), "application/json")


def soon(look: Callable[[], Any]) -> Any:
    """What `look` finds, within ten seconds."""
    until = time.monotonic() + 10
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def thread_of(world: Emulate, ts: str) -> list[dict[str, Any]]:
    answer = world.ask_slack("conversations.replies", channel=world.channel, ts=ts)
    return [m for m in answer["messages"] if m["ts"] != ts]


def test_the_way_against_a_stand_in_that_nobody_here_wrote(tmp_path: Path) -> None:
    """Digest, proposal in its thread, one issue with the marker, link in the message; somebody else is refused."""
    with emulate(tmp_path) as world, open_store(str(tmp_path / "garden.db")) as store:
        ann, bob = world.people["ann"], world.people["bob"]
        settings = load({
            "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": world.slack,
            "GARDEN_CHANNEL": world.channel, "GARDEN_APPROVERS": ann, "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": GITHUB_TOKEN, "GITHUB_API_URL": world.github, "GARDEN_SCHEDULE": NEVER,
        })  # fmt: skip
        assert settings.problems == ()
        file = tmp_path / "logs.json"
        file.write_text(json.dumps(bad_hour(datetime.now(UTC))), encoding="utf-8")
        chat = SlackChat(BOT_TOKEN, world.slack)
        tracker = GitHubTracker(REPOSITORY, token=GITHUB_TOKEN, base_url=world.github, pause=0)
        edges = replace(parts.build(settings, store, logs=FileLogs(str(file)), chat=chat), tracker=tracker)
        desk = Desk(edges, SlackPeople(BOT_TOKEN, world.slack))
        app = bolt(settings, desk)

        pipeline.round(edges)
        digest = telling.tell(edges)
        assert digest is not None
        standing = world.ask_slack("conversations.history", channel=world.channel)["messages"]
        assert "ModuleNotFoundError" in str(standing)

        for _ in range(2):
            assert app.dispatch(command(bob, world.channel, "file cluster 1")).status == 200
        proposals = soon(lambda: thread_of(world, digest.ts))
        assert [m["text"].split(":")[0] for m in proposals] == ["Proposal 1"]

        for _ in range(2):
            assert app.dispatch(reply(bob, world.channel, "approve", digest.ts)).status == 200
            assert app.dispatch(reply(ann, world.channel, "approve", digest.ts)).status == 200
        shown = soon(lambda: [m for m in thread_of(world, digest.ts) if "Filed" in m["text"]])
        desk.close()
        app.listener_runner.listener_executor.shutdown()

        issues = world.ask_github(f"/repos/{REPOSITORY}/issues?state=all")
        proposal = store.proposals.get(1)
        assert proposal is not None
        assert len(issues) == 1
        assert proposal.marker in issues[0]["body"]
        assert issues[0]["html_url"] in shown[0]["text"]
        assert f"approved by <@{ann}>" in shown[0]["text"]
