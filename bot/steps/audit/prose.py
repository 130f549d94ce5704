# ruff: noqa: E501 (an expression reads better unbroken)
"""What is left of an observation when its figures and names are read: orders, quantities, negations, plain words.

An observation may say nothing that the entries do not say. Words of reporting ("seen", "logged") are free; any other
telling word must stand in what is cited.
"""

from __future__ import annotations

import re

from bot.models import Finding
from bot.steps.audit.facts import sayings, stands, text_of
from bot.steps.audit.figures import OWN
from bot.steps.audit.names import EXCEPTION, PATH
from bot.steps.audit.sentence import Mark, Sentence
from bot.steps.audit.times import DEPLOYED

ORDER = re.compile(
    r"\b(?:before|after|then|afterwards|follow(?:ed|ing|s)|preced(?:ed|ing|es)|earlier|later|prior|subsequent(?:ly)?|since)\b",
    re.IGNORECASE,
)
QUANTITY = re.compile(
    r"\b(?:all|every|only|each|always|any|entire|whole|exclusively|solely|none|most|majority|half|both|several|many|few|multiple|numerous|frequently|often|rarely|constantly|continuous(?:ly)?|increas\w+|decreas\w+|rising|growing|spik\w+)\b",
    re.IGNORECASE,
)
LATE = re.compile(r"\b(?:still|last|again|continu\w+|persist\w+|latest|remain\w*)\b", re.IGNORECASE)
"""Words that speak of the end, not of the beginning."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
UNIVERSAL = re.compile(
    r"\b(?P<all>all|every|each|always)\b(?: (?:of )?(?:the |its |these )?(?:occurrences?|requests?|errors?|failures?|entries|entry|of them|cases?)|[ \x1f])",
    re.IGNORECASE,
)
EVERYONE = re.compile(
    r"\b(?:nobody|no[ -]?one|everybody|everyone|everything|(?:no|all|every) (?:users?|customers?|clients?|people|person)"
    r"|all (?:is|are) (?:well|good|fine|ok(?:ay)?|safe)|unaffected)\b",
    re.IGNORECASE,
)
OF_CLUSTER = re.compile(
    r"\W*(?:of )?(?:the |its |these |other )?(?:\d[\d,.]* )?(?:occurrences?|requests?|calls?|errors?|failures?|entries|entry|lines|logs?|users?|customers?|clients?|people"
    r"|revisions?|environments?|services?|instances?|traffic|responses?|cases|of them|is\b|are\b|was\b|were\b|in\b|on\b|from\b|to\b)",
    re.IGNORECASE,
)
"""Behind "all" or "only": what the cluster consists of. It is counted, and no entry's word on it counts."""
ALL = frozenset({"all", "every", "only", "each", "always", "entire", "whole", "exclusively", "solely", "none"})
BOTH = re.compile(r"\b(?P<both>both)\b (?P<unit>\w+|\x1f)", re.IGNORECASE)
IDIOM = re.compile(r"\bin all\b|\ball told\b|\bmost (?=recent\b)|\bso far\b|\bAll (?=within \x1f)")
"""With a count or the whole span, which is checked by itself, these say no more."""
NEGATION = re.compile(
    r"\b(?:not|no|never|none|without|neither|nor|cannot|unable|\w+n't)\b(?: (?P<next>\w+))?", re.IGNORECASE
)
NAME = re.compile(
    r"[A-Za-z_<][\w<>]*(?:[./:@=+-][\w<>]+)+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|\w*_\w+|[A-Za-z]+\d\w*|\b[A-Z]{3,}\b"
)
NAMED = re.compile(r"(?<!\w)[`'](?P<name>[\w.$/:-]{1,80})['`](?!\w)")
"""One word in quotation marks."""
WORD = re.compile(r"[A-Za-z]+")
FREE = frozenset(
    re.findall(
        r"\w+",
        "the and for with from that this these those has have had was were are been being its their they into onto "
        "over under about between within during while which who whose what when where there here than also both such "
        "same other entry entries log logs logged line lines message messages record records text says say said "
        "saying reads read states state stated names name named mentions mention mentioned reports report reported "
        "shows show shown showing contains contain contained cites quotes quote quoted prints printed writes written "
        "write seen see first last time times occurrence occurrences occurred occurs occur happened happens happen "
        "observed found appears appear appeared began begins begin started starts start ended ends end lasted lasts "
        "spans span spanning spanned count counted counts total distinct different unique number cluster clusters "
        "problem issue issues incident environment environments revision revisions service services instance "
        "instances user users client clients deployment deployments deployed deploy symptom symptoms severity status "
        "code http route request method kind file function module exception exceptions error errors failure failures "
        "failed fail fails failing event events raised raises raise type types second seconds minute minutes hour "
        "hours day days week utc gmt evidence kept affected affects affect hit among them one two three four five six "
        "seven eight nine ten via exactly precisely least more most once twice ranked rated running runs ran run "
        "answer answers answered return returned returns responded responds a an as at be by do go he if in is it me "
        "came come comes went goes produced produces belong belongs separate recorded earliest latest recent far "
        "overall recurred happening throws throwing saw response responses "
        "around across roughly approximately nearly tracks tracked track average averages rate rates each took takes per "
        "originate originated peak precedes follows lie spread distributed apart passed elapsed involves involved known present requests root affecting stack points thrown threw address asked exist existed exists belonged trace traces stands stand figures figure id ids "
        "respectively through window too word words sets fall falls fell my of on or so to up us vs we until till ",
    )
)
"""Words of reporting; they say nothing that could be wrong."""
TINY = frozenset(
    re.findall(
        r"\w+",
        "a an the was were is are be been of in on at to by for and it its with has had have that this there entry entries "
        "log line says say named",
    )
)
"""Words that a sentence may add to what an entry says, where nothing else of it can be checked."""


