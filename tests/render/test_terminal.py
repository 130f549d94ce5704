"""What people read in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.models import BadLine, Finding, Problem, Report, Severity
from bot.render.terminal import heading, show_checks, show_problem, show_report, show_table
from tests.samples import (
    NOW,
    audit,
    cluster,
    crash,
    hostile,
    incident,
    known,
    offered,
    problem,
    regression,
    report,
    triage,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
FRAMES = re.compile(r"[\u2500-\u257f]")


def page(found: Report, width: int = 80, *, color: bool = False) -> str:
    return show_report(found, width=width, color=color)


def detail(found: Problem, width: int = 80) -> str:
    return show_problem(found, now=NOW, width=width, color=False)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_plain_is_plain(width: int) -> None:
    """Without colour there is no escape sequence, no frame, no line wider than asked, no space at an end."""
    for text in (page(report(), width), detail(hostile(), width), detail(crash(), width)):
        assert "\x1b" not in text
        assert not FRAMES.search(text)
        for line in text.split("\n"):
            assert cell_len(line) <= width
            assert line == line.rstrip()


def test_colour_changes_no_word() -> None:
    """With colour the same words stand in the same places."""
    coloured = page(report(), color=True)
    assert "\x1b[" in coloured
    bare = "\n".join(line.rstrip() for line in ANSI.sub("", coloured).split("\n"))
    assert bare == page(report())


def test_the_surroundings_do_not_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same report is the same text, whatever the environment says."""
    before = page(report())
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert page(report()) == before


def test_the_first_lines_say_how_it_is() -> None:
    """Services, window, how far it was read, how many problems of which severity, what waits."""
    head = page(report(), 120).split("\n")[:3]
    assert "checkout-api, identity and seat-map" in head[0]
    assert "read up to 6 Mar 11:58" in head[0]
    assert "9 problems in 1,840 entries: 2 P0, 2 P1, 1 P2, 2 P3, 1 P4, 1 P5." in head[1]
    assert "3 proposals wait for approval." in head[1]


def test_worst_first_with_symptoms_under_their_root() -> None:
    """Sections by severity; the symptoms stand indented under the root and nowhere else."""
    text = page(report(), 120)
    places = [text.index(f"\n {severity} ") for severity in Severity]
    assert places == sorted(places)
    assert "\n   1 ModuleNotFoundError" in text
    assert "\n       2 P0 Container called exit(1). · checkout-api · 14×" in text
    assert text.count("Container called exit(1)") == 1


def test_an_incident_shows_as_many_symptoms_as_it_has() -> None:
    """Also one whose newest incident is another, which says where it stands; and one of another time says so, too."""
    one, other = incident(1, 3, 9, id=1), incident(2, 3, id=2)
    found = [problem(n, f"trouble {n}") for n in (1, 2, 3, 4)]
    episodes = (one, other, other, incident(1, 4, id=3))
    text = page(report(*(replace(p, incident=i) for p, i in zip(found, episodes, strict=True))), 120)
    first, _, second = text.partition("\n   2 ")
    assert "incident with 2 symptoms" in first
    assert "4 P2 (at another time) trouble 4" in first
    assert "3 P2 (see cluster 2) trouble 3" in first
    assert "and 1 more" in first
    assert "incident with 1 symptom," in second
    assert "3 P2 trouble 3" in second


def test_reasons_of_an_incident_are_whole_or_counted() -> None:
    """Of many reasons those that fit are shown whole, and how many more there are."""
    reasons = "; ".join(f"cluster {n}: 14 of 14 times within 2 s after cluster 1" for n in range(2, 9))
    found = replace(report(), incidents=(replace(incident(1, 2, 3), reason=reasons),))
    text = " ".join(page(found, 120).split())
    assert "cluster 3: 14 of 14 times within 2 s after cluster 1; and 5 more" in text


def test_a_cause_is_shown_with_its_worth() -> None:
    """Confirmed, inferred and pattern-based are said; a cause that was struck out is not shown."""
    text = page(report(), 160)
    assert "cause (confirmed, pattern-based): The image lacks a module" in text
    assert "cause (inferred, by claude-x): The secret was rotated" in text
    assert "Queries hold connections" not in text
    assert "none that may be shown: struck out" in text


