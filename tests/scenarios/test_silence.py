"""Every way of going silent, brought about: the channel hears of it once, and once more when it is over."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import edges as parts
from bot import pipeline, telling
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.errors import GardenError, StoreFull
from bot.models import Decision
from bot.schedule import Ended, Rounds
from bot.web.health import KINDS
from store import open_store
from tests.scenarios.office import ANN, BOB, CHANNEL, MANIFEST, Place, bad_hour, entry, office
from tests.standins.claude_server import ClaudeServer
from tests.standins.logging_server import LoggingServer

killing = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
START = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)
SAMPLE = re.compile(r'# (HELP|TYPE) garden_\w+ .+|garden_\w+(\{(\w+="[^"\\\n]*",?)+\})? -?[\d.e+-]+')


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Watch:
    """A place, its clock, and what the channel was told of silence."""

    place: Place
    clock: Clock

    def rounds(self, times: int = 1) -> None:
        """What the schedule does every five minutes, in this process; then a look at ourselves."""
        for _ in range(times):
            self.clock.now += EVERY
            self.place.garden.schedule._round()
            self.place.garden.vigil.look()

    def real_rounds(self, times: int) -> None:
        """Whole rounds in this process, which end as those of a child would."""
        for _ in range(times):
            self.clock.now += EVERY
            garden = self.place.garden
            try:
                pipeline.round(self.place.edges)
            except GardenError as error:
                garden._ended(Ended(error.user_message, full=error.exit_code == 3))
            else:
                garden._ended(Ended())
            garden.vigil.telling(partial(telling.tell, self.place.edges))
            garden.vigil.look()

    def look(self, after: timedelta = timedelta(0)) -> None:
        self.clock.now += after
        self.place.garden.vigil.look()

    def told(self, words: str) -> list[str]:
        """In the order in which it was said: `begun` and `over`."""
        return ["over" if m["text"].startswith("Over,") else "begun" for m in self.messages(words)]

    def messages(self, words: str) -> list[dict[str, Any]]:
        return [m for m in self.place.slack.messages(CHANNEL) if words in str(m) and "Log Gardener," not in str(m)]

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.place.garden.web.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ready(self) -> bool:
        return self.page("/readyz")[0] == 200

    def metric(self, kind: str) -> bool:
        return f'garden_condition_active{{kind="{kind}"}} 1' in self.page("/metrics")[1]

    def status(self) -> str:
        """What `/garden status` answers."""
        slack, before = self.place.slack, len(self.place.slack.whispers(BOB))
        slack.command(BOB, CHANNEL, "status")
        assert slack.wait(lambda: len(slack.whispers(BOB)) > before)
        return str(slack.whispers(BOB)[-1])


@contextmanager
def watching(folder: Path, *, clock: Clock | None = None, **more: Any) -> Iterator[Watch]:
    clock = clock or Clock()
    with office(folder, clock=clock, **more) as place:
        watch = Watch(place, clock)
        watch.look()
        assert watch.ready(), watch.page("/readyz")
        yield watch


class Child:
    """Rounds whose process does what it is told."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "round.py"
        self.does("")

    def does(self, code: str) -> None:
        self.script.write_text(code, encoding="utf-8")

    def fails(self, words: str, code: int = 1) -> None:
        self.does(f"import sys; print({words!r}, file=sys.stderr); sys.exit({code})")

    def rounds(self) -> Rounds:
        return Rounds((sys.executable, "-S", "-E", str(self.script)), silence=0.4)


def test_rounds_that_die_are_told_once_and_when_they_are_over(tmp_path: Path) -> None:
    """One hiccup is nobody's business; a restart between changes nothing."""
    child = Child(tmp_path)
    with Slack(scopes=MANIFEST["oauth_config"]["scopes"]["bot"]) as slack:
        with watching(tmp_path, rounds=child.rounds(), slack=slack) as watch:
            child.fails("There is no such project.")
            watch.rounds()
            assert watch.told("no such project") == []
            watch.rounds()
            assert watch.told("no such project") == ["begun"]
            assert watch.metric("round")
            assert not watch.ready()
            assert "no such project" in watch.status()
            watch.rounds(3)
            clock = watch.clock
        with office(tmp_path, clock=clock, rounds=child.rounds(), slack=slack) as place:
            watch = Watch(place, clock)
            watch.look()
            watch.rounds()
            assert watch.told("no such project") == ["begun"]
            assert not watch.ready()
            child.does("")
            watch.rounds()
            assert watch.told("no such project") == ["begun", "over"]
            assert watch.ready()
            assert "All is well" in watch.status()
            said = len(slack.messages(CHANNEL))
            watch.rounds(2)
            assert len(slack.messages(CHANNEL)) == said


