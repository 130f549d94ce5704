"""What `garden cluster` and `garden round` print with `--format json`: a contract, version 1.

`schema/report.json` beside this module describes it. `text` writes it in ASCII: whatever a log line holds, nothing
in the output moves a terminal's cursor or turns the direction of writing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.models import Analysis, Audit, Incident, Issue, Match, Problem, Proposal, Reply, Report, Triage
from bot.render import replied

VERSION = 1

Json = dict[str, Any]


def cluster_json(report: Report, members: bool = True) -> str:
    """What `garden cluster` prints."""
    return text(cluster_data(report, members))


def round_json(report: Report, members: bool = False) -> str:
    """What `garden round` prints."""
    return text(round_data(report, members))


def cluster_data(report: Report, members: bool = True) -> Json:
    """Clusters and incidents, with the insertIds of their entries."""
    return {
        "version": VERSION,
        "entries": report.entries,
        "clusters": [_cluster(p, report.members if members else None) for p in _numbered(report)],
        "incidents": [_incident(i, report.incident_members if members else None) for i in _episodes(report)],
    }


def round_data(report: Report, members: bool = False) -> Json:
    """The same, and how many entries were new, and in each cluster all that is known of it."""
    data = cluster_data(report, members)
    for problem, cluster in zip(_numbered(report), data["clusters"], strict=True):
        cluster["triage"] = _triage(problem.triage)
        cluster["analysis"] = _analysis(problem.analysis) if problem.analysis else None
        cluster["audit"] = _audit(problem.audit) if problem.audit else None
        cluster["wrong"] = [{"cause": w.cause, "source": w.source, "who": w.who, "why": w.why} for w in problem.wrong]
        cluster["lessons"] = [{"cause": k.cause, "issue": k.issue, "change": k.change} for k in problem.lessons]
        cluster["match"] = _match(problem.match) if problem.match else None
        cluster["proposal"] = _proposal(problem.proposal) if problem.proposal else None
    return {"version": VERSION, "entries": data["entries"], "new_entries": report.new_entries, **data}


def reply_data(reply: Reply) -> Json:
    """A question and its answer; an answer that the entries do not bear out is not in it."""
    return {
        "version": VERSION,
        "cluster": reply.problem.number,
        "question": reply.question,
        "answer": replied.text(reply),
        "source": reply.analysis.source,
        "note": reply.analysis.note,
        "audit": {"verdict": reply.audit.verdict.value, "rule": reply.audit.rule, "answer": reply.audit.cause.value},
        "claims": [
            {"text": c.text, "finding": c.finding.value, "why": c.why, "entries": [e.id for e in c.entries]}
            for c in replied.claims(reply)
        ],
    }


def text(data: Json) -> str:
    """As it is printed: indented, in ASCII."""
    return json.dumps(data, indent=2, ensure_ascii=True)


def _numbered(report: Report) -> list[Problem]:
    return sorted(report.problems, key=lambda p: p.number)


def _episodes(report: Report) -> list[Incident]:
    return sorted(report.incidents, key=lambda i: i.id)


def _cluster(problem: Problem, members: Mapping[int, tuple[str, ...]] | None) -> Json:
    cluster, triage = problem.cluster, problem.triage
    data: Json = {
        "number": cluster.number,
        "title": cluster.title,
        "service": cluster.service,
        "environments": {
            name: {"entries": entries, "occurrences": occurrences}
            for name, (entries, occurrences) in cluster.environments.items()
        },
        "kind": triage.kind.value,
        "category": triage.category,
        "severity": triage.severity.value,
        "template": cluster.template,
        "entries": cluster.entries,
        "occurrences": cluster.occurrences,
        "first_seen": _time(cluster.first_seen),
        "last_seen": _time(cluster.last_seen),
    }
    if members is not None:
        data["members"] = list(members.get(cluster.number, ()))
    return data


def _incident(incident: Incident, members: Mapping[int, tuple[str, ...]] | None) -> Json:
    data: Json = {
        "id": incident.id,
        "root": incident.root,
        "clusters": list(incident.clusters),
        "start": _time(incident.start),
        "end": _time(incident.end),
        "reason": incident.reason,
    }
    if members is not None:
        data["members"] = list(members.get(incident.id, ()))
    return data


def _triage(triage: Triage) -> Json:
    return {
        "severity": triage.severity.value,
        "category": triage.category,
        "kind": triage.kind.value,
        "trend": triage.trend.value,
        "reasons": list(triage.reasons),
        "by": triage.by,
    }


def _analysis(analysis: Analysis) -> Json:
    return {
        "source": analysis.source,
        "name": analysis.name,
        "cause": analysis.cause,
        "technical_impact": analysis.technical_impact,
        "business_impact": analysis.business_impact,
        "next_steps": list(analysis.next_steps),
        "claims": [
            {"text": c.text, "ground": c.ground.value, "rests_on": list(c.rests_on), "quote": c.quote}
            for c in analysis.claims
        ],
        "confidence": analysis.confidence,
        "severity": analysis.severity.value if analysis.severity else None,
        "severity_reason": analysis.severity_reason,
        "category": analysis.category,
        "category_reason": analysis.category_reason,
        "alternatives": list(analysis.alternatives),
        "rule": analysis.rule,
        "note": analysis.note,
    }


def _audit(audit: Audit) -> Json:
    return {
        "verdict": audit.verdict.value,
        "rule": audit.rule,
        "cause": audit.cause.value,
        "claims": [{"text": c.claim.text, "finding": c.finding.value, "why": c.why} for c in audit.claims],
    }


def _match(match: Match) -> Json:
    return {
        "outcome": match.outcome.value,
        "reason": match.reason,
        "issue": _issue(match.issue) if match.issue else None,
        "candidates": [{**_issue(c.issue), "score": c.score, "reason": c.reason} for c in match.candidates],
    }


def _issue(issue: Issue) -> Json:
    return {
        "repository": issue.repository,
        "number": issue.number,
        "title": issue.title,
        "state": issue.state,
        "state_reason": issue.reason,
        "url": issue.url,
    }


def _proposal(proposal: Proposal) -> Json:
    draft = proposal.draft
    return {
        "id": proposal.id,
        "stage": proposal.stage.value,
        "act": draft.act.value,
        "repository": draft.repository,
        "title": draft.title,
        "body": draft.body,
        "comment": draft.comment,
        "labels": list(draft.labels),
        "assignees": list(draft.assignees),
        "issue": proposal.issue or draft.issue or None,
        "url": proposal.url,
        "reason": draft.reason,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
