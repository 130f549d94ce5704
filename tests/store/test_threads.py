"""Many threads and processes use one store at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.models import Act, Decision, Delivery, Draft, Stage
from store import Store, open_store
from store.connection import Connections
from tests.store.making import START, absorb, at, draft, entry, plant, sighting

THREADS = 8
TIMES = 20


def together(work: Callable[[int], object]) -> list[object]:
    """The work of eight threads that begin at the same moment."""
    ready = threading.Barrier(THREADS)

    def run(number: int) -> object:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.fixture(params=["file", "memory"])
def shared(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with open_store(str(path) if request.param == "file" else ":memory:") as store:
        yield store


def test_reading_then_writing_never_fails(shared: Store) -> None:
    """Eight threads, twenty changes each that read before they write: none fails, none is lost."""
    plant(shared, "a")

    def work(number: int) -> None:
        for time in range(TIMES):
            made = Draft(Act.CREATE, "acme/shop", cause=f"{number}-{time}")
            shared.proposals.add(1, made, "U1", START, timedelta(days=1), START)

    together(work)
    made = [p for n in range(1, THREADS * TIMES + 1) if (p := shared.proposals.get(n))]
    assert len({p.draft.cause for p in made}) == THREADS * TIMES
    assert sum(p.stage is Stage.OPEN for p in made) == 1


def test_batches_of_many_threads_all_count(shared: Store) -> None:
    """Nothing is lost between two who absorb at once."""

    def work(number: int) -> None:
        for time in range(TIMES):
            absorb(shared, [sighting("a", entry(1 + number * TIMES + time, time))])

    together(work)
    (cluster,) = shared.clusters.load([1])
    assert cluster.occurrences == THREADS * TIMES


def test_a_decision_has_one_winner(shared: Store) -> None:
    """Of eight clicks at once one counts, and the others are told whose."""
    plant(shared, "a")
    proposal = shared.proposals.add(1, draft(), "U1", START, timedelta(days=1), START)

    def work(number: int) -> str:
        try:
            shared.proposals.decide(Decision(proposal.id, "approve", f"U{number}", at(1), proposal.digest))
        except Refused as refused:
            return refused.user_message
        return ""

    told = together(work)
    assert told.count("") == 1
    winner = f"U{told.index('')}"
    assert all(f"{winner} approved it" in str(words) for words in told if words)
    claims = together(lambda n: shared.proposals.claim(proposal.id, f"w{n}", at(2), timedelta(minutes=2)))
    assert sum(c is not None for c in claims) == 1
    assert sum(map(bool, together(lambda _: shared.deliveries.begin(Delivery("Ev1"), "life", START)))) == 1


def test_two_stores_of_one_file_open_at_once(path: Path) -> None:
    """Eight that open a new file at the same moment agree on its schema and its key."""
    stores = [s for s in together(lambda _: open_store(str(path))) if isinstance(s, Store)]
    assert len(stores) == THREADS
    assert len({s.secret for s in stores}) == 1
    for store in stores:
        store.close()


def test_connections_end_with_their_threads(path: Path) -> None:
    """A thread that is gone holds no connection."""
    connections = Connections(str(path))
    for _ in range(5):
        thread = threading.Thread(target=connections.db)
        thread.start()
        thread.join()
    del thread
    assert len(connections._open) == 0
    connections.close()


def test_a_change_inside_a_change_is_one(path: Path) -> None:
    """What is begun inside is taken back with the whole."""
    connections = Connections(str(path))

    def outer() -> None:
        with connections.change() as db:
            with connections.change():
                db.execute("CREATE TABLE made (x)")
            raise RuntimeError("the outer change breaks")

    with pytest.raises(RuntimeError):
        outer()
    assert connections.db().table_names() == []
    connections.close()
