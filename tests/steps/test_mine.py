"""Mining: which texts are one template with a word that varies, and which only look alike."""

from __future__ import annotations

import os
import random
import string
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from bot.models import Kind, Learnt, Signature
from bot.steps.cluster.template import template
from bot.steps.mine import Enough, merges, mine

EAGER = Enough(odd=2, word=3, named=2, first=4, crowd=3, free=6)
"""Little is enough, so that small examples reach every rule."""


def groups(*texts: str) -> set[frozenset[str]]:
    return {frozenset(group) for group in merges(texts)}


def one(texts: Iterable[str]) -> bool:
    """Whether all of the texts are one template."""
    texts = list(texts)
    return groups(*texts) == {frozenset(texts)}


def ids(count: int, seed: int = 1, length: int = 9) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(string.ascii_lowercase, k=length)) for _ in range(count)]


FRUIT = ("apple", "pear", "plum", "quince", "cherry", "melon", "grape", "lime", "fig", "olive")


# ------------------------------------------------------------------------------------- what is one


def test_a_few_names_behind_a_word_that_announces_them_are_one_template() -> None:
    """`user alice`, `user bob` and `user carol` did the same, though few were seen yet."""
    assert one(f"user {name} was logged out" for name in ("alice", "bob", "carol"))
    assert not groups("user alice was logged out", "user bob was logged out")


def test_names_with_a_capital_are_values_where_there_are_a_few() -> None:
    """`for Lisbon`: what a word with a capital names within a line."""
    assert one(f"could not print the page for {city} in time" for city in ("Lisbon", "Porto", "FaroBeach"))
    assert not groups("could not print for Lisbon", "could not print for Porto")


def test_plain_words_need_more_evidence() -> None:
    """Two or three different words may be what went wrong; many are values."""
    texts = [f"could not render the {fruit} page" for fruit in FRUIT]
    assert not groups(*texts[:5])
    assert one(texts[:6])


def test_names_in_front_of_a_colon() -> None:
    """Whose it was is a value where there are a few, and is known as one wherever it stands."""
    many = [f"{fruit}: no label, left out" for fruit in FRUIT[:5]]
    assert not groups(*many[:4])
    assert groups(*many, "apple: sold out", "pear: sold out", "eaten by apple first", "eaten by pear first") == {
        frozenset(many),
        frozenset({"apple: sold out", "pear: sold out"}),
        frozenset({"eaten by apple first", "eaten by pear first"}),
    }


def test_what_was_a_value_in_one_place_is_one_in_another() -> None:
    """A name learned where there were many is known where there are few."""
    many = [f"wrong password for {fruit} at the gate" for fruit in FRUIT]
    few = ["too many attempts for apple today", "too many attempts for pear today"]
    assert groups(*many, *few) == {frozenset(many), frozenset(few)}
    assert not groups(*few)


def test_values_are_known_where_two_of_them_vary_together() -> None:
    """Names learned elsewhere, in two places of a few lines: no two of these lines differ in one place only."""
    many = [f"wrong password for {fruit} at the gate" for fruit in FRUIT]
    few = [f"too many messages from {a} went to {b} today" for a, b in zip(FRUIT, FRUIT[3:], strict=False)]
    assert groups(*many, *few) == {frozenset(many), frozenset(few)}
    assert groups(*many, *few[:5]) == {frozenset(many)}
    assert not groups(*few)


def test_long_lines_end_at_the_same_place_whatever_their_values_are() -> None:
    """A longer name in the middle moves nothing in or out at the end."""
    texts = [f"{'nobody knows about ' * 3}{fruit} and {'many more words follow ' * 9}" for fruit in FRUIT]
    assert one(map(template, texts))


def test_paths_and_dotted_names_are_values_when_there_are_a_few() -> None:
    """Three paths, or three class names, in one place are enough."""
    assert one(f"cannot open {path} for reading" for path in ("/srv/a/config", "/etc/b.conf", "./data/c"))
    assert one(f"no handler for com.example.{name} here" for name in ("OrderEvent", "UserEvent", "StockEvent"))


def test_what_a_line_has_in_quotes_is_a_name_without_them_too() -> None:
    texts = [f'no column {name}: column "{name}" of labels is there already' for name in ("colour", "paper", "weight")]
    assert merges(texts) == [tuple(texts)]


