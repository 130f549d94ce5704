"""The Web API of the Slack on loopback: the methods that the bot calls, and the HTTP around them.

Each method gets the arguments and answers as Slack documents it, `{"ok": false, "error": ...}` included.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from bot.demo.blocks import MOST_CHARACTERS, characters, problems
from bot.demo.websocket import WebSocket, accept

if TYPE_CHECKING:
    from bot.demo.slack import Channel, Slack

Json = dict[str, Any]
LONGEST_BODY = 8 << 20
PING = 0.25
"""Seconds between two pings over a socket."""
TEAM, APP, BOT_USER, BOT = "T0GARDEN", "A0GARDEN", "U0GARDENER", "B0GARDENER"


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call goes wrong: an error in words, a status, or a connection that is dropped.

    `dropped` is `before` (nothing happened) or `after` (it happened, and the answer is lost).
    """

    error: str = ""
    status: int = 200
    retry_after: int = 0
    dropped: str = ""


class Error(Exception):
    """A method's refusal, as Slack words it."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **more}


def auth_test(slack: Slack, args: Json) -> Json:
    url = f"http://{slack.address}/"
    return {"url": url, "team": "Garden", "user": "gardener", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}


def post_message(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    _check(args)
    message = _ours(slack, args)
    parent = args.get("thread_ts")
    if parent and parent in channel.messages:
        message["thread_ts"] = channel.messages[parent].get("thread_ts", parent)
    channel.messages[message["ts"]] = message
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    message = channel.messages.get(str(args.get("ts", "")))
    if message is None:
        raise Error("message_not_found")
    if message.get("user") != BOT_USER:
        raise Error("cant_update_message")
    _check(args)
    if len(str(args.get("text", "")).encode()) > 4000:
        raise Error("msg_too_long")
    message["text"] = args.get("text", message["text"])
    if args.get("blocks") is not None:
        message["blocks"] = args["blocks"]
    message["edited"] = {"user": BOT_USER, "ts": slack.ts()}
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}


def post_ephemeral(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    if args.get("user") not in slack.users:
        raise Error("user_not_in_channel")
    _check(args)
    whisper = {**_ours(slack, args), "user": args["user"], "thread_ts": args.get("thread_ts", "")}
    channel.whispers.append(whisper)
    return {"message_ts": whisper["ts"]}


def permalink(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    ts = str(args.get("message_ts", ""))
    if ts not in channel.messages:
        raise Error("message_not_found")
    return {"channel": channel.id, "permalink": f"http://{slack.address}/archives/{channel.id}/p{ts.replace('.', '')}"}


def conversation(slack: Slack, args: Json) -> Json:
    c = _channel(slack, args)
    return {"channel": {"id": c.id, "name": c.name, "is_channel": True, "is_ext_shared": c.shared,
                        "is_member": BOT_USER in c.members}}  # fmt: skip


def replies(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    ts = str(args.get("ts", ""))
    if ts not in channel.messages:
        raise Error("thread_not_found")
    found = [m for m in channel.messages.values() if m["ts"] == ts or m.get("thread_ts") == ts]
    return {"messages": found, "has_more": False}


def user(slack: Slack, args: Json) -> Json:
    found = slack.users.get(str(args.get("user", "")))
    if found is None:
        raise Error("user_not_found")
    return {"user": found}


def group(slack: Slack, args: Json) -> Json:
    found = slack.groups.get(str(args.get("usergroup", "")))
    if found is None:
        raise Error("no_such_subteam")
    return {"users": found}


def open_view(slack: Slack, args: Json) -> Json:
    if not args.get("trigger_id"):
        raise Error("invalid_arguments")
    view = {"id": f"V{len(slack.views) + 1}", **args["view"]}
    slack.views.append(view)
    return {"view": view}


def upload_url(slack: Slack, args: Json) -> Json:
    id = f"F{len(slack.files) + 1}"
    slack.files[id] = {"id": id, "name": args["filename"], "length": int(args["length"]), "content": b""}
    return {"upload_url": f"http://{slack.address}/upload/{id}", "file_id": id}


def complete_upload(slack: Slack, args: Json) -> Json:
    wanted = json.loads(args["files"]) if isinstance(args["files"], str) else args["files"]
    channel = _joined(slack, {"channel": args.get("channel_id") or args.get("channels")})
    done = []
    for each in wanted:
        file = slack.files.get(each["id"])
        if file is None or len(file["content"]) != file["length"]:
            raise Error("file_not_found")
        done.append({"id": file["id"], "title": each.get("title") or file["name"], "name": file["name"]})
    message = {**_ours(slack, {"text": args.get("initial_comment") or ""}), "files": done}
    if args.get("thread_ts") in channel.messages:
        message["thread_ts"] = args["thread_ts"]
    channel.messages[message["ts"]] = message
    return {"files": done}


def connect(slack: Slack, args: Json) -> Json:
    return {"url": f"ws://{slack.address}/socket"}


METHODS: dict[str, tuple[str, Callable[[Slack, Json], Json]]] = {
    "auth.test": ("", auth_test),
    "chat.postMessage": ("chat:write", post_message),
    "chat.update": ("chat:write", update),
    "chat.postEphemeral": ("chat:write", post_ephemeral),
    "chat.getPermalink": ("", permalink),
    "conversations.info": ("channels:read", conversation),
    "conversations.replies": ("channels:history", replies),
    "users.info": ("users:read", user),
    "usergroups.users.list": ("usergroups:read", group),
    "views.open": ("", open_view),
    "files.getUploadURLExternal": ("files:write", upload_url),
    "files.completeUploadExternal": ("files:write", complete_upload),
    "apps.connections.open": ("connections:write", connect),
}
"""Method to the scope that it needs."""
SCOPES = frozenset(scope for scope, _ in METHODS.values() if scope) - {"connections:write"} | {"commands"}


def _ours(slack: Slack, args: Json) -> Json:
    message = {"type": "message", "user": BOT_USER, "bot_id": BOT, "text": args.get("text") or "", "ts": slack.ts()}
    if args.get("blocks"):
        message["blocks"] = args["blocks"]
    return message


def _channel(slack: Slack, args: Json) -> Channel:
    found = slack.channels.get(str(args.get("channel", "")))
    if found is None:
        raise Error("channel_not_found")
    return found


def _joined(slack: Slack, args: Json) -> Channel:
    found = _channel(slack, args)
    if BOT_USER not in found.members:
        raise Error("not_in_channel")
    return found


def _check(args: Json) -> None:
    blocks = args.get("blocks")
    if isinstance(blocks, str):
        blocks = args["blocks"] = json.loads(blocks)
    if not args.get("text") and not blocks:
        raise Error("no_text")
    if len(args.get("text") or "") > 40_000:
        raise Error("msg_too_long")
    if blocks:
        found = problems(blocks)
        if found:
            raise Error("invalid_blocks", response_metadata={"messages": [f"[ERROR] {f}" for f in found]})
        if characters(blocks) > MOST_CHARACTERS:
            raise Error("msg_blocks_too_long")


def _keep_awake(socket: WebSocket, closed: threading.Event) -> None:
    """Pings, as Slack does; a client that waits for the next message can close meanwhile."""
    while not closed.wait(PING):
        socket.ping()


class Handler(BaseHTTPRequestHandler):
    """Web API, `response_url`, uploads and the socket, over HTTP."""

    slack: Slack
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/socket" and self.headers.get("Upgrade", "").lower() == "websocket":
            self._socket()
        elif path.startswith("/api/"):
            self._api(path.removeprefix("/api/"), {})
        else:
            self._answer(404, {"ok": False, "error": "not_found"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LONGEST_BODY))
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            self._api(path.removeprefix("/api/"), self._arguments(body))
        elif path.startswith("/response/"):
            self._response(path.removeprefix("/response/"), json.loads(body))
        elif path.startswith("/upload/"):
            self.slack.files[path.removeprefix("/upload/")]["content"] = body
            self._answer(200, {"ok": True})
        else:
            self._answer(404, {"ok": False, "error": "not_found"})

    def _arguments(self, body: bytes) -> Json:
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return dict(json.loads(body or b"{}"))
        return dict(parse_qsl(body.decode(), keep_blank_values=True))

    def _api(self, method: str, args: Json) -> None:
        slack = self.slack
        with slack.changed:
            slack.calls[method] += 1
            waiting = slack.faults.get(method)
            fault = waiting.pop(0) if waiting else Fault()
            slack.changed.notify_all()
            if fault.dropped == "before":
                return self._drop()
            if fault.error or fault.status != 200:
                error = fault.error or ("ratelimited" if fault.status == 429 else "internal_error")
                return self._answer(fault.status, {"ok": False, "error": error}, retry_after=fault.retry_after)
            try:
                answer = {"ok": True, **self._call(method, args)}
            except Error as refused:
                answer = refused.answer
            slack.changed.notify_all()
        if fault.dropped == "after":
            return self._drop()
        return self._answer(200, answer)

    def _call(self, method: str, args: Json) -> Json:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")
        if not token:
            raise Error("not_authed")
        needs_app = method == "apps.connections.open"
        if token not in (self.slack.bot_token, self.slack.app_token):
            raise Error("invalid_auth")
        if (token == self.slack.app_token) != needs_app:
            raise Error("not_allowed_token_type")
        if method not in METHODS:
            raise Error("unknown_method")
        scope, function = METHODS[method]
        if scope and not needs_app and scope not in self.slack.scopes:
            raise Error("missing_scope", needed=scope, provided=",".join(sorted(self.slack.scopes)))
        return function(self.slack, args)

    def _response(self, key: str, args: Json) -> None:
        slack = self.slack
        with slack.changed:
            known = slack.response_urls.get(key)
            if known is None or known["uses"] <= 0 or time.monotonic() > known["until"]:
                return self._answer(404, {"ok": False, "error": "used_url"})
            known["uses"] -= 1
            try:
                _check(args)
            except Error as refused:
                return self._answer(200, refused.answer)
            channel = slack.channels[known["channel"]]
            message = _ours(slack, args)
            if args.get("response_type") == "in_channel":
                channel.messages[message["ts"]] = message
            else:
                channel.whispers.append({**message, "user": known["user"], "thread_ts": args.get("thread_ts", "")})
            slack.changed.notify_all()
        return self._answer(200, {"ok": True})

    def _socket(self) -> None:
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept(self.headers.get('Sec-WebSocket-Key', ''))}\r\n\r\n"
        )
        self.wfile.write(head.encode())
        self.wfile.flush()
        self.connection.settimeout(None)
        socket = WebSocket(self.rfile, self.wfile)
        socket.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0GARDEN"}}))
        with self.slack.changed:
            self.slack.sockets.append(socket)
            self.slack.changed.notify_all()
        closed = threading.Event()
        threading.Thread(target=_keep_awake, args=(socket, closed), daemon=True).start()
        while (text := socket.receive()) is not None:
            self.slack.acknowledged(text)
        closed.set()
        self.close_connection = True

    def _drop(self) -> None:
        """Hangs up without an answer."""
        self.close_connection = True

    def _answer(self, status: int, answer: Json, retry_after: int = 0) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)
