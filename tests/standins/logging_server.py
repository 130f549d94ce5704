"""A small Cloud Logging on loopback, over plaintext gRPC, for the real client: entries, filters, pages, faults.

    with LoggingServer([entry, ...]) as logging:
        logging.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, after=1)
        logging.trouble = Trouble(random.Random(7), often=0.3)

Entries are in the JSON of exports. It understands the part of the filter language that is asked of it, and answers
INVALID_ARGUMENT to anything else. With a clock, an entry is there from its receiveTimestamp on, and `seen` holds when
each request came: the service's own view of how fast it is asked.

Hundreds of thousands of entries are given as `Logged`: those that say the same share what is made of it once, also from
one server to the next. What is between two times is found without looking at the rest.
"""

from __future__ import annotations

import json
import operator
import os
import random
import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.cloud.audit import audit_log_pb2  # noqa: F401 - audit entries hold its type
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry
from google.protobuf.json_format import ParseDict

Json = dict[str, Any]
Test = Callable[[Json], bool]
_Message: Any = type(LogEntry.pb(LogEntry()))

LEVELS = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
_BOUND = re.compile(r'(timestamp>=|timestamp<|receiveTimestamp>=)"([^"]+)"')
_EITHER = re.compile(r'\(timestamp<"([^"]+)" OR \(receiveTimestamp>="([^"]+)" AND receiveTimestamp<"([^"]+)"\)\)')
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = 10**21
"""Nanoseconds; after all that is."""


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


