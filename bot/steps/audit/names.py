# ruff: noqa: E501 (an expression reads better unbroken)
"""Names in a sentence: revisions, issues, severities, files and lines, exceptions, routes, statuses, environments."""

from __future__ import annotations

import re

from bot.steps.audit.facts import Facts, stands
from bot.steps.audit.figures import counting
from bot.steps.audit.sentence import Sentence
from bot.steps.audit.times import DEPLOYED

REVISION = re.compile(r"(?<![\w.-])[a-z][a-z0-9-]*-\d{5}-[a-z0-9]{3}(?![\w-])")
NUMBERED = re.compile(r"\brev(?:ision)?s? #?(?P<n>\d{3,5})(?![\w.-])", re.IGNORECASE)
CALLED = re.compile(r"\brevision [`'\"]?(?P<name>[a-z][\w.-]*\d[\w-]*)(?![\w-])", re.IGNORECASE)
BEGAN = re.compile(
    r"\b(?:since|start(?:ed|s|ing)? (?:with|on|in)|began (?:with|on|in)|introduced (?:by|in|with)|new (?:in|with)"
    r"|first (?:seen )?(?:on|in|with)|appeared (?:with|in|on))\W+(?:(?:the|deployment|deploy|of|revision)\W+){0,4}$"
)
FIRST_OF_ALL = re.compile(
    r"^ (?:was |is |came |failed )?(?:the )?(?:seen |affected |hit |logged )?(?P<end>first|earliest|last|latest)(?=[.,;]|$| and\b)"
)
THAN = re.compile(
    r"^ (?:(?:was|is|came|failed|appeared|seen|affected|hit|logged) )*(?P<word>before|after|earlier than|later than) (?:revision )?(?P<other>[a-z][\w-]*\w)"
)
ENDED = re.compile(r"\b(?:last (?:seen )?(?:on|in|with)|latest|newest)\W+(?:(?:the|revision)\W+){0,2}$")
SOLE = re.compile(r"\b(?:only|exclusively|solely|all|every|each|always|just)\b", re.IGNORECASE)
NOT = re.compile(r"\b(?:no|not|never|none|nothing|neither|nor|\w+n't)\b", re.IGNORECASE)
ABSENT = re.compile(
    r"\b(?:no|not|never|none|nothing|wasn't)\b[^.;,]{0,50}\b(?:in|on|from) (?:the )?(?:revision )?$", re.IGNORECASE
)
"""Words that say that it was not seen there."""
ISSUE = re.compile(r"(?:(?<![\w&])#|\bissues? #?)(?P<n>\d{1,7})(?![\w-]|\.\d)", re.IGNORECASE)
SEVERITY = re.compile(r"\bP(?P<n>[0-5])\b")
CLUSTER = re.compile(r"\bcluster #?(?P<n>\d+)\b", re.IGNORECASE)
FILE = re.compile(
    r"(?<![\w/.-])(?P<file>/?(?:[\w.@-]+/)*[\w@-][\w.@-]*\.(?:py|jsx?|tsx?|mjs|cjs|go|java|kt|rb|php|rs|cs|cc?|cpp|h|sql|ya?ml"
    r"|json|toml|sh|html))(?![\w/])(?:(?::(?:line )?|\"?,? (?:at |on |in )?line )(?P<line>\d+))?(?!\w)"
)
LINE = re.compile(r"\blines? (?P<line>\d+)(?![\w%]|[.,]\d)", re.IGNORECASE)
LINE_OF = re.compile(r"\b[Ll]ines? (?P<line>\d+) (?:of|in) (?P<file>[\w.@/-]+\.\w{1,5})(?!\w)")
EXCEPTION = re.compile(
    r"(?<![\w.])(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Fault|Interrupt|Timeout|Refused|Denied|Exit))s?(?![\w.]*\w)"
)
PATH = re.compile(
    r"(?:\b(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) )?(?<![\w/.<:])(?P<path>/[\w{}<>*%~.:-]+(?:/[\w{}<>*%~.:-]*)*)"
)
STATUS = re.compile(
    r"\b(?:HTTP(?: status)?(?: code)?|status(?: code)?(?: (?:is|was|of))?|answer(?:ed|s)?(?: with)?|returned|responded with)[ :=]{1,2}(?P<n>[1-5]\d\d)\b(?! times)",
    re.IGNORECASE,
)
STATUS_AFTER = re.compile(
    r"(?<![\w.,:/#-])(?P<n>[1-5]\d\d)(?= (?:responses?|status|answers?|Not Found|Unauthorized|Forbidden|Bad Gateway|Service Unavailable))",
    re.IGNORECASE,
)
DEPLOYER = re.compile(
    r"\b(?:deploy(?:ed|ment)?|rolled out|released)\b[^.;]{0,60}?\bby (?P<who>(?!the\b|a\b|revision\b)[\w.@+-]+\w)"
    r"|(?<![\w@.+-])(?P<doer>[\w.+-]+@[\w.-]+\w) (?:deployed|rolled out|released)\b",
    re.IGNORECASE,
)
DOER = re.compile(
    rf"(?<![\w@.+-])(?P<doer>[A-Za-z][\w.@+-]*) (?:ha[sd] )?(?:deployed|rolled out|released) (?P<what>{REVISION.pattern}|it\b|(?:the|both|all|every|each)(?: \w+)? revisions?\b)"
)
EACH = re.compile(r"\b(?:both|all|every|each)\b", re.IGNORECASE)
ROLLED = re.compile(r"\b(?:rolled|rolling|rolls?) out\b", re.IGNORECASE)
NOBODY = frozenset(
    re.findall(r"\w+", "was were been is are be being and newly just that it first last recently never not")
)
"""Words before "deployed" that name nobody."""
WHICH_DEPLOYED = re.compile(
    rf"(?P<rev>{REVISION.pattern}) (?:was|had been|has been) (?:deployed|rolled out|released) (?P<end>first|earliest|last|latest)\b(?! seen)"
)
TOKEN = re.compile(
    r"(?<![\w.,:/-])(?=[\w-]*[A-Za-z])(?=[\w-]*\d)(?!\d+(?:ms|s|m|h|d|x|[kmgt]i?b?)\b)[A-Za-z0-9_-]{2,}(?![\w.-]*\w)",
    re.IGNORECASE,
)
RAISED = re.compile(r"\b(?:raised|thrown|threw|throws|raises|originat\w+)(?: in| at| from| by)?(?: the file)? $")
FUNCTION_BEFORE = re.compile(
    r"(?P<name>[\w.]{3,60})(?:\(\))?(?: (?:stands|is|was|fails?|failed|raised))?(?: at| in)? \(?$"
)
FUNCTION_AFTER = re.compile(r"^(?:,)? (?:in|of|by) (?:the function )?(?P<name>[\w.]{3,60})")
KNOWN_ENVIRONMENTS = ("production", "staging", "development", "testing", "sandbox", "preview")