@pytest.mark.campaign
def test_a_round_that_hangs_is_ended_and_told(tmp_path: Path) -> None:
    """The next one begins in its time."""
    child = Child(tmp_path)
    with watching(tmp_path, rounds=child.rounds()) as watch:
        child.does("import time; time.sleep(60)")
        watch.rounds(2)
        assert watch.told("hung") == ["begun"]
        child.does("")
        watch.rounds()
        assert watch.told("hung") == ["begun", "over"]


def test_logs_that_may_not_be_read_are_told(tmp_path: Path) -> None:
    """The role was taken away; a new process knows what the old one said."""
    with LoggingServer() as logging, Slack(scopes=MANIFEST["oauth_config"]["scopes"]["bot"]) as slack:
        with watching(tmp_path, slack=slack, **reading(logging)) as watch:
            watch.real_rounds(1)
            logging.missing = {"ticketry-prod"}
            watch.real_rounds(2)
            (message,) = watch.messages("may not be read")
            assert "roles/logging.viewer" in str(message)
            assert "Since 6 Mar" in str(message)
            assert watch.metric("access")
            assert not watch.ready()
            assert "roles/logging.viewer" in watch.status()
        with office(tmp_path, slack=slack, clock=watch.clock, **reading(logging)) as place:
            watch = Watch(place, watch.clock)
            watch.real_rounds(2)
            assert watch.told("may not be read") == ["begun"]
            logging.missing = set()
            watch.real_rounds(1)
            assert watch.told("may not be read") == ["begun", "over"]
            assert watch.told("Rounds do not come") == []
            assert watch.ready()


def test_reading_that_lags_is_told(tmp_path: Path) -> None:
    """No round comes to its end, and what was read is longer and longer ago; where nothing happens nothing lags."""
    with LoggingServer() as logging, watching(tmp_path, **reading(logging)) as watch:
        watch.place.round()
        watch.look(timedelta(minutes=9))
        assert watch.told("are read only up to") == []
        watch.look(timedelta(minutes=2))
        assert watch.told("are read only up to") == ["begun"]
        assert watch.metric("lag")
        assert "read up to 6 Mar 12:00 UTC" in watch.status()
        watch.place.round()
        watch.look()
        assert watch.told("are read only up to") == ["begun", "over"]
        assert "read up to 6 Mar 12:11 UTC" in watch.status()
        telling.tell(watch.place.edges)
        assert "Read up to 6 Mar 12:11 UTC" in str(watch.place.digest()), "also where nothing ever happened"
        watch.clock.now += timedelta(hours=1)
        watch.place.round()
        assert "Read up to 6 Mar 13:11 UTC" in str(watch.place.digest()), "also where nothing changed"


def reading(logging: LoggingServer) -> dict[str, str]:
    return {"LOGGING_EMULATOR_HOST": logging.host, "GARDEN_SCHEDULE": "every 5m"}


