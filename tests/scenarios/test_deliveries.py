"""Whatever comes from Slack, however often and in whatever order, with restarts between: one effect, one answer.

A process ends at any of its calls, before or after, and nothing of it goes on; the next one takes up what was left.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import telling
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.models import Delivery
from handlers import commands
from handlers.desk import STALE, asked, name, written
from tests.scenarios.desks import Life, Morning, Run, deliver, morning, proposal_message, run
from tests.scenarios.office import ANN, BOB, CHANNEL

Say = Callable[[Slack], dict[str, Any]]


def command(user: str, text: str) -> Say:
    return lambda slack: slack.command_payload(user, CHANNEL, text)


def reply(user: str, text: str) -> Say:
    def said(slack: Slack) -> dict[str, Any]:
        shown = proposal_message(slack, 2)
        return slack.message_payload(user, CHANNEL, text, shown.get("thread_ts", shown["ts"]))

    return said


def click(user: str, action: str) -> Say:
    return lambda slack: slack.click_payload(user, CHANNEL, proposal_message(slack, 2)["ts"], action)


WAYS: dict[str, Say] = {
    "take": command(BOB, "take 3"),
    "snooze": command(BOB, "snooze 3 2d the fix is in review"),
    "expected": command(BOB, "expected 3 load test"),
    "resolved": command(BOB, "resolved 3"),
    "settings": command(BOB, "settings severity P2"),
    "link": command(ANN, "link 3 1"),
    "unlink": command(ANN, "unlink 1"),
    "merge": command(ANN, "merge 2 3"),
    "an operator's link": command(BOB, "link 3 1"),
    "file": command(BOB, "file 3"),
    "escalate": command(ANN, "escalate 1 P0 now"),
    "an operator's escalate": command(BOB, "escalate 1 P0 now"),
    "show": command(BOB, "show 3"),
    "approve": reply(ANN, "approve 2"),
    "approve with a severity": reply(ANN, "approve P1"),
    "reject": reply(ANN, "reject 2 known"),
    "later": reply(ANN, "later 2 2h"),
    "not an approver": reply(BOB, "approve 2"),
    "a click": click(ANN, "approve"),
    "a click that rejects": click(ANN, "reject"),
    "what was taken back": command(ANN, "undo"),
}
FILING = {"escalate", "approve", "approve with a severity", "a click"}
"""Two threads are at these; one may have answered when the process ends at a call of the other."""
KILLED, KILLED_LONG = 1, 40
"""Places in each at which the process ends, in `make test` and in the campaign."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return morning(tmp_path_factory.mktemp("morning"))


def settle(place: Run) -> None:
    """What the next minutes bring."""
    telling.drain(place.edges)


def undisturbed(start: Morning, folder: Path, say: Say) -> tuple[dict[str, Any], list[tuple[str, ...]], int]:
    """What is changed and said where all goes well, and with how many calls."""
    with run(start, folder) as place:
        life = Life()
        desk = place.desk(life)
        prepare(place, say)
        deliver(desk, say(place.slack))
        desk.close()
        settle(place)
        return place.changed(), place.said(), life.calls


def prepare(place: Run, say: Say) -> None:
    """Something to take back, twice: what is taken back once must not take the other with it."""
    if say is WAYS["what was taken back"]:
        for text in ("take 1", "take 2"):
            desk = place.desk()
            deliver(desk, place.slack.command_payload(ANN, CHANNEL, text))
            desk.close()


@pytest.mark.parametrize("way", WAYS)
def test_four_deliveries_are_one(way: str, start: Morning, tmp_path: Path) -> None:
    """At once, and to a process that began later."""
    say = WAYS[way]
    changed, said, _ = undisturbed(start, tmp_path / "a", say)
    with run(start, tmp_path / "b") as place:
        prepare(place, say)
        payload = say(place.slack)
        for times in (2, 1, 1):
            desk = place.desk()
            desk.resume()
            deliver(desk, payload, times)
            desk.close()
        settle(place)
        assert place.changed() == changed
        assert texts(place.said()) == texts(said)


def killed(way: str, start: Morning, folder: Path, dice: random.Random, places: int) -> None:
    say = WAYS[way]
    changed, said, calls = undisturbed(start, folder / "whole", say)
    ends = [(n, after) for n in range(1, calls + 1) for after in (False, True)]
    for last, after in dice.sample(ends, min(places, len(ends))):
        with run(start, folder / f"{last}-{after}") as place:
            prepare(place, say)
            payload = say(place.slack)
            life = Life(last, after=after)
            first = place.desk(life)
            deliver(first, payload)
            first.close()
            assert life.ended.is_set(), (way, last, calls)
            redelivered = dice.random() < 0.7
            second = place.desk()
            second.resume()
            deliver(second, payload, 3 if redelivered else 0)
            second.close()
            settle(place)
            began = (last, after) != (1, False) or redelivered  # else it ended before it was written down
            if began:
                assert place.changed() == changed, (way, last, after)
                twice = Counter(texts(place.said())) - Counter(texts(said))
                lost = Counter(texts(said)) - Counter(texts(place.said()))
                assert not lost, (way, last, after)
                told = way in FILING or (life.at in ("answer", "whisper") if after else life.at == "done")
                told = told and "command" not in payload  # there the answer takes the place of the one before
                assert sum(twice.values()) <= (1 if told else 0), (way, life.at, after, twice)
                assert not [t for t in twice if t[1] not in (ANN, BOB)], "only a private answer may come again"


