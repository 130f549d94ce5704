"""When clusters changed since a round last concluded: what has to be thought anew, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from bot.models import Level, Window
from store.codec import micros, moment, numbers
from store.tally import BUCKET

_MARK = """
UPDATE clusters SET changed = 1,
  since = CASE WHEN changed AND since IS NULL THEN NULL ELSE min(coalesce(since, :since), :since) END,
  until = CASE WHEN changed AND since IS NULL THEN NULL ELSE max(coalesce(until, :until), :until) END
WHERE number = :cluster
"""
_OUTSIDE = """
SELECT 1 FROM counts JOIN signatures ON signatures.id = counts.signature
WHERE cluster = :cluster AND (bucket < :since OR bucket > :until) AND counts.level >= :loud LIMIT 1
"""
_ANYWHERE = """
SELECT 1 FROM counts JOIN signatures ON signatures.id = counts.signature
WHERE cluster = :cluster AND (bucket < :since OR bucket > :until) LIMIT 1
"""
_WITHIN = """
SELECT 1 FROM counts JOIN signatures ON signatures.id = counts.signature
WHERE cluster = :cluster AND bucket BETWEEN :since AND :until AND counts.level >= :loud LIMIT 1
"""


_CHANGED = """
FROM clusters CROSS JOIN signatures ON signatures.cluster = clusters.number
CROSS JOIN counts ON counts.signature = signatures.id WHERE clusters.changed
"""
"""In this order no count is looked at but those that are asked for."""
_WINDOWS = f"""
SELECT first, last {_CHANGED} AND since IS NULL
UNION SELECT first, last {_CHANGED} AND bucket BETWEEN since AND until
UNION SELECT since, since + :bucket FROM clusters WHERE changed AND since IS NOT NULL
UNION SELECT until, until + :bucket FROM clusters WHERE changed AND since IS NOT NULL
ORDER BY 1, 2
"""  # noqa: S608 - ours


def mark(db: Database, spans: Mapping[int, tuple[int, int]]) -> None:
    """Signatures, and the first and last bucket in which they were counted anew.

    What is an error now and was none before is seen with other eyes from its beginning on.
    """
    owners = dict(
        db.execute(
            "SELECT id, cluster FROM signatures WHERE id IN (SELECT value FROM json_each(?))", [numbers(spans)]
        ).fetchall()
    )
    for id_, (since, until) in spans.items():
        if id_ not in owners:
            continue
        what = {"cluster": owners[id_], "since": since, "until": until, "loud": int(Level.ERROR)}
        db.execute(_MARK, what)
        if not db.execute(_WITHIN, what).fetchone() or db.execute(_OUTSIDE, what).fetchone():
            continue
        if db.execute(_ANYWHERE, what).fetchone():
            wholly(db, owners[id_])


def wholly(db: Database, cluster: int) -> None:
    db.execute("UPDATE clusters SET changed = 1, since = NULL, until = NULL WHERE number = ?", [cluster])


def incident(db: Database, clusters: Iterable[int], start: int, end: int) -> None:
    """What was an incident of these has to be looked at again."""
    for cluster in clusters:
        db.execute(_MARK, {"cluster": cluster, "since": start - start % BUCKET, "until": end - end % BUCKET})


def windows(db: Database) -> list[Window]:
    """Also where something was taken back and nothing is counted any more."""
    rows = db.execute(_WINDOWS, {"bucket": BUCKET})
    out: list[tuple[int, int]] = []
    for first, last in rows:
        if out and first - out[-1][1] <= BUCKET:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return [Window(moment(first), moment(last)) for first, last in out]


def busy(db: Database, window: Window) -> list[Window]:
    """When anything at all was counted, bucket by bucket."""
    rows = db.execute(
        "SELECT min(first), max(last) FROM counts WHERE last >= ? AND first <= ? GROUP BY bucket ORDER BY bucket",
        [micros(window.start), micros(window.end)],
    )
    return [Window(moment(first), moment(last)) for first, last in rows]
