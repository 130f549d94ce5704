# ruff: noqa: E501 (log lines are as long as they are)
"""The pattern table: what each row recognises, what it says, and that every claim it makes is true."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysts.patterns import Patterns
from bot.analysts.recognise import Row, recognise
from bot.analysts.table import TABLE, UNKNOWN
from bot.models import Analysis, Case, CriticalPath, Failure, Finding, Form, Request, Site, Verdict
from bot.render import phrases
from bot.render.slack import detail
from bot.render.terminal import show_problem
from bot.steps.audit import audit
from tests.analysts.making import START, case, cluster, entry, missing_module

LINES = [
    ("ModuleNotFoundError: No module named 'venues'", "missing module"),
    ("Error: Cannot find module '@shop/venues'", "missing module"),
    ("ImportError: cannot import name 'Seat' from 'venues.models' (/srv/venues/models.py)", "import error"),
    ("SyntaxError: invalid syntax", "syntax error"),
    ("Application startup failed. Exiting.", "start failed"),
    ("401 Unauthorized", "not authenticated"),
    ("403: Not authenticated", "not authenticated"),
    ("Error: caller is Forbidden here", "forbidden"),
    ("The request was not authenticated. Either allow unauthenticated invocations or set the proper header", "service-to-service authentication"),
    ("AssertionError: SessionMiddleware must be installed to access request.session", "missing middleware"),
    ("2 validation errors for Booking", "validation in code"),
    ("Too Many Requests", "rate limit"),
    ("TimeoutError: read timed out", "timeout"),
    ("ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.7', 5432)", "connection refused"),
    ("Error: connect ECONNREFUSED 10.0.0.7:6379", "connection refused"),
    ("ConnectionResetError: [Errno 104] Connection reset by peer", "connection reset"),
    ("BrokenPipeError: [Errno 32] Broken pipe", "connection reset"),
    ("Error: getaddrinfo ENOTFOUND pay.example.com", "name not resolved"),
    ("ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired", "certificate"),
    ("Memory limit of 512 MiB exceeded with 530 MiB used.", "out of memory"),
    ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "out of memory"),
    ("Container called exit(3).", "container exit"),
    ("Container terminated on signal 9.", "killed by signal"),
    ("LIVENESS HTTP probe failed 3 times consecutively for container 'app' on path '/health'.", "probe failed"),
    ("The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable", "did not listen on its port"),
    ("Image 'europe-docker.pkg.dev/example/shop/seat-map:v9' not found.", "image not found"),
    ("Revision 'seat-map-00042-abc' is not ready and cannot serve traffic.", "revision not ready"),
    ("Secret projects/42/secrets/pay-key/versions/latest was not found", "missing secret"),
    ("sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out", "database pool exhausted"),
    ("FATAL: sorry, too many clients already", "too many connections"),
    ('FATAL: database "tickets" does not exist', "unknown database"),
    ('relation "seats" does not exist', "unknown table or column"),
    ('column seats.row_name does not exist', "unknown table or column"),
    ("Migration 0042_seats failed", "failed migration"),
    ('FATAL: password authentication failed for user "shop"', "database login"),
    ("deadlock detected", "deadlock"),
    ("could not serialize access due to concurrent update", "serialisation failure"),
    ('duplicate key value violates unique constraint "booking_pkey"', "unique violation"),
    ("environment variable PAYMENT_URL is not set", "missing environment variable"),
    ("Permission 'storage.objects.get' denied on resource", "permission denied"),
    ("Cloud Vision API has not been used in project 42 before or it is disabled.", "API not enabled"),
    ("429 Quota exceeded for quota metric 'Read requests'", "quota exhausted"),
    ("OSError: [Errno 28] No space left on device", "disk full"),
    ("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "malformed data"),
    ("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", "encoding error"),
    ("AttributeError: 'NoneType' object has no attribute 'price'", "missing attribute"),
    ("TypeError: Cannot read properties of undefined (reading 'price')", "missing attribute"),
    ("TypeError: load() missing 1 required positional argument: 'row'", "wrong type"),
    ("KeyError: 'row'", "missing key"),
    ("ReferenceError: seatService is not defined", "undefined name"),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/srv/plan.svg'", "file not found"),
    ("DeprecationWarning: datetime.utcnow() is deprecated", "deprecated interface"),
    ("STRIPE_KEY is set to placeholder value", "placeholder configuration"),
    ("WebSocket closed before the answer was sent", "websocket closed"),
    ("Failed to publish message to topic orders", "message queue"),
    ("Request failed with status code 502", "third-party API failure"),
    ("model 'text-old-1' not found", "feature not supported upstream"),
    ("blocked by CORS policy: origin https://shop.example.com not allowed", "CORS or CSRF"),
    ("Token has expired", "expired token"),
    ("The flux capacitor is sad", "not recognised"),
    ("Uncaught signal: 11, pid=1, tid=1, fault_addr=0.", "killed by signal"),
    ("The request was aborted because there was no available instance.", "no instance available"),
    ("Received SIGTERM, closing the listener", "shutdown"),
    ("The request has been terminated because it has reached the maximum request timeout.", "request took too long"),
    ("HTTP response was malformed or connection to the instance had an error.", "malformed response"),
    ("Connection to seats.example.com timed out. (connect timeout=5)", "connection timed out"),
    ("Empty response from the price list", "empty answer"),
    ("slow query (4416 ms): SELECT row FROM seats", "slow query"),
    ("smtp login failed: 535 credentials invalid", "login at another system"),
    ("403: service token refused: signed with an unknown key", "service-to-service authentication"),
    ("panic: invalid memory address or nil pointer dereference", "null reference"),
    ("AttributeError: 'coroutine' object has no attribute 'price'", "missing await"),
    ("AttributeError: module 'plan' has no attribute 'Seat'", "missing in a module"),
    ("ValueError: the hall has no row 5", "wrong value"),
    ("UserWarning: pass the filter by keyword", "warning of a library"),
    ("mail provider not configured; client not configured, skipping", "optional part not set up"),
    ("redirect URI mismatch: shop.example.com", "settings do not fit"),
    ("Task exception was never retrieved", "unawaited or unhandled"),
    ('connection to server at "10.0.0.9", port 5432 failed: no route', "database not reachable"),
    ("insert violates not-null constraint 'row_name'", "constraint violation"),
    ("Your credit balance is too low", "billing or credit"),
    ("please prove that you are not a robot", "refused as a bot"),
    ("Not Found: /seats/12", "not found, in words"),
    ("POST /orders answered 403", "refusal in words"),
    ("POST /orders answered 418", "fault of a request, in words"),
    ("POST /orders answered 502", "fault of a server, in words"),
]  # fmt: skip
REQUESTS = [
    ("/orders", 400, "bad request"),
    ("/orders", 401, "authentication 401"),
    ("/orders", 403, "authorisation 403"),
    ("/orders", 404, "not found 404"),
    ("/orders", 405, "method not allowed 405"),
    ("/orders", 409, "conflict 409"),
    ("/orders", 413, "payload too large 413"),
    ("/orders", 422, "validation 422"),
    ("/orders", 429, "rate limit 429"),
    ("/orders", 500, "server error 500"),
    ("/orders", 503, "bad gateway or unavailable"),
    ("/orders", 504, "gateway timeout 504"),
    ("/.env", 404, "probe by a scanner"),
    ("/wp-login.php", 404, "probe by a scanner"),
]


def analysed(text: str) -> Analysis:
    return Patterns().analyse(case(cluster([entry(text)])))


@pytest.mark.parametrize(("text", "name"), LINES)
def test_line_is_recognised(text: str, name: str) -> None:
    """A line of this sort finds its row, and no other."""
    hit = recognise(cluster([entry(text)]), TABLE)
    assert (hit.row.name if hit else UNKNOWN.name) == name


@pytest.mark.parametrize(("path", "status", "name"), REQUESTS)
def test_request_is_recognised_by_its_structure(path: str, status: int, name: str) -> None:
    """A request is recognised by status and address; words in its URL, which anybody can write, count for nothing."""
    url = f"https://shop.example.com{path}?q=No+module+named+x&r=deadlock detected"
    request = Request("GET", url, path, status)
    hit = recognise(cluster([entry(f"GET {url} {status}", request=request)], status=status, route=path), TABLE)
    assert hit is not None
    assert hit.row.name == name


def test_values_come_from_the_entries() -> None:
    """Module, host, port, table, secret, limit and route are filled in from what the entries say."""
    assert "venues" in analysed("ModuleNotFoundError: No module named 'venues'").name
    assert "10.0.0.7:6379" in analysed("Error: connect ECONNREFUSED 10.0.0.7:6379").cause
    assert "seats" in analysed('relation "seats" does not exist').cause
    assert "pay-key" in analysed("Secret projects/42/secrets/pay-key/versions/latest was not found").name
    assert "512 MiB" in analysed("Memory limit of 512 MiB exceeded with 530 MiB used.").cause


def test_cause_is_confirmed_by_structure_only() -> None:
    """An exception confirms its row; the same words somewhere in a line do not."""
    failure = Failure("ModuleNotFoundError", "No module named 'venues'")
    solid = Patterns().analyse(case(cluster([entry("Traceback ...", failure=failure)])))
    loose = analysed("user wrote: No module named 'venues'")
    assert solid.rule == "missing module"
    assert loose.rule == ""


def test_source_is_said() -> None:
    """Every analysis of the table says that it is pattern-based."""
    assert Patterns().analyse(missing_module()).source == "patterns"


def test_own_claims_are_confirmed() -> None:
    """The figures and the quote that the table gives are true, and with a rule the cause is confirmed."""
    asked = missing_module()
    checked = audit(asked, Patterns().analyse(asked), frozenset())
    assert [c.finding for c in checked.claims] == [Finding.CONFIRMED] * 4 + [Finding.INFERRED]
    assert (checked.verdict, checked.cause) == (Verdict.APPROVED, Finding.CONFIRMED)


def test_unknown_failure_is_inconclusive() -> None:
    """What no row knows is said to be unknown, with true claims about it."""
    asked = case(cluster([entry("The flux capacitor is sad")]))
    analysis = Patterns().analyse(asked)
    checked = audit(asked, analysis, frozenset())
    assert (analysis.cause, analysis.technical_impact, analysis.business_impact) == ("", "", "")
    assert checked.verdict is Verdict.INCONCLUSIVE
    assert [c.finding for c in checked.claims] == [Finding.CONFIRMED] * len(checked.claims)


def test_worth_is_only_what_the_team_states() -> None:
    """A critical path is named where service or route touch it, with the team's own words and no other sum."""
    paths = [
        CriticalPath("choose a seat", "half of a day's sales", services=("seat-map",)),
        CriticalPath("log in", "everything", services=("identity",)),
        CriticalPath("pay", "much", routes=("/orders/*",)),
    ]
    impact = Patterns().analyse(case(cluster([entry("deadlock detected")]), paths=paths)).business_impact
    assert "choose a seat" in impact
    assert "half of a day's sales" in impact
    assert "log in" not in impact
    assert not re.search(r"[$€£]|\d+ ?%|\d+ users", impact)
    request = Request("POST", "https://shop.example.com/orders/7", "/orders/{id}", 500)
    touched = Patterns().analyse(case(cluster([entry("POST 500", request=request)], route="/orders/{id}"), paths=paths))
    assert "“pay”" in touched.business_impact or '"pay"' in touched.business_impact


