"""What people type, read into commands: one table of verbs, from which parsing, `help` and the docs derive.

Pure, and forgiving: case, `#`, `C-3`, plurals, filler words and formatting marks do not matter. What cannot be
read becomes a `Mistake` that says what to type instead. No text makes it raise.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.errors import InputError
from bot.models import Severity
from bot.spans import span

LONGEST = 3000
"""Characters of a command or reply that are looked at; Slack itself allows more."""


class Who(StrEnum):
    """Who may use a verb; the words are shown in `help`."""

    ANYBODY = "anybody in the channel"
    OPERATORS = "operators"
    APPROVERS = "approvers; from operators it becomes a proposal"


# ---------------------------------------------------------------- what can be said


@dataclass(frozen=True, slots=True)
class Latest:
    service: str = ""
    severity: Severity | None = None
    since: timedelta | None = None
    share: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    cluster: int
    share: bool = False


@dataclass(frozen=True, slots=True)
class File:
    cluster: int


@dataclass(frozen=True, slots=True)
class Escalate:
    """Exactly one of `issue` and `cluster` is set."""

    severity: Severity
    issue: int = 0
    cluster: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was typed cannot be read; `answer` says what to type."""

    answer: str


Command = Latest | Show | File | Escalate | Help


@dataclass(frozen=True, slots=True)
class Verb:
    """A row of the table. `also` are other words for it; `read` gets the words after the verb."""

    name: str
    syntax: str
    does: str
    who: Who
    examples: tuple[str, ...]
    read: Callable[[list[str]], Command | Mistake]
    also: tuple[str, ...] = ()


# ---------------------------------------------------------------- reading words

