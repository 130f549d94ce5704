"""Messy entries made clean: message, level, place, code site, exception, request, platform, audit; and any JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Entry, Form, Level, Policy, Site
from bot.steps.normalise import normalise
from bot.steps.normalise.place import split
from bot.steps.normalise.text import LONGEST

POLICY = Policy()
KEY = b"not-a-real-key"

PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/app/shop/cart.py", line 12, in add\n    price = prices[item]\n'
    '  File "/usr/lib/python3.11/site-packages/lib/store.py", line 7, in get\n    raise KeyError(key)\n'
    "shop.errors.PriceMissing: no price for 17"
)
NODE = (
    "TypeError: Cannot read properties of undefined (reading 'id')\n"
    "    at get (/app/node_modules/lib/index.js:1:2)\n    at add (/app/src/cart.js:12:5)"
)
JAVA = (
    'Exception in thread "main" com.shop.CartException: no price\n'
    "\tat org.springframework.web.Filter.run(Filter.java:3)\n\tat com.shop.Cart.add(Cart.java:12)"
)
GO = (
    "panic: runtime error: index out of range [1]\n\ngoroutine 1 [running]:\n"
    "runtime.gopanic(0x1)\n\t/usr/local/go/src/runtime/panic.go:1 +0x1\nmain.add(0x1)\n\t/app/cart.go:12 +0x1d"
)


def one(policy: Policy = POLICY, **raw: Any) -> Entry:
    base: dict[str, Any] = {
        "insertId": "a1",
        "timestamp": "2026-01-31T10:00:00.123456789Z",
        "logName": "projects/shop/logs/run.googleapis.com%2Fstderr",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": "cart-staging", "revision_name": "cart-staging-00007-abc", "project_id": "shop"},
        },
        "labels": {"instanceId": "i1"},
    }
    return normalise([{**base, **raw}], policy, KEY)[0]


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    "payload",
    [
        {"message": "no price"},
        {"msg": "no price", "pid": 1},
        {"error": "no price"},
        {"exception": "no price"},
        {"textPayload": "no price"},
        {"message": {"message": "no price", "metadata": {"a": 1}}},
        {"event": "no price", "a": 1},
        {"err": {"message": "no price"}},
        {"message": "\x1b[31mno price\x1b[39m"},
        {"message": "", "msg": "no price"},
    ],
)
def test_the_message_is_found(payload: dict[str, Any]) -> None:
    """In whichever field it is, also inside an object, and without colours."""
    assert one(jsonPayload=payload).text == "no price"


def test_what_failed_is_said_with_it() -> None:
    """Words that say only that something failed are told with the reason in the field beside them."""
    assert (
        one(jsonPayload={"level": "error", "msg": "posting failed", "err": "no funds"}).text
        == "posting failed: no funds"
    )
    assert one(jsonPayload={"level": "error", "msg": "seat taken", "err": "no funds"}).text == "seat taken\nno funds"


def test_text_is_made_readable() -> None:
    """Escaped line breaks, code points, carriage returns and colour tags are resolved; control characters go."""
    assert one(textPayload="[U+1F511] key").text == "\N{KEY} key"
    assert one(textPayload='Traceback (most recent call last):\\n  File "a.py", line 1').text.count("\n") == 1
    assert one(textPayload="a\r\nb\x00").text == "a\nb\N{REPLACEMENT CHARACTER}"
    assert one(textPayload="2026-01-31 10:00:00.1 | INFO | a:b:1 | <green>ok</green>").text.endswith("| ok")
    assert one(textPayload=r"C:\new\table stays").text == r"C:\new\table stays"
    assert one(textPayload="half \ud800 a character").text.encode()


def test_text_is_bounded() -> None:
    """32 KiB at most, on whole characters, with a mark; beginning and end are kept."""
    text = one(textPayload="first " + "é" * 100_000).text
    assert len(text.encode()) <= LONGEST
    assert text.startswith("first")
    assert "bytes cut" in text
    assert one(textPayload="Traceback\n" + "x\n" * 20_000 + "ValueError: last").text.endswith("ValueError: last")


def test_a_text_that_is_json_is_read_as_such() -> None:
    """A JSON object logged as text is a structured entry; a lone brace is not."""
    line = one(textPayload=json.dumps({"level": "WARNING", "message": "no price", "logger": "shop.cart"}))
    assert (line.text, line.level, line.structured) == ("no price", Level.WARNING, True)
    assert line.site == Site(module="shop.cart")
    assert not one(textPayload="{").structured
    assert not one(textPayload='{"a": 1}').structured


def test_a_request_alone_says_what_it_was() -> None:
    """Without words, method, path and status are the text; the query is not."""
    entry = one(httpRequest={"requestMethod": "GET", "requestUrl": "https://x.example/a/17?b=1", "status": 503})
    assert entry.text == "GET /a/17 503"
    assert (entry.form, entry.structured) == (Form.REQUEST, True)


def test_event_and_error_are_one_message() -> None:
    """An event's name alone says too little: what went wrong stands behind it."""
    assert one(jsonPayload={"event": "price_failed", "error": "none for 17"}).text == "price_failed: none for 17"


