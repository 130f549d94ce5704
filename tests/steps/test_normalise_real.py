"""Labelled logs of real services go through reading, normalising and redacting, and what matters is recognised.

The logs are not part of the repository: their folder is named by `GARDEN_SHARED`, or lies beside the checkout.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.logs.files import FileLogs
from bot.models import Entry, Level, Policy, Raw
from bot.steps.normalise import normalise
from bot.steps.redact import redact

SHARED = Path(os.environ.get("GARDEN_SHARED", Path(__file__).parents[2].parent / "shared")) / "data" / "real"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled logs are not here (GARDEN_SHARED)")


def loud(entry: Entry) -> bool:
    failed = entry.request is not None and entry.request.status >= 400
    return entry.level >= Level.WARNING or failed or entry.failure is not None


PIECES = timedelta(seconds=1)


def pieces(entries: Sequence[Entry], raws: Sequence[Raw], problems: Mapping[str, str]) -> set[str]:
    """Ids of plain lines that follow one of the same problem on the same instance at once: one message, in pieces."""
    last: dict[tuple[str, str], datetime] = {}
    found = set()
    for entry, raw in zip(entries, raws, strict=True):
        where = (entry.instance, problems[entry.id])
        plain = not entry.structured and "severity" not in raw
        if plain and where in last and entry.time - last[where] < PIECES:
            found.add(entry.id)
        last[where] = entry.time
    return found


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
            rest = pieces(entries, batch.entries, problems)
            for entry in entries:
                if problems[entry.id]:
                    if entry.id not in rest:
                        labelled += 1
                        recognised += loud(entry)
                else:
                    healthy += 1
                    false += loud(entry)
        logs.close()
    print(f"recognised {recognised} of {labelled}, healthy but loud {false} of {healthy}")  # noqa: T201 - the figures
    assert recognised / labelled >= 0.97
    assert false / healthy <= 0.01
