"""How like an issue a cluster is, and what to search for: words weighed by where they stand and how rare they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import log
from types import MappingProxyType

from bot.models import Candidate, Cluster, Issue
from bot.steps.match.facts import Facts
from bot.steps.match.signs import FEW, Asked, Signs, literal, signs

MOST = (0.25, 0.45, 1.0)
"""The score reached at most with no, one, two words in common that tell something: the name of the service alone is
not worth a question, and a single word is not worth a link."""
ALONE = 0.75
"""With so much doubt left, and nothing that tells by itself, words alone speak for it: of an issue that tells more than
a title, something of what was logged should stand there."""
TOLD = 40
"""Characters beside the title of an issue that tells more than that."""
UNSEEN = 0.3
"""How much a word counts that no candidate has: people do not write down everything a log says."""
PART = 0.4
"""How much a part of a composed word counts beside the whole."""
MOST_WORDS = 24
EXAMINED = 12
"""Of the candidates so many, those with most in common, are looked at closely."""
LONGEST_TEXT = 4000
"""Characters of a body, of all comments, of a template that are looked at."""

_MASK = re.compile(r"<[^<>\s]{0,40}>")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9]*|\b[1-5]\d\d\b|[^\W\d_a-zA-Z]{2,}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ID = re.compile(r"\b(?=[a-f-]{0,40}\d)[0-9a-f]{4,40}+(?:-[0-9a-f]{4,40}+)*+\b", re.IGNORECASE)
_HEADING = re.compile(r"^\s*gcp-[\w-]+\s*\|\s*(?:p\d\s*(?:→\s*p\d\s*)?\|)?", re.IGNORECASE)

_STOP = frozenset(
    re.split(
        " ",
        "the and for with from that this not but are was were has have had can cannot could does did its into onto "
        "over than then when while where which who why will would should may might must been being due via per see "
        "our your their there here out off all any each also only other such more most some very just too get got set "
        "http https com www api src lib site packages python file line none null true false def return object name "
        "called calling call value values of in on to by at is it an or as be no if we so do us up my",
    )
)
_ENDINGS = (("ations", 4), ("ation", 4), ("ing", 4), ("ies", 3), ("ed", 4), ("es", 5), ("s", 4), ("e", 4))
_CLASS_WEIGHT = {"exception": 3.0, "site": 2.0, "route": 2.0, "status": 1.5, "title": 1.3, "text": 1.0}


# ------------------------------------------------------------------------------------------------ what to look for


def words(cluster: Cluster) -> str:
    """Words for a full-text search, the most telling first, at most `MOST_WORDS`."""
    weights = _telling(cluster)
    best = sorted(weights, key=lambda stem: (-weights[stem].weight, stem))
    return " ".join(weights[stem].word for stem in best[:MOST_WORDS])


@dataclass(frozen=True, slots=True)
class _Word:
    """A word as it stands in the cluster (its stem is the key), and how much it tells by where it stands."""

    word: str
    weight: float


def _telling(cluster: Cluster) -> dict[str, _Word]:
    signature = cluster.signature
    frames = [e.failure.frame for e in cluster.evidence if e.failure and e.failure.frame]
    sites = [s for s in (*frames, *(e.site for e in cluster.evidence)) if s]
    parts: list[tuple[str, str]] = [
        ("exception", signature.exception.rpartition(".")[2]),
        ("site", signature.site[:500]),
        ("route", _MASK.sub(" ", re.sub(r"\{[^}]*\}", " ", signature.route[:500]))),
        ("status", str(signature.status or "")),
        ("title", cluster.title[:500]),
        ("text", cluster.template[:LONGEST_TEXT]),
        *(("site", f"{s.module} {s.function}") for s in sites[:3]),
        *(("text", e.text[:500]) for e in cluster.evidence[:1]),
    ]
    own = _tokens(cluster.service)
    weights: dict[str, _Word] = {}
    for kind, text in parts:
        tokens = _tokens(text)
        whole = _apart(tokens)
        for stem, word in tokens.items():
            weight = _CLASS_WEIGHT[kind] * (0.15 if stem in _NOISE else 0.4 if stem in own else 1.0)
            weight *= 1.0 if stem in whole else PART
            if stem not in weights or weights[stem].weight < weight:
                weights[stem] = _Word(word, weight)
    for stem, word in own.items():
        weights.setdefault(stem, _Word(word, 0.3))
    return weights


def _tokens(text: str) -> dict[str, str]:
    """Stems of the words, identifiers in their parts, with each word in lower case; no masks, ids or filler."""
    out: dict[str, str] = {}
    for found in dict.fromkeys(_TOKEN.findall(_ID.sub(" ", _MASK.sub(" ", text)).replace("'", ""))):
        for stem, word in _pieces(found):
            out.setdefault(stem, word)
    return out


@lru_cache(maxsize=65_536)
def _pieces(found: str) -> tuple[tuple[str, str], ...]:
    parts = _CAMEL.split(found)
    words = [part.lower() for part in ((*parts, found) if 1 < len(parts) <= 4 else parts)]
    return tuple((_stem(w), w) for w in words if len(w) > 1 and w not in _STOP and not re.fullmatch(r"p\d", w))


def _stem(word: str) -> str:
    for ending, least in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= least:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


_NOISE = frozenset(
    _stem(word)
    for word in re.split(
        " ",
        "error warning exception failure failures fail failed failing issue problem critical high medium low severity "
        "gcp active dev new regression staging production prod service backend server app application system request "
        "response log missing invalid multiple unable detected occurred unexpected message data operation status code "
        "time bug fix update found unknown main something went wrong oops sorry",
    )
)
"""Words that every other issue has."""


# ------------------------------------------------------------------------------------------------ likeness


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of an issue."""

    titles: tuple[frozenset[str], ...]
    """Of the issue, and of what was closed as its duplicate."""
    all: frozenset[str]
    heading: str
    told: bool
    """Whether there is more than a title."""
    facts: Facts


