# ruff: noqa: E501 (an expression reads better unbroken)
"""Counts in a sentence: how often, how many entries, users, revisions; and at last any number that is left."""

from __future__ import annotations

import re

from bot.models import Level
from bot.steps.audit.facts import Facts, plain, sayings, stands
from bot.steps.audit.sentence import Sentence
from bot.steps.audit.times import NUMERALS, PEAK, STAMP

WORDS = {word: number for number, word in enumerate(NUMERALS)}
NUMBER = (
    r"(?<![\w.,:/#@-])(?P<n>\d{1,3}(?:[, _]\d{3})+(?![\d])|\d+(?:\.\d+)?|" + "|".join(WORDS) + r")"
    r"(?P<k> ?(?:k|K|thousand|million)\b)?(?P<plus>\+)?"
)
COMPARED = (
    r"(?P<compared>at least|no fewer than|no less than|more than|greater than|over|above|at most|no more than|up to|fewer than"
    r"|less than|under|below|about|around|approximately|roughly|nearly|almost|some|circa|~|≈|exactly|precisely)? ?"
)
UNITS = {
    "occurrences": "times|occurrences?|errors?|failures?|exceptions?|events?|hits|x|×|crash(?:es)?|requests?|calls?|timeouts?"
    "|warnings?|tracebacks?|restarts?|exits?|attempts?|instances of",
    "entries": "(?:log )?(?:entries|entry|lines?|records?|messages?)",
    "users": "(?:users?|accounts?|people)",
    "clients": "(?:clients?|ip addresses|ips|addresses|callers?)",
    "revisions": "revisions?",
    "environments": "environments?",
    "services": "services?",
    "instances": "(?:container )?instances?|containers?",
    "symptoms": "symptoms?",
    "deployments": "deployments?|deploys?",
    "clusters": "clusters?",
}
SPECIFIC = re.compile(r"crash|request|call|timeout|warning|traceback|restart|exit|attempt", re.IGNORECASE)
"""Words that say what happened, not only how often: they must stand in the entries too."""
AFFECTED = re.compile(r" (?:is|was|has been) (?:affected|hit|involved)\b")
STATUS_LIKE = re.compile(r"errors?|failures?|requests?|calls?|timeouts?", re.IGNORECASE)
"""What a status can stand before: "503 errors" are errors with that status."""
NAMED = re.compile(
    r"\b(?:signals?|codes?|status(?:es)?|errno|error|ports?|lines?|versions?|pages?|rows?|columns?|positions?|bytes?|steps?|phases?"
    r"|levels?|types?|sizes?|limits?|ids?|pids?|tids?|attempts?|https?|priority|sqlstate|offset|index|chapter|sections?|rule)"
    r"(?: (?:is|of|was|number|no\.))?[ :=#]{1,3}(?:\d+(?:,| and| or|, and|, or|/)? ?)*$"
)
"""Words before a number that make it a name: `signal 11`, `codes 6 and 11`."""
UNIT = "|".join(f"(?P<{k}>{v})" for k, v in UNITS.items())
BETWEEN = (
    r"(?: (?!(?:of|and|or|in|on|for|from|to|by|with|at|than|per|out|as|is|are|was|were|be|been|being|has|have|had|means?"
    r"|which|who|when|while|where|if|but|not|then|into|after|before|because|during|so|also|can|may|might|will|would|do|does"
    r"|did|until|since|under|above|below|against|without|within|between|hundred|thousand|million|billion|dozen)\b)(?:[A-Za-z][\w'-]*|[45]\d\d|\x1f+)){0,3}?"
)
COUNT = re.compile(rf"{COMPARED}{NUMBER}(?:{BETWEEN} |(?=[x×]))(?:{UNIT})(?!\w)", re.IGNORECASE)
LABELLED = re.compile(
    rf"(?<![A-Za-z])(?:{UNIT}|count)(?P<counted> count)? ?(?::|=|is|are|was|were|of)? ?{COMPARED}{NUMBER}(?![\w%]|[.,]\d| ?[a-z])",
    re.IGNORECASE,
)
ONCE = re.compile(r"\b(?P<n>once|twice|thrice)\b", re.IGNORECASE)
HAPPENED = re.compile(
    r"\b(?:happen\w*|occur\w*|seen|logged|rais\w+|appear\w*|fail\w*|record\w+|observed|count\w*|report\w+|thrown|crash\w*|only|exactly)\W+(?:\w+\W+)?$"
)
"""Words before "twice" that make it a count of this cluster, in a conclusion."""
OCCURRED = re.compile(r"\b(?:occur\w*|happen\w*|in total|overall|altogether)\b", re.IGNORECASE)
VAGUE = re.compile(rf"\b(?P<n>dozens|hundreds|thousands|millions) of (?:{UNIT})\b", re.IGNORECASE)
LEAST = {"dozens": 24, "hundreds": 200, "thousands": 2_000, "millions": 2_000_000}
MONEY = re.compile(r"(?:[$€£] ?\d[\d,.]*|\d[\d,.]* ?(?:[$€£]|euros?\b|dollars?\b|usd\b|eur\b))", re.IGNORECASE)
PERCENT = re.compile(r"(?<![\w.,])\d[\d,.]* ?(?:%|percent\b)", re.IGNORECASE)
OWN = re.compile(r"\b(?:P[0-5]|issues? #?\d+|#\d+|verdict|confirmed|approved)\b", re.IGNORECASE)
"""What is told of a problem by us, and not by its entries."""
PART = re.compile(
    r"\b(?:first|last|another|additional|further|other|next|top|out of|(?<!number )(?<!count )(?<!total )of)\W+$"
)
OF_WHOLE = re.compile(r" of \d[\d,.]*\d \w+")
SPREAD = re.compile(r"\b(?:spread|distributed|split|scattered|shared|spans?|spanning)\W*$")
PART_TIME = re.compile(r"\b(?:in|within|during) (?:the |its )?(?:first|last|initial|final)\b", re.IGNORECASE)
RATE = re.compile(r"^ ?(?:/|per\b|an?\b|each\b|every\b)")
PER = re.compile(r" ?(?:/|per|an?|each|every) ?(?P<unit>[a-z]+)\b(?P<of>(?: per \w+)*)", re.IGNORECASE)
SETTING = re.compile(
    r"\b(?:quotas?|(?:rate )?limits?|budget|thresholds?|maximum|allowance|ceiling|cap(?:acity)?|configured)\b",
    re.IGNORECASE,
)
"""What a line says was set, and nobody counted."""
DONE = re.compile(
    r" ?(?!was |is |has )(?:[a-z]+ )?(?!was |is |has )[a-z]+s (?:per [a-z]+ )?(?:(?:was|were|are|have|had|been) )*(?P<verb>[a-z]{2,}(?:ed|wn|en)|sent|lost|made)\b"
)
"""What happened to so many things."""
BEHIND = re.compile(r" (?:(?:was|were|is|are|has been|had been) )?(?P<word>[a-z]{3,})")
SWITCH = re.compile(
    r"(?<![\w.-])(?P<name>\w[\w.-]*\w)(?:\(\))? (?:is|was|were|are|=|set to|is set to) ?(?P<value>on|off|true|false|yes|no|null|none|up|down|enabled|disabled)(?= ?[.,;)]| and |$)",
    re.IGNORECASE,
)
ANY = re.compile(r"(?<![\w.,])(?P<n>\d+(?:[.,]\d+)*)(?P<unit> ?(?:%|percent\b|[kKMGT]i?B\b|bytes\b)?)")
LABEL = re.compile(
    r"(?P<label>[a-z][\w-]{2,})(?: (?:is|was|are|were|of|at|to|by|equals?|reached|set to|being))*[ :=]{1,2}(?:\W{0,2})$"
)
PAIR = re.compile(r"(?<![\w.,/-])(?P<n>\d+)(?: of | out of |/)(?:the |its |all )?(?P<m>\d+)(?![\w/-]|[.,]\d)")
SIZE = re.compile(r"(?<![\w.,-])(?P<n>\d+(?:\.\d+)?) ?(?P<unit>bytes?|[kmgt]i?b|[kmgt]i(?!\w))(?!\w)", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
WHOLE = re.compile(r"\b(?:of|out of|total|altogether|limit|maximum|all|max)\b[^.;]*$|/ ?$")
SIZES = {"k": 1, "m": 2, "g": 3, "t": 4}
PREPOSITIONS = frozenset(
    re.findall(r"\w+", "with than from over that this the and for was were has had are said says about")
)


def counting(sentence: Sentence) -> bool:
    """Whether the sentence speaks of figures or judgements of ours: an entry that says the same proves nothing."""
    counted = [k for m in sentence.find(COUNT) for k in UNITS if m[k]]
    counted = [k for k in counted if k != "occurrences"] + re.findall(r"\d times|occurrences", sentence.text)
    return bool(counted) or OWN.search(sentence.text) is not None


def money(sentence: Sentence) -> None:
    """Sums of money stand in the entries, or in what the team states of its critical paths."""
    stated = plain(" ".join(f"{p.name} {p.worth}" for p in sentence.facts.case.critical_paths))
    for found in sentence.find(MONEY):
        written = found.group(0).strip(" .,")
        if stands(written, stated) or stands(written, sentence.ground):
            sentence.read(*found.span())
        else:
            sentence.open(*found.span(), f"{written} was stated by nobody")


def percentages(sentence: Sentence) -> None:
    """Shares that are not of what was counted stand in the entries, or in what the team states."""
    stated = plain(" ".join(f"{p.name} {p.worth}" for p in sentence.facts.case.critical_paths))
    ground = sentence.ground
    for found in sentence.find(PERCENT):
        written = found.group(0).strip()
        forms = {written, written.replace(" ", "")}
        if any(stands(w, stated) for w in forms):
            sentence.read(*found.span())
        elif (whole := OF_WHOLE.match(sentence.text, found.end())) and stands(
            sentence.text[found.start() : whole.end()], ground
        ):
            sentence.holds(found.start(), whole.end())
        elif any(stands(w, ground) for w in forms) and not re.match(r" of\b", sentence.after(found.end())):
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"{written} was stated by nobody")


