"""Slack, outbound: posting, editing, uploading, whispering, and who somebody is.

Translates what Slack says into our errors, once, in words that say how to mend it. The SDK's default of sending
again after a dropped connection is kept for what may be repeated, and taken away from what would then stand in the
channel twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import (
    ConnectionErrorRetryHandler,
    HttpRequest,
    HttpResponse,
    RateLimitErrorRetryHandler,
    RetryHandler,
    RetryState,
)
from slack_sdk.models.blocks import Block
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.errors import ChatUnavailable, Forbidden, GardenError, NotFound
from bot.models import Message, View
from bot.turns import Pace

TIMEOUT = 10
PAGES = 5
"""Pages of 200 messages that are looked through for one that may have been posted."""
LONGEST_WAIT = 30
"""Seconds that a rate limit is waited out in place; longer ones are left to the next try."""
REMEMBERED = 60.0
"""Seconds that it is remembered who is in a group and who is a guest."""
ALT_TEXT = 1000
URGENT = "alert:"
"""How the purposes begin of what does not wait for its turn in a channel."""
LONGEST_TEXT = 3900
"""Bytes of `text`: an edit takes 4,000, and what is posted must be editable."""

_WORDS = {
    "not_in_channel": "The bot is not in the channel. Type there: /invite @garden",
    "channel_not_found": "Slack knows no such channel, or the bot was never invited to it. Type there: "
    "/invite @garden; GARDEN_CHANNEL is the id in the channel's details.",
    "is_archived": "The channel is archived. Set GARDEN_CHANNEL to another one.",
    "restricted_action": "The workspace does not let the bot post there. Ask an administrator.",
    "invalid_auth": "Slack refuses the token. Copy SLACK_BOT_TOKEN again from OAuth & Permissions.",
    "not_authed": "There is no token. Set SLACK_BOT_TOKEN.",
    "token_revoked": "The token was revoked. Reinstall the app, and set SLACK_BOT_TOKEN anew.",
    "token_expired": "The token has expired. Reinstall the app, and set SLACK_BOT_TOKEN anew.",
    "account_inactive": "The app was removed from the workspace. Install it again, and set SLACK_BOT_TOKEN anew.",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must begin with xoxb-, SLACK_APP_TOKEN with xapp-.",
    "message_not_found": "The message is gone from the channel.",
    "cant_update_message": "The message is not the bot's own.",
    "edit_window_closed": "The workspace does not allow edits that late.",
    "msg_too_long": "The message is too long for Slack.",
    "msg_blocks_too_long": "The message is too long for Slack.",
    "expired_trigger_id": "Slack shows a form only within three seconds, and that took longer. Click again.",
    "trigger_expired": "Slack shows a form only within three seconds, and that took longer. Click again.",
    "exchanged_trigger_id": "That click has shown its form already. Click again.",
    "invalid_blocks": "Slack does not accept the form of the message.",
}
_GONE = frozenset(
    {
        "channel_not_found", "message_not_found", "user_not_found", "no_such_subteam", "thread_not_found",
        "file_not_found", "file_deleted",
    }
)  # fmt: skip
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)


class RateLimit(RateLimitErrorRetryHandler):
    """Waits a rate limit out, unless that takes too long."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        return response is not None and response.status_code == 429 and _retry_after(response.headers) <= LONGEST_WAIT


def connect(token: str, api_url: str = "", *, repeatable: bool = True) -> WebClient:
    """A client of the Web API; where calls are not `repeatable`, nothing is sent again after a dropped connection."""
    handlers: list[RetryHandler] = [RateLimit(max_retry_count=2)]
    if repeatable:
        handlers.append(ConnectionErrorRetryHandler(max_retry_count=2))
    base = api_url.rstrip("/") + "/" if api_url else WebClient.BASE_URL
    return WebClient(token, base_url=base, timeout=TIMEOUT, retry_handlers=handlers)


