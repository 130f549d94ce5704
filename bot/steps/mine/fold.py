"""The hard cap: a service that writes free text gets no more problems than can be looked at.

Past the cap, a text that is of a known template counts as that, and one that is of none is one of the "other lines" of
its service. Only there does it matter what came first.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.models import Kind, Learnt, Sighting, Signature
from bot.steps.mine import MINED, mine

CAP = 2_000
"""Signatures of free text that a service may have."""
COMPARED = 4_000
"""Texts beyond the cap that are compared with what is known, in one batch."""


def texts(*batches: Sequence[Sighting]) -> dict[str, Signature]:
    """The signatures of free text by their keys, those that began first in front."""
    found: dict[str, Signature] = {}
    for sighting in sorted((s for batch in batches for s in batch), key=lambda s: s.occurrence.head.order):
        if sighting.signature and sighting.signature.kind in MINED:
            found.setdefault(sighting.signature.key, sighting.signature)
    return found


def fold(new: Mapping[str, Signature], crowded: Mapping[str, Sequence[Learnt]], cap: int = CAP) -> dict[str, Signature]:
    """What signatures beyond the cap count as, by key. `crowded` are the services that may reach it."""
    by_service: dict[str, list[Signature]] = defaultdict(list)
    for signature in new.values():
        by_service[signature.service].append(signature)
    return {
        key: signature
        for service, signatures in by_service.items()
        if service in crowded or len(signatures) > cap
        for key, signature in _instead(service, signatures, crowded.get(service, ()), cap).items()
    }


def counted_as(sightings: Sequence[Sighting], instead: Mapping[str, Signature]) -> tuple[Sighting, ...]:
    """The sightings, with some of their signatures replaced."""
    return tuple(
        replace(s, signature=instead[s.signature.key]) if s.signature and s.signature.key in instead else s
        for s in sightings
    )


def _instead(service: str, new: Sequence[Signature], known: Sequence[Learnt], cap: int) -> dict[str, Signature]:
    """What signatures beyond the cap count as."""
    have = {k.signature.key: k.signature for k in known}
    fresh = [s for s in new if s.key not in have]
    room = max(0, cap - len(have))
    beyond = fresh[room:]
    if not beyond:
        return {}
    have |= {s.key: s for s in fresh[:room]}
    instead = {s.key: other(service) for s in beyond}
    compared = [*have.values(), *beyond[:COMPARED]]
    for group in mine(Learnt(s) for s in compared):
        stands = next((have[key] for key in group if key in have), None)
        instead |= {key: stands for key in group if stands and key in instead}
    return instead


def other(service: str) -> Signature:
    """What is left of a service that writes too many different lines."""
    key = hashlib.blake2b(f"other\x00{service}".encode("utf-8", "replace"), digest_size=16).hexdigest()
    title = "Other lines, too many different ones to tell apart"
    return Signature(key, 1, service, Kind.APPLICATION, title, title)
