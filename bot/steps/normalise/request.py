"""The HTTP request an entry is about, and what the platform says in words about requests and containers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.masks import route
from bot.models import Request
from bot.steps.normalise.shape import first, inner, whole, words
from bot.steps.normalise.text import clean, shorten

_SECONDS = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(ms|s|us|µs|ns)?\s*", re.ASCII)
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PLATFORM = re.compile(
    r"^(?:Container called (?:exit|abort)|Application exec likely failed|Container terminated on signal|"
    r"Uncaught signal: \d+|Default (?:STARTUP|LIVENESS|READINESS) |(?:STARTUP|LIVENESS|READINESS) \w+ probe |"
    r"Memory limit of |(?:Container|Ready condition|Revision) \S+ (?:is not ready|failed)|Cloud Run error: |"
    r"The request (?:was aborted|failed because|has been terminated|was not authenticated|was not authorized)|"
    r"Truncated response body|Starting new instance\.|Shutting down user disabled instance|"
    r"Malformed response|Out-of-memory event detected|While handling this request, the container instance|"
    r"Consider setting the maximum|The user-provided container failed|Exceeded .{0,40}memory limit)"
)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_ASKED = ("uri", "path", "url", "request_uri")
_METHOD = r"(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"
_BROKEN = tuple(
    re.compile(expression)
    for expression in (
        # "GET /carts/7 HTTP/1.1" 500: the common log format, and what is like it
        r'"' + _METHOD + r' (?P<url>\S{1,2000}) HTTP/[0-9.]{1,3}"(?: from \S{1,80} -)? (?P<status>5[0-9]{2})\b',
        # | 500 | 1.2ms | 10.0.0.1 | GET "/carts/7"
        r"\| *(?P<status>5[0-9]{2}) *\|[^\"\n]{0,120}\| *" + _METHOD + r' *\|? *"?(?P<url>/[^\s"]{0,2000})',
        # GET /carts/7 500 1.2 ms
        r"^(?:\S{1,60} )?" + _METHOD + r" (?P<url>/\S{0,2000}) (?P<status>5[0-9]{2}) [0-9.]{1,12} ?ms\b",
    )
)
"""How access logs tell of a request that the server failed."""
_CALLED = re.compile(r"https?://\S{1,300} \"$")
"""How a library tells of a request that the service itself made."""
_LOOKED_AT = 2_500
PLATFORM_LOG = "varlog/system"
_ORIGIN = re.compile(r"^[a-z]+://[^/]*")
_EXIT_FINE = re.compile(r"^Container called exit\(0\)")


def request(raw: Mapping[str, Any], payload: Mapping[str, Any]) -> Request | None:
    """From `httpRequest`, wherever it is; None where it names neither URL nor status."""
    for found in (raw.get("httpRequest"), payload.get("httpRequest"), inner(payload, "context").get("httpRequest")):
        if not found or not isinstance(found, Mapping):
            continue
        url = words(found.get("requestUrl") or found.get("url")).strip()
        status = found.get("status") or found.get("responseStatusCode") or found.get("statusCode")
        if not url and not whole(status):
            continue
        url = shorten(clean(url), 2000)
        return Request(
            method=words(found.get("requestMethod") or found.get("method")).upper()[:16],
            url=url,
            route=route(url),
            status=whole(status),
            latency=latency(found.get("latency")),
            agent=shorten(clean(words(found.get("userAgent"))), 500),
        )
    return None


def broken(text: str) -> Request | None:
    """The request that the server failed, where the line is one of an access log; None for any other."""
    if " 5" not in text:
        return None
    text = text[:_LOOKED_AT]
    found = next((m for e in _BROKEN if (m := e.search(text))), None)
    if found is None or _CALLED.search(text, 0, found.start() + 1):
        return None
    url = shorten(clean(found["url"]), 2000)
    return Request(method=found["method"], url=url, route=route(url), status=int(found["status"]))


def broken_in(payload: Mapping[str, Any]) -> Request | None:
    """The same, of an access log that is written as objects."""
    status = whole(payload.get("status")) or whole(payload.get("statusCode")) or whole(payload.get("status_code"))
    if not 500 <= status < 600:
        return None
    method, url = first(payload, ("method", "request_method")).upper(), first(payload, _ASKED)
    if method not in _METHODS or not url.startswith(("/", "http")):
        return None
    url = shorten(clean(url), 2000)
    return Request(method=method, url=url, route=route(url), status=status)


def request_text(found: Request) -> str:
    """What a request that came without words is shown as."""
    path = _ORIGIN.sub("", found.url.partition("?")[0]) or "/"
    return " ".join(p for p in (found.method, path, str(found.status or "")) if p)


def says_platform(text: str, log: str) -> bool:
    """Whether it is Cloud Run itself that speaks, and not the service."""
    if log.endswith(PLATFORM_LOG):
        return True
    return not log.endswith(("/stdout", "/stderr")) and bool(_PLATFORM.match(text))


def is_fine(text: str) -> bool:
    """A container that ended by its own will, without an error."""
    return bool(_EXIT_FINE.match(text))


def latency(value: Any) -> float:
    """How many seconds it took, however that is written."""
    if isinstance(value, Mapping):
        return float(whole(value.get("seconds"))) + whole(value.get("nanos")) / 1e9
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 <= value < 1e9 else 0.0
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
