"""The inquiries, top to bottom: questions that need more than a look at one cluster, and questions to the model.

    deploys, validate:   store -> inquiries.deploys -> what is new, worse and gone since a deployment
    coverage:            store -> inquiries.coverage -> what should be logged and is not
    ask:      question -> case -> [model] within the people's share, or the lines that fit -> audit -> reply
    analyze:  case -> [model] -> audit -> [store]
    check:    sentences of a person or an issue -> audit -> reply
    wrong:    a person's word -> [store] -> cause struck out -> asked again with that word

What is asked of the outside is asked here; the rules are pure and stand in `bot.inquiries` and `bot.steps`. An answer
is audited like every analysis; a question changes nothing that is kept of the problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import pipeline
from bot.consult import Told, consult
from bot.errors import Refused
from bot.inquiries.coverage import Coverage, Met, coverage
from bot.inquiries.deploys import LONGEST, Validation, validate
from bot.models import (
    Analysis,
    Audit,
    Case,
    Deployment,
    Event,
    Expectation,
    Finding,
    Problem,
    Reply,
    Window,
    Wrong,
)
from bot.ports import Edges
from bot.steps.analyse import about, informed
from bot.steps.audit import audit, disputed
from bot.steps.audit.authored import authored
from bot.steps.excerpt import excerpt
from bot.steps.redact import scrub

KNOWN = timedelta(days=30)
"""How far back a deployment is looked for by its name."""
LIVELY = timedelta(days=7)
"""What was not seen for longer says nothing of how a service logs today."""
ENOUGH = 50
"""Clusters that are looked through for one expectation."""
QUESTION = 500
"""Characters of a question, or of a reason, that are looked at."""
AROUND = timedelta(hours=2)
"""How far before a problem deployments are looked at."""


def deploys(edges: Edges, since: timedelta) -> list[Validation]:
    """Every deployment of the span with its verdict, the newest first."""
    now = edges.store.rounds.read_until() or edges.clock()
    found = edges.store.deployments.between(Window(edges.clock() - since, edges.clock()))
    return [_validated(edges, d, found, now) for d in reversed(found)]


def validation(edges: Edges, service: str, revision: str) -> Validation:
    """Of the newest deployment that fits what was asked; the service may be named in part."""
    now = edges.store.rounds.read_until() or edges.clock()
    found = edges.store.deployments.between(Window(edges.clock() - KNOWN, edges.clock()))
    fitting = [d for d in found if service in d.service.lower() and revision in d.revision.lower()]
    if not fitting:
        what = " ".join(w for w in (service, revision) if w)
        raise Refused(
            f"No deployment{f' of {what}' if what else ''} was read in the last {KNOWN.days} days. "
            "`/garden deploys 7d` lists those that were."
        )
    return _validated(edges, fitting[-1], found, now)


def _validated(edges: Edges, deployment: Deployment, all_: Sequence[Deployment], now: datetime) -> Validation:
    same = [d for d in all_ if (d.service, d.environment) == (deployment.service, deployment.environment)]
    later = min((d.time for d in same if d.time > deployment.time), default=None)
    around = Window(deployment.time - LONGEST, min(later or now, now))
    problems = edges.store.clusters.problems(edges.store.clusters.between(around))
    return validate(deployment, later, problems, now)


def covered(edges: Edges, service: str) -> Coverage:
    """What the newest problems show of how services log; and which of the team's own expectations were ever met."""
    now = edges.clock()
    problems = edges.store.clusters.problems(edges.store.clusters.between(Window(now - LIVELY, now)))
    names = {p.cluster.service for p in problems}
    fitting = sorted(n for n in names if service in n.lower()) if service else []
    if service and not fitting:
        raise Refused(f"No problem of a service called {service} was seen in {LIVELY.days} days.")
    return coverage(problems, [_met(edges, e) for e in edges.policy.coverage], fitting[0] if fitting else "")


def _met(edges: Edges, wanted: Expectation) -> Met:
    found = edges.store.clusters.load(edges.store.clusters.search(wanted.words.split(), ENOUGH))
    return Met(wanted, tuple(c.number for c in found if wanted.service in ("", c.service)))


# ---------------------------------------------------------------- questions to the model


def ask(edges: Edges, number: int, question: str, who: str) -> Reply:
    """An answer from the evidence of a cluster and its incident, with the lines that it rests on."""
    question = " ".join(question.split())[:QUESTION]
    if not question:
        raise Refused(f"What do you want to know? Type `/garden ask {number} since when does it happen?`")
    problem = _one(edges, number)
    case = replace(_case(edges, problem), question=question)
    told = consult(edges, case, who)
    answer = told.analysis or replace(excerpt(case), note=told.reason)
    edges.store.history.add(Event(edges.clock(), who, "asked", f"cluster {problem.number}", question))
    return Reply(problem, question, answer, _audited(edges, case, answer), case.symptoms)


