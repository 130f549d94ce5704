"""One failure, as runtimes and frameworks tell of it in many lines: one occurrence each time, and one problem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.models import Level, Policy
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.normalise import normalise

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
UUID = "7b1e0a52-6c1d-4c53-9d0e-00000000000{n}"
RAILS = "F, [2026-03-01T10:00:00.123456 #1] FATAL -- : [" + UUID + "] "
LIB = "/usr/local/lib/python3.11/site-packages"
FRAME = '  File "/app/parcels.py", line 12, in print_label'

MESSAGES: dict[str, tuple[str, ...]] = {
    "django": (
        "Internal Server Error: /parcels/{n}/",
        "Traceback (most recent call last):",
        FRAME,
        "KeyError: 'label'",
    ),
    "uvicorn": (
        "ERROR:    Exception in ASGI application",
        "Traceback (most recent call last):",
        f'  File "{LIB}/uvicorn/protocols/http/h11_impl.py", line 404, in run_asgi',
        "    result = await app(",
        FRAME,
        "ValueError: no label {n}",
    ),
    "celery": (
        "[2026-03-01 10:00:00,123: ERROR/ForkPoolWorker-{n}] Task parcels.print[" + UUID + "] raised unexpected",
        "Traceback (most recent call last):",
        FRAME,
        "ValueError: no label {n}",
    ),
    "sqlalchemy": (
        "Traceback (most recent call last):",
        FRAME,
        f'  File "{LIB}/sqlalchemy/engine/default.py", line 952, in do_execute',
        'sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates "uq_label"',
        "DETAIL:  Key (parcel)=({n}) already exists.",
        "[SQL: INSERT INTO label (parcel) VALUES (%(parcel)s)]",
        "[parameters: {'parcel': {n}}]",
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
    ),
    "prisma": (
        "prisma:error ",
        "Invalid `prisma.label.findUnique()` invocation:",
        "",
        "Can't reach database server at `10.0.0.{n}:5432`",
    ),
    "julia": (
        "\u250c Error: print failed",
        "\u2502   exception =",
        "\u2502    no paper",
        "\u2514 @ Main.Labels /app/labels.jl:12",
    ),
    "gin": (
        '[GIN-debug] [WARNING] Running in "debug" mode.',
        " - using env:\texport GIN_MODE=release",
        " - using code:\tgin.SetMode(gin.ReleaseMode)",
    ),
    "gorm": (
        "2026/03/01 10:00:00 \x1b[32m/app/store/parcels.go:63 \x1b[33mSLOW SQL >= 200ms",
        "\x1b[0m\x1b[31;1m[73{n}.499ms] \x1b[33m[rows:13{n}]\x1b[35m SELECT * FROM parcels WHERE id = 'p{n}'\x1b[0m",
    ),
    "sidekiq": (
        "2026-03-01T10:00:00.320Z pid=1 tid=2kw{n} class=PrintJob jid=ab4e2e585bce5d5c810b4eb{n} "
        "elapsed=6.02{n} INFO: fail",
        "2026-03-01T10:00:00.321Z pid=1 tid=2kw{n} class=PrintJob jid=ab4e2e585bce5d5c810b4eb{n} WARN: "
        '{"context":"Job raised exception","job":{"class":"PrintJob","args":[{n}]}}',
        "2026-03-01T10:00:00.322Z pid=1 tid=2kw{n} class=PrintJob jid=ab4e2e585bce5d5c810b4eb{n} WARN: "
        "Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>",
        "2026-03-01T10:00:00.322Z pid=1 tid=2kw{n} class=PrintJob jid=ab4e2e585bce5d5c810b4eb{n} WARN: "
        "/usr/local/lib/ruby/3.3.0/net/protocol.rb:229:in `rescue in rbuf_fill'",
        "/app/app/jobs/print_job.rb:11:in `perform'",
    ),
    "rails, the same words as a warning": (
        "W, [2026-03-01T10:00:00.121456 #1]  WARN -- : [" + UUID + "] The label has no valid signature.",
        RAILS + "  ",
        "[" + UUID + "] Labels::InvalidSignature (The label has no valid signature.):",
        "[" + UUID + "]   ",
        "[" + UUID + "] app/controllers/labels_controller.rb:12:in `create'",
    ),
    "a library that tags its lines": (
        "[ident][error] StoreError: Read more at https://ident.example/errors#store",
        "[ident][cause]: Error: no answer from the store",
        "    at Store.ask (/app/node_modules/store/index.js:7:11)",
        "[ident][details]: {}",
    ),
    "asyncio": ("Unclosed client session", "client_session: <aiohttp.client.ClientSession object at 0x7e858f74b5{n}a>"),
    "node, a warning": (
        "(node:1) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.",
        "(Use `node --trace-deprecation ...` to show where the warning was created)",
    ),
    "next": (
        " \u2a2f TypeError: fetch failed",
        "    at async d (/app/.next/server/chunks/{n}.js:1:1285)",
    ),
    "argparse": ("usage: print-labels [-h] [--size SIZE]", "print-labels: error: unrecognized arguments: --sise {n}"),
    "node, nobody caught it": (
        "/app/src/print.js:10",
        "    throw new Error('no label {n}')",
        "    ^",
        "",
        "Error: no label {n}",
        "    at print (/app/src/print.js:10:11)",
        "",
        "Node.js v20.11.0",
    ),
    "node, an object": (
        "Error printing label {n}: Error: printer offline",
        "    at async print (/app/src/print.js:10:5) {",
        "  code: 'EOFFLINE',",
        "  printer: { id: {n}, name: 'p{n}' }",
        "}",
    ),
    "spring": (
        "2026-03-01T10:00:00.123Z ERROR 1 --- [exec-1] c.e.parcels.Web : Request failed with root cause",
        "",
        "java.lang.IllegalStateException: no label {n}",
        "\tat com.example.parcels.Labels.print(Labels.java:42) ~[classes!/:na]",
        "\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)",
    ),
    "java, with a cause": (
        'Exception in thread "main" java.lang.RuntimeException: start failed',
        "\tat com.example.parcels.Main.main(Main.java:10)",
        "Caused by: java.sql.SQLException: no answer from 192.0.2.{n}",
        "\tat com.example.parcels.Db.open(Db.java:{n})",
        "\t... 1 more",
    ),
    "go, recovered": (
        "2026/03/01 10:00:00 http: panic serving 192.0.2.{n}:4242: runtime error: index out of range",
        "goroutine {n} [running]:",
        "net/http.(*conn).serve.func1()",
        "\t/usr/local/go/src/net/http/server.go:1868 +0xb9",
        "main.printLabel({0x7b5e80, 0xc0001460e0}, 0xc00014c000)",
        "\t/app/main.go:42 +0x1d",
        "created by net/http.(*Server).Serve in goroutine 1",
        "\t/usr/local/go/src/net/http/server.go:3086 +0x5cb",
    ),
    "rails": (
        RAILS + "  ",
        RAILS + "NoMethodError (undefined method `print' for nil:NilClass):",
        RAILS + "  ",
        RAILS + "app/controllers/labels_controller.rb:12:in `show'",
    ),
    "rails, the tags alone": (
        RAILS + "  ",
        "[" + UUID + "] ActionView::Template::Error (no label {n}",
        "\tIs there one?",
        "):",
        "[" + UUID + "]     12: <td>",
        "[" + UUID + "]   ",
        "[" + UUID + "] app/views/labels/_row.html.erb:12",
        "[" + UUID + "] app/controllers/labels_controller.rb:12:in `show'",
    ),
    "rust": (
        "thread 'tokio-runtime-worker' panicked at src/labels.rs:57:22:",
        "index out of bounds: the len is {n} but the index is 2{n}",
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    ),
    "dotnet": (
        "fail: Parcels.Web[1]",
        "      An unhandled exception has occurred.",
        "      System.InvalidOperationException: label {n} missing",
        "         at Parcels.Labels.Print(Int32 id) in /src/Labels.cs:line 42",
    ),
    "php": (
        "PHP Fatal error:  Uncaught TypeError: count() of null in /app/src/Labels.php:17",
        "Stack trace:",
        "#0 /app/src/Web.php(12): Labels->print(NULL)",
        "#1 {main}",
        "  thrown in /app/src/Labels.php on line 17",
    ),
    "laravel": (
        "[2026-03-01 10:00:0{n}] production.ERROR: No label for parcel {n} "
        r'{"exception":"[object] (App\\\\Missing(code: 0): No label for parcel {n} at /app/src/Labels.php:17)',
        "[stacktrace]",
        "#0 /app/vendor/framework/src/Pipeline.php(180): App\\\\Labels->print()",
        "#1 {main}",
        '"} ',
    ),
    "node, a call that names itself": (
        "2026-03-01 10:00:0{n} error: printer.submit: Timeout {n}000ms exceeded.",
        "Call log:",
        '  - waiting for "label {n}"',
        "    at print (/app/src/print.js:10:5) {",
        "  name: 'TimeoutError'",
        "}",
    ),
    "node, a warning and how to find it": (
        "(node:1) [DEP0999] DeprecationWarning: labels.print is deprecated.",
        "(Use `node --trace-deprecation ...` to show where the warning was created)",
    ),
    "functions, nothing to load": (
        "Provided module can't be loaded.",
        "Did you list all required modules in the package.json dependencies?",
        "Detailed stack trace: Error: Cannot find module '@example/labels'",
        "Require stack:",
        "- /workspace/lib/index.js",
        "    at Function._resolveFilename (node:internal/modules/cjs/loader:1225:15)",
        "Could not load the function, shutting down.",
    ),
    "slf4j": (
        "SLF4J(W): Class path contains multiple SLF4J providers.",
        "SLF4J(W): Found provider [ch.qos.logback.classic.spi.LogbackServiceProvider@{n}a4aa2f2]",
        "SLF4J(W): See https://www.slf4j.org/codes.html#multiple_bindings for an explanation.",
    ),
    "sql": (
        "Traceback (most recent call last):",
        FRAME,
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "parcels_pkey"',
        "DETAIL:  Key (id)=({n}) already exists.",
        "",
        "[SQL: INSERT INTO parcels (id) VALUES (%(id)s)]",
    ),
    "node, out of memory": (
        "<--- Last few GCs --->",
        "[1:0x7f9c] 188922{n} ms: Mark-Compact 248.2 (257.8) -> 247.9 (258.1) MB, 41{n}.2 / 0.0 ms",
        "<--- JS stacktrace --->",
        "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
        "----- Native stack trace -----",
        " 1: 0xb7b3e0 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]",
    ),
    "a client of a cloud service": (
        "Error in print endpoint: () Invalid label: Syntax error at position {n}",
        "Code: ",
        "Message: Invalid label: Syntax error at position {n}",
    ),
    "hibernate": (
        "2026-03-01T10:00:00.123Z  WARN 1 --- [exec-{n}] o.h.spi.SqlExceptionHelper : SQL Error: 0, SQLState: 08001",
        "2026-03-01T10:00:00.124Z ERROR 1 --- [exec-{n}] o.h.spi.SqlExceptionHelper : No answer within {n}0 s",
    ),
    "rails, line by line": (
        RAILS + "  ",
        RAILS + "ActionView::Template::Error (undefined method `size' for nil):",
        RAILS + "  ",
        RAILS + "    11: <h1><%= @label.name %></h1>",
        RAILS + "    12: <p><%= @label.paper.size %></p>",
        RAILS + "  ",
        RAILS + "app/views/labels/show.html.erb:12",
    ),
}


def written(lines: tuple[str, ...], times: int = 4) -> list[dict[str, Any]]:
    """The lines as the agent sends them, an entry each, `times` times with other values on two instances."""
    return [
        {
            "insertId": f"{n}-{at:03}",
            "timestamp": (START + timedelta(minutes=5 * n, microseconds=15 * at)).isoformat(),
            "logName": "projects/example/logs/run.googleapis.com%2Fstderr",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "parcels"}},
            "labels": {"instanceId": f"i{n % 2}"},
            "textPayload": line.replace("{n}", str(n)),
        }
        for n in range(1, times + 1)
        for at, line in enumerate(lines)
    ]


def problems(raws: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Occurrences that are problems, problems, and entries in them."""
    found = assemble(normalise(raws, Policy(), b"not-a-real-key"))
    sick = [s for s in cluster([*found.closed, *found.open], Policy()) if s.signature]
    return len(sick), len({s.signature.key for s in sick if s.signature}), sum(len(s.occurrence.entries) for s in sick)


