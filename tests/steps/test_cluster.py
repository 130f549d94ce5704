"""Occurrences to problems: the same code that failed the same way is one problem, and nothing else is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.models import Deployment, Entry, Failure, Form, Kind, Level, Policy, Request, Sighting, Signature, Site
from bot.steps.assemble import assemble
from bot.steps.cluster import SIGNATURE_VERSION, cluster
from bot.steps.cluster.template import template
from bot.steps.cluster.words import titled
from tests.steps.strategies import MESSAGES, PYTHON, START, entry, logs, pieces

POLICY = Policy()
BOOM = Failure("ValueError", "no amount", Site(function="place", file="/app/orders.py", line=20))
ONE_ID = "7b1e0a52-6c1d-4c53-9d0e-5a2f4f6a3b10"
OTHER_ID = "00000000-6c1d-4c53-9d0e-5a2f4f6a3b11"
EXIT = "Container called exit(1)"


def sightings(entries: list[Entry]) -> tuple[Sighting, ...]:
    found = assemble(entries)
    return cluster([*found.closed, *found.open], POLICY)


def signature(one: Entry) -> Signature:
    (found,) = sightings([one])
    assert found.signature is not None
    return found.signature


def line(text: str, level: Level = Level.ERROR, **more: object) -> Entry:
    return entry(text, level=level, structured=True, **more)  # type: ignore[arg-type]


def asked(method: str, route: str, status: int, url: str = "", **more: object) -> Entry:
    request = Request(method, url or f"https://shop.example{route}", route, status)
    return entry(f"{method} {route} {status}", form=Form.REQUEST, request=request, structured=True, **more)  # type: ignore[arg-type]


def unserved(route: str, status: int) -> Entry:
    """What the platform says of a request whose instance had too little memory."""
    said = (
        "While handling this request, the container instance was found to be using too much memory and was terminated."
    )
    return replace(asked("GET", route, status), text=said, form=Form.PLATFORM, level=Level.ERROR)


# ------------------------------------------------------------------------------------------------ healthy


@pytest.mark.parametrize(
    "one",
    [
        entry("started", level=Level.INFO),
        entry("nobody says how loud this is"),
        entry("Container called exit(0).", form=Form.PLATFORM, level=Level.WARNING),
        entry("Starting new instance", form=Form.PLATFORM, level=Level.INFO),
        asked("GET", "/api/seats", 200, level=Level.WARNING),
        asked("GET", "/api/seats", 304),
        entry("token refreshed", level=Level.INFO, structured=True, failure=Failure("Missing field")),
        entry("GET /x 404", level=Level.INFO, request=Request("GET", "/x", "/x", 404)),
        entry(
            "services.replace shop",
            form=Form.AUDIT,
            level=Level.NOTICE,
            structured=True,
            deployment=Deployment(START, "shop", "production", ok=True),
        ),
    ],
)
def test_healthy(one: Entry) -> None:
    """What is no problem has no signature."""
    assert [s.signature for s in sightings([one])] == [None]


# ------------------------------------------------------------------------------------------------ equal or not


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (line("Order 17 failed after 30 ms"), line("Order 18004 failed after 12 ms")),
        (line(f"No seat for {ONE_ID}"), line(f"No seat for {OTHER_ID}")),
        (asked("GET", "/api/seats/{id}", 500), asked("GET", "/api/seats/{id}", 500)),
        (line("payment_failed          order=17 reason=card"), line("payment_failed          order=9 reason=limit")),
        (line("payment_call_failed: card expired"), line("payment_call_failed: limit reached")),
        (line("Missing settings: A_KEY, B_KEY, C_KEY"), line("Missing settings: A_KEY, B_KEY, C_KEY, D_KEY")),
        (line("job_20260131_0007_m gone"), line("job_20260201_0012_r gone")),
        (line("no route to cache-17.shop.example"), line("no route to cache-4.shop.example")),
        (line("stale cache key shop:seat:17:map"), line("stale cache key shop:event:9:full:map")),
        (
            line('password refused {"service":"shop","stack":"..."}'),
            line("password refused", failure=Failure("error", "password refused")),
        ),
    ],
)  # fmt: skip
def test_equal(one: Entry, other: Entry) -> None:
    """Ids, numbers, times, lists and listed values vary within one problem."""
    assert signature(one).key == signature(other).key


OWN = Failure("SeatTakenError", "seat 12 is gone for alice", Site(function="book", file="/app/seats.py", line=9))
SPENT = Failure("OutOfMemoryError", "Java heap space", Site(function="draw", file="/app/a.py"))
HANDLER = Site("shop.seats", "release")
LOGGER = Site("shop.logs", "write_log")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (line("boom", failure=OWN), line("boom", failure=replace(OWN, message="anything else at all"))),
        (
            line("Releasing a seat failed: seat map is locked", site=HANDLER),
            line("Could not clean up after 17: seat map is locked", site=HANDLER),
        ),
        (
            line("[seats] Error: seat map is locked"),
            line(
                "[seats] Error: seat map is locked\n    at lock (/app/seats.js:3:1)",
                failure=Failure("Error", "seat map is locked", Site(function="lock", file="/app/seats.js", line=3)),
            ),
        ),
        (line('No database "seats\n" here'), line('No database "seats" here')),
        (line("heap", failure=SPENT), line("boom", failure=replace(SPENT, frame=Site(function="pay", file="/b.py")))),
        (
            line("pool", failure=Failure("QueryError", "No more connections (Connection: db, SQL: select a from b)")),
            line("pool", failure=Failure("QueryError", "No more connections (Connection: db, SQL: update b)")),
        ),
        (line("seat map was not read"), line("seat map was not read, retrying (attempt 2)", Level.WARNING)),
        (line("seat map was not read"), line("seat map was not read, try 1/5", Level.WARNING)),
        (
            line("seat map not drawn: it is locked", failure=BOOM),
            line("seat map not drawn: somebody has it", failure=BOOM),
        ),
        (
            line("cannot store seat: it is read only", site=Site(file="seats/store.go", line=40)),
            line("seat check failed: it is read only", site=Site(file="seats/store.go", line=52)),
        ),
        (asked("GET", "/robots.txt", 404), asked("GET", "/favicon.ico", 404)),
        (unserved("/seats", 500), unserved("/orders/{id}", 503)),
        (line("no seat a1bcdefghijklmnopqrst here"), line("no seat abcdefghijklmnopqrst7 here")),
    ],
)  # fmt: skip
def test_one_failure_in_other_words(one: Entry, other: Entry) -> None:
    """An application's own exception at one place; one handler's statements with one reason; an exception without a
    name, with its stack and without; a value with a line break at its end; something that all code shares has run out;
    another query, another attempt; a reason that the exception gives again; statements of one file with one reason;
    what is asked for everywhere; an instance that ends with all its requests; an id of letters with one figure.
    """
    assert signature(one).key == signature(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (line("boom", failure=BOOM), line("boom", failure=replace(BOOM, message="another amount altogether"))),
        (
            line("Releasing a seat failed: seat map is locked", site=HANDLER),
            line("Releasing a seat failed: seat map is gone", site=HANDLER),
        ),
        (
            line("Releasing a seat failed: seat map is locked", site=LOGGER),
            line("Printing a ticket failed: seat map is locked", site=LOGGER),
        ),
        (
            line("Releasing a seat failed: timeout", site=HANDLER),
            line("Asking for a seat failed: timeout", site=HANDLER),
        ),
        (asked("GET", "/robots.txt", 404), asked("GET", "/robots.txt", 500)),
        (unserved("/seats", 500), asked("GET", "/seats", 500)),
    ],
)  # fmt: skip
def test_other_failures_in_like_words(one: Entry, other: Entry) -> None:
    """A general exception's words, a handler's reasons and what only writes down tell apart; one word is no reason."""
    assert signature(one).key != signature(other).key


ELSEWHERE = replace(BOOM, frame=Site(function="pay", file="/app/orders.py"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (asked("GET", "/api/seats", 500), asked("GET", "/api/seats", 404)),
        (asked("GET", "/api/seats", 500), asked("POST", "/api/seats", 500)),
        (asked("GET", "/api/seats", 500), asked("GET", "/api/orders", 500)),
        (line("Upstream said: status 404"), line("Upstream said: status 500")),
        (line("boom", failure=BOOM), line("boom", failure=replace(BOOM, type="KeyError"))),
        (line("boom", failure=BOOM), line("boom", failure=ELSEWHERE)),
        (line("failed", site=Site("shop.pay", "charge")), line("failed", site=Site("shop.mail", "send"))),
        (line("failed"), replace(line("failed"), service="payments")),
        (
            entry("Container called exit(1).", form=Form.PLATFORM, level=Level.WARNING),
            entry("Container called exit(3).", form=Form.PLATFORM, level=Level.WARNING),
        ),
        (line("login refused; uid=0 from=10.0.0.7  user=root"), line("login refused; uid=0 from=10.0.0.7")),
    ],
)  # fmt: skip
def test_different(one: Entry, other: Entry) -> None:
    """Status, method, route, exception type, place in the code and service tell problems apart."""
    assert signature(one).key != signature(other).key


def test_same_everywhere() -> None:
    """Environment, revision, instance, trace and the line in the code change nothing."""
    one = line("boom", failure=BOOM, environment="staging", revision="shop-00001-abc", trace="t1")
    moved = replace(BOOM, frame=Site(function="place", file="/app/orders.py", line=44))
    other = line("boom", failure=moved, environment="production", revision="shop-00002-xyz", instance="i9")
    assert signature(one) == signature(other)


def test_name_of_the_deployment() -> None:
    """The platform names what was deployed with its environment; that tells no problems apart."""
    text = 'Default STARTUP TCP probe failed 1 time consecutively for container "shop-{}-1" on port 8080.'
    found = {
        signature(entry(text.format(e), form=Form.PLATFORM, level=Level.ERROR, environment=e, workload=f"shop-{e}")).key
        for e in ("staging", "production")
    }
    assert len(found) == 1


@settings(max_examples=100, deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_order(entries: list[Entry], random: object) -> None:
    """In whatever order they come, the same occurrences have the same signatures."""
    found = assemble(entries)
    occurrences = [*found.closed, *found.open]
    before = {s.occurrence.head.key: s.signature for s in cluster(occurrences, POLICY)}
    random.shuffle(occurrences)  # type: ignore[attr-defined]
    assert {s.occurrence.head.key: s.signature for s in cluster(occurrences, POLICY)} == before


@pytest.mark.parametrize("lines", MESSAGES[:-1])
def test_whole_or_split(lines: tuple[str, ...]) -> None:
    """A traceback in one entry and the same one in many are one problem."""
    whole = entry("\n".join(lines), level=Level.ERROR)
    (split,) = sightings(pieces(lines))
    assert split.signature is not None
    assert split.signature.key == signature(whole).key


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("one", "kind", "title"),
    [
        (asked("POST", "/api/orders", 500), Kind.HTTP, "POST /api/orders → 500"),
        (entry(f"{EXIT}.", form=Form.PLATFORM, level=Level.WARNING), Kind.PLATFORM, EXIT),
        (entry("\n".join(PYTHON), level=Level.ERROR), Kind.EXCEPTION, "ValueError: no amount in basket <num>"),
        (line("[2026-01-31 10:00:00 +0000] [14] [ERROR] Worker 17 is gone"), Kind.APPLICATION, "Worker <num> is gone"),
        (
            entry(
                "Ready condition status changed to False for Revision shop-00002-xyz with message: Secret gone.",
                form=Form.AUDIT, level=Level.ERROR, structured=True,
            ),
            Kind.DEPLOYMENT,
            "Deployment failed: Secret gone",
        ),
        (
            line("/usr/lib/python3/dist-packages/cache.py:119: CacheKeyWarning: bad key", Level.WARNING),
            Kind.APPLICATION,
            "CacheKeyWarning: bad key",
        ),
    ],
)  # fmt: skip
def test_title(one: Entry, kind: Kind, title: str) -> None:
    """A problem is called what a person would call it."""
    found = signature(one)
    assert (found.kind, found.title) == (kind, title)


def test_revision_and_service_not_ready() -> None:
    """The platform's word on the revision and on the service are one failed deployment."""
    start = "Ready condition status changed to False for"
    one = f"{start} Revision shop-00002-xyz with message: Secret gone."
    not_ready = "Revision 'shop-00002-xyz' is not ready and cannot serve traffic."
    other = f"{start} Service shop with message: {not_ready} Secret gone."
    keys = {signature(entry(t, form=Form.AUDIT, level=Level.ERROR, structured=True)).key for t in (one, other)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/.env", "/.git/config", "/wp-admin/setup.php", "/phpinfo.php", "/../../x", "/vendor/phpunit/x"],
)  # fmt: skip
def test_probes(path: str) -> None:
    """Whatever scanners ask for is one problem of a service."""
    found = signature(asked("GET", path, 404, level=Level.WARNING))
    assert found.kind is Kind.SECURITY
    assert found.key == signature(asked("GET", "/.env.backup", 403, level=Level.WARNING)).key


