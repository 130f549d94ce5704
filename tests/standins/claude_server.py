"""A small Claude on loopback, for the real client: messages and their counting, by the API's paths and by Vertex AI's,
as badly as the real one on order.

    with ClaudeServer() as claude:
        claude.then("overloaded", "overloaded")
        claude.answer = {...}
        ... Claude(api_key="not-a-real-key", base_url=claude.url) ...
        assert len(claude.requests) == 3

Each request takes the next thing from the queue; when it is empty, the answer is given. Counting has a queue of its
own. `POST /token` is Google's, for service accounts.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from tests.standins.loopback import Loopback

Json = dict[str, Any]

ERRORS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "wrong key": (401, "authentication_error", "invalid x-api-key", {}),
    "no credit": (400, "invalid_request_error", "Your credit balance is too low to access the API.", {}),
    "billing": (402, "billing_error", "There is a problem with the payment.", {}),
    "not allowed": (403, "permission_error", "Your key may not use this resource.", {}),
    "no such model": (404, "not_found_error", "model: none", {}),
    "too large": (413, "request_too_large", "Request exceeds the maximum size.", {}),
    "bad request": (400, "invalid_request_error", "output_config: unknown", {}),
    "rate limit": (429, "rate_limit_error", "This would exceed the rate limit.", {"retry-after": "2"}),
    "rate limit, long": (429, "rate_limit_error", "This would exceed the rate limit.", {"retry-after": "3600"}),
    "server error": (500, "api_error", "Internal server error", {}),
    "bad gateway": (502, "api_error", "Bad gateway", {}),
    "gateway timeout": (504, "timeout_error", "Gateway timeout", {}),
    "overloaded": (529, "overloaded_error", "Overloaded", {}),
}
STOPS = {"refused": "refusal", "cut off": "max_tokens"}
CUT = ("slow", "dropped", "cut in the middle", "trickles", "gateway timeout", "bad gateway")
"""After these nobody knows whether the request was carried out."""
FAULTS = (*ERRORS, *STOPS, "no json", "other json", "web page", "no blocks", "no usage", *CUT)


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: Json

    @property
    def text(self) -> str:
        """Everything that was sent for the model to read."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def question(self) -> str:
        return str(self.body["messages"][0]["content"])


class ClaudeServer:
    """Serves on a free port until it is closed; `answer` is data, or is made from the request."""

    def __init__(self) -> None:
        self.answer: Json | Callable[[Received], Json] = {}
        self.requests: list[Received] = []
        self.counted: list[Received] = []
        self.queue: deque[str] = deque()
        self.count_queue: deque[str] = deque()
        self.usage: Json = {"input_tokens": 1000, "output_tokens": 200, "cache_read_input_tokens": 500}
        self.tokens: Callable[[Received], int] = lambda received: len(received.text) // 4
        self.busy = self.busiest = 0
        """Requests on their way now, and at most."""
        self.delay = 0.0
        self.turn = threading.Lock()
        self.released = threading.Event()
        self._http = Loopback(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def then(self, *faults: str) -> None:
        """What the next requests meet, in this order."""
        for fault in faults:
            assert fault in FAULTS, fault
            self.queue.append(fault)

    def __enter__(self) -> ClaudeServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


def _handler(claude: ClaudeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            written = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path == "/token":
                self._send(200, {"access_token": "not-a-real-token", "expires_in": 3600, "token_type": "Bearer"}, {})
                return
            received = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(written))
            counts = self.path.endswith(("/count_tokens", "/count-tokens:rawPredict"))
            with claude.turn:
                (claude.counted if counts else claude.requests).append(received)
                queue = claude.count_queue if counts else claude.queue
                fault = queue.popleft() if queue else ""
                claude.busy += 1
                claude.busiest = max(claude.busy, claude.busiest)
            try:
                claude.released.wait(claude.delay)
                self._answer(received, fault, counts)
            except OSError:
                self.close_connection = True
            finally:
                with claude.turn:
                    claude.busy -= 1

        def _answer(self, received: Received, fault: str, counts: bool) -> None:
            if fault in ERRORS:
                status, kind, message, headers = ERRORS[fault]
                self._send(status, {"type": "error", "error": {"type": kind, "message": message}}, headers)
            elif fault == "slow":
                claude.released.wait(10)
                self.close_connection = True
            elif fault == "dropped":
                self.close_connection = True
            elif fault == "web page":
                self._raw(200, b"<html>a proxy says hello</html>", "text/html")
            elif counts:
                self._send(200, {"input_tokens": claude.tokens(received)}, {})
            else:
                self._message(received, fault)

        def _message(self, received: Received, fault: str) -> None:
            given = claude.answer(received) if callable(claude.answer) else claude.answer
            text = json.dumps(given)
            if fault == "cut off":
                text = text[: len(text) // 2]
            elif fault == "no json":
                text = "I would rather write prose."
            elif fault == "other json":
                text = '{"verdict": "fine"}'
            content = [] if fault in ("no blocks", "refused") else [{"type": "text", "text": text}]
            message = {
                "id": f"msg_{len(claude.requests)}",
                "type": "message",
                "role": "assistant",
                "model": received.body.get("model", "by its path"),
                "content": content,
                "stop_reason": STOPS.get(fault, "end_turn"),
                "stop_sequence": None,
                "usage": claude.usage,
            }
            if fault == "no usage":
                del message["usage"]
            if fault in ("cut in the middle", "trickles"):
                written = json.dumps(message).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(written)))
                self.end_headers()
                self.close_connection = True
                if fault == "cut in the middle":
                    self.wfile.write(written[: len(written) // 2])
                    return
                for at in range(len(written)):
                    self.wfile.write(written[at : at + 1])
                    if claude.released.wait(0.05):
                        break
            else:
                self._send(200, message, {})

        def _send(self, status: int, body: Json, headers: dict[str, str]) -> None:
            self._raw(status, json.dumps(body).encode(), "application/json", headers)

        def _raw(self, status: int, written: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(written)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(written)

    return Handler
