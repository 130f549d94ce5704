"""K causes, at most K issues: two clusters that would become the same issue do not both get a proposal to make one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot import edges as parts
from bot import pipeline, telling
from bot.demo.replay import Replay
from bot.models import Act, Decision, Proposal, Window
from bot.ports import Edges
from bot.settings import load
from bot.steps.match import match, words
from store import open_store
from tests.scenarios.office import entry

START = datetime(2026, 3, 6, 9, tzinfo=UTC)
SETTINGS = {"GARDEN_APPROVERS": "U0ANN"}
SAID = (
    ("cannot reach the ledger database ledger-main at 10.0.0.7: connection refused", 0),
    ("[retry 3] gave up: cannot reach the ledger database ledger-main, connection refused by 10.0.0.7", 11),
    ("the font Fraktur is not installed, PDF of the ticket is left out", 23),
)
"""What three places of one service write, each so many minutes after the hour; two of them mean the same."""


@pytest.fixture
def edges() -> Iterator[Edges]:
    raws = [
        entry("payouts", text, START + timedelta(minutes=minute + 30 * n), f"{minute}-{n}")
        for text, minute in SAID
        for n in range(6)
    ]
    with open_store(":memory:") as store:
        logs = Replay(sorted(raws, key=lambda r: str(r["timestamp"])))
        made = parts.alone(load(SETTINGS), store, logs)  # type: ignore[arg-type] # a source of logs like any other
        pipeline.round(made, baseline=False)
        yield made


def clusters(edges: Edges, words: str) -> list[int]:
    everything = pipeline.look(edges, Window(START, START + timedelta(days=1))).problems
    return [p.number for p in everything if words in p.cluster.title]


def decide(edges: Edges, proposal: Proposal, verb: str) -> None:
    pipeline.decide(edges, Decision(proposal.id, verb, "U0ANN", edges.clock(), proposal.digest))


def test_the_second_waits_for_the_first(edges: Edges) -> None:
    """In a round, and when a person asks: the reason names the other, and what to say. Another cause waits for none."""
    first, second = clusters(edges, "ledger-main")
    (font,) = clusters(edges, "Fraktur")
    assert [p.cluster for p in edges.store.proposals.creating()] == [first, font]
    why, proposal = telling.request(edges, second, "U0BOB", edges.clock())
    assert proposal is None
    assert f"of cluster {first}" in why
    assert f"/garden merge {first} {second}" in why


def test_once_that_one_is_rejected_the_second_may_be_filed(edges: Edges) -> None:
    """What was no issue for the one may be one for the other."""
    _, second = clusters(edges, "ledger-main")
    decide(edges, edges.store.proposals.creating()[0], "reject")
    why, proposal = telling.request(edges, second, "U0BOB", edges.clock())
    assert proposal is not None, why
    assert proposal.draft.act is Act.CREATE


def test_once_that_one_is_filed_the_second_belongs_to_its_issue(edges: Edges) -> None:
    """One cause, one issue."""
    first, second = clusters(edges, "ledger-main")
    proposal = edges.store.proposals.creating()[0]
    decide(edges, proposal, "approve")
    assert pipeline.file(edges, proposal.id) is not None
    issue = edges.store.issues.linked(first)
    assert issue is not None
    (cluster,) = edges.store.clusters.load([second])
    found = edges.store.issues.search(issue.repository, words(cluster))
    again = match(cluster, linked=None, marked=None, candidates=found, incident=None)
    assert again.issue is not None
    assert again.issue.number == issue.number
