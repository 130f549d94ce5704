"""Messy log entries to clean ones: what they say, how loudly, what about, and where they come from.

Takes any JSON and never fails: what is not there is empty, what has another shape than expected counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, overload

import orjson

from bot.masks import Heading, heading
from bot.models import Entry, Failure, Form, Level, Policy, Quiet, Raw, Request
from bot.moments import EPOCH, moment
from bot.steps.normalise import level as levels
from bot.steps.normalise.audit import audit_text, deployment, is_audit
from bot.steps.normalise.payload import failure_of, message, payload_of, request_id_of, site_of, user_of
from bot.steps.normalise.place import Place, place
from bot.steps.normalise.request import PLATFORM_LOG, is_fine, request, request_text, says_platform
from bot.steps.normalise.shape import inner, words
from bot.steps.normalise.text import clean

__all__ = ["normalise", "sift"]

_QUIET = frozenset({Form.LINE, Form.REQUEST})
_WORDS = frozenset({"textPayload", "jsonPayload", "protoPayload"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_PLAIN_URL = re.compile(r"[!-Z^-~]{1,1900}")
"""Nothing in it that would have to be cleaned, or that could be read as words."""


def normalise(raws: Sequence[Raw], policy: Policy, secret: bytes) -> list[Entry]:
    """Each raw entry as an `Entry`, in the order given. `secret` keys the hashes of users and clients."""
    reader = _Reader(policy, secret)
    return [reader.read(raw if isinstance(raw, Mapping) else {}) for raw in raws]


def sift(raws: Sequence[Raw], policy: Policy, secret: bytes) -> list[Entry | Quiet]:
    """As `normalise`, but no `Entry` is made of what is complete in itself and tells of nothing wrong."""
    reader = _Reader(policy, secret)
    known = (raw if isinstance(raw, Mapping) else {} for raw in raws)
    return [reader.answered(raw) or reader.read(raw, sift=True) for raw in known]


class _Reader:
    """Reads the entries of one batch, and knows again what many of them have in common."""

    def __init__(self, policy: Policy, secret: bytes) -> None:
        self._environments = policy.environments
        self._secret = secret[:64]
        self._places: dict[bytes, Place] = {}
        self._hashes: dict[str, str] = {"": ""}

    def answered(self, raw: Raw) -> Quiet | None:
        """A line of the request log that tells of a success and nothing else: half of what most services log."""
        asked = raw.get("httpRequest")
        if type(asked) is not dict or not _WORDS.isdisjoint(raw) or asked.get("requestMethod") not in _METHODS:
            return None
        status, url, id = asked.get("status"), asked.get("requestUrl"), raw.get("insertId")
        if not (type(status) is int and 0 < status < 400 and type(url) is str and type(id) is str and id):
            return None
        if levels.of_word(raw.get("severity")) >= Level.WARNING or not _PLAIN_URL.fullmatch(url):
            return None
        where = place(raw, self._environments, self._places)
        time = moment(raw.get("timestamp"))
        if time is None or where.log.endswith(PLATFORM_LOG):
            return None
        return Quiet(_key(raw, time, ""), time, id[:200], where.service)

    @overload
    def read(self, raw: Raw) -> Entry: ...
    @overload
    def read(self, raw: Raw, *, sift: bool) -> Entry | Quiet: ...
    def read(self, raw: Raw, *, sift: bool = False) -> Entry | Quiet:
        where = place(raw, self._environments, self._places)
        time = moment(raw.get("timestamp")) or moment(raw.get("receiveTimestamp")) or EPOCH
        payload = payload_of(raw)
        audited = is_audit(raw)
        asked = request(raw, payload)
        text, structured, head = _text(raw, payload, asked, audited)
        level, failed = _level(raw, payload, text, head, asked, audited)
        form = _form(text, where.log, failed, asked, audited)
        if form is Form.PLATFORM and is_fine(text):
            level = min(level, Level.NOTICE)
        key = _key(raw, time, text)
        id = words(raw.get("insertId"))[:200] or f"{key:016x}"
        fine = level < Level.WARNING and not failed and (asked is None or 0 < asked.status < 400)
        if sift and fine and structured and form in _QUIET:
            return Quiet(key, time, id, where.service)
        return Entry(
            id=id,
            key=key,
            time=time,
            service=where.service,
            text=text,
            level=level,
            form=form,
            environment=where.environment,
            project=where.project,
            workload=where.workload,
            revision=where.revision,
            instance=where.instance,
            log=where.log,
            trace=words(raw.get("trace")).rpartition("/")[2][:100],
            request_id=request_id_of(raw, payload),
            user=self._hashed(user_of(payload)) if payload else "",
            client=self._hashed(words(inner(raw, "httpRequest").get("remoteIp"))),
            site=None if audited else site_of(raw, payload, head),
            failure=failed,
            request=asked,
            deployment=deployment(raw, where, time, level, key) if audited else None,
            structured=structured,
        )

    def _hashed(self, who: str) -> str:
        if who not in self._hashes:
            data = who.encode("utf-8", "replace")
            self._hashes[who] = blake2b(data, digest_size=8, key=self._secret).hexdigest()
        return self._hashes[who]


def _text(
    raw: Raw, payload: Mapping[str, Any], asked: Request | None, audited: bool
) -> tuple[str, bool, Heading | None]:
    """What it says, whether it came as a structure, and the heading in front of a text line."""
    if audited:
        return audit_text(raw), True, None
    plain = raw.get("textPayload")
    if payload:
        text = message(payload)
        return text, True, heading(text)
    if isinstance(plain, str) and plain.strip():
        text = clean(plain)
        return text, "httpRequest" in raw, heading(text)
    if asked:
        return request_text(asked), True, None
    proto = inner(raw, "protoPayload")
    if proto:
        return message(proto), True, None
    return (message(payload) if "jsonPayload" in raw else ""), "jsonPayload" in raw, None


def _level(
    raw: Raw, payload: Mapping[str, Any], text: str, head: Heading | None, asked: Request | None, audited: bool
) -> tuple[Level, Failure | None]:
    """The level, and the exception it may be due to."""
    level = max(levels.of_word(raw.get("severity")), levels.of_payload(payload), levels.of_heading(head))
    failed = None if audited else failure_of(payload, text, loud=level >= Level.WARNING)
    if level is Level.DEFAULT:
        if failed:
            level = Level.ERROR
        elif not asked:
            level = levels.of_words(text)
    return level, failed


def _form(text: str, log: str, failed: Failure | None, asked: Request | None, audited: bool) -> Form:
    if audited:
        return Form.AUDIT
    if says_platform(text, log):
        return Form.PLATFORM
    if failed:
        return Form.EXCEPTION
    return Form.REQUEST if asked else Form.LINE


def _key(raw: Raw, time: datetime, text: str) -> int:
    """The entry's identity: equal for one entry, however it was read."""
    own = words(raw.get("insertId"))
    if not own:
        try:
            own = blake2b(
                orjson.dumps(raw, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
            ).hexdigest()
        except (TypeError, RecursionError):
            own = text
    log = words(raw.get("logName"))
    data = f"{log}\0{time.isoformat(timespec='microseconds')}\0{own}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1
