"""Structured payloads: which of their fields is the message, the exception, the code site, the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from bot.masks import Heading, route, scanned
from bot.models import Failure, Site
from bot.steps.normalise.shape import Names, around, first, inner, whole, words
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
    "Message",
    "RenderedMessage",
    "MessageTemplate",
    "@m",
    "@mt",
    "short_message",
    "body",
)
_DETAIL = Names("error", "errors", "err", "exception", "reason", "detail")
_STACK = Names(
    "stack",
    "stack_trace",
    "stackTrace",
    "stacktrace",
    "extendedStackTrace",
    "traceback",
    "exc_info",
    "exc_text",
    "trace_back",
    "exception",
    "Exception",
    "@x",
    "error.stack_trace",
    "exception.stacktrace",
)
_RAISED = Names("error", "err", "exception", "exc", "thrown")
_RAISED_TYPE = Names("exception_type", "error_type", "exc_type", "errorType", "exceptionType")
_MODULE = Names("module", "logger", "logger_name", "loggerName", "name")
_FUNCTION = Names("function", "funcName", "func_name", "func")
_FILE = Names("file", "filename", "pathname")
_PLACE = Names(*_MODULE, *_FUNCTION, *_FILE)
_CALLER = re.compile(r"([\w./@-]{1,290}\.\w{1,5}):(\d{1,9})")
"""Where it was logged, in one field: `cart/prices.go:42`."""
_MACHINE = re.compile(r"(?i)^(?:service|system|serviceaccount):|\.gserviceaccount\.com$")
_USER = Names("user_id", "userId", "uid", "user", "user_email", "username", "email", "principal")
REQUEST_ID = Names("request_id", "requestId", "req_id", "reqId", "x-request-id", "correlation_id", "correlationId")
_OPEN = re.compile(
    r"[\w ,'/-]{0,60}\b(?:fail(?:ed|ure|s)?|error|exception|cannot|could not|unable)\b"
    r"[\w ,'/-]{0,30}(?:\([\w ]{1,30}\))?",
    re.I,
)
"""Words that say only that something failed: what failed is the reason that stands beside them."""
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
_CLASS = re.compile(r"(?:[A-Z]\w*[a-z0-9]){2,}")
"""A logger named for a class, as frameworks name theirs; a bare word is no place."""
_PASSING = ("callHandlers", "handle", "emit", "_log", "_proxy_to_logger", "log")


def payload_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The structured payload: `jsonPayload`, or a text payload that is itself one JSON object."""
    payload = inner(raw, "jsonPayload")
    if payload:
        return _flat(payload)
    text = raw.get("textPayload")
    if isinstance(text, str) and len(text) < 512 * 1024:
        if "=" in text[:100] and len(text) < 8_192 and ("level=" in text or "lvl=" in text or "severity=" in text):
            return logfmt(text.strip())
        return _flat(parsed(text))
    return payload