# ---------------------------------------------------------------- how loud


@pytest.mark.parametrize(
    ("raw", "level"),
    [
        ({"severity": "WARNING", "textPayload": "a"}, Level.WARNING),
        ({"severity": 500, "textPayload": "a"}, Level.ERROR),
        ({"jsonPayload": {"level": "error", "message": "a"}}, Level.ERROR),
        ({"jsonPayload": {"level": 30, "msg": "a"}}, Level.INFO),
        ({"jsonPayload": {"level": 50, "msg": "a"}}, Level.ERROR),
        ({"jsonPayload": {"levelname": "CRITICAL", "message": "a"}}, Level.CRITICAL),
        ({"jsonPayload": {"severity": "warn", "message": "a"}}, Level.WARNING),
        ({"textPayload": "ERROR: a"}, Level.ERROR),
        ({"textPayload": "[ERROR] a"}, Level.ERROR),
        ({"textPayload": "WARNING 2026-01-31 10:00:00,123 a"}, Level.WARNING),
        ({"textPayload": "2026-01-31 10:00:00.1 | WARNING  | shop:add:5 | a"}, Level.WARNING),
        ({"textPayload": "\x1b[31m[Nest] 1  - \x1b[39m01/31/2026, 10:00:00 AM \x1b[31m  ERROR\x1b[39m [Cart] a"},
         Level.ERROR),
        ({"textPayload": "E0131 10:00:00.123456       1 cart.go:52] a"}, Level.ERROR),
        ({"textPayload": "INFO: could not find a reason to fail"}, Level.INFO),
        ({"textPayload": "just words"}, Level.DEFAULT),
        ({"textPayload": "TypeError: x is not a function"}, Level.ERROR),
        ({"textPayload": "Failed to open the cart"}, Level.ERROR),
        ({"textPayload": "2026/01/31 10:00:00 Failed to open the cart"}, Level.ERROR),
        ({"textPayload": "/app/src/cart.js:12"}, Level.ERROR),
        ({"textPayload": "finished with 0 errors, error handler registered"}, Level.DEFAULT),
        ({"textPayload": "errors: 0, failed=0"}, Level.DEFAULT),
        ({"textPayload": "Execution environment: production"}, Level.DEFAULT),
        ({"textPayload": PYTHON}, Level.ERROR),
        ({"jsonPayload": {"message": "all well", "error": {"type": "str", "message": "Missing"}}, "severity": "INFO"},
         Level.INFO),
        ({"severity": "INFO", "textPayload": "[ERROR] a"}, Level.ERROR),
    ],
)  # fmt: skip
def test_levels(raw: dict[str, Any], level: Level) -> None:
    """From the severity, the payload's words or numbers, the line's heading, or else from what it tells of."""
    assert one(**raw).level == level


