"""What a model is shown: nothing of a service that is not released, no secret, and only so much at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.consult import AT_ONCE, consult
from bot.models import Incident
from bot.steps.analyse import KEPT, choose
from tests.scenarios.asking import FREELY, START, asking, line
from tests.scenarios.test_secrets import CASES, GONE_LINES, SHAPED, telling, written

SECRET_WORDS = ("marmalade", "till-", "/till", "=till", "till cannot", "vault")


def neighbours(service: str, minutes: float) -> list[dict[str, object]]:
    """A problem of the service that comes with every failure of the shop."""
    return [
        line(
            service,
            f"{service} cannot open the marmalade vault in /srv/{service}/jar.py",
            minutes + n / 100,
            f"{service}{n}",
        )
        for n in range(5)
    ]


def test_no_byte_of_a_service_without_consent(tmp_path: Path) -> None:
    """Neither by itself, nor as a neighbour in an incident, a symptom, a deployment or a critical path."""
    policy = replace(FREELY, model_services=("shop",))
    shop = [line("shop", "ValueError: no price for this seat", 60 + n / 50, f"s{n}") for n in range(5)]
    with asking(tmp_path, policy) as place:
        report = place.round([*shop, *neighbours("till", 60.001)])
        numbers = {p.cluster.service: p.number for p in report.problems}
        end = START + timedelta(hours=2)
        incident = Incident(1, numbers["shop"], tuple(numbers.values()), START, end, "together")
        for p in report.problems:
            together = replace(p, incident=incident)
            (case,) = choose([together], {}, [], {q.number: q.cluster for q in report.problems}, policy, has_model=True)
            consult(place.edges, case, "U1")
        assert {p.cluster.service: bool(p.analysis and p.analysis.note) for p in report.problems} == {
            "shop": False,
            "till": True,
        }
        till = next(p for p in report.problems if p.cluster.service == "till")
        assert till.analysis
        assert "not released" in till.analysis.note
        everything = [*place.server.requests, *place.server.counted]
        assert len(place.server.requests) == 2
        for received in everything:
            assert not any(word in received.text.lower() for word in SECRET_WORDS)


def test_nothing_is_released_by_itself(tmp_path: Path) -> None:
    """With a key and no word in garden.toml, nothing is sent and nothing is counted."""
    with asking(tmp_path, replace(FREELY, model_services=())) as place:
        place.round(neighbours("till", 60))
        assert place.server.requests == place.server.counted == []


def test_no_secret_is_in_any_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round over every secret there is, with a model that sees all of it and says it back."""
    cases = [json.loads(row) for row in CASES.read_text(encoding="utf-8").splitlines()]
    with asking(tmp_path) as place:
        place.round(written(cases))
        sent = [r.text for r in (*place.server.requests, *place.server.counted)]
        assert len(place.server.requests) > 5
    kept = [p.read_bytes().decode("utf-8", "replace") for p in tmp_path.glob("garden.db*")]
    parts = {*(part for case in cases for part in case["gone"] if telling(part, cases)), *GONE_LINES, SHAPED}
    for text in (*sent, *kept):
        assert [p for p in parts if p in text or json.dumps(p)[1:-1] in text] == []


def test_only_so_many_are_asked_at_once(tmp_path: Path) -> None:
    """Requests of a round go out together, but never more than the cap."""
    with asking(tmp_path) as place:
        place.server.delay = 0.1
        place.round([line(f"part-{n}", f"ValueError: part {n} is broken", 60, f"e{n}") for n in range(12)])
        assert len(place.server.requests) == 12
        assert 2 <= place.server.busiest <= AT_ONCE


def test_people_have_their_share_after_a_flood(tmp_path: Path) -> None:
    """Rounds stop at what is kept; a person who asks still gets an answer, and then the day's ceiling holds, too."""
    policy = replace(FREELY, day_budget=0.5, people_budget=0.25)
    with asking(tmp_path, policy) as place:
        place.server.usage = {"input_tokens": 8_000, "output_tokens": 4_000}
        report = place.round([line(f"part-{n}", f"ValueError: part {n} is broken", 60, f"e{n}") for n in range(12)])
        notes = [p.analysis.note for p in report.problems if p.analysis and p.analysis.note]
        assert notes
        assert set(notes) == {KEPT}
        problem = report.problems[0]
        (case,) = choose([problem], {}, [], {problem.number: problem.cluster}, policy, has_model=True)
        told = [consult(place.edges, case, "U1") for _ in range(8)]
        assert told[0].analysis
        assert told[-1].reason == "the model budget for today is used up"
        assert sum(b.counted for b in place.edges.store.analyses.bills(START)) <= 0.5


def test_unchanged_problems_are_asked_about_once(tmp_path: Path) -> None:
    """Five rounds that see the same problem a little more often are one request; ten times as often is another."""
    with asking(tmp_path) as place:
        at = 60.0
        for number, times in enumerate((9, 1, 30, 5, 40, 10)):
            place.round([line("shop", "ValueError: no price", at + n / 60, f"r{number}-{n}") for n in range(times)])
            at += 5
            expected = 2 if number == 5 else 1
            assert len(place.server.requests) == expected, number
