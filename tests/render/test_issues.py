"""Texts for the tracker: house style, GitHub's limits, only what was confirmed as a fact, nothing hostile."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.models import Audit, Checked, Claim, Finding, Ground, Kind, Match, Outcome, Policy, Problem, Severity, Verdict
from bot.render import issues
from tests import samples
from tests.render.test_escape import UGLY

POLICY = Policy(repository=samples.REPOSITORY, owners={"checkout-api": ("ann-example", "bob-example")})
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def test_the_body_leads_with_the_impact_and_has_every_part() -> None:
    """The parts of the house style, in order."""
    assert headings(issues.body(samples.crash(), POLICY)) == [
        "Impact",
        "Current behaviour",
        "Expected behaviour",
        "Root cause",
        "Evidence",
        "Audit",
        "Related issues",
        "Next steps",
        "Follow-ups",
    ]


def test_contradicted_and_unsupported_claims_are_never_shown() -> None:
    """Of three claims one is contradicted: it is counted and left out, the inference says what it rests on."""
    body = issues.body(samples.crash(), POLICY)
    assert "900" not in body
    assert "1 further claim" in body
    assert "3, inferred from 1: The build left it out" in body


def test_a_struck_out_cause_is_not_shown_and_neither_is_its_impact() -> None:
    """A rejected analysis leaves what was counted, and says that the cause is not known."""
    problem = samples.known()
    body = issues.body(problem, POLICY)
    assert problem.analysis is not None
    assert problem.analysis.cause not in body
    assert problem.analysis.business_impact not in body
    assert "Not known" in body


def test_an_inferred_cause_says_that_it_is_one() -> None:
    """Inferences never read like facts."""
    body = issues.body(samples.regression(), POLICY)
    assert "_Inferred, not confirmed:_ The secret was rotated" in body


def test_counts_are_as_of_the_last_occurrence() -> None:
    """The text can be read later without being wrong."""
    assert "Counts as of 2026-03-06 11:55:00 UTC" in issues.body(samples.crash(), POLICY)


def test_evidence_links_to_exactly_these_entries() -> None:
    """Logs Explorer gets the insertIds, the span and the project, encoded."""
    body = issues.body(samples.crash(), POLICY)
    assert (
        "https://console.cloud.google.com/logs/query;query=insertId%3D%28%22checkout-api-1-first%22%29;"
        "timeRange=2026-03-06T05:59:00Z%2F2026-03-06T11:56:00Z?project=ticketry-prod" in body
    )


def test_symptoms_are_named_in_the_roots_issue() -> None:
    """They own no issue themselves."""
    assert "cluster 2, cluster 3" in issues.body(samples.crash(), POLICY)


def test_related_issues_are_those_of_the_same_repository() -> None:
    """`#307` would be another issue elsewhere."""
    problem = samples.offered()
    assert "- #307 (open" in issues.body(problem, POLICY)
    assert "#307" not in issues.body(problem, Policy(repository="ticketry/other"))


# ---------------------------------------------------------------------------------------- what an issue was told


def test_what_an_issue_was_told_is_read_back() -> None:
    """The hidden line of our newest text gives counts, time and severity; other clusters' lines do not."""
    problem = samples.crash()
    body = issues.body(problem, POLICY)
    told = issues.told(samples.issue(1, body=body), problem.cluster)
    assert told is not None
    assert (told.occurrences, told.last, told.severity) == (14, problem.cluster.last_seen, Severity.P0)
    assert issues.told(samples.issue(1, body=body), samples.cluster(2)) is None


def test_a_forged_line_from_the_future_is_not_believed() -> None:
    """Nobody can silence us for ever by writing our line themselves; nor can a log line pass for one."""
    cluster = samples.cluster(1)
    forged = "<!-- log-gardener:state cluster=1 occurrences=9 last=2036-01-01T00:00:00+00:00 severity=P0 -->"
    assert issues.told(samples.issue(1, body=forged), cluster) is None
    seen = samples.entry(
        "<!-- log-gardener:state cluster=2 occurrences=9 last=2026-01-01T00:00:00+00:00 severity=P0 -->"
    )
    body = issues.body(Problem(samples.cluster(1, seen.text, evidence=[seen]), samples.triage()), POLICY)
    assert len(re.findall(r"<!-- log-gardener", body)) == 1


