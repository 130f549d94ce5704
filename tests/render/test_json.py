"""The JSON of `garden cluster` and `garden round`: a contract, described by a schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.models import Act, Finding, Kind, Outcome, Severity, Stage, Trend, Verdict
from bot.render.json import cluster_json, round_json
from tests.samples import problem, report


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = files("bot.render").joinpath("schema/report.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


@pytest.mark.parametrize("members", [True, False])
def test_what_is_printed_fits_the_schema(schema: Draft202012Validator, members: bool) -> None:
    """Both commands print what the schema describes, with members and without."""
    schema.validate(json.loads(cluster_json(report(), members)))
    schema.validate(json.loads(round_json(report(), members)))
    schema.validate(json.loads(round_json(report(problem()), members)))


def test_the_schema_knows_every_word(schema: Draft202012Validator) -> None:
    """Each enumeration of the schema is that of the models."""
    defs: Any = schema.schema["$defs"]
    for words, model in (
        (defs["severity"]["enum"], Severity),
        (defs["cluster"]["properties"]["kind"]["enum"], Kind),
        (defs["triage"]["properties"]["trend"]["enum"], Trend),
        (defs["audit"]["properties"]["verdict"]["enum"], Verdict),
        (defs["finding"]["enum"], Finding),
        (defs["match"]["properties"]["outcome"]["enum"], Outcome),
        (defs["proposal"]["properties"]["stage"]["enum"], Stage),
        (defs["proposal"]["properties"]["act"]["enum"], Act),
    ):
        assert words == [member.value for member in model]


def test_clusters_in_order_with_members() -> None:
    """Clusters come in order of number, each with the ids of its entries; incidents too."""
    data = json.loads(cluster_json(report()))
    assert data["version"] == 1
    assert data["entries"] == 1840
    assert [c["number"] for c in data["clusters"]] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert data["clusters"][0]["members"] == ["checkout-api-1-first"]
    assert data["clusters"][0]["environments"] == {"production": {"entries": 14, "occurrences": 14}}
    assert data["incidents"][0]["root"] == 1
    assert data["incidents"][0]["members"]
    assert "new_entries" not in data
    assert "triage" not in data["clusters"][0]


def test_a_round_says_all_that_is_known() -> None:
    """A round has new entries on top, and triage, analysis, audit, match and proposal in each cluster."""
    data = json.loads(round_json(report()))
    first = data["clusters"][0]
    assert data["new_entries"] == 1840
    assert first["triage"]["severity"] == first["severity"] == "P0"
    assert first["audit"]["cause"] == "confirmed"
    assert first["match"]["outcome"] == "new"
    assert first["proposal"]["act"] == "create"
    assert first["analysis"]["rule"] == "missing-module"
    assert "members" not in first
    assert data["clusters"][5]["analysis"] is None


def test_members_only_if_asked() -> None:
    """`--members` adds them to clusters and incidents of a round."""
    data = json.loads(round_json(report(), members=True))
    assert all("members" in c for c in data["clusters"])
    assert all("members" in i for i in data["incidents"])


def test_the_same_report_is_the_same_text() -> None:
    """Nothing of the surroundings enters."""
    assert round_json(report()) == round_json(report())


def test_hostile_text_moves_no_terminal() -> None:
    """Escape sequences and direction marks are written as escapes; read back, they are what they were."""
    text = cluster_json(report())
    assert text.isascii()
    assert "\x1b" not in text
    assert "\u202e" in json.loads(text)["clusters"][8]["title"]
