"""Which entries a model is shown: those that add something, once."""

from __future__ import annotations

from dataclasses import replace

from bot.analysts.evidence import informative, question
from bot.models import Failure, Request
from tests.analysts.making import OLD, case, cluster, entry


def test_equal_entries_are_shown_twice_at_most() -> None:
    """The first and the last; what differs in figures and ids alone adds nothing."""
    many = [entry(f"order {n} of 7a{n:02}f failed", id=f"e{n}", after=n) for n in range(40)]
    assert [e.id for e in informative(many, 12)] == ["e0", "e39"]


def test_what_is_rare_is_shown() -> None:
    """Another revision, exception, status, environment: each is there, however many others there are."""
    many = [entry("it failed", id=f"e{n}", after=n) for n in range(40)]
    rare = {
        "revision": replace(many[7], id="revision", key=1001, revision=OLD),
        "exception": replace(many[9], id="exception", key=1002, failure=Failure("KeyError", "x")),
        "status": replace(many[11], id="status", key=1003, request=Request("GET", "/a", "/a", 502)),
        "environment": replace(many[13], id="environment", key=1004, environment="staging"),
    }
    shown = {e.id for e in informative(sorted([*many, *rare.values()], key=lambda e: e.order), 12)}
    assert set(rare) <= shown
    assert len(shown) <= 7


def test_words_alone_add_little() -> None:
    """Of entries that differ in words only, two are shown beside the first and the last."""
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    many = [entry(f"user {w} was refused", id=w, after=n) for n, w in enumerate(words)]
    assert len(informative(many, 12)) == 4


def test_lines_are_shown_once() -> None:
    """A traceback that is the same again is told by its number of lines."""
    trace = "\n".join(f"  line {n} of the traceback" for n in range(9))
    asked = question(
        case(cluster([entry(f"a failed\n{trace}"), entry(f"b failed\n{trace}", id="e2", after=9)])), lambda: "0f0f0f0f"
    )
    assert asked.count("line 5 of the traceback") == 1
    assert "b failed\n[9 lines as above]" in asked