@pytest.mark.parametrize("path", ["/api/environments", "/environment", "/git/log", "/api/configuration", "/shells"])
def test_no_probes(path: str) -> None:
    """Paths that only look alike are requests like others."""
    assert signature(asked("GET", path, 404, level=Level.WARNING)).kind is Kind.HTTP


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    """Whatever is logged, the title is one line of at most 120 characters, and the version is there."""
    assume("exit(0)" not in text)
    for kind in (Form.LINE, Form.PLATFORM, Form.AUDIT):
        found = signature(entry(text, form=kind, level=Level.ERROR, structured=True))
        assert "\n" not in found.title
        assert len(found.title) <= 120
        assert found.version == SIGNATURE_VERSION


def test_titles_hold_no_ids() -> None:
    """What varies is not in the title."""
    found = signature(line("User 7b1e0a52-6c1d-4c53-9d0e-5a2f4f6a3b10 paid 17.50 and failed"))
    assert "7b1e" not in found.title
    assert "17" not in found.title


@pytest.mark.parametrize(
    "piece",
    ["a.", "a, ", "a:", "a_1", "<num>.", "'a/", "[", "{", " a=", "/.", "Error: ", "\n", " ", "main(", "1", "❌", "a_"],
)  # fmt: skip
def test_hostile(piece: str) -> None:
    """Text made to confuse the expressions takes well under a second, however long it is."""
    one = entry(piece * (32_000 // len(piece)), level=Level.ERROR)
    before = time.process_time()
    signature(one)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<num>: service token refused", "service token refused"),
        ("[<id>] <uuid>: queue is full", "queue is full"),
        ("<email> not found", "<email> not found"),
        ("<num>:", "<num>:"),
    ],
)
def test_a_title_begins_with_words(text: str, title: str) -> None:
    """Ids in front of what is said are left out; what is spoken of stays."""
    assert titled(text) == title


