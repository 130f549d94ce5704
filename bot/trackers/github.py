"""GitHub's issues: what is read of them, and the few writes that a person approved.

A write that may or may not have happened is `Ambiguous`, and whoever asked looks for the marker with `find` before
writing again: among the newest issues themselves, because the search index lags. Answers are read as plain JSON:
asking PyGithub's objects for what an answer lacks costs a request each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.errors import Ambiguous, Forbidden, NotFound
from bot.models import Act, Draft, Issue, Severity
from bot.render.escape import cut
from bot.trackers.wire import Wire

PAGE = 100
NEWEST_PAGES = 3
"""How many pages of the newest issues `find` looks through; what it looks for was written minutes ago."""
BODY_LIMIT = 65_536
TITLE_LIMIT = 256
PRIORITIES = frozenset(severity.value for severity in Severity)
COLOURS = {"P0": "b60205", "P1": "d93f0b", "P2": "fbca04", "P3": "fef2c0", "P4": "c2e0c6", "P5": "ededed"}

Json = Mapping[str, Any]


class GitHubTracker:
    """The issues of one repository."""

    def __init__(
        self,
        repository: str,
        *,
        token: str = "",
        app_id: str = "",
        private_key: str = "",
        installation_id: str = "",
        base_url: str = "https://api.github.com",
        timeout: int = 20,
        pause: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """With a token, or as an installation of a GitHub App. `pause` is what GitHub wants between two writes."""
        self.repository = repository
        self._wire = Wire(
            repository,
            f"/repos/{quote(repository)}",
            token=token,
            app=(app_id, private_key, installation_id),
            base_url=base_url,
            timeout=timeout,
            pause=pause,
            clock=clock,
        )
        self._known_labels: set[str] = set()

    def shut(self) -> None:
        """Closes the connections; the next request opens new ones."""
        self._wire.close()

    # -------------------------------------------------------------------------------------------- reading

    def issues(self, updated_since: datetime | None) -> Iterator[Issue]:
        """Open and closed, with comments, oldest change first.

        Each page is asked for from the last change of the page before: what changes meanwhile moves to the end, and
        with numbered pages would push others over the edge.
        """
        since, page, seen = updated_since, 1, set[tuple[int, str]]()
        while True:
            query = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PAGE, "page": page}
            if since:
                query["since"] = _stamp(since)
            found = self._wire.get("/issues", query)
            for raw in found:
                if (raw["number"], raw["updated_at"]) not in seen:
                    yield self._issue(raw, self._comments(raw))
            if len(found) < PAGE:
                return
            newest = _time(found[-1]["updated_at"])
            if newest == since:
                page += 1
            else:
                since, page, seen = newest, 1, set()
            seen |= {(raw["number"], raw["updated_at"]) for raw in found if _time(raw["updated_at"]) == newest}

    def issue(self, number: int) -> Issue:
        raw = self._wire.get(f"/issues/{number}")
        return self._issue(raw, self._comments(raw))

    def find(self, marker: str, issue: int = 0) -> Issue | None:
        """Where the marker is: in the newest issues, or in one issue and its comments."""
        line = _hidden(marker)
        if issue:
            return self._find_in(line, issue)
        for page in range(1, NEWEST_PAGES + 1):
            query = {"state": "all", "sort": "created", "direction": "desc", "per_page": PAGE, "page": page}
            found = self._wire.get("/issues", query)
            marked = [raw for raw in found if line in (raw.get("body") or "") and "pull_request" not in raw]
            if marked:
                raw = min(marked, key=lambda r: int(r["number"]))
                return self._issue(raw, self._comments(raw))
            if len(found) < PAGE:
                return None
        return None

    def _find_in(self, line: str, number: int) -> Issue | None:
        """Newest comments first, for as many pages as there are."""
        raw = self._wire.get(f"/issues/{number}")
        if line in (raw.get("body") or ""):
            return self._issue(raw, self._comments(raw))
        for page in range(_last_page(raw) + 1, 0, -1):  # one more than it says: comments come while we look
            comments = self._wire.get(f"/issues/{number}/comments", {"per_page": PAGE, "page": page})
            if any(line in (c.get("body") or "") for c in comments):
                return self._issue(raw, self._comments(raw))
        return None

    def _comments(self, raw: Json) -> tuple[str, ...]:
        """The newest comments, as many as two pages hold."""
        last = _last_page(raw)
        if last == 0:
            return ()
        texts: list[str] = []
        for page in range(max(1, last - 1), last + 1):
            found = self._wire.get(f"/issues/{raw['number']}/comments", {"per_page": PAGE, "page": page})
            texts += [str(c.get("body") or "") for c in found]
        return tuple(texts)

    # -------------------------------------------------------------------------------------------- writing

    def create(self, draft: Draft, marker: str) -> Issue:
        fields: dict[str, Any] = {
            "title": cut(draft.title, TITLE_LIMIT),
            "body": _marked(draft.body, marker),
            "labels": list(draft.labels),
        }
        doing = "creating the issue"
        with self._wire.writing:
            self._make_labels(draft.labels)
            try:
                raw = self._wire.send("POST", "/issues", {**fields, "assignees": list(draft.assignees)}, doing)
            except Forbidden as error:
                if not draft.assignees or not _invalid(error):
                    raise
                raw = self._wire.send("POST", "/issues", fields, doing)  # an assignee who left stops no issue
        return self._issue(raw, ())

    def comment(self, draft: Draft, marker: str) -> Issue:
        """Adds the comment; a draft without one (a link) writes nothing."""
        if draft.comment:
            body = {"body": _marked(draft.comment, marker)}
            with self._wire.writing:
                self._wire.send("POST", f"/issues/{draft.issue}/comments", body, f"commenting on #{draft.issue}")
        return self.issue(draft.issue)

    def edit(self, draft: Draft) -> Issue:
        """Title, priority label, reopening: each only where it is not so already. Other labels are people's."""
        doing = f"changing #{draft.issue}"
        with self._wire.writing:
            raw = self._wire.get(f"/issues/{draft.issue}")
            change: dict[str, Any] = {}
            if draft.title and draft.title != raw["title"]:
                change["title"] = cut(draft.title, TITLE_LIMIT)
            if draft.act is Act.REOPEN and raw["state"] == "closed":
                change |= {"state": "open", "state_reason": "reopened"}
            if change:
                self._wire.send("PATCH", f"/issues/{draft.issue}", change, doing)
            present = {label["name"] for label in raw["labels"]}
            wanted = [name for name in draft.labels if name not in present]
            if wanted:
                self._make_labels(tuple(wanted))
                self._wire.send("POST", f"/issues/{draft.issue}/labels", {"labels": wanted}, doing)
            for name in sorted(present & PRIORITIES - set(draft.labels)) if PRIORITIES & set(draft.labels) else ():
                self._remove_label(draft.issue, name, doing)
        return self.issue(draft.issue)

    def _remove_label(self, number: int, name: str, doing: str) -> None:
        try:
            self._wire.send("DELETE", f"/issues/{number}/labels/{quote(name, safe='')}", None, doing)
        except NotFound:
            return  # somebody else was faster

    def _make_labels(self, names: tuple[str, ...]) -> None:
        """Labels that are missing, in colours that tell; one that cannot be made does not stop the issue."""
        for name in names:
            if name in self._known_labels:
                continue
            try:
                self._wire.get(f"/labels/{quote(name, safe='')}")
            except NotFound:
                colour = COLOURS.get(name, "c5def5")
                try:
                    self._wire.send("POST", "/labels", {"name": name, "color": colour}, f'making the label "{name}"')
                except (Forbidden, Ambiguous):
                    continue  # GitHub makes a missing label with the issue, only in grey
            self._known_labels.add(name)

    def _issue(self, raw: Json, comments: tuple[str, ...]) -> Issue:
        return Issue(
            repository=self.repository,
            number=int(raw["number"]),
            title=str(raw.get("title") or ""),
            body=str(raw.get("body") or ""),
            state=str(raw.get("state") or "open"),
            reason=str(raw.get("state_reason") or ""),
            labels=tuple(str(label["name"]) for label in raw.get("labels", ())),
            url=str(raw.get("html_url") or ""),
            created_at=_time(raw.get("created_at")),
            updated_at=_time(raw.get("updated_at")),
            closed_at=_time(raw.get("closed_at")),
            locked=bool(raw.get("locked")),
            pull_request="pull_request" in raw,
            comments=comments,
        )


def _hidden(marker: str) -> str:
    """The marker as it stands in a text: in a comment that is not shown."""
    return marker if marker.startswith("<!--") else f"<!-- {marker} -->"


def _marked(text: str, marker: str) -> str:
    line = _hidden(marker)
    return f"{cut(text.rstrip(), BODY_LIMIT - len(line) - 3)}\n\n{line}\n"


def _invalid(error: Forbidden) -> bool:
    """Whether GitHub refused what the request says (and so wrote nothing), and not the request."""
    return getattr(error.__cause__, "status", 0) == 422


def _last_page(raw: Json) -> int:
    return -(-int(raw.get("comments") or 0) // PAGE)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
