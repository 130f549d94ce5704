"""Analysis by Claude, through the anthropic package."""

from __future__ import annotations

from bot.errors import AnalystUnavailable
from bot.models import Analysis, Case, Spend

DEFAULT_MODEL = "claude-sonnet-5-5"


class Claude:
    """Asks Claude."""

    def __init__(self, key: str, *, model: str = DEFAULT_MODEL, base_url: str | None = None) -> None:
        self.name = model

    def analyse(self, case: Case) -> tuple[Analysis, Spend | None]:
        raise AnalystUnavailable("Not built yet.")
