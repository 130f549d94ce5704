"""What a model is shown of a case: figures outside, everything that came from a log inside a fence, all of it bounded.

Texts of entries go in as they are kept, that is, redacted; only control and invisible characters are taken out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot.analysts.recognise import spread
from bot.models import Case, Cluster, Entry
from prompts import render

EVIDENCE_BOUND = 24_000
"""Characters of log text in one request."""
ENTRY_BOUND = 4_000
ENTRIES = 24
SYMPTOM_ENTRIES = 2
SYMPTOMS = 8
NAMES = 12
FENCE = "=====FENCE {}====="


def question(case: Case, boundary: Callable[[], str]) -> str:
    """The user's part of the request."""
    cluster = case.problem.cluster
    evidence, left_out = _evidence(case)
    mark = boundary()
    while mark in evidence:
        mark = boundary()
    return render(
        "analyse.user.md.j2",
        number=cluster.number,
        occurrences=cluster.occurrences,
        entries=cluster.entries,
        first_seen=_stamp(cluster.first_seen),
        last_seen=_stamp(cluster.last_seen),
        revisions=f"{len(cluster.revisions)}, named below",
        environments=f"{len(cluster.environments)}, named below",
        users=cluster.users or "not known",
        clients=cluster.clients or "not known",
        severity=case.problem.triage.severity.value,
        symptoms=", ".join(f"cluster {c.number} ({c.occurrences} occurrences)" for c in case.symptoms[:SYMPTOMS]),
        critical_paths=case.critical_paths,
        fence=FENCE.format(mark),
        evidence=evidence,
        left_out="; ".join(left_out),
    )


def _evidence(case: Case) -> tuple[str, list[str]]:
    cluster = case.problem.cluster
    parts: list[str] = []
    left_out: list[str] = []
    used = shown = 0
    total = len(cluster.evidence) + sum(len(c.evidence) for c in case.symptoms)
    for part, is_entry in _parts(case):
        if used + len(part) > EVIDENCE_BOUND:
            continue
        parts.append(part)
        used += len(part) + 1
        shown += is_entry
    if shown < total:
        left_out.append(f"{total - shown} of {total} kept entries")
    if len(case.symptoms) > SYMPTOMS:
        left_out.append(f"{len(case.symptoms) - SYMPTOMS} symptoms")
    return "\n".join(parts), left_out


def _parts(case: Case) -> Iterator[tuple[str, bool]]:
    cluster = case.problem.cluster
    yield _names(cluster), False
    for d in case.deployments:
        outcome = "" if d.ok else f" failed: {d.message}"
        line = f"deployment {_stamp(d.time)} service={d.service} environment={d.environment} revision={d.revision}"
        yield _shown(f"{line} image={d.image}{outcome}", 600), False
    for entry in spread(cluster.evidence, ENTRIES):
        yield _entry(entry), True
    for symptom in case.symptoms[:SYMPTOMS]:
        yield f"--- symptom\n{_names(symptom)}", False
        for entry in spread(symptom.evidence, SYMPTOM_ENTRIES):
            yield _entry(entry), True


def _names(cluster: Cluster) -> str:
    named = [f"cluster {cluster.number}", f"service={cluster.service}", f"kind={cluster.kind.value}"]
    named += [f"revisions={','.join(cluster.revisions[:NAMES])}"] if cluster.revisions else []
    for environment, (entries, occurrences) in list(cluster.environments.items())[:NAMES]:
        named.append(f"environment={environment or '-'}:{occurrences} occurrences,{entries} entries")
    return _shown(" ".join(named), 1_500) + "\n" + _shown(f"constant part: {cluster.template or cluster.title}", 1_000)


def _entry(entry: Entry) -> str:
    head = [f"--- entry id={entry.id}", _stamp(entry.time), entry.level.name]
    head += [f"{k}={v}" for k, v in (("environment", entry.environment), ("revision", entry.revision)) if v]
    if entry.site and (entry.site.file or entry.site.module):
        head.append(f"at={entry.site.file or entry.site.module}:{entry.site.line} {entry.site.function}".strip())
    if entry.failure:
        head.append(f"exception={entry.failure.type}")
    if entry.request:
        head.append(f"request={entry.request.method} {entry.request.route} status={entry.request.status}")
    return _shown(" ".join(head), 600) + "\n" + _bounded(_visible(entry.text))


def _bounded(text: str) -> str:
    """Beginning and end of a long text: the exception is named at the end of a traceback."""
    if len(text) <= ENTRY_BOUND:
        return text
    half = ENTRY_BOUND // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _shown(line: str, bound: int) -> str:
    return " ".join(_visible(line).split())[:bound]


def _visible(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
