"""Evidence beyond words: what cluster and issue both name, and where they name different things of one kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from math import prod

from bot.models import Cluster, Issue, Kind
from bot.steps.match.facts import MANY, Facts, routed, routes_in, spoken

SAID, STOCK = 0.5, 0.12
"""What it tells that the issue has the whole message as it was logged; a sentence that a runtime says of anything."""
PLACE, FUNCTION, FILE = 0.4, 0.22, 0.1
ROUTE, PATH, STATUS = 0.3, 0.2, 0.2
EXCEPTION, NAME, HOST, CODE, SERVICE = 0.22, 0.2, 0.2, 0.25, 0.12
FEW = 2
"""A name is rare that so many candidates have at most."""
RUN = 3
"""So many words in a row, as they were logged, are no chance."""
SHORT = 0.5
"""Of a longer message three words in a row may be chance, though."""
NAMED = 3
"""A name has no more words."""
LONGEST = 4000
LEAST = 0.3
"""What contradictions leave at least."""

_MASK = re.compile(r"<[^<>\s]{0,40}>")
_IDENTIFIER = re.compile(
    r"\b[A-Za-z]\w*+(?:[./:-]\w++)++|\b[A-Za-z][A-Za-z0-9]*+(?:_[A-Za-z0-9]++)++"  # possessive: linear on any text
    r"|\b[a-z]++[A-Z]\w*+|\b[A-Z][a-z]++[A-Z]\w*+|\b[A-Z]{5,}\b"
)
_COMMON = re.compile(r"[A-Z][a-z]+(?:Error|Exception)|Error|Exception|[a-z]+/[a-z]+|[A-Z][a-z]+[A-Z][a-z]+|[A-Z]+")
"""Names that many unrelated problems share, and so tell nothing more than a word does."""
_GENERAL = re.compile(
    r"(?:[A-Z][a-z]+|Type|Name|OS|IO|EOF)?(?:Error|Exception)|(?:Value|Key|Type|Index|Attribute|Timeout|Runtime)Error"
    r"|(?:Null|Zero|Index|Illegal|Invalid|Unsupported|Connect|Read|Connection|Module|Integrity|Operational|Response)"
    r"(?:\w{0,20})(?:Error|Exception|Timeout)|UniqueViolation|runtime error|error|panic|fatal error"
)
"""Exceptions that come with any problem."""
_STOCK = re.compile(
    r"invalid memory address|nil pointer|division by zero|divide by zero|index out of (?:range|bounds)"
    r"|nonetype object|null pointer|of (?:undefined|null)\b|is not a function|because .* is null"
    r"|connection (?:refused|reset|timed out|closed)|timed out|broken pipe|context (?:deadline|canceled)"
    r"|no such file|permission denied|access denied|out of memory|deadlock detected|duplicate key value"
    r"|violates .* constraint|unexpected token|codec can t|object is not|too many open files|no space left"
    r"|database is locked|panicked at|statement timeout|lock timeout|memory limit|heap limit|failed to start and listen"
    r"|container called exit"
    r"|internal server error|bad gateway|service unavailable|not found$|unauthorized$|forbidden$"
)
_SEGMENT = re.compile(r"[:;,.]\s|[()\"\[\]]|\s-+\s|\s=\s")
_FRAME = re.compile(r"\s|Traceback|File \"|at |goroutine |\{$|During handling")
_WISH = re.compile(r"\[?(?:feat(?:ure)?|chore|docs?|refactor\w*|migrate|upgrade|bump|epic|rfc)\b", re.IGNORECASE)
_WISHES = frozenset(
    {"feature", "feature-request", "feature request", "enhancement", "chore", "refactoring", "refactor", "docs"}
    | {"documentation", "question", "epic", "dependencies", "tech-debt", "tech debt", "idea", "rfc"}
)
_FILLERS = frozenset(
    {"for", "of", "in", "at", "on", "to", "from", "by", "the", "a", "an", "is", "and", "with", "because"}
)
_PARTS = frozenset(
    {"api", "web", "app", "service", "server", "backend", "frontend", "worker", "jobs", "job", "gateway"}
)
"""What services of any kind are called."""
_ROOTS = frozenset(
    {"app", "src", "usr", "lib", "srv", "opt", "home", "code", "workspace", "main", "dist", "node_modules"}
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that both name, and how much that tells."""

    weight: float
    name: str


