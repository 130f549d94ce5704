"""How fast we write: as Slack takes it, one after the other, and what is urgent first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.demo.slack import Slack
from bot.models import Message
from bot.slack import SlackChat
from bot.turns import Pace, Turns

FAST = 10.0
"""Messages per second, so that the test does not take long."""


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as workspace:
        for id in ("C0LOGS", "C0OTHER"):
            workspace.add_channel(id, id.lower())
        workspace.rate = FAST
        yield workspace


def test_slack_would_take_no_more_than_it_says(slack: Slack) -> None:
    """The stand-in itself: a burst, and then no more; by channel."""
    chat = SlackChat(slack.bot_token, slack.url)
    slack.rate = 1.0
    for _ in range(slack.burst):
        chat.post("C0LOGS", Message("hello"))
    chat.post("C0OTHER", Message("hello"))
    assert slack.limited == 0
    chat.post("C0LOGS", Message("hello"))
    assert slack.limited > 0


def test_many_messages_at_once_run_into_no_limit_and_the_urgent_are_first(slack: Slack) -> None:
    """Twenty from eight threads, in two channels, and four alerts meanwhile: nothing comes too fast."""
    chat = SlackChat(slack.bot_token, slack.url, Pace(1.05 / FAST))
    begun = threading.Semaphore(0)

    def one(number: int) -> None:
        begun.release()
        chat.post(("C0LOGS", "C0OTHER")[number % 2], Message(f"proposal {number}"))

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(one, n) for n in range(20)]
        for _ in range(8):
            begun.acquire()
        for number in range(4):
            chat.post("C0LOGS", Message(f"New P0, {number}"), purpose=f"alert:C0LOGS:{number}")
        for future in futures:
            future.result()
    assert slack.limited == 0
    said = [m["text"] for m in slack.messages("C0LOGS")]
    assert len(said) == 14
    assert max(said.index(f"New P0, {n}") for n in range(4)) < 10


def test_a_pause_is_as_long_as_the_messages_before_ask_for() -> None:
    """Two at once, then one every second, by channel; an urgent one goes at once, and the next waits for it, too."""
    now, pauses = [100.0], []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    pace = Pace(1.0, 2, clock=lambda: now[0], pause=pause)
    for _ in range(4):
        pace.wait("C1")
    pace.wait("C2")
    assert pauses == [1.0, 1.0]
    pace.wait("C1", urgent=True)
    pace.wait("C1")
    assert pauses == [1.0, 1.0, 2.0]
    now[0] += 60
    pace.wait("C1")
    assert len(pauses) == 3


def test_turns_are_taken_in_order_and_the_urgent_first() -> None:
    """One at a time; whoever has it may take it again."""
    turns, order, waiting = Turns(), [], threading.Semaphore(0)

    def come(name: str, urgent: bool) -> None:
        waiting.release()
        with turns.take(urgent=urgent), turns.take():
            order.append(name)

    threads = []
    with turns.take():
        for name in ("a", "b", "P0"):
            threads.append(threading.Thread(target=come, args=(name, name == "P0")))
            threads[-1].start()
            waiting.acquire()
            while len(turns._waiting) < len(threads):
                threading.Event().wait(0.001)
        with turns.take(urgent=True):
            order.append("mine")
    for thread in threads:
        thread.join()
    assert order == ["mine", "P0", "a", "b"]


def test_a_turn_is_given_back_when_something_goes_wrong() -> None:
    """The next one gets it."""
    turns = Turns()
    with pytest.raises(ValueError, match="x"), turns.take():
        raise ValueError("x")
    done = threading.Event()

    def come() -> None:
        with turns.take():
            done.set()

    threading.Thread(target=come).start()
    assert done.wait(5)
