"""A small Cloud Logging on loopback, over plaintext gRPC, for the real client: entries, filters, pages, faults.

    with LoggingServer([entry, ...]) as logging:
        logging.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, after=1)
        logging.trouble = Trouble(random.Random(7), often=0.3)

Entries are in the JSON of exports. It understands the part of the filter language that is asked of it, and answers
INVALID_ARGUMENT to anything else. With a clock, an entry is there from its receiveTimestamp on, and `seen` holds when
each request came: the service's own view of how fast it is asked.
"""

from __future__ import annotations

import json
import operator
import random
import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

import grpc
from google.cloud.audit import audit_log_pb2  # noqa: F401 - audit entries hold its type
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry
from google.protobuf.json_format import ParseDict

Json = dict[str, Any]
Test = Callable[[Json], bool]

LEVELS = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
MINUTE = timedelta(minutes=1)
_BOUND = re.compile(r'(timestamp>=|timestamp<|receiveTimestamp>=)"([^"]+)"')


@dataclass
class Trouble:
    """Pages that go wrong by chance, each in one of the ways in which they do."""

    chance: random.Random
    often: float = 0.2
    ways: Sequence[str] = ("429", "500", "503", "hang", "empty", "spent", "small")
    hang: float = 0.6
    """Seconds; more than the client's patience."""

    def next(self) -> str:
        return self.chance.choice(self.ways) if self.chance.random() < self.often else ""


@dataclass
class _Held:
    """An entry as it is served."""

    time: str
    arrived: str
    raw: Json
    wire: bytes = b""

    def encode(self) -> bytes:
        if not self.wire:
            self.wire = ParseDict(self.raw, LogEntry.pb(LogEntry())).SerializeToString()
        return self.wire


