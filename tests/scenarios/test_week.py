"""The demo's week, read by the program: what was written into it is what comes out."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import cli
from bot.demo.week import expected, labels, week


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("week") / "week.json"
    path.write_text("\n".join(json.dumps(raw) for raw in week()), encoding="utf-8")
    result = CliRunner().invoke(cli, ["cluster", str(path), "--format", "json"])
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    return data


@pytest.fixture(scope="module")
def problems(found: dict[str, Any]) -> dict[str, Counter[int | None]]:
    """Each labelled problem with the numbers of the clusters that hold its entries; "" is healthy."""
    cluster = {id: c["number"] for c in found["clusters"] for id in c["members"]}
    out: dict[str, Counter[int | None]] = defaultdict(Counter)
    for row in csv.DictReader(io.StringIO(labels())):
        out[row["problem"]][cluster.get(row["insertId"])] += 1
    return out


def test_nothing_is_missed_and_nothing_healthy_is_taken(problems: dict[str, Counter[int | None]]) -> None:
    """Each entry of a problem is in a cluster, each healthy one in none."""
    missed = {name: counts[None] for name, counts in problems.items() if name and counts[None]}
    assert not missed
    assert set(problems[""]) == {None}


def test_one_problem_is_one_cluster(problems: dict[str, Counter[int | None]]) -> None:
    """Each problem is one cluster, and no two share one."""
    split = {name for name, counts in problems.items() if name and len(counts) > 1}
    assert not split
    numbers = [n for name, counts in problems.items() if name for n in counts]
    assert len(numbers) == len(set(numbers))


def test_occurrences_are_counted_once(found: dict[str, Any], problems: dict[str, Counter[int | None]]) -> None:
    """A traceback in ten entries is one occurrence, however its lines were interleaved."""
    by_number = {c["number"]: c for c in found["clusters"]}
    for name, wanted in expected()["problems"].items():
        cluster = by_number[next(iter(problems[name]))]
        assert (cluster["entries"], cluster["occurrences"]) == (wanted["entries"], wanted["occurrences"]), name


def test_two_environments_are_one_cluster(found: dict[str, Any], problems: dict[str, Counter[int | None]]) -> None:
    """The same failure in staging and production is one cluster, counted per environment."""
    number = next(iter(problems["checkout-quote-keyerror"]))
    cluster = next(c for c in found["clusters"] if c["number"] == number)
    assert set(cluster["environments"]) == {"production", "staging"}


def test_the_bad_deployment_is_one_incident_with_its_cause_first(
    found: dict[str, Any], problems: dict[str, Counter[int | None]]
) -> None:
    """The missing module is the root of the exits and the failed probes; the refused token of what it breaks."""
    for root, symptoms in (
        ("checkout-missing-module", ("checkout-container-exit", "checkout-startup-probe", "checkout-not-ready")),
        ("identity-service-token-refused", ("identity-403-verify", "checkout-identity-refused", "checkout-502-orders")),
        ("mailer-render-panic", ("mailer-container-exit",)),
        ("checkout-quote-keyerror", ("checkout-500-quotes",)),
        ("seat-map-cache-refused", ("seat-map-500-availability",)),
    ):
        number = next(iter(problems[root]))
        under = {n for i in found["incidents"] if i["root"] == number for n in i["clusters"]}
        assert {next(iter(problems[s])) for s in symptoms} <= under, root
