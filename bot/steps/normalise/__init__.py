"""Messy log entries to clean ones: what they say, how loudly, what about, and where they come from.

Takes any JSON and never fails: what is not there is empty, what has another shape than expected counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar, overload

import orjson

from bot.masks import Heading, heading
from bot.models import Entry, Failure, Form, Level, Policy, Quiet, Raw, Request, Site
from bot.moments import EPOCH, moment
from bot.steps.normalise import level as levels
from bot.steps.normalise.audit import audit_text, deployment, is_audit
from bot.steps.normalise.payload import failure_of, message, payload_of, request_id_of, site_of, user_of
from bot.steps.normalise.place import Place, place
from bot.steps.normalise.request import PLATFORM_LOG, is_fine, request, request_text, says_platform
from bot.steps.normalise.shape import first, inner, words
from bot.steps.normalise.text import clean

__all__ = ["normalise", "sift"]

_QUIET = frozenset({Form.LINE, Form.REQUEST})
_WORDS = frozenset({"textPayload", "jsonPayload", "protoPayload"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SINGULAR = frozenset({"httpRequest", "protoPayload", "sourceLocation"})
_MOST, _LONGEST = 10_000, 4_000
"""So many places and sayings are remembered, and none that is longer."""
_Face = TypeVar("_Face", str, bytes)
_Known = TypeVar("_Known")
_PLAIN_URL = re.compile(r"[!-Z^-~]{1,1900}")
"""Nothing in it that would have to be cleaned, or that could be read as words."""


def normalise(raws: Sequence[Raw], policy: Policy, secret: bytes) -> list[Entry]:
    """Each raw entry as an `Entry`, in the order given. `secret` keys the hashes of users and clients."""
    reader = _reader(tuple(policy.environments.items()), secret)
    return [reader.read(raw if isinstance(raw, Mapping) else {}) for raw in raws]


def sift(raws: Sequence[Raw], policy: Policy, secret: bytes) -> list[Entry | Quiet]:
    """As `normalise`, but no `Entry` is made of what is complete in itself and tells of nothing wrong."""
    reader = _reader(tuple(policy.environments.items()), secret)
    known = (raw if type(raw) is dict or isinstance(raw, Mapping) else {} for raw in raws)
    return [reader.answered(raw) or reader.read(raw, sift=True) for raw in known]


@lru_cache(maxsize=2)
def _reader(environments: tuple[tuple[str, str], ...], secret: bytes) -> _Reader:
    return _Reader(dict(environments), secret)


class _Said(NamedTuple):
    """What an entry says, apart from where and when."""

    text: str
    level: Level
    form: Form
    structured: bool
    quiet: bool
    request: Request | None
    failure: Failure | None
    site: Site | None
    user: str
    request_id: str
    other_id: str


class _Reader:
    """Reads entries, and knows again what many of them have in common."""

    def __init__(self, environments: Mapping[str, str], secret: bytes) -> None:
        self._environments = environments
        self._secret = secret[:64]
        self._places: dict[bytes, Place] = {}
        self._faces: dict[bytes, _Said] = {}
        self._hashes: dict[str, str] = {}

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
        where = self._place(raw)
        time = moment(raw.get("timestamp"))
        if time is None or where.log.endswith(PLATFORM_LOG):
            return None
        return Quiet(_key(raw, time, ""), time, id[:200], where.service)

    @overload
    def read(self, raw: Raw) -> Entry: ...
    @overload
    def read(self, raw: Raw, *, sift: bool) -> Entry | Quiet: ...
    def read(self, raw: Raw, *, sift: bool = False) -> Entry | Quiet:
        where = self._place(raw)
        said = self._said(raw, where.log)
        time = moment(raw.get("timestamp")) or moment(raw.get("receiveTimestamp")) or EPOCH
        key = _key(raw, time, said.text)
        id = words(raw.get("insertId"))[:200] or f"{key:016x}"
        if said.quiet and sift:
            return Quiet(key, time, id, where.service)
        audited = said.form is Form.AUDIT
        return Entry(
            id=id,
            key=key,
            time=time,
            service=where.service,
            text=said.text,
            level=said.level,
            form=said.form,
            environment=where.environment,
            project=where.project,
            workload=where.workload,
            revision=where.revision,
            instance=where.instance,
            log=where.log,
            trace=words(raw.get("trace")).rpartition("/")[2][:100],
            request_id=said.request_id or where.request_id or said.other_id or where.execution,
            user=said.user,
            client=self._hashed(words(inner(raw, "httpRequest").get("remoteIp"))),
            site=said.site,
            failure=said.failure,
            request=said.request,
            deployment=deployment(raw, where, time, said.level, key) if audited else None,
            structured=said.structured,
        )

    def _place(self, raw: Raw) -> Place:
        """Entries of one instance and log come from one place, and are known by its labels."""
        if "protoPayload" in raw:
            return place(raw, self._environments)
        face = _face(raw.get("resource"), raw.get("labels"), raw.get("logName"))
        return self._places.get(face) or _kept(self._places, face, place(raw, self._environments))

    def _said(self, raw: Raw, log: str) -> _Said:
        """Entries that say the same are read once."""
        if not _SINGULAR.isdisjoint(raw):
            return self._understood(raw, log)
        face = _face(log, raw.get("severity"), raw.get("textPayload"), raw.get("jsonPayload"))
        return self._faces.get(face) or _kept(self._faces, face, self._understood(raw, log))

    def _understood(self, raw: Raw, log: str) -> _Said:
        payload = payload_of(raw)
        audited = is_audit(raw)
        asked = request(raw, payload)
        text, structured, head = _text(raw, payload, asked, audited)
        level, failed = _level(raw, payload, text, head, asked, audited)
        form = _form(text, log, failed, asked, audited)
        if form is Form.PLATFORM and is_fine(text):
            level = min(level, Level.NOTICE)
        fine = level < Level.WARNING and not failed and (asked is None or 0 < asked.status < 400)
        return _Said(
            text=text,
            level=level,
            form=form,
            structured=structured,
            quiet=fine and structured and form in _QUIET,
            request=asked,
            failure=failed,
            site=None if audited else site_of(raw, payload, head),
            user=self._hashed(user_of(payload)) if payload else "",
            request_id=request_id_of(payload),
            other_id=first(inner(payload, "req"), ("id",))[:200],
        )

    def _hashed(self, who: str) -> str:
        if not who:
            return ""
        data = who.encode("utf-8", "replace")
        return self._hashes.get(who) or _kept(
            self._hashes, who, blake2b(data, digest_size=8, key=self._secret).hexdigest()
        )


def _face(*parts: Any) -> bytes:
    """What equal parts have in common, and different ones have not; empty where that cannot be told."""
    try:
        return orjson.dumps(parts)
    except (TypeError, RecursionError):
        return b""


def _kept(known: dict[_Face, _Known], face: _Face, found: _Known) -> _Known:
    """Keeps what was found for the next that is alike; forgets everything now and then."""
    if len(known) >= _MOST:
        known.clear()
    if face and len(face) <= _LONGEST:
        known[face] = found
    return found


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
    when = time.isoformat() if time.microsecond else time.isoformat(timespec="microseconds")
    data = f"{log}\0{when}\0{own}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1