@dataclass(frozen=True, slots=True)
class Signs:
    named: tuple[str, ...] = ()
    """What both name, the strongest first."""
    telling: int = 0
    """How many of them tell as much as a rare word."""
    doubt: float = 1.0
    """What is left to doubt after all that agrees, from 1 on down."""
    against: float = 1.0
    """A factor: less than 1 where something contradicts."""
    other: tuple[str, ...] = ()
    """What contradicts: another status, another service."""


@dataclass(frozen=True)
class Asked:
    """What a cluster names, looked up once for all issues."""

    cluster: Cluster
    services: Collection[str]
    """All that are known."""

    @cached_property
    def kind(self) -> str:
        """The exception without its module."""
        return self.cluster.signature.exception.rpartition(".")[2]

    @cached_property
    def line(self) -> str:
        """The message, of all lines."""
        return _message(self.cluster.template[:LONGEST], self.kind)

    @cached_property
    def raw(self) -> list[str]:
        """The message of each entry that is kept, with what varies."""
        return [_message(e.text[:LONGEST], self.kind) for e in self.cluster.evidence[:3]]

    @cached_property
    def words(self) -> list[str]:
        return spoken(self.line)[:40]

    @cached_property
    def segments(self) -> list[list[str]]:
        """Parts of the message that are something by themselves."""
        cuts = [0, *(at.end() for at in _SEGMENT.finditer(self.line))][:20]
        ends = [*(at.start() for at in _SEGMENT.finditer(self.line)), len(self.line)][:20]
        found = [spoken(self.line[a:b]) for a, b in zip(cuts, ends, strict=True)]
        found += [spoken(self.line[a:]) for a in cuts[1:]]
        return [part for part in found if len(part) >= RUN and sum(map(len, part)) >= 4 * RUN]

    @cached_property
    def facts(self) -> Facts:
        return Facts("\n".join((self.cluster.title[:500], self.line, *self.raw[:1])))

    @cached_property
    def numbers(self) -> set[str]:
        """What is the same in every entry."""
        each = [Facts(f"{text}\n{self.cluster.title}").numbers for text in self.raw]
        return set(frozenset.intersection(*each)) if each else set(self.facts.numbers)

    @cached_property
    def statuses(self) -> frozenset[str]:
        status = self.cluster.signature.status
        return frozenset({str(status)}) if status >= 400 else self.facts.statuses

    @cached_property
    def names(self) -> list[str]:
        found = _IDENTIFIER.findall(_MASK.sub(" ", f"{self.cluster.title} {self.cluster.template[:LONGEST]}"))
        here = tuple(part for part in (self.kind, self.kind and self.cluster.signature.exception) if part)
        file = re.split(r"[:/]", self.cluster.signature.site.rpartition(":")[0])[-1]
        names = (n for n in dict.fromkeys(found) if len(n) > 4 and not n.endswith(here))
        return [n for n in names if not (file and n.endswith(file))][:20]

    @cached_property
    def site(self) -> tuple[str, str]:
        """The file or module, without its folders and packages, and the function."""
        site = self.cluster.signature.site.lower()
        module, _, function = site.rpartition(":" if ":" in site else ".")
        file = re.sub(r"\.(?:py|go|jsx?|tsx?|mjs|cjs|java|kt|rb|php|rs|cs)$", "", module)
        near = file.rpartition("/")[2] if "/" in file or file != module else file.rpartition(".")[2]
        return near, function.rpartition(".")[2]

    @cached_property
    def roots(self) -> set[str]:
        parts = re.split(r"[/.:]", self.cluster.signature.site.lower())
        return set(parts[:-1]) - _ROOTS - {""} if len(parts) > 1 else set()

    @cached_property
    def probed(self) -> frozenset[str]:
        """The paths that a stranger asked for."""
        return (
            frozenset(p for p in self.facts.paths if len(p) > 2) if self.cluster.kind is Kind.SECURITY else frozenset()
        )


