"""One project's Cloud Logging, a page at a time: paced by the shared quota, tried again where that helps.

Each try takes up a place in the quota, for the service counts them all.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import google.auth.exceptions
import grpc  # type: ignore[import-untyped] # has no types
from google.api_core import exceptions as api
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse

from bot.errors import InputError, LogsUnavailable
from bot.logs.cloud.trouble import BUSY, Trouble, passing, trouble
from bot.ports import Clock, Quota

PAGE = 1_000
PATIENCE = 30.0
"""Seconds after which a page that does not come is asked for again."""
TRIES = 8
LONGEST_WAIT = timedelta(minutes=3)
"""For a place in the quota."""
_FIRST, _MOST = 0.5, 16.0
"""Seconds between two tries: doubled each time, and no more than that."""
_LARGEST = 300 * 1024 * 1024
"""Bytes of a page: a thousand entries of the largest size there is, and their names."""


class Page(NamedTuple):
    entries: Sequence[Any]
    """As the library's own messages."""
    token: str


class TokenSpent(Exception):
    """The place in the middle of a question is forgotten: it has to be asked anew."""


class Reader:
    """Asks one project. Without a quota (a look for `doctor`) it asks at once."""

    def __init__(
        self,
        project: str,
        *,
        clock: Clock,
        quota: Quota | None = None,
        emulator: str = "",
        patience: float = PATIENCE,
        chance: random.Random | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.project = project
        self._clock = clock
        self._quota = quota
        self._emulator = emulator
        self._patience = patience
        self._chance = chance or random.Random()  # noqa: S311 - only spreads the tries
        self._closed = threading.Event()
        self._pause = pause or self._closed.wait
        self._client: LoggingServiceV2Client | None = None

    def page(self, question: str, token: str = "", use: str = "rounds", size: int = PAGE) -> Page:
        """The next page; raises `TokenSpent`, or `Trouble` where trying again did not help."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self.project}"],
            filter=question,
            order_by="timestamp asc",
            page_size=size,
            page_token=token,
        )
        for tried in range(1, TRIES + 1):
            try:
                return self._ask(request, use)
            except api.InvalidArgument as error:
                if token:
                    raise TokenSpent from error
                raise trouble(error, self.project, self._clock()) from error
            except (api.GoogleAPICallError, api.RetryError, google.auth.exceptions.GoogleAuthError) as error:
                if tried == TRIES or self._closed.is_set() or not passing(error):
                    raise trouble(error, self.project, self._clock()) from error
                self._pause(self._between(tried, busy=isinstance(error, BUSY)))
        raise AssertionError("not reached")

    def close(self) -> None:
        """Whoever waits here waits no longer."""
        self._closed.set()
        if self._client is not None:
            self._client.transport.close()  # type: ignore[no-untyped-call] # has no types

    def _ask(self, request: ListLogEntriesRequest, use: str) -> Page:
        client = self._connected()
        place = self._place(use)
        try:
            pager = client.list_log_entries(request=request, retry=None, timeout=self._patience)
            answer = ListLogEntriesResponse.pb(next(iter(pager.pages)))
            return Page(answer.entries, answer.next_page_token)
        finally:
            if place is not None and self._quota is not None:
                self._quota.give_back(place, self._clock())

    def _place(self, use: str) -> int | None:
        if self._quota is None:
            return None
        since = self._clock()
        while True:
            place = self._quota.take(self.project, use, self._clock(), timedelta(seconds=self._patience))
            if place.number is not None:
                return place.number
            if self._closed.is_set() or self._clock() - since > LONGEST_WAIT:
                raise Trouble("quota", self._crowded(self._clock()))
            self._pause(place.wait.total_seconds())

    def _crowded(self, now: datetime) -> LogsUnavailable:
        return LogsUnavailable(
            f"All pages that may be read of project {self.project} in a minute are taken; the next round reads on.",
            retry_at=now + timedelta(minutes=1),
        )

    def _between(self, tried: int, *, busy: bool) -> float:
        longest = min(_MOST, _FIRST * 2.0**tried)
        return (longest if busy else 0.0) / 2 + self._chance.uniform(0.1, 1.0) * longest / 2

    def _connected(self) -> LoggingServiceV2Client:
        if not self.project:
            raise Trouble(
                "question",
                InputError(
                    "GOOGLE_CLOUD_PROJECT is not set: set it to the id of the project whose logs are to be read."
                ),
            )
        if self._client is None:
            if self._emulator:
                channel = grpc.insecure_channel(self._emulator, options=[("grpc.max_receive_message_length", _LARGEST)])
                self._client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
            else:
                self._client = LoggingServiceV2Client()
        return self._client
