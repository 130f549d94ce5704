"""A round of five minutes at the end of the first day, and the same round after a year: what history costs.

    python bench/year.py [--entries 3000] [--problems 400] [--years 1] [--pairs 12]

Both stores read the same last day and then the same rounds of five minutes, in turns, each with a process's CPU time.
One of them has a past: rounds of the bot itself all through it, in which problems come and go, have incidents,
deployments, proposals, issues that are filed and closed, owners and silences; and beside these, written as rounds would
have left it, what the smaller rounds of the past were too few for: counts of every problem in the buckets in which it
happened, its newest moments, people, and the entries that are remembered. All of it ages as it does in the field.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from _bars import bar

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from bot.models import Decision, Issue, Spend, Stage, Stand, Window
from bot.ports import Edges
from bot.steps.attend import stance
from bot.trackers.local import LocalTracker
from store import ever, open_store
from store.codec import micros

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEGIN = datetime(2015, 3, 2, 4, 30, tzinfo=UTC)
"""Of the names of revisions."""
DAY, HOUR, ROUND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
RETENTION = timedelta(days=14)
FINE = timedelta(days=8)
"""Of so long the counts stand in buckets of five minutes."""
LIVES = timedelta(days=40)
"""How long a problem lasts that comes and goes."""
SHOWS = 6
"""Of a hundred problems, so many are there all the time; one of the others begins every few days."""
PEOPLE, MOMENTS = 1_000, 500
ISSUES = 2_000
"""Issues of other people's making, which both mirror."""
APPROVER = "U012AB3CD"
SERVICES = ("shop", "till", "mailer", "catalogue", "search", "billing", "login", "stock")
SYLLABLES = (
    "ba",
    "ce",
    "dor",
    "fim",
    "gul",
    "ha",
    "jo",
    "kel",
    "lun",
    "mo",
    "nar",
    "pi",
    "quo",
    "ras",
    "sil",
    "tu",
    "vek",
)
THIRD = ("is gone", "refused a write", "has no row left", "timed out", "was read twice", "is of another version",
         "cannot be parsed", "lost its owner", "ran out of room", "answered with nothing")  # fmt: skip


def told(number: int) -> tuple[str, str]:
    """The service of a problem, and a sentence of words that no other problem has."""
    chance = random.Random(number)
    one, two, three = ("".join(chance.choices(SYLLABLES, k=3)) for _ in range(3))
    return SERVICES[number % len(SERVICES)], f"{one} {two} {chance.choice(THIRD)}: {three}"


@dataclass
class World:
    """What is logged when: problems with rates of their own, some for good, others for some weeks."""

    problems: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    known: dict[datetime, tuple[list[int], list[float]]] = field(default_factory=dict)

    def alive(self, at: datetime) -> tuple[list[int], list[float]]:
        """The problems of a day, and their weights, summed up: few of them make most of the noise."""
        day = datetime(at.year, at.month, at.day, tzinfo=UTC)
        if day not in self.known:
            steady = self.problems * 3 // 4
            passing = self.problems - steady
            newest = steady + int((day - NOW + timedelta(days=3_650)) / LIVES * passing)
            numbers = [*range(steady), *(self.problems + n % 1_600 for n in range(newest - passing, newest))]
            weights = accumulate(1 / (1 + n * 7_919 % self.problems) for n in numbers)
            self.known = {day: (numbers, list(weights))}
        return self.known[day]

    def revision(self, service: str, at: datetime) -> str:
        """Each service is deployed every third day."""
        return f"{service}-{(at - BEGIN + timedelta(days=SERVICES.index(service))).days // 3:05}-abc"

    def entries(self, start: datetime, length: timedelta, count: int) -> list[dict[str, Any]]:
        """A third of them errors; some of these make another service fail within a second."""
        numbers, weights = self.alive(start)
        out = []
        for i in range(count):
            at = start + length * (i / count)
            if i % 3:
                service, said = SERVICES[i % 8], {"severity": "INFO", "jsonPayload": {"message": f"request {i} served"}}
                out.append(self._entry(service, at, f"{micros(at)}-{i}", said))
                continue
            (number,) = self.chance.choices(numbers, cum_weights=weights)
            trace = f"projects/ticketry/traces/{self.chance.getrandbits(128):032x}"
            for n, later in ((number, 0.0), (number + 3, 0.4)) if number % 40 == 0 else ((number, 0.0),):
                service, text = told(n)
                said = {
                    "severity": "ERROR" if n % 5 else "WARNING",
                    "jsonPayload": {"message": text, "user_id": f"user-{self.chance.randrange(3_000)}"},
                    "trace": trace,
                }
                when = at + timedelta(seconds=later)
                out.append(self._entry(service, when, f"{micros(at)}-{i}-{n}", said))
        return sorted([*out, *self._deployments(start, length)], key=lambda e: str(e["timestamp"]))

    def _deployments(self, start: datetime, length: timedelta) -> Iterator[dict[str, Any]]:
        for service in SERVICES:
            name = self.revision(service, start + length)
            if name != self.revision(service, start):
                payload = {
                    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                    "methodName": "/Services.ReplaceService",
                    "resourceName": f"namespaces/ticketry/revisions/{name}",
                    "response": {"kind": "Revision", "metadata": {"name": name}},
                }
                made = self._entry(service, start + length / 2, name, {"severity": "INFO", "protoPayload": payload})
                made["logName"] = "projects/ticketry/logs/cloudaudit.googleapis.com%2Fsystem_event"
                yield made

    def _entry(self, service: str, at: datetime, id_: str, said: dict[str, Any]) -> dict[str, Any]:
        return {
            "insertId": id_,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "logName": "projects/ticketry/logs/run.googleapis.com%2Fstdout",
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"service_name": service, "revision_name": self.revision(service, at)},
            },
            "labels": {"instanceId": f"{service}-{self.chance.randrange(6)}", "padding": "x" * 400},
            **said,
        }