def test_executions_of_a_job() -> None:
    """Each run of a job has a name of its own; that it failed is one problem."""
    runs = [entry(f"Task seats-{x}-task0 failed with message: x", form=Form.PLATFORM, number=n, level=Level.ERROR)
            for n, x in enumerate(("06709", "ab1cd", "hjklm"))]  # fmt: skip
    assert len({signature(run).key for run in runs}) == 1
    told = [entry(f"Execution seats-{x} has failed to complete, 0/1 tasks were a success.", form=Form.AUDIT,
                  number=n, level=Level.ERROR) for n, x in enumerate(("06709", "ab1cd", "hjklm"))]  # fmt: skip
    assert len({signature(run).key for run in told}) == 1


def test_words_in_front_of_a_traceback() -> None:
    """The same exception from the same place is one problem, whatever one logger says above it; two loggers are two
    problems of one incident.
    """
    told = [line(x, failure=BOOM, form=Form.EXCEPTION) for x in ('no rate for "CHF"', "no price", "checkout failed")]
    assert len({signature(x).key for x in told}) == 1
    sites = [Site(module=x) for x in ("shop.cart", "shop.web")]
    assert len({signature(line("no price", failure=BOOM, form=Form.EXCEPTION, site=x)).key for x in sites}) == 2


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("sqlalchemy.exc.TimeoutError", "QueuePool limit of size 5 overflow 10 reached, connection timed out"),
        ("psycopg2.OperationalError", 'connection to server at "10.0.0.7", port 5432 failed: Connection refused'),
        ("java.sql.SQLTransientConnectionException", "HikariPool-1 - Connection is not available, request timed out"),
        ("MongoServerSelectionError", "connect ETIMEDOUT 10.0.0.7:27017"),
        ("Npgsql.PostgresException", "53300: sorry, too many clients already"),
    ],
)
def test_what_all_code_shares(kind: str, said: str) -> None:
    """A database that cannot be had is one problem, whichever code asks; a missing key is each one's own."""

    def keys(kind: str, said: str) -> set[str]:
        places = [Site(function=x, file="/app/orders.py", line=20) for x in ("place", "cancel")]
        return {signature(line(said, failure=Failure(kind, said, x), form=Form.EXCEPTION)).key for x in [*places, None]}

    assert len(keys(kind, said)) == 1
    assert len(keys("KeyError", "'amount'")) == 3


