"""The watchdog: what hangs is restarted, with pauses and an end; what cannot be restarted ends the process."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot import watchdog
from bot.watchdog import EXIT, MOST, Pool, Ward, Watchdog


def test_what_is_vital_is_restarted_a_few_times_with_longer_and_longer_pauses(caplog: pytest.LogCaptureFixture) -> None:
    """And then the process gives up; what is not vital is tried for ever, less and less often."""
    ended: list[bool] = []
    vital = Ward("vital", lambda: "it hangs", lambda: None)
    other = Ward("other", lambda: "away", lambda: None, vital=False)
    dog = Watchdog([vital, other], give_up=lambda: ended.append(True))
    pauses = []
    for _ in range(9):
        dog.look()
        before = vital.restarts
        dog.look()
        assert vital.restarts == before, "no pause was made"
        pauses.append(other.pause)
        vital.last = other.last = float("-inf")
    assert vital.total == MOST
    assert ended
    assert other.total == 9
    assert pauses == sorted(pauses)
    assert pauses[-1] == watchdog.LONGEST
    assert "this process ends, so that a new one begins" in caplog.text


def test_one_that_cannot_be_looked_at_does_not_hide_the_others() -> None:
    """The look goes on."""
    mended: list[bool] = []

    def broken() -> str:
        raise RuntimeError("made up")

    Watchdog([Ward("a", broken, lambda: None), Ward("b", lambda: "dead", lambda: mended.append(True))]).look()
    assert mended


def test_threads_that_are_stuck_are_noticed_and_busy_ones_are_not() -> None:
    """What is given to the pool has to get its turn in time."""
    free = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        probe = Pool(pool, patience=0.05)
        assert probe.wrong() == ""
        for _ in range(2):
            pool.submit(free.wait)
        deadline = threading.Event()
        while not probe.wrong():
            assert not deadline.wait(0.02)
        free.set()
        while probe.wrong():
            assert not deadline.wait(0.02)


def test_a_process_whose_threads_are_stuck_ends_so_that_a_new_one_begins() -> None:
    """With an exit code of its own, and though its threads never end."""
    script = """
import logging, sys, threading
from concurrent.futures import ThreadPoolExecutor
from bot import journal
from bot.models import Policy
from bot.watchdog import Pool, Ward, Watchdog
journal.keep(Policy(), "json")
pool = ThreadPoolExecutor(1)
pool.submit(threading.Event().wait)
Watchdog([Ward("listeners", Pool(pool, 0.1).wrong)], every=0.05).start()
threading.Event().wait()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == EXIT
    assert '"severity": "CRITICAL"' in ended.stderr
    assert "its threads have been stuck" in ended.stderr