def counts(sentence: Sentence) -> None:
    """How often, how many: each against what was counted, of one environment or revision where it is named."""
    for expression in (COUNT, LABELLED):
        for found in sentence.find(expression):
            labelled = expression is LABELLED
            if not _is_a_name(sentence, found, labelled=labelled):
                _check(sentence, found, labelled=labelled)
    for found in sentence.find(ONCE):
        n = {"once": 1, "twice": 2, "thrice": 3}[found["n"].lower()]
        if not HAPPENED.search(sentence.before(found.start())):
            if sentence.strict and sentence.cited and n != sentence.facts.cluster.occurrences:
                sentence.open(*found.span(), f"how often that was, “{found[0]}”, was not counted")
                continue
            if not sentence.strict:
                continue
        _compare(sentence, found.span(), n, sentence.facts.cluster.occurrences, "", "occurrences")
    for found in sentence.find(VAGUE):
        kind = next(k for k in UNITS if found[k])
        actual = _actual(sentence.facts, kind, "", "")
        if actual:
            _compare(sentence, found.span(), LEAST[found["n"].lower()], actual, "at least", kind)
        else:
            sentence.open(*found.span(), f"{kind} are not counted here")


def sizes(sentence: Sentence) -> None:
    """So many bytes stand in the entries, in this unit or in another."""
    if not sentence.strict:
        return
    known = {in_bytes(m) for m in SIZE.finditer(sentence.ground)}
    for found in sentence.find(SIZE):
        same = [m[0] for m in SIZE.finditer(sentence.ground) if m["n"] == found["n"]]
        label = LABEL.search(sentence.before(found.start(), 30))
        near = label["label"] if label and label["label"] not in PREPOSITIONS else ""
        if in_bytes(found) in known and near and same and not _touches(near, same[0], sentence.ground):
            sentence.open(*found.span(), f"“{near} {found[0]}” does not stand in the entries it names")
        elif in_bytes(found) in known and (behind := _behind_another(sentence, found)):
            sentence.wrong(*found.span(), f"the entry says {behind}, not {found[0]}")
        elif in_bytes(found) in known:
            sentence.holds(*found.span())
        elif same and sentence.cited:
            sentence.wrong(*found.span(), f"the entry says {same[0]}, not {found[0]}")
        else:
            sentence.amiss(*found.span(), f"{found[0]} does not stand in the entries it names")


