"""A round takes no more memory for more entries."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parent.parent / "bench"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("bench_memory", BENCH / "memory.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_memory", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is another one there")
def test_memory_does_not_grow_with_entries(memory: ModuleType) -> None:
    """Four times the entries, in the same week: within the batches that are held at once, and far from all of them."""
    own, _, _ = memory.peak(15_000)
    more, helper, _ = memory.peak(60_000)
    assert more - own < 60, "60,000 entries are 54 MB of JSON, and several times that once they are parsed"
    assert helper < 90
