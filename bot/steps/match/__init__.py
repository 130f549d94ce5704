"""Which issue a cluster belongs to: the mapping, the marker, then the likeness of what people wrote.

`words` says what to look for in the mirror of the tracker; `match` judges what was found there, open and closed.
Above CONFIDENT an issue is taken; between that and PLAUSIBLE people are offered the best three; below, nothing is
like it. How an issue was closed decides what may be done with it. Each outcome says why in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.models import Candidate, Cluster, Deployment, Incident, Issue, Kind, Match, Outcome
from bot.steps.match.likeness import LONGEST_TEXT, by_name, rank, words

__all__ = ["alike", "compare", "match", "referred", "reordered", "words"]

CONFIDENT = 0.5
"""From here on an issue is taken to be the cluster's own."""
CLEAR = 0.1
"""How far the best has to be ahead of the second to be taken without asking."""
PLAUSIBLE = 0.28
"""Below this nobody is asked."""
OFFERED = 3
_EFFECTS = frozenset({Kind.PLATFORM, Kind.DEPLOYMENT, Kind.HTTP})
"""What only tells that something else went wrong."""
TOLD = 1_500
"""Characters of an entry in which the same cause may be named."""
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
    related: Mapping[int, Issue] = MappingProxyType({}),
    deployments: Sequence[Deployment] = (),
    alone: bool = False,
    services: Collection[str] = (),
) -> Match:
    """What the tracker knows of the cluster: the mapping, then the marker, then the candidates.

    `related` has what closed issues refer to (`referred`), `deployments` are those around the times at which they were
    closed: together they say whether a fix was deployed yet. `alone` says that the cluster came outside of incidents,
    too: what has an open issue then keeps it, as a symptom. `services` are all that are known: an issue that names
    another of them is about that one.
    """
    shipped = _Shipped({**{i.number: i for i in candidates}, **related}, deployments)
    if linked:
        return _judge(cluster, linked, f"the cluster is linked to #{linked.number}", (), shipped)
    if marked:
        return _judge(cluster, marked, f"#{marked.number} carries our marker for the cluster", (), shipped)
    root = incident.root if incident and incident.root != cluster.number else 0
    if incident and root and not (alone and cluster.kind not in _EFFECTS):
        return _symptom(incident)

    ranked = compare(cluster, candidates, related, services)
    near = tuple(c for c in ranked if c.score >= PLAUSIBLE)[:OFFERED]
    if incident and root and not (_is_clear(near) and not near[0].issue.closed):
        return _symptom(incident)
    if not near:
        return Match(Outcome.NEW, _nothing_like_it(ranked), candidates=tuple(ranked[:OFFERED]))
    best = near[0]
    if _is_clear(near) and not _untold(best.issue):
        why = f"#{best.issue.number} is about the same ({best.reason}; score {best.score:.2f})"
        why += f"; it comes without cluster {root}, too, so it keeps its own issue" if root else ""
        return _judge(cluster, best.issue, why, near, shipped)
    return Match(Outcome.OFFER, _offered(near), candidates=near)


def compare(
    cluster: Cluster, candidates: Sequence[Issue], related: Mapping[int, Issue], services: Collection[str] = ()
) -> list[Candidate]:
    """How like the cluster each of the issues is, best first. What was closed as a duplicate is no issue by itself:
    what it says counts for the one that it is a duplicate of. Those below PLAUSIBLE are in the order of their names.
    """
    issues = {i.number: i for i in candidates if not i.pull_request}
    twins: dict[int, list[Issue]] = {}
    for issue in list(issues.values()):
        original = _original(issue, {**related, **issues})
        if original:
            del issues[issue.number]
            issues[original.number] = original
            twins.setdefault(original.number, []).append(issue)
    ranked = rank(cluster, list(issues.values()), twins, services)
    near = [c for c in ranked if c.score >= PLAUSIBLE]
    return near + by_name(cluster, ranked[len(near) :])