def test_an_unaudited_cause_is_not_shown() -> None:
    """Without an audit nothing may be shown as a cause."""
    for checked in (None, replace(audit(), cause=Finding.UNSUPPORTED)):
        text = page(report(replace(crash(), audit=checked)))
        assert "The image lacks" not in text
        assert "The image lacks" not in detail(replace(crash(), audit=checked))


def test_what_to_type_next() -> None:
    """A proposal is approved in its thread; where there is none, one is asked for."""
    assert "/garden show 1" in page(report(crash()))
    assert "approve" in page(report(crash()))
    assert "next: /garden file cluster 6" in page(report(offered()))
    assert "#521, closed as completed; it is back, so a regression" in page(report(regression()), 160)
    assert "#889, open; proposal 19 would escalate #889" in page(report(known()), 160)


def test_hostile_text_is_shown_and_does_nothing() -> None:
    """Direction marks are named, control characters gone."""
    text = detail(hostile())
    assert "[U+202E]evil" in text
    assert not set(text) & {chr(n) for n in (*range(10), *range(11, 32), 127, 0x202E, 0x202C)}


@given(st.text(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_title_fits(words: str) -> None:
    """Whatever a log holds, the page keeps its width and holds no control character."""
    found = Problem(cluster(1, words or "x", service=words or "x"), triage(Severity.P2, reasons=(words,)))
    for text in (page(report(found), 60), detail(found, 60)):
        assert all(cell_len(line) <= 60 for line in text.split("\n"))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_many_problems_are_bounded() -> None:
    """Of a thousand nits a few are shown, and how many more there are; nothing urgent is ever left out."""
    nits = [problem(n, severity=Severity.P4) for n in range(1, 1001)]
    urgent = [problem(n, f"urgent {n}", Severity.P1) for n in range(2001, 2031)]
    text = page(report(*nits, *urgent))
    assert "and 994 more, in the worklog" in text
    assert all(f"urgent {n}" in text for n in range(2001, 2031))


def test_nothing_wrong_is_said_in_one_line() -> None:
    """Silence is stated, with what it was read from."""
    text = page(replace(report(), problems=(), incidents=(), notes=(), bad=(), bad_count=0))
    assert "No problem found in 1,840 entries." in text
    assert "read up to" in text


def test_the_footer_names_bad_lines_and_costs() -> None:
    """Lines that were skipped are named, notes are said, money is shown."""
    text = page(replace(report(), bad=(BadLine(3, "not JSON"),), bad_count=5), 120)
    assert "5 lines skipped that are no log entries" in text
    assert "line 3: not JSON" in text
    assert "and 4 more" in text
    assert "Spent $0.01 on 1 request to a model" in text
    assert "The tracker was not read: it does not answer." in text


def test_a_long_page_ends_with_where_to_start() -> None:
    """Who sees only the last lines of many learns the worst; a short page does not repeat itself."""
    assert page(report()).endswith("Start with cluster 1, P0: ModuleNotFoundError: No module named 'fees'")
    assert "Start with" not in page(report(crash()))


def test_one_problem_in_full() -> None:
    """Claims with their findings, next steps, issue, evidence."""
    text = detail(crash(), 120)
    for words in (
        "P0  cluster 1  ModuleNotFoundError",
        "verdict: approved, missing-module",
        "contradicted: It happened 900 times (14 occurrences, not 900)",
        "1. Add the module to the requirements",
        "proposal: proposal 17 would create an issue",
        '  File "/srv/checkout/main.py", line 7, in <module>',
    ):
        assert words in text


def test_tables_and_checks() -> None:
    """Columns stand under each other, figures to the right; a check is a line."""
    table = show_table(["what", "count"], [["one", "1"], ["two", "22"]], width=80, color=False, right=["count"])
    assert table.split("\n") == ["what  count", "one       1", "two      22"]
    checks = [SimpleNamespace(name="Database", mark="ok", words="It can be written.")]
    assert show_checks(checks, color=False) == "ok  Database  It can be written."
    assert heading("Hello\x1b[31m", width=80, color=False) == "Hello"
