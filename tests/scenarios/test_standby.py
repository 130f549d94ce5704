"""A second instance answers who looks, sends away who wants a change, and takes over once the first is gone."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli
from bot.cloud.folder import Folder
from bot.errors import Standby
from bot.models import Event
from store.keeper import Keeper
from store.migrations import STEPS
from tests.scenarios.office import ANN, BOB, CHANNEL, Place, office
from tests.store.making import START

TTL = 0.6


def proposals(place: Place) -> int:
    return sum(m["text"].startswith("Proposal") for m in place.slack.messages(CHANNEL))


def test_one_acts_and_the_other_answers(tmp_path: Path) -> None:
    """Two on one disk: who looks is answered by both; a change is refused in words, until the first one is gone."""
    with office(tmp_path) as place:
        place.round()
        number = place.number_of("checkout-api")
    first = Keeper(tmp_path / "garden.db", ttl=TTL, holder="first:1:1")
    first.act()
    with office(tmp_path, keeper=Keeper(tmp_path / "garden.db", ttl=TTL, holder="second:1:1")) as place:
        place.slack.command(BOB, CHANNEL, f"show {number}")
        assert place.told(BOB, "fees")
        place.slack.command(ANN, CHANNEL, f"file cluster {number}")
        assert place.told(ANN, "Another instance")
        assert place.told(ANN, "try again in")
        assert proposals(place) == 0
        first.close()
        assert place.slack.wait(lambda: place.garden.keeper is not None and place.garden.keeper.acting, 10)
        place.slack.command(ANN, CHANNEL, f"file cluster {number}")
        assert place.slack.wait(lambda: proposals(place) == 1, 10)


def test_what_is_not_in_the_backup_is_not_told(tmp_path: Path) -> None:
    """While the backup takes nothing, an answer says that it is not final, and the channel hears nothing."""
    folder = tmp_path / "backups"
    keeper = Keeper(tmp_path / "garden.db", Folder(folder), ttl=6, holder="only:1:1")
    with office(tmp_path, keeper=keeper) as place:
        place.round()
        number = place.number_of("checkout-api")
        aside = folder.rename(tmp_path / "gone")
        folder.write_text("no folder any more", encoding="utf-8")
        place.slack.command(ANN, CHANNEL, f"file cluster {number}")
        assert place.told(ANN, "not yet in the backup")
        assert proposals(place) == 0
        folder.unlink()
        aside.rename(folder)
        place.slack.command(ANN, CHANNEL, f"file cluster {number}")
        assert place.slack.wait(lambda: proposals(place) == 1, 10)


def test_commands_beside_a_running_bot(tmp_path: Path) -> None:
    """`ask` works for the one who acts, whose lease stays; where that is of another version, nothing is touched."""
    with office(tmp_path) as place:
        place.round()
        number = place.number_of("checkout-api")
    path = tmp_path / "garden.db"
    env = {"GARDEN_DB": str(path), "GARDEN_BACKUP": "", "ANTHROPIC_API_KEY": ""}

    def garden(*words: str, project: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(cli, words, env={**env, "GOOGLE_CLOUD_PROJECT": project})
        return done.exit_code, done.output

    with Keeper(path, ttl=6, holder="bot:1:1") as bot:
        store = bot.act()
        code, said = garden("ask", str(number), "what about the fees?")
        assert code == 0, said
        assert "fees" in said
        store.history.add(Event(START, "U1", "take", f"cluster {number}", "still acting"))
        with closing(sqlite3.connect(path)) as db:
            db.execute("DELETE FROM _sqlite_migrations WHERE rowid = (SELECT max(rowid) FROM _sqlite_migrations)")
            db.commit()
        for words in (["ask", str(number), "why?"], ["worklog"], ["doctor"]):
            assert "older version" in garden(*words)[1], words
        assert "older version" in garden("backfill", "--since", "3d", project="shop")[1]
        with closing(sqlite3.connect(path)) as db:
            applied = db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0]
        assert applied == len(STEPS) - 1


def test_an_instance_that_slept_changes_nothing(tmp_path: Path) -> None:
    """Its lease ended, another took over: what it writes then is refused, here and in the backup."""
    first = Keeper(tmp_path / "garden.db", Folder(tmp_path / "backups"), ttl=TTL, holder="first:1:1")
    store = first.act()
    store.history.add(Event(START, "U1", "take", "cluster 1", "told"))
    first.safe(5)
    first._stop.set()  # it sleeps: nothing renews its lease
    second = Keeper(tmp_path / "elsewhere.db", Folder(tmp_path / "backups"), ttl=TTL, holder="second:1:1")
    other = second.open()
    begun = time.monotonic()
    while not second.acting:
        assert time.monotonic() - begun < 10
        time.sleep(0.05)
    assert [e.detail for e in other.history.latest()] == ["told"]
    with pytest.raises(Standby, match="could not renew its lease"):
        store.history.add(Event(START, "U1", "take", "cluster 1", "too late"))
    other.history.add(Event(START, "U1", "take", "cluster 1", "in time"))
    second.safe(5)
    for keeper in (first, second):
        keeper.close()
    with Keeper(tmp_path / "third.db", Folder(tmp_path / "backups"), ttl=TTL, holder="third:1:1") as keeper:
        assert [e.detail for e in keeper.act().history.latest()] == ["in time", "told"]
