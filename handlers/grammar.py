"""What people type, read into commands: one table of verbs, from which parsing, `help` and the docs derive.

Pure, and forgiving: case, `#`, `C-3`, plurals, filler words and formatting marks do not matter. What cannot be
read becomes a `Mistake` that says what to type instead. No text makes it raise.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot import values
from bot.errors import InputError
from bot.models import Severity, Stand
from bot.spans import span
from bot.spans import typed as span_typed
from handlers.words import (
    CLUSTER,
    FILLER,
    ISSUE,
    MARKS,
    NAMED_CLUSTER,
    PERSON,
    REVISION,
    SERVICE,
    SPAN,
    Mistake,
    bare,
    cluster_in,
    clusters_in,
    first_cluster,
    is_one_of,
    number_in,
    plain,
    reason,
    severity_in,
    short,
    split_share,
)

ALL = "all"
LONGEST_TREND = timedelta(days=30)
LONGEST_SNOOZE = timedelta(days=90)


class Who(StrEnum):
    """Who may use a verb; the words are shown in `help`."""

    ANYBODY = "anybody in the channel"
    MEMBERS = "full members"
    OPERATORS = "operators"
    APPROVERS = "approvers; from operators it becomes a proposal"
    DECIDERS = "approvers"


# ---------------------------------------------------------------- what can be said


@dataclass(frozen=True, slots=True)
class Latest:
    """`all` is every problem, down to the least, in pages."""

    service: str = ""
    severity: Severity | None = None
    since: timedelta | None = None
    share: bool = False
    all: bool = False

    @property
    def typed(self) -> str:
        """What asks for all of that, as it is typed."""
        words = ["latest", "all"]
        words += ["service", self.service] if self.service == ALL else [self.service]
        words += [str(self.severity or ""), span_typed(self.since) if self.since else ""]
        return " ".join(w for w in words if w)


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
class Take:
    """`whom` is empty for whoever says it."""

    cluster: int
    whom: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Snoozed, expected or resolved."""

    cluster: int
    stand: Stand
    why: str = ""
    lasting: timedelta | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class Wake:
    cluster: int


@dataclass(frozen=True, slots=True)
class Snoozed:
    pass


@dataclass(frozen=True, slots=True)
class Link:
    cluster: int
    issue: int


@dataclass(frozen=True, slots=True)
class Unlink:
    cluster: int


@dataclass(frozen=True, slots=True)
class Split:
    """`parts` are places in the list of signatures that `split 3` shows; none asks for that list."""

    cluster: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """`other` is 0 where it is to be picked from a list."""

    one: int
    other: int = 0


@dataclass(frozen=True, slots=True)
class Undo:
    pass


@dataclass(frozen=True, slots=True)
class Past:
    """`history`: who did what, of one cluster or of all."""

    cluster: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    words: str


@dataclass(frozen=True, slots=True)
class Status:
    share: bool = False


@dataclass(frozen=True, slots=True)
class Deploys:
    since: timedelta
    share: bool = False


@dataclass(frozen=True, slots=True)
class Validate:
    """The newest deployment of all, of a service, or of a revision."""

    service: str = ""
    revision: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class CoverageOf:
    service: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class WorklogOf:
    since: timedelta


@dataclass(frozen=True, slots=True)
class Ask:
    cluster: int
    question: str


@dataclass(frozen=True, slots=True)
class Check:
    """Of an issue's text, or of what is said of a cluster; exactly one of `issue` and `cluster` is set."""

    issue: int = 0
    cluster: int = 0
    text: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class Trends:
    since: timedelta


@dataclass(frozen=True, slots=True)
class Dashboard:
    pass


@dataclass(frozen=True, slots=True)
class Analyze:
    cluster: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """`wrong`: the cause of a cluster is another one."""

    cluster: int
    why: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Of this channel: shown, or one of them set; an empty value takes it back to what garden.toml says."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    pass


@dataclass(frozen=True, slots=True)
class Help:
    topic: str = ""