def test_odd_tokens_may_vary_in_several_places_at_once() -> None:
    """Two class names in one line, different each time."""
    assert one(f"registering com.example.{n}Event for com.example.{n}Handler" for n in ("Order", "User", "Stock"))


def test_what_a_mask_found_is_one_with_what_it_missed() -> None:
    """A host that has a number in it was masked, one that has none was not."""
    assert one(["no route to <host> today", "no route to ns.example.org today"])
    assert one(["read <num> of <num>", "read <hex> of <num>"])


def test_literals_and_empty_values_are_values() -> None:
    """`force=true` and `force=false`, `from= ` and `from=<host>`, `()` and `(<host>)`."""
    assert one(["closing pane force=true", "closing pane force=false"])
    assert one(["mail rejected from= by filter", "mail rejected from=<host> by filter"])
    assert one(["connection from <ip> () at <time>", "connection from <ip> (<host>) at <time>"])


def test_a_found_template_helps_to_find_others() -> None:
    """Lines that differ in a path and in a word are one, where each was seen to vary for itself."""
    texts = [f"cannot copy {path} for {fruit} today" for fruit in FRUIT[:6] for path in ("/a/b", "/c/d", "/e/f")]
    assert one(texts)


def test_several_ids_of_letters_only_are_one_template() -> None:
    """Nothing repeats, and no mask knows such ids; only that both places are full of different ones tells."""
    texts = [f"order {a} was moved to shelf {b} again" for a, b in zip(ids(40), ids(40, 2), strict=True)]
    assert one(texts)
    assert not groups(*texts[:5])


def test_free_text_behind_a_colon_is_one_problem() -> None:
    """Very many different ends behind the same words are no problems of their own."""
    rng = random.Random(3)
    texts = [f"the model answered: {' '.join(rng.choices(FRUIT, k=rng.randrange(3, 9)))}" for _ in range(80)]
    assert one(texts)


def test_free_text_of_one_length_is_one_problem() -> None:
    """Where nearly every place varies, the line is somebody's prose."""
    rng = random.Random(4)
    words = ids(200, 5, 6)
    assert one({f"note {' '.join(rng.choices(words, k=9))}" for _ in range(200)})


# ------------------------------------------------------------------------------------- what is not


APART = {
    "the verb that begins the line is what happened": [
        f"{verb} (command <num>)" for verb in ("boot", "wait", "halt", "reboot", "start", "stop", "kill")
    ],
    "so is the noun": [f"{n} failed" for n in ("Login", "Upload", "Backup", "Sync", "Export", "Import", "Payment")],
    "status numbers that no mask took": [f"answered with status {n}" for n in (404, 500, 502, 503, 504, 429, 401)],
    "exit codes": [f"exit code {n}" for n in range(1, 12)],
    "codes of errors": [
        f"call failed code=E{c} twice" for c in ("PIPE", "BUSY", "PERM", "ACCES", "IO", "NOENT", "CHILD")
    ],
    "types of errors": [
        f"worker stopped: {e}Error was raised" for e in ("Type", "Value", "Key", "Index", "Name", "OS")
    ],
    "routes": [f"GET /api/{fruit} was slow" for fruit in FRUIT],
    "few plain words": ["disk is full", "disk is gone", "disk is slow"],
    "lines of different length": ["cannot open the file", "cannot open the file twice"],
}


@pytest.mark.parametrize("texts", APART.values(), ids=APART)
def test_lines_that_only_look_alike_stay_apart(texts: list[str]) -> None:
    """What happened is not a parameter."""
    assert not groups(*texts)


def test_dot_leaders_end_a_word() -> None:
    """What leads to a value is no part of it."""
    assert not groups("cache depth........<num>", "cache threshold........<num>")


# ------------------------------------------------------------------------------------- signatures


def signed(template: str, key: str = "", **more: object) -> Signature:
    shape = {"service": "shop", "kind": Kind.APPLICATION, **more}
    return Signature(key or template, 1, title=template, template=template, **shape)  # type: ignore[arg-type]


def names(**more: object) -> list[Learnt]:
    return [Learnt(signed(f"user {n} was logged out", **more)) for n in ("alice", "bob", "carol")]


