"""The audit: what is confirmed, what is contradicted and with what, what is unsupported, and the verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.models import (
    Analysis,
    Audit,
    Case,
    Checked,
    Claim,
    Count,
    Deployment,
    Failure,
    Finding,
    Ground,
    Request,
    Site,
    Verdict,
)
from bot.steps.audit import audit
from tests.analysts.making import NEW, OLD, START, case, cluster, entry, missing_module

CONFIRMED, CONTRADICTED, UNSUPPORTED = Finding.CONFIRMED, Finding.CONTRADICTED, Finding.UNSUPPORTED
SITE = Site("seats.plan", "load", "/srv/seats/plan.py", 31)


def shop() -> Case:
    """Twelve failures in 760 s on two revisions and two environments, with a user, a request and a mask."""
    found = [
        entry(
            "load failed for <email>: ValueError: row 17 of hall B is 5.5 m, limit 500000 bytes, waited 30 s",
            id="e1",
            failure=Failure("ValueError", "row 17 of hall B is 5.5 m", SITE),
            site=SITE,
            revision=OLD,
        ),
        entry("GET /plans/{id} 503", id="e2", after=60, request=Request("GET", "/plans/9", "/plans/{id}", 503)),
        entry("connection to 10.0.0.7:5432 refused", id="e3", after=760),
    ]
    counts = [
        Count(START, "production", OLD, 20, 5),
        Count(START, "production", NEW, 20, 4),
        Count(START, "staging", NEW, 8, 3),
    ]
    deployed = Deployment(START - timedelta(minutes=10), "seat-map", "production", OLD)
    c = cluster(found, counts=counts, users=7, exception="ValueError", status=503, method="GET", route="/plans/{id}")
    return case(c, deployments=[deployed])


def check(text: str, *ids: str, quote: str = "", of: Case | None = None) -> Checked:
    claim = Claim(text, Ground.OBSERVATION, ids, quote)
    return audit(of or shop(), analysis(claim), frozenset({889})).claims[0]


def analysis(*claims: Claim, cause: str = "Something is broken.", **fields: object) -> Analysis:
    made: dict[str, object] = {"name": "n", "technical_impact": "", "business_impact": "", "confidence": 0.5}
    return Analysis(cluster=3, source="model", cause=cause, next_steps=(), claims=claims, **(made | fields))  # type: ignore[arg-type] # a test's keywords


TRUE = [
    ("12 occurrences in 48 log entries.", ()),
    ("It occurred 12 times.", ()),
    ("It happened twelve times.", ()),
    ("at least 10 occurrences", ()),
    ("more than 11 times", ()),
    ("about 50 log entries", ()),
    ("12 failures on 2 revisions", ()),
    ("9 occurrences in production and 3 occurrences in staging.", ()),
    (f"7 occurrences on revision {NEW}.", ()),
    ("7 distinct users were affected", ()),
    ("Occurrences: 12", ()),
    ("First seen 2026-03-06T10:00:00Z, last seen 2026-03-06T10:12:40Z.", ()),
    ("Seen from 10:00 to 10:12 UTC.", ()),
    ("Seen between 2026-03-06 10:00:00 and 2026-03-06 10:12:40 UTC.", ()),
    ("12 times within 12 min 40 s", ()),
    ("It lasted 760 seconds.", ()),
    (f"First seen on revision {OLD}.", ()),
    (f"Seen on revisions {OLD} and {NEW}.", ()),
    ("Seen only in production and staging.", ()),
    ("ValueError was raised in plan.py line 31.", ("e1",)),
    ("ValueError at /srv/seats/plan.py:31", ("e1",)),
    ("GET /plans/{id} answered 503", ("e2",)),
    ("HTTP 503 was logged at 10:01:00", ("e2",)),
    ("The limit was 500000 bytes", ("e1",)),
    ("It waited 30 seconds", ("e1",)),
    ("The connection to 10.0.0.7:5432 was refused.", ("e3",)),
    ("Issue #889 names ValueError", ()),
    ("It began after the deployment of seat-map.", ()),
    ('The entry says "row 17 of hall B is 5.5 m".', ("e1",)),
]
FALSE = [
    ("13 occurrences in 48 log entries.", (), "12"),
    ("12 occurrences in 47 log entries.", (), "48"),
    ("It happened thirteen times.", (), "12"),
    ("twice", (), "12"),
    ("at least 13 occurrences", (), "12"),
    ("more than 12 times", (), "12"),
    ("fewer than 12 times", (), "12"),
    ("about 20 occurrences", (), "12"),
    ("thousands of occurrences", (), "12"),
    ("9 occurrences in production and 4 occurrences in staging.", (), "3"),
    (f"5 occurrences on revision {NEW}.", (), "7"),
    ("12 occurrences in staging.", (), "3"),
    ("8 distinct users were affected", (), "7"),
    ("12 users", (), "7"),
    ("3 revisions", (), "2"),
    ("First seen 2026-03-06T10:00:01Z.", (), "10:00:00"),
    ("Last seen 2026-03-06T10:12:41Z.", (), "10:12:40"),
    ("First seen 2026-03-06T10:12:40Z, last seen 2026-03-06T10:00:00Z.", (), "10:00:00"),
    ("Seen from 10:01 to 10:12 UTC.", (), "10:00:00"),
    ("First seen 2026-03-07.", (), "2026-03-06"),
    ("12 times within 12 min 41 s", (), "12 min 40 s"),
    ("It lasted 760 minutes.", (), "12 min 40 s"),
    ("Seen on revision seat-map-00043-abc.", (), OLD),
    (f"First seen on revision {NEW}.", (), OLD),
    (f"Seen only on revision {NEW}.", (), OLD),
    ("Seen only in production.", (), "staging"),
    ("KeyError was raised", ("e1",), "ValueError"),
    ("12 occurrences per minute", (), "0.95"),
    ("ValueError was raised in plan.py line 32.", ("e1",), "31"),
    ("HTTP 500 was logged", ("e2",), "503"),
    ("The limit was 500000 MB", ("e1",), "500000 bytes"),
    ("The connection to 10.0.0.8:5432 was refused.", ("e3",), "10.0.0.7"),
    ("It began before the deployment of seat-map.", (), "09:50"),
]
OPEN = [
    ("The limit was 5000000 bytes", ("e1",)),
    ("The limit was 50000 bytes", ("e1",)),
    ("row 18 of hall B", ("e1",)),
    ("row 17 of hall C failed", ("e1",)),
    ("It waited 31 seconds", ("e1",)),
    ("The connection to 10.0.0.7:5433 was refused.", ("e3",)),
    ("The connection to 10.0.0.7:5432 was accepted.", ("e3",)),
    ("The connection to 10.0.0.7:5432 was never refused.", ("e3",)),
    ("All connections were refused.", ("e3",)),
    ("Issue #890 names ValueError", ()),
    ("The payment service was hacked 12 times.", ()),
    ("It occurred 12 times and cost 4000 euros.", ()),
    ("50 % of the users were affected", ()),
    ("Another 12 times", ()),
    ("12 occurrences on plan_b.js", ()),
    ("Something is wrong.", ()),
    ("ValueError", ("e9",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ids"), TRUE)
def test_true_is_confirmed(text: str, ids: tuple[str, ...]) -> None:
    """What the counts and the entries bear out is confirmed, in many wordings."""
    found = check(text, *ids)
    assert found.finding is CONFIRMED, found.why


@pytest.mark.parametrize(("text", "ids", "right"), FALSE)
def test_false_is_contradicted_with_the_right_value(text: str, ids: tuple[str, ...], right: str) -> None:
    """A wrong figure or name is contradicted, and the reason has the right one."""
    found = check(text, *ids)
    assert found.finding is CONTRADICTED, found.why
    assert right in found.why


@pytest.mark.parametrize(("text", "ids"), OPEN)
def test_what_cannot_be_seen_is_unsupported(text: str, ids: tuple[str, ...]) -> None:
    """What the entries do not say is neither confirmed nor called wrong."""
    found = check(text, *ids)
    assert found.finding is UNSUPPORTED, found.why


@pytest.mark.parametrize(
    ("quote", "finding"),
    [
        ("row 17 of hall B is 5.5 m", CONFIRMED),
        ("row  17\n of hall B", CONFIRMED),
        ("load failed for <email>", CONFIRMED),
        ("row <num> of hall B", CONFIRMED),
        ("load failed … waited 30 s", CONFIRMED),
        ("load failed for <token>", UNSUPPORTED),
        ("row 1", UNSUPPORTED),
        ("row 17 of hall B is 5", UNSUPPORTED),
        ("row 17 of hall C", UNSUPPORTED),
        ("waited 30 s … load failed", UNSUPPORTED),
        ("connection to 10.0.0.7:5432 refused", UNSUPPORTED),
        ("…", UNSUPPORTED),
    ],
)
def test_quote_stands_in_the_entry_it_names(quote: str, finding: Finding) -> None:
    """White space and masks aside, letter by letter, on value boundaries, and in no other entry than the one cited."""
    assert check("An entry says so.", "e1", quote=quote).finding is finding


def test_cause_in_an_observation_is_an_inference() -> None:
    """A sentence with "because" is an inference, however it was labelled, and never confirmed."""
    found = check("The load failed because of row 17 of hall B.", "e1", quote="row 17 of hall B")
    assert found.finding is Finding.INFERRED
    assert check("It failed due to sunspots.").finding is Finding.STRUCK


def test_inference_rests_on_what_is_true() -> None:
    """It is inferred from the confirmed ones it names, through others too; struck out where none is."""
    right = Claim("12 occurrences.", Ground.OBSERVATION)
    wrong = Claim("13 occurrences.", Ground.OBSERVATION)
    claims = (
        right,
        wrong,
        Claim("The image is broken.", Ground.INFERENCE, ("1", "2")),
        Claim("Visitors see no seats.", Ground.INFERENCE, ("3",)),
        Claim("The moon is full.", Ground.INFERENCE, ("2",)),
        Claim("It rests on itself.", Ground.INFERENCE, ("6", "7", "x", "999999999999")),
        Claim("It rests on that.", Ground.INFERENCE, ("6",)),
    )
    found = audit(shop(), analysis(*claims), frozenset())
    assert [c.finding for c in found.claims[2:]] == [
        Finding.INFERRED,
        Finding.INFERRED,
        Finding.STRUCK,
        Finding.STRUCK,
        Finding.STRUCK,
    ]
    assert found.claims[2].why == "inferred from 1; 2 did not hold"


def test_figures_in_an_inference_are_checked() -> None:
    """A wrong revision inside a conclusion is contradicted, not inferred."""
    claims = (
        Claim("12 occurrences.", Ground.OBSERVATION),
        Claim("seat-map-00077-zzz brought the fault.", Ground.INFERENCE, ("1",)),
    )
    assert audit(shop(), analysis(*claims), frozenset()).claims[1].finding is CONTRADICTED


def verdict(*claims: Claim, **fields: object) -> Audit:
    return audit(missing_module(), analysis(*claims, **fields), frozenset())


RIGHT = Claim("12 occurrences.", Ground.OBSERVATION)
QUOTED = Claim("An entry says so.", Ground.OBSERVATION, ("e1",), "No module named 'venues'")
WRONG = Claim("13 occurrences.", Ground.OBSERVATION)
INVENTED = Claim("The disk was full.", Ground.OBSERVATION, ("e1",), "No space left on device")


def test_only_a_rule_of_the_table_confirms_a_cause() -> None:
    """A model's cause is inferred at best, even if it claims a rule."""
    assert verdict(RIGHT, QUOTED).cause is Finding.INFERRED
    assert verdict(RIGHT, QUOTED, rule="missing module").cause is Finding.INFERRED


