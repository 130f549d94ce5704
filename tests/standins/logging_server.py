"""A small Cloud Logging on loopback, over plaintext gRPC, for the real client: entries, filters, pages, faults.

    with LoggingServer([entry, ...]) as logging:
        CloudLogs("shop", clock=..., emulator=logging.host)
        logging.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, after=1)

Entries are in the JSON of exports. It understands the part of the filter language that is asked of it, and answers
INVALID_ARGUMENT to anything else.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from google.cloud.audit import audit_log_pb2  # noqa: F401 - audit entries hold its type
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry
from google.protobuf.json_format import ParseDict

Json = dict[str, Any]
Test = Callable[[Json], bool]

LEVELS = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


class LoggingServer:
    """Keeps entries and serves `entries.list`; `requests` holds what it was asked."""

    def __init__(self, entries: Iterable[Json] = (), page: int = 1_000) -> None:
        self.entries = list(entries)
        self.page = page
        self.requests: list[ListLogEntriesRequest] = []
        self._faults: dict[int, tuple[grpc.StatusCode, str]] = {}
        self._server = grpc.server(ThreadPoolExecutor(max_workers=2))
        handler = grpc.unary_unary_rpc_method_handler(
            self._list,
            request_deserializer=ListLogEntriesRequest.deserialize,
            response_serializer=ListLogEntriesResponse.serialize,
        )
        service = grpc.method_handlers_generic_handler(
            "google.logging.v2.LoggingServiceV2", {"ListLogEntries": handler}
        )
        self._server.add_generic_rpc_handlers((service,))
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> LoggingServer:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()

    def fail(self, code: grpc.StatusCode, message: str = "", *, after: int = 0, times: int = 1) -> None:
        """After so many more requests, the next `times` fail."""
        for n in range(times):
            self._faults[len(self.requests) + after + n] = (code, message)

    def _list(self, request: ListLogEntriesRequest, context: grpc.ServicerContext) -> ListLogEntriesResponse:
        number = len(self.requests)
        self.requests.append(request)
        if number in self._faults:
            context.abort(*self._faults[number])
        try:
            wanted = Filter(request.filter).test
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        found = sorted((e for e in self.entries if wanted(e)), key=lambda e: (str(e["timestamp"]), str(e["insertId"])))
        if request.order_by not in ("", "timestamp asc"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "order")
        size = min(request.page_size or 50, self.page, 1_000)
        start = int(request.page_token or 0)
        token = str(start + size) if start + size < len(found) else ""
        page = [LogEntry.wrap(ParseDict(e, LogEntry.pb(LogEntry()))) for e in found[start : start + size]]
        return ListLogEntriesResponse(entries=page, next_page_token=token)


class Filter:
    """The filter language, as far as it is used: comparisons, `log_id`, AND (or a new line), OR, parentheses."""

    _TOKEN = re.compile(r'\s*(\(|\)|"(?:[^"\\]|\\.)*"|=~|>=|<=|!=|[=<>:]|[\w./%-]+)')

    def __init__(self, text: str) -> None:
        self._tokens = self._TOKEN.findall(text)
        if self._TOKEN.sub("", text).strip():
            raise ValueError(f"cannot be read: {self._TOKEN.sub('', text)[:40]}")
        self._at = 0
        self.test: Test = self._all() if self._tokens else lambda entry: True
        if self._at < len(self._tokens):
            raise ValueError(f"unexpected {self._tokens[self._at]}")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _all(self) -> Test:
        tests = [self._any()]
        while self._peek() not in ("", ")"):
            if self._peek() == "AND":
                self._next()
            tests.append(self._any())
        return lambda entry: all(t(entry) for t in tests)

    def _any(self) -> Test:
        tests = [self._one()]
        while self._peek() == "OR":
            self._next()
            tests.append(self._one())
        return lambda entry: any(t(entry) for t in tests)

    def _one(self) -> Test:
        if self._peek() == "(":
            self._next()
            inner = self._all()
            self._close()
            return inner
        field = self._next()
        if field == "log_id":
            self._next()
            name = _unquoted(self._next())
            self._close()
            return lambda entry: entry.get("logName", "").partition("/logs/")[2].replace("%2F", "/") == name
        sign = self._next()
        values = [self._next()]
        if values == ["("]:
            values = [self._next()]
            while self._peek() == "OR":
                self._next()
                values.append(self._next())
            self._close()
        tests = [_comparison(field, sign, _unquoted(v)) for v in values]
        return lambda entry: any(t(entry) for t in tests)

    def _close(self) -> None:
        if self._next() != ")":
            raise ValueError("a parenthesis is not closed")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _comparison(field: str, sign: str, value: str) -> Test:
    signs: dict[str, Callable[[Any, Any], bool]] = {
        "=": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
        "=~": lambda a, b: bool(re.search(b, a)),
    }  # fmt: skip
    if sign not in signs or not field:
        raise ValueError(f"cannot compare with {sign or 'nothing'}")

    def test(entry: Json) -> bool:
        found: Any = entry
        for part in field.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if field == "severity":
            return signs[sign](LEVELS.index(found or "DEFAULT"), LEVELS.index(value))
        if found is None:
            return False
        if field.lower().endswith("timestamp"):
            return signs[sign](str(found).rstrip("Z").ljust(29, "0"), value.rstrip("Z").ljust(29, "0"))
        return signs[sign](found, int(value)) if isinstance(found, int) else signs[sign](str(found), value)

    return test
