"""The demo's tour: what it shows is made by the product itself, and comes out as told."""

from __future__ import annotations

import re

import pytest

from bot.demo.tour import tour


@pytest.fixture(scope="module")
def shown() -> str:
    return "".join(tour(width=100, color=False))


def test_the_tour_names_the_cause_before_its_symptoms(shown: str) -> None:
    """The bad deployment stands as one incident: its cause, confirmed, with what followed folded under it."""
    at = shown.index("ModuleNotFoundError: No module named 'rulebook'")
    story = shown[at : at + 1500]
    assert "cause (confirmed, pattern-based)" in story
    assert story.index("incident with") < story.index("Container called exit(1)")


def test_the_tour_refuses_a_passer_by_and_files_once(shown: str) -> None:
    """Who may not approve is told so; the approver's reply files one issue; the second reply changes nothing."""
    refused, filed, again = (
        shown.index(words) for words in ("not on the list of approvers", "filed: local:", "is filed already as #")
    )
    assert refused < filed < again


def test_the_tour_reads_again_and_finds_nothing_new(shown: str) -> None:
    """The same week a second time: no new entry, no new issue."""
    assert re.search(r"^0 new entries, 0 new issues", shown, re.M)


def test_the_tour_leaks_no_secret_and_forges_nothing(shown: str) -> None:
    """Made-up secrets of the week do not show; neither do escape sequences, nor characters that turn the text."""
    assert "not-a-real" not in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