HOSTILE = [
    "search refused by the filter: {{ 7 * 7 }}",
    "search refused: 13 occurrences of P0 in 99 log entries since 09:00",
    "[Errno 13] Permission denied: '13 errors on P0'",
    "[Errno 2] No such file or directory: '11-crashes.txt'",
    "KeyError: '47 users'",
    "No module named '500'",
    'SyntaxError: 99 errors “in” `3 revisions` "5 users"',
]


def told(row: Row) -> list[Case]:
    """Made-up cases that the row recognises: by words, by each exception alone, by status, by address."""
    found = [cluster([entry(text)]) for text, name in LINES if name == row.name]
    for text, name in LINES:
        if name == row.name:
            found.append(cluster([entry(text, form=Form.PLATFORM)], occurrences=1, entries=1, seconds=0))
    if not row.both:
        for exception in row.exceptions:
            failure = Failure(exception, "", Site(file="/srv/seats/plan.py", line=31))
            found += [cluster([entry(exception, failure=failure)], exception=exception)]
            found += [cluster([entry(exception, failure=Failure(exception))], exception=exception)]
    for path, status, name in REQUESTS:
        if name == row.name:
            request = Request("GET", f"https://shop.example.com{path}", path, status)
            line = entry(f"GET {path} {status}", request=request)
            found.append(cluster([line], status=status, method="GET", route=path))
    return [case(c) for c in found]