# ---------------------------------------------------------------- where from


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("shop-api-staging", ("shop-api", "staging")),
        ("shop-api-stg", ("shop-api", "staging")),
        ("prod-shop-api", ("shop-api", "production")),
        ("shop-api-prod", ("shop-api", "production")),
        ("shop-api-dev", ("shop-api", "development")),
        ("dev_shop", ("shop", "development")),
        ("shop-api", ("shop-api", "")),
        ("staging", ("staging", "staging")),
        ("contest", ("contest", "")),
        ("product-api", ("product-api", "")),
        ("-staging", ("-staging", "")),
        ("Shop-Staging", ("Shop", "staging")),
    ],
)
def test_environments_by_rule(name: str, found: tuple[str, str]) -> None:
    """A suffix or prefix names it; a word that only begins so does not."""
    assert split(name) == found


def test_the_team_s_environments_come_first() -> None:
    """Patterns of the team win over the rules, and are cut off the name where they are at its end or beginning."""
    policy = Policy(environments={"*-blue": "production", "eu-*": "europe", "cart-staging": "special"})
    assert split("shop-blue", tuple(policy.environments.items())) == ("shop", "production")
    assert split("eu-shop", tuple(policy.environments.items())) == ("shop", "europe")
    assert one(policy, textPayload="a").environment == "special"


def test_the_project_names_the_environment_where_the_service_does_not() -> None:
    """`cart` in project `shop-prod` is in production."""
    entry = one(resource={"type": "cloud_run_revision", "labels": {"service_name": "cart", "project_id": "shop-prod"}})
    assert (entry.service, entry.environment) == ("cart", "production")


def test_place_of_services_jobs_and_functions() -> None:
    """Service, workload, revision, instance, log; a job has its own name and no revision."""
    entry = one(textPayload="a", trace="projects/shop/traces/abc")
    assert (entry.service, entry.workload, entry.environment) == ("cart", "cart-staging", "staging")
    assert (entry.revision, entry.instance, entry.project) == ("cart-staging-00007-abc", "i1", "shop")
    assert (entry.log, entry.trace) == ("run.googleapis.com/stderr", "abc")
    job = one(
        resource={"type": "cloud_run_job", "labels": {"job_name": "nightly-prod"}},
        labels={"run.googleapis.com/execution_name": "nightly-prod-x1"},
    )
    assert (job.service, job.environment, job.revision, job.instance) == (
        "nightly",
        "production",
        "",
        "nightly-prod-x1",
    )
    assert one(resource={"type": "cloud_function", "labels": {"function_name": "resize"}}).service == "resize"


def test_people_are_hashed() -> None:
    """Users and clients can be counted and not read; another key gives other hashes."""
    raw = {
        "timestamp": "2026-01-31T10:00:00Z",
        "jsonPayload": {"message": "a", "user_id": "pat"},
        "httpRequest": {"remoteIp": "203.0.113.9", "status": 200},
    }
    first, again, other = (normalise([raw], POLICY, key)[0] for key in (b"a", b"a", b"b"))
    assert first.user == again.user != other.user
    assert len(first.user) == len(first.client) == 16
    assert "pat" not in repr(first)


def test_the_code_site() -> None:
    """From labels, source location, payload or heading; the logging library's own lines are none."""
    labelled = {"message": "a", "labels": {"module": "shop.cart", "function": "add", "line": "12"}}
    assert one(jsonPayload=labelled).site == Site("shop.cart", "add", "", 12)
    library = {"message": "a", "labels": {"module": "logging", "function": "callHandlers", "line": "1706"}}
    assert one(jsonPayload=library).site is None
    assert one(sourceLocation={"file": "cart.go", "line": "7", "function": "main.add"}).site == Site(
        "", "main.add", "cart.go", 7
    )
    heading = "2026-01-31 10:00:00.1 | INFO | shop.cart:add:52 | a"
    assert one(textPayload=heading).site == Site("shop.cart", "add", "", 52)
    assert one(textPayload=heading.replace("shop.cart:add", "logging:handle")).site is None


# ---------------------------------------------------------------- what failed


