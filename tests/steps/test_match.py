"""Which issue a cluster belongs to, and what may be done with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evaluate.matching import Answer, matching
from bot.models import Cluster, Deployment, Kind, Match, Moment, Outcome, Policy
from bot.steps.match import match, referred, reordered, words
from bot.steps.match.likeness import MOST_WORDS
from tests import samples
from tests.render.test_escape import UGLY

FOLDER = Path(__file__).parent.parent / "cases" / "matching"
OUTCOMES = {"update": 40, "regression": 8, "comment": 8, "new": 25, "none": 5}
"""At least so many cases of each."""


@pytest.fixture(scope="module")
def answers() -> Sequence[Answer]:
    return matching(FOLDER / "cases.jsonl", FOLDER / "issues.jsonl", Policy()).answers


def judge(c: Cluster, **more: Any) -> Match:
    return match(c, **{"linked": None, "marked": None, "candidates": (), "incident": None, **more})


# ---------------------------------------------------------------------------------------- what people decided


def test_there_are_cases_of_every_outcome() -> None:
    """And none is there twice."""
    cases = [json.loads(line) for line in FOLDER.joinpath("cases.jsonl").read_text().splitlines()]
    assert len({c["name"] for c in cases}) == len(cases) >= 80
    found = Counter(c["expected"].partition(":")[0] for c in cases)
    assert {k: n for k, n in OUTCOMES.items() if found[k] < n} == {}


def test_what_is_linked_is_right_and_little_is_missed(answers: Sequence[Answer]) -> None:
    """No model was asked. What is unsure is offered, and that is no mistake."""
    updates = [a for a in answers if a.got.startswith("update")]
    owned = [a for a in answers if a.expected.startswith("update")]
    wrong = [(a.name, a.got, a.reason) for a in updates if not a.right]
    assert len(wrong) <= 0.02 * len(updates), wrong
    missed = [(a.name, a.got, a.reason) for a in owned if not a.right]
    assert len(missed) <= 0.05 * len(owned), missed


@pytest.mark.parametrize("kind", ["regression", "comment", "none"])
def test_how_an_issue_was_closed_is_heeded(answers: Sequence[Answer], kind: str) -> None:
    """A word of the team's is never mistaken for a regression, nor the other way round."""
    wrong = [(a.name, a.got, a.reason) for a in answers if a.expected.startswith(kind) and not a.right]
    assert [w for w in wrong if w[1] != "offer"] == []
    assert len(wrong) <= 1, wrong


def test_the_right_issue_is_among_the_first(answers: Sequence[Answer]) -> None:
    """Of the candidates, one of the first five is what a person would have picked; each answer says why."""
    owned = [a for a in answers if a.wanted and a.expected != "new"]
    assert sum(bool(a.wanted & set(a.candidates[:5])) for a in owned) >= 0.95 * len(owned)
    assert all(a.reason and len(a.candidates) >= 5 for a in answers)


# ---------------------------------------------------------------------------------------- the order


def test_the_mapping_wins_over_marker_and_likeness() -> None:
    """What people or an earlier filing decided is not decided again."""
    linked, marked = samples.issue(1, "linked"), samples.issue(2, "marked")
    found = judge(
        samples.cluster(1, "same words"), linked=linked, marked=marked, candidates=[samples.issue(3, "same words")]
    )
    assert (found.outcome, found.issue) == (Outcome.KNOWN, linked)
    found = judge(samples.cluster(1, "same words"), marked=marked, candidates=[samples.issue(3, "same words")])
    assert (found.outcome, found.issue) == (Outcome.KNOWN, marked)
    assert "marker" in found.reason


def test_a_symptom_that_is_linked_keeps_its_issue() -> None:
    """It needs its own fix, somebody said."""
    incident = samples.incident(2, 1)
    assert judge(samples.cluster(1), linked=samples.issue(), incident=incident).outcome is Outcome.KNOWN
    found = judge(samples.cluster(1), incident=incident)
    assert found.outcome is Outcome.SYMPTOM
    assert "cluster 2" in found.reason


