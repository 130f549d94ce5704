"""What is known of a case for certain: entries, figures, times and names that claims are held against."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache

from bot.models import Case, Cluster, Deployment, Entry

ENTRY_BOUND = 20_000
ELLIPSIS = re.compile(r"\s*(?:\[?(?:\.\.\.|…)\]?)\s*")
MASK = re.compile(r"<[A-Za-z*][\w*: -]{0,30}>|<\*>")
FRAME = re.compile(r'File "(?P<file>[^"\n]{1,200})", line (?P<line>\d+)')
PLACE = re.compile(r"(?<![\w.@-])(?P<file>/?(?:[\w.@-]+/)*[\w@-]+\.\w{1,5}):(?:line )?(?P<line>\d+)")


FRAMES = (
    re.compile(r'File "(?P<file>[^"\n]{1,200})", line (?P<line>\d+), in (?P<function>[\w.<>]{1,100})'),
    re.compile(r"\bat (?:async )?(?P<function>[\w.$<>]{1,100}) \((?P<file>[^\s()]{1,200}?):(?P<line>\d+)(?::\d+)?\)"),
    re.compile(r"\bat (?P<function>[\w.$<>]{1,100})\([^()\n]{0,80}\) in (?P<file>[^\s]{1,200}):line (?P<line>\d+)"),
    re.compile(r"\bat (?P<function>[\w.$<>]{1,100})\((?P<file>[\w.]{1,100}):(?P<line>\d+)\)"),
    re.compile(
        r"^(?P<function>[\w./*()]{1,100})\([^\n]{0,200}\)\n\s+(?P<file>/[^\s:]{1,200}):(?P<line>\d+)", re.MULTILINE
    ),
    re.compile(r"(?P<file>[\w./-]{1,200}):(?P<line>\d+):in [`'](?P<function>[\w.#<> ]{1,100})'"),
)
"""Frames of stack traces: Python, Node, .NET, Java, Go, Ruby."""


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """Text as it is compared: one kind of each character, nothing invisible, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(QUOTE_MARKS)
        text = "".join(c if c.isprintable() else _blank(c) for c in text)
    return " ".join(text.translate(CONTROLS).split())


def _blank(character: str) -> str:
    return "" if unicodedata.category(character) == "Cf" else " "


CONTROLS = dict.fromkeys((*range(32), 127), " ")
QUOTE_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})


def stands(wanted: str, text: str) -> bool:
    """Whether the words stand in the text, on value boundaries: `500` does not stand in `5000` nor in `1.500`."""
    return _expression(wanted).search(text) is not None


def _expression(wanted: str) -> re.Pattern[str]:
    before = r"(?<![\w])(?<!\d[.,])" if wanted[:1].isalnum() or wanted[:1] == "_" else ""
    after = r"(?![\w])(?![.,]\d)" if wanted[-1:].isalnum() or wanted[-1:] == "_" else ""
    return re.compile(before + re.escape(wanted) + after)


def quoted(quote: str, text: str, masks: frozenset[str]) -> bool:
    """Whether a quote stands in a text: white space and masks aside, an ellipsis leaves something out.

    A mask that the entries have themselves (`<email>`) must stand there; another one (`<*>`) is for one value.
    """
    at = 0
    pieces = [p for p in ELLIPSIS.split(quote) if p.strip()]
    if not pieces or sum(c.isalnum() for c in quote) < 3:
        return False
    for piece in pieces:
        found = _with_masks(piece.strip(), masks).search(text, at)
        if found is None or (len(pieces) > 1 and len(piece.strip()) < 4):
            return False
        at = found.end()
    return True


def _with_masks(piece: str, masks: frozenset[str]) -> re.Pattern[str]:
    parts, at = [], 0
    for mask in MASK.finditer(piece):
        if mask.group(0) in masks:
            continue
        parts += [re.escape(piece[at : mask.start()]), r"[^\s<>]{1,80}"]
        at = mask.end()
    literal = piece[at:]
    parts.append(re.escape(literal))
    before = r"(?<![\w])(?<!\d[.,])" if piece[:1].isalnum() else ""
    after = r"(?![\w])(?![.,]\d)" if literal[-1:].isalnum() else ""
    return re.compile(before + "".join(parts) + after)


