"""The HTTP of the Slack on loopback: Web API, `response_url`, uploads and the socket; and what goes wrong on order."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from bot.demo.methods import METHODS, Error, Json, check, ours
from bot.demo.websocket import WebSocket, accept

if TYPE_CHECKING:
    from bot.demo.slack import Slack

LONGEST_BODY = 8 << 20
PING = 0.25
"""Seconds between two pings over a socket."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call goes wrong: an error in words, a status, or a connection that is dropped.

    `dropped` is `before` (nothing happened) or `after` (it happened, and the answer is lost).
    """

    error: str = ""
    status: int = 200
    retry_after: int = 0
    dropped: str = ""


def _keep_awake(socket: WebSocket, closed: threading.Event) -> None:
    """Pings, as Slack does; a client that waits for the next message can close meanwhile."""
    while not closed.wait(PING):
        socket.ping()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


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
                if refused.status == 429:
                    return self._answer(429, refused.answer, retry_after=1)
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
                check(slack, args)
            except Error as refused:
                return self._answer(200, refused.answer)
            channel = slack.channels[known["channel"]]
            message = ours(slack, args)
            if args.get("replace_original") and (told := known.get("said")):
                told.update(
                    {
                        **message,
                        "user": told["user"],
                        "ts": told["ts"],
                        "before": [*told.get("before", ()), told["text"]],
                    }
                )
            elif args.get("response_type") == "in_channel":
                channel.messages[message["ts"]] = message
                known["said"] = message
            else:
                whisper = {**message, "user": known["user"], "thread_ts": args.get("thread_ts", "")}
                channel.whispers.append(whisper)
                known["said"] = whisper
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
