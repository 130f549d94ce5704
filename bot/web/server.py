"""The web server: Slack over HTTP, and health.

It is the standard library's threaded server with bounds on everything: body, headers, time, connections. There is
always a proxy in front of it (Cloud Run, Heroku, an ingress), which ends TLS and keeps slow clients away; a further
package would only add what that proxy does already. Routes are functions from a request to a response.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LONGEST_BODY = 1 << 20
MOST_AT_ONCE = 256
PATIENCE = 15
"""Seconds that a client may take to say something."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class WebResponse:
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[WebRequest], WebResponse]


def as_json(value: object, status: int = 200) -> WebResponse:
    return WebResponse(status, json.dumps(value), {"Content-Type": "application/json"})


class WebServer:
    """Serves `routes` (`POST /slack/events`) until it is stopped. Port 0 takes a free one."""

    def __init__(
        self,
        port: int,
        routes: Mapping[str, Route],
        host: str = "0.0.0.0",  # noqa: S104 -- in a container the proxy comes from outside
    ) -> None:
        bound = type("Bound", (_Handler,), {"routes": dict(routes), "slots": threading.BoundedSemaphore(MOST_AT_ONCE)})
        self._server = _Server((host, port), bound)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="garden-web", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Connections that may wait; with the library's 5, a burst waits for a second."""


class _Handler(BaseHTTPRequestHandler):
    routes: Mapping[str, Route]
    slots: threading.BoundedSemaphore
    protocol_version = "HTTP/1.1"
    server_version = "garden"
    sys_version = ""
    timeout = PATIENCE

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: they hold what people wrote."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        if not self.slots.acquire(blocking=False):
            return self._answer(WebResponse(503, "busy", {"Retry-After": "1"}))
        try:
            return self._answer(self._routed())
        finally:
            self.slots.release()

    def _routed(self) -> WebResponse:
        address = urlsplit(self.path)
        route = self.routes.get(f"{self.command} {address.path}")
        if route is None:
            known = any(name.endswith(f" {address.path}") for name in self.routes)
            return WebResponse(405 if known else 404, "There is nothing here.")
        body = b""
        if self.command == "POST":
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal():
                return WebResponse(411, "Say how long the body is.")
            if int(length) > LONGEST_BODY:
                return WebResponse(413, "That is too long.")
            body = self.rfile.read(int(length))
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return WebResponse(400, "That is not UTF-8.")
        return route(WebRequest(self.command, address.path, address.query, dict(self.headers.items()), text))

    def _answer(self, response: WebResponse) -> None:
        body = response.body.encode()
        self.close_connection = True
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in response.headers:
            self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
