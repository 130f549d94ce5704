"""The picture of the digest: the same in words, bounded, readable without its colours."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.models import Count, Problem, Report, Severity, Window
from bot.render import picture
from tests import samples
from tests.samples import NOW

COUNTS = st.dictionaries(st.sampled_from(list(Severity)), st.lists(st.integers(0, 10**7), min_size=24, max_size=24))


def report(counts: dict[Severity, list[int]], hours: int = 24) -> Report:
    problems = tuple(
        Problem(
            replace(
                samples.cluster(place),
                counts=tuple(
                    Count(NOW - timedelta(hours=h + 1), "production", "r", n, n) for h, n in enumerate(own) if n
                ),
            ),
            samples.triage(severity),
        )
        for place, (severity, own) in enumerate(counts.items(), 1)
    )
    return replace(samples.report(), problems=problems, window=Window(NOW - timedelta(hours=hours), NOW))


def test_each_occurrence_is_in_the_step_it_happened_in() -> None:
    """By severity; what lies outside of the window is left out; steps grow with the window."""
    chart = picture.charted(report({Severity.P1: [3, 0, 2] + [0] * 30 + [99]}))
    assert chart.counts == {Severity.P1: (*[0] * 21, 2, 0, 3)}
    assert chart.total == 5
    assert [len(picture.charted(report({}, hours)).sums) for hours in (24, 24 * 30)] == [0, 0]
    assert picture.charted(report({}, 24 * 30)).step == timedelta(days=1)


def test_words_say_what_the_picture_shows() -> None:
    """For screen readers."""
    words = picture.words(picture.charted(report({Severity.P0: [3] * 24, Severity.P3: [0, 40] + [0] * 22})))
    assert words.startswith("112 occurrences from 5 Mar 12:00 to 6 Mar 12:00 UTC: P0 72, P3 40.")
    assert "The most per hour was 43, at 6 Mar 10:00." in words
    assert "1 deployment: checkout-api at" in words
    assert "Nothing was seen" in picture.words(picture.charted(report({})))


@given(COUNTS)
@settings(max_examples=15, deadline=None)
def test_whatever_the_counts_the_picture_is_a_small_png(counts: dict[Severity, list[int]]) -> None:
    """The same counts give the same bytes."""
    chart = picture.charted(report(counts))
    drawn = picture.drawn(chart)
    image = Image.open(io.BytesIO(drawn))
    assert (image.format, image.size) == ("PNG", (picture.WIDTH, picture.HEIGHT))
    assert len(drawn) < 100_000
    assert picture.drawn(chart) == drawn


def light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [picture.WRITING, picture.MARK, *picture.COLOURS.values()])
def test_everything_stands_out_from_the_card(colour: str) -> None:
    """Writing as WCAG wants it (4.5 to 1), bars and marks, too."""
    assert (light(colour) + 0.05) / (light(picture.CARD) + 0.05) > 4.5 if colour == picture.WRITING else 4


def test_without_colours_severities_differ_by_pattern() -> None:
    """No two have the same one."""
    masks = []
    for severity in Severity:
        card = Image.new("RGB", (1, 1), picture.CARD).getpixel((0, 0))
        tile = picture._pattern(severity).crop((0, 0, 60, 60))
        masks.append(bytes(pixel == card for pixel in tile.get_flattened_data()))
    assert len(set(masks)) == len(Severity)
