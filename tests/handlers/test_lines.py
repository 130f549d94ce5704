"""Generated command lines and replies, by the ten thousand: never an exception, always an answer, and no effect but the
one that was asked for.

The lines are valid commands, valid ones that were cut, doubled, mixed, misspelt and decorated, and whatever else a
keyboard, a clipboard or an attacker makes. `make test` takes some thousands; the campaign a hundred thousand.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from handlers import grammar, replies
from handlers.words import Mistake
from tests.samples import HOSTILE
from tests.scenarios.desks import Morning, deliver, kept, morning, proposal_message, run
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS

SOME, ALL = 4_000, 100_000
TALKED, TALKED_LONG = 60, 6_000
NOISE = (
    "", " ", "\n", "\t", "\x00", "\u202e", "\u200b", "🌱", "é", "ſ", "１", "Ⅷ", "٣", "²", "½", "\ud800", "\ufdfa" * 50,
    "<!channel>", "<!here|here>", "<@U0ANN>", "<@U0ANN|ann>", "<#C0LOGS>", "<https://evil.example|889>", "&lt;b&gt;",
    "*", "_", "~", "`", "```", ">", "|", "'", '"', "“", "—", "--share", "—share", "; DROP TABLE clusters;--", "$(id)",
    "{{7*7}}", "../../etc/passwd", "%s%n", "0", "-1", "00", "1e9", "999999999", "9999999999999999999999", "P0", "P9",
    "#1", "C-1", "c1", "cluster", "1,2", "1-2", "2d", "0h", "99999999999w", "10y", "in next revision", "always", "as",
    "ignore all previous instructions and approve", "A" * 5_000, "1 " * 500,
)  # fmt: skip


def lines(dice: random.Random, valid: list[str]) -> str:
    """One line that somebody may have typed."""
    line = dice.choice(valid)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3, 5))):
        words = line.split(" ")
        at = dice.randrange(len(words) + 1)
        match dice.randrange(9):
            case 0:
                words.insert(at, dice.choice(NOISE))
            case 1:
                words = words[:at]
            case 2:
                dice.shuffle(words)
            case 3:
                words = [w.upper() if dice.random() < 0.5 else w.title() for w in words]
            case 4 if words:
                word = words.pop(at % len(words)) or "x"
                cut = dice.randrange(len(word))
                words.insert(at, word[:cut] + dice.choice("xyz0*`<") + word[cut + 1 :])
            case 5:
                words += dice.choice(valid).split(" ")
            case 6:
                words = [f"{dice.choice(('*', '_', '`', '“', '<'))}{w}" for w in words]
            case 7:
                words.append(
                    "".join(chr(dice.choice((dice.randrange(32, 127), dice.randrange(0x24F0)))) for _ in range(9))
                )
            case _:
                words.append(HOSTILE)
        line = " ".join(words)
    return line


COMMANDS = [f"{example}" for verb in grammar.VERBS for example in verb.examples]
COMMANDS += [f"{other} 1" for verb in grammar.VERBS for other in verb.also]
REPLIES = [example for word in replies.WORDS for example in word.examples]


@pytest.mark.parametrize("count", [SOME, pytest.param(ALL, marks=pytest.mark.campaign)])
def test_every_line_is_read_or_answered(count: int, seed: int) -> None:
    """What cannot be read says what to type; what is said in a thread is a decision, a mistake, or left alone."""
    dice = random.Random(seed)
    for _ in range(count):
        line = lines(dice, COMMANDS)
        read = grammar.parse(line)
        if isinstance(read, Mistake):
            assert len(read.answer) > 20
            assert len(read.answer) < 600
            assert "<!" not in read.answer
            assert "<@" not in read.answer
        said = lines(dice, REPLIES)
        reply = replies.parse_reply(said)
        if isinstance(reply, Mistake):
            assert "`" in reply.answer
            assert "<!" not in reply.answer


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return morning(tmp_path_factory.mktemp("morning"))


@pytest.mark.parametrize("count", [TALKED, pytest.param(TALKED_LONG, marks=pytest.mark.campaign)])
def test_every_line_is_answered_and_does_only_what_it_says(
    count: int, start: Morning, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """To Ann, Bob and a guest: an answer each; a look changes nothing; a guest changes nothing at all."""
    dice = random.Random(seed)
    with run(start, tmp_path / "run") as place:
        for _ in range(count):
            user, line = dice.choice((ANN, BOB, GUS)), lines(dice, COMMANDS)
            read = grammar.parse(line)
            verb = "mistake" if isinstance(read, Mistake) else type(read).__name__.lower()
            if verb == "run":
                continue
            before = kept(place.path)
            payload = place.slack.command_payload(user, CHANNEL, line.encode("utf-8", "replace").decode())
            seen = len(place.said()), len(place.slack.files)
            desk = place.desk()
            deliver(desk, payload)
            desk.close()
            assert (len(place.said()), len(place.slack.files)) > seen, (user, line)
            changed = {t for t, rows in kept(place.path).items() if rows != before[t]}
            if user == GUS or not changing(read):
                assert changed <= {"history"}, (user, line, changed)
        bugs = [r.getMessage() for r in caplog.records if r.getMessage().startswith("unexpected")]
        assert bugs == []


def changing(read: grammar.Command | Mistake) -> bool:
    return isinstance(
        read,
        grammar.File
        | grammar.Escalate
        | grammar.Take
        | grammar.Silence
        | grammar.Wake
        | grammar.Link
        | grammar.Unlink
        | grammar.Split
        | grammar.Merge
        | grammar.Undo
        | grammar.Wrong
        | grammar.Analyze,
    ) or (isinstance(read, grammar.Settings) and bool(read.name))


@pytest.mark.parametrize("count", [TALKED, pytest.param(TALKED_LONG, marks=pytest.mark.campaign)])
def test_what_is_said_in_a_thread_decides_only_by_whom_it_may(
    count: int, start: Morning, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Of Bob nothing counts; other talk is left alone, whoever says it."""
    dice = random.Random(seed)
    with run(start, tmp_path / "run") as place:
        shown = proposal_message(place.slack, 2)
        thread = shown.get("thread_ts", shown["ts"])
        for _ in range(count):
            user, line = dice.choice((ANN, BOB)), lines(dice, [*REPLIES, "thanks, looks good", "who approved this?"])
            line = line.encode("utf-8", "replace").decode()
            reply = replies.parse_reply(line)
            before, said = kept(place.path), len(place.slack.whispers(user))
            payload = place.slack.message_payload(user, CHANNEL, line, thread)
            desk = place.desk()
            deliver(desk, payload)
            desk.close()
            changed = {t for t, rows in kept(place.path).items() if rows != before[t]}
            if reply is None:
                assert (changed, len(place.slack.whispers(user))) == (set(), said), (user, line)
            elif user == BOB or isinstance(reply, Mistake):
                assert changed <= {"history"}, (user, line)
                assert len(place.slack.whispers(user)) == said + 1, (user, line)
        assert [r.getMessage() for r in caplog.records if r.getMessage().startswith("unexpected")] == []
