"""What Cloud Logging is asked: the filter of a stretch of one project's logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.errors import InputError
from bot.models import Aim, Scope, Stretch

LONGEST = 20_000
"""Characters of a filter; the service takes no more."""
TYPES = ("cloud_run_revision", "cloud_run_job", "cloud_run_worker_pool", "cloud_function")
SERVICES = ("service_name", "job_name", "function_name")
JOBS = ("job_name",)
MATTERS = (
    "(severity>=WARNING OR severity=DEFAULT OR httpRequest.status>=400"
    ' OR log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/system_event"))'
)
"""Loud entries, those without a severity, failed requests, and deployments."""


def question(scope: Scope, stretch: Stretch) -> str:
    """All of the stretch from `at` on; an entry that is dated ahead of its arrival comes with what arrived with it."""
    start, end = stamp(stretch.start), stamp(stretch.end)
    times = [f'timestamp>="{stamp(stretch.at)}"']
    if stretch.aim is Aim.LATE:
        arrived = stamp(stretch.arrived or stretch.start)
        times += [f'timestamp<"{end}"', f'receiveTimestamp>="{arrived}"']
    else:
        times += [f'(timestamp<"{end}" OR (receiveTimestamp>="{start}" AND receiveTimestamp<"{end}"))']
    text = "\n".join([f"resource.type=({_any(TYPES)})", *times, MATTERS, *_names(scope), *_left_out(scope)])
    if len(text) > LONGEST:
        raise InputError(
            f"The services, jobs and exclusions of project {scope.project} are too many to ask for by name. "
            "Shorten them with `*` at the end of names, or leave them out to read everything."
        )
    return text


def stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _names(scope: Scope) -> Iterable[str]:
    named = [_named(n, s) for s in scope.services for n in SERVICES]
    named += [_named(n, s) for s in scope.jobs for n in JOBS]
    return ["(" + " OR ".join(named) + ")"] if named else []


def _left_out(scope: Scope) -> Iterable[str]:
    return [f"NOT ({rule})" for rule in scope.exclude]


def _named(label: str, service: str) -> str:
    if service.endswith("*"):
        start = "".join(c if c.isalnum() or c == "-" else "\\" + c for c in service[:-1])
        return f"resource.labels.{label}=~{quoted('^' + start)}"
    return f"resource.labels.{label}={quoted(service)}"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(values: Sequence[str]) -> str:
    return " OR ".join(quoted(v) for v in values)