Command = (
    Latest
    | Show
    | File
    | Escalate
    | Take
    | Silence
    | Wake
    | Snoozed
    | Link
    | Unlink
    | Split
    | Merge
    | Undo
    | Past
    | Search
    | Status
    | Deploys
    | Validate
    | CoverageOf
    | WorklogOf
    | Ask
    | Check
    | Trends
    | Dashboard
    | Analyze
    | Wrong
    | Settings
    | Run
    | Help
)


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


def _latest(words: list[str]) -> Command | Mistake:
    words, share = split_share(words)
    service, severity, since, all_, before = "", None, None, False, ""
    for word in words:
        named, before = is_one_of(before, "service", "services"), word
        if is_one_of(word, *FILLER) or not bare(word):
            continue
        text = bare(word).lstrip("-")
        if text.lower() == ALL and not named:
            all_ = True
        elif (found := severity_in(word)) is not None:
            severity = found
        elif SPAN.fullmatch(text):
            try:
                since = span(text)
            except InputError as error:
                return Mistake(error.user_message)
        elif service or not SERVICE.fullmatch(text):
            return Mistake(
                f"I read `latest`, but not “{short(word)}”. Type a service, a severity and a span, in any order: "
                "`/garden latest checkout P1 6h`. `all` lists every problem; `service all` is a service of that name."
            )
        else:
            service = text.lower()
    return Latest(service, severity, since, share, all_)


def _show(words: list[str]) -> Command | Mistake:
    words, share = split_share(words)
    found = cluster_in(words, "show")
    return found if isinstance(found, Mistake) else Show(found, share)


def _file(words: list[str]) -> Command | Mistake:
    found = cluster_in(words, "file cluster")
    return found if isinstance(found, Mistake) else File(found)


def _ask(words: list[str]) -> Command | Mistake:
    number, rest = first_cluster(words)
    if not number:
        return Mistake("About which cluster? Type its number, then the question: `/garden ask 3 since when?`")
    question = " ".join(rest).strip(' "“”')
    if not question:
        return Mistake(f"What do you want to know? Type `/garden ask {number} since when does it happen?`")
    return Ask(number, question)


def _check(words: list[str]) -> Command | Mistake:
    words, share = split_share(words)
    rest = [w for w in words if bare(w)]
    while rest and is_one_of(rest[0], "issue", "the", "number", "#"):
        rest = rest[1:]
    if len(rest) == 1 and (issue := number_in(ISSUE, rest[0])):
        return Check(issue=issue, share=share)
    number, text = first_cluster(rest)
    if number and text:
        return Check(cluster=number, text=" ".join(text), share=share)
    if number:
        return Mistake(f"What is said of it? Type `/garden check {number} the database refused 40 connections`.")
    named = re.search(r"\bcluster #?([0-9]{1,9})\b", " ".join(rest), re.IGNORECASE)
    if named:
        return Check(cluster=int(named[1]), text=" ".join(rest), share=share)
    return Mistake(
        "Check what? Type `/garden check 889` for the text of an issue, or a cluster and what is said of it: "
        "`/garden check 3 the database refused 40 connections`."
    )


def _trends(words: list[str]) -> Command | Mistake:
    found = _span_of(words, "trends", timedelta(days=1))
    if isinstance(found, Mistake):
        return found
    return Trends(found) if found <= LONGEST_TREND else Mistake("Type at most `/garden trends 30d`.")


def _dashboard(words: list[str]) -> Command | Mistake:
    return Dashboard()


def _analyze(words: list[str]) -> Command | Mistake:
    found = cluster_in(words, "analyze")
    return found if isinstance(found, Mistake) else Analyze(found)


def _wrong(words: list[str]) -> Command | Mistake:
    number, rest = first_cluster(words)
    if not number:
        return Mistake("The cause of which cluster? Type its number and why: `/garden wrong 3 the disk was full`.")
    why = reason(rest)
    if not why:
        return Mistake(f"Why is it wrong? Type `/garden wrong {number} the disk was full`: the reason helps.")
    return Wrong(number, why)


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
        elif not number and (cluster := number_in(NAMED_CLUSTER, word)):
            of_cluster, number = True, cluster
        elif not number and (issue := number_in(ISSUE, word)):
            number = issue
        elif not is_one_of(word, "issue", "issues", "severity", "->", "→", "#", "", *FILLER):
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


