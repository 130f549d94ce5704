"""The mirror of the tracker: what it holds, finds, and knows of our markers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import TrackerUnavailable
from bot.models import Change, Comment, Issue, Mark, Turn
from store import Store, open_store
from tests.store.making import START, absorb, at, draft, entry, plant, sighting

REPOSITORY = "acme/shop"


def issue(number: int, title: str = "a title", **fields: object) -> Issue:
    given: dict[str, object] = {"updated_at": at(number)} | fields
    return Issue(REPOSITORY, number, title, **given)  # type: ignore[arg-type]


def found(store: Store, words: str, limit: int = 20) -> list[int]:
    return [i.number for i in store.issues.search(REPOSITORY, words, limit)]


def test_an_issue_comes_back_whole(store: Store) -> None:
    """All of it, comments and times included; the newest word replaces the one before."""
    whole = issue(
        3,
        "t",
        body="b",
        state="closed",
        reason="completed",
        labels=("P1",),
        url="u",
        created_at=at(1),
        closed_at=at(3),
        locked=True,
        comments=("one", "two\nlines"),
    )
    assert store.issues.put([issue(3), whole]) == 2
    assert store.issues.get(REPOSITORY, 3) == whole
    assert store.issues.get(REPOSITORY, 4) is None
    assert store.issues.get("acme/other", 3) is None


def test_an_older_word_changes_nothing(store: Store) -> None:
    """What is mirrored after a write is not overwritten by an answer that was on its way before."""
    store.issues.put([issue(3, "newer", updated_at=at(100)), issue(3, "older", updated_at=at(50))])
    kept = store.issues.get(REPOSITORY, 3)
    assert kept is not None
    assert kept.title == "newer"


def test_a_broken_read_keeps_what_came(store: Store) -> None:
    """The next read goes on where the tracker stopped to answer."""

    def pages() -> Iterator[Change]:
        yield Change(Mark(issues=at(250)), tuple(issue(number) for number in range(1, 251)))
        raise TrackerUnavailable("it does not answer")

    with pytest.raises(TrackerUnavailable):
        store.issues.take(REPOSITORY, pages())
    assert store.issues.get(REPOSITORY, 250) is not None
    assert store.issues.mark(REPOSITORY) == Mark(issues=at(250))
    assert store.issues.mark("acme/other") == Mark()


def test_what_we_filed_does_not_move_the_mark(store: Store) -> None:
    """Linking mirrors an issue, but what changed before it was not read yet."""
    plant(store, "a")
    store.issues.link(1, issue(90), "U1", START)
    assert store.issues.mark(REPOSITORY) == Mark()


def test_comments_and_who_did_what_come_by_themselves(store: Store) -> None:
    """Before or after their issue; edited ones change; an issue that changes keeps them; they are searched."""
    said = Comment(1, 3, "deadlock in the ledger", "ann", at(1), at(1))
    label = Turn(7, 3, "labeled", "ann-example", True, at(2), "P3")
    store.issues.take(REPOSITORY, [Change(Mark(comments=at(1)), comments=(said,), turns=(label,))])
    store.issues.take(REPOSITORY, [Change(Mark(issues=at(3)), (issue(3),))])
    kept = store.issues.get(REPOSITORY, 3)
    assert kept is not None
    assert (kept.comments, kept.severity_by) == (("deadlock in the ledger",), "ann-example")
    assert found(store, "deadlock") == [3]

    ours = replace(label, id=8, who="gardener", person=False, label="P1")
    closed = Turn(9, 3, "closed", "ann-example", True, at(4), commit="c0ffee")
    edited = replace(said, body="resolved by a restart", updated_at=at(4))
    store.issues.take(REPOSITORY, [Change(Mark(turn=9), comments=(edited,), turns=(ours, closed))])
    kept = store.issues.get(REPOSITORY, 3)
    assert kept is not None
    assert (kept.comments, kept.severity_by, kept.commit) == (("resolved by a restart",), "", "c0ffee")
    assert found(store, "deadlock") == []
    assert store.issues.comments(REPOSITORY, 3) == [edited]


def test_a_merged_pull_request_is_known_where_it_closes_an_issue(store: Store) -> None:
    """By its own words; one that is not merged closes nothing."""
    pull = issue(8, "Wait longer", body="Fixes #3", pull_request=True, merged_at=at(5))
    store.issues.put([issue(3), replace(pull, number=9, merged_at=None, body="fixes #4"), issue(4), pull])
    assert [i.pull for n in (3, 4) if (i := store.issues.get(REPOSITORY, n))] == [8, 0]


def test_search_finds_any_word_best_first(store: Store) -> None:
    """Title weighs most, body and comments are searched, words are stemmed, pull requests left out."""
    store.issues.put(
        [
            issue(1, "Payments are slow"),
            issue(2, "Checkout fails with deadlock", comments=("payment provider says no",)),
            issue(3, "Something else", body="A deadlock in payments"),
            issue(4, "deadlock deadlock", pull_request=True),
            Issue("acme/other", 5, "deadlock"),
        ]
    )
    assert found(store, "deadlock checkout") == [2, 3]
    assert sorted(found(store, "payment")) == [1, 2, 3]
    assert found(store, "payment", limit=1) == [1]
    assert found(store, "nothing here") == []


@pytest.mark.parametrize(
    "words", ["", "   ", "\"'*(", "NEAR(a b", "title:x OR", "a\x00b", "-", "half \ud83d", "x " * 5000]
)
def test_any_words_may_be_searched(store: Store, words: str) -> None:
    """No text is a command to the search."""
    store.issues.put([issue(1, "x")])
    assert set(found(store, words)) <= {1}


def test_search_follows_edits(store: Store) -> None:
    """The text before an edit is not found any more."""
    store.issues.put([issue(1, "alpha")])
    store.issues.put([issue(1, "beta", updated_at=at(50))])
    assert (found(store, "alpha"), found(store, "beta")) == ([], [1])


def test_markers_are_found_by_number(store: Store) -> None:
    """The lowest issue with a marker for the cluster in its body; comments do not count."""
    plant(store, "a", "b")
    marker = "<!-- log-gardener: cluster=2 proposal=p-0123456789abcdef -->"
    store.issues.put(
        [
            issue(5, comments=(marker,)),
            issue(9, body=f"text\n\n{marker}"),
            issue(7, body=f"{marker} text", state="closed"),
            issue(6, body="<!-- log-gardener: cluster=22 proposal=p-0 --> cluster=2"),
            Issue("acme/other", 1, "t", body=marker),
        ]
    )
    marked = store.issues.marked(REPOSITORY, 2)
    assert marked is not None
    assert marked.number == 7
    assert store.issues.marked(REPOSITORY, 1) is None
    store.issues.put([issue(7, body="taken out", updated_at=at(90))])
    assert store.issues.marked(REPOSITORY, 2) == store.issues.get(REPOSITORY, 9)


def test_our_own_markers_hold_in_a_new_database(store: Store) -> None:
    """Where the file was lost and numbers are others, a marker still leads to the same problem, and to no other."""
    plant(store, "a", "b")
    proposal = store.proposals.add(2, draft(), "U1", START, timedelta(days=1), START)
    with open_store(":memory:") as anew:
        plant(anew, "x", "c", "b")
        anew.issues.put([issue(7, body=proposal.marker)])
        assert anew.issues.marked(REPOSITORY, 3) is not None
        assert anew.issues.marked(REPOSITORY, 2) is None


def test_a_link_is_final_until_changed(store: Store) -> None:
    """A cluster belongs to one issue; each change is a line in the history, a repetition none."""
    plant(store, "a")
    assert store.issues.linked(1) is None
    store.issues.link(1, issue(5), "U1", START)
    store.issues.link(1, issue(5), "U1", START)
    store.issues.link(1, issue(6), "U2", START)
    assert store.issues.linked(1) == issue(6)
    assert [e.detail for e in store.history.latest("cluster 1")] == ["acme/shop#6, was acme/shop#5", "acme/shop#5"]


def test_a_linked_cluster_keeps_its_issue_while_empty(store: Store) -> None:
    """What was taken back and comes again is still that issue."""
    absorb(store, [], [sighting("a", entry(1))])
    store.issues.link(1, issue(5), "U1", START)
    absorb(store, [], [])
    absorb(store, [sighting("a", entry(2, 5))])
    assert store.issues.linked(1) == issue(5)


def test_an_issue_knows_its_clusters(store: Store) -> None:
    """All that were linked to it, in order of number."""
    plant(store, "a", "b", "c")
    for cluster in (3, 1):
        store.issues.link(cluster, issue(5), "U1", START)
    assert store.issues.holders(REPOSITORY, 5) == [1, 3]
    assert store.issues.holders(REPOSITORY, 6) == []


def test_words_that_all_issues_have_are_not_looked_for(store: Store) -> None:
    """One that few have finds it; where all are common, what has two of them does."""
    store.issues.put(Issue("acme/shop", n, f"checkout {n}", body="timeout " * 3) for n in range(1, 701))
    store.issues.put(Issue("acme/shop", n, f"payment {n}", body="refused by the bank") for n in range(701, 1_401))
    store.issues.put([Issue("acme/shop", 1_401, "both", body="checkout refused")])
    assert [i.number for i in store.issues.search("acme/shop", "checkout timeout both")] == [1_401]
    assert [i.number for i in store.issues.search("acme/shop", "checkout refused")] == [1_401]
    assert [i.number for i in store.issues.search("acme/shop", "timeout", 2)] == [700, 699]
    assert [i.number for i in store.issues.search("acme/shop", "checkout timeout both")] == [1_401], (
        "known as common now"
    )