@pytest.mark.parametrize(
    ("text", "type", "file", "line"),
    [
        (PYTHON, "shop.errors.PriceMissing", "/app/shop/cart.py", 12),
        (NODE, "TypeError", "/app/src/cart.js", 12),
        (JAVA, "com.shop.CartException", "Cart.java", 12),
        (GO, "panic", "/app/cart.go", 12),
    ],
)
def test_a_traceback_in_one_entry(text: str, type: str, file: str, line: int) -> None:
    """Type, and the innermost frame that is the application's; as text or in a payload's stack."""
    for entry in (one(textPayload=text), one(jsonPayload={"message": "no", "stack": text, "severity": "ERROR"})):
        assert entry.failure is not None
        assert entry.failure.frame is not None
        assert (entry.failure.type, entry.failure.frame.file, entry.failure.frame.line) == (type, file, line)
        assert (entry.form, entry.level) == (Form.EXCEPTION, Level.ERROR)


def test_an_error_object_counts_only_on_a_loud_entry() -> None:
    """An exception's type and value at ERROR are a failure; an error object on a healthy entry is not."""
    error = {"type": "ModuleNotFoundError", "value": "No module named 'shop'", "traceback": None}
    loud = one(severity="ERROR", jsonPayload={"message": "start failed", "error": error})
    assert loud.failure is not None
    assert (loud.failure.type, loud.failure.message) == ("ModuleNotFoundError", "No module named 'shop'")
    assert one(severity="INFO", jsonPayload={"message": "ok", "error": error}).failure is None
    assert (
        one(severity="ERROR", jsonPayload={"message": "no", "error": {"type": "str", "message": "x"}}).failure is None
    )


# ---------------------------------------------------------------- requests, platform, audit


def test_requests() -> None:
    """Method, route without ids, status, latency, agent; also where the payload carries the request."""
    http = {
        "requestMethod": "get", "requestUrl": "https://x.example/api/messages/17?a=1", "status": 500,
        "latency": "0.250s",
        "userAgent": "probe/1",
    }  # fmt: skip
    for entry in (one(httpRequest=http), one(jsonPayload={"message": "HTTP Request", "httpRequest": http})):
        assert entry.request is not None
        assert (entry.request.method, entry.request.route, entry.request.status) == ("GET", "/api/messages/{id}", 500)
        assert (entry.request.latency, entry.request.agent, entry.form) == (0.25, "probe/1", Form.REQUEST)


@pytest.mark.parametrize(
    "text",
    [
        "Container called exit(1).",
        "Default STARTUP TCP probe failed 1 time consecutively for container \"a\" on port 8080.",
        "Memory limit of 512 MiB exceeded with 515 MiB used.",
        "The request was aborted because there was no available instance.",
        "The request failed because either the HTTP response was malformed or connection to the instance had an error.",
        "Uncaught signal: 6, pid=1, tid=1, fault_addr=0.",
    ],
)  # fmt: skip
def test_the_platform_speaks(text: str) -> None:
    """What Cloud Run itself says is told apart, and keeps the request it is about; the same words on stdout are not."""
    http = {"requestMethod": "GET", "requestUrl": "/a", "status": 503}
    entry = one(
        severity="ERROR", textPayload=text, logName="projects/shop/logs/run.googleapis.com%2Frequests", httpRequest=http
    )
    assert entry.form is Form.PLATFORM
    assert entry.request is not None
    assert one(textPayload=text).form is Form.LINE
    assert (
        one(textPayload="other", logName="projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem").form is Form.PLATFORM
    )


def test_an_exit_without_error_is_fine() -> None:
    """`exit(0)` at WARNING is no warning."""
    log = "projects/shop/logs/run.googleapis.com%2Fvarlog%2Fsystem"
    assert one(severity="WARNING", textPayload="Container called exit(0).", logName=log).level < Level.WARNING
    assert one(severity="WARNING", textPayload="Container called exit(1).", logName=log).level == Level.WARNING


def audit(**payload: Any) -> dict[str, Any]:
    return {
        "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", **payload},
    }