def _take(words: list[str]) -> Command | Mistake:
    people = [person[1] for w in words if (person := PERSON.fullmatch(w.strip(",.;:")))]
    if len(people) > 1:
        return Mistake("One person at a time: `/garden take 3 @ann`.")
    rest = [w for w in words if not PERSON.fullmatch(w.strip(",.;:")) and not is_one_of(w, "me", "i", "by")]
    if any(w.startswith("@") for w in rest):
        return Mistake("Pick the person from Slack's list while you type `@`, so that I know who is meant.")
    found = cluster_in(rest, "take")
    return found if isinstance(found, Mistake) else Take(found, people[0] if people else "")


def _one(words: list[str], example: str) -> tuple[int, list[str]] | Mistake:
    """The cluster that is named first, and what follows it."""
    for index, word in enumerate(words):
        if number := number_in(CLUSTER, word):
            return number, words[index + 1 :]
        if not is_one_of(word, "cluster", "clusters", "c", "#", "", *FILLER):
            break
    return Mistake(f"Which cluster? Type `/garden {example}`. `/garden latest` lists them.")


def _resolved(words: list[str]) -> Command | Mistake:
    read = _one(words, "resolved 3")
    if isinstance(read, Mistake):
        return read
    number, rest = read
    said = " ".join(bare(w).lower() for w in rest)
    later = said.startswith(("in next", "in the next", "next revision", "with next", "with the next"))
    if later:
        rest = rest[next(i for i, w in enumerate(rest) if is_one_of(w, "next")) + 1 :]
        rest = rest[1:] if rest and is_one_of(rest[0], "revision", "release", "deployment", "version") else rest
    return Silence(number, Stand.RESOLVED, reason(rest), later=later)


def _snooze(words: list[str]) -> Command | Mistake:
    read = _one(words, "snooze 3 2d why")
    if isinstance(read, Mistake):
        return read
    number, rest = read
    while rest and is_one_of(rest[0], *FILLER):
        rest = rest[1:]
    if not rest or not SPAN.fullmatch(bare(rest[0])):
        return Mistake(f"Until when? Type `/garden snooze {number} 2d` and why: 30m, 6h, 2d or 1w from now.")
    try:
        lasting = span(bare(rest[0]))
    except InputError as error:
        return Mistake(error.user_message)
    if lasting > LONGEST_SNOOZE:
        return Mistake(f"Nobody remembers why after that long. Type at most 90d: `/garden snooze {number} 90d`.")
    return Silence(number, Stand.SNOOZED, reason(rest[1:]), lasting)


def _expected(words: list[str]) -> Command | Mistake:
    read = _one(words, "expected 3 why")
    if isinstance(read, Mistake):
        return read
    number, rest = read
    if not (why := reason(rest)):
        return Mistake(f"Why is it expected? Those who come later will ask: `/garden expected {number} load test`.")
    return Silence(number, Stand.EXPECTED, why)


def _wake(words: list[str]) -> Command | Mistake:
    found = cluster_in(words, "wake")
    return found if isinstance(found, Mistake) else Wake(found)


def _snoozed(words: list[str]) -> Command | Mistake:
    return Snoozed()


def _link(words: list[str]) -> Command | Mistake:
    rest = [w for w in words if not is_one_of(w, "cluster", "c", "issue", "and", "with", "is", "->", "→", "", *FILLER)]
    if len(rest) != 2:
        return Mistake("Which cluster is which issue? Type `/garden link 3 889`.")
    cluster, issue = number_in(CLUSTER, rest[0]), number_in(ISSUE, rest[1])
    if not cluster or not issue:
        wrong = rest[1] if cluster else rest[0]
        return Mistake(f"I do not read “{short(wrong)}”. Type the cluster, then the issue: `/garden link 3 889`.")
    return Link(cluster, issue)


def _unlink(words: list[str]) -> Command | Mistake:
    found = cluster_in(words, "unlink")
    return found if isinstance(found, Mistake) else Unlink(found)


