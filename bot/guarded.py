"""Nothing is told before it is safe: the chat of an instance that has a backup.

What somebody decided is told to be decided only once it is in the backup, and only by the instance that acts. Answers
to one person wait less: past a few seconds they come with a line that says that what
is new in them is not in the backup yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.errors import GardenError, Unsafe
from bot.models import Message, View
from bot.ports import Chat, Hold
from bot.render import slack

STANDING = 30.0
"""Seconds that a message in the channel waits for the backup."""
PASSING = 4.0
"""Seconds that an answer to one person waits."""


@dataclass(frozen=True, slots=True)
class GuardedChat:
    """The chat of `bot.ports`."""

    chat: Chat
    hold: Hold

    def greet(self) -> str:
        return self.chat.greet()

    def post(self, channel: str, message: Message, thread: str = "", purpose: str = "") -> str:
        self.hold.safe(STANDING)
        return self.chat.post(channel, message, thread, purpose)

    def find(self, channel: str, purpose: str, since: datetime, thread: str = "") -> str:
        return self.chat.find(channel, purpose, since, thread)

    def shared(self, channel: str) -> bool:
        return self.chat.shared(channel)

    def update(self, channel: str, ts: str, message: Message) -> None:
        self.hold.safe(STANDING)
        self.chat.update(channel, ts, message)

    def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        self.chat.whisper(channel, user, self._honest(message), thread)

    def answer(self, address: str, message: Message, *, share: bool = False, instead: bool = False) -> bool:
        return self.chat.answer(address, self._honest(message), share=share, instead=instead)

    def upload(self, channel: str, name: str, content: bytes, thread: str = "", words: str = "") -> str:
        self.hold.safe(STANDING)
        return self.chat.upload(channel, name, content, thread, words)

    def remove_file(self, id: str) -> None:
        self.hold.safe(STANDING)
        self.chat.remove_file(id)

    def open(self, trigger: str, view: View) -> None:
        """A form decides nothing before it is sent; and there is no time to wait."""
        self.chat.open(trigger, view)

    def publish(self, user: str, view: View) -> None:
        self.chat.publish(user, view)

    def unfurl(self, channel: str, ts: str, shown: Mapping[str, Message]) -> None:
        self.chat.unfurl(channel, ts, shown)

    def _honest(self, message: Message) -> Message:
        if self.hold.standing_by:
            return message
        try:
            self.hold.safe(PASSING)
        except Unsafe as error:
            return slack.provisional(message, error.user_message)
        except GardenError:
            return message  # it stopped acting just now, and what was changed by then was told by an error
        return message
