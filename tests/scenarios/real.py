"""Labelled logs of other people's services, for the tests that read them where they are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("GARDEN_SHARED") or Path(__file__).resolve().parents[3] / "shared")
FILES = sorted(SHARED.glob("data/real/*.json"))

needs_real = pytest.mark.skipif(
    not FILES, reason="the labelled real logs are not here (set GARDEN_SHARED to their folder)"
)


def entries(path: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
