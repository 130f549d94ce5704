"""Drain3 with its usual masks, as the peer that benchmarks are run beside; None where it is not installed.

It pins old releases of others: it stands in a folder of its own, which only benchmarks look into.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent.parent / ".venv-bench"
MISSING = f"The peer is not here. `make bench` puts it there: pip install --target {FOLDER.name} drain3==0.9.11"

_BEFORE, _AFTER = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
MASKS = (
    (_BEFORE + r"(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))" + _AFTER, "ID"),
    (_BEFORE + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})" + _AFTER, "IP"),
    (_BEFORE + r"([0-9a-f]{6,} ?){3,}" + _AFTER, "SEQ"),
    (_BEFORE + r"([0-9A-F]{4} ?){4,}" + _AFTER, "SEQ"),
    (_BEFORE + r"(0x[a-f0-9A-F]+)" + _AFTER, "HEX"),
    (_BEFORE + r"([\-\+]?\d+)" + _AFTER, "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
)
"""Those of its own example."""


def peer() -> Callable[[Iterable[str]], list[int]] | None:
    """Lines to the numbers of their groups, by a miner of its own each time."""
    sys.path.append(str(FOLDER))  # last: what it pins is older than what the program uses
    if find_spec("drain3") is None:
        return None
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    def group(lines: Iterable[str]) -> list[int]:
        config = TemplateMinerConfig()
        config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in MASKS]
        miner = TemplateMiner(config=config)
        return [miner.add_log_message(line)["cluster_id"] for line in lines]

    return group
