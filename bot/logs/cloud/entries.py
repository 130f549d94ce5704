"""An entry of Cloud Logging, as the library has it, read into the JSON of exports.

Google's own way (`MessageToDict`) takes most of the time of reading; what nearly every entry has is read by hand,
the rest by Google's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from google.cloud.audit import audit_log_pb2  # type: ignore[import-untyped] # noqa: F401 - to read audit payloads
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped] # has no types

LEVELS: Mapping[int, str] = {
    100: "DEBUG", 200: "INFO", 300: "NOTICE", 400: "WARNING", 500: "ERROR", 600: "CRITICAL", 700: "ALERT",
    800: "EMERGENCY",
}  # fmt: skip
_PLAIN = (
    ("insert_id", "insertId"),
    ("log_name", "logName"),
    ("trace", "trace"),
    ("span_id", "spanId"),
)
_REQUEST = (
    ("request_method", "requestMethod"),
    ("request_url", "requestUrl"),
    ("status", "status"),
    ("user_agent", "userAgent"),
    ("remote_ip", "remoteIp"),
    ("server_ip", "serverIp"),
    ("referer", "referer"),
    ("protocol", "protocol"),
)
_SIZES = (("request_size", "requestSize"), ("response_size", "responseSize"))
_DEPTH = 100
"""Deeper payloads cannot be sent over the wire anyway."""


def entry(message: Any) -> dict[str, Any]:
    """The entry as it would stand in an export; a payload that has no JSON form (of an unknown type) is named."""
    raw: dict[str, Any] = {}
    for field, name in _PLAIN:
        value = getattr(message, field)
        if value:
            raw[name] = value
    raw["resource"] = {"type": message.resource.type, "labels": dict(message.resource.labels)}
    if message.HasField("timestamp"):
        raw["timestamp"] = stamp(message.timestamp)
    if message.HasField("receive_timestamp"):
        raw["receiveTimestamp"] = stamp(message.receive_timestamp)
    if message.severity:
        raw["severity"] = LEVELS.get(message.severity, "DEFAULT")
    if message.labels:
        raw["labels"] = dict(message.labels)
    if message.HasField("http_request"):
        raw["httpRequest"] = _request(message.http_request)
    if message.HasField("source_location"):
        raw["sourceLocation"] = MessageToDict(message.source_location)
    if message.HasField("operation"):
        raw["operation"] = MessageToDict(message.operation)
    kind = message.WhichOneof("payload")
    if kind == "text_payload":
        raw["textPayload"] = message.text_payload
    elif kind == "json_payload":
        raw["jsonPayload"] = {k: _value(v) for k, v in message.json_payload.fields.items()}
    elif kind == "proto_payload":
        try:
            raw["protoPayload"] = MessageToDict(message.proto_payload)
        except (ValueError, TypeError):
            raw["textPayload"] = f"({message.proto_payload.type_url[:200]}, which has no JSON form)"
    return raw


def stamp(time: Any) -> str:
    return f"{_seconds(time.seconds)}.{time.nanos:09d}Z"


@lru_cache(maxsize=4096)
def _seconds(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "0001-01-01T00:00:00"


def _request(request: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for field, name in _REQUEST:
        value = getattr(request, field)
        if value:
            raw[name] = value
    for field, name in _SIZES:
        if value := getattr(request, field):
            raw[name] = str(value)
    if request.HasField("latency"):
        raw["latency"] = f"{request.latency.seconds + request.latency.nanos / 1e9:.9f}s"
    return raw


def _value(value: Any, depth: int = 0) -> Any:
    """A value of a JSON payload. Numbers as they were written: on the way here all have become floats."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value" and depth < _DEPTH:
        return {k: _value(v, depth + 1) for k, v in value.struct_value.fields.items()}
    if kind == "list_value" and depth < _DEPTH:
        return [_value(v, depth + 1) for v in value.list_value.values]
    return None
