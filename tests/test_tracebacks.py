"""What a traceback says, in six runtimes, and that hostile text costs nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.tracebacks import LONGEST, MESSAGE, failure
from tests.steps.strategies import CHAINED, MESSAGES, PYTHON


def test_cause_of_a_chain() -> None:
    """Where one exception caused another, the cause is reported."""
    text = "\n".join(CHAINED).replace(
        "During handling of the above exception, another exception occurred",
        "The above exception was the direct cause of the following exception",
    )
    found = failure(text)
    assert found is not None
    assert found.type == "ValueError"


def test_flow() -> None:
    """An exception that code only catches on its way is not the cause of the next one."""
    found = failure("\n".join(CHAINED).replace("ValueError: no amount in basket 17", "KeyError: 17"))
    assert found is not None
    assert (found.type, found.message) == ("RuntimeError", "order failed")


def test_given_up() -> None:
    """A cancelled task is not the cause of a timeout, whatever Python says."""
    text = "\n".join(CHAINED).replace("ValueError: no amount in basket 17", "asyncio.exceptions.CancelledError")
    found = failure(text.replace("During handling of the above", "The above exception was the direct cause"))
    assert found is not None
    assert found.type == "RuntimeError"


def test_words_in_front() -> None:
    """Words in front of a traceback do not hide it."""
    found = failure("Unhandled exception in request 7\n" + "\n".join(PYTHON))
    assert found is not None
    assert (found.type, found.message) == ("ValueError", "no amount in basket 17")


def test_only_library_frames() -> None:
    """With no frame of the application there is an exception without a place."""
    found = failure("\n".join([PYTHON[0], *PYTHON[3:]]))
    assert found is not None
    assert found.frame is None


def test_nested_javascript() -> None:
    """The innermost name is the type: `callback error: ReferenceError: ...`."""
    found = failure("callback error: ReferenceError: seat is not defined\n    at read (/app/seats.js:9:3)")
    assert found is not None
    assert (found.type, found.message) == ("ReferenceError", "seat is not defined")


@pytest.mark.parametrize(
    ("cause", "kind", "message"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:631", "TypeError", "fetch failed: 127.0.0.1"),
        ("Error: getaddrinfo ENOTFOUND printer.example.com", "TypeError", "fetch failed: printer.example.com"),
        (
            "ConnectTimeoutError: Connect Timeout Error (attempted address: printer.example.com:443, timeout: 10000ms)",
            "TypeError",
            "fetch failed: printer.example.com",
        ),
        ("Error: read ECONNRESET", "TypeError", "fetch failed"),
        ("Error: certificate has expired", "Error", "certificate has expired"),
    ],
)
def test_cause_in_javascript(cause: str, kind: str, message: str) -> None:
    """What Node prints below the frames as the cause is what failed, or who was not to be reached."""
    lines = [
        "[printer] Print failed: TypeError: fetch failed",
        "    at node:internal/deps/undici/undici:14902:13",
        "    at async print (/app/print.js:5:17) {",
        f"  [cause]: {cause}",
        "      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {",
        "    code: 'ECONNREFUSED'",
        "  }",
        "}",
    ]
    found = failure("\n".join(lines))
    assert found is not None
    assert found.frame is not None
    assert (found.type, found.message) == (kind, message)
    assert found.frame.function == "print"


def test_call_that_failed() -> None:
    """A call over gRPC says on further lines what failed: two statuses are two failures."""
    lines = [
        "Traceback (most recent call last):",
        '  File "/app/labels.py", line 7, in read',
        "grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:",
        "\tstatus = StatusCode.NOT_FOUND",
        '\tdetails = "there is no drawer 7"',
        '\tdebug_error_string = "UNKNOWN:Error received from peer {created_time:1}"',
        ">",
    ]
    found = failure("\n".join(lines))
    assert found is not None
    assert found.message == "NOT_FOUND: there is no drawer 7"


@pytest.mark.parametrize(
    "text",
    ["", "all is well", "ValueError: said without a stack", "look at this", PYTHON[0], "at 10:00:00"],
)  # fmt: skip
def test_none(text: str) -> None:
    """What is no traceback is none."""
    assert failure(text) is None


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([line for m in MESSAGES for line in m]) | st.text(max_size=60), max_size=25))
def test_any_lines(lines: list[str]) -> None:
    """Lines of all runtimes in any order raise nothing, and what is kept is bounded."""
    found = failure("\n".join(lines))
    assert found is None or len(found.message) <= MESSAGE


@pytest.mark.parametrize(
    "piece",
    [
        "\n", " ", "\t\n", "    at a.", "    at a (a:1:1) (", '  File "', "a.", "A", "a::", "Aa.", "x.rb:1:in `",
        "goroutine 1 [running]:\nmain.(", "Caused by: ", "\tat a.b.c(", "1:1:",
        f"{PYTHON[0]}\n", "System.Exception: x\n   at a.",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "head", ["", "Traceback (most recent call last):\n", "goroutine 1 [running]:\npanic: x\n", "\tat a.B.c(D.java:1)\n"]
)
def test_hostile(piece: str, head: str) -> None:
    """Text made to confuse takes well under a second, however long it is."""
    text = head + piece * (2 * LONGEST // len(piece))
    before = time.process_time()
    failure(text)
    assert time.process_time() - before < 1