@pytest.mark.campaign
def test_a_source_that_is_never_empty_and_is_now_is_told(tmp_path: Path) -> None:
    """Nights, in which there never was anything, are no reason."""
    with LoggingServer() as logging, watching(tmp_path, **reading(logging)) as watch:
        place, noon = watch.place, START

        def hour(at: datetime) -> None:
            logging.entries += [
                entry("seat-map", "refused", at + timedelta(minutes=4 * n), f"{at:%d%H}-{n}") for n in range(12)
            ]

        for at in (noon - timedelta(hours=h) for h in range(1, 8 * 24)):
            if 8 <= at.hour < 20:
                hour(at)
        pipeline.round(place.edges, since=timedelta(days=9))
        watch.look()
        while not watch.messages("Nothing came"):
            assert watch.clock.now < noon + timedelta(hours=4)
            watch.clock.now += timedelta(minutes=30)
            place.round()
            watch.look()
        assert watch.clock.now - noon <= timedelta(hours=3)
        assert watch.told("Nothing came") == ["begun"]
        assert "where at this time there always was something" in str(watch.messages("Nothing came"))
        watch.clock.now = noon + timedelta(hours=4)
        hour(watch.clock.now - timedelta(hours=1))
        place.round()
        watch.look()
        assert watch.told("Nothing came") == ["begun", "over"]
        for at in (noon + timedelta(hours=h) for h in range(4, 8)):
            hour(at)
        for h in range(5, 21):
            watch.clock.now = noon + timedelta(hours=h)
            place.round()
            watch.look()
        assert watch.told("Nothing came") == ["begun", "over"]


def test_a_full_disk_is_told_and_what_is_known_can_be_looked_up(tmp_path: Path) -> None:
    """On a real disk that is full: from memory, once, also over a restart; when there is room, reading goes on."""
    with (
        small_disk(tmp_path / "disk") as disk,
        Slack(scopes=MANIFEST["oauth_config"]["scopes"]["bot"]) as slack,
        LoggingServer(bad_hour(START)) as logging,
    ):
        with watching(disk, slack=slack, **reading(logging)) as watch:
            watch.real_rounds(1)
            fill(disk)
            logging.entries += bad_hour(START + timedelta(hours=2), "more")
            watch.clock.now = START + timedelta(hours=2)
            watch.real_rounds(2)
            assert watch.told("disk of the database is full") == ["begun"]
            assert watch.metric("disk")
            assert not watch.ready()
            assert "disk of the database is full" in watch.status()
            watch.real_rounds(2)
            assert watch.told("disk of the database is full") == ["begun"]
        with office(disk, slack=slack, clock=watch.clock, **reading(logging)) as place:
            watch = Watch(place, watch.clock)
            fill(disk)
            watch.real_rounds(2)
            assert watch.told("disk of the database is full") == ["begun"]
            assert "disk of the database is full" in watch.status()
            (disk / "ballast").unlink()
            watch.real_rounds(2)
            assert watch.told("disk of the database is full") == ["begun", "over"]
            assert watch.ready()
            assert "All is well" in watch.status()
        with open_store(str(disk / "garden.db")) as store:
            assert not store.reserve
            assert len([m for m in slack.messages(CHANNEL) if "Log Gardener," in str(m)]) == 1


