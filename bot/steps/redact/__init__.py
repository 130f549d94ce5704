"""Secrets and personal data out of everything that is kept or shown; the mask says what kind it was.

Works on shapes (keys that look like keys) and on names (`password=...`). A value is only taken for a secret where
its name ends in a secret's word and it is not a word of prose: `token_count: 512` and `password: required` stay.
Redacting twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter

from bot.models import Deployment, Entry, Failure, Policy, Request
from bot.steps.redact import patterns as p
from bot.steps.redact.passes import PASSES, SHAPES


def scrub(text: str, policy: Policy) -> str:
    """The text with everything secret or personal replaced by `<kind>`."""
    if text.isascii():
        text = _scrub_ascii(text)
    elif p.HINT.search(text):
        for _, expression, change in PASSES:
            text = expression.sub(change, text)
    if policy.redact_ips:
        text = p.IP.sub("<ip>", text)
    if policy.redact_users:
        text = p.USER.sub(r"\1<user>", text)
    return text


def _scrub_ascii(text: str) -> str:
    """The same, for most texts: looks for plain words first, which is ten times as fast as for expressions."""
    form = text.encode().translate(_ZEROS)
    if len(text) > _SHORT:
        return text if _harmless(form) else _passed(text)
    return text if _harmless_short(form) else _passed_short(text)


_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_HINTS = tuple({hint.encode().translate(_ZEROS).decode(): None for hint in p.HINTS})


def _harmless(form: bytes) -> bool:
    """Whether nothing in a text hints at a secret, whatever its figures are: most texts differ in these only."""
    text = form.decode()
    small = text.lower()
    return not (_has(small, _HINTS) or p.RARER.search(small) or any(b.search(text) for b in p.BEHIND))


def _passed(text: str) -> str:
    small = text.lower()
    for needed, expression, change in PASSES:
        if not needed or _has(small, needed):
            done = expression.sub(change, text)
            if done != text:
                text, small = done, done.lower()
    return text


_SHORT = 1_000
_harmless_short = lru_cache(maxsize=8192)(_harmless)
_passed_short = lru_cache(maxsize=2048)(_passed)
"""Long texts are rarely equal, and would fill the memory."""


def _has(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a generator takes twice as long
        if word in text:
            return True
    return False


def redact(entries: Sequence[Entry], policy: Policy) -> list[Entry]:
    """The entries with every text in them scrubbed; those without secrets are handed on as they are."""
    known: dict[str, str] = {}
    places: dict[tuple[str, ...], tuple[str, ...]] = {}

    def clean(text: str) -> str:
        if not text:
            return text
        if text not in known:
            known[text] = scrub(text, policy)
        return known[text]

    if any("PRIVATE KEY" in e.text for e in entries):
        entries = _keys(entries, {})
    return [_entry(e, clean, places) for e in entries]


def keys_going_on(entries: list[Entry], before: Sequence[Entry]) -> list[Entry]:
    """Redacted entries, without what is left of a private key that began in those read before."""
    begun = {e.stream: e.time for e in before if e.text.endswith("<private-key>")}
    return _keys(entries, begun) if begun else entries


_Clean = Callable[[str], str]
_HARMLESS = "0123456789abcdefABCDEF-"
"""Nothing that looks like a secret is written with these alone; most ids are."""


def named(text: str) -> str:
    """An id or a name, of which nothing is masked but what has the shape of a secret."""
    if len(text) < 16 or not text.strip(_HARMLESS) or not p.SHAPED.search(text):
        return text
    for needed, expression, change in PASSES:
        if expression in SHAPES and (not needed or _has(text.lower(), needed)):
            text = expression.sub(change, text)
    return text


def _keys(entries: Sequence[Entry], begun: dict[tuple[str, str, str, str], datetime]) -> list[Entry]:
    """The lines of a private key that came as one entry each, masked."""
    masked: dict[int, Entry] = {}
    for at, entry in sorted(enumerate(entries), key=lambda pair: pair[1].order):
        since = begun.get(entry.stream)
        if p.KEY_BEGINS.search(entry.text):
            begun[entry.stream] = entry.time
        elif since is not None:
            if entry.time - since > _KEY_LASTS or not p.KEY_GOES_ON.fullmatch(entry.text):
                del begun[entry.stream]
            else:
                masked[at] = replace(entry, text="<private-key>", failure=None)
    return [masked.get(at, entry) for at, entry in enumerate(entries)]


_KEY_LASTS = timedelta(minutes=1)


def _entry(entry: Entry, clean: _Clean, places: dict[tuple[str, ...], tuple[str, ...]]) -> Entry:
    entry = _named(entry, places)
    text = clean(entry.text)
    failure = _failure(entry.failure, clean) if entry.failure else None
    request = _request(entry.request, clean) if entry.request else None
    deployment = _deployment(entry.deployment, clean) if entry.deployment else None
    request_id = clean(entry.request_id)
    if (
        text == entry.text
        and failure is entry.failure
        and request is entry.request
        and deployment is entry.deployment
        and request_id == entry.request_id
    ):
        return entry
    return replace(entry, text=text, failure=failure, request=request, deployment=deployment, request_id=request_id)


_place = attrgetter("service", "workload", "revision", "instance", "log", "project")


def _named(entry: Entry, places: dict[tuple[str, ...], tuple[str, ...]]) -> Entry:
    """What only names something: who names a thing after a secret, or passes one as a name, is protected, too."""
    site = entry.site
    if site is not None:
        code = (site.module, site.function, site.file)
        if code not in places:
            places[code] = tuple(map(named, code))
        if places[code] != code:
            module, function, file = places[code]
            entry = replace(entry, site=replace(site, module=module, function=function, file=file))
    id, trace = named(entry.id), named(entry.trace)
    if id != entry.id or trace != entry.trace:
        entry = replace(entry, id=id, trace=trace)
    place = _place(entry)
    if place not in places:
        places[place] = tuple(map(named, place))
    if places[place] == place:
        return entry
    service, workload, revision, instance, log, project = places[place]
    return replace(
        entry, service=service, workload=workload, revision=revision, instance=instance, log=log, project=project
    )


def _failure(found: Failure, clean: _Clean) -> Failure:
    message, kind, frame = clean(found.message), named(found.type), found.frame
    if frame is not None:
        function, file = named(frame.function), named(frame.file)
        if (function, file) != (frame.function, frame.file):
            found = replace(found, frame=replace(frame, function=function, file=file))
    return found if (message, kind) == (found.message, found.type) else replace(found, message=message, type=kind)


def _request(found: Request, clean: _Clean) -> Request:
    url, route, agent = clean(found.url), clean(found.route), clean(found.agent)
    if (url, route, agent) == (found.url, found.route, found.agent):
        return found
    return replace(found, url=url, route=route, agent=agent)


def _deployment(found: Deployment, clean: _Clean) -> Deployment:
    return replace(
        found,
        message=clean(found.message),
        who=clean(found.who),
        image=clean(found.image),
        service=named(found.service),
        revision=named(found.revision),
    )
