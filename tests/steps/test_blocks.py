"""Blocks that libraries print, an entry a line: each one occurrence and one problem, with a telling title."""

from __future__ import annotations

import pytest

from bot.models import Policy
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.normalise import normalise
from tests.steps.test_runtimes import written

STAR = "*" * 27
BLOCKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a database client": (
        "Can't reach database server at `<ip>`",
        (
            "prisma:error ",
            "Invalid `prisma.label.findUnique()` invocation in",
            "/app/src/labels.ts:42:31",
            "",
            "  39 async find(id) {",
            "\u2192 42   return this.prisma.label.findUnique(",
            "Can't reach database server at `10.0.0.{n}:5432`",
        ),
    ),
    "a framework that does not start": (
        "APPLICATION FAILED TO START: Parameter <num> of constructor in Labels required a bean of type 'Printer'",
        (
            STAR,
            "APPLICATION FAILED TO START",
            STAR,
            "",
            "Description:",
            "",
            "Parameter 0 of constructor in Labels required a bean of type 'Printer'.",
            "",
            "Action:",
            "",
            "Consider defining a bean of type 'Printer' in your configuration.",
        ),
    ),
    "java's own logger": (
        "NullPointerException: label",
        (
            "Mar 01, 2026 10:00:00 AM com.example.parcels.Labels print",
            "SEVERE: cannot print label {n}",
            "java.lang.NullPointerException: label",
            "\tat com.example.parcels.Labels.print(Labels.java:42)",
        ),
    ),
    "a servlet and its root cause": (
        "SocketException: printer {n} is gone".replace("{n}", "<num>"),
        (
            "2026-03-01T10:00:00.334Z ERROR 1 --- [parcels] [exec-3] o.a.Servlet : Servlet.service() threw exception "
            "[Request processing failed: com.example.PrintException: Could not print] with root cause",
            "java.net.SocketException: printer {n} is gone\n\tat com.example.parcels.Labels.print(Labels.java:42)",
        ),
    ),
    "elixir": (
        "RuntimeError: no paper",
        (
            "10:00:00.12{n} [error] GenServer #PID<0.12{n}.0> terminating",
            "** (RuntimeError) no paper",
            "    (parcels 0.1.0) lib/labels.ex:12: Parcels.Labels.print/2",
            "    (stdlib 4.0) gen_server.erl:1123: :gen_server.try_dispatch/4",
            "Last message: {:print, {n}}",
        ),
    ),
    "npm": (
        "code ELIFECYCLE",
        (
            "npm ERR! code ELIFECYCLE",
            "npm ERR! errno 1",
            "npm ERR! ",
            "npm ERR! Failed at the parcels@1.0.{n} start script.",
        ),
    ),
    "a traceback in a box": (
        "ValueError: no label <num>",
        (
            "\u256d\u2500\u2500\u2500 Traceback (most recent call last) \u2500\u2500\u2500\u256e",
            "\u2502 /app/parcels.py:42 in run                        \u2502",
            "\u2502                                                  \u2502",
            '\u2502 \u2771 42     raise ValueError("no label")              \u2502',
            "\u2570\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u256f",
            "ValueError: no label {n}",
        ),
    ),
    "gorm, the place and then the words": (
        "failed to initialize database, got error no route to printer",
        (
            "2026/03/01 10:00:0{n} \x1b[35m/app/store/open.go:24\x1b[0m",
            "\x1b[31m[error] \x1b[0mfailed to initialize database, got error no route to printer",
        ),
    ),
    "gin, recovered": (
        "panic: interface conversion: interface {} is nil, not string",
        (
            "\x1b[31m2026/03/01 10:00:00 [Recovery] 2026/03/01 - 10:00:00 panic recovered:",
            "POST /labels/{n} HTTP/1.1",
            "Host: parcels.example",
            "interface conversion: interface {} is nil, not string",
            "/usr/local/go/src/runtime/iface.go:275 (0x42280{n})",
            "\tpanicdottypeE: panic(&TypeAssertionError{iface, have, want})",
            "/app/labels/print.go:48 (0xd8990{n})",
            '\tPrint: name := claims["name"].(string)',
        ),
    ),
    "a warning of several sentences": (
        "DEPRECATION WARNING: Initialization autoloaded Labels",
        (
            "DEPRECATION WARNING: Initialization autoloaded Labels.",
            "Being able to do this is deprecated. Autoloading during initialization is going",
            "to be an error condition in version {n}.",
            "  (called from <main> at /app/config/environment.rb:5)",
        ),
    ),
    "a rejected promise": (
        '[UnhandledPromiseRejection: rejected with the reason "no label".] {',
        (
            "node:internal/process/promises:288",
            "            triggerUncaughtException(err, true /* fromPromise */);",
            "            ^",
            "",
            '[UnhandledPromiseRejection: rejected with the reason "no label".] {',
            "  code: 'ERR_UNHANDLED_REJECTION'",
            "}",
            "",
            "Node.js v20.11.{n}",
        ),
    ),
    "rails, a template": (
        "ActionView::Template::Error: undefined method `small' for <object>",
        (
            "F, [2026-03-01T10:00:00.457947 #1] FATAL -- : [7b1e0a52-6c1d-4c53-9d0e-00000000000{n}]   ",
            "[7b1e0a52-6c1d-4c53-9d0e-00000000000{n}] ActionView::Template::Error (undefined method `small' for "
            '#<Labels::Attached:0x00007ff17d09e39{n} @name="tag", @record=#<Label id: 90{n}, size: nil>>):',
            "[7b1e0a52-6c1d-4c53-9d0e-00000000000{n}]     1: json.array! @labels",
            "[7b1e0a52-6c1d-4c53-9d0e-00000000000{n}]   ",
            "[7b1e0a52-6c1d-4c53-9d0e-00000000000{n}] app/views/labels/index.json.jbuilder:2",
        ),
    ),
}


@pytest.mark.parametrize("name", [*BLOCKS])
def test_a_block_is_one_problem_and_its_title_says_which(name: str) -> None:
    title, lines = BLOCKS[name]
    found = assemble(normalise(written(lines), Policy(), b"not-a-real-key"))
    sick = [s for s in cluster([*found.closed, *found.open], Policy()) if s.signature]
    assert [len(s.occurrence.entries) for s in sick] == [len(lines)] * 4
    assert {s.signature.title for s in sick if s.signature} == {title}
    assert len({s.signature.key for s in sick if s.signature}) == 1
