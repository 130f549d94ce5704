"""The web server: routes, bounds, and what is not there."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from bot.web.server import LONGEST_BODY, WebRequest, WebResponse, WebServer, as_json


def echo(request: WebRequest) -> WebResponse:
    return as_json({"body": request.body, "query": request.query, "kind": request.headers.get("X-Kind", "")}, 201)


@pytest.fixture
def port() -> Iterator[int]:
    server = WebServer(0, {"POST /echo": echo, "GET /healthz": lambda _: WebResponse(200, "fine")}, "127.0.0.1")
    server.start()
    yield server.port
    server.stop()


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_route_gets_what_was_sent(port: int) -> None:
    """Body, query and headers arrive; the answer goes back."""
    status, body = ask(port, "POST", "/echo?a=1", "grüß".encode(), {"X-Kind": "test"})
    assert (status, body) == (201, '{"body": "gr\\u00fc\\u00df", "query": "a=1", "kind": "test"}')
    assert ask(port, "GET", "/healthz") == (200, "fine")


def test_what_is_not_there_is_said_to_be(port: int) -> None:
    """Unknown paths and wrong methods."""
    assert ask(port, "GET", "/nothing")[0] == 404
    assert ask(port, "GET", "/echo")[0] == 405


def test_a_body_is_bounded_and_must_be_text(port: int) -> None:
    """Too long is refused before it is read; so is what has no length and what is not UTF-8."""
    assert ask(port, "POST", "/echo", None, {"Content-Length": str(LONGEST_BODY + 1)})[0] == 413
    assert ask(port, "POST", "/echo", b"\xff")[0] == 400
    assert ask(port, "POST", "/echo", None, {"Content-Length": "many"})[0] == 411
