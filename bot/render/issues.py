"""What is written to the tracker: bodies and comments. Pure; the words are in `templates/`.

The body leads with the impact. Only what is computed or confirmed stands there as a fact; what is inferred says so;
what the logs contradict or do not support is counted and left out. Every text from outside goes through `escape`.
Results keep GitHub's limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from urllib.parse import quote

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.models import (
    Candidate,
    Cluster,
    Comment,
    Entry,
    Finding,
    Issue,
    Kind,
    Match,
    Outcome,
    Policy,
    Problem,
    Severity,
    Verdict,
)
from bot.render import house, phrases, titles
from bot.render.escape import cut, fence, link, markdown

BODY_LIMIT = 65_536
RESERVE = 1_000
"""What the marker and the tracker itself may need at the end of a body."""
LONGEST = BODY_LIMIT - RESERVE
RELATED = 0.2
"""Candidates below this are not worth naming."""
EVIDENCE = 5
EVIDENCE_LIMIT = 3_000
SENTENCE_LIMIT = 2_000
CONSOLE = "https://console.cloud.google.com/logs/"

_STATE = re.compile(
    r"<!-- log-gardener:state cluster=(\d{1,9}) occurrences=(\d{1,12}) last=([0-9T:+.Z-]{19,40}) severity=(P[0-5]) -->"
)
_SEVERITY_LINE = re.compile(r"^\*\*Severity (P[0-5])\*\*", re.MULTILINE)
_CHANGE_LINE = re.compile(r"^(\*\*Severity (?:set|raised|lowered)(?: from P[0-5])? to )P[0-5]\*\*")


@dataclass(frozen=True, slots=True)
class Told:
    """What an issue was told of a cluster last: read back from the hidden line in our own texts."""

    occurrences: int
    last: datetime
    severity: Severity


# ------------------------------------------------------------------------------------------------ texts


def body(problem: Problem, policy: Policy, issues: Mapping[int, int] | None = None) -> str:
    """The body of a new issue, without the marker; `issues` are those that its symptoms have."""
    known = {"issues": issues or {}}
    return _within(lambda share: _text("body", policy, {**_facts(problem, policy, share), **known}), LONGEST)


def comment(problem: Problem, policy: Policy, told: Told | None) -> str:
    """What is new since the issue was last told of it."""
    before = problem.cluster.occurrences if told is None else told.occurrences
    context = {
        "more": problem.cluster.occurrences - before,
        "told": told,
        "old_severity": told.severity if told and told.severity is not problem.triage.severity else None,
    }
    return _within(lambda share: _text("comment", policy, {**_facts(problem, policy, share), **context}), LONGEST)


def regression(problem: Problem, policy: Policy) -> str:
    """The comment with which a closed issue is opened again."""
    return _within(lambda share: _text("regression", policy, _facts(problem, policy, share)), LONGEST)


def recovery(problem: Problem, policy: Policy, revision: str) -> str:
    """Not seen since; what follows from that is for people."""
    quiet = {"quiet": _quiet(problem.cluster), "newer": revision}
    return _within(lambda share: _text("recovery", policy, {**_facts(problem, policy, share), **quiet}), LONGEST)


def escalation(
    problem: Problem | None, policy: Policy, old: Severity | None, new: Severity, why: str, *, person: bool
) -> str:
    """The comment that goes with a change of severity: from what to what, why, and the newest evidence."""
    verb = "set" if old is None else "raised" if new < old else "lowered"
    context = {"old": old, "new": new, "why": cut(why, SENTENCE_LIMIT), "verb": verb, "person": person}

    def text(share: float) -> str:
        facts = _facts(problem, policy, share) if problem else {"c": None}
        return _text("escalation", policy, {**facts, **context})

    return _within(text, LONGEST)


def mistakes(style: Mapping[str, str]) -> list[str]:
    """What is wrong with the team's templates, a sentence each, with the line."""
    problem, policy = house.sample(), Policy()
    facts = _facts(problem, policy, 1.0) | {
        "issues": {}, "more": 0, "told": None, "old_severity": None, "quiet": "", "newer": "",
        "old": None, "new": problem.triage.severity, "why": "", "verb": "set", "person": False,
        **titles.facts(problem),
    }  # fmt: skip
    filters = _environment().filters
    found = []
    for name, text in style.items():
        known = titles.facts(problem) if name in ("title", "labels", "branch") else facts
        parts = text.splitlines() if name == "labels" else [text]
        found += [house.mistake(name, part, known, filters) for part in parts]
    return [words for words in found if words]


