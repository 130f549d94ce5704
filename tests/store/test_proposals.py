"""A proposal is frozen, decided once, filed once, and tells what happened to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Refused
from bot.models import Act, Decision, Draft, Issue, Proposal, Severity, Stage
from store import Store
from tests.store.making import START, at, draft, plant

WEEK = timedelta(days=7)
LEASE = timedelta(minutes=2)
ISSUE = Issue("acme/shop", 41, "GCP-new | P1 | checkout fails", url="https://tracker.example/41")


@pytest.fixture
def planted(store: Store) -> Store:
    plant(store, "a", "b")
    return store


def propose(store: Store, made: Draft | None = None, cluster: int = 1, who: str = "gardener") -> Proposal:
    return store.proposals.add(cluster, made or draft(), who, START, WEEK, at(-5))


def say(store: Store, proposal: Proposal, verb: str = "approve", who: str = "U1", **fields: object) -> Proposal:
    given: dict[str, object] = {"at": at(60), "digest": proposal.digest} | fields
    return store.proposals.decide(Decision(proposal.id, verb, who, **given))  # type: ignore[arg-type]


def approved(store: Store) -> Proposal:
    return say(store, propose(store))


def claimed(store: Store, worker: str = "w1") -> Proposal:
    found = store.proposals.claim(approved(store).id, worker, at(70), LEASE)
    assert found is not None
    return found


def verbs(store: Store, number: int) -> list[str]:
    return [e.verb for e in reversed(store.history.latest(f"proposal {number}"))]


def test_a_draft_is_frozen_with_marker_and_digest(planted: Store) -> None:
    """The marker is one hidden comment that names the cluster and cannot be guessed."""
    one, two = propose(planted), propose(planted, cluster=2)
    assert (one.stage, one.draft, one.cluster) == (Stage.OPEN, draft(), 1)
    assert (one.made_at, one.expires_at, one.as_of, one.made_by) == (START, START + WEEK, at(-5), "gardener")
    assert one.marker.startswith("<!-- log-gardener: cluster=1 ")
    assert one.marker.endswith(" -->")
    assert "--" not in one.marker[4:-3]
    assert one.digest == two.digest
    assert one.marker.split("proposal=")[1] != two.marker.split("proposal=")[1]
    assert planted.proposals.get(1) == planted.proposals.open(1) == one


def test_figures_that_grew_do_not_ask_again(planted: Store) -> None:
    """Equal but for the words is equal: the one that was shown comes back as it was."""
    first = propose(planted)
    assert propose(planted, draft(body="It fails 12 times.")) == first
    assert propose(planted, draft(title="GCP-active-dev | P1 | checkout fails", reason="score 0.53")) == first


@pytest.mark.parametrize(
    "change",
    [
        {"severity": Severity.P0},
        {"cause": "another cause"},
        {"act": Act.COMMENT, "issue": 7},
        {"issue": 8},
    ],
)
def test_what_matters_supersedes(planted: Store, change: dict[str, object]) -> None:
    """Another act, issue, severity or cause replaces the open proposal, and both say so."""
    first = propose(planted)
    second = propose(planted, draft(**change))
    assert second.id != first.id
    assert planted.proposals.open(1) == second
    with pytest.raises(Refused, match=f"replaced by proposal {second.id}"):
        say(planted, first)
    assert verbs(planted, first.id) == ["proposed", "superseded"]
    before = planted.proposals.get(first.id)
    assert before is not None
    assert before.note
    assert second.note == f"replaces proposal {first.id}: {before.note}"


def test_a_decision_is_taken_once(planted: Store) -> None:
    """Whoever comes second is told who was first, and when."""
    proposal = propose(planted)
    assert say(planted, proposal).stage is Stage.APPROVED
    with pytest.raises(Refused, match="U1 approved it on 2026-03-02 at 10:01 UTC"):
        say(planted, proposal, "reject", who="U2")
    assert verbs(planted, proposal.id) == ["proposed", "approve"]


def test_a_rejection_keeps_its_words(planted: Store) -> None:
    """Why somebody said no is kept with the proposal."""
    rejected = say(planted, propose(planted), "reject", words="it is the test bench")
    assert (rejected.stage, rejected.note) == (Stage.REJECTED, "it is the test bench")
    assert planted.history.latest(limit=1)[0].detail == "it is the test bench"


def test_the_gardener_does_not_ask_again_what_was_rejected(planted: Store) -> None:
    """A person may ask for it again; so may the gardener, if something changed."""
    rejected = say(planted, propose(planted), "reject")
    assert propose(planted) == rejected
    assert propose(planted, draft(severity=Severity.P0)).stage is Stage.OPEN
    assert propose(planted, who="U2").stage is Stage.OPEN


def test_later_leaves_it_open(planted: Store) -> None:
    """`later` is on record and decides nothing."""
    proposal = propose(planted)
    assert say(planted, proposal, "later").stage is Stage.OPEN
    assert say(planted, proposal).stage is Stage.APPROVED


def test_the_same_delivery_is_one_decision(planted: Store) -> None:
    """A redelivered click changes nothing and is not refused."""
    proposal = propose(planted)
    first = say(planted, proposal, via="Ev1")
    assert say(planted, proposal, via="Ev1") == first
    assert verbs(planted, proposal.id) == ["proposed", "approve"]


def test_only_the_text_that_was_shown_is_approved(planted: Store) -> None:
    """A digest of another text is refused, and so is what expired, and what never was."""
    proposal = propose(planted)
    with pytest.raises(Refused, match="has changed since you saw it"):
        say(planted, proposal, digest="0" * 64)
    with pytest.raises(Refused, match="expired on 2026-03-09 at 10:00 UTC"):
        say(planted, proposal, at=START + WEEK)
    with pytest.raises(Refused, match="no proposal 99"):
        planted.proposals.decide(Decision(99, "approve", "U1", at(1)))
    with pytest.raises(Refused, match="answered with"):
        say(planted, proposal, "maybe")
    assert planted.proposals.get(proposal.id) == proposal


def test_an_approval_may_change_the_text(planted: Store) -> None:
    """`approve P0` records the text that results, with a digest of its own."""
    proposal = propose(planted)
    changed = draft("GCP-new | P0 | checkout fails", severity=Severity.P0)
    decision = Decision(proposal.id, "approve", "U1", at(1), proposal.digest)
    after = planted.proposals.decide(decision, changed)
    assert after.draft == changed
    assert after.digest != proposal.digest


def test_one_worker_files_it(planted: Store) -> None:
    """A claim has one winner; finishing links the cluster and mirrors the issue."""
    proposal = approved(planted)
    assert planted.proposals.due(at(61)) == [proposal.id]
    won = planted.proposals.claim(proposal.id, "w1", at(70), LEASE)
    assert won is not None
    assert won.stage is Stage.FILING
    assert planted.proposals.claim(proposal.id, "w2", at(80), LEASE) is None
    assert planted.proposals.due(at(80)) == []
    filed = planted.proposals.finish(proposal.id, "w1", ISSUE, at(90))
    assert (filed.stage, filed.issue, filed.url) == (Stage.FILED, 41, ISSUE.url)
    assert planted.issues.linked(1) == planted.issues.get("acme/shop", 41) == ISSUE
    assert planted.proposals.finish(proposal.id, "w1", ISSUE, at(95)) == filed
    assert planted.proposals.claim(proposal.id, "w2", at(900), LEASE) is None
    assert verbs(planted, proposal.id) == ["proposed", "approve", "filing", "filed"]
    with pytest.raises(Refused, match="filed as #41"):
        say(planted, proposal)


def test_a_claim_that_ran_out_is_taken_over(planted: Store) -> None:
    """Then the first worker may neither finish nor release; nobody may before a claim."""
    proposal = claimed(planted)
    over = at(70) + LEASE
    assert planted.proposals.due(over) == [proposal.id]
    assert planted.proposals.claim(proposal.id, "w2", over, LEASE) is not None
    with pytest.raises(Refused, match="filed by w2"):
        planted.proposals.finish(proposal.id, "w1", ISSUE, over)
    with pytest.raises(Refused, match="filed by w2"):
        planted.proposals.release(proposal.id, "w1", "gone", over, final=True)
    assert planted.proposals.finish(proposal.id, "w2", ISSUE, over).stage is Stage.FILED


def test_a_release_is_tried_again_or_final(planted: Store) -> None:
    """What failed for now is due again, with the reason; what failed for good is not."""
    proposal = claimed(planted)
    back = planted.proposals.release(proposal.id, "w1", "GitHub does not answer", at(80), final=False)
    assert (back.stage, back.note) == (Stage.APPROVED, "GitHub does not answer")
    assert planted.proposals.due(at(110)) == [proposal.id]
    assert planted.proposals.claim(proposal.id, "w1", at(111), LEASE) is not None
    failed = planted.proposals.release(proposal.id, "w1", "no permission", at(112), final=True)
    assert (failed.stage, failed.note) == (Stage.FAILED, "no permission")
    assert planted.proposals.due(at(9000)) == []
    with pytest.raises(Refused, match="not being filed"):
        planted.proposals.finish(proposal.id, "w1", ISSUE, at(84))


def test_what_is_being_filed_is_not_proposed_again(planted: Store) -> None:
    """A cluster that is about to get an issue does not get a second one."""
    proposal = claimed(planted)
    again = propose(planted, draft("GCP-new | P0 | checkout fails for all"))
    assert (again.id, again.stage) == (proposal.id, Stage.FILING)


def test_open_proposals_expire(planted: Store) -> None:
    """Each once, and only those whose time has come."""
    first = propose(planted)
    say(planted, propose(planted, cluster=2))
    assert planted.proposals.expire(START + WEEK - timedelta(seconds=1)) == []
    assert planted.proposals.expire(START + WEEK) == [first.id]
    assert planted.proposals.expire(START + WEEK) == []
    with pytest.raises(Refused, match="it is expired"):
        say(planted, first)
    assert verbs(planted, first.id) == ["proposed", "expired"]
    assert propose(planted).id != first.id


# ---------------------------------------------------------------------------------------- an issue alone, again later


def test_an_issue_without_a_cluster_has_proposals_of_its_own(planted: Store) -> None:
    """One open per issue; filed, nothing is linked."""
    raised = draft(act=Act.ESCALATE, issue=889, severity=Severity.P1)
    one = propose(planted, raised, cluster=0)
    other = propose(planted, draft(act=Act.ESCALATE, issue=890, severity=Severity.P1), cluster=0)
    assert propose(planted, raised, cluster=0) == one
    assert propose(planted, draft(act=Act.ESCALATE, issue=889, severity=Severity.P0), cluster=0).id not in (1, 2)
    say(planted, other)
    assert planted.proposals.claim(other.id, "w1", at(70), LEASE)
    done = planted.proposals.finish(other.id, "w1", Issue("acme/shop", 890, "t"), at(71))
    assert (done.stage, done.cluster, done.issue) == (Stage.FILED, 0, 890)
    assert planted.issues.holders("acme/shop", 890) == []


def test_filing_that_fails_waits_twice_as_long_each_time(planted: Store) -> None:
    """Or as long as the tracker says; meanwhile nobody can claim it, and the message knows until when."""
    number, now, pauses = approved(planted).id, at(100), []
    for _ in range(10):
        assert planted.proposals.due(now) == [number]
        assert planted.proposals.claim(number, "w1", now, LEASE)
        kept = planted.proposals.release(number, "w1", "it is down", now, final=False)
        assert kept.retry_at is not None
        if pauses:
            assert planted.proposals.due(now) == []
            assert planted.proposals.claim(number, "w2", now, LEASE) is None
        pauses.append(kept.retry_at - now)
        now = kept.retry_at
    assert pauses[:4] == [timedelta(seconds=s) for s in (0, 30, 60, 120)]
    assert pauses[-1] == timedelta(hours=1)
    assert planted.proposals.claim(number, "w1", now, LEASE)
    limited = planted.proposals.release(number, "w1", "limit", now, final=False, retry_at=now + timedelta(hours=3))
    assert limited.retry_at == now + timedelta(hours=3)


def test_what_nobody_should_write_any_more_is_withdrawn(planted: Store) -> None:
    """With the reason; a second time there is nothing to withdraw."""
    first = propose(planted)
    gone = planted.proposals.withdraw(1, "a symptom of cluster 2", at(5))
    assert gone is not None
    assert (gone.id, gone.stage, gone.note) == (first.id, Stage.SUPERSEDED, "a symptom of cluster 2")
    assert planted.proposals.withdraw(1, "again", at(6)) is None


def test_always_holds_for_one_issue_until_it_is_revoked(planted: Store) -> None:
    """Who said so is kept; both are in the history."""
    assert planted.proposals.allowed("acme/shop", 889) == ""
    planted.proposals.allow("acme/shop", 889, "U1", at(1))
    assert [planted.proposals.allowed("acme/shop", n) for n in (889, 890)] == ["U1", ""]
    assert planted.proposals.revoke("acme/shop", 889, "U2", at(2))
    assert not planted.proposals.revoke("acme/shop", 889, "U2", at(3))
    assert [e.verb for e in planted.history.latest("issue acme/shop#889")] == ["asks again", "always"]
