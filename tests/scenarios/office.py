"""A team's whole office on loopback: Slack, GitHub, logs and a serving bot, spoken to by the real libraries.

Ann may approve (she is in the group on call), Bob is a full member, Gus is a guest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import edges as parts
from bot import pipeline, telling
from bot.app import Garden
from bot.demo.slack import Slack
from bot.logs.files import FileLogs
from bot.models import Report
from bot.ports import Clock, Edges, Logs
from bot.schedule import Rounds
from bot.settings import Settings, load
from bot.slack import SlackChat, SlackPeople
from bot.trackers.github import GitHubTracker
from store import Store, open_store
from store.keeper import Keeper
from tests.standins.github_server import GitHubServer

CHANNEL, OTHER = "C0LOGS", "C0OTHER"
ANN, BOB, GUS, ROBOT = "U0ANN", "U0BOB", "U0GUS", "U0ROBOT"
REPOSITORY = "ticketry/platform"
MANIFEST: dict[str, Any] = json.loads((Path(__file__).parents[2] / "manifest.json").read_text(encoding="utf-8"))
"""What the app asks for when it is created; the office grants no more."""
NEVER = "0 3 1 jan *"

_MODULE = """Traceback (most recent call last):
  File "/srv/checkout/main.py", line 7, in <module>
    from checkout.fees import rules
ModuleNotFoundError: No module named 'fees'"""


def entry(service: str, text: str, at: datetime, id: str, severity: str = "ERROR") -> dict[str, Any]:
    """A log entry as Cloud Logging's JSON has it."""
    stamp = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "insertId": id,
        "logName": "projects/ticketry-prod/logs/run.googleapis.com%2Fstderr",
        "timestamp": stamp,
        "receiveTimestamp": stamp,
        "severity": severity,
        "textPayload": text,
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "service_name": service,
                "revision_name": f"{service}-00042-abc",
                "location": "europe-west1",
                "project_id": "ticketry-prod",
            },
        },
        "labels": {"instanceId": f"{service}-instance-1"},
    }


def bad_hour(now: datetime, id: str = "e") -> list[dict[str, Any]]:
    """Three problems of three services within the last hour."""
    out = []
    for n in range(12):
        at = now - timedelta(minutes=55 - 4 * n)
        out += [
            entry("checkout-api", _MODULE, at, f"{id}-fees-{n}"),
            entry("seat-map", f"connection to database refused: host 10.0.0.{n}", at, f"{id}-db-{n}"),
            entry(
                "mailer", f"could not render template for order {1000 + n}: missing key 'seat'", at, f"{id}-mail-{n}"
            ),
        ]
    return out


@dataclass
class Place:
    slack: Slack
    github: GitHubServer
    store: Store
    edges: Edges
    garden: Garden
    settings: Settings

    def round(self) -> Report:
        """What the schedule does: a round, then the digest."""
        report = pipeline.round(self.edges)
        telling.tell(self.edges, report)
        return report

    def drain(self) -> None:
        """What the schedule does every minute."""
        self.garden.desk.writer.submit(telling.drain, self.edges).result()

    def digest(self) -> dict[str, Any]:
        """The digest as it stands in the channel."""
        return next(m for m in self.slack.messages(CHANNEL) if "thread_ts" not in m and "bot_id" in m)

    def proposal(self, number: int = 1) -> dict[str, Any]:
        """The message of a proposal, once it is there."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [m for m in self.slack.messages(CHANNEL) if m["text"].startswith(f"Proposal {number}:")]
            return bool(found)

        assert self.slack.wait(there), f"no proposal {number}; {self.slack.whispers(BOB)}"
        return found[0]

    def told(self, user: str, words: str, channel: str = CHANNEL) -> bool:
        """Whether the person was told so privately, sooner or later."""
        return self.slack.wait(lambda: any(words in w["text"] for w in self.slack.whispers(user, channel)))

    def shown(self, words: str, number: int = 1) -> bool:
        """Whether the proposal's message comes to say that."""
        return self.slack.wait(lambda: words in self.proposal(number)["text"])

    def number_of(self, service: str) -> int:
        """The cluster of a service."""
        report = pipeline.look(self.edges, telling.Window(self.edges.clock() - telling.DAY, self.edges.clock()))
        return next(p.number for p in report.problems if p.cluster.service == service)


def settings_for(slack: Slack, github: GitHubServer, folder: Path, socket: bool, **more: str) -> Settings:
    env = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.url,
        "GARDEN_CHANNEL": CHANNEL,
        "GARDEN_APPROVERS": "S0ONCALL",
        "GARDEN_DB": str(folder / "garden.db"),
        "GARDEN_SCHEDULE": NEVER,
        "GARDEN_DIGEST": NEVER,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": github.token,
        "GITHUB_API_URL": github.url,
        "GOOGLE_CLOUD_PROJECT": "ticketry-prod",
        **({"SLACK_APP_TOKEN": slack.app_token} if socket else {}),
        **more,
    }
    settings = load({name: value for name, value in env.items() if value})
    assert settings.problems == ()
    return replace(settings, port=0)


@contextmanager
def office(
    folder: Path,
    *,
    socket: bool = True,
    logs: Logs | None = None,
    clock: Clock = parts.now,
    rounds: Rounds | None = None,
    give_up: Callable[[], object] = parts.now,
    slack: Slack | None = None,
    keeper: Keeper | None = None,
    **more: str,
) -> Iterator[Place]:
    """Everything started; stopped at the end, when all that was begun is done."""
    with ExitStack() as stack:
        slack = slack or stack.enter_context(Slack(scopes=MANIFEST["oauth_config"]["scopes"]["bot"]))
        github = stack.enter_context(GitHubServer(REPOSITORY))
        for id, name in ((ANN, "ann"), (BOB, "bob")):
            slack.add_user(id, name)
        slack.add_user(GUS, "gus", guest=True)
        slack.add_user(ROBOT, "robot", bot=True)
        slack.add_group("S0ONCALL", [ANN])
        for id, name in ((CHANNEL, "logs"), (OTHER, "other")):
            if id not in slack.channels:
                slack.add_channel(id, name)
        settings = settings_for(slack, github, folder, socket, **more)
        if keeper is None:
            store = stack.enter_context(open_store(str(settings.db)))
        else:
            store = stack.enter_context(keeper).open()
        if logs is None and not settings.logging_emulator_host:
            file = folder / "logs.json"
            file.write_text(json.dumps(bad_hour(datetime.now(UTC))), encoding="utf-8")
            logs = stack.enter_context(closing(FileLogs(str(file))))
        chat = SlackChat(slack.bot_token, slack.url)
        tracker = GitHubTracker(REPOSITORY, token=github.token, base_url=github.url, pause=0)
        built = replace(parts.build(settings, store, logs=logs, chat=chat, clock=clock, hold=keeper), tracker=tracker)
        people = SlackPeople(slack.bot_token, slack.url)
        garden = Garden(settings, built, people, rounds=rounds or Rounds(("true",)), give_up=give_up, keeper=keeper)
        garden.start()
        slack.request_url = f"http://127.0.0.1:{garden.web.port}/slack/events"
        try:
            if socket:
                assert slack.wait(lambda: slack.sockets)
            yield Place(slack, github, store, built, garden, settings)
        finally:
            garden.stop()
            if keeper is not None:
                keeper.close()
        assert not [t for t in threading.enumerate() if t.name.startswith("garden-")]
