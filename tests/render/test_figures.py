"""Titles with the figures of what was written, and with nothing that names somebody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masks import mask
from bot.models import Entry, Failure
from bot.render.figures import with_figures
from bot.steps.cluster.words import titled
from tests import samples
from tests.render.test_escape import UGLY

POOL = "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"


def shown(text: str, *, title: str = "", more: str = "") -> str:
    return with_figures(title or titled(mask(text)), [samples.entry(f"{more}{text}")])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (POOL, POOL),
        ("slow query took 812 ms, limit 250 ms", "slow query took 812 ms, limit 250 ms"),
        ("retrying in 3 seconds (attempt 2 of 5)", "retrying in 3 seconds (attempt 2 of 5)"),
        ("disk is 97% full", "disk is 97% full"),
        ("answer of 12 MB is too large", "answer of 12 MB is too large"),
        ("user 42 not found", "user <num> not found"),
        ("order #7 and ticket: 12 refused", "order #<num> and ticket: <num> refused"),
        ("call 555 123 456 back", "call <num> <num> <num> back"),
        ("pin 123 is wrong, cvv=321", "pin <num> is wrong, cvv=<num>"),
        ("no file /var/data/17/part", "no file /var/data/<num>/part"),
        ("balance 123456 is too low by 5", "balance <num> is too low by 5"),
        ("mail to jo@example.com failed after 3 tries", "mail to <email> failed after 3 tries"),
    ],
)
def test_what_counts_is_shown_and_what_names_is_not(text: str, title: str) -> None:
    """Pool sizes and times are of use; ids, codes, phone numbers and long figures stay masked."""
    assert shown(text) == title
    assert shown(text, more="[worker] WARN ") == title


def test_another_text_fills_nothing() -> None:
    """A merged cluster has the title of one of its signatures; the entries of the other do not spoil it."""
    title = "QueuePool limit of size <num> overflow <num> reached"
    other = samples.entry("pool of 7 is used up")
    assert with_figures(title, [other]) == title
    assert with_figures(title, [other, samples.entry(POOL)]) == "QueuePool limit of size 5 overflow 10 reached"


def test_the_name_of_a_function_in_front() -> None:
    """A handler's title begins with its function, which the text does not name."""
    entry = samples.entry("Error in session: 401: Not authenticated")
    assert with_figures("open_session: <num>: Not authenticated", [entry]) == "open_session: 401: Not authenticated"


def test_a_long_title_that_was_cut() -> None:
    """Cut anywhere, even inside a token."""
    text = f"worker gave up after 12 tries {'of a long story ' * 5}because 400 rows"
    assert shown(text).startswith("worker gave up after 12 tries")
    title = "worker gave up after <num> tries " + "of a long story " * 5 + "because <nu…"
    assert shown(text, title=title).startswith("worker gave up after 12 tries")


def test_the_message_of_an_exception() -> None:
    """Behind a traceback the message is not in the text's beginning."""
    failure = Failure("TimeoutError", "no answer within 30 s of 4 tries")
    entry = samples.entry("Traceback (most recent call last):\n ...", failure=failure)
    assert (
        with_figures("TimeoutError: no answer within <duration> of <num> tries", [entry])
        == "TimeoutError: no answer within 30 s of 4 tries"
    )


@given(st.lists(st.sampled_from(UGLY) | st.text(max_size=20) | st.sampled_from(["<num>", "5", " "]), max_size=9))
def test_whatever_was_masked_only_short_figures_come_back(parts: list[str]) -> None:
    """Any text: the title is as it was but for figures of three digits at most."""
    text = " ".join(parts)
    title = titled(mask(text))
    entry = Entry(id="e", key=1, time=samples.NOW, service="s", text=text)
    found = with_figures(title, [entry])
    assert mask(found).count("<") <= title.count("<") + 1
    assert len(found) <= len(title) + 3 * title.count("<")