def test_a_symptom_that_comes_alone_too_keeps_the_open_issue_that_is_about_it() -> None:
    """Not a closed one; not what only tells that something else failed, nor what only came with its root."""
    one, incident = samples.cluster(1, "QueuePool limit reached"), samples.incident(2, 1)
    about = samples.issue(7, "QueuePool limit reached")
    found = judge(one, candidates=[about], incident=incident, alone=True)
    assert (found.outcome, found.issue) == (Outcome.KNOWN, about)
    assert "comes without cluster 2" in found.reason
    assert judge(one, candidates=[about], incident=incident).outcome is Outcome.SYMPTOM
    closed = replace(about, state="closed", reason="completed", closed_at=samples.NOW)
    other = samples.issue(8, "The sign over the door is dark")
    for candidates in ([closed], [other], []):
        assert judge(one, candidates=candidates, incident=incident, alone=True).outcome is Outcome.SYMPTOM
    generic = replace(one, kind=Kind.PLATFORM)
    assert judge(generic, candidates=[about], incident=incident, alone=True).outcome is Outcome.SYMPTOM


def test_the_root_of_an_incident_is_matched_like_any_other() -> None:
    """Only the others are symptoms."""
    assert judge(samples.cluster(1), incident=samples.incident(1, 2)).outcome is Outcome.NEW


# ---------------------------------------------------------------------------------------- how it was closed

CLOSED = samples.issue(5, "closed one", state="closed", reason="completed", closed_at=samples.NOW - timedelta(hours=3))


def seen(*revisions: tuple[str, float], last: float = 0.1) -> Cluster:
    """A cluster whose revisions were each seen so many hours ago."""
    moments = tuple(Moment(samples.NOW - timedelta(hours=h), revision=name) for name, h in revisions)
    last_seen = samples.NOW - timedelta(hours=last)
    return replace(samples.cluster(1), counts=(), evidence=(), moments=moments, last_seen=last_seen)


def test_seen_on_a_newer_revision_is_a_regression_with_dates() -> None:
    """The reason has both dates and the revision."""
    found = judge(seen(("r1", 5), ("r2", 1)), linked=CLOSED)
    assert found.outcome is Outcome.REGRESSION
    assert "closed as completed on 2026-03-06 09:00 UTC" in found.reason
    assert "seen again on 2026-03-06 11:54 UTC on revision r2" in found.reason


def test_seen_only_on_the_old_revision_is_not_deployed_yet() -> None:
    """A fix that was merged and waits for its deployment is no regression."""
    found = judge(seen(("r1", 5), ("r1", 1)), linked=CLOSED)
    assert found.outcome is Outcome.COMMENT_ONLY
    assert "may not be deployed yet" in found.reason


def deployed(revision: str, hours: float, image: str = "") -> Deployment:
    return Deployment(samples.NOW - timedelta(hours=hours), "checkout-api", "production", revision, image)


MERGED = samples.issue(6, "the fix", state="closed", pull_request=True, merged_at=samples.NOW - timedelta(hours=3.5))


def test_a_revision_deployed_before_the_merge_has_no_fix() -> None:
    """Though it first showed the problem after the issue was closed; the reason names the pull request."""
    one, fixed = seen(("r2", 1)), replace(CLOSED, pull=6)
    found = judge(one, linked=fixed, related={6: MERGED}, deployments=[deployed("r2", 4), deployed("r3", 3.2)])
    assert found.outcome is Outcome.COMMENT_ONLY
    assert "only on r2" in found.reason
    assert "the fix (#6, merged on 2026-03-06 08:30 UTC) may not be deployed yet" in found.reason


def test_a_revision_deployed_after_the_merge_has_the_fix() -> None:
    """Though it showed the problem before the issue was closed: the fix does not help."""
    one, fixed = seen(("r3", 3.1), ("r3", 1)), replace(CLOSED, pull=6)
    assert judge(one, linked=fixed).outcome is Outcome.COMMENT_ONLY
    found = judge(one, linked=fixed, related={6: MERGED}, deployments=[deployed("r3", 3.2)])
    assert found.outcome is Outcome.REGRESSION
    assert "revision r3, which has the fix (#6, merged on" in found.reason


