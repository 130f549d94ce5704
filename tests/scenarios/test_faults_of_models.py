"""Rounds against a Claude that fails in every way at random: each round ends, and nothing is spent that is not counted.

`SEED=7 pytest -m campaign tests/scenarios/test_faults_of_models.py` runs three hundred; a few run always.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.analysts.claude import Claude, Patience
from bot.models import BUDGETS
from tests.scenarios.asking import FREELY, START, Place, asking, line
from tests.standins.claude_server import CUT, ERRORS, FAULTS, STOPS

SEED = int(os.environ.get("SEED", "1"))
PROBLEMS = 6
CEILINGS = replace(FREELY, day_budget=3.0, round_budget=0.6, people_budget=0.5)
WORDS = {
    "wrong key": "not accepted (401)",
    "no credit": "no credit",
    "billing": "no credit",
    "not allowed": "may not use",
    "no such model": "no model named",
    "too large": "too large",
    "bad request": "not accepted by the model (400)",
    "rate limit": "rate limit",
    "rate limit, long": "rate limit",
    "server error": "fails (500)",
    "bad gateway": "fails (502)",
    "gateway timeout": "fails (504)",
    "overloaded": "overloaded",
    "refused": "refused",
    "cut off": "cut off",
    "no json": "form",
    "other json": "form",
    "no blocks": "form",
    "web page": "cannot be read",
    "slow": "did not answer",
    "trickles": "did not answer",
    "dropped": "no connection",
    "cut in the middle": "no connection",
    "no network": "no connection",
}
"""What a person is told, by what went wrong."""
TRUE = {*WORDS.values()}


def problems(number: int) -> list[dict[str, Any]]:
    """New ones, so that each round has something to ask about."""
    return [
        line(
            f"part-{number}-{n}",
            f"RuntimeError: step {n} of run {number} does not answer",
            number * 5,
            f"r{number}-{n}",
        )
        for n in range(PROBLEMS)
    ]


def faulty_round(place: Place, number: int, random: Random) -> None:
    """One round with its own mixture of faults, then everything that has to hold."""
    server = place.server
    server.queue.clear()
    server.count_queue.clear()
    sent, bills = len(server.requests), len(place.edges.store.analyses.bills(START))
    faults = [random.choice(["", *FAULTS]) for _ in range(random.randint(0, 12))]
    server.then(*[f for f in faults if f])
    if random.random() < 0.2:
        server.count_queue.append(random.choice(["overloaded", "dropped", "wrong key", "web page"]))
    place.claude._down = None  # each round is a process of its own
    offline = random.random() < 0.1
    edges = place.edges
    if offline:
        away = Claude(
            "not-a-real-key", base_url="http://127.0.0.1:9", patience=place.claude.patience, pause=lambda _: None
        )
        place.edges = replace(edges, analyst=away)
    try:
        report = place.round(problems(number))
    finally:
        place.edges = edges

    assert len(report.problems) == PROBLEMS
    for p in report.problems:
        assert p.analysis
        assert p.audit
        if p.analysis.source == "patterns":
            note = p.analysis.note
            assert note in BUDGETS or any(words in note for words in TRUE), note
        else:
            assert p.analysis.source == place.claude.name
            assert p.analysis.note == ""
    new = place.edges.store.analyses.bills(START)[bills:]
    answered = list(server.requests[sent:])
    told = [p for p in report.problems if p.analysis and p.analysis.source != "patterns"]
    assert sum(b.dollars is not None and b.dollars > 0 and not b.note for b in new) == len(told) or "no usage" in faults
    paid = [b for b in new if b.counted > 0]
    cut = [b for b in paid if b.dollars is None]
    assert len(paid) <= len(answered)
    assert all(b.counted > 0.05 for b in cut)
    assert all(b.note != "no answer was noted; it counts as the most that it can cost" for b in new)
    assert sum(b.counted for b in new) <= CEILINGS.round_budget
    assert sum(b.counted for b in place.edges.store.analyses.bills(START)) <= CEILINGS.day_budget - 0.5
    if offline:
        assert not any(b.counted for b in new)


def faulty_rounds(folder: Path, seed: int, count: int) -> None:
    random = Random(seed)
    for start in range(0, count, 20):
        patience = Patience(timeout=0.25, count_timeout=0.25, first_pause=0, longest_pause=0)
        with asking(folder, CEILINGS, patience=patience, name=f"g{start}.db") as place:
            place.server.usage = {"input_tokens": 3_000, "output_tokens": 1_000}
            for number in range(1, min(20, count - start) + 1):
                faulty_round(place, number, random)


def test_every_fault_has_its_words() -> None:
    """None is left out of what these rounds look for."""
    assert set(WORDS) | {"no usage"} == {*FAULTS, "no network"}
    assert {*ERRORS, *STOPS, *CUT} <= set(FAULTS)


@pytest.mark.parametrize("fault", sorted(set(WORDS) - {"no network"}))
def test_a_fault_ends_in_the_table_with_its_reason(tmp_path: Path, fault: str) -> None:
    """Asked about one problem, each failure ends in the pattern-based analysis, and says why."""
    with asking(tmp_path, patience=Patience(timeout=0.2, first_pause=0, longest_pause=0)) as place:
        place.server.then(*[fault] * 3)
        (p,) = place.round(problems(1)[:1]).problems
        assert p.analysis
        assert p.analysis.source == "patterns"
        assert WORDS[fault] in p.analysis.note
        (bill,) = place.edges.store.analyses.bills(START)
        assert (bill.dollars is None) == (fault in {*CUT, "web page"})
        assert bill.note == p.analysis.note


def test_what_was_cut_is_asked_about_again_and_only_then(tmp_path: Path) -> None:
    """A cluster whose request was cut is asked about when it is next seen; one that was answered is not."""
    with asking(tmp_path) as place:
        place.server.then("dropped")
        place.round(problems(1)[:1])
        place.claude._down = None
        again = [{**e, "insertId": "again"} for e in problems(1)[:1]]
        (p,) = place.round(again).problems
        assert p.analysis
        assert p.analysis.source == place.claude.name
        place.round([{**e, "insertId": "third"} for e in again])
        assert len(place.server.requests) == 2


def test_some_rounds_against_a_failing_model(tmp_path: Path) -> None:
    """A short part of the campaign."""
    faulty_rounds(tmp_path, SEED, 8)


@pytest.mark.campaign
def test_three_hundred_rounds_against_a_failing_model(tmp_path: Path) -> None:
    """Every failure at random, seeded."""
    faulty_rounds(tmp_path, SEED, 300)
