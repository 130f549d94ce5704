"""Whatever is read first, and wherever reading stopped: it comes to the same problems and counts as read at once.

After hours away the newest minutes are read first. A message that goes on over the seam between them and what is read
later, or over the end of what had been read before, is put together from both sides.
"""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.errors import LogsUnavailable
from store import open_store
from tests.scenarios.test_reading import HOUR, MINUTE, START, Killed, Mortal, edges, reader, stamp
from tests.scenarios.test_slices import came_to
from tests.standins.logging_server import LoggingServer, Time

Raw = dict[str, Any]
SPAN = 3 * HOUR
TRACE = (
    "Traceback (most recent call last):",
    '  File "/app/{}.py", line 12, in handle',
    "    reserve(order)",
    '  File "/app/hall.py", line 40, in reserve',
    "    raise Taken(seat)",
    "hall.Taken: seat {} is taken",
)


def logged(chance: random.Random, messages: int) -> list[Raw]:
    """Tracebacks line by line, calls that are logged twice, plain lines, and doors that somebody tries."""
    out: list[Raw] = []

    def say(at: timedelta, instance: int, **says: Any) -> None:
        time = START + HOUR + at
        out.append(
            {
                "insertId": f"e{len(out):06}",
                "timestamp": stamp(time),
                "receiveTimestamp": stamp(time + timedelta(seconds=chance.uniform(0.1, 2))),
                "logName": "projects/shop/logs/run.googleapis.com%2Fstderr",
                "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop", "project_id": "shop"}},
                "labels": {"instanceId": f"i{instance}"},
                **says,
            }
        )

    for _ in range(messages):
        at, instance, kind = SPAN * chance.random(), chance.randrange(3), chance.random()
        name = chance.choice(("seats", "mail", "basket"))
        if kind < 0.5:
            for line in TRACE:
                say(at, instance, textPayload=line.format(name))
                at += timedelta(milliseconds=chance.choice((1, 40, 800)))
        elif kind < 0.7:
            words = f"could not send the {name} of order {chance.randrange(1000)}"
            say(at, instance, jsonPayload={"message": words}, severity="ERROR")
            say(at + timedelta(milliseconds=100), instance, textPayload=words, severity="ERROR")
        elif kind < 0.9:
            say(at, instance, textPayload=f"ERROR {name} of {chance.randrange(1000)} is gone")
        else:
            for door in range(chance.randint(3, 8)):
                request = {"requestMethod": "GET", "requestUrl": f"/door{door}", "status": 404, "remoteIp": "192.0.2.7"}
                say(at, instance, httpRequest=request)
                at += timedelta(seconds=chance.uniform(1, 40))
    return out


def read(seed: int, server: LoggingServer, path: str, *, away: bool, keys: set[int]) -> tuple[Any, Any]:
    """At once; or in rounds with hours between them, of few pages, some of them killed. `keys` are what was read."""
    chance = random.Random(seed)
    end = START + HOUR + SPAN + 10 * MINUTE
    clock: Time = server.clock  # type: ignore[assignment] # it was made with one
    pauses = (1, 5, 5, 5, 17, 17, 45, 90) if away else (5,)
    while True:
        with open_store(path) as store:
            logs = reader(store, server.host, clock, seed, chance.choice((1, 2, 4, 300)) if away else 300)
            logs.__class__ = Mortal
            logs.chance, logs.often = chance, 0.04 if away else 0.0  # type: ignore[attr-defined] # it is a Mortal now
            try:
                window = logs.window(None, None)
                number = store.rounds.begin("cloud", window, clock())
                found = pipeline.collect(edges(store, logs, clock), number, window, members=True)
                keys.update(e.key for e in found.members)
            except (Killed, LogsUnavailable):
                pass
            finally:
                logs.close()
            if clock() > end and not store.sources.pending("cloud:shop"):
                return came_to(store, sorted(keys))
        clock.sleep(60 * (chance.choice(pauses) + chance.random()))


def check(seed: int, folder: Path, messages: int) -> None:
    given = logged(random.Random(seed), messages)
    come_to: list[tuple[Any, Any]] = []
    keys: set[int] = set()
    for away in (False, True):
        clock = Time(START + HOUR + (MINUTE if away else SPAN + 11 * MINUTE))
        with LoggingServer(given, 20, clock) as server:
            come_to.append(read(seed, server, str(folder / f"{seed}-{away}.db"), away=away, keys=keys))
    assert come_to[1] == come_to[0], f"seed {seed}"


def test_what_is_read_newest_first_comes_to_the_same(tmp_path: Path) -> None:
    """Days with outages at any time, and rounds that stop after any page."""
    for seed in range(4):
        check(seed, tmp_path, 60)


@pytest.mark.campaign
def test_many_days_come_to_the_same_wherever_reading_stopped(tmp_path: Path, seed: int) -> None:
    """The same, in sixty denser days."""
    for one in range(60):
        check(1000 * seed + one, tmp_path, 150)
