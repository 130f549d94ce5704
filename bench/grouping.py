"""Grouping, incidents and severity on hand-labelled logs of other people's services, and leaving one out.

    make bench                      or: python bench/grouping.py [--quick] [FILE ...]

Each FILE.json goes the whole way into a store of its own; FILE.labels.csv lies beside it. Without files, those of
`data/real` in $GARDEN_SHARED or in ../shared; how scores are reckoned is in `tools/score.py` there. The last table
leaves one file out at a time: each threshold below is chosen on the other files, one after the other, and what was
chosen is measured on the file left out. `--quick` prints the first table only.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from _bars import bar

from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from bot.render import json as json_render
from store import open_store


def ms(*values: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(milliseconds=v) for v in values)


@dataclass(frozen=True)
class Knob:
    """A threshold, and what it might be."""

    step: str
    name: str
    values: tuple[Any, ...]

    @property
    def ours(self) -> Any:
        return getattr(importlib.import_module(f"bot.steps.{self.step}"), self.name)

    def turn(self, value: Any) -> None:
        """In the module where it stands, and in those of the same step that have it from there."""
        step, ours = f"bot.steps.{self.step}".split(".")[2], self.ours
        for name, module in sys.modules.items():
            if name.startswith(f"bot.steps.{step}") and getattr(module, self.name, None) is ours:
                setattr(module, self.name, value)

    @property
    def title(self) -> str:
        return f"{self.step}.{self.name}"


KNOBS = (
    Knob("assemble.sweeps", "ROUTES", (3, 4, 5, 6, 8)),
    Knob("assemble.sweeps", "GAP", ms(15_000, 30_000, 60_000, 120_000)),
    Knob("assemble.twins", "_TWICE", ms(100, 500, 1_000, 2_000)),
    Knob("assemble.twins", "_NEXT", ms(1, 5, 20, 100)),
    Knob("assemble.messages", "REPORT", ms(500, 1_000, 2_000, 4_000)),
    Knob("assemble.messages", "_ONCE", ms(200, 1_000, 3_000)),
    Knob("assemble.sweeps", "BROKEN", (2, 3, 4)),
    Knob("cascade.episodes", "EPISODE", ms(1_800_000, 3_600_000, 7_200_000)),
    Knob("cascade.episodes", "AKIN", (3, 4, 5)),
    Knob("cascade.ties", "SHARE", (0.4, 0.5, 0.6, 0.7, 0.8)),
    Knob("cascade.ties", "SHARE_OF_CAUSES", (0.3, 0.5, 0.7)),
    Knob("cascade.ties", "CHANCE", (0.03, 0.1, 0.3)),
    Knob("cascade.ties", "AROUND", (30.0, 60.0, 120.0)),
    Knob("cascade.ties", "_SOME", (3, 4, 6)),
    Knob("cascade.ties", "_BURST", (900.0, 1_800.0, 3_600.0)),
    Knob("cascade.ties", "_CLOSE", (2.0, 5.0, 10.0)),
    Knob("cascade.ties", "_LINES", ((2, 2), (5, 5), (10, 10))),
    Knob("cascade.ties", "_RESTATED", ((30, 30), (90, 90), (180, 180))),
    Knob("cascade.ties", "_CRASH", ((2, 30), (5, 60), (10, 120))),
    Knob("cascade.ties", "_ASKED", ((30, 5), (60, 5), (90, 10))),
    Knob("cascade.ties", "_REFUSED", ((1, 1), (2, 2), (5, 5))),
    Knob("cascade.ties", "_TRACE", ((30, 30), (90, 90), (180, 180))),
    Knob("cascade.ties", "_UNPLACED", ((5, 5), (15, 15), (45, 45))),
    Knob("mine.rules", "VARIABLE", (4, 6, 9)),
    Knob("triage", "_MANY", (5, 10, 20)),
    Knob("triage", "_STORM", (1, 2, 3)),
    Knob("triage.nature", "LOOP", (2, 3, 5)),
    Knob("triage.nature", "MANY", (5, 10, 20)),
)
"""Everything that is a number in reading, grouping, incidents and severity, with values to both sides."""


def shared() -> Path:
    return Path(os.environ.get("GARDEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def scorer() -> ModuleType | None:
    """The program that reckons scores, as a module; it belongs to the data, not to us."""
    path = shared() / "tools" / "score.py"
    spec = importlib.util.spec_from_file_location("score", path)
    if not path.exists() or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def clusters(path: Path) -> dict[str, Any]:
    """What `garden cluster` says of a file."""
    with closing(FileLogs(str(path))) as logs, open_store(":memory:") as store:
        parts = edges.alone(settings.load({}), store, logs)
        report = pipeline.round(parts, think=False, members=True, baseline=False)
    found: dict[str, Any] = json.loads(json_render.cluster_json(report))
    return found


def measured(score: Any, path: Path) -> dict[str, Any]:
    return {"file": path.name, **score.score(clusters(path), score.labels(path))}


@contextmanager
def turned(choice: dict[str, Any]) -> Iterator[None]:
    """With some thresholds at other values."""
    before = {knob.title: knob.ours for knob in KNOBS}
    try:
        for knob in KNOBS:
            knob.turn(choice.get(knob.title, before[knob.title]))
        yield
    finally:
        for knob in KNOBS:
            knob.turn(before[knob.title])


def worth(score: Any, results: Sequence[dict[str, Any]]) -> float:
    """One figure for all that is asked for, to choose by."""
    total = score.summary(list(results))
    means, pooled = total["mean"], total["pooled"]
    return float(
        pooled["FGA"]
        + means["pair_f1"]
        + means["incident_f1"]
        + (pooled["urgent_recall"] or 0)
        + (pooled["urgent_precision"] or 0)
        + (pooled["severity"] or 0)
        - 10 * means["healthy"]
    )


class Trials:
    """Results by file and choice, each reckoned once."""

    def __init__(self, score: Any, paths: Sequence[Path]) -> None:
        self.score = score
        self.paths = paths
        self.known: dict[tuple[Path, str], dict[str, Any]] = {}

    def result(self, path: Path, choice: dict[str, Any]) -> dict[str, Any]:
        key = (path, repr(sorted(choice.items())))
        if key not in self.known:
            with turned(choice):
                self.known[key] = measured(self.score, path)
        return self.known[key]

    def chosen(self, knob: Knob, paths: Sequence[Path]) -> Any:
        """The value that is best on these files by itself; ours where nothing is better."""
        ours = knob.ours

        def value(v: Any) -> float:
            choice = {} if v == ours else {knob.title: v}
            return worth(self.score, [self.result(p, choice) for p in paths])

        return max(knob.values, key=lambda v: (round(value(v), 6), v == ours))

    def without(self, left: Path) -> dict[str, Any]:
        """All thresholds as the other files would have them."""
        others = [p for p in self.paths if p != left]
        found = {k.title: (self.chosen(k, others), k.ours) for k in KNOBS}
        return {title: value for title, (value, ours) in found.items() if value != ours}


COLUMNS = ("problems", "found", "coverage", "GA", "FGA", "pair_f1", "incident_f1", "healthy")


def table(score: Any, results: Sequence[dict[str, Any]]) -> None:
    print(f"{'':24}" + "".join(f"{c:>12}" for c in COLUMNS))
    for r in results:
        print(f"{r['file'].removesuffix('.json'):24}" + "".join(f"{r.get(c, ''):>12}" for c in COLUMNS))
    total = score.summary(list(results))
    if not total:
        return
    print(f"{'mean':24}" + "".join(f"{total['mean'].get(c, ''):>12}" for c in COLUMNS))
    low_high = total["interval"]
    for name, value in total["pooled"].items():
        print(f"pooled {name:17}{value:>12}   95 %: {low_high[name][0]} to {low_high[name][1]}")


BARS = {
    "FGA": 0.85,
    "pair_f1": 0.93,
    "incident_f1": 0.80,
    "coverage": 0.99,
    "urgent_recall": 0.95,
    "urgent_precision": 0.85,
    "severity_within_1": 0.95,
}


def hold(score: Any, results: Sequence[dict[str, Any]], how: str) -> None:
    total = score.summary(list(results))
    if not total:
        return
    found = {**total["mean"], **total["pooled"]}
    for name, least in BARS.items():
        bar(f"grouping, {how}: {name}", found[name], least=least, form=".3f")
    bar(f"grouping, {how}: healthy in P0 to P3", found["healthy"], most=0.02, form=".4f")


def leave_one_out(score: Any, paths: Sequence[Path], ours: Sequence[dict[str, Any]]) -> None:
    trials = Trials(score, paths)
    results = []
    for path, mine in zip(paths, ours, strict=True):
        choice = trials.without(path)
        found = trials.result(path, choice)
        results.append(found)
        changed = ", ".join(f"{title} {value}" for title, value in choice.items()) or "nothing"
        if "FGA" in found:
            moved = " ".join(f"{c} {found[c] - mine[c]:+.3f}" for c in ("FGA", "pair_f1", "incident_f1"))
            print(f"without {path.stem:24} {moved}   chosen differently: {changed}")
    print()
    table(score, results)
    hold(score, results, "leaving one out")
    print()
    for knob in KNOBS:
        values = [round(worth(score, [trials.result(p, _one(knob, v)) for p in paths]), 3) for v in knob.values]
        print(f"{knob.title:32}" + "  ".join(f"{_plain(v)}: {w}" for v, w in zip(knob.values, values, strict=True)))


def _one(knob: Knob, value: Any) -> dict[str, Any]:
    return {} if value == knob.ours else {knob.title: value}


def _plain(value: Any) -> str:
    return f"{value.total_seconds():g} s" if isinstance(value, timedelta) else str(value)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--quick", action="store_true", help="leave no file out")
    chosen = parser.parse_args(arguments)
    score = scorer()
    paths = sorted(chosen.files or shared().glob("data/real/*.json"))
    if score is None or not paths:
        print("The labelled logs are not here (set GARDEN_SHARED to their folder): nothing is measured.")
        return 0
    ours = [measured(score, path) for path in paths]
    table(score, ours)
    hold(score, ours, "as shipped")
    print(f"all of it in one figure, to choose by: {worth(score, ours):.3f}")
    if not chosen.quick:
        print("\nEach threshold chosen on the others, measured on the one left out:\n")
        leave_one_out(score, paths, ours)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
