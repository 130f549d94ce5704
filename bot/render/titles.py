"""Titles, labels, assignees in house style: `GCP-<category> | P<n> | <name>`, and what they say of a severity."""

from __future__ import annotations

import re

from bot.models import Issue, Kind, Policy, Problem, Severity, Verdict
from bot.render.escape import cut
from bot.render.escape import title as plain_title

TITLE_LIMIT = 256
LABELS = 4
LABEL_LIMIT = 50
PRIORITIES = frozenset(severity.value for severity in Severity)

_PRIORITY = re.compile(r"\b(P[0-5])\b(?:\s*(?:→|->)\s*(P[0-5])\b)?")


def name(problem: Problem) -> str:
    """What the problem is called: the analysis's name where the audit approved it, else the cluster's own title."""
    analysis, audit = problem.analysis, problem.audit
    if analysis and analysis.name and audit and audit.verdict is Verdict.APPROVED:
        return analysis.name
    return problem.cluster.title or problem.cluster.template


def title(problem: Problem) -> str:
    category = re.sub(r"[^\w-]", "", problem.triage.category) or "new"
    return retitle(f"GCP-{category} | {problem.triage.severity} | {name(problem)}")


def retitle(text: str) -> str:
    """Somebody's own words as a title: harmless, in one line, within the limit."""
    return cut(plain_title(text), TITLE_LIMIT)


def severity_of(issue: Issue) -> Severity | None:
    """What the issue says of its severity: the priority label, else the newest one in the title."""
    labelled = sorted(PRIORITIES.intersection(issue.labels))
    if labelled:
        return Severity(labelled[0])
    found = _PRIORITY.search(issue.title)
    return Severity(found[2] or found[1]) if found else None


def escalated(text: str, old: Severity | None, new: Severity) -> str:
    """The title with `P3 → P1` in the place of its severity, or in front where it has none."""
    change = f"{old} → {new}" if old else str(new)
    found = _PRIORITY.search(text)
    changed = text[: found.start()] + change + text[found.end() :] if found else f"{change} | {text}"
    return cut(changed, TITLE_LIMIT)


def with_severity(text: str, severity: Severity) -> str:
    """The title of a draft with another severity; an escalation keeps where it came from."""
    return _PRIORITY.sub(lambda f: f"{f[1]} → {severity}" if f[2] else severity.value, text, count=1)


def labels(problem: Problem, policy: Policy) -> tuple[str, ...]:
    """Priority, type, area, generated: four at most."""
    kind = "security" if problem.triage.kind is Kind.SECURITY else "bug"
    area = cut(f"area/{plain_title(problem.cluster.service)}", LABEL_LIMIT).replace(",", " ")
    generated = policy.labels[: LABELS - 1]
    others = (kind, area)[: LABELS - 1 - len(generated)]
    return tuple(dict.fromkeys((problem.triage.severity.value, *others, *generated)))


def assignees(problem: Problem, policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(policy.owners.get(problem.cluster.service, ())))[:10]
