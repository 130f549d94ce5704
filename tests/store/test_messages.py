"""Messages of ours are known by purpose and by place; a delivery counts once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bot.errors import Refused
from bot.models import Delivery, Message, Posted
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


def test_a_delivery_is_begun_once(store: Store) -> None:
    """Whether it is done or not; it is forgotten after days."""
    one, two = Delivery("Ev1", "h", "asked"), Delivery("Ev2")
    assert store.deliveries.begin(one, "a", START) == one
    assert store.deliveries.begin(one, "a", at(1)) is None
    store.deliveries.done("Ev1", at(1))
    assert store.deliveries.begin(one, "b", at(1)) is None
    assert store.deliveries.begin(two, "a", at(1))
    store.rounds.age(at(14 * 86_400 + 1))
    assert store.deliveries.begin(one, "a", at(2))
    assert store.deliveries.begin(two, "a", at(2)) is None


def test_what_was_begun_and_not_done_is_the_next_lifes(store: Store) -> None:
    """With the answer where its change was made; once, and not after it is done; nothing is kept of what is done."""
    one, two = Delivery("Ev1", "h", "asked"), Delivery("Ev2", "h", "asked")
    answer = Message("Done.", ({"type": "divider"},))
    for delivery in (one, two):
        store.deliveries.begin(delivery, "a", START)
    with suppress(Refused), store.together():
        store.deliveries.keep("Ev2", answer)
        raise Refused("The change that goes with it cannot be made.")
    store.deliveries.keep("Ev1", answer)
    assert store.deliveries.begin(one, "b", at(1)) == replace(one, answer=answer, again=True)
    assert store.deliveries.begin(one, "b", at(1)) is None
    assert store.deliveries.unfinished("c", START) == [
        replace(one, answer=answer, again=True),
        replace(two, again=True),
    ]
    assert store.deliveries.unfinished("c", at(1)) == []
    assert store.deliveries.undone("Ev2") == replace(two, again=True)
    store.deliveries.done("Ev2", at(2))
    assert store.deliveries.undone("Ev2") is None
    assert [d.id for d in store.deliveries.unfinished("d", START)] == ["Ev1"]


def test_a_thread_is_its_first_message_and_ours_below_it(store: Store) -> None:
    """In the order in which they were posted; other threads and channels are not in it."""
    below = Posted("proposal:1", "C1", "170.3", "170.1")
    for posted in (below, DIGEST, Posted("proposal:2", "C1", "180.2", "180.1"), Posted("x", "C2", "170.1")):
        store.messages.remember(posted, START)
    assert store.messages.thread("C1", "170.1") == [DIGEST, below]
