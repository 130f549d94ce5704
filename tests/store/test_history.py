"""The history is only ever added to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.models import Event
from store import Store
from tests.store.making import START, at


def test_the_newest_comes_first(store: Store) -> None:
    """All of it, or what concerns one subject, up to a limit."""
    events = [Event(at(n), "U1", "take", f"cluster {n % 2}", str(n)) for n in range(5)]
    for event in events:
        store.history.add(event)
    assert store.history.latest() == events[::-1]
    assert store.history.latest("cluster 1") == [events[3], events[1]]
    assert store.history.latest(limit=2) == [events[4], events[3]]


@pytest.mark.parametrize(
    "sql", ["DELETE FROM history", "UPDATE history SET who = 'U9'", "REPLACE INTO history SELECT * FROM history"]
)
def test_nobody_can_change_a_line(store: Store, path: Path, sql: str) -> None:
    """The database itself refuses, whoever asks."""
    store.history.add(Event(START, "U1", "take", "cluster 1"))
    conn = sqlite3.connect(path)
    try:
        conn.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            conn.execute(sql)
    finally:
        conn.close()
    assert len(store.history.latest()) == 1


def test_a_line_is_bounded(store: Store) -> None:
    """Whatever is said, a line stays a line."""
    store.history.add(Event(START, "U" * 999, "v", "s", "é" * 99_999))
    (event,) = store.history.latest()
    assert len(event.who) == 200
    assert len(event.detail) == 2000
