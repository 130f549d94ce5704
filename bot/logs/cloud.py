"""Logs from Cloud Logging, through Google's own client, page by page in order of time.

Reads from a little before the cursor, and what arrived late with an older timestamp; deduplication is the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth.exceptions
import grpc  # type: ignore[import-untyped] # has no types
from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type
from google.cloud.audit import audit_log_pb2  # type: ignore[import-untyped] # noqa: F401 - to read audit payloads
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped] # has no types

from bot.errors import Forbidden, InputError, LogsUnavailable, NotFound
from bot.models import BadLine, Batch, Raw, Window
from bot.moments import moment

PAGE = 1_000
OVERLAP = timedelta(minutes=10)
"""How far before the cursor a round begins again."""
LATE = timedelta(hours=24)
"""How much older than its arrival an entry may be and still be read."""
FIRST = timedelta(hours=24)
"""How far back the very first round looks."""
LONGEST_FILTER = 20_000

_TYPES = ("cloud_run_revision", "cloud_run_job", "cloud_run_worker_pool", "cloud_function")
_NAMES = ("service_name", "job_name", "function_name")
_MATTERS = (
    "(severity>=WARNING OR severity=DEFAULT OR httpRequest.status>=400"
    ' OR log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/system_event"))'
)
_AGAIN = if_exception_type(api.ServiceUnavailable, api.InternalServerError, api.Aborted, api.DeadlineExceeded)


class CloudLogs:
    """One project's entries that may matter, of all its services or of some; a name may end in `*`."""

    lasting = True

    def __init__(
        self,
        project: str,
        *,
        clock: Callable[[], datetime],
        services: Sequence[str] = (),
        emulator: str = "",
        patience: float = 30.0,
    ) -> None:
        self.source = f"cloud:{project}"
        self._project = project
        self._clock = clock
        self._services = tuple(services)
        self._emulator = emulator
        self._patience = patience
        self._client: LoggingServiceV2Client | None = None

    def window(self, cursor: datetime | None, since: timedelta | None) -> Window:
        """From a little before the cursor until now; `since` ago where that is asked for."""
        now = self._clock()
        if since is not None:
            return Window(now - since, now)
        return Window(min(cursor - OVERLAP, now) if cursor else now - FIRST, now)

    def read(self, window: Window) -> Iterator[Batch]:
        """One batch a page. What was read before an error has been handed out, and is not lost."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self._project}"],
            filter=self.filter(window),
            order_by="timestamp asc",
            page_size=PAGE,
        )
        retry = Retry(predicate=_AGAIN, initial=0.2, maximum=5.0, multiplier=2.0, timeout=self._patience)
        while True:
            with self._translated():
                pager = self._connected().list_log_entries(request=request, retry=retry, timeout=self._patience)
                page = next(iter(pager.pages))
            entries, bad = _converted(page.entries)
            if entries or bad:
                yield Batch(entries, bad, _share(entries, window))
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def filter(self, window: Window) -> str:
        """What is asked for; the timestamp is always bounded, or the service would look at one day only."""
        start = _stamp(window.start)
        parts = [
            f"resource.type=({_any(_TYPES)})",
            f'timestamp>="{_stamp(window.start - LATE)}"',
            f'timestamp<="{_stamp(window.end)}"',
            f'(timestamp>="{start}" OR receiveTimestamp>="{start}")',
            _MATTERS,
        ]
        if self._services:
            parts.append("(" + " OR ".join(_named(n, s) for n in _NAMES for s in self._services) + ")")
        text = "\n".join(parts)
        if len(text) > LONGEST_FILTER:
            raise InputError(
                f"{len(self._services)} services are too many to ask for by name. "
                "Shorten GARDEN_SERVICES with `*` at the end of names, or leave it empty to read them all."
            )
        return text

    def close(self) -> None:
        if self._client is not None:
            self._client.transport.close()  # type: ignore[no-untyped-call] # has no types
            self._client = None

    def _connected(self) -> LoggingServiceV2Client:
        if not self._project:
            raise InputError(
                "GOOGLE_CLOUD_PROJECT is not set: set it to the id of the project whose logs are to be read."
            )
        if self._client is None:
            if self._emulator:
                channel = grpc.insecure_channel(self._emulator)
                self._client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
            else:
                self._client = LoggingServiceV2Client()
        return self._client

    @contextmanager
    def _translated(self) -> Iterator[None]:
        project = self._project
        try:
            yield
        except (google.auth.exceptions.DefaultCredentialsError, google.auth.exceptions.RefreshError) as error:
            raise Forbidden(
                "Google's credentials are missing or have expired. Run `gcloud auth application-default login`, "
                "or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file."
            ) from error
        except api.PermissionDenied as error:
            if "SERVICE_DISABLED" in str(error) or "has not been used" in str(error):
                raise Forbidden(
                    f"The Cloud Logging API is switched off in project {project}. "
                    f"Run `gcloud services enable logging.googleapis.com --project {project}`."
                ) from error
            raise Forbidden(
                f"The logs of project {project} may not be read with these credentials. "
                "Give their account the role roles/logging.viewer on that project."
            ) from error
        except api.Unauthenticated as error:
            raise Forbidden(
                "Google does not accept these credentials. Run `gcloud auth application-default login` again."
            ) from error
        except api.NotFound as error:
            raise NotFound(
                f"There is no project {project}: check GOOGLE_CLOUD_PROJECT (its id, not its name)."
            ) from error
        except api.InvalidArgument as error:
            raise InputError(
                f"Cloud Logging does not understand what was asked of project {project}: "
                "check GOOGLE_CLOUD_PROJECT and GARDEN_SERVICES."
            ) from error
        except (api.ResourceExhausted, api.TooManyRequests) as error:
            raise LogsUnavailable(
                f"Cloud Logging's read quota of project {project} is used up (60 pages a minute); going on soon.",
                retry_at=self._clock() + timedelta(minutes=1),
            ) from error
        except (api.DeadlineExceeded, api.RetryError) as error:
            raise LogsUnavailable(
                "Cloud Logging did not answer in time; the next round reads what is missing."
            ) from error
        except (api.GoogleAPICallError, google.auth.exceptions.TransportError) as error:
            raise LogsUnavailable("Cloud Logging cannot be reached; the next round reads what is missing.") from error


def _converted(entries: Sequence[LogEntry]) -> tuple[list[Raw], tuple[BadLine, ...]]:
    raws: list[Raw] = []
    bad: list[BadLine] = []
    for entry in entries:
        raw = _raw(entry)
        if moment(raw.get("timestamp")) or moment(raw.get("receiveTimestamp")):
            raws.append(raw)
        else:
            bad.append(BadLine(0, "an entry without a timestamp"))
    return raws, tuple(bad)


def _raw(entry: LogEntry) -> dict[str, Any]:
    """The entry in the JSON of exports. Payloads that have no such form (infinite numbers, unknown types) are named."""
    message = LogEntry.pb(entry)
    try:
        raw: dict[str, Any] = MessageToDict(message)
    except (ValueError, TypeError):
        kind = str(message.WhichOneof("payload"))
        copy = LogEntry.pb(LogEntry(entry))
        copy.ClearField(kind)
        raw = MessageToDict(copy)
        raw["textPayload"] = f"(a {kind} that has no JSON form)"
    if "jsonPayload" in raw:
        raw["jsonPayload"] = _whole(raw["jsonPayload"])
    return raw


def _whole(value: Any) -> Any:
    """Numbers as they were written: on the way here all have become floats."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {k: _whole(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_whole(v) for v in value]
    return value


def _share(entries: Sequence[Raw], window: Window) -> float | None:
    last = moment(entries[-1].get("timestamp")) if entries else None
    if last is None or not window.span:
        return None
    return min(1.0, max(0.0, (last - window.start) / window.span))


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(values: Sequence[str]) -> str:
    return " OR ".join(_quoted(v) for v in values)


def _named(label: str, service: str) -> str:
    if service.endswith("*"):
        start = "".join(c if c.isalnum() or c == "-" else "\\" + c for c in service[:-1])
        return f"resource.labels.{label}=~{_quoted('^' + start)}"
    return f"resource.labels.{label}={_quoted(service)}"