@pytest.mark.parametrize("name", [*MESSAGES])
def test_one_problem(name: str) -> None:
    """Each telling is one occurrence, and all of them are one problem."""
    found = assemble(normalise(written(MESSAGES[name]), Policy(), b"not-a-real-key"))
    sick = [s for s in cluster([*found.closed, *found.open], Policy()) if s.signature]
    assert len(sick) == 4
    assert len({s.signature.key for s in sick if s.signature}) == 1


@pytest.mark.parametrize("name", ["uvicorn", "node, a warning", "spring", "next", "rails, line by line"])
def test_slowly(name: str) -> None:
    """Lines that come a millisecond apart are one occurrence, too."""
    entries = written(MESSAGES[name])
    for at, raw in enumerate(entries):
        nth = at % len(MESSAGES[name])
        raw["timestamp"] = (datetime.fromisoformat(raw["timestamp"]) + timedelta(microseconds=930 * nth)).isoformat()
    found = assemble(normalise(entries, Policy(), b"not-a-real-key"))
    assert len([s for s in cluster([*found.closed, *found.open], Policy()) if s.signature]) == 4


HEAD = "[2026-03-01 10:00:00,123] ERROR in app: Exception on /labels/{n} [GET]"
SWAPPED: dict[str, tuple[str, ...]] = {
    "traceback before its heading": ("Traceback (most recent call last):", HEAD, FRAME, "KeyError: 'label'"),
    "frame before its traceback": (
        FRAME,
        "Traceback (most recent call last):",
        "    print(label)",
        "KeyError: 'label'",
    ),
    "frame before its exception": (
        "2026-03-01T10:00:00.123Z ERROR 1 --- [exec-1] c.e.parcels.Web : Request failed",
        "\tat com.example.parcels.Labels.print(Labels.java:42)",
        "java.lang.IllegalStateException: no label {n}",
        "\tat com.example.parcels.Web.get(Web.java:7)",
    ),
}
"""Lines of one write that changed places on their way."""


