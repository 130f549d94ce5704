"""How fast a command is acknowledged while all else is busy, beside a Bolt app that does nothing else.

    make bench                      or: python bench/ack.py [--entries 100000] [--commands 100] [--load 0]

`garden serve` runs as its own process, over a socket, with the logs, Slack and Claude on loopback. While the round that
it spawned reads the entries, and six questions hang at the model, as many commands come at once. The other app is in
a process of its own, too: real Bolt, a socket to the same Slack, a listener that acknowledges.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from _bars import bar

from bot.demo.slack import Delivery, Slack

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.scenarios.office import ANN, BOB, CHANNEL, NEVER, bad_hour
from tests.scenarios.test_flood import equal
from tests.scenarios.test_serve import free_port, serving
from tests.standins.claude_server import ClaudeServer
from tests.standins.logging_server import LoggingServer

HANGING = 6
LINES = ("latest", "show 1", "status", "history", "snoozed", "help", "take 1", "search refused")
PLAIN = """
import os, threading
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
app = App(client=WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
app.command("/garden")(lambda ack: ack())
SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect()
threading.Event().wait()
"""


def together(slack: Slack, count: int) -> list[Delivery]:
    """As many commands at once, of all sorts."""
    with ThreadPoolExecutor(count) as pool:
        ready = threading.Barrier(count)

        def one(number: int) -> Delivery:
            ready.wait()
            return slack.command(BOB, CHANNEL, LINES[number % len(LINES)])

        return list(pool.map(one, range(count)))


@contextmanager
def plain(slack: Slack) -> Iterator[None]:
    """A Bolt app that only acknowledges."""
    env = {**os.environ, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token,
           "SLACK_API_URL": slack.url}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", PLAIN], env=env, stderr=subprocess.DEVNULL)
    try:
        assert slack.wait(lambda: slack.sockets, 30), "the plain app does not begin"
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many other processes that want the processor, for ten minutes at most."""
    spin = "import time; end = time.monotonic() + 600\nwhile time.monotonic() < end: pass"
    others = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def workspace(slack: Slack) -> None:
    slack.add_channel(CHANNEL, "logs")
    for id in (ANN, BOB):
        slack.add_user(id, id.lower())


def ours(entries: int, count: int, folder: Path) -> tuple[list[Delivery], bool]:
    """The deliveries, and whether the round was still at work when the last was acknowledged."""
    (folder / "garden.toml").write_text('model_services = ["*"]\n', encoding="utf-8")
    now = datetime.now(UTC)
    hold = threading.Event()
    with Slack() as slack, LoggingServer(bad_hour(now)) as logging, ClaudeServer() as claude:
        workspace(slack)
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.url,
            "GARDEN_CHANNEL": CHANNEL, "GARDEN_SCHEDULE": "every 1h", "GARDEN_DIGEST": NEVER,
            "GOOGLE_CLOUD_PROJECT": "ticketry-prod", "LOGGING_EMULATOR_HOST": logging.host,
            "ANTHROPIC_API_KEY": "not-a-real-key", "ANTHROPIC_BASE_URL": claude.url, "PORT": str(free_port()),
        }  # fmt: skip
        with serving(folder, **env):
            assert slack.wait(lambda: slack.sockets, 60), "the bot does not begin"
            assert slack.wait(lambda: known(slack), 90), "nothing was read"
            logging.entries = equal(entries, now + timedelta(minutes=1))
            asked = len(logging.requests)
            slack.command(ANN, CHANNEL, "run")
            assert slack.wait(lambda: len(logging.requests) > asked, 60), "no round begins"
            claude.answer = lambda received: {"held": hold.wait(120)}
            for number in range(HANGING):
                slack.command(ANN, CHANNEL, f"ask {1 + number % 3} since when does it happen, {number}?")
            found = together(slack, count)
            busy = not any("logs are read up to" in w["text"] for w in slack.whispers(ANN))
            hold.set()
            return found, busy


def known(slack: Slack) -> bool:
    slack.command(BOB, CHANNEL, "latest")
    return slack.wait(lambda: any("checkout" in str(w) for w in slack.whispers(BOB)), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--commands", type=int, default=100)
    parser.add_argument("--load", type=int, default=0)
    asked = parser.parse_args()
    with busy(asked.load), Slack() as slack:
        workspace(slack)
        with plain(slack):
            time.sleep(1)
            peer = together(slack, asked.commands)
    with busy(asked.load), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found, reading = ours(asked.entries, asked.commands, Path(folder))
    print(f"{asked.commands} commands at once; a round over {asked.entries:,} entries and {HANGING} questions at work")
    for name, deliveries in (("bolt, only acknowledging", peer), ("garden serve", found)):
        times = sorted(d.seconds * 1000 for d in deliveries)
        lost = sum(not d.ok for d in deliveries)
        p50, p99 = statistics.median(times), times[min(len(times) - 1, round(len(times) * 0.99) - 1)]
        print(f"  {name:26} p50 {p50:6.0f} ms   p99 {p99:6.0f} ms   slowest {times[-1]:6.0f} ms   lost {lost}")
    if not reading:
        sys.exit("The round had ended before; take more entries.")
    bar("ack: slowest of the commands, ms", max(d.seconds for d in found) * 1000, most=500)


if __name__ == "__main__":
    main()
