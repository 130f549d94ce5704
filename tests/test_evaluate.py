"""`garden eval`: scores as text and JSON, exit codes, and cases in the forms that docs/evaluation.md names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.demo.week import week
from tests.standins.claude_server import ClaudeServer

SITUATION = {
    "service": "shop", "occurrences": 12, "entries": 24, "users": 3,
    "evidence": [{"id": "e1", "time": "2026-03-06T10:00:00Z", "text": "disk 7 is full"}],
}  # fmt: skip


def evaluated(*words: str) -> Result:
    return CliRunner().invoke(cli, ["eval", *words], env={"ANTHROPIC_API_KEY": ""})


def analysed(folder: Path, *cases: dict[str, Any], name: str = "cases.jsonl") -> dict[str, Any]:
    (folder / name).write_text("\n".join(json.dumps(c) for c in cases), encoding="utf-8")
    done = evaluated("analysis", str(folder), "--times", "0", "--format", "json")
    data: dict[str, Any] = json.loads(done.output)
    assert done.exit_code == (0 if data["passed"] else 1)
    return data


def test_claims_and_answers_pass() -> None:
    """On the demo's week and the cases that come with the sources, all bounds hold; the same seed gives the same."""
    done = evaluated("analysis", "--times", "1", "--seed", "3", "--format", "json")
    assert done.exit_code == 0, done.output[-500:]
    data = json.loads(done.output)
    assert data["claims"]["false_confirmed"] * 1_000 <= data["claims"]["false"]
    assert data["claims"]["true_confirmed"] >= 0.95 * data["claims"]["true"] > 900
    assert all(a["right"] for a in data["answers"])
    text = evaluated("analysis", "--times", "0").output
    assert "as they must be" in text
    assert text.rstrip().endswith("passed")


def test_a_wrong_label_fails(tmp_path: Path) -> None:
    """A case that does not come out as it must fails the whole, and is named."""
    data = analysed(tmp_path, {"situation": SITUATION, "text": "It occurred 13 times.", "true": True})
    assert not data["passed"]
    assert data["answers"][0]["wrong"] == ["claim 1 is contradicted (12 occurrences, not 13 times), not confirmed"]


def test_claims_may_be_written_in_many_forms(tmp_path: Path) -> None:
    """A sentence, an object, a quote, a citation as text or list; findings as word, list, truth or "not confirmed"."""
    answer = {
        "claims": [
            "It occurred 12 times.",
            {"text": "An entry says so.", "rests_on": "e1", "quote": "disk 7 is full"},
            {"text": "The disk is the cause.", "ground": "inference", "rests_on": [1, 2]},
        ],
        "cause": "The disk is full.",
        "cause_rests_on": [2],
    }
    data = analysed(
        tmp_path,
        {"situation": SITUATION, "claim": "It occurred 12 times.", "expected": "confirmed"},
        {
            "situation": SITUATION,
            "claim": {"text": "It occurred 13 times."},
            "expected": ["contradicted", "unsupported"],
        },
        {"situation": SITUATION, "text": "disk 7 is full", "rests_on": ["e1"], "expected": {"claims": ["confirmed"]}},
        {"situation": SITUATION, "text": "disk 8 is full", "rests_on": ["e1"], "expected": "not confirmed"},
        {
            "situation": SITUATION,
            "answer": answer,
            "expected": {"claims": ["confirmed", True, "inferred"], "cause": "inferred", "verdict": ["approved"]},
        },
    )
    assert data["passed"], data["answers"]


def test_a_case_may_bring_its_own_logs(tmp_path: Path) -> None:
    """Entries as Cloud Logging exports them, in a file or in the case, and the problem picked by words."""
    logs = [raw for raw in week() if "rulebook" in json.dumps(raw)]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "rulebook.log").write_text(json.dumps(logs), encoding="utf-8")
    data = analysed(
        tmp_path,
        {"logs": "logs/rulebook.log", "cluster": "rulebook", "text": "ModuleNotFoundError was raised.", "true": True},
        {"logs": logs, "text": "No module named 'rulebooks'", "true": False},
    )
    assert data["passed"], data["answers"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("analysis", "no-such-folder"), 2, "There is no no-such-folder"),
        (("analysis", "{}", "--times", "0"), 2, "There are no cases"),
        (("grouping", "{}"), 2, "No labelled logs"),
        (("redaction", "no-such-file"), 2, "There is no no-such-file"),
        (("grouping",), 0, "the demo's week"),
        (("redaction",), 0, "269 of 269"),
    ],
)
def test_what_cannot_run_says_so(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """Nothing to run is no success."""
    done = evaluated(*(w.format(tmp_path) for w in words))
    assert said in done.output
    assert done.exit_code == code


def test_a_case_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the file, its place and what is wrong."""
    (tmp_path / "bad.jsonl").write_text('{"situation": "nowhere", "text": "a", "true": true}\n', encoding="utf-8")
    done = evaluated("analysis", str(tmp_path), "--times", "0")
    assert done.exit_code == 2
    assert "bad.jsonl: case 1 cannot be read" in done.output


def test_with_a_key_the_model_answers_the_cases_too(tmp_path: Path) -> None:
    """Once for each situation, audited; what it does not answer is told and fails where nothing was answered."""
    (tmp_path / "cases.jsonl").write_text(
        json.dumps({"situation": SITUATION, "text": "It occurred 12 times.", "true": True}), encoding="utf-8"
    )
    claim = {"text": "disk 7 is full", "ground": "observation", "rests_on": ["e1"], "quote": ""}
    with ClaudeServer() as claude:
        claude.answer = {
            "name": "Full disk", "claims": [claim], "cause": "The disk is full.", "cause_rests_on": [1],
            "alternatives": [], "technical_impact": "", "business_impact": "", "next_steps": [], "confidence": 0.8,
            "severity": "P2", "severity_reason": "", "category": "new", "category_reason": "",
        }  # fmt: skip
        env = {"ANTHROPIC_API_KEY": "not-a-real-key", "ANTHROPIC_BASE_URL": claude.url}
        words = ["eval", "analysis", str(tmp_path), "--times", "0", "--format", "json"]
        done = CliRunner().invoke(cli, words, env=env)
        data = json.loads(done.output)
        assert data["live"][0] | {"case": ""} == {
            "case": "", "verdict": "approved", "confirmed": 1, "observations": 1, "note": "",
        }  # fmt: skip
        assert done.exit_code == 0
        claude.then("wrong key")
        done = CliRunner().invoke(cli, words, env=env)
        assert done.exit_code == 1
        assert "401" in json.loads(done.output)["live"][0]["note"]
        assert not json.loads(CliRunner().invoke(cli, [*words, "--offline"], env=env).output)["live"]
