# ruff: noqa: E501 (an expression reads better unbroken)
"""Figures in relation to each other: parts of a whole, shares, comparisons, averages, rates."""

from __future__ import annotations

import re

from bot.steps.audit.sentence import Sentence

ABOUT = r"(?:(?P<about>about|around|approximately|roughly|nearly|almost|some|circa|~|≈|more than|over|at least|no fewer than|less than|fewer than|under|at most|no more than|up to|exactly|precisely) ?)?"
_NUMERALS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
N = r"(?<![\w.,:/#@-])(?P<n>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?|" + "|".join(_NUMERALS) + r")"
THINGS = (
    r"(?P<what>occurrences?|times|errors?|failures?|events?|cases|instances|hits|exceptions?|incidents|(?:log )?(?:entries|entry|lines?"
    r"|records?|messages?))"
)
VERB = (
    r"(?:,? (?:that |which )?(?:were|was|are|is|have been|happened|occurred|came|come|stem|originated|took place|fell|fall|belong(?:s|ed)?))?"
    r"(?: (?:seen|logged|recorded|observed|raised|found|counted))?"
)
IN = r" (?:in|on|from|under|with|by|to) "
FRACTIONS = {
    "half": 0.5, "a third": 1 / 3, "one third": 1 / 3, "two thirds": 2 / 3, "a quarter": 0.25, "one quarter": 0.25,
    "three quarters": 0.75,
}  # fmt: skip
BOUNDS = {
    "most": (0.5, 1.0), "the majority": (0.5, 1.0), "a majority": (0.5, 1.0), "the bulk": (0.5, 1.0),
    "the vast majority": (0.8, 1.0), "nearly all": (0.9, 1.0), "almost all": (0.9, 1.0), "a minority": (0.0, 0.5),
    "the minority": (0.0, 0.5), "mostly": (0.5, 1.0), "mainly": (0.5, 1.0), "predominantly": (0.5, 1.0),
    "primarily": (0.5, 1.0),
}  # fmt: skip
TIMES_AS = {"twice": 2.0, "double": 2.0, "three times": 3.0, "four times": 4.0, "half": 0.5}
SOLE = re.compile(r"\b(?:only|exclusively|solely|all|every|always)\b", re.IGNORECASE)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


AVERAGE = re.compile(r"\b(?:average|mean|about|around|roughly|approximately)\b|~", re.IGNORECASE)
EVERY = re.compile(
    r"\b(?:(?:once|one occurrence|(?:it )?(?:happen|occur|recur)(?:s|ed|red))(?: about| roughly| approximately)?"
    r"|about|roughly|approximately) every "
    r"(?:(?P<n>\d+(?:\.\d+)?) )?(?P<unit>second|minute|hour|day)s?\b",
    re.IGNORECASE,
)
OF_CLUSTER = re.compile(rf"\bcluster #?(?P<c>\d+)\b(?:(?!cluster)[^.;])*?{N} {THINGS}", re.IGNORECASE)


def shares(sentence: Sentence) -> None:
    """Each that can be worked out from the counts is read here; what is not of this form is left to others."""
    facts = sentence.facts
    said = sentence.rest.lower()
    known = {n for n in (*facts.cluster.environments, *facts.cluster.revisions) if n and n.lower() in said}
    names = sorted(known, key=len, reverse=True)
    if names:
        place = rf"(?:the )?(?:revisions? )?(?P<place>{'|'.join(map(re.escape, names))})(?![\w-])(?: environment)?"
        other = place.replace("?P<place>", "?P<other>")
        _parts(sentence, place)
        _percentages(sentence, place)
        _fractions(sentence, place)
        _comparisons(sentence, place, other)
        _placed(sentence, place)
        _within(sentence, names)
    _averages(sentence)
    _per_user(sentence)
    _intervals(sentence)
    _rates(sentence)


def amount(written: str) -> tuple[float, float]:
    """A number, and the step it is rounded to."""
    lowered = written.lower()
    if lowered in _NUMERALS:
        return _NUMERALS.index(lowered) + 1, 1
    digits = written.replace(",", "")
    return float(digits), float(10.0 ** -len(digits.partition(".")[2]))


def _of(sentence: Sentence, place: str, what: str | None) -> int:
    """How often at that place: entries where entries are spoken of."""
    entries = _entries(what)
    facts = sentence.facts
    place = next((n for n in facts.cluster.environments if n.lower() == place.lower()), place)
    if place in facts.cluster.environments:
        return facts.count(place, entries=entries)
    return facts.count("", place, entries=entries)


