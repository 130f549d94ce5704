"""Which issue a cluster belongs to: the mapping, the marker, then the likeness of what people wrote.

`words` says what to look for in the mirror of the tracker; `match` judges what was found there, open and closed.
Above CONFIDENT an issue is taken; between that and PLAUSIBLE people are offered the best three; below, nothing is
like it. How an issue was closed decides what may be done with it. Each outcome says why in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.models import Act, Candidate, Cluster, Incident, Issue, Match, Outcome, Proposal
from bot.steps.match.likeness import LONGEST_TEXT, rank, words

__all__ = ["alike", "match", "words"]

CONFIDENT = 0.5
"""From here on an issue is taken to be the cluster's own."""
CLEAR = 0.1
"""How far the best has to be ahead of the second to be taken without asking."""
PLAUSIBLE = 0.28
"""Below this nobody is asked."""
OFFERED = 3
BUCKET = timedelta(hours=1)
"""Counts are kept per span of time; a revision counts as old only where it was seen at least so long before."""

_REFUSAL = re.compile(
    r"\b(?:wo(?:n'?t|nt)[ -]?fix|will not (?:be )?fix(?:ed)?|not going to fix|not planned"
    r"|works? as (?:intended|designed)|not a bug|accepted risk"
    r"|(?:^|[.!:;,(] ?|(?:is|are|it's|that's|works|expected|intended) )by design)\b",
    re.IGNORECASE,
)
_TWIN = re.compile(r"\bduplicate of\s+(?:[\w.-]+/[\w.-]+)?#(\d{1,9})\b", re.IGNORECASE)


def match(
    cluster: Cluster,
    *,
    linked: Issue | None,
    marked: Issue | None,
    candidates: Sequence[Issue],
    incident: Incident | None,
) -> Match:
    """What the tracker knows of the cluster: the mapping, then the marker, then the candidates."""
    if linked:
        return _judge(cluster, linked, f"the cluster is linked to #{linked.number}", (), candidates)
    if marked:
        return _judge(cluster, marked, f"#{marked.number} carries our marker for the cluster", (), candidates)
    if incident and incident.root != cluster.number:
        return Match(Outcome.SYMPTOM, f"a symptom of cluster {incident.root}: {incident.reason}")

    ranked = rank(cluster, [i for i in candidates if not i.pull_request])
    near = tuple(c for c in ranked if c.score >= PLAUSIBLE)[:OFFERED]
    if not near:
        return Match(Outcome.NEW, _nothing_like_it(ranked), candidates=tuple(ranked[:OFFERED]))
    best, second = near[0], near[1].score if len(near) > 1 else 0.0
    if best.score >= CONFIDENT and best.score - second >= CLEAR:
        why = f"#{best.issue.number} is about the same ({best.reason}; score {best.score:.2f})"
        return _judge(cluster, best.issue, why, near, candidates)
    offered = ", ".join(f"#{c.issue.number} ({c.score:.2f}, {c.reason})" for c in near)
    return Match(Outcome.OFFER, f"perhaps one of these, a person has to pick: {offered}", candidates=near)


def alike(cluster: Cluster, waiting: Sequence[Proposal]) -> tuple[Proposal, str] | None:
    """The proposal of another cluster that would become the very issue of this one, and why; one cause, one issue."""
    others = {p.cluster: p for p in waiting if p.cluster != cluster.number and p.draft.act is Act.CREATE}
    drafted = [Issue(p.draft.repository, n, p.draft.title, body=p.draft.body) for n, p in others.items()]
    ranked = rank(cluster, drafted)
    if not ranked or ranked[0].score < CONFIDENT:
        return None
    best = ranked[0]
    return others[best.issue.number], f"{best.reason}; score {best.score:.2f}"


def _nothing_like_it(ranked: Sequence[Candidate]) -> str:
    if not ranked:
        return "no issue, open or closed, shares its words"
    best = ranked[0]
    nearest = f"nearest is #{best.issue.number} ({best.score:.2f})"
    return f"nothing like it among {len(ranked)} issues with words in common; {nearest}"


def _judge(
    cluster: Cluster, issue: Issue, why: str, candidates: tuple[Candidate, ...], others: Iterable[Issue]
) -> Match:
    """What may be done with the issue it belongs to, by how that was closed."""
    if not issue.closed:
        return Match(Outcome.KNOWN, why, issue, candidates)
    refusal = _refused(issue)
    if refusal:
        return Match(Outcome.COMMENT_ONLY, f"{why}; {refusal}: a comment at most", issue, candidates)
    if issue.reason == "duplicate":
        twin = _twin(issue, others)
        if twin:
            return _judge(cluster, twin, f"{why}, which was closed as a duplicate of #{twin.number}", candidates, ())
        return Match(
            Outcome.COMMENT_ONLY, f"{why}, which was closed as a duplicate: a comment at most", issue, candidates
        )
    closed = issue.closed_at
    if closed is None:
        return Match(Outcome.REGRESSION, f"{why}; it was closed as completed, and is seen again", issue, candidates)
    when = f"#{issue.number} was closed as completed on {_date(closed)}"
    if cluster.last_seen <= closed:
        return Match(Outcome.KNOWN, f"{why}; {when}, and it was not seen since", issue, candidates)
    old, new = _revisions(cluster, closed)
    seen = f"seen again on {_date(cluster.last_seen)}"
    if old and not new:
        said = f"but only on {_listed(old)}, which ran before that: the fix may not be deployed yet"
        return Match(Outcome.COMMENT_ONLY, f"{why}; {when}, {seen}, {said}", issue, candidates)
    on = f" on revision {_listed(new)}" if new else ""
    return Match(Outcome.REGRESSION, f"{why}; {when}, {seen}{on}: a regression", issue, candidates)


def _refused(issue: Issue) -> str:
    """The team's word that this is not to be fixed, as a phrase; empty if there is none."""
    if issue.reason == "not_planned":
        return f"#{issue.number} was closed as not planned"
    for label in issue.labels:
        if _REFUSAL.search(label) or label.lower().replace("'", "").replace(" ", "") == "wontfix":
            return f'#{issue.number} was closed with the label "{label}"'
    for comment in reversed(issue.comments):
        said = _REFUSAL.search(comment[:LONGEST_TEXT]) if "<!--" not in comment else None  # ours are not the team's
        if said:
            return f'#{issue.number} was closed, and a comment says "{said[0]}"'
    return ""


def _twin(issue: Issue, others: Iterable[Issue]) -> Issue | None:
    named = {int(n) for text in (*issue.comments, issue.body[:LONGEST_TEXT]) for n in _TWIN.findall(text)}
    return next((o for o in others if o.number in named and o.reason != "duplicate"), None)


def _revisions(cluster: Cluster, closed: datetime) -> tuple[list[str], list[str]]:
    """Revisions that showed it after the issue was closed: those that ran before that already, and newer ones."""
    exact = [(m.time, m.revision) for m in cluster.moments] + [(e.time, e.revision) for e in cluster.evidence]
    before = {r for t, r in exact if t <= closed} | {c.revision for c in cluster.counts if c.start <= closed - BUCKET}
    after = [r for t, r in sorted(exact) if t > closed] + [c.revision for c in cluster.counts if c.start >= closed]
    since = [r for r in dict.fromkeys(after) if r]
    return [r for r in since if r in before], [r for r in since if r not in before]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _date(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
