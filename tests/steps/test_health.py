"""In which ways the gardener is silent, from the facts: evidence first, no alarm at night, once until it is over."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.models import Condition, Progress, Strike
from bot.steps.health import CALM, Facts, health, settle, silent

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAST = int((NOW - EPOCH) / HOUR)
LAG = timedelta(minutes=10)


def kinds(facts: Facts) -> list[str]:
    return [c.kind for c in health(facts)]


def test_once_is_a_hiccup_and_twice_is_a_condition() -> None:
    """Of whatever fails."""
    for part in ("round", "tracker", "model", "chat", "backup"):
        assert kinds(Facts(NOW, LAG, strikes=[Strike(part, 1, NOW, "no")])) == []
        assert kinds(Facts(NOW, LAG, strikes=[Strike(part, 2, NOW, "no")])) == [part]


def test_what_explains_a_failing_round_is_said_instead_of_it() -> None:
    """A missing permission and a full disk have words of their own."""
    strikes = [Strike("round", 5, NOW, "no")]
    denied = Progress("cloud:a", NOW, "No role.", True, NOW, 2)
    assert kinds(Facts(NOW, LAG, sources=[denied], strikes=strikes)) == ["access"]
    assert kinds(Facts(NOW, LAG, full_since=NOW, strikes=strikes)) == ["disk"]


def test_a_source_that_takes_stock_does_not_lag() -> None:
    """The first round reads a day, and may take its time."""
    behind = Progress("cloud:a", NOW - timedelta(hours=5))
    assert kinds(Facts(NOW, LAG, sources=[behind])) == ["lag"]
    assert kinds(Facts(NOW, LAG, sources=[replace(behind, starting=True)])) == []


def weeks(count: int, chance: random.Random, *, day: range = range(24), least: int = 10) -> dict[int, int]:
    """Hours before now that had entries: those of the day, each with some."""
    hours = range(LAST - count * 168, LAST)
    return {h: least + chance.randrange(30) for h in hours if (EPOCH + h * HOUR).hour in day}


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 47))
def test_a_service_that_keeps_to_its_rhythm_is_never_taken_for_silent(seed: int, count: int, after: int) -> None:
    """Busy by day and quiet at night, looked at in any hour, however busy it is."""
    chance = random.Random(seed)
    rhythm = weeks(count + 1, chance, day=range(8, 20), least=chance.choice([1, 50]))
    at = LAST - after
    known = {hour: n for hour, n in rhythm.items() if hour < at}
    assert silent(known, EPOCH + at * HOUR) is None


@given(st.integers(0, 10_000), st.floats(0.05, 0.5))
def test_a_service_that_logs_now_and_then_is_never_taken_for_silent(seed: int, share: float) -> None:
    """However long it says nothing."""
    chance = random.Random(seed)
    hours = range(LAST - 5 * 168, LAST - chance.randrange(48))
    rhythm = {h: chance.randrange(1, 200) for h in hours if chance.random() < share}
    assert not rhythm or silent(rhythm, NOW) is None


def test_a_service_that_always_logs_and_stops_is_silent_within_three_hours() -> None:
    """By night, too, if it logs at night."""
    for count in (1, 2, 4):
        rhythm = weeks(count, random.Random(1))
        for hours in range(1, 4):
            quiet = {h: n for h, n in rhythm.items() if h < LAST - hours}
            found = silent(quiet, NOW)
            assert (found is not None) is (hours >= 2), (count, hours)
            assert found in (None, NOW - hours * HOUR)


def test_little_evidence_is_none() -> None:
    """A few days, or a few entries."""
    chance = random.Random(1)
    few_days = dict.fromkeys(range(LAST - 5 * 24, LAST - 3), 50)
    assert silent(few_days, NOW) is None
    few_entries = {h: 1 + chance.randrange(3) for h in range(LAST - 5 * 168, LAST - 3)}
    assert silent(few_entries, NOW) is None


def test_silence_is_over_when_something_comes_and_not_when_one_is_used_to_it() -> None:
    """A week later the same hours are known as empty, and still nothing came."""
    held = NOW - 200 * HOUR
    quiet = dict.fromkeys(range(LAST - 900, LAST - 200), 50)
    assert silent(quiet, NOW, held) == held
    assert silent({**quiet, LAST - 1: 1}, NOW, held) is None


def test_what_comes_and_goes_has_to_stay_away_longer_each_time() -> None:
    """The first time it is over at once."""
    wrong = Condition("round", NOW, "It failed.")
    (first,) = settle([], [wrong], {"round": 1}, NOW)
    assert first.over == NOW
    (second,) = settle([], [wrong], {"round": 3}, NOW)
    assert second.over is None
    assert settle([], [second], {"round": 3}, NOW + CALM) == []
    (later,) = settle([], [second], {"round": 3}, NOW + 2 * CALM)
    assert later.over == NOW
    (back,) = settle([wrong], [second], {"round": 3}, NOW + CALM)
    assert back.well is None
