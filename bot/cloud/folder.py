"""Backups in a folder: the embedded form of a bucket, with the same promises.

The generation of an object is made of its content, and every content is different: a lease counts its beats.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from bot.errors import NotFound, Overtaken, VaultUnavailable


class Folder:
    """The vault of `bot.ports`, in a folder that is made if need be."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path

    def names(self, prefix: str = "") -> list[str]:
        with self._words():
            found = self._path.iterdir() if self._path.is_dir() else ()
            return sorted(p.name for p in found if p.name.startswith(prefix) and not p.name.startswith("."))

    def get(self, name: str) -> tuple[bytes, int] | None:
        with self._words():
            try:
                content = (self._path / name).read_bytes()
            except FileNotFoundError:
                return None
            return content, _generation(content)

    def put(self, name: str, content: bytes, generation: int) -> int:
        with self._words(), self._alone():
            known = self.get(name)
            if (known[1] if known else 0) != generation:
                raise Overtaken(f"{name} in {self.where} was written by somebody else.")
            part = self._path / f".{name}.{token_hex(4)}"
            part.write_bytes(content)
            _placed(part, self._path / name)
            return _generation(content)

    def save(self, name: str, source: Path) -> None:
        with self._words(), self._alone():
            part = self._path / f".{name}.{token_hex(4)}"
            try:
                shutil.copyfile(source, part)
                part.chmod(0o600)
                _placed(part, self._path / name)
            finally:
                part.unlink(missing_ok=True)

    def load(self, name: str, target: Path) -> None:
        with self._words():
            try:
                shutil.copyfile(self._path / name, target)
            except FileNotFoundError:
                raise NotFound(f"There is no {name} in {self.where}.") from None

    def delete(self, name: str) -> None:
        with self._words():
            (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise VaultUnavailable(f"The backup folder {self.where}: {error.strerror or error}.") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _generation(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:7]) or 1


def _placed(part: Path, target: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    with suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