def _flat(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What Rust's tracing puts below `fields` belongs beside the level."""
    below = payload.get("fields")
    if below and isinstance(below, Mapping) and "message" in below and "message" not in payload:
        return {**payload, **below}
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
    return (
        found if isinstance(found, dict) and any(k in found for k in (*_MESSAGE, "fields", "level", "severity")) else {}
    )


_LISTED = re.compile(r"([A-Za-z_@][\w.@/-]{0,60})=(\"(?:[^\"\\\n]|\\.)*\"|[^\s\"]*)(?:[ \t]+|$)")


def logfmt(text: str) -> Mapping[str, Any]:
    """The fields of a line that is nothing but `level=error msg="..." key=value`; else an empty mapping."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(text) and (pair := _LISTED.match(text, at)):
        value = pair[2]
        found[pair[1]] = value[1:-1].replace('\\"', '"').replace("\\n", "\n") if value[:1] == '"' else value
        at = pair.end()
    told = at == len(text) and any(k in found for k in ("msg", "message", "err", "error", "event"))
    return found if told and any(k in found for k in ("level", "lvl", "severity")) else {}


def message(payload: Mapping[str, Any]) -> str:
    """What the payload says, with the stack trace it carries, if any."""
    text = _said(payload, depth=3)
    if not text.strip():
        return _dump(payload)
    stack = stack_of(payload)
    if stack and stack.strip()[:200] not in text:
        text = f"{text}\n{stack}"
    elif answer := _answered(payload):
        text = f"{text}: {answer}"
    elif not stack and (why := _why(payload)) and why[:200] not in text:
        text = f"{text}: {why}" if _OPEN.fullmatch(text) else f"{text}\n{why}"
    return clean(text)


def _answered(payload: Mapping[str, Any]) -> str:
    """Which request failed how, in a line of a web framework's logger that is about nothing else."""
    if "req" not in payload or not _DETAIL.missing(payload):
        return ""
    asked, status = inner(payload, "req"), whole(inner(payload, "res").get("statusCode"))
    url = words(asked.get("url"))
    if status < 400 or not url:
        return ""
    return f"{words(asked.get('method'))} {'<probe>' if scanned(url) else route(url)}, status {status}"


def _why(payload: Mapping[str, Any]) -> str:
    """The reason that stands in a field of its own, beside words that only say what failed."""
    if _DETAIL.missing(payload):
        return ""
    for name in _DETAIL:
        value = payload.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        found = first(value, ("message", "msg", "value", "detail")) if isinstance(value, Mapping) else words(value)
        if len(found.strip()) > 3:
            return found.strip()[:1_000]
    return ""


def stack_of(payload: Mapping[str, Any]) -> str:
    for where in around(payload, "error", "err", "exception", "thrown", "metadata", "context", "message"):
        if _STACK.missing(where):
            continue
        for name in _STACK:
            found = where.get(name)
            if isinstance(found, list):
                found = _listed(found) or "\n".join(x for x in found[:200] if isinstance(x, str))
            if isinstance(found, str) and "\n" in found.replace("\\n", "\n"):
                return found.replace("\\n", "\n") if "\n" not in found else found
    return ""


_BECAUSE = "\nThe above exception was the direct cause of the following exception:\n"
_MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n"


def _listed(raised: list[Any]) -> str:
    """A traceback that was written as objects, as structlog does: in the words that Python has for it."""
    lines: list[str] = []
    for one in raised[4::-1]:  # the first is what was raised last
        kind = first(one, ("exc_type",)) if isinstance(one, Mapping) else ""
        frames = one.get("frames") if kind else None
        if not isinstance(frames, list):
            return ""
        lines.append("Traceback (most recent call last):")
        for frame in frames[-50:]:
            if isinstance(frame, Mapping):
                where = [first(frame, (n,)) for n in ("filename", "lineno", "name")]
                lines.append(f'  File "{where[0]}", line {where[1]}, in {where[2]}')
        lines += [f"{kind}: {first(one, ('exc_value',))}", _BECAUSE if one.get("is_cause") else _MEANWHILE]
    return "\n".join(lines[:-1])


def failure_of(payload: Mapping[str, Any], text: str, loud: bool) -> Failure | None:
    """The exception of a payload: from a stack trace in it, or from an error object on an entry that is loud."""
    found = failure(text) or (failure(stack_of(payload)) if loud and payload else None)
    if found or not loud:
        return found
    for where in around(payload, "context"):
        for name in () if _RAISED.missing(where) else _RAISED:
            error = inner(where, name)
            kind = first(error, ("type", "name", "class", "kind", "exceptionType", "__type__"))
            if kind and len(kind) <= 200 and _EXCEPTION.fullmatch(kind):
                said = first(error, ("message", "value", "msg", "detail"))
                return Failure(kind, shorten(clean(said), 2000))
    kind = "" if _RAISED_TYPE.missing(payload) else first(payload, _RAISED_TYPE)
    if kind and len(kind) <= 200 and _EXCEPTION.fullmatch(kind):
        said = first(payload, ("exception_message", "error_message", "exc_message", "error", "exception"))
        return Failure(kind, shorten(clean(said), 2000))
    return None


def site_of(raw: Mapping[str, Any], payload: Mapping[str, Any], heading: Heading | None) -> Site | None:
    """Where it was logged; the logging library's own lines are not that."""
    for source in (
        raw.get("sourceLocation"),
        payload.get("logging.googleapis.com/sourceLocation"),
        payload.get("sourceLocation"),
    ):
        if source and isinstance(source, Mapping):
            module, function, file = (first(source, (n,)) for n in ("module", "function", "file"))
            if found := _site(module, function, file, source.get("line")):
                return found
            break
    if caller := _CALLER.fullmatch(first(payload, ("caller",))):
        return Site(file=caller[1], line=int(caller[2]))
    for where in (inner(payload, "labels"), payload, inner(payload, "context")):
        if where and not _PLACE.missing(where):
            line = where.get("line") or where.get("lineno") or where.get("lineNumber")
            if found := _site(first(where, _MODULE), first(where, _FUNCTION), first(where, _FILE), line):
                return found
    return _site(heading.logger, heading.function, "", heading.line) if heading else None


def user_of(payload: Mapping[str, Any]) -> str:
    """Whoever the entry is about, as the service names them; to be hashed, never shown."""
    for where in around(payload, "context", "labels", "extra"):
        if not _USER.missing(where) and (
            found := first(where, _USER) or first(inner(where, "user"), ("id", "user_id", "email", "username", "name"))
        ):
            return found[:500]
    return ""


def is_machine(user: str) -> bool:
    """Whether that is a service's own identity: it acts for everybody."""
    return bool(_MACHINE.search(user))


def request_id_of(payload: Mapping[str, Any]) -> str:
    for where in around(payload, "context", "labels", "req"):
        if not REQUEST_ID.missing(where) and (found := first(where, REQUEST_ID)):
            return found[:200]
    return ""


def _site(module: str, function: str, file: str, line: Any) -> Site | None:
    if module in _LIBRARIES or (function in _PASSING and not file and "logg" in module):
        return None
    named = function or file or "." in module or "/" in module or _CLASS.fullmatch(module)
    if "/logging/__init__.py" in file or not named:
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
