"""Audit log entries: what they say, and the deployments among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.models import Deployment, Level
from bot.steps.normalise.place import Place
from bot.steps.normalise.shape import first, inner, whole, words
from bot.steps.normalise.text import clean, shorten

_CHANGES = re.compile(
    r"\b(?:Internal)?(?:Services?|Jobs?|WorkerPools?|Functions?|CloudFunctionsService|FunctionService)\."
    r"(?:Replace|Create|Update)(?:Internal)?(?:Service|Job|WorkerPool|Function)\b"
)
_READY = re.compile(r"^Ready condition status changed to (True|False|Unknown) for (\w+) ")


def is_audit(raw: Mapping[str, Any]) -> bool:
    """Whether the entry has an audit log's payload."""
    if "protoPayload" not in raw:
        return False
    payload = inner(raw, "protoPayload")
    return "methodName" in payload or words(payload.get("@type")).endswith(".AuditLog")


def audit_text(raw: Mapping[str, Any]) -> str:
    """The failure or state it reports, or else what was done to what."""
    payload = inner(raw, "protoPayload")
    message = words(inner(payload, "status").get("message"))
    if message.strip():
        return clean(message)
    what = words(payload.get("methodName")) or words(payload.get("serviceName")) or "audit entry"
    which = words(payload.get("resourceName"))
    code = whole(inner(payload, "status").get("code"))
    return clean(" ".join(p for p in (what, which, f"failed with code {code}" if code else "") if p))


def deployment(raw: Mapping[str, Any], place: Place, time: datetime, level: Level, key: int) -> Deployment | None:
    """The change of a service that the entry tells of: asked for by somebody, or a revision that came up or did not.

    The platform's word on the service as a whole, which follows its word on the revision, is not told again.
    """
    payload = inner(raw, "protoPayload")
    if not _CHANGES.search(words(payload.get("methodName"))):
        return None
    response = inner(payload, "response")
    kind = words(response.get("kind"))
    by_platform = words(payload.get("methodName")).startswith("/")
    status = inner(payload, "status")
    if by_platform and kind == "Service":
        return None
    found = _READY.match(words(status.get("message")))
    ok = not whole(status.get("code")) and level < Level.ERROR and not (found and found[1] == "False")
    asked = inner(payload, "request")
    bodies = [response, inner(asked, "service"), inner(asked, "job"), asked]
    return Deployment(
        time=time,
        service=place.service,
        environment=place.environment,
        revision=_revision(response, bodies, place),
        image=next((i for b in bodies if (i := _image(b))), ""),
        who=shorten(_who(payload, response), 320),
        ok=ok,
        message=shorten(clean(words(status.get("message"))), 4000),
        key=key,
    )


def _who(payload: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    asked = first(inner(payload, "authenticationInfo"), ("principalEmail", "principalSubject"))
    notes = inner(response, "metadata", "annotations")
    return asked or first(notes, ("serving.knative.dev/lastModifier", "serving.knative.dev/creator"))


def _revision(response: Mapping[str, Any], bodies: list[Mapping[str, Any]], place: Place) -> str:
    if words(response.get("kind")) == "Revision" and (name := words(inner(response, "metadata").get("name"))):
        return name[:200]
    for body in bodies:
        template = inner(body, "spec", "template", "metadata").get("name") or inner(body, "template").get("revision")
        if name := words(template) or words(inner(body, "status").get("latestCreatedRevisionName")):
            return name.rpartition("/")[2][:200]
    return place.revision


def _image(body: Mapping[str, Any]) -> str:
    specs = (
        inner(body, "spec"),
        inner(body, "spec", "template", "spec"),
        inner(body, "template"),
        inner(body, "spec", "template", "spec", "template", "spec"),
    )
    for spec in specs:
        containers = spec.get("containers")
        if isinstance(containers, list):
            for container in containers[:20]:
                if image := words(inner(container).get("image")):
                    return image[:500]
    return ""