def texts(said: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the thread, which is named by a time."""
    return sorted((channel, where if where.startswith("U") else "", text) for channel, where, text in said)


@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_ends_anywhere_leaves_one_effect_and_one_answer(
    way: str, start: Morning, tmp_path: Path, seed: int
) -> None:
    """Slack delivers it again, or does not."""
    killed(way, start, tmp_path, random.Random(f"{seed} {way}"), KILLED)


@pytest.mark.campaign
@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_ends_at_each_of_its_calls(way: str, start: Morning, tmp_path: Path, seed: int) -> None:
    """All of them, before and after."""
    killed(way, start, tmp_path, random.Random(f"{seed} {way}"), KILLED_LONG)


@pytest.mark.parametrize("run_", [0, *(pytest.param(n, marks=pytest.mark.campaign) for n in range(1, 30))])
def test_many_at_once_out_of_order(run_: int, start: Morning, tmp_path: Path, seed: int) -> None:
    """Each up to four times, mixed, with restarts between: what changed is what one delivery of each changes."""
    dice = random.Random(seed * 1000 + run_)
    ways = [WAYS[w] for w in ("take", "settings", "file", "approve", "link", "an operator's escalate", "show")]
    with run(start, tmp_path / "a") as place:
        desk = place.desk()
        for way in ways:
            deliver(desk, way(place.slack))
            desk.close()
            desk = place.desk()
        desk.close()
        settle(place)
        stances, links, wishes = (place.changed()[t] for t in ("stances", "links", "wishes"))
        answers = Counter(user for _, user, _ in place.said() if user in (ANN, BOB))
    with run(start, tmp_path / "b") as place:
        payloads = [way(place.slack) for way in ways]
        all_ = [p for p in payloads for _ in range(dice.randint(1, 4))]
        dice.shuffle(all_)
        while all_:
            desk = place.desk()
            desk.resume()
            for payload in all_[: dice.randint(1, 6)]:
                deliver(desk, payload)
                all_.remove(payload)
            desk.close()
        settle(place)
        changed = place.changed()
        assert (changed["stances"], changed["links"], changed["wishes"]) == (stances, links, wishes)
        assert Counter(user for _, user, _ in place.said() if user in (ANN, BOB)) == answers
        asked = [d for d in changed["decisions"] if d[0] == 2]
        assert len(asked) == 1


def test_what_is_taken_up_again_and_delivered_again_at_once_is_not_lost(start: Morning, tmp_path: Path) -> None:
    """The new process has it in its hands, and has not begun yet, when Slack delivers it once more."""
    with run(start, tmp_path / "run") as place:
        payload = place.slack.command_payload(BOB, CHANNEL, "take 3")
        desk = place.desk()
        sent = asked(payload)
        place.edges.store.deliveries.begin(
            Delivery(sent.delivery, name(commands.garden), written(sent)), "gone", start.now
        )
        place.edges.store.deliveries.unfinished(desk.life, start.now - STALE)
        deliver(desk, payload)
        desk.close()
        (told,) = place.slack.whispers(BOB)
        assert "is on cluster 3" in told["text"]
        assert len(place.edges.store.stances.of([3])) == 1


@pytest.mark.parametrize("minutes", [1, 3])
def test_an_answer_that_slack_does_not_take_comes_later(minutes: int, start: Morning, tmp_path: Path) -> None:
    """The address has expired and the Web API is out of order: what was changed stays, and the answer arrives once."""
    with run(start, tmp_path / "run") as place:
        payload = place.slack.command_payload(BOB, CHANNEL, "take 3")
        place.slack.response_urls.clear()
        place.slack.fail("chat.postEphemeral", Fault(status=503), minutes)
        desk = place.desk()
        deliver(desk, payload)
        for _ in range(minutes):
            desk.close()
            assert place.slack.whispers(BOB) == []
            assert len(place.edges.store.stances.of([3])) == 1
            desk = place.desk()
            desk.resume()
        deliver(desk, payload)
        desk.close()
        (told,) = place.slack.whispers(BOB)
        assert "cluster 3" in told["text"].lower()