def test_sqlstate() -> None:
    """What a database names by its state is told apart by it, in an exception that is named for the database, too."""
    frame = Site(function="Place", file="/src/Orders.cs", line=20)
    said = ("23505: duplicate key", "42P01: relation does not exist", "53300: too many clients", "53300: no slots left")
    found = {
        signature(line(x, failure=Failure("Npgsql.PostgresException", x, frame), form=Form.EXCEPTION)).key for x in said
    }
    assert len(found) == 3


def test_no_instance() -> None:
    """What the platform refuses for want of an instance is one problem, whatever was asked for."""
    words = "The request was aborted because there was no available instance. Additional documentation can be found"
    asked_for = [
        entry(
            words,
            form=Form.PLATFORM,
            level=Level.ERROR,
            request=Request("POST", f"https://x.example{r}", r, s),
            number=s,
        )
        for r, s in (("/a", 429), ("/b", 500))
    ]
    assert len({signature(x).key for x in asked_for}) == 1


def test_probes_that_a_router_tells_of() -> None:
    """What only scanners ask for is left out where a router says that it has no such route; a page is its own."""
    paths = ("/.env", "/wp-login.php", "/.git/config")
    found = {signature(line(f'RoutingError (No route matches [GET] "{x}")')).key for x in paths}
    assert len(found) == 1
    assert signature(line('RoutingError (No route matches [GET] "/seats")')).key not in found


@pytest.mark.parametrize(
    "lines",
    [
        ("cannot read answer: Expecting ',' delimiter: line 14 column 6 (char 127)",
         "cannot read answer: Unterminated string starting at: line 3 column 1 (char 20)"),
        ("cannot read answer: Unexpected token < in JSON at position 0",
         "cannot read answer: Unexpected end of JSON input"),
        ("missing columns: ['size']", "missing columns: ['size', 'Label ID']"),
        ("undefined method `tag' for #<Label id: 7, size: nil>",
         "undefined method `tag' for #<Label id: 8, size: \"A5\">"),
    ],
)  # fmt: skip
def test_what_varies_as_a_whole_and_has_words_in_it(lines: tuple[str, ...]) -> None:
    assert len({template(line) for line in lines}) == 1