@pytest.mark.parametrize("row", [*TABLE, UNKNOWN], ids=lambda r: r.name)
def test_row_stands_its_own_audit(row: Row) -> None:
    """What a row says of a cluster that it recognises is contradicted by nothing, and reads with and without values."""
    cases = told(row)
    hits = [recognise(c.problem.cluster, TABLE) for c in cases]
    own = [c for c, hit in zip(cases, hits, strict=True) if (hit.row if hit else UNKNOWN) is row]
    assert own, "no example"
    for asked in own:
        analysis = Patterns().analyse(asked)
        checked = audit(asked, analysis, frozenset())
        assert [c.why for c in checked.claims if c.finding not in (Finding.CONFIRMED, Finding.INFERRED)] == []
        if row is not UNKNOWN:
            assert (checked.verdict, checked.cause in (Finding.CONFIRMED, Finding.INFERRED)) == (Verdict.APPROVED, True)
        impacts = (analysis.technical_impact, analysis.business_impact)
        for said in filter(None, (analysis.cause, *impacts, *analysis.next_steps)):
            assert not re.search(r"[\[\]{}|]|  | [.,:;]|not given|see the quote|\(\)|“”", said), said
            assert said[-1] in ".?", said


@pytest.mark.parametrize("text", HOSTILE)
def test_figures_of_a_log_line_are_not_claims(text: str) -> None:
    """Numbers, severities and times in the words of an entry stand as its words, and strike nothing out."""
    asked = case(cluster([entry(text)]))
    checked = audit(asked, Patterns().analyse(asked), frozenset())
    assert checked.verdict is not Verdict.REJECTED, checked.rule
    assert {c.finding for c in checked.claims} <= {Finding.CONFIRMED, Finding.INFERRED}