def revisions(sentence: Sentence) -> None:
    facts = sentence.facts
    deployed = bool(DEPLOYED.search(sentence.text))
    known = facts.revisions(deployed=deployed)
    named = [*sentence.find(REVISION), *sentence.find(CALLED)]
    seen = {_name(m) for m in named}
    sole = bool(named and SOLE.search(sentence.rest)) and not deployed
    for found in named:
        start, end = found.span()
        if sentence.rest[start:end] != found.group(0):
            continue
        name = _name(found)
        if absent := ABSENT.search(sentence.text[max(0, start - 70) : start]):
            _absent(sentence, found, name in known, start - len(absent[0]))
        elif name not in known:
            shown = ", ".join(facts.cluster.revisions[:4])
            _no(sentence, found, f"it was seen on {shown}" if shown else "")
        elif BEGAN.search(sentence.before(start, 60)) and name != (*facts.cluster.revisions, name)[0]:
            _no(sentence, found, f"it was first seen on {facts.cluster.revisions[0]}")
        elif (placed := _placed_in_time(facts, name, sentence, found)) is not None:
            right, end = placed
            _no(sentence, found, right) if right else sentence.holds(start, end)
        elif (
            sentence.strict
            and not deployed
            and {e.revision for e in sentence.cited if e.revision}.isdisjoint(seen)
            and all(e.revision for e in sentence.cited)
            and sentence.cited
            and not counting(sentence)
        ):
            shown = ", ".join(sorted({e.revision for e in sentence.cited}))
            sentence.open(start, end, f"the entries it names are of {shown}, not of {name}")
        elif ENDED.search(sentence.before(start, 60)) and name != (name, *facts.cluster.revisions)[-1]:
            _no(sentence, found, f"it was last seen on {facts.cluster.revisions[-1]}")
        elif sole and seen != set(facts.cluster.revisions):
            _no(sentence, found, f"it was seen on {', '.join(facts.cluster.revisions[:4])}")
        else:
            sentence.holds(start, end)
    if sole and seen == set(facts.cluster.revisions):
        for word in sentence.find(SOLE):
            sentence.read(*word.span())
    for found in sentence.find(NUMBERED):
        if any(f"-{found['n'].zfill(5)}-" in r for r in known):
            sentence.holds(*found.span())
        else:
            _no(sentence, found, f"it was seen on {', '.join(facts.cluster.revisions[:4])}" if known else "")


