"""Taking in one batch: what was open is taken back, what is closed is added for good, what is open now is added
until the next batch. Everything here runs inside the one transaction of `Rounds.absorb`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from sqlite_utils import Database

from bot.models import MOMENTS, Entry, Harvest
from store import ever, incidents, seen, touched
from store.ageing import ADD, ADD_TOTAL
from store.codec import dump, load, numbers, words
from store.rows import insert
from store.tally import PEOPLE, Cell, Kept, Place, Tally, choose, exhibit

CLOSED, OPEN = 0, 1

Where = tuple[int, Place]
"""A signature's id, and a place in its counts."""


def absorb(db: Database, harvest: Harvest, closed: Mapping[str, Tally], opened: Mapping[str, Tally]) -> list[int]:
    """The clusters that its entries count for.

    `closed` and `opened` are what the harvest's sightings come to, reckoned before the transaction began.
    """
    taken = _take_back(db)
    ids = _signatures(db, closed, opened)
    counted: dict[Where, Cell] = {}
    for tallies, is_open in ((closed, CLOSED), (opened, OPEN)):
        _count(db, tallies, ids, is_open, counted)
        _keep_evidence(db, tallies, ids, is_open)
        _keep_moments(db, tallies, ids, is_open)
        _keep_people(db, tallies, ids, is_open)
    told = _remember(db, harvest, ids)
    _replace_edge(db, harvest.rest, harvest.lane)
    _mark_changed(db, taken, counted)
    _clear_emptied(db, {where[0] for where in taken})
    return told


# ---------------------------------------------------------------- what was open


def _take_back(db: Database) -> dict[Where, Cell]:
    """What was counted of open occurrences."""
    rows = db.execute(
        "SELECT signature, bucket, environment, revision, entries, occurrences, first, last, level "
        "FROM counts WHERE open = 1"
    )
    taken = {(row[0], (row[1], row[2], row[3])): Cell(*row[4:]) for row in rows}
    for table in ("counts", "evidence", "moments", "people"):
        db.execute(f"DELETE FROM {table} WHERE open = 1")  # noqa: S608 - one of four names
    return taken


# ---------------------------------------------------------------- what is counted now


def _signatures(db: Database, *tallies: Mapping[str, Tally]) -> dict[str, int]:
    """The ids of all signatures; a new one begins a cluster, those seen earliest first."""
    keys = {key for each in tallies for key in each}
    known = db.execute("SELECT key, id FROM signatures WHERE key IN (SELECT value FROM json_each(?))", [words(keys)])
    ids: dict[str, int] = dict(known.fetchall())
    new: dict[str, Tally] = {}
    for each in tallies:
        for key, found in each.items():
            if key not in ids and (key not in new or found.since < new[key].since):
                new[key] = found
    for key, found in sorted(new.items(), key=lambda item: item[1].since):
        cluster = db.execute("INSERT INTO clusters DEFAULT VALUES").lastrowid
        cursor = db.execute(
            "INSERT INTO signatures (key, cluster, version, body) VALUES (?, ?, ?, ?)",
            [key, cluster, found.signature.version, dump(found.signature)],
        )
        ids[key] = cursor.lastrowid or 0
    return ids


def _count(
    db: Database, tallies: Mapping[str, Tally], ids: Mapping[str, int], is_open: int, counted: dict[Where, Cell]
) -> None:
    rows, totals = [], []
    for key, found in tallies.items():
        for place, cell in found.cells.items():
            where = (ids[key], place)
            counted[where] = counted[where].plus(cell) if where in counted else cell
            rows.append((ids[key], *place, is_open, *cell))
        if not is_open:
            totals.append((ids[key], *reduce(Cell.plus, found.cells.values())))
    db.conn.executemany(ADD, rows)
    if not is_open:
        db.conn.executemany(ADD_TOTAL, totals)
        ever.add(db, {ids[key]: found.cells for key, found in tallies.items()})