def test_the_image_says_which_revision_has_the_commit() -> None:
    """Merged long ago, deployed today; gone back to an older revision, that has it no more than before."""
    fixed = replace(CLOSED, commit="9f8e7d6c5b4a3f2e1d0c9f8e7d6c5b4a3f2e1d0c")
    history = [deployed("r2", 2.5), deployed("r3", 2, "eu.gcr.io/shop/checkout:9f8e7d6"), deployed("r2", 1.5)]
    without = judge(seen(("r2", 1)), linked=fixed, deployments=history)
    assert without.outcome is Outcome.COMMENT_ONLY
    assert "the fix (commit 9f8e7d6, first deployed on 2026-03-06 10:00 UTC) may not be deployed yet" in without.reason
    assert judge(seen(("r3", 1)), linked=fixed, deployments=history).outcome is Outcome.REGRESSION


def test_not_seen_since_it_was_closed_is_just_known() -> None:
    """Nothing is new."""
    found = judge(seen(("r1", 5), last=4), linked=CLOSED)
    assert found.outcome is Outcome.KNOWN
    assert "not seen since" in found.reason


def test_without_revisions_the_time_alone_decides() -> None:
    """Not every log names its revision."""
    assert judge(seen(("", 1)), linked=CLOSED).outcome is Outcome.REGRESSION


@pytest.mark.parametrize(
    "more",
    [
        {"reason": "not_planned"},
        {"labels": ("wontfix",)},
        {"labels": ("Won't Fix",)},
        {"comments": ("We will not fix this.", "thanks")},
        {"comments": ("This works as designed",)},
    ],
)
def test_the_teams_word_is_kept(more: dict[str, Any]) -> None:
    """Closed as not planned, by reason, label or comment: a comment at most, and it says whose word it was."""
    found = judge(seen(("r2", 1)), linked=replace(CLOSED, **more))
    assert found.outcome is Outcome.COMMENT_ONLY
    assert "a comment at most" in found.reason


def test_our_own_comment_is_not_the_teams_word() -> None:
    """A log line that says "won't fix" inside a comment of ours decides nothing."""
    ours = "evidence: won't fix\n\n<!-- log-gardener:state cluster=1 occurrences=3 last=x severity=P2 -->"
    assert judge(seen(("r2", 1)), linked=replace(CLOSED, comments=(ours,))).outcome is Outcome.REGRESSION


def test_a_duplicate_leads_to_the_issue_it_is_a_duplicate_of() -> None:
    """Where that is among the candidates; else a comment at most."""
    twin = samples.issue(3, "the first report")
    closed = replace(CLOSED, reason="duplicate", comments=("Duplicate of #3",))
    assert judge(seen(("r2", 1)), linked=closed, candidates=[twin]).issue == twin
    assert referred([closed, twin]) == {3}
    assert judge(seen(("r2", 1)), linked=closed, related={3: twin}).issue == twin
    assert judge(seen(("r2", 1)), linked=closed).outcome is Outcome.COMMENT_ONLY


# ---------------------------------------------------------------------------------------- likeness


def test_what_is_unsure_is_offered_with_scores_and_reasons() -> None:
    """Two issues that are equally like it: a person picks, best first."""
    alike = [samples.issue(n, f"QueuePool limit reached in the {where}") for n, where in ((1, "office"), (2, "shop"))]
    found = judge(samples.cluster(1, "QueuePool limit reached"), candidates=alike)
    assert found.outcome is Outcome.OFFER
    assert [c.issue.number for c in found.candidates] == [1, 2]
    assert "#1" in found.reason
    assert all(c.reason and 0 < c.score <= 1 for c in found.candidates)


