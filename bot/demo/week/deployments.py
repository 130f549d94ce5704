"""Deployments as the audit log tells them: who asked, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.demo.week.catalog import NOT_READY
from bot.demo.week.story import REGION, Place, Story

DEPLOYER = "deployer@ticketry-prod.iam.gserviceaccount.example"

_NOT_STARTED = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment "
    "variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout "
    "is too short. The health check timeout can be extended. Logs for this revision might contain more information.\n\n"
    "Logs URL: https://console.cloud.google.com/logs/viewer?project={project}&resource=cloud_run_revision/service_name/"
    "{workload}/revision_name/{revision} \nFor more troubleshooting guidance, see "
    "https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start"
)


def deploy(story: Story, place: Place, at: datetime, number: int, **environment: str) -> str:
    """A deployment that goes well; from then on the new revision serves."""
    revision = story.name_revision(place, number)
    ask(story, place, at, revision, environment)
    started = at + timedelta(seconds=9)
    story.serve(place, started, revision)
    instance = story.instances(revision)[0]
    story.platform(
        place,
        started,
        "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between "
        "revisions due to deployment, traffic split adjustment, or deployment health check.",
        revision=revision,
        instance=instance,
    )
    story.platform(
        place,
        started + timedelta(seconds=3),
        f'Default STARTUP TCP probe succeeded after 1 attempt for container "{place.workload}-1" on port 8080.',
        revision=revision,
        instance=instance,
    )
    done = started + timedelta(seconds=5)
    tell(
        story,
        place,
        done,
        revision,
        f"True for Revision {revision} with message: Deploying revision succeeded in 14.2s.",
    )
    tell(story, place, done + timedelta(seconds=1), "", f"True for Service {place.workload}.")
    return revision


def ask(story: Story, place: Place, at: datetime, revision: str, environment: dict[str, str]) -> None:
    """Somebody replaces the service."""
    name = f"namespaces/{place.project}/services/{place.workload}"
    image = f"{REGION}-docker.pkg.dev/{place.project}/services/{place.service}:{revision.split('-')[-2]}"
    container = {"image": image, "env": [{"name": k, "value": v} for k, v in environment.items()]}
    payload: dict[str, Any] = {
        "authenticationInfo": {"principalEmail": DEPLOYER, "principalSubject": f"serviceAccount:{DEPLOYER}"},
        "methodName": "google.cloud.run.v1.Services.ReplaceService",
        "request": {
            "@type": "type.googleapis.com/google.cloud.run.v1.ReplaceServiceRequest",
            "name": name,
            "service": {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Service",
                "metadata": {"name": place.workload},
                "spec": {"template": {"metadata": {"name": revision}, "spec": {"containers": [container]}}},
            },
        },
        "resourceName": name,
        "serviceName": "run.googleapis.com",
    }
    story.audit(place, at, payload, "NOTICE", "activity")


def tell(story: Story, place: Place, at: datetime, revision: str, words: str) -> None:
    """The platform says that a revision or the service is ready now."""
    _status(story, place, at, revision, {"message": f"Ready condition status changed to {words}"}, "INFO")


def fail(story: Story, place: Place, at: datetime, revision: str) -> None:
    """The platform says that a revision cannot start, and so the service is not ready: one failure, said twice."""
    why = _NOT_STARTED.format(project=place.project, workload=place.workload, revision=revision)
    false = "Ready condition status changed to False for"
    story.occurred(NOT_READY)
    _status(
        *(story, place, at, revision),
        {"code": 9, "message": f"{false} Revision {revision} with message: {why}"},
        "ERROR",
    )
    _status(
        *(story, place, at + timedelta(milliseconds=310), ""),
        {"code": 9, "message": f"{false} Service {place.workload} with message: {why}"},
        "ERROR",
    )


def _status(story: Story, place: Place, at: datetime, revision: str, status: dict[str, Any], severity: str) -> None:
    kind = f"revisions/{revision}" if revision else f"services/{place.workload}"
    payload = {
        "methodName": "/Services.ReplaceService",
        "resourceName": f"namespaces/{place.project}/{kind}",
        "serviceName": "run.googleapis.com",
        "status": status,
    }
    of = NOT_READY if severity == "ERROR" else None
    story.audit(place, at, payload, severity, "system_event", revision=revision, of=of)