def _split(words: list[str]) -> Command | Mistake:
    read = _one(words, "split 3")
    if isinstance(read, Mistake):
        return read
    number, rest = read
    parts = [w for w in " ".join(rest).replace(",", " ").split() if not is_one_of(w, "and", "&", "off", "out", *FILLER)]
    if not all(bare(w).isascii() and bare(w).isdecimal() and int(bare(w)[:9]) > 0 for w in parts):
        return Mistake(f"Type `/garden split {number}` for the list, then the places: `/garden split {number} 2,4`.")
    return Split(number, tuple(dict.fromkeys(int(bare(w)[:9]) for w in parts)))


def _merge(words: list[str]) -> Command | Mistake:
    found, rest = clusters_in(words)
    if len(found) not in (1, 2) or rest:
        return Mistake("Which two are one problem? Type `/garden merge 3 5`, or `/garden merge 3` for a list.")
    return Merge(*found)


def _undo(words: list[str]) -> Command | Mistake:
    return Undo()


def _history(words: list[str]) -> Command | Mistake:
    if not words:
        return Past()
    found = cluster_in(words, "history")
    return found if isinstance(found, Mistake) else Past(found)


def _search(words: list[str]) -> Command | Mistake:
    text = " ".join(words).strip()
    return Search(text[:200]) if text else Mistake("Search for what? Type `/garden search connection refused`.")


def _status(words: list[str]) -> Command | Mistake:
    return Status(split_share(words)[1])


def _span_of(words: list[str], verb: str, usual: timedelta) -> timedelta | Mistake:
    """The one span that may follow a verb."""
    rest = [bare(w) for w in words if bare(w) and not is_one_of(w, *FILLER)]
    if not rest:
        return usual
    if len(rest) > 1 or not SPAN.fullmatch(rest[0]):
        return Mistake(f"How far back? Type `/garden {verb} 6h`, or 2d, or 1w.")
    try:
        return span(rest[0])
    except InputError as error:
        return Mistake(error.user_message)


def _deploys(words: list[str]) -> Command | Mistake:
    words, share = split_share(words)
    found = _span_of(words, "deploys", timedelta(days=1))
    return found if isinstance(found, Mistake) else Deploys(found, share)


def _validate(words: list[str]) -> Command | Mistake:
    """A service, a revision, or both; a revision ends in a number and letters."""
    words, share = split_share(words)
    names = [bare(w).lower() for w in words if bare(w) and not is_one_of(w, "revision", *FILLER)]
    if len(names) > 2 or not all(SERVICE.fullmatch(n) for n in names):
        return Mistake("Type a service, a revision or both: `/garden validate shop-api shop-api-00042-abc`.")
    if len(names) == 1 and REVISION.search(names[0]):
        return Validate("", names[0], share)
    service, revision = (*names, "", "")[:2]
    return Validate(service, revision, share)


def _coverage(words: list[str]) -> Command | Mistake:
    words, share = split_share(words)
    names = [bare(w).lower() for w in words if bare(w) and not is_one_of(w, *FILLER)]
    if len(names) > 1 or not all(SERVICE.fullmatch(n) for n in names):
        return Mistake("Of which service? Type `/garden coverage shop-api`, or without a name for all.")
    return CoverageOf(names[0] if names else "", share)


def _worklog(words: list[str]) -> Command | Mistake:
    found = _span_of(words, "worklog", timedelta(days=1))
    return found if isinstance(found, Mistake) else WorklogOf(found)


_SETTINGS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "schedule": (values.schedule, "0 9 * * mon-fri"),
    "timezone": (values.timezone, "Europe/Berlin"),
    "severity": (values.severity, "P2"),
    "alert": (values.severity, "P1"),
    "services": (values.names, "shop-api shop-*"),
}
"""What can be set in a channel, how its text is checked, and an example."""


