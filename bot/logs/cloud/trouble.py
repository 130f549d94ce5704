"""What goes wrong with Cloud Logging: what sort of trouble it is, and in words what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

import google.auth.exceptions
from google.api_core import exceptions as api

from bot.errors import Forbidden, GardenError, InputError, LogsUnavailable, NotFound

PASSING = (
    api.ResourceExhausted,
    api.TooManyRequests,
    api.ServerError,
    api.Aborted,
    api.Cancelled,
    api.Unknown,
    api.RetryError,
    google.auth.exceptions.TransportError,
)
"""What is worth trying again; `ServerError` holds INTERNAL, UNAVAILABLE, DEADLINE_EXCEEDED and every other 5xx."""
BUSY = (api.ResourceExhausted, api.TooManyRequests)
SLOW = (api.DeadlineExceeded, api.GatewayTimeout, api.RetryError)


class Trouble(Exception):
    """What went wrong with one project: the sort of trouble, and the error to show."""

    def __init__(self, sort: str, error: GardenError) -> None:
        super().__init__(error.user_message)
        self.sort = sort
        self.error = error


def passing(error: Exception) -> bool:
    """Whether the same question may be answered in a moment."""
    return isinstance(error, PASSING) and not _no_credentials(error)


def trouble(error: Exception, project: str, now: datetime) -> Trouble:
    if isinstance(error, google.auth.exceptions.DefaultCredentialsError):
        return Trouble(
            "credentials",
            Forbidden(
                "There are no credentials for Google Cloud. Run `gcloud auth application-default login`, set "
                "GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or run as a service account."
            ),
        )
    if isinstance(error, api.Unauthenticated) or _no_credentials(error):
        return Trouble(
            "credentials",
            Forbidden(
                "Google's credentials have expired or were revoked. Run `gcloud auth application-default login` again, "
                "or set GOOGLE_APPLICATION_CREDENTIALS to a new key of the service account."
            ),
        )
    if isinstance(error, api.PermissionDenied | api.Forbidden):
        if "SERVICE_DISABLED" in str(error) or "has not been used" in str(error):
            return Trouble(
                "disabled",
                Forbidden(
                    f"The Cloud Logging API is switched off in project {project}. "
                    f"Run `gcloud services enable logging.googleapis.com --project {project}`."
                ),
            )
        return Trouble(
            "permission",
            Forbidden(
                f"The logs of project {project} may not be read with these credentials, or there is no such project. "
                "Give their account the role roles/logging.viewer on it (roles/logging.privateLogViewer where data "
                "access logs are wanted, too), and check the project's id."
            ),
        )
    if isinstance(error, api.NotFound):
        return Trouble(
            "missing",
            NotFound(
                f"There is no project {project}: check GOOGLE_CLOUD_PROJECT or [[sources]] (its id, not its name)."
            ),
        )
    if isinstance(error, api.InvalidArgument):
        return Trouble(
            "question",
            InputError(
                f"Cloud Logging does not understand what was asked of project {project}: check its id, "
                "GARDEN_SERVICES, and the rules in `exclude`."
            ),
        )
    if isinstance(error, BUSY):
        return Trouble(
            "quota",
            LogsUnavailable(
                f"Cloud Logging's read quota of project {project} is used up (60 pages a minute), also by others than "
                "this program; the next round reads on.",
                retry_at=now + timedelta(minutes=1),
            ),
        )
    if isinstance(error, SLOW):
        return Trouble(
            "slow",
            LogsUnavailable(
                f"Cloud Logging does not answer for project {project}; the next round reads what is missing."
            ),
        )
    return Trouble(
        "unreachable",
        LogsUnavailable(
            f"Cloud Logging cannot be reached for project {project}; the next round reads what is missing."
        ),
    )


def _no_credentials(error: Exception) -> bool:
    """Over gRPC, credentials that cannot be renewed look as if the service were away."""
    if isinstance(error, google.auth.exceptions.TransportError):
        return False
    return isinstance(error, google.auth.exceptions.GoogleAuthError) or "Getting metadata from plugin failed" in str(
        error
    )
