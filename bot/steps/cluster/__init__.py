"""Occurrences to problems: two occurrences are one problem if the same code failed the same way.

Structure comes first, text second. What is equal is decided from the occurrence alone, so the order of arrival,
the environment, the revision and the instance change nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

from bot.masks import bare, curious, mask, missing, scanned
from bot.models import Failure, Form, Kind, Level, Occurrence, Policy, Request, Sighting, Signature, Site
from bot.steps.cluster.runs import worded
from bot.steps.cluster.template import template
from bot.steps.cluster.words import (
    called,
    cause,
    handles,
    lead,
    own,
    raised,
    reason,
    shared,
    silent,
    source_place,
    state,
    statement,
    titled,
    warning,
)

SIGNATURE_VERSION = 3
LOOKED_AT = 1_500
CURIOUS = "Browsers and crawlers ask for files that are not there → 404"
_NAMELESS = frozenset({"error", "Error", "Exception"})
"""Types that say nothing: without a place, what they say is all there is."""
_ENDED_WELL = "Container called exit(0)"
_WHATEVER_ROUTE = re.compile(
    r"While handling this request, the container instance was found to be using too much memory"
    r"|The request was aborted because there was no available instance"
    r"|The request failed because the instance could not start"
    r"|The request was not (?:authenticated|authorized)"
)
"""What the platform says of a request that failed before the service's code had a say: any other would have, too."""
_LIBRARIES = frozenset({"logging", "callHandlers", "handle", "emit", "log", "_log"})


def cluster(occurrences: Sequence[Occurrence], policy: Policy) -> tuple[Sighting, ...]:
    """Each occurrence with the signature of its problem, or None where it is no problem."""
    return tuple(Sighting(o, signature(o)) for o in occurrences)


def signature(occurrence: Occurrence) -> Signature | None:
    """What the occurrence is equal to; None for what is healthy."""
    if healthy(occurrence):
        return None
    if occurrence.form is Form.LINE and len(occurrence.text) < 160:
        words = bare(occurrence.text)
        if words != occurrence.text and not worded(words) and silent(mask(words)):
            return None
    request = occurrence.request if occurrence.form is Form.REQUEST or _access_line(occurrence) else None
    text = occurrence.text[:LOOKED_AT]
    deployed_as = occurrence.head.workload
    if deployed_as != occurrence.service and len(deployed_as) > len(occurrence.service):
        text = text.replace(deployed_as, occurrence.service)
    return _signature(
        occurrence.service,
        occurrence.form,
        text,
        occurrence.site,
        occurrence.failure,
        (request.method, request.route, request.status) if request else None,
        _probe(occurrence),
        "" if occurrence.sweep == "probes" else occurrence.sweep,
    )


def healthy(occurrence: Occurrence) -> bool:
    """Whether nothing is wrong: as loud as it may be, an exit with 0 or a request that was answered is fine."""
    form, level, request = occurrence.form, occurrence.level, occurrence.request
    if form is Form.REQUEST:
        if request is not None and request.status:
            return request.status < 400
        return level < Level.WARNING
    if form is Form.AUDIT:
        done = occurrence.head.deployment
        return level < Level.ERROR and (done is None or done.ok)
    if form is Form.PLATFORM:
        return level < Level.WARNING or occurrence.text.startswith(_ENDED_WELL)
    if level >= Level.WARNING:
        return False
    if request is not None and request.status:
        return request.status < 500
    if level is not Level.DEFAULT:
        return occurrence.failure is None or occurrence.failure.frame is None
    return occurrence.failure is None


def _access_line(occurrence: Occurrence) -> bool:
    """A request that the application's own access log tells of, and nothing else."""
    request = occurrence.request
    return request is not None and occurrence.failure is None and request.status >= 400


def _probe(occurrence: Occurrence) -> bool:
    request: Request | None = occurrence.request
    if request is None or request.status >= 500:
        return False
    return occurrence.sweep == "probes" or scanned(request.url or request.route)