_SEVERITY = re.compile(r"[pP]([0-5])")
_CLUSTER = re.compile(r"(?:clusters?[-#]?|c[-#]?|#)?([0-9]{1,9})", re.IGNORECASE)
_NAMED_CLUSTER = re.compile(r"(?:clusters?[-#]?|c[-#]?)([0-9]{1,9})", re.IGNORECASE)
_ISSUE = re.compile(r"(?:issues?[-#]?|[\w.-]{1,100}/[\w.-]{1,100}#|gh-|#)?([0-9]{1,9})", re.IGNORECASE)
_SERVICE = re.compile(r"[A-Za-z0-9][\w.-]{0,62}")
_SPAN = re.compile(r"(?:[0-9]{1,6}[smhdw])+", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_SHARE = re.compile(r"(?:--?|—|–)share", re.IGNORECASE)
_FILLER = frozenset({"the", "to", "as", "for", "in", "last", "since", "please", "service", "services", "from", "past"})
_MARKS = "*_~`'\"“”‘’.,;:!?"


def plain(text: str) -> str:
    """The text as the person typed it: Slack sends `&`, `<` and `>` escaped; what is invisible was copied along."""
    return _INVISIBLE.sub("", text[:LONGEST]).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def bare(word: str) -> str:
    return word.strip(_MARKS)


def severity_in(word: str) -> Severity | None:
    found = _SEVERITY.fullmatch(bare(word))
    return Severity(f"P{found[1]}") if found else None


def number_in(pattern: re.Pattern[str], word: str) -> int:
    found = pattern.fullmatch(bare(word))
    return int(found[1]) if found else 0


def is_one_of(word: str, *names: str) -> bool:
    return bare(word).lower() in names


def _split_share(words: list[str]) -> tuple[list[str], bool]:
    kept = [w for w in words if not _SHARE.fullmatch(w)]
    return kept, len(kept) < len(words)


def _cluster(words: list[str], verb: str) -> int | Mistake:
    """The one cluster that is named, however it is written."""
    rest = [w for w in words if not is_one_of(w, "cluster", "clusters", "c", "number", "no", "#", *_FILLER)]
    if not rest:
        return Mistake(f"Which cluster? Type its number: `/garden {verb} 3`. `/garden latest` lists them.")
    number = number_in(_CLUSTER, rest[0])
    if not number:
        return Mistake(f"“{short(rest[0])}” is not the number of a cluster. Type `/garden {verb} 3`.")
    if len(rest) > 1:
        return Mistake(f"One cluster at a time, please: `/garden {verb} {number}`.")
    return number


def _latest(words: list[str]) -> Command | Mistake:
    words, share = _split_share(words)
    service, severity, since = "", None, None
    for word in words:
        if is_one_of(word, *_FILLER) or not bare(word):
            continue
        text = bare(word)
        if (found := severity_in(word)) is not None:
            severity = found
        elif _SPAN.fullmatch(text):
            try:
                since = span(text)
            except InputError as error:
                return Mistake(error.user_message)
        elif service or not _SERVICE.fullmatch(text):
            return Mistake(
                f"I read `latest`, but not “{short(word)}”. Type a service, a severity and a span, in any order: "
                "`/garden latest checkout P1 6h`."
            )
        else:
            service = text.lower()
    return Latest(service, severity, since, share)


def _show(words: list[str]) -> Command | Mistake:
    words, share = _split_share(words)
    found = _cluster(words, "show")
    return found if isinstance(found, Mistake) else Show(found, share)


def _file(words: list[str]) -> Command | Mistake:
    found = _cluster(words, "file cluster")
    return found if isinstance(found, Mistake) else File(found)


def _escalate(words: list[str]) -> Command | Mistake:
    """Number and severity in either order, then the reason."""
    of_cluster, number, severity, read = False, 0, None, 0
    for word in words:
        if number and severity is not None:
            break
        read += 1
        if is_one_of(word, "cluster", "clusters", "c"):
            of_cluster = True
        elif severity is None and (found := severity_in(word)) is not None:
            severity = found
        elif not number and (cluster := number_in(_NAMED_CLUSTER, word)):
            of_cluster, number = True, cluster
        elif not number and (issue := number_in(_ISSUE, word)):
            number = issue
        elif not is_one_of(word, "issue", "issues", "severity", "->", "→", "#", "", *_FILLER):
            return Mistake(
                f"I read `escalate`, but not “{short(word)}”. Type `/garden escalate 889 P1`, or for a cluster "
                "`/garden escalate cluster 3 P1`; a reason may follow."
            )
    what = "cluster " if of_cluster else ""
    if not number:
        return Mistake(
            "Which issue, and how urgent? Type `/garden escalate 889 P1`, or `/garden escalate cluster 3 P1`."
        )
    if severity is None:
        return Mistake(f"How urgent? Type `/garden escalate {what}{number} P1`; P0 is the most urgent, P5 the least.")
    why = " ".join(words[read:])
    return Escalate(severity, cluster=number, why=why) if of_cluster else Escalate(severity, issue=number, why=why)


def _help(words: list[str]) -> Command | Mistake:
    verb = _find(bare(words[0])) if words else None
    return Help(verb.name if verb else "")


# ---------------------------------------------------------------- the tables

VERBS: tuple[Verb, ...] = (
    Verb(
        "latest",
        "latest [service] [P1] [6h]",
        "the problems that matter now, worst first; by service, by severity and above, within a span",
        Who.ANYBODY,
        ("latest", "latest checkout", "latest P1 6h", "latest --share"),
        _latest,
        ("digest", "list", "now"),
    ),
    Verb(
        "show",
        "show 3",
        "one cluster: cause, impact, claims and verdict, evidence, issue",
        Who.ANYBODY,
        ("show 3", "show C-3 --share"),
        _show,
        ("cluster", "details", "detail", "view"),
    ),
    Verb(
        "file",
        "file cluster 3",
        "proposes an issue for a cluster, or an update of the issue that it has; written only once approved",
        Who.OPERATORS,
        ("file cluster 3", "file 3"),
        _file,
        ("propose", "create"),
    ),
    Verb(
        "escalate",
        "escalate 889 P1 [why]",
        "sets the severity of an issue, with a comment with the newest evidence; also `escalate cluster 3 P1`",
        Who.APPROVERS,
        ("escalate 889 P1 checkout is down", "escalate cluster 3 P0"),
        _escalate,
        ("raise", "severity"),
    ),
    Verb("help", "help [command]", "this table", Who.ANYBODY, ("help", "help escalate"), _help, ("commands", "?", "h")),
)


_BY_NAME = {name: verb for verb in VERBS for name in (verb.name, *verb.also)}


def _find(word: str) -> Verb | None:
    """The verb of that name, of another word for it, or of its plural or one of its forms."""
    name = word.lower().lstrip("/")
    for form in (name, name.removesuffix("s"), name.removesuffix("d"), name.removesuffix("ing") + "e"):
        if form in _BY_NAME:
            return _BY_NAME[form]
    return None


def parse(text: str) -> Command | Mistake:
    """What follows `/garden`, read; a number alone shows that cluster, nothing at all is `help`."""
    words = plain(text).split()
    if words and is_one_of(words[0], "/garden", "garden"):
        words = words[1:]
    if not words:
        return Help()
    first = words[0] if words[0] == "?" else bare(words[0])
    if (verb := _find(first)) is not None:
        return verb.read(words[1:])
    if number_in(_CLUSTER, first) and len(_split_share(words)[0]) == 1:
        return _show(words)
    if severity_in(first) is not None or _SPAN.fullmatch(first):
        return _latest(words)
    close = difflib.get_close_matches(first.lower()[:30], list(_BY_NAME), n=1)
    if close:
        meant = _BY_NAME[close[0]]
        return Mistake(f"I do not know “{short(first)}”. Did you mean `/garden {meant.examples[0]}`?")
    return Mistake(
        f"I do not know “{short(first)}”. Type `/garden latest` for the problems that matter now, or `/garden help`."
    )


def short(text: str) -> str:
    """A typed word, fit to be repeated in an answer: bounded, without marks that could format or mention."""
    shown = "".join(c if c.isprintable() and c not in "`<>&*~|@" else " " for c in text).strip()
    return shown if len(shown) <= 30 else shown[:29] + "…"