def _placed_in_time(facts: Facts, name: str, sentence: Sentence, found: re.Match[str]) -> tuple[str, int] | None:
    """What is wrong with `A was seen first` and `A failed before B` (empty: it is right), and where it ends; else None."""
    order, beyond = facts.cluster.revisions, sentence.text[found.end() : found.end() + 120]
    at = found.end()
    if name not in order:
        return None
    if end := FIRST_OF_ALL.match(beyond):
        right = order[0 if end["end"] in ("first", "earliest") else -1]
        return "" if right == name else f"the {end['end']} revision is {right}", at + end.end()
    if (than := THAN.match(beyond)) and than["other"] in order:
        earlier = order.index(name) < order.index(than["other"])
        right = "" if earlier == (than["word"] in ("before", "earlier than")) else f"it was first seen on {order[0]}"
        return right, at + than.end("word")
    return None


def _absent(sentence: Sentence, found: re.Match[str], known: bool, begin: int) -> None:
    if len(NOT.findall(sentence.text)) > 1:
        sentence.open(begin, found.end(), "it says no more than once")
    elif known:
        sentence.wrong(begin, found.end(), f"it was seen on {found[0]}")
    else:
        sentence.holds(begin, found.end())


def _name(found: re.Match[str]) -> str:
    return found["name"] if "name" in found.re.groupindex else found.group(0)


def _no(sentence: Sentence, found: re.Match[str], right: str) -> None:
    shown = found.group(0)
    if right:
        sentence.wrong(*found.span(), f"{right}, not {shown}")
    else:
        sentence.open(*found.span(), f"no {shown} is known here")


def issues(sentence: Sentence) -> None:
    for found in sentence.find(ISSUE):
        if int(found["n"]) in sentence.facts.issues:
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"issue #{found['n']} is not among the issues known for it")
    for found in sentence.find(CLUSTER):
        number, incident = int(found["n"]), sentence.facts.case.problem.incident
        symptom = re.search(r"\bsymptoms?\W+$", sentence.before(found.start(), 15))
        if symptom and incident and number not in incident.symptoms:
            sentence.wrong(*found.span(), f"cluster {number} is no symptom here")
        elif number in sentence.facts.clusters or (incident and number in incident.clusters):
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"cluster {number} is none of this incident")


def severities(sentence: Sentence) -> None:
    if sentence.facts.around is not None:
        for found in sentence.find(SEVERITY):
            sentence.open(*found.span(), "the severity of a symptom is not looked at here")
        return
    right = sentence.facts.case.problem.triage.severity.value
    for found in sentence.find(SEVERITY):
        if found.group(0) == right:
            sentence.holds(*found.span())
        else:
            sentence.wrong(*found.span(), f"its severity is {right}, not {found.group(0)}")


def deployers(sentence: Sentence) -> None:
    """Who deployed: the one who deployed that revision, where one is named."""
    for found in sentence.find(DEPLOYER):
        said = "who" if found["who"] else "doer"
        known = sentence.facts.deployed(sentence.text)
        if known and (all if EACH.search(sentence.text) else any)(found[said].lower() == d.who.lower() for d in known):
            sentence.holds(*found.span(said))
        elif who := sorted({d.who for d in known if d.who}):
            sentence.wrong(*found.span(said), f"deployed by {', '.join(who)}, not {found[said]}")
        else:
            sentence.open(*found.span(said), "who deployed is not known")
    _doers(sentence)
    if sentence.facts.case.deployments:
        for found in sentence.find(ROLLED):
            sentence.read(*found.span())


