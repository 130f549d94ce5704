"""`garden restore`: a copy is checked and looked at before it takes the place of the database, which is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.cloud.folder import Folder
from bot.models import Event
from store import Store, open_store
from store.keeper import Keeper
from tests.store.making import START, plant


def run(folder: Path, *words: str, given: str = "") -> Result:
    env = {"GARDEN_DB": str(folder / "garden.db"), "GARDEN_BACKUP": str(folder / "backups")}
    return CliRunner().invoke(cli, ["restore", *words], input=given, env=env)


def take(store: Store, who: str) -> None:
    store.history.add(Event(START, who, "take", "cluster 1", ""))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with three clusters, a copy with two, and a file with one."""
    monkeypatch.chdir(tmp_path)
    with Keeper(tmp_path / "garden.db", Folder(tmp_path / "backups"), holder="bot") as keeper:
        store = keeper.act()
        plant(store, "a")
        store.backup(tmp_path / "one.db")
        plant(store, "b", "c")
        take(store, "U1")
        keeper.safe(5)
        take(store, "U2")
    return tmp_path


def changes(path: Path) -> list[str]:
    with open_store(str(path), read_only=True) as store:
        return [e.who for e in store.history.latest()]


def test_the_copies_are_listed(folder: Path) -> None:
    """Those in the backup, newest first."""
    lines = run(folder).output.split()
    assert len(lines) == 2
    assert lines == sorted(lines, reverse=True)


def test_a_copy_is_put_in_place_after_a_look(folder: Path) -> None:
    """It says what both hold, asks, and keeps what was there; the backup, and so the next start, has the new one."""
    older = run(folder).output.split()[-1]
    refused = run(folder, older, given="n\n")
    assert "is whole. It holds 3 clusters" in refused.output
    assert "Nothing was changed" in refused.output
    assert changes(folder / "garden.db") == ["U2", "U1"]
    assert "aside" in run(folder, older, "--yes").output
    assert changes(folder / "garden.db") == ["U1"]
    (aside,) = folder.glob("garden.db.aside-*")
    assert changes(aside) == ["U2", "U1"]
    with Keeper(folder / "garden.db", Folder(folder / "backups"), holder="bot") as keeper:
        assert not keeper.restored
        assert [e.who for e in keeper.act().history.latest()] == ["U1"]
    with Keeper(folder / "elsewhere.db", Folder(folder / "backups"), holder="other") as keeper:
        assert [e.who for e in keeper.act().history.latest()] == ["U1"]


def test_a_file_is_restored(folder: Path) -> None:
    """From `garden backup`, or put aside by an upgrade or a restore."""
    assert run(folder, str(folder / "one.db"), "--yes").exit_code == 0
    with open_store(str(folder / "garden.db"), read_only=True) as store:
        assert store.clusters.resolve(1) == 1
        assert store.clusters.resolve(2) is None


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bcut", b"SQLite format 3\x00" + b"x" * 4000])
def test_what_is_damaged_is_refused(folder: Path, content: bytes) -> None:
    """In words; the database stays."""
    (folder / "bad.db").write_bytes(content)
    result = run(folder, str(folder / "bad.db"), "--yes")
    assert result.exit_code in (1, 2)
    assert "bad.db" in result.output
    assert changes(folder / "garden.db") == ["U2", "U1"]
    assert run(folder, "no-such-copy").exit_code == 2


def test_a_bot_that_acts_is_not_replaced(folder: Path) -> None:
    """It would go on with a file that is no more."""
    with Keeper(folder / "garden.db", Folder(folder / "backups"), holder="bot") as keeper:
        keeper.act()
        result = run(folder, str(folder / "one.db"), "--yes")
        assert "is acting; try again in" in result.output
    assert changes(folder / "garden.db") == ["U2", "U1"]
