"""Labelled logs of real services go through reading, normalising and redacting, and what matters is recognised.

The logs are not part of the repository: their folder is named by `GARDEN_SHARED`, or lies beside the checkout.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from bot.logs.files import FileLogs
from bot.models import Entry, Form, Level, Policy, Raw
from bot.steps.normalise import normalise
from bot.steps.redact import redact

SHARED = Path(os.environ.get("GARDEN_SHARED", Path(__file__).parents[2].parent / "shared")) / "data" / "real"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled logs are not here (GARDEN_SHARED)")


def loud(entry: Entry) -> bool:
    failed = entry.request is not None and entry.request.status >= 400
    return entry.level >= Level.WARNING or failed or entry.failure is not None


def continues(entry: Entry, raw: Raw) -> bool:
    """A piece of a message that began before: indented, a closing bracket, or blank, and with no level of its own."""
    text = str(raw.get("textPayload", ""))
    pieces = entry.form is Form.LINE and not entry.structured and "severity" not in raw
    return pieces and (not text.strip() or text[0] in " \t}])" or text.strip() in ("```", "{"))


def test_what_matters_is_recognised() -> None:
    """At least 97 of 100 labelled entries that begin a message are loud; of the healthy ones at most 1 in 100 is."""
    policy = Policy()
    labelled = recognised = healthy = false = 0
    for path in sorted(SHARED.glob("*.json")):
        with path.with_suffix(".labels.csv").open(newline="") as stream:
            problems = {row["insertId"]: row["problem"] for row in csv.DictReader(stream)}
        logs = FileLogs(str(path))
        for batch in logs.read(logs.window(None, None)):
            assert not batch.bad
            entries = redact(normalise(batch.entries, policy, b"not-a-real-key"), policy)
            for entry, raw in zip(entries, batch.entries, strict=True):
                if problems[entry.id]:
                    if not continues(entry, raw):
                        labelled += 1
                        recognised += loud(entry)
                else:
                    healthy += 1
                    false += loud(entry)
        logs.close()
    print(f"recognised {recognised} of {labelled}, healthy but loud {false} of {healthy}")  # noqa: T201 - the figures
    assert recognised / labelled >= 0.97
    assert false / healthy <= 0.01