def test_signatures_of_one_template_are_found_by_their_keys() -> None:
    """What is returned are keys, in groups."""
    assert [set(g) for g in mine(names())] == [{f"user {n} was logged out" for n in ("alice", "bob", "carol")}]


@pytest.mark.parametrize(
    "other", [{"service": "depot"}, {"kind": Kind.EXCEPTION}, {"site": "cart:add"}, {"exception": "KeyError"},
              {"status": 500}],
    ids=str,
)  # fmt: skip
def test_text_is_looked_at_only_below_equal_structure(other: dict[str, object]) -> None:
    """The same words of another service, place or type are another problem, and no evidence."""
    two, third = names()[:2], [Learnt(signed("user carol was logged out", **other))]
    assert mine([*two, *third]) == []


@pytest.mark.parametrize("kind", [Kind.HTTP, Kind.PLATFORM, Kind.DEPLOYMENT, Kind.SECURITY])
def test_only_free_text_is_mined(kind: Kind) -> None:
    """Routes, and what the platform says, are told apart by structure."""
    assert mine(names(kind=kind)) == []


def test_what_may_still_grow_speaks_for_itself_only() -> None:
    """An occurrence at the edge of what was read joins what is certain, and is no evidence for others like it."""
    sure, extra = names(), Learnt(signed("user dave was logged out"), certain=False)
    assert len(mine([*sure, extra])[-1]) == 4
    assert len(mine([*sure[:2], Learnt(sure[2].signature, certain=False)])[-1]) == 3
    doubtful = [Learnt(s.signature, certain=False) for s in sure]
    assert mine(doubtful) == []


# ------------------------------------------------------------------------------------- properties

WORD = st.sampled_from(["user", "for", "red", "blue", "gone", "<num>", "/a/b", "/c/d", "x1", "y2", "404", "on", "="])
TEXT = st.lists(WORD, min_size=1, max_size=5).map(" ".join) | st.builds(
    "{} of {}: {} {}".format, st.sampled_from(["bad", "good"]), WORD, WORD, WORD
)
TEXTS = st.lists(TEXT, max_size=40)


def finer(fine: list[tuple[str, ...]], coarse: list[tuple[str, ...]]) -> bool:
    """Whether nothing that is together in `fine` is apart in `coarse`."""
    return all(any(set(group) <= set(other) for other in coarse) for group in fine)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_more_texts_never_part_what_was_one(texts: list[str], more: list[str]) -> None:
    """So an alias, once made, is right for ever, and the order of arrival does not matter."""
    assert finer(merges(texts, EAGER), merges([*texts, *more], EAGER))
    assert finer(merges(texts), merges([*texts, *more]))


@pytest.mark.campaign
@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=20_000, deadline=None)
@given(TEXTS, TEXTS)
def test_more_texts_never_part_what_was_one_at_length(texts: list[str], more: list[str]) -> None:
    """The same, thousands of times."""
    assert finer(merges(texts, EAGER), merges([*texts, *more], EAGER))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=12))
def test_any_text_can_be_mined(texts: list[str]) -> None:
    """Whatever a log says, groups are disjoint parts of the texts."""
    found = [text for group in merges(texts, EAGER) for text in group]
    assert len(found) == len(set(found))
    assert set(found) <= set(texts)


@pytest.mark.parametrize("hostile", ["(" * 200, "'" * 200, "=" * 200, "a=" * 100, ". " * 100, "<num>" * 40, "x:" * 100])
def test_hostile_texts_are_mined_quickly(hostile: str) -> None:
    """Two thousand of the worst take no longer than seconds."""
    started = time.process_time()
    merges([f"{hostile} {a} {b}" for a, b in zip(ids(2_000), ids(2_000, 2), strict=True)])
    assert time.process_time() - started < 10


def test_a_name_of_any_length_between_a_colon_and_an_arrow_varies() -> None:
    towns = ("Old Town", "Bad Salzburg an der Saale", "Ulm_Sud", "Hohe Weide 3", "Nieder Olm")
    assert one(template(f"sync: {town} \u2192 fetch failed, skipping it") for town in towns)
    assert not groups(
        *(f"sync: {word} it \u2192 fetch failed, skipping it" for word in ("read", "write", "keep", "drop"))
    )
