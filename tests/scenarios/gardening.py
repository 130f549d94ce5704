"""Raw entries and a tracker for the story of a morning on call: six problems, of which five belong on the tracker.

`before` is what the baseline reads, `morning` what comes after. Services, texts and numbers are made up; what decides
each outcome stands in the entries and in how the issues were closed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

SERVICE = "shop-backend-staging"
OLD, NEW = f"{SERVICE}-00738-abc", f"{SERVICE}-00740-def"
MORNING = datetime(2026, 9, 14, 13, 41, 6, tzinfo=UTC)
SCANNER, CLIENT = "198.51.100.82", "203.0.113.7"
PROJECT = "shop-staging"

Raw = dict[str, Any]


def _entry(id: str, at: datetime, revision: str, **more: Any) -> Raw:
    stamp = at.isoformat().replace("+00:00", "Z")
    return {
        "insertId": id,
        "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr",
        "timestamp": stamp,
        "receiveTimestamp": stamp,
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": SERVICE, "revision_name": revision, "project_id": PROJECT},
        },
        "labels": {"instanceId": f"{revision}-1"},
    } | more


def _line(
    id: str, at: datetime, revision: str, severity: str, message: str, function: str, module: str, **more: Any
) -> Raw:
    entry = _entry(id, at, revision, severity=severity)
    entry["jsonPayload"] = {"message": message, "labels": {"function": function, "module": module}, **more}
    return entry


def _request(id: str, at: datetime, revision: str, method: str, path: str, status: int, ip: str, agent: str) -> Raw:
    made = _entry(id, at, revision, severity="WARNING")
    made["logName"] = f"projects/{PROJECT}/logs/run.googleapis.com%2Frequests"
    made["httpRequest"] = {
        "requestMethod": method,
        "requestUrl": f"https://api.staging.shop.example{path}",
        "status": status,
        "remoteIp": ip,
        "userAgent": agent,
        "latency": "0.02s",
    }
    return made


def refused(start: datetime, revision: str) -> list[Raw]:
    """The service's own identity is refused, for each request anew."""
    return [
        _line(
            f"auth-{start:%d}-{n}",
            start + timedelta(seconds=n / 2),
            revision,
            "ERROR",
            "403: Not authenticated",
            "get_request_scoped_db_session",
            "shop_backend.app.dependencies",
            user_id="service:shop-backend",
            request_id=f"req_17578572{n:05d}_{1100 + n}_66d6f9{n:02d}",
        )
        for n in range(12)
    ]


def doubled(start: datetime, revision: str, users: int) -> list[Raw]:
    """One user after the other has two managers of one session."""
    return [
        _line(
            f"twice-{start:%d}-{n}",
            start + timedelta(seconds=5 + n),
            revision,
            "WARNING",
            "SSOT validation issues (non-blocking): ['Multiple manager instances for user "
            f"demo-user-{n:03d} - potential duplication']",
            "validate_manager_creation",
            "shop_backend.app.websocket_core.ssot_validation_enhancer",
            user_id=f"demo-user-{n:03d}",
        )
        for n in range(1, users + 1)
    ]


def sessions(start: datetime, revision: str) -> list[Raw]:
    """A middleware is missing, all day; the logging library stands where the code site should."""
    return [
        _line(
            f"session-{start:%d}-{n}",
            start + (timedelta(seconds=5 + n / 5) if n < 6 else timedelta(hours=n - 18)),
            revision,
            "WARNING",
            "Session access failed (middleware not installed?): SessionMiddleware must be installed to access "
            "request.session",
            "callHandlers",
            "logging",
        )
        for n in range(18)
    ]


def probes(start: datetime, revision: str) -> list[Raw]:
    paths = ("/etc/passwd", "/.env", "/wp-admin/setup-config.php")
    return [
        _request(f"probe-{n}", start + timedelta(seconds=n), revision, "GET", path, 404, SCANNER, "python-httpx/0.28.1")
        for n, path in enumerate(paths)
    ]


def executions(start: datetime, revision: str) -> list[Raw]:
    """A valid client's calls, which succeed for others, are refused as malformed."""
    return [
        _request(
            f"execute-{start:%d}-{n}",
            start + timedelta(seconds=7 * n),
            revision,
            "POST",
            "/api/agents/execute",
            422,
            CLIENT,
            "ShopPartner/3.1 (integration)",
        )
        for n in range(14)
    ]


def messages(start: datetime, revision: str) -> list[Raw]:
    """Somebody asks for a message that is not there, and is told so."""
    return [
        _request(
            f"message-{start:%d}-{n}",
            start + timedelta(seconds=11 * n),
            revision,
            "GET",
            "/api/messages/invalid-id",
            404,
            CLIENT,
            "ShopPartner/3.1 (integration)",
        )
        for n in range(2)
    ]


def before() -> list[Raw]:
    """Two days earlier, on the old revision: the first round ever reads it."""
    day = MORNING - timedelta(days=2)
    return [*doubled(day, OLD, 3), *sessions(day, OLD), *executions(day, OLD), *messages(day, OLD)]


def morning() -> list[Raw]:
    return [
        *refused(MORNING, NEW),
        *doubled(MORNING, NEW, 12),
        *sessions(MORNING, NEW),
        *probes(MORNING + timedelta(minutes=20), NEW),
        *executions(MORNING + timedelta(minutes=2), NEW),
        *messages(MORNING + timedelta(minutes=4), NEW),
    ]


ISSUES: dict[int, tuple[str, str, tuple[str, ...]]] = {
    169: (
        "GCP-staging-P2-SessionMiddleware: 17+ warnings a day",
        "Session access failed (middleware not installed?): SessionMiddleware must be installed to access "
        "request.session",
        ("P2",),
    ),
    307: (
        "Validation errors 422 when agents are listed",
        "GET /api/agents/list answered 422 for valid requests; the schema was mended",
        (),
    ),
    521: (
        "Service-to-service authentication fails: 403 Not authenticated in get_request_scoped_db_session",
        "service:shop-backend is refused with `403: Not authenticated` in shop_backend.app.dependencies, function "
        "get_request_scoped_db_session.",
        ("P0",),
    ),
    887: ("Agent execution is slow under load", "agents/execute takes more than 30 s", ("P3",)),
    889: (
        "GCP-active-dev | P3 | SSOT WebSocket manager duplication warnings: multiple manager instances for user",
        "SSOT validation issues (non-blocking): Multiple manager instances for user demo-user-001 - potential "
        "duplication, in validate_manager_creation of ssot_validation_enhancer",
        ("P3", "bug"),
    ),
    928: (
        "Service user is not authenticated by the request scoped session factory",
        "get_request_scoped_db_session says Not authenticated where the secret of the service differs",
        (),
    ),
    960: ("WebSocket manager fragmentation", "Several classes of WebSocket managers exist side by side", ("P0",)),
    966: ("Monitoring API returns empty pages", "no metrics are shown", ()),
}
"""Number to title, body and labels."""
CLOSED = (307, 521)
"""Closed as completed, two months earlier."""
