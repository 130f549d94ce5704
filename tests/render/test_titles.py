"""Titles, labels and assignees: house style within GitHub's limits, and severities that change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.models import Policy, Severity
from bot.render import titles
from tests import samples
from tests.render.test_issues import POLICY


def test_the_title_is_house_style() -> None:
    """`GCP-<category> | P<n> | <name>`, with the analysis's name where it stood the audit."""
    assert titles.title(samples.crash(), POLICY) == "GCP-new | P0 | Missing Python module"
    assert (
        titles.title(samples.known(), POLICY) == "GCP-active-dev | P2 | QueuePool limit of size 5 overflow 10 reached"
    )


def test_a_long_name_is_cut_to_githubs_limit() -> None:
    """256 characters at most, one line."""
    made = titles.title(samples.problem(1, "word\n" * 200), POLICY)
    assert len(made) <= 256
    assert "\n" not in made


def test_labels_are_four_at_most() -> None:
    """Priority, type, area, generated."""
    assert titles.labels(samples.crash(), POLICY) == ("P0", "bug", "area/checkout-api", "log-gardener")
    assert titles.labels(samples.probe(), POLICY)[1] == "security"
    many = titles.labels(samples.crash(), Policy(labels=("a", "b", "c", "d", "e")))
    assert len(many) == 4
    assert many[0] == "P0"


def test_assignees_are_the_services_owners() -> None:
    """By the team's table; nobody for others."""
    assert titles.assignees(samples.crash(), POLICY) == ("ann-example", "bob-example")
    assert titles.assignees(samples.probe(), POLICY) == ()


@pytest.mark.parametrize(
    ("before", "old", "after"),
    [
        ("GCP-new | P3 | Name", Severity.P3, "GCP-new | P3 → P1 | Name"),
        ("GCP-new | P3 → P2 | Name", Severity.P2, "GCP-new | P2 → P1 | Name"),
        ("Duplicate sessions - P3 LOW", Severity.P3, "Duplicate sessions - P3 → P1 LOW"),
        ("Duplicate sessions", Severity.P4, "P4 → P1 | Duplicate sessions"),
        ("Duplicate sessions", None, "P1 | Duplicate sessions"),
        ("MP3 upload of P10 fails", None, "P1 | MP3 upload of P10 fails"),
    ],
)
def test_an_escalated_title_shows_both_severities(before: str, old: Severity | None, after: str) -> None:
    """`P3 → P1` stands where the severity stood, or in front."""
    assert titles.escalated(before, old, Severity.P1) == after


def test_the_label_says_the_severity_before_the_title_does() -> None:
    """People change labels and forget titles."""
    issue = samples.issue(1, "GCP-new | P3 → P2 | Name")
    assert titles.severity_of(issue) is Severity.P2
    assert titles.severity_of(replace(issue, labels=("bug", "P4"))) is Severity.P4
    assert titles.severity_of(samples.issue(1, "Name")) is None
