"""When what a person said of a cluster ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.models import Cluster, Count, Severity, Stand
from bot.steps.attend import ended, peak, stance
from tests.samples import cluster as sample

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def counts(*seen: tuple[int, int, str]) -> tuple[Count, ...]:
    """Minutes from now, occurrences, revision."""
    return tuple(Count(NOW + timedelta(minutes=m), "", revision, n, n) for m, n, revision in seen)


def like(*seen: tuple[int, int, str]) -> Cluster:
    return replace(sample(3), counts=counts(*seen))


BEFORE = ((-120, 4, "a-1"), (-60, 6, "a-1"))


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ((), ""),
        (((10, 6, "a-1"),), ""),
        (((10, 9, "a-1"), (90, 9, "a-1")), ""),
        (((10, 9, "a-1"), (40, 9, "a-1")), "18 times within an hour; it was 6 at most"),
    ],
)
def test_a_silence_ends_where_it_happens_much_more_often(after: tuple[tuple[int, int, str], ...], why: str) -> None:
    """Three times as often as before, and at least ten more within an hour."""
    said = stance(like(*BEFORE), Stand.SNOOZED, "U0ANN", NOW, Severity.P2)
    found = ended(said, NOW + timedelta(hours=2), like(*BEFORE, *after), Severity.P2)
    assert found.startswith(why) if why else found == ""


def test_a_silence_ends_with_its_time_and_where_it_gets_more_urgent() -> None:
    """Also where nothing new is seen; less urgent is no reason."""
    said = stance(like(*BEFORE), Stand.SNOOZED, "U0ANN", NOW, Severity.P2, lasting=timedelta(hours=2))
    assert ended(said, NOW + timedelta(hours=2), None, None) == "its time is over"
    assert ended(said, NOW + timedelta(hours=1), like(*BEFORE), Severity.P1) == "it went from P2 to P1"
    assert ended(said, NOW + timedelta(hours=1), like(*BEFORE), Severity.P3) == ""


@pytest.mark.parametrize(
    ("later", "minutes", "revision", "comes_back"),
    [
        (False, 10, "a-1", False),
        (False, 40, "a-1", True),
        (False, 10, "a-2", True),
        (True, 40, "a-1", False),
        (True, 400, "a-1", False),
        (True, 10, "a-2", True),
        (False, 10, "", False),
        (False, 40, "", True),
    ],
)
def test_what_is_resolved_comes_back(later: bool, minutes: int, revision: str, comes_back: bool) -> None:
    """On a revision that had not shown it at once; on one that had, only if nobody said that the fix comes later."""
    said = stance(like(*BEFORE), Stand.RESOLVED, "U0ANN", NOW, Severity.P2, later=later)
    found = ended(said, NOW + timedelta(hours=8), like(*BEFORE, (minutes, 1, revision)), Severity.P2)
    assert bool(found) is comes_back


def test_being_on_it_never_ends_by_itself() -> None:
    """However often it happens."""
    said = stance(like(*BEFORE), Stand.TAKEN, "U0ANN", NOW, Severity.P2, whom="U0BOB")
    assert ended(said, NOW + timedelta(days=90), like(*BEFORE, (10, 900, "a-2")), Severity.P0) == ""


def test_the_peak_is_of_any_hour() -> None:
    """Not of the clock's."""
    assert peak(()) == 0
    assert peak(counts((0, 3, ""), (55, 4, ""), (60, 5, ""))) == 9
