"""GitHub's REST API: who asks, what is asked again, and what its refusals mean.

Traps of PyGithub that shape this: it sends POST again after a 5xx and sleeps through rate limits without a cap, so it
gets a retry of ours that repeats reads only; it is not thread-safe, so each thread reads with a client of its own and
all writes go through one, one at a time. No message of ours holds a token.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests
from github import Auth, Github, GithubException, GithubRetry, RateLimitExceededException
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.errors import Ambiguous, Forbidden, GardenError, NotFound, TrackerUnavailable
from bot.render.escape import cut, plain

API_VERSION = "2022-11-28"
ISSUES = {"issues": "write", "metadata": "read"}
"""What an App's token may do."""
LONGEST_WAIT = 5
"""Seconds a read may wait for a rate limit; what takes longer is told, and nothing is asked until it is over."""


class Wire:
    """Requests to one repository. Writes happen inside `with wire.writing:`, one thread at a time."""

    def __init__(
        self,
        repository: str,
        path: str,
        *,
        token: str,
        app: tuple[str, str, str],
        base_url: str,
        timeout: int,
        pause: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._repository, self._path = repository, path
        self._token, self._app = token, app
        self._base_url, self._timeout, self._pause, self._clock = base_url.rstrip("/"), timeout, pause, clock
        self._local = threading.local()
        self._writer_client: Github | None = None
        self._clients: list[Github] = []
        self.writing = threading.Lock()
        self._blocked: datetime | None = None
        _hush()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return self.look(path, query)[0]

    def look(self, path: str, query: Mapping[str, Any] | None = None, tag: str = "") -> tuple[Any, str]:
        """What is there and its tag; None where it is still what the tag given names, which costs nothing of the
        rate limit."""
        with self._translated("reading the issues", write=False):
            requester = self._reader().requester
            headers, data = requester.requestJsonAndCheck(
                "GET",
                f"{self._path}{path}",
                parameters=dict(query or {}),
                headers={"If-None-Match": tag} if tag else None,
            )
            return data, str(headers.get("etag", ""))

    def file(self, path: str) -> Any:
        """A file of the repository. An App asks for the right to read it with a token of its own: where it was not
        granted, GitHub refuses the whole token, and issues are read and written all the same."""
        with self._translated(f"reading {path}", write=False):
            client = self._reader() if self._token else self._client(0, {"contents": "read", "metadata": "read"})
            return client.requester.requestJsonAndCheck("GET", f"{self._path}/contents/{quote(path)}")[1]

    def myself(self) -> str:
        """The login that our token is of; empty for an App, whose writes are marked as a bot's."""
        if not self._token:
            return ""
        with self._translated("asking who we are", write=False):
            _, data = self._reader().requester.requestJsonAndCheck("GET", "/user")
            return str(data.get("login") or "")

    def send(self, verb: str, path: str, body: Mapping[str, Any] | None, doing: str) -> Any:
        """One write, sent once. The lock is held."""
        with self._translated(doing, write=True):
            requester = self._writer().requester
            _, data = requester.requestJsonAndCheck(verb, f"{self._path}{path}", input=dict(body) if body else None)
        if (
            verb != "DELETE"
            and not (isinstance(data, dict) and {"id", "number", "name"} & data.keys())
            and not (isinstance(data, list))
        ):
            raise Forbidden(
                f"GitHub did not do what was asked when {doing}: {self._repository} may have been renamed. Set "
                "GITHUB_REPOSITORY to its name of today."
            )
        return data

    def _reader(self) -> Github:
        client: Github | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._client(0)
        return client

    def _writer(self) -> Github:
        if self._writer_client is None:
            self._writer_client = self._client(self._pause)
        return self._writer_client

    def _client(self, pause: float, rights: Mapping[str, str] = ISSUES) -> Github:
        retry = _Retry(
            total=3,
            allowed_methods=frozenset({"GET", "HEAD"}),
            max_rate_limit_wait=LONGEST_WAIT,
            backoff_factor=0.2,
        )
        client = Github(
            auth=self._auth(dict(rights)),
            base_url=self._base_url,
            timeout=self._timeout,
            user_agent="log-gardener",
            retry=retry,
            seconds_between_requests=0,
            seconds_between_writes=pause,
            lazy=True,
            api_version=API_VERSION,
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Closes the connections of all threads; the next request opens new ones."""
        for client in self._clients:
            client.close()

    def _auth(self, rights: dict[str, str]) -> Auth.Auth | None:
        if self._token:
            return Auth.Token(self._token)
        app_id, key, installation = self._app
        if not key:
            return None
        return Auth.AppAuth(app_id, key).get_installation_auth(int(installation), token_permissions=rights)

    # -------------------------------------------------------------------------------------------- translation

    @contextmanager
    def _translated(self, doing: str, *, write: bool) -> Iterator[None]:
        """Foreign exceptions into ours, once. While a rate limit holds, GitHub is left alone."""
        if self._blocked and self._clock() < self._blocked:
            raise _limited(self._blocked, doing)
        try:
            yield
        except GithubException as error:
            raise self._refusal(error, doing, write=write) from error
        except requests.RequestException as error:
            if write and not _never_sent(error):
                raise Ambiguous(f"GitHub did not answer when {doing}; whether it happened is looked up.") from error
            if isinstance(error, requests.exceptions.RetryError):
                raise TrackerUnavailable(f"GitHub failed several times when {doing}.") from error
            raise TrackerUnavailable(f"GitHub cannot be reached ({type(error).__name__}) when {doing}.") from error
        except (ValueError, AssertionError) as error:
            kind = Ambiguous if write else TrackerUnavailable
            raise kind(f"GitHub's answer could not be read when {doing}.") from error
        except RuntimeError as error:
            raise Forbidden(
                f"GitHub sent us elsewhere when {doing}. Check GITHUB_API_URL ({self._base_url}) and GITHUB_REPOSITORY."
            ) from error

    def _refusal(self, error: GithubException, doing: str, *, write: bool) -> GardenError:
        status, headers = error.status, {k.lower(): str(v) for k, v in (error.headers or {}).items()}
        if (
            isinstance(error, RateLimitExceededException)
            or status == 429
            or (status == 403 and "retry-after" in headers)
        ):
            self._blocked = self._until(headers)
            return _limited(self._blocked, doing)
        if status >= 500:
            if write:
                return Ambiguous(f"GitHub answered {status} when {doing}; whether it happened is looked up.")
            return TrackerUnavailable(f"GitHub answered {status} when {doing}.")
        said = self._words(error)
        if status in (404, 410):
            return NotFound(
                f"GitHub says that it is not there, when {doing} in {self._repository}{said}. Check the number and "
                "GITHUB_REPOSITORY; a token also gets this answer for a repository that it may not see."
            )
        if status == 401:
            return Forbidden(
                f"GitHub does not accept the token, when {doing}{said}. Renew GITHUB_TOKEN or the App's key."
            )
        if status == 403:
            return Forbidden(
                f"GitHub does not allow it, when {doing} in {self._repository}{said}. The token needs read and write "
                "access to the repository's issues."
            )
        return Forbidden(f"GitHub answered {status} when {doing}{said}.")

    def _until(self, headers: Mapping[str, str]) -> datetime:
        now, wait, reset = self._clock(), headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
        if wait.isdigit():
            return now + timedelta(seconds=min(int(wait), 86_400))
        if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(now, datetime.fromtimestamp(min(int(reset), 32_503_680_000), UTC) + timedelta(seconds=1))
        return now + timedelta(minutes=1)

    def _words(self, error: GithubException) -> str:
        """What GitHub said, bounded, with no secret in it."""
        message = error.data.get("message", "") if isinstance(error.data, dict) else ""
        text = plain(str(message)).replace("\n", " ")
        for secret in (self._token, self._app[1]):
            text = text.replace(secret, "***") if secret else text
        return f' ("{cut(text, 200)}")' if text else ""


def _limited(until: datetime, doing: str) -> TrackerUnavailable:
    return TrackerUnavailable(f"GitHub's rate limit is used up until {until:%H:%M} UTC, when {doing}.", until)


class _Retry(GithubRetry):
    """PyGithub's retry, which would sleep for as long as a Retry-After asks for."""

    def increment(  # type: ignore[no-untyped-def]  # urllib3's own, passed through
        self, method=None, url=None, response=None, *args, **kwargs
    ):
        wait = response.headers.get("Retry-After", "") if response else ""
        if wait.isdigit() and int(wait) > LONGEST_WAIT:
            response.drain_conn()  # or the connection is neither used again nor closed
            raise RateLimitExceededException(response.status, None, dict(response.headers))
        return super().increment(method, url, response, *args, **kwargs)


def _hush() -> None:
    """PyGithub prints to the terminal by itself, through a handler of its own; its warnings still reach ours."""
    log = logging.getLogger("github")
    log.handlers.clear()
    log.setLevel(logging.WARNING)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the connection was not even made."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, (NewConnectionError, ConnectTimeoutError))
