"""What people of the loopback workspace do besides messages and buttons: forms, the home tab, shortcuts, links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.demo.methods import APP, TEAM

if TYPE_CHECKING:
    from bot.demo.slack import Delivery, Slack

Json = dict[str, Any]


def newest(slack: Slack, user: str) -> Json | None:
    """The form or page that stands open before somebody."""
    with slack.changed:
        return next((v for v in reversed(slack.views) if v["user"] == user and v["open"]), None)


def submit(slack: Slack, user: str, said: Mapping[str, str] | None = None, *, times: int = 1) -> Delivery:
    """Sends the form that is open, with what is said in the place of what stood there, by block; errors leave it
    open, and stand in its `errors`."""
    view = newest(slack, user)
    if view is None:
        raise LookupError(f"nothing is open before {user}")
    delivery = slack._send("interactive", submission(slack, view, said or {}), times)
    answer = json.loads(delivery.body or "{}") or {}
    with slack.changed:
        view["errors"] = answer.get("errors", {})
        view["open"] = bool(view["errors"]) or not delivery.ok
        slack.changed.notify_all()
    return delivery


def submission(slack: Slack, view: Json, said: Mapping[str, str]) -> Json:
    """The payload of a form that is sent."""
    values: Json = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            values[block["block_id"]] = {element["action_id"]: _value(element, said.get(block["block_id"]))}
    return {
        "type": "view_submission", "token": "legacy", "api_app_id": APP, "team": {"id": TEAM, "domain": "garden"},
        "user": _person(slack, view["user"]), "trigger_id": slack.trigger(view["user"]), "response_urls": [],
        "view": {**{k: v for k, v in view.items() if k not in ("user", "open", "errors")},
                 "state": {"values": values}},
    }  # fmt: skip


def _value(element: Json, said: str | None) -> Json:
    if element["type"] == "plain_text_input":
        value = element.get("initial_value") if said is None else said
        return {"type": "plain_text_input", "value": value or None}
    chosen = element.get("initial_option") if said is None else _option(element, said)
    return {"type": "static_select", "selected_option": chosen}


def _option(element: Json, value: str) -> Json:
    return next(o for o in element["options"] if o["value"] == value)


def open_home(slack: Slack, user: str, *, times: int = 1) -> Delivery:
    event = {"type": "app_home_opened", "user": user, "channel": "D0HOME", "tab": "home", "event_ts": slack.ts()}
    return slack._send("events_api", slack._event(event), times)


def click(slack: Slack, user: str, view: Json, action_id: str, *, times: int = 1) -> Delivery:
    """A button of a home tab, or of a page that is open."""
    elements = [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"]]
    element = next(e for e in elements if e.get("action_id") == action_id)
    payload = {
        "type": "block_actions", "token": "legacy", "api_app_id": APP, "team": {"id": TEAM, "domain": "garden"},
        "user": _person(slack, user), "container": {"type": "view", "view_id": view.get("id", "V0HOME")},
        "view": view, "trigger_id": slack.trigger(user),
        "actions": [{"action_id": action_id, "block_id": "b", "type": element["type"], "text": element["text"],
                     "value": element.get("value", ""), "action_ts": slack.ts()}],
    }  # fmt: skip
    return slack._send("interactive", payload, times)


def shortcut(slack: Slack, user: str, channel: str, ts: str, callback: str, *, times: int = 1) -> Delivery:
    """A shortcut of the menu of a message."""
    payload = {
        "type": "message_action", "token": "legacy", "api_app_id": APP, "team": {"id": TEAM, "domain": "garden"},
        "callback_id": callback, "trigger_id": slack.trigger(user), "action_ts": slack.ts(), "message_ts": ts,
        "user": _person(slack, user), "channel": {"id": channel, "name": slack.channels[channel].name},
        "message": slack.channels[channel].messages[ts], "response_url": slack._response_url(user, channel),
    }  # fmt: skip
    return slack._send("interactive", payload, times)


def post_link(slack: Slack, user: str, channel: str, url: str, *, times: int = 1) -> str:
    """A message with a link of a domain that the app looks at; returns its `ts`."""
    message = slack.message_payload(user, channel, f"look at <{url}>")["event"]
    event = {
        "type": "link_shared", "user": user, "channel": channel, "message_ts": message["ts"],
        "is_bot_user_member": True, "unfurl_id": slack.ts(), "source": "conversations_history", "event_ts": slack.ts(),
        "links": [{"url": url, "domain": url.split("/")[2]}],
    }  # fmt: skip
    slack._send("events_api", slack._event(event), times)
    return str(message["ts"])


def _person(slack: Slack, user: str) -> Json:
    return {"id": user, "name": slack.users[user]["name"], "team_id": TEAM}