def test_deployments() -> None:
    """Who, which revision, which image, whether it came up, and what was said."""
    revision = {
        "kind": "Revision",
        "metadata": {
            "name": "cart-staging-00008-xyz",
            "annotations": {"serving.knative.dev/creator": "pat@shop.example"},
        },
        "spec": {
            "containers": [{"image": "img@sha256:ab", "env": [{"name": "DB_PASSWORD", "value": "not-a-real-one"}]}]
        },
    }
    failed = one(
        severity="ERROR",
        **audit(
            methodName="/Services.ReplaceService",
            resourceName="namespaces/shop/revisions/cart-staging-00008-xyz",
            status={"code": 9, "message": "Ready condition status changed to False for Revision r."},
            response=revision,
        ),
    )
    made = failed.deployment
    assert made is not None
    assert (made.service, made.environment, made.revision, made.ok) == (
        "cart",
        "staging",
        "cart-staging-00008-xyz",
        False,
    )
    assert (made.image, made.who, made.key) == ("img@sha256:ab", "pat@shop.example", failed.key)
    assert (failed.form, failed.level) == (Form.AUDIT, Level.ERROR)
    assert failed.text.startswith("Ready condition")
    assert "not-a-real-one" not in repr(failed)

    asked = one(
        severity="NOTICE",
        **audit(
            methodName="google.cloud.run.v1.Services.ReplaceService",
            resourceName="namespaces/shop/services/cart-staging",
            authenticationInfo={"principalEmail": "deployer@shop.example"},
            request={"service": {"spec": {"template": {"spec": {"containers": [{"image": "img"}]}}}}},
        ),
    )
    assert asked.deployment is not None
    assert (asked.deployment.who, asked.deployment.image, asked.deployment.ok) == ("deployer@shop.example", "img", True)
    assert one(**audit(methodName="google.cloud.run.v1.Services.GetIamPolicy")).deployment is None
    assert one(**audit(methodName="google.cloud.run.v2.Services.DeleteService")).deployment is None


# ---------------------------------------------------------------- identity, and anything at all


def test_identity() -> None:
    """Log, time and insertId; the same to the microsecond however precise the time is; content where no id is."""
    assert one(textPayload="a").key == one(textPayload="b", timestamp="2026-01-31T10:00:00.123456Z").key
    assert one().key != one(insertId="a2").key
    assert one().key != one(logName="other").key
    assert one(insertId="", textPayload="a").key != one(insertId="", textPayload="b").key
    assert one(insertId="", textPayload="a").id == one(insertId="", textPayload="a").id != ""
    assert 0 <= one().key < 2**63
    assert one().time == datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)


_NAMES = st.sampled_from(
    ["message", "msg", "error", "level", "severity", "type", "stack", "labels", "module", "function", "line",
     "httpRequest", "requestUrl", "status", "latency", "user", "context", "event", "response", "metadata", "spec",
     "containers", "request", "methodName", "resourceName", "authenticationInfo",
        "template", "kind", "@type", "name", "image",
     "seconds", "nanos"]
)  # fmt: skip
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_JSON = st.recursive(
    _SCALARS | st.sampled_from([PYTHON, NODE, "{", "{}"]),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=5), x, max_size=5),
    max_leaves=25,
)
_FIELDS = st.sampled_from(
    ["insertId", "logName", "textPayload", "jsonPayload", "protoPayload", "httpRequest", "resource", "labels", "trace",
     "severity", "receiveTimestamp", "sourceLocation", "timestamp"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(_FIELDS, _JSON, max_size=8))
def test_no_shape_is_too_strange(raw: dict[str, Any]) -> None:
    """Any JSON gives an entry, with text that can be kept and a key that fits."""
    (entry,) = normalise([{"timestamp": "2026-01-31T10:00:00Z", **raw}], POLICY, KEY)
    assert len(entry.text.encode()) <= LONGEST
    assert 0 <= entry.key < 2**63
    assert entry.service
    repr(entry).encode()


def test_depth_is_no_problem() -> None:
    """Payloads nested deeper than any recursion goes."""
    deep: Any = {}
    for _ in range(5_000):
        deep = {"message": deep, "a": [deep]}
    assert one(jsonPayload=deep, insertId="").key
    assert normalise([[], None, 1], POLICY, KEY)  # type: ignore[list-item]