def orders(sentence: Sentence) -> None:
    """Before and after: of a deployment it is checked; between other things it is not."""
    facts = sentence.facts
    for found in sentence.find(ORDER):
        word, start, end = found.group(0).lower(), *found.span()
        beyond = sentence.text[end : end + 60]
        if DEPLOYED.search(beyond):
            named = [d for d in facts.case.deployments if d.revision and d.revision in sentence.text]
            times = [d.time for d in named or facts.case.deployments]
            first = facts.cluster.first_seen
            unknown = not named and any(r in beyond for r in facts.cluster.revisions)
            late = sentence.find(LATE)
            when = facts.cluster.last_seen if late else first
            if not times or unknown:
                sentence.open(start, end, "no such deployment is known")
            elif (word in ("after", "following", "since") and min(times) <= when) or (
                word in ("before", "prior") and when < min(times)
            ):
                sentence.holds(start, end)
                for still in late:
                    sentence.read(*still.span())
            else:
                sentence.wrong(start, end, f"it was {'last' if late else 'first'} seen at {when:%Y-%m-%d %H:%M:%S} UTC, "
                               f"the deployment was at {min(times):%Y-%m-%d %H:%M:%S} UTC")  # fmt: skip
        elif (
            word in ("after", "since")
            and not DEPLOYED.search(sentence.text)
            and re.match(r" (?:the )?(?:revision )?\x1f", sentence.rest[end:])
        ):
            sentence.read(start, end)
        elif not _in_ground(sentence, start, end):
            sentence.open(start, end, f"whether it was so “{word}” is not checked")


def everyone(sentence: Sentence) -> None:
    """Who is affected is counted; an entry that says "nobody" is only somebody's word."""
    for found in sentence.find(EVERYONE):
        sentence.open(*found.span(), f"“{found.group(0).lower()}” says more than was counted")


