"""Copies and exports hold everything, and are whole or not there."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.models import Decision, Event, Issue, Posted
from store import Store, open_store
from tests.store.making import START, absorb, at, conclude, draft, entry, sighting


@pytest.fixture
def full(store: Store) -> Store:
    """A store with something of most nouns."""
    number = absorb(store, [sighting("a", entry(1, user="hash-of-a-user", client="hash-of-a-client"))])
    conclude(store, number)
    proposal = store.proposals.add(1, draft(), "U1", START, timedelta(days=1), START)
    store.proposals.decide(Decision(proposal.id, "approve", "U1", at(1)))
    store.issues.link(1, Issue("acme/shop", 5, "t"), "U1", START)
    store.messages.remember(Posted("digest:C1:2026-03-02", "C1", "170.1"), START)
    store.history.add(Event(START, "U1", "take", "cluster 1", "mine"))
    return store


def test_a_backup_is_the_whole_store(full: Store, tmp_path: Path) -> None:
    """One file that opens as a store, taken while the other is in use; an older copy is replaced."""
    target = tmp_path / "copies" / "garden.backup"
    target.parent.mkdir()
    full.backup(target)
    full.history.add(Event(START, "U2", "take", "cluster 1", "after the first copy"))
    full.backup(target)
    assert [p.name for p in target.parent.iterdir()] == [target.name]
    with open_store(str(target), read_only=True) as copy:
        assert copy.clusters.problems([1]) == full.clusters.problems([1])
        assert copy.history.latest() == full.history.latest()
        assert copy.secret == full.secret


def test_a_backup_of_memory_is_a_file(tmp_path: Path) -> None:
    """What was only held can be kept."""
    with open_store(":memory:") as store:
        absorb(store, [sighting("a", entry(1))])
        store.backup(tmp_path / "kept.db")
    with open_store(str(tmp_path / "kept.db")) as kept:
        assert kept.clusters.resolve(1) == 1


def test_a_backup_that_cannot_be_written_says_so(full: Store, tmp_path: Path) -> None:
    """And leaves nothing half-made."""
    with pytest.raises(StoreError, match="is a directory"):
        full.backup(tmp_path)
    with pytest.raises(StoreError, match=r"missing.*copy\.db"):
        full.backup(tmp_path / "missing" / "copy.db")


def test_an_export_is_open_and_has_no_keys(full: Store, tmp_path: Path) -> None:
    """JSON lines per noun; neither the key nor hashes of people are in it."""
    counts = full.export(tmp_path / "out")
    lines = {p.stem: [json.loads(line) for line in p.read_text().splitlines()] for p in (tmp_path / "out").iterdir()}
    assert counts == {noun: len(found) for noun, found in lines.items()}
    assert {noun for noun, count in counts.items() if count} >= {
        "clusters", "triage", "issues", "links", "proposals", "decisions", "messages", "rounds", "history",
    }  # fmt: skip
    assert lines["clusters"][0]["evidence"][0]["id"] == "id-1"
    assert lines["clusters"][0]["users"] == 1
    assert lines["proposals"][0]["draft"]["title"] == draft().title
    assert lines["history"][-1] == {
        "at": "2026-03-02T10:00:00+00:00", "who": "U1", "verb": "take", "subject": "cluster 1", "detail": "mine",
    }  # fmt: skip
    everything = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())
    assert full.secret.hex().encode() not in everything
    assert b"hash-of-a" not in everything


def test_an_export_overwrites_nothing(full: Store, tmp_path: Path) -> None:
    """A folder with something in it, or a file, is left alone; an empty folder is used."""
    folder = tmp_path / "out"
    folder.mkdir()
    full.export(folder)
    with pytest.raises(StoreError, match="is there already"):
        full.export(folder)
    with pytest.raises(StoreError, match="cannot be written"):
        full.export(tmp_path / "missing" / "out")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_every_table_is_exported_or_known_to_be_left_out(full: Store, path: Path) -> None:
    """A noun that is added later is not forgotten here."""
    left_out = {"lease", "meta", "people", "seen", "edge", "deliveries", "markers", "syncs", "strikes", "rhythm"}
    left_out |= {"stretches", "too_late", "pages", "waiting"}
    left_out |= {"repository_files"}
    left_out |= {"heard", "posting"}
    within_others = {"signatures", "counts", "evidence", "moments", "members", "issue_comments", "issue_facts"}
    within_others |= {"totals", "shares", "revisions"}
    with closing(sqlite3.connect(path)) as conn:
        tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ours = {t for t in tables if not t.startswith(("sqlite_", "_sqlite", "issue_texts"))}
    assert ours - left_out - within_others <= set(full.export(path.with_name("out")))
