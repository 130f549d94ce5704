"""Sources of logs: how far each was read, what is still to be read of it, and what is wrong with it.

What is to be read is written down before it is read, and crossed out in the transaction that keeps what was read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import Aim, Bookmark, Progress, Source, Stretch, Window
from store import ageing
from store.codec import bounded, micros, moment, words
from store.connection import Connections

REMEMBERED = timedelta(days=2)
"""How long an entry that was too late is recognised, so that it is reported once."""
LASTING = frozenset({"credentials", "permission", "disabled", "missing", "question"})
"""Trouble that stays until somebody mends it."""
_KEPT_UP = (Aim.NEWS, Aim.GAP, Aim.FIRST)
"""What has to be read before all is read up to a time; late and past entries are older than that."""


class Sources:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get(self, name: str) -> Source | None:
        return next((s for s in self._load("name = ?", [name])), None)

    def all(self) -> list[Source]:
        """Those that are read now, by name."""
        return self._load("active", [])

    def begun(self) -> bool:
        """Whether any source, also one that is not read any more, was ever asked."""
        with self._connections.read() as db:
            return bool(db.execute("SELECT 1 FROM sources WHERE asked IS NOT NULL LIMIT 1").fetchone())

    def expect(self, names: Collection[str]) -> None:
        """These are the sources from now on; others are kept, and hold nothing back."""
        with self._connections.change() as db:
            for name in names:
                db.execute("INSERT INTO sources (name) VALUES (?) ON CONFLICT DO NOTHING", [name])
            db.execute("UPDATE sources SET active = name IN (SELECT value FROM json_each(?))", [words(names)])

    def pending(self, name: str) -> list[Stretch]:
        """What is still to be read, in order of time."""
        with self._connections.read() as db:
            return _pending(db, name)

    def plan(self, name: str, stretches: Sequence[Stretch], asked_until: datetime | None = None) -> None:
        """Writes down what is to be read: a stretch with the id of a known one takes its place, one with 0 is new.

        What was news and was not read to its end is a gap from now on. What waits to go on where the last news ended
        waits in the lane of what goes on there: that gap, or the new one.
        """
        with self._connections.change() as db:
            if asked_until is not None:
                db.execute("UPDATE sources SET asked = ? WHERE name = ?", [micros(asked_until), name])
                again = {s.id for s in stretches if s.aim is Aim.NEWS}
                for old in _pending(db, name):
                    if old.aim is Aim.NEWS and old.id not in again:
                        db.execute("UPDATE stretches SET aim = ? WHERE id = ?", [Aim.GAP, old.id])
                        db.execute("UPDATE edge SET lane = ? WHERE lane = ?", [f"{name}#{old.id}", name])
            for s in stretches:
                added = db.execute(
                    "INSERT INTO stretches (id, source, aim, start, end, at, arrived, token, asked)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET end = excluded.end,"
                    " token = excluded.token, asked = excluded.asked",
                    [s.id or None, name, s.aim, micros(s.start), micros(s.end), micros(s.at), micros(s.arrived),
                     s.token, s.asked],
                ).lastrowid  # fmt: skip
                if s.aim is Aim.GAP and not s.id:
                    db.execute("UPDATE edge SET lane = ? WHERE lane = ?", [f"{name}#{added}", name])
                if s.aim is not Aim.LATE:
                    db.execute(
                        "UPDATE sources SET since = min(coalesce(since, ?1), ?1) WHERE name = ?2",
                        [micros(s.start), name],
                    )

    def advance(self, mark: Bookmark) -> None:
        with self._connections.change() as db:
            advance(db, mark)

    def failed(self, name: str, error: str, words: str, now: datetime) -> None:
        """Notes what is wrong; since when stays as it is while it is the same sort of trouble."""
        with self._connections.change() as db:
            db.execute(
                "UPDATE sources SET error_since = CASE WHEN error = ?1 THEN error_since ELSE ?3 END, error = ?1,"
                " words = ?2, failures = failures + 1 WHERE name = ?4",
                [error, bounded(words, 1000), micros(now), name],
            )

    def read_until(self) -> datetime | None:
        """Up to when all of what is read now has been read; sources that never answered hold nothing back."""
        known = [s.read_until for s in self.all() if s.read_until]
        return min(known, default=None)

    def behind(self, *, past: bool | None = None) -> bool:
        """Whether something is to be read that could be read at once; of the past, or apart from it, if asked."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT DISTINCT aim FROM stretches JOIN sources ON sources.name = stretches.source"
                " WHERE active AND error = '' AND aim <> ?",
                [Aim.LATE],
            ).fetchall()
        return any(past is None or (aim == Aim.PAST) is past for (aim,) in rows)

    def progress(self) -> list[Progress]:
        """How far each source was read, and why no further."""
        return [
            Progress(
                s.name, s.read_until, s.words, s.error in LASTING, s.error_since, s.failures, s.starting, s.too_late
            )
            for s in self.all()
        ]

    def too_late(self, since: datetime) -> int:
        with self._connections.read() as db:
            return int(db.execute("SELECT count(*) FROM too_late WHERE at >= ?", [micros(since)]).fetchone()[0])

    def _load(self, where: str, values: list[object]) -> list[Source]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT name, since, asked, checked, newest, error, words, error_since, failures, too_late FROM sources"  # noqa: S608 - ours
                f" WHERE {where} ORDER BY name",
                values,
            ).fetchall()
            return [_source(row, _pending(db, row[0])) for row in rows]


