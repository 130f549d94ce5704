"""Clusters: put together from what their signatures counted and kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.errors import Refused
from bot.models import Cluster, Count, Entry, Learnt, Level, Moment, Problem, Severity, Signature, Triage, Window
from bot.render.figures import with_figures
from store import analyses, causes, incidents, joining, proposals, seen, stances, touched, triage
from store.codec import clean, load, micros, moment, numbers
from store.connection import Connections
from store.resolving import living, resolve
from store.tally import MOMENTS, PEOPLE, Kept, choose


class Clusters:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def of(self, keys: Sequence[int], times: Sequence[datetime] | None = None) -> dict[int, int]:
        with self._connections.read() as db:
            return seen.clusters(db, keys, times)

    def load(self, numbers: Iterable[int]) -> list[Cluster]:
        """In order of number; an alias gives the cluster it leads to, and what is not there is left out."""
        with self._connections.read() as db:
            return read(db, numbers)

    def between(self, window: Window) -> list[int]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT DISTINCT signatures.cluster AS number FROM counts"
                " JOIN signatures ON signatures.id = counts.signature"
                " WHERE counts.last >= ? AND counts.first <= ? ORDER BY number",
                [micros(window.start), micros(window.end)],
            )
            return [row[0] for row in rows]

    def busy(self, window: Window) -> list[Window]:
        with self._connections.read() as db:
            return touched.busy(db, window)

    def problems(self, numbers: Iterable[int]) -> list[Problem]:
        with self._connections.read() as db:
            clusters = read(db, numbers)
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

    def crowded(self, size: int) -> dict[str, list[Learnt]]:
        with self._connections.read() as db:
            return joining.crowded(db, size)

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


def read(db: Database, wanted: Iterable[int]) -> list[Cluster]:
    """The clusters in a few queries, however many there are."""
    found = living(db, wanted)
    asked = numbers(found)
    signatures = _signatures(db, asked)
    counts, totals = _counts(db, asked)
    moments, evidence = _moments(db, asked), _evidence(db, asked)
    people, aliases = _people(db, asked), _aliases(db, asked)
    return [
        Cluster(
            number=n,
            service=signatures[n][0].service,
            kind=signatures[n][0].kind,
            title=with_figures(signatures[n][0].title, evidence.get(n, ())),
            template=signatures[n][0].template,
            signatures=tuple(signatures[n]),
            entries=totals[n][0],
            occurrences=totals[n][1],
            first_seen=moment(totals[n][2]),
            last_seen=moment(totals[n][3]),
            level=Level(totals[n][4]),
            counts=tuple(counts[n]),
            moments=tuple(moments.get(n, ())),
            evidence=tuple(evidence.get(n, ())),
            users=people.get((n, "user"), 0),
            clients=people.get((n, "client"), 0),
            aliases=tuple(aliases.get(n, ())),
        )
        for n in found
    ]


def _signatures(db: Database, asked: str) -> Mapping[int, list[Signature]]:
    """That of the first occurrence first: it gives the cluster its name, in whatever order they were read."""
    found: dict[int, list[Signature]] = {}
    for cluster, body in db.execute(
        "SELECT cluster, body FROM signatures JOIN counts ON counts.signature = signatures.id"
        " WHERE cluster IN (SELECT value FROM json_each(?)) GROUP BY signatures.id ORDER BY min(first), signatures.key",
        [asked],
    ):
        found.setdefault(cluster, []).append(load(Signature, body))
    return found


Totals = tuple[int, int, int, int, int]


def _counts(db: Database, asked: str) -> tuple[Mapping[int, list[Count]], Mapping[int, Totals]]:
    found: dict[int, list[Count]] = {}
    totals: dict[int, Totals] = {}
    rows = db.execute(
        "SELECT cluster, bucket, environment, revision, sum(entries), sum(occurrences), min(first), max(last),"
        " max(level) FROM counts JOIN signatures ON signatures.id = counts.signature"
        " WHERE cluster IN (SELECT value FROM json_each(?))"
        " GROUP BY cluster, bucket, environment, revision ORDER BY cluster, bucket, environment, revision",
        [asked],
    )
    for cluster, bucket, environment, revision, entries, occurrences, first, last, level in rows:
        found.setdefault(cluster, []).append(Count(moment(bucket), environment, revision, entries, occurrences))
        sofar = totals.get(cluster, (0, 0, first, last, level))
        totals[cluster] = (
            sofar[0] + entries,
            sofar[1] + occurrences,
            min(sofar[2], first),
            max(sofar[3], last),
            max(sofar[4], level),
        )
    return found, totals


def _moments(db: Database, asked: str) -> Mapping[int, list[Moment]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for cluster, *columns in db.execute(
        "SELECT cluster, time, moments.key, instance, trace, revision FROM moments"
        " JOIN signatures ON signatures.id = moments.signature WHERE cluster IN (SELECT value FROM json_each(?))",
        [asked],
    ):
        found.setdefault(cluster, []).append(tuple(columns))
    return {
        cluster: [
            Moment(moment(time), instance, trace, revision)
            for time, _, instance, trace, revision in sorted(instants)[-MOMENTS:]
        ]
        for cluster, instants in found.items()
    }


def _evidence(db: Database, asked: str) -> Mapping[int, list[Entry]]:
    found: dict[int, dict[Kept, str]] = {}
    for cluster, time, entry, key, body in db.execute(
        "SELECT cluster, time, entry, evidence.key, evidence.body FROM evidence"
        " JOIN signatures ON signatures.id = evidence.signature WHERE cluster IN (SELECT value FROM json_each(?))",
        [asked],
    ):
        found.setdefault(cluster, {})[Kept(time, entry, key)] = body
    return {cluster: [load(Entry, kept[k]) for k in choose(list(kept))] for cluster, kept in found.items()}


def _people(db: Database, asked: str) -> Mapping[tuple[int, str], int]:
    rows = db.execute(
        "SELECT cluster, people.kind, min(?, count(DISTINCT hash)) FROM people"
        " JOIN signatures ON signatures.id = people.signature WHERE cluster IN (SELECT value FROM json_each(?))"
        " GROUP BY cluster, people.kind",
        [PEOPLE, asked],
    )
    return {(cluster, kind): count for cluster, kind, count in rows}


def _aliases(db: Database, asked: str) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number, cluster in db.execute(
        "SELECT number, cluster FROM aliases WHERE cluster IN (SELECT value FROM json_each(?)) ORDER BY number",
        [asked],
    ):
        found.setdefault(cluster, []).append(number)
    return found