class SlackChat:
    """The chat of `bot.ports`, in Slack; safe to use from any thread."""

    def __init__(self, token: str, api_url: str = "", pace: Pace | None = None) -> None:
        """At a `pace`, where what is posted has to keep one."""
        self._pace = pace
        self.client = connect(token, api_url)
        self._once = connect(token, api_url, repeatable=False)

    def greet(self) -> str:
        """Who the bot is in the workspace; raises in words where Slack refuses the token."""
        return str(_call(self.client.auth_test).get("user", ""))

    def post(self, channel: str, message: Message, thread: str = "", purpose: str = "") -> str:
        """Posts once; where that is not certain, `ChatUnavailable` says so and nothing is sent again from here."""
        self._in_pace(channel, urgent=purpose.startswith(URGENT))
        metadata = {"event_type": "log_gardener", "event_payload": {"purpose": purpose}} if purpose else None
        answer = _call(
            lambda: self._once.chat_postMessage(
                channel=channel,
                text=_text(message),
                blocks=_blocks(message) or None,
                thread_ts=thread or None,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
                parse="none",
                link_names=False,
            )
        )
        return str(answer["ts"])

    def _in_pace(self, channel: str, *, urgent: bool = False) -> None:
        if self._pace:
            self._pace.wait(channel, urgent=urgent)

    def find(self, channel: str, purpose: str, since: datetime, thread: str = "") -> str:
        """Looks through what was posted since, a few pages at most, by the purpose that a message carries unseen."""
        oldest, cursor = f"{since.timestamp():.6f}", ""
        for _ in range(PAGES):
            page = _call(partial(self._page, channel, thread, oldest, cursor))
            messages: list[dict[str, Any]] = page.get("messages", [])
            for message in messages:
                if message.get("metadata", {}).get("event_payload", {}).get("purpose") == purpose:
                    return str(message["ts"])
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return ""

    def _page(self, channel: str, thread: str, oldest: str, cursor: str) -> SlackResponse:
        if thread:
            return self.client.conversations_replies(
                channel=channel, ts=thread, oldest=oldest, cursor=cursor, limit=200, include_all_metadata=True
            )
        return self.client.conversations_history(
            channel=channel, oldest=oldest, cursor=cursor, limit=200, include_all_metadata=True
        )

    def shared(self, channel: str) -> bool:
        found = _call(lambda: self.client.conversations_info(channel=channel)).get("channel") or {}
        return bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared"))

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Replaces text and blocks; an edit with text alone would keep the old blocks."""
        _call(
            lambda: self.client.chat_update(
                channel=channel,
                ts=ts,
                text=_text(message),
                blocks=_blocks(message),
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )

    def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Shown to one person only, and gone when they reload."""
        _call(
            lambda: self.client.chat_postEphemeral(
                channel=channel,
                user=user,
                text=_text(message),
                blocks=_blocks(message) or None,
                thread_ts=thread or None,
                parse="none",
                link_names=False,
            )
        )

    def answer(self, address: str, message: Message, *, share: bool = False, instead: bool = False) -> bool:
        """By a `response_url`, which works five times, for half an hour; whether it was taken."""
        try:
            answer = WebhookClient(address, timeout=TIMEOUT, retry_handlers=[]).send(
                text=_text(message),
                blocks=_blocks(message),
                response_type="in_channel" if share else "ephemeral",
                replace_original=instead,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackClientError, OSError):
            return False
        return answer.status_code == 200 and not answer.body.startswith('{"ok": false')

    def upload(self, channel: str, name: str, content: bytes, thread: str = "", words: str = "") -> str:
        """Returns the file's id; without a channel it is ours alone, until a message of ours shows it."""
        if channel:
            self._in_pace(channel)
        answer = _call(
            lambda: self._once.files_upload_v2(
                channel=channel or None,
                filename=name,
                title=name,
                content=content,
                thread_ts=thread or None,
                alt_txt=words[:ALT_TEXT] or None,
            )
        )
        files = answer.get("files") or [{}]
        return str(files[0].get("id", ""))

    def open(self, trigger: str, view: View) -> None:
        _call(lambda: self._once.views_open(trigger_id=trigger, view=modal(view)))

    def publish(self, user: str, view: View) -> None:
        _call(lambda: self.client.views_publish(user_id=user, view=_home(view)))

    def unfurl(self, channel: str, ts: str, shown: Mapping[str, Message]) -> None:
        unfurls = {url: {"blocks": [dict(b) for b in message.blocks]} for url, message in shown.items()}
        _call(lambda: self.client.chat_unfurl(channel=channel, ts=ts, unfurls=unfurls))

    def validate(self, view: View, *, home: bool = False) -> None:
        """Slack's own word on a view that nobody is shown; raises where it would refuse it."""
        _call(lambda: self.client.blocks_validate(view=_home(view) if home else modal(view)))

    def remove(self, channel: str, ts: str) -> None:
        """Deletes a message of ours."""
        _call(lambda: self.client.chat_delete(channel=channel, ts=ts))

    def remove_file(self, id: str) -> None:
        """Deletes a file of ours."""
        _call(lambda: self.client.files_delete(file=id))

    def ours(self, channel: str, thread: str) -> list[str]:
        """Our messages in a thread, with its head."""
        ourselves = str(_call(self.client.auth_test)["user_id"])
        return [str(m["ts"]) for m in self._thread(channel, thread) if m.get("user") == ourselves]

    def purge(self, threads: Iterable[tuple[str, str]], clean: Callable[[str], str], files: frozenset[str]) -> int:
        """Edits every message of ours in these threads (channel, `ts` of the first) that `clean` changes, and deletes
        the files of ours there that are named, or that cannot be made sure of; returns how many."""
        ourselves = str(_call(self.client.auth_test)["user_id"])
        done = 0
        for channel, ts in threads:
            for message in self._thread(channel, ts):
                if message.get("user") != ourselves:
                    continue
                done += self._clean(channel, message, clean)
                done += self._delete_files(message, files)
        return done

    def _thread(self, channel: str, ts: str) -> Iterator[Mapping[str, Any]]:
        cursor = ""
        while True:
            ask = partial(self.client.conversations_replies, channel=channel, ts=ts, limit=200, cursor=cursor or None)
            try:
                page = _call(ask)
            except NotFound:
                return
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    def _clean(self, channel: str, message: Mapping[str, Any], clean: Callable[[str], str]) -> int:
        before = {"text": message.get("text", ""), "blocks": message.get("blocks", [])}
        after = _deep(before, clean)
        if after == before:
            return 0
        _call(
            lambda: self.client.chat_update(
                channel=channel,
                ts=message["ts"],
                text=after["text"],
                blocks=after["blocks"],
                parse="none",
                link_names=False,
            )
        )
        return 1

    def _delete_files(self, message: Mapping[str, Any], files: frozenset[str]) -> int:
        """A proposal's document is known by its name; whether any other holds the text, the store cannot tell."""
        found = [
            f
            for f in message.get("files", ())
            if f.get("name") in files or not f.get("name", "").startswith("proposal-")
        ]
        for file in found:
            _call(partial(self.client.files_delete, file=file["id"]))
        return len(found)


