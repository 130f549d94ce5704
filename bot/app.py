"""`garden serve`: puts the parts together and keeps them running. The only module that knows edges and handlers.

Slack -> socket or web server -> Bolt -> handlers -> desk -> store, tracker, Slack
clock -> schedule -> round in a process of its own -> digest; outbox
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import FrameType

from slack_bolt import App, BoltRequest

from bot import edges as parts
from bot import journal, telling
from bot.errors import InputError, SettingsError, Standby
from bot.guarded import GuardedChat
from bot.listening import Listening
from bot.ports import Edges, People
from bot.schedule import Ended, Rounds, Schedule, fires
from bot.settings import Settings, fleeting
from bot.slack import SlackChat, SlackPeople
from bot.trackers.local import LocalTracker
from bot.vigil import Life, Vigil
from bot.watchdog import Pool, Ward, Watchdog, give_up
from bot.web.health import Health
from bot.web.server import Route, WebRequest, WebResponse, WebServer
from handlers import register
from handlers.desk import Desk
from store.keeper import Keeper

LOG = logging.getLogger("garden")
LISTENERS = 16
"""Threads that only acknowledge."""
ANSWERS, FILES = 300.0, 1800.0
"""Seconds after which the threads that answer, and the one that files, are stuck: calls have limits far below."""


def serve(settings: Settings) -> None:
    """Runs until a signal comes; what has begun comes to its end first."""
    stop = threading.Event()
    lost = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    journal.keep(settings.policy(), settings.log)

    def ended() -> None:
        lost.set()
        stop.set()

    if fleeting(settings, os.environ):
        LOG.warning(
            "%s is on a disk that is lost when this instance ends, and there is no backup: numbers, decisions and "
            "history will be gone. Set GARDEN_BACKUP=gs://bucket/path, or put GARDEN_DB on a volume.", settings.db
        )  # fmt: skip
    chat, people = slack(settings)
    keeper = parts.keeper(settings)
    try:
        garden = Garden(settings, parts.build(settings, keeper.open(), chat=chat, hold=keeper), people, keeper=keeper)
    except BaseException:
        keeper.close()
        raise
    try:
        garden.start(on_lost=ended)
        LOG.info("listening to Slack %s", "over a socket" if settings.socket_mode else "over HTTP")
        stop.wait()
    finally:
        LOG.info("stopping")
        _end(garden, keeper)
    if lost.is_set():
        raise Standby("Another instance took over. This one ended, to begin anew beside it.")


def _end(garden: Garden, keeper: Keeper) -> None:
    """In good order within ten seconds, or else at once: whoever stops us kills us after that anyway, and nothing is
    lost by it that was told to anybody."""
    done = _within(5.0, garden.stop)
    done &= _within(3.5, keeper.close)
    if not done:
        LOG.warning("something was still at work; it is made good at the next start")
        logging.shutdown()
        os._exit(0)


def _within(seconds: float, do: Callable[[], None]) -> bool:
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def slack(settings: Settings) -> tuple[SlackChat, SlackPeople]:
    """The outbound edge; raises in words where Slack refuses the token."""
    chat = parts.chat(settings)
    chat.greet()
    return chat, SlackPeople(settings.slack_bot_token.reveal(), settings.slack_api_url)


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
        keeper: Keeper | None = None,
    ) -> None:
        self.edges = edges
        self.keeper = keeper
        self._lag = settings.lag
        self._stopped = threading.Event()
        self.desk = Desk(edges, people, round=lambda: self.schedule.run())
        self.app = bolt(settings, self.desk)
        token = settings.slack_app_token.reveal()
        self.listening = Listening(self.app, token, clock=edges.clock) if settings.socket_mode else None
        heard = edges.chat.chat if isinstance(edges.chat, GuardedChat) else edges.chat
        self.vigil = Vigil(replace(edges, chat=heard), life=self._life)  # also of the backup it speaks without one
        self.schedule = Schedule(
            rounds=rounds or Rounds(lease=(lambda: keeper.token) if keeper else str),
            ended=self._ended,
            tell=lambda: self.vigil.telling(lambda: telling.tell(edges, create=False)),
            due=lambda: self.vigil.telling(lambda: telling.tell_due(edges, settings.digest, fires)),
            drain=self._drain,
            behind=edges.store.sources.behind,
            round_at=settings.schedule,
            zone=edges.zone,
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

    def start(self, on_lost: Callable[[], object] = lambda: None) -> None:
        """Raises in words where Slack does not let us listen. What goes by the clock waits until this instance acts;
        `on_lost` is called when another took over."""
        self.web.start()
        if self.listening is not None:
            self.listening.start()
        if self.keeper is None:
            self._act()
        else:
            self.keeper.watch(self._act, on_lost)
        self.watchdog.start()

    def _act(self) -> None:
        if isinstance(self.edges.tracker, LocalTracker):
            self.edges.tracker.shut()  # the database may be another file than the one it knew
        self.schedule.start()
        self.vigil.start()

    def _standing_by(self) -> bool:
        return self.keeper is not None and self.keeper.standing_by

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

    def _drain(self) -> None:
        """Every minute: what waits to be filed, shown or answered."""
        self.desk.resume()
        self.desk.writer.submit(telling.drain, self.edges).result()

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
            backup=self.keeper.failing if self.keeper and self.keeper.vault else None,
        )

    def _wards(self) -> list[Ward]:
        """What the watchdog looks after."""
        schedule, vigil = self.schedule, self.vigil
        wards = [
            Ward("schedule", self._schedule_wrong, schedule.restart),
            Ward("vigil", lambda: "" if vigil.alive or self._standing_by() else "its thread has ended", vigil.restart),
            Ward("look", lambda: "it does not come to its end" if vigil.stuck else ""),
            Ward("listeners", Pool(self.app.listener_runner.listener_executor, ANSWERS).wrong),
            Ward("readers", Pool(self.desk.readers, ANSWERS).wrong),
            Ward("writer", Pool(self.desk.writer, FILES).wrong),
        ]
        if self.listening is not None:
            wards.append(Ward("socket", self.listening.wrong, self.listening.renew, vital=False))
        return wards

    def _schedule_wrong(self) -> str:
        if self._standing_by():
            return ""
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
        client=parts.chat(settings).client,
        signing_secret=settings.slack_signing_secret.reveal(),
        listener_executor=ThreadPoolExecutor(LISTENERS, "garden-listener"),
    )
    register(app, desk)
    return app
