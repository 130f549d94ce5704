"""What is said of how services log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.inquiries.coverage import Lack, Met, coverage
from bot.models import Expectation, Kind, Level, Moment, Problem
from tests.samples import NOW, cluster, entry, problem, signature


def logged(
    number: int, kind: Kind, *, status: int = 0, shift: float = 0.0, instance: str = "i1", **more: object
) -> Problem:
    """A problem that was seen five times, a minute apart."""
    made = replace(
        cluster(number, kind=kind, evidence=[entry(id=f"e{number}", **more)]),
        signatures=(replace(signature(kind=kind), status=status),),
        moments=tuple(Moment(NOW + timedelta(minutes=m, seconds=shift), instance) for m in range(5)),
    )
    return replace(problem(number), cluster=made)


def lacks(*problems: Problem) -> list[tuple[int, Lack]]:
    return [(g.problem.number, g.lack) for g in coverage(problems, []).gaps]


def test_a_failure_without_a_word_is_a_gap() -> None:
    """Unless the same instance says something within seconds; another instance or minute says nothing of it."""
    failing = logged(1, Kind.HTTP, status=500)
    assert lacks(failing) == [(1, Lack.SILENT)]
    assert lacks(failing, logged(2, Kind.EXCEPTION, shift=2)) == []
    assert lacks(failing, logged(2, Kind.EXCEPTION, shift=20)) == [(1, Lack.SILENT)]
    assert lacks(failing, logged(2, Kind.EXCEPTION, instance="i2")) == [(1, Lack.SILENT)]
    assert lacks(logged(1, Kind.HTTP, status=404)) == []


def test_what_cannot_be_followed_or_caught_is_a_gap() -> None:
    """No trace where others have one; no severity."""
    loose, followed = logged(1, Kind.APPLICATION), logged(2, Kind.EXCEPTION, trace="t1")
    assert lacks(loose, followed) == [(1, Lack.LOOSE)]
    assert lacks(loose) == []
    assert lacks(logged(1, Kind.APPLICATION, level=Level.DEFAULT)) == [(1, Lack.MUTE)]


def test_one_service_can_be_asked_for() -> None:
    """And the team's own expectations of it."""
    wanted = Met(Expectation("A payment is refused", "payment refused", "mailer"), ())
    found = coverage([logged(1, Kind.HTTP, status=500)], [wanted], "mailer")
    assert (found.gaps, found.expected, found.problems) == ((), (wanted,), 0)
