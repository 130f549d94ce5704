"""Analysis without a model, by a table of known failures."""

from __future__ import annotations

from bot.models import Analysis, Case, Spend


class Patterns:
    """Analyses by the pattern table."""

    name = "patterns"

    def analyse(self, case: Case) -> tuple[Analysis, Spend | None]:
        cluster = case.problem.cluster
        return Analysis(
            cluster=cluster.number,
            source=self.name,
            name=cluster.title,
            cause="Not recognised.",
            technical_impact="",
            business_impact="",
            next_steps=(),
            claims=(),
            fingerprint=case.fingerprint,
        ), None
