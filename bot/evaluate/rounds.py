"""Cases as a round makes them: everything that one round over some entries asks an analyst about."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.demo.replay import Replay
from bot.demo.week import week
from bot.models import Analysis, Case, Policy, Raw
from bot.ports import Edges
from bot.trackers.local import LocalTracker
from store import open_store


@dataclass
class Listening:
    """The pattern table, which remembers what it was asked."""

    heard: list[Case] = field(default_factory=list)
    name: str = "patterns"

    def analyse(self, case: Case) -> Analysis:
        self.heard.append(case)
        return Patterns().analyse(case)


def cases(entries: Sequence[Raw], policy: Policy | None = None) -> list[Case]:
    """All that one round over these entries asks an analyst about."""
    listening = Listening()
    logs = Replay(list(entries))
    with tempfile.TemporaryDirectory(prefix="garden-cases-") as folder:
        path = str(Path(folder) / "garden.db")
        with open_store(path) as store:
            tracker = LocalTracker(path)
            edges = Edges(logs, None, listening, tracker, store, logs.now, policy or Policy())
            pipeline.round(replace(edges, logs=logs))
            tracker.shut()
    return listening.heard


@cache
def of_the_week() -> tuple[Case, ...]:
    """Those of the demo's week."""
    return tuple(cases(list(week())))