def _read(issue: Issue, twins: Sequence[Issue]) -> _Text:
    more = tuple(twin.title[:500] for twin in twins)
    told = "\n".join((*issue.comments, *more, *(twin.body[:LONGEST_TEXT] for twin in twins)))
    return _text((issue.title, *more), issue.body[:LONGEST_TEXT], told[:LONGEST_TEXT])


@lru_cache(maxsize=256)
def _text(titles: tuple[str, ...], body: str, comments: str) -> _Text:
    """Problems of one round look at the same issues again and again."""
    titles = tuple(_HEADING.sub("", title) for title in titles)
    more = f"{shown(body)}\n{shown(comments)}"
    raw = f"{titles[0]}\n{more}"
    named = tuple(frozenset(_tokens(title)) for title in titles)
    return _Text(named, frozenset(_tokens(raw)), titles[0].lower(), len(more) > TOLD, Facts(raw))


def shown(text: str) -> str:
    """The text without hidden comments, ours among them."""
    first, *parts = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in parts)


def rank(
    cluster: Cluster,
    issues: Sequence[Issue],
    twins: Mapping[int, Sequence[Issue]] = MappingProxyType({}),
    services: Collection[str] = (),
) -> list[Candidate]:
    """The issues that share something with the cluster, best first; `twins` are what was closed as their duplicates.

    A weighted overlap: how much of the cluster's telling words the issue has (words in its title count in full, in
    body and comments less), and how much of the issue's title the cluster explains. Words that few of the
    candidates have tell more. What both name in full (`signs`) takes from the doubt that is left, each by itself;
    what contradicts (another status, another service) takes from the whole.
    """
    texts = {i.number: _read(i, twins.get(i.number, ())) for i in issues}
    commonness = Counter(word for text in texts.values() for word in text.all)
    total = max(len(texts), 8)

    rare = partial(_rare, commonness, total)
    telling = _telling(cluster)
    whole = sum(w.weight * rare(t) * (1.0 if commonness[t] else UNSEEN) for t, w in telling.items()) or 1.0
    own = _tokens(cluster.service)
    asked = Asked(cluster, services)
    common = {n for n in literal(asked) if sum(text.facts.has(n) for text in texts.values()) > FEW}
    found: list[tuple[float, Issue, dict[str, float]]] = []
    for issue in issues:
        text = texts[issue.number]
        shared = {t: w.weight * rare(t) for t, w in telling.items() if t in text.all}
        if shared:
            titled = frozenset[str]().union(*text.titles)
            covered = sum(v if t in titled else 0.7 * v for t, v in shared.items()) / whole
            title = max(_explained(title, telling, rare) for title in text.titles)
            found.append((0.55 * covered + 0.45 * title, issue, shared))
    found.sort(key=lambda f: (-f[0], f[1].number))
    candidates = []
    for at, (alike, issue, shared) in enumerate(found):
        text = texts[issue.number]
        both = signs(asked, issue, text.heading, text.facts, common) if at < EXAMINED else Signs()
        value = (1 - max(0.0, 1 - alike) * both.doubt) * both.against
        best = sorted(shared, key=lambda t: (-shared[t], t))[:4]
        telling_shared = len(_apart([t for t in shared if t not in _NOISE and t not in own and not t.isdigit()]))
        telling_shared += both.telling
        if text.told and not both.telling and both.doubt > ALONE:
            telling_shared = min(telling_shared, 1)
        value = round(min(value, MOST[min(telling_shared, 2)], 1.0), 3)
        candidates.append(Candidate(issue, value, _because(both, best)))
    return sorted(candidates, key=lambda c: (-c.score, c.issue.closed, c.issue.number))


