"""A database that cannot be used is told in words, and stays as it is, byte by byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from bot.errors import StoreBusy, StoreError
from bot.trackers.local import LocalTracker
from store import migrations, open_store, opening
from tests.store.making import draft, plant


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Every file of the folder is after as it was before, and there are no others."""

    def contents() -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}

    before = contents()
    yield
    assert contents() == before


def refused(path: Path, *, match: str, read_only: bool = False) -> None:
    with untouched(path.parent), pytest.raises(StoreError, match=match) as told:
        open_store(str(path), read_only=read_only)
    assert str(path.name) in told.value.user_message
    assert told.value.exit_code == 2


def made(path: Path, *names: str) -> None:
    with open_store(str(path)) as store:
        plant(store, *names)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """A folder is no database."""
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(folder, match="is a directory")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """Nothing is made where nobody meant it to be."""
    path = tmp_path / "missing" / "garden.db"
    with pytest.raises(StoreError, match=r"folder .*missing .* not there"):
        open_store(str(path))
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"[{}]", b"\x00" * 5000, b"SQLite format 3", b"SQLite format 2\x00" + b"x" * 5000])
def test_what_is_not_sqlite_is_refused(path: Path, content: bytes) -> None:
    """A log file given by mistake is not overwritten."""
    path.write_bytes(content)
    refused(path, match="is not an SQLite database")
    refused(path, match="is not an SQLite database", read_only=True)


def test_a_damaged_database_is_refused(path: Path) -> None:
    """The right first bytes are not enough."""
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    refused(path, match="is not a database of Log Gardener|is damaged")


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """Its tables are left alone."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE clusters (name TEXT)")
    refused(path, match="of another program")


def test_a_newer_database_is_refused(path: Path) -> None:
    """It says to upgrade, or which backup to restore."""
    made(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('log-gardener', 'm9999_later', '')"
        )
    refused(path, match=r"newer version .* upgrade, or name another")
    Path(f"{path}.before-9999").write_bytes(b"a copy")
    refused(path, match=r"newer version .* restore the backup .*before-9999")
    refused(path, match="newer version", read_only=True)


def test_a_read_only_file_is_refused(path: Path) -> None:
    """A file that nobody may write to is meant to stay as it is, even where root could."""
    made(path)
    path.chmod(0o444)
    refused(path, match="is read-only")


def test_a_read_only_folder_is_refused(path: Path) -> None:
    """Beside the database there must be room for its journal."""
    made(path)
    path.parent.chmod(0o555)
    try:
        refused(path, match=r"folder .* is read-only")
        refused(path.with_name("new.db"), match=r"folder .* is read-only")
    finally:
        path.parent.chmod(0o755)


def refused_change(path: Path) -> str:
    with open_store(str(path), read_only=True) as store:
        assert len(store.clusters.load([1])) == 1
        with pytest.raises(StoreError) as told:
            plant(store, "b")
    return told.value.user_message


def test_reading_changes_nothing(path: Path) -> None:
    """Opened for reading only, the file is as before, and a change is refused in words."""
    made(path, "a")
    with untouched(path.parent):
        assert "for reading only" in refused_change(path)


def test_reading_needs_no_writable_folder(path: Path) -> None:
    """A copy on a read-only medium can be looked at."""
    made(path, "a")
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert "for reading only" in refused_change(path)
    finally:
        path.parent.chmod(0o755)


def test_reading_what_is_not_there_is_refused(path: Path) -> None:
    """Looking makes no file."""
    with pytest.raises(StoreError, match="no database"):
        open_store(str(path), read_only=True)
    assert not path.exists()


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    """As `mktemp` leaves it."""
    path.touch()
    made(path, "a")
    with open_store(str(path)) as store:
        assert store.clusters.resolve(1) == 1


def test_a_locked_database_is_busy(path: Path) -> None:
    """Who waits too long is told that somebody else is writing; reading goes on."""
    made(path, "a")
    with open_store(str(path), patience=0.05) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.clusters.resolve(1) == 1
        with pytest.raises(StoreBusy, match="busy") as told:
            plant(store, "b")
        assert told.value.exit_code == 1
        other.execute("ROLLBACK")
        plant(store, "b")


def test_the_key_is_made_once(path: Path) -> None:
    """Each installation has its own, for good."""
    with open_store(str(path)) as store:
        secret = store.secret
    with open_store(str(path)) as store, open_store(":memory:") as other:
        assert store.secret == secret
        assert len(secret) == 32
        assert other.secret != secret


def test_a_tracker_may_share_the_file(path: Path) -> None:
    """Whichever of the two came first."""
    tracker = LocalTracker(str(path))
    tracker.create(draft(), "<!-- marker -->")
    made(path, "a")
    assert tracker.issue(1).title == draft().title
    tracker.shut()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """The schema as a later version will have it: one step more."""
    newer = Migrations("log-gardener")
    for step in migrations.MIGRATIONS.pending(Database(memory=True)):
        newer(name=step.name)(step.fn)

    @newer()
    def m9000_colours(db: Database) -> None:
        db.execute("CREATE TABLE colours (name TEXT)")

    monkeypatch.setattr(opening, "MIGRATIONS", newer)
    monkeypatch.setattr(opening, "STEPS", (*migrations.STEPS, "m9000_colours"))
    return newer


def test_an_older_database_is_copied_and_brought_up_to_date(path: Path, request: pytest.FixtureRequest) -> None:
    """The copy is whole and can be used by the older version."""
    made(path, "a")
    request.getfixturevalue("later")
    copy = Path(f"{path}.before-{len(migrations.STEPS) + 1}")
    refused(path, match="older version", read_only=True)
    with open_store(str(path)) as store:
        assert store.clusters.resolve(1) == 1
    assert "colours" in Database(path).table_names()
    assert "colours" not in Database(copy).table_names()
    assert next(iter(Database(copy).query("SELECT count(*) AS n FROM clusters"))) == {"n": 1}


def test_a_failed_step_leaves_the_database_as_it_was(path: Path, later: Migrations) -> None:
    """A step that breaks half-way is taken back altogether."""

    @later()
    def m9001_breaks(db: Database) -> None:
        db.execute("CREATE TABLE half (name TEXT)")
        raise RuntimeError("this step breaks")

    with pytest.raises(StoreError, match=r"brought up to date \(RuntimeError\), and is as it was"):
        open_store(str(path))
    assert Database(path).table_names() == []


def test_a_failed_step_leaves_a_full_database_as_it_was(
    path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before goes on with it as if nothing had been tried; the copy from before is named, too."""
    made(path, "a")
    with monkeypatch.context() as newer:
        request.getfixturevalue("later")

        @opening.MIGRATIONS()
        def m9001_breaks(db: Database) -> None:
            db.execute("DELETE FROM counts")
            raise RuntimeError("this step breaks")

        newer.setattr(opening, "STEPS", (*opening.STEPS, "m9001_breaks"))
        with pytest.raises(StoreError, match=r"as it was\. .* a copy from before is .*before-"):
            open_store(str(path))
    assert "colours" not in Database(path).table_names()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM counts").fetchone() == (1,)
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
