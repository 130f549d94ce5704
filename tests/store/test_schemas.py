"""A database of every released schema is brought up to date with its data, and there is one of today's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.models import Severity
from store import open_store
from store.migrations import STEPS
from tests.store import schemas

KEPT = sorted(p.name.removesuffix(".db.gz") for p in schemas.FOLDER.glob("*.db.gz"))


@pytest.mark.parametrize("name", KEPT)
def test_a_database_of_every_release_is_brought_up_to_date(name: str, path: Path) -> None:
    """Numbers, aliases, severities, issues, decisions and history are as they were; and it can be worked with."""
    schemas.unpacked(name, path)
    with open_store(str(path)) as store:
        assert store.clusters.resolve(2) == 1
        one, three = store.clusters.problems([1, 3])
        assert one.cluster.aliases == (2,)
        assert one.cluster.entries == 4
        assert [e.id for e in one.cluster.evidence] == ["id-1", "id-3", "id-6"]
        assert one.triage.severity is Severity.P1
        issue = store.issues.linked(1)
        assert issue is not None
        assert issue.title == "checkout fails"
        assert three.proposal is not None
        assert [(e.who, e.detail) for e in store.history.latest("proposal 1") if e.verb == "reject"] == [
            ("U2", "not now")
        ]
        assert store.messages.find("digest:C1:2026-03-02") is not None
        assert store.backup(path.with_name("copy.db")) is None
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_there_is_one_of_todays_schema(tmp_path: Path) -> None:
    """Who adds a step makes the file of the version to come anew; those of released versions stay."""
    assert schemas.version() in KEPT, schemas.AGAIN
    with closing(sqlite3.connect(schemas.unpacked(schemas.version(), tmp_path / "today.db"))) as conn:
        applied = {name for (name,) in conn.execute("SELECT name FROM _sqlite_migrations")}
        empty = [t for (t,) in schemas.tables(conn) if not conn.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
    again = "Raise the version in pyproject.toml first. " if schemas.version() in schemas.released() else ""
    assert applied == set(STEPS), again + schemas.AGAIN
    assert not empty, schemas.AGAIN


def test_every_release_has_its_schema() -> None:
    """From the first one on."""
    assert set(schemas.released()) <= set(KEPT), "a released version has no schema in tests/cases/schemas"