def quantifiers(sentence: Sentence) -> None:
    """ "All" and "both" hold where every signature, revision or environment of the cluster is as they say."""
    service = re.escape(sentence.facts.cluster.service)
    whole = re.compile(
        rf"(?P<all>all|every)(?: of)?(?: the)?(?: ?\x1f+)?(?: (?:occurrences?|errors?|failures?|entries|entry|of them))?"
        rf"(?: (?:is|are|was|were|come|comes|came)| logged| seen)* (?:in|on|from|of|by) (?:the )?(?:service )?{service}(?: service)?\.?",
        re.IGNORECASE,
    )
    if (found := whole.fullmatch(sentence.rest)) and service:
        sentence.holds(*found.span("all"))
    for found in sentence.find(UNIVERSAL):
        if _of_everything(sentence):
            sentence.read(*found.span("all"))
    for found in sentence.find(BOTH):
        cluster = sentence.facts.cluster
        many = [len([r for r in known if r]) for known in (cluster.revisions, cluster.environments)]
        named = [
            sum(bool(n) and n in sentence.text for n in known) for known in (cluster.revisions, cluster.environments)
        ]
        unit = found["unit"].lower()
        which = 0 if unit.startswith("rev") or (unit and named[0] == 2) else 1
        if many[which] == 2 if unit.startswith(("rev", "env")) else named[which] == 2:
            sentence.holds(*found.span("both"))
    for idiom in sentence.find(IDIOM):
        sentence.read(*idiom.span())
    for found in sentence.find(QUANTITY):
        said = _by_each if found.group(0).lower() in ALL else _in_ground
        if OF_CLUSTER.match(sentence.text, found.end()) or not said(sentence, *found.span()):
            sentence.open(*found.span(), f"“{found.group(0).lower()}” says more than was counted")


def _of_everything(sentence: Sentence) -> bool:
    """Whether what the sentence names is what every signature of the cluster has: an exception, a route, a status."""
    signatures = sentence.facts.cluster.signatures
    said = []
    for mark in sentence.marks:
        if mark.finding is not Finding.CONFIRMED:
            return False
        piece = mark.piece.rsplit(".", 1)[-1]
        if EXCEPTION.fullmatch(mark.piece):
            said.append(all(s.exception.rsplit(".", 1)[-1] == piece for s in signatures))
        elif DAY.fullmatch(mark.piece):
            cluster = sentence.facts.cluster
            said.append(all(f"{t:%Y-%m-%d}" == mark.piece for t in (cluster.first_seen, cluster.last_seen)))
        elif PATH.fullmatch(mark.piece):
            said.append(all(mark.piece in (s.route, f"{s.method} {s.route}") for s in signatures))
        elif mark.piece.isdigit() and len(mark.piece) == 3:
            said.append(all(s.status == int(mark.piece) for s in signatures))
    return bool(said) and all(said)


def told(sentence: Sentence) -> None:
    """A sentence without figures holds if its telling words stand in one cited entry, in this order, close together."""
    if sentence.marks or not sentence.cited or OWN.search(sentence.text) or NEGATION.search(sentence.text):
        return
    said = [w for w in WORD.findall(separate(sentence.text)) if w.lower() not in TINY]
    if len(said) < 2:
        return
    stems = [re.escape(_stem(w)) for w in said]
    close = re.compile(r"(?<![a-z])" + r"\w*(?:\W+\w+){0,6}?\W+".join(stems), re.IGNORECASE)
    for entry in sentence.cited:
        for text in sayings(entry):
            found = close.search(separate(text))
            if found and not NEGATION.search(separate(text)[max(0, found.start() - 20) : found.end() + 20]):
                sentence.marks.append(Mark(sentence.text, Finding.CONFIRMED))
                return


def negations(sentence: Sentence) -> None:
    for found in sentence.find(NEGATION):
        phrase = found.group(0).lower()
        if not found["next"] or not stands(phrase, sentence.ground.lower()):
            sentence.open(*found.span(), f"“{phrase}” does not stand in the entries it names")


