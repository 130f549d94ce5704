"""What the gardener wants to write, by what the tracker knows; and for which problems a round asks by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Refused
from bot.models import Act, Comment, Deployment, Issue, Kind, Match, Outcome, Policy, Problem, Severity
from bot.render import issues
from bot.steps.propose import Around, duplicate, escalate, propose, recovered, same, wanted
from tests import samples
from tests.samples import NOW, REPOSITORY

POLICY = Policy(repository=REPOSITORY, owners={"checkout-api": ("ann-example",)})


def known(issue: Issue, *, severity: Severity = Severity.P2, outcome: Outcome = Outcome.KNOWN) -> Problem:
    return replace(
        samples.problem(5, "QueuePool limit reached", severity), match=Match(outcome, "linked to it before", issue)
    )


def test_a_new_problem_becomes_an_issue_in_house_style() -> None:
    """Title, body, four labels, assignees, severity and the reason of the match."""
    draft = propose(samples.crash(), POLICY, NOW)
    assert (draft.act, draft.repository, draft.severity) == (Act.CREATE, REPOSITORY, Severity.P0)
    assert draft.title == "GCP-new | P0 | Missing Python module"
    assert draft.labels == ("P0", "bug", "area/checkout-api", "log-gardener")
    assert draft.assignees == ("ann-example",)
    assert draft.body.startswith("## Impact")
    assert draft.reason == "Nothing like it among 6 issues."


def test_the_same_problem_gives_the_same_text_whenever() -> None:
    """The text depends on what is known, not on when it is asked for."""
    assert propose(samples.crash(), POLICY, NOW) == propose(samples.crash(), POLICY, NOW + timedelta(hours=5))


def test_an_offer_becomes_an_issue_that_names_the_candidates() -> None:
    """A person may still pick one of them instead."""
    draft = propose(samples.offered(), POLICY, NOW)
    assert draft.act is Act.CREATE
    assert "#307" in draft.body


def test_expected_behaviour_is_not_filed_and_says_why() -> None:
    """Also on demand."""
    draft = propose(samples.expected(), POLICY, NOW)
    assert draft.act is Act.NOTHING
    assert "a browser asks for it by itself" in draft.reason


def test_a_symptom_is_not_filed_and_names_its_root() -> None:
    """It owns no issue."""
    draft = propose(samples.symptoms()[0], POLICY, NOW)
    assert draft.act is Act.NOTHING
    assert "cluster 1" in draft.reason


def test_a_symptom_that_has_its_own_issue_is_commented_there() -> None:
    """The mapping is a person's word."""
    symptom = replace(samples.symptoms()[0], match=Match(Outcome.KNOWN, "linked", samples.issue()))
    assert propose(symptom, POLICY, NOW).act is Act.COMMENT


def test_a_regression_reopens_with_a_comment() -> None:
    """Comment and reopening in one; the title and a person's severity stay."""
    draft = propose(samples.regression(), POLICY, NOW)
    assert (draft.act, draft.issue, draft.title, draft.labels) == (Act.REOPEN, 521, "", ())
    assert draft.comment.startswith("**Regression.** Closed as completed")


def test_a_regression_of_a_locked_issue_is_filed_anew_with_the_link() -> None:
    """Nobody can comment there."""
    problem = samples.regression()
    assert problem.match is not None
    assert problem.match.issue is not None
    locked = replace(problem.match, issue=replace(problem.match.issue, locked=True))
    draft = propose(replace(problem, match=locked), POLICY, NOW)
    assert draft.act is Act.CREATE
    assert "closed before as #521" in draft.body


def test_closed_as_not_planned_gets_a_comment_at_most() -> None:
    """Never reopened, never filed anew, however severe."""
    closed = samples.issue(state="closed", reason="not_planned", labels=("P4",))
    draft = propose(known(closed, severity=Severity.P0, outcome=Outcome.COMMENT_ONLY), POLICY, NOW)
    assert draft.act is Act.COMMENT


def test_known_and_not_seen_since_it_was_closed_is_nothing() -> None:
    """There is nothing to say."""
    assert propose(known(samples.issue(state="closed")), POLICY, NOW).act is Act.NOTHING


def test_a_locked_issue_is_only_linked() -> None:
    """Nothing is written there."""
    draft = propose(known(samples.issue(locked=True)), POLICY, NOW)
    assert draft.act is Act.LINK
    assert not draft.comment


def test_what_is_more_urgent_than_its_issue_says_is_an_escalation() -> None:
    """P3 by label, P1 by evidence."""
    draft = propose(known(samples.issue(889, "GCP-new | P3 | Name", labels=("P3",)), severity=Severity.P1), POLICY, NOW)
    assert (draft.act, draft.title, draft.labels) == (Act.ESCALATE, "GCP-new | P3 → P1 | Name", ("P1",))
    assert "12 occurrences in 6 h" in draft.comment


def test_what_is_less_urgent_than_its_issue_says_is_not_lowered() -> None:
    """People's severities are theirs."""
    assert propose(known(samples.issue(labels=("P0",))), POLICY, NOW).act is Act.COMMENT


