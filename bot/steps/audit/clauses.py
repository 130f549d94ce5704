# ruff: noqa: E501 (an expression reads better unbroken)
"""Sentences of several clauses. What one clause says must stand in one entry; what is said beside a count is said of all.

A fact is an identifier and what is told of it. Two entries that each say a half of it do not bear it out, nor does a
count of the whole make true of all what only some entries say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from bot.models import Entry, Finding
from bot.steps.audit.facts import stands, text_of
from bot.steps.audit.figures import PAIR, SIZE, in_bytes
from bot.steps.audit.names import REVISION
from bot.steps.audit.prose import NAME, form, free, separate
from bot.steps.audit.sentence import Mark, Sentence
from bot.steps.audit.times import SPAN, STAMP, names_span, of_time

JOINT = re.compile(
    r"(?P<and>,? (?:and|or|as well as) )|[,;] (?:but |while |whereas |then )?|\. (?=[A-Z])| (?:but|while|whereas|then|before|after) "
)
QUOTED = re.compile(r"\"[^\"]{1,600}\"|`[^`]{1,600}`")
PAIRED = re.compile(r"(?<!\w)[\w.-]+[=:][\w.-]*\w")
CODE = re.compile(r"(?<![\w.,-])\d+[A-Za-z][\w-]*")
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])")
PLAIN = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
PIECES = (STAMP, REVISION, PAIR, SPAN, SIZE, PAIRED, NAME, CODE, NUMBER, PLAIN)
"""How a clause is cut into pieces, the longest first."""
CONTINUES = re.compile(
    r"(?:is|was|were|are|has|had|have|been|being|got|which|that|by|to|at|on|with|for|from|in|of|as|[a-z]+ed|[a-z]+ing)\b"
)
"""Begins a clause without a subject of its own."""
OWN_SUBJECT = re.compile(r"(?:the|an?|one|some|it)\b", re.IGNORECASE)
DEPLOY = r"(?:deployed|rolled out|released)"
PASSIVE = rf"(?:(?:was|had been|has been|is) )?{DEPLOY}\b[^,;()]*?"
SUBORDINATE = re.compile(
    rf"(?P<rev>{REVISION.pattern})(?:,? \((?:which )?(?P<a>{PASSIVE})\)|, (?:which )?(?P<b>{PASSIVE})(?=,|;|\.? *$)"
    rf"|,? which (?P<who>[\w.@+-]+) (?:had |has )?(?P<c>{DEPLOY}\b[^,;()]*?)(?=,|;|\.? *$),?)(?P<comma>,(?! (?:and|but)))?"
)
"""`A, which was deployed at 09:00`, `A (deployed by B)`: two sentences in one."""
WHERE = re.compile(rf", where (?P<rev>{REVISION.pattern}) (?P<a>{PASSIVE})(?=,|;|\.? *$)")
ALSO = re.compile(rf"(?P<rev>{REVISION.pattern}) (?P<a>{PASSIVE}) and (?=ha[ds]\b|show)")


def apart(text: str) -> tuple[str, str] | None:
    """The sentence without what it says aside of a deployment, and that as a sentence of its own; None where nothing is."""
    if found := WHERE.search(text):
        return text[: found.start()] + text[found.end() :], f"{found['rev']} {found['a']}."
    if found := ALSO.search(text):
        return f"{text[: found.end('rev')]} {text[found.end() :]}", f"{found['rev']} {found['a']}."
    if found := SUBORDINATE.search(text):
        rev, rest = found["rev"], text[: found.end("rev")] + text[found.end() :]
        if found["who"]:
            return (
                rest,
                f"{found['who']} {found['c'].replace(' ', f' {rev} ', 1) if ' ' in found['c'] else found['c'] + ' ' + rev}.",
            )
        said = found["a"] or found["b"]
        return rest, f"{rev} {said if said.startswith(('was', 'had', 'has', 'is')) else 'was ' + said}."
    return None


@dataclass(frozen=True, slots=True)
class _Clause:
    joined: bool
    """By "and" to what stands before."""
    text: str
    counted: bool
    identifiers: tuple[str, ...]
    words: tuple[str, ...]
    """What else is told of them; a time or a revision only beside other words, for alone it is that of the whole."""

    @property
    def pieces(self) -> frozenset[str]:
        return frozenset((*self.identifiers, *self.words))


def together(sentence: Sentence) -> list[Mark]:
    """What of a sentence that holds piece by piece does not hold as a whole."""
    facts = sentence.facts
    among = tuple(sentence.cited or facts.among(sentence.text))
    kept = facts.cluster.evidence
    said = {id(e): text_of([e]) for e in (*among, *kept)}
    clauses = _clauses(sentence, among, said)
    counted = False
    for clause in clauses:
        counted = clause.counted or (counted and not clause.identifiers and OWN_SUBJECT.match(clause.text) is None)
        if counted and (some := [p for p in clause.pieces if not all(_in(p, e, said) for e in kept)]):
            return [Mark(clause.text, Finding.UNSUPPORTED, f"“{some[0]}” is not said of all that was counted")]
    for fact in _joined([c for c in clauses if not c.counted]):
        if not any(all(_in(p, e, said) for p in fact) for e in among):
            shown = ", ".join(f"“{p}”" for p in sorted(fact))
            return [Mark(sentence.text, Finding.UNSUPPORTED, f"no entry says {shown} together")]
    return []


def _clauses(sentence: Sentence, among: Sequence[Entry], said: dict[int, str]) -> list[_Clause]:
    text = QUOTED.sub(lambda q: "\x1f" * len(q[0]), sentence.text)
    for start, end in sentence.whole:
        text = text[:start] + "\x1f" * (end - start) + text[end:]
    out, at, joined = [], 0, False
    for joint in [*JOINT.finditer(text), None]:
        start, end = (joint.start(), joint.end()) if joint else (len(text), len(text))
        counted = any(at <= (s + e) // 2 < end for s, e in sentence.whole)
        pieces = _pieces(text[at:start], sentence, counted=counted)
        telling = [p for p in pieces if any(_in(p, e, said) for e in among)]
        if not counted:
            telling = [p for p in telling if not all(_in(p, e, said) for e in among)]
        placed = [p for p in telling if STAMP.fullmatch(p) or REVISION.fullmatch(p)]
        others = [p for p in telling if p not in placed]
        identifiers = tuple(p for p in others if any(c.isdigit() for c in p))
        words = (*(p for p in others if p not in identifiers), *(placed if others else ()))
        out.append(_Clause(joined, text[at:start].strip(), counted, identifiers, words))
        at, joined = end, bool(joint and joint["and"])
    return out


def _pieces(text: str, sentence: Sentence, *, counted: bool) -> list[str]:
    """Names, figures and telling words; what is true of the whole cluster is left out."""
    facts, found = sentence.facts, []
    for expression in PIECES:
        for m in expression.finditer(text):
            piece = m[0].strip(" .")
            text = text[: m.start()] + "\x1f" * len(m[0]) + text[m.end() :]
            if expression in (STAMP, REVISION):
                found += [] if counted else [piece]
            elif expression is PLAIN:
                found += [] if free(piece) or form(piece, facts.names, separate(facts.names)) else [piece]
            elif (
                not stands(piece, facts.names) and piece not in map(str, facts.statuses) and piece not in facts.entries
            ):
                found.append(piece)
    return found


def _in(piece: str, entry: Entry, said: dict[int, str]) -> bool:
    """Whether an entry says it, is of that time or of that revision."""
    text = said[id(entry)]
    if PLAIN.fullmatch(piece):
        return form(piece, text, separate(text))
    if stamp := STAMP.fullmatch(piece):
        return of_time(stamp, entry.time) or stands(piece, text)
    if span := SPAN.fullmatch(piece):
        return names_span(text, span)
    if size := SIZE.fullmatch(piece):
        return in_bytes(size) in map(in_bytes, SIZE.finditer(text))
    forms = (piece, piece[:1].lower() + piece[1:], piece.replace(",", ""))
    return entry.revision == piece or any(stands(f, text) for f in forms)


def _joined(clauses: Sequence[_Clause]) -> list[frozenset[str]]:
    """The facts of a sentence: pieces that one entry must say together."""
    facts: list[frozenset[str]] = []
    subject: frozenset[str] = frozenset()
    listed: list[_Clause] = []
    for clause, following in zip_longest(clauses, clauses[1:]):
        if following and _lists(clause, following):
            listed.append(clause)
            continue
        if clause.identifiers and not clause.words:
            if subject and not clause.joined and not listed and not _alike(subject, clause.pieces):
                facts.append(subject | clause.pieces)
            elif clause.pieces:
                listed.append(clause)
            continue
        if not clause.words:
            continue
        own = frozenset(clause.identifiers)
        if listed and (clause.joined or not own):
            facts += (
                [c.pieces | frozenset(clause.words) for c in listed]
                if clause.joined
                else [frozenset().union(*(c.pieces for c in listed), clause.words)]
            )
        if not own or CONTINUES.match(clause.text):
            own |= subject if not listed else frozenset()
        facts.append(own | frozenset(clause.words))
        subject, listed = own or subject, []
    facts += [c.pieces for c in listed if c.words]
    if (
        listed
        and not any(c.joined for c in listed)
        and not any(_alike(b.pieces, c.pieces) for b, c in pairwise(listed))
    ):
        facts.append(frozenset().union(*(c.pieces for c in listed)))
    return facts


def _lists(clause: _Clause, following: _Clause) -> bool:
    """Whether the next clause goes on with another one of a kind: `jobs 7 and 8 failed`."""
    ends = frozenset(p for p in clause.identifiers if clause.text.endswith(p))
    begins = frozenset(p for p in following.identifiers if following.text.startswith(p))
    return following.joined and _alike(ends, begins)


def _alike(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether they are of one form (`w-a1` and `w-b2`): then they are two of a kind, and not of one another."""
    return bool({_shape(p) for p in some} & {_shape(p) for p in others})


def _shape(piece: str) -> str:
    return re.sub(r"[A-Za-z]", "a", re.sub(r"\d", "9", piece))
