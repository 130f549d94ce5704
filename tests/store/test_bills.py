"""What is spent on models: reserved before it is sent, settled afterwards, counted by whoever asks."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.models import Spend, Spent
from store import Store, open_store
from tests.store.making import START, at

MOST = Spend("m", 9_000, 6_000, None, 0.5, purpose="cluster 1")


def anything(spent: Spent) -> str:
    return ""


def seen(store: Store, seconds: float = 100, round: int = 1) -> Spent:
    """What the next one to ask is told."""
    told: list[Spent] = []
    store.analyses.reserve(MOST, at(seconds), lambda s: (told.append(s), "no")[1], round=round)
    return told[0]


def test_a_request_counts_at_its_most_until_it_is_settled(store: Store) -> None:
    """Reserved at the upper bound; settled at what it cost; a request without a known price stays at its bound."""
    bill, reason = store.analyses.reserve(MOST, START, anything, round=1)
    assert reason == ""
    assert seen(store) == Spent(0.5, 0.5, 0.5)
    store.analyses.settle(bill, Spend("m", 100, 20, 0.02))
    assert seen(store) == Spent(0.02, 0.02, 0.02)
    other, _ = store.analyses.reserve(MOST, START, anything)
    store.analyses.settle(other, MOST)
    assert seen(store) == Spent(0.52, 0.02, 0.02)
    assert [(s.dollars, s.purpose) for s in store.analyses.bills(START)] == [(0.02, "cluster 1"), (None, "cluster 1")]


def test_rounds_people_and_days_are_told_apart(store: Store) -> None:
    """Another round's spending counts for the day and not for this round; a day later nothing counts."""
    for round in (1, 2, 0):
        store.analyses.reserve(MOST, START, anything, round=round)
    assert seen(store, round=2) == Spent(1.5, 1.0, 0.5)
    assert seen(store, round=0) == Spent(1.5, 1.0, 0.0)
    assert seen(store, seconds=86_401) == Spent()


def test_a_reason_against_it_leaves_no_bill(store: Store) -> None:
    """What may not be spent is not counted, and the reason comes back."""
    assert store.analyses.reserve(MOST, START, lambda _: "used up") == (0, "used up")
    assert store.analyses.bills(START) == []


RACE = """
import sys
from datetime import datetime, timezone
from bot.models import Spend
from store import open_store
with open_store(sys.argv[1]) as store:
    for n in range(40):
        at_most = Spend("m", 1, 1, None, 0.1)
        now = datetime(2026, 3, 6, 10, tzinfo=timezone.utc)
        bill, why = store.analyses.reserve(at_most, now, lambda s: "full" if s.day + 0.1 > 2.0 else "", round=1)
        if bill and n % 2:
            store.analyses.settle(bill, Spend("m", 1, 1, 0.09))
"""


def test_two_processes_do_not_pass_the_ceiling(tmp_path: Path) -> None:
    """Both look and reserve in one transaction; some settle, some are killed before; the sum never passes $2."""
    path = str(tmp_path / "g.db")
    with open_store(path) as store:
        running = [subprocess.Popen([sys.executable, "-c", RACE, path]) for _ in range(2)]
        assert [process.wait(60) for process in running] == [0, 0]
        bills = store.analyses.bills(START - timedelta(days=9999))
    assert 1.9 < sum(b.counted for b in bills) <= 2.0 + 1e-9
    assert any(b.dollars is None for b in bills)


def test_a_killed_process_leaves_its_request_counted(tmp_path: Path) -> None:
    """Nobody settles it, and it stays at its most, with words that say so."""
    path = str(tmp_path / "g.db")
    with open_store(path) as store:
        store.analyses.reserve(MOST, START, anything, round=1)
    with open_store(path) as store:
        (bill,) = store.analyses.bills(START)
    assert bill.counted == pytest.approx(0.5)
    assert "most that it can cost" in bill.note
