"""What every handler works with: who asked, how to answer, who may what, and the threads on which work is done.

Slack wants an acknowledgement at once, so a listener acknowledges and hands the rest to the desk. Looking things up
has threads of its own; filing has exactly one, so that issues are written one after the other.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any, TypeVar

from bot import telling
from bot.errors import ChatUnavailable, GardenError, Refused, Standby, StoreFull, Unavailable, Unsafe
from bot.models import Delivery, Event, Message, Policy
from bot.ports import Edges, People
from bot.render import slack
from bot.schedule import Ended
from bot.steps.redact import scrub

LOG = logging.getLogger("garden.handlers")
MOST_UNKEPT = 10_000
T = TypeVar("T")
STALE = timedelta(days=1)
"""What was begun longer ago is not taken up again: nobody waits for it any more."""
LULL, LONGEST_LULL = 0.02, 0.25
"""Seconds in which nothing comes before work begins, and that are waited for them at most."""
SOON = 1.0
"""Seconds after which somebody who waits is told that it is worked on."""
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
    again: bool = False
    """It may have been answered before the process ended: the answer takes the place of that."""
    waiting: bool = False
    """What was answered first only says that it is worked on: the answer takes its place."""


Handle = Callable[["Desk", Asked], None]


class Lull:
    """Lets acknowledgements go first: what was acknowledged is worked on when nothing more has come for a moment.

    All threads share one interpreter: an answer that is made meanwhile is time that the next acknowledgement waits.
    """

    def __init__(self) -> None:
        self._heard = float("-inf")

    def heard(self) -> None:
        """Something was acknowledged."""
        self._heard = monotonic()

    def wait(self) -> None:
        until = monotonic() + LONGEST_LULL
        while (left := min(self._heard + LULL, until) - monotonic()) > 0:
            sleep(left)


class Patience:
    """Says that something is worked on, unless it is answered before that was worth saying."""

    def __init__(self, seconds: float, say: Callable[[], bool]) -> None:
        self._say = say
        self._turn = threading.Lock()
        self._over = self._said = False
        self._timer = threading.Timer(seconds, self._lost)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> bool:
        """The answer is there. Whether it takes the place of what was said."""
        self._timer.cancel()
        with self._turn:
            self._over = True
            return self._said

    def _lost(self) -> None:
        with self._turn:
            if not self._over:
                with suppress(GardenError):  # then only the answer is heard
                    self._said = self._say()


@dataclass(frozen=True, slots=True)
class Desk:
    """The edges, the people, and two pools of threads."""

    edges: Edges
    people: People
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(READERS, "garden-reader"))
    slow: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SLOW, "garden-slow"))
    patience: float = SOON
    """Seconds that a command takes without a word that it is worked on."""
    patient: dict[str, Patience] = field(default_factory=dict)
    """Of the commands that are not answered yet."""
    unkept: set[str] = field(default_factory=set)
    """Deliveries that could not be written down as seen."""
    handles: dict[str, Handle] = field(default_factory=dict)
    """Who works on what, by name, so that what a process left undone is taken up by the next one."""
    busy: set[str] = field(default_factory=set)
    """Deliveries that are being worked on."""
    rounds: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "garden-rounds"))
    """A round that somebody asked for does not wait for questions that hang."""
    lasting: set[str] = field(default_factory=set)
    """Those of them that last longer."""
    lull: Lull = field(default_factory=Lull)
    turn: threading.Lock = field(default_factory=threading.Lock)
    life: str = field(default_factory=lambda: secrets.token_hex(8))
    """This start of the process."""
    round: Callable[[], Ended] = lambda: Ended("This process runs no rounds.")
    """Runs a round now and waits for its end."""
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "garden-writer"))

    # ------------------------------------------------------------ work

    def take(self, handle: Handle, asked: Asked) -> None:
        """Works on it elsewhere; a delivery that was seen before is dropped, unless it never came to its end. Secrets
        are masked before anything is kept of it."""

        def begin(asked: Asked) -> Delivery | None:
            fresh = self._begin(Delivery(asked.delivery, name(handle), written(asked)))
            return fresh or self.edges.store.deliveries.undone(asked.delivery)  # what waits here to be taken up again

        self._submit(handle, asked, begin)

    def resume(self) -> None:
        """Takes up what was begun and never came to its end: the process was killed, or Slack took no answer."""
        deliveries = self.edges.store.deliveries
        try:
            left = deliveries.unfinished(self.life, self.now() - STALE)
        except (Standby, StoreFull):
            return
        for delivery in left:
            handle, asked = self.handles.get(delivery.handle), read(delivery.body)
            if handle is None or asked is None:
                self._done(delivery.id)
            else:
                self._submit(handle, asked, lambda asked: deliveries.undone(asked.delivery))

    def file(self, number: int, asked: Asked) -> None:
        """Writes an approved proposal to the tracker, in its turn, and tells if that failed."""
        work = self.writer.submit(telling.carry_out, self.edges, number)
        work.add_done_callback(lambda done: self._report(done, asked))

    def later(
        self, asked: Asked, meanwhile: str, work: Callable[[Desk, Asked], None], pool: ThreadPoolExecutor | None = None
    ) -> None:
        """Says at once that it is worked on, and works on it where nobody else waits.

        The first answer of a command is edited. What a click answers stays below the message that was clicked, which
        is what Slack would replace; what was whispered nobody can edit; and what is shared is a message of its own.
        """
        first = self.answer(asked, slack.say(meanwhile))
        asked = replace(asked, waiting=first and not asked.ts)
        self.lasting.add(asked.delivery)
        (pool or self.slow).submit(work, self, asked).add_done_callback(lambda done: self._ended(done, asked))

    def begins(self, asked: Asked) -> None:
        """Somebody waits for an answer: most get it at once, the others hear that it is worked on."""
        if not asked.delivery:
            return
        say = partial(self._answer, asked, slack.say("On it: this takes a moment."))
        self.patient[asked.delivery] = Patience(self.patience, say)

    def change(self, asked: Asked, change: Callable[[], Message]) -> None:
        """The change and its answer are kept together: a delivery that comes again after a crash finds both."""
        with self.edges.store.together():
            message = change()
            self.edges.store.deliveries.keep(asked.delivery, message)
        self.answer(asked, message)

    def tell(self, asked: Asked, message: Message) -> None:
        """An answer that was dear to make: kept until it is told."""
        with suppress(Standby, StoreFull):
            self.edges.store.deliveries.keep(asked.delivery, message)
        self.answer(asked, message)

    def close(self) -> None:
        """Lets what has begun come to its end."""
        self.readers.shutdown()
        self.slow.shutdown()
        self.rounds.shutdown()
        self.writer.shutdown()

    def _submit(self, handle: Handle, heard: Asked, begin: Callable[[Asked], Delivery | None]) -> None:
        """One at a time of each delivery; those without a name are all different."""

        known = [heard]

        def work() -> bool:
            self.lull.wait()
            asked = known[0] = masked(heard)
            with self.turn:
                if asked.delivery and asked.delivery in self.busy:
                    return False
                self.busy.add(asked.delivery)
            delivery = begin(asked)
            if delivery is not None and delivery.again and asked.response_url and not asked.ts:
                asked = known[0] = replace(asked, again=True)
            if delivery is not None and delivery.answer is not None:
                self.answer(asked, delivery.answer)
            elif delivery is not None:
                handle(self, asked)
            return asked.delivery not in self.lasting

        self.readers.submit(work).add_done_callback(lambda done: self._worked(done, known[0]))

    def _worked(self, done: Future[bool], asked: Asked) -> None:
        """Not here where another thread is at it, or where it lasts longer."""
        error = done.exception()
        if error is not None or done.result():
            self._end(error, asked)

    def _ended(self, done: Future[Any], asked: Asked) -> None:
        """What lasted longer."""
        self.lasting.discard(asked.delivery)
        self._end(None if done.cancelled() else done.exception(), asked)

    def _end(self, error: BaseException | None, asked: Asked) -> None:
        """What Slack took no answer to stays undone: it is taken up again in a minute."""
        try:
            if self._told(error, asked):
                self._done(asked.delivery)
        finally:
            self._waited(asked)
        self.busy.discard(asked.delivery)

    def _done(self, delivery: str) -> None:
        try:
            self.edges.store.deliveries.done(delivery, self.now())
        except GardenError as error:  # then it is taken up once more, and finds what it has changed
            LOG.warning("could not write down that %s is done: %s", delivery, error.user_message)

    def _begin(self, delivery: Delivery) -> Delivery | None:
        """While the disk is full, this is remembered here: what is known can still be looked up."""
        if not delivery.id:
            return delivery
        try:
            return self.edges.store.deliveries.begin(delivery, self.life, self.now())
        except Standby:
            return delivery  # this instance only answers; what would change anything is refused further on
        except StoreFull:
            fresh = delivery.id not in self.unkept
            if len(self.unkept) < MOST_UNKEPT:
                self.unkept.add(delivery.id)
            return delivery if fresh else None

    def _report(self, done: Future[Any], asked: Asked) -> None:
        self._told(None if done.cancelled() else done.exception(), asked)

    def _told(self, error: BaseException | None, asked: Asked) -> bool:
        """The one error handler: what is expected is told in its own words, a bug by a number found in the log."""
        if error is None:
            return True
        if isinstance(error, ChatUnavailable) and not isinstance(error, Unsafe):
            LOG.warning("could not tell %s: %s", asked.user, error.user_message)
            return False
        words = failed(error)
        try:
            message = slack.sentence(words)
            if isinstance(error, Refused):
                with suppress(Standby, StoreFull), self.edges.store.together():
                    self.refused(asked, words)
                    self.edges.store.deliveries.keep(asked.delivery, message)
                self.answer(asked, message)
            else:
                self.tell(asked, message)
        except GardenError as unheard:
            LOG.warning("could not tell %s: %s", asked.user, unheard.user_message)
            return not isinstance(unheard, ChatUnavailable)
        return True

    # ------------------------------------------------------------ answering

    def answer(self, asked: Asked, message: Message, *, share: bool = False) -> bool:
        """To the person who asked, or to everybody; by the address that came along, or else through the chat.

        Returns whether it went by that address, where it can still be replaced.
        """
        return self._answer(self._waited(asked), message, share=share)

    def _waited(self, asked: Asked) -> Asked:
        """If it was said meanwhile that it is worked on, the answer takes its place."""
        patience = self.patient.pop(asked.delivery, None)
        return replace(asked, waiting=True) if patience and patience.over() else asked

    def _answer(self, asked: Asked, message: Message, *, share: bool = False) -> bool:
        chat = self.edges.chat
        if chat is None:
            return False
        if not asked.channel:
            if asked.trigger:  # a click in the home tab, where nothing can be posted
                chat.open(asked.trigger, slack.page(message))
            return False
        if asked.response_url and chat.answer(
            asked.response_url, message, share=share, instead=asked.again or (asked.waiting and not share)
        ):
            return True
        if share:
            chat.post(asked.channel, message, asked.thread)
        else:
            chat.whisper(asked.channel, asked.user, message, asked.thread)
        return False

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


def name(handle: Handle) -> str:
    """By which a delivery knows who works on it, over restarts."""
    return f"{handle.__module__}.{handle.__qualname__}"


def written(asked: Asked) -> str:
    return json.dumps(asdict(asked))


def masked(asked: Asked) -> Asked:
    """What somebody wrote, without secrets."""
    form = {field: scrub(text, Policy()) for field, text in asked.form.items()}
    return replace(asked, text=scrub(asked.text, Policy()), form=form)


def read(text: str) -> Asked | None:
    """What was asked; None where another version wrote it in its own way."""
    try:
        return Asked(**json.loads(text))
    except (TypeError, ValueError):
        return None


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
