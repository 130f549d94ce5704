"""No secret leaves the process: not to the screen, and not to anything that is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import cli

CASES = Path(__file__).parent.parent / "cases" / "redaction" / "secrets.jsonl"
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SHAPED = "ghp_EXAMPLEnotarealtoken9999999999999999"
KEY_LINES = (
    "  -----BEGIN EC PRIVATE KEY-----",
    "  MHcEXAMPLEnotarealkey1MHcEXAMPLEnotarealkey1MHcEXAMPLEnotarealk1",
    "  qbNotRealKeyEnds",
    "  -----END EC PRIVATE KEY-----",
)
GONE_LINES = ("MHcEXAMPLEnotarealkey1", "qbNotRealKeyEnds")


class Written:
    """Log entries, a while apart, of one service."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._time = START

    def add(self, seconds: float = 20, **parts: Any) -> dict[str, Any]:
        self._time += timedelta(seconds=seconds)
        entry: dict[str, Any] = {
            "insertId": f"entry-{len(self.entries)}",
            "timestamp": self._time.isoformat(),
            "severity": "ERROR",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "shop", "revision_name": "shop-1"}},
            "logName": "projects/shop/logs/run.googleapis.com%2Fstderr",
            **parts,
        }
        self.entries.append(entry)
        return entry


def written(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every secret as text, as a message, as a value and in a stack; and a secret wherever else one may stand."""
    made = Written()
    for number, case in enumerate(cases):
        secret = case["text"]
        made.add(textPayload=f"ERROR [part{number}] it failed\n{secret}")
        made.add(jsonPayload={"message": secret, "detail": f"part {number}"})
        made.add(jsonPayload={"about": [secret], "part": number})
        made.add(
            jsonPayload={"message": f"part {number}", "stack": f"ValueError: {secret}\n    at run (/app/a.js:1:2)"}
        )
    for line in KEY_LINES:
        made.add(0.01, textPayload=line)
    made.add(textPayload="ERROR named", insertId=SHAPED)
    made.add(textPayload="ERROR traced", trace=f"projects/shop/traces/{SHAPED}", labels={"token": SHAPED})
    made.add(textPayload="ERROR placed", sourceLocation={"file": f"/app/{SHAPED}.py", "line": "3", "function": SHAPED})
    for label in ("service_name", "revision_name"):
        labels = {"service_name": "shop", "revision_name": "shop-1", label: SHAPED}
        made.add(textPayload=f"ERROR {label}", resource={"type": "cloud_run_revision", "labels": labels})
    asked = {"requestMethod": "GET", "requestUrl": f"https://shop.example/{SHAPED}?token={SHAPED}", "status": 500}
    made.add(httpRequest={**asked, "userAgent": f"Bearer {SHAPED}", "referer": f"https://shop.example/?key={SHAPED}"})
    return made.entries


def test_nothing_that_is_kept_or_shown_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round over every secret there is; then database, backup, export, worklog, JSON and screen, byte by byte."""
    monkeypatch.chdir(tmp_path)
    for name in ("GARDEN_CONFIG", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "SLACK_BOT_TOKEN", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    Path("logs.json").write_text(json.dumps(written(cases)), encoding="utf-8")

    def run(*words: str) -> bytes:
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, result.output
        return result.stdout.encode() + result.stderr.encode()

    outputs = {
        "round": run("round", "--logs", "logs.json", "--db", "garden.db", "--format", "json", "--members"),
        "screen": run("cluster", "logs.json"),
        "json": run("cluster", "logs.json", "--format", "json"),
        "markdown": run("cluster", "logs.json", "--format", "markdown"),
        "worklog": run("worklog", "--logs", "logs.json"),
    }
    run("backup", "backup.db", "--db", "garden.db")
    run("export", "export", "--db", "garden.db")
    kept = [*tmp_path.glob("*.db*"), *tmp_path.glob("export/*")]
    assert len(kept) > 3
    outputs |= {p.name: p.read_bytes() for p in kept}

    wanted = [part for case in cases for part in case["gone"] if telling(part, cases)]
    parts = {*wanted, *GONE_LINES, SHAPED}
    found = sorted(
        (part, name)
        for name, data in outputs.items()
        for part in parts
        if part.encode() in data or json.dumps(part)[1:-1].encode() in data
    )
    assert not found


def telling(part: str, cases: list[dict[str, Any]]) -> bool:
    """Whether only a secret holds this, so that finding it somewhere says something."""
    return len(part) >= 6 and not any(part in case["text"] and part not in case["gone"] for case in cases)
