"""How lines of many languages' loggers are read: how loud they are, and what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.models import Form, Level, Occurrence, Policy
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.normalise import normalise, sift
from bot.unread import Unread

W, E, C, D, INFO = Level.WARNING, Level.ERROR, Level.CRITICAL, Level.DEFAULT, Level.INFO
SPRING = "2026-03-01 10:00:00.123  WARN 1 --- [nio-8080-exec-1] c.example.parcels.Labels   : "
OFFLINE = "label printer offline"


def raw(text: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "insertId": "a",
        "timestamp": "2026-03-01T10:00:00Z",
        "logName": "projects/example/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "parcels"}},
        **({"textPayload": text} if text is not None else {}),
        **more,
    }


def read(one: dict[str, Any]) -> tuple[Occurrence, str]:
    """The entry as an occurrence, and the title of its problem, empty where it is none."""
    found = assemble(normalise([one], Policy(), b"not-a-real-key"))
    (sighting,) = cluster([*found.closed, *found.open], Policy())
    return sighting.occurrence, sighting.signature.title if sighting.signature else ""


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (
            '10.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET /labels/17 HTTP/1.1" 502 167 "-" "x"',
            "GET /labels/{id} → 502",
        ),
        ('[GIN] 2026/03/01 - 10:00:00 | 500 |  0.9ms |  10.0.0.1 | POST     "/labels"', "POST /labels → 500"),
        ("PUT /labels/table-07 500 12.3 ms - 20", "PUT /labels/{id} → 500"),
        ('10.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET /labels/17 HTTP/1.1" 404 167 "-" "x"', ""),
        ('10.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET /labels/17 HTTP/1.1" 200 502 "-" "x"', ""),
        ('INFO:     10.0.0.1:4711 - "GET /labels/17 HTTP/1.1" 500 Internal Server Error', ""),
        ('https://printer.example:443 "GET /labels/17 HTTP/1.1" 500 12', ""),
    ],
)
def test_access_logs(line: str, title: str) -> None:
    """A request that the server failed is one in a server's own log, too, unless that calls it information."""
    assert read(raw(line))[1] == title


def test_access_logs_that_differ_in_figures() -> None:
    """A line that is known but for its figures may tell of another status."""
    lines = ['10.0.0.1 - - [x] "GET /labels/17 HTTP/1.1" 200 7', '10.0.0.1 - - [x] "GET /labels/17 HTTP/1.1" 500 7'] * 2
    entries = [json.dumps({**raw(line), "insertId": f"a{at}"}).encode() for at, line in enumerate(lines)]
    found = sift(Unread(entries), Policy(), b"not-a-real-key")
    assert sum(e.form is Form.REQUEST and e.level is E for e in found.entries) == 2


