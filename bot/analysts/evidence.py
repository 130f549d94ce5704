"""What a model is shown of a case: figures outside, everything that came from a log inside a fence, all of it bounded.

Entries are chosen for what they add: the first, the last, one of each revision, exception, status, code site and
environment, and what is rare among them; an entry that adds nothing is left out, for it costs and tells nothing. Texts
go in as they are kept, that is, redacted; only control and invisible characters are taken out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime

from bot.analysts.patterns import touches
from bot.models import Case, Cluster, Entry
from prompts import render

EVIDENCE_BOUND = 24_000
"""Bytes of log text in one request."""
ENTRY_BOUND = 3_000
ENTRIES = 12
SYMPTOM_ENTRIES = 2
SYMPTOMS = 8
NAMES = 12
FEW_LINES = 3
FOR_WORDS = 2
"""Entries that differ from the others in their words alone."""
PEOPLES_WORDS = 500
FENCE = "=====FENCE {}====="
Trait = tuple[str, object]
WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")


def question(case: Case, boundary: Callable[[], str], bound: int = EVIDENCE_BOUND) -> str:
    """The user's part of the request, with at most so many bytes of evidence."""
    cluster = case.problem.cluster
    evidence, left_out = _evidence(case, bound)
    told = [_shown(w, PEOPLES_WORDS) for w in (case.question, *case.wrong[:3], *case.known[:3])]
    issues = [(number, _shown(title, PEOPLES_WORDS)) for number, title in case.issues]
    mark = boundary()
    while any(mark in text for text in (evidence, *told, *(title for _, title in issues))):
        mark = boundary()
    return render(
        "analyse.user.md.j2",
        number=cluster.number,
        occurrences=cluster.occurrences,
        entries=cluster.entries,
        first_seen=_stamp(cluster.first_seen),
        last_seen=_stamp(cluster.last_seen),
        revisions=len(cluster.revisions),
        environments=len(cluster.environments),
        users=cluster.users,
        clients=cluster.clients,
        severity=case.problem.triage.severity.value,
        category=case.problem.triage.category,
        symptoms=", ".join(f"cluster {c.number} ({c.occurrences} occurrences)" for c in case.symptoms[:SYMPTOMS]),
        critical_paths=[p for p in case.critical_paths if touches(case, p)],
        fence=FENCE.format(mark),
        evidence=evidence,
        left_out="; ".join(left_out),
        issues=issues,
        question=told[0],
        wrong=told[1 : 1 + len(case.wrong[:3])],
        known=told[1 + len(case.wrong[:3]) :],
    )


def informative(entries: Sequence[Entry], most: int) -> list[Entry]:
    """The few that tell the most together, the most telling first: the first, the last, then whichever adds most."""
    traits = {e.key: _traits(e) for e in entries}
    often = Counter(t for found in traits.values() for t in found)
    chosen = list({e.key: e for e in (*entries[:1], *entries[-1:])}.values())
    known = {t for e in chosen for t in traits[e.key]}
    rest = [e for e in entries if e not in chosen]
    for_words = 0
    while rest and len(chosen) < most:
        best = max(rest, key=lambda e: _worth(traits[e.key] - known, often))
        added = traits[best.key] - known
        for_words += {name for name, _ in added} == {"words"}
        if not added or for_words > FOR_WORDS:
            break
        chosen.append(best)
        rest.remove(best)
        known |= added
    return chosen[:most]


def _worth(added: Set[Trait], often: Mapping[Trait, int]) -> tuple[float, float]:
    """Structure first, words second; what is rare weighs more."""
    return (
        sum(1 / often[t] for t in added if t[0] != "words"),
        sum(1 / often[t] for t in added if t[0] == "words"),
    )


