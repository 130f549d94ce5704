"""Stories, from log entries to the channel as a user reads it: what stands there, in which words, and how little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline, telling
from bot.analysts.patterns import Patterns
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.errors import ChatUnavailable
from bot.logs.files import FileLogs
from bot.models import Policy
from bot.ports import Edges
from bot.schedule import fires
from bot.slack import SlackChat
from bot.trackers.local import LocalTracker
from store import open_store
from tests.scenarios.office import ANN, BOB, CHANNEL, bad_hour, entry, office
from tests.scenarios.test_flood import outage

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NINE = "0 9 * * *"
HOUR = timedelta(hours=1)
Raw = dict[str, Any]


@dataclass
class Team:
    slack: Slack
    edges: Edges
    folder: Path
    rounds: int = 0

    def round(self, at: datetime, entries: list[Raw]) -> None:
        """What the schedule does at that time."""
        self.read(at, entries)
        telling.tell(self.edges, create=False)
        telling.tell_due(self.edges, NINE, fires)
        telling.drain(self.edges)

    def read(self, at: datetime, entries: list[Raw]) -> None:
        self.rounds += 1
        file = self.folder / f"{self.rounds}.json"
        beat = entry("metronome", "tick", at, f"tick-{self.rounds}", "INFO")
        file.write_text(json.dumps([*entries, beat]), encoding="utf-8")
        with closing(FileLogs(str(file))) as logs:
            self.edges = replace(self.edges, logs=logs, clock=lambda: at)
            pipeline.round(self.edges)

    def standing(self) -> list[str]:
        """What a person sees who opens the channel."""
        return [m["text"] for m in self.slack.messages(CHANNEL) if "thread_ts" not in m]

    def below(self) -> list[str]:
        """What stands in threads."""
        return [m["text"] for m in self.slack.messages(CHANNEL) if "thread_ts" in m]

    def alerts(self) -> list[str]:
        return [t for t in self.standing() if t.startswith("New P")]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with Slack() as slack, open_store(str(tmp_path / "garden.db")) as store:
        slack.add_channel(CHANNEL, "logs")
        slack.add_user(ANN, "ann")
        policy = Policy(approvers=frozenset({ANN}), repository="local")
        tracker = LocalTracker(":memory:", "local", clock=lambda: MONDAY)
        chat = SlackChat(slack.bot_token, slack.url)
        logs = FileLogs(str(tmp_path / "none.json"))
        edges = Edges(logs, None, Patterns(), tracker, store, lambda: MONDAY, policy, chat=chat, channel=CHANNEL)
        yield Team(slack, edges, tmp_path)


def test_a_bad_deployment_at_night(team: Team) -> None:
    """Told once, at once, with what it is; until the morning it is only kept up to date."""
    team.round(MONDAY, bad_hour(MONDAY))
    before = len(team.standing())
    assert team.alerts() == []
    night = MONDAY + timedelta(hours=18, minutes=10)
    team.round(night, outage(night))
    (alert,) = team.alerts()
    assert "P0" in alert
    assert "front" in str(team.slack.messages(CHANNEL))
    after = len(team.standing())
    assert after - before <= 2
    for minutes in range(15, 340, 15):
        at = night + timedelta(minutes=minutes)
        more = [{**e, "insertId": f"{e['insertId']}-{minutes}"} for e in outage(at)]
        team.round(at, more)
    assert team.alerts() == [alert]
    assert len(team.standing()) == after
    digest = team.standing()[-1]
    assert "1 P0" in digest
    assert len([t for t in team.below() if t.startswith("Proposal")]) >= 1


def test_a_flood(team: Team) -> None:
    """Forty urgent problems within an hour: a handful of messages, no severity lowered, all of them counted."""
    team.round(MONDAY, bad_hour(MONDAY))
    before = len(team.standing())
    at = MONDAY + 3 * HOUR
    flood: list[Raw] = []
    for n in range(40):
        for raw in outage(at):
            service = f"front-{chr(97 + n % 26)}{chr(97 + n // 26)}"
            labels = {**raw["resource"]["labels"], "service_name": service}
            flood.append(
                {**raw, "insertId": f"{raw['insertId']}-{n}", "resource": {**raw["resource"], "labels": labels}}
            )
    team.round(at, flood)
    team.round(at + HOUR / 4, [])
    assert 1 <= len(team.alerts()) <= 4
    assert len(team.standing()) - before <= 5
    assert "P0" in team.standing()[0]
    assert len(team.below()) <= 20


def test_a_quiet_week(team: Team) -> None:
    """One message a day, at nine, that says that it has read and that nothing is there; nothing else."""
    team.round(MONDAY, bad_hour(MONDAY - 2 * timedelta(days=1)))
    before = len(team.slack.messages(CHANNEL))
    for hours in range(24, 24 * 8, 6):
        team.round(MONDAY + hours * HOUR, [])
    assert len(team.slack.messages(CHANNEL)) - before == 7
    assert team.alerts() == []
    assert team.below() == []
    for text in team.standing()[before:]:
        assert text.startswith("Nothing needs attention. Read up to")


def test_the_bot_was_down_for_six_hours(team: Team) -> None:
    """The digest comes late, what happened meanwhile is told once, and nothing twice."""
    team.round(MONDAY, bad_hour(MONDAY))
    tuesday = MONDAY + timedelta(days=1)
    team.round(tuesday - 4 * HOUR, [])
    before = len(team.standing())
    back = tuesday + 2 * HOUR
    missed = outage(tuesday - HOUR)
    team.round(back, missed)
    (alert,) = team.alerts()
    (digest,) = [t for t in team.standing()[before:] if t != alert]
    assert "1 P0" in digest
    for minutes in (5, 10, 15):
        team.round(back + timedelta(minutes=minutes), missed)
    assert len(team.standing()) == before + 2


FAULTS = (Fault(status=503), Fault(status=429, retry_after=60), Fault(dropped="before"), Fault(dropped="after"))


@pytest.mark.parametrize("fault", FAULTS)
def test_while_slack_fails_nothing_is_lost_or_told_twice(team: Team, fault: Fault) -> None:
    """Alert, digest, changes and proposals: all of it stands there in the end, once, and in order."""
    team.round(MONDAY, bad_hour(MONDAY))
    at = MONDAY + 2 * HOUR
    for method in ("chat.postMessage", "chat.update"):
        team.slack.fail(method, fault, 4)
    team.read(at, outage(at))
    for minutes in range(20):
        team.edges = replace(team.edges, clock=lambda m=minutes: at + timedelta(minutes=m))  # type: ignore[misc]
        try:
            telling.tell(team.edges)
        except ChatUnavailable:
            continue
        finally:
            telling.drain(team.edges)
    messages = team.slack.messages(CHANNEL)
    assert len(team.alerts()) == 1
    assert len([t for t in team.standing() if not t.startswith("New P")]) == 1
    purposes = [m["metadata"]["event_payload"]["purpose"] for m in messages if "metadata" in m]
    assert len(purposes) == len(set(purposes))
    assert any(p.startswith("proposal:") for p in purposes)
    assert any(p.startswith("changes:") for p in purposes)
    assert [m["ts"] for m in messages] == sorted(m["ts"] for m in messages)


def test_an_incident_from_latest_to_filed(tmp_path: Path) -> None:
    """What is there, how urgent it is, and what is to be written: in four messages of people's."""
    with office(tmp_path) as place:
        known = place.github.add("GCP-active-dev | P3 | Seats cannot be loaded", labels=("P3",))
        state = place.github.state
        url = f"https://github.com/{place.edges.tracker.repository}/issues/889"
        state.issues[889] = state.issues.pop(known) | {"number": 889, "html_url": url}
        state.comments[889] = state.comments.pop(known)
        place.round()
        before = len(place.slack.messages(CHANNEL))
        place.slack.command(ANN, CHANNEL, "latest")
        assert place.told(ANN, "3 problems")
        assert len(place.slack.messages(CHANNEL)) == before
        place.slack.command(ANN, CHANNEL, "escalate 889 P1 nobody can book a seat")
        assert place.shown("Filed")
        assert place.slack.wait(lambda: "P3 → P1" in state.issues[889]["title"])
        assert "nobody can book a seat" in state.comments[889][-1]["body"]
        number = place.number_of("mailer")
        place.slack.command(BOB, CHANNEL, f"file cluster {number}")
        assert place.told(BOB, "Proposal 2 is in the channel")
        shown = place.proposal(2)
        place.slack.say(ANN, CHANNEL, "approve 2", shown.get("thread_ts", shown["ts"]))
        assert place.shown("Filed", 2)
        assert place.slack.wait(lambda: len(state.issues) == 2)
        assert len(place.slack.messages(CHANNEL)) == before + 3