def _all(sentence: Sentence, what: str | None) -> int:
    return sentence.facts.cluster.entries if _entries(what) else sentence.facts.cluster.occurrences


def _entries(what: str | None) -> bool:
    return bool(re.search(r"entr|line|record|message", what or "", re.IGNORECASE))


def near(claimed: float, actual: float, step: float, about: str) -> bool:
    """Whether a claimed figure is right, as exactly as it is said."""
    about = about.lower()
    if about in ("more than", "over"):
        return actual > claimed
    if about in ("at least", "no fewer than"):
        return actual >= claimed
    if about in ("less than", "fewer than", "under"):
        return actual < claimed
    if about in ("at most", "no more than", "up to"):
        return actual <= claimed
    if about in ("", "exactly", "precisely"):
        return abs(claimed - actual) <= step / 2 + 1e-9
    return abs(claimed - actual) <= max(0.05 * abs(actual), step / 2)


def _judge(sentence: Sentence, found: re.Match[str], right: bool, why: str) -> None:
    if right:
        sentence.counted(*found.span())
    else:
        sentence.wrong(*found.span(), why)


def _parts(sentence: Sentence, place: str) -> None:
    """`30 of the 42 occurrences were in production`."""
    whole = N.replace("?P<n>", "?P<m>")
    form = rf"{ABOUT}{N} (?:of|out of) (?:the |its |all |all the |a total of )?{whole}(?: {THINGS})?{VERB}{IN}{place}"
    for found in sentence.find(re.compile(form, re.IGNORECASE)):
        part, total = _of(sentence, found["place"], found["what"]), _all(sentence, found["what"])
        (n, step), (m, _) = amount(found["n"]), amount(found["m"])
        right = near(n, part, step, found["about"] or "") and m == total
        _judge(sentence, found, right, f"{part} of {total} in {found['place']}, not {found['n']} of {found['m']}")


def _percentages(sentence: Sentence, place: str) -> None:
    """`71 % of the occurrences were in production`; `production accounts for 71 %`."""
    percent = rf"{ABOUT}{N} ?(?:%|percent|per cent)"
    forms = (
        rf"{percent} of (?:the |its |all |all the |these )?(?:\d[\d,]* )?{THINGS}{VERB}{IN}{place}",
        rf"{percent}{VERB}{IN}{place}",
        rf"{place} (?:accounts|accounted|stands|stood) for {percent}(?: of (?:the |its |all |all the )?(?:\d[\d,]* )?{THINGS})?",
    )
    for form in forms:
        for found in sentence.find(re.compile(form, re.IGNORECASE)):
            what = found.groupdict().get("what")
            part, total = _of(sentence, found["place"], what), _all(sentence, what)
            n, step = amount(found["n"])
            actual = 100 * part / total if total else 0.0
            _judge(sentence, found, near(n, actual, step, found["about"] or ""),
                   f"{actual:.1f} % in {found['place']}, not {found['n']} %")  # fmt: skip


def _fractions(sentence: Sentence, place: str) -> None:
    """`Half of the occurrences were in staging`, `most occurrences came from ...`, `it was mostly seen in ...`."""
    named = "|".join(sorted((*FRACTIONS, *BOUNDS), key=len, reverse=True))
    forms = (
        rf"{ABOUT}\b(?P<share>{named})(?: of)?(?: the| its| all| these)? {THINGS}{VERB}{IN}{place}",
        rf"{THINGS}?{VERB}(?P<about>) (?P<share>mostly|mainly|predominantly|primarily)(?: \w+)?{IN}{place}",
    )
    for form in forms:
        for found in sentence.find(re.compile(form, re.IGNORECASE)):
            part, total = _of(sentence, found["place"], found["what"]), _all(sentence, found["what"])
            actual, share = (part / total if total else 0.0), found["share"].lower()
            if share in FRACTIONS:
                right = near(100 * FRACTIONS[share], 100 * actual, 2.0, found["about"] or "")
            else:
                low, high = BOUNDS[share]
                right = low < actual < high or (low < actual == high and share not in ("nearly all", "almost all"))
            _judge(sentence, found, right, f"{part} of {total} in {found['place']}")


