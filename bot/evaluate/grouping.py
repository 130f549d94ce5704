"""How well entries are grouped into problems and incidents: labelled logs against what `garden cluster` says of them.

FILE.labels.csv lies beside FILE.json and has the columns insertId, problem, incident, kind and expected_severity; an
entry with an empty problem is healthy. A cluster counts as right if it holds exactly one problem, all of it, and at
most one healthy entry in ten.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot import edges, pipeline
from bot.demo.replay import Replay
from bot.demo.week import labels, week
from bot.errors import InputError
from bot.logs.files import FileLogs
from bot.models import Report
from bot.settings import Settings
from store import open_store

HEALTHY_AT_MOST = 0.1
COLUMNS = ("insertId", "problem", "incident", "expected_severity")


@dataclass(frozen=True, slots=True)
class Grouped:
    """The score of one file. `fga` is the F1 over whole groups, the others over entries or pairs of entries."""

    file: str
    labelled: int
    problems: int
    clusters: int
    exact: int
    coverage: float
    ga: float
    fga: float
    pair_f1: float
    incident_f1: float
    in_range: int
    judged: int
    healthy: float


def grouping(path: Path, settings: Settings) -> Grouped:
    """Reads and groups a labelled file, and compares."""
    rows = _labels(path)
    with closing(FileLogs(str(path))) as logs, open_store(":memory:") as store:
        parts = edges.alone(settings, store, logs)
        report = pipeline.round(parts, think=False, members=True, baseline=False)
    return scored(path.name, report, rows)


def of_the_week(settings: Settings) -> Grouped:
    """The demo's week, of which it is known what each entry belongs to."""
    logs = Replay(list(week()))
    with open_store(":memory:") as store:
        parts = edges.alone(settings, store, logs)
        report = pipeline.round(parts, think=False, members=True, baseline=False)
    return scored("the demo's week", report, _complete(csv.DictReader(io.StringIO(labels()))))


def labelled_files(path: Path) -> list[Path]:
    """The logs of a folder that have labels, or the one file."""
    files = [path] if path.is_file() else sorted(path.glob("*.json*"))
    found = [f for f in files if _beside(f).is_file()]
    if not found:
        raise InputError(f"No labelled logs at {path}: beside NAME.json there must be NAME.labels.csv.")
    return found


def _beside(path: Path) -> Path:
    return path.with_name(path.name.split(".json")[0] + ".labels.csv")


def _labels(path: Path) -> list[Mapping[str, str]]:
    file = _beside(path)
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    if not rows or not {"insertId", "problem"} <= set(rows[0]):
        raise InputError(f"{file} must have the columns {', '.join(COLUMNS)}.")
    return _complete(rows)


def _complete(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return [{c: r.get(c) or "" for c in COLUMNS} for r in rows]


def scored(name: str, report: Report, rows: Sequence[Mapping[str, str]]) -> Grouped:
    """The score of a report with its members."""
    cluster = {i: n for n, ids in report.members.items() for i in ids}
    episode = {i: n for n, ids in report.incident_members.items() for i in ids}
    severity = {p.number: p.triage.severity.value for p in report.problems}
    truth = {r["insertId"]: r["problem"] for r in rows if r["problem"]}
    sick = sum(i not in truth and severity.get(n, "P9") <= "P3" for i, n in cluster.items())
    guess: dict[str, Hashable] = {i: cluster.get(i, f"missed {i}") for i in truth}
    wanted, held = _groups(truth), _groups(guess)
    size = Counter(cluster.values())
    whole = {frozenset(ids) for n, ids in held.items() if n in size and size[n] * (1 - HEALTHY_AT_MOST) <= len(ids)}  # type: ignore[index] # a number, for it is in `size`
    exact = whole & {frozenset(ids) for ids in wanted.values()}
    episodes = {r["insertId"]: r["incident"] or r["problem"] for r in rows if r["problem"]}
    found = {i: f"i{episode[i]}" if i in episode else guess[i] for i in truth}
    expected = {r["problem"]: r["expected_severity"] for r in rows if r["problem"] and r["expected_severity"]}
    within = [_within(severity.get(_main(cluster, wanted[p]), "P9"), e) for p, e in expected.items()]
    return Grouped(
        file=name,
        labelled=len(truth),
        problems=len(wanted),
        clusters=len(held),
        exact=len(exact),
        coverage=sum(i in cluster for i in truth) / len(truth) if truth else 1.0,
        ga=sum(map(len, exact)) / len(truth) if truth else 1.0,
        fga=2 * len(exact) / (len(wanted) + len(held)) if truth else 1.0,
        pair_f1=_pair_f1(truth, guess),
        incident_f1=_pair_f1(episodes, found),
        in_range=sum(within),
        judged=len(within),
        healthy=sick / max(1, len(rows) - len(truth)),
    )


def _groups(assignment: Mapping[str, Hashable]) -> dict[Hashable, set[str]]:
    out: dict[Hashable, set[str]] = {}
    for entry, group in assignment.items():
        out.setdefault(group, set()).add(entry)
    return out


def _main(cluster: Mapping[str, int], ids: set[str]) -> int:
    """The cluster that most of the entries are in."""
    counted = Counter(cluster[i] for i in ids if i in cluster)
    return min(counted, key=lambda n: (-counted[n], n)) if counted else 0


def _within(found: str, expected: str) -> bool:
    low, _, high = expected.partition("-")
    return low <= found <= (high or low)


def _pairs(sizes: Sequence[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)


def _pair_f1(truth: Mapping[str, Hashable], guess: Mapping[str, Hashable]) -> float:
    both = _pairs(list(Counter((truth[i], guess[i]) for i in truth).values()))
    total = _pairs(list(Counter(truth.values()).values())) + _pairs(list(Counter(guess.values()).values()))
    return 2 * both / total if total else 1.0


def pooled(scores: Sequence[Grouped]) -> dict[str, float]:
    """Over all files: F1 over whole groups, severities in range; and means of the others."""
    labelled = [s for s in scores if s.labelled]
    groups = sum(s.problems + s.clusters for s in labelled)
    judged = sum(s.judged for s in labelled)
    mean = {k: sum(getattr(s, k) for s in labelled) / max(1, len(labelled))
            for k in ("coverage", "ga", "fga", "pair_f1", "incident_f1")}  # fmt: skip
    return {
        **mean,
        "pooled_fga": 2 * sum(s.exact for s in labelled) / max(1, groups),
        "severity": sum(s.in_range for s in labelled) / judged if judged else 1.0,
    }


def data(scores: Sequence[Grouped]) -> dict[str, Any]:
    rounded = [{k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(s).items()} for s in scores]
    return {"version": 1, "files": rounded, "all": {k: round(v, 4) for k, v in pooled(scores).items()}}


def text(scores: Sequence[Grouped]) -> str:
    head = f"{'file':28} {'problems':>8} {'clusters':>8} {'exact':>6} {'GA':>6} {'FGA':>6} {'pairs':>6} {'incid.':>6}"
    rows = [
        f"{s.file[:28]:28} {s.problems:>8} {s.clusters:>8} {s.exact:>6} {s.ga:>6.3f} {s.fga:>6.3f} "
        f"{s.pair_f1:>6.3f} {s.incident_f1:>6.3f}"
        for s in scores
    ]
    named = ", ".join(f"{k.replace('_', ' ')} {v:.3f}" for k, v in pooled(scores).items())
    return "\n".join([head, *rows, "", named])
