"""Kill, restore elsewhere, two instances that overlap, a bucket that fails in the middle: nothing that was told to a
person is lost, and there are never two who act.
"""

from __future__ import annotations

import json
import random
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import Standby
from store import Store
from store.keeper import Keeper
from tests.scenarios.instances import TTL, Nursery, missing, nursery, vault_at
from tests.standins.storage_server import StorageServer


def elsewhere(folder: Path, address: str, emulator: str) -> tuple[Keeper, Store]:
    """A new instance on an empty disk, once nobody else acts."""
    folder.mkdir(exist_ok=True)
    keeper = Keeper(folder / "garden.db", vault_at(address, emulator), ttl=TTL, holder="last")
    for _ in range(100):
        try:
            return keeper, keeper.act()
        except Standby:
            time.sleep(TTL / 10)
    raise AssertionError("nobody lets go of the lease")


def trouble(chance: random.Random, made: Nursery, folder: Path, storage: StorageServer | None, address: str) -> None:
    """A second and a half of misfortune: what happens, and when, is the seed's."""
    emulator = storage.url if storage else ""
    disks = 1
    made.start("i0", folder / "disk-0", address, emulator)
    for step in range(chance.randint(3, 6)):
        time.sleep(chance.uniform(0.1, 0.6))
        some = chance.choice(made.all)
        what = chance.choice(["another", "kill", "kill", "pause", "elsewhere", "elsewhere", "down"])
        if what == "down" and storage:
            storage.down.set()
            time.sleep(chance.uniform(0.05, TTL))
            storage.down.clear()
        elif what == "pause":
            some.pause()
            time.sleep(chance.uniform(0.1, 3 * TTL))
            some.go_on()
        elif what == "elsewhere" and address:
            disks += 1
            made.start(f"i{step + 1}", folder / f"disk-{disks}", address, emulator)
        else:
            if what == "kill":
                some.kill()
            disk = chance.randrange(disks) if address else 0
            made.start(f"i{step + 1}", folder / f"disk-{disk}", address, emulator)
    time.sleep(chance.uniform(0.3, 4 * TTL))


def run(seed: int, folder: Path, made: Nursery, kind: str) -> int:
    """One run; returns how many things were told."""
    chance = random.Random(seed)
    folder.mkdir()
    if kind == "bucket":
        with StorageServer(seed=seed, chance=chance.choice([0.0, 0.05, 0.15])) as storage:
            trouble(chance, made, folder, storage, "gs://backups/garden")
            told = made.end()
            storage.chance = 0.0
            storage.faults.clear()
            check(told, folder / "new", "gs://backups/garden", storage.url, seed)
            assert one_after_the_other(storage)
    elif kind == "folder":
        trouble(chance, made, folder, None, str(folder / "backups"))
        told = made.end()
        check(told, folder / "new", str(folder / "backups"), "", seed)
    else:
        trouble(chance, made, folder, None, "")
        told = made.end()
        check(told, folder / "disk-0", "", "", seed)
    return len(told)


def check(told: list[list[object]], disk: Path, address: str, emulator: str, seed: int) -> None:
    keeper, store = elsewhere(disk, address, emulator)
    with closing(keeper):
        wrong = [found for line in told if (found := missing(store, line))]
        assert not wrong, f"seed {seed}: {wrong[:3]} of {len(told)}"
        leases = [int(e.detail) for e in reversed(store.history.latest(limit=1_000_000)) if e.verb == "take"]
        assert address or leases == sorted(leases), f"seed {seed}: two acted"


def one_after_the_other(storage: StorageServer) -> bool:
    """Whether of all who held the lease each held it once, and none came back after another."""
    holders: list[tuple[int, str]] = []
    for content in storage.written("garden/lease.json"):
        held = json.loads(content)
        if held["holder"] and holders[-1:] != [(held["epoch"], held["holder"])]:
            holders.append((held["epoch"], held["holder"]))
    return [epoch for epoch, _ in holders] == sorted({epoch for epoch, _ in holders})


def test_what_was_told_is_kept(tmp_path: Path, seed: int) -> None:
    """One run."""
    with nursery() as made:
        assert run(seed, tmp_path / "run", made, "bucket") > 0


@pytest.mark.campaign
def test_what_was_told_is_kept_whatever_happens(tmp_path: Path, seed: int) -> None:
    """Two hundred runs, most of them with a bucket."""
    total = 0
    with nursery() as made:
        for number in range(200):
            kind = ("bucket", "bucket", "bucket", "folder", "disk")[number % 5]
            total += run(seed * 1000 + number, tmp_path / f"run-{number}", made, kind)
    assert total > 1000