def _traits(entry: Entry) -> frozenset[Trait]:
    """What tells entries of one problem apart; figures and ids that always differ are none."""
    found: set[Trait] = {
        ("environment", entry.environment),
        ("revision", entry.revision),
        ("level", entry.level),
        ("form", entry.form),
    }
    if entry.failure:
        found |= {("exception", entry.failure.type), ("frame", entry.failure.frame)}
    if entry.request:
        found |= {("route", (entry.request.method, entry.request.route)), ("status", entry.request.status)}
    if entry.site:
        found.add(("site", entry.site))
    found.add(("words", frozenset(WORD.findall(entry.text[:ENTRY_BOUND]))))
    return frozenset(found)


def _evidence(case: Case, bound: int) -> tuple[str, list[str]]:
    """As much as fits, the most telling first, shown in order of time."""
    cluster = case.problem.cluster
    head = "\n".join((_names(cluster), *_deployments(case)))
    said: set[str] = set()
    used = len(head.encode("utf-8", "replace"))
    left_out: list[str] = []
    parts: list[str] = [_cut(head, bound)]
    for one, most in ((cluster, ENTRIES), *((s, SYMPTOM_ENTRIES) for s in case.symptoms[:SYMPTOMS])):
        shown: list[Entry] = []
        title = "" if one is cluster else f"--- symptom\n{_names(one)}"
        used += len(title.encode("utf-8", "replace"))
        if used > bound:
            left_out.append(f"what came with it as cluster {one.number}")
            continue
        for entry in informative(one.evidence, most):
            size = len(_entry(entry).encode("utf-8", "replace")) + 1
            if used + size <= bound:
                used += size
                shown.append(entry)
        parts += [title] if title else []
        parts += [_once(_entry(e), said) for e in sorted(shown, key=lambda e: e.order)]
        if len(shown) < len(one.evidence):
            left_out.append(
                f"{len(one.evidence) - len(shown)} of {len(one.evidence)} kept entries of cluster {one.number}"
            )
    if len(case.symptoms) > SYMPTOMS:
        left_out.append(f"{len(case.symptoms) - SYMPTOMS} symptoms")
    return "\n".join(parts), left_out


def _deployments(case: Case) -> Iterator[str]:
    for d in case.deployments:
        outcome = "" if d.ok else f" failed: {d.message}"
        line = f"deployment {_stamp(d.time)} service={d.service} environment={d.environment} revision={d.revision}"
        yield _shown(f"{line} image={d.image}{outcome}", 400)


def _names(cluster: Cluster) -> str:
    named = [f"cluster {cluster.number}", f"service={cluster.service}", f"kind={cluster.kind.value}"]
    named += [f"revisions={','.join(cluster.revisions[:NAMES])}"] if cluster.revisions else []
    for environment, (entries, occurrences) in list(cluster.environments.items())[:NAMES]:
        named.append(f"environment={environment or '-'}:{occurrences} occurrences,{entries} entries")
    when = f"from {_stamp(cluster.first_seen)} to {_stamp(cluster.last_seen)}"
    names = _shown(" ".join(named), 1_200)
    return f"{names} {when}\n" + _shown(f"constant part: {cluster.template or cluster.title}", 500)


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


def _once(text: str, said: set[str]) -> str:
    """Without the lines that were shown before, where there are several of them on end."""
    kept: list[str] = []
    again: list[str] = []
    for line in (*text.split("\n"), ""):
        if line and line in said:
            again.append(line)
            continue
        kept += again if len(again) < FEW_LINES else [f"[{len(again)} lines as above]"]
        again = []
        kept.append(line)
        said.add(line)
    return "\n".join(kept[:-1])


def _bounded(text: str) -> str:
    """Beginning and end of a long text: the exception is named at the end of a traceback."""
    if len(text) <= ENTRY_BOUND:
        return text
    half = ENTRY_BOUND // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "replace")[:size].decode(errors="ignore")


def _shown(line: str, bound: int) -> str:
    return " ".join(_visible(line[: 4 * bound]).split())[:bound]


def _visible(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
