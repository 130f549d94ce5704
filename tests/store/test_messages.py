"""Messages of ours are known by purpose and by place; a delivery counts once."""

from __future__ import annotations

from bot.models import Posted
from store import Store
from tests.store.making import START, at

DIGEST = Posted("digest:C1:2026-03-02", "C1", "170.1", fingerprint="f1")


def test_there_is_one_message_for_a_purpose(store: Store) -> None:
    """Remembering again replaces what was known."""
    assert store.messages.find(DIGEST.purpose) is None
    store.messages.remember(DIGEST, START)
    newer = Posted(DIGEST.purpose, "C1", "180.1", "170.0", "f2")
    store.messages.remember(newer, at(5))
    assert store.messages.find(DIGEST.purpose) == newer
    assert store.messages.at("C1", "180.1") == newer
    assert store.messages.at("C1", "170.1") is None
    assert store.messages.at("C2", "180.1") is None


def test_a_delivery_is_new_once(store: Store) -> None:
    """The second time it is known, until it is forgotten after days."""
    assert store.messages.first_time("Ev1", START)
    assert not store.messages.first_time("Ev1", at(1))
    assert store.messages.first_time("Ev2", at(1))
    store.rounds.age(at(14 * 86_400 + 1))
    assert store.messages.first_time("Ev1", at(2))
    assert not store.messages.first_time("Ev2", at(2))


def test_a_thread_is_its_first_message_and_ours_below_it(store: Store) -> None:
    """In the order in which they were posted; other threads and channels are not in it."""
    below = Posted("proposal:1", "C1", "170.3", "170.1")
    for posted in (below, DIGEST, Posted("proposal:2", "C1", "180.2", "180.1"), Posted("x", "C2", "170.1")):
        store.messages.remember(posted, START)
    assert store.messages.thread("C1", "170.1") == [DIGEST, below]
