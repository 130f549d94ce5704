"""However a stretch of logs is sliced, the store comes to know the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Entry, Level, Sighting
from store import Store, open_store
from tests.store.making import DAY, START, entry, harvest, sighting

NAMES = ["a", "a", "a", "b", "c", None]


@dataclass(frozen=True)
class Happening:
    """What will have been one occurrence, and what half of it looks like."""

    name: str | None
    half: str | None
    entries: tuple[Entry, ...]
    level: Level

    def seen(self, known: set[int]) -> Sighting | None:
        have = tuple(e for e in self.entries if e.key in known)
        if not have:
            return None
        name = self.name if len(have) == len(self.entries) else self.half
        return sighting(name, *have, level=self.level)


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    out = []
    for number in range(draw(st.integers(1, 40))):
        start = draw(st.integers(0, 1500))
        size = draw(st.integers(1, 3))
        environment, revision = draw(st.sampled_from(["production", "staging"])), draw(st.sampled_from(["r1", "r2"]))
        entries = tuple(
            entry(
                (number * 7919 + piece * 104729) % 2**31 + 1,
                start + piece * draw(st.integers(0, 400)),
                environment=environment,
                revision=revision,
                user=draw(st.sampled_from(["", "u1", "u2"])),
                client=draw(st.sampled_from(["", "c1"])),
            )
            for piece in range(size)
        )
        entries = tuple(sorted(entries, key=lambda e: e.order))
        out.append(
            Happening(
                draw(st.sampled_from(NAMES)),
                draw(st.sampled_from([*NAMES, "half"])),
                entries,
                draw(st.sampled_from([Level.WARNING, Level.ERROR])),
            )
        )
    return out


def knowledge(store: Store, entries: list[Entry]) -> tuple[object, ...]:
    """All that is known, by signature instead of by number."""
    clusters = {c.number: c for c in store.clusters.load(range(1, 200))}
    of = store.clusters.of([e.key for e in entries])
    return (
        {
            c.signature.key: (
                c.entries, c.occurrences, c.first_seen, c.last_seen, c.counts, c.moments, c.evidence,
                c.users, c.clients, c.level,
            )
            for c in clusters.values()
        },
        {key: clusters[number].signature.key for key, number in of.items()},
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(found=happenings(), data=st.data())
def test_any_slicing_gives_the_same(found: list[Happening], data: st.DataObject) -> None:
    """Slices of any size, open or closed at their edges, under half a signature first, end like one batch."""
    entries = sorted((e for h in found for e in h.entries), key=lambda e: e.order)
    everything = {e.key for e in entries}
    with open_store(":memory:") as whole, open_store(":memory:") as sliced:
        whole.rounds.absorb(
            whole.rounds.begin("f", DAY, START), "f", harvest([s for h in found if (s := h.seen(everything))])
        )

        waiting, left, known = list(found), list(entries), set[int]()
        number = sliced.rounds.begin("f", DAY, START)
        while left or waiting:
            size = data.draw(st.integers(1, 12))
            fresh, left = left[:size], left[size:]
            assert sliced.rounds.unseen([*fresh, *fresh]) == fresh
            known |= {e.key for e in fresh}
            closed, opened, still = [], [], []
            for happening in waiting:
                seen = happening.seen(known)
                complete = all(e.key in known for e in happening.entries)
                if seen is not None and complete and (not left or data.draw(st.booleans())):
                    closed.append(seen)
                    continue
                still.append(happening)
                if seen is not None:
                    opened.append(seen)
            if not left and data.draw(st.booleans()):
                still, opened, closed = [], [*opened, *closed], []
            waiting = still
            sliced.rounds.absorb(number, "f", harvest(closed, opened, fresh=fresh))

        assert knowledge(sliced, entries) == knowledge(whole, entries)


def test_bounded_sets_do_not_depend_on_the_slicing() -> None:
    """Where more happened than is kept, the same moments, evidence and number of people are kept."""
    many = [entry(n * 7919 + 1, n * 0.5, user=f"u{n}", instance=f"i{n % 3}") for n in range(2150)]
    with open_store(":memory:") as whole, open_store(":memory:") as sliced:
        whole.rounds.absorb(1, "f", harvest([sighting("a", e) for e in many]))
        edge: list[Entry] = []
        for start in range(0, len(many), 130):
            fresh = many[start : start + 130]
            closed = [sighting("a", e) for e in (*edge, *fresh[:100])]
            edge = fresh[100:]
            sliced.rounds.absorb(1, "f", harvest(closed, [sighting("a", e) for e in edge], fresh=fresh))
        (cluster,) = whole.clusters.load([1])
        assert sliced.clusters.load([1]) == [cluster]
        assert (len(cluster.moments), len(cluster.evidence), cluster.users) == (500, 10, 1000)
        assert (cluster.evidence[0], cluster.evidence[-1]) == (
            replace(many[0], level=Level.ERROR),
            replace(many[-1], level=Level.ERROR),
        )
        assert cluster.moments[-1].time == many[-1].time
