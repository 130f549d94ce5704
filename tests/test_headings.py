"""What loggers write in front of a line, in whatever order: time, level, logger, process."""

from __future__ import annotations

import pytest

from bot.headings import fields
from bot.masks import bare, heading

SAID = "cannot print label"


@pytest.mark.parametrize(
    ("line", "level", "rest"),
    [
        ("2026-03-01 10:00:00,123 parcels.labels ERROR " + SAID, "ERROR", SAID),
        ("2026-03-01 10:00:00,123 labels ERROR " + SAID, "ERROR", SAID),
        ("2026-03-01 10:00:00 | parcels.labels | WARNING | " + SAID, "WARNING", SAID),
        ("10:00:00 \u2502 parcels.labels \u2502 WARNING \u2502 " + SAID, "WARNING", SAID),
        ("labels ERROR: " + SAID, "ERROR", SAID),
        ("ERROR __main__ " + SAID, "ERROR", SAID),
        ("ERROR\t" + SAID, "ERROR", SAID),
        ("ERROR [labels] " + SAID, "ERROR", "[labels] " + SAID),
        ("2026-03-01 10:00:00,123 17 ERROR " + SAID, "ERROR", SAID),
        ("2026-03-01 10:00:00 pid=1 ERROR " + SAID, "ERROR", SAID),
        ("10:00AM ERR " + SAID, "ERR", SAID),
        ("[10:00:00 WRN] " + SAID, "WRN", SAID),
        ("WARN[2026-03-01T10:00:00Z] " + SAID, "WARN", SAID),
        ("ERRO[0012] " + SAID, "ERRO", SAID),
        ("10:00:00.123 request_id=FzX3abc [error] " + SAID, "ERROR", SAID),
        ("2026-03-01T10:00:00.123Z\t12ab34cd-1234-1234-1234-123456789012\tERROR\t" + SAID, "ERROR", SAID),
        ("[Sun Mar 01 10:00:00.123456 2026] [core:error] [pid 1] " + SAID, "ERROR", SAID),
        (
            "2026-03-01T10:00:00.123456Z 8 [Warning] [MY-010055] [Server] " + SAID,
            "WARNING",
            "[MY-010055] [Server] " + SAID,
        ),
        ("[2026-03-01 10:00:00.123][1][warning][config] " + SAID, "WARNING", SAID),
        ("[labels-debug] [WARNING] " + SAID, "WARNING", SAID),
        ("(labels) ERROR " + SAID, "ERROR", "(labels) " + SAID),
        ("2026-03-01 10:00:00 labels[17]: ERROR " + SAID, "ERROR", SAID),
        ("01/03/2026 10:00:00 AM - ERROR - " + SAID, "ERROR", SAID),
        ("Sun, 01 Mar 2026 10:00:00 GMT [ERROR] " + SAID, "ERROR", SAID),
        ("[2026-03-01 10:00:00,123] {labels.py:52} ERROR - " + SAID, "ERROR", SAID),
        ("[ ERROR ] " + SAID, "ERROR", SAID),
        ("E0000 00:00:1772359200.123456       1 labels.cc:93] " + SAID, "E", SAID),
    ],
)
def test_a_level_that_stands_alone_is_found_whatever_stands_around_it(line: str, level: str, rest: str) -> None:
    found = heading(line)
    assert found is not None
    assert (found.level, bare(line)) == (level, rest)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR cannot print label",  # the first word of a sentence, as far as can be told
        "The printer said ERROR twice",
        "HTTP ERROR 500 from the printer",
        "Labels::Broken: Store::Gone: ERROR: no label",  # types of exceptions, and what a database says
        "print it without an ERROR",
        "2026-03-01 10:00:00 the printer said ERROR again",
        "",
    ],
)
def test_a_word_of_a_sentence_is_no_level(line: str) -> None:
    assert fields(line) is None
