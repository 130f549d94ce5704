"""How like an issue a cluster is, and what to search for: words weighed by where they stand and how rare they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from bot.models import Candidate, Cluster, Issue
from bot.steps.match.signs import signs

MOST = (0.25, 0.45, 1.0)
"""The score reached at most with no, one, two words in common that tell something: the name of the service alone is
not worth a question, and a single word is not worth a link."""
UNSEEN = 0.3
"""How much a word counts that no candidate has: people do not write down everything a log says."""
PART = 0.4
"""How much a part of a composed word counts beside the whole."""
MOST_WORDS = 24
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

    title: frozenset[str]
    apart: frozenset[str]
    all: frozenset[str]
    heading: str
    raw: str


def _read(issue: Issue) -> _Text:
    title = _HEADING.sub("", issue.title)
    comments = "\n".join(issue.comments)[:LONGEST_TEXT]
    raw = f"{title}\n{shown(issue.body[:LONGEST_TEXT])}\n{shown(comments)}"
    named = frozenset(_tokens(title))
    return _Text(named, frozenset(_apart(named)), frozenset(_tokens(raw)), title.lower(), raw.lower())


def shown(text: str) -> str:
    """The text without hidden comments, ours among them."""
    first, *parts = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in parts)


def rank(cluster: Cluster, issues: Sequence[Issue]) -> list[Candidate]:
    """The issues that share something with the cluster, best first.

    A weighted overlap: how much of the cluster's telling words the issue has (words in its title count in full, in
    body and comments less), and how much of the issue's title the cluster explains. Words that few of the
    candidates have tell more. What contradicts (another status, another service) takes away.
    """
    texts = {i.number: _read(i) for i in issues}
    commonness = Counter(word for text in texts.values() for word in text.all)
    total = max(len(texts), 8)

    def rare(word: str) -> float:
        return log(1 + (total - min(commonness[word], total) + 0.5) / (commonness[word] + 0.5))

    telling = _telling(cluster)
    whole = sum(w.weight * rare(t) * (1.0 if commonness[t] else UNSEEN) for t, w in telling.items()) or 1.0
    own = _tokens(cluster.service)
    found = []
    for issue in issues:
        text = texts[issue.number]
        shared = {t: w.weight * rare(t) for t, w in telling.items() if t in text.all}
        if not shared:
            continue
        covered = sum(v if t in text.title else 0.7 * v for t, v in shared.items()) / whole
        said = {t: rare(t) * (0.15 if t in _NOISE else 1.0) * (1.0 if t in text.apart else PART) for t in text.title}
        title = sum(said[t] for t in said.keys() & telling.keys()) / (sum(said.values()) or 1.0)
        both = signs(cluster, text.heading, text.raw)
        value = (0.55 * covered + 0.45 * title + both.adds) * both.against
        best = sorted(shared, key=lambda t: (-shared[t], t))[:4]
        telling_shared = len(_apart([t for t in shared if t not in _NOISE and t not in own and not t.isdigit()]))
        telling_shared += both.placed + (both.said and telling_shared > 0)
        value = round(min(value, MOST[min(telling_shared, 2)], 1.0), 3)
        found.append(Candidate(issue, value, _because(both.named, best)))
    return sorted(found, key=lambda c: (-c.score, c.issue.closed, c.issue.number))


def _apart(words: Iterable[str]) -> set[str]:
    """Without the parts of a composed word that stands there as a whole: `web`, `socket`, `websocket` are one."""
    words = set(words)
    return {w for w in words if not any(len(w) < len(other) and w in other for other in words)}


def _because(hints: Sequence[str], best: Sequence[str]) -> str:
    if hints:
        return "both name " + ", ".join(hints[:3])
    return "words in common: " + ", ".join(best)