# ---------------------------------------------------------------------------------------- said already


def told_on(problem: Problem, days_ago: int, occurrences: int) -> Issue:
    """The issue, with our comment of so many days ago."""
    ago = replace(
        problem.cluster, occurrences=occurrences, last_seen=problem.cluster.last_seen - timedelta(days=days_ago)
    )
    return replace(samples.issue(), comments=(issues.comment(replace(problem, cluster=ago), POLICY, None),))


def test_told_today_is_not_told_again() -> None:
    """Once a day is enough."""
    problem = known(samples.issue())
    draft = propose(known(told_on(problem, 0, 3)), POLICY, NOW)
    assert draft.act is Act.NOTHING
    assert "today already" in draft.reason


def test_told_yesterday_is_told_only_what_is_new() -> None:
    """The difference since then."""
    problem = known(samples.issue())
    draft = propose(known(told_on(problem, 1, 3)), POLICY, NOW)
    assert draft.act is Act.COMMENT
    assert "9 more times since 2026-03-05" in draft.comment


def test_nothing_new_is_nothing() -> None:
    """The same logs again and again write nothing more."""
    problem = known(samples.issue())
    assert propose(known(told_on(problem, 1, 12)), POLICY, NOW).act is Act.NOTHING


def test_told_today_but_worse_now_is_told() -> None:
    """A rise does not wait until tomorrow."""
    problem = known(samples.issue())
    draft = propose(known(told_on(problem, 0, 3), severity=Severity.P0), POLICY, NOW)
    assert draft.act is Act.COMMENT
    assert "Severity was P2, is now P0" in draft.comment


# ---------------------------------------------------------------------------------------- which ones


def test_a_round_asks_for_urgent_problems_worst_first() -> None:
    """Down to the team's line; no symptoms, nothing expected."""
    found = wanted(samples.report().problems, POLICY, baseline=False)
    assert [p.number for p in found] == [1, 4, 5]
    found = wanted(samples.report().problems, replace(POLICY, propose_down_to=Severity.P0), baseline=False)
    assert [p.number for p in found] == [1]


def test_the_first_round_asks_for_nothing() -> None:
    """A baseline, not a storm."""
    assert wanted(samples.report().problems, POLICY, baseline=True) == []


def test_what_people_ranked_high_is_told_there_however_it_looks() -> None:
    """Their severity on the open issue counts beside the evidence."""
    quiet = samples.problem(severity=Severity.P4)
    assert wanted([quiet], POLICY, baseline=False) == []
    for issue, told in (
        (samples.issue(labels=("P2",)), True),
        (samples.issue(labels=("P3",)), False),
        (samples.issue(labels=("P2",), state="closed", reason="completed"), False),
    ):
        known = replace(quiet, match=Match(Outcome.KNOWN, "linked", issue))
        assert wanted([known], POLICY, baseline=False) == ([known] if told else [])


def test_a_symptom_with_its_own_issue_is_asked_for() -> None:
    """It needs its own fix."""
    symptom = replace(samples.symptoms()[0], match=Match(Outcome.KNOWN, "linked", samples.issue()))
    assert wanted([symptom], POLICY, baseline=False) == [symptom]


def test_expected_by_the_cluster_or_by_the_triage_is_expected() -> None:
    """Either says so."""
    problem = samples.problem(1, "x", Severity.P0)
    by_cluster = replace(problem, cluster=replace(problem.cluster, kind=Kind.EXPECTED))
    by_triage = replace(problem, triage=replace(problem.triage, kind=Kind.EXPECTED))
    assert wanted([by_cluster, by_triage], POLICY, baseline=False) == []


# ---------------------------------------------------------------------------------------- escalate


def test_escalate_changes_title_and_label_and_says_why() -> None:
    """`/garden escalate 889 P1 payments are lost`."""
    issue = samples.issue(889, "GCP-new | P3 | Name", labels=("P3", "bug"))
    draft = escalate(issue, Severity.P1, "payments are lost", samples.known(), POLICY, "U1")
    assert (draft.act, draft.issue, draft.severity, draft.labels) == (Act.ESCALATE, 889, Severity.P1, ("P1",))
    assert draft.title == "GCP-new | P3 → P1 | Name"
    assert draft.comment.startswith("**Severity raised from P3 to P1** by a person: payments are lost")
    assert "Newest evidence" in draft.comment
    assert draft.reason == "#889 from P3 to P1: payments are lost."


def test_lowering_works_the_same_and_without_a_cluster() -> None:
    """An issue that no cluster belongs to has a severity, too."""
    draft = escalate(samples.issue(889, "Name", labels=("P1",)), Severity.P4, "", None, POLICY, "U1")
    assert draft.title == "P1 → P4 | Name"
    assert draft.comment.strip() == "**Severity lowered from P1 to P4** by a person"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"pull_request": True}, "pull request"),
        ({"state": "closed", "reason": "completed"}, "closed as completed"),
        ({"locked": True}, "locked"),
        ({"labels": ("P1",)}, "is P1 already"),
    ],
)
def test_escalate_refuses_with_words(more: dict[str, object], words: str) -> None:
    """Each refusal names the issue and the reason."""
    with pytest.raises(Refused, match=f"#889.*{words}"):
        escalate(samples.issue(889, "Name", **more), Severity.P1, "", None, POLICY, "U1")


