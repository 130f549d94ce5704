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
