"""Examines settings, database and credentials, and says for each what is wrong and how to mend it.

Every check asks the real thing, with a short timeout, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import edges
from bot.errors import Forbidden, GardenError, NotFound
from bot.logs.cloud import Reader, question
from bot.logs.cloud.trouble import Trouble
from bot.models import Aim, Stretch
from bot.pipeline import OWNERS
from bot.ports import Tracker
from bot.settings import Settings, need
from store import check_writable, open_store

SCOPES = frozenset(
    {"chat:write", "commands", "app_mentions:read", "channels:history", "users:read", "usergroups:read", "files:write"}
)
"""What manifest.json asks for and the bot uses."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing examined. `mark` is `ok`, `wrong` or `not set up`."""

    name: str
    mark: str
    words: str

    @property
    def wrong(self) -> bool:
        return self.mark == "wrong"


def examine(settings: Settings) -> list[Check]:
    """All checks, in the order in which one would mend them."""
    return [
        *_settings(settings),
        check("Database", lambda: _database(settings)),
        check("Logs", lambda: _logs(settings))
        if settings.scopes
        else _unset(
            "Logs", "Set GOOGLE_CLOUD_PROJECT to read Cloud Logging. Files work without: garden round --logs FILE."
        ),
        check("Slack", lambda: _slack(settings))
        if settings.slack_bot_token
        else _unset("Slack", "Create the app from manifest.json and set SLACK_BOT_TOKEN and SLACK_APP_TOKEN."),
        check("Tracker", lambda: _tracker(settings))
        if settings.github_repository
        else _unset(
            "Tracker", "Issues are kept in the database. Set GITHUB_REPOSITORY and GITHUB_TOKEN to use GitHub."
        ),
        check("Approvers", lambda: _approvers(settings))
        if settings.approvers
        else _unset(
            "Approvers", "Nobody can approve. Set GARDEN_APPROVERS to ids of users (U...) or user groups (S...)."
        ),
        check("Model", lambda: _model(settings))
        if settings.anthropic_api_key or settings.vertex_project
        else _unset(
            "Model", "Causes come from the table of known patterns. Set ANTHROPIC_API_KEY to let Claude explain."
        ),
    ]


def _settings(settings: Settings) -> Iterator[Check]:
    for problem in settings.problems:
        yield Check("Settings", "wrong", problem)
    if not settings.problems:
        yield Check("Settings", "ok", "All that is set can be used.")


def _unset(name: str, words: str) -> Check:
    return Check(name, "not set up", words)