def _comparisons(sentence: Sentence, place: str, other: str) -> None:
    """`more in production than in staging`, `twice as often in production as in staging`."""
    forms = (
        rf"\b(?P<more>more|fewer|less)(?: often| frequently)?(?: {THINGS})?{VERB}{IN}{place} than{IN}{other}",
        rf"{ABOUT}(?P<times>\b(?:twice|double|half)|{N}(?: |-)times) as (?:often|many|frequent\w*)(?: {THINGS})?{VERB}{IN}{place}"
        rf" as{IN}{other}",
    )
    for found in sentence.find(re.compile(forms[0], re.IGNORECASE)):
        one, two = (_of(sentence, found[k], found["what"]) for k in ("place", "other"))
        right = one > two if found["more"].lower() == "more" else one < two
        _judge(sentence, found, right, f"{one} in {found['place']}, {two} in {found['other']}")
    for found in sentence.find(re.compile(forms[1], re.IGNORECASE)):
        one, two = (_of(sentence, found[k], found["what"]) for k in ("place", "other"))
        said = found["times"].lower()
        claimed, step = (TIMES_AS[said], 0.1) if said in TIMES_AS else amount(found["n"])
        right = two > 0 and near(claimed, one / two, min(step, 0.2), found["about"] or "")
        _judge(sentence, found, right, f"{one} in {found['place']}, {two} in {found['other']}")


def _placed(sentence: Sentence, place: str) -> None:
    """`30 in production, 12 in staging`, `production: 30`, where no unit stands beside the number."""
    forms = (
        rf"{N}(?: (?:were|are|was))?(?: seen| logged)?{IN}{place}",
        rf"{place}(?: ?[:=]| had| has| with| shows?| showed| saw| sees| logged| recorded) ?{N} {THINGS}",
        rf"{place}(?: ?[:=]| \(| had| has| with| shows?| showed)? ?{N}(?![\w%:-]|[.,]\d| ?(?!(?:and|in|on|or)\b)[a-z])",
        rf"\b(?:of|on|in) {place}:? {N}(?![\w%:-]|[.,]\d)",
    )
    for form in forms:
        for found in sentence.find(re.compile(form, re.IGNORECASE)):
            n, _ = amount(found["n"])
            counted = [_of(sentence, found["place"], what) for what in ("occurrences", "entries")]
            if "what" in found.re.groupindex:
                _judge(sentence, found, n == _of(sentence, found["place"], found["what"]),
                       f"{_of(sentence, found['place'], found['what'])} in {found['place']}, not {found['n']}")  # fmt: skip
                continue
            spoken = (
                counted[1:]
                if _entries(sentence.text) and not re.search(r"occurr|times", sentence.text)
                else counted[:1]
            )
            named = found.start("n"), found.end("n")
            if n in spoken:
                sentence.counted(*named)
            else:
                sentence.wrong(*named, f"{spoken[0]} in {found['place']}, not {found['n']}")


