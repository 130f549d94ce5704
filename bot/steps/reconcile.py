"""Twins: issues that two of us wrote for the same problem, because each looked before the other had written.

A marker names the cluster's signature, so twins know each other whatever their databases say. The lower number
stays; whoever wrote the other closes it, which the approval covers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta

from bot.models import Issue, Proposal

EARLIER = timedelta(hours=1)
"""How far back before a proposal was made the newest issues are looked through: clocks differ."""
_SIGNATURE = re.compile(r"<!-- log-gardener: cluster=\d{1,15} signature=([0-9a-f]{16}) proposal=p-[\w-]{1,64} -->")


def own(proposal: Proposal, issues: Iterable[Issue]) -> list[Issue]:
    """Those that carry the proposal's own marker, in order of number: more than one if a write came late."""
    return sorted((i for i in issues if proposal.marker in i.body and not i.pull_request), key=lambda i: i.number)


def first(proposal: Proposal, issues: Iterable[Issue], apart: Collection[int] = ()) -> Issue | None:
    """The lowest open issue that is of the same problem, by any of us, but those that people said are not."""
    signature = _SIGNATURE.fullmatch(proposal.marker)
    same = [
        i
        for i in issues
        if not (i.closed or i.pull_request or i.number in apart)
        and (proposal.marker in i.body or (signature and signature[1] in _SIGNATURE.findall(i.body)))
    ]
    return min(same, key=lambda i: i.number, default=None)


def twins(proposal: Proposal, issues: Iterable[Issue], apart: Collection[int] = ()) -> tuple[Issue | None, list[Issue]]:
    """The issue that stays, and those of our own that give way to it."""
    found = list(issues)
    stays = first(proposal, found, apart)
    return stays, [i for i in own(proposal, found) if stays and i.number > stays.number and not i.closed]


def marker(proposal: Proposal) -> str:
    """What marks the comment with which a twin is closed."""
    return proposal.marker.replace("<!-- log-gardener: ", "<!-- log-gardener-twin: ")
