"""`same as`, `approve always`, `revoke` and `escalate` of an issue without a cluster, as people say them in Slack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import pipeline
from bot.models import Act, Match, Outcome, Stage
from tests.scenarios.office import ANN, BOB, CHANNEL, Place, office


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path) as made:
        made.round()
        yield made


def test_an_issue_without_a_cluster_is_escalated(place: Place) -> None:
    """By an approver at once, with title, label and comment; from an operator a proposal; refusals in words."""
    number = place.github.add("GCP-new | P3 | Invoices are late", labels=("P3",))
    assert place.slack.command(ANN, CHANNEL, f"escalate {number} P1 customers call").ok
    issue = place.github.state.issues[number]
    assert place.slack.wait(lambda: issue["title"] == "GCP-new | P3 → P1 | Invoices are late")
    assert place.slack.wait(lambda: [label["name"] for label in issue["labels"]] == ["P1"])
    (comment,) = place.github.state.comments[number]
    assert "raised from P3 to P1" in comment["body"]
    assert "customers call" in comment["body"]

    place.slack.command(BOB, CHANNEL, f"escalate {number} P0")
    assert place.slack.wait(lambda: place.store.proposals.get(2) is not None)
    waiting = place.store.proposals.get(2)
    assert waiting is not None
    assert (waiting.stage, waiting.draft.act, waiting.cluster) == (Stage.OPEN, Act.ESCALATE, 0)

    pull = place.github.add("a change", pull_request={"url": "x"})
    closed = place.github.add("done")
    place.github.close(closed)
    locked = place.github.add("quiet", locked=True)
    for asked, words in (
        (999, "not there"),
        (pull, "pull request"),
        (closed, "is closed"),
        (locked, "is locked"),
        (number, "is P1 already"),
    ):
        place.slack.command(ANN, CHANNEL, f"escalate {asked} P1")
        assert place.told(ANN, words), words


def test_same_as_tells_it_on_the_issue_that_it_is(place: Place) -> None:
    """No new issue; the cluster belongs to the one that the approver named."""
    number = place.github.add("Mails cannot be rendered")
    cluster = place.number_of("mailer")
    place.slack.command(BOB, CHANNEL, f"file cluster {cluster}")
    shown = place.proposal()
    place.slack.say(ANN, CHANNEL, f"same as #{number}", shown["thread_ts"])
    assert place.shown("Filed")
    assert place.github.sent("POST", "/issues") == 0
    assert len(place.github.state.comments[number]) == 1
    linked = place.store.issues.linked(cluster)
    assert linked is not None
    assert linked.number == number


def test_always_lets_later_comments_go_until_it_is_taken_back(place: Place) -> None:
    """Only "still happening" on that issue; the record says by whose word; `revoke` asks again."""
    number = place.github.add("Mails cannot be rendered")
    cluster = place.number_of("mailer")
    place.slack.command(BOB, CHANNEL, f"file cluster {cluster}")
    place.slack.say(ANN, CHANNEL, "approve always", place.proposal()["thread_ts"])
    assert place.told(ANN, "can go without asking"), "a new issue is no comment"
    place.slack.say(ANN, CHANNEL, f"same as {number}", place.proposal()["thread_ts"])
    assert place.shown("Filed")
    place.store.proposals.allow("ticketry/platform", number, ANN, place.edges.clock())

    def again(days: int) -> Stage:
        problem = place.store.clusters.problems([cluster])[0]
        linked = place.store.issues.linked(cluster)
        assert linked is not None
        more = replace(
            problem,
            match=Match(Outcome.KNOWN, "linked", linked),
            cluster=replace(problem.cluster, occurrences=problem.cluster.occurrences + 10 * days),
        )
        later = place.edges.clock() + timedelta(days=days)
        _, made = pipeline.suggest(place.edges, more, "gardener", later)
        assert made is not None
        return made.stage

    assert again(1) is Stage.APPROVED
    place.drain()
    assert len(place.github.state.comments[number]) == 2
    assert [e.who for e in place.store.history.latest("proposal 2") if e.verb == "approve"] == [ANN]
    place.slack.say(BOB, CHANNEL, "revoke", place.proposal()["thread_ts"])
    assert place.told(BOB, "not on the list of approvers")
    place.slack.say(ANN, CHANNEL, "revoke", place.proposal()["thread_ts"])
    assert place.told(ANN, "wait for an approval again")
    assert again(3) is Stage.OPEN
