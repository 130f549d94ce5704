"""What `garden rebuild` found, in sentences."""

from __future__ import annotations

from collections.abc import Iterable

from bot.models import Rebuilt

SHOWN = 50
"""Numbers that are named; the rest are only counted."""


def show_rebuilt(found: Rebuilt) -> str:
    """What is linked again, what will be, and what cannot be told."""
    lines = [f"Cluster {cluster} belongs to #{issue}." for cluster, issue in found.linked]
    lines = lines or ["No cluster was linked: those that are known have their issue, or there is no marker for them."]
    if found.unseen:
        lines.append(
            f"Of problems that this database has not seen yet: {_named(found.unseen)}. They are linked when they are "
            "seen; `garden backfill` or a round reads the logs."
        )
    if found.unsigned:
        lines.append(
            f"It cannot be told whose these are, their markers name no signature: {_named(found.unsigned)}. "
            "`/garden link 3 889` says it."
        )
    lines += [
        f"Cluster {cluster} has more than one open issue: {_named(issues)}; the lowest was taken."
        for cluster, issues in found.several
    ]
    return "\n".join(lines)


def _named(numbers: Iterable[int]) -> str:
    known = list(numbers)
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(f"#{n}" for n in known[:SHOWN]) + more
