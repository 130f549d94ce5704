"""A tracker of our own in an SQLite file: for the demo, for trying things out, and where there is no GitHub.

It behaves as GitHub does towards us: numbers that are never used again, refusals of titles and bodies that are too
long, people's labels left alone.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlite_utils import Database

from bot.errors import Forbidden, NotFound, TrackerUnavailable
from bot.models import Act, Change, Comment, Draft, Issue, Mark, Severity, Turn

TITLE_LIMIT = 256
BODY_LIMIT = 65_536
PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
PRIORITIES = frozenset(severity.value for severity in Severity)
PAGE = 100
GARDENER = "gardener"
REASONS = ("completed", "not_planned", "duplicate")

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS local_issues (repository TEXT NOT NULL, number INTEGER NOT NULL, title TEXT NOT NULL,"
    " body TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, labels TEXT NOT NULL, assignees TEXT NOT NULL,"
    " created_at TEXT NOT NULL, updated_at TEXT NOT NULL, closed_at TEXT, PRIMARY KEY (repository, number)) STRICT",
    "CREATE TABLE IF NOT EXISTS local_comments (id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL,"
    " number INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL,"
    " FOREIGN KEY (repository, number) REFERENCES local_issues (repository, number)) STRICT",
    "CREATE INDEX IF NOT EXISTS local_comments_issue ON local_comments (repository, number)",
    "CREATE TABLE IF NOT EXISTS local_turns (id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL,"
    " number INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL, label TEXT NOT NULL, at TEXT NOT NULL) STRICT",
    "ALTER TABLE local_comments ADD COLUMN updated_at TEXT",
    "ALTER TABLE local_issues ADD COLUMN locked INTEGER NOT NULL DEFAULT 0",
)
_SELECT = (
    "SELECT number, title, body, state, reason, labels, created_at, updated_at, closed_at, locked,"
    " (SELECT json_group_array(body) FROM (SELECT body FROM local_comments AS c"
    "  WHERE c.repository = local_issues.repository AND c.number = local_issues.number ORDER BY c.id))"
    " FROM local_issues "
)


class LocalTracker:
    """The issues of one repository that is only here; its tables may share a file with others."""

    def __init__(
        self, path: str, repository: str = "local/garden", *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.repository = repository
        self._path = path
        self._clock = clock
        self._guard = threading.Lock()
        self._open: WeakKeyDictionary[threading.Thread, Database] = WeakKeyDictionary()
        self._turn = threading.RLock() if path == ":memory:" else None
        self._shared = self._connect() if path == ":memory:" else None

    # -------------------------------------------------------------------------------------------- reading

    def changes(self, mark: Mark) -> Iterator[Change]:
        """All that changed since the mark, oldest first."""
        with self._transaction("BEGIN") as db:
            issues = db.execute(
                _SELECT + "WHERE repository = ? AND updated_at >= ? ORDER BY updated_at, number",
                [self.repository, _stamp(mark.issues) if mark.issues else ""],
            ).fetchall()
            comments = db.execute(
                "SELECT id, number, body, at, coalesce(updated_at, at) AS changed FROM local_comments"
                " WHERE repository = ? AND changed >= ? ORDER BY changed, id",
                [self.repository, _stamp(mark.comments) if mark.comments else ""],
            ).fetchall()
            turns = self._turns(db, "id > ?", mark.turn)
        for start in range(0, max(len(issues), len(comments)), PAGE):
            page = tuple(replace(self._issue(row), comments=()) for row in issues[start : start + PAGE])
            said = tuple(
                Comment(id, number, body, GARDENER, _time(at), _time(changed))
                for id, number, body, at, changed in comments[start : start + PAGE]
            )
            mark = replace(
                mark,
                issues=page[-1].updated_at if page else mark.issues,
                comments=said[-1].updated_at if said else mark.comments,
            )
            yield Change(mark, page, said)
        if turns:
            yield Change(replace(mark, turn=turns[-1].id), turns=turns)

    def issue(self, number: int) -> Issue:
        with self._transaction("BEGIN") as db:
            return self._get(db, number)

    def turns(self, number: int) -> tuple[Turn, ...]:
        """What was done with one issue, oldest first."""
        with self._transaction("BEGIN") as db:
            return self._turns(db, "number = ?", number)

    def file(self, path: str) -> str:
        raise NotFound(f"{self.repository} has no files.")

    def find(self, marker: str, issue: int = 0, since: datetime | None = None) -> Issue | None:
        """The lowest-numbered issue with the marker in its body, or that one issue if it or a comment has it."""
        with self._transaction("BEGIN") as db:
            if issue:
                found = self._get(db, issue)
                return found if any(marker in text for text in (found.body, *found.comments)) else None
            row = db.execute(
                _SELECT + "WHERE repository = ? AND instr(body, ?) ORDER BY number LIMIT 1", [self.repository, marker]
            ).fetchone()
            return self._issue(row) if row else None

    def newest(self, since: datetime) -> list[Issue]:
        with self._transaction("BEGIN") as db:
            rows = db.execute(
                _SELECT + "WHERE repository = ? AND created_at >= ? ORDER BY number DESC",
                [self.repository, _stamp(since)],
            ).fetchall()
            return [self._issue(row) for row in rows]

    # -------------------------------------------------------------------------------------------- writing

    def create(self, draft: Draft, marker: str) -> Issue:
        title, body = _clean(draft.title), _marked(draft.body, marker)
        if not title.strip():
            raise Forbidden("An issue needs a title.")
        _fits("title", title, TITLE_LIMIT)
        _fits("body", body, BODY_LIMIT)
        with self._transaction() as db:
            now = _stamp(self._clock())
            number = (
                1
                + db.execute(
                    "SELECT coalesce(max(number), 0) FROM local_issues WHERE repository = ?", [self.repository]
                ).fetchone()[0]
            )
            db.execute(
                "INSERT INTO local_issues VALUES (?, ?, ?, ?, 'open', '', ?, ?, ?, ?, NULL, 0)",
                [self.repository, number, title, body, _column(draft.labels), _column(draft.assignees), now, now],
            )
            return self._get(db, number)

    def comment(self, draft: Draft, marker: str) -> Issue:
        """Adds the comment; a draft without one (a link) writes nothing."""
        body = _marked(draft.comment, marker)
        _fits("comment", body, BODY_LIMIT)
        with self._transaction() as db:
            found = self._get(db, draft.issue)
            if not draft.comment:
                return found
            if found.locked:
                raise Forbidden(f"#{draft.issue} is locked, so nobody can comment there.")
            now = _stamp(self._clock())
            amended = db.execute(
                "UPDATE local_comments SET body = ?, updated_at = ? WHERE id = ? AND number = ? AND repository = ?",
                [body, now, draft.amends, draft.issue, self.repository],
            ).rowcount
            if not amended:
                self._say(db, draft.issue, body, now)
            db.execute(
                "UPDATE local_issues SET updated_at = ? WHERE repository = ? AND number = ?",
                [now, self.repository, draft.issue],
            )
            return self._get(db, draft.issue)

    def rewrite(self, comment: Comment, text: str) -> Comment:
        """A comment of ours says this instead; nothing where somebody deleted it. Safe to repeat."""
        with self._transaction() as db:
            db.execute(
                "UPDATE local_comments SET body = ?, updated_at = ? WHERE id = ? AND number = ? AND repository = ?",
                [text, _stamp(self._clock()), comment.id, comment.issue, self.repository],
            )
        return replace(comment, body=text)

    def close_as_duplicate(self, number: int, of: int, marker: str) -> Issue:
        """A twin of ours, closed in favour of the lower number, which it says; safe to repeat."""
        with self._transaction() as db:
            before = self._get(db, number)
            if not any(marker in text for text in before.comments):
                text = f"Duplicate of #{of}: both were written for the same problem."
                self._say(db, number, _marked(text, marker), _stamp(self._clock()))
            if before.closed:
                return self._get(db, number)
            now = self._clock()
            return self._save(db, before, replace(before, state="closed", reason="duplicate", closed_at=now))

    def edit(self, draft: Draft) -> Issue:
        """Title, priority label, reopening: each only where it is not so already. Other labels are people's."""
        _fits("title", draft.title, TITLE_LIMIT)
        with self._transaction() as db:
            before = self._get(db, draft.issue)
            labels = before.labels
            if PRIORITIES & set(draft.labels):
                labels = tuple(name for name in labels if name not in PRIORITIES or name in draft.labels)
            after = replace(
                before,
                title=_clean(draft.title) or before.title,
                labels=tuple(dict.fromkeys((*labels, *draft.labels))),
            )
            if draft.act is Act.REOPEN and before.closed:
                after = replace(after, state="open", reason="reopened", closed_at=None)
            return self._save(db, before, after)

    def close(self, number: int, reason: str = "completed") -> Issue:
        """As a person would: `completed`, `not_planned` or `duplicate`."""
        if reason not in REASONS:
            raise Forbidden(f"An issue is closed as {', '.join(REASONS)}.")
        with self._transaction() as db:
            before = self._get(db, number)
            return self._save(db, before, replace(before, state="closed", reason=reason, closed_at=self._clock()))

    def adopt(self, issues: Iterable[Issue]) -> None:
        """Takes over issues as they were elsewhere, numbers and all; those whose number is taken stay out."""
        with self._transaction() as db:
            for issue in issues:
                created = _stamp(issue.created_at or self._clock())
                db.execute(
                    "INSERT OR IGNORE INTO local_issues VALUES (?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, ?, 0)",
                    [
                        self.repository,
                        issue.number,
                        _clean(issue.title),
                        _clean(issue.body),
                        issue.state,
                        issue.reason,
                        _column(issue.labels),
                        created,
                        _stamp(issue.updated_at) if issue.updated_at else created,
                        _stamp(issue.closed_at) if issue.closed_at else None,
                    ],
                )

    def reopen(self, number: int) -> Issue:
        """As a person would."""
        with self._transaction() as db:
            before = self._get(db, number)
            return self._save(db, before, replace(before, state="open", reason="reopened", closed_at=None))

    def label(self, number: int, *names: str, who: str = "") -> Issue:
        """As a person would: these labels, and no other."""
        with self._transaction() as db:
            before = self._get(db, number)
            return self._save(db, before, replace(before, labels=names), who or "somebody")

    def lock(self, number: int) -> None:
        """As a person would."""
        with self._transaction() as db:
            db.execute(
                "UPDATE local_issues SET locked = 1, updated_at = ? WHERE repository = ? AND number = ?",
                [_stamp(self._clock()), self.repository, number],
            )

    def shut(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            connections = [*self._open.values(), *([self._shared] if self._shared else [])]
            self._open.clear()
        for db in connections:
            db.conn.close()

    # -------------------------------------------------------------------------------------------- the file

    def _get(self, db: Database, number: int) -> Issue:
        row = db.execute(_SELECT + "WHERE repository = ? AND number = ?", [self.repository, number]).fetchone()
        if row is None:
            raise NotFound(f"There is no issue #{number} in {self.repository}.")
        return self._issue(row)

    def _turns(self, db: Database, where: str, value: int) -> tuple[Turn, ...]:
        rows = db.execute(
            f"SELECT id, number, what, who, label, at FROM local_turns WHERE repository = ? AND {where} ORDER BY id",  # noqa: S608 -- words of ours
            [self.repository, value],
        )
        return tuple(
            Turn(id, number, what, who, who != GARDENER, _time(at), label) for id, number, what, who, label, at in rows
        )

    def _say(self, db: Database, number: int, body: str, at: str) -> None:
        sql = "INSERT INTO local_comments (repository, number, body, at) VALUES (?, ?, ?, ?)"
        db.execute(sql, [self.repository, number, body, at])

    def _save(self, db: Database, before: Issue, after: Issue, who: str = GARDENER) -> Issue:
        if before == after:
            return before
        turns = [("labeled", name) for name in after.labels if name not in before.labels]
        turns += [("unlabeled", name) for name in before.labels if name not in after.labels]
        if before.state != after.state:
            turns.append(("closed" if after.closed else "reopened", ""))
        for what, label in turns:
            db.execute(
                "INSERT INTO local_turns (repository, number, what, who, label, at) VALUES (?, ?, ?, ?, ?, ?)",
                [self.repository, after.number, what, who, label, _stamp(self._clock())],
            )
        db.execute(
            "UPDATE local_issues SET title = ?, state = ?, reason = ?, labels = ?, closed_at = ?, updated_at = ?"
            " WHERE repository = ? AND number = ?",
            [
                after.title,
                after.state,
                after.reason,
                _column(after.labels),
                _stamp(after.closed_at) if after.closed_at else None,
                _stamp(self._clock()),
                self.repository,
                after.number,
            ],
        )
        return self._get(db, after.number)

    def _issue(self, row: tuple[Any, ...]) -> Issue:
        number, title, body, state, reason, labels, created_at, updated_at, closed_at, locked, comments = row
        return Issue(
            repository=self.repository,
            number=number,
            title=title,
            body=body,
            state=state,
            reason=reason,
            labels=tuple(orjson.loads(labels)),
            url=f"local:{self.repository.rpartition('/')[2]}#{number}",
            created_at=_time(created_at),
            updated_at=_time(updated_at),
            closed_at=_time(closed_at) if closed_at else None,
            locked=bool(locked),
            comments=tuple(orjson.loads(comments)),
        )

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[Database]:
        """All of it or nothing; nobody else writes meanwhile. With a plain `BEGIN` it only reads."""
        try:
            with self._turn or nullcontext():
                db = self._db()
                db.conn.execute(begin)
                try:
                    yield db
                    db.conn.execute("COMMIT")
                except BaseException:
                    if db.conn.in_transaction:
                        db.conn.execute("ROLLBACK")
                    raise
        except sqlite3.OperationalError as error:
            raise TrackerUnavailable(f"The local tracker in {self._path} cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise TrackerUnavailable(
                f"The local tracker in {self._path} is no database that we know: {error}."
            ) from error

    def _db(self) -> Database:
        if self._shared is not None:
            return self._shared
        thread = threading.current_thread()
        with self._guard:
            known = self._open.get(thread)
        if known is None:
            known = self._connect()
            with self._guard:
                self._open[thread] = known
        return known

    def _connect(self) -> Database:
        db = Database(
            sqlite3.connect(self._path, timeout=PATIENCE, check_same_thread=False),
            execute_plugins=False,
        )
        db.conn.execute("PRAGMA foreign_keys = ON")
        if _TABLES - set(db.table_names()):
            db.conn.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                with suppress(sqlite3.OperationalError) if statement.startswith("ALTER") else nullcontext():
                    db.conn.execute(statement)  # a column that is there already is no mistake
            db.conn.execute("COMMIT")
        return db


_TABLES = frozenset({"local_issues", "local_comments", "local_turns"})


def _marked(text: str, marker: str) -> str:
    text = _clean(text)
    return text if marker in text else f"{text.rstrip()}\n\n{marker}\n"


def _fits(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise Forbidden(f"The {what} is too long: {len(text):,} characters, and {limit:,} are allowed.")


def _clean(text: str) -> str:
    """Half a surrogate pair, which UTF-8 has no bytes for, becomes `?`."""
    return text.encode("utf-8", "replace").decode()


def _column(texts: tuple[str, ...]) -> str:
    return orjson.dumps([_clean(text) for text in texts]).decode()


def _stamp(time: datetime) -> str:
    """Always with microseconds, so that stamps sort as times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