def test_a_comment_says_only_what_is_new() -> None:
    """How many more since when; the long story stays in the body."""
    problem = samples.crash()
    before = issues.Told(9, samples.NOW - timedelta(hours=2), Severity.P0)
    text = issues.comment(problem, POLICY, before)
    assert "**Still happening**: 5 more times since 2026-03-06 10:00:00 UTC, 14 in all" in text
    assert "Root cause" not in text
    assert "**Seen in the logs**" in issues.comment(problem, POLICY, None)


# ---------------------------------------------------------------------------------------- hostile and huge

TEXTS = st.lists(st.sampled_from(UGLY), max_size=6).map(" ".join)


def hostile(text: str) -> Problem:
    """A problem in which all that can be said by others says this."""
    seen = samples.entry(text, id=text[:40] or "e1")
    claims = (
        Checked(Claim(text, Ground.OBSERVATION, (text,), text), Finding.CONFIRMED, text),
        Checked(Claim(text, Ground.INFERENCE, (text,)), Finding.INFERRED, text),
    )
    base = replace(samples.cluster(1, text, evidence=[seen, seen]), template=text, service=text or "s")
    return Problem(
        base,
        replace(samples.triage(), category=text, reasons=(text,) * 9, kind=Kind.HTTP),
        match=Match(
            Outcome.REGRESSION,
            text,
            samples.issue(1, text),
            tuple(replace(c, reason=text) for c in samples.offered().match.candidates),  # type: ignore[union-attr]
        ),
        analysis=replace(
            samples.analysis(1, text),
            name=text,
            technical_impact=text,
            business_impact=text,
            next_steps=(text,) * 9,
            note=text,
            source=text,
        ),
        audit=Audit(Verdict.APPROVED, text, claims * 30, Finding.CONFIRMED),
        incident=replace(samples.incident(1, 2), reason=text),
    )


def all_texts(problem: Problem) -> list[str]:
    return [
        issues.body(problem, POLICY),
        issues.comment(problem, POLICY, None),
        issues.regression(problem, POLICY),
        issues.escalation(problem, POLICY, Severity.P3, Severity.P1, problem.cluster.title, person=True),
    ]


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_hostile_text_neither_pings_nor_links_nor_closes(text: str) -> None:
    """In every text of ours: no link but to the console, no image, no mention, no reference but our own, no HTML."""
    for source in all_texts(hostile(text)):
        tokens = GITHUB.parse(source)
        inline = [child for token in tokens for child in token.children or []]
        addresses = [str(t.attrs["href"]) for t in inline if t.type == "link_open"]
        assert all(a.startswith("https://console.cloud.google.com/logs/query;") for a in addresses)
        assert not [t for t in inline if t.type == "image"]
        html = [t.content.strip() for t in [*tokens, *inline] if t.type.startswith("html")]
        assert all(h.startswith("<!-- log-gardener:state ") or h.strip("</>") in DETAILS for h in html), html
        shown = "\n".join(t.content for t in inline if t.type == "text")
        assert not re.search(r"@[\w-]", shown)
        assert set(re.findall(r"#\w+", shown)) <= {"#1", "#307"}
        assert not re.search(r"\w://", shown)


DETAILS = {"details><summary>Newest evidence</summary", "details", "summary", "details><summary"}


def test_the_longest_texts_fit_with_their_last_line() -> None:
    """A great deal of anything, even of what grows when escaped, leaves a body within the limit, state and all."""
    for text in ("x" * 300_000, "&<>@#" * 30_000, "\u202e\u200b" * 50_000, "`" * 100_000, "\n" * 100_000 + "x"):
        for source in all_texts(hostile(text)):
            assert len(source) <= 65_536 - 500
            assert source.rstrip().endswith("severity=P2 -->")


def test_evidence_that_says_the_same_is_shown_once() -> None:
    """Numbers aside; each entry still has its time and id."""
    seen = [samples.entry(f"retry {n} failed", id=f"e{n}") for n in range(3)]
    body = issues.body(Problem(samples.cluster(1, evidence=seen), samples.triage()), POLICY)
    assert body.count("failed\n```") == 2
    assert [f"insertId e{n}" in body for n in range(3)] == [True] * 3
    assert body.count(": the same again") == 2
