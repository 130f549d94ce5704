# ruff: noqa: E501 (an expression reads better unbroken)
"""Time stamps and spans of time in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

from bot.steps.audit.facts import Facts, stands
from bot.steps.audit.sentence import Sentence

NUMERALS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
)
STAMP = re.compile(
    r"(?<![\w.:-])(?:(?P<date>\d{4}-\d\d-\d\d)(?:(?:[T ]| at )(?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?))?"
    r"|(?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?))"
    r"(?P<zone> ?(?:Z|UTC|GMT)\b|[+-]\d\d:?\d\d)?(?![\w:]|[.,]\d)"
)
FIRST = re.compile(
    r"\b(?:first|start\w*|began|begin\w*|since|onset|earliest|initial\w*|appeared|(?:window|period) (?:is|was))\b"
)
FROM = re.compile(r"\b(?:from|between)\b")
"""Begins a span, where no plainer word says which end a time is."""
SIDE = re.compile(r"\b(?P<word>before|prior to|earlier than|after|later than) $")
EARLIER = ("before", "prior to", "earlier than")
BOTH = re.compile(r"\bboth\b", re.IGNORECASE)
HOUR = re.compile(r"\bhour (?:from|of|at) $")
LAST = re.compile(r"\b(?:last|until|till|end(?:ed|ing|s)?|latest|recent\w*|final\w*|newest|through)\b")
JOIN = re.compile(r"^\W*(?:z|utc|gmt)?\W*(?:to|and|through|until|till|up to)?\W*(?:the )?$")
DEPLOYED = re.compile(r"\b(?:deploy\w*|roll(?:ed)? ?out\w*|released?)\b", re.IGNORECASE)
AMOUNT = r"\d+(?:\.\d+)? ?(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b"
SPAN = re.compile(
    rf"(?P<about>(?:about|around|approximately|roughly|nearly|almost|some|circa|~|≈|more than|(?<=lasted )over|(?<=for )over|at least|less than|under|at most"
    rf"|up to|just (?:over|under)) ?)?(?<![\w.,:/#-])"
    rf"(?P<span>{AMOUNT}(?:(?:,? and |, | )?{AMOUNT})*)",
    re.IGNORECASE,
)
PIECE = re.compile(r"(?P<n>\d+(?:\.\d+)?) ?(?P<unit>[a-z]+)", re.IGNORECASE)
WHOLE_SPAN = re.compile(
    r"\b(?:over|span\w*|span of|last(?:ed|ing|s)|across|period of|window of|during|for|within|in)\W+(?:\w+\W+){0,3}$"
)
BETWEEN_ENDS = re.compile(
    r"\b(?:all within|over|span\w*|lasted|lasting|lasts|across|period|window|duration|w[ea]nt on|goes on|continu\w+|persist\w+)\b"
)
APART = re.compile(
    r" (?:apart|(?:(?:passed|elapsed|lie|lay|went by) )?between (?:the )?first (?:occurrence |entry )?and (?:the )?last)"
)
PART_OF = re.compile(r"\b(?:first|last|initial|final|next|previous|past)\W+$")
PEAK = re.compile(r"\b(?:peak\w*|at most|max\w*|burst\w*|up to)\b[^.;]* in (?:a |any |one |the )?\d", re.IGNORECASE)
GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
FIGURE = re.compile(rf"(?:\d[\d,.]*|{'|'.join(NUMERALS)}) (?:\w+ )?\w+$", re.IGNORECASE)
RUN = re.compile(
    r"\b(?:in|took|after|elapsed|duration)[ :=]{1,2}(?P<h>\d{1,3}):(?P<m>[0-5]\d):(?P<s>[0-5]\d(?:\.\d+)?)(?![\d:])"
)
"""A duration that is written like a clock."""
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def stamps(sentence: Sentence) -> None:
    """Each time stamp is the first or the last occurrence, an entry's, or a deployment's, as the words around say."""
    previous, role = -1, ""
    for found in sentence.find(STAMP):
        start, end = found.span()
        joined = previous >= 0 and role == "first" and JOIN.match(sentence.text[previous:start].lower()) is not None
        reach = 60 if previous < 0 else min(60, start - previous)
        role = "last" if joined else _role(sentence.before(start, reach))
        segment, previous = sentence.text[max(0, previous) : start], end
        _check_stamp(sentence, found, role, segment, joined=joined)


def _role(before: str) -> str:
    first = max((m.start() for m in FIRST.finditer(before)), default=-1)
    last = max((m.start() for m in LAST.finditer(before)), default=-1)
    if first == last == -1 and FROM.search(before):
        return "" if HOUR.search(before) else "first"
    return "" if first == last else "first" if first > last else "last"


def _check_stamp(sentence: Sentence, found: re.Match[str], role: str, segment: str, *, joined: bool) -> None:
    """`segment` is what stands between the time before and this one; `joined` times are the two ends of a span."""
    start, end = found.span()
    cluster, facts = sentence.facts.cluster, sentence.facts
    shape = _shape(found)
    deployments = [d for d in facts.case.deployments if d.revision and d.revision in segment]
    deployments = deployments or list(facts.deployed(sentence.text))
    near = sentence.before(start, 60).rsplit(",", 1)[-1]
    if DEPLOYED.search(near):
        known, name = [d.time for d in deployments], "the deployments were at"
        if shape and BOTH.search(segment) and not all(_any([t], shape) for t in known):
            shape = ("", "-", UTC)
    elif role and (elsewhere := _not_of_all(facts, role, near)):
        sentence.open(start, end, f"when it was {role} seen on {elsewhere} is not known")
        return
    elif role:
        known = [cluster.first_seen if role == "first" else cluster.last_seen]
        name = "it was first seen at" if role == "first" else "it was last seen at"
        if (side := SIDE.search(near)) and (stamp := when(sentence, found)):
            begin = start - len(near) + side.start("word")
            if (known[0] < stamp) == (side["word"] in EARLIER):
                sentence.holds(begin, end)
            else:
                sentence.wrong(begin, end, f"{name} {known[0]:%Y-%m-%d %H:%M:%S} UTC")
            return
        if joined and shape and shape[1].count(":") == 1 and (known[0].second or known[0].microsecond):
            known.append(known[0] + timedelta(minutes=1))
    elif sentence.cited:
        known, name = [e.time for e in sentence.cited], "the entry cited is of"
    else:
        known, name = facts.times(), ""
    if shape is None:
        sentence.open(start, end, f"{found.group(0)} is no time that can be read")
    elif _any(known, shape) or (not role and shape[0] and stands(found.group(0), sentence.ground)):
        sentence.holds(start, end)
    elif not name or not known:
        sentence.open(start, end, f"nothing is known to have happened at {found.group(0)}")
    else:
        right = ", ".join(t.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") for t in sorted(set(known))[:3])
        sentence.wrong(start, end, f"{name} {right}, not {found.group(0)}")


def _not_of_all(facts: Facts, role: str, near: str) -> str:
    """The revision or environment that the words before a time narrow it to, where the time of the whole is not its."""
    revisions, environments = facts.cluster.revisions, tuple(facts.cluster.environments)
    end = revisions[:1] if role == "first" else revisions[-1:]
    others = [r for r in revisions if r in near and r not in end] + (
        list(environments) if len(environments) > 1 else []
    )
    said = (
        re.search(rf"\b(?:on|in|of|from) (?:revision )?(?P<name>{'|'.join(map(re.escape, others))})\b", near)
        if others
        else None
    )
    return said["name"] if said else ""


def of_time(found: re.Match[str], moment: datetime) -> bool:
    """Whether a time stamp is of this moment, as exactly as it is written."""
    shape = _shape(found)
    return shape is not None and _any([moment], shape)


def when(sentence: Sentence, found: re.Match[str], zone: str = "") -> datetime | None:
    """The moment that a time stamp names; without a date, of the one day on which it was seen."""
    cluster = sentence.facts.cluster
    written = (found["zone"] or zone or "").strip()
    offset = timedelta()
    if written[:1] in ("+", "-"):
        offset = timedelta(hours=int(written[1:3]), minutes=int(written[-2:])) * (-1 if written[0] == "-" else 1)
    clock = (found["time"] or found["clock"] or "00:00").replace(",", ".")
    days = {(t + offset).date() for t in (cluster.first_seen, cluster.last_seen)}
    date = found["date"] or (days.pop().isoformat() if len(days) == 1 else "")
    try:
        moment = datetime.fromisoformat(f"{date}T{clock.zfill(5) if clock.count(':') == 1 else clock}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) - offset


def _shape(found: re.Match[str]) -> tuple[str, str, timezone] | None:
    zone = UTC
    written = (found["zone"] or "").strip()
    if written[:1] in ("+", "-"):
        offset = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
        if offset >= timedelta(days=1):
            return None
        zone = timezone(-offset if written[0] == "-" else offset)
    clock = (found["time"] or found["clock"] or "").replace(",", ".")
    return (found["date"] or "", clock.zfill(5) if clock.count(":") == 1 else clock, zone)


def _any(known: Iterable[datetime], shape: tuple[str, str, timezone]) -> bool:
    date, clock, zone = shape
    for moment in known:
        local = moment.astimezone(zone)
        written = local.strftime("%H:%M:%S.") + f"{local.microsecond:06d}"
        plain = clock.rstrip("0").rstrip(".") if "." in clock else clock
        if (not date or local.strftime("%Y-%m-%d") == date) and written.startswith(plain):
            return True
    return False


def spans(sentence: Sentence) -> None:
    """Each duration is that from the first to the last occurrence, or one that the cited entries name."""
    for found in sentence.find(SPAN):
        start, end = found.span()
        if PART_OF.search(sentence.before(start, 30)) or PEAK.search(sentence.text):
            sentence.open(start, end, "what happened in a part of the time was not counted")
            continue
        amounts = [(float(m["n"]), unit(m["unit"])) for m in PIECE.finditer(found["span"])]
        claimed = sum(n * SECONDS[u] for n, u in amounts)
        cluster = sentence.facts.cluster
        actual = (cluster.last_seen - cluster.first_seen).total_seconds()
        before = sentence.before(start, 40)
        of_all = (
            WHOLE_SPAN.search(before) is not None
            or APART.match(sentence.after(end, 60)) is not None
            or sentence.after(end, 12).strip().startswith(("span", "window"))
            or _listed(sentence, start, end)
        )
        if (
            of_all and _fits(claimed, actual, amounts, found["about"] or "", within=before.rstrip().endswith("within"))
        ) or (not BETWEEN_ENDS.search(before) and names_span(sentence.ground, found)):
            sentence.holds(start, end)
        elif sentence.cited and not BETWEEN_ENDS.search(before) and (other := _otherwise(amounts, sentence.ground)):
            sentence.wrong(start, end, f"the entry says {other}, not {found['span']}")
        elif of_all and (abs(claimed - actual) >= _step(amounts) or found["about"]):
            sentence.wrong(start, end, f"from first to last it is {say(actual)}, not {found['span']}")
        elif of_all:
            sentence.open(start, end, f"from first to last it is {say(actual)}")
        else:
            sentence.amiss(*found.span("span"), f"no cited entry says {found['span']}")


def _listed(sentence: Sentence, start: int, end: int) -> bool:
    """Whether it is an item of a list that holds nothing but figures of the whole: `96 occurrences, 45 minutes`."""
    items = [i.strip(" .") for i in re.split(r"[,;]| and ", sentence.text)]
    alone = sentence.text[start:end].strip(" .") in items
    return alone and len(items) > 1 and not sentence.cited and all(FIGURE.match(i) for i in items)


def unit(written: str) -> str:
    written = written.lower()
    if written.startswith(("ms", "milli")):
        return "ms"
    return written[0]


def _step(amounts: list[tuple[float, str]]) -> float:
    n, named = amounts[-1]
    decimals = len(f"{n:g}".partition(".")[2])
    return SECONDS[named] / float(10**decimals)


def _fits(claimed: float, actual: float, amounts: list[tuple[float, str]], about: str, *, within: bool) -> bool:
    """Cut off at the step of what was claimed; rounded up only where it says "about" or "within"."""
    step, off = _step(amounts), abs(claimed - actual)
    about = about.strip().lower()
    if about in ("more than", "over", "at least", "just over"):
        return claimed <= actual <= 2 * claimed
    if about in ("less than", "under", "at most", "up to", "just under"):
        return claimed / 2 <= actual <= claimed
    if about:
        return off <= max(0.03 * actual, min(step / 2, 0.1 * actual))
    if within and claimed > actual:
        return off < step and off <= 0.1 * actual
    return claimed <= actual + 1e-6 and off < step and off <= max(0.02 * actual, 0.5 if actual >= 10 else 0.0)


def names_span(text: str, found: re.Match[str]) -> bool:
    """Whether the text names this duration, in any unit, or one that is rounded to it."""
    about, pieces = found["about"] or "", list(PIECE.finditer(found["span"]))
    claimed = sum(float(m["n"]) * SECONDS[unit(m["unit"])] for m in pieces)
    if about.strip().lower() not in ("", "about", "around", "approximately", "roughly", "some", "circa", "~", "≈"):
        return False
    last = pieces[-1]
    step = SECONDS[unit(last["unit"])] / float(10 ** len(last["n"].partition(".")[2]))
    off = min(step / 2, (0.05 if about else 0.02) * claimed)
    return any(abs(total - claimed) <= max(off, 1e-9) for total in _durations(text))


def _durations(text: str) -> Iterator[float]:
    for found in SPAN.finditer(GROUPED.sub("", text)):
        yield sum(float(m["n"]) * SECONDS[unit(m["unit"])] for m in PIECE.finditer(found["span"]))
    for run in RUN.finditer(text):
        yield int(run["h"]) * 3600 + int(run["m"]) * 60 + float(run["s"])


def _otherwise(amounts: list[tuple[float, str]], text: str) -> str:
    """How the text writes this number, where it has it with another unit only."""
    if len(amounts) != 1:
        return ""
    n, named = amounts[0]
    told = [m for m in PIECE.finditer(GROUPED.sub("", text)) if float(m["n"]) == n and SPAN.fullmatch(m[0])]
    return told[0][0] if told and all(unit(m["unit"]) != named for m in told) else ""


def say(seconds: float) -> str:
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    said = [f"{n} {u}" for n, u in ((hours, "h"), (minutes, "min"), (left, "s")) if n]
    return " ".join(said) or f"{seconds:.3f} s"
