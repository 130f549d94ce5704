"""Who may decide, in which state, for which text, until when; and what the words of an approval change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Policy, Proposal, Severity, Stage
from bot.steps.approve import approve
from bot.steps.propose import escalate, propose
from tests import samples
from tests.samples import NOW

POLICY = Policy(repository=samples.REPOSITORY, approvers=frozenset({"U1", "S1"}))
NOBODY: frozenset[str] = frozenset()


def decision(verb: str = "approve", words: str = "", **more: object) -> Decision:
    return replace(Decision(17, verb, "U1", NOW, "d1", "Ev1", words), **more)  # type: ignore[arg-type]  # any field


def decide(
    proposal: Proposal | None = None,
    made: Decision | None = None,
    policy: Policy = POLICY,
    groups: frozenset[str] = NOBODY,
) -> Draft | None:
    return approve(proposal or samples.proposal(), made or decision(), policy, groups)


def test_an_approver_approves_the_text_that_was_shown() -> None:
    """Nothing changes in it."""
    assert decide() is None


def test_a_member_of_an_approving_group_may_too() -> None:
    """The list has user ids and group ids."""
    assert decide(made=decision(who="U7"), groups=frozenset({"S1"})) is None


@pytest.mark.parametrize("verb", ["approve", "reject", "later"])
def test_others_may_not(verb: str) -> None:
    """No word in a proposal's thread is for them."""
    with pytest.raises(Refused, match="not on the list"):
        decide(made=decision(verb, who="U7"), groups=frozenset({"S2"}))


@pytest.mark.parametrize("verb", ["approve", "reject", "later"])
def test_with_an_empty_list_nobody_may_and_it_says_what_to_set(verb: str) -> None:
    """Silence is not consent."""
    with pytest.raises(Refused, match="GARDEN_APPROVERS=U"):
        decide(made=decision(verb), policy=Policy(), groups=frozenset({"", "S1"}))


def test_an_empty_id_is_nobody() -> None:
    """A delivery without a user approves nothing."""
    with pytest.raises(Refused):
        decide(made=decision(who=""))


def test_self_approval_is_the_teams_choice() -> None:
    """Where the team wants a second person, the asker is not it; rejecting one's own is fine."""
    own = replace(samples.proposal(), made_by="U1")
    assert decide(own) is None
    strict = replace(POLICY, self_approval=False)
    with pytest.raises(Refused, match="second person"):
        decide(own, policy=strict)
    assert decide(own, decision("reject"), strict) is None


def test_there_has_to_be_such_a_proposal() -> None:
    """It names the number."""
    with pytest.raises(Refused, match="no proposal 17"):
        approve(None, decision(), POLICY, NOBODY)


@pytest.mark.parametrize("digest", ["d2", ""])
def test_another_text_is_not_approved(digest: str) -> None:
    """An approval is bound to exactly what was shown."""
    with pytest.raises(Refused, match="not the one that you were shown"):
        decide(made=decision(digest=digest))


def test_an_approval_comes_in_time() -> None:
    """At the moment of expiry it is over, whatever the stage says."""
    expires = samples.proposal().expires_at
    assert decide(made=decision(at=expires - timedelta(seconds=1))) is None
    with pytest.raises(Refused, match="expired on 2026-03-13"):
        decide(made=decision(at=expires))


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage.APPROVED, "approved already"),
        (Stage.FILING, "is being filed"),
        (Stage.FILED, "filed already as #31. https://github.com/x"),
        (Stage.REJECTED, "rejected: not now"),
        (Stage.SUPERSEDED, "replaced"),
        (Stage.EXPIRED, "expired"),
        (Stage.FAILED, "could not be filed: not now"),
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_what_happened_meanwhile_is_said(stage: Stage, words: str, verb: str) -> None:
    """One use: every other state refuses, and says which it is."""
    made = replace(samples.proposal(stage=stage), note="not now", issue=31, url="https://github.com/x")
    with pytest.raises(Refused, match=words):
        decide(made, decision(verb))


# ---------------------------------------------------------------------------------------- words


def real(severity: Severity = Severity.P2) -> Proposal:
    problem = replace(samples.crash(), triage=replace(samples.crash().triage, severity=severity))
    return samples.proposal(drafted=propose(problem, POLICY, NOW))


