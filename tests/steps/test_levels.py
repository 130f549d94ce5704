"""Entries that say nothing of their level are as loud as their words; what kills a process is urgent in any voice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.models import Level, Policy, Severity
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.normalise import normalise
from bot.steps.triage.nature import nature
from tests import samples


def entry(text: str, severity: str = "DEFAULT") -> dict[str, object]:
    return {
        "insertId": "a",
        "timestamp": datetime(2026, 1, 31, 12, 0, tzinfo=UTC).isoformat(),
        "severity": severity,
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop"}},
        "textPayload": text,
    }


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Segmentation fault (core dumped)", Level.CRITICAL),
        ("Killed", Level.CRITICAL),
        ("Bus error", Level.CRITICAL),
        ("Out of memory: Killed process 17 (shop)", Level.ERROR),
        ("npm ERR! code ELIFECYCLE", Level.ERROR),
        ("free(): invalid next size (fast)", Level.CRITICAL),
        ("You have 2 open changes. The seat map may not work until they are made.", Level.WARNING),
        ("WARN disk 90%", Level.WARNING),
        ("INFO request aborted, handler attached", Level.INFO),
        (" \u26a0 no image library is installed, using a slow one", Level.WARNING),
        (" \u274c the seat map was not drawn", Level.ERROR),
        ("[seats] Unhandled error event: Error: connect ECONNREFUSED", Level.ERROR),
        ("config: required key SEAT_MAP missing value", Level.WARNING),
        ("WARNING the queue is nearly full", Level.WARNING),
        ("deadline exceeded while calling prices", Level.WARNING),
        ("killed 3 stale sessions", Level.DEFAULT),
        ("warn users before they leave", Level.DEFAULT),
        ("no error", Level.DEFAULT),
        ("errors=0 failed=0", Level.DEFAULT),
        ("WARNED bob about it", Level.DEFAULT),
    ],
)
def test_a_line_without_a_severity_is_as_loud_as_its_words(text: str, level: Level) -> None:
    """A crash is an error, WARN in front a warning; what merely uses such words is neither."""
    (read,) = normalise([entry(text)], Policy(), b"")
    assert read.level is level
    found = cluster(assemble([read]).open, Policy())
    assert (found[0].signature is not None) is (level >= Level.WARNING)


@pytest.mark.parametrize("level", [Level.WARNING, Level.ERROR])
@pytest.mark.parametrize(
    "text",
    ["Out of memory: Killed process 17", "Segmentation fault (core dumped)", "Killed", "disk full, order not kept"],
)
def test_what_kills_a_process_is_urgent_in_any_voice(text: str, level: Level) -> None:
    """A crash, no memory or no disk are urgent where they are only a warning, too."""
    assert nature(replace(samples.cluster(title=text), level=level), Policy()).severity is Severity.P1