def test_on_a_full_disk_a_thread_that_never_asked_before_can_look_things_up(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = str(disk / "garden.db")
        with open_store(path) as store:
            known = store.holds()
        with open_store(path) as store:
            fill(disk)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(store.holds).result() == known
            with pytest.raises(StoreFull):
                store.conditions.beat(START)


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(disk: Path) -> None:
    with (disk / "ballast").open("ab", buffering=0) as file:
        size = 64 * 1024
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2


@killing
def test_a_dead_schedule_is_told_and_begun_again(tmp_path: Path) -> None:
    """Its thread is killed; no round begins, the channel hears of it, the watchdog starts it again."""
    with watching(tmp_path, GARDEN_SCHEDULE="every 1h") as watch:
        schedule, dog = watch.place.garden.schedule, watch.place.garden.watchdog
        watch.clock.now = datetime.now(UTC)
        assert schedule.alive
        kill(schedule._scheduler._thread, schedule._scheduler.wakeup)
        assert not schedule.alive
        watch.look(timedelta(hours=3))
        assert watch.told("No round has begun") == ["begun"]
        assert watch.metric("schedule")
        dog.look()
        assert schedule.alive
        assert dog.restarts["schedule"] == 1
        watch.clock.now = datetime.now(UTC)
        watch.look()
        assert watch.told("No round has begun") == ["begun", "over"]


def kill(thread: threading.Thread, wake: Callable[[], object] = lambda: None) -> None:
    """Raises in the thread, which ends it."""
    assert thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    deadline = time.monotonic() + 60
    while thread.is_alive() and time.monotonic() < deadline:
        wake()
        thread.join(0.01)


def test_a_tracker_that_fails_is_told(tmp_path: Path) -> None:
    """Rounds go on without it."""
    with watching(tmp_path) as watch:
        watch.place.github.fault("bad token", times=100)
        for _ in range(2):
            watch.place.round()
            watch.look(EVERY)
        assert watch.told("The tracker cannot be read") == ["begun"]
        watch.place.round()
        watch.look(EVERY)
        watch.place.github.faults.clear()
        watch.place.round()
        watch.look(EVERY)
        assert watch.told("The tracker cannot be read") == ["begun", "over"]


def test_slack_that_fails_is_told_in_the_log_at_once_and_in_the_channel_once_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With what was to be said meanwhile."""
    child = Child(tmp_path)
    with watching(tmp_path, rounds=child.rounds()) as watch:
        slack = watch.place.slack
        slack.fail("auth.test", Fault(status=503), times=100)
        slack.fail("chat.postMessage", Fault(status=503), times=100)
        child.fails("no permission")
        watch.rounds(3)
        assert "Slack does not take messages" in caplog.text
        assert not watch.ready()
        assert watch.metric("chat")
        slack.faults.clear()
        watch.rounds(1)
        assert watch.told("Slack does not take messages") == ["over"]
        assert watch.told("no permission") == ["begun"]
        assert not watch.metric("chat")


@pytest.mark.campaign
def test_a_channel_that_the_bot_was_put_out_of_is_told_once_it_is_in_again(tmp_path: Path) -> None:
    """Slack knows the bot all the same, so greeting it proves nothing."""
    child = Child(tmp_path)
    with watching(tmp_path, rounds=child.rounds()) as watch:
        members = watch.place.slack.channels[CHANNEL].members
        out = set(members)
        members.clear()
        child.fails("no permission")
        watch.rounds(4)
        assert watch.metric("chat")
        members.update(out)
        watch.rounds(2)
        assert watch.told("Slack does not take messages") == ["over"]
        assert watch.told("no permission") == ["begun"]


@pytest.mark.campaign
def test_a_model_that_fails_is_told_once_and_causes_come_from_the_table(tmp_path: Path) -> None:
    """The key is not accepted any more, and then it is."""
    toml = tmp_path / "garden.toml"
    toml.write_text('model_services = ["*"]')
    with LoggingServer() as logging, ClaudeServer() as claude:
        keys = {"ANTHROPIC_API_KEY": "not-a-real-key", "ANTHROPIC_BASE_URL": claude.url, "GARDEN_CONFIG": str(toml)}
        with watching(tmp_path, **reading(logging), **keys) as watch:
            first = watch.place.edges

            def read(name: str) -> None:
                """As in a process of its own, which asks the model anew."""
                watch.clock.now += EVERY
                at = watch.clock.now - timedelta(minutes=1)
                logging.entries = [*logging.entries, entry("mailer", f"made up {name}: failed", at, name)]
                pipeline.round(replace(first, analyst=parts.analyst(watch.place.settings)))
                watch.look()

            claude.then(*["wrong key"] * 20)
            read("one")
            assert watch.told("The model does not answer") == []
            read("two")
            read("three")
            assert watch.told("The model does not answer") == ["begun"]
            claude.queue.clear()
            read("four")
            assert watch.told("The model does not answer") == ["begun", "over"]


@pytest.mark.campaign
def test_an_approval_that_cannot_be_filed_is_told(tmp_path: Path) -> None:
    """After a quarter of an hour; and again once it is filed."""
    with watching(tmp_path) as watch:
        place = watch.place
        watch.clock.now = datetime.now(UTC)
        place.round()
        _, proposal = telling.request(place.edges, 1, BOB, watch.clock.now)
        assert proposal is not None
        place.github.fault("bad gateway", "POST", "/issues", times=100)
        telling.settle(
            place.edges, Decision(1, "approve", ANN, watch.clock.now, proposal.digest, "t"), frozenset({"S0ONCALL"})
        )
        place.drain()
        watch.look(timedelta(minutes=14))
        assert watch.told("An approved proposal waits") == []
        watch.look(timedelta(minutes=2))
        assert watch.told("An approved proposal waits") == ["begun"]
        assert "garden_approvals_unfiled 1" in watch.page("/metrics")[1]
        place.github.faults.clear()
        watch.clock.now += timedelta(hours=1)
        place.drain()
        watch.look()
        assert watch.told("An approved proposal waits") == ["begun", "over"]


@pytest.mark.campaign
def test_a_backup_that_fails_is_told(tmp_path: Path) -> None:
    """Whoever makes it says how it went."""
    with watching(tmp_path) as watch:
        vigil = watch.place.garden.vigil
        for _ in range(3):
            vigil.note("backup", "The bucket does not answer.")
            watch.look(EVERY)
        assert watch.told("The backup cannot be written") == ["begun"]
        vigil.note("backup", "")
        watch.look(EVERY)
        assert watch.told("The backup cannot be written") == ["begun", "over"]


def test_a_connection_to_slack_that_is_cut_is_told_and_made_anew(tmp_path: Path) -> None:
    """Messages still go out; what people type is not heard, and that is said."""
    with watching(tmp_path) as watch:
        place = watch.place
        place.slack.fail("apps.connections.open", Fault(status=503), times=1000)
        place.slack.disconnect()
        assert place.slack.wait(lambda: not place.garden.listening.connected)
        watch.look()
        watch.look(timedelta(minutes=2))
        assert watch.told("The connection to Slack is cut") == ["begun"]
        assert not watch.ready()
        place.slack.faults.clear()
        place.garden.watchdog.look()
        assert place.slack.wait(lambda: place.garden.listening.connected)
        watch.look()
        assert watch.told("The connection to Slack is cut") == ["begun", "over"]
        assert "All is well" in watch.status()


@pytest.mark.campaign
@killing
def test_a_bot_that_is_connected_and_deaf_listens_again(tmp_path: Path) -> None:
    """The library's thread that hands messages on is killed."""
    with watching(tmp_path) as watch:
        place = watch.place
        assert place.garden.listening is not None
        kill(place.garden.listening._handler.client.message_processor.thread)
        assert "hands messages on" in place.garden.listening.wrong()
        place.garden.watchdog.look()
        assert place.garden.watchdog.restarts["socket"] == 1
        assert place.garden.listening.wrong() == ""
        assert "read" in watch.status()


@killing
def test_the_watch_itself_is_begun_again(tmp_path: Path) -> None:
    """Its thread is killed; and where the watchdog dies, the platform hears of it."""
    with watching(tmp_path) as watch:
        garden = watch.place.garden
        kill(garden.vigil._thread, garden.vigil.wake)
        garden.watchdog.look()
        assert garden.vigil.alive
        assert watch.page("/healthz")[0] == 200
        garden.watchdog.stop()
        assert watch.page("/healthz")[0] == 503


@pytest.mark.campaign
def test_silence_that_comes_and_goes_is_not_told_every_time(tmp_path: Path) -> None:
    """From the second time on it must stay away for a while before it is over."""
    child = Child(tmp_path)
    with watching(tmp_path, rounds=child.rounds()) as watch:
        for _ in range(8):
            child.fails("no permission")
            watch.rounds(2)
            child.does("")
            watch.rounds()
        assert len(watch.told("no permission")) <= 4
        watch.rounds(12)
        told = watch.told("no permission")
        assert told.count("over") == told.count("begun")
        assert watch.ready()


def test_metrics_are_in_prometheus_form(tmp_path: Path) -> None:
    """Every line is a comment or a sample; what the issue of a curve needs is there from the beginning."""
    with watching(tmp_path) as watch:
        watch.place.round()
        status, text = watch.page("/metrics")
        assert status == 200
        for line in text.splitlines():
            assert re.fullmatch(
                r'# (HELP|TYPE) garden_\w+ .+|garden_\w+(\{(\w+="[^"\\\n]*",?)+\})? -?[\d.e+-]+', line
            ), line
        for kind in KINDS:
            assert f'garden_condition_active{{kind="{kind}"}} 0' in text
        assert "garden_entries_read_total 36" in text
        assert "garden_rounds_concluded_total 1" in text
