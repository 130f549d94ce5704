"""True and false statements in many wordings, about the demo's week and about real logs: what the audit confirms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from bot.models import Analysis, Case, Finding
from bot.steps.audit import audit
from tests.analysts.rounds import of_real_logs, of_the_week
from tests.analysts.statements import Statement, statements


@dataclass
class Tally:
    """How many of the true and the false statements were confirmed, and which should not have been, or should."""

    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[Statement, str]] = field(default_factory=list)
    believed: list[Statement] = field(default_factory=list)

    def add(self, case: Case, statement: Statement) -> None:
        analysis = Analysis(
            case.problem.number, "model", "n", "Something is broken.", "", "", (), (statement.claim,), confidence=0.5
        )
        checked = audit(case, analysis, frozenset()).claims[0]
        confirmed = checked.finding is Finding.CONFIRMED
        (self.true if statement.true else self.false)[statement.sort] += 1
        if statement.true and not confirmed:
            self.missed.append((statement, checked.why))
        if confirmed and not statement.true:
            self.believed.append(statement)

    def __str__(self) -> str:
        missed = Counter(s.sort for s, _ in self.missed)
        believed = Counter(s.sort for s in self.believed)
        parts = [f"{k}: {missed[k]} of {self.true[k]} true missed, {believed[k]} of {self.false[k]} false believed"
                 for k in sorted(self.true | self.false)]  # fmt: skip
        total = f"{len(self.missed)} of {self.true.total()}, {len(self.believed)} of {self.false.total()}"
        return "\n".join([*parts, total])


def tallied(cases: Iterable[Case], random: Random, times: int) -> Tally:
    tally = Tally()
    for case in cases:
        for _ in range(times):
            for statement in statements(case, random):
                tally.add(case, statement)
    return tally


def holds(tally: Tally) -> None:
    """At most one false statement in a thousand is confirmed, and at least 95 true ones in a hundred are."""
    examples = [(s.claim, "believed") for s in tally.believed[:10]] + [(s.claim, why) for s, why in tally.missed[:10]]
    assert len(tally.believed) * 1_000 <= tally.false.total(), f"{tally}\n{examples}"
    assert len(tally.missed) * 20 <= tally.true.total(), f"{tally}\n{examples}"


def test_statements_about_the_week() -> None:
    """Hundreds of statements about the demo's week: the true ones are confirmed, the false ones are not."""
    tally = tallied(of_the_week(), Random(1), 1)
    assert min(tally.true.total(), tally.false.total()) > 400
    holds(tally)


@pytest.mark.campaign
def test_statements_about_all_that_is_at_hand(seed: int) -> None:
    """Many thousands of statements, about the week and about real logs where they are at hand."""
    cases: Sequence[Case] = (*of_the_week(), *of_real_logs())
    tally = tallied(cases, Random(seed), max(3, 1_200 // len(cases)))
    assert min(tally.true.total(), tally.false.total()) > 5_000
    holds(tally)
