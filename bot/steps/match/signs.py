"""Structured hints: what cluster and issue both name in full, and where they name different things of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.masks import route
from bot.models import Cluster, Kind

MOST = 0.45
"""What hints add to a score at most; words alone have to make up the rest."""
SAID, PLACE, ROUTE, NAME = 0.3, 0.2, 0.2, 0.12
"""What it adds that the issue has the whole message, the place in the code, method and route, one name."""
LONGEST = 4000
RUN = 3
"""So many words in a row, as they were logged, are no chance."""
NAMED = 3
"""A name has no more words."""

_MASK = re.compile(r"<[^<>\s]{0,40}>")
_IDENTIFIER = re.compile(
    r"\b[A-Za-z]\w*+(?:[./:-]\w++)++|\b[A-Za-z][A-Za-z0-9]*+(?:_[A-Za-z0-9]++)++"  # possessive: linear on any text
    r"|\b[a-z]++[A-Z]\w*+|\b[A-Z][a-z]++[A-Z]\w*+"
)
_COMMON = re.compile(r"[A-Z][a-z]+(?:Error|Exception)|Error|Exception|[a-z]+/[a-z]+|[A-Z][a-z]+[A-Z][a-z]+")
"""Names that many unrelated problems share, and so tell nothing more than a word does."""
_GENERAL = re.compile(
    r"(?:[A-Z][a-z]+|Type|Name|OS|IO|EOF)?(?:Error|Exception)|(?:Value|Key|Type|Index|Attribute|Timeout|Runtime)Error"
    r"|(?:Null|Zero|Index|Illegal|Invalid|Unsupported|Connect|Read|Connection|Module|Integrity|Operational|Response)"
    r"(?:\w{0,20})(?:Error|Exception|Timeout)|UniqueViolation|runtime error|error"
)
"""Exceptions that come with any problem."""
_JOINED = re.compile(r"\w")
_PATH = re.compile(r"(?<![\w/.:])/[\w{}./:<>-]*")
_ASKED = re.compile(r"\b(?:get|post|put|patch|delete|head|options) (/[\w{}./:<>-]*)")
_STATUS = re.compile(r"(?<![\w.#-])[45]\d\d(?![\w.-]*\d)")
_QUOTED = re.compile(r"([a-z]\w{2,30})\W{1,3}['\"`]([\w.-]{2,60})['\"`]")
_LINE = re.compile(r"`([^`\n]{8,300})`")
_PLACE = re.compile(r"(?<![\w/.-])[a-z_]\w*(?:\.\w+){2,}")
_SPOKEN = re.compile(r"<[^<>\s]{0,40}>|[0-9][\w.:-]*|[^\W\d_]+")
_ROOTS = frozenset({"app", "src", "usr", "lib", "srv", "opt", "home", "code", "workspace", "main"})


@dataclass(frozen=True, slots=True)
class Signs:
    named: tuple[str, ...] = ()
    """What both name, the strongest first."""
    said: bool = False
    """The issue has the message, or much of it, as it was logged."""
    placed: int = 0
    """How many of place, route, and the route's status both name: each tells as much as a rare word."""
    adds: float = 0.0
    against: float = 1.0
    """A factor: less than 1 where something contradicts."""


def signs(cluster: Cluster, heading: str, raw: str) -> Signs:
    """`heading` and `raw` are the title and the whole text of an issue, in lower case."""
    signature = cluster.signature
    named: list[tuple[float, str]] = []
    share = 0.0 if signature.route else _said(cluster, raw)
    place = _place(signature.site, raw)
    asked = _asked(signature.method, signature.route, raw)
    if share:
        named.append((SAID * share, "what was logged"))
    if place:
        named.append((PLACE, place))
    if asked:
        named.append((ROUTE if signature.method else NAME, asked))
    kind = signature.exception.rpartition(".")[2]
    for name in (kind, *_identifiers(cluster)):
        if len(name) > 5 and _stands_in(name.lower(), raw):
            common = _GENERAL if name == kind else _COMMON
            named.append((0.0 if common.fullmatch(name) else NAME, name))
    ordered = sorted(dict.fromkeys(named), key=lambda n: -n[0])
    different = _contradiction(cluster, heading, raw)
    return Signs(
        named=tuple(name for _, name in ordered),
        said=bool(share) and share * SAID >= NAME,
        placed=bool(place) + bool(asked) + bool(asked and str(signature.status) in raw),
        adds=min(MOST, sum(weight for weight, _ in ordered)),
        against=different,
    )


def _identifiers(cluster: Cluster) -> list[str]:
    found = _IDENTIFIER.findall(_MASK.sub(" ", f"{cluster.title} {cluster.template[:LONGEST]}"))
    return list(dict.fromkeys(found))[:20]


