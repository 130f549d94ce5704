"""The hard cap on texts: known templates go on counting, the rest becomes one problem."""

from __future__ import annotations

from bot.models import Kind, Learnt, Signature
from bot.steps.mine.fold import counted_as, fold, other, texts
from tests.steps.test_mine import ids, signed
from tests.store.making import entry, sighting


def crowd(count: int, service: str = "shop") -> list[Learnt]:
    """Texts that have nothing in common."""
    return [Learnt(signed(" ".join(ids(n % 7 + 2, n)), service=service)) for n in range(count)]


def new(*templates: str, **more: object) -> dict[str, Signature]:
    return {t: signed(t, **more) for t in templates}


def test_below_the_cap_nothing_is_changed() -> None:
    """Room for two, and two came."""
    assert fold(new("one thing", "another thing here"), {"shop": crowd(8)}, cap=10) == {}


def test_beyond_the_cap_the_first_ones_find_room() -> None:
    """Those that began first are kept as they are, the rest are other lines."""
    found = fold(new("one thing", "another thing here", "a third that came late"), {"shop": crowd(9)}, cap=10)
    assert found == {key: other("shop") for key in ("another thing here", "a third that came late")}


def test_beyond_the_cap_a_known_template_goes_on_counting() -> None:
    """A new name in a line that is known is no other line."""
    known = [Learnt(signed(f"user {name} was logged out")) for name in ("alice", "bob", "carol")]
    found = fold(new("user dave was logged out"), {"shop": [*known, *crowd(7)]}, cap=10)
    assert found == {"user dave was logged out": known[0].signature}


def test_what_is_known_stays_what_it_is() -> None:
    """A signature that was there before the cap is counted under it for ever."""
    known = crowd(12)
    assert fold({known[3].signature.key: known[3].signature}, {"shop": known}, cap=10) == {}


def test_each_service_has_a_cap_of_its_own() -> None:
    """One that talks too much takes nothing from the others; one that was never seen may reach it at once."""
    many = new(*(" ".join(ids(3, n)) for n in range(12)), service="depot")
    found = fold({**new("one thing"), **many}, {}, cap=10)
    assert list(found.values()) == [other("depot")] * 2


def test_only_free_text_has_a_cap() -> None:
    """Routes and what the platform says are few by nature."""
    assert texts([sighting("a", entry(1)), sighting(None, entry(2))]).keys() == {"a"}
    made = sighting("a", entry(1))
    assert made.signature
    assert made.signature.kind is Kind.APPLICATION


def test_sightings_count_as_what_they_were_folded_into() -> None:
    """Only the signature changes."""
    seen = [sighting("a", entry(1)), sighting("b", entry(2)), sighting(None, entry(3))]
    folded = counted_as(seen, {"b": other("shop")})
    assert [s.signature.key if s.signature else "" for s in folded] == ["a", other("shop").key, ""]
    assert [s.occurrence for s in folded] == [s.occurrence for s in seen]