@dataclass(frozen=True)
class Facts:
    """One case, asked for its figures and names."""

    case: Case
    issues: frozenset[int] = frozenset()
    around: Case | None = None
    """The whole case, where these are the facts of one of its symptoms."""

    def about(self, text: str) -> Facts:
        """The facts that a sentence is about: those of a symptom, where it names one and not the cluster itself."""
        symptom = self._named(text)
        if symptom is None:
            return self
        others = tuple(c for c in (self.cluster, *self.case.symptoms) if c is not symptom)
        problem = replace(self.case.problem, cluster=symptom)
        return Facts(replace(self.case, problem=problem, symptoms=others), self.issues, around=self.case)

    def _named(self, text: str) -> Cluster | None:
        symptoms = self.case.symptoms
        numbers = {int(n) for n in re.findall(r"\bcluster #?(\d{1,9})\b", text, re.IGNORECASE)}
        if numbers:
            return next((c for c in symptoms if numbers == {c.number}), None)
        for marks in (_routes, _services):
            own = marks(self.cluster)
            named = [c for c in symptoms if any(_stands_in(m, text) for m in marks(c) - own)]
            if len(named) == 1 and not any(_stands_in(m, text) for m in own):
                return named[0]
        return None

    @cached_property
    def everyone(self) -> dict[int, Cluster]:
        case = self.around or self.case
        return {c.number: c for c in (case.problem.cluster, *case.symptoms)}

    @property
    def cluster(self) -> Cluster:
        return self.case.problem.cluster

    @cached_property
    def clusters(self) -> dict[int, Cluster]:
        return {c.number: c for c in (self.cluster, *self.case.symptoms)}

    @cached_property
    def entries(self) -> dict[str, list[Entry]]:
        """The kept entries by their insertId, the symptoms' included."""
        found: dict[str, list[Entry]] = {}
        for cluster in self.clusters.values():
            for entry in cluster.evidence:
                found.setdefault(entry.id, []).append(entry)
        return found

    @cached_property
    def masks(self) -> frozenset[str]:
        return frozenset(m for e in self.all for m in MASK.findall(e.text[:ENTRY_BOUND]))

    @cached_property
    def all(self) -> tuple[Entry, ...]:
        return tuple(e for found in self.entries.values() for e in found)

    def among(self, text: str) -> tuple[Entry, ...]:
        """The entries that a sentence without a citation is about."""
        own = self.cluster.service
        others = {c.service for c in self.case.symptoms} - {own}
        if others and own and _stands_in(own, text) and not any(o and _stands_in(o, text) for o in others):
            return self.cluster.evidence
        return self.all

    def cited(self, ids: Iterable[str]) -> list[Entry]:
        return [e for i in ids for e in self.entries.get(i, ())]

    @cached_property
    def exceptions(self) -> frozenset[str]:
        named = {e.failure.type for e in self.all if e.failure}
        named |= {s.exception for c in self.clusters.values() for s in c.signatures if s.exception}
        return frozenset(named | {n.rsplit(".", 1)[-1] for n in named})

    @cached_property
    def statuses(self) -> frozenset[int]:
        """HTTP statuses of the cluster itself."""
        found = {s.status for s in self.cluster.signatures} | {
            e.request.status for e in self.cluster.evidence if e.request
        }
        return frozenset(found - {0})

    @cached_property
    def places(self) -> frozenset[tuple[str, int]]:
        """Files and lines that the entries name."""
        found: set[tuple[str, int]] = set()
        for entry in self.all:
            for site in (entry.site, entry.failure.frame if entry.failure else None):
                if site and site.file:
                    found.add((site.file, site.line))
            text = entry.text[:ENTRY_BOUND]
            found |= {(m["file"], int(m["line"])) for e in (FRAME, PLACE) for m in e.finditer(text)}
        return frozenset(found)

    @cached_property
    def functions(self) -> dict[str, set[tuple[str, int]]]:
        """Where the entries say that each function stands."""
        found: dict[str, set[tuple[str, int]]] = {}
        for entry in self.all:
            for site in (entry.site, entry.failure.frame if entry.failure else None):
                if site and site.function and site.file and site.line:
                    found.setdefault(site.function, set()).add((site.file, site.line))
            text = entry.text[:ENTRY_BOUND]
            for m in (m for e in FRAMES for m in e.finditer(text)):
                found.setdefault(m["function"], set()).add((m["file"], int(m["line"])))
        return found

    @cached_property
    def names(self) -> str:
        """What the clusters are called by: services, places, exceptions, routes; nothing that only an entry says."""
        parts: list[str] = []
        for c in self.clusters.values():
            parts += [c.service, c.kind.value, *c.environments, *c.revisions]
            for s in c.signatures:
                parts += [s.site, s.exception, s.method, s.route]
        for d in self.case.deployments:
            parts += [d.service, d.environment, d.revision, d.image, d.who]
        return plain(" \n ".join(p for p in parts if p))

    @cached_property
    def words(self) -> str:
        """Everything about the case that is not an entry, as text to find names in."""
        parts: list[str] = []
        for c in self.clusters.values():
            parts += [c.service, c.title, c.template, c.kind.value, *c.environments, *c.revisions]
            for s in c.signatures:
                parts += [s.site, s.exception, s.method, s.route, s.template]
        for d in self.case.deployments:
            parts += [d.service, d.environment, d.revision, d.image, d.who]
        return plain(" \n ".join(p for p in parts if p))

    def revisions(self, *, deployed: bool = False) -> tuple[str, ...]:
        named = self.cluster.revisions
        return (*named, *(d.revision for d in self.case.deployments if d.revision)) if deployed else named

    def deployed(self, text: str) -> tuple[Deployment, ...]:
        """The deployments that a text may speak of: those of the revisions it names, or all where it names none."""
        known = self.case.deployments
        named = tuple(d for d in known if d.revision and d.revision in text)
        return named if named or any(r in text for r in self.cluster.revisions) else known

    def count(self, environment: str = "", revision: str = "", *, entries: bool = False) -> int:
        """Occurrences (or entries), of one environment or revision where they are named."""
        if not environment and not revision:
            return self.cluster.entries if entries else self.cluster.occurrences
        chosen = [
            c
            for c in self.cluster.counts
            if (not environment or c.environment == environment) and (not revision or c.revision == revision)
        ]
        return sum(c.entries if entries else c.occurrences for c in chosen)

    def times(self) -> list[datetime]:
        cluster = self.cluster
        return [cluster.first_seen, cluster.last_seen, *(m.time for m in cluster.moments), *(e.time for e in self.all)]


