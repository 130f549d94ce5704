"""Where each signature was ever seen: how often in each environment, and on which revisions.

It stands beside the counts, so that a round need not read those of all time for it. What is open is read from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from orjson import dumps, loads
from sqlite_utils import Database

from bot.models import Ever
from store.codec import numbers
from store.rows import distinct
from store.tally import BUCKET, Cell, Place

_ADD = (
    "INSERT INTO shares (signature, environment, entries, occurrences) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries,"
    " occurrences = occurrences + excluded.occurrences"
)


First = tuple[int, str]
"""The bucket in which a revision was seen first, and the environment: so revisions are ordered, and then by name."""


def add(db: Database, counted: Mapping[int, Mapping[Place, Cell]]) -> None:
    """What is closed counts for good."""
    shares: dict[tuple[int, str], tuple[int, int]] = {}
    seen: dict[int, dict[str, First]] = {}
    for id_, cells in counted.items():
        firsts = seen.setdefault(id_, {})
        for (_, environment, revision), cell in cells.items():
            entries, occurrences = shares.get((id_, environment), (0, 0))
            shares[id_, environment] = (entries + cell.entries, occurrences + cell.occurrences)
            if revision:
                first = (cell.first - cell.first % BUCKET, environment)
                firsts[revision] = min(first, firsts.get(revision, first))
    db.conn.executemany(_ADD, [(*where, *sums) for where, sums in shares.items()])
    _add_revisions(db, seen)


def _add_revisions(db: Database, seen: Mapping[int, Mapping[str, First]]) -> None:
    """Most are known, and were seen before: then nothing is read in full, and nothing written."""
    known = {
        id_: (names, newest)
        for id_, names, newest in db.execute(
            "SELECT signature, names, newest FROM revisions WHERE signature IN (SELECT value FROM json_each(?))",
            [numbers(seen)],
        )
    }
    changed = [id_ for id_, firsts in seen.items() if not _holds(*known.get(id_, ("[]", 0)), firsts)]
    before = _firsts(db, changed)
    rows = []
    for id_ in changed:
        firsts = before.get(id_, {})
        for revision, first in seen[id_].items():
            firsts[revision] = min(first, firsts.get(revision, first))
        ordered = sorted(firsts, key=lambda revision: (firsts[revision], revision))
        rows.append((id_, _json(ordered), _json([firsts[r] for r in ordered]), max(firsts.values())[0]))
    db.conn.executemany("INSERT OR REPLACE INTO revisions (signature, names, firsts, newest) VALUES (?, ?, ?, ?)", rows)


def _holds(names: str, newest: int, firsts: Mapping[str, First]) -> bool:
    """Whether all of these are among the names, and none of them was seen sooner than those were."""
    listed = f",{names[1:-1]},"
    return all(bucket > newest and f",{_json(revision)}," in listed for revision, (bucket, _) in firsts.items())


def _firsts(db: Database, signatures: Iterable[int]) -> dict[int, dict[str, First]]:
    return {
        id_: {revision: (bucket, place) for revision, (bucket, place) in zip(loads(names), loads(firsts), strict=True)}
        for id_, names, firsts in db.execute(
            "SELECT signature, names, firsts FROM revisions WHERE signature IN (SELECT value FROM json_each(?))",
            [numbers(signatures)],
        )
    }


def _json(value: object) -> str:
    return dumps(value).decode()


def again(db: Database, signatures: str, given: Sequence[str]) -> None:
    """Of the signatures that the condition names, what their counts come to now."""
    for table, what in (("shares", _SHARES), ("revisions", _REVISIONS)):
        db.execute(f"DELETE FROM {table} WHERE {signatures}", given)  # noqa: S608 - ours
        db.execute(f"INSERT INTO {table} {what.format(signatures)}", given)


_SHARES = """
SELECT signature, environment, sum(entries), sum(occurrences) FROM counts WHERE open = 0 AND {} GROUP BY 1, 2
"""
_REVISIONS = """
SELECT signature, json_group_array(revision), json_group_array(json_array(bucket, environment)), max(bucket) FROM (
  SELECT signature, min(first) / 300000000 * 300000000 AS bucket, environment, revision
  FROM counts WHERE open = 0 AND revision <> '' AND {} GROUP BY 1, 4 ORDER BY 1, 2, 3, 4
) GROUP BY 1
"""


def read(db: Database, clusters: Sequence[int]) -> dict[int, Ever]:
    owners: dict[int, int] = dict(
        db.execute(
            "SELECT id, cluster FROM signatures WHERE cluster IN (SELECT value FROM json_each(?))", [numbers(clusters)]
        ).fetchall()
    )
    asked, own = numbers(owners), "signature IN (SELECT value FROM json_each(?))"
    shares: dict[int, dict[str, tuple[int, int]]] = {n: {} for n in clusters}
    opened: dict[int, dict[str, First]] = {}
    for id_, environment, entries, occurrences, revision, bucket in db.execute(
        f"SELECT signature, environment, entries, occurrences, '', 0 FROM shares WHERE {own} UNION ALL"  # noqa: S608 - ours
        " SELECT signature, environment, entries, occurrences, revision, bucket"
        f" FROM counts INDEXED BY counts_open WHERE open = 1 AND {own}",
        [asked, asked],
    ):
        known = shares[owners[id_]].get(environment, (0, 0))
        shares[owners[id_]][environment] = (known[0] + entries, known[1] + occurrences)
        if revision:
            firsts = opened.setdefault(id_, {})
            firsts[revision] = min((bucket, environment), firsts.get(revision, (bucket, environment)))
    listed = _listed(db, owners, opened)
    return {
        n: Ever(tuple((name, *sums) for name, sums in sorted(shares[n].items())), listed.get(n, ())) for n in clusters
    }


def _listed(
    db: Database, owners: Mapping[int, int], opened: Mapping[int, Mapping[str, First]]
) -> dict[int, tuple[str, ...]]:
    """The revisions of each cluster, in order: mostly they stand there so."""
    mixed = {n for n, times in Counter(owners.values()).items() if times > 1}
    plain = [id_ for id_, n in owners.items() if n not in mixed]
    sql = "SELECT signature, names, newest FROM revisions WHERE signature IN (SELECT value FROM json_each(?))"
    known = {id_: (names, newest) for id_, names, newest in db.execute(sql, [numbers(plain)])}
    mixed |= {owners[id_] for id_, firsts in opened.items() if not _holds(*known.get(id_, ("[]", 0)), firsts)}
    found = {owners[id_]: tuple(loads(names)) for id_, (names, _) in known.items() if owners[id_] not in mixed}
    firsts: dict[int, dict[str, First]] = {n: {} for n in mixed}
    late = {id_: seen for id_, seen in opened.items() if owners[id_] in mixed}
    for some in (_firsts(db, [id_ for id_, n in owners.items() if n in mixed]), late):
        for id_, each in some.items():
            own = firsts[owners[id_]]
            for revision, first in each.items():
                own[revision] = min(first, own.get(revision, first))
    found.update((n, tuple(sorted(own, key=lambda r: (own[r], r)))) for n, own in firsts.items())
    return found


def environments(db: Database) -> frozenset[str]:
    opened = db.execute("SELECT DISTINCT environment FROM counts INDEXED BY counts_open WHERE open = 1")
    return frozenset([*distinct(db, "shares", "environment"), *(row[0] for row in opened)])
