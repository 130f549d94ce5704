"""Messy log entries to clean ones: what they say, how loudly, what about, and where they come from.

Takes any JSON and never fails: what is not there is empty, what has another shape than expected counts as absent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import msgspec
import orjson

from bot.masks import Heading, heading
from bot.models import Deployment, Entry, Failure, Form, Level, Policy, Raw, Request, Sifted, Site
from bot.moments import EPOCH, moment, plain, plain_hour, plain_moment, plains
from bot.steps.normalise import level as levels
from bot.steps.normalise.audit import audit_text, deployment, is_audit
from bot.steps.normalise.payload import failure_of, is_machine, message, payload_of, request_id_of, site_of, user_of
from bot.steps.normalise.place import Place, place
from bot.steps.normalise.request import (
    PLATFORM_LOG,
    broken,
    broken_in,
    is_fine,
    latency,
    request,
    request_text,
    says_platform,
)
from bot.steps.normalise.shape import first, inner, words
from bot.steps.normalise.text import clean, is_clean
from bot.unread import ABSENT, STRANGE, Asked, Head, Stretch, Unread, head_of, heads_of, load, objects_of

__all__ = ["normalise", "sift"]

_QUIET = frozenset({Form.LINE, Form.REQUEST})
_WORDS = frozenset({"textPayload", "jsonPayload", "protoPayload"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SINGULAR = frozenset({"httpRequest", "protoPayload", "sourceLocation"})
_MOST, _LONGEST = 10_000, 4_000
"""So many places and sayings are remembered, and none that is longer."""
_TOGETHER = 1_000
"""Entries of which the times are looked at in one go."""
_ALIKE = bytes.maketrans(b"23456789", b"11111111")
"""Figures that may stand for each other; 0 is none of them, for "0 errors" is good news."""
_TO_THE_HOUR = len("2026-01-31T10:")
_Face = TypeVar("_Face", str, bytes)
_Known = TypeVar("_Known")
_PLAIN_URL = re.compile(r"[!-Z^-~]{1,1900}")
"""Nothing in it that would have to be cleaned, or that could be read as words."""


def normalise(raws: Sequence[Raw], policy: Policy, secret: bytes) -> list[Entry]:
    """Each raw entry as an `Entry`, in the order given. `secret` keys the hashes of users and clients."""
    reader = _reader(tuple(policy.environments.items()), secret)
    return [reader.read(raw if isinstance(raw, Mapping) else {}) for raw in raws]


def sift(raws: Sequence[Raw], policy: Policy, secret: bytes) -> Sifted:
    """As `normalise`, but no `Entry` is made of what is complete in itself and tells of nothing wrong."""
    reader = _reader(tuple(policy.environments.items()), secret)
    sieve = _Sieve()
    if isinstance(raws, Unread):
        alone: list[bytes] = []
        for part in raws.parts:
            if isinstance(part, bytes):
                alone.append(part)
            if alone and (len(alone) >= _TOGETHER or isinstance(part, Stretch)):
                reader.glance(alone, sieve)
                alone = []
            if isinstance(part, Stretch):
                for block in part.blocks():
                    reader.skim(block, sieve)
        reader.glance(alone, sieve)
    else:
        for raw in raws:
            reader.sift(raw if type(raw) is dict or isinstance(raw, Mapping) else {}, sieve)
    return sieve.sifted()


class _Sieve:
    """What was sifted so far. Of entries with the same key the first counts."""

    __slots__ = ("_bucket", "_hour", "_keys", "_latest", "entries", "hours", "services")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.hours: dict[int, list[int]] = {}
        self.services = Counter[str]()
        self._keys: set[int] = set()
        self._latest = ""
        """The newest time, as it was written."""
        self._hour = ""
        self._bucket: list[int] = []
        """Where the keys of this hour are: mostly the next is of the same."""

    def add(self, entry: Entry, written: str) -> None:
        self.services[entry.service] += 1
        if written > self._latest:
            self._latest = written
        if entry.key not in self._keys:
            self._keys.add(entry.key)
            self.entries.append(entry)

    def hush(self, key: int, service: str, written: str) -> None:
        self.services[service] += 1
        if written > self._latest:
            self._latest = written
        if key not in self._keys:
            self._keys.add(key)
            if not written.startswith(self._hour) or not self._hour:
                self._hour = written[:_TO_THE_HOUR]
                self._bucket = self.hours.setdefault(plain_hour(written), [])
            self._bucket.append(key)

    def sifted(self) -> Sifted:
        until = plain_moment(self._latest) if self._latest else None
        return Sifted(self.entries, self.hours, self.services, until)


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
    machine: bool
    request_id: str
    other_id: str


class _Where(NamedTuple):
    """Where an entry was written."""

    place: Place
    digested: blake2b
    """What goes first into the keys of all its entries."""
    face: bytes
    platform: bool


class _Reader:
    """Reads entries, and knows again what many of them have in common."""

    def __init__(self, environments: Mapping[str, str], secret: bytes) -> None:
        self._environments = environments
        self._secret = secret[:64]
        self._places: dict[bytes, Place] = {}
        self._faces: dict[bytes, _Said] = {}
        self._hashes: dict[str, str] = {}
        self._bare_places: dict[bytes, _Where] = {}
        self._bare_faces: dict[bytes, _Said] = {}
        """As the two above, by the bytes that stand in the file."""
        self._levels: dict[bytes, Level] = {}
        self._lines: dict[bytes, _Said] = {}

    def skim(self, block: bytes, sieve: _Sieve) -> None:
        """Entries that follow each other in a file, all of them in one go."""
        try:
            heads = heads_of(block)
        except STRANGE:
            self.glance(objects_of(block), sieve)
        else:
            self._heed(heads, sieve, block)

    def glance(self, lines: Sequence[bytes], sieve: _Sieve) -> None:
        self._heed(list(map(_head, lines)), sieve, b"", lines)

    def _heed(self, heads: Sequence[Head | None], sieve: _Sieve, block: bytes, lines: Sequence[bytes] = ()) -> None:
        """Entries of which no more is parsed than is new: most say what others said before, in the same bytes."""
        written = [head.timestamp if head else "" for head in heads]
        for at, (head, time) in enumerate(zip(heads, plains(written) or map(plain, written), strict=True)):
            if not (time and head and _simple(head)):
                lines = lines or objects_of(block)
                self.sift(load(lines[at]), sieve)
                continue
            face = b"\0".join((head.logName, head.resource, head.labels))
            where = self._bare_places.get(face) or _kept(self._bare_places, face, self._where(head))
            key = _key_of(where.digested, f"{time}+00:00", head.insertId)
            said = None if self._fine(head, where) else self._known(head, where)
            if said is None or said.quiet:
                sieve.hush(key, where.place.service, time)
                continue
            asked, client, took = head.httpRequest, "", 0.0
            if type(asked) is Asked:
                client, took = self._hashed(words(_value(asked.remoteIp))), latency(_value(asked.latency))
            when = plain_moment(time)
            entry = _entry(head.insertId[:200], key, when, where.place, said, head.trace, client, latency=took)
            sieve.add(entry, time)

    def _fine(self, head: Head, where: _Where) -> bool:
        """Whether it is a line of the request log that tells of a success and nothing else."""
        asked = head.httpRequest
        return (
            type(asked) is Asked
            and head.textPayload is ABSENT
            and head.jsonPayload is ABSENT
            and not where.platform
            and _went_well(asked.requestMethod, asked.status, asked.requestUrl)
            and self._level(head) < Level.WARNING
        )

    def _known(self, head: Head, where: _Where) -> _Said:
        face = b"\0".join((where.face, head.severity, head.textPayload, head.jsonPayload))
        asked = head.httpRequest
        if type(asked) is Asked:
            method, url = asked.requestMethod, asked.requestUrl
            what = f"{asked.status} {len(method)} {method} {url}"
            face = b"\0".join((face, asked.userAgent, what.encode()))
        said = self._bare_faces.get(face)
        if said is None:
            new = self._line if type(asked) is not Asked and head.jsonPayload is ABSENT else self._news
            said = _kept(self._bare_faces, face, new(head, where))
        return said

    def _news(self, head: Head, where: _Where) -> _Said:
        return self._understood(_said_by(head), where.place.log)

    def _line(self, head: Head, where: _Where) -> _Said:
        """A line of text that differs from a known one in figures only says the same, but for the text."""
        told = _value(head.textPayload)
        if type(told) is not str or not is_clean(told) or len(told) > _LONGEST or broken(told):
            return self._news(head, where)
        face = b"\0".join((where.face, head.severity, told.encode().translate(_ALIKE)))
        known = self._lines.get(face)
        if known:
            return _Said(told.rstrip(), *known[1:])
        said = self._news(head, where)
        if said.form is Form.LINE and not said.structured and not (said.site and said.site.line):
            _kept(self._lines, face, said)
        return said

    def _level(self, head: Head) -> Level:
        word = bytes(head.severity)
        level = self._levels.get(word)
        return _kept(self._levels, word, levels.of_word(_value(head.severity))) if level is None else level

    def _where(self, head: Head) -> _Where:
        raw = _values(head, "logName", "resource", "labels")
        place = self._place(raw)
        log = place.log.encode("utf-8", "replace")
        return _Where(place, _digested(words(raw.get("logName"))), log, place.log.endswith(PLATFORM_LOG))

    def sift(self, raw: Raw, sieve: _Sieve) -> None:
        """An entry of which everything is parsed."""
        where = self._place(raw)
        if _answered(raw) and not where.log.endswith(PLATFORM_LOG) and (time := moment(raw.get("timestamp"))):
            return sieve.hush(_key(raw, time, ""), where.service, _written(time))
        said = self._said(raw, where.log)
        time = _time(raw)
        key = _key(raw, time, said.text)
        if said.quiet:
            return sieve.hush(key, where.service, _written(time))
        return sieve.add(self._made(raw, where, said, time, key), _written(time))

    def read(self, raw: Raw) -> Entry:
        where = self._place(raw)
        said = self._said(raw, where.log)
        time = _time(raw)
        return self._made(raw, where, said, time, _key(raw, time, said.text))

    def _made(self, raw: Raw, where: Place, said: _Said, time: datetime, key: int) -> Entry:
        return _entry(
            words(raw.get("insertId"))[:200] or f"{key:016x}",
            key,
            time,
            where,
            said,
            words(raw.get("trace")),
            self._hashed(words(inner(raw, "httpRequest").get("remoteIp"))),
            deployment(raw, where, time, said.level, key) if said.form is Form.AUDIT else None,
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
        if not structured and not failed and not head and "\n" not in text and (asked := broken(text)):
            level, structured = max(level, Level.ERROR), True
        elif payload and level is Level.DEFAULT and asked is None and (asked := broken_in(payload)):
            level = Level.ERROR
        form = _form(text, log, failed, asked, audited)
        if form is Form.PLATFORM and is_fine(text):
            level = min(level, Level.NOTICE)
        who = user_of(payload) if payload else ""
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
            user=self._hashed(who),
            machine=is_machine(who),
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


def _value(data: msgspec.Raw) -> Any:
    return load(bytes(data)) if data else None


def _values(head: Head, *names: str) -> Raw:
    return {name: load(bytes(data)) for name in names if (data := getattr(head, name))}


def _said_by(head: Head) -> Raw:
    """What an entry says, as far as others may say the same."""
    found = _values(head, "severity", "textPayload", "jsonPayload")
    asked = head.httpRequest
    if type(asked) is not Asked:
        return found
    request = {
        "requestMethod": asked.requestMethod,
        "requestUrl": asked.requestUrl,
        "status": asked.status,
        "userAgent": _value(asked.userAgent),
    }
    return {**found, "httpRequest": request}


def _simple(head: Head) -> bool:
    """Whether what is read of every entry is all that this one says."""
    if not head.insertId or head.protoPayload is not ABSENT or head.sourceLocation is not ABSENT:
        return False
    asked = head.httpRequest
    return type(asked) is not Asked or bool(asked.requestMethod and asked.requestUrl and asked.status)


def _head(data: bytes) -> Head | None:
    try:
        return head_of(data)
    except STRANGE:
        return None


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
        known[_snug(face)] = found
    return found


def _snug(face: _Face) -> _Face:
    """JSON comes in a buffer of 4 KB, however short it is."""
    return face if isinstance(face, str) else memoryview(face).tobytes()


def _text(
    raw: Raw, payload: Mapping[str, Any], asked: Request | None, audited: bool
) -> tuple[str, bool, Heading | None]:
    """What it says, whether it came as a structure, and the heading in front of a text line."""
    if audited:
        return audit_text(raw), True, None
    told = raw.get("textPayload")
    if payload:
        text = message(payload)
        return text, True, heading(text)
    if isinstance(told, str) and told.strip():
        text = clean(told)
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


def _answered(raw: Raw) -> bool:
    """A line of the request log that tells of a success and nothing else: half of what most services log."""
    asked = raw.get("httpRequest")
    if type(asked) is not dict or not _WORDS.isdisjoint(raw):
        return False
    method, status, url, id = (
        asked.get("requestMethod"),
        asked.get("status"),
        asked.get("requestUrl"),
        raw.get("insertId"),
    )
    if not (type(method) is str and type(status) is int and type(url) is str and type(id) is str and id):
        return False
    return _went_well(method, status, url) and levels.of_word(raw.get("severity")) < Level.WARNING


def _went_well(method: str, status: int, url: str) -> bool:
    return 0 < status < 400 and method in _METHODS and _PLAIN_URL.fullmatch(url) is not None


def _time(raw: Raw) -> datetime:
    return moment(raw.get("timestamp")) or moment(raw.get("receiveTimestamp")) or EPOCH


def _written(time: datetime) -> str:
    """A time in UTC, without saying so."""
    return time.replace(tzinfo=None).isoformat(timespec="microseconds")


def _entry(
    id: str,
    key: int,
    time: datetime,
    where: Place,
    said: _Said,
    trace: str,
    client: str = "",
    deployed: Deployment | None = None,
    latency: float = 0.0,
) -> Entry:
    asked = said.request
    if latency and asked:
        asked = Request(asked.method, asked.url, asked.route, asked.status, latency, asked.agent)
    return Entry(
        id,
        key,
        time,
        where.service,
        said.text,
        said.level,
        said.form,
        where.environment,
        where.project,
        where.workload,
        where.revision,
        where.instance,
        where.log,
        trace.rpartition("/")[2][:100],
        said.request_id or where.request_id or said.other_id or where.execution,
        said.user,
        client,
        said.site,
        said.failure,
        asked,
        deployed,
        said.structured,
        said.machine,
    )


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
    return _key_of(_digested(words(raw.get("logName"))), time.isoformat(timespec="microseconds"), own)


def _digested(log: str) -> blake2b:
    """The name of its log, which begins what the key of an entry is made of."""
    return blake2b(log.encode("utf-8", "replace"), digest_size=8)


def _key_of(begun: blake2b, when: str, own: str) -> int:
    digest = begun.copy()
    digest.update(f"\0{when}\0{own}".encode("utf-8", "replace"))
    return int.from_bytes(digest.digest(), "big") >> 1