def test_verdicts() -> None:
    """Right, half right, wrong, invented, empty, and unknown: each has its verdict and the rule that gave it."""
    assert verdict(RIGHT, QUOTED).verdict is Verdict.APPROVED
    assert verdict(RIGHT, QUOTED, WRONG).verdict is Verdict.INCONCLUSIVE
    assert verdict(WRONG).verdict is Verdict.REJECTED
    assert verdict(INVENTED).verdict is Verdict.REJECTED
    assert verdict(RIGHT, INVENTED).verdict is Verdict.INCONCLUSIVE
    assert verdict().verdict is Verdict.INCONCLUSIVE
    assert verdict(RIGHT, confidence=0.0).verdict is Verdict.INCONCLUSIVE
    assert verdict(RIGHT, QUOTED, cause="It came with seat-map-00009-bad.").verdict is Verdict.REJECTED
    assert verdict(RIGHT, QUOTED, business_impact="5000 users cannot book.").verdict is not Verdict.APPROVED
    assert verdict(RIGHT, QUOTED, name="KeyError in the plan").verdict is Verdict.REJECTED
    assert verdict(RIGHT, QUOTED).rule.startswith("2 of 2 observations confirmed")


def test_cause_falls_with_what_it_rests_on() -> None:
    """A cause that rests on an invented observation is struck out, whatever else is true."""
    cause = "The disk was full."
    claims = (RIGHT, INVENTED, Claim(cause, Ground.INFERENCE, ("2",)))
    found = verdict(*claims, cause=cause)
    assert (found.cause, found.verdict) == (Finding.STRUCK, Verdict.REJECTED)


