"""What all tests share."""

from __future__ import annotations

import os

import hypothesis
import pytest

hypothesis.settings.register_profile("anywhere", deadline=None)  # how fast a machine is says nothing of the program
hypothesis.settings.load_profile("anywhere")


@pytest.fixture
def seed() -> int:
    """The seed of a campaign, so that a failure can be run again: `make campaign SEED=...`."""
    return int(os.environ.get("SEED", "1"))
