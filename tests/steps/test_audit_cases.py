"""Whole answers, written by hand, each with the verdict it must get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.analysts.answer import SCHEMA, Answer, analysis
from bot.models import Case, Cluster, Count, Deployment, Entry, Kind, Problem, Severity, Signature, Trend, Triage
from bot.steps.audit import audit

HERE = Path(__file__).resolve().parent.parent / "cases" / "analysis"
SITUATIONS: dict[str, Any] = json.loads((HERE / "situations.json").read_text(encoding="utf-8"))
ANSWERS = sorted(p for p in HERE.glob("[0-9]*.json"))


def situation(name: str) -> Case:
    """What was logged, as the audit is given it."""
    told = SITUATIONS[name]
    evidence = [{"key": n, "service": told["service"], **e} for n, e in enumerate(told["evidence"])]
    title = told["evidence"][0]["text"]
    signature = Signature(
        key=name,
        version=1,
        service=told["service"],
        kind=Kind.APPLICATION,
        title=title,
        template=title,
        exception=told.get("exception", ""),
        method=told.get("method", ""),
        route=told.get("route", ""),
        status=told.get("status", 0),
    )
    kept = ("number", "service", "occurrences", "entries", "users", "first_seen", "last_seen")
    cluster = TypeAdapter(Cluster).validate_python(
        {k: told[k] for k in kept}
        | {"kind": Kind.APPLICATION, "title": title, "template": title, "signatures": (signature,)}
        | {"counts": TypeAdapter(tuple[Count, ...]).validate_python(told["counts"])}
        | {"evidence": TypeAdapter(tuple[Entry, ...]).validate_python(evidence)}
    )
    triage = Triage(Severity(told["severity"]), "new", Kind.APPLICATION, Trend.NEW, ("a test case",))
    deployments = TypeAdapter(tuple[Deployment, ...]).validate_python(told["deployments"])
    return Case(Problem(cluster, triage), deployments=deployments)


def test_there_are_cases() -> None:
    """The folder is found, and has at least the first dozen."""
    assert len(ANSWERS) >= 12


@pytest.mark.parametrize("path", ANSWERS, ids=lambda p: p.stem)
def test_verdict_is_right(path: Path) -> None:
    """The verdict, the cause and the finding of each claim are what a careful reader would say."""
    told = json.loads(path.read_text(encoding="utf-8"))
    assert set(told["answer"]) == set(SCHEMA["required"])
    case = situation(told["situation"])
    written = analysis(Answer.model_validate(told["answer"]), case, "model")
    checked = audit(case, written, frozenset(told["issues"]))
    expected = told["expected"]
    findings = [c.finding.value for c in checked.claims[: len(expected["claims"])]]
    assert findings == expected["claims"], [(c.claim.text, c.finding.value, c.why) for c in checked.claims]
    assert (checked.verdict.value, checked.cause.value) == (expected["verdict"], expected["cause"]), checked.rule