def _said(cluster: Cluster, raw: str) -> float:
    """How much of the message stands in the issue in one run, as it was logged but for what varies."""
    words = _spoken(cluster.template.partition("\n")[0][:500])[:40]
    if len(words) < RUN:
        return 0.0
    text = f" {' '.join(_spoken(raw))} "
    best = start = 0
    for end in range(1, len(words) + 1):
        while start < end and f" {' '.join(words[start:end])} " not in text:
            start += 1
        best = max(best, end - start)
    return best / len(words) if best >= RUN else 0.0


def _spoken(text: str) -> list[str]:
    """Words, with `#` for whatever varies."""
    return [w if w[0].isalpha() else "#" for w in _SPOKEN.findall(text.lower())]


def _place(site: str, raw: str) -> str:
    """The function, where the issue names it together with its module or file."""
    module, _, function = site.lower().replace("/", ".").rpartition(":" if ":" in site else ".")
    if not module or not function:
        return ""
    file = module.rpartition(".")[0] if "/" in site else module
    near = file.rpartition(".")[2]
    if _stands_in(f"{near}.{function}", raw):
        return f"{near}.{function}"
    return f"{function} in {near}" if "/" in site and _stands_in(near, raw) and _stands_in(function, raw) else ""


def _asked(method: str, path: str, raw: str) -> str:
    if path.count("/") < 1 or len(path) < 3:
        return ""
    if method and path.lower() in _paths(
        found[1] for found in _ASKED.finditer(raw) if found[0].startswith(method.lower())
    ):
        return f"{method} {path}"
    return path if path.count("/") > 1 and path.lower() in _paths(_PATH.findall(raw)[:50]) else ""


def _paths(found: Iterable[str]) -> set[str]:
    return {route(p.rstrip(".:")).lower() for p in found}


def _contradiction(cluster: Cluster, heading: str, raw: str) -> float:
    """Less than 1 where the issue speaks of another HTTP status, route, quoted name, place, or of a similar name."""
    mine, here = cluster.signature, cluster.service.lower() in raw
    if mine.status >= 400 and (statuses := set(_STATUS.findall(raw))) and str(mine.status) not in statuses:
        return 0.45
    routes = _paths([*_PATH.findall(heading), *_ASKED.findall(raw)[:50]]) if mine.route else set()
    if routes and mine.route.lower() not in routes:
        return 0.6
    if _quotes_another(f"{cluster.title} {cluster.template[:500]}".lower(), raw) or _fills_otherwise(cluster, raw):
        return 0.5
    if root := _roots(mine.site.lower()):
        places = {p.partition(".")[0] for p in _PLACE.findall(raw)[:50]} - _ROOTS
        if places and not root & places:
            return 0.75 if here else 0.5
    if cluster.kind is Kind.PLATFORM and not here:
        return 0.6
    absent = [n for n in _names(cluster.title) if not _stands_in(n, raw)]
    theirs = _names(heading) if absent else set()
    return 0.75 if any(_parts(n) & _parts(other) for n in absent for other in theirs) else 1.0


def _quotes_another(mine: str, raw: str) -> bool:
    """The same words around another name: `reading 'seats'` is not `reading 'price'`."""
    absent = [word for word, name in _QUOTED.findall(mine)[:10] if name not in raw]
    return bool(absent) and any(word in absent for word, _ in _QUOTED.findall(raw)[:50])


def _fills_otherwise(cluster: Cluster, raw: str) -> bool:
    """The issue has the line as it was logged but for a name in one place: `denied on posters` is not `denied on
    seats`. Where another of its lines is the very one, that counts."""
    mine = _spoken(cluster.template.partition("\n")[0][:500])[:40]
    lines = [_spoken(line) for line in _LINE.findall(raw)[:20]]
    return mine not in lines and any(_another_name(mine, line) for line in lines)


def _another_name(one: Sequence[str], two: Sequence[str]) -> bool:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False))
    start = len(list(same))
    rest = list(zip(one[start:][::-1], two[start:][::-1], strict=False))
    end = len(list(takewhile(lambda pair: pair[0] == pair[1], rest)))
    between = one[start : len(one) - end], two[start : len(two) - end]
    named = all(0 < len(words) <= NAMED and "#" not in words for words in between)
    return named and start + end >= RUN


def _roots(site: str) -> set[str]:
    parts = re.split(r"[/.:]", site)
    return set(parts[:-1]) - _ROOTS - {""} if len(parts) > 1 else set()


def _stands_in(name: str, text: str) -> bool:
    """As a whole: `lint_failed` does not stand in `post_lint_failed`."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (at and _JOINED.match(text[at - 1])) and not (end < len(text) and _JOINED.match(text[end])):
            return True
        at = text.find(name, at + 1)
    return False


def _names(text: str) -> set[str]:
    """`REDIS_HOST`, `checkout.fees`: names of several parts, at most so many."""
    return {n.lower() for n in _IDENTIFIER.findall(text[:500])[:10] if "_" in n or "." in n}


def _parts(name: str) -> set[str]:
    return set(re.split(r"[\W_]", name)) - {""}