@pytest.mark.parametrize("name", SWAPPED)
def test_swapped(name: str) -> None:
    """A head that got a time just after the first of its frames is found all the same, with its exception."""
    found = assemble(normalise(written(SWAPPED[name]), Policy(), b"not-a-real-key"))
    occurrences = [*found.closed, *found.open]
    assert [len(o.entries) for o in occurrences] == [4] * 4
    assert {(o.failure.type, bool(o.failure.frame)) for o in occurrences if o.failure} in (
        {("KeyError", True)},
        {("java.lang.IllegalStateException", True)},
    )


def test_quiet_heading() -> None:
    """What stands below a heading is as loud as that says, unless it is a stack trace."""
    lines = (
        "info: Shop.Web.Requests[17]",
        "      The client closed the connection (ECONNRESET).",
        "      IOException: reset",
    )
    found = assemble(normalise(written(lines), Policy(), b"not-a-real-key"))
    assert not [s for s in cluster([*found.closed, *found.open], Policy()) if s.signature]


def test_a_warning_stays_a_warning() -> None:
    """What a heading says of its level counts for the words below it, however they sound."""
    lines = ("warn: Shop.Web.Requests[3]", "      Failed to find the port of the printer.")
    found = assemble(normalise(written(lines), Policy(), b"not-a-real-key"))
    assert {o.level for o in [*found.closed, *found.open]} == {Level.WARNING}


