"""Where an entry comes from: workload, service, environment, revision, instance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from bot.steps.normalise.payload import REQUEST_ID
from bot.steps.normalise.shape import first, inner, words

_ENVIRONMENTS = {
    "staging": "staging", "stage": "staging", "stg": "staging",
    "production": "production", "prod": "production", "prd": "production", "live": "production",
    "development": "development", "develop": "development", "dev": "development",
    "test": "test", "testing": "test", "qa": "test", "uat": "test",
    "preprod": "staging", "sandbox": "sandbox", "preview": "preview", "demo": "demo",
}  # fmt: skip
_IN_FRONT = ("staging", "stg", "production", "prod", "development", "dev", "qa", "uat", "preprod")
_BEHIND = re.compile(rf"^(.*[^-_.])[-_.]({'|'.join(_ENVIRONMENTS)})$")
_BEFORE = re.compile(rf"^({'|'.join(_IN_FRONT)})[-_.]([^-_.].*)$")
_NAMES = (
    "service_name", "function_name", "job_name", "module_id", "container_name", "database_id", "job_id", "queue_id",
    "subscription_id", "build_trigger_id", "cluster_name", "service", "name",
)  # fmt: skip
_RESOURCE = re.compile(r"(?:^|/)(?:services|jobs|functions|workerpools)/([a-zA-Z0-9_-]{1,100})")
_REVISION = re.compile(r"(?:^|/)revisions/([a-zA-Z0-9_-]{1,100})")
_ORDINAL = re.compile(r"-\d{5}-[a-z0-9]{3}$")


@dataclass(frozen=True, slots=True)
class Place:
    project: str
    workload: str
    service: str
    environment: str
    revision: str
    instance: str
    log: str
    request_id: str
    execution: str
    """Of a function's run, or the request it serves, where its labels name them."""


def place(raw: Mapping[str, Any], environments: Mapping[str, str]) -> Place:
    resource = inner(raw, "resource", "labels")
    labels = inner(raw, "labels")
    audit = inner(raw, "protoPayload")
    log_name = words(raw.get("logName"))
    project = words(resource.get("project_id")) or _part(log_name, "projects/")
    audited = words(audit.get("resourceName"))
    workload = first(resource, _NAMES[:-2]) or _audited(audit, audited) or first(resource, _NAMES[-2:])
    workload = (workload or first(labels, ("service", "app", "k8s-pod/app")) or project or "unknown")[:200]
    service, environment = split(workload, tuple(environments.items()))
    if not environment:
        environment = split(project, tuple(environments.items()))[1]
    revision = first(resource, ("revision_name", "version_id")) or _part(audited, "revisions/")
    execution = first(labels, ("run.googleapis.com/execution_name",))
    task = first(labels, ("run.googleapis.com/task_index",))
    instance = first(labels, ("instanceId",)) or first(resource, ("pod_name", "instance_id"))
    return Place(
        project=project[:200],
        workload=workload,
        service=service,
        environment=environment,
        revision=revision[:200],
        instance=(instance or "/".join(p for p in (execution, task) if p))[:300],
        log=log_name.rpartition("/logs/")[2].replace("%2F", "/").replace("%2f", "/")[:200],
        request_id=first(labels, REQUEST_ID)[:200],
        execution=first(labels, ("execution_id",))[:200],
    )


@lru_cache(maxsize=2048)
def split(name: str, environments: tuple[tuple[str, str], ...] = ()) -> tuple[str, str]:
    """A deployed name to the service's own name and its environment; the environment is empty where none shows."""
    for pattern, environment in environments:
        if fnmatchcase(name.lower(), pattern.lower()):
            fixed = pattern.strip("*")
            rest = name
            if pattern.startswith("*") and name.lower().endswith(fixed.lower()):
                rest = name[: len(name) - len(fixed)]
            elif pattern.endswith("*") and name.lower().startswith(fixed.lower()):
                rest = name[len(fixed) :]
            return (rest.strip("-_.") or name) if "*" in pattern else name, environment
    if found := _BEHIND.match(name.lower()):
        return name[: len(found[1])], _ENVIRONMENTS[found[2]]
    if found := _BEFORE.match(name.lower()):
        return name[-len(found[2]) :], _ENVIRONMENTS[found[1]]
    return name, _ENVIRONMENTS.get(name.lower(), "")


def _audited(audit: Mapping[str, Any], resource: str) -> str:
    if found := _RESOURCE.search(resource):
        return found[1]
    labels = inner(audit, "response", "metadata", "labels")
    if named := first(labels, ("serving.knative.dev/service", "run.googleapis.com/job")):
        return named
    revision = _REVISION.search(resource)
    return _ORDINAL.sub("", revision[1]) if revision else ""


def _part(text: str, after: str) -> str:
    return text.partition(after)[2].partition("/")[0]
