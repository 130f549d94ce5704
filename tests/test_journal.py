"""Our own log: a line of JSON each, as Cloud Logging reads it, and no secret in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from bot import journal
from bot.models import Policy

TOKEN = "xoxb-123456789012-1234567890123-NotARealTokenNotARealOne"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_thing_said_is_a_line_with_severity_message_time_labels_and_trace(stream: io.StringIO) -> None:
    """The keys are those that Cloud Logging looks for."""
    journal.keep(Policy(), "json", stream)
    more = {"labels": {"condition": "lag"}, "trace": "projects/a/traces/b"}
    logging.getLogger("garden.test").warning("late by %s", "5 min", extra=more)
    (line,) = lines(stream)
    assert (line["severity"], line["message"]) == ("WARNING", "late by 5 min")
    assert datetime.fromisoformat(line["time"]).tzinfo is not None
    assert line["logging.googleapis.com/labels"] == {"logger": "garden.test", "condition": "lag"}
    assert line["logging.googleapis.com/trace"] == "projects/a/traces/b"


@pytest.mark.parametrize("style", ["json", "text"])
def test_secrets_are_masked_wherever_they_stand(stream: io.StringIO, style: str) -> None:
    """In the message, an argument, an exception, a label."""
    journal.keep(Policy(), style, stream)
    log = logging.getLogger("garden.test")
    try:
        raise RuntimeError(f"password=NotARealPassword1 and {TOKEN}")
    except RuntimeError as error:
        log.error(
            "token %s", TOKEN, exc_info=error, extra={"labels": {"url": "https://ann:NotARealOne1@db.example.com/"}}
        )
    said = stream.getvalue()
    assert "RuntimeError" in said
    for secret in (TOKEN, "NotARealPassword1", "NotARealOne1"):
        assert secret not in said


def test_a_traceback_is_one_line_and_bounded(stream: io.StringIO) -> None:
    """A line break would make two entries of one."""
    journal.keep(Policy(), "json", stream)
    try:
        raise RuntimeError("x" * 100_000)
    except RuntimeError as error:
        logging.getLogger("garden.test").error("a\nb", exc_info=error)
    (line,) = lines(stream)
    assert len(line["message"]) <= journal.LONGEST + 3
    assert line["message"].startswith("a\nb\nTraceback")


def test_what_is_no_terminal_gets_json_unless_told_otherwise(stream: io.StringIO) -> None:
    """GARDEN_LOG decides, if it is set."""
    journal.keep(Policy(), "", stream)
    logging.getLogger("garden.test").info("one")
    journal.keep(Policy(), "text", stream)
    logging.getLogger("garden.test").info("two")
    first, second = stream.getvalue().splitlines()
    assert json.loads(first)["message"] == "one"
    assert second.endswith("INFO garden.test: two")
