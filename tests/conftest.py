"""What all tests share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def seed() -> int:
    """The seed of a campaign, so that a failure can be run again: `make campaign SEED=...`."""
    return int(os.environ.get("SEED", "1"))
