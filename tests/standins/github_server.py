"""A small GitHub on loopback, for the real client: issues, comments, labels, a search that lags, and faults on order.

    with GitHubServer("ticketry/platform") as github:
        github.fault("bad gateway, written", "POST", "/issues")
        ... GitHubTracker("ticketry/platform", token="not-a-real-token", base_url=github.url) ...
        assert github.sent("POST", "/issues") == 1

It knows only what GitHub documents: limits are kept (title 256, body 65,536), pull requests are issues with a
`pull_request`, times move on by a second with every change.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standins.github_state import State
from tests.standins.loopback import Loopback

FAULTS = {
    "bad gateway": (502, False),
    "bad gateway, written": (502, True),
    "dropped": (None, False),
    "dropped, written": (None, True),
    "dropped, written late": (None, False),
    "hangs, written": (None, True),
    "broken answer, written": (201, True),
    "primary limit": (403, False),
    "secondary limit": (403, False),
    "secondary limit, retry after": (403, False),
    "too many": (429, False),
    "not found": (404, False),
    "forbidden": (403, False),
    "bad token": (401, False),
    "unprocessable": (422, False),
    "slow": (None, True),
}
"""Name of a fault to the status it answers with and whether the request is carried out all the same."""


@dataclass
class Fault:
    kind: str
    verb: str
    path: str
    times: int
    seconds: float


@dataclass
class Sent:
    """A request as it came."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    quoted: str = ""
    """The path as it came over the wire."""

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class GitHubServer:
    """Start with `with`; ends with all its threads."""

    def __init__(
        self,
        repository: str = "ticketry/platform",
        *,
        token: str = "not-a-real-token",
        now: datetime = datetime(2026, 3, 6, 12, 0, tzinfo=UTC),
        search_lags: bool = True,
    ) -> None:
        self.token = token
        self.requests: list[Sent] = []
        self.unchanged = 0
        self.faults: list[Fault] = []
        self.granted = {"issues", "metadata"}
        """What the installation of an App may be given."""
        self.late: list[Sent] = []
        """What was dropped, and will be carried out all the same."""
        self.lock = threading.RLock()
        self.released = threading.Event()
        owner = self

        class Handler(_Handler):
            server_state = owner

        self._server = Loopback(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.state = State(repository, now, search_lags, self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> GitHubServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ------------------------------------------------------------------------------------ for tests

    def fault(self, kind: str, verb: str = "", path: str = "", *, times: int = 1, seconds: float = 0.0) -> None:
        """The next `times` requests with this verb whose path ends so go wrong in this way."""
        assert kind in FAULTS, kind
        with self.lock:
            self.faults.append(Fault(kind, verb, path, times, seconds))

    def arrive(self) -> None:
        """What was to be written late is written now."""
        prefix = f"/repos/{self.state.repository}"
        with self.lock:
            while self.late:
                sent = self.late.pop(0)
                self.state.route(sent.verb, sent.path.removeprefix(prefix), {}, sent.json or {})

    def sent(self, verb: str, path: str = "") -> int:
        return sum(s.verb == verb and s.path.endswith(path) for s in self.requests)

    def add(self, title: str, body: str = "", *, comments: tuple[str, ...] = (), **more: Any) -> int:
        """An issue that somebody else wrote."""
        with self.lock:
            issue = self.state.new_issue(title, body, [str(n) for n in more.pop("labels", ())], [])
            issue.update(more)
            for text in comments:
                self.state.new_comment(issue["number"], text)
            return int(issue["number"])

    def close(self, number: int, reason: str = "completed", *, who: str = "ann-example", commit: str = "") -> None:
        with self.lock:
            time = self.state.tick()
            self.state.issues[number].update(state="closed", state_reason=reason, closed_at=time, updated_at=time)
            self.state.turn(number, "closed", who, commit_id=commit or None)

    def label(self, number: int, *names: str, who: str) -> None:
        """Somebody sets labels: these, and no other."""
        with self.lock:
            issue, time = self.state.issues[number], self.state.tick()
            for name in names:
                self.state.turn(number, "labeled", who, label={"name": name})
            issue.update(labels=[self.state.new_label(n) for n in names], updated_at=time)

    def index(self) -> None:
        """Lets the search catch up."""
        self.state.indexed = set(self.state.issues)

    def marked(self, marker: str) -> list[int]:
        return [n for n, issue in sorted(self.state.issues.items()) if marker in issue["body"]]


class _Handler(BaseHTTPRequestHandler):
    """One request: recorded, then a fault if one is ordered, then what GitHub would do."""

    server_state: GitHubServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer: two would wait 40 ms for each other
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_any(self) -> None:
        github, parts = self.server_state, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = parts.path.removeprefix("/api/v3")  # where GitHub Enterprise has it
        sent = Sent(self.command, unquote(path), parts.query, dict(self.headers.items()), body, path)
        with github.lock:
            github.requests.append(sent)
            fault = self._fault(sent)
            kind = fault.kind if fault else ""
            done = FAULTS[kind][1] if fault else True
            status, answer = self._answer(sent) if done else (0, None)
            if kind == "dropped, written late":
                github.late.append(sent)
        if fault:
            self._go_wrong(fault, status, answer)
        else:
            self._say(status, answer)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def _fault(self, sent: Sent) -> Fault | None:
        for fault in self.server_state.faults:
            if fault.times > 0 and fault.verb in ("", sent.verb) and sent.path.endswith(fault.path):
                fault.times -= 1
                return fault
        return None

    def _go_wrong(self, fault: Fault, status: int, answer: Any) -> None:
        code = FAULTS[fault.kind][0] or status
        headers, message = {}, fault.kind
        match fault.kind:
            case "slow":
                self.server_state.released.wait(fault.seconds)
                return self._say(status, answer)
            case "hangs, written":
                self.server_state.released.wait(30)
                self.close_connection = True
                return None
            case "dropped" | "dropped, written" | "dropped, written late":
                self.close_connection = True
                return None
            case "broken answer, written":
                return self._raw(code, b'{"number": 1', {})
            case "primary limit":
                reset = datetime.now(UTC) + timedelta(minutes=30)  # the client compares it with the real time
                message = "API rate limit exceeded for user ID 1."
                headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
            case "secondary limit" | "secondary limit, retry after" | "too many":
                message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
                headers = {} if fault.kind == "secondary limit" else {"Retry-After": "120"}
            case "not found":
                message = "Not Found"
            case "forbidden":
                message = "Resource not accessible by personal access token"
            case "bad token":
                message = f"Bad credentials {self.headers.get('Authorization', '')}"
            case "unprocessable":
                message = "Validation Failed"
        return self._raw(code, json.dumps({"message": message}).encode(), headers)

    def _say(self, status: int, answer: Any) -> None:
        """With a tag; what the client has already is not sent again."""
        body = b"" if answer is None else json.dumps(answer).encode()
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        if self.command == "GET" and status == 200:
            if self.headers.get("If-None-Match") == tag:
                self.server_state.unchanged += 1
                return self._raw(304, b"", {"ETag": tag})
            return self._raw(status, body, {"ETag": tag})
        return self._raw(status, body, {})

    def _raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, sent: Sent) -> tuple[int, Any]:
        github = self.server_state
        if re.fullmatch(r"/app/installations/\d+/access_tokens", sent.path):
            expires = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            wanted = (sent.json or {}).get("permissions") or {}
            if wanted.keys() - github.granted:
                return 422, {"message": "The permissions requested are not granted to this installation."}
            return 201, {"token": github.token, "expires_at": expires, "permissions": wanted}
        if not self.headers.get("Authorization", "").endswith(f" {github.token}"):
            return 401, {"message": "Bad credentials"}
        query = {name: values[-1] for name, values in parse_qs(sent.query).items()}
        if sent.path == "/user":
            return 200, {"login": github.state.me, "id": 1, "type": "User"}
        if sent.path == "/search/issues":
            return 200, github.state.search(query)
        prefix = f"/repos/{github.state.repository}"
        if not sent.path.startswith(prefix):
            return 404, {"message": "Not Found"}
        return github.state.route(sent.verb, sent.path.removeprefix(prefix), query, sent.json or {})
