"""A small GitHub on loopback, for the real client: issues, comments, labels, a search that lags, and faults on order.

    with GitHubServer("ticketry/platform") as github:
        github.fault("bad gateway, written", "POST", "/issues")
        ... GitHubTracker("ticketry/platform", token="not-a-real-token", base_url=github.url) ...
        assert github.sent("POST", "/issues") == 1

It knows only what GitHub documents: limits are kept (title 256, body 65,536), pull requests are issues with a
`pull_request`, times move on by a second with every change.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]

FAULTS = {
    "bad gateway": (502, False),
    "bad gateway, written": (502, True),
    "dropped": (None, False),
    "dropped, written": (None, True),
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


@dataclass
class State:
    repository: str
    now: datetime
    issues: dict[int, Json] = field(default_factory=dict)
    comments: dict[int, list[Json]] = field(default_factory=dict)
    labels: dict[str, Json] = field(default_factory=dict)
    indexed: set[int] = field(default_factory=set)
    """Issues that the search knows already."""
    assignable: set[str] | None = None

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.stamp()

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


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
        self.state = State(repository, now)
        self.token, self.search_lags = token, search_lags
        self.requests: list[Sent] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self.released = threading.Event()
        self._number = 0
        owner = self

        class Handler(_Handler):
            server_state = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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

    def sent(self, verb: str, path: str = "") -> int:
        return sum(s.verb == verb and s.path.endswith(path) for s in self.requests)

    def add(self, title: str, body: str = "", *, comments: tuple[str, ...] = (), **more: Any) -> int:
        """An issue that somebody else wrote."""
        with self.lock:
            issue = self.new_issue(title, body, [str(n) for n in more.pop("labels", ())], [])
            issue.update(more)
            for text in comments:
                self.new_comment(issue["number"], text)
            return int(issue["number"])

    def close(self, number: int, reason: str = "completed") -> None:
        with self.lock:
            time = self.state.tick()
            self.state.issues[number].update(state="closed", state_reason=reason, closed_at=time, updated_at=time)

    def index(self) -> None:
        """Lets the search catch up."""
        self.state.indexed = set(self.state.issues)

    def marked(self, marker: str) -> list[int]:
        return [n for n, issue in sorted(self.state.issues.items()) if marker in issue["body"]]

    # ------------------------------------------------------------------------------------ what it keeps

    def new_label(self, name: str, color: str = "ededed") -> Json:
        label = {"id": len(self.state.labels) + 1, "name": name, "color": color, "default": False, "description": None}
        return self.state.labels.setdefault(name, label)

    def new_issue(self, title: str, body: str, labels: list[str], assignees: list[str]) -> Json:
        self._number += 1
        number, time = self._number, self.state.tick()
        base = f"{self.url}/repos/{self.state.repository}"
        issue: Json = {
            "id": 1000 + number,
            "node_id": f"I_{number}",
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "locked": False,
            "comments": 0,
            "labels": [self.new_label(name) for name in labels],
            "assignees": [{"login": login, "id": 1} for login in assignees],
            "user": {"login": "gardener", "id": 1},
            "created_at": time,
            "updated_at": time,
            "closed_at": None,
            "url": f"{base}/issues/{number}",
            "repository_url": base,
            "html_url": f"https://github.com/{self.state.repository}/issues/{number}",
        }
        self.state.issues[number] = issue
        self.state.comments[number] = []
        if not self.search_lags:
            self.state.indexed.add(number)
        return issue

    def new_comment(self, number: int, body: str) -> Json:
        time = self.state.tick()
        comments = self.state.comments[number]
        id_ = 100_000 * number + len(comments) + 1
        comment: Json = {
            "id": id_,
            "body": body,
            "user": {"login": "gardener", "id": 1},
            "created_at": time,
            "updated_at": time,
            "url": f"{self.url}/repos/{self.state.repository}/issues/comments/{id_}",
            "html_url": f"https://github.com/{self.state.repository}/issues/{number}#issuecomment-{id_}",
        }
        comments.append(comment)
        self.state.issues[number].update(comments=len(comments), updated_at=time)
        return comment


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
        sent = Sent(self.command, unquote(parts.path), parts.query, dict(self.headers.items()), body, parts.path)
        with github.lock:
            github.requests.append(sent)
            fault = self._fault(sent)
            kind = fault.kind if fault else ""
            done = FAULTS[kind][1] if fault else True
            status, answer = self._answer(sent) if done else (0, None)
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
            case "dropped" | "dropped, written":
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
        self._raw(status, b"" if answer is None else json.dumps(answer).encode(), {})

    def _raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    # ------------------------------------------------------------------------------------ routes

    def _answer(self, sent: Sent) -> tuple[int, Any]:
        github = self.server_state
        if re.fullmatch(r"/app/installations/\d+/access_tokens", sent.path):
            expires = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            return 201, {"token": github.token, "expires_at": expires, "permissions": {"issues": "write"}}
        if not self.headers.get("Authorization", "").endswith(f" {github.token}"):
            return 401, {"message": "Bad credentials"}
        query = {name: values[-1] for name, values in parse_qs(sent.query).items()}
        if sent.path == "/search/issues":
            return 200, self._search(query)
        prefix = f"/repos/{github.state.repository}"
        if not sent.path.startswith(prefix):
            return 404, {"message": "Not Found"}
        path = sent.path.removeprefix(prefix)
        for verb, pattern, route in _ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == sent.verb and found:
                numbers = [int(g) if g.isdigit() else g for g in found.groups()]
                if numbers and isinstance(numbers[0], int) and numbers[0] not in github.state.issues:
                    return 404, {"message": "Not Found"}
                status, answer = route(self, *numbers, query=query, body=sent.json or {})
                return status, answer
        return 404, {"message": "Not Found"}

    def _search(self, query: dict[str, str]) -> Json:
        words = [w.strip('"').lower() for w in query.get("q", "").split() if ":" not in w]
        state = self.server_state.state
        items = [
            state.issues[n]
            for n in sorted(state.indexed)
            if all(w in f"{state.issues[n]['title']} {state.issues[n]['body']}".lower() for w in words)
        ]
        return {"total_count": len(items), "incomplete_results": False, "items": items}

    def list_issues(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        state = query.get("state", "open")
        found = [i for i in self.server_state.state.issues.values() if state in ("all", i["state"])]
        if since := query.get("since"):
            found = [i for i in found if i["updated_at"] >= since]
        key = {"updated": "updated_at", "created": "created_at"}[query.get("sort", "created")]
        found.sort(key=lambda i: (i[key], i["number"]), reverse=query.get("direction", "desc") == "desc")
        return 200, list(_page(found, query))

    def read_issue(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        return 200, self.server_state.state.issues[number]

    def create_issue(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        known = self.server_state.state.assignable
        bad = len(body.get("title", "")) > 256 or len(body.get("body", "")) > 65_536 or not body.get("title")
        if bad or (known is not None and not known.issuperset(body.get("assignees", ()))):
            return 422, {"message": "Validation Failed"}
        labels, assignees = body.get("labels", []), body.get("assignees", [])
        return 201, self.server_state.new_issue(body["title"], body.get("body", ""), labels, assignees)

    def edit_issue(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.server_state.state.issues[number]
        if len(body.get("title", "")) > 256:
            return 422, {"message": "Validation Failed"}
        issue.update({k: v for k, v in body.items() if k in ("title", "body", "state", "state_reason")})
        if body.get("state") == "open":
            issue["closed_at"] = None
        issue["updated_at"] = self.server_state.state.tick()
        return 200, issue

    def list_comments(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        return 200, list(_page(self.server_state.state.comments[number], query))

    def create_comment(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if self.server_state.state.issues[number]["locked"]:
            return 403, {"message": "Unable to create comment because issue is locked."}
        if len(body.get("body", "")) > 65_536:
            return 422, {"message": "Validation Failed"}
        return 201, self.server_state.new_comment(number, body["body"])

    def add_labels(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.server_state.state.issues[number]
        present = {label["name"] for label in issue["labels"]}
        issue["labels"] += [self.server_state.new_label(n) for n in body["labels"] if n not in present]
        issue["updated_at"] = self.server_state.state.tick()
        return 200, issue["labels"]

    def remove_label(self, number: int, name: str, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.server_state.state.issues[number]
        if name not in {label["name"] for label in issue["labels"]}:
            return 404, {"message": "Label does not exist"}
        issue["labels"] = [label for label in issue["labels"] if label["name"] != name]
        issue["updated_at"] = self.server_state.state.tick()
        return 200, issue["labels"]

    def read_label(self, name: str, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        label = self.server_state.state.labels.get(name)
        return (200, label) if label else (404, {"message": "Not Found"})

    def create_label(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if body["name"] in self.server_state.state.labels or len(body["name"]) > 50:
            return 422, {"message": "Validation Failed"}
        return 201, self.server_state.new_label(body["name"], body.get("color", "ededed"))

    def read_repository(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        name = self.server_state.state.repository
        url = f"{self.server_state.url}/repos/{name}"
        return 200, {"id": 1, "full_name": name, "url": url, "has_issues": True, "permissions": {"push": True}}


def _page(items: list[Json], query: dict[str, str]) -> Iterator[Json]:
    size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
    yield from items[(page - 1) * size : page * size]


_ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", r"", _Handler.read_repository),
    ("GET", r"/issues", _Handler.list_issues),
    ("POST", r"/issues", _Handler.create_issue),
    ("GET", r"/issues/(\d+)", _Handler.read_issue),
    ("PATCH", r"/issues/(\d+)", _Handler.edit_issue),
    ("GET", r"/issues/(\d+)/comments", _Handler.list_comments),
    ("POST", r"/issues/(\d+)/comments", _Handler.create_comment),
    ("POST", r"/issues/(\d+)/labels", _Handler.add_labels),
    ("DELETE", r"/issues/(\d+)/labels/([^/]+)", _Handler.remove_label),
    ("GET", r"/labels/([^/]+)", _Handler.read_label),
    ("POST", r"/labels", _Handler.create_label),
)
