"""What happens by the clock: rounds, the day's digest, the outbox, expiry.

A round runs in a process of its own, so that it never delays an acknowledgement; one at a time. Jobs are added anew
at each start with all their settings; what was missed is done once, late, and not as often as it was missed.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from time import monotonic

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.spans import span

LOG = logging.getLogger("garden.schedule")
ROUND = (sys.executable, "-m", "bot.cli", "round", "--beat")
LONGEST_ROUND = 45 * 60
"""Seconds; a round that takes longer is ended, and the next one goes on where it stopped."""
LONGEST_SILENCE = 10 * 60
"""Seconds without a sign of life, after which a round hangs and is ended."""
GRACE = 3600
"""Seconds that a job may be late and is still done."""
PATIENCE = 2.0
"""Seconds that a round has to end when it is told to."""
LAST_LINES = 20
FULL = 3
"""How a round ends that could not keep what it read, because the disk is full."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round ended: in words why not well, empty where it did."""

    trouble: str = ""
    full: bool = False
    stopped: bool = False
    """The bot stops, and the round with it."""


def trigger(text: str, zone: tzinfo) -> BaseTrigger:
    """`every 5m`, or five cron fields with days by name; numbers of days mean other days elsewhere."""
    if text.startswith("every "):
        return IntervalTrigger(seconds=int(span(text.removeprefix("every ")).total_seconds()), timezone=zone)
    return CronTrigger.from_crontab(text, timezone=zone)


def fires(text: str, zone: tzinfo, after: datetime) -> datetime | None:
    """When a schedule fires next; one that only says how often begins at once."""
    if text.startswith("every "):
        return after
    found: datetime | None = CronTrigger.from_crontab(text, timezone=zone).get_next_fire_time(None, after)
    return found


class Rounds:
    """Runs a round in a process of its own, and ends it where it must: where it hangs, or the bot stops."""

    def __init__(
        self,
        command: Sequence[str] = ROUND,
        *,
        longest: float = LONGEST_ROUND,
        silence: float = LONGEST_SILENCE,
        lease: Callable[[], str] = str,
    ) -> None:
        """`lease` gives the lease of this instance, for which the round works."""
        self._command = tuple(command)
        self._lease = lease
        self._longest = longest
        self._silence = silence
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._sign = 0.0
        self.began: datetime | None = None
        """When the newest one began."""

    @property
    def running(self) -> bool:
        return self._process is not None

    def run(self) -> Ended:
        """What a round said is logged where it went wrong; what it prints is a sign of life and nothing else."""
        if self._stopped.is_set():
            return Ended(stopped=True)
        self.began, begun = datetime.now(UTC), monotonic()
        lease = self._lease()
        command = (*self._command, "--lease", lease) if lease else self._command
        with subprocess.Popen(  # noqa: S603 -- our own command, no word of it from outside
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace",
        ) as process:  # fmt: skip
            self._process, self._sign = process, begun
            over = threading.Event()
            threads = [
                threading.Thread(target=self._hear, args=(process,), name="garden-round-heard", daemon=True),
                threading.Thread(target=self._watch, args=(process, over), name="garden-round-watched", daemon=True),
            ]
            for thread in threads:
                thread.start()
            try:
                said = "".join(deque(process.stderr or (), maxlen=LAST_LINES)).strip()
                code = process.wait()
            finally:
                over.set()
                for thread in threads:
                    thread.join()
                self._process = None
        if self._stopped.is_set():
            return Ended(stopped=True)
        if not code:
            return Ended()
        LOG.error("the round ended with %s: %s", code, said[-2000:] or "it said nothing")
        if code < 0:
            return Ended("It hung, and was ended." if self._hung(begun) else "It was ended from outside.")
        sentence = said.splitlines()[-1] if said and "Traceback" not in said else "The log of the bot says why."
        return Ended(sentence[:300], full=code == FULL)

    def _hear(self, process: subprocess.Popen[str]) -> None:
        for _ in process.stdout or ():
            self._sign = monotonic()

    def _watch(self, process: subprocess.Popen[str], over: threading.Event) -> None:
        begun = self._sign
        while not over.wait(min(1.0, self._silence / 4)):
            if self._hung(begun):
                LOG.error("the round hangs and is ended")
                process.kill()
                return

    def _hung(self, begun: float) -> bool:
        now = monotonic()
        return now - self._sign > self._silence or now - begun > self._longest

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


