"""Frozen dataclasses that are made fast are frozen dataclasses."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from bot.frozen import frozen


@frozen
class Quick:
    """Whatever."""

    name: str
    size: int = 3
    parts: list[str] = field(default_factory=list)

    @property
    def double(self) -> int:
        return self.size * 2


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    size: int = 3
    parts: list[str] = field(default_factory=list)


def test_it_has_the_fields_defaults_and_properties_that_were_written() -> None:
    made = Quick("a", parts=["b"])
    assert (made.name, made.size, made.parts, made.double) == ("a", 3, ["b"], 6)
    assert [f.name for f in fields(made)] == ["name", "size", "parts"]
    assert type(made) is Quick
    assert repr(made) == "Quick(name='a', size=3, parts=['b'])"
    assert Quick("a").parts is not Quick("a").parts


def test_nothing_in_it_can_be_changed_and_nothing_added() -> None:
    made = Quick("a")
    for change in (lambda: setattr(made, "name", "b"), lambda: delattr(made, "name")):
        with pytest.raises(FrozenInstanceError):
            change()
    with pytest.raises((FrozenInstanceError, TypeError)):
        made.other = 1  # type: ignore[attr-defined] # what must not work
    assert not hasattr(made, "__dict__")


def test_equal_values_make_equals() -> None:
    assert Quick("a", 1) == Quick("a", 1) != Quick("a", 2)
    assert Quick("a") != Plain("a")
    assert replace(Quick("a", 1), size=2) == Quick("a", 2)


def test_copies_and_pickles_are_equal() -> None:
    made = Quick("a", 1, ["b"])
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


def test_a_wrong_call_is_refused_as_ever() -> None:
    with pytest.raises(TypeError, match="missing 1 required"):
        Quick()  # type: ignore[call-arg] # what must not work
    with pytest.raises(TypeError, match="unexpected keyword"):
        Quick("a", colour="red")  # type: ignore[call-arg] # what must not work
