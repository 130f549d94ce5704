"""A failed rollout, as the platform tells of it: once of the revision that does not come up, once of its service."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.models import Entry, Form, Level, Occurrence

TOLD = timedelta(seconds=30)
"""How long after its word on the revision the platform's word on the service may come."""
_NOT_READY = re.compile(r"^\w+ condition status changed to False for (\w+) ")


def failed(entry: Entry) -> bool:
    """Whether it tells of something that did not become ready."""
    return entry.form is Form.AUDIT and entry.level >= Level.ERROR and bool(_NOT_READY.match(entry.text))


class Rollout:
    """The entries about one failed rollout; none of them about the same sort of thing."""

    __slots__ = ("entries", "kinds", "last")

    def __init__(self, entry: Entry) -> None:
        self.entries = [entry]
        self.kinds = {_kind(entry)}
        self.last: datetime = entry.time

    def goes_on(self, entry: Entry) -> bool:
        return entry.time - self.entries[0].time <= TOLD and _kind(entry) not in self.kinds

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.kinds.add(_kind(entry))
        self.last = entry.time

    def occurrence(self) -> Occurrence:
        """In the words about the revision, which name the reason without a frame around it."""
        lead = next((e for e in self.entries if _kind(e) == "Revision"), self.entries[0])
        return Occurrence(
            tuple(self.entries), lead.text, max(e.level for e in self.entries), lead.form, lead.site, None, lead.request
        )


def _kind(entry: Entry) -> str:
    found = _NOT_READY.match(entry.text)
    return found[1] if found else ""