def _keep_evidence(db: Database, tallies: Mapping[str, Tally], ids: Mapping[str, int], is_open: int) -> None:
    """Of what was kept and what is new the same few are chosen as of all there ever was."""
    kept: dict[int, list[Kept]] = {}
    for id_, time, entry, key in db.execute(
        "SELECT signature, time, entry, key FROM evidence"
        " WHERE open = ? AND signature IN (SELECT value FROM json_each(?))",
        [is_open, numbers(ids[key] for key in tallies)],
    ):
        kept.setdefault(id_, []).append(Kept(time, entry, key))
    gone, added = [], []
    for key, found in tallies.items():
        id_ = ids[key]
        before = set(kept.get(id_, ()))
        chosen = set(choose([*before, *found.evidence]))
        gone += [(id_, is_open, k.key) for k in before - chosen]
        added += [
            (id_, is_open, k.key, k.time, k.id, dump(exhibit(found.evidence[k]))) for k in sorted(chosen - before)
        ]
    db.conn.executemany("DELETE FROM evidence WHERE signature = ? AND open = ? AND key = ?", gone)
    db.conn.executemany(
        "INSERT INTO evidence (signature, open, key, time, entry, body) VALUES (?, ?, ?, ?, ?, ?)", added
    )


def _keep_moments(db: Database, tallies: Mapping[str, Tally], ids: Mapping[str, int], is_open: int) -> None:
    """The newest; older ones are cut off now and then, for reading takes no more than the newest anyway."""
    rows = [(ids[key], is_open, *instant) for key, found in tallies.items() for instant in found.moments]
    insert(db, "INSERT INTO moments (signature, open, time, key, instance, trace, revision)", rows)
    if is_open:
        return
    for id_ in _grown(db, "moments", {ids[key]: len(found.moments) for key, found in tallies.items()}, MOMENTS):
        db.execute(
            "DELETE FROM moments WHERE signature = ? AND open = 0 AND (time, key) < (SELECT time, key FROM moments"
            " WHERE signature = ? AND open = 0 ORDER BY time DESC, key DESC LIMIT 1 OFFSET ?)",
            [id_, id_, MOMENTS - 1],
        )


def _keep_people(db: Database, tallies: Mapping[str, Tally], ids: Mapping[str, int], is_open: int) -> None:
    """Enough of them to count to the bound, by the same rule as moments."""
    for column, kind in (("users", "user"), ("clients", "client")):
        more = {}
        for key, found in tallies.items():
            if hashes := sorted(found.users if kind == "user" else found.clients)[:PEOPLE]:
                more[ids[key]] = db.conn.executemany(
                    "INSERT OR IGNORE INTO people (signature, open, kind, hash) VALUES (?, ?, ?, ?)",
                    [(ids[key], is_open, kind, hash_) for hash_ in hashes],
                ).rowcount
        if is_open:
            continue
        for id_ in _grown(db, column, more, PEOPLE):
            db.execute(
                "DELETE FROM people WHERE signature = ? AND open = 0 AND kind = ? AND hash > (SELECT hash FROM people"
                " WHERE signature = ? AND open = 0 AND kind = ? ORDER BY hash LIMIT 1 OFFSET ?)",
                [id_, kind, id_, kind, PEOPLE - 1],
            )


def _grown(db: Database, column: str, more: Mapping[int, int], kept: int) -> list[int]:
    """The signatures that have twice as many rows of closed occurrences as are kept, and will be cut back; how many
    they have stands beside them, because counting takes longer."""
    added = [(count, id_) for id_, count in more.items() if count]
    db.conn.executemany(f"UPDATE signatures SET {column} = {column} + ? WHERE id = ?", added)  # noqa: S608 - ours
    sql = f"SELECT id FROM signatures WHERE {column} > ? AND id IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
    found = [row[0] for row in db.execute(sql, [2 * kept, numbers(id_ for _, id_ in added)])]
    db.conn.executemany(f"UPDATE signatures SET {column} = ? WHERE id = ?", [(kept, id_) for id_ in found])  # noqa: S608 - ours
    return found


