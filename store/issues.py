"""The mirror of the tracker, its full text, the markers in it, and which cluster belongs to which issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlite_utils import Database

from bot.models import Event, Issue
from store import history
from store.codec import clean, dump, load, micros, moment, numbers, pairs
from store.codec import words as words_column
from store.connection import Connections
from store.markers import in_text, stamp
from store.resolving import names, resolve

CHUNK = 200
"""Issues written at once: the tracker is read between transactions, never inside one."""
WORDS = 40
"""Different words of a search that are looked for."""


class Issues:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def put(self, issues: Iterable[Issue]) -> int:
        """Mirrors what the tracker tells of, oldest change first, and remembers how far it came. What was read
        before the tracker failed is kept."""
        total, chunk = 0, list[Issue]()
        try:
            for issue in issues:
                chunk.append(issue)
                if len(chunk) == CHUNK:
                    full, chunk = chunk, []
                    total += self._write(full)
        finally:
            total += self._write(chunk)
        return total

    def _write(self, issues: list[Issue]) -> int:
        with self._connections.change() as db:
            for issue in issues:
                mirror(db, issue)
                if issue.updated_at is not None:
                    db.execute(
                        "INSERT INTO syncs (repository, at) VALUES (?, ?)"
                        " ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                        [issue.repository, micros(issue.updated_at)],
                    )
        return len(issues)

    def get(self, repository: str, number: int) -> Issue | None:
        with self._connections.read() as db:
            return mirrored(db, [(repository, number)]).get((repository, number))

    def search(self, repository: str, words: str, limit: int = 20) -> list[Issue]:
        """Issues that have any of the words, best first; pull requests are left out."""
        with self._connections.read() as db:
            wanted = dict.fromkeys(re.findall(r"\w+", clean(words).lower()))
            query = " OR ".join(db.quote_fts(word) for word in islice(wanted, WORDS))
            if not query:
                return []
            rows = db.execute(
                "SELECT issues.body FROM issue_texts JOIN issues ON issues.id = issue_texts.rowid"
                " WHERE issue_texts MATCH ? AND issues.repository = ? AND NOT issues.pull_request"
                " ORDER BY bm25(issue_texts, 8.0, 2.0, 1.0), issues.number LIMIT ?",
                [query, repository, limit],
            )
            return [load(Issue, row[0]) for row in rows]

    def synced_at(self, repository: str) -> datetime | None:
        with self._connections.read() as db:
            row = db.execute("SELECT at FROM syncs WHERE repository = ?", [repository]).fetchone()
            return moment(row[0]) if row else None

    def marked(self, repository: str, cluster: int) -> Issue | None:
        """A marker that names a signature counts for whoever has that signature, whatever its number was in
        another database; one without counts for the number."""
        with self._connections.read() as db:
            stamps = [
                stamp(row[0])
                for row in db.execute(
                    "SELECT signatures.key FROM signatures WHERE cluster IN (SELECT value FROM json_each(?))",
                    [numbers(names(db, cluster))],
                )
            ]
            row = db.execute(
                "SELECT issues.body FROM markers JOIN issues ON issues.id = markers.issue WHERE issues.repository = ?"
                " AND (markers.signature IN (SELECT value FROM json_each(?))"
                "  OR markers.signature = '' AND markers.cluster IN (SELECT value FROM json_each(?)))"
                " ORDER BY issues.number LIMIT 1",
                [repository, words_column(stamps), numbers(names(db, cluster))],
            ).fetchone()
            return load(Issue, row[0]) if row else None

    def link(self, cluster: int, issue: Issue, who: str, now: datetime) -> None:
        with self._connections.change() as db:
            link(db, cluster, issue, who, now)

    def linked(self, cluster: int) -> Issue | None:
        with self._connections.read() as db:
            row = db.execute(
                "SELECT repository, number FROM links WHERE cluster = ?", [resolve(db, cluster) or cluster]
            ).fetchone()
            return mirrored(db, [(row[0], row[1])]).get((row[0], row[1])) if row else None

    def holders(self, repository: str, number: int) -> list[int]:
        """The clusters that belong to the issue, in order of number."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT cluster FROM links WHERE repository = ? AND number = ? ORDER BY cluster", [repository, number]
            )
            return [row[0] for row in rows]


def link(db: Database, cluster: int, issue: Issue, who: str, now: datetime) -> None:
    """From now on the cluster is that issue; the issue is mirrored, too."""
    number = resolve(db, cluster) or cluster
    mirror(db, issue)
    before = db.execute("SELECT repository, number FROM links WHERE cluster = ?", [number]).fetchone()
    if before == (issue.repository, issue.number):
        return
    db.execute(
        "INSERT INTO links (cluster, repository, number, who, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " repository = excluded.repository, number = excluded.number, who = excluded.who, at = excluded.at",
        [number, issue.repository, issue.number, who, micros(now)],
    )
    was = f", was {before[0]}#{before[1]}" if before else ""
    history.add(db, Event(now, who, "link", f"cluster {number}", f"{issue.ref}{was}"))


def links(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Issue, str]]:
    """The issue of each cluster that has one, and who said so."""
    rows = db.execute(
        "SELECT links.cluster, issues.body, links.who FROM links JOIN issues USING (repository, number)"
        " WHERE links.cluster IN (SELECT value FROM json_each(?))",
        [numbers(clusters)],
    )
    return {cluster: (load(Issue, body), who) for cluster, body, who in rows}


def mirror(db: Database, issue: Issue) -> None:
    """The newest word on an issue: what is older than what is known changes nothing."""
    row = db.execute(
        "SELECT id, updated_at FROM issues WHERE repository = ? AND number = ?", [issue.repository, issue.number]
    ).fetchone()
    updated = micros(issue.updated_at)
    if row and row[1] is not None and updated is not None and updated < row[1]:
        return
    cursor = db.execute(
        "INSERT INTO issues (repository, number, state, updated_at, pull_request, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at,"
        " pull_request = excluded.pull_request, body = excluded.body",
        [issue.repository, issue.number, issue.state, updated, int(issue.pull_request), dump(issue)],
    )
    id_ = row[0] if row else cursor.lastrowid
    db.execute("DELETE FROM issue_texts WHERE rowid = ?", [id_])
    db.execute(
        "INSERT INTO issue_texts (rowid, title, body, comments) VALUES (?, ?, ?, ?)",
        [id_, clean(issue.title), clean(issue.body), clean("\n".join(issue.comments))],
    )
    db.execute("DELETE FROM markers WHERE issue = ?", [id_])
    db.conn.executemany(
        "INSERT OR IGNORE INTO markers (issue, cluster, signature) VALUES (?, ?, ?)",
        [(id_, cluster, signature) for cluster, signature in in_text(issue.body)],
    )


def mirrored(db: Database, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Issue]:
    rows = db.execute(
        "SELECT issues.body FROM json_each(?) AS asked JOIN issues"
        " ON issues.repository = asked.value ->> 0 AND issues.number = asked.value ->> 1",
        [pairs(wanted)],
    )
    found = [load(Issue, row[0]) for row in rows]
    return {(issue.repository, issue.number): issue for issue in found}
