"""What a next step names: files, settings and commands have to stand in the evidence, and no step may carry an address
or something to be pasted into a shell. A model that obeyed a log line must not speak to people in its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.models import Case, Cluster, Site

QUOTED = re.compile(r"`([^`]{1,200})`")
FILE = re.compile(r"(?<![\w.])/?(?:[\w@-][\w.@-]*/)*[\w@-][\w@-]*(?:\.[\w@-]+)*\.[A-Za-z]{1,5}\b")
SUFFIXES = re.compile(
    r"\.(?:c|cfg|conf|cs|css|csv|env|go|gradle|html?|ini|java|jsx?|json|kt|lock|log|md|mjs|php|pem|properties|py|rb|rs|sh"
    r"|sql|swift|tf|toml|tsx?|txt|vue|xml|ya?ml)$",
    re.IGNORECASE,
)
SETTING = re.compile(r"(?<![\w$])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
NEVER = re.compile(
    r"://|\bwww\.|\||&&|\$\(|(?<![\w/])/garden\b"
    r"|(?:^|[`:;\s])(?:sudo|rm|curl|wget|bash|sh|zsh|eval|chmod|chown|dd|mkfs|nc|powershell|iex)\s+[-~/.\w<]",
    re.IGNORECASE,
)
TEXT_BOUND = 20_000


def sound(step: str, case: Case) -> bool:
    """Whether a next step may be shown."""
    if NEVER.search(step):
        return False
    wanted = [*QUOTED.findall(step), *SETTING.findall(step)]
    wanted += [f for f in FILE.findall(step) if SUFFIXES.search(f)]
    if not wanted:
        return True
    seen = " ".join(_seen(case))
    return all(_stands(name, seen) for name in wanted)


def _stands(name: str, seen: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(' '.join(name.split()))}(?![\w])", seen) is not None


def _seen(case: Case) -> Iterator[str]:
    for cluster in (case.problem.cluster, *case.symptoms):
        yield from _of(cluster)
    for d in case.deployments:
        yield from (d.service, d.revision, d.image, d.message)
    for path in case.critical_paths:
        yield path.name


def _of(cluster: Cluster) -> Iterator[str]:
    yield from (cluster.service, cluster.title, cluster.template, *cluster.environments, *cluster.revisions)
    for signature in cluster.signatures:
        yield from (signature.site, signature.exception, f"{signature.method} {signature.route}")
    for entry in cluster.evidence:
        yield " ".join(entry.text[:TEXT_BOUND].split())
        yield from (entry.workload, entry.instance)
        for site in (entry.site, entry.failure.frame if entry.failure else None):
            yield from _site(site)
        if entry.request:
            yield f"{entry.request.method} {entry.request.route} {entry.request.url}"


def _site(site: Site | None) -> Iterator[str]:
    if site:
        yield from (site.file, site.file.rsplit("/", 1)[-1], site.module, site.function)
