"""Our own log: a line of JSON for each thing said, as Cloud Logging reads it from standard error, without secrets.

Whatever a message, an argument or a traceback holds, it goes through the same masks as the logs that are read.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from bot.models import Policy
from bot.steps.redact import scrub

LONGEST = 16_000
"""Characters of one line's message."""
LABELS = "logging.googleapis.com/labels"
TRACE = "logging.googleapis.com/trace"


class Plain(logging.Formatter):
    """For a terminal."""

    def __init__(self, policy: Policy) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._policy = policy

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record), self._policy)


class Structured(logging.Formatter):
    """For Cloud Logging: severity, message, time, and the labels and the trace that come with `extra`."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        if record.exc_info:
            said += f"\n{self.formatException(record.exc_info)}"
        if record.stack_info:
            said += f"\n{record.stack_info}"
        said = self._clean(said)
        if len(said) > LONGEST:
            said = f"{said[: LONGEST // 2]}\n…\n{said[-LONGEST // 2 :]}"
        labels = {"logger": record.name, **getattr(record, "labels", {})}
        line = {
            "severity": record.levelname,
            "message": said,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            LABELS: {str(k): self._clean(str(v)) for k, v in labels.items()},
        }
        if trace := getattr(record, "trace", ""):
            line[TRACE] = str(trace)
        return json.dumps(line)

    def _clean(self, text: str) -> str:
        return scrub(text, self._policy)


def keep(policy: Policy, style: str = "", stream: TextIO | None = None) -> None:
    """Everything that is logged from now on is written so; by itself, plain on a terminal and structured elsewhere."""
    stream = stream or sys.stderr
    plain = stream.isatty() if style not in ("json", "text") else style == "text"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Plain(policy) if plain else Structured(policy))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
