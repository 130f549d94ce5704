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
from datetime import datetime, tzinfo

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.spans import span

LOG = logging.getLogger("garden.schedule")
ROUND = (sys.executable, "-m", "bot.cli", "round")
LONGEST_ROUND = 45 * 60
"""Seconds; a round that hangs is ended, and the next one goes on where it stopped."""
GRACE = 3600
"""Seconds that a job may be late and is still done."""
LAST_LINES = 20
STOPPED = "stopped"
ENOUGH = 2
"""Rounds that fail in a row before the team is told."""


def trigger(text: str, zone: tzinfo) -> BaseTrigger:
    """`every 5m`, or five cron fields with days by name; numbers of days mean other days elsewhere."""
    if text.startswith("every "):
        return IntervalTrigger(seconds=int(span(text.removeprefix("every ")).total_seconds()), timezone=zone)
    return CronTrigger.from_crontab(text, timezone=zone)


class Rounds:
    """Runs a round in a process of its own, and ends it where it must."""

    def __init__(self, command: Sequence[str] = ROUND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()

    def run(self) -> str:
        """Why the round went wrong, in words; empty where it went well. What it said is logged."""
        if self._stopped.is_set():
            return STOPPED
        with subprocess.Popen(  # noqa: S603 -- our own command, no word of it from outside
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace",
        ) as process:  # fmt: skip
            self._process = process
            ending = threading.Timer(LONGEST_ROUND, process.kill)
            ending.start()
            try:
                said = "".join(deque(process.stderr or (), maxlen=LAST_LINES)).strip()
                code = process.wait()
            finally:
                ending.cancel()
                self._process = None
        if self._stopped.is_set():
            return STOPPED
        if not code:
            return ""
        LOG.error("the round ended with %s: %s", code, said[-2000:] or "it said nothing")
        sentence = said.splitlines()[-1] if said and "Traceback" not in said else "The log of the bot says why."
        return f"The logs could not be read: {sentence[:300]}"

    def stop(self) -> None:
        self._stopped.set()
        process = self._process
        if process is not None:
            process.terminate()


class Schedule:
    """The jobs of a serving bot. `drain` and `tell` are given by the composition.

    `tell(create, trouble)` brings the digest up to date; it begins one if it may, or if there is trouble.
    """

    def __init__(
        self,
        *,
        rounds: Rounds,
        tell: Callable[[bool, str], object],
        drain: Callable[[], object],
        round_at: str,
        digest_at: str,
        zone: tzinfo,
    ) -> None:
        self._rounds = rounds
        self._tell = tell
        self._trouble = ""
        self._failures = 0
        self._scheduler = BackgroundScheduler(
            timezone=zone,
            executors={"default": ThreadPoolExecutor(2), "reading": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE},
        )
        self._scheduler.add_listener(_tell_log, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        now = datetime.now(zone)
        self._add("round", self._round, trigger(round_at, zone), "reading", now if _is_interval(round_at) else None)
        self._add("digest", self._digest, trigger(digest_at, zone), "reading")
        self._add("outbox", drain, IntervalTrigger(minutes=1, timezone=zone), "default", now)

    def _add(
        self,
        id: str,
        do: Callable[[], object],
        when: BaseTrigger,
        executor: str,
        first: datetime | None = None,
    ) -> None:
        more = {"next_run_time": first} if first else {}
        self._scheduler.add_job(
            do, when, id=id, name=id, executor=executor, replace_existing=True, coalesce=True, max_instances=1,
            misfire_grace_time=GRACE, **more,
        )  # fmt: skip

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._rounds.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _round(self) -> None:
        """A failure is told when it comes twice in a row: once is a hiccup, and the next round reads it all."""
        trouble = self._rounds.run()
        if trouble == STOPPED:
            return
        self._failures = self._failures + 1 if trouble else 0
        self._trouble = trouble if self._failures >= ENOUGH else ""
        if self._trouble or not trouble:
            self._tell(False, self._trouble)

    def _digest(self) -> None:
        self._tell(True, self._trouble)


def _is_interval(text: str) -> bool:
    return text.startswith("every ")


def _tell_log(event: JobExecutionEvent) -> None:
    error = getattr(event, "exception", None)
    if error is None:
        LOG.warning("%s was missed", event.job_id)
    else:
        LOG.error("%s failed: %s", event.job_id, getattr(error, "user_message", error), exc_info=error)
