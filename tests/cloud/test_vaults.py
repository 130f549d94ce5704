"""Backups in a bucket and in a folder keep the same promises, however badly the bucket behaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cloud.folder import Folder
from bot.cloud.storage import Bucket
from bot.errors import Forbidden, NotFound, Overtaken, VaultUnavailable
from bot.ports import Vault
from tests.standins.storage_server import PASSING, StorageServer


@pytest.fixture
def storage() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


def bucket_of(storage: StorageServer, **more: float) -> Bucket:
    given: dict[str, float] = {"answer": 0.5, "pause": 0.001, **more}
    return Bucket("gs://backups/garden", emulator=storage.url, **given)  # type: ignore[arg-type]


@pytest.fixture(params=["bucket", "folder"])
def vault(request: pytest.FixtureRequest, storage: StorageServer, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "folder":
        yield Folder(tmp_path / "backups")
        return
    bucket = bucket_of(storage)
    yield bucket
    bucket.close()


def test_one_of_two_writers_is_told(vault: Vault) -> None:
    """Who writes by a generation that is not the newest changes nothing."""
    assert vault.get("lease.json") is None
    first = vault.put("lease.json", b"one", 0)
    with pytest.raises(Overtaken):
        vault.put("lease.json", b"two", 0)
    second = vault.put("lease.json", b"two", first)
    with pytest.raises(Overtaken):
        vault.put("lease.json", b"three", first)
    assert vault.get("lease.json") == (b"two", second)


def test_a_file_comes_back_as_it_was(vault: Vault, tmp_path: Path) -> None:
    """Large ones, too; the same again is no mistake; what is deleted is gone."""
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(bytes(range(256)) * 4000)
    vault.save("copy-1", source)
    vault.save("copy-1", source)
    vault.load("copy-1", back)
    assert back.read_bytes() == source.read_bytes()
    assert vault.names("copy") == ["copy-1"]
    vault.delete("copy-1")
    vault.delete("copy-1")
    assert vault.names() == []
    with pytest.raises(NotFound):
        vault.load("copy-1", back)


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again_and_written_once(storage: StorageServer, kind: str, tmp_path: Path) -> None:
    """Failures that may have been successes, cut answers, answers that come twice: each write is followed by one."""
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(b"x" * (600 << 10))
    bucket = bucket_of(storage, part=256 << 10)
    generation = bucket.put("lease.json", b"one", 0)
    for verb in ("POST", "PUT", "GET"):
        storage.fault(kind, verb, seconds=0.05)
        generation = bucket.put("lease.json", f"after {verb}".encode(), generation)
        bucket.save(f"copy-{verb}", source)
        bucket.load(f"copy-{verb}", back)
        assert back.read_bytes() == source.read_bytes()
    assert bucket.get("lease.json") == (b"after GET", generation)
    bucket.close()


def test_what_does_not_pass_is_said(storage: StorageServer) -> None:
    """A role that is missing, a bucket that is not there, and one that is down: each in its own words."""
    bucket = bucket_of(storage)
    storage.fault("forbidden")
    with pytest.raises(Forbidden, match=r"storage\.objectUser"):
        bucket.names()
    storage.down.set()
    with pytest.raises(VaultUnavailable, match="does not answer"):
        bucket.get("lease.json")
    storage.down.clear()
    other = Bucket("gs://elsewhere", emulator=storage.url, pause=0.001)
    with pytest.raises(Forbidden, match="no bucket"):
        other.put("lease.json", b"one", 0)
    for each in (bucket, other):
        each.close()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """In words, with its name."""
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(VaultUnavailable, match="taken"):
        Folder(tmp_path / "taken" / "backups").put("lease.json", b"one", 0)
