"""Reads the entries of a source: in this process, and where there are very many, with a few others beside it.

Reading an entry (parsing, normalising, redacting) is most of the work of a round and needs nothing but the entry;
what comes after needs the store and stays here. Batches come back in the order in which they were given. The others
are plain children that are fed through pipes: they end with their input, however this process ends, and what one of
them cannot do is done here.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from queue import SimpleQueue
from typing import IO, Any

from bot.models import Batch, Entry, Failure, Policy, Raw, Request, Sifted, Site
from bot.steps.normalise import sift
from bot.steps.redact import named, redact

MANY = 30_000
"""Entries of which the reading is worth calling others, who take a while to come."""
MOST = 4
"""With more helpers, it is the store that everybody waits for. One processor is left to that."""


def read(batches: Iterator[Batch], policy: Policy, secret: bytes) -> Iterator[tuple[Batch, Sifted]]:
    """Each batch, with what its entries are."""
    helpers = min(MOST, _processors() - 1)
    for batch in batches:
        if batch.unread and helpers and len(batch.entries) > MANY * (batch.progress or 1.0):
            with contextlib.closing(_Crew(helpers, policy, secret)) as crew:
                yield batch, _look(batch.entries, policy, secret)
                while not crew.ready and (alone := next(batches, None)):
                    yield alone, _look(alone.entries, policy, secret)
                yield from crew.read(batches)
        else:
            yield batch, _look(batch.entries, policy, secret)


@contextlib.contextmanager
def seldom_swept() -> Iterator[None]:
    """Entries hold no cycles, and looking for some in all of them, again and again, takes a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _look(raws: Sequence[Raw], policy: Policy, secret: bytes) -> Sifted:
    found = sift(raws, policy, secret)
    found.entries = redact(found.entries, policy)
    services = Counter[str]()
    for service, count in found.services.items():
        services[named(service)] += count
    found.services = services
    return found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Crew:
    """A few children, and as many threads that talk to them."""

    def __init__(self, size: int, policy: Policy, secret: bytes) -> None:
        self._size = size
        self._orders = (policy, secret)
        self._closed = False
        self._idle: SimpleQueue[_Child | None] = SimpleQueue()
        self._children: list[_Child] = []
        self._threads = ThreadPoolExecutor(size, "reader")
        for _ in range(size):
            self._threads.submit(self._greet, self._called())

    @property
    def ready(self) -> bool:
        """Whether one of them is there; coming takes as long as reading a few ten thousand entries."""
        return not self._idle.empty()

    def read(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Sifted]]:
        """Keeps everybody busy, and never more than a few batches in memory."""
        ahead: deque[tuple[Batch, Future[Sifted]]] = deque()
        for batch in batches:
            ahead.append((batch, self._threads.submit(self._ask, batch.entries)))
            if len(ahead) > self._size + 1:
                done, future = ahead.popleft()
                yield done, future.result()
        for done, future in ahead:
            yield done, future.result()

    def close(self) -> None:
        self._closed = True
        for child in self._children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    if pipe:
                        pipe.close()

    def _called(self) -> _Child | None:
        start = f"import sys; sys.path[:] = {sys.path!r}; from bot.crew import serve; serve()"
        try:
            child = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return None
        self._children.append(child)
        return child if _told(child, self._orders) else None

    def _greet(self, child: _Child | None) -> None:
        there = child is not None and child.stdout and child.stdout.read(len(_HERE)) == _HERE
        self._idle.put(child if there else None)

    def _ask(self, raws: Sequence[Raw]) -> Sifted:
        child = self._idle.get()
        try:
            if child is not None and child.stdout and _told(child, raws):
                with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
                    return _received(child.stdout)
            child = None
            return Sifted([], {}, Counter(), None) if self._closed else _look(raws, *self._orders)
        finally:
            self._idle.put(child)


_Child = subprocess.Popen[bytes]
_HERE = b"."


def _told(child: _Child, what: object) -> bool:
    try:
        if child.stdin:
            pickle.dump(what, child.stdin, pickle.HIGHEST_PROTOCOL)
            child.stdin.flush()
        return child.stdin is not None
    except (OSError, ValueError):
        return False


# ------------------------------------------------------------------------------------------------ what a child does


def serve(given: IO[bytes] = sys.stdin.buffer, answers: IO[bytes] = sys.stdout.buffer) -> None:
    """Reads what it is given until there is no more."""
    gc.disable()  # entries hold no cycles, and looking for some takes a fifth of the time
    with contextlib.suppress(EOFError, BrokenPipeError):
        policy, secret = pickle.load(given)  # noqa: S301 - from the process that started this one
        answers.write(_HERE)
        answers.flush()
        while True:
            found = _look(pickle.load(given), policy, secret)  # noqa: S301 - the same
            _send(found, answers)
            answers.flush()


_Part = type[Request] | type[Failure] | type[Site]


def _plainly(kind: _Part) -> Callable[[Any], tuple[_Part, tuple[Any, ...]]]:
    """How one goes its way: by its values, which takes a quarter of the time."""
    values = attrgetter(*(f.name for f in fields(kind)))
    return lambda part: (kind, values(part))


_PLAINLY: dict[type, Any] = {kind: _plainly(kind) for kind in (Request, Failure, Site)}
_NAMES = tuple(f.name for f in fields(Entry))
_TIME = _NAMES.index("time")
_values = attrgetter(*_NAMES)


def _send(found: Sifted, answers: IO[bytes]) -> None:
    """Field by field, and times as seconds, which hold microseconds exactly: so it takes a third of the time."""
    columns: list[Iterable[Any]] = list(zip(*map(_values, found.entries), strict=True))
    if columns:
        columns[_TIME] = list(map(datetime.timestamp, columns[_TIME]))
    packer = pickle.Pickler(answers, pickle.HIGHEST_PROTOCOL)
    packer.dispatch_table = _PLAINLY
    packer.dump((columns, found.quiet, found.services, found.until))


def _received(answers: IO[bytes]) -> Sifted:
    columns, quiet, services, until = pickle.load(answers)  # noqa: S301 - from our own child
    if columns:
        columns[_TIME] = map(_moment, columns[_TIME])
    return Sifted(list(map(Entry, *columns)) if columns else [], quiet, services, until)


_moment = partial(datetime.fromtimestamp, tz=UTC)