def in_bytes(found: re.Match[str]) -> float:
    unit = found["unit"].lower()
    power = SIZES.get(unit[0], 0)
    return float(found["n"]) * float((1024 if "i" in unit else 1000) ** power)


def _behind_another(sentence: Sentence, found: re.Match[str]) -> str:
    """The size behind which the entries say the word that stands behind this one; empty where it is this one."""
    word = BEHIND.match(sentence.text, found.end())
    behind = [
        m for m in SIZE.finditer(sentence.ground) if word and sentence.ground[m.end() :].startswith(f" {word['word']}")
    ]
    return behind[0][0] if behind and all(in_bytes(m) != in_bytes(found) for m in behind) else ""


def switches(sentence: Sentence) -> None:
    """`X is on` stands in the entries as `X=on`, or as it is."""
    for found in sentence.find(SWITCH):
        form = rf"(?<![\w.-]){re.escape(found['name'])}['\"]? ?(?:[=:]|is|was|are|were|set to|is set to) ?['\"]?{found['value']}\b"
        if re.search(form, sentence.ground, re.IGNORECASE):
            sentence.holds(*found.span("value"))
        else:
            sentence.open(*found.span("value"), f"“{found['name']} is {found['value']}” does not stand in the entries")


def pairs(sentence: Sentence) -> None:
    """`3 of 5` stands in the entries as these two, in this order."""
    for found in sentence.find(PAIR):
        n, m = found["n"], found["m"]
        form = rf"(?<![\w.,/-]){n}(?: of | out of | ?/ ?){m}(?![\w/-]|[.,]\d)"
        if re.search(form, sentence.ground):
            sentence.holds(*found.span())
        else:
            sentence.open(*found.span(), f"{n} of {m} does not stand in the entries it names")


