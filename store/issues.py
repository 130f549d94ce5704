"""The mirror of the tracker, its full text, the markers in it, and which cluster belongs to which issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations, islice
from math import log

from sqlite_utils import Database

from bot.models import Change, Comment, Event, Issue, Mark, Rebuilt, Severity, Turn
from store import history
from store.codec import clean, dump, load, micros, moment, numbers, pairs
from store.codec import words as words_column
from store.connection import Connections
from store.markers import in_text, stamp
from store.resolving import names, resolve

COMMENTS = 100
"""The newest comments of an issue that are kept with it; the mirror has all."""
LONGEST_BODY = 20_000
"""Characters of a pull request in which it is looked for what it closes."""
PRIORITIES = frozenset(severity.value for severity in Severity)
WORDS = 40
"""Different words of a search that are looked for."""
FEW = 400
"""A word that more issues have is too common to be looked for."""
COMMON = 10_000
"""Searches that are remembered as too common; then all are forgotten and learned anew."""
PAIRED = 6
"""Where all words are too common, so many of the first are looked for in pairs."""
LOOKED_AT = 200
"""Of what a search found, so many are looked at: some may be of another repository, or pull requests."""

_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d{1,9})\b", re.IGNORECASE)


class Issues:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._common: set[str] = set()
        """Searches that found too many: they will again."""

    def put(self, issues: Iterable[Issue]) -> int:
        """Mirrors these, too; how far the mirror has come stays as it is."""
        with self._connections.change() as db:
            return sum(mirror(db, issue) for issue in issues)

    def mark(self, repository: str) -> Mark:
        """How far the mirror has come."""
        with self._connections.read() as db:
            row = db.execute("SELECT mark FROM syncs WHERE repository = ?", [repository]).fetchone()
            return load(Mark, row[0]) if row else Mark()

    def take(self, repository: str, changes: Iterable[Change]) -> int:
        """Mirrors what changed, a transaction a page, each together with how far that is: what was read before the
        tracker failed is kept. Returns how many issues changed."""
        total = 0
        for change in changes:
            with self._connections.change() as db:
                total += sum(mirror(db, issue) for issue in change.issues)
                for number in _keep_comments(db, repository, change.comments) | _keep_turns(
                    db, repository, change.turns
                ):
                    _refresh(db, repository, number)
                db.execute(
                    "INSERT INTO syncs (repository, mark) VALUES (?, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark",
                    [repository, dump(change.mark)],
                )
        return total

    def comments(self, repository: str, number: int) -> list[Comment]:
        """The mirrored comments of an issue, in the order in which they were written."""
        with self._connections.read() as db:
            return _comments(db, repository, number)

    def get(self, repository: str, number: int) -> Issue | None:
        with self._connections.read() as db:
            return mirrored(db, [(repository, number)]).get((repository, number))

    def search(self, repository: str, words: str, limit: int = 20) -> list[Issue]:
        """Issues that have any of the words, best first; pull requests are left out.

        Each word is looked up by itself, and only so far: one that very many issues have tells nothing, and ranking
        all that have it would take long. Such a word counts where it stands in a title, if not in too many of these.
        """
        with self._connections.read() as db:
            wanted = [db.quote_fts(w) for w in islice(dict.fromkeys(re.findall(r"\w+", clean(words).lower())), WORDS)]
            scores: dict[int, float] = {}
            for at, word in enumerate(wanted):
                self._score(db, scores, word, 1 - at / (2 * WORDS))
                self._score(db, scores, f"title : {word}", 1 - at / (2 * WORDS))
            if len(scores) < limit:
                for one, other in combinations(wanted[:PAIRED], 2):
                    self._score(db, scores, f"{one} AND {other}", 1.0)
            if not scores:
                scores = _newest(db, " OR ".join(wanted)) if wanted else {}
            found = sorted(scores, key=lambda id_: (-scores[id_], id_))[:LOOKED_AT]
            rows = db.execute(
                "SELECT issues.id, issues.body FROM issues WHERE id IN (SELECT value FROM json_each(?))"
                " AND repository = ? AND NOT pull_request",
                [numbers(found), repository],
            )
            best = sorted(rows.fetchall(), key=lambda row: (-scores[row[0]], row[0]))[:limit]
            return [load(Issue, body) for _, body in best]

    def _score(self, db: Database, scores: dict[int, float], query: str, worth: float) -> None:
        """Adds what the query tells of each issue it finds; nothing where it finds too many."""
        if query in self._common:
            return
        sql = "SELECT rowid FROM issue_texts WHERE issue_texts MATCH ? LIMIT ?"
        rows = db.execute(sql, [query, FEW + 1]).fetchall()
        if len(rows) > FEW:
            if len(self._common) >= COMMON:
                self._common.clear()
            self._common.add(query)
        elif rows:
            more = worth * log(1 + FEW / len(rows))
            for (id_,) in rows:
                scores[id_] = scores.get(id_, 0.0) + more

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
                " ORDER BY markers.said, issues.number LIMIT 1",
                [repository, words_column(stamps), numbers(names(db, cluster))],
            ).fetchone()
            return load(Issue, row[0]) if row else None

    def rebuild(self, repository: str, now: datetime) -> Rebuilt:
        """The mapping from the markers, for clusters that have none; says what could not be told."""
        with self._connections.change() as db:
            signatures = {stamp(key): cluster for key, cluster in db.execute("SELECT key, cluster FROM signatures")}
            rows = db.execute(
                "SELECT issues.number, markers.signature, markers.said, issues.state FROM markers"
                " JOIN issues ON issues.id = markers.issue WHERE issues.repository = ?"
                " ORDER BY markers.said, issues.state = 'closed', issues.number",
                [repository],
            ).fetchall()
            places: dict[int, list[tuple[int, str]]] = {}
            unseen, unsigned = set[int](), set[int]()
            for number, signature, said, state in rows:
                if not signature:
                    unsigned.add(number)
                elif signature not in signatures:
                    unseen.add(number)
                else:
                    places.setdefault(signatures[signature], []).append((number, "" if said else state))
            linked = []
            for cluster, found in sorted(places.items()):
                known = db.execute("SELECT 1 FROM links WHERE cluster = ?", [cluster]).fetchone()
                issue = mirrored(db, [(repository, found[0][0])])[(repository, found[0][0])]
                if not known and (cluster, (repository, issue.number)) not in unlinked(db, [cluster]):
                    link(db, cluster, issue, history.GARDENER, now)
                    linked.append((cluster, issue.number))
            taken = {n for found in places.values() for n, _ in found}
            several = {c: [n for n, state in found if state == "open"] for c, found in places.items()}
            return Rebuilt(
                linked=tuple(linked),
                unseen=tuple(sorted(unseen - taken)),
                unsigned=tuple(sorted(unsigned - taken - unseen)),
                several=tuple((c, tuple(found)) for c, found in sorted(several.items()) if len(found) > 1),
            )

    def twins(self, repository: str, marker: str) -> list[Issue]:
        """Mirrored issues whose markers name the same signature, in order of number."""
        signatures = [signature for _, signature in in_text(marker) if signature]
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT DISTINCT issues.number, issues.body FROM markers JOIN issues ON issues.id = markers.issue"
                " WHERE issues.repository = ? AND markers.signature IN (SELECT value FROM json_each(?)) AND NOT said"
                " ORDER BY issues.number",
                [repository, words_column(signatures)],
            )
            return [load(Issue, body) for _, body in rows]

    def quiet(self, repository: str, before: datetime) -> list[int]:
        """Clusters that belong to an open issue and were not seen since then."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT links.cluster, max(totals.last) AS newest FROM links JOIN issues USING (repository, number)"
                " JOIN signatures ON signatures.cluster = links.cluster JOIN totals ON totals.signature = signatures.id"
                " WHERE links.repository = ? AND issues.state = 'open'"
                " GROUP BY links.cluster HAVING newest < ?"
                " AND NOT max(signatures.id IN (SELECT signature FROM counts WHERE open = 1 AND last >= ?))"
                " ORDER BY links.cluster",
                [repository, micros(before), micros(before)],
            )
            return [row[0] for row in rows]

    def keep_file(self, repository: str, path: str, body: str, now: datetime) -> None:
        with self._connections.change() as db:
            db.execute(
                "INSERT INTO repository_files (repository, path, at, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET at = excluded.at, body = excluded.body",
                [repository, path, micros(now), clean(body)],
            )

    def file(self, repository: str, path: str) -> tuple[str, datetime] | None:
        """A file of the repository as it was read last, and when."""
        with self._connections.read() as db:
            sql = "SELECT body, at FROM repository_files WHERE repository = ? AND path = ?"
            row = db.execute(sql, [repository, path]).fetchone()
            return (row[0], moment(row[1])) if row else None

    def link(self, cluster: int, issue: Issue, who: str, now: datetime) -> None:
        with self._connections.change() as db:
            link(db, cluster, issue, who, now)

    def linked(self, cluster: int) -> Issue | None:
        with self._connections.read() as db:
            row = db.execute(
                "SELECT repository, number FROM links WHERE cluster = ?", [resolve(db, cluster) or cluster]
            ).fetchone()
            return mirrored(db, [(row[0], row[1])]).get((row[0], row[1])) if row else None

    def unlink(self, cluster: int, who: str, now: datetime, *, final: bool = True) -> Issue | None:
        """The cluster is not its issue, and if that is final will not be again unless a person says so; the issue
        that it was."""
        with self._connections.change() as db:
            return unlink(db, cluster, who, now, final=final)

    def duplicates(self, repository: str) -> list[tuple[int, int]]:
        """Issues of clusters that turned out to be one, nobody was asked yet: the other's, and the one that stays."""
        with self._connections.read() as db:
            sql = "SELECT number, original FROM duplicates WHERE repository = ? ORDER BY number"
            return [(row[0], row[1]) for row in db.execute(sql, [repository])]

    def asked(self, repository: str, number: int) -> None:
        """Somebody was asked whether this one is a duplicate, or there is nothing to ask."""
        with self._connections.change() as db:
            db.execute("DELETE FROM duplicates WHERE repository = ? AND number = ?", [repository, number])

    def unlinked(self, cluster: int) -> list[tuple[str, int]]:
        """The issues that a person said the cluster is not."""
        with self._connections.read() as db:
            return [issue for _, issue in unlinked(db, [resolve(db, cluster) or cluster])]

    def holders(self, repository: str, number: int) -> list[int]:
        """The clusters that belong to the issue, in order of number."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT cluster FROM links WHERE repository = ? AND number = ? ORDER BY cluster", [repository, number]
            )
            return [row[0] for row in rows]


def _newest(db: Database, query: str) -> dict[int, float]:
    """Where too many are alike to tell them apart."""
    rows = db.execute(
        "SELECT rowid FROM issue_texts WHERE issue_texts MATCH ? ORDER BY rowid DESC LIMIT ?", [query, LOOKED_AT]
    )
    return {id_: float(id_) for (id_,) in rows}


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
    db.execute(
        "DELETE FROM unlinked WHERE cluster = ? AND repository = ? AND number = ?",
        [number, issue.repository, issue.number],
    )
    was = f", was {before[0]}#{before[1]}" if before else ""
    history.add(db, Event(now, who, "link", f"cluster {number}", f"{issue.ref}{was}"))


def unlink(db: Database, cluster: int, who: str, now: datetime, *, final: bool) -> Issue | None:
    number = resolve(db, cluster) or cluster
    row = db.execute("DELETE FROM links WHERE cluster = ? RETURNING repository, number", [number]).fetchone()
    if row is None:
        return None
    was = (str(row[0]), int(row[1]))
    if final:
        db.execute("INSERT OR IGNORE INTO unlinked (cluster, repository, number) VALUES (?, ?, ?)", [number, *was])
    db.execute("UPDATE clusters SET changed = 1, since = NULL, until = NULL WHERE number = ?", [number])
    history.add(db, Event(now, who, "unlink", f"cluster {number}", f"{was[0]}#{was[1]}"))
    return mirrored(db, [was]).get(was)


def unlinked(db: Database, clusters: Sequence[int]) -> list[tuple[int, tuple[str, int]]]:
    """Which cluster is not which issue, by a person's word."""
    rows = db.execute(
        "SELECT cluster, repository, number FROM unlinked WHERE cluster IN (SELECT value FROM json_each(?))",
        [numbers(clusters)],
    )
    return [(row[0], (row[1], row[2])) for row in rows]


