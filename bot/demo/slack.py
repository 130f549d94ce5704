"""A Slack workspace on loopback, for the demo and the tests; the real `slack_sdk` and Bolt talk to it.

It does what the bot uses and no more: the Web API methods of `bot.demo.methods`, Socket Mode, signed requests over
HTTP, `response_url`, uploads. In that it is strict: tokens, scopes, membership, Block Kit's limits, threads whose
parent is gone. People act through `command`, `say`, `edit` and `click`; what they see is read with `messages`,
`thread`, `whispers`. Faults are ordered with `fail`, redeliveries with `times`.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bot.demo.methods import APP, BOT_USER, SCOPES, TEAM, Error
from bot.demo.server import Fault, Handler, Server
from bot.demo.websocket import WebSocket

Json = dict[str, Any]


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    members: set[str] = field(default_factory=set)
    shared: bool = False
    messages: dict[str, Json] = field(default_factory=dict)
    whispers: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of sending something to the bot: whether and how fast it was acknowledged."""

    ok: bool
    seconds: float
    status: int = 0
    body: str = ""


class Slack:
    """The workspace. `url` is what `SLACK_API_URL` is set to; `request_url` is where the bot listens over HTTP."""

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-not-a-real-token",  # noqa: S107 -- made up, and says so
        app_token: str = "xapp-not-a-real-token",  # noqa: S107 -- made up, and says so
        signing_secret: str = "not-a-real-signing-secret",  # noqa: S107 -- made up, and says so
        scopes: Iterable[str] = SCOPES,
        port: int = 0,
    ) -> None:
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.scopes = frozenset(scopes)
        self.request_url = ""
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, Json] = {}
        self.groups: dict[str, list[str]] = {}
        self.files: dict[str, Json] = {}
        self.views: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.triggers: dict[str, tuple[str, float]] = {}
        """Who did something that a form may follow, and until when; nobody, once one did."""
        self.settling = 0.0
        """Seconds after its upload in which a picture cannot be shown yet."""
        self.rate, self.burst = 0.0, 8
        """Messages per second that a channel takes, and how many at once; 0 takes any number."""
        self.limited = 0
        """Messages that came too fast."""
        self._next: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, list[Fault]] = {}
        self.response_urls: dict[str, Json] = {}
        self.sockets: list[WebSocket] = []
        self.changed = threading.Condition(threading.RLock())
        self._acknowledged: dict[str, Json] = {}
        self._ids = itertools.count(1)
        self._ts = 0
        self._server = Server(("127.0.0.1", port), type("Bound", (Handler,), {"slack": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="slack", daemon=True)
        self.add_user(BOT_USER, "garden", bot=True)

    def __enter__(self) -> Slack:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/api/"

    # ------------------------------------------------------------ who and where

    def add_user(self, id: str, name: str, *, guest: bool = False, bot: bool = False, stranger: bool = False) -> str:
        self.users[id] = {
            "id": id, "team_id": TEAM, "name": name, "real_name": name.title(), "deleted": False, "is_bot": bot,
            "is_restricted": guest, "is_ultra_restricted": False, "is_stranger": stranger, "tz": "Europe/Berlin",
        }  # fmt: skip
        return id

    def add_group(self, id: str, members: Iterable[str]) -> str:
        self.groups[id] = list(members)
        return id

    def add_channel(self, id: str, name: str, *, joined: bool = True, shared: bool = False) -> str:
        self.channels[id] = Channel(id, name, {BOT_USER} if joined else set(), shared)
        return id

    # ------------------------------------------------------------ what is to be seen

    def messages(self, channel: str) -> list[Json]:
        """Everything that stands in the channel, oldest first; replies with their `thread_ts`."""
        with self.changed:
            return [dict(m) for m in self.channels[channel].messages.values()]

    def thread(self, channel: str, ts: str) -> list[Json]:
        return [m for m in self.messages(channel) if m.get("thread_ts") == ts and m["ts"] != ts]

    def whispers(self, user: str, channel: str = "") -> list[Json]:
        """What only that person sees: ephemeral messages and private answers to commands."""
        with self.changed:
            places = [self.channels[channel]] if channel else list(self.channels.values())
            return [dict(w) for c in places for w in c.whispers if w["user"] == user]

    def wait(self, until: Callable[[], object], seconds: float = 30.0) -> bool:
        """Waits until something holds, looking whenever the workspace changes and now and then; whether it does."""
        until_when = time.monotonic() + seconds
        with self.changed:
            while not (holds := bool(until())) and time.monotonic() < until_when:
                self.changed.wait(0.05)
        return holds

    # ------------------------------------------------------------ what people do

    def command(self, user: str, channel: str, text: str, *, times: int = 1, command: str = "/garden") -> Delivery:
        return self._send("slash_commands", self.command_payload(user, channel, text, command), times)

    def say(self, user: str, channel: str, text: str, thread: str = "", *, times: int = 1) -> Delivery:
        """A message; one that names the bot comes a second time, as a mention."""
        payload = self.message_payload(user, channel, text, thread)
        sent = self._send("events_api", payload, times)
        if f"<@{BOT_USER}>" in text:
            self._send("events_api", self._event({**payload["event"], "type": "app_mention"}), times)
        return sent

    def edit(self, user: str, channel: str, ts: str, text: str, *, times: int = 1) -> Delivery:
        """Somebody edits a message of theirs: Slack sends a `message_changed`."""
        with self.changed:
            before = dict(self.channels[channel].messages[ts])
            after = {**before, "text": text, "edited": {"user": user, "ts": self.ts()}}
            self.channels[channel].messages[ts] = after
        event = {
            "type": "message", "subtype": "message_changed", "hidden": True, "channel": channel, "ts": self.ts(),
            "message": after, "previous_message": before, "channel_type": "channel",
        }  # fmt: skip
        return self._send("events_api", self._event(event), times)

    def click(self, user: str, channel: str, ts: str, action_id: str, *, times: int = 1) -> Delivery:
        return self._send("interactive", self.click_payload(user, channel, ts, action_id), times)

    def remove(self, channel: str, ts: str) -> None:
        """Somebody deletes a message."""
        with self.changed:
            del self.channels[channel].messages[ts]
            self.changed.notify_all()

    # ------------------------------------------------------------ the payloads of these

    def command_payload(self, user: str, channel: str, text: str, command: str = "/garden") -> Json:
        return {
            "token": "legacy", "team_id": TEAM, "team_domain": "garden", "channel_id": channel,
            "channel_name": self.channels[channel].name, "user_id": user, "user_name": self.users[user]["name"],
            "command": command, "text": text, "api_app_id": APP, "is_enterprise_install": "false",
            "response_url": self._response_url(user, channel), "trigger_id": self.trigger(user),
        }  # fmt: skip

    def message_payload(self, user: str, channel: str, text: str, thread: str = "") -> Json:
        event: Json = {
            "type": "message", "user": user, "text": text, "ts": self.ts(), "channel": channel, "team": TEAM,
            "channel_type": "channel", "client_msg_id": self._id("msg"),
        }  # fmt: skip
        if self.users[user]["is_bot"]:
            event |= {"bot_id": "B0OTHER", "subtype": "bot_message"}
        if thread:
            event["thread_ts"] = thread
        with self.changed:
            self.channels[channel].messages[event["ts"]] = dict(event)
            self.changed.notify_all()
        return self._event({**event, "event_ts": event["ts"]})

    def click_payload(self, user: str, channel: str, ts: str, action_id: str) -> Json:
        place = self.channels[channel]
        whispered = ts not in place.messages
        message = next(w for w in place.whispers if w["ts"] == ts) if whispered else place.messages[ts]
        found = [
            (block, e)
            for block in message.get("blocks", [])
            for e in [*block.get("elements", []), *filter(None, [block.get("accessory")])]
            if e.get("action_id") == action_id
        ]
        block, element = found[0]
        action = {
            "action_id": action_id, "block_id": block.get("block_id", "b"), "type": element["type"],
            "text": element.get("text"), "value": element.get("value", ""), "action_ts": self.ts(),
        }  # fmt: skip
        return {
            "type": "block_actions", "token": "legacy", "api_app_id": APP, "team": {"id": TEAM, "domain": "garden"},
            "user": {"id": user, "name": self.users[user]["name"], "team_id": TEAM},
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": whispered},
            "channel": {"id": channel, "name": self.channels[channel].name}, "message": message,
            "state": {"values": {}}, "trigger_id": self.trigger(user),
            "response_url": self._response_url(user, channel), "actions": [action],
        }  # fmt: skip

    def _event(self, event: Json) -> Json:
        return {
            "token": "legacy", "team_id": TEAM, "api_app_id": APP, "event": event, "type": "event_callback",
            "event_id": self._id("Ev"), "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "enterprise_id": None}],
        }  # fmt: skip

    def trigger(self, user: str) -> str:
        """What a form is shown by, for three seconds."""
        id = self._id("trigger")
        self.triggers[id] = (user, time.monotonic() + 3.0)
        return id

    def _response_url(self, user: str, channel: str) -> str:
        key = self._id("answer")
        self.response_urls[key] = {"user": user, "channel": channel, "uses": 5, "until": time.monotonic() + 1800}
        return f"http://{self.address}/response/{key}"

    # ------------------------------------------------------------ delivery

    def _send(self, kind: str, payload: Json, times: int) -> Delivery:
        """Delivers `times` times, as Slack does where an acknowledgement got lost; the first one's outcome."""
        over_socket = self.sockets and any(s.open for s in self.sockets)
        send = self._over_socket if over_socket else self._over_http
        deliveries = [send(kind, payload, attempt) for attempt in range(times)]
        return deliveries[0]

    def _over_socket(self, kind: str, payload: Json, attempt: int) -> Delivery:
        envelope: Json = {
            "envelope_id": self._id("envelope"), "type": kind, "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }  # fmt: skip
        if attempt:
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
        socket = next(s for s in reversed(self.sockets) if s.open)
        start = time.monotonic()
        socket.send(json.dumps(envelope))
        ok = self.wait(lambda: envelope["envelope_id"] in self._acknowledged, 3.0)
        answer = self._acknowledged.get(envelope["envelope_id"], {})
        return Delivery(ok, time.monotonic() - start, 200 if ok else 0, json.dumps(answer.get("payload", "")))

    def _over_http(self, kind: str, payload: Json, attempt: int) -> Delivery:
        body, headers = self.request(kind, payload, attempt)
        start = time.monotonic()
        post = urllib.request.Request(self.request_url, body.encode(), dict(headers))  # noqa: S310 -- loopback
        try:
            with urllib.request.urlopen(post, timeout=3.0) as answer:  # noqa: S310 -- loopback
                return Delivery(True, time.monotonic() - start, answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Delivery(False, time.monotonic() - start, error.code, error.read().decode())
        except OSError:
            return Delivery(False, time.monotonic() - start)

    def request(self, kind: str, payload: Json, attempt: int = 0) -> tuple[str, Mapping[str, str]]:
        """Body and signed headers of the request that Slack would send."""
        if kind == "events_api":
            body, content = json.dumps(payload), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content = urlencode(form), "application/x-www-form-urlencoded"
        stamp = str(int(time.time()))
        signed = hmac.new(self.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed}",
        }
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
        return body, headers

    def acknowledged(self, text: str) -> None:
        """What a socket's client sent back."""
        answer = json.loads(text)
        with self.changed:
            self._acknowledged[answer.get("envelope_id", "")] = answer
            self.changed.notify_all()

    # ------------------------------------------------------------ faults

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """The next calls of the method go wrong."""
        self.faults.setdefault(method, []).extend([fault] * times)

    def refresh(self) -> None:
        """Asks for a new socket, as Slack does every few hours, and closes the old ones once it is there."""
        old = [s for s in self.sockets if s.open]
        for socket in old:
            socket.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}))
        self.wait(lambda: len(self.sockets) > len(old))
        for socket in old:
            socket.close()
            self.sockets.remove(socket)

    def disconnect(self) -> None:
        """Closes all sockets, without a word before."""
        for socket in self.sockets:
            socket.close()
        self.sockets.clear()

    def in_time(self, channel: str) -> None:
        """Refuses a message that comes too soon after the others in its channel."""
        if self.rate:
            now, every = time.monotonic(), 1 / self.rate
            at = max(self._next.get(channel, 0.0), now - (self.burst - 1) * every)
            if at > now:
                self.limited += 1
                raise Error("ratelimited", status=429)
            self._next[channel] = at + every

    # ------------------------------------------------------------ small things

    def ts(self) -> str:
        """A new timestamp, unlike any before."""
        with self.changed:
            self._ts = max(self._ts + 1, time.time_ns() // 1000)
            return f"{self._ts // 1_000_000}.{self._ts % 1_000_000:06d}"

    def _id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids)}"
