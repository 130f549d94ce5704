"""Listening to Slack over a socket: the connection, and a new one where the old one is dead.

The library reconnects by itself as long as its threads live. Without the one that hands messages on, the bot would be
connected and deaf; so its threads are looked at, too, and where one has ended, all of it is made anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import ChatUnavailable, Forbidden

PING = 5
"""Seconds after which a socket that was cut is noticed."""
PATIENCE = timedelta(seconds=60)
"""How long the library may try by itself to connect again."""


class Listening:
    def __init__(
        self,
        app: App,
        token: str,
        *,
        patience: timedelta = PATIENCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._app = app
        self._token = token
        self._patience = patience
        self._clock = clock
        self._handler = self._made()
        self._closed = False
        self._deaf_since: datetime | None = None

    def start(self) -> None:
        """Raises in words where Slack does not let us listen."""
        _connect(self._handler)

    def stop(self) -> None:
        self._closed = True
        self._handler.close()  # type: ignore[no-untyped-call] # Bolt's own

    @property
    def deaf_since(self) -> datetime | None:
        """Since when nothing is heard, as far as anybody looked."""
        if self.connected and not self._dead():
            self._deaf_since = None
        elif self._deaf_since is None:
            self._deaf_since = self._clock()
        return self._deaf_since

    @property
    def connected(self) -> bool:
        return bool(self._handler.client.is_connected())

    def wrong(self) -> str:
        """Why a new connection is needed; empty where none is."""
        since = self.deaf_since
        if dead := self._dead():
            return f"the thread that {dead} has ended"
        return "not connected" if since and self._clock() - since > self._patience else ""

    def renew(self) -> None:
        """A new connection in the place of the old one, which is left to close by itself."""
        if self._closed:
            return
        fresh = self._made()
        try:
            _connect(fresh)
        except (Forbidden, ChatUnavailable):
            _close(fresh)
            raise
        old, self._handler = self._handler, fresh
        _close(old)

    def _dead(self) -> str:
        client = self._handler.client
        threads = {
            "reads": client.current_session_runner,
            "hands messages on": client.message_processor,
            "reconnects": client.current_app_monitor if client.current_app_monitor_started else None,
        }
        return next((does for does, runner in threads.items() if runner and not runner.is_alive()), "")

    def _made(self) -> SocketModeHandler:
        app = self._app
        return SocketModeHandler(app, self._token, logger=app.logger, web_client=app.client, ping_interval=PING)


def _close(handler: SocketModeHandler) -> None:
    """Elsewhere: it may take as long as it likes."""
    threading.Thread(target=handler.close, name="closing", daemon=True).start()


def _connect(handler: SocketModeHandler) -> None:
    try:
        handler.connect()  # type: ignore[no-untyped-call] # Bolt's own
    except SlackApiError as error:
        raise Forbidden(
            f"Slack refuses SLACK_APP_TOKEN ({error.response.get('error', 'no reason given')}). Make one under Basic "
            "Information, App-Level Tokens, with the scope connections:write."
        ) from error
    except (SlackClientError, OSError) as error:
        raise ChatUnavailable(f"Slack cannot be listened to ({type(error).__name__}). Is the network open?") from error
