"""Logs from Cloud Logging: of several projects, newest first where something was missed, and all of it in the end.

What is to be read is written down as stretches before it is read, and each page crosses out its part of one in the
transaction that keeps what came of it. So whoever is killed, the next round goes on with the next page; and where a
page is read again after all, the store knows its entries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from bot.errors import GardenError, LogsUnavailable
from bot.logs.cloud import plan
from bot.logs.cloud.asking import question
from bot.logs.cloud.entries import entry
from bot.logs.cloud.reader import PATIENCE, Page, Reader, TokenSpent
from bot.logs.cloud.trouble import Trouble
from bot.models import Aim, BadLine, Batch, Bookmark, Raw, Scope, Stretch, Window
from bot.moments import moment
from bot.ports import Clock, Quota, Sources
from bot.spans import words

__all__ = ["CloudLogs", "Reader", "Scope", "question"]

PAGES = 300
"""Pages that one round reads: what is found is told before there is more."""
PAST_PAGES = 60
"""Pages of the past that are read in one go: what happens now does not wait for it."""
LONGEST = timedelta(minutes=5)
"""How long one round reads."""
AHEAD = timedelta(minutes=1)
"""How far an entry may be dated after its arrival; one that is further ahead counts when it arrived."""
HOUR = timedelta(hours=1)
"""Identities are forgotten by the hour; what may be counted must not be in an hour that is."""
RESTARTS = 5
"""How often a question is asked anew without getting any further."""
REMEMBERED = timedelta(days=14)


class CloudLogs:
    """Entries that may matter of some projects, as far as `sources` does not have them crossed out.

    `past` reads what lies before all that was ever read instead, which is asked for with `since`.
    """

    source = "cloud"
    lasting = True

    def __init__(
        self,
        scopes: Sequence[Scope],
        *,
        clock: Clock,
        sources: Sources,
        quota: Quota,
        past: bool = False,
        remembered: timedelta = REMEMBERED,
        pages: int = PAGES,
        longest: timedelta = LONGEST,
        emulator: str = "",
        patience: float = PATIENCE,
        chance: random.Random | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._scopes = {f"cloud:{s.project}": s for s in scopes}
        self._clock = clock
        self._sources = sources
        self._past = past
        self._remembered = remembered - HOUR
        self._pages = min(pages, PAST_PAGES) if past else pages
        self._longest = longest
        self._readers = {
            name: Reader(
                scope.project,
                clock=clock,
                quota=quota,
                emulator=emulator,
                patience=patience,
                chance=chance,
                pause=pause,
            )
            for name, scope in self._scopes.items()
        }

    def window(self, cursor: datetime | None, since: timedelta | None) -> Window:
        """Writes down what is to be read from now on; returns the span of all that is still to be read."""
        now = self._clock()
        self._sources.expect(self._scopes)
        known = self._sources.begun()
        for name in self._scopes:
            source, pending = self._sources.get(name), self._sources.pending(name)
            if source is None:
                continue
            if not self._past:
                more = plan.news(source, pending, now, since, remembered=self._remembered, known=known)
                self._sources.plan(name, more, now)
            elif since:
                self._sources.plan(name, plan.past(source, pending, now - since))
        starts = [s.at for s in self._waiting() if s.aim is not Aim.LATE]
        return Window(min(starts, default=now), now)

    def read(self, window: Window) -> Iterator[Batch]:
        """One batch a page, within what a round may read. Trouble with one project does not keep others waiting: it is
        noted, and raised only where nothing at all was read."""
        budget = _Budget(self._clock, self._pages, self._longest)
        troubles: dict[str, GardenError] = {}
        for stretch in self._waiting():
            if stretch.source in troubles or budget.spent:
                continue
            try:
                with closing(self._stretch(stretch, budget)) as batches:
                    yield from batches
            except Trouble as found:
                self._sources.failed(stretch.source, found.sort, found.error.user_message, self._clock())
                troubles[stretch.source] = found.error
            except GardenError as error:
                self._sources.failed(stretch.source, "question", error.user_message, self._clock())
                troubles[stretch.source] = error
        if troubles and not budget.answers:
            raise next(iter(troubles.values()))
        notes = [e.user_message for e in troubles.values()]
        for name, scope in self._scopes.items():
            if name not in troubles and (gaps := [g for s in [self._sources.get(name)] if s for g in s.gaps]):
                left = words(sum((g.span for g in gaps), timedelta(0)))
                notes.append(f"Of project {scope.project}, {left} are still to be read; reading goes on.")
        if notes:
            yield Batch((), notes=tuple(notes))

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    # ------------------------------------------------------------ one stretch after the other

    def _waiting(self) -> list[Stretch]:
        """What this round may read, in the order in which it is read."""
        found = [s for name in self._scopes for s in self._sources.pending(name) if (s.aim is Aim.PAST) is self._past]
        return sorted(found, key=lambda s: (plan.ORDER.index(s.aim), s.start))

    def _stretch(self, stretch: Stretch, budget: _Budget) -> Generator[Batch, None, None]:
        """The pages of a stretch; while one is taken in, the next is on its way."""
        scope, reader = self._scopes[stretch.source], self._readers[stretch.source]
        at, token = stretch.at, stretch.token
        asked = stretch.asked if token else question(scope, stretch)
        stuck = 0
        with _Ahead(reader) as ahead:
            ahead.ask(asked, token)
            while True:
                try:
                    page = ahead.answer()
                except TokenSpent:
                    stuck += 1
                    if stuck > RESTARTS:
                        raise Trouble("slow", _forgetful(scope.project)) from None
                    asked = question(scope, _from(stretch, at))
                    ahead.ask(asked, "")
                    continue
                batch = self._batch(stretch, page, at, asked)
                mark = batch.mark
                stuck = stuck if mark is None or mark.at == at else 0
                at = mark.at if mark else at
                budget.answered()
                going_on = bool(page.token) and not budget.spent
                if going_on:
                    ahead.ask(asked, page.token)
                yield batch
                if mark and mark.done:
                    yield Batch((), lane=mark.heir, seams=plan.seams(stretch, self._sources.pending(stretch.source)))
                if not going_on:
                    return

    def _batch(self, stretch: Stretch, page: Page, at: datetime, asked: str) -> Batch:
        now, pending = self._clock(), self._sources.pending(stretch.source)
        forgotten = now - self._remembered if stretch.aim is Aim.LATE else None
        raws: list[Raw] = []
        bad: list[BadLine] = []
        too_late: list[int] = []
        newest = None
        for message in page.entries:
            raw = entry(message)
            time, arrived = moment(raw.get("timestamp")), moment(raw.get("receiveTimestamp"))
            if time is None and arrived is None:
                bad.append(BadLine(0, "an entry without a timestamp"))
                continue
            if time is None or (arrived is not None and time > arrived + AHEAD):
                time, raw["timestamp"] = arrived, raw["receiveTimestamp"]
            elif time is not None:
                at = max(at, min(time, stretch.end))
            if forgotten is not None and time is not None and time < forgotten:
                too_late.append(_identity(raw))
                continue
            newest = time if newest is None or (time is not None and time > newest) else newest
            raws.append(raw)
        mark = Bookmark(
            source=stretch.source,
            stretch=stretch.id,
            at=at,
            now=now,
            token=page.token,
            asked=asked if page.token else "",
            done=not page.token,
            heir=plan.heir(stretch, pending),
            newest=newest,
            too_late=tuple(too_late),
        )
        span = stretch.end - stretch.start
        share = (at - stretch.start) / span if span else 1.0
        share = share if page.token else 1.0
        return Batch(raws, tuple(bad), share, lane=stretch.lane, mark=mark, seams=plan.seams(stretch, pending))


class _Budget:
    """How much one round may read."""

    def __init__(self, clock: Clock, pages: int, longest: timedelta) -> None:
        self._clock, self._pages, self._until = clock, pages, clock() + longest
        self.answers = 0

    def answered(self) -> None:
        self.answers += 1

    @property
    def spent(self) -> bool:
        return self.answers >= self._pages or self._clock() >= self._until


class _Ahead:
    """Asks for a page while its caller does something else."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._threads = ThreadPoolExecutor(1, "page")

    def ask(self, asked: str, token: str) -> None:
        self._next = self._threads.submit(self._reader.page, asked, token)

    def answer(self) -> Page:
        return self._next.result()

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_: Any) -> None:
        self._threads.shutdown(cancel_futures=True)


def _from(stretch: Stretch, at: datetime) -> Stretch:
    return Stretch(stretch.id, stretch.source, stretch.aim, stretch.start, stretch.end, at, stretch.arrived)


def _forgetful(project: str) -> GardenError:
    return LogsUnavailable(
        f"Cloud Logging forgets again and again how far project {project} was read; the next round tries anew."
    )


def _identity(raw: Raw) -> int:
    """Of an entry that nothing else is kept of."""
    parts = "\0".join(str(raw.get(name)) for name in ("logName", "timestamp", "insertId"))
    return int.from_bytes(blake2b(parts.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
