"""Questions to the log lines, and people's word on causes: through Slack, with a model and without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.models import Finding, Verdict
from tests.handlers.test_tending import say
from tests.scenarios.office import BOB, CHANNEL, GUS, Place, office
from tests.standins.claude_server import ClaudeServer


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    with ClaudeServer() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, claude: ClaudeServer) -> Iterator[Place]:
    (tmp_path / "garden.toml").write_text('model_services = ["*"]\n')
    with office(
        tmp_path,
        ANTHROPIC_API_KEY="not-a-real-key",
        ANTHROPIC_BASE_URL=claude.url,
        GARDEN_CONFIG=str(tmp_path / "garden.toml"),
    ) as made:
        yield made


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path) as made:
        made.round()
        yield made


def answer(claims: list[dict[str, Any]], cause: str, on: list[int]) -> dict[str, Any]:
    return {
        "name": "The fees", "claims": claims, "cause": cause, "cause_rests_on": on, "technical_impact": "",
        "business_impact": "", "next_steps": [], "confidence": 0.7, "severity": "P1", "alternatives": [],
        "severity_reason": "", "category": "new", "category_reason": "",
    }  # fmt: skip


QUOTED = {
    "text": "An entry says so.", "ground": "observation", "rests_on": ["e-fees-0"],
    "quote": "No module named 'fees'",
}  # fmt: skip
WRONG = {"text": "It occurred 13 times.", "ground": "observation", "rests_on": [], "quote": ""}


def last(place: Place) -> str:
    return str(place.slack.whispers(BOB)[-1])


def test_without_a_model_the_lines_that_fit_are_quoted(silent: Place) -> None:
    """Answered at once, then with the lines, and it says that it is pattern-based; guests get none."""
    number = silent.number_of("checkout-api")
    say(silent, BOB, f"ask {number} which module is missing, and how often?", "On it")
    assert silent.slack.wait(lambda: "pattern-based, without a model" in last(silent))
    assert "No module named" in last(silent)
    assert "12 occurrences in 12 log entries" in last(silent)
    say(silent, BOB, f"ask {number} was it the weather?", "On it")
    assert silent.slack.wait(lambda: "The logs do not say" in last(silent))
    assert silent.slack.command(GUS, CHANNEL, f"ask {number} which module?").ok
    assert silent.told(GUS, "guests and bots do not get them")
    say(silent, BOB, "ask which module?", "About which cluster?")
    say(silent, BOB, f"ask {number}", "What do you want to know?")
    say(silent, BOB, "ask 99 why?", "There is no cluster 99")


def test_an_answer_is_audited(place: Place, claude: ClaudeServer) -> None:
    """What the lines bear out is shown with them; what they contradict is struck, and such an answer is not shown."""
    place.round()
    number = place.number_of("checkout-api")
    claude.answer = answer([QUOTED, WRONG], "The module fees is not in the image.", [1])
    say(place, BOB, f"ask {number} what is missing? <@U0ANN>", "On it")
    assert place.slack.wait(lambda: "The module fees is not in the image" in last(place))
    assert "e-fees-0" in last(place)
    assert "~It occurred 13 times.~" in last(place)
    assert "what is missing?" in claude.requests[-1].text
    claude.answer = answer([WRONG], "The image was built 13 times.", [1])
    say(place, BOB, f"ask {number} how often was it built?", "On it")
    assert place.slack.wait(lambda: "it is not shown" in last(place))
    assert "The image was built" not in last(place)
    claude.answer = answer([], "The logs do not say who deployed it.", [])
    say(place, BOB, f"ask {number} who deployed it?", "On it")
    assert place.slack.wait(lambda: "The logs do not say." in last(place))


def test_a_wrong_cause_is_kept_struck_and_asked_for_again(place: Place, claude: ClaudeServer) -> None:
    """The word goes to the model; the same cause is never shown again, whoever writes it; the tally counts it."""
    cause = "The module fees was deleted."
    claude.answer = answer([QUOTED], cause, [1])
    place.round()
    number = place.number_of("checkout-api")
    (problem,) = place.store.clusters.problems([number])
    assert problem.audit is not None
    assert problem.audit.cause is Finding.INFERRED
    say(place, BOB, f"wrong {number} it was never there", "On it")
    assert place.slack.wait(lambda: "is wrong, says <@U0BOB>: it was never there" in last(place))
    assert "it was never there" in claude.requests[-1].text
    (problem,) = place.store.clusters.problems([number])
    assert problem.audit is not None
    assert (problem.audit.cause, problem.audit.verdict) == (Finding.STRUCK, Verdict.REJECTED)
    assert "U0BOB" in problem.audit.rule
    claude.answer = answer([QUOTED], "The image is built without the module fees.", [1])
    say(place, BOB, f"analyze {number}", "On it")
    assert place.slack.wait(lambda: "The image is built without the module fees" in last(place))
    assert f"~{cause}~" in last(place)
    assert [(n, w) for source, n, w in place.store.causes.tally() if source != "patterns"] == [(1, 1)]
    say(place, BOB, f"wrong {number}", "Why is it wrong?")


def test_a_cause_that_a_change_mended_is_remembered(silent: Place) -> None:
    """Closed as completed by a commit: told the next time, once; closed by hand, it is not."""
    edges = silent.edges
    fees, seats = silent.number_of("checkout-api"), silent.number_of("seat-map")
    for number, title in ((fees, "Fees"), (seats, "Seats")):
        issue = silent.github.add(title, "as logged")
        pipeline.mirror(edges, edges.clock())
        found = edges.store.issues.get(edges.tracker.repository, issue)
        assert found is not None
        edges.store.issues.link(number, found, BOB, edges.clock())
    mended = edges.store.issues.linked(fees)
    assert mended is not None
    silent.github.close(mended.number, commit="0123456789abcdef0123456789abcdef01234567")
    silent.github.close(mended.number + 1)
    for _ in range(2):
        pipeline.mirror(edges, edges.clock())
        pipeline.remember(edges, edges.clock())
    (lesson,) = edges.store.causes.lessons(fees)
    assert (lesson.change, lesson.issue) == ("commit 0123456789", mended.ref)
    assert edges.store.causes.lessons(seats) == []
    say(silent, BOB, f"show {fees}", "Cluster")
    assert "last time:" in last(silent)
