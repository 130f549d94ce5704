"""What happens by the clock."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Ended, Rounds, Schedule, trigger

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
        assert failing.run() == Ended("no access")
    assert "ended with 2: no access" in caplog.text
    assert Rounds((sys.executable, "-c", "print('fine')")).run() == Ended()


def test_a_traceback_of_a_round_stays_in_the_log() -> None:
    """It may hold anything; the channel is told where to look."""
    crashing = Rounds((sys.executable, "-c", "raise RuntimeError('password=not-a-real-one')"))
    assert "password" not in crashing.run().trouble


def test_a_round_is_ended_when_the_bot_stops() -> None:
    """Nothing is left running, and no further round begins."""
    rounds = Rounds((sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"))
    done: list[Ended] = []
    running = threading.Thread(target=lambda: done.append(rounds.run()))
    running.start()
    while rounds._process is None:
        running.join(0.01)
    rounds.stop()
    running.join(10)
    assert done == [Ended(stopped=True)]
    assert rounds.run() == Ended(stopped=True)


def test_rounds_run_at_start_and_tell_the_team_after() -> None:
    """An interval begins at once; the digest is brought up to date after a round that went well."""
    told, drained = threading.Event(), threading.Event()
    schedule = Schedule(
        rounds=Rounds((sys.executable, "-c", "pass")),
        ended=lambda ended: None,
        tell=told.set,
        drain=drained.set,
        round_at="every 1h",
        due=lambda: None,
        zone=BERLIN,
    )
    schedule.start()
    try:
        assert told.wait(10)
        assert drained.wait(10)
    finally:
        schedule.stop()


def test_how_a_round_went_is_handed_on() -> None:
    """In its own words; a full disk is told apart by the exit code."""
    heard: list[Ended] = []
    for command in ("import sys; sys.exit('no permission')", "import sys; print('full', file=sys.stderr); sys.exit(3)"):
        schedule = Schedule(
            rounds=Rounds((sys.executable, "-c", command)),
            ended=heard.append,
            tell=lambda: None,
            drain=lambda: None,
            round_at=NEVER,
            due=lambda: None,
            zone=BERLIN,
        )
        schedule._round()
    assert heard == [Ended("no permission"), Ended("full", full=True)]


def test_a_round_without_a_sign_of_life_is_ended_and_one_that_gives_signs_is_not() -> None:
    """However long it takes."""
    silent = Rounds((sys.executable, "-c", "import time; time.sleep(60)"), silence=0.3)
    assert "hung" in silent.run().trouble
    steps = "import time\nfor n in range(12): print(n, flush=True); time.sleep(0.1)"
    assert Rounds((sys.executable, "-c", steps), silence=1.0).run() == Ended()
    endless = Rounds((sys.executable, "-c", steps.replace("12", "999")), silence=1.0, longest=1.5)
    assert "hung" in endless.run().trouble


def test_a_round_is_overdue_when_the_one_after_it_is_due_too() -> None:
    """Neither while one runs, nor where the schedule has long pauses."""
    rounds = Rounds((sys.executable, "-c", "pass"))
    schedule = Schedule(
        rounds=rounds, ended=lambda e: None, tell=lambda: None, drain=lambda: None,
        round_at="every 5m", due=lambda: None, zone=BERLIN,
    )  # fmt: skip
    schedule._started = rounds.began = at = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
    assert schedule.patience() == timedelta(minutes=10)
    assert schedule.overdue_since(at + timedelta(minutes=10)) is None
    assert schedule.overdue_since(at + timedelta(minutes=11)) == at + timedelta(minutes=5)
    schedule._round_at = "0 9 * * mon-fri"
    assert schedule.overdue_since(at + timedelta(days=2, hours=22)) is None
    assert schedule.overdue_since(at + timedelta(days=6)) is not None


def test_a_job_that_fails_does_not_end_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and comes again."""
    failed = threading.Event()

    def drain() -> None:
        failed.set()
        raise RuntimeError("made up")

    schedule = Schedule(
        rounds=Rounds((sys.executable, "-c", "pass")),
        ended=lambda ended: None,
        tell=lambda: None,
        drain=drain,
        round_at=NEVER,
        due=lambda: None,
        zone=BERLIN,
    )
    schedule.start()
    try:
        assert failed.wait(10)
    finally:
        schedule.stop()
    assert "outbox failed: made up" in caplog.text