def test_a_stack_without_a_heading_is_an_error() -> None:
    """Words that hardly sound like a failure, and the stack that somebody printed below them."""
    lines = ("Label job: Error: no paper", "    at print (/app/src/labels.js:12:7)")
    found = assemble(normalise(written(lines), Policy(), b"not-a-real-key"))
    assert {o.level for o in [*found.closed, *found.open]} == {Level.ERROR}


def test_answers_of_a_framework() -> None:
    """A logger that has one sentence for all requests: which route answered what tells its lines apart."""
    asked = (
        ("GET", "/.env", 404),
        ("GET", "/wp-login.php", 404),
        ("POST", "/labels/17", 422),
        ("POST", "/labels/18", 422),
    )
    entries = [
        {
            "insertId": f"{n}",
            "timestamp": (START + timedelta(minutes=n)).isoformat(),
            "logName": "projects/example/logs/run.googleapis.com%2Fstdout",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "parcels"}},
            "jsonPayload": {
                "level": 40,
                "msg": "request completed",
                "req": {"method": m, "url": u},
                "res": {"statusCode": s},
            },
        }
        for n, (m, u, s) in enumerate(asked)
    ]
    found = assemble(normalise(entries, Policy(), b"not-a-real-key"))
    sightings = cluster([*found.closed, *found.open], Policy())
    assert sorted({s.signature.template for s in sightings if s.signature}) == [
        "request completed: GET <probe>, status 404",
        "request completed: POST /labels/{id}, status 422",
    ]