def _original(issue: Issue, known: Mapping[int, Issue]) -> Issue | None:
    """What it is a duplicate of, by however many steps; None if it is none, or that is not known."""
    passed, at = {issue.number}, issue
    while at.reason == "duplicate":
        found = [known[n] for n in sorted((_originals(at) & known.keys()) - passed)]
        at = next((o for o in found if not o.pull_request), issue)
        if at is issue:
            return None
        passed.add(at.number)
    return None if at is issue else at


def _symptom(incident: Incident) -> Match:
    return Match(Outcome.SYMPTOM, f"a symptom of cluster {incident.root}: {incident.reason}")


def _is_clear(near: Sequence[Candidate]) -> bool:
    """Whether the best is like it, and no other nearly as much."""
    second = near[1].score if len(near) > 1 else 0.0
    return bool(near) and near[0].score >= CONFIDENT and near[0].score - second >= CLEAR


def _untold(issue: Issue) -> bool:
    """Closed, nobody knows when: words alone do not tell whether it was seen again, so a person has to."""
    return issue.closed and issue.closed_at is None


def _offered(candidates: Sequence[Candidate]) -> str:
    listed = ", ".join(f"#{c.issue.number} ({c.score:.2f}, {c.reason})" for c in candidates)
    return f"perhaps one of these, a person has to pick: {listed}"


def reordered(match: Match, order: Sequence[int]) -> Match:
    """What is offered, in the order that a model gives it. It can neither add an issue nor take one away, and what is
    new, or belongs to an issue already, stays so.
    """
    if match.outcome is not Outcome.OFFER:
        return match
    place = {number: at for at, number in enumerate(order)}
    candidates = tuple(sorted(match.candidates, key=lambda c: place.get(c.issue.number, len(place))))
    if candidates == match.candidates:
        return match
    return replace(match, candidates=candidates, reason=f"{_offered(candidates)}; in the order of the model")


def alike(cluster: Cluster, others: Sequence[Cluster]) -> tuple[int, str] | None:
    """That of the others of which this one would take an issue to be its own, and why: one cause, one issue.

    Compared with what was logged alone: what a model says of either decides nothing.
    """
    as_issues = [Issue("", c.number, c.title, body=_told(c)) for c in others if c.number != cluster.number]
    ranked = rank(cluster, as_issues)
    if not ranked or ranked[0].score < CONFIDENT:
        return None
    best = ranked[0]
    return best.issue.number, f"{best.reason}; score {best.score:.2f}"


def _told(cluster: Cluster) -> str:
    s = cluster.signature
    texts = (e.text[:TOLD] for e in cluster.evidence[:2])
    return "\n".join((cluster.service, s.exception, s.site, f"{s.method} {s.route}", cluster.template, *texts))


def _nothing_like_it(ranked: Sequence[Candidate]) -> str:
    if not ranked:
        return "no issue, open or closed, shares its words"
    best = max(ranked, key=lambda c: c.score)
    nearest = f"nearest is #{best.issue.number} ({best.score:.2f})"
    return f"nothing like it among {len(ranked)} issues with words in common; {nearest}"


def referred(issues: Iterable[Issue]) -> set[int]:
    """What has to be known beside these issues: what they are duplicates of, and the pull requests that closed them."""
    closed = [i for i in issues if i.closed]
    return {n for i in closed for n in (_originals(i) if i.reason == "duplicate" else {i.pull} - {0})}


