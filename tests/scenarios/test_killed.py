"""`garden serve`, killed again and again while Slack delivers: one effect and one answer of each delivery.

Real processes and `kill -9`, at moments that nobody chose; each delivery comes up to four times, in whatever life of
the bot it meets. `test_deliveries.py` has the same with a process that ends at each single call.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack import Slack
from tests.scenarios.desks import Morning, deliver, kept, morning, people, run
from tests.scenarios.office import CHANNEL, NEVER
from tests.scenarios.test_deliveries import WAYS, settle
from tests.scenarios.test_serve import free_port, said, serving
from tests.standins.logging_server import LoggingServer

MIXED = ("take", "settings", "file", "approve", "an operator's escalate", "show")
"""None of them changes what another one comes to."""
ALIVE = 0.8
"""Seconds at most that a process has, once Slack delivers to it."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return morning(tmp_path_factory.mktemp("morning"))


def effects(path: Path) -> dict[str, Any]:
    """What was changed, however it was ordered, and at whatever time."""
    changed = kept(path)
    return {
        "stances": sorted((cluster, stand, open_) for cluster, stand, _, open_, *_ in changed["stances"]),
        "wishes": changed["wishes"],
        "links": changed["links"],
        "decisions": sorted(d[1:] for d in changed["decisions"]),
        "proposals": sorted((cluster, stage, issue) for _, cluster, stage, _, issue in changed["proposals"]),
    }


def private(slack: Slack) -> Counter[str]:
    """What people were answered; which number a proposal got depends on what came first."""
    texts = [f"{w['user']} {w['text']}" for c in slack.channels.values() for w in c.whispers]
    return Counter(t.partition("Proposal ")[0] for t in texts)


def by_itself(start: Morning, folder: Path) -> tuple[dict[str, Any], Counter[str]]:
    """Each once, and nothing goes wrong."""
    with run(start, folder) as place:
        for way in MIXED:
            desk = place.desk()
            deliver(desk, WAYS[way](place.slack))
            desk.close()
        settle(place)
        return effects(place.path), private(place.slack)


def killed(start: Morning, folder: Path, dice: random.Random, kills: int) -> None:
    changed, answers = by_itself(start, folder / "whole")
    with run(start, folder / "killed"):
        pass  # a copy of the morning
    with Slack() as slack, LoggingServer([]) as logging:
        people(slack)
        slack.channels = deepcopy(start.channels)
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GARDEN_APPROVERS": "S0ONCALL", "GARDEN_SCHEDULE": NEVER, "GARDEN_DIGEST": NEVER,
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host, "PORT": str(free_port()),
        }  # fmt: skip
        payloads = [WAYS[way](slack) for way in MIXED]
        left = [p for p in payloads for _ in range(3)]
        dice.shuffle(left)
        for life in range(kills):
            with serving(folder / "killed", **env) as bot:
                assert slack.wait(lambda: listening(slack), 240), said(bot)
                some, left = left[: len(left) // (kills - life)], left[len(left) // (kills - life) :]
                threads = [threading.Thread(target=send, args=(slack, p)) for p in some]
                for thread in threads:
                    thread.start()
                time.sleep(dice.uniform(0.0, ALIVE))
                bot.kill()
                bot.wait()
            slack.disconnect()
            for thread in threads:
                thread.join()
        minutes_pass(folder / "killed" / "garden.db")
        with serving(folder / "killed", **env) as bot:
            assert slack.wait(lambda: listening(slack), 240), said(bot)
            for payload in payloads:
                send(slack, payload)
            assert slack.wait(lambda: not answers - private(slack), 60), answers - private(slack)
            path = folder / "killed" / "garden.db"
            assert slack.wait(lambda: effects(path) == changed, 60), {
                noun: (found, changed[noun]) for noun, found in effects(path).items() if found != changed[noun]
            }
        twice = private(slack) - answers
        assert not twice, "the answer to a command takes the place of the one before"
        shown = Counter(
            m["text"].partition(":")[0] for m in slack.messages(CHANNEL) if m["text"].startswith("Proposal")
        )
        assert set(shown.values()) == {1}


def minutes_pass(path: Path) -> None:
    """A claim on filing that a dead process has ends after five; nobody runs meanwhile."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE proposals SET lease_until = 1 WHERE stage = 'filing'")


def send(slack: Slack, payload: dict[str, Any]) -> None:
    slack._send("slash_commands" if "command" in payload else "events_api", payload, 1)


def listening(slack: Slack) -> bool:
    return any(s.open for s in slack.sockets)


def test_a_bot_that_is_killed_while_slack_delivers_does_each_once(start: Morning, tmp_path: Path, seed: int) -> None:
    """Its life is cut short; what came then is done, and answered, in the next one."""
    killed(start, tmp_path, random.Random(seed), 1)


@pytest.mark.campaign
@pytest.mark.parametrize("run_", range(12))
def test_it_may_be_killed_at_any_moment(run_: int, start: Morning, tmp_path: Path, seed: int) -> None:
    """Five lives each time."""
    killed(start, tmp_path, random.Random(seed * 1000 + run_), 5)
