"""Clusters: put together from what their signatures counted and kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.errors import Refused
from bot.models import (
    MOMENTS,
    Cluster,
    Count,
    Entry,
    Ever,
    Learnt,
    Level,
    Moment,
    Problem,
    Severity,
    Signature,
    Triage,
    Window,
)
from bot.render.figures import with_figures
from store import analyses, causes, ever, incidents, joining, proposals, seen, stances, touched, triage
from store.ageing import DAY
from store.codec import clean, load, micros, moment, numbers
from store.codec import numbers as numbered
from store.connection import Connections
from store.resolving import living, resolve
from store.rows import distinct
from store.tally import PEOPLE, Cell, Kept, choose


class Clusters:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def of(self, keys: Sequence[int], times: Sequence[datetime] | None = None) -> dict[int, int]:
        with self._connections.read() as db:
            return seen.clusters(db, keys, times)

    def load(self, numbers: Iterable[int], since: datetime | None = None) -> list[Cluster]:
        """In order of number; an alias gives the cluster it leads to, and what is not there is left out."""
        with self._connections.read() as db:
            return read(db, numbers, since)

    def ever(self, numbers: Iterable[int]) -> dict[int, Ever]:
        with self._connections.read() as db:
            return ever.read(db, list(numbers))

    def moments(self, numbers: Iterable[int]) -> dict[int, list[Moment]]:
        with self._connections.read() as db:
            return _moments(db, numbered(numbers), None)

    def between(self, window: Window) -> list[int]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT DISTINCT cluster FROM signatures"
                " WHERE id IN (SELECT signature FROM counts WHERE last >= ? AND first <= ?) ORDER BY cluster",
                [micros(window.start), micros(window.end)],
            )
            return [row[0] for row in rows]

    def environments(self) -> frozenset[str]:
        """All in which anything was ever seen."""
        with self._connections.read() as db:
            return ever.environments(db)

    def services(self) -> frozenset[str]:
        """All that ever logged something that was counted."""
        with self._connections.read() as db:
            return frozenset(distinct(db, "signatures", "json_extract(body, '$.service')"))

    def busy(self, window: Window) -> list[Window]:
        with self._connections.read() as db:
            return touched.busy(db, window)

    def problems(self, numbers: Iterable[int], known: Iterable[Cluster] = ()) -> list[Problem]:
        with self._connections.read() as db:
            loaded = {c.number: c for c in known}
            wanted = living(db, numbers)
            loaded.update((c.number, c) for c in read(db, [n for n in wanted if n not in loaded]))
            clusters = [loaded[n] for n in wanted]
            found = [c.number for c in clusters]
            judged, matched = triage.newest(db, found), triage.matches(db, found)
            thought, proposed = analyses.newest(db, found), proposals.newest(db, found)
            wrong, learnt = causes.newest_wrong(db, found), causes.newest_lessons(db, found)
            episodes, said = incidents.newest(db, found), stances.newest(db, found)
            return [
                Problem(
                    cluster=c,
                    triage=judged.get(c.number) or triage.unjudged(c.kind),
                    match=matched.get(c.number),
                    analysis=thought[c.number][0] if c.number in thought else None,
                    audit=thought[c.number][1] if c.number in thought else None,
                    proposal=proposed.get(c.number),
                    incident=episodes.get(c.number),
                    stances=said.get(c.number, ()),
                    wrong=wrong.get(c.number, ()),
                    lessons=learnt.get(c.number, ()),
                )
                for c in clusters
            ]

    def search(self, words: Sequence[str], limit: int) -> list[int]:
        """Clusters that have all the words in their names, texts or evidence; those seen last come first."""
        with self._connections.read() as db:
            found: set[int] | None = None
            for word in words:
                like = "%" + clean(word).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
                rows = db.execute(
                    "SELECT cluster FROM signatures WHERE body LIKE ?1 ESCAPE '\\' UNION"
                    " SELECT cluster FROM evidence JOIN signatures ON signatures.id = evidence.signature"
                    " WHERE evidence.body LIKE ?1 ESCAPE '\\'",
                    [like],
                )
                with_it = {row[0] for row in rows}
                found = with_it if found is None else found & with_it
            rows = db.execute(
                "SELECT signatures.cluster FROM signatures JOIN counts ON counts.signature = signatures.id"
                " WHERE signatures.cluster IN (SELECT value FROM json_each(?))"
                " GROUP BY signatures.cluster ORDER BY max(counts.last) DESC, signatures.cluster LIMIT ?",
                [numbers(found or ()), limit],
            )
            return [row[0] for row in rows]

    def resolve(self, number: int) -> int | None:
        with self._connections.read() as db:
            return resolve(db, number)

    def set_severity(self, number: int, severity: Severity, who: str, now: datetime) -> None:
        with self._connections.change() as db:
            found = resolve(db, number)
            if found is None:
                raise Refused(f"There is no cluster {number}.")
            triage.set_severity(db, found, severity, who, now)

    def triage(self, number: int) -> Triage | None:
        with self._connections.read() as db:
            return triage.newest(db, [number]).get(number)

    def crowded(self, size: int, services: Iterable[str]) -> dict[str, list[Learnt]]:
        with self._connections.read() as db:
            return joining.crowded(db, size, services)

    def unlearnt(self) -> list[Learnt]:
        with self._connections.read() as db:
            return joining.unlearnt(db)

    def join(self, groups: Iterable[Collection[str]], known: Iterable[Learnt], now: datetime) -> None:
        with self._connections.change() as db:
            joining.join(db, groups, known, now)

    def merge(self, one: int, other: int, who: str, now: datetime, why: str = "a person says so") -> int:
        with self._connections.change() as db:
            return joining.merge(db, one, other, who, why, now)

    def split(self, number: int, keys: Collection[str], who: str, now: datetime) -> int:
        with self._connections.change() as db:
            return joining.split(db, number, keys, who, now)


def read(db: Database, wanted: Iterable[int], since: datetime | None = None) -> list[Cluster]:
    """The clusters in a few queries, however many there are, with their counts and moments from `since` on."""
    found = living(db, wanted)
    if not found:
        return []
    asked = numbers(found)
    signatures, totals = _signatures(db, asked)
    counts = _counts(db, asked, since)
    moments, evidence = _moments(db, asked, since), _evidence(db, asked)
    people, aliases = _people(db, asked), _aliases(db, asked)
    return [
        Cluster(
            number=n,
            service=signatures[n][0].service,
            kind=signatures[n][0].kind,
            title=with_figures(signatures[n][0].title, evidence.get(n, ())),
            template=signatures[n][0].template,
            signatures=tuple(signatures[n]),
            entries=totals[n].entries,
            occurrences=totals[n].occurrences,
            first_seen=moment(totals[n].first),
            last_seen=moment(totals[n].last),
            level=Level(totals[n].level),
            counts=tuple(counts.get(n, ())),
            moments=tuple(moments.get(n, ())),
            evidence=tuple(evidence.get(n, ())),
            users=people.get((n, "user"), 0),
            clients=people.get((n, "client"), 0),
            aliases=tuple(aliases.get(n, ())),
        )
        for n in found
    ]


_OWN = """
WITH asked AS (SELECT id, cluster, key, body FROM signatures WHERE cluster IN (SELECT value FROM json_each(?))),
own AS (
  SELECT signature, entries, occurrences, first, last, level FROM totals WHERE signature IN (SELECT id FROM asked)
  UNION ALL
  SELECT signature, entries, occurrences, first, last, level FROM counts INDEXED BY counts_open
  WHERE open = 1 AND signature IN (SELECT id FROM asked)
)
SELECT cluster, body, sum(entries), sum(occurrences), min(first), max(last), max(level)
FROM own JOIN asked ON id = signature GROUP BY id ORDER BY min(first), key
"""


def _signatures(db: Database, asked: str) -> tuple[Mapping[int, list[Signature]], Mapping[int, Cell]]:
    """That of the first occurrence first: it gives the cluster its name, in whatever order they were read. And what
    was counted of all of them together."""
    found: dict[int, list[Signature]] = {}
    totals: dict[int, Cell] = {}
    for cluster, body, *sums in db.execute(_OWN, [asked]):
        found.setdefault(cluster, []).append(load(Signature, body))
        totals[cluster] = totals[cluster].plus(Cell(*sums)) if cluster in totals else Cell(*sums)
    return found, totals


def _counts(db: Database, asked: str, since: datetime | None) -> Mapping[int, list[Count]]:
    """From the beginning of the day on."""
    found: dict[int, list[Count]] = {}
    rows = db.execute(
        "SELECT cluster, bucket, environment, revision, sum(entries), sum(occurrences)"
        " FROM counts JOIN signatures ON signatures.id = counts.signature"
        " WHERE cluster IN (SELECT value FROM json_each(?)) AND bucket >= ?"
        " GROUP BY cluster, bucket, environment, revision ORDER BY cluster, bucket, environment, revision",
        [asked, 0 if since is None else micros(since) // DAY * DAY],
    )
    for cluster, bucket, environment, revision, entries, occurrences in rows:
        found.setdefault(cluster, []).append(Count(moment(bucket), environment, revision, entries, occurrences))
    return found


_NEWEST = """
SELECT cluster, time, instance, trace, revision FROM (
  SELECT cluster, time, moments.key, instance, trace, revision,
    row_number() OVER (PARTITION BY cluster ORDER BY time DESC, moments.key DESC) AS place
  FROM moments JOIN signatures ON signatures.id = moments.signature
  WHERE cluster IN (SELECT value FROM json_each(?)) AND open IN (0, 1) AND time >= ?
) WHERE place <= ? ORDER BY cluster, place DESC
"""


def _moments(db: Database, asked: str, since: datetime | None) -> dict[int, list[Moment]]:
    """The newest of each, in order of time."""
    found: dict[int, list[Moment]] = {}
    for cluster, time, *words in db.execute(_NEWEST, [asked, micros(since) or 0, MOMENTS]):
        found.setdefault(cluster, []).append(Moment(moment(time), *words))
    return found


def _evidence(db: Database, asked: str) -> Mapping[int, list[Entry]]:
    found: dict[int, dict[Kept, str]] = {}
    for cluster, time, entry, key, body in db.execute(
        "SELECT cluster, time, entry, evidence.key, evidence.body FROM evidence"
        " JOIN signatures ON signatures.id = evidence.signature WHERE cluster IN (SELECT value FROM json_each(?))",
        [asked],
    ):
        found.setdefault(cluster, {})[Kept(time, entry, key)] = body
    return {cluster: [load(Entry, kept[k]) for k in choose(list(kept))] for cluster, kept in found.items()}


_MANY = """
SELECT cluster, count(*), max(users), max(clients), max(id IN (SELECT signature FROM people WHERE open = 1))
FROM signatures WHERE cluster IN (SELECT value FROM json_each(?)) GROUP BY cluster
"""
"""How many of each sort a cluster has at least, and what tells whether these are all: how many signatures it has, and
whether something is open."""


def _people(db: Database, asked: str) -> Mapping[tuple[int, str], int]:
    """Those of several signatures may be the same ones, and are counted."""
    found, mixed = dict[tuple[int, str], int](), set[int]()
    for cluster, signatures, users, clients, opened in db.execute(_MANY, [asked]):
        for kind, many in (("user", users), ("client", clients)):
            found[cluster, kind] = min(PEOPLE, many)
            if many < PEOPLE and (signatures > 1 or opened):
                mixed.add(cluster)
    rows = db.execute(
        "SELECT cluster, people.kind, min(?, count(DISTINCT hash)) FROM people"
        " JOIN signatures ON signatures.id = people.signature WHERE cluster IN (SELECT value FROM json_each(?))"
        " GROUP BY cluster, people.kind",
        [PEOPLE, numbers(mixed)],
    )
    found.update(((cluster, kind), count) for cluster, kind, count in rows)
    return found


def _aliases(db: Database, asked: str) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number, cluster in db.execute(
        "SELECT number, cluster FROM aliases WHERE cluster IN (SELECT value FROM json_each(?)) ORDER BY number",
        [asked],
    ):
        found.setdefault(cluster, []).append(number)
    return found
