"""Severities and matches: the newest of each cluster; how a severity moved stands in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from bot.errors import Refused
from bot.models import Candidate, Event, Issue, Kind, Match, Outcome, Problem, Severity, Signature, Trend, Triage
from store import history, issues
from store.codec import dump, load, micros, numbers


def keep(db: Database, problem: Problem, now: datetime) -> None:
    """What a round thought. A person's severity stays, also one that was set while the round was thinking."""
    row = db.execute("SELECT body FROM triage WHERE cluster = ?", [problem.number]).fetchone()
    before = load(Triage, row[0]) if row else None
    judged = problem.triage
    if before and before.by:
        judged = replace(judged, severity=before.severity, by=before.by)
    _write(db, problem.number, judged, now)
    matched = dump(_referring(problem.match)) if problem.match else None
    db.execute("UPDATE triage SET match = ? WHERE cluster = ?", [matched, problem.number])
    if before and before.severity != judged.severity:
        _tell(db, problem.number, before.severity, judged.severity, history.GARDENER, now)


def set_severity(db: Database, number: int, severity: Severity, who: str, now: datetime) -> None:
    before = newest(db, [number]).get(number)
    if before is None:
        row = db.execute("SELECT body FROM signatures WHERE cluster = ? ORDER BY id LIMIT 1", [number]).fetchone()
        if row is None:
            raise Refused(f"There is no cluster {number}.")
        before = unjudged(load(Signature, row[0]).kind)
    _write(db, number, replace(before, severity=severity, by=who), now)
    _tell(db, number, before.severity, severity, who, now)


def unjudged(kind: Kind) -> Triage:
    """What is said of a cluster that no round has thought about yet."""
    return Triage(Severity.P3, "new", kind, Trend.NEW, ("not judged yet",))


def newest(db: Database, clusters: Sequence[int]) -> dict[int, Triage]:
    rows = db.execute(
        "SELECT cluster, body FROM triage WHERE cluster IN (SELECT value FROM json_each(?))", [numbers(clusters)]
    )
    return {cluster: load(Triage, body) for cluster, body in rows}


def matches(db: Database, clusters: Sequence[int]) -> dict[int, Match]:
    """What the tracker knows of each cluster: what the newest round thought, and links made since, which are final."""
    found = _thought(db, clusters)
    for cluster, (issue, who) in issues.links(db, clusters).items():
        known = found.get(cluster)
        if known is None or known.issue is None or known.issue.ref != issue.ref:
            found[cluster] = Match(Outcome.KNOWN, f"linked by {who}", issue)
    for cluster, (repository, number) in issues.unlinked(db, clusters):
        known = found.get(cluster)
        if known and known.issue and (known.issue.repository, known.issue.number) == (repository, number):
            found[cluster] = Match(Outcome.NEW, f"it is not #{number}, says a person")
    return found


def _thought(db: Database, clusters: Sequence[int]) -> dict[int, Match]:
    """The match of each cluster, with the issues as the mirror has them now."""
    rows = db.execute(
        "SELECT cluster, match FROM triage WHERE match IS NOT NULL AND cluster IN (SELECT value FROM json_each(?))",
        [numbers(clusters)],
    )
    found = {cluster: load(Match, column) for cluster, column in rows}
    wanted = [i for m in found.values() for i in (*([m.issue] if m.issue else []), *(c.issue for c in m.candidates))]
    mirrored = issues.mirrored(db, [(i.repository, i.number) for i in wanted])

    def current(issue: Issue) -> Issue:
        return mirrored.get((issue.repository, issue.number), issue)

    return {
        cluster: replace(
            match,
            issue=current(match.issue) if match.issue else None,
            candidates=tuple(replace(c, issue=current(c.issue)) for c in match.candidates),
        )
        for cluster, match in found.items()
    }


def _referring(match: Match) -> Match:
    """The match without the long texts of its issues: those stand in the mirror."""
    return replace(
        match,
        issue=_brief(match.issue) if match.issue else None,
        candidates=tuple(Candidate(_brief(c.issue), c.score, c.reason) for c in match.candidates),
    )


def _brief(issue: Issue) -> Issue:
    return replace(issue, body="", comments=())


def _write(db: Database, number: int, judged: Triage, now: datetime) -> None:
    db.execute(
        "INSERT INTO triage (cluster, severity, by, at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " severity = excluded.severity, by = excluded.by, at = excluded.at, body = excluded.body",
        [number, str(judged.severity), judged.by, micros(now), dump(judged)],
    )


def _tell(db: Database, number: int, before: Severity, after: Severity, who: str, now: datetime) -> None:
    history.add(db, Event(now, who, "severity", f"cluster {number}", f"{before} → {after}"))