def numbers(sentence: Sentence) -> None:
    """Any number that nothing else read must stand in the entries, beside the word that it stands beside here."""
    ground = sentence.ground
    for found in sentence.find(ANY):
        start, end = found.span()
        value, unit = found["n"], found["unit"].strip()
        if not _stands(value, unit, ground):
            addresses = sorted(set(ADDRESS.findall(ground))) if sentence.cited and ADDRESS.fullmatch(value) else []
            if addresses:
                sentence.wrong(start, end, f"the entries name {', '.join(addresses[:3])}, not {value}")
            else:
                sentence.amiss(start, end, f"{found.group(0).strip()} does not stand in the entries it names")
            continue
        if _whole_only(value, ground) and not WHOLE.search(sentence.before(start)):
            sentence.open(start, end, f"{value} stands in the entries as the whole, of which there was a part")
            continue
        label = LABEL.search(sentence.before(start, 30))
        per = re.match(r" ?(?:[a-z]+ )?per (?P<unit>[a-z]+)", sentence.after(end))
        if per and not re.search(
            rf"(?<![\w.,]){re.escape(value)} (?:\w+ )?(?:per |/ ?|an? ){per['unit']}\b", ground.lower()
        ):
            sentence.open(start, end, f"“{value}{per[0]}” does not stand in the entries it names")
            continue
        done = DONE.match(sentence.text, end)
        said = " ".join(s for e in sentence.cited or sentence.facts.all for s in sayings(e)).lower()
        if done and not re.search(rf"\b{re.sub('(?:ed|en|n)$', '', done['verb'])}(?:e?d|e?s|ing|e?n)?\b", said):
            sentence.open(start, end, f"that {value} were “{done['verb']}” does not stand in the entries it names")
            continue
        near = label["label"] if label and label["label"] not in PREPOSITIONS and not ADDRESS.fullmatch(value) else ""
        if near and not _beside(near, value, ground):
            sentence.open(start, end, f"“{near} {value}” does not stand in the entries it names")
        elif unit in ("%", "percent") and re.match(r" of\b", sentence.after(end)):
            sentence.open(start, end, f"the share of {value} % was not counted")
        else:
            sentence.holds(start, end)


