"""The pages of a minute, shared: never too many, nobody shut out, nothing left unused while nobody waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from store import Store, open_store
from store.quota import LIMIT, MINUTE, SHARES

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=30)


def take(store: Store, use: str, seconds: float = 0, project: str = "shop") -> int | None:
    """The number of the place, which is given back at once; None where there was none."""
    now = NOW + timedelta(seconds=seconds)
    place = store.quota.take(project, use, now, PATIENCE)
    if place.number is not None:
        store.quota.give_back(place.number, now)
    return place.number


def flood(store: Store, use: str, seconds: float = 0) -> int:
    """As many as there are."""
    taken = 0
    while take(store, use, seconds):
        taken += 1
    return taken


def test_rounds_use_nearly_all_of_it_while_nobody_waits() -> None:
    """At least 95 of 100, and the rest a minute later again; another project has pages of its own."""
    with open_store(":memory:") as store:
        assert 0.95 * LIMIT <= flood(store, "rounds") < LIMIT
        assert flood(store, "rounds", 59.9) == 0
        assert take(store, "rounds", 1, project="mail")
        assert flood(store, "rounds", 60) >= 0.95 * LIMIT


def test_a_flood_of_rounds_leaves_something_for_people() -> None:
    """People find places at once, and while one waits, whatever becomes free is his up to his share."""
    with open_store(":memory:") as store:
        flood(store, "rounds")
        assert flood(store, "people") >= 2
        assert not take(store, "people", 58)
        assert not take(store, "rounds", 58)
        assert not take(store, "people", 59.9)
        assert flood(store, "rounds", 60) == SHARES["rounds"]
        assert flood(store, "people", 60) >= SHARES["people"]
        assert flood(store, "rounds", 60) + SHARES["rounds"] + SHARES["people"] <= LIMIT


def test_a_page_counts_until_a_minute_after_its_answer() -> None:
    """The service may see a request as late as it answers; one whose process died counts as long as it might last."""
    with open_store(":memory:") as store:
        slow = store.quota.take("shop", "people", NOW, PATIENCE)
        store.quota.take("shop", "people", NOW, PATIENCE)
        assert slow.number is not None
        store.quota.give_back(slow.number, NOW + timedelta(seconds=20))
        assert store.quota.taken("shop", NOW + timedelta(seconds=79)) == {"people": 2}
        assert store.quota.taken("shop", NOW + timedelta(seconds=81)) == {"people": 1}
        assert store.quota.taken("shop", NOW + PATIENCE + MINUTE) == {}


def test_all_processes_share_one_quota(tmp_path: Path) -> None:
    """Two stores on one file never have more than the limit between them."""
    path = str(tmp_path / "garden.db")
    with open_store(path) as one, open_store(path) as two:
        assert flood(one, "rounds") + flood(two, "people") + flood(two, "inquiries") == LIMIT


def test_a_clock_that_was_put_back_stops_nobody_for_long() -> None:
    """An hour back: after a minute there are places again."""
    with open_store(":memory:") as store:
        flood(store, "people", 3600)
        assert not take(store, "people")
        assert take(store, "people", 60)
