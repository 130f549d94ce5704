"""Rounds: what was read and until when, what is still open, and which clusters wait to be thought about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models import Entry, Harvest, Incident, Problem, Quiet, Window
from store import ageing, rhythm, seen, sources, touched, triage
from store import incidents as episodes
from store.absorb import absorb, edge
from store.codec import bounded, micros, moment
from store.connection import Connections
from store.deployments import keep
from store.tally import tally


class Rounds:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def begin(self, source: str, window: Window, now: datetime, *, baseline: bool = False) -> int:
        with self._connections.change() as db:
            cursor = db.execute(
                "INSERT INTO rounds (source, window_start, window_end, began, baseline) VALUES (?, ?, ?, ?, ?)",
                [source, micros(window.start), micros(window.end), micros(now), int(baseline)],
            )
            return cursor.lastrowid or 0

    def cursor(self, source: str) -> datetime | None:
        with self._connections.read() as db:
            row = db.execute("SELECT at FROM cursors WHERE source = ?", [source]).fetchone()
            return moment(row[0]) if row else None

    def unseen(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those never absorbed before, each once: of equal ones the first."""
        each: dict[int, Entry] = {}
        for entry in entries:
            each.setdefault(entry.key, entry)
        with self._connections.read() as db:
            known = seen.known(db, seen.by_hour((e.time, e.key) for e in each.values()))
        return [e for key, e in each.items() if key not in known]

    def unheard(self, quiet: Quiet) -> Quiet:
        with self._connections.read() as db:
            known = seen.known(db, quiet)
        if not known:
            return quiet
        return {hour: [key for key in keys if key not in known] for hour, keys in quiet.items()}

    def edge(self) -> dict[str, list[Entry]]:
        with self._connections.read() as db:
            return edge(db)

    def absorb(self, number: int, source: str, harvest: Harvest) -> list[int]:
        closed, opened = tally(harvest.closed), tally(harvest.open)
        read = len(harvest.entries) + sum(map(len, harvest.quiet.values()))
        with self._connections.change() as db:
            told = absorb(db, harvest, closed, opened)
            keep(db, harvest.deployments)
            db.execute("UPDATE rounds SET entries = entries + ? WHERE number = ?", [read, number])
            whose = harvest.mark.source if harvest.mark else source
            rhythm.add(db, whose, harvest)
            if harvest.mark is not None:
                sources.advance(db, harvest.mark)
            elif harvest.read_until is not None:
                db.execute(
                    "INSERT INTO cursors (source, at) VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
                    [source, micros(harvest.read_until)],
                )
        return told

    def changed(self) -> list[int]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT number FROM clusters WHERE changed AND EXISTS (SELECT 1 FROM signatures JOIN counts"
                " ON counts.signature = signatures.id WHERE signatures.cluster = clusters.number) ORDER BY number"
            )
            return [row[0] for row in rows]

    def touched(self) -> list[Window]:
        """When what changed happened, in order of time."""
        with self._connections.read() as db:
            return touched.windows(db)

    def conclude(
        self,
        number: int,
        problems: Sequence[Problem],
        incidents: Sequence[Incident],
        now: datetime,
        note: str = "",
        *,
        withdrawn: Sequence[Incident] = (),
    ) -> None:
        """Keeps what was thought of the problems, and closes the round. What a person said meanwhile stays."""
        with self._connections.change() as db:
            for problem in problems:
                triage.keep(db, problem, now)
            episodes.withdraw(db, withdrawn, now)
            episodes.keep(db, incidents, now)
            db.execute("UPDATE clusters SET changed = 0, since = NULL, until = NULL WHERE changed")
            db.execute(
                "UPDATE rounds SET concluded = ?, note = ? WHERE number = ?", [micros(now), bounded(note, 2000), number]
            )

    def read_until(self) -> datetime | None:
        """Up to when all sources were read; where there are none that last, up to the newest entry of a file."""
        if until := sources.Sources(self._connections).read_until():
            return until
        with self._connections.read() as db:
            at: int | None = db.execute("SELECT max(at) FROM cursors").fetchone()[0]
            return moment(at)

    def note(self) -> str:
        """What the newest concluded round could not do; empty where it did everything."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT note FROM rounds WHERE concluded IS NOT NULL ORDER BY number DESC LIMIT 1"
            ).fetchone()
            return str(row[0]) if row else ""

    def left(self) -> bool | None:
        """Whether the newest round, which was not concluded, took stock; None where none was left so."""
        with self._connections.read() as db:
            row = db.execute("SELECT concluded, baseline FROM rounds ORDER BY number DESC LIMIT 1").fetchone()
            return bool(row[1]) if row and row[0] is None else None

    def took_stock(self) -> bool:
        """Whether all rounds that were concluded so far were a baseline."""
        with self._connections.read() as db:
            done = db.execute("SELECT 1 FROM rounds WHERE concluded IS NOT NULL LIMIT 1").fetchone()
            sql = "SELECT 1 FROM rounds WHERE concluded IS NOT NULL AND NOT baseline LIMIT 1"
            return bool(done) and not db.execute(sql).fetchone()

    def first(self) -> bool:
        with self._connections.read() as db:
            return not db.execute("SELECT 1 FROM rounds WHERE concluded IS NOT NULL LIMIT 1").fetchone()

    def age(self, now: datetime, archive_after: timedelta = timedelta(0)) -> None:
        with self._connections.change() as db:
            ageing.age(db, now)
            ageing.archive(db, now, archive_after)
