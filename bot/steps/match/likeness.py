"""How like an issue a cluster is, and what to search for: words weighed by where they stand and how rare they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from bot.models import Candidate, Cluster, Issue

MOST = (0.25, 0.45, 1.0)
"""The score reached at most with no, one, two words in common that tell something: the name of the service alone is
not worth a question, and a single word is not worth a link."""
UNSEEN = 0.3
"""How much a word counts that no candidate has: people do not write down everything a log says."""
MOST_WORDS = 24
LONGEST_TEXT = 4000
"""Characters of a body, of all comments, of a template that are looked at."""

_MASK = re.compile(r"<[^<>\s]{0,40}>")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9]*|\b[1-5]\d\d\b|[^\W\d_a-zA-Z]{2,}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IDENTIFIER = re.compile(
    r"\b[A-Za-z]\w*+(?:[./:-]\w++)++|\b[A-Za-z][A-Za-z0-9]*+(?:_[A-Za-z0-9]++)++"  # possessive: linear on any text
    r"|\b[a-z]++[A-Z]\w*+|\b[A-Z][a-z]++[A-Z]\w*+"
)
_JOINED = re.compile(r"\w")
_COMMON = re.compile(r"[A-Z][a-z]+(?:Error|Exception)|Error|Exception|[a-z]+/[a-z]+|[A-Z][a-z]+[A-Z][a-z]+")
"""Names that many unrelated problems share, and so tell nothing more than a word does."""
_ID = re.compile(r"\b(?=[a-f-]{0,40}\d)[0-9a-f]{4,40}+(?:-[0-9a-f]{4,40}+)*+\b", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w/.:])/[\w{}./-]*")
_STATUS = re.compile(r"(?<![\w.#-])[45]\d\d(?![\w.-]*\d)")
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
        for stem, word in _tokens(text).items():
            weight = _CLASS_WEIGHT[kind] * (0.15 if stem in _NOISE else 0.4 if stem in own else 1.0)
            if stem not in weights or weights[stem].weight < weight:
                weights[stem] = _Word(word, weight)
    for stem, word in own.items():
        weights.setdefault(stem, _Word(word, 0.3))
    return weights


def _tokens(text: str) -> dict[str, str]:
    """Stems of the words, identifiers in their parts, with each word in lower case; no masks, ids or filler."""
    out: dict[str, str] = {}
    for found in _TOKEN.findall(_ID.sub(" ", _MASK.sub(" ", text)).replace("'", "")):
        parts = _CAMEL.split(found)
        for part in (*parts, found) if 1 < len(parts) <= 4 else parts:
            word = part.lower()
            if len(word) > 1 and word not in _STOP and not re.fullmatch(r"p\d", word):
                out.setdefault(_stem(word), word)
    return out


def _stem(word: str) -> str:
    for ending, least in (
        ("ations", 4),
        ("ation", 4),
        ("ing", 4),
        ("ies", 3),
        ("ed", 4),
        ("es", 5),
        ("s", 4),
        ("e", 4),
    ):
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
        "time bug fix update found unknown main",
    )
)
"""Words that every other issue has."""


# ------------------------------------------------------------------------------------------------ likeness


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of an issue."""

    title: frozenset[str]
    all: frozenset[str]
    heading: str
    raw: str


def _read(issue: Issue) -> _Text:
    title = _HEADING.sub("", issue.title)
    comments = "\n".join(issue.comments)[:LONGEST_TEXT]
    raw = f"{title}\n{shown(issue.body[:LONGEST_TEXT])}\n{shown(comments)}"
    return _Text(frozenset(_tokens(title)), frozenset(_tokens(raw)), title.lower(), raw.lower())


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
        of_title = sum(rare(t) * _plain_weight(t) for t in text.title & telling.keys())
        title = of_title / (sum(rare(t) * _plain_weight(t) for t in text.title) or 1.0)
        hints = _hints(cluster, text)
        value = 0.55 * covered + 0.45 * title + 0.12 * min(sum(not _COMMON.fullmatch(h) for h in hints), 3)
        value *= _contradiction(cluster, text)
        best = sorted(shared, key=lambda t: (-shared[t], t))[:4]
        telling_shared = sum(t not in _NOISE and t not in own for t in shared)
        value = round(min(value, MOST[min(telling_shared, 2)]), 3)
        found.append(Candidate(issue, value, _because(hints, best)))
    return sorted(found, key=lambda c: (-c.score, c.issue.closed, c.issue.number))


def _plain_weight(word: str) -> float:
    return 0.15 if word in _NOISE else 1.0


def _hints(cluster: Cluster, text: _Text) -> list[str]:
    """What is named in full in both: the exception, the code site, the route, identifiers of the message."""
    signature = cluster.signature
    named = [signature.exception.rpartition(".")[2], signature.site.rpartition(".")[2]]
    named += [signature.route] if signature.route.count("/") > 1 else []
    named += _IDENTIFIER.findall(_MASK.sub(" ", f"{cluster.title} {cluster.template[:LONGEST_TEXT]}"))[:20]
    return [n for n in dict.fromkeys(named) if len(n) > 5 and _stands_in(n.lower(), text.raw)]


def _stands_in(name: str, text: str) -> bool:
    """As a whole: `lint_failed` does not stand in `post_lint_failed`."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (at and _JOINED.match(text[at - 1])) and not (end < len(text) and _JOINED.match(text[end])):
            return True
        at = text.find(name, at + 1)
    return False


def _contradiction(cluster: Cluster, text: _Text) -> float:
    """Less than 1 where the issue speaks of another HTTP status, its title of another route or of a similar name."""
    mine, theirs = cluster.signature, set(_STATUS.findall(text.raw))
    if mine.status >= 400 and theirs and str(mine.status) not in theirs:
        return 0.6
    routes = set(_PATH.findall(text.heading))
    if mine.route and routes and mine.route.lower() not in routes:
        return 0.6
    theirs = _names(text.heading)
    absent = [n for n in _names(cluster.title) if not _stands_in(n, text.raw)]
    return 0.75 if any(_parts(n) & _parts(other) for n in absent for other in theirs) else 1.0


def _names(text: str) -> set[str]:
    """`REDIS_HOST`, `checkout.fees`: names of several parts, at most so many."""
    return {n.lower() for n in _IDENTIFIER.findall(text[:500])[:10] if "_" in n or "." in n}


def _parts(name: str) -> set[str]:
    return set(re.split(r"[\W_]", name)) - {""}


def _because(hints: Sequence[str], best: Sequence[str]) -> str:
    if hints:
        return "both name " + ", ".join(hints[:3])
    return "words in common: " + ", ".join(best)