@pytest.mark.parametrize(
    ("line", "level", "title"),
    [
        (f"{SPRING}{OFFLINE}", W, OFFLINE),
        (f"10:00:00.123 [http-nio-8080-exec-3] ERROR c.example.parcels.Labels - {OFFLINE}", E, OFFLINE),
        (f"ERROR parcels.labels {OFFLINE}", E, OFFLINE),
        (f"WARNING parcels.labels.print {OFFLINE}", W, OFFLINE),
        (f"INFO parcels.labels {OFFLINE}", INFO, ""),
        (f"2026-03-01 10:00:00,123 | parcels.labels | WARNING  | {OFFLINE}", W, OFFLINE),
        (f"10:00:00 \u2502 parcels.labels      \u2502 ERROR   \u2502 {OFFLINE}", E, OFFLINE),
        (f"CRITICAL:parcels:{OFFLINE}", C, OFFLINE),
        (f"parcels.labels - ERROR: {OFFLINE}", E, OFFLINE),
        (f"[2026-03-01 10:00:00,123: ERROR/ForkPoolWorker-1] {OFFLINE}", E, OFFLINE),
        (f"[2026-03-01 10:00:00,123: INFO/MainProcess] {OFFLINE}", INFO, ""),
        (f"[2026-03-01 10:00:00,123] [ERROR] [parcels.labels] {OFFLINE}", E, OFFLINE),
        ("[2026-03-01 10:00:00 +0000] [9] [ERROR] Reason: no paper", E, "Reason: no paper"),
        (f"2026-03-01 10:00:00 UTC [12] FATAL:  {OFFLINE}", C, OFFLINE),
        (f"2026-03-01 10:00:00.123 UTC [12] parcels@labels ERROR:  {OFFLINE}", E, OFFLINE),
        ("2026-03-01 10:00:00.123 UTC [12] LOG:  checkpoint complete", INFO, ""),
        (f"PHP Fatal error:  {OFFLINE}", C, OFFLINE),
        (f"PHP Warning:  {OFFLINE}", W, OFFLINE),
        (f"2026-03-01T10:00:00.123456Z  WARN parcels::labels: {OFFLINE}", W, OFFLINE),
        (f"[2026-03-01T10:00:00Z ERROR parcels::labels] {OFFLINE}", E, OFFLINE),
        (f'level=error ts=2026-03-01T10:00:00Z caller=main.go:12 msg="{OFFLINE}" err="no paper"', E, OFFLINE),
        (f'time="2026-03-01T10:00:00Z" level=warning msg="{OFFLINE}" attempt=3', W, OFFLINE),
        ('level=info msg="printed" parcel=17', INFO, ""),
        (f"\x1b[31mERROR\x1b[0m  {OFFLINE}", E, OFFLINE),
        (f"npm ERR! {OFFLINE}", E, OFFLINE),
        ("Killed", C, "Killed"),
        ("Segmentation fault (core dumped)", C, "Segmentation fault (core dumped)"),
        (f"2026/03/01 10:00:00 [error] 24#24: *17 {OFFLINE}", E, OFFLINE),
        (f"2026-03-01T10:00:00.123Z pid=1 tid=2kv3 ERROR: {OFFLINE}", E, OFFLINE),
        (f"2026-03-01T10:00:00Z WRN {OFFLINE}", W, OFFLINE),
        (f"10:00AM ERR {OFFLINE} id=17 error=paper", E, OFFLINE),
        ("2026-03-01T10:00:00Z INF failed over to the next printer", INFO, ""),
        (f"[10:00:00 WRN] {OFFLINE}", W, OFFLINE),
        ("[10:00:00 INF] Error page is printed", INFO, ""),
        (f"ERRO[0017] {OFFLINE}", E, OFFLINE),
        (f"[ WARNING ] {OFFLINE}", W, OFFLINE),
        (f"10:00:00.123 request_id=F4xkdk [error] {OFFLINE}", E, OFFLINE),
        (f"[2026-03-01 10:00:00.123][12][error][upstream] {OFFLINE}", E, OFFLINE),
        (f"[Sun Mar 01 10:00:00.123456 2026] [php:error] [pid 17:tid 12] [client 10.0.0.7:4711] {OFFLINE}", E, OFFLINE),
        (f"[01-Mar-2026 10:00:00] WARNING: {OFFLINE}", W, OFFLINE),
        (f"[parcels-web] [WARN] {OFFLINE}", W, OFFLINE),
        ("label printer not configured, falling back to none", W, "label printer not configured, falling back to none"),
        ("Label print failed: no paper", E, "Label print failed: no paper"),
        ("Print job failed, error: no paper", E, "Print job failed, error: no paper"),
        ("0 labels failed: all printed", D, ""),
        ("0 errors found, 3 labels printed", D, ""),
        ("Error handler registered", D, ""),
        ("No errors detected during validation", D, ""),
        ("errors=0 printed=3", D, ""),
        ("Killed two birds with one stone", D, ""),
    ],
)
def test_lines(line: str, level: Level, title: str) -> None:
    """The level and the words of a line, whoever wrote it."""
    occurrence, found = read(raw(line))
    assert (occurrence.level, found) == (level, title)


