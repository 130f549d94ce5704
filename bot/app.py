"""`garden serve`: puts the parts together and keeps them running. The only module that knows edges and handlers.

Slack -> socket or web server -> Bolt -> handlers -> desk -> store, tracker, Slack
clock -> schedule -> round in a process of its own -> digest; outbox
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from zoneinfo import ZoneInfo

from slack_bolt import App, BoltRequest

from bot import edges as parts
from bot import journal, telling
from bot.errors import InputError, SettingsError
from bot.listening import Listening
from bot.ports import Edges, People
from bot.schedule import Ended, Rounds, Schedule
from bot.settings import Settings
from bot.slack import SlackChat, SlackPeople
from bot.vigil import Life, Vigil
from bot.watchdog import Pool, Ward, Watchdog, give_up
from bot.web.health import Health
from bot.web.server import Route, WebRequest, WebResponse, WebServer
from handlers import register
from handlers.desk import Desk
from store import open_store

LOG = logging.getLogger("garden")
LISTENERS = 16
"""Threads that only acknowledge."""
ANSWERS, FILES = 300.0, 1800.0
"""Seconds after which the threads that answer, and the one that files, are stuck: calls have limits far below."""


def serve(settings: Settings) -> None:
    """Runs until a signal comes; what has begun comes to its end first."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    journal.keep(settings.policy(), settings.log)
    with open_store(str(settings.db)) as store:
        chat, people = slack(settings)
        garden = Garden(settings, parts.build(settings, store, chat=chat), people)
        try:
            garden.start()
            LOG.info("listening to Slack %s", "over a socket" if settings.socket_mode else "over HTTP")
            stop.wait()
        finally:
            LOG.info("stopping")
            garden.stop()


def slack(settings: Settings) -> tuple[SlackChat, SlackPeople]:
    """The outbound edge; raises in words where Slack refuses the token."""
    token = settings.slack_bot_token.reveal()
    chat = SlackChat(token, settings.slack_api_url)
    chat.greet()
    return chat, SlackPeople(token, settings.slack_api_url)


class Garden:
    """A serving bot: Bolt, the desk, the web server, the schedule, and who looks after them; started and stopped
    together.
    """

    def __init__(
        self,
        settings: Settings,
        edges: Edges,
        people: People,
        *,
        rounds: Rounds | None = None,
        give_up: Callable[[], object] = give_up,
    ) -> None:
        zone = ZoneInfo(settings.timezone)
        self.edges = edges
        self._lag = settings.lag
        self._stopped = threading.Event()
        self.desk = Desk(edges, people, zone)
        self.app = bolt(settings, self.desk)
        token = settings.slack_app_token.reveal()
        self.listening = Listening(self.app, token, clock=edges.clock) if settings.socket_mode else None
        self.vigil = Vigil(edges, life=self._life)
        self.schedule = Schedule(
            rounds=rounds or Rounds(),
            ended=self._ended,
            tell=lambda create: self.vigil.telling(lambda: telling.tell(edges, zone=zone, create=create)),
            drain=lambda: self.desk.writer.submit(telling.drain, edges).result(),
            round_at=settings.schedule,
            digest_at=settings.digest,
            zone=zone,
        )
        self.watchdog = Watchdog(self._wards(), give_up=give_up)
        self.health = Health(
            edges,
            alive=lambda: self.watchdog.alive,
            active=lambda: self.vigil.active,
            connected=lambda: self.listening is None or self.listening.connected,
            restarts=lambda: self.watchdog.restarts,
        )
        try:
            self.web = WebServer(settings.port, self._routes())
        except OSError as error:
            raise InputError(f"Port {settings.port} cannot be used: {error.strerror}. Set PORT to another.") from error

    def start(self) -> None:
        """Raises in words where Slack does not let us listen."""
        self.web.start()
        if self.listening is not None:
            self.listening.start()
        self.schedule.start()
        self.vigil.start()
        self.watchdog.start()

    def stop(self) -> None:
        """Listens to nobody any more, then lets what has begun come to its end. A second time does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self.watchdog.stop()
        self.vigil.stop()
        if self.listening is not None:
            self.listening.stop()
        self.web.stop()
        self.schedule.stop()
        self.desk.close()
        self.app.listener_runner.listener_executor.shutdown()

    # ------------------------------------------------------------ looking after ourselves

    def _ended(self, ended: Ended) -> None:
        """How a round went."""
        self.vigil.note("disk", ended.trouble if ended.full else "")
        self.vigil.note("round", "" if ended.full else ended.trouble)
        self.vigil.wake()

    def _life(self) -> Life:
        return Life(
            lag=max(self._lag, self.schedule.patience()),
            overdue_since=self.schedule.overdue_since(self.edges.clock()),
            deaf_since=self.listening.deaf_since if self.listening else None,
        )

    def _wards(self) -> list[Ward]:
        """What the watchdog looks after."""
        schedule, vigil = self.schedule, self.vigil
        wards = [
            Ward("schedule", self._schedule_wrong, schedule.restart),
            Ward("vigil", lambda: "" if vigil.alive else "its thread has ended", vigil.restart),
            Ward("listeners", Pool(self.app.listener_runner.listener_executor, ANSWERS).wrong),
            Ward("readers", Pool(self.desk.readers, ANSWERS).wrong),
            Ward("writer", Pool(self.desk.writer, FILES).wrong),
        ]
        if self.listening is not None:
            wards.append(Ward("socket", self.listening.wrong, self.listening.renew, vital=False))
        return wards

    def _schedule_wrong(self) -> str:
        if not self.schedule.alive:
            return "its thread has ended"
        return "no round has begun in time" if self.schedule.overdue_since(self.edges.clock()) else ""

    # ------------------------------------------------------------ the web

    def _routes(self) -> dict[str, Route]:
        routes = self.health.routes()
        if self.listening is None:
            routes["POST /slack/events"] = self._slack
        return routes

    def _slack(self, request: WebRequest) -> WebResponse:
        """Commands, clicks and events; Bolt checks the signature."""
        answer = self.app.dispatch(
            BoltRequest(body=request.body, query=request.query, headers=dict(request.headers), mode="http")
        )
        return WebResponse(answer.status, answer.body, answer.first_headers_without_set_cookie())


def bolt(settings: Settings, desk: Desk) -> App:
    """The Bolt app, with threads of its own for acknowledging, and the routing table."""
    if not (settings.socket_mode or settings.slack_signing_secret):
        raise SettingsError(["SLACK_SIGNING_SECRET is missing: over HTTP anybody could speak for Slack without it."])
    logger = logging.getLogger("garden.bolt")
    logger.setLevel(logging.WARNING)
    app = App(
        logger=logger,
        client=SlackChat(settings.slack_bot_token.reveal(), settings.slack_api_url).client,
        signing_secret=settings.slack_signing_secret.reveal(),
        listener_executor=ThreadPoolExecutor(LISTENERS, "garden-listener"),
    )
    register(app, desk)
    return app
