"""Made-up cases: one cluster of a fictional ticket shop, as large or as small as a test wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.models import (
    Case,
    Cluster,
    Count,
    CriticalPath,
    Deployment,
    Entry,
    Failure,
    Form,
    Incident,
    Kind,
    Level,
    Problem,
    Request,
    Severity,
    Signature,
    Site,
    Trend,
    Triage,
)

START = datetime(2026, 3, 6, 10, 0, 0, tzinfo=UTC)
NEW, OLD = "seat-map-00042-abc", "seat-map-00041-xyz"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/srv/seats/plan.py", line 31, in load\n'
    "    import venues\n"
    "ModuleNotFoundError: No module named 'venues'"
)


def entry(
    text: str,
    *,
    id: str = "e1",
    after: float = 0,
    revision: str = NEW,
    environment: str = "production",
    failure: Failure | None = None,
    request: Request | None = None,
    site: Site | None = None,
    form: Form | None = None,
) -> Entry:
    shape = form or (Form.REQUEST if request else Form.EXCEPTION if failure else Form.LINE)
    return Entry(
        id=id,
        key=abs(hash((id, text))),
        time=START + timedelta(seconds=after),
        service="seat-map",
        text=text,
        level=Level.ERROR,
        form=shape,
        environment=environment,
        revision=revision,
        failure=failure,
        request=request,
        site=site,
    )


def cluster(
    evidence: Sequence[Entry],
    *,
    number: int = 3,
    occurrences: int = 12,
    entries: int = 48,
    seconds: float = 760,
    counts: Sequence[Count] | None = None,
    users: int = 0,
    exception: str = "",
    status: int = 0,
    method: str = "",
    route: str = "",
    title: str = "",
    kind: Kind = Kind.APPLICATION,
) -> Cluster:
    title = title or (evidence[0].text.splitlines()[-1] if evidence else "something")
    signature = Signature(
        key="k",
        version=1,
        service="seat-map",
        kind=kind,
        title=title,
        template=title,
        exception=exception,
        status=status,
        method=method,
        route=route,
    )
    return Cluster(
        number=number,
        service="seat-map",
        kind=kind,
        title=title,
        template=title,
        signatures=(signature,),
        entries=entries,
        occurrences=occurrences,
        first_seen=START,
        last_seen=START + timedelta(seconds=seconds),
        counts=tuple(counts) if counts is not None else (Count(START, "production", NEW, entries, occurrences),),
        evidence=tuple(evidence),
        users=users,
    )


def problem(c: Cluster, *, severity: Severity = Severity.P1, incident: Incident | None = None) -> Problem:
    return Problem(c, Triage(severity, "new", c.kind, Trend.NEW, ("because it is a test",)), incident=incident)


def case(
    c: Cluster,
    *,
    severity: Severity = Severity.P1,
    incident: Incident | None = None,
    symptoms: Sequence[Cluster] = (),
    deployments: Sequence[Deployment] = (),
    paths: Sequence[CriticalPath] = (),
) -> Case:
    return Case(
        problem(c, severity=severity, incident=incident), tuple(symptoms), tuple(deployments), tuple(paths), "print"
    )


def missing_module() -> Case:
    """Twelve tracebacks on one revision, ten minutes after its deployment."""
    failure = Failure("ModuleNotFoundError", "No module named 'venues'", Site(file="/srv/seats/plan.py", line=31))
    found = [entry(TRACEBACK, id="e1", failure=failure), entry(TRACEBACK, id="e2", after=760, failure=failure)]
    deployed = Deployment(START - timedelta(minutes=10), "seat-map", "production", NEW, who="robin")
    return case(cluster(found, exception="ModuleNotFoundError", kind=Kind.EXCEPTION), deployments=[deployed])
