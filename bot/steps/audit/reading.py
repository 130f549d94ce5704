"""Reads a claim piece by piece and says of each piece whether the entries bear it out.

What is read is blanked out. In a strict reading (an observation) nothing may be left that the entries do not say:
every number, name and telling word is accounted for. In the other one (an inference) only figures and names count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.models import Claim, Entry, Finding
from bot.steps.audit.clauses import apart, together
from bot.steps.audit.facts import Facts, plain, quoted, sayings
from bot.steps.audit.figures import OWN, counting, counts, money, numbers, pairs, percentages, sizes, switches
from bot.steps.audit.names import (
    deployers,
    environments,
    exceptions,
    files,
    ids,
    issues,
    paths,
    revisions,
    severities,
    statuses,
    tokens,
)
from bot.steps.audit.negated import negated
from bot.steps.audit.prose import everyone, negations, orders, quantifiers, told, words
from bot.steps.audit.sentence import Mark, Sentence
from bot.steps.audit.sequence import sequence
from bot.steps.audit.shares import clusters, shares
from bot.steps.audit.times import spans, stamps

CLAIM_BOUND = 1_500
CAUSAL = re.compile(
    r"\b(?:because|due to|caus(?:e[ds]?|ing)|leads? to|led to|result(?:s|ed|ing)? (?:in|from)|as a result|therefore"
    r"|hence|trigger(?:s|ed|ing)?|responsible for|stems? from|owing to|thanks to|explains?|likely|probably|possibly"
    r"|perhaps|maybe|root[ -]cause|the (?:cause|reason)"
    r"|(?<!\d )(?<!\d\. )may(?! \d)|might|could be"
    r"|suggest(?:s|ed|ing)?|indicat(?:e[sd]?|ing)|seems?|presumably|apparently"
    r"|should)\b",
    re.IGNORECASE,
)
"""Words of a conclusion. A sentence with one is an inference, whatever its label says."""
MARKED = re.compile(r"\"(?P<double>[^\"]{1,600})\"|`(?P<tick>[^`]{1,600})`")

INNER = str.maketrans({'"': "'", "`": "'"})
"""Quotation marks inside a quotation are written as others."""

OURS = re.compile(
    r"(?<![A-Za-z])(?:(?:in)?occurr?\w*|happen\w*|entr(?:y|ies)|users|clients|customers|people|person|nobody|no[- ]?one"
    r"|every\w*|all|only|each|always|never|none|nothing|both|most\w*|majority|minority|half|third|quarter|mainly"
    r"|solely|exclusively|unaffected|affect\w*|revisions?|environments?|production|staging|development|severity|seen"
    r"|first|last|since|began|begins?|started|ended|lasted|duration|deploy\w*|roll\w* ?out"
    r"|released?|once|twice|thrice|times"
    r"|per|rate|percent|counts?|totals?|average|incidents?|clusters?|impact\w*|confirmed|approved|verdict|causes?)"
    r"(?![A-Za-z])|%",
    re.IGNORECASE,
)
"""Words of what we count and judge ourselves: an entry that says the same proves nothing."""

FIGURES: tuple[Callable[[Sentence], None], ...] = (
    money, negated, clusters, shares, sequence, deployers, stamps, revisions, issues, severities, files, exceptions,
    paths, statuses, spans, percentages, counts, sizes,
)  # fmt: skip
REST: tuple[Callable[[Sentence], None], ...] = (
    ids,
    environments,
    orders,
    everyone,
    quantifiers,
    negations,
    tokens,
    switches,
    pairs,
    numbers,
    words,
    told,
)


def read(claim: Claim, facts: Facts, *, strict: bool) -> list[Mark]:
    """What was found of each piece of the claim that can be checked."""
    if len(claim.text) > CLAIM_BOUND or len(claim.quote) > CLAIM_BOUND:
        return [Mark(claim.text[:40], Finding.UNSUPPORTED, "it is too long to be checked")]
    if aside := apart(claim.text):
        return [m for text in aside for m in read(replace(claim, text=text), facts, strict=strict)]
    facts = facts.about(claim.text)
    ids = [i for i in claim.rests_on if strict or not i.isdigit() or i in facts.entries]
    cited = facts.cited(ids)
    sentence = Sentence.of(claim.text, cited, facts, strict=strict, quote=claim.quote)
    if strict:
        for absent in (i for i in ids if i not in facts.entries):
            sentence.marks.append(Mark(absent, Finding.UNSUPPORTED, f"no entry kept has the id {absent[:60]}"))
        if (
            cited
            and not counting(sentence)
            and not OURS.search(sentence.text)
            and any(_said(sentence.text.rstrip(". "), e, facts) for e in cited)
            and not claim.quote
        ):
            return [*sentence.marks, Mark(sentence.text, Finding.CONFIRMED)]
    if claim.quote.strip():
        quote = plain(claim.quote)
        sentence.marks.append(_quote(quote, sentence))
        at = sentence.text.find(quote)
        if at >= 0 and not (strict and OWN.search(quote) and not MARKED.search(sentence.text)):
            sentence.read(at, at + len(quote))
    _quotes_inside(sentence, strict=strict)
    for check in (*FIGURES, *(REST if strict else (environments,))):
        check(sentence)
    if strict and all(m.finding is Finding.CONFIRMED for m in sentence.marks):
        sentence.marks += together(sentence)
    return sentence.marks


def _quote(quote: str, sentence: Sentence) -> Mark:
    facts = sentence.facts
    if any(quoted(quote, said, facts.masks) for e in sentence.cited for said in sayings(e)):
        return Mark(quote, Finding.CONFIRMED)
    elsewhere = [i for i, found in facts.entries.items() for e in found if _said(quote, e, facts)]
    if elsewhere:
        return Mark(quote, Finding.UNSUPPORTED, f"the quote stands in entry {elsewhere[0]}, which it does not name")
    return Mark(quote, Finding.UNSUPPORTED, "the quote does not stand in the entries it names")


def _said(quote: str, entry: Entry, facts: Facts) -> bool:
    wanted = quote.translate(INNER)
    return any(quoted(wanted, said.translate(INNER), facts.masks) for said in sayings(entry))


def _quotes_inside(sentence: Sentence, *, strict: bool) -> None:
    """Words in quotation marks: a whole phrase must stand in an entry; a single name is left to the other checks.

    What stands in an entry is the entry's word: no figure in it is a claim.
    """
    for found in sentence.find(MARKED):
        phrase = (found["double"] or found["tick"]).strip()
        if strict and (" " not in phrase or not any(c.isalpha() for c in phrase)):
            continue
        among = sentence.cited or sentence.facts.all
        if any(_said(phrase, e, sentence.facts) for e in among):
            sentence.holds(*found.span())
        elif strict:
            sentence.open(*found.span(), f"“{phrase[:60]}” does not stand in the entries it names")