def check(edges: Edges, number: int, text: str, who: str, of: str = "") -> Reply:
    """What somebody says of a cause, sentence by sentence, against what is kept and counted of the cluster and its
    incident. No model is asked."""
    problem = _one(edges, number)
    said = authored(problem.number, scrub(text, edges.policy))
    if not said.claims:
        raise Refused(
            "There is no sentence in it that could be checked. Say how often, since when, where: "
            f"`/garden check {problem.number} it happened 40 times since 10:00 UTC`."
        )
    case = _case(edges, problem)
    what = of or f"what was said of cluster {problem.number}"
    edges.store.history.add(Event(edges.clock(), who, "checked", f"cluster {problem.number}", of))
    return Reply(problem, what, said, _audited(edges, case, said), case.symptoms)


def check_issue(edges: Edges, number: int, who: str) -> Reply:
    """The text of an issue, against the cluster that it is of."""
    issue = pipeline.issue_of(edges, number)
    holders = edges.store.issues.holders(issue.repository, issue.number)
    if not holders:
        raise Refused(
            f"#{number} is not linked to a cluster, so there is nothing to hold it against. `/garden link 3 {number}` "
            f"links it, or type the text: `/garden check 3 it happened 40 times`."
        )
    return check(edges, holders[0], issue.body, who, f"#{number}")


def analyze(edges: Edges, number: int, who: str) -> tuple[Problem, str]:
    """Cause and impact anew, because somebody asked; with the reason why no model wrote it, where none did."""
    problem = _one(edges, number)
    told = _again(edges, problem, who)
    edges.store.history.add(Event(edges.clock(), who, "analyze", f"cluster {problem.number}", told.reason))
    return _one(edges, problem.number), told.reason


def wrong(edges: Edges, number: int, why: str, who: str) -> tuple[Problem, str]:
    """The cause is another one, says a person: it is kept as wrong, struck out, and the model is asked again."""
    problem = _one(edges, number)
    analysis, checked = problem.analysis, problem.audit
    if analysis is None or not analysis.cause or checked is None:
        raise Refused(f"Cluster {problem.number} has no cause yet that could be wrong. `/garden show {problem.number}`")
    why = " ".join(why.split())[:QUESTION]
    if not why:
        raise Refused(f"Why is it wrong? Type `/garden wrong {problem.number} the disk was full`: the reason helps.")
    approved = checked.cause in (Finding.CONFIRMED, Finding.INFERRED)
    said = Wrong(problem.number, analysis.cause, analysis.source, who, why, edges.clock(), approved)
    edges.store.causes.mark(said)
    edges.store.analyses.keep(analysis, disputed(analysis, checked, [said]))
    told = _again(edges, _one(edges, problem.number), who)
    return _one(edges, problem.number), told.reason


def _again(edges: Edges, problem: Problem, who: str) -> Told:
    """Asks the model; where it says nothing, the newest analysis stays, or the table's is the first."""
    case = _case(edges, problem)
    told = consult(edges, case, who)
    analysis = told.analysis
    if analysis is None and problem.analysis is None:
        analysis = replace(edges.patterns.analyse(case), note=told.reason)
    if analysis is not None:
        made = replace(analysis, made_at=edges.clock())
        edges.store.analyses.keep(made, _audited(edges, case, made))
    return told


def _one(edges: Edges, number: int) -> Problem:
    known = edges.store.clusters.resolve(number)
    found = edges.store.clusters.problems([known]) if known is not None else []
    if not found:
        raise Refused(f"There is no cluster {number}. `/garden latest` lists those that matter now.")
    return found[0]


def _case(edges: Edges, problem: Problem) -> Case:
    store, cluster = edges.store, problem.cluster
    members = [n for n in problem.incident.clusters if n != cluster.number] if problem.incident else []
    clusters = {c.number: c for c in (cluster, *store.clusters.load(members))}
    deployments = store.deployments.between(Window(cluster.first_seen - AROUND, cluster.last_seen))
    return informed(about(problem, deployments, clusters, edges.policy), problem.wrong, problem.lessons)


def _audited(edges: Edges, case: Case, analysis: Analysis) -> Audit:
    match = case.problem.match
    known = {i.number for i in [*([match.issue] if match and match.issue else []),
                                *(c.issue for c in (match.candidates if match else ()))]}  # fmt: skip
    linked = edges.store.issues.linked(case.problem.number)
    known |= {linked.number} if linked else set()
    wrong = edges.store.causes.wrong(case.problem.number)
    return disputed(analysis, audit(case, analysis, frozenset(known)), wrong)