def _whole_only(value: str, ground: str) -> bool:
    """Whether the number stands only behind a part of it: `40 % of 2,500`, `3 of 5`, `0/1`."""
    at = [m.start() for m in re.finditer(rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)", ground)]
    return bool(at) and all(re.search(r"(?:\d ?%?|percent)(?: of | out of | ?/ ?)$", ground[:i]) for i in at)


def _stands(value: str, unit: str, ground: str) -> bool:
    if not unit:
        return stands(value, ground)
    shown = "%" if unit == "percent" else unit
    return re.search(rf"(?<![\d.,\w]){re.escape(value)} ?{re.escape(shown)}(?!\w)", ground) is not None


def _beside(label: str, value: str, ground: str) -> bool:
    lowered, word = ground.lower(), re.escape(label)
    number = rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)"
    if label == "code" and re.search(rf"\bexit\({re.escape(value)}\)", ground):
        return True
    if label in ("port", "line") and re.search(rf":{re.escape(value)}(?!\w)", ground):
        return True
    return re.search(rf"\b{word}\b[^\d]{{0,25}}{number}", lowered) is not None


def _touches(label: str, value: str, ground: str) -> bool:
    """Whether the word stands before the value, or right behind it."""
    behind = rf"(?<![\w.,]){re.escape(value.lower())} (?:\w+ )?{re.escape(label)}\b"
    return _beside(label, value.lower(), ground) or re.search(behind, ground.lower()) is not None


def _is_a_name(sentence: Sentence, found: re.Match[str], *, labelled: bool) -> bool:
    """Whether the number names something (`signal 11`, `user 42`) or is an article ("one request") and counts nothing."""
    if NAMED.search(sentence.before(found.start("n"))):
        return True
    word = next((found[k] for k in UNITS if found[k]), "count").lower()
    if labelled:
        return not (found["counted"] or word == "count" or word.endswith("s"))
    if found["n"].lower() != "one" or found["compared"] or word in ("time", "times", "occurrence"):
        return False
    alone = re.search(r"\b(?:only|just|single) $", sentence.before(found.start())) or AFFECTED.match(
        sentence.text, found.end()
    )
    return not (alone and any(found[k] for k in ("users", "clients", "revisions", "environments")))


def _happened(facts: Facts, word: str) -> bool:
    """Whether an occurrence of this cluster is such a thing: a request, a crash, a timeout."""
    found = SPECIFIC.search(word)
    if found is None:
        return True
    stem = found.group(0).lower()
    cluster = facts.cluster
    if stem == "request":
        return any(s.route for s in cluster.signatures) or any(e.request for e in cluster.evidence)
    if stem == "traceback":
        return any(e.failure for e in cluster.evidence)
    if stem == "warning":
        return cluster.level is Level.WARNING or any(e.level is Level.WARNING for e in cluster.evidence)
    forms = {"crash": ("crash", "exit(", "signal", "terminated"), "timeout": ("timeout", "timed out", "time out")}
    said = " ".join((facts.words, *(e.text for e in cluster.evidence))).lower()
    return any(f in said for f in forms.get(stem, (stem,)))


