"""The demo's week: the logs of a fictional ticketing company on Cloud Run, and what should come of them.

Four services in two environments, seven days. Written by a seeded script, so that the same seed and end give the
same week byte for byte; which problem each entry belongs to is known, for it was written that way.

    python -m bot.demo.week > week.json
    python -m bot.demo.week --cases tests/cases/demo
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.demo.week.catalog import TROUBLES
from bot.demo.week.outages import deployments, outages
from bot.demo.week.story import Story
from bot.demo.week.tracker import REPOSITORY, tracked
from bot.demo.week.traffic import traffic
from bot.demo.week.visitors import visitors
from bot.models import Issue

__all__ = ["END", "REPOSITORY", "SEED", "expected", "issues", "labels", "week"]

SEED = 7
END = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
"""A Friday evening, when most tickets are sold."""


def week(seed: int = SEED, end: datetime = END) -> Iterator[dict[str, Any]]:
    """The entries of the week, in order of time, in the JSON shape of `gcloud logging read --format=json`."""
    for _, _, raw in _ordered(_story(seed, end)):
        yield raw


def issues(end: datetime = END) -> list[Issue]:
    """The company's issue tracker before anything was read."""
    return tracked(end)


def labels(seed: int = SEED, end: datetime = END) -> str:
    """As CSV, which problem and incident each entry belongs to; an empty problem is a healthy entry.

    Healthy entries are named where a reader of warnings would meet them: no severity, or WARNING and above.
    """
    story = _story(seed, end)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("insertId", "problem", "incident", "kind", "expected_severity"))
    for _, id, raw in _ordered(story):
        label = story.labels.get(id)
        if label:
            rows.writerow((id, label.problem, label.incident, label.kind, label.severity))
        elif raw.get("severity", "WARNING") not in ("INFO", "NOTICE"):
            rows.writerow((id, "", "", "", ""))
    return out.getvalue()


def expected(seed: int = SEED, end: datetime = END) -> dict[str, Any]:
    """What should come of it: each problem with its figures, severity, category and what is proposed."""
    story = _story(seed, end)
    entries: dict[str, int] = {}
    incidents: dict[str, set[str]] = {}
    for label in story.labels.values():
        entries[label.problem] = entries.get(label.problem, 0) + 1
        if label.incident:
            incidents.setdefault(label.incident, set()).add(label.problem)
    roots = {t.name for t in TROUBLES if t.root}
    return {
        "seed": seed,
        "end": end.isoformat(),
        "entries": len(story.entries),
        "problems": {
            t.name: {
                "service": t.service,
                "kind": t.kind,
                "expected_severity": t.severity,
                "category": t.category,
                "incident": t.incident,
                "proposed": t.proposed,
                "issue": t.issue or None,
                "entries": entries[t.name],
                "occurrences": story.happened[t.name],
            }
            for t in TROUBLES
        },
        "incidents": {
            name: {"root": next(iter(problems & roots)), "problems": sorted(problems)}
            for name, problems in sorted(incidents.items())
        },
    }


def _story(seed: int, end: datetime) -> Story:
    story = Story(end=end, chance=random.Random(seed))  # noqa: S311  # a made-up week, not a secret
    deployments(story)
    outages(story)
    visitors(story)
    traffic(story)
    return story


def _ordered(story: Story) -> list[tuple[datetime, str, dict[str, Any]]]:
    return sorted(story.entries, key=lambda entry: entry[:2])