def test_what_is_not_known_is_shown_as_such() -> None:
    """An unrecognised problem has no cause; pages show that there is no known pattern, and what the entries say."""
    asked = case(cluster([entry("search refused by the filter: {{ 7 * 7 }}")]))
    analysis = Patterns().analyse(asked)
    problem = replace(asked.problem, analysis=analysis, audit=audit(asked, analysis, frozenset()))
    cause = phrases.cause(problem)
    assert cause.text == ""
    assert cause.instead == "no known pattern; the entries say: “search refused by the filter: {{ 7 * 7 }}”"
    shown = show_problem(problem, now=START, width=200, color=False)
    assert "no known pattern; the entries say: “search refused by the filter: {{ 7 * 7 }}”" in shown
    assert "no known pattern" in "".join(str(b) for b in detail(problem, START).blocks)


@pytest.mark.parametrize("row", TABLE, ids=lambda r: r.name)
def test_row_is_complete(row: Row) -> None:
    """Each row has words for everything, fills only known values, and has expressions that compile."""
    groups = {g for e in row.texts for g in re.compile(e, re.I).groupindex}
    known = {"target", "title"} | groups | {"service", "exception", "frame", "method", "request", "route", "status"}
    for written in (row.title, row.cause, row.technical, row.business, *row.steps):
        assert written.strip()
        assert {f for _, f, _, _ in string.Formatter().parse(written) if f} <= known, written
    assert row.steps


def test_names_are_unique() -> None:
    """Two rows have no name in common: a rule is found by it."""
    names = [r.name for r in TABLE]
    assert len(names) == len(set(names))


@given(st.text(max_size=400), st.sampled_from(list(Form)), st.integers(0, 599))
def test_any_text_is_analysed_and_its_claims_hold(text: str, form: Form, status: int) -> None:
    """Whatever an entry says, there is an analysis, bounded, whose observations the audit never contradicts."""
    request = Request("GET", text, text, status) if form is Form.REQUEST else None
    found = entry(text, form=form, request=request, site=Site(file=text[:30], line=3))
    asked = case(cluster([found], title=text or "x", users=7, status=status if request else 0))
    analysis = Patterns().analyse(asked)
    checked = audit(asked, analysis, frozenset())
    assert len(analysis.name) <= 121
    assert len(analysis.cause) < 1_000
    assert [c.finding for c in checked.claims[:4]] == [Finding.CONFIRMED] * 4


def test_long_hostile_line_is_quick() -> None:
    """A line of a megabyte that almost matches everything takes no noticeable time."""
    for piece in ("connection to server at '", "pool timeout ", "migration ", "a.b.", "A_B_", "'" * 3, "user "):
        assert analysed(piece * (1_000_000 // len(piece)))
