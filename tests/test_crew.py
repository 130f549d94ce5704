"""Entries read with others' help are what they are when read alone, in order, and nobody is left behind."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from bot import crew
from bot.demo.week import week
from bot.logs.files import FileLogs
from bot.models import Batch, Policy

SECRET = b"not-a-real-secret"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "week.json"
    path.write_bytes(b"\n".join(orjson.dumps(e) for e in itertools.islice(week(), 6_000)))
    return path


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Makes every input one that is worth calling others; the children that were called."""
    monkeypatch.setattr(crew, "MANY", 1)
    monkeypatch.setattr(crew, "_processors", lambda: 3)
    children: list[subprocess.Popen[bytes]] = []
    real = crew._Crew._called

    def called(self: crew._Crew) -> subprocess.Popen[bytes] | None:
        if child := real(self):
            children.append(child)
        return child

    monkeypatch.setattr(crew._Crew, "_called", called)
    monkeypatch.setattr(crew._Crew, "ready", True)  # whoever is not there yet is waited for
    return children


def batches(path: Path) -> Iterator[Batch]:
    logs = FileLogs(str(path), batch=1_500)
    return logs.read(logs.window(None, None))


def alone(path: Path) -> list[crew.Sifted]:
    return [crew._look(b.entries, Policy(), SECRET) for b in batches(path)]


def test_others_read_the_same(path: Path, helped: list[subprocess.Popen[bytes]]) -> None:
    """With help or without, the same entries in the same order; afterwards no child is alive."""
    assert [found for _, found in crew.read(batches(path), Policy(), SECRET)] == alone(path)
    assert len(helped) == 2
    assert all(child.returncode is not None for child in helped)


def test_nobody_is_waited_for(
    path: Path, helped: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the others are there, this process reads on by itself."""
    monkeypatch.setattr(crew._Crew, "ready", False)
    monkeypatch.setattr(crew._Crew, "read", lambda self, rest: iter([pytest.fail("somebody was asked") for _ in rest]))
    assert [found for _, found in crew.read(batches(path), Policy(), SECRET)] == alone(path)
    assert len(helped) == 2


def test_who_dies_is_stood_in_for(path: Path, helped: list[subprocess.Popen[bytes]]) -> None:
    """A child that is killed half-way costs time and nothing else."""
    found = []
    for at, (_, entries) in enumerate(crew.read(batches(path), Policy(), SECRET)):
        found.append(entries)
        if at == 1:
            for child in helped:
                os.kill(child.pid, signal.SIGKILL)
    assert found == alone(path)


def test_stopping_early_leaves_nobody(path: Path, helped: list[subprocess.Popen[bytes]]) -> None:
    """Whoever stops in the middle takes the children along."""
    reading = crew.read(batches(path), Policy(), SECRET)
    next(reading), next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert len(helped) == 2
    assert all(child.returncode is not None for child in helped)


def test_small_inputs_are_read_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few thousand entries are not worth calling anybody."""
    monkeypatch.setattr(crew._Crew, "_called", lambda self: pytest.fail("somebody was called"))
    assert sum(found.count for _, found in crew.read(batches(path), Policy(), SECRET)) == 6_000
