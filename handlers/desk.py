"""What every handler works with: who asked, how to answer, who may what, and the threads on which work is done.

Slack wants an acknowledgement at once, so a listener acknowledges and hands the rest to the desk. Looking things up
has threads of its own; filing has exactly one, so that issues are written one after the other.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from bot import telling
from bot.errors import GardenError, Refused, Standby, StoreFull, Unavailable
from bot.models import Event, Message
from bot.ports import Edges, People
from bot.render import slack
from bot.schedule import Ended

LOG = logging.getLogger("garden.handlers")
MOST_UNKEPT = 10_000
T = TypeVar("T")
SLOW = 3
"""Threads that wait for outside systems."""
READERS = 8
"""Threads that answer from the store."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody did something in Slack: who, where, and by which delivery."""

    user: str
    channel: str
    delivery: str
    text: str = ""
    ts: str = ""
    """When it was said (a reply), or the message that was clicked."""
    thread: str = ""
    response_url: str = ""
    value: str = ""
    trigger: str = ""
    """By which a form can be shown, for three seconds."""
    form: Mapping[str, str] = field(default_factory=dict)
    """What stands in a form that was sent."""


Handle = Callable[["Desk", Asked], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """The edges, the people, and two pools of threads."""

    edges: Edges
    people: People
    zone: tzinfo = UTC
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(READERS, "garden-reader"))
    slow: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SLOW, "garden-slow"))
    unkept: set[str] = field(default_factory=set)
    """Deliveries that could not be written down as seen."""
    round: Callable[[], Ended] = lambda: Ended("This process runs no rounds.")
    """Runs a round now and waits for its end."""
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "garden-writer"))

    # ------------------------------------------------------------ work

    def take(self, handle: Handle, asked: Asked) -> None:
        """Works on it elsewhere; a delivery that was seen before is dropped."""
        self.readers.submit(self._once, handle, asked).add_done_callback(lambda done: self._report(done, asked))

    def file(self, number: int, asked: Asked) -> None:
        """Writes an approved proposal to the tracker, in its turn, and tells if that failed."""
        work = self.writer.submit(telling.carry_out, self.edges, number)
        work.add_done_callback(lambda done: self._report(done, asked))

    def later(self, asked: Asked, meanwhile: str, work: Callable[[Desk], None]) -> None:
        """Says at once that it is worked on, and works on it where nobody else waits."""
        self.say(asked, meanwhile)
        self.slow.submit(work, self).add_done_callback(lambda done: self._report(done, asked))

    def close(self) -> None:
        """Lets what has begun come to its end."""
        self.readers.shutdown()
        self.slow.shutdown()
        self.writer.shutdown()

    def _once(self, handle: Handle, asked: Asked) -> None:
        if not asked.delivery or self._first_time(asked.delivery):
            handle(self, asked)

    def _first_time(self, delivery: str) -> bool:
        """While the disk is full, this is remembered here: what is known can still be looked up."""
        try:
            return self.edges.store.messages.first_time(delivery, self.now())
        except Standby:
            return True  # this instance only answers; what would change anything is refused further on
        except StoreFull:
            fresh = delivery not in self.unkept
            if len(self.unkept) < MOST_UNKEPT:
                self.unkept.add(delivery)
            return fresh

    def _report(self, done: Future[Any], asked: Asked) -> None:
        """The one error handler: what is expected is told in its own words, a bug by a number found in the log."""
        if done.cancelled() or (error := done.exception()) is None:
            return
        words = failed(error)
        try:
            if isinstance(error, Refused):
                self.refused(asked, words)
            self.answer(asked, slack.sentence(words))
        except GardenError as unheard:
            LOG.warning("could not tell %s: %s", asked.user, unheard.user_message)

    # ------------------------------------------------------------ answering

    def answer(self, asked: Asked, message: Message, *, share: bool = False) -> None:
        """To the person who asked, or to everybody; by the address that came along, or else through the chat."""
        chat = self.edges.chat
        if chat is not None and not asked.channel:
            if asked.trigger:  # a click in the home tab, where nothing can be posted
                chat.open(asked.trigger, slack.page(message))
            return
        if chat is None or (asked.response_url and chat.answer(asked.response_url, message, share=share)):
            return
        if share:
            chat.post(asked.channel, message, asked.thread)
        else:
            chat.whisper(asked.channel, asked.user, message, asked.thread)

    def soon(self, work: Callable[[], T], seconds: float) -> T | None:
        """What comes of it, if it comes at once; what goes wrong is raised here."""
        try:
            return self.readers.submit(work).result(seconds)
        except FutureTimeout:
            return None

    def refused(self, asked: Asked, words: str) -> None:
        """Somebody may not; that is kept."""
        said = f"{asked.text or asked.value}: {words}"
        self.edges.store.history.add(Event(self.now(), asked.user, "refused", f"channel {asked.channel}", said))

    def say(self, asked: Asked, text: str) -> None:
        self.answer(asked, slack.say(text))

    def now(self) -> datetime:
        return self.edges.clock()

    # ------------------------------------------------------------ who may what

    def groups(self, user: str) -> frozenset[str]:
        """The groups of the team's lists that the person is in."""
        policy = self.edges.policy
        return self.people.groups(user, {i for i in policy.approvers | policy.operators if i.startswith("S")})

    def is_approver(self, user: str) -> bool:
        """With an empty list, nobody."""
        return bool(self.edges.policy.approvers & {user, *self.groups(user)})

    def may_see_lines(self, asked: Asked) -> bool:
        """Log lines are for full members, where nobody from outside reads along. Where that cannot be told, not."""
        chat = self.edges.chat
        try:
            return self.people.full_member(asked.user) and not (chat and asked.channel and chat.shared(asked.channel))
        except Unavailable:
            return False

    def must_approve(self, user: str) -> None:
        if not self.is_approver(user):
            raise Refused("You are not on the list of approvers (GARDEN_APPROVERS). Somebody who is has to do that.")

    def must_operate(self, user: str) -> None:
        """Operators and approvers; full members where there is no list; never guests or bots."""
        if not self.people.full_member(user):
            raise Refused("Guests and bots cannot do that. A full member of the workspace can.")
        policy = self.edges.policy
        listed = policy.operators | policy.approvers if policy.operators else frozenset()
        if listed and not listed & {user, *self.groups(user)}:
            raise Refused("You are not on the list of operators (GARDEN_OPERATORS). Somebody who is has to do that.")