def _check(sentence: Sentence, found: re.Match[str], *, labelled: bool) -> None:
    start, end = found.span()
    kind = next((k for k in UNITS if found[k]), "occurrences")
    claimed, step = _value(found)
    compared = (found["compared"] or "").lower()
    if found["plus"]:
        compared = "at least"
    facts = sentence.facts
    if compared == "over" and SPREAD.search(sentence.before(found.start())):
        compared = ""
    if found["n"] in map(str, facts.statuses) and not labelled and STATUS_LIKE.fullmatch(found["occurrences"] or ""):
        sentence.holds(found.start("n"), found.end("n"))
        return
    if (rate := RATE.match(sentence.after(end, 8))) and (stated := _stated(sentence, found)):
        sentence.holds(start, stated)
        return
    if PART.search(sentence.before(start, 16)) or rate:
        sentence.open(start, end, f"“{found.group(0)}” is a part or a rate, which was not counted")
        return
    if kind == "occurrences" and not labelled and sentence.cited and claimed != facts.cluster.occurrences:
        if (found["occurrences"] or "").lower() == "times" and not HAPPENED.search(sentence.before(found.start("n"))):
            sentence.open(start, end, f"how often that was, “{found.group(0).strip()}”, was not counted")
            return
        if sentence.strict and _said_of_itself(sentence, found):
            sentence.holds(start, end)
            return
    environment, revision = _scope(sentence, start, end)
    if kind == "occurrences" and (
        _other_window(sentence) or PEAK.search(sentence.text) or PART_TIME.search(sentence.text)
    ):
        sentence.open(start, end, "how often it happened between these times was not counted")
        return
    actual = _actual(facts, kind, environment, revision)
    if actual is None:
        sentence.open(start, end, f"{kind} are not counted here")
        return
    where = "".join(f" in {environment}" if environment else "") + (f" on {revision}" if revision else "")
    span = found.span()
    word = found[kind] if kind in UNITS and found[kind] else ""
    if kind == "occurrences" and not _happened(facts, word):
        sentence.open(start, end, f"{word.lower()} are not counted here")
        return
    if SPECIFIC.search(word):
        span = (found.start("n"), found.end("n"))
    _compare(sentence, span, claimed, actual, compared, kind + where, step)


def _stated(sentence: Sentence, found: re.Match[str]) -> int:
    """Where a rate ends that an entry states as a setting ("the quota is 60 requests per minute"); 0 if none does."""
    rate = PER.match(sentence.text, found.end())
    setting = SETTING.search(sentence.text)
    if not rate or not setting or found["compared"] or not stands(setting[0].lower(), sentence.ground.lower()):
        return 0
    said = [re.escape(found["n"]), re.escape(found[0].split()[-1]), rf"(?:per|an?|/) {rate['unit']}{rate['of']}"]
    return rate.end() if re.search(r"(?<![\w.,])" + " (?:[a-z]+ )?".join(said) + r"\b", sentence.ground.lower()) else 0


def _said_of_itself(sentence: Sentence, found: re.Match[str]) -> bool:
    """Whether an entry says this figure of what it is about itself ("the warm-up ended with 0 errors")."""
    others = re.findall(r"[A-Za-z]{4,}", sentence.text[: found.start()] + " " + sentence.text[found.end() :])
    said = sentence.ground.lower()
    telling = [w for w in others if stands(w.lower(), said) and w.lower() not in sentence.facts.cluster.service.lower()]
    return len(telling) >= 2 and stands(found.group(0).strip().lower(), said) and not OCCURRED.search(sentence.text)


def _value(found: re.Match[str]) -> tuple[float, float]:
    """The number, and the step that it is rounded to."""
    written = found["n"].lower()
    if written in WORDS:
        return WORDS[written], 1
    digits = re.sub(r"[, _]", "", written) if "." not in written else written
    scale = {"": 1, "k": 1_000, "thousand": 1_000, "million": 1_000_000}[(found["k"] or "").strip().lower()]
    step = 10.0 ** -len(digits.partition(".")[2]) * scale
    return float(digits) * scale, step


def _compare(
    sentence: Sentence,
    span: tuple[int, int],
    claimed: float,
    actual: int,
    compared: str,
    what: str,
    step: float = 1,
) -> None:
    if _right(claimed, actual, compared, step):
        only = re.search(r"\b(?:only|just) $", sentence.text[: span[0]], re.IGNORECASE)
        sentence.counted(only.start() if only and not compared else span[0], span[1])
    else:
        sentence.wrong(*span, f"{actual} {what}, not {sentence.text[span[0] : span[1]].strip()}")


