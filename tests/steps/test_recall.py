"""Templates that are remembered are those that would have been worked out."""

from __future__ import annotations

import os
import random
import re

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from bot.masks import MASKS, mask
from bot.steps.cluster.recall import recall
from bot.steps.cluster.runs import runs
from bot.steps.cluster.template import masked, whole

PIECES = (
    *(
        "took 12 ms",
        "status 404",
        "code: 503",
        "404 Not Found",
        "12 Not Found",
        "exit code 3",
        "0x1f",
        "4x10",
        "u0_a36",
    ),
    *("10.0.0.7:8080", "1.2.3.4", "1.2.3", "2026-03-02", "12:30:05.123", "2026-03-02T12:30:05Z", "5 minutes", "250ms"),
    *("3fa85f64", "deadbeef", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "12345678901234567890", "1e5", "12e300", "99%"),
    *("-00001-abc", "shop-api-00042-xyz", "sha256:0123456789abcdef", "s3", "utf8", "ipv4", "worker7", "a@b1.example"),
    *(
        "/srv/1/2",
        "/tmp/x-1",
        "?page=2",
        "?of=3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "/a?x=1&of=deadbeef",
        "1, 2, 3",
        "1.5kB",
        "[17]",
        "(8)",
        "x=9,",
        "#12",
        "'5'",
        "db-7.example.com",
        "[0]",
    ),
    *(
        "Mon, 02 Mar 2026 10:00:00",
        "Mar 2",
        "I0302 10:00:00",
        "2::1",
        "fe80::1:2",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "-1",
        "+7",
    ),
    *(
        "<num>",
        "it",
        "failed",
        "for",
        "exited",
        "signal 9",
        "Status",
        "é1",
        "\ud800 1",
        "",
        "1_000",
        "x_1",
        "1-2",
        "1/2",
    ),
)
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(" ".join)


def renumbered(text: str, rng: random.Random) -> str:
    """The text with other digits, and sometimes more or fewer of them."""

    def other(found: re.Match[str]) -> str:
        length = len(found[0]) if rng.random() < 0.6 else rng.randrange(1, 12)
        return "".join(rng.choices("0123456789", k=length))

    return re.sub(r"[0-9]+", other, text)


def check(texts: list[str], number: int) -> None:
    rng = random.Random(number)
    remembered = recall(masked, 500)
    for text in texts:
        for each in (text, *(renumbered(text, rng) for _ in range(12)), text):
            assert remembered(each) == masked(each), each


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6), st.integers(0, 10_000))
def test_what_is_remembered_is_what_would_be_worked_out(texts: list[str], number: int) -> None:
    """Whatever numbers a line has, and whichever of them were seen before."""
    check(texts, number)


@pytest.mark.campaign
@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=10_000, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6), st.integers(0, 1_000_000))
def test_what_is_remembered_is_what_would_be_worked_out_at_length(texts: list[str], number: int) -> None:
    """The same, thousands of times."""
    check(texts, number)


WORD = st.sampled_from(
    [
        *sorted({w for m in MASKS for w in re.findall(r"[A-Za-z]{2,}", m.expression)}),
        *("a", "was", "no", "not", "found:", "route", "cannot", "get", "with,", "code:", "apple,", "pear,", "7,", "12"),
        *("-5", "-", "(", "/srv/a.json", "/wp-admin", "s3", "k=1", "a:b:c", "user_17_x9", "'it", "said'", "deadbeef"),
    ]
)
LINE = st.lists(WORD | st.sampled_from(PIECES), min_size=1, max_size=8).map(" ".join)


def pieces_say_nothing_of_each_other(text: str) -> None:
    assert " ".join(runs(text)[0]) == text
    assert masked(text) == whole(text)


@settings(max_examples=1_000, deadline=None)
@given(LINE)
def test_a_line_is_worked_out_piece_by_piece_as_it_would_be_as_a_whole(text: str) -> None:
    """Whatever words stand between what varies: those that a mask knows, too."""
    pieces_say_nothing_of_each_other(text)


@pytest.mark.campaign
@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=10_000, deadline=None)
@given(LINE)
def test_a_line_is_worked_out_piece_by_piece_as_it_would_be_as_a_whole_at_length(text: str) -> None:
    """The same, thousands of times."""
    pieces_say_nothing_of_each_other(text)


@pytest.mark.parametrize("words", [25, 31, 32, 33, 60])
def test_long_lines_are_cut_at_the_same_place_however_they_are_worked_out(words: int) -> None:
    """By words and by characters."""
    for length in (2, 7, 12):
        text = " ".join(f"{'word' * 3:.{length}} {n}ms" for n in range(words // 2))
        pieces_say_nothing_of_each_other(text)


@settings(max_examples=300, deadline=None)
@given(TEXT | st.text(max_size=60))
def test_words_that_are_skipped_hide_nothing(text: str) -> None:
    """Skipping plain words saves time and changes no mask."""
    whole = re.compile("|".join(f"(?P<{m.name}>{m.expression})" for m in MASKS), re.ASCII)
    tokens = {m.name: m.token for m in MASKS}
    expected = whole.sub(lambda m: (m["stem"] or "") + (tokens[m.lastgroup or ""] or m[0]), text)
    assert mask(text) == expected


def test_numbers_alone_are_worked_out_once() -> None:
    """A thousand durations cost one look at the masks."""
    worked: list[str] = []

    def work(text: str) -> str:
        worked.append(text)
        return masked(text)

    remembered = recall(work)
    assert {remembered(f"took {n}ms for {n * 7} rows") for n in range(1_000)} == {"took <duration> for <num> rows"}
    assert len(worked) == 1


def test_what_is_remembered_is_bounded() -> None:
    """Lines that never come twice leave nothing behind for long."""
    remembered = recall(masked, 10)
    for n in range(1_000):
        remembered(f"{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]} said {n}")
    known = remembered.__closure__
    assert known
    assert max(len(cell.cell_contents) for cell in known if isinstance(cell.cell_contents, dict)) <= 10