def failed(error: BaseException) -> str:
    """What people are told of an error."""
    if isinstance(error, GardenError):
        return error.user_message
    number = secrets.token_hex(4)
    LOG.error("unexpected, %s", number, exc_info=error)
    return f"That did not work, and it is a bug. The log has it as {number}."


def asked(body: Mapping[str, Any]) -> Asked:
    """What of a command's, a click's or an event's payload the handlers look at."""
    if "command" in body:
        return Asked(
            user=str(body.get("user_id", "")),
            channel=str(body.get("channel_id", "")),
            delivery=str(body.get("trigger_id", "")),
            text=str(body.get("text", "")),
            response_url=str(body.get("response_url", "")),
            trigger=str(body.get("trigger_id", "")),
        )
    if body.get("type") == "view_submission":
        return _sent(body)
    if body.get("type") == "message_action":
        message = body.get("message", {})
        return Asked(
            user=str(body.get("user", {}).get("id", "")),
            channel=str(body.get("channel", {}).get("id", "")),
            delivery=str(body.get("trigger_id", "")),
            text=str(message.get("text", "")),
            ts=str(message.get("ts", "")),
            thread=str(message.get("thread_ts", "")),
            response_url=str(body.get("response_url", "")),
            trigger=str(body.get("trigger_id", "")),
        )
    if "actions" in body:
        container = body.get("container", {})
        return Asked(
            user=str(body.get("user", {}).get("id", "")),
            channel=str(container.get("channel_id", "")),
            delivery=str(body.get("trigger_id", "")),
            ts=str(container.get("message_ts", "")),
            thread=str(container.get("thread_ts", "")),
            response_url=str(body.get("response_url", "")),
            value=str(body["actions"][0].get("value", "")) if body["actions"] else "",
            trigger=str(body.get("trigger_id", "")),
        )
    event = body.get("event", {})
    if event.get("type") == "link_shared":
        return Asked(
            user=str(event.get("user", "")),
            channel=str(event.get("channel", "")),
            delivery=str(body.get("event_id", "")),
            ts=str(event.get("message_ts", "")),
            value="\n".join(str(link.get("url", "")) for link in event.get("links", [])),
        )
    if event.get("type") == "app_home_opened":
        return Asked(user=str(event.get("user", "")), channel="", delivery=str(body.get("event_id", "")))
    return Asked(
        user=str(event.get("user", "")),
        channel=str(event.get("channel", "")),
        delivery=str(body.get("event_id", "")),
        text=str(event.get("text", "")),
        ts=str(event.get("ts", "")),
        thread=str(event.get("thread_ts", "")),
    )


def _sent(body: Mapping[str, Any]) -> Asked:
    """A form that was sent. Its id stands for the delivery: a form is sent once."""
    view = body.get("view", {})
    try:
        place = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        place = {}
    form = {
        block: str(element.get("value") or (element.get("selected_option") or {}).get("value") or "")
        for block, elements in view.get("state", {}).get("values", {}).items()
        for element in elements.values()
    }
    return Asked(
        user=str(body.get("user", {}).get("id", "")),
        channel=str(place.get("channel", "")),
        delivery=f"form {view.get('id', '')}",
        ts=str(place.get("ts", "")),
        thread=str(place.get("thread", "")),
        value=str(place.get("of", "")),
        form=form,
    )
