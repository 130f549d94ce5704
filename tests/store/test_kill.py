"""A process that is killed in the middle leaves a store that goes on as if nothing had been."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from bot.models import Cluster, Entry
from store import Store, open_store
from tests.store.making import entry, harvest, sighting

BATCHES = 60
EACH = 40


def batch(number: int) -> list[Entry]:
    return [entry(1 + number * EACH + n, number * 10 + n / 10, user=f"u{n}") for n in range(EACH)]


def read(store: Store, number: int) -> None:
    """One batch as a round reads it: the first half closes, the rest stays open until the next."""
    fresh = store.rounds.unseen(batch(number))
    if not fresh:
        return
    everything = [*store.rounds.edge().get("", []), *fresh]
    opened = fresh[EACH // 2 :]
    closed = [e for e in everything if e not in opened]
    of = lambda e: "ab"[e.key % 2]  # noqa: E731 - two signatures in turns
    store.rounds.absorb(
        1, "file", harvest([sighting(of(e), e) for e in closed], [sighting(of(e), e) for e in opened], fresh=fresh)
    )


def known(store: Store) -> list[Cluster]:
    return store.clusters.load([1, 2])


def absorbed(store: Store) -> int:
    return sum(c.entries for c in known(store))


def test_kill_at_any_moment(tmp_path: Path, seed: int) -> None:
    """What is in the store is what was answered for, or one batch more; going on ends like an undisturbed read."""
    chance = random.Random(seed)
    path = tmp_path / "garden.db"
    with open_store(":memory:") as undisturbed:
        for number in range(BATCHES):
            read(undisturbed, number)
        wanted = known(undisturbed)

    answered = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.test_kill", str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        with child:
            assert child.stdout is not None
            for line in child.stdout:
                answered = max(answered, int(line))
                if chance.random() < 0.12:
                    break
            try:
                child.wait(chance.random() * 0.01)
            except subprocess.TimeoutExpired:
                child.kill()
            answered = max([answered, *(int(line) for line in child.stdout if line.endswith("\n"))])
        with open_store(str(path)) as store:
            assert absorbed(store) in (answered * EACH, (answered + 1) * EACH)
            assert len(store.rounds.unseen([e for n in range(BATCHES) for e in batch(n)])) == (
                BATCHES * EACH - absorbed(store)
            )

    with open_store(str(path)) as store:
        for number in range(BATCHES):
            read(store, number)
        assert known(store) == wanted


if __name__ == "__main__":
    with open_store(sys.argv[1]) as opened:
        for index in range(BATCHES):
            read(opened, index)
            print(index + 1, flush=True)  # noqa: T201 - this is what the parent listens to