def _message(text: str, kind: str) -> str:
    """Of many lines that which says what went wrong."""
    lines = [line for line in text.splitlines()[:60] if line.strip()]
    for line in lines if kind else ():
        if re.match(rf"(?:[\w.]*\.)?{re.escape(kind)}\b.*:", line):
            return line[:500]
    return next((line for line in lines if not _FRAME.match(line)), lines[0] if lines else "").strip()[:500]


def signs(asked: Asked, issue: Issue, heading: str, text: Facts, common: Collection[str]) -> Signs:
    """`heading` is the title of an issue, `text` what all of it names, in lower case; `common` are the names that
    more than a few candidates have."""
    here = len(asked.cluster.service) > 3 and text.has(asked.cluster.service.lower())
    placed = list(_placed(asked, text))
    known = bool(placed) or here or bool(asked.kind and not _GENERAL.fullmatch(asked.kind))
    found = [*placed, *_said(asked, text, corroborated=known), *_called(asked, text, common)]
    if here and any(s.weight >= NAME for s in found):
        found.append(Sign(SERVICE, asked.cluster.service))
    found.sort(key=lambda s: -s.weight)
    different = list(_different(asked, issue, heading, text))
    found = list({s.name: s for s in reversed(found)}.values())[::-1]
    return Signs(
        named=tuple(s.name for s in found),
        telling=sum(s.weight >= CODE or s.weight >= NAME for s in found),
        doubt=prod(1 - s.weight for s in found),
        against=max(LEAST, prod(d.weight for d in different)),
        other=tuple(d.name for d in sorted(different, key=lambda d: d.weight)),
    )


# ------------------------------------------------------------------------------------------------ what agrees


def _said(asked: Asked, text: Facts, *, corroborated: bool) -> Iterator[Sign]:
    """How much of the message stands in the issue as it was logged but for what varies: in one run, or a part of it
    that is something by itself."""
    words, best, start = asked.words, list[str](), 0
    route = asked.cluster.signature.route
    if len(words) < RUN or (route and routed(route) in asked.line.lower()):
        return
    for end in range(1, len(words) + 1):
        if words[end - 1] not in text.words:
            start = end
        while start < end and f" {' '.join(words[start:end])} " not in text.spoken:
            start += 1
        if end - start > len(best):
            best = words[start:end]
    share = len(best) / len(words)
    if len(best) < RUN or (len(best) == RUN and share < SHORT):
        share = 0.0
    for part in asked.segments:
        if share < 0.8 and f" {' '.join(part)} " in text.spoken:
            share, best = max(share, 0.8 if len(part) > RUN else 0.6), part
    if share:
        stock = _STOCK.search(" ".join(best))
        yield Sign(SAID * share if corroborated or not stock else min(STOCK, SAID * share), "what was logged")


def _placed(asked: Asked, text: Facts) -> Iterator[Sign]:
    """Where in the code, on which route, in which service."""
    signature = asked.cluster.signature
    near, function = asked.site
    if function and near:
        plain = text.squeezed
        ways = [re.sub(r"_", "", near), re.sub(r"[\W_]", "", near)]
        called = re.escape(function.replace("_", ""))
        if any(re.search(rf"(?<!\w){re.escape(way)}\.{called}\b(?!\.\w)", plain) for way in ways):
            yield Sign(PLACE, f"{near}.{function}")
        elif _beside(near, function, text.raw):
            yield Sign(PLACE, f"{function} in {near}")
        elif text.has(function) and (len(function) > 10 or "_" in function):
            yield Sign(FUNCTION, function)
        elif near in text.files:
            yield Sign(FILE, near)
    path = routed(signature.route) if signature.route.count("/") and len(signature.route) > 2 else ""
    method = signature.method.lower()
    if path and method and (method, path) in text.asked:
        yield Sign(ROUTE, f"{signature.method} {signature.route}")
        asks = True
    elif asks := bool(path) and path in text.paths and not any(p == path and m != method for m, p in text.asked):
        yield Sign(PATH if path.count("/") > 1 else FILE, signature.route)
    if signature.status >= 400 and asks and str(signature.status) in text.statuses:
        yield Sign(STATUS, str(signature.status))


