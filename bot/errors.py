"""What can go wrong, in words that may be shown to anybody.

    GardenError                 the root; `user_message` is safe to show
    ├── InputError              what was typed or handed in cannot be used; exit code 2
    │   └── SettingsError       settings that are wrong or missing, all of them at once
    ├── StoreError              the database cannot be used
    │   ├── StoreBusy           ... right now, because another process writes
    │   ├── Standby             ... for changes, because another instance is acting
    │   └── StoreFull           ... to keep anything more: the disk is full; exit code 3
    ├── Refused                 a person asked for what they may not do, or what is no longer possible
    ├── Unavailable             something outside does not answer; trying later may help
    │   ├── LogsUnavailable
    │   ├── TrackerUnavailable
    │   │   └── Ambiguous       the write may or may not have happened: look before writing again
    │   ├── AnalystUnavailable
    │   ├── ChatUnavailable
    │   │   └── Unsafe          ... for us: what was changed is not in the backup yet, and is not told before it is
    │   └── VaultUnavailable    the place of the backups
    ├── Overtaken               somebody else wrote first, where only one may
    └── Forbidden               something outside says no; trying later does not help
        ├── NotFound            ... because it is not there
        └── Unusable            the model answered, and nothing can be made of it; `spend` is what that cost

Edges translate foreign exceptions once: `raise TrackerUnavailable(...) from error`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.models import Spend


class GardenError(Exception):
    """Something went wrong and `user_message` says what, and what to do."""

    exit_code = 1

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class InputError(GardenError):
    exit_code = 2


class SettingsError(InputError):
    """Every setting that is wrong or missing, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(GardenError):
    exit_code = 2


class StoreBusy(StoreError):
    exit_code = 1


class StoreFull(StoreError):
    exit_code = 3


class Standby(StoreError):
    exit_code = 1


class Refused(GardenError):
    pass


class Unavailable(GardenError):
    """`retry_at` says when it is worth trying again, where that is known."""

    def __init__(self, user_message: str, retry_at: datetime | None = None) -> None:
        super().__init__(user_message)
        self.retry_at = retry_at


class LogsUnavailable(Unavailable):
    pass


class TrackerUnavailable(Unavailable):
    pass


class Ambiguous(TrackerUnavailable):
    pass


class AnalystUnavailable(Unavailable):
    """`spend` is what the attempt may have cost, where it was sent and no answer came."""

    def __init__(self, user_message: str, retry_at: datetime | None = None, spend: Spend | None = None) -> None:
        super().__init__(user_message, retry_at)
        self.spend = spend


class ChatUnavailable(Unavailable):
    pass


class VaultUnavailable(Unavailable):
    pass


class Unsafe(ChatUnavailable):
    pass


class Overtaken(GardenError):
    pass


class Forbidden(GardenError):
    pass


class NotFound(Forbidden):
    pass


class Unusable(Forbidden):
    def __init__(self, user_message: str, spend: Spend | None = None) -> None:
        super().__init__(user_message)
        self.spend = spend