def advance(db: Database, mark: Bookmark) -> None:
    """Crosses out what was read; a stretch that is done leaves what is still open to what follows it."""
    now, newest = micros(mark.now), micros(mark.newest)
    if mark.done:
        row = db.execute("DELETE FROM stretches WHERE id = ? RETURNING aim, start", [mark.stretch]).fetchone()
        db.execute("UPDATE edge SET lane = ? WHERE lane = ?", [mark.heir, f"{mark.source}#{mark.stretch}"])
        if row and row[0] == Aim.PAST:
            ageing.begin_again(db, row[1])
    else:
        db.execute(
            "UPDATE stretches SET at = max(at, ?), token = ?, asked = ? WHERE id = ?",
            [micros(mark.at), mark.token, mark.asked, mark.stretch],
        )
    late = db.conn.executemany(
        "INSERT OR IGNORE INTO too_late (key, at) VALUES (?, ?)", [(key, now) for key in mark.too_late]
    ).rowcount
    db.execute("DELETE FROM too_late WHERE at < ?", [micros(mark.now - REMEMBERED)])
    db.execute(
        "UPDATE sources SET checked = ?, error = '', words = '', error_since = NULL, failures = 0,"
        " too_late = too_late + ?,"
        " newest = max(coalesce(newest, ?), coalesce(?, newest)) WHERE name = ?",
        [now, max(0, late), newest, newest, mark.source],
    )


def _pending(db: Database, name: str) -> list[Stretch]:
    rows = db.execute(
        "SELECT id, source, aim, start, end, at, arrived, token, asked FROM stretches WHERE source = ?"
        " ORDER BY start, id",
        [name],
    )
    return [
        Stretch(r[0], r[1], Aim(r[2]), moment(r[3]), moment(r[4]), moment(r[5]), moment(r[6]), r[7], r[8])
        for r in rows.fetchall()
    ]


def _source(row: tuple[object, ...], pending: Sequence[Stretch]) -> Source:
    name, since, asked, checked, newest, error, said, error_since, failures, too_late = row
    waiting = [s for s in pending if s.aim in _KEPT_UP]
    ends = [s.at for s in waiting] + ([moment(asked)] if isinstance(asked, int) else [])
    answered = checked is not None
    return Source(
        name=str(name),
        since=_moment(since),
        asked_until=_moment(asked),
        read_until=min(ends) if ends and answered else None,
        checked_at=_moment(checked),
        last_entry=_moment(newest),
        error=str(error),
        words=str(said),
        error_since=_moment(error_since),
        failures=int(str(failures)),
        too_late=int(str(too_late)),
        gaps=tuple(Window(s.at, s.end) for s in waiting),
        starting=any(s.aim is Aim.FIRST for s in pending),
    )


def _moment(column: object) -> datetime | None:
    return moment(column) if isinstance(column, int) else None
