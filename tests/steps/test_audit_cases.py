"""Whole answers, written by hand, each with the verdict it must get."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluate.analysis import answered
from bot.evaluate.cases import Labelled, read

HERE = Path(__file__).resolve().parent.parent / "cases" / "analysis"
ANSWERS = list(read(HERE))


def test_there_are_cases() -> None:
    """The folder is found, with whole answers and single claims."""
    whole = [one for one in ANSWERS if one.expected.verdict]
    assert len(whole) >= 40
    assert len(ANSWERS) - len(whole) >= 200


@pytest.mark.parametrize("labelled", ANSWERS, ids=lambda one: one.name)
def test_verdict_is_right(labelled: Labelled) -> None:
    """The verdict, the cause and the finding of each claim are what a careful reader would say."""
    assert labelled.expected.verdict or len(labelled.analysis.claims) == 1
    found = answered(labelled)
    assert not found.wrong, [(c.claim.text, c.finding.value, c.why) for c in found.audit.claims]
