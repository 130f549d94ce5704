"""Settings: where they come from, what they may be, and how everything wrong is said at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import values
from bot.errors import SettingsError
from bot.models import CriticalPath, Severity
from bot.settings import FIELDS, OPTIONS, Secret, Settings, load, need

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-token",
    "SLACK_APP_TOKEN": "xapp-not-a-real-token",
    "GARDEN_CHANNEL": "C0123456789",
    "GOOGLE_CLOUD_PROJECT": "example-prod",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(env: dict[str, str], *purposes: str, toml: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        need(load(env, toml), *purposes)
    return caught.value.problems


def test_nothing_is_enough_for_files() -> None:
    """With no setting at all, files can be read, and each default holds."""
    settings = load({})
    need(settings, "files")
    assert settings == Settings()
    assert settings.policy().approvers == frozenset()
    assert settings.policy().model_services == ()


def test_everything_wrong_is_said_at_once() -> None:
    """Wrong values, slips in names and missing settings come in one error, a sentence each, none of them twice."""
    problems = said(
        {
            "SLACK_BOT_TOKEN": "xapp-not-a-real-token",
            "GARDEN_CHANNEL": "#ops",
            "GARDEN_APPROVERS": "U0123456789, @somebody",
            "GARDEN_TIMEZONE": "Mars/Olympus",
            "GARDEN_SCHEDULE": "0 9 * * 1",
            "GARDEN_BUDGET": "-1",
            "GARDEN_PROPOSE": "high",
            "GARDEN_OPERATOR": "U0123456789",
            "GITHUB_REPOSITORY": "shop",
            "PORT": "http",
        },
        "serve",
    )
    assert [p.split()[0].rstrip(":") for p in problems] == [
        "SLACK_BOT_TOKEN",
        "GARDEN_CHANNEL",
        "GARDEN_APPROVERS",
        "GITHUB_REPOSITORY",
        "GARDEN_BUDGET",
        "GARDEN_SCHEDULE",
        "GARDEN_TIMEZONE",
        "GARDEN_PROPOSE",
        "PORT",
        "GARDEN_OPERATOR",
        "SLACK_APP_TOKEN",
        "GOOGLE_CLOUD_PROJECT",
    ]
    assert all(p.endswith((".", "?", ")")) for p in problems)


def test_message_holds_all_problems() -> None:
    """What is shown to the person is all of the sentences, one a line."""
    with pytest.raises(SettingsError) as caught:
        need(load({"PORT": "0", "GARDEN_BUDGET": "much"}), "files")
    assert caught.value.user_message.splitlines() == caught.value.problems
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("purpose", "missing"),
    [
        ("serve", ["SLACK_BOT_TOKEN", "GARDEN_CHANNEL", "SLACK_APP_TOKEN", "GOOGLE_CLOUD_PROJECT"]),
        ("post", ["SLACK_BOT_TOKEN", "GARDEN_CHANNEL"]),
        ("round", ["GOOGLE_CLOUD_PROJECT"]),
    ],
)
def test_missing_per_purpose(purpose: str, missing: list[str]) -> None:
    """Each purpose names what it needs and is not there, and nothing else."""
    assert [p.split()[0] for p in said({}, purpose)] == missing


def test_enough_to_serve() -> None:
    """Four settings are enough to serve; a signing secret stands in for the app-level token."""
    need(load(GOOD), "serve")
    assert load(GOOD).socket_mode
    http = {**GOOD, "SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "not-a-real-secret"}
    need(load(http), "serve")
    assert not load(http).socket_mode


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({"GITHUB_REPOSITORY": "example-org/shop"}, ["GITHUB_TOKEN"]),
        ({"GITHUB_TOKEN": "not-a-real-token"}, ["GITHUB_REPOSITORY"]),
        (
            {"GITHUB_REPOSITORY": "example-org/shop", "GITHUB_APP_ID": "12"},
            ["GITHUB_INSTALLATION_ID", "GITHUB_PRIVATE_KEY"],
        ),
    ],
)
def test_half_a_tracker(env: dict[str, str], missing: list[str]) -> None:
    """A tracker that is configured by half is reported; none at all is fine."""
    assert [p.split()[0] for p in said(env, "tracker")] == missing
    need(load({}), "tracker")


def test_secrets_are_never_shown() -> None:
    """Neither the representation of the settings nor a complaint about a secret holds its value."""
    env = {o.name: "not-a-real-secret-31415" for o in OPTIONS if o.secret}
    settings = load(env)
    assert "31415" not in repr(settings) + str(settings) + "".join(settings.problems)
    assert f"{settings.github_token}" == "Secret(<set>)"
    assert settings.github_token.reveal() == "not-a-real-secret-31415"
    assert not Secret("")


def test_every_secret_is_declared_as_one() -> None:
    """What is called a token, key or secret is a `Secret`."""
    for attribute, declared in FIELDS.items():
        looks = any(w in declared.name for w in ("TOKEN", "SECRET", "PRIVATE_KEY", "API_KEY"))
        assert declared.secret == looks == isinstance(getattr(Settings(), attribute), Secret)


def test_every_setting_is_used() -> None:
    """No setting is declared that nothing reads."""
    root = Path(values.__file__).parent
    sources = [p.read_text() for p in root.rglob("*.py") if p.name not in ("values.py", "settings.py")]
    code = "\n".join(sources)
    for attribute, declared in FIELDS.items():
        if declared.name not in (
            "GARDEN_CONFIG",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ):  # read by load, and by Google's library
            assert f".{attribute}" in code, f"nobody reads {declared.name or declared.key}"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """garden.toml may hold our own settings; the environment wins where both have one."""
    toml = tmp_path / "garden.toml"
    toml.write_text('channel = "C0000000001"\ntimezone = "Europe/Berlin"\nbudget = 2.5\napprovers = ["U0000000001"]\n')
    settings = load({"GARDEN_CHANNEL": "C0000000002"})
    need(settings, "files")
    assert (settings.channel, settings.timezone, settings.budget) == ("C0000000002", "Europe/Berlin", 2.5)
    assert settings.approvers == {"U0000000001"}
    assert load({"GARDEN_CONFIG": str(toml)}).timezone == "Europe/Berlin"
    assert load({}, toml).config == str(toml)


def test_tables_become_the_policy(tmp_path: Path) -> None:
    """Lists and tables of garden.toml arrive in the policy as values."""
    toml = tmp_path / "team.toml"
    toml.write_text(
        'model_services = ["*"]\nexpected = ["warm-up"]\nlabels = ["bot"]\nredact = ["ips"]\n'
        'proposal_lifetime = "36h"\nself_approval = false\npropose = "P1"\nbudget = 0.2\n'
        '[environments]\n"*-stg" = "staging"\n[owners]\nshop-api = ["example-login"]\nshop-web = "other-login"\n'
        '[[critical_paths]]\nname = "Login"\nworth = "all orders"\nservices = ["shop-api"]\nroutes = ["/api/login"]\n'
    )
    settings = load({}, toml)
    need(settings, "files")
    policy = settings.policy()
    assert policy.critical_paths == (CriticalPath("Login", "all orders", ("shop-api",), ("/api/login",)),)
    assert policy.environments == {"*-stg": "staging"}
    assert policy.owners == {"shop-api": ("example-login",), "shop-web": ("other-login",)}
    assert (policy.model_services, policy.expected, policy.labels) == (("*",), ("warm-up",), ("bot",))
    assert (policy.redact_ips, policy.redact_users, policy.self_approval) == (True, False, False)
    assert policy.proposal_lifetime == timedelta(hours=36)
    assert policy.propose_down_to is Severity.P1
    assert (policy.round_budget, policy.day_budget) == (0.2, 0.2)


def test_our_own_log_is_not_read(tmp_path: Path) -> None:
    """Where the platform says which service this is, that one is left out; of rules only the team's are counted."""
    toml = tmp_path / "team.toml"
    toml.write_text(
        'exclude = [{ text = "health" }]\n[[sources]]\nproject = "one"\n[[sources]]\nproject = "two"\n'
        'exclude = [{ text = "health" }, { path = "/up" }]\n'
    )
    settings = load({"K_SERVICE": "log-gardener"}, toml)
    ours = 'resource.labels.service_name="log-gardener"'
    assert [s.exclude[-1] for s in settings.scopes] == [ours, ours]
    assert settings.policy().rules == 2
    assert [s.exclude for s in load({"GOOGLE_CLOUD_PROJECT": "one"}).scopes] == [()]