@lru_cache(maxsize=8192)
def _signature(
    service: str,
    form: Form,
    text: str,
    site: Site | None,
    failure: Failure | None,
    request: tuple[str, str, int] | None,
    probe: bool,
    sweep: str,
) -> Signature:
    if probe:
        return _made(service, Kind.SECURITY, ("probe",), "Probes for files and pages that scanners look for", "probe")
    if request is not None:
        return _asked(service, form, text, request, sweep)
    first = lead(bare(text))
    if form is Form.AUDIT:
        words = template(reason(first))
        return _made(
            service,
            Kind.DEPLOYMENT,
            ("audit", words),
            words if words.startswith("Execution ") else f"Deployment failed: {words}",
            words,
        )
    if form is Form.PLATFORM:
        words = template(first)
        return _made(service, Kind.PLATFORM, ("platform", words), words.partition(". ")[0], words)
    code = _place(site)
    if failure is not None:
        said = lead(failure.message)
        if failure.type not in _NAMELESS or not said:
            return _exception(service, failure, code, first)
        # what a type without a name says is all there is, with its stack or without
        if failure.frame is None:
            first = said
        elif said not in first:
            first = f"{failure.type}: {said}" if source_place(first) else f"{first}: {said}"
        else:
            first = called(first)
    if warned := warning(first):
        code, first = warned
    elif code and site and handles(site.function or site.file) and (why := cause(first)):
        # several statements of one function that give the same reason tell of one failure
        words = template(why)
        title = f"{site.function}: {words}" if site.function else words
        return _made(service, Kind.APPLICATION, ("handler", code, words), title, words, site=code)
    words = template(first)
    kind = Kind.EXCEPTION if raised(first) else Kind.APPLICATION
    return _made(service, kind, ("line", code, words), words, words, site=code)


def _asked(service: str, form: Form, text: str, request: tuple[str, str, int], sweep: str) -> Signature:
    """A request that failed: by its route, but for what fails or is refused whatever the route is."""
    method, route, status = request
    said = _WHATEVER_ROUTE.match(text) if form is Form.PLATFORM else None
    if said:
        name = said[0]
        return _made(
            service, Kind.HTTP, ("instance", name), name, name, request=("*", "", 503 if status >= 500 else status)
        )
    if sweep == "outage":
        name = f"Requests fail on several routes → {status}"
    elif sweep == "doors":
        name = f"One client tries many routes → {status}"
    elif status == 404 and curious(route):
        name = CURIOUS
    else:
        if status in (404, 410) and method in ("GET", "HEAD"):
            route = missing(route)
        name = f"{method} {route} → {status}" if status else f"{method} {route} failed"
        return _made(service, Kind.HTTP, ("http", method, route, str(status)), name, name, request=request)
    return _made(service, Kind.HTTP, (sweep or "curious", str(status)), name, name, request=("", "", status))


def _exception(service: str, failure: Failure, code: str, first: str) -> Signature:
    said = lead(failure.message)
    words, frame = template(said), failure.frame
    if shared(f"{failure.type}: {said}"):
        where, told = "", code
        words = state(said) or words
    else:
        where = mask(f"{frame.file}:{frame.function}") if frame else code
        told = code if frame else template(statement(first))
        if frame and own(failure.type):
            words = state(said)
        if not frame and (first.startswith(("Traceback", "panic:")) or failure.type in first):
            told = ""
    kind = failure.type.rpartition(".")[2]
    title = f"{kind}: {words}" if words else f"{kind} in {frame.function or frame.file}" if frame else kind
    return _made(
        service, Kind.EXCEPTION, ("exception", failure.type, where, words, told), title, title, where, failure.type
    )


def _made(
    service: str,
    kind: Kind,
    parts: tuple[str, ...],
    title: str,
    template: str,
    site: str = "",
    exception: str = "",
    request: tuple[str, str, int] | None = None,
) -> Signature:
    digest = hashlib.blake2b(digest_size=16)
    for part in (str(SIGNATURE_VERSION), service, kind.value, *parts):
        digest.update(part.encode("utf-8", "replace"))
        digest.update(b"\x00")
    method, route, status = request or ("", "", 0)
    return Signature(
        digest.hexdigest(),
        SIGNATURE_VERSION,
        service,
        kind,
        titled(title),
        template,
        site,
        exception,
        method,
        route,
        status,
    )


def _place(site: Site | None) -> str:
    """Module and function; nothing where these are the logging library's."""
    if site is None or site.module in _LIBRARIES or site.function in _LIBRARIES:
        return ""
    return f"{site.module or site.file}:{site.function}".strip(":")