@given(st.integers(0, 10_000), st.sampled_from(["times", "occurrences", "log entries", "users", "revisions"]))
def test_wrong_count_is_never_confirmed(n: int, unit: str) -> None:
    """Of all numbers only the right one is confirmed, for each unit."""
    right = {"times": 12, "occurrences": 12, "log entries": 48, "users": 7, "revisions": 2}[unit]
    assert (check(f"It was seen: {n} {unit}.").finding is CONFIRMED) == (n == right)


@given(st.integers(-100_000, 100_000), st.sampled_from(["First seen", "Last seen"]))
def test_wrong_time_is_never_confirmed(seconds: int, role: str) -> None:
    """Of all times only the right second is confirmed."""
    moment = START + timedelta(seconds=seconds)
    right = 0 if role == "First seen" else 760
    found = check(f"{role} {moment:%Y-%m-%dT%H:%M:%SZ}.").finding
    assert (found is CONFIRMED) == (seconds == right)


@given(st.integers(0, 99_999), st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=3))
def test_wrong_revision_is_never_confirmed(number: int, ending: str) -> None:
    """A revision that did not show it is never confirmed."""
    name = f"seat-map-{number:05d}-{ending}"
    assume(name not in (NEW, OLD))
    assert check(f"Seen on revision {name}.").finding is not CONFIRMED


