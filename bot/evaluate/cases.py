"""Whole answers and single claims with what the audit must say of them, read from a folder; docs/evaluation.md has
the format. It is read forgivingly: what is left out is taken from the entries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.analysts.answer import Answer, analysis
from bot.errors import InputError
from bot.evaluate.rounds import cases as of_round
from bot.models import (
    Analysis,
    Case,
    Claim,
    Cluster,
    Count,
    CriticalPath,
    Deployment,
    Entry,
    Finding,
    Form,
    Ground,
    Incident,
    Kind,
    Level,
    Problem,
    Severity,
    Signature,
    Trend,
    Triage,
)

Data = Mapping[str, Any]
ANY_FAILING = "not confirmed"
"""May stand for any finding but `confirmed`."""
SITUATIONS = "situations.json"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be found; each of several findings is right, nothing given means that anything is."""

    claims: tuple[frozenset[Finding], ...]
    verdict: frozenset[str] = frozenset()
    cause: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Labelled:
    """An analysis of a case, and what the audit must say of it."""

    name: str
    about: str
    case: Case
    analysis: Analysis
    issues: frozenset[int]
    expected: Expected


def read(path: Path) -> Iterator[Labelled]:
    """All cases of a folder, or of one file; each file holds one, or as JSON lines one on each line."""
    files = sorted(p for p in path.rglob("*.json*") if p.name != SITUATIONS) if path.is_dir() else [path]
    if not files or not path.exists():
        raise InputError(f"There are no cases at {path}. docs/evaluation.md says how one is written.")
    seen: dict[str, Case] = {}
    for file in files:
        told = _situations(file.parent)
        for number, data in enumerate(_documents(file), 1):
            name = f"{file.stem}: {data['name']}" if data.get("name") else file.stem
            name = f"{file.stem}:{number}" if file.suffix == ".jsonl" else name
            try:
                yield _labelled(name, data, told, file.parent, seen)
            except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{file}: case {number} cannot be read: {_short(error)}") from error


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}"
    return f"{type(error).__name__} {error}"[:300]


def _documents(file: Path) -> Iterator[Data]:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jsonl":
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
            return
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    yield from document if isinstance(document, list) else [document]


def _situations(folder: Path) -> Data:
    file = folder / SITUATIONS
    found: Data = next(_documents(file), {}) if file.is_file() else {}
    return found


def _labelled(name: str, data: Data, told: Data, folder: Path, seen: dict[str, Case]) -> Labelled:
    case = _case(data, told, folder, seen)
    if "answer" in data:
        answer = {**_EMPTY, "severity": case.problem.triage.severity.value, **data["answer"]}
        stated = [_stated(c) for c in answer["claims"]]
        made = analysis(Answer.model_validate({**answer, "claims": stated}), case, str(data.get("source", "model")))
        if data.get("rule"):
            made = replace(made, rule=str(data["rule"]), source="patterns")
    else:
        claim = data.get("claim", data.get("text"))
        made = alone(case, Claim(**_claim(_stated(claim if isinstance(claim, Mapping) else {**data, "text": claim}))))
    return Labelled(
        name=name,
        about=str(data.get("about", "")),
        case=case,
        analysis=made,
        issues=frozenset(int(n) for n in data.get("issues", ())),
        expected=_expected(data.get("expected", data.get("true"))),
    )


_EMPTY: Data = {
    "name": "", "claims": [], "cause": "", "technical_impact": "", "business_impact": "",
    "next_steps": [], "confidence": 0.5,
}  # fmt: skip


def _stated(claim: Any) -> dict[str, Any]:
    """A claim as a model states it; a sentence alone is an observation."""
    told = {"text": claim} if isinstance(claim, str) else dict(claim)
    rests_on = told.get("rests_on", ())
    rests_on = [rests_on] if isinstance(rests_on, str | int) else list(rests_on or ())
    return {
        "text": str(told["text"]),
        "ground": told.get("ground") or Ground.OBSERVATION.value,
        "rests_on": [str(r) for r in rests_on],
        "quote": str(told.get("quote") or ""),
    }