def test_a_model_orders_what_is_offered_and_nothing_else() -> None:
    """It cannot add an issue, take one away, or turn what is new or known into something else."""
    alike = [samples.issue(n, f"QueuePool limit reached in the {where}") for n, where in ((1, "office"), (2, "shop"))]
    offered = judge(samples.cluster(1, "QueuePool limit reached"), candidates=alike)
    found = reordered(offered, [2, 99])
    assert [c.issue.number for c in found.candidates] == [2, 1]
    assert found.outcome is Outcome.OFFER
    assert found.reason.endswith("in the order of the model")
    assert "#99" not in found.reason
    assert reordered(offered, []) == reordered(offered, [1, 2]) == offered
    new = judge(samples.cluster(1, "nothing like it"), candidates=alike)
    assert reordered(new, [2, 1]) == new
    known = judge(samples.cluster(1, "QueuePool limit reached"), linked=alike[0])
    assert reordered(known, [2]) == known


def test_what_was_closed_nobody_knows_when_is_offered() -> None:
    """Words do not tell whether it is back."""
    closed = samples.issue(1, "QueuePool limit reached", state="closed")
    assert judge(samples.cluster(1, "QueuePool limit reached"), candidates=[closed]).outcome is Outcome.OFFER
    when = replace(closed, reason="completed", closed_at=samples.NOW - timedelta(days=3))
    assert judge(samples.cluster(1, "QueuePool limit reached"), candidates=[when]).outcome is Outcome.REGRESSION


def test_another_name_in_the_same_line_is_another_problem() -> None:
    """Unless the very line stands there, too, or what stands in that place varies."""
    line = "AccessDenied: PutObject on %s"
    issue = samples.issue(1, "Upload is denied", body=f"`{line % 'posters-eu'}` since the new policy")
    one = samples.cluster(1, line % "exports-us")
    assert judge(one, candidates=[issue]).outcome is not Outcome.KNOWN
    assert judge(samples.cluster(1, line % "<word>"), candidates=[issue]).outcome is Outcome.KNOWN
    both = replace(issue, body=f"{issue.body}, and `{line % 'exports-us'}`")
    assert judge(one, candidates=[both]).outcome is Outcome.KNOWN


def logged(text: str, service: str = "shop-api", **more: Any) -> Cluster:
    """A cluster of what one line says, as a round would make it."""
    one = samples.cluster(1, text, service=service)
    return replace(one, signatures=(replace(one.signature, **more),))


@pytest.mark.parametrize(
    ("text", "more", "body", "known"),
    [
        ("socket closed with code 1009", {}, "`socket closed with code 1006` again", False),
        ("socket closed with code 1006", {}, "`socket closed with code 1006` again", True),
        ("broker refused, reason code 0x87", {}, "broker refused, reason code 0x97 at night", False),
        (
            "LimitHit: 429 from api.one.example",
            {"exception": "LimitHit"},
            "`LimitHit: 429 from api.two.example`",
            False,
        ),
        ("LimitHit: 429 from api.one.example", {"exception": "LimitHit"}, "`LimitHit: 429 from api.one.example`", True),
        ("TokenBad: no key", {"exception": "TokenBad"}, "shop-api says `TokenBad: it is malformed`", False),
        ("POST /orders 409", {"method": "POST", "route": "/orders", "status": 409}, "POST /orders answers 504", False),
        ("POST /orders 504", {"method": "POST", "route": "/orders", "status": 504}, "POST /orders answers 504", True),
    ],
)
def test_codes_hosts_messages_and_statuses_decide(text: str, more: dict[str, Any], body: str, known: bool) -> None:
    """However many words are the same."""
    found = judge(logged(text, **more), candidates=[samples.issue(1, "Customers complain", body=body)])
    assert (found.outcome is Outcome.KNOWN) is known, found.reason


@pytest.mark.parametrize(
    "body",
    [
        "in orders/forms.py fill_draft()",
        "orders.forms.fill_draft breaks",
        "seen in fill_draft of forms.py",
        "orders/forms.ts:88 fillDraft",
        "Forms.fillDraft",
    ],
)
def test_a_place_in_the_code_is_known_however_it_is_written(body: str) -> None:
    """Together with a message that says nothing by itself."""
    one = logged("ValueError: list index out of range", exception="ValueError", site="orders.forms:fill_draft")
    issue = samples.issue(1, "Drafts are lost", body=f"list index out of range {body}")
    assert judge(one, candidates=[issue]).outcome is Outcome.KNOWN
    elsewhere = samples.issue(1, "Drafts are lost", body="list index out of range in billing/tax.py round_up()")
    assert judge(one, candidates=[elsewhere]).outcome is not Outcome.KNOWN