def _beside(near: str, function: str, raw: str) -> bool:
    """`forms.py, fill()`, `send in mail.py`."""
    near, function = re.escape(near), re.escape(function)
    return bool(
        re.search(rf"(?<!\w){near}\b[^\n\w]?(?:[a-z]{{1,4}}\b)?[^\n]{{0,12}}(?<!\w){function}\b", raw)
        or re.search(rf"(?<!\w){function}\b[^\n]{{0,16}}(?<!\w){near}\b", raw)
    )


def _called(asked: Asked, text: Facts, common: Collection[str]) -> Iterator[Sign]:
    """Names, hosts, codes: those that few issues have."""
    if len(asked.kind) > 5 and not _GENERAL.fullmatch(asked.kind) and text.has(asked.kind.lower()):
        yield Sign(EXCEPTION / (2 if asked.kind.lower() in common else 1), asked.kind)
    named = [n for n in asked.names if text.has(n.lower()) and n.lower() not in asked.facts.hosts]
    counted = set[str]()
    for name in sorted(named, key=len, reverse=True):
        few = name.lower() not in common and not _COMMON.fullmatch(name) and _parts(name).isdisjoint(counted)
        yield Sign(NAME if few else 0.0, name)
        counted |= _parts(name)
    for word, name in asked.facts.quoted[:5]:
        if name not in _ROOTS and name in text.raw and ((word, name) in text.quoted or f"['{name}']" in text.raw):
            yield Sign(NAME, name)
    for host in sorted(filter(text.has, asked.facts.hosts)):
        yield Sign(HOST if host not in common else 0.05, host)
    for number in sorted(filter(text.has, asked.numbers))[:2]:
        yield Sign(CODE, number)
    for path in sorted(asked.probed & text.paths)[:3] if asked.probed else ():
        yield Sign(PATH, path)


def literal(asked: Asked) -> list[str]:
    """The names of which it matters how many issues have them."""
    return [n.lower() for n in (asked.kind, *asked.names, *asked.facts.hosts) if n]


# ------------------------------------------------------------------------------------------------ what contradicts


def _different(asked: Asked, issue: Issue, heading: str, text: Facts) -> Iterator[Sign]:
    """What cluster and issue name differently; the weight is what that leaves of the score."""
    cluster, signature = asked.cluster, asked.cluster.signature
    here = cluster.service.lower() in text.raw
    if asked.statuses and text.statuses and not asked.statuses & text.statuses:
        yield Sign(0.45 if signature.status >= 400 else 0.6, "another status")
    codes = asked.facts.codes
    if codes and any(codes[n].isdisjoint(text.codes[n]) for n in codes.keys() & text.codes.keys()):
        yield Sign(0.45, "another code")
    if signature.route:
        routes = routes_in(heading) | {p for _, p in text.asked}
        if routes and routed(signature.route) not in routes | text.paths:
            yield Sign(0.6, "another route")
    elif asked.facts.hosts and text.hosts and asked.facts.hosts.isdisjoint(text.hosts):
        yield Sign(0.6, "another host")
    if _quotes_another(asked, text) or _fills_otherwise(asked, text):
        yield Sign(0.5, "another name in the same words")
    elif _says_another(asked, text):
        yield Sign(0.5, "another message")
    if asked.roots and (places := text.roots - _ROOTS) and not asked.roots & places:
        yield Sign(0.75 if here else 0.5, "another place in the code")
    elif asked.site[0] and text.files and asked.site[0] not in text.files and not text.has(asked.site[1]):
        yield Sign(0.8, "another file")
    if asked.kind and text.thrown and asked.kind.lower() not in text.thrown and not text.has(asked.kind.lower()):
        yield Sign(0.65, "another exception")
    if (left := _elsewhere(asked, issue, text)) < 1:
        yield Sign(left, "another service")
    elif cluster.kind is Kind.PLATFORM and not here:
        yield Sign(0.6, "no service")
    if _WISHES & {label.lower() for label in issue.labels} or _WISH.match(heading):
        yield Sign(0.7, "a wish, no report")
    absent = [n for n in _names(cluster.title) if not text.has(n)]
    theirs = _names(heading) if absent else set()
    if any(_parts(n) & _parts(other) for n in absent for other in theirs):
        yield Sign(0.75, "a similar name")


