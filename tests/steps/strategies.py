"""Made-up logs for property tests: entries of a few streams, with messages that come in one piece or in many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.models import Entry, Form, Level, Occurrence, Request

START = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)

PYTHON = (
    "Traceback (most recent call last):",
    '  File "/app/shop/orders.py", line 20, in place',
    "    total = basket.total()",
    '  File "/usr/local/lib/python3.11/site-packages/money/core.py", line 7, in total',
    "    raise ValueError(amount)",
    "ValueError: no amount in basket 17",
)
CHAINED = (
    *PYTHON,
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "/app/shop/web.py", line 9, in post',
    "    place(order)",
    "RuntimeError: order failed",
)
NODE = (
    "Error reading ticket: error: relation does not exist",
    "    at /srv/node_modules/pg/lib/client.js:526:17",
    "    at async Tickets.read (/srv/src/tickets.js:79:20) {",
    "  length: 103,",
    "  severity: 'ERROR',",
    "  routine: 'parserOpenTable'",
    "}",
)
JAVA = (
    'Exception in thread "main" java.lang.IllegalStateException: top',
    "\tat com.acme.Main.run(Main.java:10)",
    "Caused by: java.lang.NullPointerException: inner is null",
    "\tat com.acme.Repo.find(Repo.java:30)",
    "\t... 2 more",
)
GO = (
    "panic: runtime error: index out of range [3] with length 2",
    "",
    "goroutine 1 [running]:",
    "main.seats(...)",
    "\t/app/main.go:12 +0x1b",
    "main.main()",
    "\t/app/main.go:5 +0x17",
    "exit status 2",
)
RUBY = (
    "/app/lib/seat.rb:10:in `reserve': seat 12 is taken (SeatError)",
    "\tfrom /app/web.rb:2:in `<main>'",
)
DOTNET = (
    "Unhandled exception. System.InvalidOperationException: nope",
    " ---> System.ArgumentException: inner",
    "   at Shop.Orders.Place(Int32 id) in /src/Orders.cs:line 42",
    "   --- End of inner exception stack trace ---",
    "   at Shop.Program.Main()",
)
QUERY = ("query failed: ", "        SELECT *", "          FROM seats", "      ", "error: relation does not exist")
MESSAGES = (PYTHON, CHAINED, NODE, JAVA, GO, RUBY, DOTNET, QUERY)

_LINES = st.sampled_from(
    [
        "ready",
        "[2026-01-31 10:00:00 +0000] [14] [ERROR] Exception in worker process",
        "2026-01-31 10:00:00,123 INFO shop: started",
        "WARNING: seat map is old",
        "  indented",
        "\tat com.acme.Main.run(Main.java:10)",
        "}",
        "{",
        "",
        "Caused by: java.io.IOException: gone",
        "ValueError: bad",
        "Traceback (most recent call last):",
        "goroutine 7 [running]:",
        "main.run(0x1)",
        "Potential solutions:",
        "- is the module imported?",
        "^",
        "/app/main.js:10",
        "Node.js v22.15.0",
    ]
)
_STEPS = st.sampled_from(
    [
        timedelta(0),
        timedelta(microseconds=7),
        timedelta(microseconds=400),
        timedelta(milliseconds=40),
        timedelta(seconds=1),
        timedelta(seconds=4),
        timedelta(seconds=5, microseconds=1),
        timedelta(seconds=17),
        timedelta(seconds=50),
        timedelta(seconds=66),
    ]
)


def entry(
    text: str,
    at: timedelta = timedelta(0),
    *,
    number: int = 0,
    instance: str = "i1",
    level: Level = Level.DEFAULT,
    form: Form = Form.LINE,
    structured: bool = False,
    service: str = "shop",
    **more: object,
) -> Entry:
    """One entry, as far as a test cares."""
    return Entry(
        id=f"{number:06d}",
        key=number,
        time=START + at,
        service=service,
        text=text,
        level=level,
        form=form,
        instance=instance,
        log="run.googleapis.com/stderr",
        structured=structured,
        **more,  # type: ignore[arg-type]
    )


def pieces(lines: Sequence[str], at: timedelta = timedelta(0), *, first: int = 0, instance: str = "i1") -> list[Entry]:
    """A message as the agent splits it: an entry a line, a few microseconds apart."""
    return [
        entry(line, at + timedelta(microseconds=5 * n), number=first + n, instance=instance)
        for n, line in enumerate(lines)
    ]


def refused(
    route: str, at: timedelta = timedelta(0), *, number: int = 0, client: str = "c1", status: int = 404
) -> Entry:
    """A request that the server refused, or failed."""
    request = Request("GET", f"https://shop.example{route}", route, status)
    return entry(
        f"GET {route} {status}",
        at,
        number=number,
        level=Level.WARNING,
        form=Form.REQUEST,
        structured=True,
        request=request,
        client=client,
    )


def not_ready(kind: str, at: timedelta = timedelta(0), *, number: int = 0) -> Entry:
    """What the platform says of a rollout that failed."""
    name = "shop-00007-abc" if kind == "Revision" else "shop"
    text = f"Ready condition status changed to False for {kind} {name} with message: The container failed to start."
    return entry(text, at, number=number, level=Level.ERROR, form=Form.AUDIT, structured=True)


def _whole(draw: st.DrawFn, at: timedelta, number: int, instance: str) -> Entry:
    """An entry that is no line of text: a refused request, a failed rollout, or a call that was logged as JSON too."""
    sort = draw(st.sampled_from(["refused", "refused", "rollout", "json"]))
    if sort == "refused":
        return refused(draw(st.sampled_from(["/a", "/b", "/c", "/d", "/e", "/f", "/.env"])), at, number=number)
    if sort == "rollout":
        return not_ready(draw(st.sampled_from(["Revision", "Service"])), at, number=number)
    text = draw(st.sampled_from(["seat map is old", "Exception in worker process", "Reason: out of seats"]))
    return entry(text, at, number=number, instance=instance, level=Level.ERROR, structured=True)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Entries of up to three streams in order of time, each with a number of its own as id and key."""
    out: list[Entry] = []
    at = timedelta(0)
    number = 0
    for _ in range(draw(st.integers(1, 12))):
        at += draw(_STEPS)
        instance = draw(st.sampled_from(["i1", "i2", "i3"]))
        whole = draw(st.booleans())
        lines = draw(st.sampled_from(MESSAGES)) if whole else (draw(_LINES),)
        if draw(st.integers(0, 3)) == 0:
            number += 1
            out.append(_whole(draw, at, number, instance))
            continue
        structured = not whole and draw(st.booleans()) and draw(st.booleans())
        for n, line in enumerate(lines):
            level = draw(st.sampled_from([Level.DEFAULT, Level.ERROR])) if n == 0 else Level.DEFAULT
            number += 1
            out.append(entry(line, at, number=number, instance=instance, level=level, structured=structured))
            at += timedelta(microseconds=5) if n + 1 < len(lines) else timedelta(0)
    return sorted(out, key=lambda e: e.order)


def bag(occurrences: Sequence[Occurrence]) -> list[Occurrence]:
    """Occurrences regardless of the order in which they were given."""
    return sorted(occurrences, key=lambda o: o.entries[0].order)
