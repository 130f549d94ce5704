"""`garden serve` as its own process: it begins, reads on schedule, listens, and ends when it is told to."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.slack import Slack
from bot.errors import StoreError
from store import open_store
from tests.scenarios.office import ANN, BOB, CHANNEL, NEVER, REPOSITORY, bad_hour
from tests.standins.github_server import GitHubServer
from tests.standins.logging_server import LoggingServer, Trouble


@contextmanager
def serving(folder: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """The process, ended at the end whatever happens."""
    folder.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve"],
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "GARDEN_DB": str(folder / "garden.db"), **env},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def said(process: subprocess.Popen[str]) -> str:
    """All it said, once it has ended."""
    return process.communicate(timeout=20)[1]


def test_it_reads_listens_files_and_ends(tmp_path: Path) -> None:
    """A round in a process of its own, the digest, an approval over the socket, SIGTERM, exit code 0."""
    with (
        Slack() as slack,
        GitHubServer(REPOSITORY) as github,
        LoggingServer(bad_hour(datetime.now(UTC))) as logging,
    ):
        slack.add_channel(CHANNEL, "logs")
        for id in (ANN, BOB):
            slack.add_user(id, id.lower())
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GARDEN_APPROVERS": ANN, "GARDEN_SCHEDULE": "every 1h", "GARDEN_DIGEST": NEVER,
            "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": github.token, "GITHUB_API_URL": github.url,
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host, "PORT": str(free_port()),
        }  # fmt: skip
        with serving(tmp_path, **env) as bot:
            assert slack.wait(lambda: slack.sockets, 30), said(bot)
            assert slack.wait(lambda: known(slack, "latest", "checkout-api"), 30)
            slack.command(BOB, CHANNEL, "file cluster 1")
            assert slack.wait(lambda: proposals(slack), 10)
            proposal = proposals(slack)[0]
            slack.say(ANN, CHANNEL, "approve", proposal.get("thread_ts", proposal["ts"]))
            assert slack.wait(lambda: "Filed" in proposals(slack)[0]["text"], 10)
            assert len(github.state.issues) == 1
            bot.send_signal(signal.SIGTERM)
            words = said(bot)
            assert bot.returncode == 0, words
            assert "Traceback" not in words


def test_it_stops_in_the_middle_of_a_round(tmp_path: Path) -> None:
    """Within ten seconds, with the round; the next start reads on, and nothing is counted twice or left out."""
    entries = bad_hour(datetime.now(UTC))
    with Slack() as slack, LoggingServer(entries, page=4) as logging:
        slack.add_channel(CHANNEL, "logs")
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GARDEN_SCHEDULE": "every 1h", "GARDEN_DIGEST": NEVER,
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host, "PORT": str(free_port()),
            "GARDEN_BACKUP": str(tmp_path / "backups"),
        }  # fmt: skip
        with serving(tmp_path, **env) as bot:
            assert slack.wait(lambda: len(logging.requests) >= 3, 30), said(bot)
            logging.trouble = Trouble(random.Random(1), often=1.0, ways=("hang",), hang=5.0)
            asked = len(logging.requests)
            assert slack.wait(lambda: len(logging.requests) > asked, 30)
            began = time.monotonic()
            bot.send_signal(signal.SIGTERM)
            words = said(bot)
            assert time.monotonic() - began < 10
            assert bot.returncode == 0, words
        assert counted(tmp_path) < len(entries)
        logging.trouble = None
        with serving(tmp_path / "elsewhere", **env) as bot:
            assert slack.wait(lambda: counted(tmp_path / "elsewhere") == len(entries), 30), said(bot)


def counted(folder: Path) -> int:
    """Entries in the database."""
    try:
        with open_store(str(folder / "garden.db"), read_only=True) as store:
            return sum(c.entries for c in store.clusters.load(range(1, 50)))
    except StoreError:
        return 0


def test_what_is_wrong_at_the_start_is_a_sentence(tmp_path: Path) -> None:
    """Missing settings all at once; a token that Slack refuses; never a traceback."""
    with serving(tmp_path) as bot:
        words = said(bot)
        assert bot.returncode == 2
        assert "SLACK_BOT_TOKEN" in words
        assert "Traceback" not in words
    with Slack() as slack:
        env = {
            "SLACK_BOT_TOKEN": "xoxb-not-a-real-other", "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "PORT": str(free_port()),
        }  # fmt: skip
        with serving(tmp_path, **env) as bot:
            words = said(bot)
            assert bot.returncode == 1
            assert "Slack refuses the token" in words
            assert "Traceback" not in words
        env |= {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": "xapp-not-a-real-other"}
        with serving(tmp_path, **env) as bot:
            words = said(bot)
            assert bot.returncode == 1
            assert "SLACK_APP_TOKEN" in words
            assert "Traceback" not in words


def proposals(slack: Slack) -> list[dict[str, object]]:
    return [m for m in slack.messages(CHANNEL) if m["text"].startswith("Proposal")]


def known(slack: Slack, text: str, words: str) -> bool:
    """Asks until the answer has the words."""
    slack.command(BOB, CHANNEL, text)
    return slack.wait(lambda: any(words in str(w) for w in slack.whispers(BOB)), 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.campaign
def test_silence_is_told_by_the_process_itself_over_restarts(tmp_path: Path) -> None:
    """The role is taken away and the process killed and begun anew: said within two rounds, once; and when it is over.

    The three pages answer meanwhile, in Socket Mode, and the log is a line of JSON each.
    """
    with Slack() as slack, GitHubServer(REPOSITORY) as github, LoggingServer(bad_hour(datetime.now(UTC))) as logging:
        slack.add_channel(CHANNEL, "logs")
        port = free_port()
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GARDEN_SCHEDULE": "every 1m", "GARDEN_DIGEST": NEVER,
            "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": github.token, "GITHUB_API_URL": github.url,
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host, "PORT": str(port),
        }  # fmt: skip

        def told(words: str) -> int:
            return sum(m["text"].startswith(words) for m in slack.messages(CHANNEL))

        with serving(tmp_path, **env) as bot:
            assert slack.wait(lambda: slack.sockets, 30), said(bot)
            assert slack.wait(lambda: page(port, "/readyz") == 200 and logging.requests, 30)
            assert page(port, "/healthz") == page(port, "/metrics") == 200
            logging.missing = {"ticketry-prod"}
            assert slack.wait(lambda: told("The logs of ticketry-prod may not be read"), 180)
            assert slack.wait(lambda: page(port, "/readyz") == 503, 10)
            assert page(port, "/healthz") == 200
            bot.kill()
            words = said(bot)
            assert all(json.loads(line)["severity"] for line in words.splitlines() if line.startswith("{"))
            assert "may not be read" in words
        with serving(tmp_path, **env) as bot:
            assert slack.wait(lambda: slack.sockets and slack.sockets[-1].open, 30)
            asked = len(logging.requests)
            assert slack.wait(lambda: len(logging.requests) > asked, 120)
            assert told("The logs of ticketry-prod may not be read") == 1
            logging.missing = set()
            assert slack.wait(lambda: told("Over, "), 120)
            assert told("Over, ") == 1
            assert slack.wait(lambda: page(port, "/readyz") == 200, 30)
            bot.send_signal(signal.SIGTERM)
            said(bot)
            assert bot.returncode == 0


def page(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
