"""Which clusters may be the same problem as another one, and why: what a person picks from who wants to merge it.

Offered, never done: what is certain the grouping has joined by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.models import Cluster, Incident

MOST = 5
LEAST = 2.0
"""What the reasons of a candidate come to at least; together in an incident alone is not worth an offer."""
LONGEST = 600
"""Characters of a text that are compared."""
ALIKE = 0.4
"""Words that two texts share, of all that either has."""

_MASK = re.compile(r"<[^<>\s]{0,40}>")
_WORD = re.compile(r"[^\W\d_]{2,}")


def kin(cluster: Cluster, others: Iterable[Cluster], incident: Incident | None = None) -> list[tuple[int, str]]:
    """Numbers of those that are most like it, the best first, each with its reasons in words."""
    found = []
    for other in others:
        if other.number == cluster.number:
            continue
        reasons = list(_reasons(cluster, other, incident))
        score = sum(weight for weight, _ in reasons)
        if score >= LEAST:
            found.append((score, other.number, "; ".join(why for _, why in reasons)))
    found.sort(key=lambda f: (-f[0], f[1]))
    return [(number, why) for _, number, why in found[:MOST]]


def _reasons(cluster: Cluster, other: Cluster, incident: Incident | None) -> Iterator[tuple[float, str]]:
    """What each tells, and in words."""
    one, two = cluster.signature, other.signature
    apart = "" if cluster.service == other.service else f", in {other.service}"
    if one.exception and one.exception == two.exception:
        yield (2.0, f"the same exception, {one.exception}{apart}")
    if one.site and one.site == two.site:
        yield (2.0, f"the same place in the code, {one.site}")
    if one.route and (one.method, one.route) == (two.method, two.route):
        status = f", {two.status} there" if two.status and two.status != one.status else ""
        yield (2.0, f"the same route, {one.method} {one.route}{status}".replace("  ", " "))
    share = _alike(cluster.template, other.template)
    if share >= ALIKE:
        yield (3 * share, f"{share:.0%} of their words are the same")
    if incident and other.number in incident.clusters:
        yield (1.0, "in one incident with it")


def _alike(one: str, two: str) -> float:
    first, second = (set(_WORD.findall(_MASK.sub(" ", text[:LONGEST]).lower())) for text in (one, two))
    return len(first & second) / len(first | second) if first and second else 0.0
