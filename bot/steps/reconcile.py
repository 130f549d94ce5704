"""Twins: issues that two of us wrote for the same problem, because each looked before the other had written.

A marker names the cluster's signature, so twins know each other whatever their databases say. The lower number
stays; whoever wrote the other closes it, which the approval covers. The same goes for a comment that was written
again because the first one showed only later: the later one then says that it was written twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta

from bot.models import Comment, Issue, Proposal

OPENING = 500
"""So much of a comment tells whether it is the same."""
ECHO = "Written twice: the tracker took this comment late. The same stands in an earlier one."
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


def echoes(proposal: Proposal, comments: Iterable[Comment]) -> list[Comment]:
    """The proposal's comment, where it stands there again: by the same author, in the same words. Who copies the marker
    alone is left alone."""
    said = [c for c in sorted(comments, key=lambda c: c.id) if proposal.marker in c.body]
    text = proposal.draft.comment.strip()[:OPENING]
    return [c for c in said[1:] if c.author == said[0].author and text and c.body.startswith(text)]


def marker(proposal: Proposal) -> str:
    """What marks the comment with which a twin is closed."""
    return proposal.marker.replace("<!-- log-gardener: ", "<!-- log-gardener-twin: ")
