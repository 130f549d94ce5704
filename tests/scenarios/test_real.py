"""Real logs of other people's services go through a round, and a second round finds nothing new in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli
from tests.scenarios import real


@real.needs_real
@pytest.mark.parametrize("path", real.FILES, ids=lambda p: p.stem)
def test_a_round_over_real_logs_can_be_repeated(path: Path, tmp_path: Path) -> None:
    """Every file ends without an error; the same file again gives the same answer, with `new_entries` 0."""
    ask = ["round", "--logs", str(path), "--format", "json", "--db", str(tmp_path / "garden.db")]
    first, second = (CliRunner().invoke(cli, ask) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    answer = json.loads(first.stdout)
    assert answer["new_entries"] == answer["entries"] == len(real.entries(path))
    assert json.loads(second.stdout) == {**answer, "new_entries": 0}
