"""A round after a year, or two, asks no more of the database than one at the end of the first day."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from bot.models import Act, Deployment, Draft, Incident, Severity, Stand, Window
from bot.steps.attend import stance
from store import Store, deployments, ever, open_store
from store.codec import micros

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PROBLEMS = ("basket", "seat", "order", "mail", "price", "stock")
EVERY = 10
"""Steps of SQLite's machine that are counted as one."""
MORE = 1.03
"""So much dearer the round may be: trees of more rows are deeper."""


def round_of(
    store: Store, folder: Path, start: datetime, problems: tuple[str, ...] = PROBLEMS, *, think: bool = True
) -> None:
    """Five minutes in which each problem happens ten times."""
    path = folder / "round.json"
    entries = [
        {
            "insertId": f"{problem}-{n}",
            "timestamp": (start + timedelta(seconds=5 * n)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "severity": "ERROR",
            "resource": {"labels": {"service_name": "shop", "revision_name": "shop-today"}},
            "jsonPayload": {
                "message": f"{problem} service could not be reached by {problem}-client: giving up",
                "user_id": f"user-{n}",
            },
        }
        for n in range(10)
        for problem in problems
    ]
    path.write_text("\n".join(map(json.dumps, entries)))
    with closing(FileLogs(str(path))) as logs:
        logs.lasting = True
        pipeline.round(edges.alone(settings.load({}), store, logs), think=think)


def years(store: Store, folder: Path, number: int) -> None:
    """Each problem four times a day, in another revision each week, in an incident each day, and spoken of; hundreds of
    others that came and went; all of it put together as ageing does."""
    begin = NOW - number * 365 * DAY
    for hundred in range(2 * number):
        gone = tuple(f"{a}{b}{hundred}" for a in "bcdfgh" for b in ("ard", "ell", "ixt", "ort", "umb"))
        round_of(store, folder, begin + hundred * DAY, gone, think=False)
    round_of(store, folder, begin)
    with store._connections.change() as db:
        own = "SELECT id, cluster FROM signatures WHERE body LIKE '%service could not%' ORDER BY id DESC LIMIT ?"
        found = db.execute(own, [len(PROBLEMS)]).fetchall()
        times = [NOW - DAY - timedelta(hours=6 * n) for n in range(4 * 365 * number)]
        for signature, _ in found:
            db.conn.executemany(
                "INSERT OR IGNORE INTO counts (signature, bucket, environment, revision, open, entries, occurrences,"
                " first, last, level) VALUES (?, ?, 'production', ?, 0, 3, 1, ?, ?, 500)",
                [(signature, micros(at), f"shop-{n // 28}", micros(at), micros(at)) for n, at in enumerate(times)],
            )
            db.conn.executemany(
                "INSERT OR IGNORE INTO moments VALUES (?, 0, ?, ?, 'one', '', 'shop-1')",
                [(signature, micros(at), n) for n, at in enumerate(times[:500])],
            )
            db.conn.executemany(
                "INSERT OR IGNORE INTO people (signature, kind, hash, open) VALUES (?, 'user', ?, 0)",
                [(signature, f"hash-{n}") for n in range(900)],
            )
        db.execute(
            "UPDATE signatures SET moments = (SELECT count(*) FROM moments WHERE signature = id),"
            " users = (SELECT count(*) FROM people WHERE signature = id)"
        )
        ever.again(db, "true", [])
        deployments.keep(db, [Deployment(at, "shop", "production", f"shop-{at:%m%d}") for at in times[::4]])
        hours = [micros(NOW - timedelta(hours=n)) // 3_600_000_000 * 3_600_000_000 for n in range(1, 14 * 24)]
        seen = [(hour, at * 0x9E3779B97F4A7C15 % 2**63) for at, hour in enumerate(hours * 50)]
        db.conn.executemany("INSERT OR IGNORE INTO seen (bucket, key) VALUES (?, ?)", seen)
    clusters = tuple(cluster for _, cluster in found)
    for day in range(1, 90):
        at = NOW - day * DAY - timedelta(hours=9)
        store.rounds.conclude(1, [], [Incident(0, clusters[-1], clusters, at, at, "it came first")], at)
    for day in range(1, 90, 3):
        for cluster in clusters:
            draft = Draft(Act.CREATE, "local/garden", f"{cluster}", cause=f"day {day}")
            store.proposals.add(cluster, draft, "gardener", NOW - day * DAY, DAY, NOW)
            store.proposals.withdraw(cluster, "no more", NOW - day * DAY)
            known = store.analyses.latest(cluster)
            if known:
                store.analyses.keep(*known)
    store.proposals.expire(NOW - DAY)
    store.rounds.age(NOW - DAY, settings.load({}).policy().archive_after)


def test_what_is_as_it_was_stays_silent(tmp_path: Path) -> None:
    """Old counts stand together by the day: that is no day's worth within an hour."""
    with open_store(str(tmp_path / "garden.db")) as store:
        round_of(store, tmp_path, NOW - 10 * DAY, PROBLEMS[:1])
        (problem,) = store.clusters.problems([1])
        store.stances.say(stance(problem.cluster, Stand.EXPECTED, "U1", NOW - 10 * DAY, Severity.P0, why="known"))
        for day in range(10, 0, -1):
            for hour in range(0, 16, 4):
                round_of(store, tmp_path, NOW - day * DAY + timedelta(hours=hour), PROBLEMS[:1], think=False)
        assert [s.stand for s in store.stances.of([1])] == [Stand.EXPECTED]


def cost(store: Store, folder: Path) -> tuple[int, int]:
    """Statements, and tens of steps, that one round takes of the database, and then a look at the day."""
    statements: list[str] = []
    steps: list[int] = []
    store.rounds.age(NOW, settings.load({}).policy().archive_after)  # what is done once a day
    connection = store._connections.db().conn
    connection.set_trace_callback(statements.append)
    connection.set_progress_handler(lambda: steps.append(1), EVERY)
    round_of(store, folder, NOW)
    with closing(FileLogs(str(folder / "round.json"))) as logs:
        pipeline.look(edges.alone(settings.load({}), store, logs), Window(NOW - DAY, NOW))
    connection.set_trace_callback(None)
    connection.set_progress_handler(None, 0)
    return len(statements), len(steps)


def test_years_make_a_round_no_dearer(tmp_path: Path) -> None:
    """Counted, not timed: the same statements, in as many steps, however much lies before the last day."""
    known = []
    costs = []
    for number in (0, 1, 2):
        with open_store(str(tmp_path / f"{number}.db")) as store:
            if number:
                years(store, tmp_path, number)
            for hour in range(24, 0, -2):
                round_of(store, tmp_path, NOW - timedelta(hours=hour))
            known.append(store.holds()["clusters"])
            costs.append(cost(store, tmp_path))
    (statements, steps), *later = costs
    assert known[2] > known[1] > 50
    for asked, took in later:
        assert asked <= statements
        assert took <= MORE * steps