# ---------------------------------------------------------------------------------------- again, the same, gone


def test_a_second_word_on_the_same_day_takes_the_place_of_the_first() -> None:
    """Only for a person: the gardener itself is silent till tomorrow. It says what is new since the word before."""
    day = NOW.replace(hour=3)
    problem = known(samples.issue())
    before = issues.comment(problem, POLICY, None)
    earlier = replace(problem, cluster=replace(problem.cluster, occurrences=5, last_seen=day))
    said = issues.comment(earlier, POLICY, None) + "\n<!-- log-gardener: cluster=5 proposal=p-1 -->"
    issue = samples.issue(comments=(said,))
    own = Comment(77, issue.number, said, "gardener", day, day)
    again = known(issue)
    assert propose(again, POLICY, NOW, Around(comments=(own,))).act is Act.NOTHING
    draft = propose(again, POLICY, NOW, Around(comments=(own,), asked=True))
    assert (draft.act, draft.amends) == (Act.COMMENT, 77)
    assert draft.comment == replace(draft, comment=issues.comment(again, POLICY, None)).comment
    assert before
    yesterday = replace(own, created_at=day - timedelta(days=1))
    assert propose(again, POLICY, NOW, Around(comments=(yesterday,), asked=True)).amends == 0


def test_a_persons_severity_is_only_changed_by_an_approval_that_says_so() -> None:
    """Who set P3 by hand is named in what is approved."""
    mine = samples.issue(889, "GCP-new | P3 | Name", labels=("P3",), severity_by="ann-example")
    draft = propose(known(mine, severity=Severity.P1), POLICY, NOW)
    assert "ann-example set P3 by hand" in draft.reason
    assert "ann-example set P3 by hand" in draft.comment


def test_a_persons_word_makes_it_that_issue() -> None:
    """Told there; where nobody can or should comment, only linked; a pull request is no issue."""
    problem = samples.problem(5, "QueuePool limit reached")
    told = same(problem, POLICY, samples.issue(889), NOW)
    assert (told.act, told.issue) == (Act.COMMENT, 889)
    for more in ({"locked": True}, {"state": "closed"}):
        assert same(problem, POLICY, samples.issue(889, **more), NOW).act is Act.LINK
    with pytest.raises(Refused, match="pull request"):
        same(problem, POLICY, samples.issue(889, pull_request=True), NOW)


def test_what_has_gone_quiet_is_told_once_and_never_closed() -> None:
    """After a week, or a day after a newer revision; not where the issue is closed, or was told already."""
    problem = known(samples.issue())
    later = problem.cluster.last_seen + timedelta(days=8)
    draft = recovered(problem, POLICY, [], later)
    assert draft is not None
    assert (draft.act, draft.severity, draft.labels) == (Act.COMMENT, None, ())
    assert "Not seen since 2026-03-06 11:55" in draft.comment
    assert recovered(problem, POLICY, [], later - timedelta(days=3)) is None
    newer = Deployment(
        problem.cluster.last_seen + timedelta(hours=1), "checkout-api", "production", "checkout-api-00050"
    )
    soon = recovered(problem, POLICY, [newer], later - timedelta(days=5))
    assert soon is not None
    assert "checkout-api-00050" in soon.comment
    assert recovered(problem, POLICY, [newer], newer.time + timedelta(hours=3)) is None
    assert recovered(known(samples.issue(comments=(draft.comment,))), POLICY, [], later) is None
    assert recovered(known(samples.issue(state="closed")), POLICY, [], later) is None


def test_what_was_closed_long_ago_is_filed_anew_with_the_link() -> None:
    """Who reads an issue that was done with months ago? Within two weeks it is opened again."""
    problem = samples.regression()
    assert problem.match is not None
    assert problem.match.issue is not None
    for days, act in ((10, Act.REOPEN), (20, Act.CREATE)):
        closed = replace(problem.match.issue, closed_at=NOW - timedelta(days=days))
        draft = propose(replace(problem, match=replace(problem.match, issue=closed)), POLICY, NOW)
        assert draft.act is act
    assert "closed before as #521" in draft.body


def test_the_issues_of_symptoms_are_named_in_the_roots() -> None:
    """So that GitHub links them to each other."""
    body = propose(samples.crash(), POLICY, NOW, Around(issues={2: 712})).body
    assert "cluster 2 (#712)" in body


@pytest.mark.parametrize("change", [{"state": "closed"}, {"locked": True}, {"repository": "other/place"}])
def test_a_duplicate_is_only_said_between_open_issues_of_one_repository(change: dict[str, Any]) -> None:
    """Elsewhere there is nothing to say, or nobody can."""
    one, other = samples.issue(5), samples.issue(7)
    draft = duplicate(other, one)
    assert draft is not None
    assert draft.comment.startswith("Duplicate of #5: ")
    assert duplicate(replace(other, **change), one) is None
