"""Proposals: frozen drafts on their way from shown to filed, and what people said to them.

    open -> approved -> filing -> filed
      |        ^----------'  '--> failed
      '-> rejected, superseded, expired

Each step happens once, inside one transaction, and leaves a line in the history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Event, Issue, Proposal, Stage
from store import history, issues, markers
from store.codec import bounded, canonical, dump, load, micros, moment, numbers
from store.connection import Connections
from store.resolving import resolve

_SELECT = (
    "SELECT proposals.id, cluster, draft, stage, marker, digest, made_at, made_by, expires_at, as_of, issue, url, note,"
    " retry_at FROM proposals "
)
_WAITING = "INDEXED BY proposals_open WHERE stage = 'open'"
_FILED = "INDEXED BY proposals_filed WHERE stage = 'filed'"
"""Not in order of number through all that ever was."""
_DUE = "(stage = 'approved' AND coalesce(retry_at, 0) <= ? OR stage = 'filing' AND lease_until <= ?)"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
"""How long filing waits after it did not succeed twice: twice as long each time. After the first time it is tried
again at once, to see whether it happened."""
_VERBS = {"approve": Stage.APPROVED, "reject": Stage.REJECTED, "later": Stage.OPEN}
_DONE = {"approve": "approved", "reject": "rejected"}


class Proposals:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def open(self, cluster: int) -> Proposal | None:
        with self._connections.read() as db:
            return _open(db, resolve(db, cluster) or cluster)

    def add(
        self, cluster: int, draft: Draft, made_by: str, now: datetime, lifetime: timedelta, as_of: datetime
    ) -> Proposal:
        """Freezes the draft. What says the same, counts aside, is returned as it was shown: the open one, one that
        is being filed, and, to the gardener itself, one that a person rejected."""
        with self._connections.change() as db:
            number = resolve(db, cluster) or cluster
            before = _open(db, number, draft)
            if before and _meaning(before.draft) == _meaning(draft):
                return before
            standing = _standing(db, number, draft, made_by)
            if standing:
                return standing
            note = f"replaces proposal {before.id}: {_difference(before.draft, draft)}" if before else ""
            if before:
                event = Event(now, made_by, "superseded", _subject(before.id), _difference(before.draft, draft))
                _move(db, before.id, Stage.SUPERSEDED, event, note=_difference(before.draft, draft))
            cursor = db.execute(
                "INSERT INTO proposals"
                " (cluster, draft, stage, marker, digest, made_at, made_by, expires_at, as_of, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    number or None,
                    dump(draft),
                    str(Stage.OPEN),
                    markers.new(number, _signature(db, number)),
                    digest(draft),
                    micros(now),
                    made_by,
                    micros(now + lifetime),
                    micros(as_of),
                    note,
                ],
            )
            made = _get(db, cursor.lastrowid or 0)
            of = f"cluster {number}" if number else f"#{draft.issue}"
            history.add(db, Event(now, made_by, "proposed", _subject(made.id), f"{of}: {draft.act} {draft.title}"))
            return made

    def withdraw(self, cluster: int, why: str, now: datetime) -> Proposal | None:
        """What nobody should write any more is not asked for any more, and says why."""
        with self._connections.change() as db:
            before = _open(db, resolve(db, cluster) or cluster)
            if before is None:
                return None
            event = Event(now, history.GARDENER, "superseded", _subject(before.id), why)
            return _move(db, before.id, Stage.SUPERSEDED, event, note=why)

    def creating(self) -> list[Proposal]:
        """Those that will make a new issue if nobody objects, the oldest first."""
        with self._connections.read() as db:
            rows = db.execute(_SELECT + "WHERE stage IN ('open', 'approved', 'filing') ORDER BY id")
            return [p for p in map(_proposal, rows) if p.draft.act is Act.CREATE]

    def waiting(self) -> list[Proposal]:
        """Those that nobody decided on yet, the oldest first."""
        with self._connections.read() as db:
            return [_proposal(row) for row in db.execute(_SELECT + f"{_WAITING} ORDER BY id LIMIT 200")]

    def get(self, number: int) -> Proposal | None:
        with self._connections.read() as db:
            return _find(db, number)

    def decided(self, via: str) -> Proposal | None:
        """The proposal that a decision by this delivery was about."""
        with self._connections.read() as db:
            row = db.execute("SELECT proposal FROM decisions WHERE via = ? AND via <> ''", [via]).fetchone()
            return _find(db, row[0]) if row else None

    def decide(self, decision: Decision, draft: Draft | None = None) -> Proposal:
        """A person's word. The same delivery twice is one word; a word that comes too late is refused."""
        with self._connections.change() as db:
            if _heard(db, decision.via):
                return _get(db, decision.proposal)
            proposal = _get(db, decision.proposal)
            _check(db, proposal, decision)
            if draft is not None:
                db.execute(
                    "UPDATE proposals SET draft = ?, digest = ? WHERE id = ?", [dump(draft), digest(draft), proposal.id]
                )
            db.execute(
                "INSERT INTO decisions (proposal, verb, who, at, digest, via, words) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    proposal.id,
                    decision.verb,
                    decision.who,
                    micros(decision.at),
                    decision.digest,
                    decision.via,
                    bounded(decision.words, 4000),
                ],
            )
            said = Event(decision.at, decision.who, decision.verb, _subject(proposal.id), decision.words)
            note = {"reject": decision.words, "approve": ""}.get(decision.verb, proposal.note)
            return _move(db, proposal.id, _VERBS[decision.verb], said, note=note)

    def claim(self, number: int, worker: str, now: datetime, lease: timedelta) -> Proposal | None:
        with self._connections.change() as db:
            taken = db.execute(
                f"UPDATE proposals SET worker = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ? AND {_DUE}",  # noqa: S608 -- ours
                [worker, micros(now + lease), number, micros(now), micros(now)],
            ).rowcount
            if not taken:
                return None
            return _move(db, number, Stage.FILING, Event(now, worker, "filing", _subject(number)))

    def renew(self, number: int, worker: str, now: datetime, lease: timedelta) -> bool:
        """Whether the claim is still the worker's; it then holds for another lease."""
        with self._connections.change() as db:
            sql = "UPDATE proposals SET lease_until = ? WHERE id = ? AND stage = 'filing' AND worker = ?"
            return bool(db.execute(sql, [micros(now + lease), number, worker]).rowcount)

    def finish(self, number: int, worker: str, issue: Issue, now: datetime) -> Proposal:
        """Filed, by the worker that claimed it; finishing again with the same issue changes nothing."""
        with self._connections.change() as db:
            proposal = _get(db, number)
            if proposal.stage is Stage.FILED and proposal.issue == issue.number:
                return proposal
            _check_claim(db, proposal, worker)
            row = db.execute(
                "SELECT who FROM decisions WHERE proposal = ? AND verb = 'approve' ORDER BY id DESC LIMIT 1", [number]
            ).fetchone()
            if proposal.cluster:
                issues.link(db, proposal.cluster, issue, row[0] if row else worker, now)
            else:
                issues.mirror(db, issue)
            db.execute("UPDATE proposals SET issue = ?, url = ? WHERE id = ?", [issue.number, issue.url, number])
            return _move(db, number, Stage.FILED, Event(now, worker, "filed", _subject(number), issue.ref), note="")

    def release(
        self, number: int, worker: str, why: str, now: datetime, *, final: bool, retry_at: datetime | None = None
    ) -> Proposal:
        with self._connections.change() as db:
            _check_claim(db, _get(db, number), worker)
            attempts = db.execute("SELECT attempts FROM proposals WHERE id = ?", [number]).fetchone()[0]
            pause = min(_FIRST_PAUSE * 2 ** min(attempts - 2, 12), _LONGEST_PAUSE) if attempts > 1 else timedelta(0)
            again = None if final else max(now + pause, retry_at or now)
            db.execute("UPDATE proposals SET retry_at = ? WHERE id = ?", [micros(again), number])
            stage, verb = (Stage.FAILED, "failed") if final else (Stage.APPROVED, "put back")
            return _move(db, number, stage, Event(now, worker, verb, _subject(number), why), note=why)

    def reconciled(self, number: int, issue: Issue, now: datetime) -> Proposal:
        """What was filed turned out to be a twin: the lower issue is the one."""
        with self._connections.change() as db:
            proposal = _get(db, number)
            if proposal.cluster:
                issues.link(db, proposal.cluster, issue, history.GARDENER, now)
            db.execute("UPDATE proposals SET issue = ?, url = ? WHERE id = ?", [issue.number, issue.url, number])
            said = f"#{proposal.issue} was a twin of {issue.ref}"
            return _move(db, number, Stage.FILED, Event(now, history.GARDENER, "twin", _subject(number), said))

    def filed_since(self, since: datetime) -> list[Proposal]:
        """What was written since then, as far as the last claim tells, by proposals of any cluster."""
        with self._connections.read() as db:
            rows = db.execute(_SELECT + f"{_FILED} AND lease_until >= ? ORDER BY id", [micros(since)])
            return [_proposal(row) for row in rows]

    def allow(self, repository: str, issue: int, who: str, now: datetime) -> None:
        """`approve always`: later "still happening" comments on that issue go without asking."""
        with self._connections.change() as db:
            db.execute(
                "INSERT INTO always (repository, number, who, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET who = excluded.who, at = excluded.at",
                [repository, issue, who, micros(now)],
            )
            history.add(db, Event(now, who, "always", f"issue {repository}#{issue}"))

    def revoke(self, repository: str, issue: int, who: str, now: datetime) -> bool:
        """Takes `approve always` back; whether there was one."""
        with self._connections.change() as db:
            gone = db.execute("DELETE FROM always WHERE repository = ? AND number = ?", [repository, issue]).rowcount
            if gone:
                history.add(db, Event(now, who, "asks again", f"issue {repository}#{issue}"))
            return bool(gone)

    def allowed(self, repository: str, issue: int) -> str:
        """Who said `approve always` for that issue; empty where nobody did."""
        with self._connections.read() as db:
            sql = "SELECT who FROM always WHERE repository = ? AND number = ?"
            row = db.execute(sql, [repository, issue]).fetchone()
            return row[0] if row else ""

    def postponed(self) -> list[tuple[int, int, str, datetime, str]]:
        """Open proposals of which the last word was `later`: proposal, decision, who, when, and for how long."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT proposal, decisions.id, who, at, words FROM proposals INDEXED BY proposals_open"
                " JOIN decisions ON proposal = proposals.id WHERE stage = 'open' AND verb = 'later'"
                " AND decisions.id = (SELECT max(id) FROM decisions AS other WHERE other.proposal = proposals.id)"
                " ORDER BY decisions.id"
            )
            return [(row[0], row[1], row[2], moment(row[3]), row[4]) for row in rows]

    def due(self, now: datetime) -> list[int]:
        with self._connections.read() as db:
            rows = db.execute(
                f"SELECT id FROM proposals WHERE stage IN ('open', 'approved', 'filing') AND {_DUE} ORDER BY id",  # noqa: S608 -- words of ours
                [micros(now), micros(now)],
            )
            return [row[0] for row in rows]

    def holding(self, texts: Sequence[str]) -> frozenset[str]:
        """The names of the documents of proposals that hold any of the texts."""
        holds = " OR ".join("instr(draft, ?)" for _ in texts)
        with self._connections.read() as db:
            rows = db.execute(f"SELECT id FROM proposals WHERE {holds}", list(texts))  # noqa: S608 - only marks
            return frozenset(f"proposal-{id_}.md" for (id_,) in rows)

    def expire(self, now: datetime) -> list[int]:
        with self._connections.change() as db:
            over = [
                row[0]
                for row in db.execute(
                    f"SELECT id FROM proposals {_WAITING} AND expires_at <= ? ORDER BY id",  # noqa: S608 - ours
                    [micros(now)],
                )
            ]
            for number in over:
                _move(db, number, Stage.EXPIRED, Event(now, history.GARDENER, "expired", _subject(number)))
            return over


def digest(draft: Draft) -> str:
    """What an approval is bound to: equal for equal drafts only."""
    return hashlib.sha256(canonical(draft)).hexdigest()


def newest(db: Database, clusters: Sequence[int]) -> dict[int, Proposal]:
    """The open proposal of each cluster, or else its newest."""
    newest = (
        "WHERE id IN (SELECT coalesce((SELECT id FROM proposals WHERE cluster = value AND stage = 'open'),"
        " (SELECT max(id) FROM proposals WHERE cluster = value)) FROM json_each(?))"
    )
    rows = db.execute(_SELECT + newest, [numbers(clusters)])
    return {proposal.cluster: proposal for proposal in map(_proposal, rows)}


def _proposal(row: Sequence[Any]) -> Proposal:
    id_, cluster, draft, stage, marker, hashed, made_at, made_by, expires_at, as_of, issue, url, note, retry_at = row
    return Proposal(
        id=id_,
        cluster=cluster or 0,
        draft=load(Draft, draft),
        stage=Stage(stage),
        marker=marker,
        digest=hashed,
        made_at=moment(made_at),
        made_by=made_by,
        expires_at=moment(expires_at),
        as_of=moment(as_of),
        issue=issue,
        url=url,
        note=note,
        retry_at=moment(retry_at),
    )


def _find(db: Database, number: int) -> Proposal | None:
    row = db.execute(_SELECT + "WHERE id = ?", [number]).fetchone()
    return _proposal(row) if row else None


def _get(db: Database, number: int) -> Proposal:
    found = _find(db, number)
    if found is None:
        raise Refused(f"There is no proposal {number}.")
    return found


def _open(db: Database, cluster: int, draft: Draft | None = None) -> Proposal | None:
    """The open proposal of the cluster; without one, that of the issue."""
    if cluster:
        row = db.execute(_SELECT + "WHERE cluster = ? AND stage = 'open'", [cluster]).fetchone()
        return _proposal(row) if row else None
    rows = db.execute(_SELECT + "WHERE cluster IS NULL AND stage = 'open' ORDER BY id DESC")
    return next((p for p in map(_proposal, rows) if draft and _same_place(p.draft, draft)), None)


def _standing(db: Database, cluster: int, draft: Draft, made_by: str) -> Proposal | None:
    """What is on its way already, so that it is not filed twice; and what a person said no to, so that the
    gardener does not ask again."""
    rows = db.execute(_SELECT + "WHERE cluster IS ? ORDER BY id DESC LIMIT 20", [cluster or None])
    for proposal in map(_proposal, rows):
        same = _meaning(proposal.draft) == _meaning(draft)
        twice = proposal.draft.act is draft.act is Act.CREATE and (cluster or _same_place(proposal.draft, draft))
        if proposal.stage in (Stage.APPROVED, Stage.FILING) and (same or twice):
            return proposal
        if proposal.stage is Stage.REJECTED and same and made_by == history.GARDENER:
            return proposal
    return None


def _place(draft: Draft) -> tuple[str, int]:
    return (draft.repository, draft.issue)


def _same_place(one: Draft, other: Draft) -> bool:
    """What is of no cluster is of its issue, or of what it was made from."""
    return _place(one) == _place(other) and (bool(one.issue) or one.cause == other.cause)


def _meaning(draft: Draft) -> tuple[object, ...]:
    """What a person decides on: severity, match and cause. Figures and words that changed since, and what the day
    made of the category, are no reason to ask again."""
    return (draft.act, *_place(draft), draft.severity, draft.cause)


def _difference(before: Draft, after: Draft) -> str:
    """What of that changed, in words."""
    said = []
    if before.severity is not after.severity:
        said.append(f"severity is {after.severity} now, was {before.severity}")
    if (before.act, _place(before)) != (after.act, _place(after)):
        where = f" #{after.issue}" if after.issue else ""
        said.append(
            f"it is to {after.act}{where} now, was to {before.act}{f' #{before.issue}' if before.issue else ''}"
        )
    if before.cause != after.cause:
        said.append("its cause is another")
    return "; ".join(said)


def _signature(db: Database, cluster: int) -> str:
    row = db.execute("SELECT key FROM signatures WHERE cluster = ? ORDER BY id LIMIT 1", [cluster]).fetchone()
    return row[0] if row else ""


def _move(db: Database, number: int, stage: Stage, event: Event, note: str | None = None) -> Proposal:
    db.execute(
        "UPDATE proposals SET stage = ?, note = coalesce(?, note) WHERE id = ?",
        [str(stage), note if note is None else bounded(note, 4000), number],
    )
    history.add(db, event)
    return _get(db, number)


def _subject(number: int) -> str:
    return f"proposal {number}"


def _heard(db: Database, via: str) -> bool:
    """Whether a decision came by this delivery before."""
    sql = "SELECT 1 FROM decisions WHERE via = ? AND via <> ''"
    return db.execute(sql, [via]).fetchone() is not None


def _check(db: Database, proposal: Proposal, decision: Decision) -> None:
    if decision.verb not in _VERBS:
        raise Refused("A proposal is answered with `approve`, `reject` or `later`.")
    if proposal.stage is not Stage.OPEN:
        raise Refused(f"Proposal {proposal.id} is not open any more: {_what_happened(db, proposal)}.")
    if proposal.expires_at <= decision.at:
        raise Refused(f"Proposal {proposal.id} expired on {_when(proposal.expires_at)}; ask for a new one.")
    if decision.digest and decision.digest != proposal.digest:
        raise Refused(f"The text of proposal {proposal.id} has changed since you saw it; look at it again.")


def _what_happened(db: Database, proposal: Proposal) -> str:
    row = db.execute(
        "SELECT verb, who, at FROM decisions WHERE proposal = ? AND verb IN ('approve', 'reject')"
        " ORDER BY id DESC LIMIT 1",
        [proposal.id],
    ).fetchone()
    if row:
        then = {Stage.FILED: f", and is filed as #{proposal.issue}", Stage.FAILED: ", but could not be filed"}
        return f"{row[1]} {_DONE[row[0]]} it on {_when(moment(row[2]))}{then.get(proposal.stage, '')}"
    if proposal.stage is Stage.SUPERSEDED:
        newer = _open(db, proposal.cluster)
        return f"it was replaced by proposal {newer.id}" if newer else "it was replaced by a newer one"
    return f"it is {proposal.stage}"


def _when(time: datetime) -> str:
    return f"{time:%Y-%m-%d at %H:%M} UTC"


def _check_claim(db: Database, proposal: Proposal, worker: str) -> None:
    row = db.execute("SELECT worker FROM proposals WHERE id = ?", [proposal.id]).fetchone()
    if proposal.stage is not Stage.FILING:
        raise Refused(f"Proposal {proposal.id} is not being filed: it is {proposal.stage}.")
    if row[0] != worker:
        raise Refused(f"Proposal {proposal.id} is being filed by {row[0]} now.")
