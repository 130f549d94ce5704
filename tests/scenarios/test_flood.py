"""Floods on the way that `garden serve` takes: the spawned round, the real client, the digest in the channel."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack import Slack
from tests.scenarios.asking import sane
from tests.scenarios.office import CHANNEL, NEVER, entry
from tests.scenarios.test_serve import free_port, said, serving
from tests.standins.claude_server import ClaudeServer
from tests.standins.logging_server import LoggingServer

CONSENT = 'model_services = ["*"]\n'


@dataclass
class Town:
    """Slack, logs and Claude on loopback, and the environment of a bot among them."""

    slack: Slack
    logging: LoggingServer
    claude: ClaudeServer
    folder: Path
    env: dict[str, str]

    def round(self) -> None:
        """What the schedule spawns."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
        subprocess.run(
            [sys.executable, "-m", "bot.cli", "round"], check=True, cwd=self.folder, stdout=subprocess.DEVNULL,
            env={**kept, "PYTHONPATH": str(Path(__file__).parents[2]), **self.env},
        )  # fmt: skip

    def digest(self) -> str:
        """The digest as it stands in the channel, once it is there."""
        found: list[Any] = []

        def there() -> bool:
            found[:] = [m for m in self.slack.messages(CHANNEL) if "thread_ts" not in m and "bot_id" in m]
            return bool(found)

        assert self.slack.wait(there, 30 if len(self.logging.entries) < 1_000 else 900)
        return str(found[0]["blocks"])

    def bills(self) -> list[tuple[float, int]]:
        with sqlite3.connect(self.folder / "garden.db") as db:
            return list(db.execute("SELECT dollars, round FROM spend ORDER BY id"))


@contextmanager
def town(folder: Path, **env: str) -> Iterator[Town]:
    (folder / "garden.toml").write_text(CONSENT, encoding="utf-8")
    with Slack() as slack, LoggingServer() as logging, ClaudeServer() as claude:
        slack.add_channel(CHANNEL, "logs")
        claude.answer = sane
        yield Town(
            slack, logging, claude, folder,
            {
                "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
                "GARDEN_CHANNEL": CHANNEL, "GARDEN_SCHEDULE": "every 1h", "GARDEN_DIGEST": NEVER,
                "PORT": str(free_port()),
                "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host,
                "ANTHROPIC_API_KEY": "not-a-real-key", "ANTHROPIC_BASE_URL": claude.url,
                "GARDEN_DB": str(folder / "garden.db"), **env,
            },
        )  # fmt: skip


def equal(count: int, now: datetime) -> list[dict[str, Any]]:
    """One line, again and again."""
    return [
        entry("checkout-api", "connection to database refused: host 10.0.0.7", now - timedelta(seconds=n / 4), f"e{n}")
        for n in range(count)
    ]


def different(count: int, now: datetime) -> list[dict[str, Any]]:
    """Each its own problem: another service, another exception, another file."""
    out = []
    for n in range(count):
        name = "".join(chr(97 + int(d)) for d in f"{n:05}")
        text = (
            f'Traceback (most recent call last):\n  File "/srv/{name}.py", line 7, in {name}\n    run()\n'
            f"{name.title()}Error: {name} does not answer"
        )
        made = entry(f"part-{n}", "", now - timedelta(minutes=50, milliseconds=-100 * n), f"d{n}")
        del made["textPayload"]
        made["resource"]["labels"]["revision_name"] = "part-00042-abc"
        out.append({**made, "jsonPayload": {"message": text}})
    return out


def outage(now: datetime) -> list[dict[str, Any]]:
    """A P0, which posts the digest at once."""
    out = []
    for n in range(25):
        made = entry("front", "", now - timedelta(minutes=10, seconds=n), f"p{n}")
        del made["textPayload"]
        asked = {"requestMethod": "GET", "requestUrl": "https://tickets.example/orders", "status": 503}
        out.append({**made, "httpRequest": asked, "logName": "projects/x/logs/run.googleapis.com%2Frequests"})
    return out


def test_ten_thousand_equal_lines_are_one_request(tmp_path: Path) -> None:
    """One problem, one request; a second round over the same lines sends none."""
    with town(tmp_path) as place:
        place.logging.entries = equal(10_000, datetime.now(UTC) - timedelta(minutes=2))
        place.round()
        del place.logging.entries[100:]
        place.round()
        assert len(place.claude.requests) == 1
        assert "occurrences: 10000" in place.claude.requests[0].question
        assert len(place.bills()) == 1


def flood(folder: Path, count: int) -> None:
    """So many new problems in one round of a serving bot; then once more, unchanged."""
    with town(folder, GARDEN_BUDGET="0.60", GARDEN_ROUND_BUDGET="0.30", GARDEN_RESERVE="50%") as place:
        place.logging.entries = different(count - 1, datetime.now(UTC)) + outage(datetime.now(UTC))
        place.claude.usage = {"input_tokens": 2_000, "output_tokens": 1_500}
        with serving(folder, **place.env) as bot:
            shown = place.digest()
            bot.terminate()
            words = said(bot)
            assert "Traceback" not in words
        asked = len(place.claude.requests)
        spent = sum(dollars for dollars, _ in place.bills())
        assert 5 <= asked == len(place.bills()) < 40
        assert 0.2 < spent <= 0.30
        left_out = re.search(r"([\d,]+) problems? (?:was|were) left to the table of patterns", shown)
        assert left_out, shown[-600:]
        assert int(left_out[1].replace(",", "")) == count - asked
        place.round()
        assert len(place.claude.requests) == asked


def test_a_flood_of_new_problems_stays_under_the_ceilings(tmp_path: Path) -> None:
    """A hundred at once: requests and money end at the round's ceiling, and the digest says what was left out."""
    flood(tmp_path, 100)


@pytest.mark.campaign
def test_a_flood_of_five_thousand_stays_under_the_ceilings(tmp_path: Path) -> None:
    """The same with five thousand."""
    flood(tmp_path, 5_000)