def by_name(cluster: Cluster, candidates: Sequence[Candidate]) -> list[Candidate]:
    """In the order of what their titles and the cluster's have in common, where what was logged tells little."""
    mine = _tokens(cluster.title[:500]).keys()
    titles = {c.issue.number: _tokens(_HEADING.sub("", c.issue.title)[:500]).keys() for c in candidates}
    commonness = Counter(word for title in titles.values() for word in title)

    def weight(words: Iterable[str]) -> float:
        total = max(len(titles), 8)
        return sum(_rare(commonness, total, w) * (0.15 if w in _NOISE else 1.0) for w in words)

    own = weight(mine)

    def key(c: Candidate) -> tuple[float, int]:
        title = titles[c.issue.number]
        return -c.score - 2 * weight(mine & title) / (own + weight(title) or 1.0), c.issue.number

    return sorted(candidates, key=key)


def _rare(commonness: Mapping[str, int], total: int, word: str) -> float:
    known = commonness[word]
    return log(1 + (total - min(known, total) + 0.5) / (known + 0.5))


def _explained(title: frozenset[str], telling: Collection[str], rare: Callable[[str], float]) -> float:
    """How much of a title the cluster has."""
    apart = _apart(title)
    said = {t: rare(t) * (0.15 if t in _NOISE else 1.0) * (1.0 if t in apart else PART) for t in title}
    return sum(v for t, v in said.items() if t in telling) / (sum(said.values()) or 1.0)


def _apart(words: Iterable[str]) -> set[str]:
    """Without the parts of a composed word that stands there as a whole: `web`, `socket`, `websocket` are one."""
    words = set(words)
    together = " ".join(words)
    return {w for w in words if together.count(w) == 1}


def _because(both: Signs, best: Sequence[str]) -> str:
    why = "both name " + ", ".join(both.named[:3]) if both.named else "words in common: " + ", ".join(best)
    return f"{why}, but {' and '.join(both.other[:2])}" if both.other else why