def _right(claimed: float, actual: int, compared: str, step: float) -> bool:
    if compared in ("at least", "no fewer than", "no less than"):
        return actual >= claimed
    if compared in ("more than", "greater than", "over", "above"):
        return actual > claimed
    if compared in ("at most", "no more than", "up to"):
        return actual <= claimed
    if compared in ("fewer than", "less than", "under", "below"):
        return actual < claimed
    if compared in ("", "exactly", "precisely") and step <= 1:
        return claimed == actual
    if compared not in ("", "exactly", "precisely"):
        whole = int(claimed)
        while step < claimed and whole % (step * 10) == 0:
            step *= 10
        return abs(actual - claimed) <= min(step / 2, 0.1 * actual)
    return abs(actual - claimed) <= step / 2


def _actual(facts: Facts, kind: str, environment: str, revision: str) -> int | None:
    cluster = facts.cluster
    if kind in ("occurrences", "entries"):
        return facts.count(environment, revision, entries=kind == "entries")
    if environment or revision:
        return None
    known = {
        "users": cluster.users,
        "clients": cluster.clients,
        "revisions": len(cluster.revisions),
        "environments": len(cluster.environments),
        "services": len({c.service for c in facts.clusters.values()}),
        "symptoms": len(facts.case.problem.incident.symptoms) if facts.case.problem.incident else 0,
        "clusters": len(facts.case.problem.incident.clusters) if facts.case.problem.incident else 0,
        "deployments": len(facts.case.deployments),
    }
    if kind == "instances" and len(cluster.moments) == cluster.occurrences:
        return len({m.instance for m in cluster.moments if m.instance}) or None
    return known.get(kind) or None


def _scope(sentence: Sentence, start: int, end: int) -> tuple[str, str]:
    """The one environment and revision that a count is of, where the sentence names one."""
    facts = sentence.facts
    clause = re.split(r"[,;] | and ", sentence.text[:end])[-1]
    led = re.match(r"(?:in|on|for) (?:the )?(?:revision )?(?P<name>[\w.-]+\w)\b", clause, re.IGNORECASE)
    if led and led["name"] in facts.cluster.environments:
        return led["name"], ""
    if led and led["name"] in facts.cluster.revisions:
        return "", led["name"]
    following = re.split(r"\d+ |[;.] ", sentence.text[end:], maxsplit=1)[0]
    return (
        _named(facts.cluster.environments, following, sentence.text),
        _named(facts.cluster.revisions, following, sentence.text),
    )


def _named(known: object, following: str, whole: str) -> str:
    names = [n for n in (known if isinstance(known, (dict, tuple)) else ()) if n]
    for text in (following, whole):
        found = [n for n in names if n in text and re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", text)]
        if len(found) == 1 and not _is_scope(found[0], text):
            continue
        if len(found) == 1:
            return str(found[0])
        if found:
            return ""
    return ""


def _is_scope(name: str, text: str) -> bool:
    """Whether the text speaks of what is there; a name that is one more item of a list says nothing of the others."""
    places = list(re.finditer(rf"(?<![\w-])(?:revision )?{re.escape(name)}(?![\w-])", text))
    listed = [
        re.search(r"(?:^|[,;:] |\band |\bhas )$", text[: p.start()]) and re.match(r"[,;.]|$| and ", text[p.end() :])
        for p in places
    ]
    return bool(places) and not all(listed)


def _other_window(sentence: Sentence) -> bool:
    """Whether the sentence names times that are not the first and the last of all."""
    written = STAMP.findall(sentence.text)
    held = [m for m in sentence.marks if STAMP.fullmatch(m.piece) and m.finding.value == "confirmed"]
    cluster = sentence.facts.cluster
    if not written:
        return False
    ends = {t.strftime(f) for t in (cluster.first_seen, cluster.last_seen) for f in ("%H:%M", "%Y-%m-%d")}
    return len(held) != len(written) or not all(any(e in m.piece for e in ends) for m in held)
