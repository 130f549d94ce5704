"""How a model is asked: written down and counted, reserved in the store, sent, settled. All ways in come through here.

What a request can cost is reserved before it is sent, in one transaction with the look at the ceilings: no two
processes pass them together, and one that is killed leaves its request counted at the most that it can cost. Whatever
goes wrong in a round ends in the pattern table's analysis, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import AnalystUnavailable, Forbidden, Unavailable, Unusable
from bot.models import Analysis, Asked, Case, Policy, Spend, Spent
from bot.ports import Edges, Model, Store
from bot.steps.analyse import NO_KEY, afford, released, unsuited, withheld

AT_ONCE = 4
"""Requests of one round that are on their way at the same time."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a model said to a case, or why it said nothing."""

    case: Case
    analysis: Analysis | None = None
    reason: str = ""
    provisional: bool = False
    """Asking again later may help."""
    spend: Spend | None = None
    """What it cost; None where nothing was sent."""


def consult(edges: Edges, case: Case, who: str) -> Told:
    """A person asks about one case, from what rounds leave for people; `case.question` is what they ask."""
    model = edges.analyst
    if model is None:
        return Told(case, reason=NO_KEY)
    if reason := withheld(case.problem, edges.policy):
        return Told(case, reason=reason)
    asked = _prepared(model, case, edges.policy)
    if isinstance(asked, Told):
        return asked
    bill, reason = _reserved(edges, asked, f"cluster {case.problem.number} for {who}", 0)
    return Told(case, reason=reason) if reason else _sent(model, edges.store, case, asked, bill)


def explain(edges: Edges, cases: Sequence[Case], number: int, now: datetime) -> Iterator[Told]:
    """An analysis for each case of a round, as they come: the model's where it may be asked, else the table's."""
    for told in _answers(edges, cases, number):
        analysis = told.analysis or replace(
            edges.patterns.analyse(told.case), note=told.reason, provisional=told.provisional
        )
        yield replace(told, analysis=replace(analysis, made_at=now))


def _answers(edges: Edges, cases: Sequence[Case], number: int) -> Iterator[Told]:
    """Money goes in the order of the cases; what waits for an answer may cost less than reserved, so it is waited for.
    Once a ceiling is reached, the rest of the round is not asked about."""
    model = edges.analyst
    if model is None:
        yield from (Told(case, reason=NO_KEY) for case in cases)
        return
    used_up = ""
    under_way: set[Future[Told]] = set()
    with ThreadPoolExecutor(AT_ONCE, "garden-model") as pool:
        for case in cases:
            if reason := unsuited(case.problem, edges.policy) or used_up:
                yield Told(case, reason=reason)
                continue
            asked = _prepared(model, case, edges.policy)
            if isinstance(asked, Told):
                yield asked
                continue
            bill, used_up = _reserved(edges, asked, f"cluster {case.problem.number}", number)
            while used_up and under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from _in_order(done)
                bill, used_up = _reserved(edges, asked, f"cluster {case.problem.number}", number)
            if used_up:
                yield Told(case, reason=used_up)
                continue
            under_way.add(pool.submit(_sent, model, edges.store, case, asked, bill))
            if len(under_way) >= AT_ONCE:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from _in_order(done)
        yield from _in_order(under_way)


def _in_order(done: set[Future[Told]]) -> Iterator[Told]:
    yield from sorted((d.result() for d in done), key=lambda told: told.case.problem.number)


def _prepared(model: Model, case: Case, policy: Policy) -> Asked | Told:
    """The request, written down and counted; nothing of a service that is not released for models is in it."""
    try:
        return model.prepare(released(case, policy))
    except (Unavailable, Forbidden) as error:
        return Told(case, reason=error.user_message, provisional=not isinstance(error, Unusable))


def _reserved(edges: Edges, asked: Asked, purpose: str, number: int) -> tuple[int, str]:
    """The number of the bill, or why nothing may be spent."""
    at_most = replace(asked.at_most, purpose=purpose)

    def judge(spent: Spent) -> str:
        return afford(at_most.counted, spent, edges.policy, by_person=not number)

    return edges.store.analyses.reserve(at_most, (edges.wall or edges.clock)(), judge, round=number)


def _sent(model: Model, store: Store, case: Case, asked: Asked, bill: int) -> Told:
    """What came of it, settled: an answer at its price, no answer at what the request may have cost."""
    told = Told(case)
    try:
        analysis, spend = model.ask(asked)
        told = replace(told, analysis=analysis, spend=spend)
    except Unusable as error:
        told = replace(told, reason=error.user_message, spend=error.spend)
    except AnalystUnavailable as error:
        told = replace(told, reason=error.user_message, spend=error.spend, provisional=True)
    except (Unavailable, Forbidden) as error:
        told = replace(told, reason=error.user_message, provisional=True)
    nothing = Spend(asked.at_most.model, 0, 0, 0.0)
    store.analyses.settle(bill, replace(told.spend or nothing, note=told.reason))
    return told
