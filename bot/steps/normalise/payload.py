"""Structured payloads: which of their fields is the message, the exception, the code site, the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from bot.masks import Heading
from bot.models import Failure, Site
from bot.steps.normalise.shape import first, inner, whole, words
from bot.steps.normalise.text import clean, shorten
from bot.tracebacks import failure

_MESSAGE = (
    "message",
    "msg",
    "textPayload",
    "event",
    "error",
    "exception",
    "err",
    "text",
    "detail",
    "description",
    "log",
)
_DETAIL = ("error", "errors", "err", "exception", "reason", "detail")
_STACK = (
    "stack",
    "stack_trace",
    "stackTrace",
    "stacktrace",
    "traceback",
    "exc_info",
    "exc_text",
    "trace_back",
    "exception",
)
_EXCEPTION = re.compile(
    r"(?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Za-z_$][\w$]*"
    r"(?:Error|Exception|Failure|Timeout|Exit|Interrupt|Warning|Fault|Panic|Abort)"
    r"|(?:[A-Za-z_][\w]*\.)+[A-Z]\w+"
)
_LIBRARIES = (
    "logging",
    "logging.handlers",
    "loguru",
    "loguru._logger",
    "structlog",
    "winston",
    "pino",
    "logrus",
    "zap",
    "root",
)
_PASSING = ("callHandlers", "handle", "emit", "_log", "_proxy_to_logger", "log")


def payload_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The structured payload: `jsonPayload`, or a text payload that is itself one JSON object."""
    payload = inner(raw, "jsonPayload")
    if payload:
        return payload
    text = raw.get("textPayload")
    if isinstance(text, str) and len(text) < 512 * 1024:
        return parsed(text)
    return payload


def parsed(text: str) -> Mapping[str, Any]:
    """The JSON object that the whole text is, where it looks like a log record; else an empty mapping."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}") and len(text) > 2):
        return {}
    try:
        found = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return {}
    return found if isinstance(found, dict) and any(k in found for k in (*_MESSAGE, "level", "severity")) else {}


def message(payload: Mapping[str, Any]) -> str:
    """What the payload says, with the stack trace it carries, if any."""
    text = _said(payload, depth=3)
    if not text.strip():
        return _dump(payload)
    stack = stack_of(payload)
    if stack and stack.strip()[:200] not in text:
        text = f"{text}\n{stack}"
    return clean(text)


def stack_of(payload: Mapping[str, Any]) -> str:
    for where in (
        payload,
        *(inner(payload, n) for n in ("error", "err", "exception", "metadata", "context", "message")),
    ):
        for name in _STACK:
            found = where.get(name)
            if isinstance(found, list):
                found = "\n".join(x for x in found[:200] if isinstance(x, str))
            if isinstance(found, str) and "\n" in found.replace("\\n", "\n"):
                return found.replace("\\n", "\n") if "\n" not in found else found
    return ""


def failure_of(payload: Mapping[str, Any], text: str, loud: bool) -> Failure | None:
    """The exception of a payload: from a stack trace in it, or from an error object on an entry that is loud."""
    found = failure(text) or (failure(stack_of(payload)) if loud and payload else None)
    if found or not loud:
        return found
    for name in ("error", "err", "exception", "exc"):
        error = inner(payload, name)
        kind = first(error, ("type", "name", "class", "kind", "__type__"))
        if kind and len(kind) <= 200 and _EXCEPTION.fullmatch(kind):
            said = first(error, ("message", "value", "msg", "detail"))
            return Failure(kind, shorten(clean(said), 2000))
    kind = first(payload, ("exception_type", "error_type", "exc_type", "errorType", "exceptionType"))
    if kind and len(kind) <= 200 and _EXCEPTION.fullmatch(kind):
        said = first(payload, ("exception_message", "error_message", "exc_message", "error", "exception"))
        return Failure(kind, shorten(clean(said), 2000))
    return None


def site_of(raw: Mapping[str, Any], payload: Mapping[str, Any], heading: Heading | None) -> Site | None:
    """Where it was logged; the logging library's own lines are not that."""
    source = inner(raw, "sourceLocation") or inner(payload, "logging.googleapis.com/sourceLocation")
    source = source or inner(payload, "sourceLocation")
    labels = inner(payload, "labels")
    places = (
        _site(first(source, ("module",)), first(source, ("function",)), first(source, ("file",)), source.get("line")),
        *(
            _site(
                first(where, ("module", "logger", "logger_name", "loggerName", "name")),
                first(where, ("function", "funcName", "func_name", "func")),
                first(where, ("file", "filename", "pathname")),
                where.get("line") or where.get("lineno") or where.get("lineNumber"),
            )
            for where in (labels, payload, inner(payload, "context"))
        ),
        _site(heading.logger, heading.function, "", heading.line) if heading else None,
    )
    return next((p for p in places if p), None)


def user_of(payload: Mapping[str, Any]) -> str:
    """Whoever the entry is about, as the service names them; to be hashed, never shown."""
    if not payload:
        return ""
    names = ("user_id", "userId", "uid", "user", "user_email", "username", "email", "principal")
    for where in (payload, inner(payload, "context"), inner(payload, "labels"), inner(payload, "extra")):
        found = first(where, names) or first(inner(where, "user"), ("id", "user_id", "email", "username", "name"))
        if found:
            return found[:500]
    return ""


def request_id_of(raw: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    names = ("request_id", "requestId", "req_id", "reqId", "x-request-id", "correlation_id", "correlationId")
    wheres = (payload, inner(payload, "context"), inner(payload, "labels"), inner(payload, "req"), inner(raw, "labels"))
    found = next((f for w in wheres if (f := first(w, names))), "")
    return (found or first(inner(payload, "req"), ("id",)) or first(inner(raw, "labels"), ("execution_id",)))[:200]


def _site(module: str, function: str, file: str, line: Any) -> Site | None:
    if module in _LIBRARIES or (function in _PASSING and not file and "logg" in module):
        return None
    if "/logging/__init__.py" in file or not (function or file or "." in module or "/" in module):
        return None
    return Site(module[:200], function[:200], file[:300], whole(line))


def _said(payload: Mapping[str, Any], depth: int) -> str:
    for name in _MESSAGE:
        value = payload.get(name)
        if isinstance(value, Mapping) and depth:
            found = _said(value, depth - 1) or first(value, ("value", "name", "type"))
        elif isinstance(value, list):
            found = " ".join(words(v) for v in value[:50])
        else:
            found = words(value)
        if not found.strip():
            continue
        if name == "event":
            details = (_said({"message": payload.get(d)}, depth - 1) for d in _DETAIL) if depth else iter(())
            found = ": ".join([found, *[d for d in details if d.strip()][:1]])
        return found
    return ""


def _dump(payload: Mapping[str, Any]) -> str:
    try:
        text = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()
    except (TypeError, RecursionError):
        text = ", ".join(sorted(str(k) for k in payload))
    return shorten(clean(text), 4000)
