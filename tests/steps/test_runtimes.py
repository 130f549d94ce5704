"""One failure, as runtimes and frameworks tell of it in many lines: one occurrence each time, and one problem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.models import Policy
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
    "sql": (
        "Traceback (most recent call last):",
        FRAME,
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "parcels_pkey"',
        "DETAIL:  Key (id)=({n}) already exists.",
        "",
        "[SQL: INSERT INTO parcels (id) VALUES (%(id)s)]",
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


@pytest.mark.parametrize("name", MESSAGES)
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
