# ruff: noqa: E501 (an expression reads better unbroken)
"""What came before what, how long before, and how often within a window of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bot.models import BUCKET
from bot.steps.audit.facts import plain, quoted, sayings, stands
from bot.steps.audit.names import REVISION
from bot.steps.audit.sentence import Sentence
from bot.steps.audit.shares import ABOUT, THINGS, N, amount, near
from bot.steps.audit.times import AMOUNT, DEPLOYED, PIECE, SECONDS, STAMP, of_time, unit, when

RELATION = re.compile(
    rf"(?:{ABOUT}(?<![\w.,:-])(?P<dur>{AMOUNT}(?:(?:,? and |, | ){AMOUNT})*) )?(?P<word>\bbefore|\bafter|\bprior to|\blater than|\bearlier than"
    r"|\b(?:was |were )?(?:preceded|followed) by|\bpreced(?:es|ed|ing)|\bfollow(?:s|ed|ing))\b(?! \d+ )",
    re.IGNORECASE,
)
BY = re.compile(rf"(?<= by )(?P<dur>{AMOUNT}(?:(?:,? and |, | ){AMOUNT})*)")
OF_REVISION = re.compile(rf" (?:the |that |one |deployment |of |revision )*{REVISION.pattern}")
"""Behind an order of deployments: the other one."""
BACKWARD = re.compile(r"after|later|follow(?!ed by)|preceded by", re.IGNORECASE)
CLAUSE = re.compile(r"; |(?<=\w)\. (?=[A-Z])|, (?=and |but |while |whereas )")
CONTINUED = re.compile(r"\b(?:continu(?:ed|es?)|persist(?:ed|s)?|went on)\b", re.IGNORECASE)
NEVER = re.compile(
    r"\b(?:no|nothing|none|not|never|wasn't|without)\b(?: (?:other|further|earlier|later|more|such|occurrences?|entries|entry|errors?|failures?|logs?"
    r"|lines?|was|were|is|are|been|had|has|have|seen|logged|recorded|observed|happen\w*|occur\w*|appear\w*|of|it|the|this|problem"
    r"|any|before it|there|at all|found|to be|yet))* (?P<word>before|prior to|earlier than|until|after|since|later than|past|between|from) ",
    re.IGNORECASE,
)
WINDOWED = (
    rf"{ABOUT}{N}(?: (?:of|out of) (?:the |all )?(?P<m>\d[\d,]*))? {THINGS}"
    rf"(?: (?:were|was|are|of it|happened|occurred|came|come|seen|logged|recorded|fell|fall))*(?: in the time)? "
    rf"(?P<word>before|prior to|until|after|since|between|from) "
)
MORE_WINDOWED = rf"(?<=\x1f)[,;]?(?: and| but| then| only)* (?P<about>){N}(?P<what>) (?P<word>between|from|after|before|until|since) "
"""One more count and time, behind one that was read."""
IN_THE_HOUR = (
    rf"(?:{N} {THINGS} )?(?P<hour>(?:in|during|was) (?:in )?the hour (?:from|of|starting at|beginning at) "
    r"(?P<stamp>(?:\d{4}-\d\d-\d\d[T ])?\d\d?:\d\d(?::\d\d)?(?: ?(?:UTC|Z|GMT)\b)?))"
    rf"(?:,? with {N.replace('?P<n>', '?P<m>')} {THINGS.replace('?P<what>', '?:')})?"
)
LED = r"(?P<word>before|prior to|until|after|since|between|from) "
LED_COUNT = rf",? (?:it |the \w+ |there )?(?:\w+ ){{0,3}}?{ABOUT}{N} {THINGS}"
EVERY_ONE = re.compile(
    r"(?P<all>\b(?:all|every)(?: of)?(?: the)?(?: \d[\d,]*)?) (?:occurrences?|errors?|failures?|entries|entry|of them)"
    r"(?: (?:happened|occurred|came|fell|were|was|are|is|seen|logged|recorded))* ?$",
    re.IGNORECASE,
)
LINKING = frozenset(
    re.findall(r"\w+", "came come happened occurred logged reported seen were that this with then entry appeared")
)
"""Words that link what happened to when; they do not say what it was."""
AND = re.compile(r"^ ?(?:utc|z|gmt)? ?(?:and|to|until|till|-|–) ", re.IGNORECASE)
PATIENT = timedelta(days=7)
"""Older counts are kept by the day."""


def sequence(sentence: Sentence) -> None:
    """Windows first, for they hold time stamps; then what came before what."""
    _never(sentence)
    _windows(sentence)
    _relations(sentence)


# ---------------------------------------------------------------- before and after


def _relations(sentence: Sentence) -> None:
    for found in sentence.find(RELATION):
        start, end = found.span()
        text = sentence.text
        left = [p for p in CLAUSE.split(text[:start]) if p][-1:] or [""]
        right = CLAUSE.split(text[end:])[0]
        before, behind = left[0], right
        if DEPLOYED.search(before) and OF_REVISION.match(behind):
            behind = f"deployed {behind}"
        one, two = moment(sentence, before), moment(sentence, behind)
        if one is not None and one == two and _own_words(sentence, start, end):
            continue
        if sentence.strict:
            one, two = one or _stamped(sentence, left[0]), two or _stamped(sentence, right)
        if one is None or two is None or (one == two and STAMP.search(right)):
            continue
        word, duration = found["word"], found["dur"]
        by = BY.search(right)
        if by and not duration:
            duration, end = by["dur"], end + by.end()
        later, earlier = (one, two) if BACKWARD.search(word) else (two, one)
        between = (later - earlier).total_seconds()
        said = f"{_utc(one)} and {_utc(two)}"
        if between > 0 and not duration and (on := CONTINUED.search(left[0])):
            sentence.read(*(i + start - len(text[:start]) + text[:start].rfind(left[0]) for i in on.span()))
        if between <= 0:
            sentence.wrong(start, end, f"it is not so: {said}")
        elif not duration:
            every = EVERY_ONE.search(text[:start])
            sentence.holds(every.start("all") if every and one == later else start, end)
        else:
            pieces = [(float(m["n"]), unit(m["unit"])) for m in PIECE.finditer(duration)]
            claimed = sum(n * SECONDS[u] for n, u in pieces)
            step = SECONDS[pieces[-1][1]]
            about = found["about"] or ""
            cut = not about and 0 <= between - claimed < step and between - claimed <= 0.1 * between
            rounded = about.lower() in ("about", "around", "approximately", "roughly")
            close = (rounded and abs(between - claimed) <= min(step / 2, 0.1 * between)) or near(
                claimed, between, min(step, 0.1 * between), about
            )
            if cut or close:
                sentence.holds(start, end)
            else:
                sentence.wrong(start, end, f"{between:g} s lie between them, not {duration}: {said}")


def _own_words(sentence: Sentence, start: int, end: int) -> bool:
    """Whether an entry itself says "after this": then it is no order of two."""
    following = re.match(r" \w+", sentence.text[end:])
    return following is not None and stands((sentence.text[start:end] + following[0]).lower(), sentence.ground.lower())


def moment(sentence: Sentence, fragment: str) -> datetime | None:
    """When what these words name happened; None where that is not plain."""
    facts = sentence.facts
    for quote in re.finditer(r"[\"“`](?P<said>[^\"“”`]{4,})[\"”`]", fragment):
        wanted = plain(quote["said"]).replace('"', "'")
        times = {e.time for e in facts.all for s in sayings(e) if quoted(wanted, s.replace('"', "'"), facts.masks)}
        return times.pop() if len(times) == 1 else None
    named = [i for i in facts.entries if re.search(rf"(?<![\w-]){re.escape(i)}(?![\w-])", fragment)]
    if len(named) == 1 and len({e.time for e in facts.entries[named[0]]}) == 1:
        return facts.entries[named[0]][0].time
    if named:
        return None
    numbered = re.findall(r"\bcluster #?(\d+)\b", fragment, re.IGNORECASE)
    if len(numbered) == 1:
        other = facts.everyone.get(int(numbered[0]))
        return _end(other.first_seen, other.last_seen, fragment) if other else None
    if DEPLOYED.search(fragment):
        deployed = [d for d in facts.case.deployments if d.revision and d.revision in fragment] or (
            [] if re.search(r"-\d{5}-", fragment) else list(facts.case.deployments)
        )
        return deployed[0].time if len(deployed) == 1 else None
    if len(numbered) > 1 or not sentence.strict:
        return None
    if stamps := list(STAMP.finditer(fragment)):
        ends = {t for t in (facts.cluster.first_seen, facts.cluster.last_seen) if of_time(stamps[0], t)}
        return ends.pop() if len(ends) == len(stamps) == 1 else None
    if (entry := _told(sentence, fragment)) is not None:
        return entry
    if re.search(
        r"\b(?:it|problem|first occurrence|last occurrence|latest occurrence|the failures?|the errors?|occurrences|cluster|first (?:error|failure|seen|logged|entry)|began|started)\b",
        fragment,
        re.IGNORECASE,
    ):
        return _end(facts.cluster.first_seen, facts.cluster.last_seen, fragment)
    return None


def _stamped(sentence: Sentence, fragment: str) -> datetime | None:
    """The one time that these words name; whether something was logged then is checked with the other times."""
    found = list(STAMP.finditer(fragment))
    return when(sentence, found[0]) if len(found) == 1 else None


def _told(sentence: Sentence, fragment: str) -> datetime | None:
    """When the one of several cited entries was logged that says all of these words."""
    if len(sentence.cited) < 2 or re.search(r"\b(?:first|last|latest|began|started|ended|stopped)\b", fragment, re.I):
        return None
    told = re.findall(r"[A-Za-z]{4,}|(?<!\w)[\w-]*\d[\w-]*", re.sub(AMOUNT, " ", fragment))
    said = [w.lower() for w in told if w.lower() not in LINKING]
    if not said:
        return None
    stems = [
        re.compile(
            rf"(?<![\w-]){re.escape(w)}(?![\w-])"
            if re.search(r"\d", w)
            else rf"(?<![a-z]){re.escape(re.sub(r'(?:ed|ing|s)$', '', w))}"
        )
        for w in said
    ]
    times = {e.time for e in sentence.cited if all(any(s.search(t.lower()) for t in sayings(e)) for s in stems)}
    return times.pop() if len(times) == 1 else None


def _end(first: datetime, last: datetime, fragment: str) -> datetime:
    ends = re.search(r"\b(?:last|latest|ended|stopped|most recent)\b", fragment, re.IGNORECASE)
    return last if ends or CONTINUED.search(fragment) else first


# ---------------------------------------------------------------- windows


def _never(sentence: Sentence) -> None:
    """`no occurrence before 08:15`, `not seen after the deployment`, `nothing between 08:25 and 09:10`."""
    cluster = sentence.facts.cluster
    for found in sentence.find(NEVER):
        word = found["word"].lower()
        window = _window(sentence, word, found.end())
        if window is None:
            continue
        start, stop, end = window
        if start is None and stop is not None:
            right = cluster.first_seen >= stop
        elif stop is None and start is not None:
            right = cluster.last_seen <= start + _step_of(sentence.text[found.end() : end])
        else:
            counted = _counted(sentence, start, stop)
            if counted is None:
                sentence.open(found.start(), end, "how often it happened between these times was not counted")
                continue
            right = counted == 0
        if right:
            sentence.holds(found.start(), end)
        else:
            sentence.wrong(found.start(), end, f"seen from {_utc(cluster.first_seen)} to {_utc(cluster.last_seen)}")


def _windows(sentence: Sentence) -> None:
    """`12 occurrences after 09:00`, `between 08:15 and 08:20 it occurred 20 times`."""
    for found in sentence.find(re.compile(WINDOWED, re.IGNORECASE)):
        window = _window(sentence, found["word"].lower(), found.end())
        if window is not None:
            _count_in(sentence, found, found.start(), window)
    for found in sentence.find(re.compile(IN_THE_HOUR, re.IGNORECASE)):
        _in_the_hour(sentence, found)
    for found in sentence.find(re.compile(MORE_WINDOWED, re.IGNORECASE)):
        window = _window(sentence, found["word"].lower(), found.end())
        if window is not None:
            _count_in(sentence, found, found.start("n"), window)
    for found in sentence.find(re.compile(rf"\b{LED}", re.IGNORECASE)):
        window = _window(sentence, found["word"].lower(), found.end())
        counted = re.compile(LED_COUNT, re.IGNORECASE).match(sentence.rest, window[2]) if window else None
        if window and counted:
            _count_in(sentence, counted, found.start(), (window[0], window[1], counted.end()))


def _in_the_hour(sentence: Sentence, found: re.Match[str]) -> None:
    """`50 occurrences in the hour from 09:00`; where it speaks of the peak, no hour had more."""
    stamp = STAMP.match(sentence.text, found.start("stamp"))
    start = when(sentence, stamp) if stamp else None
    if start is None or stamp is None:
        return
    cluster, counted = sentence.facts.cluster, _counted(sentence, start, start + timedelta(hours=1))
    begin, end = (found.start("n"), stamp.end()) if found["n"] else (found.start("m"), found.end())
    n, step = amount(found["n"] or found["m"])
    most = max((sum(o.occurrences for o in cluster.counts if o.start == c.start) for c in cluster.counts), default=0)
    if counted is None:
        sentence.open(found.start("hour"), found.end(), "how often it happened in that hour was not counted")
    elif not near(n, counted, min(step, 1), ""):
        sentence.wrong(
            found.start("hour"), found.end(), f"{counted} occurrences in that hour, not {found['n'] or found['m']}"
        )
    elif re.search(r"\b(?:peak\w*|most|busiest|worst)\b", sentence.text, re.IGNORECASE) and counted < most:
        sentence.wrong(found.start("hour"), found.end(), f"the most in an hour is {most}")
    else:
        sentence.holds(min(begin, found.start("hour")), max(end, found.end()))


Window = tuple[datetime | None, datetime | None, int]


def _count_in(sentence: Sentence, found: re.Match[str], begin: int, window: Window) -> None:
    start, stop, end = window
    cluster = sentence.facts.cluster
    if (
        start
        and stop
        and _is_end(start, cluster.first_seen)
        and _is_end(stop, cluster.last_seen)
        and stop <= cluster.last_seen
    ):
        return
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    wide = (start and start < cluster.first_seen - (minute if start.minute else hour)) or (
        stop and stop > cluster.last_seen + (minute if stop.minute else hour)
    )
    if start and stop and wide:
        sentence.open(begin, end, f"it was seen from {_utc(cluster.first_seen)} to {_utc(cluster.last_seen)}")
        return
    entries = bool(re.search("entr|line|record|message", found["what"]))
    if found.groupdict().get("m") and amount(found["m"])[0] != (cluster.entries if entries else cluster.occurrences):
        sentence.wrong(begin, end, f"{cluster.occurrences} occurrences in {cluster.entries} entries, not {found['m']}")
        return
    counted = _counted(sentence, start, stop, entries=entries)
    n, step = amount(found["n"])
    if counted is None:
        sentence.open(begin, end, "how often it happened between these times was not counted")
    elif near(n, counted, min(step, 1), found["about"] or ""):
        total = cluster.entries if entries else cluster.occurrences
        every = re.search(r"\ball (?:of )?(?:the |its |these )?$", sentence.text[:begin], re.IGNORECASE)
        sentence.counted(every.start() if every and n == total else begin, end)
    else:
        sentence.wrong(begin, end, f"{counted} {found['what']} in that time, not {found['n']}")


def _is_end(said: datetime, actual: datetime) -> bool:
    return said <= actual < said + timedelta(minutes=1)


def _window(sentence: Sentence, word: str, at: int) -> Window | None:
    """From when to when, and where in the text it ends; None where the words name no time that can be read."""
    beyond = sentence.text[at : at + 60]
    if DEPLOYED.search(re.split(r"[,;.](?: |$)", sentence.text[at:])[0]) and not STAMP.match(sentence.text, at):
        end = at + len(re.split(r"[,;.](?: |$)", sentence.text[at:])[0])
        time = moment(sentence, sentence.text[at:end])
        return _side(word, time, time, end) if time else None
    article = re.match(r"(?:about |at )?", beyond)
    first = STAMP.match(sentence.text, at + (article.end() if article else 0))
    if first is None:
        return None
    start = when(sentence, first)
    if start is None:
        return None
    if word in ("between", "from"):
        joined = AND.match(sentence.text[first.end() :])
        second = STAMP.match(sentence.text, first.end() + joined.end()) if joined else None
        zone = second["zone"] if second else None
        start = when(sentence, first, zone or "")
        stop = when(sentence, second) if second else None
        return (start, stop, second.end()) if second and start and stop and start < stop else None
    return _side(word, start, start, first.end())


def _side(word: str, start: datetime, stop: datetime, end: int) -> Window | None:
    if word in ("before", "prior to", "earlier than", "until"):
        return (None, stop, end)
    return (start, None, end) if word in ("after", "since", "later than", "past", "from") else None


def _step_of(written: str) -> timedelta:
    """How exact a time is said: to the minute, the second, or the day."""
    clock = re.findall(r"\d\d?:\d\d(?::\d\d)?", written)
    if not clock:
        return timedelta()
    return timedelta(seconds=1) if clock[-1].count(":") == 2 else timedelta(minutes=1)


def _counted(sentence: Sentence, start: datetime | None, stop: datetime | None, *, entries: bool = False) -> int | None:
    """How often in that time; None where the counts do not tell."""
    cluster = sentence.facts.cluster
    if (start is None or start <= cluster.first_seen) and (stop is None or stop > cluster.last_seen):
        return cluster.entries if entries else cluster.occurrences
    if (stop and stop <= cluster.first_seen) or (start and start > cluster.last_seen):
        return 0
    low, high = start or cluster.first_seen, stop or cluster.last_seen + timedelta(microseconds=1)
    if not entries and len(cluster.moments) == cluster.occurrences:
        return sum(low <= m.time < high for m in cluster.moments)
    recent = cluster.last_seen - cluster.first_seen < PATIENT
    even = all((t - datetime(2000, 1, 1, tzinfo=UTC)) % BUCKET == timedelta() for t in (start, stop) if t)
    if not (recent and even and cluster.counts):
        return None
    chosen = [c for c in cluster.counts if (start is None or c.start >= start) and (stop is None or c.start < stop)]
    return sum(c.entries if entries else c.occurrences for c in chosen)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