def _claim(stated: dict[str, Any]) -> dict[str, Any]:
    return {**stated, "ground": Ground(stated["ground"]), "rests_on": tuple(stated["rests_on"])}


def alone(case: Case, claim: Claim) -> Analysis:
    """An analysis that says nothing but one claim."""
    return Analysis(case.problem.number, "model", "A problem", "Something is broken.", "", "", (), (claim,), 0.5)


def _expected(told: Any) -> Expected:
    if isinstance(told, bool):
        told = Finding.CONFIRMED.value if told else ANY_FAILING
    if told is None:
        raise ValueError("it does not say what is expected")
    if isinstance(told, str | list):
        return Expected((_findings(told),))
    return Expected(
        tuple(_findings(c) for c in told.get("claims", ())),
        _words(told.get("verdict")),
        _words(told.get("cause")),
    )


def _words(told: Any) -> frozenset[str]:
    return frozenset([told] if isinstance(told, str) else told or ())


def _findings(told: Any) -> frozenset[Finding]:
    """One finding, several of which each is right, or `not confirmed`."""
    if isinstance(told, bool):
        told = Finding.CONFIRMED.value if told else ANY_FAILING
    named = [told] if isinstance(told, str) else list(told)
    every = frozenset(Finding) - {Finding.CONFIRMED}
    return frozenset().union(*(every if n == ANY_FAILING else {Finding(n.replace("struck", "struck out")
                             if n == "struck" else n)} for n in named))  # fmt: skip


# ---------------------------------------------------------------- what was logged


def _case(data: Data, told: Data, folder: Path, seen: dict[str, Case]) -> Case:
    """From log entries as Cloud Logging writes them, or from a situation that is told in figures."""
    if "logs" in data:
        logs = data["logs"]
        wanted = str(data.get("cluster", ""))
        key = sha256(json.dumps([str(folder) if isinstance(logs, str) else "", logs, wanted]).encode()).hexdigest()
        if key not in seen:
            seen[key] = _of_logs(
                json.loads((folder / logs).read_text("utf-8")) if isinstance(logs, str) else logs, wanted
            )
        return seen[key]
    named = data.get("situation", "")
    if isinstance(named, str) and named not in told:
        raise ValueError(f"there is no situation “{named}” in {SITUATIONS}")
    if not isinstance(named, str):
        return situation(named)
    key = f"{folder}: {named}"
    if key not in seen:
        seen[key] = situation(told[named], named)
    return seen[key]


def _of_logs(logs: Any, wanted: str) -> Case:
    """The case of the cluster with that number, or with these words in an entry; else of the worst."""
    found = of_round(logs)
    if not wanted:
        chosen = sorted(found, key=lambda c: c.problem.rank)
    elif wanted.isdecimal():
        chosen = [c for c in found if c.problem.number == int(wanted)]
    else:
        chosen = [c for c in found if any(wanted in e.text for e in c.problem.cluster.evidence)]
    if not chosen:
        raise ValueError(f"no cluster of the logs is “{wanted}”" if wanted else "the logs hold no problem")
    return chosen[0]


def situation(told: Data, name: str = "") -> Case:
    """A case told in figures; what is not told is taken from the entries."""
    cluster = _cluster(told, name)
    symptoms = tuple(_cluster(s, f"{name} {n}") for n, s in enumerate(told.get("symptoms", ()), 1))
    numbers = (cluster.number, *(s.number for s in symptoms))
    incident = Incident(1, cluster.number, numbers, cluster.first_seen, cluster.last_seen, "") if symptoms else None
    severity = Severity(told.get("severity", "P2"))
    triage = Triage(severity, "new", cluster.kind, Trend.NEW, ("a case",))
    deployments = [{"service": cluster.service, "environment": "production", **d} for d in told.get("deployments", ())]
    return Case(
        Problem(cluster, triage, incident=incident),
        symptoms,
        _all(Deployment, deployments),
        _all(CriticalPath, told.get("critical_paths", ())),
    )


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _all(kind: Any, values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_reader(kind).validate_python(v) for v in values)