def test_unknown_keys_name_the_nearest(tmp_path: Path) -> None:
    """A key that nobody knows is reported with the one that is probably meant; secrets do not belong in the file."""
    toml = tmp_path / "garden.toml"
    toml.write_text('chanel = "C0000000001"\nslack_bot_token = "xoxb-example"\nzzz = 1\n[critical_path]\n')
    problems = said({}, "files")
    assert "do you mean channel?" in problems[0]
    assert "set SLACK_BOT_TOKEN in the environment" in problems[1]
    assert "known are " in problems[2]
    assert "do you mean critical_paths?" in problems[3]
    assert "xoxb-example" not in "".join(problems)


@pytest.mark.parametrize(
    "text", ["a = ", 'critical_paths = "x"', "[[critical_paths]]\nworth = 'x'", "owners = 1", "expected = [1]",
             "self_approval = 'yes'", "redact = ['names']", "environments = [1]", "channel = 3", "budget = true",
             "[[critical_paths]]\nname = 'x'\nprice = 3"],
)  # fmt: skip
def test_a_wrong_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever stands in garden.toml, it ends in a sentence that names the file."""
    toml = tmp_path / "garden.toml"
    toml.write_text(text)
    assert ["garden.toml" in p for p in said({}, "files")] == [True]


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A garden.toml that is named and missing, unreadable or binary is reported; an unnamed one may be missing."""
    assert "no such file" in said({"GARDEN_CONFIG": "absent.toml"}, "files")[0]
    assert "cannot be read" in said({"GARDEN_CONFIG": str(tmp_path)}, "files")[0]
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "not valid TOML" in said({}, "files", toml=tmp_path / "binary.toml")[0]