def _within(sentence: Sentence, names: list[str]) -> None:
    """`In production, all occurrences were on revision A`: what stands before "all" or "only" is where it holds."""
    cluster = sentence.facts.cluster
    sole = SOLE.search(sentence.rest)
    named = [n for n in names if re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", sentence.rest)]
    if sole is None or not named:
        return
    before = [n for n in named if sentence.rest.find(n) < sole.start()]
    after = [n for n in named if n not in before]
    if len(before) != 1 or not after or (before[0] in cluster.environments) == (after[0] in cluster.environments):
        return
    of_environment = before[0] in cluster.environments
    pairs = [(c.environment, c.revision) if of_environment else (c.revision, c.environment) for c in cluster.counts]
    right = {other for scope, other in pairs if scope == before[0] and other}
    for name in named:
        for found in sentence.find(re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")):
            if right == set(after):
                sentence.holds(*found.span())
            else:
                sentence.wrong(*found.span(), f"in {before[0]} it was seen on {', '.join(sorted(right))}")
    sentence.read(*sole.span())


def _averages(sentence: Sentence) -> None:
    """`3 log entries per occurrence`."""
    entries = r"(?:log )?(?:entries|lines|records|messages)"
    forms = (
        rf"{ABOUT}{N}(?: {entries})?(?: each)? (?:per|for each|for every|in each) (?:occurrence|failure|error)\b(?: on average)?",
        rf"\b(?:each|every|one|an) (?:occurrence|failure|error)(?: \w+){{1,3}}? {ABOUT}{N} {entries}(?: on average)?",
    )
    cluster = sentence.facts.cluster
    for form in forms:
        for found in sentence.find(re.compile(form, re.IGNORECASE)):
            n, step = amount(found["n"])
            actual = cluster.entries / max(1, cluster.occurrences)
            always = not re.search(r"average|about|roughly", found[0], re.IGNORECASE) and actual != int(actual)
            if always:
                sentence.open(*found.span(), f"on average {actual:.1f} entries for an occurrence")
            else:
                _judge(sentence, found, near(n, actual, min(step, 1.0), found["about"] or ""),
                       f"{actual:.1f} entries for an occurrence, not {found['n']}")  # fmt: skip


def _per_user(sentence: Sentence) -> None:
    """`3 occurrences per user`."""
    cluster = sentence.facts.cluster
    forms = (
        rf"{ABOUT}{N} {THINGS} (?:per|for each|for every) (?P<who>user|client)\b(?: on average)?",
        rf"\b(?:each|every|a|one) (?P<who>user|client)(?: \w+){{1,2}}? {ABOUT}{N} {THINGS}(?: on average)?",
    )
    for form in forms:
        for found in sentence.find(re.compile(form, re.IGNORECASE)):
            many = cluster.users if found["who"].lower() == "user" else cluster.clients
            if not many or not AVERAGE.search(sentence.text + (found["about"] or "")):
                sentence.open(*found.span(), f"how often each {found['who']} saw it was not counted")
                continue
            n, step = amount(found["n"])
            actual = _all(sentence, found["what"]) / many
            _judge(sentence, found, near(n, actual, min(step, actual * 0.2), found["about"] or ""),
                   f"{actual:.1f} for each {found['who']}, not {found['n']}")  # fmt: skip


def _intervals(sentence: Sentence) -> None:
    """`once every two minutes`: the whole time, divided by how often it happened."""
    cluster = sentence.facts.cluster
    span = (cluster.last_seen - cluster.first_seen).total_seconds()
    for found in sentence.find(EVERY):
        claimed = float(found["n"] or 1) * SECONDS[found["unit"].lower()]
        apart = [span / n for n in (cluster.occurrences, cluster.occurrences - 1) if n > 0]
        right = any(abs(claimed - a) <= 0.1 * a for a in apart)
        if right and AVERAGE.search(sentence.text):
            sentence.holds(*found.span())
        elif right:
            sentence.open(*found.span(), "whether it was so regular was not looked at")
        else:
            sentence.wrong(*found.span(), f"{span / max(1, cluster.occurrences):.0f} s apart on average")


def clusters(sentence: Sentence) -> None:
    """Where several clusters are named, a count is of the one that is named before it."""
    named = re.findall(r"\bcluster #?(\d+)\b", sentence.text, re.IGNORECASE)
    if len(set(named)) < 2:
        return
    for found in sentence.find(OF_CLUSTER):
        cluster = sentence.facts.everyone.get(int(found["c"]))
        n, _ = amount(found["n"])
        span = found.start("n"), found.end()
        if cluster is None:
            sentence.open(*span, f"cluster {found['c']} is none of this incident")
            continue
        actual = cluster.entries if _entries(found["what"]) else cluster.occurrences
        if n == actual:
            sentence.holds(*span)
        else:
            sentence.wrong(*span, f"cluster {cluster.number}: {actual} {found['what']}, not {found['n']}")


def _rates(sentence: Sentence) -> None:
    """`28 occurrences per hour`: over the whole time from first to last, if that is at least as long."""
    form = (
        rf"(?:\b(?:at )?(?:an? |the )?(?:average |mean )?rate (?:of|is|was) )?{ABOUT}{N}(?: {THINGS})? ?(?:per|an?|each|every|/) ?"
        rf"(?P<unit>second|minute|hour|day)\b(?: on average)?"
    )
    cluster = sentence.facts.cluster
    span = (cluster.last_seen - cluster.first_seen).total_seconds()
    for found in sentence.find(re.compile(form, re.IGNORECASE)):
        seconds = SECONDS[found["unit"].lower()]
        if span < seconds:
            sentence.open(*found.span(), f"it did not go on for a whole {found['unit'].lower()}")
            continue
        n, step = amount(found["n"])
        actual = _all(sentence, found["what"]) * seconds / span
        _judge(sentence, found, near(n, actual, min(step, max(actual, 0.001) * 0.3), found["about"] or ""),
               f"{actual:.2g} per {found['unit'].lower()}, not {found['n']}")  # fmt: skip
