"""Grouping of eight systems' logs (Loghub, 2,000 lines each) against their ground truth, beside Drain3.

    make bench                      or: python bench/loghub.py [FOLDER]

Each line is an entry of one service, a second after the one before, and goes the whole way into a store, with one
configuration for all systems. GA is the share of lines in groups that are exactly right, FGA the F1 over groups.
The second table chooses the thresholds of mining on seven systems and measures the eighth with them. FOLDER holds
NAME/NAME_2k.log_structured_corrected.csv; without it, `data/loghub` in $GARDEN_SHARED or in ../shared.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from _bars import bar
from _peer import MISSING, peer

from bot import edges, pipeline, settings
from bot.demo.replay import Replay
from bot.models import Learnt, Policy
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.mine import ENOUGH, Enough, mine
from bot.steps.normalise import normalise
from bot.steps.redact import redact
from store import open_store

START = datetime(2026, 1, 1, tzinfo=UTC)
GRID = [
    Enough(odd=odd, word=word, named=named, crowd=crowd)
    for odd, word, named, crowd in itertools.product((2, 3, 4), (4, 6, 8), (2, 3, 4), (8, 12, 20))
]
csv.field_size_limit(sys.maxsize)


class Score(NamedTuple):
    ga: float
    fga: float
    groups: int
    true: int

    def __str__(self) -> str:
        return f"{self.ga:.3f} {self.fga:.3f} {self.groups:>5}"


@dataclass(frozen=True)
class System:
    name: str
    lines: Mapping[str, str]
    truth: Mapping[str, str]

    def entries(self) -> list[dict[str, Any]]:
        labels = {"service_name": self.name.lower(), "revision_name": f"{self.name.lower()}-00001-abc"}
        return [
            {
                "insertId": id_,
                "textPayload": text,
                "severity": "ERROR",
                "timestamp": (START + timedelta(seconds=n)).isoformat().replace("+00:00", "Z"),
                "logName": "projects/example/logs/run.googleapis.com%2Fstderr",
                "resource": {"type": "cloud_run_revision", "labels": labels},
            }
            for n, (id_, text) in enumerate(self.lines.items())
        ]


def read(folder: Path) -> list[System]:
    systems = []
    for path in sorted(folder.glob("*/*_structured_corrected.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        lines = {row["LineId"]: row["Content"] for row in rows}
        systems.append(System(path.parent.name, lines, {row["LineId"]: row["EventId"] for row in rows}))
    return systems


def score(truth: Mapping[str, str], found: Mapping[str, object]) -> Score:
    """A line of no group is a group of its own."""
    right = {frozenset(ids) for ids in inverted(truth).values()}
    guess = [frozenset(ids) for ids in inverted({id_: found.get(id_, id_) for id_ in truth}).values()]
    exact = [ids for ids in guess if ids in right]
    precision, recall = len(exact) / len(guess), len(exact) / len(right)
    fga = 2 * precision * recall / (precision + recall) if exact else 0.0
    return Score(sum(map(len, exact)) / len(truth), fga, len(guess), len(right))


def inverted(assigned: Mapping[str, object]) -> dict[object, set[str]]:
    groups: dict[object, set[str]] = defaultdict(set)
    for id_, group in assigned.items():
        groups[group].add(id_)
    return groups


def whole_way(system: System) -> Score:
    """What the store says in the end."""
    with open_store(":memory:") as store:
        logs = Replay(system.entries())
        report = pipeline.round(edges.alone(settings.load({}), store, logs), think=False, members=True)  # type: ignore[arg-type] # a source of logs like any other
    return score(system.truth, {id_: number for number, ids in report.members.items() for id_ in ids})


@dataclass(frozen=True)
class Signed:
    """A system's lines with their signatures, as far as nothing was mined yet."""

    system: System
    keys: Mapping[str, str]
    known: Sequence[Learnt]

    def score(self, enough: Enough) -> Score:
        joined = dict(self.keys)
        leads = {key: group[0] for group in mine(self.known, enough) for key in group}
        return score(self.system.truth, {id_: leads.get(key, key) for id_, key in joined.items()})


def signed(system: System) -> Signed:
    policy = Policy()
    found = assemble(redact(normalise(system.entries(), policy, b"not-a-real-secret"), policy))
    keys: dict[str, str] = {}
    known: dict[str, Learnt] = {}
    for occurrences, certain in ((found.closed, True), (found.open, False)):
        for sighting in cluster(occurrences, policy):
            if sighting.signature:
                known.setdefault(sighting.signature.key, Learnt(sighting.signature, certain))
                keys |= {e.id: sighting.signature.key for e in sighting.occurrence.entries}
    return Signed(system, keys, list(known.values()))


def leave_one_out(systems: Sequence[System]) -> None:
    """Thresholds chosen on seven systems, the eighth measured with them."""
    tried = {s.name: [signed(s)] for s in systems}
    scores = {name: [each.score(enough) for enough in GRID for each in one] for name, one in tried.items()}
    print(f"{'left out':<12} {'GA':>5} {'FGA':>5}   chosen on the others")
    held = []
    for name in scores:
        others = [scores[other] for other in scores if other != name]
        best = max(range(len(GRID)), key=lambda n: sum(one[n].ga + one[n].fga for one in others))
        chosen = GRID[best]
        held.append(scores[name][best])
        names = f"odd {chosen.odd}, word {chosen.word}, named {chosen.named}, crowd {chosen.crowd}"
        print(f"{name:<12} {held[-1].ga:.3f} {held[-1].fga:.3f}   {names}")
    ga, fga = mean(s.ga for s in held), mean(s.fga for s in held)
    print(f"{'mean':<12} {ga:.3f} {fga:.3f}")
    fixed = [one[GRID.index(ENOUGH)] for one in scores.values()] if ENOUGH in GRID else []
    if fixed:
        print(f"{'as shipped':<12} {mean(s.ga for s in fixed):.3f} {mean(s.fga for s in fixed):.3f}")
    bar("loghub: mean GA, thresholds chosen on the others", ga, least=0.88, form=".3f")
    bar("loghub: mean FGA, thresholds chosen on the others", fga, least=0.88, form=".3f")


def table(systems: Iterable[System]) -> None:
    group = peer()
    print(f"{'':<12} {'':>5}   {'the whole way':<17}   {'drain3' if group else ''}")
    print(f"{'system':<12} {'true':>5}   {'GA':<5} {'FGA':<5} {'found':>5}   {'GA    FGA   found' if group else ''}")
    ours, theirs = [], []
    for system in systems:
        ours.append(whole_way(system))
        row = f"{system.name:<12} {ours[-1].true:>5}   {ours[-1]}"
        if group:
            theirs.append(score(system.truth, dict(zip(system.lines, group(system.lines.values()), strict=True))))
            row += f"   {theirs[-1]}"
        print(row)
    row = f"{'mean':<12} {'':>5}   {mean(s.ga for s in ours):.3f} {mean(s.fga for s in ours):.3f}      "
    print(row + (f"   {mean(s.ga for s in theirs):.3f} {mean(s.fga for s in theirs):.3f}" if theirs else ""))
    if not group:
        print(MISSING)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=Path)
    given = options.parse_args()
    shared = Path(os.environ.get("GARDEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    systems = read(given.folder or shared / "data" / "loghub")
    if not systems:
        print("The logs with ground truth are not here: name their folder, or set GARDEN_SHARED.")
        return
    table(systems)
    print()
    leave_one_out(systems)


if __name__ == "__main__":
    main()
