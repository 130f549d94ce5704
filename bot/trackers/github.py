"""GitHub's issues: what is read of them, and the few writes that a person approved.

A write that may or may not have happened is `Ambiguous`, and whoever asked looks for the marker with `find` before
writing again: among the newest issues themselves, because the search index lags. Answers are read as plain JSON:
asking PyGithub's objects for what an answer lacks costs a request each.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.errors import Ambiguous, Forbidden, NotFound
from bot.models import Act, Change, Comment, Draft, Issue, Mark, Severity, Turn
from bot.render.escape import cut
from bot.trackers.wire import Wire

PAGE = 100
MARK = "<!-- log-gardener:"
"""What only our own texts hold."""
NEWEST_PAGES = 3
"""How many pages of the newest issues `find` looks through where it is not told since when."""
MOST_PAGES = 50
TURN_PAGES = 10
"""How many pages of what was done with issues are read; what is older is asked for when it matters."""
TURNS = frozenset({"labeled", "unlabeled", "closed", "reopened"})
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
        self._readers = ThreadPoolExecutor(3, "tracker-reader")
        self._login: str | None = None

    def shut(self) -> None:
        """Closes the connections and ends the threads that read."""
        self._readers.shutdown()
        self._wire.close()

    # -------------------------------------------------------------------------------------------- reading

    def changes(self, mark: Mark) -> Iterator[Change]:
        """All that changed since the mark, a page at a time: issues, comments of all issues, what was done with them.

        The three are read beside each other, a client each.
        """
        streams = (self._changed_issues(mark), self._changed_comments(mark), self._new_turns(mark))
        asked = {self._readers.submit(next, stream, None): stream for stream in streams}
        tags = dict(mark.tags)
        try:
            while asked:
                for done in wait(asked, return_when=FIRST_COMPLETED).done:
                    stream = asked.pop(done)
                    page: Change | None = done.result()
                    if page is None:
                        continue
                    asked[self._readers.submit(next, stream, None)] = stream
                    tags |= page.mark.tags
                    mark = Mark(
                        page.mark.issues or mark.issues,
                        page.mark.comments or mark.comments,
                        page.mark.turn or mark.turn,
                        dict(tags),
                    )
                    yield replace(page, mark=mark)
        finally:
            wait(asked)

    def _changed_issues(self, mark: Mark) -> Iterator[Change]:
        for rows, newest, tag in self._pages("/issues", mark.issues, mark.tags.get("issues", ""), {"state": "all"}):
            yield Change(Mark(issues=newest, tags={"issues": tag}), tuple(self._issue(raw, ()) for raw in rows))

    def _changed_comments(self, mark: Mark) -> Iterator[Change]:
        with suppress(NotFound):  # a GitHub that does not tell
            for rows, newest, tag in self._pages("/issues/comments", mark.comments, mark.tags.get("comments", ""), {}):
                found = tuple(_comment(raw) for raw in rows)
                yield Change(Mark(comments=newest, tags={"comments": tag}), comments=found)

    def _pages(
        self, path: str, since: datetime | None, tag: str, more: Json
    ) -> Iterator[tuple[list[Json], datetime | None, str]]:
        """Pages of what changed, oldest change first, each with how far that is, and the tag of the last one.

        Each page is asked for from the last change of the page before: what changes meanwhile moves to the end, and
        with numbered pages would push others over the edge.
        """
        page, seen = 1, set[tuple[int, str]]()
        while True:
            query = {**more, "sort": "updated", "direction": "asc", "per_page": PAGE, "page": page}
            if since:
                query["since"] = _stamp(since)
            found, new_tag = self._wire.look(path, query, tag if page == 1 else "")
            if found is None:
                return
            rows = [raw for raw in found if (raw["id"], raw["updated_at"]) not in seen]
            newest = _time(found[-1]["updated_at"]) if found else since
            last = len(found) < PAGE
            tag = new_tag if last and newest == since and page == 1 else ""
            if rows or last:
                yield rows, newest, tag
            if last:
                return
            if newest == since:
                page += 1
            else:
                since, page, seen = newest, 1, set()
            seen |= {(raw["id"], raw["updated_at"]) for raw in found if _time(raw["updated_at"]) == newest}

    def _new_turns(self, mark: Mark) -> Iterator[Change]:
        """What was done with issues, newest first, down to what is known; of the past no more than some pages."""
        tag, newest, found = mark.tags.get("turns", ""), 0, list[Turn]()
        for page in range(1, TURN_PAGES + 1):
            try:
                rows, new_tag = self._wire.look(
                    "/issues/events", {"per_page": PAGE, "page": page}, tag if page == 1 else ""
                )
            except NotFound:
                return  # a GitHub that does not tell
            if rows is None:
                return
            if page == 1:
                tag, newest = new_tag, max((int(raw["id"]) for raw in rows), default=mark.turn)
            fresh = [raw for raw in rows if int(raw["id"]) > mark.turn]
            found += [
                turn for raw in fresh if (turn := self._turn(raw, int((raw.get("issue") or {}).get("number") or 0)))
            ]
            if len(fresh) < PAGE:
                break
        yield Change(Mark(turn=newest, tags={"turns": tag}), turns=tuple(sorted(found, key=lambda t: t.id)))

    def issue(self, number: int) -> Issue:
        raw = self._wire.get(f"/issues/{number}")
        return self._issue(raw, self._comments(raw))

    def turns(self, number: int) -> tuple[Turn, ...]:
        """What was done with one issue, oldest first."""
        found: list[Turn] = []
        for page in range(1, TURN_PAGES + 1):
            try:
                rows = self._wire.get(f"/issues/{number}/events", {"per_page": PAGE, "page": page})
            except NotFound:
                break
            found += [turn for raw in rows if (turn := self._turn(raw, number))]
            if len(rows) < PAGE:
                break
        return tuple(found)

    def file(self, path: str) -> str:
        """The text of a file of the repository, as it is on the default branch."""
        raw = self._wire.file(path)
        if not isinstance(raw, Mapping) or raw.get("encoding") != "base64":
            raise NotFound(f"{path} is no file that can be read.")
        return base64.b64decode(str(raw.get("content") or "")).decode("utf-8", "replace")

    def find(self, marker: str, issue: int = 0, since: datetime | None = None) -> Issue | None:
        """Where the marker is: in the newest issues, made since then, or in one issue and its comments."""
        line = _hidden(marker)
        if issue:
            return self._find_in(line, issue)
        marked = [raw for raw in self._newest(since) if line in (raw.get("body") or "")]
        if not marked:
            return None
        raw = min(marked, key=lambda r: int(r["number"]))
        return self._issue(raw, self._comments(raw))

    def newest(self, since: datetime) -> list[Issue]:
        """Issues made since then, from the list itself; the search index lags."""
        return [self._issue(raw, ()) for raw in self._newest(since)]

    def _newest(self, since: datetime | None) -> Iterator[Json]:
        for page in range(1, (NEWEST_PAGES if since is None else MOST_PAGES) + 1):
            query = {"state": "all", "sort": "created", "direction": "desc", "per_page": PAGE, "page": page}
            found = self._wire.get("/issues", query)
            yield from (raw for raw in found if "pull_request" not in raw)
            oldest = _time(found[-1]["created_at"]) if found else None
            if len(found) < PAGE or (since and oldest and oldest < since):
                return

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
        """Adds the comment, or puts it in the place of the one that the draft amends; one without a text (a link)
        writes nothing."""
        if draft.comment:
            body, doing = {"body": _marked(draft.comment, marker)}, f"commenting on #{draft.issue}"
            with self._wire.writing:
                if not (draft.amends and self._amended(draft, body, doing)):
                    self._wire.send("POST", f"/issues/{draft.issue}/comments", body, doing)
        return self.issue(draft.issue)

    def _amended(self, draft: Draft, body: Json, doing: str) -> bool:
        """Whether our own comment could be edited: somebody may have deleted it."""
        try:
            self._wire.send("PATCH", f"/issues/comments/{draft.amends}", body, doing)
        except NotFound:
            return False
        return True

    def rewrite(self, comment: Comment, text: str) -> Comment:
        """A comment of ours says this instead; nothing where somebody deleted it. Safe to repeat."""
        doing = f"changing a comment on #{comment.issue}"
        with self._wire.writing, suppress(NotFound):
            self._wire.send("PATCH", f"/issues/comments/{comment.id}", {"body": text}, doing)
        return replace(comment, body=text)

    def close_as_duplicate(self, number: int, of: int, marker: str) -> Issue:
        """A twin of ours, closed in favour of the lower number, which it says; safe to repeat."""
        text, doing = f"Duplicate of #{of}: both were written for the same problem.", f"closing #{number}"
        if self._find_in(_hidden(marker), number) is None:
            with self._wire.writing:
                body = {"body": _marked(text, marker)}
                self._wire.send("POST", f"/issues/{number}/comments", body, doing)
        with self._wire.writing:
            if self._wire.get(f"/issues/{number}")["state"] == "open":
                closing = {"state": "closed", "state_reason": "duplicate"}
                self._wire.send("PATCH", f"/issues/{number}", closing, doing)
        return self.issue(number)

    def close(self, number: int, reason: str = "not_planned") -> Issue:
        """Closes an issue of ours that was for nothing."""
        with self._wire.writing:
            closing = {"state": "closed", "state_reason": reason}
            self._wire.send("PATCH", f"/issues/{number}", closing, f"closing #{number}")
        return self.issue(number)

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

    def purge(self, clean: Callable[[str], str]) -> int:
        """Edits every issue and comment of ours that `clean` changes; returns how many. What others wrote is theirs."""
        done = 0
        for path, fields in (("/issues", ("title", "body")), ("/issues/comments", ("body",))):
            page = 1
            while found := self._wire.get(path, {"state": "all", "per_page": PAGE, "page": page}):
                for raw in found:
                    change = {f: clean(raw[f]) for f in fields if raw.get(f) and clean(raw[f]) != raw[f]}
                    if change and MARK in (raw.get("body") or ""):
                        where = f"{path}/{raw['number'] if path == '/issues' else raw['id']}"
                        with self._wire.writing:
                            self._wire.send("PATCH", where, change, "taking a text out of what we wrote")
                        done += 1
                page += 1
        return done

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
            merged_at=_time((raw.get("pull_request") or {}).get("merged_at")),
            comments=comments,
        )

    def _turn(self, raw: Json, number: int) -> Turn | None:
        """What is of interest of an event; None for the others."""
        if raw.get("event") not in TURNS or not number:
            return None
        actor = raw.get("actor") or {}
        login = str(actor.get("login") or "")
        return Turn(
            id=int(raw["id"]),
            issue=number,
            what=str(raw["event"]),
            who=login,
            person=bool(login) and actor.get("type", "User") == "User" and login != self._myself(),
            at=_time(raw.get("created_at")),
            label=str((raw.get("label") or {}).get("name") or ""),
            commit=str(raw.get("commit_id") or ""),
        )

    def _myself(self) -> str:
        if self._login is None:
            try:
                self._login = self._wire.myself()
            except Forbidden:
                self._login = ""
        return self._login


def _comment(raw: Json) -> Comment:
    return Comment(
        id=int(raw["id"]),
        issue=int(str(raw.get("issue_url") or "0").rpartition("/")[2]),
        body=str(raw.get("body") or ""),
        author=str((raw.get("user") or {}).get("login") or ""),
        created_at=_time(raw.get("created_at")),
        updated_at=_time(raw.get("updated_at")),
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