def _settings(words: list[str]) -> Command | Mistake:
    if not words:
        return Settings()
    name = bare(words[0]).lower()
    name = next((n for n in _SETTINGS if name in (n, n.removesuffix("s"), f"{n}s", f"{n[:-1]}ies")), name)
    if name not in _SETTINGS:
        return Mistake(f"I know the settings {', '.join(_SETTINGS)}. Type `/garden settings severity P2`.")
    check, example = _SETTINGS[name]
    text = " ".join(words[1:]).strip(MARKS + " ")
    if text.lower() in ("", "default", "reset", "off", "none"):
        return Settings(name) if text else Mistake(f"To what? Type `/garden settings {name} {example}`, or `default`.")
    if name == "services":
        text = " ".join(text.replace(",", " ").split())
        if not all(re.fullmatch(r"[A-Za-z0-9*?\[\]._-]{1,63}", w) for w in text.split()):
            return Mistake(f"Type the names of services, `*` for any end: `/garden settings {name} {example}`.")
        return Settings(name, text)
    try:
        return Settings(name, str(check(text)))
    except ValueError as error:
        return Mistake(f"{name}: {error}")


def _run(words: list[str]) -> Command | Mistake:
    return Run()


def _help(words: list[str]) -> Command | Mistake:
    verb = _find(bare(words[0])) if words else None
    return Help(verb.name if verb else "")


# ---------------------------------------------------------------- the tables

