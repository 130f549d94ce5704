"""The database is lost, the tracker is not: the mapping comes back from the markers."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot import edges as parts
from bot import pipeline
from bot.logs.files import FileLogs
from bot.models import Act, Decision, Draft
from bot.ports import Edges
from bot.render.terminal import show_rebuilt
from bot.settings import load
from bot.trackers.local import LocalTracker
from store import Store, open_store
from tests.scenarios import gardening


def read(folder: Path, store: Store, tracker: LocalTracker) -> Edges:
    file = folder / "logs.json"
    entries = sorted([*gardening.before(), *gardening.morning()], key=lambda e: str(e["timestamp"]))
    file.write_text(json.dumps(entries), encoding="utf-8")
    with closing(FileLogs(str(file))) as logs:
        now = logs.window(None, None).end
        built = parts.build(load({"GARDEN_APPROVERS": "U01"}), store, logs=logs, clock=lambda: now)
        edges = replace(built, tracker=tracker, policy=replace(built.policy, repository=tracker.repository))
        pipeline.round(edges)
    return edges


def test_a_lost_database_knows_its_issues_again(tmp_path: Path) -> None:
    """Created ones by their bodies, people's by our comments, whatever the clusters are numbered now; the rest is
    said; nothing is filed a second time."""
    tracker = LocalTracker(str(tmp_path / "tracker.db"), "local/garden")
    with open_store(str(tmp_path / "one.db")) as store:
        edges = read(tmp_path, store, tracker)
        theirs = tracker.create(Draft(Act.CREATE, tracker.repository, title="Sessions", body="by people"), "")
        for number in (1, 2):
            problem = store.clusters.problems([number])[0]
            made = Draft(Act.CREATE, tracker.repository, title=f"GCP-new | P2 | {number}", body="b")
            if number == 2:
                made = replace(made, act=Act.COMMENT, issue=theirs.number, comment="seen", title="", body="")
            proposal = store.proposals.add(number, made, "U2", edges.clock(), timedelta(days=1), edges.clock())
            pipeline.decide(edges, Decision(proposal.id, "approve", "U01", edges.clock(), proposal.digest))
            assert pipeline.file(edges, proposal.id) is not None
            assert problem.number == number
        keys = {n: store.clusters.load([n])[0].signature.key for n in (1, 2)}
        issues = {keys[n]: linked.number for n in (1, 2) if (linked := store.issues.linked(n))}
    tracker.create(Draft(Act.CREATE, tracker.repository, title="old", body="b"),
                   "<!-- log-gardener: cluster=9 proposal=p-1 -->")  # fmt: skip
    tracker.create(Draft(Act.CREATE, tracker.repository, title="of another service", body="b"),
                   f"<!-- log-gardener: cluster=8 signature={'0' * 16} proposal=p-2 -->")  # fmt: skip

    with open_store(str(tmp_path / "two.db")) as store:
        edges = read(tmp_path, store, tracker)
        found = pipeline.rebuild(edges, edges.clock())
        again = {store.clusters.load([cluster])[0].signature.key: number for cluster, number in found.linked}
        assert again == issues
        assert (len(found.unseen), len(found.unsigned)) == (1, 1)
        shown = show_rebuilt(found)
        assert "cannot be told whose" in shown
        assert "not seen yet" in shown
        assert pipeline.rebuild(edges, edges.clock()).linked == ()
    tracker.shut()
