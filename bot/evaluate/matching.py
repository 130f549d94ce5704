"""How well clusters find their issues: labelled clusters against issues of a tracker, the way a round goes.

A case is a line of JSON with a `cluster` (what is known of it; a title is enough), `expected` and, where more than one
answer is right, `also_ok`. An answer is `update:#N`, `regression:#N`, `comment:#N`, `new` or `none`; what is offered
for a person to pick counts as no answer. An issue of which it is not told when it was closed is only ever offered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.masks import mask
from bot.models import (
    Cluster,
    Count,
    Entry,
    Failure,
    Incident,
    Issue,
    Kind,
    Level,
    Match,
    Moment,
    Outcome,
    Policy,
    Signature,
    Site,
)
from bot.steps.match import compare, match, referred, words
from bot.steps.normalise.place import split
from bot.steps.triage import triage
from store import Store, open_store

REPOSITORY = "cases/of-matching"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When a cluster was seen that does not say."""
SHOWN = 5
WORDS = {
    Outcome.KNOWN: "update",
    Outcome.REGRESSION: "regression",
    Outcome.COMMENT_ONLY: "comment",
    Outcome.OFFER: "offer",
    Outcome.NEW: "new",
    Outcome.SYMPTOM: "none",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to one case."""

    name: str
    expected: str
    also_ok: tuple[str, ...]
    got: str
    candidates: tuple[int, ...]
    score: float
    reason: str

    @property
    def right(self) -> bool:
        return self.got in (self.expected, *self.also_ok)

    @property
    def wanted(self) -> frozenset[int]:
        """The issues that a person would have picked."""
        return frozenset(int(a.partition("#")[2]) for a in (self.expected, *self.also_ok) if "#" in a)

    def data(self) -> dict[str, Any]:
        return {
            "name": self.name, "expected": self.expected, "got": self.got, "also_ok": list(self.also_ok),
            "candidates": list(self.candidates), "score": round(self.score, 3), "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matched:
    """All answers, and what they come to."""

    answers: tuple[Answer, ...]

    def figures(self) -> dict[str, float | int]:
        """`linked` is the share of cases with an issue that got one, `right` how many of these are right; `first` and
        `among_five` say where the right issue stands among the candidates."""
        owned = [a for a in self.answers if "#" in a.expected]
        linked = [a for a in self.answers if "#" in a.got]
        return {
            "cases": len(self.answers),
            "right": sum(a.right for a in self.answers),
            "offered": sum(a.got == "offer" for a in self.answers),
            "with_an_issue": len(owned),
            "linked": len(linked),
            "precision": _share(sum(a.right for a in linked), len(linked)),
            "recall": _share(sum(a.right and "#" in a.got for a in owned), len(owned)),
            "first": _share(sum(bool(a.wanted & set(a.candidates[:1])) for a in owned), len(owned)),
            "among_five": _share(sum(bool(a.wanted & set(a.candidates[:SHOWN])) for a in owned), len(owned)),
        }

    def data(self) -> dict[str, Any]:
        return {"version": 1, "figures": self.figures(), "cases": [a.data() for a in self.answers]}

    def __str__(self) -> str:
        f = self.figures()
        lines = [
            f"{f['right']} of {f['cases']} as people decided, {f['offered']} offered to a person",
            f"{f['linked']} linked to an issue: {f['precision']:.2f} of them right, {f['recall']:.2f} of "
            f"{f['with_an_issue']} that have one",
            f"the right issue is first in {f['first']:.2f}, among the first five in {f['among_five']:.2f}",
        ]
        wrong = [a for a in self.answers if not a.right and a.got != "offer"]
        return "\n".join([*lines, *(f"  {a.name}: {a.expected}, but {a.got} ({a.reason})" for a in wrong)])


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def matching(cases: Path, issues: Path, policy: Policy) -> Matched:
    """Each case against the issues that there were when it was decided."""
    asked = [_case(where, raw) for where, raw in _lines(cases)]
    tracker = sorted((_issue(where, raw) for where, raw in _lines(issues)), key=lambda i: i.number)
    services = {case.cluster.service for case in asked}
    answers: dict[int, Answer] = {}
    known: list[Issue] = []
    with open_store(":memory:") as store:
        for at in sorted(range(len(asked)), key=lambda n: asked[n].last):
            more = [i for i in tracker[len(known) :] if i.number <= asked[at].last]
            store.issues.put(more)
            known += more
            answers[at] = _answer(asked[at], store, known, policy, services)
    return Matched(tuple(answers[at] for at in range(len(asked))))


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    cluster: Cluster
    incident: Incident | None
    expected: str
    also_ok: tuple[str, ...]
    last: int
    """The highest number that an issue had then."""
    expects: tuple[str, ...]


def _case(where: str, raw: Mapping[str, Any]) -> _Case:
    try:
        cluster = _cluster(raw["cluster"])
        last = min(int(raw.get("max_issue_seen") or 10**9), int(raw.get("created") or 10**9) - 1)
        texts = {k: tuple(map(str, raw.get(k) or raw["cluster"].get(k) or ())) for k in ("also_ok", "expects")}
        name = str(raw.get("name") or cluster.title)
        return _Case(name, cluster, _incident(raw, cluster), str(raw["expected"]), last=last, **texts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{where} is no case: {error!r}") from error


def _answer(case: _Case, store: Store, known: Sequence[Issue], policy: Policy, services: Collection[str]) -> Answer:
    cluster = case.cluster
    found = store.issues.search(REPOSITORY, words(cluster))
    beside = {i.number: i for i in known if i.number in referred(found)}
    more: dict[str, Any] = {"candidates": found, "related": beside, "services": services}
    said = match(cluster, linked=None, marked=None, incident=case.incident, **more)
    team = replace(policy, expected=(*policy.expected, *case.expects))
    judged = triage(cluster, said, case.incident, None, team, cluster.last_seen, baseline=False)
    ranked = compare(cluster, **more)
    others = (*(i.number for i in found), *(i.number for i in reversed(known)))
    order = dict.fromkeys((*(c.issue.number for c in ranked), *others))
    expected = Kind.EXPECTED in (judged.kind, cluster.kind)
    return Answer(
        name=case.name,
        expected=case.expected,
        also_ok=case.also_ok,
        got="none" if expected else _got(said),
        candidates=tuple(order)[: max(SHOWN, len(ranked))],
        score=ranked[0].score if ranked else 0.0,
        reason="; ".join(judged.reasons) if expected else said.reason,
    )


def _got(said: Match) -> str:
    if said.issue is None:
        return WORDS[said.outcome]
    told = said.issue.reason or not said.issue.closed
    return f"{WORDS[said.outcome] if told else 'update'}:#{said.issue.number}"


# ------------------------------------------------------------------------------------------------ what a case says


def _cluster(raw: Mapping[str, Any]) -> Cluster:
    """A cluster of what is told; the rest is as if it had been seen once, now."""
    text = {k: str(raw.get(k) or "") for k in ("title", "service", "site", "exception", "method", "route", "template")}
    sample, pattern = str(raw.get("sample") or ""), str(raw.get("pattern") or "")
    text["template"] = text["template"] or mask("\n".join(filter(None, (pattern, sample))))
    text["service"], environment = split(text["service"])
    kind = Kind(raw["kind"]) if raw.get("kind") else _kind(text, int(raw.get("status") or 0))
    last = _time(raw.get("last_seen")) or NOW
    seen = [(str(name), at) for name, when in raw.get("revisions", ()) if (at := _time(when))]
    counts = tuple(Count(at, environment or "production", name, 3, 3) for name, at in seen)
    module, _, function = text["site"].partition(":") if ":" in text["site"] else text["site"].rpartition(".")
    site = Site(module=module, function=function) if text["site"] else None
    failure = Failure(text["exception"], text["template"], site) if text["exception"] else None
    evidence = (
        (Entry("e", 1, last, text["service"], sample, Level.ERROR, site=site, failure=failure),) if sample else ()
    )
    return Cluster(
        number=1,
        kind=kind,
        signatures=(Signature("k", 1, kind=kind, status=int(raw.get("status") or 0), **text),),
        entries=int(raw.get("occurrences") or 3),
        occurrences=int(raw.get("occurrences") or 3),
        first_seen=min((at for _, at in seen), default=last),
        last_seen=last,
        counts=counts,
        moments=(Moment(last, revision=seen[-1][0] if seen else ""),),
        evidence=evidence,
        level=Level.ERROR,
        title=text["title"],
        template=text["template"],
        service=text["service"],
    )


def _kind(text: Mapping[str, str], status: int) -> Kind:
    if text["exception"]:
        return Kind.EXCEPTION
    return Kind.HTTP if text["route"] and status else Kind.APPLICATION


def _incident(raw: Mapping[str, Any], cluster: Cluster) -> Incident | None:
    root = int(raw.get("symptom_of") or raw["cluster"].get("symptom_of") or 0)
    when = cluster.last_seen
    return Incident(1, root, (root, 1), when, when, "15 of 15 times within 2 s after it") if root else None


def _issue(where: str, raw: Mapping[str, Any]) -> Issue:
    try:
        return Issue(
            REPOSITORY,
            int(raw["number"]),
            str(raw["title"]),
            body=str(raw.get("body") or ""),
            state=str(raw.get("state") or "open"),
            reason=str(raw.get("reason") or ""),
            closed_at=_time(raw.get("closed_at")),
            labels=tuple(map(str, raw.get("labels") or ())),
            comments=tuple(map(str, raw.get("comments") or ())),
            pull_request=bool(raw.get("pull_request")),
            merged_at=_time(raw.get("merged_at")),
            pull=int(raw.get("pull") or 0),
            commit=str(raw.get("commit") or ""),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where} is no issue: {error!r}") from error


def _time(text: Any) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                raw = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}:{number} is not JSON: {error}") from error
            if not isinstance(raw, dict):
                raise InputError(f"{path}:{number} is no object.")
            yield f"{path}:{number}", raw