class Schedule:
    """The jobs of a serving bot. What they do is given by the composition: `tell` brings the digests up to
    date, `due` begins those that should be there by now; `ended` hears how a round went. While reading is `behind`,
    rounds follow each other.
    """

    def __init__(
        self,
        *,
        rounds: Rounds,
        ended: Callable[[Ended], object],
        tell: Callable[[], object],
        drain: Callable[[], object],
        behind: Callable[[], bool] = lambda: False,
        round_at: str,
        due: Callable[[], object],
        zone: tzinfo,
    ) -> None:
        self._rounds = rounds
        self._ended = ended
        self._tell = tell
        self._drain = drain
        self._due_digests = due
        self._behind = behind
        self._round_at, self._zone = round_at, zone
        self._started: datetime | None = None
        self._scheduler = self._made()

    def _made(self) -> BackgroundScheduler:
        zone = self._zone
        made = BackgroundScheduler(
            timezone=zone,
            executors={"default": ThreadPoolExecutor(2), "reading": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE},
        )
        made.add_listener(_tell_log, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        now = datetime.now(zone)

        def add(
            id: str, do: Callable[[], object], when: BaseTrigger, executor: str, first: datetime | None = None
        ) -> None:
            more = {"next_run_time": first} if first else {}
            made.add_job(
                do, when, id=id, name=id, executor=executor, replace_existing=True, coalesce=True, max_instances=1,
                misfire_grace_time=GRACE, **more,
            )  # fmt: skip

        at_once = now if _is_interval(self._round_at) else None
        add("round", self._round, trigger(self._round_at, zone), "reading", at_once)
        add("digest", self._due_digests, IntervalTrigger(minutes=1, timezone=zone), "reading")
        add("outbox", self._drain, IntervalTrigger(minutes=1, timezone=zone), "default", now)
        return made

    def start(self) -> None:
        if not self._scheduler.running:
            self._started = datetime.now(UTC)
            self._scheduler.start()

    def stop(self) -> None:
        self._rounds.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    # ------------------------------------------------------------ whether it lives

    @property
    def alive(self) -> bool:
        """Its thread is there; a job may hang all the same, and then rounds are overdue."""
        thread = self._scheduler._thread
        return thread is not None and bool(thread.is_alive())

    def patience(self) -> timedelta:
        """How long after one round the next one but one begins."""
        base, _, second = self._due()
        return second - base if second else timedelta(0)

    def overdue_since(self, now: datetime) -> datetime | None:
        """When a round should have begun, where none did and the one after it is due, too."""
        if self._started is None or self._rounds.running:
            return None
        _, first, second = self._due()
        if first is None or second is None or now <= second + (second - first) / 10:
            return None
        return first.astimezone(UTC)

    def _due(self) -> tuple[datetime, datetime | None, datetime | None]:
        """When the newest round began, and when the next two after it should."""
        started = self._started or datetime.now(UTC)
        base = max(started, self._rounds.began or started).astimezone(self._zone)
        when = trigger(self._round_at, self._zone)
        first: datetime | None = when.get_next_fire_time(base, base)
        second: datetime | None = when.get_next_fire_time(first, first) if first else None
        return base, first, second

    def restart(self) -> None:
        """The jobs anew, in new threads. The old ones are left to themselves: whatever hangs there cannot be ended."""
        old, self._scheduler = self._scheduler, self._made()
        old.shutdown(wait=False)
        self._started = datetime.now(UTC)
        self._scheduler.start()

    def run(self) -> Ended:
        """A round now, after the one that runs, if one does; waits for its end."""
        done: Future[Ended] = Future()

        def asked() -> None:
            try:
                done.set_result(self._round())
            except BaseException as error:
                done.set_exception(error)
                raise

        self._scheduler.add_job(asked, name="round that was asked for", executor="reading", misfire_grace_time=None)
        while not self._rounds.stopped:
            with suppress(TimeoutError):
                return done.result(timeout=1)
        return Ended(stopped=True)

    def _round(self) -> Ended:
        ended = self._rounds.run()
        if not ended.stopped:
            self._ended(ended)
            self._tell()
            if not ended.trouble and self._behind():
                self._scheduler.modify_job("round", next_run_time=datetime.now(self._zone))
        return ended


def _is_interval(text: str) -> bool:
    return text.startswith("every ")


def _tell_log(event: JobExecutionEvent) -> None:
    error = getattr(event, "exception", None)
    if error is None:
        LOG.warning("%s was missed", event.job_id)
    else:
        LOG.error("%s failed: %s", event.job_id, getattr(error, "user_message", error), exc_info=error)
