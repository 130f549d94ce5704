"""A round that is killed anywhere loses nothing: the next one gives what an undisturbed one would have given."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.demo.week import week

GARDEN = (sys.executable, "-m", "bot.cli")


def garden(*words: str, cwd: Path) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GARDEN_", "SLACK_", "GITHUB_", "ANTHROPIC_"))}
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [*GARDEN, *words],
        cwd=cwd,
        env={**env, "PYTHONPATH": str(root)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(*words: str, cwd: Path) -> dict[str, Any]:
    process = garden(*words, cwd=cwd)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what may differ: how much of it was new, and the random part of proposals."""
    return {
        "entries": answer["entries"],
        "clusters": [{k: v for k, v in c.items() if k != "proposal"} for c in answer["clusters"]],
        "proposals": [
            c["proposal"] and {k: c["proposal"][k] for k in ("act", "title", "stage")} for c in answer["clusters"]
        ],
        "incidents": answer["incidents"],
    }


def runs(count: int, seed: int, tmp_path: Path) -> None:
    logs = tmp_path / "week.json"
    logs.write_text("\n".join(json.dumps(raw) for raw in week()), encoding="utf-8")
    ask = ("round", "--logs", str(logs), "--format", "json", "--db")
    finished(*ask, "warm.db", cwd=tmp_path)
    whole = plain(finished(*ask, "warm.db", cwd=tmp_path))
    rng = random.Random(seed)
    for run in range(count):
        name = f"run-{run}.db"
        for _ in range(rng.randint(1, 3)):
            process = garden(*ask, name, cwd=tmp_path)
            try:
                process.communicate(timeout=rng.uniform(0.3, 6.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
        finished(*ask, name, cwd=tmp_path)
        assert plain(finished(*ask, name, cwd=tmp_path)) == whole, f"run {run} of seed {seed}"


def test_a_killed_round_is_made_good_by_the_next(tmp_path: Path) -> None:
    """Three rounds killed at random moments: the one after gives what an undisturbed one gives."""
    runs(3, seed=1, tmp_path=tmp_path)


@pytest.mark.campaign
def test_many_killed_rounds_are_made_good_by_the_next(tmp_path: Path, seed: int) -> None:
    """The same, forty times over."""
    runs(40, seed=seed, tmp_path=tmp_path)
