"""True and false statements in many wordings, about the demo's week and about real logs: what the audit confirms."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from bot.evaluate.analysis import Tally, tallied
from bot.models import Case
from tests.analysts.rounds import of_real_logs, of_the_week


def holds(tally: Tally) -> None:
    """At most one false statement in a thousand is confirmed, and at least 95 true ones in a hundred are."""
    examples = [(s.claim, "believed") for s in tally.believed[:10]] + [(s.claim, why) for s, why in tally.missed[:10]]
    assert tally.holds, f"{tally}\n{examples}"


def test_statements_about_the_week() -> None:
    """Hundreds of statements about the demo's week: the true ones are confirmed, the false ones are not."""
    tally = tallied(of_the_week(), Random(1))
    assert min(tally.true.total(), tally.false.total()) > 400
    holds(tally)


@pytest.mark.campaign
def test_statements_about_all_that_is_at_hand(seed: int) -> None:
    """Many thousands of statements, about the week and about real logs where they are at hand."""
    cases: Sequence[Case] = (*of_the_week(), *of_real_logs())
    tally = tallied(cases, Random(seed), max(3, 1_200 // len(cases)))
    assert min(tally.true.total(), tally.false.total()) > 5_000
    holds(tally)