def check(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", ask())
    except GardenError as error:
        return Check(name, "wrong", error.user_message)


def _database(settings: Settings) -> str:
    path = Path(settings.db)
    if not path.exists():
        folder = path.absolute().parent
        if not folder.is_dir():
            raise GardenError(f"The folder {folder} does not exist. Make it, or set GARDEN_DB to another place.")
        return f"{path} will be made by the first round."
    check_writable(path)
    with open_store(str(path), read_only=True) as store:
        until = store.rounds.read_until()
    return f"{path} opens; read up to {until:%Y-%m-%d %H:%M} UTC." if until else f"{path} opens; nothing was read yet."


def _logs(settings: Settings) -> str:
    """One entry of the last day is asked for, of each project."""
    said = []
    for scope in settings.scopes:
        with closing(
            Reader(scope.project, clock=edges.now, emulator=settings.logging_emulator_host, patience=10)
        ) as logs:
            now = edges.now()
            day = Stretch(0, "", Aim.NEWS, now - timedelta(days=1), now, now - timedelta(days=1))
            try:
                found = logs.page(question(scope, day), size=1).entries
            except Trouble as trouble:
                raise trouble.error from trouble
        what = ", ".join([*scope.services, *scope.jobs]) or "all services"
        has = "has warnings or errors" if found else "has no warning or error"
        said.append(f"{scope.project} answers, and {has} of {what} in the last day.")
    return " ".join(said)


def _slack(settings: Settings) -> str:
    need(settings, "chat", "listen")
    client = WebClient(settings.slack_bot_token.reveal(), base_url=settings.slack_api_url, timeout=10)
    try:
        answer = client.auth_test()
        granted = {s.strip() for s in str(answer.headers.get("x-oauth-scopes", "")).split(",") if s.strip()}
        missing = sorted(SCOPES - granted) if granted else []
        if missing:
            raise GardenError(
                f"The bot token lacks {', '.join(missing)}: add them under OAuth & Permissions, reinstall."
            )
        if settings.slack_app_token:
            _app_token(client, settings.slack_app_token.reveal())
        channel = client.conversations_info(channel=settings.channel)["channel"]
    except SlackApiError as error:
        raise GardenError(_slack_words(str(error.response.get("error", "")), settings.channel)) from error
    except (SlackClientError, OSError) as error:
        raise GardenError(f"Slack does not answer ({type(error).__name__}). Is the network open?") from error
    name = channel.get("name", settings.channel)
    if not channel.get("is_member", True):
        raise GardenError(f"The bot is not in #{name}. Type there: /invite @{answer.get('user', 'gardener')}")
    return f"{answer.get('team', 'The workspace')} answers; the bot is in #{name}."


def _approvers(settings: Settings) -> str:
    """A slip in an id would leave nobody who can approve."""
    client = WebClient(settings.slack_bot_token.reveal(), base_url=settings.slack_api_url, timeout=10)
    unknown = []
    for id in sorted(settings.approvers) if settings.slack_bot_token else ():
        try:
            if id.startswith("S"):
                client.usergroups_users_list(usergroup=id)
            else:
                client.users_info(user=id)
        except SlackApiError as error:
            if error.response.get("error") in ("user_not_found", "no_such_subteam"):
                unknown.append(id)
        except (SlackClientError, OSError):
            break  # the check of Slack says so
    if unknown:
        raise GardenError(f"Slack knows nobody by {', '.join(unknown)}. GARDEN_APPROVERS holds ids: U... or S....")
    return f"{len(settings.approvers)} may approve."


def _app_token(client: WebClient, token: str) -> None:
    try:
        client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        raise GardenError(
            f"Slack refuses SLACK_APP_TOKEN ({error.response.get('error', 'no reason given')}). Make one under Basic "
            "Information, App-Level Tokens, with the scope connections:write."
        ) from error


def _slack_words(code: str, channel: str) -> str:
    return {
        "invalid_auth": "Slack refuses SLACK_BOT_TOKEN. Copy it again from OAuth & Permissions.",
        "account_inactive": "The app was removed from the workspace. Install it again, and copy the new token.",
        "channel_not_found": f"Slack knows no channel {channel}. GARDEN_CHANNEL is the id in the channel's details; "
        "in a private channel the bot must be invited first.",
        "missing_scope": "The bot token lacks channels:read or groups:read. Reinstall the app from manifest.json.",
    }.get(code, f"Slack says {code or 'no'}.")


def _tracker(settings: Settings) -> str:
    need(settings, "tracker")
    tracker = edges.github(settings)
    tracker.newest(edges.now())
    return f"{settings.github_repository} answers, and its issues can be read. {_owners(tracker)}"


def _owners(tracker: Tracker) -> str:
    """Whether assignees come from CODEOWNERS; without, everything else works."""
    for path in OWNERS:
        try:
            tracker.file(path)
        except NotFound:
            continue
        except Forbidden:
            return "Its CODEOWNERS cannot be read, so nobody is assigned by it: that needs Contents: read (optional)."
        return f"Assignees come from {path}."
    return "It has no CODEOWNERS that can be seen, so nobody is assigned by it."


def _model(settings: Settings) -> str:
    edges.claude(settings).probe()
    return f"{settings.model} answers. It is shown entries of: {', '.join(settings.model_services) or 'no service'}."