class LoggingServer:
    """Keeps entries and serves `entries.list`; `requests` holds what it was asked."""

    def __init__(
        self, entries: Iterable[Json] = (), page: int = 1_000, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._held: list[_Held] = []
        self._times: list[str] = []
        self._came: list[tuple[str, int]] = []
        self._said: dict[str, set[int]] = {}
        self._answers: dict[str, list[_Held]] = {}
        self._turn = threading.Lock()
        self.page = page
        self.clock = clock
        self.trouble: Trouble | None = None
        self.missing: set[str] = set()
        """Projects that may not be read."""
        self.latency = 0.0
        """Seconds on the clock that a page takes."""
        self.requests: list[ListLogEntriesRequest] = []
        self.seen: list[datetime] = []
        self._faults: dict[int, tuple[grpc.StatusCode, str]] = {}
        self.entries = list(entries)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4))
        handler = grpc.unary_unary_rpc_method_handler(
            self._list, request_deserializer=ListLogEntriesRequest.deserialize, response_serializer=bytes
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

    @property
    def entries(self) -> list[Json]:
        return [h.raw for h in self._held]

    @entries.setter
    def entries(self, raws: Iterable[Json]) -> None:
        """All entries, now and to come; what was asked before is forgotten."""
        held = [_Held(_fixed(str(r["timestamp"])), _fixed(str(r.get("receiveTimestamp", ""))), r) for r in raws]
        self._held = sorted(held, key=lambda h: (h.time, str(h.raw.get("insertId"))))
        self._times = [h.time for h in self._held]
        self._came = sorted((h.arrived, n) for n, h in enumerate(self._held))
        self._said, self._answers = {}, {}

    def fail(self, code: grpc.StatusCode, message: str = "", *, after: int = 0, times: int = 1) -> None:
        """After so many more requests, the next `times` fail."""
        for n in range(times):
            self._faults[len(self.requests) + after + n] = (code, message)

    def encode(self) -> None:
        """All at once, where the first page should come as fast as the others."""
        for held in self._held:
            held.encode()

    def fastest(self) -> int:
        """The most requests that came in any 60 seconds."""
        most = first = 0
        for last, time in enumerate(self.seen):
            while time - self.seen[first] >= MINUTE:
                first += 1
            most = max(most, last - first + 1)
        return most

    def _list(self, request: ListLogEntriesRequest, context: grpc.ServicerContext) -> bytes:
        with self._turn:
            number = len(self.requests)
            self.requests.append(request)
            if self.clock:
                self.seen.append(self.clock())
            way = self.trouble.next() if self.trouble else ""
        if self.latency and isinstance(self.clock, Time):
            self.clock.sleep(self.latency)
        if number in self._faults:
            context.abort(*self._faults[number])
        if self.missing & {name.partition("/")[2] for name in request.resource_names}:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
        self._go_wrong(way, request, context)
        if request.order_by not in ("", "timestamp asc"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "order")
        try:
            found = self._found(request)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        start = int(request.page_token or 0)
        size = min(request.page_size or 50, self.page, 1_000)
        if way == "empty":
            return _response([], str(start), again=True)
        if way == "small" and self.trouble:
            size = self.trouble.chance.randint(1, size)
        token = str(start + size) if start + size < len(found) else ""
        return _response(found[start : start + size], token)

    def _go_wrong(self, way: str, request: ListLogEntriesRequest, context: grpc.ServicerContext) -> None:
        if way == "429":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "quota")
        if way == "500":
            context.abort(grpc.StatusCode.INTERNAL, "oops")
        if way == "503":
            context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if way == "hang" and self.trouble:
            threading.Event().wait(self.trouble.hang)
        if way == "spent" and request.page_token:
            with self._turn:
                self._answers.pop(_key(request), None)

    def _found(self, request: ListLogEntriesRequest) -> list[_Held]:
        """What the question came to when it was first asked; a token goes on with that, or is spent."""
        key = _key(request)
        with self._turn:
            if request.page_token:
                if key not in self._answers:
                    raise ValueError("page_token is invalid")
                return self._answers[key]
            while len(self._answers) > 16:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = found = self._search(request.filter)
            return found

    def _search(self, text: str) -> list[_Held]:
        """Looks only where the lines that bound a time by themselves leave something to look at."""
        lines = text.split("\n")
        bounds = {m[1]: _fixed(m[2]) for line in lines if (m := _BOUND.fullmatch(line))}
        now = _fixed(self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")) if self.clock else "9"
        some: Iterable[int] = range(
            bisect_left(self._times, bounds.get("timestamp>=", "")),
            bisect_left(self._times, bounds.get("timestamp<", "9")),
        )
        if "receiveTimestamp>=" in bounds:
            came = self._came[bisect_left(self._came, (bounds["receiveTimestamp>="], 0)) :]
            some = sorted({n for _, n in came} & set(some))
        for line in lines:
            if "imestamp" not in line:
                fitting = self._lasting(line)
                some = [n for n in some if n in fitting]
        tests = [Filter(line).test for line in lines if "imestamp" in line and not _BOUND.fullmatch(line)]
        held = (self._held[n] for n in some)
        return [h for h in held if h.arrived <= now and all(t(h.raw) for t in tests)]

    def _lasting(self, line: str) -> set[int]:
        """The entries that fit a line without times: always the same."""
        if line not in self._said:
            test = Filter(line).test
            self._said[line] = {n for n, held in enumerate(self._held) if test(held.raw)}
        return self._said[line]


def _key(request: ListLogEntriesRequest) -> str:
    return f"{request.resource_names} {request.filter}"


def _fixed(time: str) -> str:
    """Times of one length compare as text."""
    whole, _, rest = time.rstrip("Z").partition(".")
    return f"{whole}.{rest:0<9}"


def _response(entries: Sequence[_Held], token: str, *, again: bool = False) -> bytes:
    """The answer as it goes over the wire; each entry is encoded once."""
    pieces = []
    for held in entries:
        pieces += [b"\x0a", _varint(len(held.encode())), held.wire]
    if token and (again or entries):
        pieces += [b"\x12", _varint(len(token)), token.encode()]
    return b"".join(pieces)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Time:
    """A clock that moves only when somebody sleeps: minutes pass in no time."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._turn = threading.Lock()

    def __call__(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._turn:
            self._now += timedelta(seconds=seconds)


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
        if field == "NOT":
            unwanted = self._one()
            return lambda entry: not unwanted(entry)
        if field == "SEARCH":
            self._next()
            words = _unquoted(self._next()).lower()
            self._close()
            return lambda entry: words in json.dumps(entry).lower()
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
        "=~": lambda a, b: bool(re.search(b, a)), ":": lambda a, b: b.lower() in a.lower(),
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
            return signs[sign](_fixed(str(found)), _fixed(value))
        return signs[sign](found, int(value)) if isinstance(found, int) else signs[sign](str(found), value)

    return test