# ---------------------------------------------------------------- what is remembered of the entries


def _remember(db: Database, harvest: Harvest, ids: Mapping[str, int]) -> list[int]:
    """Returns the clusters that the harvest's own entries count for, not those of the edge before."""
    seen.disown(db)
    owned = {
        entry.key: (*seen.row(entry), id_)
        for sighting in (*harvest.closed, *harvest.open)
        if sighting.signature
        for id_ in [ids[sighting.signature.key]]
        for entry in sighting.occurrence.entries
    }
    seen.remember(db, owned, harvest.entries, harvest.quiet)
    told = {owned[entry.key][2] for entry in harvest.entries if entry.key in owned}
    sql = "SELECT DISTINCT cluster FROM signatures WHERE id IN (SELECT value FROM json_each(?))"
    return [cluster for (cluster,) in db.execute(sql, [numbers(told)])]


def _replace_edge(db: Database, rest: tuple[Entry, ...], lane: str) -> None:
    db.execute("DELETE FROM edge WHERE lane = ?", [lane])
    db.conn.executemany(
        "INSERT INTO edge (bucket, key, body, lane) VALUES (?, ?, ?, ?)",
        [(*seen.row(entry), dump(entry), lane) for entry in rest],
    )


def edge(db: Database) -> dict[str, list[Entry]]:
    lanes: dict[str, list[Entry]] = {}
    for lane, body in db.execute("SELECT lane, body FROM edge ORDER BY position"):
        lanes.setdefault(lane, []).append(load(Entry, body))
    return lanes


# ---------------------------------------------------------------- what became of the clusters


def _mark_changed(db: Database, taken: Mapping[Where, Cell], counted: Mapping[Where, Cell]) -> None:
    """A cluster of which the same was taken back and counted again did not change."""
    moved: dict[int, list[int]] = {}
    for where in taken.keys() | counted.keys():
        if taken.get(where) != counted.get(where):
            moved.setdefault(where[0], []).append(where[1][0])
    touched.mark(db, {id_: (min(buckets), max(buckets)) for id_, buckets in moved.items()})


KEPT_FOR = ("aliases", "analyses", "links", "proposals", "stances", "triage")
"""What somebody thought or did keeps a cluster, though nothing is counted in it any more."""


def _clear_emptied(db: Database, signatures: Iterable[int]) -> None:
    """Clusters of which nothing is left: half a traceback that has grown into something else."""
    emptied = db.execute(
        "SELECT DISTINCT cluster FROM signatures WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS"
        " (SELECT 1 FROM counts JOIN signatures AS own ON own.id = counts.signature"
        "  WHERE own.cluster = signatures.cluster)",
        [numbers(signatures)],
    ).fetchall()
    for (cluster,) in emptied:
        db.execute("UPDATE clusters SET changed = 0 WHERE number = ?", [cluster])
        incidents.leave(db, cluster)
        db.execute("DELETE FROM triage WHERE cluster = ? AND by = ''", [cluster])
        if not _spoken_of(db, cluster):
            own = "(SELECT id FROM signatures WHERE cluster = ?)"
            for table in ("totals", "shares", "revisions"):
                db.execute(f"DELETE FROM {table} WHERE signature IN {own}", [cluster])  # noqa: S608 - our words
            db.execute("DELETE FROM signatures WHERE cluster = ?", [cluster])
            db.execute("DELETE FROM clusters WHERE number = ?", [cluster])


def _spoken_of(db: Database, cluster: int) -> bool:
    return any(
        db.execute(sql, [cluster]).fetchone()
        for sql in (f"SELECT 1 FROM {table} WHERE cluster = ? LIMIT 1" for table in KEPT_FOR)  # noqa: S608 - our words
    )