@pytest.mark.parametrize("words", ["P1", "p1", " P1 "])
def test_approve_with_a_severity_changes_it_everywhere(words: str) -> None:
    """Title, label, the body's line, the hidden line: all say what the approver said."""
    before = real().draft
    draft = decide(real(), decision(words=words))
    assert draft is not None
    assert draft.title == "GCP-new | P1 | Missing Python module"
    assert draft.labels == ("P1", *before.labels[1:])
    assert draft.severity is Severity.P1
    assert "**Severity P1**, set by a person on approval; computed was P2: crash loop" in draft.body
    assert "severity=P1 -->" in draft.body
    assert len(draft.body.splitlines()) == len(before.body.splitlines())


def test_approve_with_the_same_severity_changes_nothing() -> None:
    """It is the text that was shown."""
    assert decide(real(), decision(words="P2")) is None


def test_approve_with_a_severity_on_an_escalation() -> None:
    """From P3 to P1 was proposed, P2 is what the approver wants."""
    issue = samples.issue(889, "GCP-new | P3 | Name", labels=("P3",))
    made = samples.proposal(drafted=escalate(issue, Severity.P1, "why", samples.known(), POLICY, ""))
    draft = decide(made, decision(words="P2"))
    assert draft is not None
    assert (draft.title, draft.labels, draft.severity) == ("GCP-new | P3 → P2 | Name", ("P2",), Severity.P2)
    assert draft.comment.startswith("**Severity raised from P3 to P2**, set by a person on approval: why")


def test_approve_with_a_severity_on_a_comment_says_what_to_do_instead() -> None:
    """A comment changes no severity."""
    made = samples.proposal(drafted=Draft(Act.COMMENT, samples.REPOSITORY, comment="x", issue=889))
    with pytest.raises(Refused, match="/garden escalate 889 P1"):
        decide(made, decision(words="P1"))


def test_approve_as_replaces_the_title_harmlessly() -> None:
    """The approver's own words, in one line, within the limit."""
    draft = decide(real(), decision(words="as  Fees are missing\n@everyone fixes #1 " + "x" * 300))
    assert draft is not None
    assert draft.title.startswith("Fees are missing @")
    assert "@everyone" not in draft.title
    assert "\n" not in draft.title
    assert len(draft.title) <= 256
    assert draft.body == real().draft.body


def test_approve_as_on_an_existing_issue_is_refused() -> None:
    """Its title is not ours to replace."""
    made = samples.proposal(drafted=Draft(Act.COMMENT, samples.REPOSITORY, comment="x", issue=889))
    with pytest.raises(Refused, match="#889"):
        decide(made, decision(words="as Another"))


@pytest.mark.parametrize("words", ["P7", "as", "later", "yes but no", "P1 P2"])
def test_other_words_are_not_an_approval(words: str) -> None:
    """Whoever says more than we understand has not approved."""
    with pytest.raises(Refused, match="not understood"):
        decide(real(), decision(words=words))


@pytest.mark.parametrize("words", ["", "2h", "90 min", "1d", "3 days"])
def test_later_takes_a_span(words: str) -> None:
    """It changes no text."""
    assert decide(made=decision("later", words, digest="")) is None


def test_later_with_something_else_says_what_to_say() -> None:
    """An example helps."""
    with pytest.raises(Refused, match="later 2h"):
        decide(made=decision("later", "when pigs fly"))


def test_reject_needs_no_digest_and_takes_any_words() -> None:
    """A no is a no to whatever the text is."""
    assert decide(made=decision("reject", "because <it> is `fine`", digest="")) is None


def test_an_unknown_verb_is_refused() -> None:
    """With the list of what can be said."""
    with pytest.raises(Refused, match="approve as"):
        decide(made=decision("explode"))


@pytest.mark.parametrize("stage", [Stage.EXPIRED, Stage.REJECTED, Stage.FAILED])
@pytest.mark.parametrize(
    ("cluster", "act", "words"),
    [
        (3, Act.CREATE, "`/garden file cluster 3` makes a new one"),
        (0, Act.CREATE, "“File this as an issue”, in the menu of the message"),
        (0, Act.ESCALATE, "`/garden escalate 889 P0` makes a new one"),
        (0, Act.COMMENT, "can be written on #889 by hand"),
    ],
)
def test_what_is_over_says_how_to_get_it_anew(stage: Stage, cluster: int, act: Act, words: str) -> None:
    """Also where the proposal is of no cluster: then there is none to name."""
    over = samples.proposal(cluster, samples.draft(act, number=0 if act is Act.CREATE else 889), stage)
    with pytest.raises(Refused) as caught:
        decide(over)
    assert words in caught.value.user_message
    assert "cluster 0" not in caught.value.user_message