@pytest.mark.parametrize(
    ("payload", "level"),
    [
        ({"level": 50, "msg": OFFLINE}, E),
        ({"level": "50", "msg": OFFLINE}, E),
        ({"level": 40, "msg": OFFLINE}, W),
        ({"level": 30, "msg": OFFLINE, "err": {"message": "none"}}, INFO),
        ({"level": "warn", "message": OFFLINE}, W),
        ({"log.level": "ERROR", "message": OFFLINE, "service.name": "parcels"}, E),
        ({"log": {"level": "error"}, "message": OFFLINE}, E),
        ({"Level": "Error", "MessageTemplate": "label printer {State}", "RenderedMessage": OFFLINE}, E),
        ({"@l": "Warning", "@m": OFFLINE, "@mt": "label printer {State}"}, W),
        ({"EventId": 7, "LogLevel": "Error", "Category": "Parcels", "Message": OFFLINE}, E),
        ({"severity_text": "ERROR", "body": OFFLINE}, E),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_structures(payload: dict[str, Any], level: Level, wrapped: bool) -> None:
    """Levels and words under the names that libraries give them, as a payload or as text that is JSON."""
    one = raw(json.dumps(payload)) if wrapped and "body" not in payload else raw(jsonPayload=payload)
    occurrence, title = read(one)
    assert occurrence.level is level
    assert title == (OFFLINE if level >= W else "")


STACK = "java.lang.IllegalStateException: no paper\n\tat com.example.Labels.print(Labels.java:42)"


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        (
            {
                "message": "failed",
                "level": 400,
                "level_name": "ERROR",
                "context": {
                    "exception": {"class": "PaperException", "message": "tray 7", "file": "/app/Labels.php:12"}
                },
            },
            "PaperException: tray <num>",
        ),
        (
            {
                "level": "ERROR",
                "message": "failed",
                "thrown": {
                    "name": "java.lang.IllegalStateException",
                    "message": "no paper",
                    "extendedStackTrace": STACK,
                },
            },
            "IllegalStateException: no paper",
        ),
        (
            {
                "level": "ERROR",
                "message": "failed",
                "exception": {"exceptionType": "java.lang.IllegalStateException", "message": "no paper"},
            },
            "IllegalStateException: no paper",
        ),
        (
            {
                "level": "ERROR",
                "fields": {"message": "printing failed", "error": "no paper"},
                "target": "parcels::labels",
            },
            "printing failed: no paper",
        ),
        (
            {"level": "error", "message": "GraphQL error", "errors": [{"message": "no paper"}]},
            "GraphQL error: no paper",
        ),
        (
            {
                "level": "error",
                "event": "failed",
                "exception": [
                    {
                        "exc_type": "RuntimeError",
                        "exc_value": "later",
                        "frames": [{"filename": "/app/b.py", "lineno": 2, "name": "b"}],
                    },
                    {
                        "exc_type": "ValueError",
                        "exc_value": "no paper",
                        "is_cause": True,
                        "frames": [{"filename": "/app/a.py", "lineno": 1, "name": "a"}],
                    },
                ],
            },
            "ValueError: no paper",
        ),
        ({"method": "GET", "uri": "/labels/17", "status": 502, "latency": 3}, "GET /labels/{id} → 502"),
        ({"method": "GET", "uri": "/labels/17", "status": 502, "level": "info", "message": "done"}, ""),
        ({"method": "GET", "uri": "/labels/17", "status": 200, "latency": 3}, ""),
    ],
)
def test_objects_of_loggers(payload: dict[str, Any], title: str) -> None:
    """Exceptions, reasons and requests are found where Monolog, Log4j, Quarkus, tracing and structlog put them."""
    assert read(raw(jsonPayload=payload))[1] == title


def test_the_reason_beside_the_words() -> None:
    """A reason in a field of its own is part of the text, and tells failures of one thing apart."""
    payload = {"level": "error", "msg": "print failed", "error": "dial tcp 192.0.2.1:9100: connection refused"}
    occurrence, title = read(raw(jsonPayload=payload))
    assert title == "print failed: dial tcp <ip>: connection refused"
    assert occurrence.text == "print failed: dial tcp 192.0.2.1:9100: connection refused"


def test_a_fault_of_a_rust_program() -> None:
    """The words of a panic stand on the line after the one that announces it."""
    lines = ["thread 'main' panicked at src/labels.rs:10:5:", "no paper"]
    many = [{**raw(text), "insertId": str(n), "labels": {"instanceId": "i"}} for n, text in enumerate(lines)]
    found = assemble(normalise(many, Policy(), b"not-a-real-key"))
    (occurrence,) = [*found.closed, *found.open]
    assert occurrence.level is C
    assert occurrence.text.endswith("no paper")
