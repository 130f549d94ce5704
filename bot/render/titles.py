"""Titles, labels, assignees in house style: `GCP-<category> | P<n> | <name>`, and what they say of a severity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.models import Issue, Kind, Policy, Problem, Severity, Verdict
from bot.render import house
from bot.render.escape import cut
from bot.render.escape import title as plain_title

TITLE_LIMIT = 256
LABELS = 4
MOST_LABELS = 10
"""That somebody may type."""
ASSIGNEES = 10
LONGEST_OWNERS = 100_000
LABEL_LIMIT = 50
PRIORITIES = frozenset(severity.value for severity in Severity)

_LOGIN = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_PRIORITY = re.compile(r"\b(P[0-5])\b(?:\s*(?:→|->)\s*(P[0-5])\b)?")


def name(problem: Problem) -> str:
    """What the problem is called: the analysis's name where the audit approved it, else the cluster's own title."""
    analysis, audit = problem.analysis, problem.audit
    if analysis and analysis.name and audit and audit.verdict is Verdict.APPROVED:
        return analysis.name
    return problem.cluster.title or problem.cluster.template


def title(problem: Problem, policy: Policy) -> str:
    own = house.rendered(policy.style.get("title", ""), facts(problem), {}, plain_title)
    category = re.sub(r"[^\w-]", "", problem.triage.category) or "new"
    return retitle(own or f"GCP-{category} | {problem.triage.severity} | {name(problem)}")


def facts(problem: Problem) -> dict[str, object]:
    """What templates of titles, labels and branches may name."""
    slug = re.sub(r"[^a-z0-9]+", "-", name(problem).lower()).strip("-")
    return {
        "p": problem,
        "c": problem.cluster,
        "t": problem.triage,
        "category": problem.triage.category,
        "severity": problem.triage.severity.value,
        "kind": problem.triage.kind.value,
        "service": problem.cluster.service,
        "name": name(problem),
        "slug": slug[:40].strip("-"),
    }


def branch(problem: Problem, policy: Policy) -> str:
    """What a branch for the fix would be called, where the team has words for that."""
    own = house.rendered(policy.style.get("branch", ""), facts(problem), {}, str)
    return re.sub(r"[^A-Za-z0-9/_.-]+", "-", own).strip("-/.")[:100]


def retitle(text: str) -> str:
    """Somebody's own words as a title: harmless, in one line, within the limit."""
    return cut(plain_title(text), TITLE_LIMIT)


def relabelled(names: Iterable[str]) -> tuple[str, ...]:
    """Labels as somebody typed them: harmless, each once, as many and as long as a tracker takes."""
    clean = (cut(plain_title(name.replace(",", " ")).strip(), LABEL_LIMIT) for name in names)
    return tuple(dict.fromkeys(name for name in clean if name))[:MOST_LABELS]


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
    """Priority, type, area, generated, or the team's own: four at most."""
    templates = policy.style.get("labels", "").splitlines()
    own = [house.rendered(text, facts(problem), {}, plain_title).strip() for text in templates]
    if any(own):
        named = [cut(text.replace(",", " "), LABEL_LIMIT) for text in own if text]
        return tuple(dict.fromkeys(named))[:LABELS]
    kind = "security" if problem.triage.kind is Kind.SECURITY else "bug"
    area = cut(f"area/{plain_title(problem.cluster.service)}", LABEL_LIMIT).replace(",", " ")
    generated = policy.labels[: LABELS - 1]
    others = (kind, area)[: LABELS - 1 - len(generated)]
    return tuple(dict.fromkeys((problem.triage.severity.value, *others, *generated)))


def assignees(problem: Problem, policy: Policy, codeowners: str = "") -> tuple[str, ...]:
    """The service's owners in garden.toml; else those of the code that failed, by the repository's CODEOWNERS."""
    named = policy.owners.get(problem.cluster.service, ()) or owners_of(sites(problem), codeowners)
    return tuple(dict.fromkeys(named))[:ASSIGNEES]


def sites(problem: Problem) -> list[str]:
    """Files that the evidence names as where it failed, innermost first."""
    found = []
    for entry in problem.cluster.evidence:
        frame = entry.failure.frame if entry.failure else None
        named = [site for site in (frame, entry.site) if site and (site.file or site.module)]
        found += [site.file or site.module.replace(".", "/") + ".py" for site in named]
    return list(dict.fromkeys(path.replace("\\", "/").strip("/") for path in found))


def owners_of(paths: Sequence[str], codeowners: str) -> tuple[str, ...]:
    """Logins of the last line of CODEOWNERS that is of one of the files. Where a log names a file by its place in the
    container, the repository's place is an end of that; teams and addresses cannot be assigned."""
    lines = [line.split("#")[0].split() for line in codeowners[:LONGEST_OWNERS].splitlines()]
    rules = [(_pattern(words[0]), words[1:]) for words in lines if words]
    for path in paths:
        parts = path.split("/")
        ends = ["/".join(parts[i:]) for i in range(len(parts))]
        for pattern, owners in reversed(rules):
            if any(pattern.fullmatch(end) for end in ends):
                return tuple(name[1:] for name in owners if _LOGIN.fullmatch(name))
    return ()


def _pattern(text: str) -> re.Pattern[str]:
    """A line's pattern as GitHub reads it: `*` within a folder, `**` through all, a folder means what is in it."""
    anchored = "/" in text.rstrip("/")
    inner = re.escape(text.strip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    below = "/.*" if text.endswith("/") else "" if text.endswith("/*") else "(?:/.*)?"
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{inner}{below}")
