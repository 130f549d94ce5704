"""What should be logged and is not: failures that leave no word of why, words that cannot be followed to a request or
that no alert would catch, and what the team said it wants to see.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models import Cluster, Expectation, Form, Kind, Level, Moment, Problem

NEAR = timedelta(seconds=5)
"""What is logged on the same instance so close to a failure may say why."""
MOSTLY = 0.5
FEWEST = 3
"""A failure that was seen less often shows no habit."""
SILENT_KINDS = (Kind.HTTP, Kind.PLATFORM)
TELLING_KINDS = (Kind.APPLICATION, Kind.EXCEPTION, Kind.CONFIGURATION)


class Lack(StrEnum):
    SILENT = "fails without a word"
    LOOSE = "cannot be followed to a request"
    MUTE = "has no severity"


ADVICE = {
    Lack.SILENT: "Log an error with its reason where the request or the start fails, before the platform does.",
    Lack.LOOSE: "Write the trace (logging.googleapis.com/trace) or a request id beside it.",
    Lack.MUTE: "Write structured entries with a severity; alerts and filters by severity do not see these.",
}


@dataclass(frozen=True, slots=True)
class Gap:
    problem: Problem
    lack: Lack
    why: str


@dataclass(frozen=True, slots=True)
class Met:
    """What the team wants to see, and the clusters in which it was seen."""

    expectation: Expectation
    clusters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    gaps: tuple[Gap, ...]
    expected: tuple[Met, ...]
    problems: int


def coverage(problems: Sequence[Problem], expected: Sequence[Met], service: str = "") -> Coverage:
    """Of all problems, or of one service's."""
    own = [p for p in problems if service in ("", p.cluster.service)]
    checks: tuple[Callable[[Problem, Sequence[Problem]], Gap | None], ...] = (_silent, _loose, _mute)
    gaps = [gap for p in own for check in checks if (gap := check(p, problems))]
    order = list(Lack)
    return Coverage(
        tuple(sorted(gaps, key=lambda g: (order.index(g.lack), g.problem.rank))),
        tuple(m for m in expected if service in ("", m.expectation.service)),
        len(own),
    )


def _silent(problem: Problem, others: Sequence[Problem]) -> Gap | None:
    """A server error or a crash, most times of which nothing else was logged beside."""
    cluster = problem.cluster
    failed = any(s.status >= 500 for s in cluster.signatures) or cluster.kind is Kind.PLATFORM
    moments = cluster.moments
    if cluster.kind not in SILENT_KINDS or not failed or len(moments) < FEWEST:
        return None
    words = sorted((m for p in others if _tells(p.cluster, cluster) for m in p.cluster.moments), key=_time)
    times, traces = [w.time for w in words], {w.trace for w in words if w.trace}

    def alone(moment: Moment) -> bool:
        near = words[bisect_left(times, moment.time - NEAR) : bisect_right(times, moment.time + NEAR)]
        return moment.trace not in traces and not any(_same_place(moment, w) for w in near)

    silent = sum(map(alone, moments))
    if silent <= MOSTLY * len(moments):
        return None
    return Gap(problem, Lack.SILENT, f"{silent} of {len(moments)} times nothing says why within {NEAR.seconds} s")


def _time(moment: Moment) -> datetime:
    return moment.time


def _tells(other: Cluster, cluster: Cluster) -> bool:
    return other.number != cluster.number and other.service == cluster.service and other.kind in TELLING_KINDS


def _same_place(one: Moment, other: Moment) -> bool:
    return not one.instance or not other.instance or one.instance == other.instance


def _loose(problem: Problem, others: Sequence[Problem]) -> Gap | None:
    """Where other entries of the service carry a trace or a request id, these do not."""
    cluster = problem.cluster
    evidence = [e for e in cluster.evidence if e.form in (Form.LINE, Form.EXCEPTION)]
    if not evidence or any(e.trace or e.request_id for e in evidence) or cluster.kind not in TELLING_KINDS:
        return None
    others_do = any(
        e.trace or e.request_id
        for p in others
        if p.cluster.service == cluster.service and p.cluster.kind in TELLING_KINDS
        for e in p.cluster.evidence
    )
    if not others_do:
        return None
    return Gap(problem, Lack.LOOSE, "no trace and no request id, which other entries of the service have")


def _mute(problem: Problem, others: Sequence[Problem]) -> Gap | None:
    """Errors that only their text calls errors."""
    evidence = [e for e in problem.cluster.evidence if e.form in (Form.LINE, Form.EXCEPTION)]
    without = sum(e.level is Level.DEFAULT for e in evidence)
    if without <= MOSTLY * len(evidence):
        return None
    return Gap(problem, Lack.MUTE, f"{without} of {len(evidence)} entries kept have no severity of their own")
