"""Instances of the bot as processes that can be killed and stopped, on disks that can be lost.

One child imports everything once and forks the instances, so that each begins at once. An instance keeps its database
with a real `Keeper`, and while it acts it does what people ask for, one thing after another. Each thing that it would
tell a person, because it is safe, is a line on its output.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.cloud.folder import Folder
from bot.cloud.storage import Bucket
from bot.errors import GardenError
from bot.models import Decision, Event, Issue, Severity
from bot.ports import Vault
from store import Store
from store.keeper import Keeper
from tests.store.making import START, absorb, at, draft, entry, sighting

TTL = 0.5


def vault_at(address: str, emulator: str) -> Vault | None:
    if not address:
        return None
    return Bucket(address, emulator=emulator, answer=0.4, pause=0.01) if emulator else Folder(Path(address))


# ------------------------------------------------------------------------------------------ what an instance does


def serve(name: str, disk: str, address: str, emulator: str) -> None:
    """Acts whenever it may, until it is killed or another takes over."""
    logging.disable()
    chance = random.Random(name)
    keeper = Keeper(Path(disk) / "garden.db", vault_at(address, emulator), ttl=TTL, every=0.3, holder=name)
    while True:
        with suppress(GardenError):
            store = keeper.open()
            break
        time.sleep(0.05)
    keeper.watch(lambda: None, lambda: os._exit(0))
    for turn in range(1_000_000):
        try:
            told = do(store, chance, f"{name}-{turn}", keeper.token)
            keeper.safe(0.6)
        except GardenError:
            time.sleep(0.02)
        else:
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def do(store: Store, chance: random.Random, key: str, generation: str) -> list[Any]:
    """Something that a person is told of; the history says under which lease it was done."""
    number = chance.getrandbits(60)
    absorb(store, [sighting(key, entry(number, chance.random() * 1000))])
    cluster = store.clusters.of([number])[number]
    store.history.add(Event(START, key, "take", f"cluster {cluster}", generation))
    match chance.randrange(4):
        case 0:
            return ["number", key, cluster]
        case 1:
            store.clusters.set_severity(cluster, Severity.P4, key, at(1))
            return ["severity", key, cluster]
        case 2:
            store.issues.link(cluster, Issue("acme/shop", cluster, key), key, at(1))
            return ["mapping", key, cluster]
        case _:
            made = store.proposals.add(cluster, draft(key), key, START, timedelta(days=1), START)
            verb = chance.choice(["approve", "reject"])
            store.proposals.decide(Decision(made.id, verb, key, at(2), made.digest, key))
            return ["decision", key, cluster, made.id, verb]


def missing(store: Store, told: list[Any]) -> str:
    """What was told and is not so; empty where it is."""
    kind, key, cluster, *more = told
    problem = next(iter(store.clusters.problems([cluster])), None)
    if problem is None or problem.cluster.signatures[0].key != key:
        return f"{told}: another cluster has the number"
    if not store.history.latest(f"cluster {cluster}"):
        return f"{told}: nobody took it"
    if kind == "severity" and problem.triage.severity is not Severity.P4:
        return f"{told}: {problem.triage.severity}"
    linked = store.issues.linked(cluster)
    if kind == "mapping" and (linked is None or linked.title != key):
        return f"{told}: linked to {linked}"
    if kind == "decision":
        said = [e for e in store.history.latest(f"proposal {more[0]}") if e.verb == more[1] and e.who == key]
        if not said:
            return f"{told}: nobody decided"
    return ""


# ------------------------------------------------------------------------------------------ starting and ending them


class Instance:
    """A forked process, and what it told."""

    def __init__(self, pid: int, output: Path) -> None:
        self.pid = pid
        self.output = output
        self.stopped = False

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def told(self) -> list[list[Any]]:
        lines = self.output.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Nursery:
    """Starts instances."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.all: list[Instance] = []

    def start(self, name: str, disk: Path, address: str, emulator: str = "") -> Instance:
        disk.mkdir(exist_ok=True)
        output = disk.parent / f"{name}.told"
        output.touch()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(output), name, str(disk), address, emulator]) + "\n")
        self._process.stdin.flush()
        made = Instance(int(self._process.stdout.readline()), output)
        self.all.append(made)
        return made

    def end(self) -> list[list[Any]]:
        """Kills all that were started, and returns what they told."""
        for instance in self.all:
            instance.kill()
        time.sleep(0.05)
        told = [line for instance in self.all for line in instance.told()]
        self.all.clear()
        return told


@contextmanager
def nursery() -> Iterator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scenarios.instances"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    made = Nursery(process)
    try:
        yield made
    finally:
        made.end()
        process.communicate()


def fork() -> None:
    """Reads what to start, a line each; has no threads, so that forking is safe."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers = os.dup(1)
    for line in sys.stdin:
        output, *words = json.loads(line)
        child = os.fork()
        if not child:
            os.close(answers)
            os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), 1)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            serve(*words)
            os._exit(0)
        os.write(answers, f"{child}\n".encode())


if __name__ == "__main__":
    fork()