class Bot:
    """A store with all that a round touches."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.store = open_store(str(self.folder / "garden.db"))
        self.now = NOW
        self.tracker = LocalTracker(str(self.folder / "tracker.db"), clock=lambda: self.now)
        self.settings = settings.load({"GARDEN_APPROVERS": APPROVER})

    def edges(self, logs: Any = None) -> Edges:
        built = edges.alone(self.settings, self.store, logs or _Nothing())
        return replace(built, tracker=self.tracker, clock=lambda: self.now)

    def read(self, entries: list[dict[str, Any]], end: datetime, *, think: bool = True) -> float:
        """One whole round; the seconds of CPU time that it takes."""
        path = self.folder / "round.json"
        path.write_text("".join(json.dumps(e) + "\n" for e in entries), encoding="utf-8")
        self.now = end
        began = time.process_time()
        with closing(FileLogs(str(path))) as logs:
            logs.lasting = True  # it ages, as what comes from Cloud Logging does
            pipeline.round(self.edges(logs), think=think)
        return time.process_time() - began

    def looks(self) -> dict[str, float]:
        """Seconds of CPU time of what people ask for."""
        return {
            "the digest": _timed(lambda: pipeline.look(self.edges(), Window(self.now - DAY, self.now))),
            "the worklog of an hour": _timed(lambda: pipeline.look(self.edges(), Window(self.now - HOUR, self.now))),
        }

    def sizes(self) -> dict[str, tuple[int, float]]:
        """Rows and megabytes of each table with its indexes, where SQLite can tell."""
        with closing(sqlite3.connect(self.store.path)) as conn:
            owner = dict(conn.execute("SELECT name, tbl_name FROM sqlite_master").fetchall())
            found: dict[str, float] = {}
            for name, size in conn.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
                found[owner.get(name, name)] = found.get(owner.get(name, name), 0.0) + size / 1e6
            rows = {t: conn.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in found}
        return {t: (rows[t], found[t]) for t in sorted(found, key=lambda t: -found[t])}


class _Nothing:
    """Logs of which there are none."""

    source, lasting = "nothing", True

    def window(self, _cursor: object, _since: object) -> Window:
        return Window(NOW, NOW)


def _timed(what: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        began = time.process_time()
        what()
        took.append(time.process_time() - began)
    return statistics.median(took)


# ---------------------------------------------------------------- what both begin with, and the year


def begin(bot: Bot) -> None:
    """A tracker with a past of its own, as it is mirrored on the first day."""
    chance = random.Random(2)
    bot.store.issues.put(
        Issue(
            bot.tracker.repository,
            100_000 + n,
            told(chance.randrange(10_000, 20_000))[1],
            state="closed" if n % 3 else "open",
            body="It was seen by a customer. " * 20,
            updated_at=NOW - timedelta(days=400 + n % 300),
            closed_at=NOW - timedelta(days=400 + n % 300) if n % 3 else None,
            reason="completed" if n % 3 else "",
        )
        for n in range(ISSUES)
    )


def past(bot: Bot, world: World, begin: datetime, end: datetime, entries: int) -> None:
    """A round of each twenty days, of which one in three thinks, too; and what people make of them."""
    chance, length = random.Random(3), 20 * DAY
    for number in range((end - begin) // length):
        at = begin + length * (number + 1)
        bot.read(world.entries(at - length, length, entries), at, think=not number % 3)
        people(bot, chance, at)


def people(bot: Bot, chance: random.Random, now: datetime) -> None:
    """Approve some, refuse others; take one, silence another; close what was filed a while ago; ask a model."""
    store, tracker, at = bot.store, bot.tracker, bot.edges()
    store.proposals.expire(now)
    waiting = store.proposals.waiting()
    for proposal in chance.sample(waiting, min(2, len(waiting))):
        verb = chance.choice(["approve", "approve", "reject"])
        words = "as I see it" if verb == "reject" else ""
        said = Decision(proposal.id, verb, APPROVER, now, proposal.digest, f"said-{proposal.id}", words)
        if pipeline.decide(at, said).stage is Stage.APPROVED:
            pipeline.file(at, proposal.id)
    open_ = [i for i in tracker.newest(now - timedelta(days=90)) if not i.closed]
    if len(open_) > 20:
        tracker.close(chance.choice(open_[10:]).number, "completed")
    for problem in store.clusters.problems(chance.sample(store.clusters.between(Window(now - DAY, now)), 2)):
        stand = chance.choice([Stand.TAKEN, Stand.SNOOZED])
        lasting = timedelta(days=2) if stand is Stand.SNOOZED else None
        said_ = stance(problem.cluster, stand, APPROVER, now, problem.triage.severity, why="known", lasting=lasting)
        store.stances.say(said_)
        known = store.analyses.latest(problem.number)
        if known:
            store.analyses.keep(*known)
    bill, _ = store.analyses.reserve(Spend("model", 5_000, 800, 0.02, purpose="cluster 3"), now, lambda _: "", round=1)
    store.analyses.settle(bill, Spend("model", 5_000, 800, 0.02, purpose="cluster 3"))


def fill(bot: Bot, world: World, begin: datetime, end: datetime, remembered: int) -> None:
    """What the few rounds of the past were too small for, as rounds every five minutes would have left it."""
    chance = random.Random(4)
    with bot.store._connections.change() as db:
        found = db.execute(
            "SELECT id, occurrences, totals.first, last, level, body ->> 'service' FROM signatures"
            " JOIN totals ON totals.signature = id"
        ).fetchall()
        for id_, occurrences, first, last, level, service in found:
            start, stop = max(first, micros(begin)), min(last, micros(end))
            buckets = set(_buckets(chance, occurrences, start, stop, micros(end)))
            rows = [
                (id_, b, "production", world.revision(service, _time(b)), 3, 1, b, b, level) for b in sorted(buckets)
            ]
            db.conn.executemany(
                "INSERT OR IGNORE INTO counts (signature, bucket, environment, revision, open, entries, occurrences,"
                " first, last, level) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
                rows,
            )
            if last < micros(end - timedelta(days=90)):
                continue
            db.conn.executemany(
                "INSERT OR IGNORE INTO moments (signature, open, time, key, instance, trace, revision)"
                " VALUES (?, 0, ?, ?, ?, ?, ?)",
                [
                    (id_, at, at, f"{service}-{at % 6}", f"{at:032x}", world.revision(service, _time(at)))
                    for at in (start + (stop - start) * n // MOMENTS for n in range(min(MOMENTS, 3 * occurrences)))
                ],
            )
            db.conn.executemany(
                "INSERT OR IGNORE INTO people (signature, open, kind, hash) VALUES (?, 0, 'user', ?)",
                [(id_, f"{chance.getrandbits(64):016x}") for _ in range(min(PEOPLE, 3 * occurrences))],
            )
        for column, which in (("moments", "moments"), ("users", "people")):
            db.execute(
                f"UPDATE signatures SET {column} = (SELECT count(*) FROM {which} WHERE signature = id AND open = 0)"
            )
        db.execute("DELETE FROM totals")
        db.execute(
            "INSERT INTO totals SELECT signature, sum(entries), sum(occurrences), min(first), max(last), max(level)"
            " FROM counts WHERE open = 0 GROUP BY signature"
        )
        ever.again(db, "true", [])
        db.conn.executemany("INSERT OR IGNORE INTO seen (bucket, key) VALUES (?, ?)", _identities(end, remembered))
    bot.store.rounds.age(end, bot.settings.policy().archive_after)


def _buckets(chance: random.Random, occurrences: int, start: int, stop: int, end: int) -> Iterator[int]:
    """Of the last days some in every hour, by how often it happens; before that one each day."""
    grain, day = micros_of(ROUND), micros_of(DAY)
    fine = max(start, end - micros_of(FINE))
    for _ in range(min(2_304, occurrences * 12) if stop > fine else 0):
        yield chance.randrange(fine, stop + 1) // grain * grain
    for at in range(start, min(stop, fine), day):
        yield at // grain * grain


def _identities(end: datetime, count: int) -> Iterator[tuple[int, int]]:
    hours = RETENTION // HOUR
    for i in range(count):
        yield (
            micros(end - HOUR * (1 + i * hours // count)) // 3_600_000_000 * 3_600_000_000,
            (i * 0x9E3779B97F4A7C15 % 2**63),
        )


def _time(column: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=column)


def micros_of(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


# ---------------------------------------------------------------- the measurement


def prepared(given: argparse.Namespace, folder: Path) -> tuple[Bot, Bot, World]:
    """Two stores with the same last day; one with years before it."""
    new, old = Bot(folder, "new"), Bot(folder, "old")
    start = NOW - timedelta(days=365 * given.years)
    world = World(given.problems)
    for bot in (new, old):
        begin(bot)
    if given.years:
        past(old, world, start, NOW - DAY, given.entries // 3)
        fill(old, world, start, NOW - DAY, int(given.remembered * given.years / max(given.years, 1)))
    for hour in range(0, 24, 3):
        at = NOW - DAY + HOUR * hour
        entries = world.entries(at, 3 * HOUR, given.entries)
        for bot in (new, old):
            bot.read(entries, at + 3 * HOUR, think=hour == 21)
    return new, old, world


@dataclass
class Pairs:
    """Rounds of both in turns: seconds of CPU time at the end of the first day, and after years."""

    what: str
    early: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        return sorted(b / a for a, b in zip(self.early, self.late, strict=True))

    def told(self) -> str:
        first, then, ratios = statistics.median(self.early), statistics.median(self.late), self.ratios
        q = len(ratios) // 4
        half = f"{statistics.median(ratios):.2f} times, half of the pairs from {ratios[q]:.2f} to {ratios[-q - 1]:.2f}"
        return f"{self.what:<28}{then:>7.3f} s   on the first day {first:.3f} s, {half}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=3_000)
    options.add_argument("--problems", type=int, default=400)
    options.add_argument("--years", type=float, default=1)
    options.add_argument("--remembered", type=int, default=2_000_000)
    options.add_argument("--pairs", type=int, default=12)
    options.add_argument("--tables", action="store_true", help="rows and size of each table, too")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        new, old, world = prepared(given, Path(name))
        whole = Pairs("a round")
        sorted_out = Pairs("of it, to read and to sort")
        for n in range(2 * given.pairs):
            entries = world.entries(NOW + ROUND * n, ROUND, given.entries)
            pairs = sorted_out if n % 2 else whole
            for bot in (new, old) if n // 2 % 2 else (old, new):
                took = bot.read(entries, NOW + ROUND * (n + 1), think=pairs is whole)
                (pairs.early if bot is new else pairs.late).append(took)
        looks = {what: (new.looks()[what], old.looks()[what]) for what in ("the digest", "the worklog of an hour")}
        daily = [_timed(lambda bot=bot: bot.store.rounds.age(NOW + DAY, bot.settings.policy().archive_after), 1)
                 for bot in (new, old)]  # fmt: skip
        with old.store._connections.read() as db:
            stubs = db.execute("SELECT count(*) FROM clusters").fetchone()[0]
        active = len(old.store.clusters.between(Window(NOW - DAY, NOW)))
        size = (old.folder / "garden.db").stat().st_size / 1e6
        sizes = old.sizes() if given.tables else {}
    print(f"five minutes of {given.entries:,} entries, {given.pairs} pairs of rounds in turns, CPU time")
    print(f"after {given.years:g} years, {size:,.0f} MB: {stubs:,} clusters known, {active:,} seen in the last day")
    for pairs in (whole, sorted_out):
        print(pairs.told())
    print(f"{'ageing, once a day':<28}{daily[1]:>7.3f} s   on the first day {daily[0]:.3f} s")
    for what, (first, then) in looks.items():
        print(f"{what:<28}{then:>7.3f} s   on the first day {first:.3f} s, {then / first:.2f} times")
    for table, (rows, mb) in list(sizes.items())[:16]:
        print(f"  {table:<18} {rows:>10,} rows {mb:>8.1f} MB")
    bar("a round after a year, times one on the first day", statistics.median(whole.ratios), most=1.05, form=",.2f")
    bar("of it, to read and to sort", statistics.median(sorted_out.ratios), most=1.1, form=",.2f")


if __name__ == "__main__":
    main()