def words(sentence: Sentence) -> None:
    """Names stand letter by letter; plain words in one of their forms; a word in quotation marks stands as it is."""
    ground, known = sentence.ground, sentence.facts.names if sentence.cited else sentence.facts.words
    for found in sentence.find(NAMED):
        name = found["name"]
        shown = re.search(rf"[`'\"‘“]{re.escape(name)}['`\"’”]", ground) if free(name) else stands(name, ground)
        if shown or stands(name, known):
            sentence.read(*found.span())
        else:
            sentence.open(*found.span(), f"“{name}” does not stand in the entries it names")
    for found in sentence.find(NAME):
        name = found.group(0).rstrip(".:")
        if (
            stands(name, ground)
            or (found.start() == 0 and stands(name[:1].lower() + name[1:], ground))
            or stands(name, known)
            or ("-" in name and all(free(p) or _word(p, ground, known) for p in name.split("-")) and name.islower())
        ):
            sentence.read(*found.span())
        else:
            sentence.open(*found.span(), f"{name[:60]} does not stand in the entries it names")
    said = (ground, known, separate(ground), separate(known))
    left = [w.group(0) for w in sentence.find(WORD)]
    missing = [w for w in left if not free(w) and not form(w, *said)]
    if not NEGATION.search(sentence.text):
        told_of = [w for w in left if w not in missing and (not free(w) or (sentence.cited and len(w) > 4))]
        for word in (w for w in told_of if _denied(w, ground)):
            at = sentence.rest.find(word)
            sentence.open(at, at + len(word), f"the entries say “not {word}”")
    for word in dict.fromkeys(missing):
        at = sentence.rest.find(word)
        sentence.open(at, at + len(word), f"the entries it names do not say “{word}”")


def _denied(word: str, ground: str) -> bool:
    """Whether the word stands in the entries only behind a "not"."""
    found = list(re.finditer(rf"(?<![a-z]){re.escape(_stem(word))}[a-z]{{0,6}}(?![a-z])", ground.lower()))
    return bool(found) and all(
        re.search(r"(?:\b(?:not|never|cannot)|n't) $", ground.lower()[: m.start()]) for m in found
    )


def separate(text: str) -> str:
    """Names taken apart: `QueuePool` says "pool", `missing_row` says "row"; what timed out is a timeout."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", text).replace("timed out", "timed out timeout")


def free(word: str) -> bool:
    return word.lower() in FREE


def _word(word: str, *texts: str) -> bool:
    return any(stands(word, t) for t in texts)


def form(word: str, *texts: str) -> bool:
    """The word, or another form of it: the same beginning and an ordinary ending."""
    if len(word) < 3:
        return _word(word, *texts)
    stem = _stem(word)
    shape = re.compile(rf"(?<![a-z]){re.escape(stem)}(?:ations?|ings?|ions?|ed|es|s|ly|e|ment|y|ies)?(?![a-z])")
    return any(shape.search(t.lower()) for t in texts)


def _stem(word: str) -> str:
    lowered = word.lower()
    stem = re.sub(r"(?:ations?|ings?|ions?|ed|ies|es|s|ly|y|e)$", "", lowered)
    return stem if len(stem) >= 4 else lowered


def _by_each(sentence: Sentence, start: int, end: int) -> bool:
    """Whether each kept entry says it: that of one may be what somebody wrote into it."""
    kept = sentence.facts.cluster.evidence
    return _in_ground(sentence, start, end) and all(_in_text(sentence, start, end, text_of([e])) for e in kept)


def _in_ground(sentence: Sentence, start: int, end: int) -> bool:
    """Whether the word stands in the entries with the same next word."""
    return _in_text(sentence, start, end, sentence.ground)


def _in_text(sentence: Sentence, start: int, end: int, text: str) -> bool:
    following = re.match(r"\W*\w+", sentence.text[end:])
    phrase = sentence.text[start:end] + (following.group(0) if following else "")
    return bool(following) and stands(phrase.lower(), text.lower())
