"""The wheel: it holds the four packages whole, with prompts, templates, migrations and demo data, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "prompts", "store")


def test_the_image_is_small_and_not_root() -> None:
    """It holds what runs and nothing else, starts what the Procfile starts, and runs as a user without rights."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    final = steps[[i for i, step in enumerate(steps) if step[0] == "FROM"][-1] :]
    copied = [words for step, words in final if step == "COPY"]
    assert copied == ["--from=build /opt/garden /opt/garden"]
    assert [int(words) for step, words in final if step == "USER"] == [10001]
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8").strip()
    assert [" ".join(json.loads(words)) for step, words in final if step == "CMD"] == [procfile.removeprefix("web: ")]
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    assert allowed == {*PACKAGES, "pyproject.toml", "README.md", "LICENSE"}
    assert all((ROOT / name).exists() for name in allowed)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    if not (find_spec("build") and find_spec("hatchling")):
        reason = "the wheel is built with the packages build and hatchling (`make setup`)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return ZipFile(path)


def test_holds_every_file_of_the_packages(wheel: ZipFile) -> None:
    """Each file of the four packages is in the wheel, whatever its type."""
    files = {
        p.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for p in (ROOT / package).rglob("*")
        if p.is_file() and "__pycache__" not in p.parts and p.suffix not in (".pyc", ".db")
    }
    assert files - set(wheel.namelist()) == set()


def test_holds_nothing_else(wheel: ZipFile) -> None:
    """Beside the packages there is only the wheel's own description, with the licence."""
    rest = [n for n in wheel.namelist() if n.split("/")[0] not in PACKAGES]
    assert {n.split("/")[0] for n in rest} == {"log_gardener-0.1.0.dist-info"}
    assert "log_gardener-0.1.0.dist-info/licenses/LICENSE" in rest
    assert not [n for n in wheel.namelist() if "__pycache__" in n or n.endswith(".db")]


def test_gives_the_command(wheel: ZipFile) -> None:
    """Installing it gives the command `garden`, on Python 3.11 and newer."""
    entry = wheel.read("log_gardener-0.1.0.dist-info/entry_points.txt").decode()
    assert "garden = bot.cli:main" in entry
    metadata = wheel.read("log_gardener-0.1.0.dist-info/METADATA").decode()
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: MIT" in metadata


def test_is_small(wheel: ZipFile) -> None:
    """It stays a small program: under 5 MB, with no single file over 2 MB."""
    sizes = {i.filename: i.compress_size for i in wheel.infolist()}
    assert sum(sizes.values()) < 5_000_000
    assert max(sizes.values()) < 2_000_000
