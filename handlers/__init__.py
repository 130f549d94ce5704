"""What Slack sends us, and who works on it: the routing table.

Every listener acknowledges first and does nothing else; the work is done by the desk, on its own threads, and what
goes wrong there comes to the desk's one error handler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.errors import GardenError, Refused
from handlers import approvals, commands, forms, home, mentions, tending
from handlers.desk import Asked, Desk, Handle, asked, failed, name

COMMANDS: Mapping[str, Handle] = {"/garden": commands.garden}
ACTIONS: Mapping[str | re.Pattern[str], Handle | None] = {
    "show": commands.show_clicked,
    "file": commands.file_clicked,
    "more": commands.more_clicked,
    "approve": approvals.approve_clicked,
    "reject": approvals.reject_clicked,
    "edit": forms.edit_clicked,
    re.compile(r"same-[0-9]+"): approvals.same_clicked,
    re.compile(r"split-[0-9]+"): tending.split_clicked,
    re.compile(r"merge-[0-9]+"): tending.merge_clicked,
    "dashboard": None,
}
"""Buttons, by `action_id`; one that only leads somewhere is only acknowledged."""
SHORTCUTS: Mapping[str, Handle] = {"file_message": forms.report_clicked}
"""Entries of a message's menu, by `callback_id`."""
EVENTS: Mapping[str, Handle] = {
    "message": approvals.replied,
    "app_mention": mentions.mentioned,
    "app_home_opened": home.opened,
    "link_shared": home.linked,
}
"""What is said or looked at. A mention comes as a message, too."""
AT_ONCE = 1.5
"""Seconds that it may take to say who may send a form; what takes longer is said afterwards."""

SUBTYPES = (None, "thread_broadcast")
"""Messages that a person wrote just now: no edit, no deletion, no bot, no notice of Slack's own."""


def register(app: App, desk: Desk) -> None:
    """Lets the app listen to everything in the table."""
    for command, handle in COMMANDS.items():
        app.command(command)(_listener(desk, handle))
    for action, clicked in ACTIONS.items():
        app.action(action)(_listener(desk, clicked) if clicked is not None else _heard)
    for shortcut, handle in SHORTCUTS.items():
        app.message_shortcut(shortcut)(_listener(desk, handle))
    for callback, form in forms.FORMS.items():
        app.view_submission(callback)(_form(desk, form))
    for event, heard in EVENTS.items():
        app.event(event)(_listener(desk, heard, only=concerns_us))
    app.error(_failed)


def _listener(
    desk: Desk, handle: Handle, *, only: Callable[[Mapping[str, Any]], bool] = lambda body: True
) -> Callable[..., None]:
    desk.handles[name(handle)] = handle

    def listen(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        desk.lull.heard()
        if only(body):
            desk.take(handle, asked(body))

    return listen


def _form(desk: Desk, form: forms.Form) -> Callable[..., None]:
    """What is wrong with a form has to come with the acknowledgement, so only what is known at once is said there."""
    desk.handles[name(form.handle)] = form.handle

    def listen(ack: Ack, body: dict[str, Any]) -> None:
        sent = asked(body)
        wrong = forms.wrong(sent.form)
        refused = "" if wrong else _refusal(desk, form, sent)
        if refused:
            wrong = {next(iter(sent.form), "text"): refused}
        if wrong:
            ack(response_action="errors", errors=wrong)
            return
        ack()
        desk.take(form.handle, sent)

    return listen


def _refusal(desk: Desk, form: forms.Form, sent: Asked) -> str:
    try:
        desk.soon(lambda: form.may(desk, sent.user), AT_ONCE)
    except Refused as error:
        desk.readers.submit(desk.refused, sent, error.user_message)
        return error.user_message
    except GardenError as error:
        return error.user_message
    return ""


def _heard(ack: Ack) -> None:
    ack()


def concerns_us(body: Mapping[str, Any]) -> bool:
    """Something that a person wrote in a thread, and has not edited since; a link; or the home tab that was opened."""
    event = body.get("event", {})
    if event.get("type") == "app_home_opened":
        return bool(event.get("tab") == "home")
    return event.get("type") == "link_shared" or bool(
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
