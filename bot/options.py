"""Every setting, declared once: its names, what it is good for, what it may be, and what holds without it.

The command line, `.env.example` and the documentation's tables derive from this. `settings` reads them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from bot import values
from bot.models import Channel, CriticalPath, Expectation, Policy, Price, Scope, Severity
from bot.values import Secret


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its names, what it is good for, and how its text becomes a value."""

    section: str
    help: str
    parse: Callable[[Any], Any]
    name: str = ""
    """In the environment; empty for what stands in garden.toml only."""
    key: str = ""
    """In garden.toml; empty for what comes from the environment only."""
    default: str = ""
    example: str = ""
    secret: bool = False


def option(section: str, name: str, help: str, parse: Callable[[Any], Any] = values.text, **more: Any) -> Any:
    """A field of `Settings` that is read from the environment, and if it is ours also from garden.toml."""
    key = name.removeprefix("GARDEN_").lower() if name.startswith("GARDEN_") and name != "GARDEN_CONFIG" else ""
    declared = Option(section, help, parse, name=name, key=key, secret=parse in values.SECRETS, **more)
    return field(default_factory=lambda: parse(declared.default), metadata={"option": declared})


def table(key: str, help: str, parse: Callable[[Any], Any], default: Any, example: str) -> Any:
    """A field of `Settings` that is read from garden.toml only."""
    shown = json.dumps(default) if default else ""
    declared = Option("garden.toml", help, parse, key=key, default=shown, example=example)
    return field(default_factory=lambda: parse(default), metadata={"option": declared})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, as values. `problems` are sentences about what was wrong; `need` raises them."""

    slack_bot_token: Secret = option(
        "Slack",
        "SLACK_BOT_TOKEN",
        "Token of the bot user, from *OAuth & Permissions*.",
        values.slack_bot_token,
        example="xoxb-not-a-real-token",
    )
    slack_app_token: Secret = option(
        "Slack",
        "SLACK_APP_TOKEN",
        "App-level token with the scope `connections:write`. With it the bot uses Socket Mode and needs no public "
        "address.",
        values.slack_app_token,
        example="xapp-not-a-real-token",
    )
    slack_signing_secret: Secret = option(
        "Slack",
        "SLACK_SIGNING_SECRET",
        "From *Basic Information*. Used instead of the app-level token where Slack reaches the bot over HTTP.",
        values.secret,
        example="not-a-real-signing-secret",
    )
    slack_api_url: str = option(
        "Slack",
        "SLACK_API_URL",
        "Base address of the Web API, for a stand-in.",
        values.base_url,
        default="https://slack.com/api/",
    )
    channel: str = option(
        "Slack", "GARDEN_CHANNEL", "Id of the channel that gets the digest.", values.channel, example="C0123456789"
    )
    approvers: frozenset[str] = option(
        "Slack",
        "GARDEN_APPROVERS",
        "Who may approve: ids of users (`U...`) and user groups (`S...`), separated by commas. Empty: nobody can.",
        values.people,
        example="U0123456789,S0123456789",
    )
    operators: frozenset[str] = option(
        "Slack",
        "GARDEN_OPERATORS",
        "Who may steer the bot and ask for proposals, in the same form. Empty: every full member of the channel.",
        values.people,
        example="S0123456789",
    )

    github_repository: str = option(
        "GitHub",
        "GITHUB_REPOSITORY",
        "Where issues are, as `owner/name`. Without it, issues are kept in the local tracker in the database.",
        values.repository,
        example="example-org/shop",
    )
    github_token: Secret = option(
        "GitHub",
        "GITHUB_TOKEN",
        "A fine-grained token that may read and write issues of the repository.",
        values.secret,
        example="not-a-real-token",
    )
    github_app_id: str = option(
        "GitHub", "GITHUB_APP_ID", "Instead of the token: the id of a GitHub App.", values.number_id, example="123456"
    )
    github_installation_id: str = option(
        "GitHub",
        "GITHUB_INSTALLATION_ID",
        "The App's installation in your organisation.",
        values.number_id,
        example="12345678",
    )
    github_private_key: Secret = option(
        "GitHub",
        "GITHUB_PRIVATE_KEY",
        "The App's private key: the PEM text (`\\n` for its line breaks) or a path.",
        values.private_key,
        example="/run/secrets/github-app.pem",
    )
    github_api_url: str = option(
        "GitHub",
        "GITHUB_API_URL",
        "Address of the API; `https://HOST/api/v3` for GitHub Enterprise.",
        values.url,
        default="https://api.github.com",
    )

    google_cloud_project: str = option(
        "Google Cloud", "GOOGLE_CLOUD_PROJECT", "Project whose logs are read.", values.project, example="example-prod"
    )
    google_application_credentials: str = option(
        "Google Cloud",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "Path of a service account's key. Not needed where the machine itself has an identity.",
        values.existing_file,
        example="/run/secrets/google.json",
    )
    services: tuple[str, ...] = option(
        "Google Cloud",
        "GARDEN_SERVICES",
        "Cloud Run services to read, separated by commas. Empty: all of them.",
        values.names,
        example="shop-api,shop-web",
    )
    exclude: tuple[str, ...] = table(
        "exclude",
        "What is never read: filters in Cloud Logging's language, or tables of `service`, `job`, `severity`, `log`, "
        "`path`, `status`, `text` that must all hold.",
        values.exclusions,
        (),
        'exclude = [{ service = "shop-web", path = "/healthz" }, "labels.canary=\\"yes\\""]',
    )
    logging_emulator_host: str = option(
        "Google Cloud",
        "LOGGING_EMULATOR_HOST",
        "`host:port` of a stand-in for Cloud Logging (gRPC without TLS).",
        values.host_port,
        example="127.0.0.1:8085",
    )

    storage_emulator_host: str = option(
        "Google Cloud",
        "STORAGE_EMULATOR_HOST",
        "Address of a stand-in for Cloud Storage.",
        values.url,
        example="http://127.0.0.1:9023",
    )

    anthropic_api_key: Secret = option(
        "Claude",
        "ANTHROPIC_API_KEY",
        "Key for the API. Without it, causes come from the table of known patterns, and are marked as such.",
        values.secret,
        example="not-a-real-key",
    )
    anthropic_base_url: str = option(
        "Claude",
        "ANTHROPIC_BASE_URL",
        "Another address of the API: a gateway, or a stand-in.",
        values.url,
        example="https://gateway.example.com",
    )
    vertex_project: str = option(
        "Claude",
        "ANTHROPIC_VERTEX_PROJECT_ID",
        "Project in which Claude is asked through Vertex AI, so that logs stay in Google's cloud. Instead of the key.",
        values.project,
        example="example-prod",
    )
    vertex_region: str = option(
        "Claude", "CLOUD_ML_REGION", "Region of Vertex AI.", values.region, default="global", example="europe-west1"
    )
    vertex_base_url: str = option(
        "Claude",
        "ANTHROPIC_VERTEX_BASE_URL",
        "Another address of Vertex AI, for a stand-in.",
        values.url,
        example="http://127.0.0.1:8086/v1",
    )
    model: str = option("Claude", "GARDEN_MODEL", "Model that explains causes.", default="claude-sonnet-5-5")
    effort: str = option(
        "Claude",
        "GARDEN_EFFORT",
        "How hard it thinks: `low`, `medium`, `high`, `xhigh`, `max`; `none` for a model that cannot be told.",
        values.effort,
        default="medium",
    )
    budget: float = option(
        "Claude",
        "GARDEN_BUDGET",
        "Dollars that may be spent on the model in 24 hours; 0 asks it nothing.",
        values.dollars,
        default="5",
    )
    round_budget: float = option(
        "Claude", "GARDEN_ROUND_BUDGET", "Dollars that one round may spend.", values.dollars, default="0.50"
    )
    reserve: float = option(
        "Claude",
        "GARDEN_RESERVE",
        "Share of the day's budget that rounds leave for people's questions.",
        values.share,
        default="20%",
    )

    db: str = option(
        "The gardener",
        "GARDEN_DB",
        "The database file. Keep it on a disk that lasts.",
        values.path,
        default="garden.db",
    )
    backup: str = option(
        "The gardener",
        "GARDEN_BACKUP",
        "Where copies of the database are kept: `gs://bucket/path`, or a folder on another disk. With it, nothing is "
        "told to anybody before it is in a copy, and an instance on an empty disk begins with the newest one.",
        values.backup,
        example="gs://example-garden/backups",
    )
    url: str = option(
        "The gardener",
        "GARDEN_URL",
        "Public address of the dashboard, for the links in Slack.",
        values.url,
        example="https://garden.example.com",
    )
    config: str = option("The gardener", "GARDEN_CONFIG", "Path of garden.toml.", values.path, default="garden.toml")
    schedule: str = option(
        "The gardener",
        "GARDEN_SCHEDULE",
        "When rounds run: `every 5m`, or five cron fields with day names.",
        values.schedule,
        default="every 5m",
    )
    digest: str = option(
        "The gardener",
        "GARDEN_DIGEST",
        "When the day's digest is posted, in the same form. A P0 posts it at once; after that it is edited in place.",
        values.schedule,
        default="0 9 * * mon-fri",
    )
    timezone: str = option(
        "The gardener",
        "GARDEN_TIMEZONE",
        "Time zone of the schedules and of a digest's day. Times are shown in UTC, as the logs have them.",
        values.timezone,
        default="UTC",
    )
    propose: Severity = option(
        "The gardener",
        "GARDEN_PROPOSE",
        "Down to which severity a round proposes issues by itself.",
        values.severity,
        default="P2",
    )
    lag: timedelta = option(
        "The gardener",
        "GARDEN_LAG",
        "How far reading may be behind before the channel is told; with rounds that are rarer, at least two of them.",
        values.duration,
        default="10m",
    )
    log: str = option(
        "The gardener",
        "GARDEN_LOG",
        "How the bot writes its own log: `json`, a line each in Cloud Logging's form, or `text`. Empty: `text` on a "
        "terminal, else `json`.",
        values.log_style,
        example="json",
    )
    port: int = option(
        "The gardener", "PORT", "Port of the web server: health, and Slack over HTTP.", values.port, default="8080"
    )

    model_services: tuple[str, ...] = table(
        "model_services",
        "Services whose entries may be shown to the model; `*` for all. Empty: none.",
        values.names,
        (),
        'model_services = ["shop-api", "shop-web"]',
    )
    expected: tuple[str, ...] = table(
        "expected",
        "Texts that make a problem expected behaviour: it is shown as P4 and gets no issue.",
        values.texts,
        (),
        'expected = ["health check of the load balancer"]',
    )
    labels: tuple[str, ...] = table(
        "labels",
        "Labels of every issue that is filed, beside priority and kind.",
        values.texts,
        ("log-gardener",),
        'labels = ["log-gardener"]',
    )
    quiet_after: timedelta = table(
        "quiet_after",
        "After how long without a problem a word on its open issue is proposed; it is never closed by itself.",
        values.duration,
        "7d",
        'quiet_after = "7d"',
    )
    reopen_within: timedelta = table(
        "reopen_within",
        "How long ago an issue may have been closed to be opened again when its problem is back; later, a new issue "
        "that names the old one is proposed.",
        values.duration,
        "14d",
        'reopen_within = "14d"',
    )
    redact: frozenset[str] = table(
        "redact",
        "What is masked beyond secrets: `ips` (addresses), `users` (user ids).",
        values.redactions,
        (),
        'redact = ["ips", "users"]',
    )
    archive_after: timedelta = table(
        "archive_after",
        "How long after its last occurrence a problem is archived: its number, name and issue stay for ever, its "
        "evidence and its history of counts go. `0d`: never.",
        values.duration_or_never,
        "90d",
        'archive_after = "90d"',
    )
    proposal_lifetime: timedelta = table(
        "proposal_lifetime",
        "How long a proposal waits before it expires: `12h`, `7d`.",
        values.duration,
        "7d",
        'proposal_lifetime = "7d"',
    )
    self_approval: bool = table(
        "self_approval",
        "Whether somebody who asked for a proposal may approve it.",
        values.yes_no,
        True,
        "self_approval = true",
    )
    environments: Mapping[str, str] = table(
        "environments",
        "Pattern in a project's or service's name to environment; looked at before the built-in rules.",
        values.environments,
        {},
        '[environments]\n"*-stg" = "staging"\n"example-prod" = "production"',
    )
    owners: Mapping[str, tuple[str, ...]] = table(
        "owners",
        "Service to the GitHub logins who are assigned.",
        values.owners,
        {},
        '[owners]\nshop-api = ["example-login"]',
    )
    sources: tuple[Scope, ...] = table(
        "sources",
        "Projects whose logs are read, instead of the one in GOOGLE_CLOUD_PROJECT; each with the `services` and `jobs` "
        "that are read of it (all, if there are none) and an `exclude` of its own.",
        values.sources,
        (),
        '[[sources]]\nproject = "example-prod"\nservices = ["shop-*"]\njobs = ["nightly-report"]\n'
        'exclude = [{ text = "health check of the load balancer" }]',
    )
    style: Mapping[str, str] = table(
        "style",
        "Your own templates (Jinja) for what is written to the tracker: `title`, `labels` (a list), `branch`, `body`, "
        "`comment`, `regression`, `escalation`, `recovery`. What is missing stays in house style.",
        values.style,
        {},
        '[style]\ntitle = "{{ severity }} {{ service }}: {{ name }}"\nlabels = ["{{ severity }}", "team/shop"]',
    )
    critical_paths: tuple[CriticalPath, ...] = table(
        "critical_paths",
        "Ways through the product that earn money; a problem that touches one weighs more and says so.",
        values.critical_paths,
        (),
        '[[critical_paths]]\nname = "Login to first order"\nworth = "every order begins here"\n'
        'services = ["shop-api"]\nroutes = ["/api/login", "/api/orders"]',
    )

    channels: tuple[Channel, ...] = table(
        "channels",
        "Channels with wishes of their own: services, kinds, severity (down to which), alert (down to which something "
        "new is told at once), notify (the user group that is called then), schedule and timezone of the digest.",
        values.channels,
        (),
        '[[channels]]\nid = "C0123456789"\nkinds = ["security"]\nalert = "P1"\nnotify = "S0123456789"\n'
        'schedule = "0 8 * * mon-fri"\ntimezone = "Europe/Berlin"',
    )
    coverage: tuple[Expectation, ...] = table(
        "coverage",
        "What a service should log when it happens; `/garden coverage` says which of it was never seen.",
        values.expectations,
        (),
        '[[coverage]]\nname = "A payment is refused"\nwords = "payment refused"\nservice = "shop-api"',
    )
    prices: Mapping[str, Price] = table(
        "prices",
        "Dollars for a million tokens of a model, where they are not known or not right. Without a known price, what a "
        "request cost is shown as unknown, and counts as much as the dearest model would.",
        values.prices,
        {},
        '[prices]\n"claude-sonnet-5-5" = { input = 2.0, output = 10.0, cache_write = 2.5, cache_read = 0.2 }',
    )

    running_as: str = ""
    """The service that this is, by the word of the platform that runs it (`K_SERVICE`)."""
    problems: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    """Names of what was given and cannot be used, so that it is not called missing as well."""

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is listened to over a socket; else it calls the web server."""
        return bool(self.slack_app_token)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What is read of which projects; never our own log, of which each round would write more."""
        named = self.sources or (
            (Scope(self.google_cloud_project, self.services),) if self.google_cloud_project else ()
        )
        ours = values.exclusions([{"service": self.running_as}]) if self.running_as else ()
        return tuple(replace(s, exclude=(*self.exclude, *s.exclude, *ours)) for s in named)

    def policy(self) -> Policy:
        """What the steps need to know of the team's wishes."""
        return Policy(
            repository=self.github_repository,
            approvers=self.approvers,
            operators=self.operators,
            environments=self.environments,
            critical_paths=self.critical_paths,
            coverage=self.coverage,
            channels=self.channels,
            owners=self.owners,
            rules=len({*self.exclude, *(rule for s in self.sources for rule in s.exclude)}),
            expected=self.expected,
            model_services=self.model_services,
            propose_down_to=self.propose,
            proposal_lifetime=self.proposal_lifetime,
            archive_after=self.archive_after,
            self_approval=self.self_approval,
            url=self.url,
            labels=self.labels,
            style=self.style,
            quiet_after=self.quiet_after,
            reopen_within=self.reopen_within,
            redact_ips="ips" in self.redact,
            redact_users="users" in self.redact,
            round_budget=min(self.round_budget, self.budget),
            day_budget=self.budget,
            people_budget=self.budget * self.reserve,
        )


FIELDS: Mapping[str, Option] = {f.name: f.metadata["option"] for f in fields(Settings) if "option" in f.metadata}
"""Attribute of `Settings` to how it is declared."""
OPTIONS: tuple[Option, ...] = tuple(FIELDS.values())
