"""Clusters that turn out to be one, and those that a person takes apart: signatures point elsewhere, numbers stay.

All that was counted and kept hangs on signatures, so it moves with them. What somebody thought or did hangs on the
number, and follows the number that stays. A signature that a person split off is never compared with others again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlite_utils import Database

from bot.errors import Refused
from bot.models import Event, Learnt, Signature, Stage
from store import history, incidents, stances, triage
from store.codec import clean, load, numbers, words
from store.resolving import resolve

_FAMILY = "json_extract(body, '$.service'), json_extract(body, '$.kind')"
_SEEN = "EXISTS (SELECT 1 FROM counts WHERE counts.signature = signatures.id)"
_CERTAIN = "EXISTS (SELECT 1 FROM counts WHERE counts.signature = signatures.id AND counts.open = 0)"
UNMINED, DOUBTFUL, MINED = 0, 1, 2
"""How far a signature was compared with others: not yet, while all its occurrences could still grow, or for good."""


def unlearnt(db: Database) -> list[Learnt]:
    """Signatures not yet compared with the others of their service and kind, with those others."""
    families = db.execute(
        f"SELECT DISTINCT {_FAMILY} FROM signatures INDEXED BY signatures_unmined"  # noqa: S608 - ours
        f" WHERE mined < {MINED} AND apart = ''"
        f" AND (mined = {UNMINED} AND {_SEEN} OR {_CERTAIN})"
    ).fetchall()
    return [
        Learnt(load(Signature, body), bool(certain))
        for family in families
        for body, certain in db.execute(
            f"SELECT body, {_CERTAIN} FROM signatures WHERE ({_FAMILY}) = (?, ?)"  # noqa: S608 - ours
            f" AND apart = '' AND {_SEEN} ORDER BY id",
            list(family),
        )
    ]


def crowded(db: Database, size: int, services: Iterable[str]) -> dict[str, list[Learnt]]:
    """Those of the services with at least so many signatures of free text, and these; certain or not does not matter
    here."""
    own = (
        "FROM signatures WHERE json_extract(body, '$.service') = ?"
        " AND json_extract(body, '$.kind') IN ('application', 'exception')"
    )
    found: dict[str, list[Learnt]] = {}
    if (db.execute("SELECT max(id) FROM signatures").fetchone()[0] or 0) < size:
        return found
    for service in services:
        if db.execute(f"SELECT count(*) {own}", [clean(service)]).fetchone()[0] >= size:
            rows = db.execute(f"SELECT body {own} ORDER BY id", [clean(service)])
            found[service] = [Learnt(load(Signature, row[0])) for row in rows]
    return found


def join(db: Database, groups: Iterable[Collection[str]], known: Iterable[Learnt], now: datetime) -> None:
    """The clusters of the signatures in each group become one; all that is known counts as compared."""
    for keys in groups:
        rows = db.execute(
            "SELECT DISTINCT cluster FROM signatures WHERE apart = '' AND key IN (SELECT value FROM json_each(?))"
            " ORDER BY cluster",
            [words(keys)],
        ).fetchall()
        for (other,) in rows[1:]:
            _merge(db, rows[0][0], other, history.GARDENER, "one template", now)
    known = list(known)
    for certain, mark in ((True, MINED), (False, DOUBTFUL)):
        db.execute(
            "UPDATE signatures SET mined = ? WHERE mined < ? AND key IN (SELECT value FROM json_each(?))",
            [mark, mark, words(k.signature.key for k in known if k.certain is certain)],
        )


def merge(db: Database, one: int, other: int, who: str, why: str, now: datetime) -> int:
    """From now on both numbers mean the lower one, which is returned."""
    lower, higher = sorted((_living(db, one), _living(db, other)))
    if lower != higher:
        _merge(db, lower, higher, who, why, now)
    return lower


def _living(db: Database, number: int) -> int:
    found = resolve(db, number)
    if found is None:
        raise Refused(f"There is no cluster {number}.")
    return found


def _merge(db: Database, lower: int, higher: int, who: str, why: str, now: datetime) -> None:
    db.execute("UPDATE signatures SET cluster = ? WHERE cluster = ?", [lower, higher])
    db.execute("UPDATE aliases SET cluster = ? WHERE cluster = ?", [lower, higher])
    db.execute("INSERT INTO aliases (number, cluster) VALUES (?, ?)", [higher, lower])
    history.add(db, Event(now, who, "merge", f"cluster {lower}", f"cluster {higher} is the same: {why}"))
    _move_episodes(db, lower, higher)
    _move_link(db, lower, higher, who, now)
    stances.move(db, lower, higher, now)
    _move_proposals(db, lower, higher, who, now)
    _move_severity(db, lower, higher, now)
    db.execute(
        "UPDATE clusters SET changed = (number = ?), since = NULL, until = NULL WHERE number IN (?, ?)",
        [lower, lower, higher],
    )


def _move_episodes(db: Database, lower: int, higher: int) -> None:
    db.execute("UPDATE incidents SET root = ? WHERE root = ?", [lower, higher])
    db.execute("UPDATE OR IGNORE members SET cluster = ? WHERE cluster = ?", [lower, higher])
    incidents.leave(db, higher)


def _move_link(db: Database, lower: int, higher: int, who: str, now: datetime) -> None:
    db.execute("UPDATE OR IGNORE links SET cluster = ? WHERE cluster = ?", [lower, higher])
    left = db.execute("DELETE FROM links WHERE cluster = ? RETURNING repository, number", [higher]).fetchall()
    stays = db.execute("SELECT repository, number FROM links WHERE cluster = ?", [lower]).fetchone()
    for issue in left:
        if issue != stays:
            detail = f"{stays[0]}#{stays[1]} stays; cluster {higher} was {issue[0]}#{issue[1]}"
            history.add(db, Event(now, who, "two issues", f"cluster {lower}", detail))
        if issue[0] == stays[0] and issue != stays:
            db.execute("INSERT OR REPLACE INTO duplicates VALUES (?, ?, ?)", [*issue, stays[1]])


def _move_proposals(db: Database, lower: int, higher: int, who: str, now: datetime) -> None:
    """What is on its way or was decided counts for the number that stays; what was open is asked anew."""
    rows = db.execute(
        "UPDATE proposals SET stage = ? WHERE cluster = ? AND stage = ? RETURNING id",
        [str(Stage.SUPERSEDED), higher, str(Stage.OPEN)],
    ).fetchall()
    for (proposal,) in rows:
        detail = f"cluster {higher} is cluster {lower}"
        history.add(db, Event(now, who, "superseded", f"proposal {proposal}", detail))
    db.execute("UPDATE proposals SET cluster = ? WHERE cluster = ?", [lower, higher])


def _move_severity(db: Database, lower: int, higher: int, now: datetime) -> None:
    """A person's word counts for both; between two, that for the number that stays."""
    judged = triage.newest(db, [lower, higher])
    said, stays = judged.get(higher), judged.get(lower)
    db.execute("DELETE FROM triage WHERE cluster = ?", [higher])
    if said and said.by and not (stays and stays.by):
        triage.set_severity(db, lower, said.severity, said.by, now)


def split(db: Database, number: int, keys: Collection[str], who: str, now: datetime) -> int:
    """The signatures become a cluster of their own, for good; its number is returned."""
    cluster = _living(db, number)
    own = db.execute("SELECT id, key FROM signatures WHERE cluster = ?", [cluster]).fetchall()
    taken = [id_ for id_, key in own if key in keys]
    if len(taken) < len(set(keys)) or not 0 < len(taken) < len(own):
        raise Refused(f"Cluster {cluster} can only be split into some of its {len(own)} signatures and the rest.")
    new = db.execute("INSERT INTO clusters (changed) VALUES (1)").lastrowid or 0
    db.execute(
        "UPDATE signatures SET cluster = ?, apart = ? WHERE id IN (SELECT value FROM json_each(?))",
        [new, who, numbers(taken)],
    )
    db.execute("UPDATE clusters SET changed = 1, since = NULL, until = NULL WHERE number = ?", [cluster])
    history.add(db, Event(now, who, "split", f"cluster {cluster}", f"{len(taken)} of its signatures are cluster {new}"))
    return new