@dataclass(frozen=True, slots=True)
class _Shipped:
    """What else is known: other issues and pull requests, and what was deployed when."""

    known: Mapping[int, Issue]
    deployments: Sequence[Deployment]

    def fixed(self, issue: Issue, closed: datetime) -> tuple[datetime, str]:
        """From when on a revision has the fix, as far as can be told, and by what."""
        mark = issue.commit[:7]
        for d in sorted(self.deployments, key=lambda d: d.time) if len(mark) == 7 else ():
            if d.ok and (mark in d.image or mark in d.revision):
                return d.time, f"commit {mark}, first deployed on {_date(d.time)}"
        pull = self.known.get(issue.pull) if issue.pull else None
        if pull and pull.merged_at:
            return pull.merged_at, f"#{pull.number}, merged on {_date(pull.merged_at)}"
        return closed, ""

    def since(self, service: str) -> dict[str, datetime]:
        """When each revision of a service was first deployed: one that is gone back to has no more fixes for that."""
        newest_first = sorted(self.deployments, key=lambda d: d.time, reverse=True)
        return {d.revision: d.time for d in newest_first if d.ok and d.revision and d.service == service}


def _judge(cluster: Cluster, issue: Issue, why: str, candidates: tuple[Candidate, ...], shipped: _Shipped) -> Match:
    """What may be done with the issue it belongs to, by how that was closed."""
    if not issue.closed:
        return Match(Outcome.KNOWN, why, issue, candidates)
    refusal = _refused(issue)
    if refusal:
        return Match(Outcome.COMMENT_ONLY, f"{why}; {refusal}: a comment at most", issue, candidates)
    if issue.reason == "duplicate":
        found = [shipped.known[n] for n in sorted(_originals(issue) & shipped.known.keys())]
        original = next((o for o in found if o.reason != "duplicate" and not o.pull_request), None)
        if original:
            why = f"{why}, which was closed as a duplicate of #{original.number}"
            return _judge(cluster, original, why, candidates, shipped)
        return Match(
            Outcome.COMMENT_ONLY, f"{why}, which was closed as a duplicate: a comment at most", issue, candidates
        )
    closed = issue.closed_at
    if closed is None:
        return Match(Outcome.REGRESSION, f"{why}; it was closed as completed, and is seen again", issue, candidates)
    when = f"#{issue.number} was closed as completed on {_date(closed)}"
    if cluster.last_seen <= closed:
        return Match(Outcome.KNOWN, f"{why}; {when}, and it was not seen since", issue, candidates)
    fixed, by = shipped.fixed(issue, closed)
    old, new = _revisions(cluster, closed, fixed, shipped.since(cluster.service))
    seen = f"seen again on {_date(cluster.last_seen)}"
    if old and not new:
        fix = f"the fix ({by})" if by else "the fix"
        said = f"but only on {_listed(old)}, which ran before that: {fix} may not be deployed yet"
        return Match(Outcome.COMMENT_ONLY, f"{why}; {when}, {seen}, {said}", issue, candidates)
    on = f" on revision {_listed(new)}" if new else ""
    fix = f", which has the fix ({by})" if by and new else ""
    return Match(Outcome.REGRESSION, f"{why}; {when}, {seen}{on}{fix}: a regression", issue, candidates)


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


def _originals(issue: Issue) -> set[int]:
    return {int(n) for text in (*issue.comments, issue.body[:LONGEST_TEXT]) for n in _TWIN.findall(text)}


def _revisions(
    cluster: Cluster, closed: datetime, fixed: datetime, served: Mapping[str, datetime]
) -> tuple[list[str], list[str]]:
    """Revisions that showed it after the issue was closed: those without the fix, and those with it. Where it is not
    known when one was deployed, one that was seen before the issue was closed counts as without."""
    exact = [(m.time, m.revision) for m in cluster.moments] + [(e.time, e.revision) for e in cluster.evidence]
    before = {r for t, r in exact if t <= closed} | {c.revision for c in cluster.counts if c.start <= closed - BUCKET}
    after = [r for t, r in sorted(exact) if t > closed] + [c.revision for c in cluster.counts if c.start >= closed]
    since = [r for r in dict.fromkeys(after) if r]
    old = [r for r in since if (served[r] < fixed if r in served else r in before)]
    return old, [r for r in since if r not in old]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _date(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