VERBS: tuple[Verb, ...] = (
    Verb(
        "latest",
        "latest [service] [P1] [6h] [all]",
        "the problems that matter now, worst first; by service, by severity and above, within a span; with `all` every "
        "one of them, in pages",
        Who.ANYBODY,
        ("latest", "latest checkout", "latest P1 6h", "latest all", "latest --share"),
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
    Verb(
        "take",
        "take 3 [@user]",
        "says who is on it",
        Who.OPERATORS,
        ("take 3", "take 3 @ann"),
        _take,
        ("assign", "mine", "own"),
    ),
    Verb(
        "resolved",
        "resolved 3 [in next revision]",
        "gone from the digest, unless it is seen again after the revisions that had it are replaced",
        Who.OPERATORS,
        ("resolved 3", "resolved 3 in next revision"),
        _resolved,
        ("resolve", "fixed", "done", "solved"),
    ),
    Verb(
        "snooze",
        "snooze 3 2d [why]",
        "silent for a time; wakes by itself if it happens much more often or gets more urgent",
        Who.OPERATORS,
        ("snooze 3 2d the fix is in review",),
        _snooze,
        ("mute", "silence"),
    ),
    Verb(
        "expected",
        "expected 3 why",
        "silent for good, because it works as intended; wakes by itself if it happens much more often",
        Who.OPERATORS,
        ("expected 3 load test every night",),
        _expected,
        ("ignore", "intended"),
    ),
    Verb("wake", "wake 3", "shows a silent cluster again", Who.OPERATORS, ("wake 3",), _wake, ("unsnooze", "unmute")),
    Verb(
        "snoozed",
        "snoozed",
        "everything that is silent, by whom, why and until when",
        Who.ANYBODY,
        ("snoozed",),
        _snoozed,
        ("silences", "muted"),
    ),
    Verb(
        "link",
        "link 3 889",
        "this cluster is that issue, for good",
        Who.APPROVERS,
        ("link 3 889",),
        _link,
        ("connect",),
    ),
    Verb("unlink", "unlink 3", "this cluster is not its issue", Who.DECIDERS, ("unlink 3",), _unlink, ("disconnect",)),
    Verb(
        "split",
        "split 3 [2,4]",
        "takes signatures out of a cluster, for good; without places it shows the list to pick from",
        Who.DECIDERS,
        ("split 3", "split 3 2,4"),
        _split,
        ("separate",),
    ),
    Verb(
        "merge",
        "merge 3 [5]",
        "two clusters are one problem, for good; the lower number stays; without the second it shows those that are "
        "most like it to pick from",
        Who.DECIDERS,
        ("merge 3 5", "merge 3"),
        _merge,
        ("join", "same"),
    ),
    Verb("undo", "undo", "takes back your own last change, where that is possible", Who.OPERATORS, ("undo",), _undo),
    Verb(
        "history",
        "history [3]",
        "who did what, of everything or of one cluster",
        Who.ANYBODY,
        ("history", "history 3"),
        _history,
        ("log", "past"),
    ),
    Verb(
        "search",
        "search words",
        "clusters that have these words in their name, text or evidence",
        Who.ANYBODY,
        ("search connection refused",),
        _search,
        ("find", "grep"),
    ),
    Verb(
        "status",
        "status",
        "how the gardener is: up to when it has read, what it cannot do and why, what waits",
        Who.ANYBODY,
        ("status", "status --share"),
        _status,
        ("health", "lag", "alive"),
    ),
    Verb(
        "worklog",
        "worklog [24h]",
        "the full account of a span, as a Markdown file",
        Who.MEMBERS,
        ("worklog", "worklog 7d"),
        _worklog,
        ("report",),
    ),
    Verb(
        "trends",
        "trends [24h]",
        "a picture: how often per hour and by severity, deployments marked",
        Who.ANYBODY,
        ("trends", "trends 7d"),
        _trends,
        ("trend", "chart", "graph", "picture"),
    ),
    Verb(
        "deploys",
        "deploys [24h]",
        "deployments, and which of them are healthy",
        Who.ANYBODY,
        ("deploys", "deploys 7d"),
        _deploys,
        ("deployments", "releases", "rollouts"),
    ),
    Verb(
        "validate",
        "validate [service] [revision]",
        "whether the newest deployment is healthy: what is new, worse and gone since",
        Who.ANYBODY,
        ("validate shop-api", "validate shop-api-00042-abc"),
        _validate,
        ("healthy",),
    ),
    Verb(
        "coverage",
        "coverage [service]",
        "what should be logged and is not",
        Who.ANYBODY,
        ("coverage", "coverage shop-api"),
        _coverage,
        ("gaps",),
    ),
    Verb(
        "ask",
        "ask 3 question",
        "an answer from the cluster's log lines, with the lines it rests on",
        Who.MEMBERS,
        ("ask 3 since when does it happen?",),
        _ask,
        ("question",),
    ),
    Verb(
        "check",
        "check <issue or text>",
        "holds what an issue, or somebody, says of a cause against the log lines, sentence by sentence",
        Who.MEMBERS,
        ("check 889", "check 3 the database refused 40 connections"),
        _check,
        ("verify", "audit"),
    ),
    Verb(
        "analyze",
        "analyze 3",
        "cause and impact anew, by the model where it may be asked",
        Who.OPERATORS,
        ("analyze 3",),
        _analyze,
        ("analyse", "explain"),
    ),
    Verb(
        "wrong",
        "wrong 3 why",
        "the cause is another one: it is struck out, and asked for again with your word",
        Who.OPERATORS,
        ("wrong 3 the disk was full",),
        _wrong,
    ),
    Verb(
        "settings",
        "settings [name value]",
        "of this channel: schedule, timezone, severity, alert, services; `default` takes one back",
        Who.OPERATORS,
        ("settings", "settings severity P2", "settings schedule 0 9 * * mon-fri", "settings services shop-*"),
        _settings,
        ("setting", "config", "set"),
    ),
    Verb("dashboard", "dashboard", "the link to the dashboard", Who.ANYBODY, ("dashboard",), _dashboard, ("web",)),
    Verb("run", "run", "reads the logs now", Who.OPERATORS, ("run",), _run, ("round", "read", "refresh")),
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
    if number_in(CLUSTER, first) and len(split_share(words)[0]) == 1:
        return _show(words)
    if severity_in(first) is not None or SPAN.fullmatch(first) or first.lower() == ALL:
        return _latest(words)
    close = difflib.get_close_matches(first.lower()[:30], list(_BY_NAME), n=1, cutoff=0.7)
    if close:
        meant = _BY_NAME[close[0]]
        return Mistake(f"I do not know “{short(first)}”. Did you mean `/garden {meant.examples[0]}`?")
    return Mistake(
        f"I do not know “{short(first)}”. Type `/garden latest` for the problems that matter now, or `/garden help`."
    )