def _doers(sentence: Sentence) -> None:
    """`lea deployed A`, `A was deployed last`."""
    known = sentence.facts.case.deployments
    for found in sentence.find(DOER):
        if found["doer"].lower() in NOBODY:
            continue
        about = [d for d in known if d.revision == found["what"]] or list(sentence.facts.deployed(sentence.text))
        if about and (all if EACH.search(sentence.text) else any)(
            found["doer"].lower() == d.who.lower() for d in about
        ):
            sentence.holds(*found.span("doer"))
        elif who := sorted({d.who for d in about if d.who}):
            sentence.wrong(*found.span("doer"), f"deployed by {', '.join(who)}, not {found['doer']}")
        else:
            sentence.open(*found.span("doer"), "who deployed is not known")
    for found in sentence.find(WHICH_DEPLOYED):
        times = [d.time for d in known if d.revision == found["rev"]]
        right = [
            d for d in known if d.time == (min if found["end"] in ("first", "earliest") else max)(e.time for e in known)
        ]
        if len({d.revision for d in known}) < 2 or not times:
            sentence.open(*found.span("end"), "no other deployment is known")
        elif any(d.revision == found["rev"] for d in right):
            sentence.holds(*found.span("end"))
        else:
            sentence.wrong(*found.span("end"), f"{right[0].revision} was deployed {found['end']}")


def ids(sentence: Sentence) -> None:
    """The insertId of an entry is read as its name."""
    for id in sorted(sentence.facts.entries, key=len, reverse=True):
        for found in sentence.find(re.compile(rf"(?<![\w.-]){re.escape(id)}(?![\w-]|\.\w)")):
            sentence.read(*found.span())


def tokens(sentence: Sentence) -> None:
    """Ids of letters and digits stand letter by letter."""
    for found in sentence.find(TOKEN):
        if stands(found[0], sentence.ground):
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"{found[0]} does not stand in the entries it names")


def files(sentence: Sentence) -> None:
    facts, ground = sentence.facts, sentence.ground
    for found in sentence.find(LINE_OF):
        at = {n for f, n in facts.places if f"/{f}".endswith("/" + found["file"].lstrip("/"))} - {0}
        if at and int(found["line"]) not in at:
            shown = ", ".join(map(str, sorted(at)))
            sentence.wrong(
                found.start(),
                found.end("line"),
                f"in {found['file']} the entries name line {shown}, not {found['line']}",
            )
    for found in sentence.find(FILE):
        file, line = found["file"], int(found["line"] or 0)
        known = {n for f, n in facts.places if f"/{f}".endswith("/" + file.lstrip("/"))}
        if not known and not stands(file, ground) and not stands(file, facts.words):
            sentence.open(*found.span(), f"{file} does not stand in the entries")
        elif line and line not in known:
            lines = ", ".join(str(n) for n in sorted(known - {0}))
            if lines:
                sentence.wrong(*found.span(), f"in {file} the entries name line {lines}, not {line}")
            else:
                sentence.open(*found.span(), f"no entry names line {line} of {file}")
        elif RAISED.search(sentence.before(found.start(), 30)) and not _raised_in(facts, file):
            sentence.open(*found.span(), f"{file} is named, but not as the place where it was raised")
        elif line and (other := _elsewhere(sentence, found, file, line)):
            sentence.wrong(*found.span(), other)
        else:
            sentence.holds(*found.span())
    for found in sentence.find(LINE):
        known = {n for _, n in facts.places}
        if int(found["line"]) in known or stands(f"line {found['line']}", ground):
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"no entry names line {found['line']}")


def _raised_in(facts: Facts, file: str) -> bool:
    """Whether the innermost frame of an exception is in the file, as far as that is known."""
    frames = [e.failure.frame.file for e in facts.all if e.failure and e.failure.frame and e.failure.frame.file]
    return not frames or any(f"/{f}".endswith("/" + file.lstrip("/")) for f in frames)


