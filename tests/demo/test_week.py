"""The demo's week of logs: the same each time, realistic, and known entry by entry."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.demo.week import END, expected, issues, labels, week
from bot.demo.week.catalog import TROUBLES

CASES = Path(__file__).parent.parent / "cases" / "demo"


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return list(week())


@pytest.fixture(scope="module")
def labelled() -> dict[str, dict[str, str]]:
    return {row["insertId"]: row for row in csv.DictReader(io.StringIO(labels()))}


def test_a_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    """The same seed and end give the same week, byte for byte."""
    once, again, other = (json.dumps(list(week(seed))) for seed in (7, 7, 8))
    assert once == again
    assert once != other


@pytest.mark.parametrize("seed", range(1, 5))
def test_every_seed_is_consistent(seed: int) -> None:
    """With any seed each problem happens, is labelled, and counts at least as many entries as occurrences."""
    data = expected(seed)
    assert all(p["entries"] >= p["occurrences"] >= 1 for p in data["problems"].values())
    assert {e["insertId"] for e in week(seed)} >= {row.split(",")[0] for row in labels(seed).split("\n")[1:-1]}


def test_it_is_quick() -> None:
    """A week is written in under two seconds."""
    started = time.process_time()
    list(week())
    assert time.process_time() - started < 2


def test_cases_are_up_to_date() -> None:
    """The labels and expectations in the repository are those of the script."""
    assert (CASES / "labels.csv").read_text(encoding="utf-8") == labels(), (
        "run: python -m bot.demo.week --cases tests/cases/demo"
    )
    assert json.loads((CASES / "expected.json").read_text(encoding="utf-8")) == expected()


def test_it_is_about_as_much_as_a_small_company_logs(entries: list[dict[str, Any]]) -> None:
    """Between 6,000 and 12,000 entries, in order of time, within seven days, each with an id of its own."""
    assert 6_000 <= len(entries) <= 12_000
    times = [e["timestamp"] for e in entries]
    assert times == sorted(times)
    assert times[0] >= f"{END - timedelta(days=7):%Y-%m-%dT%H:%M}"
    assert times[-1] <= f"{END:%Y-%m-%dT%H:%M:%S}.999Z"
    assert len({e["insertId"] for e in entries}) == len(entries)


def test_the_end_moves_the_week() -> None:
    """Another end moves everything with it, and changes nothing else of what happens."""
    end = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
    moved = expected(end=end)
    assert max(e["timestamp"] for e in week(end=end)) <= f"{end:%Y-%m-%dT%H:%M:%S}.999Z"
    assert set(moved["problems"]) == set(expected()["problems"])
    assert {i.number for i in issues(end)} == {i.number for i in issues()}


def test_it_has_the_shape_of_an_export(entries: list[dict[str, Any]]) -> None:
    """Every entry has the envelope of Cloud Logging and exactly one kind of payload, or a request."""
    for entry in entries:
        assert {"insertId", "timestamp", "receiveTimestamp", "resource", "logName"} <= set(entry)
        assert entry["receiveTimestamp"] > entry["timestamp"]
        payloads = {"textPayload", "jsonPayload", "protoPayload", "httpRequest"} & set(entry)
        assert payloads
        assert len(payloads - {"httpRequest"}) <= 1


def test_it_is_varied(entries: list[dict[str, Any]]) -> None:
    """Four services, two environments, a job; all logs that Cloud Run writes; half of the lines have no severity."""
    resources = Counter(e["resource"]["labels"].get("service_name", "") for e in entries)
    assert len(resources - Counter({"": resources[""]})) == 8
    assert {e["resource"]["type"] for e in entries} == {"cloud_run_revision", "cloud_run_job"}
    logs = {e["logName"].rsplit("/", 1)[1] for e in entries}
    assert {log.rsplit("%2F", 1)[1] for log in logs} == {
        "stdout",
        "stderr",
        "requests",
        "system",
        "activity",
        "system_event",
    }
    lines = [e for e in entries if e["logName"].endswith(("stdout", "stderr"))]
    assert 0.3 < sum("severity" not in e for e in lines) / len(lines) < 0.9


def test_labels_are_of_entries_that_are_there(
    entries: list[dict[str, Any]], labelled: dict[str, dict[str, str]]
) -> None:
    """Each label belongs to an entry, and each entry that a reader of warnings would meet has one."""
    ids = {e["insertId"] for e in entries}
    assert set(labelled) <= ids
    loud = {e["insertId"] for e in entries if e.get("severity", "WARNING") not in ("INFO", "NOTICE")}
    assert loud <= set(labelled)


def test_every_problem_of_the_catalogue_happens(labelled: dict[str, dict[str, str]]) -> None:
    """Nothing is expected that does not happen, nothing happens that is not expected."""
    found = {row["problem"] for row in labelled.values()} - {""}
    assert found == {t.name for t in TROUBLES}
    problems = expected()["problems"]
    counted = Counter(row["problem"] for row in labelled.values() if row["problem"])
    for name, problem in problems.items():
        assert counted[name] == problem["entries"] >= problem["occurrences"] >= 1


def test_every_incident_has_one_root() -> None:
    """Each incident has a root among its problems."""
    data = expected()
    for incident in data["incidents"].values():
        assert incident["root"] in incident["problems"]


def test_loud_entries_without_a_problem_are_harmless(
    entries: list[dict[str, Any]], labelled: dict[str, dict[str, str]]
) -> None:
    """What is at WARNING or above and belongs to no problem is a container that ended well."""
    healthy = [e for e in entries if labelled.get(e["insertId"], {}).get("problem") == "" and e.get("severity")]
    assert {e.get("textPayload", "") for e in healthy if e["severity"] in ("WARNING", "ERROR")} == {
        "Container called exit(0)."
    }


def test_tracebacks_are_split_and_interleaved(
    entries: list[dict[str, Any]], labelled: dict[str, dict[str, str]]
) -> None:
    """Between two lines of one instance's traceback stand lines of another's."""
    lines = [e for e in entries if labelled.get(e["insertId"], {}).get("problem") == "checkout-quote-keyerror"]
    instances = [e["labels"]["instanceId"] for e in lines]
    switches = sum(a != b for a, b in pairwise(instances))
    assert switches > 40


def test_there_is_something_for_every_rule_of_the_tracker() -> None:
    """Open issues, one closed as completed that comes back, one closed as not planned."""
    found = issues()
    assert len(found) >= 6
    assert {(i.state, i.reason) for i in found} == {("open", ""), ("closed", "completed"), ("closed", "not_planned")}
    wanted = {p["issue"] for p in expected()["problems"].values() if p["issue"]}
    assert wanted <= {i.number for i in found}


def test_a_problem_comes_back_after_its_issue_was_closed(
    entries: list[dict[str, Any]], labelled: dict[str, dict[str, str]]
) -> None:
    """The panic is seen before its issue was closed, then not, then again in a newer revision."""
    closed = next(i.closed_at for i in issues() if i.number == 214)
    assert closed is not None
    seen = [e for e in entries if labelled.get(e["insertId"], {}).get("problem") == "mailer-render-panic"]
    stamp = f"{closed:%Y-%m-%dT%H:%M:%S}"
    before = {e["resource"]["labels"]["revision_name"] for e in seen if e["timestamp"] < stamp}
    after = {e["resource"]["labels"]["revision_name"] for e in seen if e["timestamp"] > stamp}
    assert before
    assert after
    assert max(before) < min(after)


def test_secrets_are_made_up() -> None:
    """Whatever looks like a secret says that it is none."""
    text = json.dumps(list(week()))
    for secret in ("not-a-real-password", "example-not-a-real-key", "example-not-a-real-token"):
        assert secret in text
    assert "@gmail" not in text


def test_it_can_be_had_as_a_file() -> None:
    """`python -m bot.demo.week` prints a JSON array."""
    done = subprocess.run([sys.executable, "-m", "bot.demo.week"], capture_output=True, check=True)
    assert len(json.loads(done.stdout)) == expected()["entries"]
