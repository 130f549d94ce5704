"""Entries to occurrences: what was split comes together, whatever the slices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Assembled, Entry, Form, Level, Occurrence
from bot.steps import assemble as step
from bot.steps.assemble import assemble, messages
from tests.steps.strategies import (
    CHAINED,
    DOTNET,
    GO,
    JAVA,
    MESSAGES,
    NODE,
    PYTHON,
    QUERY,
    RUBY,
    bag,
    entry,
    logs,
    pieces,
)

MICRO = timedelta(microseconds=1)


def everything(entries: list[Entry]) -> list[Occurrence]:
    found = assemble(entries)
    return bag([*found.closed, *found.open])


def fed(slices: list[list[Entry]]) -> list[Occurrence]:
    """As the round does it: what is open is handed in again with the next slice."""
    closed: list[Occurrence] = []
    rest: list[Entry] = []
    still: tuple[Occurrence, ...] = ()
    for piece in slices:
        found = assemble([*rest, *piece])
        closed += found.closed
        still = found.open
        rest = [e for o in still for e in o.entries]
    return bag([*closed, *still])


# ------------------------------------------------------------------------------------------------ slices


@settings(max_examples=300, deadline=None)
@given(logs(), st.lists(st.integers(0, 200), max_size=6))
def test_slices(entries: list[Entry], cuts: list[int]) -> None:
    """Fed in any slices, the same occurrences come out as fed at once."""
    at = [0, *sorted(min(c, len(entries)) for c in cuts), len(entries)]
    assert fed([entries[a:b] for a, b in pairwise(at)]) == everything(entries)


@settings(max_examples=400, deadline=None)
@given(logs(), st.data())
def test_late(entries: list[Entry], data: st.DataObject) -> None:
    """Entries that arrive up to a minute late, in slices, find their place."""
    delay = st.sampled_from([0, 0, 0, 20, 55, 60])
    late = data.draw(st.lists(delay, min_size=len(entries), max_size=len(entries)))
    arrived = sorted(zip(entries, late, strict=True), key=lambda x: (x[0].time + timedelta(seconds=x[1]), x[0].id))
    order = [e for e, _ in arrived]
    cuts = data.draw(st.lists(st.integers(0, len(order)), max_size=6) | st.just(list(range(len(order)))))
    at = [0, *sorted(cuts), len(order)]
    assert fed([order[a:b] for a, b in pairwise(at)]) == everything(entries)


@settings(max_examples=150, deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_order_and_duplicates(entries: list[Entry], random: object) -> None:
    """Shuffled and with every entry twice, the same comes out."""
    twice = entries * 2
    random.shuffle(twice)  # type: ignore[attr-defined]
    assert everything(twice) == everything(entries)


@settings(max_examples=150, deadline=None)
@given(logs())
def test_partition(entries: list[Entry]) -> None:
    """Every entry is in exactly one occurrence, and an occurrence is of one stream."""
    found = everything(entries)
    assert sorted(e.key for o in found for e in o.entries) == sorted(e.key for e in entries)
    assert all(len({(e.workload, e.revision, e.instance) for e in o.entries}) == 1 for o in found)


# ------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize("lines", MESSAGES)
def test_split_message(lines: tuple[str, ...]) -> None:
    """A message that came line by line is one occurrence, with its lines as text."""
    (found,) = everything(pieces(lines))
    assert found.text == "\n".join(lines)
    assert len(found.entries) == len(lines)


@pytest.mark.parametrize("lines", MESSAGES)
def test_interleaved(lines: tuple[str, ...]) -> None:
    """Two instances that fail the same way at the same time are two occurrences."""
    found = everything([*pieces(lines, first=0), *pieces(lines, first=100, instance="i2")])
    assert [o.text for o in found] == ["\n".join(lines)] * 2


@pytest.mark.parametrize("lines", MESSAGES)
def test_repeated(lines: tuple[str, ...]) -> None:
    """The same failure again, half a millisecond later on the same instance, is a second occurrence."""
    again = timedelta(microseconds=5 * len(lines) + 500)
    found = everything([*pieces(lines, first=0), *pieces(lines, again, first=100)])
    assert [o.text for o in found] == ["\n".join(lines)] * 2


@pytest.mark.parametrize(
    ("lines", "kind", "message", "file", "function"),
    [
        (PYTHON, "ValueError", "no amount in basket 17", "/app/shop/orders.py", "place"),
        (CHAINED, "ValueError", "no amount in basket 17", "/app/shop/orders.py", "place"),
        (NODE, "error", "relation does not exist", "/srv/src/tickets.js", "Tickets.read"),
        (JAVA, "java.lang.NullPointerException", "inner is null", "Repo.java", "find"),
        (GO, "panic", "runtime error: index out of range [3] with length 2", "/app/main.go", "main.seats"),
        (RUBY, "SeatError", "seat 12 is taken", "/app/lib/seat.rb", "reserve"),
        (DOTNET, "System.ArgumentException", "inner", "/src/Orders.cs", "Place"),
    ],
)
def test_failure(lines: tuple[str, ...], kind: str, message: str, file: str, function: str) -> None:
    """The joined traceback says type, message and the innermost frame of the application."""
    (found,) = everything(pieces(lines))
    assert found.form is Form.EXCEPTION
    assert found.level is Level.ERROR
    assert found.failure is not None
    assert found.failure.frame is not None
    assert (found.failure.type, found.failure.message) == (kind, message)
    assert (found.failure.frame.file, found.failure.frame.function) == (file, function)


def test_lines_within_a_traceback() -> None:
    """What another thread logs between the frames and the exception does not part the two."""
    lines = pieces(PYTHON)
    between = entry("10:00:00 | INFO | shop: order 4 came", lines[-2].time - lines[0].time + MICRO, number=90)
    last = replace(lines[-1], time=lines[-1].time + timedelta(milliseconds=9))
    found = everything([*lines[:-1], between, last])
    assert sorted(len(o.entries) for o in found) == [1, len(PYTHON)]


def test_announced_by_a_log_line() -> None:
    """The stack that follows "it failed" belongs to it; what is logged next does not."""
    head = entry("[2026-01-31 10:00:00 +0000] [14] [ERROR] Exception in worker process", level=Level.ERROR, number=1)
    stack = entry("\n".join(PYTHON), timedelta(milliseconds=900), number=2, level=Level.ERROR)
    after = entry("[2026-01-31 10:00:01 +0000] [14] [ERROR] Shutting down", timedelta(seconds=1), number=3)
    found = everything([head, stack, after])
    assert [len(o.entries) for o in found] == [2, 1]


def test_structured_between() -> None:
    """A structured entry is an occurrence of its own, closed at once, and does not tear a message apart."""
    lines = pieces(PYTHON)
    between = entry("slow", lines[2].time - lines[0].time, number=99, structured=True)
    found = assemble([*lines, between])
    assert [o.text for o in found.closed] == ["slow"]
    assert [len(o.entries) for o in found.open] == [len(PYTHON)]


@pytest.mark.parametrize("form", [Form.REQUEST, Form.PLATFORM, Form.AUDIT])
def test_whole_forms(form: Form) -> None:
    """What the platform writes is never a piece of a message."""
    lines = [entry("first:", number=1, form=form), entry("  second", number=2, form=form)]
    assert len(assemble(lines).closed) == 2


def test_silence_ends_a_message() -> None:
    """More than five seconds of silence end a message, even in the middle of a traceback."""
    late = timedelta(seconds=5, microseconds=16)
    head, tail = pieces(PYTHON[:3]), pieces(PYTHON[3:], late, first=50)
    assert [len(o.entries) for o in everything([*head, *tail])] == [3, 3]


def test_lines_of_their_own() -> None:
    """Plain lines that follow each other quickly stay apart."""
    for level in (Level.DEFAULT, Level.ERROR):
        lines = [entry(f"job {n} done", timedelta(microseconds=10 * n), number=n, level=level) for n in range(20)]
        assert len(everything(lines)) == 20


def test_neighbours() -> None:
    """A plain line belongs to the log line before it only if both were written at once, and never hides its trouble."""
    head = entry("2026-01-31 10:00:00 INFO shop: started", level=Level.INFO, number=1)
    at_once, later = timedelta(microseconds=30), timedelta(milliseconds=1)
    assert len(everything([head, entry("version 7", at_once, number=2)])) == 1
    assert len(everything([head, entry("version 7", later, number=2)])) == 2
    assert len(everything([head, entry("seats failed", at_once, number=2, level=Level.ERROR)])) == 2


def test_open_for_a_minute() -> None:
    """A message stays open for a good minute after its last entry, measured by the newest entry there is."""
    old = pieces(PYTHON)
    newer = entry("tick", timedelta(seconds=60), number=500, instance="i2", structured=True)
    newest = entry("tick", timedelta(seconds=66), number=501, instance="i2", structured=True)
    assert len(assemble([*old, newer]).open) == 1
    assert not assemble([*old, newer, newest]).open


# ------------------------------------------------------------------------------------------------ bounds


def test_long_message() -> None:
    """Of a very long message all entries are members, but its text is bounded; sliced or not."""
    lines = ["Traceback (most recent call last):", *(f"  line {n}" for n in range(1_300))]
    entries = pieces(lines)
    (found,) = everything(entries)
    assert len(found.entries) == 1_301
    assert found.text.count("\n") == messages.TEXT_ENTRIES - 1
    assert fed([entries[:333], entries[333:800], entries[800:]]) == [found]


def test_wide_message() -> None:
    """Its text is bounded in characters, too."""
    (found,) = everything(pieces(["Failed to parse:", *["  " + "x" * 9_000] * 40]))
    assert len(found.text) == messages.TEXT


def test_endless_message() -> None:
    """Something that is indented for ever does not become one message for ever."""
    entries = [entry("  x", timedelta(milliseconds=20 * n), number=n) for n in range(messages.LONGEST + 10)]
    found = everything(entries)
    assert len(found) > 1
    assert fed([entries[:4_000], entries[4_000:]]) == found


def test_open_is_bounded() -> None:
    """However much is logged in a minute, only so much is kept open."""
    entries = [entry(f"n {n}", timedelta(microseconds=n * 500), number=n) for n in range(step.OPEN_ENTRIES + 5_000)]
    found = assemble(entries)
    assert sum(len(o.entries) for o in found.open) <= step.OPEN_ENTRIES
    assert max(o.last for o in found.closed) < min(o.first for o in found.open)
    assert len(found.closed) + len(found.open) == len(entries)


def test_odd_times() -> None:
    """The first and the last moment there is are times like others."""
    first = replace(entry("a", number=1), time=datetime.min.replace(tzinfo=UTC))
    last = replace(entry("b", number=2), time=datetime.max.replace(tzinfo=UTC))
    assert len(everything([first, last])) == 2
    assert len(everything([first])) == 1


def test_nothing() -> None:
    """No entries, no occurrences."""
    assert assemble([]) == Assembled((), ())


def test_query() -> None:
    """A heading that announces more takes the lines that come with it."""
    found = everything([*pieces(QUERY), entry("next job", timedelta(milliseconds=30), number=90)])
    assert [len(o.entries) for o in found] == [len(QUERY), 1]
