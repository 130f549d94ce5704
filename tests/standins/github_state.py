"""What a small GitHub keeps of a repository, and how it answers: no HTTP, no faults; those are `github_server`'s."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]


@dataclass
class State:
    """A repository as GitHub keeps it; each method below `route` answers one request, with status and JSON."""

    repository: str
    now: datetime
    search_lags: bool = True
    url: str = ""
    issues: dict[int, Json] = field(default_factory=dict)
    comments: dict[int, list[Json]] = field(default_factory=dict)
    labels: dict[str, Json] = field(default_factory=dict)
    indexed: set[int] = field(default_factory=set)
    """Issues that the search knows already."""
    assignable: set[str] | None = None
    turns: list[Json] = field(default_factory=list)
    """What was done with issues, as GitHub's events tell it."""
    files: dict[str, str] = field(default_factory=dict)
    me: str = "gardener"

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.stamp()

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_label(self, name: str, color: str = "ededed") -> Json:
        label = {"id": len(self.labels) + 1, "name": name, "color": color, "default": False, "description": None}
        return self.labels.setdefault(name, label)

    def new_issue(self, title: str, body: str, labels: list[str], assignees: list[str]) -> Json:
        number, time = len(self.issues) + 1, self.tick()
        base = f"{self.url}/repos/{self.repository}"
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
            "html_url": f"https://github.com/{self.repository}/issues/{number}",
        }
        self.issues[number] = issue
        for name in labels:
            self.turn(number, "labeled", label={"name": name})
        self.comments[number] = []
        if not self.search_lags:
            self.indexed.add(number)
        return issue

    def new_comment(self, number: int, body: str) -> Json:
        time = self.tick()
        comments = self.comments[number]
        id_ = 100_000 * number + len(comments) + 1
        comment: Json = {
            "id": id_,
            "body": body,
            "user": {"login": "gardener", "id": 1},
            "created_at": time,
            "updated_at": time,
            "url": f"{self.url}/repos/{self.repository}/issues/comments/{id_}",
            "issue_url": f"{self.url}/repos/{self.repository}/issues/{number}",
            "html_url": f"https://github.com/{self.repository}/issues/{number}#issuecomment-{id_}",
        }
        comments.append(comment)
        self.issues[number].update(comments=len(comments), updated_at=time)
        return comment

    def turn(self, number: int, what: str, who: str = "", **more: Any) -> None:
        actor = {"login": who or self.me, "id": 1, "type": "User"}
        id_ = len(self.turns) + 1
        self.turns.append(
            {"id": id_, "event": what, "actor": actor, "created_at": self.stamp(), "issue": number} | more
        )

    def route(self, verb: str, path: str, query: dict[str, str], body: Json) -> tuple[int, Any]:
        """The answer to a request whose path is within the repository."""
        for known, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path)
            if known == verb and found:
                parts = [int(g) if g.isdigit() else g for g in found.groups()]
                if parts and isinstance(parts[0], int) and parts[0] not in self.issues and "comments/" not in path:
                    return 404, {"message": "Not Found"}
                status, said = answer(self, *parts, query=query, body=body)
                return status, said
        return 404, {"message": "Not Found"}

    def search(self, query: dict[str, str]) -> Json:
        words = [w.strip('"').lower() for w in query.get("q", "").split() if ":" not in w]
        items = [
            self.issues[n]
            for n in sorted(self.indexed)
            if all(w in f"{self.issues[n]['title']} {self.issues[n]['body']}".lower() for w in words)
        ]
        return {"total_count": len(items), "incomplete_results": False, "items": items}

    def list_issues(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        state = query.get("state", "open")
        found = [i for i in self.issues.values() if state in ("all", i["state"])]
        if since := query.get("since"):
            found = [i for i in found if i["updated_at"] >= since]
        return 200, list(_page(_sorted(found, query), query))

    def list_all_comments(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        found = [c for comments in self.comments.values() for c in comments]
        found = [c for c in found if c["updated_at"] >= query.get("since", "")]
        return 200, list(_page(_sorted(found, query), query))

    def edit_comment(self, id_: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        for number, comments in self.comments.items():
            for comment in comments:
                if comment["id"] == id_:
                    comment.update(body=body["body"], updated_at=self.tick())
                    self.issues[number]["updated_at"] = comment["updated_at"]
                    return 200, comment
        return 404, {"message": "Not Found"}

    def list_turns(self, number: int = 0, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        """Of all issues newest first, of one issue oldest first, as GitHub has them."""
        found = [t for t in self.turns if number in (0, t["issue"])]
        shown = [t | ({} if number else {"issue": {"number": t["issue"]}}) for t in (found if number else found[::-1])]
        return 200, list(_page(shown, query))

    def read_file(self, path: str, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if path not in self.files:
            return 404, {"message": "Not Found"}
        content = base64.encodebytes(self.files[path].encode()).decode()
        return 200, {"type": "file", "encoding": "base64", "path": path, "content": content}

    def read_issue(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        return 200, self.issues[number]

    def create_issue(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        known = self.assignable
        bad = len(body.get("title", "")) > 256 or len(body.get("body", "")) > 65_536 or not body.get("title")
        if bad or (known is not None and not known.issuperset(body.get("assignees", ()))):
            return 422, {"message": "Validation Failed"}
        labels, assignees = body.get("labels", []), body.get("assignees", [])
        return 201, self.new_issue(body["title"], body.get("body", ""), labels, assignees)

    def edit_issue(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.issues[number]
        if len(body.get("title", "")) > 256:
            return 422, {"message": "Validation Failed"}
        if body.get("state", issue["state"]) != issue["state"]:
            self.turn(number, "closed" if body["state"] == "closed" else "reopened")
        issue.update({k: v for k, v in body.items() if k in ("title", "body", "state", "state_reason")})
        issue["updated_at"] = self.tick()
        issue["closed_at"] = None if issue["state"] == "open" else issue["closed_at"] or issue["updated_at"]
        return 200, issue

    def list_comments(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        return 200, list(_page(self.comments[number], query))

    def create_comment(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if self.issues[number]["locked"]:
            return 403, {"message": "Unable to create comment because issue is locked."}
        if len(body.get("body", "")) > 65_536:
            return 422, {"message": "Validation Failed"}
        return 201, self.new_comment(number, body["body"])

    def add_labels(self, number: int, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.issues[number]
        present = {label["name"] for label in issue["labels"]}
        for name in body["labels"]:
            if name not in present:
                self.turn(number, "labeled", label={"name": name})
        issue["labels"] += [self.new_label(n) for n in body["labels"] if n not in present]
        issue["updated_at"] = self.tick()
        return 200, issue["labels"]

    def remove_label(self, number: int, name: str, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        issue = self.issues[number]
        if name not in {label["name"] for label in issue["labels"]}:
            return 404, {"message": "Label does not exist"}
        issue["labels"] = [label for label in issue["labels"] if label["name"] != name]
        issue["updated_at"] = self.tick()
        return 200, issue["labels"]

    def read_label(self, name: str, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        label = self.labels.get(name)
        return (200, label) if label else (404, {"message": "Not Found"})

    def create_label(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        if body["name"] in self.labels or len(body["name"]) > 50:
            return 422, {"message": "Validation Failed"}
        return 201, self.new_label(body["name"], body.get("color", "ededed"))

    def read_repository(self, *, query: dict[str, str], body: Json) -> tuple[int, Any]:
        name = self.repository
        url = f"{self.url}/repos/{name}"
        return 200, {"id": 1, "full_name": name, "url": url, "has_issues": True, "permissions": {"push": True}}


def _sorted(items: list[Json], query: dict[str, str]) -> list[Json]:
    key = {"updated": "updated_at", "created": "created_at"}[query.get("sort", "created")]
    return sorted(items, key=lambda i: (i[key], i["id"]), reverse=query.get("direction", "desc") == "desc")


def _page(items: list[Json], query: dict[str, str]) -> Iterator[Json]:
    size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
    yield from items[(page - 1) * size : page * size]


ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", r"", State.read_repository),
    ("GET", r"/issues", State.list_issues),
    ("POST", r"/issues", State.create_issue),
    ("GET", r"/issues/comments", State.list_all_comments),
    ("PATCH", r"/issues/comments/(\d+)", State.edit_comment),
    ("GET", r"/issues/events", State.list_turns),
    ("GET", r"/issues/(\d+)/events", State.list_turns),
    ("GET", r"/contents/(.+)", State.read_file),
    ("GET", r"/issues/(\d+)", State.read_issue),
    ("PATCH", r"/issues/(\d+)", State.edit_issue),
    ("GET", r"/issues/(\d+)/comments", State.list_comments),
    ("POST", r"/issues/(\d+)/comments", State.create_comment),
    ("POST", r"/issues/(\d+)/labels", State.add_labels),
    ("DELETE", r"/issues/(\d+)/labels/([^/]+)", State.remove_label),
    ("GET", r"/labels/([^/]+)", State.read_label),
    ("POST", r"/labels", State.create_label),
)
