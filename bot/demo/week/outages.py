"""The bad week: what breaks, in which order, and how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.demo.week.catalog import (
    CACHE_REFUSED,
    DIRECTORY,
    EVENTS_503,
    EXITED,
    IDENTITY_REFUSED,
    MAILER_EXITED,
    MISSING_MODULE,
    ORDER_504,
    ORDERS_502,
    ORDERS_503,
    POOL,
    PROBE_FAILED,
    QUOTE_500,
    QUOTE_KEY,
    QUOTES_STAGING,
    RENDER_PANIC,
    SEATS_500,
    SLOW_QUERY,
    SMTP,
    STAGING_BUG,
    TOKEN_REFUSED,
    VERIFY_403,
)
from bot.demo.week.deployments import ask, deploy, fail, tell
from bot.demo.week.story import (
    CHECKOUT,
    CHECKOUT_STAGING,
    IDENTITY,
    MAILER,
    SEATS,
    SEATS_STAGING,
    Place,
    Story,
    source,
    traceback,
)

_MALFORMED = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error. "
    "Additional troubleshooting documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#malformed-response-or-connection-error"
)
_TOO_LONG = (
    "The request has been terminated because it has reached the maximum request timeout. To change this limit, see "
    "https://cloud.google.com/run/docs/configuring/request-timeout"
)
_QUERY = "SELECT id, state FROM orders WHERE buyer = %s FOR UPDATE"


def deployments(story: Story) -> None:
    """Every deployment that goes well, told first: from then on the right revision is named."""
    deploy(story, MAILER, story.ago(days=4, hours=6), 31)
    deploy(story, SEATS, story.ago(days=5, hours=2), 19)
    deploy(story, SEATS_STAGING, story.ago(days=3, hours=4), 28)
    deploy(story, MAILER, story.ago(days=1, hours=7), 33)
    deploy(story, IDENTITY, story.ago(hours=3, minutes=4), 19, SIGNING_KEY_VERSION="8")


def outages(story: Story) -> None:
    cannot_start(story, story.ago(days=2, hours=9, minutes=12))
    token_refused(story, story.ago(hours=3))
    slow_database(story, story.ago(hours=21))
    cache_gone(story, story.ago(days=4, hours=2, minutes=20))
    panics(story)
    quotes_fail(story)
    staging_bug(story)
    smaller_ones(story)


def cannot_start(story: Story, at: datetime) -> None:
    """A build without a module: each instance dies before it listens, until the deployment is rolled back."""
    before = story.revision(CHECKOUT, at)
    revision = story.name_revision(CHECKOUT, 42)
    ask(story, CHECKOUT, at, revision, {"PAYMENT_TOKEN": "example-not-a-real-token"})
    story.serve(CHECKOUT, at + timedelta(seconds=8), revision)
    frames = traceback(
        ("/usr/local/bin/uvicorn", 8, "<module>", "sys.exit(main())"),
        (
            "/usr/local/lib/python3.12/site-packages/uvicorn/importer.py",
            22,
            "import_from_string",
            "raise exc from None",
        ),
        ("/srv/checkout/main.py", 11, "<module>", "from checkout.fees import FeeTable"),
        ("/srv/checkout/fees.py", 4, "<module>", "import rulebook"),
        error="ModuleNotFoundError: No module named 'rulebook'",
    )
    began = at + timedelta(seconds=10)
    for attempt in range(12):
        instance = story.instances(revision)[attempt % 3]
        last = story.lines(CHECKOUT, began, frames, revision=revision, instance=instance, of=MISSING_MODULE)
        gone = story.later(last, 0.1, 0.4)
        story.platform(
            *(CHECKOUT, gone, "Container called exit(1).", "WARNING"), revision=revision, instance=instance, of=EXITED
        )
        story.platform(
            *(CHECKOUT, story.later(gone, 0.2, 0.7)),
            f'Default STARTUP TCP probe failed 1 time consecutively for container "{CHECKOUT.workload}-1" on port '
            "8080. The instance was not started.\nConnection failed with status CANCELLED.",
            "ERROR",
            revision=revision,
            instance=instance,
            of=PROBE_FAILED,
        )
        story.occurred(MISSING_MODULE, EXITED, PROBE_FAILED)
        for _ in range(story.chance.randint(3, 6)):
            when = story.later(gone, 0.8, 6)
            if story.chance.random() < 0.6:
                story.request(CHECKOUT, when, "POST", "/orders", 503, latency=2.1, text=_MALFORMED, of=ORDERS_503)
                story.occurred(ORDERS_503)
            else:
                path = f"/events/{story.chance.randint(1000, 9999)}"
                story.request(CHECKOUT, when, "GET", path, 503, latency=1.4, text=_MALFORMED, of=EVENTS_503)
                story.occurred(EVENTS_503)
        if attempt == 2:
            fail(story, CHECKOUT, story.later(gone, 1, 2), revision)
        began = story.later(began, 100, 200)
    back = story.later(began, 60, 90)
    ask(story, CHECKOUT, back, before, {})
    story.serve(CHECKOUT, back + timedelta(seconds=2), before)
    story.break_down(CHECKOUT, at, back)
    tell(story, CHECKOUT, back + timedelta(seconds=4), "", f"True for Service {CHECKOUT.workload}.")


def token_refused(story: Story, at: datetime) -> None:
    """The signing secret was rotated in one service; the token of another, that every order needs, is refused."""
    story.break_down(CHECKOUT, at, story.end, "/orders")
    story.break_down(IDENTITY, at, story.end, "/v1/token/verify")
    while at < story.end - timedelta(seconds=1):
        trace = story.hex(32)
        request_id = f"req-{story.word(10)}"
        refused = {
            "message": "403: service token refused: signed with an unknown key",
            "level": "error",
            "labels": source("identity.tokens", "verify_service", 132),
            "context": {"key_id": "v7", "service": "identity"},
            "user_id": "service:checkout-api",
            "request_id": request_id,
        }
        story.structured(IDENTITY, at, refused, severity="ERROR", trace=trace, of=TOKEN_REFUSED)
        story.request(
            *(IDENTITY, story.later(at, 0.001, 0.004), "POST", "/v1/token/verify", 403),
            agent="python-httpx/0.28.1",
            client="192.0.2.41",
            trace=trace,
            of=VERIFY_403,
        )
        error = traceback(
            ("/srv/checkout/orders.py", 57, "place", "session = await identity.session(token)"),
            ("/srv/checkout/identity.py", 38, "session", "raise IdentityRefused(answer.status_code)"),
            error="checkout.identity.IdentityRefused: identity answered 403 to service:checkout-api",
        )
        payload = {
            "message": "order could not be placed",
            "level": "error",
            "exc_info": "\n".join(error),
            "labels": source("checkout.orders", "place", 57),
            "request_id": request_id,
        }
        story.structured(
            *(CHECKOUT, story.later(at, 0.006, 0.02), payload),
            severity="ERROR",
            stream="stderr",
            trace=trace,
            of=IDENTITY_REFUSED,
        )
        story.request(CHECKOUT, story.later(at, 0.03, 0.06), "POST", "/orders", 502, trace=trace, of=ORDERS_502)
        story.occurred(TOKEN_REFUSED, VERIFY_403, IDENTITY_REFUSED, ORDERS_502)
        at = story.later(at, 60, 190)


def slow_database(story: Story, at: datetime) -> None:
    """Queries take seconds, so the pool runs dry, so requests time out; after an hour it is over."""
    over = at + timedelta(minutes=55)
    minute = 0
    while at < over:
        for _ in range(2):
            when = story.later(at, 0, 40)
            took = f"{story.chance.randint(3100, 19_000)} ms"
            story.line(
                CHECKOUT,
                when,
                f"{when:%Y-%m-%d %H:%M:%S},246 WARNING checkout.database: slow query ({took}): {_QUERY}",
                of=SLOW_QUERY,
            )
            story.occurred(SLOW_QUERY)
        if minute >= 4:
            for _ in range(story.chance.randint(0, 2)):
                _pool(story, story.later(at, 5, 50))
        if minute >= 6 and story.chance.random() < 0.6:
            path = f"/orders/{story.chance.randint(10_000, 99_999)}"
            story.request(
                *(CHECKOUT, story.later(at, 20, 58), "GET", path, 504), latency=60.0, text=_TOO_LONG, of=ORDER_504
            )
            story.occurred(ORDER_504)
        at += timedelta(minutes=1)
        minute += 1


def _pool(story: Story, at: datetime) -> None:
    frames = traceback(
        ("/srv/checkout/orders.py", 91, "find", "async with database.session() as session:"),
        (
            *("/usr/local/lib/python3.12/site-packages/sqlalchemy/pool/impl.py", 166, "_do_get"),
            "raise exc.TimeoutError(",
        ),
        error="sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, "
        "timeout 30.00 (Background on this error at: https://sqlalche.me/e/20/3o7r)",
    )
    head = "ERROR:    Exception in ASGI application"
    story.line(CHECKOUT, at, "\n".join((head, *frames)), severity="ERROR", of=POOL)
    story.occurred(POOL)


def cache_gone(story: Story, at: datetime) -> None:
    """The cache restarts; for six minutes every map lacks its free seats. Node prints the error line by line."""
    over = at + timedelta(minutes=6)
    story.break_down(SEATS, at, over, "/maps")
    while at < over:
        lines = (
            "[availability] Error: connect ECONNREFUSED 10.20.0.7:6379",
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1615:16)",
            "    at readSeats (/app/src/availability.js:48:11) {",
            "  errno: -111,",
            "  code: 'ECONNREFUSED',",
            "  syscall: 'connect',",
            "  address: '10.20.0.7',",
            "  port: 6379",
            "}",
        )
        last = story.lines(SEATS, at, lines, of=CACHE_REFUSED)
        path = f"/maps/{story.chance.randint(1000, 9999)}/availability"
        story.request(SEATS, story.later(last, 0.01, 0.05), "GET", path, 500, of=SEATS_500)
        story.occurred(CACHE_REFUSED, SEATS_500)
        at = story.later(at, 9, 22)
    story.structured(SEATS, at, {"level": 30, "pid": 1, "msg": "cache is back after 23 attempts"})


def panics(story: Story) -> None:
    """Fixed, closed as completed, and back with a later revision."""
    times = [story.ago(days=6, hours=20 - 4 * n) for n in range(6)] + [
        story.ago(days=1, hours=5.5 - n) for n in range(5)
    ]
    for at in times:
        at = story.later(at, 0, 1500)
        revision = story.revision(MAILER, at)
        instance = story.chance.choice(story.instances(revision))
        goroutine = story.chance.randint(20, 900)
        lines = (
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x7c41a2]",
            "",
            f"goroutine {goroutine} [running]:",
            f"main.(*Renderer).renderTicket(0xc0{story.hex(8)}, 0x0)",
            "\t/src/mailer/render.go:74 +0x42",
            f"main.(*Worker).handle(0xc0{story.hex(8)}, {{0xc0{story.hex(8)}, 0x1a}})",
            "\t/src/mailer/queue.go:51 +0x1c5",
            "created by main.main in goroutine 1",
            "\t/src/mailer/main.go:33 +0x2f4",
        )
        last = story.lines(MAILER, at, lines, revision=revision, instance=instance, of=RENDER_PANIC)
        story.platform(
            *(MAILER, story.later(last, 0.05, 0.3), "Container called exit(2).", "WARNING"),
            revision=revision,
            instance=instance,
            of=MAILER_EXITED,
        )
        story.occurred(RENDER_PANIC, MAILER_EXITED)


def quotes_fail(story: Story) -> None:
    """A missing key, first in staging, a day later in production: two instances at once, their lines interleaved."""
    for number in range(4):
        at = story.ago(days=3, hours=6, minutes=-9 * number)
        _quote(story, CHECKOUT_STAGING, at, 0, QUOTES_STAGING)
    for number in range(14):
        at = story.ago(days=2, hours=3, minutes=-4 * number)
        _quote(story, CHECKOUT, at, 0, "")
        _quote(story, CHECKOUT, at + timedelta(microseconds=230), 1, "")


def _quote(story: Story, place: Place, at: datetime, which: int, incident: str) -> None:
    instance = story.instances(story.revision(place, at))[which]
    frames = traceback(
        ("/usr/local/lib/python3.12/site-packages/starlette/routing.py", 73, "app", "response = await f(request)"),
        ("/srv/checkout/quotes.py", 29, "quote", "return price(seats, table)"),
        ("/srv/checkout/pricing.py", 64, "price", "factor = table[seat['seat_category']]"),
        error="KeyError: 'seat_category'",
    )
    head = "ERROR:    Exception in ASGI application"
    last = story.lines(place, at, (head, *frames), instance=instance, of=QUOTE_KEY, incident=incident)
    story.request(*(place, story.later(last, 0.002, 0.02), "POST", "/quotes", 500), of=QUOTE_500, incident=incident)
    story.occurred(QUOTE_KEY, QUOTE_500)


def staging_bug(story: Story) -> None:
    """Unfinished work, where it does no harm."""
    for number in range(9):
        at = story.later(story.ago(days=3, hours=3.5 - 0.3 * number), 0, 300)
        text = (
            "TypeError: Cannot read properties of undefined (reading 'rows')\n"
            "    at drawPlan (/app/src/plan.js:117:31)\n"
            "    at /app/src/routes/maps.js:22:5\n"
            "    at Layer.handleRequest (/app/node_modules/router/lib/layer.js:152:17)"
        )
        story.line(SEATS_STAGING, at, text, severity="ERROR", of=STAGING_BUG)
        story.occurred(STAGING_BUG)


def smaller_ones(story: Story) -> None:
    """A sync that fails each morning, logged twice at once; a mail server that refuses the login."""
    for day in range(7):
        at = story.later(story.ago(days=day, hours=5), 0, 900)
        instance = story.chance.choice(story.instances(story.revision(IDENTITY, at)))
        words = "directory sync failed: bind to directory.ticketry.example:636 timed out after 10 s"
        payload = {"message": words, "level": "error", "labels": source("identity.directory", "sync", 203)}
        story.structured(IDENTITY, at, payload, severity="ERROR", stream="stderr", instance=instance, of=DIRECTORY)
        text = f"ERROR:identity.directory:{words}"
        story.line(IDENTITY, at + timedelta(microseconds=350), text, instance=instance, of=DIRECTORY)
        story.occurred(DIRECTORY)
    for number in range(8):
        at = story.later(story.ago(days=4, hours=10 - number), 0, 2400)
        story.line(
            *(MAILER, at),
            f"{at:%Y/%m/%d %H:%M:%S} ERROR smtp login failed: 535 5.7.8 Authentication credentials invalid "
            "(smtp://mailer:not-a-real-password@smtp.ticketry.example:587)",
            of=SMTP,
        )
        story.occurred(SMTP)
