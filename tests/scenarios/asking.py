"""Rounds that ask a model: real store, real client, a Claude on loopback, logs in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import pipeline
from bot.analysts.claude import Claude, Patience
from bot.analysts.patterns import Patterns
from bot.demo.replay import Replay
from bot.models import Policy, Raw, Report
from bot.ports import Edges
from bot.trackers.local import LocalTracker
from store import open_store
from tests.standins.claude_server import ClaudeServer, Received

START = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
ANN = "U0ANN"
FREELY = Policy(
    repository="ticketry/platform", approvers=frozenset({ANN}), model_services=("*",), day_budget=1e6, round_budget=1e6
)
HASTE = Patience(timeout=5, first_pause=0, longest_pause=0)
FENCED = re.compile(r"^=====FENCE ([0-9a-f]{32})=====$\n(.*?)\n^=====FENCE \1=====$", re.M | re.S)


def line(service: str, text: str, minutes: float, id: str, severity: str = "ERROR") -> dict[str, Any]:
    """A log entry as Cloud Logging's JSON has it; a text goes in whole, whatever it holds."""
    return {
        "insertId": id,
        "logName": "projects/ticketry-prod/logs/app",
        "timestamp": (START + timedelta(minutes=minutes)).isoformat(),
        "severity": severity,
        "jsonPayload": {"message": text},
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": service, "revision_name": f"{service}-00042-abc", "project_id": "ticketry-prod"},
        },
    }


def inside(received: Received) -> str:
    """What stands between the fence lines of a request."""
    return "\n".join(found[1] for found in FENCED.findall(received.question))


def sane(received: Received) -> dict[str, Any]:
    """A model that says what the figures say."""
    number = re.search(r"entries of cluster (\d+)", received.question)
    occurrences = re.search(r"occurrences: (\d+)", received.question)
    assert number
    assert occurrences
    return {
        "name": "Something fails",
        "claims": [
            {"text": f"{occurrences[1]} occurrences.", "ground": "observation", "rests_on": [], "quote": ""},
        ],
        "cause": "The entries do not say why.",
        "cause_rests_on": [1],
        "alternatives": [],
        "technical_impact": "A call fails.",
        "business_impact": "Not known.",
        "next_steps": [],
        "confidence": 0.4,
        "severity": "P2",
        "severity_reason": "It fails.",
        "category": "new",
        "category_reason": "It is new.",
    }


@dataclass
class Place:
    server: ClaudeServer
    claude: Claude
    edges: Edges

    def round(self, entries: Sequence[Raw], **more: Any) -> Report:
        """One round over these entries; now is the newest of them."""
        logs = Replay(list(entries))
        return pipeline.round(replace(self.edges, logs=logs, clock=logs.now), **more)


@contextmanager
def asking(
    folder: Path,
    policy: Policy = FREELY,
    *,
    model: bool = True,
    patience: Patience = HASTE,
    name: str = "garden.db",
) -> Iterator[Place]:
    path = str(folder / name)
    with ClaudeServer() as server, open_store(path) as store:
        server.answer = sane
        claude = Claude("not-a-real-key", base_url=server.url, patience=patience, pause=lambda _: None)
        tracker = LocalTracker(path, policy.repository, clock=lambda: START)
        edges = Edges(
            Replay([]), claude if model else None, Patterns(), tracker, store, lambda: START, policy, wall=lambda: START
        )
        yield Place(server, claude, edges)
        claude.close()
        tracker.shut()


def written(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines."""
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
