"""Which problems a channel is told of: by service, severity and kind, as garden.toml and the channel itself say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from bot.models import Channel, Problem, Report, Severity

SETTINGS = ("schedule", "timezone", "severity", "services", "alert")
"""What can be set in the channel itself."""


def channels(main: Channel, listed: Sequence[Channel], said: Mapping[str, Mapping[str, str]]) -> list[Channel]:
    """All channels, each once, the main one first, with what was said there in place of what the file says."""
    by_id = {c.id: c for c in (main, *listed)} if main.id else {c.id: c for c in listed}
    return [_with(c, said.get(c.id, {})) for c in by_id.values()]


def _with(channel: Channel, said: Mapping[str, str]) -> Channel:
    return replace(
        channel,
        schedule=said.get("schedule", channel.schedule),
        timezone=said.get("timezone", channel.timezone),
        severity=Severity(said["severity"]) if "severity" in said else channel.severity,
        alert=Severity(said["alert"]) if "alert" in said else channel.alert,
        services=tuple(said["services"].split()) if "services" in said else channel.services,
    )


def wanted(problem: Problem, channel: Channel) -> bool:
    """Whether the channel is told of it."""
    if channel.services and not any(fnmatchcase(problem.cluster.service, s) for s in channel.services):
        return False
    if channel.kinds and not {problem.triage.kind, problem.cluster.kind} & set(channel.kinds):
        return False
    return problem.triage.severity <= channel.severity


def told(report: Report, channel: Channel) -> Report:
    """The report as the channel is told it: families of which any member is wanted there."""
    kept = {p.number for f in report.families if any(wanted(p, channel) for p in f) for p in f}
    return replace(
        report,
        problems=tuple(p for p in report.problems if p.number in kept),
        incidents=tuple(i for i in report.incidents if kept & set(i.clusters)),
    )


def home(problem: Problem, known: Iterable[Channel]) -> str:
    """The channel in which a problem's proposal stands: one that names its service or kind, or the first that wants
    it, or the first of all.
    """
    known = list(known)
    wanting = [c for c in known if wanted(problem, c)]
    chosen = [c for c in wanting if c.services or c.kinds] or wanting or known
    return chosen[0].id if chosen else ""