def told_quiet(issue: Issue, cluster: Cluster) -> bool:
    """Whether the issue says already that the cluster was not seen since."""
    return any(_quiet(cluster) in text for text in issue.comments)


def ours_of(comments: Sequence[Comment], cluster: Cluster, day: date) -> Comment | None:
    """The newest comment of that day in which we told of the cluster."""
    numbers = {cluster.number, *cluster.aliases}
    for comment in reversed(comments):
        ours = any(int(found[0]) in numbers for found in _STATE.findall(comment.body))
        if ours and "<!-- log-gardener: " in comment.body and comment.created_at and comment.created_at.date() == day:
            return comment
    return None


def told(issue: Issue, cluster: Cluster, without: str = "") -> Told | None:
    """What our newest text on the issue said of the cluster; None if there is none, or if it cannot be ours."""
    numbers = {cluster.number, *cluster.aliases}
    for text in (*reversed(issue.comments), issue.body):
        if without and text == without:
            continue
        for number, occurrences, last, severity in reversed(_STATE.findall(text)):
            try:
                time = datetime.fromisoformat(last)
            except ValueError:
                continue
            if int(number) in numbers and time.tzinfo and time <= cluster.last_seen:
                return Told(min(int(occurrences), cluster.occurrences), time.astimezone(UTC), Severity(severity))
    return None


def logs_url(entries: Sequence[Entry], start: datetime, end: datetime) -> str:
    """Logs Explorer at exactly these entries, in the span they are from."""
    ids = " OR ".join('"' + e.id.replace("\\", "\\\\").replace('"', '\\"') + '"' for e in entries)
    span = f"timeRange={_stamp(start - timedelta(minutes=1))}/{_stamp(end + timedelta(minutes=1))}"
    project = next((e.project for e in entries if e.project), "")
    query = quote(f"insertId=({ids})" if ids else 'severity>="WARNING"', safe="", errors="replace")
    return f"{CONSOLE}query;query={query};{quote(span, safe='=:')}?project={quote(project, safe='', errors='replace')}"


def body_with_severity(text: str, severity: Severity) -> str:
    """The body with the severity that a person gave when approving; the one computed stays beside it."""
    line = rf"**Severity {severity}**, set by a person on approval; computed was \g<1>"
    return _STATE.sub(lambda f: f[0].replace(f[4], severity), _SEVERITY_LINE.sub(line, text, count=1))


def comment_with_severity(text: str, severity: Severity) -> str:
    """The comment of an escalation, to what the approver said instead."""
    said = _CHANGE_LINE.sub(rf"\g<1>{severity}**, set by a person on approval", text, count=1)
    return _STATE.sub(lambda f: f[0].replace(f[4], severity), said)


# ------------------------------------------------------------------------------------------------ for the templates


def _facts(problem: Problem, policy: Policy, share: float) -> dict[str, object]:
    """All that is known of a problem, in the shape of the templates. `share` shrinks evidence to fit."""
    cluster, analysis, audit, match = problem.cluster, problem.analysis, problem.audit, problem.match
    shown = [c for c in audit.claims if c.finding in (Finding.CONFIRMED, Finding.INFERRED)] if audit else []
    positions = dict(enumerate(audit.claims if audit else (), start=1))
    trusted = audit is not None and audit.verdict is not Verdict.REJECTED
    return {
        "p": problem,
        "c": cluster,
        "t": problem.triage,
        "a": analysis if trusted else None,
        "impact": phrases.impact(problem),
        "says": phrases.cause(problem).says,
        "unknown": phrases.cause(problem).worth == phrases.UNKNOWN,
        "audit": audit,
        "m": match,
        "cause": analysis.cause if analysis and audit and audit.cause is Finding.CONFIRMED else "",
        "inferred_cause": analysis.cause if analysis and audit and audit.cause is Finding.INFERRED else "",
        "claims": [(i, c) for i, c in positions.items() if c in shown][: 20 if share == 1 else 8],
        "left_out": len(positions) - len(shown),
        "expected": expected(cluster),
        "environments": cluster.environments,
        "revisions": cluster.revisions[-5:],
        "evidence": _spread(cluster.evidence, max(1, int(EVIDENCE * share))),
        "evidence_limit": int(EVIDENCE_LIMIT * share),
        "template_limit": int(EVIDENCE_LIMIT * share),
        "logs": logs_url(cluster.evidence[:20], cluster.first_seen, cluster.last_seen),
        "related": _related(match, policy.repository),
        "symptoms": problem.incident.symptoms if problem.incident and not problem.is_symptom else (),
        "state": _state(problem),
        "branch": titles.branch(problem, policy),
        "regressed": match.issue if match and match.outcome is Outcome.REGRESSION else None,
    }


