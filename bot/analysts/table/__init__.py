"""The table of known failures. The first row that recognises a cluster explains it, so the order is from the
specific to the general: what the code could not load, what it could not reach, what it may not do, what the platform
did to it, and at last the bare HTTP statuses. No row knows a company, a service or a sentence of one log.
"""

from __future__ import annotations

from bot.analysts.recognise import Row
from bot.analysts.table.access import ACCESS
from bot.analysts.table.code import CODE
from bot.analysts.table.data import DATA
from bot.analysts.table.http import HTTP
from bot.analysts.table.loading import LOADING
from bot.analysts.table.network import NETWORK
from bot.analysts.table.platform import PLATFORM

UNKNOWN = Row(
    name="not recognised",
    title="{title}",
    cause="",
    technical="",
    business="",
    steps=(
        "Read the entries, beginning with the first one.",
        "Compare the revisions that show it with the one before.",
        "Search the code of {service} for the constant part of the message.",
    ),
)
"""No cause and no impact: what only repeats a log line is neither."""

TABLE: tuple[Row, ...] = (*LOADING, *DATA, *ACCESS, *PLATFORM, *NETWORK, *CODE, *HTTP)