@pytest.mark.parametrize(
    "text",
    ["every 5m", "every 1h30m", "Every  2h", "0 9 * * mon-fri", "*/10 8-18 * * *", "0 9,17 1 jan-mar mon,wed",
     "5-55/10 * * * sat-sun"],
)  # fmt: skip
def test_schedules_that_are_understood(text: str) -> None:
    """`every` with a span, and five cron fields with day names; APScheduler takes the same."""
    from apscheduler.triggers.cron import CronTrigger

    value = values.schedule(text)
    if not value.startswith("every"):
        CronTrigger.from_crontab(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily",
        "every",
        "every 5",
        "every 10s",
        "0 9 * * 1",
        "0 9 * * 1-5",
        "0 9 * *",
        "60 9 * * mon",
        "0 24 * * mon",
        "0 9 0 * mon",
        "0 9 * 13 mon",
        "0 9 * * fri-mon",
        "0 9 * * mon-fri/2",
        "*/0 * * * *",
        "0 17-9 * * *",
        "0 9 * * moon",
    ],
)
def test_schedules_that_are_refused(text: str) -> None:
    """Numbers as days of the week (they differ between tools), and whatever is no schedule, is refused in words."""
    with pytest.raises(ValueError, match=r"\w"):
        values.schedule(text)


@given(st.sampled_from([o for o in OPTIONS if o.name and o.name != "GARDEN_CONFIG"]), st.text(max_size=80))
def test_no_text_breaks_loading(declared: object, text: str) -> None:
    """Whatever text a variable holds, loading ends with a value or a sentence, and the message is one line."""
    assert hasattr(declared, "name")
    settings = load({declared.name: text.replace("\0", "")})
    assert all("\n" not in p for p in settings.problems)


def test_private_key_by_path_and_by_text(tmp_path: Path) -> None:
    """The key of a GitHub App may be its text, with or without real line breaks, or the path of its file."""
    pem = "-----BEGIN EXAMPLE KEY-----\nnot-a-real-key\n-----END EXAMPLE KEY-----"
    (tmp_path / "key.pem").write_text(pem + "\n")
    for given_as in (pem, pem.replace("\n", "\\n"), str(tmp_path / "key.pem")):
        assert load({"GITHUB_PRIVATE_KEY": given_as}).github_private_key.reveal() == pem
    assert "neither a PEM text nor the path" in said({"GITHUB_PRIVATE_KEY": "no-such-file.pem"}, "files")[0]


def test_foreign_variables_are_left_alone() -> None:
    """Only names that look like a slip of ours are reported."""
    need(load({"HOME": "/nowhere", "GARDEN_HOSE_LENGTH": "3"}), "files")
    assert said({"GARDEN_APROVERS": "U0123456789"}, "files") == [
        "GARDEN_APROVERS is not a setting; do you mean GARDEN_APPROVERS?"
    ]


def test_addresses() -> None:
    """Base addresses end as their libraries want them."""
    settings = load({"SLACK_API_URL": "http://127.0.0.1:9/api", "GITHUB_API_URL": "https://ghe.example.com/api/v3/"})
    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert settings.github_api_url == "https://ghe.example.com/api/v3"