def _elsewhere(asked: Asked, issue: Issue, text: Facts) -> float:
    """What is left where another service is named, and this one is not."""
    own = asked.cluster.service.lower()
    if not own or text.has(own):
        return 1.0
    product, parts = own.partition("-")[0], set(own.split("-"))
    others = {s.lower() for s in asked.services if "-" in s} - {own}
    named = [s for s in others if text.has(s)]
    labels = {label.lower() for label in issue.labels}
    mine = parts - _PARTS - {p for s in named for p in s.split("-")}
    if parts & labels or any(text.has(p) for p in mine if len(p) > 3):
        return 1.0
    if named:
        return 0.75 if any(s.partition("-")[0] == product for s in named) else 0.5
    if labels & ({s.partition("-")[0] for s in others} - {product}):
        return 0.6
    return 0.8 if labels & {p for s in others for p in s.split("-")} else 1.0


def _says_another(asked: Asked, text: Facts) -> bool:
    """The issue has the exception, and with it another message."""
    kind = asked.kind.lower()
    if len(kind) <= 5 or kind in ("exception", "runtime error", "fatal error"):
        return False
    mine = _after(kind, asked.line.lower())
    starts = [at.start() for at in islice(re.finditer(re.escape(kind), text.raw), MANY)]
    theirs = [said for at in starts if (said := _after(kind, text.raw[at : at + 300]))]
    return bool(mine) and bool(theirs) and all(len(mine & t) < 0.5 * min(len(mine), len(t)) for t in theirs)


def _after(kind: str, text: str) -> set[str]:
    """Words of the message that an exception comes with, in this line."""
    found = re.search(rf"{re.escape(kind)}(?: ?\[[^\]\n]{{0,80}}\])?: ([^\n`]{{3,200}})", text)
    return {w for w in spoken(found[1]) if w != "#"} if found else set()


def _quotes_another(asked: Asked, text: Facts) -> bool:
    """The same words around another name: `reading 'seats'` is not `reading 'price'`."""
    absent = [word for word, name in asked.facts.quoted[:10] if name not in text.raw]
    return bool(absent) and any(word in absent for word, _ in text.quoted)


def _fills_otherwise(asked: Asked, text: Facts) -> bool:
    """The issue has the line as it was logged but for a name in one place: `denied on posters` is not `denied on
    seats`. Where another of its lines is the very one, that counts."""
    if asked.words in text.lines:
        return False
    return any(_another_name(asked.words, line) for line in text.lines) or _turns_off(asked.words, text)


def _turns_off(mine: Sequence[str], text: Facts) -> bool:
    """Somewhere the issue has the message up to a name, and again after another: `code A desc`, `code B desc`."""
    begun, order = mine[:RUN], text.order
    if len(begun) < RUN or f" {' '.join(begun)} " not in text.spoken:
        return False
    turned = False
    for at in (n for n in range(len(order)) if order[n : n + RUN] == begun):
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(mine, order[at:], strict=False))))
        rest, theirs = mine[same:], order[at + same :]
        if not rest:
            return False
        turned = turned or any(
            len(rest) > a + 1
            and rest[a : a + 2] == theirs[b : b + 2]
            and "#" not in (*rest[:a], *theirs[:b])
            and set(rest[:a]).isdisjoint(theirs[:b])
            and _FILLERS.isdisjoint(theirs[:b])
            for a in range(1, NAMED + 1)
            for b in range(1, NAMED + 1)
        )
    return turned


def _another_name(one: Sequence[str], two: Sequence[str]) -> bool:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False))
    start = len(list(same))
    rest = list(zip(one[start:][::-1], two[start:][::-1], strict=False))
    end = len(list(takewhile(lambda pair: pair[0] == pair[1], rest)))
    between = one[start : len(one) - end], two[start : len(two) - end]
    named = all(0 < len(words) <= NAMED and "#" not in words for words in between)
    return named and start + end >= RUN


def _names(text: str) -> set[str]:
    """`REDIS_HOST`, `checkout.fees`: names of several parts, at most so many."""
    return {n.lower() for n in _IDENTIFIER.findall(text[:500])[:10] if "_" in n or "." in n}


def _parts(name: str) -> set[str]:
    return set(re.split(r"[\W_]", name)) - {""}
