"""The first round takes stock, and the past is read as known: both tell nobody of it but once, and propose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import pipeline, telling
from bot.analysts.patterns import Patterns
from bot.cli import cli
from bot.demo.slack import Slack
from bot.logs.cloud import CloudLogs
from bot.models import Policy, Scope, Window
from bot.ports import Edges
from bot.slack import SlackChat
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.scenarios.office import CHANNEL, bad_hour, entry
from tests.standins.logging_server import LoggingServer, Time

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Team:
    slack: Slack
    server: LoggingServer
    store: Store
    clock: Time

    def edges(self, *, past: bool = False, pages: int = 300) -> Edges:
        logs = CloudLogs(
            [Scope("ticketry-prod")], clock=self.clock, sources=self.store.sources, quota=self.store.quota, past=past,
            emulator=self.server.host, pause=self.clock.sleep, pages=pages,
        )  # fmt: skip
        chat = SlackChat(self.slack.bot_token, self.slack.url)
        tracker = LocalTracker(":memory:", "local", clock=self.clock)
        policy = Policy(repository="local")
        return Edges(logs, None, Patterns(), tracker, self.store, self.clock, policy, chat=chat, channel=CHANNEL)

    def proposals(self) -> list[int]:
        numbers = self.store.clusters.between(Window(NOW - 400 * DAY, NOW + DAY))
        return [n for n in numbers if self.store.proposals.open(n)]

    def categories(self) -> set[str]:
        numbers = self.store.clusters.between(Window(NOW - 400 * DAY, NOW + DAY))
        return {p.triage.category for p in self.store.clusters.problems(numbers)}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with Slack() as slack, LoggingServer() as server, open_store(str(tmp_path / "garden.db")) as store:
        slack.add_channel(CHANNEL, "logs")
        yield Team(slack, server, store, Time(NOW))


def test_the_first_round_is_one_summary(team: Team) -> None:
    """All that it finds is known, nothing is proposed, and the digest says so; so it is after a cut, too."""
    team.server.entries = [*bad_hour(NOW - DAY / 2, "a"), *bad_hour(NOW, "b")]
    team.server.page = 20
    pipeline.round(team.edges(pages=1))
    telling.tell(team.edges(), create=False)
    pipeline.round(team.edges())
    telling.tell(team.edges(), create=False)
    assert team.categories() == {"active-dev"}
    assert team.proposals() == []
    standing = team.slack.messages(CHANNEL)
    assert len(standing) == 1
    assert "baseline" in str(standing[0])

    team.clock.sleep(300)
    team.server.entries = [
        *team.server.entries,
        *(entry("gate", "out of memory: killed process 7", NOW + timedelta(seconds=n), f"n{n}") for n in range(60)),
    ]
    pipeline.round(team.edges())
    assert "new" in team.categories()
    assert not team.store.rounds.took_stock()


def test_the_past_is_known(team: Team) -> None:
    """Read in steps, in between rounds, once: nothing alerts, nothing is proposed, and read again nothing is new."""
    team.server.entries = bad_hour(NOW)
    pipeline.round(team.edges())
    old = [*bad_hour(NOW - 20 * DAY, "old"), *bad_hour(NOW - 25 * DAY, "older")]
    team.server.entries = [*team.server.entries, *old]
    team.server.page = 20

    read = pipeline.backfill(team.edges(past=True, pages=1), 30 * DAY).new_entries
    while team.store.sources.behind(past=True):
        team.clock.sleep(60)
        pipeline.round(team.edges())
        read += pipeline.backfill(team.edges(past=True, pages=1)).new_entries
    assert read == len(old)
    assert team.categories() == {"active-dev"}
    assert team.proposals() == []
    assert pipeline.backfill(team.edges(past=True), 30 * DAY).entries == 0
    counted = sum(c.entries for c in team.store.clusters.load(team.store.clusters.between(Window(NOW - 40 * DAY, NOW))))
    assert counted == len(team.server.entries)
    assert team.store.rounds.read_until() is not None


def test_what_a_killed_backfill_read_is_known_and_what_a_killed_round_read_is_new(team: Team) -> None:
    """Whichever comes next, each is thought about as what it was."""
    pipeline.round(team.edges())
    team.server.entries = [entry("mailer", "disk quota exceeded", NOW - 3 * DAY, f"m{n}") for n in range(9)]
    edges = team.edges(past=True)
    window = edges.logs.window(None, 10 * DAY)
    pipeline.collect(edges, team.store.rounds.begin("cloud", window, NOW, baseline=True), window)
    team.clock.sleep(300)
    pipeline.round(team.edges())
    assert team.categories() == {"active-dev"}

    team.server.entries = [
        entry("gate", "lock file is there", NOW + timedelta(seconds=300 + n), f"g{n}") for n in range(9)
    ]
    team.clock.sleep(300)
    edges = team.edges()
    window = edges.logs.window(None, None)
    pipeline.collect(edges, team.store.rounds.begin("cloud", window, NOW), window)
    pipeline.backfill(replace(team.edges(past=True)), 20 * DAY)
    assert team.categories() == {"active-dev", "new"}


def test_the_commands(tmp_path: Path) -> None:
    """`garden round` and `garden backfill` read from the real clock, and say what they read."""
    now = datetime.now(UTC)
    with LoggingServer([*bad_hour(now, "now"), *bad_hour(now - 9 * DAY, "old")]) as server:
        env = {
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": server.host,
            "GARDEN_DB": str(tmp_path / "garden.db"), "GARDEN_SERVICES": "", "ANTHROPIC_API_KEY": "",
        }  # fmt: skip

        def garden(*words: str) -> tuple[int, str]:
            done = CliRunner().invoke(cli, words, env=env)
            return done.exit_code, done.output

        assert garden("backfill", "--since", "30d")[1].startswith("Nothing was read yet.")
        assert garden("round")[0] == 0
        assert garden("backfill", "--since", "30d") == (0, "Read 36 entries. All of them count as known.\n")
        assert garden("backfill", "--since", "30d") == (0, "Read 0 entries. All of them count as known.\n")