@pytest.mark.parametrize("name", ["django", "celery", "go, recovered", "php", "laravel"])
def test_stamped_the_wrong_way_round(name: str) -> None:
    """The first two lines of a message may be stamped the other way round, and it is still one occurrence."""
    first, second, *rest = (line for line in MESSAGES[name] if line)
    assert problems(written((second, first, *rest))) == (4, 1, 4 * (2 + len(rest)))


def test_frames_that_go_on_stay() -> None:
    """What goes on with a message that stands above it is not given to the next, however soon that comes."""
    lines = (*MESSAGES["java, with a cause"], "2026-03-01 10:00:00,123 ERROR labels: printer offline")
    assert problems(written(lines)) == (8, 2, 4 * len(lines))


def test_a_supervisor_and_its_process() -> None:
    """What a supervisor says of a process that it ends belongs to what that process says as it ends."""
    lines = (
        "[2026-03-01 10:00:0{n} +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:1{n})",
        "[2026-03-01 10:00:0{n} +0000] [1{n}] [ERROR] Error handling request /labels/",
        "Traceback (most recent call last):",
        FRAME,
        "SystemExit: 1",
        "[2026-03-01 10:00:0{n} +0000] [1] [ERROR] Worker (pid:1{n}) was sent SIGKILL! Perhaps out of memory?",
    )
    assert problems(written(lines)) == (4, 1, 4 * len(lines))
    assert problems(written((lines[0], lines[5].replace("1{n}", "9{n}"))))[1] == 2


def test_an_exception_that_is_told_of_is_not_another() -> None:
    """A line that names an exception of its own does not announce the next one."""
    lines = (
        "2026-03-01 10:00:00 warn: [page] Uncaught TypeError: Failed to fetch",
        "FetchError: request to https://labels.example/ failed, reason: getaddrinfo ENOTFOUND labels.example",
        "    at ClientRequest.<anonymous> (/app/node_modules/node-fetch/lib/index.js:1505:11)",
    )
    assert problems(written(lines))[1] == 2
