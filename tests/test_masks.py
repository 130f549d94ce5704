"""What is masked in texts and routes, what stays, and that masking twice changes nothing."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.masks import MASKS, bare, heading, mask, route


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("order 4711 took 12 of 30", "order <num> took <num> of <num>"),
        ("done in 1.25s, 300 ms, 1h2m3s", "done in <duration>, <duration>, <duration>"),
        ("read 5.2MB of 1024 bytes", "read <size> of <size>"),
        ("user 9f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0 left", "user <uuid> left"),
        ("at 2026-01-31T10:00:00.123Z", "at <time>"),
        ("[2026-01-31 10:00:00 +0000] [13] up", "[<time>] [<num>] up"),
        ("01/31/2026, 10:00:00 AM it was", "<time> it was"),
        ("2026/01/31 10:00:00 up", "<time> up"),
        ("31/Jan/2026:10:00:00 +0000 up", "<time> up"),
        ("since 2026-01-31", "since <date>"),
        ("from 203.0.113.9:5432 and 2001:db8:0:0:0:0:0:1", "from <ip> and <ip>"),
        ("mail pat@shop.example", "mail <email>"),
        ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit <hex>"),
        ("object at 0x7f3a2b", "object at <hex>"),
        ("image@sha256:0f3c9d2f7a1b4e5c", "image@<hex>"),
        ("GET /a?page=2&q=shoes", "GET /a?<query>"),
        ("/tmp/tmpab12xy/file", "/tmp/<id>/file"),
        ("shop-api-00042-abc is ready", "shop-api-<revision> is ready"),
        ("session_0af31c99ff expired", "session_<hex> expired"),
        ("AddOrders1769853600000 failed", "AddOrders<num> failed"),
        ("key a1b2c3d4e5XYZ9q", "key <id>"),
        ("97% full, 1.5e-3", "<num> full, <num>"),
        ("<password> for <email> at <time>", "<password> for <email> at <time>"),
    ],
)
def test_what_varies_is_masked(text: str, masked: str) -> None:
    """Ids, times, addresses, numbers and sizes; masks stay."""
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "HTTP 404 Not Found", "status: 503", "status_code=500",
        '"GET / HTTP/1.1" 502', "exit(3)", "exited with code 137",
        "signal 9", "403 Forbidden", "errno 111",
        "ModuleNotFoundError: No module named x", "utf8mb4 on x86_64",
        "oauth2",
        "sha256 base64 python3 s3 ipv6", "InvalidConfigurationPropertyValueException", "v1beta1",
        "relation orders_v2",
    ],
)  # fmt: skip
def test_what_tells_problems_apart_stays(text: str) -> None:
    """Statuses and codes that say what they are, names of exceptions, of encodings and of versions."""
    assert mask(text) == text


_PIECES = st.sampled_from(
    ["<", ">", "<num>", "12", "a", "f", "0x", "-", "_", ".", ":", "/", " ", "Z", "T", "s", "ms", "%", "@",
     "?a=", "10:00:00",
     "2026-01-31", "deadbeef", "1.2.3.4", "::", "code ", "HTTP", "sha256:", "é", "00042-abc", "Jan",
     "\n", "(", "'", '"', "MB"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=4), max_size=14).map("".join))
def test_twice_is_once(text: str) -> None:
    """Masking what is masked changes nothing."""
    assert mask(mask(text)) == mask(text)


def test_expressions_stay_in_the_common_dialect() -> None:
    """No look-around, no back-references, no possessive or atomic groups; one group at most, the stem."""
    names = [m.name for m in MASKS]
    assert len(names) == len(set(names))
    for m in MASKS:
        assert not re.search(r"\(\?(?:=|!|<=|<!|>|P=)|\\[1-9]|[*+?}]\+", m.expression), m.name
        assert re.compile(m.expression, re.ASCII).groups == (1 if "(?P<stem>" in m.expression else 0), m.name


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/messages/17", "/api/messages/{id}"),
        ("https://shop.example/api/messages/17?full=1#top", "/api/messages/{id}"),
        ("/users/9f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0/orders/", "/users/{id}/orders"),
        ("/users/pat%40shop.example", "/users/{id}"),
        ("/users/<email>", "/users/{id}"),
        ("/t/0af31c99", "/t/{id}"),
        ("/p/17-a-fine-title", "/p/{id}"),
        ("/days/2026-01-31", "/days/{id}"),
        ("/orders/order_20117", "/orders/{id}"),
        ("/tables/table-07/seats", "/tables/{id}/seats"),
        ("/u/ThQ7nhjbK24", "/u/{id}"),
        ("/static/main.ab12cd34.js", "/static/main.{id}.js"),
        ("/_next/static/chunks/53aea1a20375dfee.js.map", "/_next/static/chunks/{id}.js.map"),
        ("/api/v1/users", "/api/v1/users"),
        ("/oauth2/callback", "/oauth2/callback"),
        ("/wp-admin/setup-config.php", "/wp-admin/setup-config.php"),
        ("/.env", "/.env"),
        ("", "/"),
        ("//", "/"),
    ],
)
def test_routes(path: str, found: str) -> None:
    """Ids in a path become `{id}`; words, versions and files stay."""
    assert route(path) == found


@given(st.text(max_size=200))
def test_a_route_is_a_route(path: str) -> None:
    """Any text gives a bounded route, and its route is itself."""
    found = route(path)
    assert found.startswith("/")
    assert len(found) <= 300
    assert route(found) == found


@pytest.mark.parametrize(
    ("line", "level", "logger", "rest"),
    [
        ("2026-01-31 10:00:00.123 | WARNING  | shop.cart:add:52 | no", "WARNING", "shop.cart", "no"),
        ("[Nest] 1  - 01/31/2026, 10:00:00 AM   ERROR [Cart] no", "ERROR", "Cart", "no"),
        ("[2026-01-31 10:00:00 +0000] [13] [ERROR] no", "ERROR", "", "no"),
        ("[2026-01-31 10:00:00,246] WARNING shop.cart: no", "WARNING", "shop.cart", "no"),
        ("2026-01-31 10:00:00,123 - shop.cart - ERROR - no", "ERROR", "shop.cart", "no"),
        ("2026-01-31 10:00:00 [error    ] no", "ERROR", "", "no"),
        ("2026-01-31T10:00:00.059Z [error]: no", "ERROR", "", "no"),
        ("2026-01-31T10:00:00Z ERROR no", "ERROR", "", "no"),
        ("WARNING 2026-01-31 10:00:00,123 no", "WARNING", "", "no"),
        ("WARNING 2026-01-31 10:00:00,123 shop.cart no", "WARNING", "shop.cart", "no"),
        ("2026-01-31 10:00:00 | WARNING  | shop.cart - no", "WARNING", "shop.cart", "no"),
        ("SLF4J(W): no", "W", "", "no"),
        ("ERROR:shop.cart:no", "ERROR", "shop.cart", "no"),
        ("ERROR: no", "ERROR", "", "no"),
        ("[ERROR] no", "ERROR", "", "no"),
        ("[error] no", "ERROR", "", "no"),
        ("error: no", "ERROR", "", "no"),
        ("INFO:     no", "INFO", "", "no"),
        ("E0131 10:00:00.123456       1 cart.go:52] no", "E", "cart.go", "no"),
        ('time="2026-01-31T10:00:00Z" level=error msg=no', "ERROR", "", "msg=no"),
        ("CRITICAL - no", "CRITICAL", "", "no"),
        ("10:00:00.123 [main] ERROR shop.Cart - no", "ERROR", "shop.Cart", "no"),
        ("2026-01-31T10:00:00.123Z ERROR 1 --- [main] shop.Cart : no", "ERROR", "shop.Cart", "no"),
        ("E, [2026-01-31T10:00:00.123456 #1] ERROR -- : no", "ERROR", "", "no"),
        ("[2026-01-31T10:00:00Z ERROR shop::cart] no", "ERROR", "shop::cart", "no"),
        ("[2026-01-31T10:00:00+00:00] shop.ERROR: no", "ERROR", "shop", "no"),
        ("2026-01-31T10:00:00.123Z\tERROR\tno", "ERROR", "", "no"),
        ("2026/01/31 10:00:00 [error] no", "ERROR", "", "no"),
        ("fail: Shop.Cart[0]\n      no", "FAIL", "Shop.Cart", "no"),
    ],
)
def test_headings(line: str, level: str, logger: str, rest: str) -> None:
    """Level, logger and words of a line, as logging libraries write them."""
    found = heading(line)
    assert found is not None
    assert (found.level, found.logger, found.rest) == (level, logger, rest)
    assert bare(line) == rest


@pytest.mark.parametrize(
    "line",
    [
        "no heading",
        "Information about orders",
        "Errors: 3",
        "error",
        "",
        "Logging in",
        "warnings.warn(x)",
        "at info (a:1)",
    ],
)
def test_lines_without_a_heading(line: str) -> None:
    """Words that begin like a level are none."""
    assert heading(line) is None
    assert bare(line) == line


def test_a_time_in_front_is_no_part_of_the_words() -> None:
    """Also where no level follows."""
    assert bare("2026/01/31 10:00:00 starting") == "starting"


@pytest.mark.parametrize(
    "text", ["1:" * 16_000, "a1" * 16_000, "1." * 16_000, "::" * 16_000, "@a." * 10_000, "/" * 32_000, "[" * 32_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    """No expression runs away."""
    assert mask(text) is not None
    assert route(text) is not None
    heading(text)


@pytest.mark.parametrize("piece", ["class=a ", "a=b ", "[a] ", "[error]", "a.b.", "- ", "| 500 |", "ERROR "])
@pytest.mark.parametrize(
    "front", ["2026-03-01T10:00:00.123Z pid=1 tid=2k ", "10:00:00.123 ", "[2026-03-01 10:00:00]", ""]
)
def test_hostile_headings_take_no_time(front: str, piece: str) -> None:
    """What may be there any number of times is there in one way only."""
    started = time.process_time()
    for length in (400, 6_000):
        heading(front + piece * (length // len(piece)) + "?")
    assert time.process_time() - started < 1
