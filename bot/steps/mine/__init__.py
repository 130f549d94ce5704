"""Templates to problems: which masked texts of one service are one template with a word that varies.

Masks know what a number or an address looks like; that `alice` is a user and `halt` a command, only the other texts
can tell. What is found is a function of the set of texts, not of the order in which they came, and more texts never
part what was one: a rule only asks whether there is enough evidence, and evidence is never taken away. So what was
found to be one problem may be joined for good. Text is looked at only below equal structure: service, kind, place in
the code, type of exception.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.models import Kind, Learnt, Signature
from bot.steps.mine import rules
from bot.steps.mine.pool import Pool
from bot.steps.mine.rules import Enough
from bot.steps.mine.tokens import tokens

MINED = frozenset({Kind.APPLICATION, Kind.EXCEPTION})
"""Kinds of which the text is free; that of others is the platform's or made of structure."""
PASSES = 3
"""How often what was found is taken as a text of its own, that others may be found by."""
ENOUGH = Enough()


def mine(known: Iterable[Learnt], enough: Enough = ENOUGH) -> list[tuple[str, ...]]:
    """Keys of the signatures that are one problem, as groups of at least two.

    Of occurrences that may still grow, a signature may turn out never to have been; so it is compared with what is
    certain, and is no evidence for others.
    """
    families: dict[tuple[object, ...], list[Learnt]] = defaultdict(list)
    for each in known:
        if each.signature.kind in MINED:
            families[_structure(each.signature)].append(each)
    return [group for family in families.values() if len(family) > 1 for group in _mined(family, enough)]


def _structure(s: Signature) -> tuple[object, ...]:
    return (s.service, s.version, s.kind, s.site, s.exception, s.method, s.route, s.status)


def _mined(family: list[Learnt], enough: Enough) -> list[tuple[str, ...]]:
    certain = {s.signature.template for s in family if s.certain}
    found = merges(certain, enough)
    maybe = {s.signature.template for s in family} - certain
    if maybe:
        near = {text for group in merges(certain | maybe, enough) for text in group}
        for text in sorted(maybe & near):
            found += [group for group in merges(certain | {text}, enough) if text in group]
    return [tuple(s.signature.key for s in family if s.signature.template in group) for group in map(frozenset, found)]


def merges(texts: Iterable[str], enough: Enough = ENOUGH) -> list[tuple[str, ...]]:
    """Those of the texts that are one template, as groups of at least two, in order."""
    known = sorted(set(texts))
    pool, learned = Pool(), rules.Learned()
    places = [pool.add(tokens(text)) for text in known]
    for _ in range(PASSES):
        if not pool.take():
            break
        _pass(pool, enough, learned)
    groups: dict[int, list[str]] = defaultdict(list)
    for text, at in zip(known, places, strict=True):
        groups[pool.find(at)].append(text)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _pass(pool: Pool, enough: Enough, learned: rules.Learned) -> None:
    apart = pool.apart()
    rules.odd(pool, enough)
    rules.words(pool, apart, enough, learned)
    rules.crowds(pool, enough)
    rules.known(pool, apart, learned)
    rules.pairs(pool, enough, learned)
    rules.enclosed(pool, enough)
    rules.tails(pool, enough)
