"""What is masked, what stays, in a corpus of both; and that every text of an entry is looked at."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.models import Deployment, Entry, Failure, Policy, Request
from bot.steps.redact import redact, scrub

CASES = Path(__file__).parent.parent / "cases" / "redaction"
POLICY = Policy()
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name).read_text().splitlines()]


SECRETS, LOOKALIKES = load("secrets.jsonl"), load("lookalikes.jsonl")


@pytest.mark.parametrize("case", SECRETS, ids=lambda c: c["text"][:50])
def test_secrets_are_masked(case: dict[str, Any]) -> None:
    """Nothing of the secret is left, and the mask says what kind it was."""
    clean = scrub(case["text"], POLICY)
    assert not [part for part in case["gone"] if part in clean], clean
    assert case["mask"] in clean


@pytest.mark.parametrize("case", LOOKALIKES, ids=lambda c: c["text"][:50])
def test_what_only_looks_like_a_secret_stays(case: dict[str, Any]) -> None:
    """Counts, words of prose, hashes, ids and references are not touched."""
    assert scrub(case["text"], POLICY) == case["text"]


def test_the_corpus_is_big_enough() -> None:
    """At least 150 of each."""
    assert len(SECRETS) >= 150
    assert len(LOOKALIKES) >= 150


@pytest.mark.parametrize("case", SECRETS + LOOKALIKES, ids=lambda c: c["text"][:50])
@pytest.mark.parametrize("around", ["{}", "2026-01-31 ERROR {}\nnext line", "x " * 50 + "{}"])
def test_twice_is_once(case: dict[str, Any], around: str) -> None:
    """Masking what is masked changes nothing, wherever it stands."""
    clean = scrub(around.format("\0").replace("\0", case["text"]), POLICY)
    assert scrub(clean, POLICY) == clean


_PIECES = st.sampled_from(
    ["password", "token", "secret", "cookie", "authorization", "Bearer ", "=", ": ", '"', "'", "\\", "{", "}", ",", ";",
     "&",     "<password>", "<key>", "a1b2c3d4e5", "Example1x", "@", "shop.example", "://",
     "4111111111111111", "\n", " ", "sid=1"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=14).map("".join))
@example("password==sid=1")
def test_any_text_is_stable(text: str) -> None:
    """Whatever the text, a second pass finds nothing that the first one made."""
    clean = scrub(text, POLICY)
    assert scrub(clean, POLICY) == clean


def test_every_text_of_an_entry_is_scrubbed() -> None:
    """Message, URL, agent, exception, and the deployment's author, image and message."""
    mail = "pat@shop.example"
    entry = Entry(
        id="a",
        key=1,
        time=NOW,
        service="shop",
        text=f"to {mail}",
        failure=Failure("ValueError", f"no {mail}"),
        request=Request("GET", f"/u?m={mail}", f"/u/{mail}", 404, agent=f"bot {mail}"),
        deployment=Deployment(NOW, "shop", "", who=mail, image=f"i/{mail}", message=mail),
        request_id=mail,
    )
    (clean,) = redact([entry], POLICY)
    assert mail not in repr(clean)
    assert repr(clean).count("<email>") == 9


def test_entries_without_secrets_are_handed_on() -> None:
    """Nothing is copied where nothing changes."""
    entry = Entry(id="a", key=1, time=NOW, service="shop", text="all is well", failure=Failure("E", "no"))
    assert redact([entry], POLICY)[0] is entry


def test_addresses_and_users_only_if_asked() -> None:
    """IP addresses and user ids are masked where the team wants it."""
    text = "user_id=17 from 203.0.113.9 and 2001:db8::1, version 1.2.3"
    assert scrub(text, POLICY) == text
    assert scrub(text, Policy(redact_ips=True)) == "user_id=17 from <ip> and <ip>, version 1.2.3"
    assert scrub(text, Policy(redact_users=True)) == text.replace("17", "<user>")


@pytest.mark.parametrize(
    "text",
    [
        "password=" * 4000, "a.b-" * 8000, "eyJ" * 10_000, "-----BEGIN PRIVATE KEY-----" * 1200, "x@" * 16_000,
        "4111 " * 6000, "token: '" * 4000, '\\"' * 16_000 + "password", "://a:" * 6000, "sk-" + "a" * 32_000,
        "cookie: " * 4000, "0" * 32_000, "a=" * 16_000 + "secret",
    ],
    ids=lambda t: t[:12],
)  # fmt: skip
def test_hostile_text_takes_no_time(text: str) -> None:
    """No expression runs away on 32 KiB of whatever an attacker writes."""
    start = time.process_time()
    scrub(text, POLICY)
    assert time.process_time() - start < 3
