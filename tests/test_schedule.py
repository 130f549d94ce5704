"""What happens by the clock."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import STOPPED, Rounds, Schedule, trigger

BERLIN = ZoneInfo("Europe/Berlin")
NEVER = "0 3 1 jan *"


def test_days_are_meant_as_they_are_called() -> None:
    """`mon` is Monday, in the team's own time zone."""
    friday = datetime(2026, 3, 6, 12, 0, tzinfo=BERLIN)
    due = trigger("0 9 * * mon", BERLIN).get_next_fire_time(None, friday)
    assert due == datetime(2026, 3, 9, 9, 0, tzinfo=BERLIN)
    assert due.strftime("%A") == "Monday"


def test_an_interval_is_read() -> None:
    """`every 5m`."""
    now = datetime(2026, 3, 6, 12, 0, tzinfo=BERLIN)
    five = trigger("every 5m", BERLIN)
    assert (five.get_next_fire_time(now, now) - now).total_seconds() == 300


def test_a_round_that_fails_is_logged_with_what_it_said(caplog: pytest.LogCaptureFixture) -> None:
    """The exit code decides; the last lines of standard error say why."""
    failing = Rounds((sys.executable, "-c", "import sys; print('no access', file=sys.stderr); sys.exit(2)"))
    with caplog.at_level(logging.ERROR):
        assert failing.run() == "The logs could not be read: no access"
    assert "ended with 2: no access" in caplog.text
    assert Rounds((sys.executable, "-c", "print('fine')")).run() == ""


def test_a_traceback_of_a_round_stays_in_the_log() -> None:
    """It may hold anything; the channel is told where to look."""
    crashing = Rounds((sys.executable, "-c", "raise RuntimeError('password=not-a-real-one')"))
    assert "password" not in crashing.run()


def test_a_round_is_ended_when_the_bot_stops() -> None:
    """Nothing is left running, and no further round begins."""
    rounds = Rounds((sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"))
    done: list[str] = []
    running = threading.Thread(target=lambda: done.append(rounds.run()))
    running.start()
    while rounds._process is None:
        running.join(0.01)
    rounds.stop()
    running.join(10)
    assert done == [STOPPED]
    assert rounds.run() == STOPPED


def test_rounds_run_at_start_and_tell_the_team_after() -> None:
    """An interval begins at once; the digest is brought up to date after a round that went well."""
    told, drained = threading.Event(), threading.Event()
    schedule = Schedule(
        rounds=Rounds((sys.executable, "-c", "pass")),
        tell=lambda create, trouble: None if create or trouble else told.set(),
        drain=drained.set,
        round_at="every 1h",
        digest_at=NEVER,
        zone=BERLIN,
    )
    schedule.start()
    try:
        assert told.wait(10)
        assert drained.wait(10)
    finally:
        schedule.stop()


def test_a_round_that_fails_is_told_to_the_team() -> None:
    """Silence must not look like health; one hiccup is none of their business."""
    told: list[str] = []
    schedule = Schedule(
        rounds=Rounds((sys.executable, "-c", "import sys; sys.exit('no permission')")),
        tell=lambda create, trouble: told.append(trouble),
        drain=lambda: None,
        round_at=NEVER,
        digest_at=NEVER,
        zone=BERLIN,
    )
    schedule._round()
    assert told == []
    schedule._round()
    assert told == ["The logs could not be read: no permission"]


def test_a_job_that_fails_does_not_end_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and comes again."""
    failed = threading.Event()

    def drain() -> None:
        failed.set()
        raise RuntimeError("made up")

    schedule = Schedule(
        rounds=Rounds((sys.executable, "-c", "pass")),
        tell=lambda create, trouble: None,
        drain=drain,
        round_at=NEVER,
        digest_at=NEVER,
        zone=BERLIN,
    )
    schedule.start()
    try:
        assert failed.wait(10)
    finally:
        schedule.stop()
    assert "outbox failed: made up" in caplog.text
