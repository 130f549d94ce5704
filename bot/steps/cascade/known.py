"""Which of the incidents found now are incidents known before: those keep their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.models import Incident
from bot.steps.cascade.episodes import EPISODE


def identified(found: Sequence[Incident], known: Sequence[Incident]) -> list[Incident]:
    """Gives each incident the id it had: that of one with the same root that overlaps it, else of one near by in which
    either root had a part."""
    free = {k.id: k for k in known if k.id}
    by_member: dict[int, list[int]] = {}
    by_root: dict[int, list[int]] = {}
    for k in free.values():
        by_root.setdefault(k.root, []).append(k.id)
        for number in k.clusters:
            by_member.setdefault(number, []).append(k.id)
    ids: dict[int, int] = {}
    for fits in (_continues, _near):
        for at, incident in enumerate(found):
            if at in ids:
                continue
            seen = {*by_member.get(incident.root, ()), *(i for n in incident.clusters for i in by_root.get(n, ()))}
            likely = [free[i] for i in seen if i in free and fits(incident, free[i])]
            if likely:
                ids[at] = min(likely, key=lambda k: (k.root != incident.root, -_shared(incident, k), k.id)).id
                del free[ids[at]]
    return [replace(incident, id=ids.get(at, 0)) for at, incident in enumerate(found)]


def _continues(incident: Incident, known: Incident) -> bool:
    return known.root == incident.root and known.start <= incident.end and incident.start <= known.end


def _near(incident: Incident, known: Incident) -> bool:
    if known.start - incident.end > EPISODE or incident.start - known.end > EPISODE:
        return False
    return incident.root in known.clusters or known.root in incident.clusters


def _shared(incident: Incident, known: Incident) -> int:
    return len(set(incident.clusters) & set(known.clusters))