def _elsewhere(sentence: Sentence, found: re.Match[str], file: str, line: int) -> str:
    """Where the function that is named just before the place, or behind it, stands; empty where it stands there."""
    close = sentence.text[max(0, found.start() - 40) : found.start()], sentence.text[found.end() : found.end() + 30]
    before = FUNCTION_BEFORE.search(close[0])
    after = FUNCTION_AFTER.match(close[1])
    for named in (m["name"] for m in (before, after) if m):
        places = {p for f, known in sentence.facts.functions.items() if f.endswith(named) for p in known}
        if places and not any(f"/{f}".endswith("/" + file.lstrip("/")) and n == line for f, n in places):
            shown = ", ".join(f"{f}:{n}" for f, n in sorted(places)[:2])
            return f"{named} stands at {shown}, not at {file}:{line}"
    return ""


def exceptions(sentence: Sentence) -> None:
    facts, ground = sentence.facts, sentence.ground
    for found in sentence.find(EXCEPTION):
        name = found["name"]
        if name in facts.exceptions or stands(name, ground) or stands(name, facts.words):
            sentence.holds(*found.span())
        elif facts.exceptions:
            shown = ", ".join(sorted(n for n in facts.exceptions if "." not in n)[:3])
            sentence.wrong(*found.span(), f"the entries name {shown}, not {name}")
        else:
            sentence.open(*found.span(), f"{name} does not stand in the entries")


def paths(sentence: Sentence) -> None:
    facts = sentence.facts
    among = sentence.cited or facts.all
    pairs = {(e.request.method, p) for e in among if e.request for p in (e.request.route, e.request.url)}
    pairs |= {(s.method, s.route) for c in facts.clusters.values() for s in c.signatures if s.route}
    for found in sentence.find(PATH):
        path, method = found["path"].rstrip(".:"), found["method"] or ""
        start, end = found.start(), found.end("path") - (len(found["path"]) - len(path))
        routes = {p.split("?")[0] for m, p in pairs if not method or m == method}
        full = f"{method} {path}".strip()
        if any(r == path or (r.endswith(path) and "://" in r) for r in routes) or stands(full, sentence.ground):
            sentence.holds(start, end)
        else:
            sentence.open(start, end, f"no entry is about {full}")


def statuses(sentence: Sentence) -> None:
    facts = sentence.facts
    for expression in (STATUS, STATUS_AFTER):
        for found in sentence.find(expression):
            number = int(found["n"])
            span = found.span("n")
            if number in facts.statuses or (not facts.statuses and stands(str(number), sentence.ground)):
                sentence.holds(*span)
            elif any(number == s.status for c in facts.clusters.values() for s in c.signatures):
                sentence.open(*span, f"status {number} is that of another cluster of the incident")
            elif facts.statuses:
                known = ", ".join(str(n) for n in sorted(facts.statuses))
                sentence.wrong(*span, f"the status is {known}, not {number}")
            else:
                sentence.open(*span, f"status {number} does not stand in the entries")


def environments(sentence: Sentence) -> None:
    """An environment that is named is one in which it was seen; with "only" it is the only one."""
    seen = {e for e in sentence.facts.cluster.environments if e}
    named = {
        e
        for e in {*seen, *KNOWN_ENVIRONMENTS}
        if re.search(rf"(?<![\w-]){re.escape(e)}(?![\w-])", sentence.rest, re.IGNORECASE)
    }
    for environment in sorted(named):
        for found in sentence.find(re.compile(rf"(?<![\w-]){re.escape(environment)}(?![\w-])", re.IGNORECASE)):
            absent = ABSENT.search(sentence.text[max(0, found.start() - 70) : found.start()])
            if absent:
                _absent(sentence, found, environment in seen, found.start() - len(absent[0]))
            elif environment not in seen:
                right = f"it was seen in {', '.join(sorted(seen))}, not in {environment}"
                if seen:
                    sentence.wrong(*found.span(), right)
                else:
                    sentence.open(*found.span(), f"it is not known to be in {environment}")
            elif SOLE.search(sentence.rest) and named != seen:
                sentence.wrong(*found.span(), f"it was seen in {', '.join(sorted(seen))}")
            else:
                sentence.holds(*found.span())
    if named and named == seen:
        for word in sentence.find(SOLE):
            sentence.read(*word.span())
