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
    title="{message}",
    cause="Not recognised: no row of the pattern table knows this failure. What the entries say is quoted below.",
    technical="{service} logs this at {frame}; what follows from it the entries do not say.",
    business="Not known from the entries alone.",
    steps=(
        "Read the evidence below, beginning with the first entry.",
        "Compare the revisions that show it with the one before.",
        "Search the code of {service} for the constant part of the message.",
    ),
)

TABLE: tuple[Row, ...] = (*LOADING, *DATA, *ACCESS, *PLATFORM, *NETWORK, *CODE, *HTTP)
