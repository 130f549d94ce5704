"""A desk with a team around it that can be begun again and again from the same morning: a store, a tracker in it, and
a Slack on loopback in which a digest and a proposal stand.

`Mortal` makes a process end at a chosen call: what was to come after it never comes, as after `kill -9`.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import edges as parts
from bot import pipeline, telling
from bot.analysts.patterns import Patterns
from bot.demo.slack import Channel, Slack
from bot.logs.files import FileLogs
from bot.models import Decision, Policy
from bot.ports import Edges
from bot.slack import SlackChat, SlackPeople
from bot.trackers.local import LocalTracker
from handlers import ACTIONS, COMMANDS, EVENTS, SHORTCUTS, concerns_us, forms
from handlers.desk import Desk, Handle, asked, name
from store import open_store
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, OTHER, ROBOT, bad_hour

_ALL = (
    *COMMANDS.values(),
    *ACTIONS.values(),
    *EVENTS.values(),
    *SHORTCUTS.values(),
    *(f.handle for f in forms.FORMS.values()),
)
HANDLES: dict[str, Handle] = {name(handle): handle for handle in _ALL if handle}
_VIEWS = itertools.count(1)
KEPT = {
    "stances": "cluster, stand, until, ended IS NULL, json_remove(body, '$.at')",
    "deeds": "who, json_remove(body, '$.at'), undone IS NULL",
    "decisions": "proposal, verb, who, words",
    "wishes": "channel, name, value, who",
    "links": "cluster, repository, number, who",
    "unlinked": "cluster, repository, number",
    "proposals": "id, cluster, stage, digest, issue",
    "history": "who, verb, subject, detail",
    "clusters": "number",
    "signatures": "cluster, key",
    "always": "repository, number, who",
    "wrong_causes": "cluster, source",
}
"""What people can change, without the times at which it was."""


class Died(SystemExit):
    """The process is gone."""


class Life:
    """Of one process: it ends at the nth call of the chat, or of the store's on deliveries and messages."""

    def __init__(self, last: int = 0, *, after: bool = False) -> None:
        self.last, self.after, self.calls = last, after, 0
        self.ended = threading.Event()
        self.at = ""
        self._turn = threading.Lock()

    def call(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Nothing comes after the end."""
        with self._turn:
            self.calls += 1
            mine = self.calls == self.last
            self.at = function.__name__ if mine else self.at
        if mine and not self.after:
            self.ended.set()
        self._live()
        answer = function(*args, **named)
        if mine:
            self.ended.set()
        self._live()
        return answer

    def _live(self) -> None:
        if self.ended.is_set():
            raise Died


class Mortal:
    """Some calls of a part are those of a life."""

    def __init__(self, part: object, life: Life, only: tuple[str, ...] = ()) -> None:
        self._part, self._life, self._only = part, life, only

    def __getattr__(self, wanted: str) -> Any:
        found = getattr(self._part, wanted)
        if not callable(found) or (self._only and wanted not in self._only):
            return found
        return lambda *args, **named: self._life.call(found, *args, **named)


class Shelf:
    """The store, of which some nouns are mortal."""

    def __init__(self, store: Any, life: Life) -> None:
        self._store = store
        self.deliveries = Mortal(store.deliveries, life)
        self.messages = Mortal(store.messages, life, ("begin", "remember"))
        self.history = Mortal(store.history, life, ("add",))

    def __getattr__(self, wanted: str) -> Any:
        return getattr(self._store, wanted)


@dataclass
class Morning:
    """What every run begins with."""

    folder: Path
    channels: dict[str, Channel]
    now: datetime


@dataclass
class Run:
    slack: Slack
    edges: Edges
    path: Path

    def desk(self, life: Life | None = None) -> Desk:
        """A process begins."""
        life = life or Life()
        edges = replace(self.edges, chat=Mortal(self.edges.chat, life), store=Shelf(self.edges.store, life))  # type: ignore[arg-type]
        return Desk(edges, SlackPeople(self.slack.bot_token, self.slack.url), handles=dict(HANDLES), patience=60.0)

    def changed(self) -> dict[str, list[tuple[Any, ...]]]:
        return kept(self.path)

    def said(self) -> list[tuple[str, ...]]:
        """All that is to be read: in channels, and privately."""
        found: list[tuple[str, ...]] = []
        for channel in self.slack.channels.values():
            found += [(channel.id, m.get("thread_ts", ""), m["text"]) for m in channel.messages.values()]
            found += [(channel.id, w["user"], w["text"]) for w in channel.whispers]
        return sorted(found)


def kept(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What people can change."""
    with closing(sqlite3.connect(path)) as db:
        return {
            table: sorted(db.execute(f"SELECT {columns} FROM {table}"), key=repr) for table, columns in KEPT.items()
        }


def people(slack: Slack) -> None:
    for id, called in ((ANN, "ann"), (BOB, "bob")):
        slack.add_user(id, called)
    slack.add_user(GUS, "gus", guest=True)
    slack.add_user(ROBOT, "robot", bot=True)
    slack.add_group("S0ONCALL", [ANN])


def morning(folder: Path) -> Morning:
    """Three problems; the first is filed as #1, the second has an open proposal that stands in the digest's thread."""
    now = datetime.now(UTC).replace(microsecond=0)
    (folder / "logs.json").write_text(json.dumps(bad_hour(now)), encoding="utf-8")
    with Slack() as slack, open_store(str(folder / "garden.db")) as store:
        people(slack)
        for id, called in ((CHANNEL, "logs"), (OTHER, "other")):
            slack.add_channel(id, called)
        with closing(FileLogs(str(folder / "logs.json"))) as logs:
            edges = made(folder, store, slack, now, logs)
            pipeline.round(edges)
            telling.tell(edges)
            _, proposal = telling.request(edges, 1, BOB, now)
            assert proposal is not None
            telling.settle(
                edges, Decision(proposal.id, "approve", ANN, now, proposal.digest, "Ev0"), frozenset({"S0ONCALL"})
            )
            pipeline.file(edges, proposal.id)
            telling.show(edges, proposal.id)
            telling.request(edges, 2, BOB, now)
            telling.show(edges, 2)
        shut(edges)
        return Morning(folder, deepcopy(slack.channels), now)


def made(folder: Path, store: Any, slack: Slack, now: datetime, logs: FileLogs) -> Edges:
    path = str(folder / "garden.db")
    policy = Policy(approvers=frozenset({"S0ONCALL"}))
    chat = SlackChat(slack.bot_token, slack.url)
    tracker = LocalTracker(path, clock=lambda: now)
    return Edges(logs, None, Patterns(), tracker, store, lambda: now, policy, chat, CHANNEL, wall=parts.now)


def shut(edges: Edges) -> None:
    assert isinstance(edges.tracker, LocalTracker)
    edges.tracker.shut()


@contextmanager
def run(start: Morning, folder: Path) -> Iterator[Run]:
    """The morning again, in a folder of its own."""
    folder.mkdir(parents=True)
    for file in ("garden.db", "logs.json"):
        shutil.copy(start.folder / file, folder / file)
    with (
        Slack() as slack,
        open_store(str(folder / "garden.db")) as store,
        closing(FileLogs(str(folder / "logs.json"))) as logs,
    ):
        people(slack)
        slack.channels = deepcopy(start.channels)
        edges = made(folder, store, slack, start.now, logs)
        yield Run(slack, edges, folder / "garden.db")
        shut(edges)


def deliver(desk: Desk, payload: dict[str, Any], times: int = 1) -> None:
    """As the listeners do."""
    for _ in range(times):
        handle = handle_of(payload)
        if handle is not None:
            with suppress(Died):  # in this thread, where the work was done before it was looked at
                desk.take(handle, asked(payload))


def handle_of(payload: dict[str, Any]) -> Handle | None:
    if "command" in payload:
        return COMMANDS[payload["command"]]
    if "view" in payload:
        return forms.FORMS[payload["view"]["callback_id"]].handle
    if "actions" in payload:
        action = payload["actions"][0]["action_id"]
        return next(h for k, h in ACTIONS.items() if k == action or (not isinstance(k, str) and k.fullmatch(action)))
    return EVENTS[payload["event"]["type"]] if concerns_us(payload) else None


def form(user: str, of: str, callback: str = "edit", **fields: str) -> dict[str, Any]:
    """A form that was sent, on whatever it was opened."""
    values = {name: {"value": {"type": "plain_text_input", "value": value}} for name, value in fields.items()}
    return {
        "type": "view_submission",
        "user": {"id": user},
        "view": {
            "id": f"V{next(_VIEWS)}",
            "callback_id": callback,
            "private_metadata": json.dumps({"channel": CHANNEL, "ts": "", "thread": "", "of": of}),
            "state": {"values": values},
        },
    }


def proposal_message(slack: Slack, number: int) -> dict[str, Any]:
    return next(m for m in slack.messages(CHANNEL) if m["text"].startswith(f"Proposal {number}:"))
