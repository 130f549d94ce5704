"""A command is acknowledged at once, whatever else hangs; measured against a bound that a busy machine can keep.

`bench/ack.py` has the figures, with more of everything.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from tests.scenarios.office import ANN, BOB, CHANNEL, bad_hour
from tests.scenarios.test_flood import equal, town
from tests.scenarios.test_serve import known, serving

COMMANDS, HANGING = 40, 6
LINES = ("latest", "show 1", "status", "history", "help")
PATIENCE = 2.0
"""Seconds; Slack's own are three."""


def test_commands_are_acknowledged_while_questions_hang_and_a_round_runs(tmp_path: Path) -> None:
    """Forty at once; the round that somebody asked for does not wait for the questions either."""
    hold = Event()
    with town(tmp_path) as place, serving(tmp_path, **place.env, GARDEN_APPROVERS=ANN):
        slack = place.slack
        for user in (ANN, BOB):
            slack.add_user(user, user.lower())
        place.logging.entries = bad_hour(datetime.now(UTC))
        assert slack.wait(lambda: slack.sockets, 180)
        assert slack.wait(lambda: known(slack, "latest", "checkout-api"), 180)
        place.claude.answer = lambda received: {"held": hold.wait(300)}
        for number in range(HANGING):
            assert slack.command(ANN, CHANNEL, f"ask 1 since when does it happen, {number}?").ok
        place.logging.entries = equal(5_000, datetime.now(UTC) + timedelta(seconds=30))
        asked = len(place.logging.requests)
        slack.command(ANN, CHANNEL, "run")
        assert slack.wait(lambda: len(place.logging.requests) > asked, 180)
        with ThreadPoolExecutor(COMMANDS) as pool:
            found = list(pool.map(lambda n: slack.command(BOB, CHANNEL, LINES[n % len(LINES)]), range(COMMANDS)))
        hold.set()
    assert all(d.ok for d in found)
    assert max(d.seconds for d in found) < PATIENCE
