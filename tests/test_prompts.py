"""The prompts: rendered strictly, complete, and free of what they must not say."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from bot.analysts.evidence import question
from prompts import render, text
from tests.analysts.making import missing_module


def test_missing_value_is_an_error() -> None:
    """A template with a value that was not handed in does not render with a gap."""
    with pytest.raises(UndefinedError):
        render("analyse.user.md.j2", number=3)


def test_system_prompt_is_constant() -> None:
    """The cached prefix has no value in it: it is the same for every case."""
    told = text("analyse.system.md")
    assert "{{" not in told
    assert "data" in told
    assert "observation" in told


def test_nothing_is_added_by_itself() -> None:
    """The same case and the same mark give the same question: no clock, no environment."""
    assert question(missing_module(), lambda: "0f0f0f0f") == question(missing_module(), lambda: "0f0f0f0f")


def test_question_has_the_figures_and_the_ids() -> None:
    """Counts, times, ids and the deployment are there for the model to cite."""
    asked = question(missing_module(), lambda: "0f0f0f0f")
    for told in ("occurrences: 12", "log entries: 48", "2026-03-06T10:00:00Z", "entry id=e1", "deployment 2026-03-06"):
        assert told in asked
