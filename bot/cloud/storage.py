"""Backups in a Cloud Storage bucket.

Every write names the generation that it follows, so that of two writers one is told. What was answered by a failure
may have been written all the same; it is looked for before it is written again. The client's own repeating is
switched off: it would take its own first writing for somebody else's.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests
from google.api_core.exceptions import Forbidden as Denied
from google.api_core.exceptions import GoogleAPICallError, PreconditionFailed, Unauthorized
from google.api_core.exceptions import NotFound as Missing
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage  # type: ignore[attr-defined]  # it has no types
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from bot.errors import Forbidden, NotFound, Overtaken, VaultUnavailable

T = TypeVar("T")
TRIES = 5
CONNECT, ANSWER = 5.0, 20.0
"""Seconds until it is tried again."""
PART = 8 << 20
"""Bytes that are sent at a time; what is cut begins anew there, and not at the beginning."""


class Bucket:
    """The vault of `bot.ports`, below `gs://bucket/path`; safe to use from any thread."""

    def __init__(
        self, address: str, *, emulator: str = "", answer: float = ANSWER, pause: float = 0.5, part: int = PART
    ) -> None:
        self.where = address
        name, _, path = address.removeprefix("gs://").partition("/")
        self._prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        self._timeout = (min(CONNECT, answer), answer)
        self._pause = pause
        self._part = part
        try:
            if emulator:
                self._client = storage.Client(
                    project="garden",
                    credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth's own
                    client_options={"api_endpoint": emulator},
                )
            else:
                self._client = storage.Client()
        except (GoogleAuthError, OSError) as error:
            raise Forbidden(
                f"There are no Google credentials for {address} ({type(error).__name__}). Attach a service account, or "
                "set GOOGLE_APPLICATION_CREDENTIALS."
            ) from error
        self._bucket = self._client.bucket(name)

    def close(self) -> None:
        self._client.close()

    def names(self, prefix: str = "") -> list[str]:
        found = self._ask(
            lambda: list(
                self._client.list_blobs(self._bucket, prefix=self._prefix + prefix, timeout=self._timeout, retry=None)
            )
        )
        return sorted(blob.name.removeprefix(self._prefix) for blob in found)

    def get(self, name: str) -> tuple[bytes, int] | None:
        def read() -> tuple[bytes, int] | None:
            blob = self._bucket.get_blob(self._prefix + name, timeout=self._timeout, retry=None)
            if blob is None:
                return None
            generation = int(blob.generation)
            try:
                content = blob.download_as_bytes(if_generation_match=generation, timeout=self._timeout, retry=None)
            except (Missing, PreconditionFailed) as error:
                raise requests.ConnectionError("it was written meanwhile") from error
            return content, generation

        return self._ask(read)

    def put(self, name: str, content: bytes, generation: int) -> int:
        def write() -> int:
            blob = self._bucket.blob(self._prefix + name)
            try:
                blob.upload_from_string(
                    content,
                    "application/json",
                    if_generation_match=generation,
                    timeout=self._timeout,
                    retry=None,
                    checksum="md5",
                )
            except PreconditionFailed as error:
                return self._written(name, hashlib.md5(content, usedforsecurity=False).digest(), error)
            return int(blob.generation)

        return self._ask(write)

    def save(self, name: str, source: Path) -> None:
        def write() -> None:
            blob = self._bucket.blob(self._prefix + name, chunk_size=self._part)
            try:
                blob.upload_from_filename(
                    str(source),
                    "application/gzip",
                    if_generation_match=0,
                    timeout=self._timeout,
                    retry=None,
                    checksum="md5",
                )
            except PreconditionFailed as error:
                with source.open("rb") as file:
                    self._written(name, hashlib.file_digest(file, _md5).digest(), error)

        self._ask(write)

    def load(self, name: str, target: Path) -> None:
        def read() -> None:
            try:
                self._bucket.blob(self._prefix + name).download_to_filename(
                    str(target), timeout=self._timeout, retry=None, checksum="md5"
                )
            except Missing:
                raise NotFound(f"There is no {name} in {self.where}.") from None

        self._ask(read)

    def delete(self, name: str) -> None:
        def remove() -> None:
            try:
                self._bucket.blob(self._prefix + name).delete(timeout=self._timeout, retry=None)
            except Missing:
                return

        self._ask(remove)

    def _written(self, name: str, digest: bytes, refused: PreconditionFailed) -> int:
        """The generation of what was refused, if it is there all the same: an earlier try had written it."""
        blob = self._bucket.get_blob(self._prefix + name, timeout=self._timeout, retry=None)
        if blob is None or blob.md5_hash != base64.b64encode(digest).decode():
            raise Overtaken(f"{name} in {self.where} was written by somebody else.") from refused
        return int(blob.generation)

    def _ask(self, ask: Callable[[], T]) -> T:
        """Tries a few times where that may help; the one place where the client's errors become ours."""
        for attempt in range(TRIES):
            try:
                return ask()
            except (Denied, Unauthorized, GoogleAuthError) as error:
                raise Forbidden(
                    f"The backup {self.where} is refused ({type(error).__name__}). The bot's identity needs the role "
                    "roles/storage.objectUser on the bucket."
                ) from error
            except Missing as error:
                raise Forbidden(f"There is no bucket for {self.where}. Create it, or mend GARDEN_BACKUP.") from error
            except (GoogleAPICallError, InvalidResponse, DataCorruption, requests.RequestException, OSError) as error:
                if attempt + 1 == TRIES or not _passing(error):
                    said = getattr(error, "code", None) or type(error).__name__
                    raise VaultUnavailable(f"The backup {self.where} does not answer ({said}).") from error
                time.sleep(self._pause * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
        raise AssertionError("the last try returns or raises")


def _passing(error: Exception) -> bool:
    code = getattr(error, "code", None)
    return not isinstance(code, int) or code in (408, 429) or code >= 500


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)
