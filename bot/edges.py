"""Puts the edges of a round or a decision together from the settings: the one place that chooses which are real.

What has no settings gets its embedded part: no GitHub, the tracker in SQLite; no Claude, the pattern table; no
Slack, no chat. `bot.app` adds the handlers for `garden serve`; `bot.cli` uses this directly. The client libraries
are imported where they are needed: a look at a file should not wait for four of them.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.analysts.patterns import Patterns
from bot.cloud.folder import Folder
from bot.guarded import GuardedChat
from bot.ports import Chat, Clock, Edges, Hold, Logs, Model, Store, Tracker, Vault
from bot.settings import Settings
from bot.trackers.local import LocalTracker
from bot.turns import Pace
from store.ageing import RETENTION
from store.keeper import Keeper

if TYPE_CHECKING:
    from bot.analysts.claude import Claude
    from bot.logs.cloud import CloudLogs
    from bot.slack import SlackChat
    from bot.trackers.github import GitHubTracker


def now() -> datetime:
    return datetime.now(UTC)


def build(
    settings: Settings,
    store: Store,
    *,
    logs: Logs | None = None,
    chat: Chat | None = None,
    clock: Clock = now,
    hold: Hold | None = None,
) -> Edges:
    """All that a round or a decision touches. Where a file is read, `logs` and its `clock` are given; with `hold`,
    nothing is told or filed before it is in the backup."""
    return Edges(
        logs=logs or cloud_logs(settings, store, clock),
        analyst=analyst(settings),
        patterns=Patterns(),
        tracker=tracker(settings, clock),
        store=store,
        clock=clock,
        policy=settings.policy(),
        chat=GuardedChat(chat, hold) if hold and chat else chat,
        channel=settings.channel,
        wall=now,
        worker=f"{socket.gethostname()}-{os.getpid()}",
        hold=hold,
        zone=ZoneInfo(settings.timezone),
    )


def keeper(settings: Settings) -> Keeper:
    """What holds the database, and its backup where there is one."""
    return Keeper(Path(settings.db), vault(settings))


def vault(settings: Settings) -> Vault | None:
    """Where copies of the database are kept, if anywhere."""
    if not settings.backup:
        return None
    if not settings.backup.startswith("gs://"):
        return Folder(Path(settings.backup))
    from bot.cloud.storage import Bucket

    return Bucket(settings.backup, emulator=settings.storage_emulator_host)


def alone(settings: Settings, store: Store, logs: Logs) -> Edges:
    """The edges for a look at a file: nothing outside is asked, and nothing is kept."""
    now = logs.window(None, None).end
    return Edges(logs, None, Patterns(), LocalTracker(":memory:"), store, lambda: now, settings.policy())


def cloud_logs(settings: Settings, store: Store, clock: Clock, *, past: bool = False) -> CloudLogs:
    """Cloud Logging; `past` reads what lies before all that was ever read."""
    from bot.logs.cloud import CloudLogs

    return CloudLogs(
        settings.scopes,
        clock=clock,
        sources=store.sources,
        quota=store.quota,
        past=past,
        remembered=RETENTION,
        emulator=settings.logging_emulator_host,
    )


def chat(settings: Settings) -> SlackChat:
    from bot.slack import SlackChat

    return SlackChat(settings.slack_bot_token.reveal(), settings.slack_api_url, Pace())


def analyst(settings: Settings) -> Model | None:
    return claude(settings) if settings.anthropic_api_key or settings.vertex_project else None


def claude(settings: Settings) -> Claude:
    """Through Vertex AI where a project for it is set: then logs stay in Google's cloud."""
    from bot.analysts.claude import PRICES, Claude, Vertex

    through = Vertex(settings.vertex_project, settings.vertex_region) if settings.vertex_project else None
    return Claude(
        settings.anthropic_api_key.reveal(),
        base_url=settings.vertex_base_url if through else settings.anthropic_base_url,
        vertex=through,
        model=settings.model,
        effort=settings.effort,
        prices={**PRICES, **settings.prices},
    )


def tracker(settings: Settings, clock: Clock = now) -> Tracker:
    """GitHub where a repository is set; else the one in the database."""
    return github(settings) if settings.github_repository else LocalTracker(settings.db, clock=clock)


def github(settings: Settings) -> GitHubTracker:
    from bot.trackers.github import GitHubTracker

    return GitHubTracker(
        settings.github_repository,
        token=settings.github_token.reveal(),
        app_id=settings.github_app_id,
        private_key=settings.github_private_key.reveal(),
        installation_id=settings.github_installation_id,
        base_url=settings.github_api_url,
    )
