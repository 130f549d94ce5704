"""The Web API of the Slack on loopback: the methods that the bot calls, by name.

Each method gets the arguments and answers as Slack documents it, `{"ok": false, "error": ...}` included.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.demo.blocks import MOST_CHARACTERS, characters, pictures, problems, view_problems

if TYPE_CHECKING:
    from bot.demo.slack import Channel, Slack

Json = dict[str, Any]
TEAM, APP, BOT_USER, BOT = "T0GARDEN", "A0GARDEN", "U0GARDENER", "B0GARDENER"


class Error(Exception):
    """A method's refusal, as Slack words it."""

    def __init__(self, error: str, status: int = 200, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.answer: Json = {"ok": False, "error": error, **more}


def auth_test(slack: Slack, args: Json) -> Json:
    url = f"http://{slack.address}/"
    return {"url": url, "team": "Garden", "user": "garden", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}


def post_message(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    check(slack, args)
    slack.in_time(channel.id)
    message = ours(slack, args)
    parent = args.get("thread_ts")
    if parent and parent in channel.messages:
        message["thread_ts"] = channel.messages[parent].get("thread_ts", parent)
    if args.get("metadata"):
        message["metadata"] = json.loads(args["metadata"]) if isinstance(args["metadata"], str) else args["metadata"]
    channel.messages[message["ts"]] = message
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    message = channel.messages.get(str(args.get("ts", "")))
    if message is None:
        raise Error("message_not_found")
    if message.get("user") != BOT_USER:
        raise Error("cant_update_message")
    check(slack, args)
    if len(str(args.get("text", "")).encode()) > 4000:
        raise Error("msg_too_long")
    message["text"] = args.get("text", message["text"])
    if args.get("blocks") is not None:
        message["blocks"] = args["blocks"]
    message["edited"] = {"user": BOT_USER, "ts": slack.ts()}
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}


def delete(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    message = channel.messages.get(str(args.get("ts", "")))
    if message is None:
        raise Error("message_not_found")
    if message.get("user") != BOT_USER:
        raise Error("cant_delete_message")
    del channel.messages[message["ts"]]
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    if args.get("user") not in slack.users:
        raise Error("user_not_in_channel")
    check(slack, args)
    whisper = {**ours(slack, args), "user": args["user"], "thread_ts": args.get("thread_ts", "")}
    channel.whispers.append(whisper)
    return {"message_ts": whisper["ts"]}


def permalink(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    ts = str(args.get("message_ts", ""))
    if ts not in channel.messages:
        raise Error("message_not_found")
    return {"channel": channel.id, "permalink": f"http://{slack.address}/archives/{channel.id}/p{ts.replace('.', '')}"}


def conversation(slack: Slack, args: Json) -> Json:
    c = _channel(slack, args)
    return {"channel": {"id": c.id, "name": c.name, "is_channel": True, "is_ext_shared": c.shared,
                        "is_member": BOT_USER in c.members}}  # fmt: skip


def replies(slack: Slack, args: Json) -> Json:
    channel = _joined(slack, args)
    ts = str(args.get("ts", ""))
    if ts not in channel.messages:
        raise Error("thread_not_found")
    found = [m for m in channel.messages.values() if m["ts"] == ts or m.get("thread_ts") == ts]
    oldest = str(args.get("oldest") or "0")
    return _paged([m for m in found if m["ts"] == ts or m["ts"] > oldest], args)


def history(slack: Slack, args: Json) -> Json:
    """The newest first, a page at a time; without replies, as Slack has it."""
    channel = _joined(slack, args)
    found = [m for m in channel.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]
    return _paged([m for m in reversed(found) if m["ts"] > str(args.get("oldest") or "0")], args)


def _paged(found: list[Json], args: Json) -> Json:
    start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 100)
    more = start + limit < len(found)
    whole = str(args.get("include_all_metadata", "")).lower() in ("1", "true")
    page = [m if whole else {k: v for k, v in m.items() if k != "metadata"} for m in found[start : start + limit]]
    return {"messages": page, "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""}}  # fmt: skip


def user(slack: Slack, args: Json) -> Json:
    found = slack.users.get(str(args.get("user", "")))
    if found is None:
        raise Error("user_not_found")
    return {"user": found}


def group(slack: Slack, args: Json) -> Json:
    found = slack.groups.get(str(args.get("usergroup", "")))
    if found is None:
        raise Error("no_such_subteam")
    return {"users": found}


def open_view(slack: Slack, args: Json) -> Json:
    """A trigger works once, for three seconds."""
    view = _view(args, "modal")
    trigger = str(args.get("trigger_id", ""))
    if trigger not in slack.triggers:
        raise Error("invalid_trigger_id" if trigger else "invalid_arguments")
    user, until = slack.triggers[trigger]
    if not user:
        raise Error("exchanged_trigger_id")
    if time.monotonic() > until:
        raise Error("expired_trigger_id")
    _shown(slack, view["blocks"])
    slack.triggers[trigger] = ("", until)
    made = {"id": f"V{len(slack.views) + 1}", "hash": slack.ts(), "user": user, "open": True, **view}
    slack.views.append(made)
    return {"view": made}


def publish_view(slack: Slack, args: Json) -> Json:
    view = _view(args, "home")
    if args.get("user_id") not in slack.users:
        raise Error("user_not_found")
    _shown(slack, view["blocks"])
    slack.homes[args["user_id"]] = view
    return {"view": view}


def _view(args: Json, kind: str) -> Json:
    raw = args.get("view") or {}
    view: Json = json.loads(raw) if isinstance(raw, str) else raw
    _refuse(view_problems(view, kind))
    return view


def validate(slack: Slack, args: Json) -> Json:
    """What Slack would say of a view, without showing it."""
    raw = args.get("view") or "{}"
    view: Json = json.loads(raw) if isinstance(raw, str) else raw
    _refuse(view_problems(view, str(view.get("type"))))
    return {}


def unfurl(slack: Slack, args: Json) -> Json:
    channel = _channel(slack, args)
    if args.get("ts") not in channel.messages:
        raise Error("cannot_unfurl_message")
    raw = args.get("unfurls") or "{}"
    shown: Json = json.loads(raw) if isinstance(raw, str) else raw
    text = str(channel.messages[args["ts"]].get("text", ""))
    for url, part in shown.items():
        if url not in text:
            raise Error("cannot_unfurl_url")
        _refuse(problems(part.get("blocks", [])))
    channel.messages[args["ts"]]["unfurled"] = shown
    return {}


def upload_url(slack: Slack, args: Json) -> Json:
    id = slack._id("F")
    slack.files[id] = {"id": id, "name": args["filename"], "length": int(args["length"]), "content": b"",
                       "alt_txt": args.get("alt_txt") or ""}  # fmt: skip
    return {"upload_url": f"http://{slack.address}/upload/{id}", "file_id": id}


def complete_upload(slack: Slack, args: Json) -> Json:
    wanted = json.loads(args["files"]) if isinstance(args["files"], str) else args["files"]
    named = args.get("channel_id") or args.get("channels")
    channel = _joined(slack, {"channel": named}) if named else None
    done = []
    for each in wanted:
        file = slack.files.get(each["id"])
        if file is None or len(file["content"]) != file["length"]:
            raise Error("file_not_found")
        file["complete"] = time.monotonic()
        done.append({"id": file["id"], "title": each.get("title") or file["name"], "name": file["name"]})
    if channel is None:
        return {"files": done}
    slack.in_time(channel.id)
    message = {**ours(slack, {"text": args.get("initial_comment") or ""}), "files": done}
    if args.get("thread_ts") in channel.messages:
        message["thread_ts"] = args["thread_ts"]
    channel.messages[message["ts"]] = message
    return {"files": done}


def delete_file(slack: Slack, args: Json) -> Json:
    if slack.files.pop(str(args.get("file", "")), None) is None:
        raise Error("file_not_found")
    for channel in slack.channels.values():
        for message in channel.messages.values():
            if "files" in message:
                message["files"] = [f for f in message["files"] if f["id"] != args["file"]]
    return {}


def connect(slack: Slack, args: Json) -> Json:
    return {"url": f"ws://{slack.address}/socket"}


METHODS: dict[str, tuple[str, Callable[[Slack, Json], Json]]] = {
    "auth.test": ("", auth_test),
    "chat.postMessage": ("chat:write", post_message),
    "chat.update": ("chat:write", update),
    "chat.delete": ("chat:write", delete),
    "chat.postEphemeral": ("chat:write", post_ephemeral),
    "chat.getPermalink": ("", permalink),
    "conversations.info": ("channels:read", conversation),
    "conversations.history": ("channels:history", history),
    "conversations.replies": ("channels:history", replies),
    "users.info": ("users:read", user),
    "usergroups.users.list": ("usergroups:read", group),
    "views.open": ("", open_view),
    "views.publish": ("", publish_view),
    "blocks.validate": ("", validate),
    "chat.unfurl": ("links:write", unfurl),
    "files.getUploadURLExternal": ("files:write", upload_url),
    "files.completeUploadExternal": ("files:write", complete_upload),
    "files.delete": ("files:write", delete_file),
    "apps.connections.open": ("connections:write", connect),
}
"""Method to the scope that it needs."""
SCOPES = frozenset(scope for scope, _ in METHODS.values() if scope) - {"connections:write"} | {"commands", "links:read"}


def ours(slack: Slack, args: Json) -> Json:
    message = {"type": "message", "user": BOT_USER, "bot_id": BOT, "text": args.get("text") or "", "ts": slack.ts()}
    if args.get("blocks"):
        message["blocks"] = args["blocks"]
    return message


def _channel(slack: Slack, args: Json) -> Channel:
    found = slack.channels.get(str(args.get("channel", "")))
    if found is None:
        raise Error("channel_not_found")
    return found


def _joined(slack: Slack, args: Json) -> Channel:
    found = _channel(slack, args)
    if BOT_USER not in found.members:
        raise Error("not_in_channel")
    return found


def check(slack: Slack, args: Json) -> None:
    blocks = args.get("blocks")
    if isinstance(blocks, str):
        blocks = args["blocks"] = json.loads(blocks)
    if not args.get("text") and not blocks:
        raise Error("no_text")
    if len(args.get("text") or "") > 40_000:
        raise Error("msg_too_long")
    if blocks:
        found = problems(blocks)
        if found:
            raise Error("invalid_blocks", response_metadata={"messages": [f"[ERROR] {f}" for f in found]})
        if characters(blocks) > MOST_CHARACTERS:
            raise Error("msg_blocks_too_long")
        _shown(slack, blocks)


def _shown(slack: Slack, blocks: list[Json]) -> None:
    """Pictures are files of ours that Slack has looked at; that takes it a moment after the upload."""
    for block, id in pictures(blocks):
        file = slack.files.get(id)
        if file is None or not file.get("complete") or time.monotonic() < file["complete"] + slack.settling:
            said = f"invalid slack file [json-pointer:/blocks/{block}/slack_file]"
            raise Error("invalid_blocks", response_metadata={"messages": [f"[ERROR] {said}"]})


def _refuse(found: list[str]) -> None:
    if found:
        raise Error("invalid_arguments", response_metadata={"messages": [f"[ERROR] {f}" for f in found]})
