"""The inquiries, top to bottom: questions that need more than a look at one cluster.

    deploys, validate:   store -> inquiries.deploys -> what is new, worse and gone since a deployment
    coverage:            store -> inquiries.coverage -> what should be logged and is not

What is asked of the outside is asked here; the rules are pure and stand in `bot.inquiries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.errors import Refused
from bot.inquiries.coverage import Coverage, Met, coverage
from bot.inquiries.deploys import LONGEST, Validation, validate
from bot.models import Deployment, Expectation, Window
from bot.ports import Edges

KNOWN = timedelta(days=30)
"""How far back a deployment is looked for by its name."""
LIVELY = timedelta(days=7)
"""What was not seen for longer says nothing of how a service logs today."""
ENOUGH = 50
"""Clusters that are looked through for one expectation."""


def deploys(edges: Edges, since: timedelta) -> list[Validation]:
    """Every deployment of the span with its verdict, the newest first."""
    now = edges.store.rounds.read_until() or edges.clock()
    found = edges.store.deployments.between(Window(edges.clock() - since, edges.clock()))
    return [_validated(edges, d, found, now) for d in reversed(found)]


def validation(edges: Edges, service: str, revision: str) -> Validation:
    """Of the newest deployment that fits what was asked; the service may be named in part."""
    now = edges.store.rounds.read_until() or edges.clock()
    found = edges.store.deployments.between(Window(edges.clock() - KNOWN, edges.clock()))
    fitting = [d for d in found if service in d.service.lower() and revision in d.revision.lower()]
    if not fitting:
        what = " ".join(w for w in (service, revision) if w)
        raise Refused(
            f"No deployment{f' of {what}' if what else ''} was read in the last {KNOWN.days} days. "
            "`/garden deploys 7d` lists those that were."
        )
    return _validated(edges, fitting[-1], found, now)


def _validated(edges: Edges, deployment: Deployment, all_: Sequence[Deployment], now: datetime) -> Validation:
    same = [d for d in all_ if (d.service, d.environment) == (deployment.service, deployment.environment)]
    later = min((d.time for d in same if d.time > deployment.time), default=None)
    around = Window(deployment.time - LONGEST, min(later or now, now))
    problems = edges.store.clusters.problems(edges.store.clusters.between(around))
    return validate(deployment, later, problems, now)


def covered(edges: Edges, service: str) -> Coverage:
    """What the newest problems show of how services log; and which of the team's own expectations were ever met."""
    now = edges.clock()
    problems = edges.store.clusters.problems(edges.store.clusters.between(Window(now - LIVELY, now)))
    names = {p.cluster.service for p in problems}
    fitting = sorted(n for n in names if service in n.lower()) if service else []
    if service and not fitting:
        raise Refused(f"No problem of a service called {service} was seen in {LIVELY.days} days.")
    return coverage(problems, [_met(edges, e) for e in edges.policy.coverage], fitting[0] if fitting else "")


def _met(edges: Edges, wanted: Expectation) -> Met:
    found = edges.store.clusters.load(edges.store.clusters.search(wanted.words.split(), ENOUGH))
    return Met(wanted, tuple(c.number for c in found if wanted.service in ("", c.service)))