class SlackPeople:
    """The people of `bot.ports`: who is in a group, and who is a full member. Remembered for a minute."""

    def __init__(self, token: str, api_url: str = "") -> None:
        self._client = connect(token, api_url)
        self._known: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def groups(self, user: str, among: Iterable[str]) -> frozenset[str]:
        """Those of the user groups that the person is in. A group that is gone has nobody in it."""
        return frozenset(g for g in among if g.startswith("S") and user in self._members(g))

    def full_member(self, user: str) -> bool:
        """Neither guest, nor bot, nor of another company, nor deactivated."""
        found: Mapping[str, Any] = self._remember(f"user {user}", lambda: self._user(user))
        return bool(found) and not any(
            found.get(flag)
            for flag in ("is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "deleted", "is_workflow_bot")
        )

    def _members(self, group: str) -> frozenset[str]:
        found: frozenset[str] = self._remember(f"group {group}", lambda: self._group(group))
        return found

    def _user(self, user: str) -> Mapping[str, Any]:
        try:
            return dict(_call(lambda: self._client.users_info(user=user))["user"])
        except NotFound:
            return {}

    def _group(self, group: str) -> frozenset[str]:
        try:
            return frozenset(_call(lambda: self._client.usergroups_users_list(usergroup=group))["users"])
        except NotFound:
            return frozenset()

    def _remember(self, key: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            kept = self._known.get(key)
        if kept and monotonic() - kept[0] < REMEMBERED:
            return kept[1]
        value = ask()
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[key] = (monotonic(), value)
        return value


def _deep(value: Any, clean: Callable[[str], str]) -> Any:
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {k: _deep(v, clean) for k, v in value.items()}
        case list():
            return [_deep(v, clean) for v in value]
        case _:
            return value


def _call(ask: Callable[[], SlackResponse]) -> SlackResponse:
    """The one place where the SDK's errors become ours."""
    try:
        return ask()
    except SlackApiError as error:
        raise _translated(error) from error
    except (SlackClientError, OSError) as error:
        raise ChatUnavailable(f"Slack does not answer ({type(error).__name__}).") from error


def _translated(error: SlackApiError) -> GardenError:
    response = error.response
    if isinstance(response, str):
        return ChatUnavailable("Slack does not answer properly.")
    if isinstance(response, Mapping):
        status, headers, data = int(response.get("status", 0)), response.get("headers", {}), response
    else:
        status, headers, data = response.status_code, response.headers, response.data
    code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        retry_at = datetime.now(UTC) + timedelta(seconds=_retry_after(headers))
        return ChatUnavailable("Slack asks us to slow down; it is tried again.", retry_at)
    if status >= 500 or code in _PASSING or not code:
        return ChatUnavailable(f"Slack has a problem of its own ({code or status}); it is tried again.")
    if code == "missing_scope":
        needed = str(data.get("needed", "")) if isinstance(data, Mapping) else ""
        return Forbidden(
            f"The app lacks the scope {needed or 'it needs'}. Add it under OAuth & Permissions and reinstall the app."
        )
    words = _WORDS.get(code, f"Slack says no: {code[:60]}.")
    return NotFound(words) if code in _GONE else Forbidden(words)


def _retry_after(headers: Mapping[str, Any]) -> int:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            first = value[0] if isinstance(value, list | tuple) else value
            return int(first) if str(first).isdecimal() else 1
    return 1


def _blocks(message: Message) -> list[dict[str, Any] | Block]:
    return [dict(block) for block in message.blocks]


def _home(view: View) -> dict[str, Any]:
    return {"type": "home", "blocks": [dict(b) for b in view.blocks]}


def modal(view: View) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "modal",
        "title": _label(view.title),
        "close": _label("Cancel" if view.submit else "Close"),
        "blocks": [dict(b) for b in view.blocks],
    }
    if view.submit:
        made |= {"submit": _label(view.submit), "callback_id": view.callback, "private_metadata": view.metadata}
    return made


def _label(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _text(message: Message) -> str:
    """Whole characters, within what an edit takes."""
    raw = message.text.encode("utf-8", "replace")
    return message.text if len(raw) <= LONGEST_TEXT else raw[: LONGEST_TEXT - 3].decode("utf-8", "ignore") + "…"