@given(st.text("ABCDEFGabcdefg", min_size=1, max_size=12), st.sampled_from(["Error", "Exception", "Timeout"]))
def test_wrong_exception_is_never_confirmed(stem: str, ending: str) -> None:
    """An exception that no entry names is never confirmed."""
    assume(f"{stem}{ending}" != "ValueError")
    assert check(f"{stem}{ending} was raised 12 times.", "e1").finding is not CONFIRMED


@settings(max_examples=300)
@given(st.data())
def test_falsified_quote_is_never_confirmed(data: st.DataObject) -> None:
    """One letter or digit changed, left out or put in: the quote does not stand there any more."""
    text = shop().problem.cluster.evidence[0].text
    start = data.draw(st.integers(0, len(text) - 8))
    quote = text[start : data.draw(st.integers(start + 8, len(text)))].strip()
    at = data.draw(st.integers(0, len(quote) - 1))
    assume(quote[at].isalnum() and "<" not in quote and ">" not in quote)
    letter = data.draw(st.sampled_from("abcxyz0189"))
    forged = data.draw(
        st.sampled_from(
            [quote[:at] + letter + quote[at + 1 :], quote[:at] + quote[at + 1 :], quote[:at] + letter + quote[at:]]
        )
    )
    assume(" ".join(forged.split()) not in " ".join(text.split()))
    assert check("An entry says so.", "e1", quote=forged).finding is not CONFIRMED


@given(st.text(max_size=300), st.text(max_size=80), st.lists(st.text(max_size=5), max_size=3))
def test_any_claim_gets_a_finding(text: str, quote: str, rests_on: list[str]) -> None:
    """Whatever a model writes, the audit ends with a finding and never confirms a sentence from nowhere."""
    for ground in Ground:
        found = audit(shop(), analysis(Claim(text, ground, tuple(rests_on), quote), cause=text), frozenset())
        assert found.claims[0].finding is not None
        assert found.cause is not CONFIRMED


def test_hostile_claims_are_quick() -> None:
    """Long claims made to be slow are refused or read in no noticeable time."""
    for piece in ("1 a b c ", "/a", "a.b", "12 times and ", "<*>", '"a b', "2026-03-06T10:00 to ", "1 s "):
        check(piece * (1_400 // len(piece)), "e1", quote=piece * 100)
    assert check("12 times " * 1_000).finding is UNSUPPORTED