def test_an_issue_about_another_service_is_not_taken() -> None:
    """Where it names one that is known, and not this one; the reason says so."""
    one = logged("cannot open the ledger, it is locked")
    issue = samples.issue(1, "Locked", body="mill-api: cannot open the ledger, it is locked")
    assert judge(one, candidates=[issue]).outcome is Outcome.KNOWN
    found = judge(one, candidates=[issue], services=["shop-api", "mill-api"])
    assert found.outcome is Outcome.OFFER
    assert "but another service" in found.reason


def test_words_alone_are_not_enough_where_an_issue_tells_more() -> None:
    """Of an issue that is a title only, they may be."""
    one = logged("courier webhook for parcels was refused")
    issue = samples.issue(1, "Parcels: a webhook by courier")
    assert judge(one, candidates=[issue]).outcome is Outcome.KNOWN
    wish = replace(issue, body="As a shop I want to hear of it when a photo was uploaded, with all that belongs to it.")
    assert judge(one, candidates=[wish]).outcome is Outcome.OFFER


def test_a_duplicate_is_no_rival_of_its_original() -> None:
    """What it says counts for the original, which is taken."""
    original = samples.issue(3, "Statistics are broken", body="Since Monday nobody sees any figures.")
    twin = samples.issue(4, "pq: relation visits is missing", state="closed", reason="duplicate")
    twin = replace(twin, comments=("Duplicate of #3",))
    one = logged("pq: relation visits is missing")
    assert judge(one, candidates=[twin, original]).issue == original
    found = judge(one, candidates=[twin], related={3: original})
    assert (found.issue, [c.issue.number for c in found.candidates]) == (original, [3])


def test_pull_requests_are_no_issues() -> None:
    """However alike."""
    pull = samples.issue(1, "QueuePool limit reached", pull_request=True)
    assert judge(samples.cluster(1, "QueuePool limit reached"), candidates=[pull]).outcome is Outcome.NEW


def test_open_comes_before_closed_of_the_same_score() -> None:
    """The living issue is the better guess."""
    alike = [
        samples.issue(1, "QueuePool limit reached", state="closed", reason="completed"),
        samples.issue(2, "QueuePool limit reached"),
    ]
    assert judge(samples.cluster(1, "QueuePool limit reached"), candidates=alike).candidates[0].issue.number == 2


def test_words_are_few_and_the_telling_ones_first() -> None:
    """Exception and site come before filler; masks, ids and stop words are not there."""
    title = "QueuePool limit of size <n> overflow <n> reached, connection timed out"
    one = samples.cluster(1, title)
    one = replace(one, signatures=(replace(one.signature, site="checkout.db.session"),))
    found = words(one).split()
    assert len(found) <= MOST_WORDS
    assert {"queuepool", "overflow", "session"} <= set(found)
    assert not {"of", "n", "the"} & set(found)


def test_ids_are_not_words() -> None:
    """What names one request, commit or user finds nothing but itself."""
    text = "order 3f2a8c1e-77aa-4c0e-9d3b-0a1b2c3d4e5f of build 9f8e7d6c5b refused"
    assert words(samples.cluster(1, text, service="shop")).split() == ["build", "order", "refused", "shop"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(UGLY) | st.text(max_size=20), max_size=5).map(" ".join))
def test_any_text_can_be_matched(text: str) -> None:
    """Hostile and huge text neither fails nor takes long, on either side."""
    c = replace(samples.cluster(1, text), template=text * 50, service=text)
    issue = samples.issue(1, text, body=text * 50, comments=(text,) * 3, labels=(text,))
    found = judge(c, candidates=[issue, samples.issue(2, "another")])
    assert found.reason
    assert len(words(c).split()) <= MOST_WORDS