def links(db: Database, clusters: Sequence[int]) -> dict[int, tuple[Issue, str]]:
    """The issue of each cluster that has one, and who said so."""
    rows = db.execute(
        "SELECT links.cluster, issues.body, links.who FROM links JOIN issues USING (repository, number)"
        " WHERE links.cluster IN (SELECT value FROM json_each(?))",
        [numbers(clusters)],
    )
    return {cluster: (load(Issue, body), who) for cluster, body, who in rows}


def mirror(db: Database, issue: Issue) -> bool:
    """The newest word on an issue: what is older than what is known changes nothing. What the tracker tells apart
    from the issue itself (comments, who did what) is put to it."""
    row = db.execute(
        "SELECT id, updated_at FROM issues WHERE repository = ? AND number = ?", [issue.repository, issue.number]
    ).fetchone()
    updated = micros(issue.updated_at)
    if row and row[1] is not None and updated is not None and updated < row[1]:
        return False
    issue = _whole(db, issue)
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
    db.conn.executemany(
        "INSERT OR IGNORE INTO markers (issue, cluster, signature, said) VALUES (?, ?, ?, 1)",
        [(id_, *found) for comment in issue.comments for found in in_text(comment)],
    )
    if issue.pull_request and issue.merged_at:
        for number in {int(n) for n in _CLOSES.findall(f"{issue.title}\n{issue.body[:LONGEST_BODY]}")}:
            _fact(db, issue.repository, number, "pull", issue.number)
            _refresh(db, issue.repository, number)
    return True


