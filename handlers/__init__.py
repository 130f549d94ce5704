"""What Slack sends us, and who works on it: the routing table.

Every listener acknowledges first and does nothing else; the work is done by the desk, on its own threads, and what
goes wrong there comes to the desk's one error handler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from handlers import approvals, commands, tending
from handlers.desk import Desk, Handle, asked, failed

COMMANDS: Mapping[str, Handle] = {"/garden": commands.garden}
ACTIONS: Mapping[str | re.Pattern[str], Handle] = {
    "show": commands.show_clicked,
    "file": commands.file_clicked,
    "approve": approvals.approve_clicked,
    "reject": approvals.reject_clicked,
    re.compile(r"split-[0-9]+"): tending.split_clicked,
}
"""Buttons, by `action_id`."""
EVENTS: Mapping[str, Handle | None] = {"message": approvals.replied, "app_mention": None}
"""What is said; a mention comes as a message, too, and is only acknowledged, or Slack would send it again."""

SUBTYPES = (None, "thread_broadcast")
"""Messages that a person wrote just now: no edit, no deletion, no bot, no notice of Slack's own."""


def register(app: App, desk: Desk) -> None:
    """Lets the app listen to everything in the table."""
    for command, handle in COMMANDS.items():
        app.command(command)(_listener(desk, handle))
    for action, handle in ACTIONS.items():
        app.action(action)(_listener(desk, handle))
    for event, heard in EVENTS.items():
        app.event(event)(_listener(desk, heard, only=_is_reply) if heard else _heard)
    app.error(_failed)


def _listener(
    desk: Desk, handle: Handle, *, only: Callable[[Mapping[str, Any]], bool] = lambda body: True
) -> Callable[..., None]:
    def listen(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        if only(body):
            desk.take(handle, asked(body))

    return listen


def _heard(ack: Ack) -> None:
    ack()


def _is_reply(body: Mapping[str, Any]) -> bool:
    """Something that a person wrote in a thread, and has not edited since."""
    event = body.get("event", {})
    return bool(
        event.get("thread_ts")
        and event.get("user")
        and event.get("subtype") in SUBTYPES
        and not event.get("bot_id")
        and not event.get("edited")
    )


def _failed(error: Exception) -> BoltResponse:
    """What goes wrong before a listener has its turn; there is nobody to tell, so the log has it."""
    failed(error)
    return BoltResponse(status=500)