class Said:
    """What an entry says, apart from which it is and when: made ready to be sent once, however often it is said."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw
        self._wire = b""
        self._fits: dict[str, bool] = {}

    @property
    def wire(self) -> bytes:
        if not self._wire:
            self._wire = ParseDict(self.raw, LogEntry.pb(LogEntry())).SerializeToString()
        return self._wire

    def fits(self, text: str) -> bool:
        """Whether it fits a filter that asks for no time."""
        if text not in self._fits:
            self._fits[text] = _test(text)(self.raw)
        return self._fits[text]


@dataclass(slots=True, eq=False)
class Logged:
    """An entry: when it is dated and when it came, in nanoseconds, its insertId, and what it says."""

    time: int
    arrived: int
    id: str
    said: Said
    _wire: bytes = field(default=b"", repr=False)

    @property
    def wire(self) -> bytes:
        """As it stands in an answer. Of a field that is there twice, the second counts."""
        if not self._wire:
            own = _Message(insert_id=self.id)
            if self.time:
                own.timestamp.FromNanoseconds(self.time)
            if self.arrived:
                own.receive_timestamp.FromNanoseconds(self.arrived)
            self._wire = _piece(b"\x0a", self.said.wire + own.SerializeToString())
        return self._wire


class LoggingServer:
    """Keeps entries and serves `entries.list`; `requests` holds what it was asked."""

    def __init__(
        self, entries: Iterable[Json | Logged] = (), page: int = 1_000, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._said: dict[str, bytearray] = {}
        self._answers: dict[str, list[Logged]] = {}
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
        self._hold(entries)
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
        return [logged.said.raw for logged in self._held]

    @entries.setter
    def entries(self, raws: Iterable[Json]) -> None:
        """All entries, now and to come; what was asked before is forgotten."""
        self._hold(raws)

    def _hold(self, entries: Iterable[Json | Logged]) -> None:
        held = [e if isinstance(e, Logged) else _logged(e) for e in entries]
        self._held = sorted(held, key=attrgetter("time", "id"))
        self._times = [e.time for e in self._held]
        self._arrived = [e.arrived for e in self._held]
        self._order = sorted(range(len(held)), key=self._arrived.__getitem__)
        self._came = sorted(self._arrived)
        self._said, self._answers = {}, {}

    def fail(self, code: grpc.StatusCode, message: str = "", *, after: int = 0, times: int = 1) -> None:
        """After so many more requests, the next `times` fail."""
        for n in range(times):
            self._faults[len(self.requests) + after + n] = (code, message)

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
            if not context.is_active():  # whoever asked was gone when its turn came; nobody knows when it was sent
                return b""
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

    def _found(self, request: ListLogEntriesRequest) -> list[Logged]:
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

    def _search(self, text: str) -> list[Logged]:
        """Looks only where the lines that bound a time leave something to look at."""
        lines = text.split("\n")
        bounds = {m[1]: nanos(m[2]) for line in lines if (m := _BOUND.fullmatch(line))}
        either = [m for line in lines if (m := _EITHER.fullmatch(line))]
        first, last = bounds.get("timestamp>=", 0), bounds.get("timestamp<", EVER)
        some: Iterable[int] = range(bisect_left(self._times, first), bisect_left(self._times, last))
        if either:
            before, start, end = map(nanos, either[0].groups())
            ahead = {n for n in self._arriving(start, end) if max(first, before) <= self._times[n] < last}
            some = [*range(some.start, bisect_left(self._times, before, some.start, some.stop)), *sorted(ahead)]
        elif "receiveTimestamp>=" in bounds:
            some = sorted(n for n in self._arriving(bounds["receiveTimestamp>="], EVER) if n in some)
        fits = self._lasting("\n".join(line for line in lines if "imestamp" not in line))
        tests = [
            _test(line)
            for line in lines
            if "imestamp" in line and not _BOUND.fullmatch(line) and not _EITHER.fullmatch(line)
        ]
        now = nanos(self.clock()) if self.clock else EVER
        found = [self._held[n] for n in some if fits[n] and self._arrived[n] <= now]
        return [e for e in found if all(t(e.said.raw) for t in tests)] if tests else found

    def _arriving(self, first: int, last: int) -> list[int]:
        return self._order[bisect_left(self._came, first) : bisect_left(self._came, last)]

    def _lasting(self, text: str) -> bytearray:
        """Which entries fit what is asked for apart from times: always the same."""
        if text not in self._said:
            self._said[text] = bytearray(e.said.fits(text) for e in self._held)
        return self._said[text]


def _key(request: ListLogEntriesRequest) -> str:
    return f"{request.resource_names} {request.filter}"


def _logged(raw: Json) -> Logged:
    """An entry in the JSON of exports."""
    times = (nanos(str(raw[name])) if name in raw else 0 for name in ("timestamp", "receiveTimestamp"))
    return Logged(*times, str(raw.get("insertId", "")), Said(raw))


def nanos(time: str | datetime) -> int:
    """Nanoseconds since 1970: more digits than a datetime has."""
    if isinstance(time, datetime):
        return (time - EPOCH) // timedelta(microseconds=1) * 1_000
    whole, _, rest = time.removesuffix("Z").removesuffix("+00:00").partition(".")
    return (datetime.fromisoformat(whole).replace(tzinfo=UTC) - EPOCH) // SECOND * 10**9 + int(f"{rest:0<9}"[:9])


def _response(entries: Sequence[Logged], token: str, *, again: bool = False) -> bytes:
    """The answer as it goes over the wire."""
    pieces = [e.wire for e in entries]
    if token and (again or entries):
        pieces.append(_piece(b"\x12", token.encode()))
    return b"".join(pieces)


def _piece(tag: bytes, data: bytes) -> bytes:
    return tag + _varint(len(data)) + data


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


class SharedTime(Time):
    """The same for several processes: a file holds the time, and whoever sleeps moves it for all."""

    def __init__(self, path: Path, now: datetime | None = None) -> None:
        self._turn = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)
        if now:
            self._set(now)

    def __call__(self) -> datetime:
        return EPOCH + timedelta(microseconds=int(os.pread(self._file, 20, 0)))

    def sleep(self, seconds: float) -> None:
        with self._turn:  # among threads; the other is among processes, and ends with them
            os.lockf(self._file, os.F_LOCK, 0)
            self._set(self() + timedelta(seconds=seconds))
            os.lockf(self._file, os.F_ULOCK, 0)

    def _set(self, now: datetime) -> None:
        os.pwrite(self._file, b"%020d" % ((now - EPOCH) // timedelta(microseconds=1)), 0)


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


@lru_cache(maxsize=256)
def _test(text: str) -> Test:
    return Filter(text).test


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
            return signs[sign](nanos(str(found)), nanos(value))
        return signs[sign](found, int(value)) if isinstance(found, int) else signs[sign](str(found), value)

    return test
