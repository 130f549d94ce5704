"""When texts are one: rules that ask for enough evidence, and are never less content with more of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from bot.steps.mine.pool import Apart, Groups, Pool, grouped
from bot.steps.mine.tokens import VALUE, Parts


@dataclass(frozen=True, slots=True)
class Enough:
    """How many different values are enough to say that a place varies."""

    odd: int = 3
    """Texts that differ in odd tokens only."""
    word: int = 6
    """Plain words in one place."""
    named: int = 3
    """Plain words behind one that announces a name: `user alice`."""
    first: int = 30
    """Words that texts begin with: mostly these are what happened."""
    label: int = 5
    """Words that texts begin with in front of a colon: whose it was, or which."""
    crowd: int = 12
    """Words in each of two places that vary together."""
    enclosed: int = 4
    """Names that stand between a colon and an arrow, however many words they have."""
    free: int = 50
    """Words in each of several places, or ends of lines behind a colon."""


VARIABLE = 6
"""Places that may vary together; where more do, it is free text."""
_NAMING = frozenset(
    {"user", "username", "login", "account", "customer", "tenant", "member", "owner", "client", "peer", "host"}
    | {"hostname", "node", "named", "called", "name"}
)


@dataclass(slots=True)
class Learned:
    """Words that were found to be values, and behind which words."""

    values: set[str] = field(default_factory=lambda: {VALUE})
    names: set[str] = field(default_factory=set)
    """Values that texts begin with in front of a colon: what is a name there is one anywhere."""
    places: set[tuple[str, str]] = field(default_factory=set)
    pairs: Groups = field(default_factory=Groups)
    """Texts that are the same where values are left out, as far as they were looked at with just these values."""
    known: int = 0
    looked_at: int = 0


def odd(pool: Pool, enough: Enough) -> None:
    """Equal but for odd tokens, and several of them; or there stands what a mask has found."""
    for group in pool.loose.grown():
        masked = any(True not in pool.odd[text] for text in group)
        if len({pool.parts[text] for text in group}) >= (2 if masked else enough.odd):
            pool.join(group, {at for text in group for at, odd in enumerate(pool.odd[text]) if odd})


def words(pool: Pool, apart: Iterable[Apart], enough: Enough, learned: Learned) -> None:
    """Equal but for one token."""
    for at, varying in apart:
        values = pool.different(varying, at)
        before = _before(pool, at, varying)
        label = at == 0 and _label(pool, varying)
        if at == 0:
            least = enough.label if label else enough.first
        else:
            least = enough.named if before in _NAMING else enough.word
        if len(values) >= least:
            pool.join(varying, {at})
            learned.values |= values
            learned.names |= values if label else set()
            learned.places |= {(before, value) for value in values}


def _before(pool: Pool, at: int, varying: Iterable[int]) -> str:
    return pool.before(next(text for text in varying if pool.parts[text][at] != VALUE), at)


def _label(pool: Pool, varying: list[int]) -> bool:
    """Whether the first word stands in front of a colon."""
    parts = pool.parts[varying[0]]
    return len(parts) > 2 and parts[1] == ":"


def known(pool: Pool, apart: Iterable[Apart], learned: Learned) -> None:
    """Equal but for one token that is a value elsewhere, at least once behind the same word."""
    values = learned.values
    for at, varying in apart:
        if not at and not _label(pool, varying):
            continue
        there = [(text, pool.parts[text][at]) for text in varying]
        some = [text for text, word in there if word in values]
        if pool.several(some):
            before = _before(pool, at, varying)
            if any((before, pool.parts[text][at]) in learned.places for text in some):
                pool.join(some, {at})
        named = [text for text, word in there if word in learned.names]
        if pool.several(named):
            pool.join(named, {at})


def pairs(pool: Pool, enough: Enough, learned: Learned) -> None:
    """Two tokens vary together, and everything that stands there is a value elsewhere."""
    values = learned.values
    if len(values) > learned.known:
        learned.known, learned.pairs, learned.looked_at = len(values), Groups(), 0

    def places(text: int) -> list[int]:
        fixed = pool.fixed[text]
        return [at for at, part in enumerate(pool.parts[text]) if part in values and at and not fixed[at]]

    for text in range(learned.looked_at, pool.taken):
        here = places(text)
        if len(here) > 1:
            rest = [VALUE if at in here else part for at, part in enumerate(pool.parts[text])]
            learned.pairs.add(tuple(rest), text)
    learned.looked_at = pool.taken
    for group in learned.pairs.grown():
        if sum([pool.times[text] for text in group]) >= enough.word:
            counts = {at: len(pool.different(group, at)) for at in places(group[0])}
            for chosen in combinations([at for at, count in counts.items() if count >= enough.named], 2):
                _together(pool, group, chosen, enough.word, enough.named)


def crowds(pool: Pool, enough: Enough) -> None:
    """Several tokens vary together, behind the same first one."""
    for group in pool.alike.grown():
        if len(group) < enough.crowd:
            continue
        counts = list(enumerate(pool.counts(group)))[1:]
        some = [at for at, count in counts if count >= enough.crowd]
        many = [at for at, count in counts if count >= enough.free]
        if len(many) > VARIABLE:
            pool.join(group)
            continue
        larger = (chosen for size in range(3, len(many) + 1) for chosen in combinations(many, size))
        for chosen in (*combinations(some, 2), *larger):
            _together(pool, group, chosen, enough.crowd, enough.crowd)


def _together(pool: Pool, group: list[int], chosen: tuple[int, ...], texts: int, words: int) -> None:
    """So many texts, and in each of the places so many words."""

    def rest(text: int) -> Parts:
        return tuple(["" if at in chosen else part for at, part in enumerate(pool.parts[text])])

    def enough(some: list[int]) -> bool:
        often = sum([pool.times[text] for text in some]) >= texts
        return often and all(len(pool.different(some, at)) >= words for at in chosen)

    likely: dict[int, list[int]] = defaultdict(list)
    for text in group:
        figure = pool.blanked(text, chosen)
        if figure is not None:
            likely[figure].append(text)
    for some in filter(enough, likely.values()):
        for same in filter(enough, grouped(some, rest)):
            pool.join(same, chosen)


def enclosed(pool: Pool, enough: Enough) -> None:
    """What stands between the first colon and the last arrow or dash is a name, of whatever length."""
    for group in pool.enclosed.grown():
        if len({pool.parts[text] for text in group}) >= enough.enclosed:
            pool.join(group)


def tails(pool: Pool, enough: Enough) -> None:
    """What follows a colon is free text, where there is very much of it behind the same few words."""
    for group in pool.headed.grown():
        if len({pool.parts[text] for text in group}) >= enough.free:
            pool.join(group)
