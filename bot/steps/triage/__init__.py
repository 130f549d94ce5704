"""How urgent a problem is, and why: severity from evidence, category, kind, trend.

The level that a line gives itself is a hint and no more. Each step up or down has a reason with its figures. A
person's severity is never overwritten.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from bot.models import Cluster, Incident, Match, Outcome, Policy, Severity, Triage
from bot.steps.triage.nature import Nature, nature
from bot.steps.triage.nature import looks_back as looks_back
from bot.steps.triage.trend import trend

_ORDER = tuple(Severity)
_MANY = 10
"""From so many users or clients on, a problem is not somebody's own."""
_STORM = 2
"""So many symptoms make their cause more urgent than it looks by itself."""
_EARLY = frozenset({"development", "test", "sandbox", "preview", "demo"})
_LATE = frozenset({"staging"})
PRODUCTION = "production"
_YOUNG = timedelta(days=1)
CATEGORIES = ("new", "active-dev", "regression")


def triage(
    cluster: Cluster,
    match: Match | None,
    incident: Incident | None,
    previous: Triage | None,
    policy: Policy,
    now: datetime,
    *,
    baseline: bool,
    read: Collection[str] = (PRODUCTION,),
) -> Triage:
    """What the evidence says now; with the severity that a person set, where one did. `read` are all environments that
    are read of: where none is later than staging, staging is the one that counts."""
    found = nature(cluster, policy)
    severity, reasons = found.severity, [found.reason, *_extent(cluster)]
    raised: list[str] = []
    raising = (_incident(cluster, incident, found), _people(cluster, found), _critical(cluster, policy, found))
    for change, reason in (*raising, _returned(match)):
        if reason:
            (raised if change > 0 else reasons).append(reason)
            severity = _moved(severity, change)
    raised.append(found.reason)
    reasons = [*raised, *reasons[1:]]
    change, reason = _environment(cluster, found, severity, read)
    if reason:
        reasons.append(reason)
        severity = _moved(severity, change)
    by = ""
    if previous is not None and previous.by:
        if previous.severity is not severity:
            reasons.insert(0, f"Set to {previous.severity} by {previous.by}; the evidence alone says {severity}")
        else:
            reasons.insert(0, f"Set to {previous.severity} by {previous.by}")
        severity, by = previous.severity, previous.by
        raised = reasons[:1]
    return Triage(
        severity=severity,
        category=_category(cluster, match, previous, now, baseline=baseline),
        kind=found.kind,
        trend=trend(cluster, now),
        reasons=tuple(reasons),
        by=by,
        raised=tuple(raised),
    )


def _moved(severity: Severity, steps: int) -> Severity:
    at = _ORDER.index(severity) - steps
    return _ORDER[min(max(at, 0), len(_ORDER) - 1)]


def _extent(cluster: Cluster) -> list[str]:
    span = _span(cluster.last_seen - cluster.first_seen)
    times = "once" if cluster.occurrences == 1 else f"{cluster.occurrences} times{f' in {span}' if span else ''}"
    return [f"Seen {times}, {cluster.entries} log entries" if cluster.entries > 1 else f"Seen {times}"]


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 1:
        return ""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def _incident(cluster: Cluster, incident: Incident | None, found: Nature) -> tuple[int, str]:
    """The root of an incident weighs what its symptoms weigh."""
    if incident is None:
        return 0, ""
    others = len(incident.clusters) - 1
    if incident.root != cluster.number:
        return 0, f"A symptom of cluster {incident.root}"
    if found.severity is Severity.P2 and others >= _STORM and not found.mild:
        return 1, f"The root of an incident with {others} symptom{'s' if others > 1 else ''}"
    return 0, f"The root of an incident with {others} symptom{'s' if others > 1 else ''}"


def _people(cluster: Cluster, found: Nature) -> tuple[int, str]:
    many, who = max((cluster.users, "users"), (cluster.clients, "clients"))
    if many < _MANY or found.mild:
        return 0, ""
    up = 1 if found.severity >= Severity.P2 else 0
    return up, f"{many} {who} are hit"


def _critical(cluster: Cluster, policy: Policy, found: Nature) -> tuple[int, str]:
    """A way that earns money: touched, a step up; but broken (P0) only where many are hit or nothing starts."""
    if found.mild:
        return 0, ""
    for path in policy.critical_paths:
        served = any(fnmatchcase(cluster.service, s) for s in path.services)
        routed = any(fnmatchcase(s.route, r) for s in cluster.signatures if s.route for r in path.routes)
        if routed or (served and (not path.routes or not any(s.route for s in cluster.signatures))):
            worth = f", worth {path.worth}" if path.worth else ""
            broken = found.severity > Severity.P1 or found.startup or max(cluster.users, cluster.clients) >= _MANY
            return int(broken), f"Touches the critical path “{path.name}”{worth}"
    return 0, ""


def _returned(match: Match | None) -> tuple[int, str]:
    if match is None or match.outcome is not Outcome.REGRESSION:
        return 0, ""
    ref = match.issue.ref if match.issue else "its issue"
    return 1, f"It is back: {ref} was closed as completed"


def _environment(cluster: Cluster, found: Nature, severity: Severity, read: Collection[str]) -> tuple[int, str]:
    """What is only seen before production weighs a step less; what keeps a service from starting there is urgent, but
    blocks nobody.
    """
    names = {e for e in cluster.environments if e}
    if not names or "" in cluster.environments:
        return 0, ""
    listed = ", ".join(sorted(names))
    if names & _LATE and not set(read) - _EARLY - _LATE:
        return 0, ""
    if found.startup:
        return (-1, f"Only in {listed}") if severity is Severity.P0 and names <= _EARLY | _LATE else (0, "")
    if names <= _EARLY:
        return -1, f"Only in {listed}"
    if names <= _EARLY | _LATE and severity in (Severity.P2, Severity.P3):
        return -1, f"Only in {listed}"
    return 0, ""


def _category(cluster: Cluster, match: Match | None, previous: Triage | None, now: datetime, *, baseline: bool) -> str:
    if previous is not None and previous.category not in CATEGORIES:
        return previous.category
    outcome = match.outcome if match else Outcome.NEW
    if outcome is Outcome.REGRESSION:
        return "regression"
    if baseline or outcome in (Outcome.KNOWN, Outcome.COMMENT_ONLY):
        return "active-dev"
    if previous is None:
        return "new"
    return "new" if previous.category == "new" and now - cluster.first_seen < _YOUNG else "active-dev"
