"""Every kind of message, held against what Slack publishes: the SDK's own checks, and the types of `@slack/types`.

The types are in an npm package; `npm install --no-package-lock --prefix tests/contracts` puts it there. Without it
that half is skipped, and where `CI` is set it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from slack_sdk.models.blocks import Block

from tests.slack.test_messages import every_message, every_view

MODULES = Path(__file__).parent / "node_modules"
GENERATOR = MODULES / "ts-json-schema-generator/bin/ts-json-schema-generator.js"
TYPES = MODULES / "@slack/types/dist/index.d.ts"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    """The JSON schema of all blocks that a message may hold."""
    if not (shutil.which("node") and GENERATOR.exists() and TYPES.exists()):
        message = "Slack's types are missing: npm install --no-package-lock --prefix tests/contracts"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    out = tmp_path_factory.mktemp("schema") / "blocks.json"
    command = ["node", str(GENERATOR), "--path", str(TYPES), "--type", "KnownBlock", "--no-type-check", "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return Draft7Validator(json.loads(out.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", every_message())
def test_the_sdk_accepts_every_message(name: str) -> None:
    """Each block becomes one of the SDK's models, passes its checks, and comes out as it went in."""
    for block in every_message()[name].blocks:
        model = Block.parse(dict(block))
        assert model is not None
        assert plain(model.to_dict()) == plain(block)


@pytest.mark.parametrize("name", every_view())
def test_the_sdk_accepts_every_view(name: str) -> None:
    """The same for forms, pages and the home tab."""
    for block in every_view()[name].blocks:
        model = Block.parse(dict(block))
        assert model is not None
        assert plain(model.to_dict()) == plain(block)


def test_every_message_is_of_the_published_types(schema: Draft7Validator) -> None:
    """Structure, names and kinds of all fields."""
    for name, message in (every_message() | every_view()).items():
        for block in message.blocks:
            assert [e.message for e in schema.iter_errors(block)] == [], (name, block)


def test_the_published_types_refuse_what_is_wrong(schema: Draft7Validator) -> None:
    """So that the test above can fail."""
    wrong = {"type": "section", "text": {"type": "mrkdwn", "words": "x"}}
    assert list(schema.iter_errors(wrong))


def plain(value: object) -> Any:
    return json.loads(json.dumps(value))