def _routes(cluster: Cluster) -> frozenset[str]:
    return frozenset(s.route for s in cluster.signatures if len(s.route) > 1)


def _services(cluster: Cluster) -> frozenset[str]:
    return frozenset({cluster.service} - {""})


def _stands_in(mark: str, text: str) -> bool:
    return re.search(rf"(?<![\w/-]){re.escape(mark)}(?![\w/-])", text) is not None


def text_of(entries: Sequence[Entry]) -> str:
    """All that some entries say, their structure included, as it is compared."""
    return " \n ".join(written for e in entries for written in _written(e))


def sayings(entry: Entry) -> list[str]:
    """The texts of an entry that a quote may be taken from."""
    said = [plain(entry.text[:ENTRY_BOUND])]
    if entry.failure:
        said.append(plain(f"{entry.failure.type}: {entry.failure.message}"))
    return said


def _written(entry: Entry) -> list[str]:
    parts = [*sayings(entry), entry.service, entry.workload, entry.environment, entry.instance, entry.trace]
    parts += [entry.request_id, entry.level.name, entry.log]
    if entry.request:
        r = entry.request
        parts += [f"{r.method} {r.route}", f"{r.method} {r.url}", f"HTTP status {r.status}" if r.status else ""]
    for site in (entry.site, entry.failure.frame if entry.failure else None):
        if site:
            parts += [site.module, site.function, f"{site.file}:{site.line}" if site.line else site.file]
    return [p for p in parts if p]
