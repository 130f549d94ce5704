"""Analysis without a model: the first row of the table that recognises the cluster, filled with what the entries say.

It says that it is pattern-based, claims only figures that are counted, and names worth only as the team stated it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bot.analysts.recognise import Hit, recognise, views
from bot.analysts.table import TABLE, UNKNOWN
from bot.analysts.wording import clean, fill
from bot.models import Analysis, Case, Claim, Cluster, CriticalPath, Entry, Ground

QUOTE_BOUND = 160
REVISIONS_NAMED = 4


class Patterns:
    """The analyst that always works: no key, no network, no cost."""

    name = "patterns"

    def analyse(self, case: Case) -> Analysis:
        cluster = case.problem.cluster
        hit = recognise(cluster, TABLE) or Hit(UNKNOWN, views(cluster)[0])
        values = _values(cluster, hit)
        row = hit.row
        cause = fill(row.cause, values)
        known = row is not UNKNOWN
        return Analysis(
            cluster=cluster.number,
            source=self.name,
            name=clean(fill(row.title, values)),
            cause=cause,
            technical_impact=fill(row.technical, values),
            business_impact=_business(case, fill(row.business, values)),
            next_steps=tuple(fill(step, values) for step in row.steps),
            claims=tuple(_claims(cluster, hit, cause)),
            confidence=(0.9 if hit.confirms else 0.5) if known else 0.0,
            severity=row.severity,
            rule=row.name if hit.confirms else "",
            fingerprint=case.fingerprint,
        )


def _values(cluster: Cluster, hit: Hit) -> dict[str, str]:
    signature, entry = cluster.signature, hit.view.entry
    request = entry.request if entry else None
    method, route = (request.method, request.route) if request else (signature.method, signature.route)
    service = clean(cluster.service)
    values = {
        "service": service or "the service",
        "exception": clean(hit.view.exception),
        "frame": _frame(entry, signature.site),
        "method": clean(method),
        "request": clean(f"{method} {route}") or service,
        "route": clean(route),
        "status": str(hit.view.status or ""),
        "title": clean(cluster.title or cluster.template) or "A problem without words",
    }
    values |= {k: v for k, v in hit.values.items() if v}
    if "host" in hit.values:
        values["target"] = ":".join(hit.values[k] for k in ("host", "port") if k in hit.values)
    return values


def _frame(entry: Entry | None, site: str) -> str:
    failure = entry.failure if entry else None
    frame = (failure.frame if failure else None) or (entry.site if entry else None)
    if frame and frame.file:
        return clean(f"{frame.file}:{frame.line}" if frame.line else frame.file)
    if frame and frame.module:
        return clean(".".join(p for p in (frame.module, frame.function) if p))
    return clean(site)


def _business(case: Case, plain: str) -> str:
    paths = [p for p in case.critical_paths if touches(case, p)]
    stated = [
        f'It touches the critical path "{p.name}"'
        + (f" (worth, as the team states it: {p.worth})." if p.worth else ".")
        for p in paths
    ]
    return " ".join(filter(None, (plain, *stated)))


def touches(case: Case, path: CriticalPath) -> bool:
    """Whether the problem stands in a way through the product that the team named."""
    cluster = case.problem.cluster
    if path.services and not any(fnmatchcase(cluster.service, s) for s in path.services):
        return False
    routes = {s.route for s in cluster.signatures if s.route}
    routes |= {e.request.route for e in cluster.evidence if e.request and e.request.route}
    if path.routes and routes:
        return any(fnmatchcase(r, wanted) for r in routes for wanted in path.routes)
    return bool(path.services)


def _claims(cluster: Cluster, hit: Hit, cause: str) -> list[Claim]:
    """Only what is counted or stands in an entry, and the cause as an inference from it."""
    facts = [
        Claim(
            f"{_many(cluster.occurrences, 'occurrence')} in {_many(cluster.entries, 'log entry', 'log entries')}.",
            Ground.OBSERVATION,
        ),
        Claim(f"First seen {_stamp(cluster.first_seen)}, last seen {_stamp(cluster.last_seen)}.", Ground.OBSERVATION),
    ]
    if cluster.revisions:
        named, many = ", ".join(cluster.revisions[:REVISIONS_NAMED]), len(cluster.revisions)
        text = (
            f"Seen on {_many(many, 'revision')}, among them {named}." if many > REVISIONS_NAMED else f"Seen on {named}."
        )
        facts.append(Claim(text, Ground.OBSERVATION))
    if cluster.users:
        facts.append(Claim(f"{_many(cluster.users, 'distinct user')}.", Ground.OBSERVATION))
    entry = hit.view.entry or (cluster.evidence[0] if cluster.evidence else None)
    quote = _quote(entry, hit.words) if entry else ""
    if entry and quote:
        facts.append(Claim(f'An entry says "{quote}".', Ground.OBSERVATION, (entry.id,), quote))
    return [*facts, Claim(cause, Ground.INFERENCE, (str(len(facts)),))] if cause else facts


def _quote(entry: Entry, words: str) -> str:
    """The line of the entry that was recognised, or else its last one, cut at a space."""
    lines = [line.strip() for line in entry.text.splitlines() if line.strip()]
    if not lines:
        return ""
    told = words.strip().split("\n")[0][:80]
    line = next((text for text in lines if told and told in text), lines[-1] if entry.failure else lines[0])
    if len(line) <= QUOTE_BOUND:
        return line
    start = max(line.find(told) - 40, 0) if told else 0
    start = line.find(" ", start) + 1 if start else 0
    piece = line[start : start + QUOTE_BOUND]
    return piece.rsplit(" ", 1)[0].strip() if start + QUOTE_BOUND < len(line) and " " in piece else piece.strip()


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