def expected(cluster: Cluster) -> str:
    """What should happen instead, from what is known without guessing."""
    s = cluster.signature
    if s.route and s.status >= 500:
        return f"{s.method} {s.route} is answered without status {s.status}."
    if s.route and s.status >= 400:
        return f"{s.method} {s.route} is not answered with {s.status} where the request is a valid one."
    if s.exception:
        where = f"What runs in {s.site}" if s.site else cluster.service
        return f"{where} ends without {s.exception.rpartition('.')[2]}, or handles it."
    if cluster.kind is Kind.PLATFORM:
        return f"Instances of {cluster.service} start, stay up and pass their probes."
    return f"{cluster.service} does its work without this message."


def _related(match: Match | None, repository: str) -> list[Candidate]:
    candidates = match.candidates if match else ()
    here = [c for c in candidates if not repository or c.issue.repository == repository]
    return [c for c in here if c.score >= RELATED][:3]


def _spread(entries: Sequence[Entry], most: int) -> list[Entry]:
    """The first, the last, and some between."""
    if len(entries) <= most or most < 2:
        return list(entries[-most:])
    return [entries[round(i * (len(entries) - 1) / (most - 1))] for i in range(most)]


def _repeats(entries: Sequence[Entry]) -> list[tuple[Entry, bool]]:
    """Each with whether one before it says the same, numbers aside."""
    texts = [re.sub(r"\d+", "0", entry.text) for entry in entries]
    return [(entry, texts[i] in texts[:i]) for i, entry in enumerate(entries)]


def _state(problem: Problem) -> str:
    c = problem.cluster
    last = c.last_seen.astimezone(UTC).isoformat()
    severity = problem.triage.severity
    return f"<!-- log-gardener:state cluster={c.number} occurrences={c.occurrences} last={last} severity={severity} -->"


def _within(text: Callable[[float], str], limit: int) -> str:
    """The longest rendering that fits; evidence shrinks first."""
    for share in (1.0, 0.5, 0.2):
        result = text(share)
        if len(result) <= limit:
            return result
    return cut(result, limit)


def _quiet(cluster: Cluster) -> str:
    return f"<!-- log-gardener:quiet cluster={cluster.number} last={cluster.last_seen.astimezone(UTC).isoformat()} -->"


def _text(name: str, policy: Policy, facts: Mapping[str, object]) -> str:
    """By the team's own template where there is one, and it can be rendered; else in house style."""
    own = house.rendered(policy.style.get(name, ""), facts, _environment().filters)
    text = own or _environment().get_template(f"{name}.md.j2").render(facts)
    if own and str(facts.get("state", "")) not in own:
        text = f"{own}\n{facts.get('state', '')}"  # or we would not know what was told
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _prose(text: object, limit: int = SENTENCE_LIMIT) -> str:
    """Escaped, within the limit before and within twice that after: what is invisible takes space when it is named."""
    shown = markdown(cut(str(text), limit))
    while len(shown) > 2 * limit:
        limit = limit * limit // len(shown)
        shown = markdown(cut(str(text), limit))
    return shown


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("bot.render", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, not HTML: the templates' filters escape
    )
    environment.filters.update(
        sentence=lambda text: text[:1].upper() + text[1:],
        md=_prose,
        fence=fence,
        repeats=_repeats,
        utc=lambda time: f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        number=lambda n: f"{n:,}",
        logs=lambda url, label: link(label, url, (CONSOLE,)),
    )
    return environment


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
