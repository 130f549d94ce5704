"""When texts are one: rules that ask for enough evidence, and are never less content with more of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from bot.steps.mine.pool import Apart, Pool, grouped
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

    values: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """Values that texts begin with in front of a colon: what is a name there is one anywhere."""
    places: set[tuple[str, str]] = field(default_factory=set)


def equal(pool: Pool, bucket: list[int]) -> None:
    """Equal, when what masks have found is left out."""
    for group in grouped(bucket, pool.parts.__getitem__):
        pool.join(group)


def odd(pool: Pool, bucket: list[int], enough: Enough) -> None:
    """Equal but for odd tokens, and several of them; or there stands what a mask has found."""
    for group in grouped(bucket, pool.loose.__getitem__):
        masked = any(not any(t.odd for t in pool.texts[at]) for at in group)
        if len({pool.parts[at] for at in group}) >= (2 if masked else enough.odd):
            pool.join(group, {n for at in group for n, t in enumerate(pool.texts[at]) if t.odd})


def words(pool: Pool, apart: Iterable[Apart], enough: Enough, learned: Learned) -> None:
    """Equal but for one token."""
    for at, varying in apart:
        values = pool.different(varying, at)
        before = next(pool.texts[t][at].before for t in varying if not pool.texts[t][at].value)
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


def _label(pool: Pool, varying: list[int]) -> bool:
    """Whether the first word stands in front of a colon."""
    parts = pool.parts[varying[0]]
    return len(parts) > 2 and parts[1] == ":"


def known(pool: Pool, apart: Iterable[Apart], learned: Learned) -> None:
    """Equal but for one token that is a value elsewhere, at least once behind the same word."""
    for at, varying in apart:
        there = {t: pool.texts[t][at] for t in varying}
        before = next(t.before for t in there.values() if not t.value)
        values = [t for t, token in there.items() if token.value or token.text in learned.values]
        if not at and not _label(pool, varying):
            continue
        if len(values) > 1 and any((before, there[t].text) in learned.places for t in values):
            pool.join(values, {at})
        named = [t for t, token in there.items() if token.text in learned.names]
        if len(named) > 1:
            pool.join(named, {at})


def pairs(pool: Pool, bucket: list[int], enough: Enough, learned: Learned) -> None:
    """Two tokens vary together, and everything that stands there is a value elsewhere."""
    values = {VALUE, *learned.values}
    places = {
        text: [n for n, part in enumerate(pool.parts[text]) if part in values and n and not pool.texts[text][n].fixed]
        for text in bucket
    }

    def rest(text: int) -> Parts:
        parts = list(pool.parts[text])
        for at in places[text]:
            parts[at] = VALUE
        return tuple(parts)

    for group in grouped((t for t in bucket if len(places[t]) > 1), rest):
        if len(group) >= enough.word:
            counts = {at: len(pool.different(group, at)) for at in places[group[0]]}
            for chosen in combinations([at for at, count in counts.items() if count >= enough.named], 2):
                _together(pool, group, chosen, enough.word, enough.named)


def crowds(pool: Pool, bucket: list[int], enough: Enough) -> None:
    """Several tokens vary together, behind the same first one."""
    for group in grouped(bucket, lambda at: pool.parts[at][:1]):
        if len(group) < enough.crowd:
            continue
        counts = {
            at: len(pool.different((t for t in group if not pool.texts[t][at].fixed), at))
            for at in range(1, len(pool.texts[group[0]]))
        }
        some = [at for at, count in counts.items() if count >= enough.crowd]
        many = [at for at, count in counts.items() if count >= enough.free]
        if len(many) > VARIABLE:
            pool.join(group)
            continue
        larger = (chosen for size in range(3, len(many) + 1) for chosen in combinations(many, size))
        for chosen in (*combinations(some, 2), *larger):
            _together(pool, group, chosen, enough.crowd, enough.crowd)


def _together(pool: Pool, group: list[int], chosen: tuple[int, ...], texts: int, words: int) -> None:
    """So many texts, and in each of the places so many words."""
    may = [t for t in group if not any(pool.texts[t][at].fixed for at in chosen)]

    def rest(text: int) -> Parts:
        return tuple("" if at in chosen else part for at, part in enumerate(pool.parts[text]))

    for same in grouped(may, rest):
        if len(same) >= texts and all(len(pool.different(same, at)) >= words for at in chosen):
            pool.join(same, chosen)


def tails(pool: Pool, enough: Enough) -> None:
    """What follows a colon is free text, where there is very much of it behind the same few words."""
    heads: dict[Parts, list[int]] = defaultdict(list)
    for at, parts in enumerate(pool.parts):
        if ":" in parts[2:]:
            heads[parts[: parts.index(":", 2)]].append(at)
    for group in heads.values():
        if len({pool.parts[at] for at in group}) >= enough.free:
            pool.join(group)