def _cluster(told: Data, name: str) -> Cluster:
    evidence = tuple(_entry(n, e, told) for n, e in enumerate(told["evidence"]))
    evidence = tuple(sorted(evidence, key=lambda e: e.time))
    title = str(told.get("title") or (evidence[0].text.splitlines() or [""])[0])
    kind = Kind(told.get("kind", "application"))
    failure = next((e.failure for e in evidence if e.failure), None)
    request = next((e.request for e in evidence if e.request), None)
    signature = Signature(
        key=name,
        version=1,
        service=str(told.get("service", evidence[0].service)),
        kind=kind,
        title=title,
        template=str(told.get("template") or title),
        site=str(told.get("site", "")),
        exception=str(told.get("exception") or (failure.type if failure else "")),
        method=str(told.get("method") or (request.method if request else "")),
        route=str(told.get("route") or (request.route if request else "")),
        status=int(told.get("status") or (request.status if request else 0)),
    )
    counts = _all(Count, told["counts"]) if told.get("counts") else _counted(evidence, told)
    times = [e.time for e in evidence]
    return Cluster(
        number=int(told.get("number", 1)),
        service=signature.service,
        kind=kind,
        title=title,
        template=signature.template,
        signatures=(signature,),
        entries=int(told.get("entries") or sum(c.entries for c in counts)),
        occurrences=int(told.get("occurrences") or sum(c.occurrences for c in counts)),
        first_seen=_time(told["first_seen"]) if told.get("first_seen") else min(times),
        last_seen=_time(told["last_seen"]) if told.get("last_seen") else max(times),
        counts=counts,
        evidence=evidence,
        users=int(told.get("users", 0)),
        clients=int(told.get("clients", 0)),
        level=max((e.level for e in evidence), default=Level.ERROR),
    )


def _counted(evidence: Sequence[Entry], told: Data) -> tuple[Count, ...]:
    """Without counts, the whole is of the environment and revision of the entries, or each entry is counted."""
    places = list(dict.fromkeys((e.environment, e.revision) for e in evidence))
    if len(places) == 1:
        entries = int(told.get("entries") or told.get("occurrences") or len(evidence))
        return (Count(evidence[0].time, *places[0], entries, int(told.get("occurrences") or entries)),)
    return tuple(Count(e.time, e.environment, e.revision, 1, 1) for e in evidence)


def _time(written: Any) -> datetime:
    moment = written if isinstance(written, datetime) else datetime.fromisoformat(str(written))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _entry(number: int, told: Any, about: Data) -> Entry:
    fields = {"text": told} if isinstance(told, str) else dict(told)
    level = fields.get("level", "ERROR")
    named = {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(str(level).upper(), str(level).upper())
    fields["level"] = Level(int(named)) if named.isdigit() else Level[named]
    if isinstance(fields.get("failure"), str):
        fields["failure"] = {"type": fields["failure"]}
    if isinstance(fields.get("site"), str):
        module, _, function = fields["site"].rpartition(":")
        fields["site"] = {"module": module, "function": function}
    form = Form.REQUEST if fields.get("request") else Form.EXCEPTION if fields.get("failure") else Form.LINE
    fields = {
        "id": f"e{number + 1}",
        "key": number,
        "service": about.get("service", "service"),
        "environment": about.get("environment", "production"),
        "revision": about.get("revision", ""),
        "form": form,
        "time": about.get("first_seen"),
        **fields,
    }
    entry: Entry = _reader(Entry).validate_python(fields)
    return entry if entry.time.tzinfo else replace(entry, time=entry.time.replace(tzinfo=UTC))
