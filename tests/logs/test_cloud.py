"""Reading Cloud Logging through Google's client: what is asked for, pages, late entries, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from bot.errors import Forbidden, InputError, LogsUnavailable, NotFound
from bot.logs.cloud import LATE, OVERLAP, CloudLogs
from bot.models import Policy
from bot.steps.normalise import normalise
from tests.standins.logging_server import LoggingServer

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry(name: str, minutes: float, **more: Any) -> dict[str, Any]:
    """An entry from so many minutes ago."""
    time = NOW - timedelta(minutes=minutes)
    return {
        "insertId": name,
        "timestamp": stamp(time),
        "receiveTimestamp": stamp(time + timedelta(seconds=1)),
        "logName": "projects/shop/logs/run.googleapis.com%2Fstdout",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "service_name": "shop-api-staging",
                "project_id": "shop",
                "revision_name": "shop-api-staging-00007-abc",
            },
        },
        **({"textPayload": "words"} if "Payload" not in "".join(more) else {}),
        **more,
    }


def logs(server: LoggingServer, **more: Any) -> CloudLogs:
    return CloudLogs("shop", clock=lambda: NOW, emulator=server.host, patience=2, **more)


def read(source: CloudLogs, since: timedelta = timedelta(hours=2)) -> list[str]:
    return [str(e["insertId"]) for b in source.read(source.window(None, since)) for e in b.entries]


@pytest.fixture
def server() -> Iterator[LoggingServer]:
    with LoggingServer() as running:
        yield running


def test_what_matters_is_asked_for(server: LoggingServer) -> None:
    """Warnings, what has no severity, failed requests and deployments come; healthy entries do not."""
    server.entries = [
        entry("warning", 9, severity="WARNING"),
        entry("plain", 8),
        entry("healthy", 7, severity="INFO"),
        entry("failed", 6, severity="INFO", httpRequest={"status": 503, "requestUrl": "/a"}),
        entry("fine", 5, severity="INFO", httpRequest={"status": 200, "requestUrl": "/a"}),
        entry("deployed", 4, severity="NOTICE", logName="projects/shop/logs/cloudaudit.googleapis.com%2Factivity"),
        entry("other", 3, severity="ERROR", resource={"type": "gce_instance", "labels": {}}),
    ]
    assert read(logs(server)) == ["warning", "plain", "failed", "deployed"]


def test_pages_are_read_to_the_end(server: LoggingServer) -> None:
    """Every page is asked for, once, and comes as a batch in order of time."""
    server.entries = [entry(f"e{i:03}", 100 - i / 10) for i in range(25)]
    server.page = 10
    source = logs(server)
    batches = list(source.read(source.window(None, timedelta(hours=2))))
    assert [len(b.entries) for b in batches] == [10, 10, 5]
    assert [e["insertId"] for b in batches for e in b.entries] == [f"e{i:03}" for i in range(25)]
    assert [r.page_token for r in server.requests] == ["", "10", "20"]
    shares = [b.progress or 0.0 for b in batches]
    assert shares == sorted(shares)


def test_the_timestamp_is_always_bounded(server: LoggingServer) -> None:
    """An entry older than a day comes when it is asked for."""
    server.entries = [entry("old", 60 * 40)]
    assert read(logs(server), timedelta(days=2)) == ["old"]
    assert "timestamp>=" in server.requests[0].filter


def test_a_round_begins_a_little_before_the_cursor(server: LoggingServer) -> None:
    """The window overlaps what was read before; without a cursor it goes back a day."""
    source = logs(server)
    assert source.window(NOW - timedelta(hours=1), None).start == NOW - timedelta(hours=1) - OVERLAP
    assert source.window(None, None).start == NOW - timedelta(days=1)
    assert source.window(NOW, timedelta(hours=6)).start == NOW - timedelta(hours=6)


def test_late_entries_are_read(server: LoggingServer) -> None:
    """What arrived just now is read although its timestamp is before the window; unless it is older than a day."""
    server.entries = [
        entry("late", 300, receiveTimestamp=stamp(NOW - timedelta(minutes=1))),
        entry("seen", 300),
        entry("too late", 60 * 30, receiveTimestamp=stamp(NOW - timedelta(minutes=1))),
    ]
    source = logs(server)
    found = [e["insertId"] for b in source.read(source.window(NOW - timedelta(minutes=30), None)) for e in b.entries]
    assert found == ["late"]
    assert timedelta(hours=5) < LATE < timedelta(hours=30)


def test_only_the_services_named(server: LoggingServer) -> None:
    """Services are asked for by name, or by the beginning of it; quotes in a name cannot change the question."""
    named = {"type": "cloud_run_revision", "labels": {"service_name": "mail"}}
    job = {"type": "cloud_run_job", "labels": {"job_name": "shop-nightly"}}
    server.entries = [entry("a", 3), entry("b", 2, resource=named), entry("c", 1, resource=job)]
    assert read(logs(server, services=["mail"])) == ["b"]
    assert read(logs(server, services=["shop-*"])) == ["a", "c"]
    assert read(logs(server, services=['mail" OR severity="DEFAULT'])) == []
    with pytest.raises(InputError, match="too many"):
        read(logs(server, services=[f"service-{i}" for i in range(2_000)]))


def test_entries_look_as_in_exports(server: LoggingServer) -> None:
    """Payloads, requests, labels and audit entries have the JSON that a file has, and mean the same."""
    raws = [
        entry(
            "json", 3, severity="ERROR", trace="projects/shop/traces/abc", labels={"instanceId": "i1"},
            jsonPayload={"message": "no", "n": 7, "f": 0.5, "deep": [{"x": 1}]},
            httpRequest={"status": 500, "requestUrl": "/a/7", "requestMethod": "GET", "latency": "0.250s"},
        ),
        entry(
            "audit", 2, severity="ERROR", logName="projects/shop/logs/cloudaudit.googleapis.com%2Fsystem_event",
            protoPayload={
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "methodName": "/Services.ReplaceService",
                "resourceName": "namespaces/shop/revisions/shop-api-staging-00008-xyz",
                "status": {"code": 9, "message": "Ready condition status changed to False for Revision r."},
                "response": {"kind": "Revision", "metadata": {"name": "shop-api-staging-00008-xyz"}},
            },
        ),
    ]  # fmt: skip
    server.entries = raws
    source = logs(server)
    got = [e for b in source.read(source.window(None, timedelta(hours=1))) for e in b.entries]
    assert got[0]["jsonPayload"] == raws[0]["jsonPayload"]
    assert isinstance(got[0]["jsonPayload"]["n"], int)
    assert normalise(got, Policy(), b"k") == normalise(raws, Policy(), b"k")
    deployed = normalise(got, Policy(), b"k")[1].deployment
    assert deployed is not None
    assert (deployed.revision, deployed.ok) == ("shop-api-staging-00008-xyz", False)


def test_an_error_in_the_middle_loses_nothing(server: LoggingServer) -> None:
    """Pages before an error have been handed out; the next round gets the rest."""
    server.entries = [entry(f"e{i}", 50 - i) for i in range(4)]
    server.page = 2
    server.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, after=1)
    source, got = logs(server), []
    batches = source.read(source.window(None, timedelta(hours=1)))
    got += [e["insertId"] for e in next(batches).entries]
    with pytest.raises(LogsUnavailable) as caught:
        next(batches)
    assert got == ["e0", "e1"]
    assert caught.value.retry_at == NOW + timedelta(minutes=1)
    assert read(source, timedelta(hours=1)) == ["e0", "e1", "e2", "e3"]


def test_a_passing_failure_is_tried_again(server: LoggingServer) -> None:
    """One failed request in the middle is not noticed."""
    server.entries = [entry(f"e{i}", 50 - i) for i in range(4)]
    server.page = 2
    server.fail(grpc.StatusCode.UNAVAILABLE, after=1)
    assert read(logs(server), timedelta(hours=1)) == ["e0", "e1", "e2", "e3"]


@pytest.mark.parametrize(
    ("code", "message", "kind", "says"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "no", Forbidden, "roles/logging.viewer"),
        (grpc.StatusCode.PERMISSION_DENIED, "API has not been used in project 1", Forbidden, "gcloud services enable"),
        (grpc.StatusCode.UNAUTHENTICATED, "no", Forbidden, "gcloud auth"),
        (grpc.StatusCode.NOT_FOUND, "no", NotFound, "GOOGLE_CLOUD_PROJECT"),
        (grpc.StatusCode.INVALID_ARGUMENT, "no", InputError, "GARDEN_SERVICES"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "no", LogsUnavailable, "quota"),
        (grpc.StatusCode.UNKNOWN, "no", LogsUnavailable, "next round"),
    ],
)
def test_what_goes_wrong_is_said(
    server: LoggingServer, code: grpc.StatusCode, message: str, kind: type[Exception], says: str
) -> None:
    """Each failure has its own sentence, with what to do."""
    server.fail(code, message)
    with pytest.raises(kind, match=says):
        read(logs(server))


def test_a_service_that_stays_away_is_unavailable() -> None:
    """Nobody at the address: after some patience, in words."""
    source = CloudLogs("shop", clock=lambda: NOW, emulator="127.0.0.1:1", patience=0.3)
    with pytest.raises(LogsUnavailable):
        read(source)


def test_a_project_is_needed() -> None:
    """Without a project, the sentence says which setting is missing."""
    with pytest.raises(InputError, match="GOOGLE_CLOUD_PROJECT"):
        read(CloudLogs("", clock=lambda: NOW, emulator="127.0.0.1:1"))