def _whole(db: Database, issue: Issue) -> Issue:
    """The issue with its comments and with what is known of who did what with it."""
    facts = db.execute(
        'SELECT severity_by, "commit", pull FROM issue_facts WHERE repository = ? AND number = ?',
        [issue.repository, issue.number],
    ).fetchone()
    if facts:
        issue = replace(issue, severity_by=facts[0], commit=facts[1], pull=facts[2])
    if not issue.comments:
        said = _comments(db, issue.repository, issue.number)[-COMMENTS:]
        issue = replace(issue, comments=tuple(c.body for c in said))
    return issue


def _refresh(db: Database, repository: str, number: int) -> None:
    """Writes an issue down anew after something beside it changed; one that is not mirrored yet gets it later."""
    known = mirrored(db, [(repository, number)]).get((repository, number))
    if known:
        mirror(db, replace(known, comments=()))


def _comments(db: Database, repository: str, number: int) -> list[Comment]:
    rows = db.execute(
        "SELECT body FROM issue_comments WHERE repository = ? AND issue = ? ORDER BY id", [repository, number]
    )
    return [load(Comment, row[0]) for row in rows]


def _keep_comments(db: Database, repository: str, comments: Iterable[Comment]) -> set[int]:
    for comment in comments:
        db.execute(
            "INSERT INTO issue_comments (repository, id, issue, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET body = excluded.body",
            [repository, comment.id, comment.issue, dump(comment)],
        )
    return {comment.issue for comment in comments}


def _keep_turns(db: Database, repository: str, turns: Iterable[Turn]) -> set[int]:
    """Whose the priority label is, and which commit closed the issue."""
    concerned = set()
    for turn in turns:
        if turn.what == "labeled" and turn.label in PRIORITIES:
            _fact(db, repository, turn.issue, "severity_by", turn.who if turn.person else "")
        elif turn.what in ("closed", "reopened"):
            _fact(db, repository, turn.issue, '"commit"', turn.commit)
        else:
            continue
        concerned.add(turn.issue)
    return concerned


def _fact(db: Database, repository: str, number: int, column: str, value: str | int) -> None:
    db.execute(
        f"INSERT INTO issue_facts (repository, number, {column}) VALUES (?, ?, ?)"  # noqa: S608 -- a column's name
        f" ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
        [repository, number, value],
    )


def mirrored(db: Database, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Issue]:
    rows = db.execute(
        "SELECT issues.body FROM json_each(?) AS asked JOIN issues"
        " ON issues.repository = asked.value ->> 0 AND issues.number = asked.value ->> 1",
        [pairs(wanted)],
    )
    found = [load(Issue, row[0]) for row in rows]
    return {(issue.repository, issue.number): issue for issue in found}
