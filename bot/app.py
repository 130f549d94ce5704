"""`garden serve`: puts the parts together and keeps them running. The only module that knows edges and handlers.

Slack -> socket or web server -> Bolt -> handlers -> desk -> store, tracker, Slack
clock -> schedule -> round in a process of its own -> digest; outbox
"""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from zoneinfo import ZoneInfo

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import edges as parts
from bot import telling
from bot.errors import ChatUnavailable, Forbidden, InputError, SettingsError, StoreError
from bot.ports import Edges, People
from bot.schedule import Rounds, Schedule
from bot.settings import Settings
from bot.slack import SlackChat, SlackPeople
from bot.web.server import Route, WebRequest, WebResponse, WebServer, as_json
from handlers import register
from handlers.desk import Desk
from store import open_store

LOG = logging.getLogger("garden")
LISTENERS = 16
"""Threads that only acknowledge."""
PING = 5
"""Seconds after which a socket that was cut is noticed."""


def serve(settings: Settings) -> None:
    """Runs until a signal comes; what has begun comes to its end first."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
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
    """A serving bot: Bolt, the desk, the web server and the schedule, started and stopped together."""

    def __init__(self, settings: Settings, edges: Edges, people: People, *, rounds: Rounds | None = None) -> None:
        zone = ZoneInfo(settings.timezone)
        self.edges = edges
        self._stopped = threading.Event()
        self.desk = Desk(edges, people, zone)
        self.app = bolt(settings, self.desk)
        self.socket = _socket(self.app, settings) if settings.socket_mode else None
        try:
            self.web = WebServer(settings.port, self._routes())
        except OSError as error:
            raise InputError(f"Port {settings.port} cannot be used: {error.strerror}. Set PORT to another.") from error
        self.schedule = Schedule(
            rounds=rounds or Rounds(),
            tell=lambda create, trouble: telling.tell(edges, zone=zone, create=create, trouble=trouble),
            drain=lambda: self.desk.writer.submit(telling.drain, edges).result(),
            round_at=settings.schedule,
            digest_at=settings.digest,
            zone=zone,
        )

    def start(self) -> None:
        """Raises in words where Slack does not let us listen."""
        self.web.start()
        if self.socket is not None:
            _connect(self.socket)
        self.schedule.start()

    def stop(self) -> None:
        """Listens to nobody any more, then lets what has begun come to its end. A second time does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self.socket is not None:
            self.socket.close()  # type: ignore[no-untyped-call]  # Bolt's own
        self.web.stop()
        self.schedule.stop()
        self.desk.close()
        self.app.listener_runner.listener_executor.shutdown()

    def _routes(self) -> dict[str, Route]:
        routes: dict[str, Route] = {"GET /healthz": self._health}
        if self.socket is None:
            routes["POST /slack/events"] = self._slack
        return routes

    def _slack(self, request: WebRequest) -> WebResponse:
        """Commands, clicks and events; Bolt checks the signature."""
        answer = self.app.dispatch(
            BoltRequest(body=request.body, query=request.query, headers=dict(request.headers), mode="http")
        )
        return WebResponse(answer.status, answer.body, answer.first_headers_without_set_cookie())

    def _health(self, request: WebRequest) -> WebResponse:
        """Alive: the database answers, and so does the socket where there is one."""
        try:
            until = self.edges.store.rounds.read_until()
        except StoreError as error:
            return as_json({"ok": False, "store": error.user_message}, 503)
        connected = self.socket is None or self.socket.client.is_connected()
        state = {"ok": connected, "slack": "connected" if connected else "not connected"}
        return as_json({**state, "read_until": until.isoformat() if until else None}, 200 if connected else 503)


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


def _connect(socket: SocketModeHandler) -> None:
    try:
        socket.connect()  # type: ignore[no-untyped-call]  # Bolt's own
    except SlackApiError as error:
        raise Forbidden(
            f"Slack refuses SLACK_APP_TOKEN ({error.response.get('error', 'no reason given')}). Make one under Basic "
            "Information, App-Level Tokens, with the scope connections:write."
        ) from error
    except (SlackClientError, OSError) as error:
        raise ChatUnavailable(f"Slack cannot be listened to ({type(error).__name__}). Is the network open?") from error


def _socket(app: App, settings: Settings) -> SocketModeHandler:
    token = settings.slack_app_token.reveal()
    return SocketModeHandler(app, token, logger=app.logger, web_client=app.client, ping_interval=PING)
