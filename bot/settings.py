"""Reads the settings from the environment and garden.toml, and says all that is wrong with them at once.

The names of others (`SLACK_BOT_TOKEN`, `GITHUB_TOKEN`, ...) come from the environment only. Ours begin with
`GARDEN_` and may also stand in garden.toml, in small letters without the prefix; there the environment wins.
Lists and tables stand in garden.toml only. `load` never raises for a wrong value: it notes a sentence, and `need`
raises all that is wrong or missing together, before anything starts.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.options import FIELDS, OPTIONS, Option, Settings
from bot.values import Secret

__all__ = ["FIELDS", "OPTIONS", "Option", "Secret", "Settings", "load", "need"]


def load(env: Mapping[str, str], toml: Path | None = None) -> Settings:
    """Reads all settings; what is wrong is noted in `problems`.

    The file is `toml`, else what GARDEN_CONFIG names, else garden.toml in the current folder if it is there.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    wrong: set[str] = set()

    named = toml or (Path(env["GARDEN_CONFIG"]) if env.get("GARDEN_CONFIG") else None)
    path = named or Path("garden.toml")
    document = _document(path, problems) if named or path.is_file() else {}

    for attribute, declared in FIELDS.items():
        given = _unquoted(env.get(declared.name, "")) if declared.name else ""
        where, raw = (declared.name, given) if given else (f"{path.name}: {declared.key}", document.get(declared.key))
        if raw is None or raw == "":
            continue
        try:
            found[attribute] = declared.parse(raw)
        except ValueError as error:
            shown = "" if declared.secret or not isinstance(raw, str | int | float) else f" is {str(raw)[:80]!r}"
            problems.append(f"{where}{shown}: {error}")
            wrong.add(declared.name)
    if toml is not None:
        found["config"] = str(toml)

    problems += _strangers(env, document, path)
    return Settings(**found, running_as=env.get("K_SERVICE", ""), problems=tuple(problems), wrong=frozenset(wrong))


def need(settings: Settings, *purposes: str) -> None:
    """Raises `SettingsError` with everything wrong, and everything that the purposes need and is missing.

    Purposes: `logs` (Cloud Logging), `chat` (posting to Slack), `listen` (hearing Slack), `tracker`; and `serve` for
    all of them, `round` for logs and tracker, `post` for chat.
    """
    parts = {part for purpose in purposes for part in PURPOSES[purpose]}
    missing = [line for part in PARTS if part in parts for line in PARTS[part](settings)]
    missing = [line for line in dict.fromkeys(missing) if line.split()[0] not in settings.wrong]
    if settings.problems or missing:
        raise SettingsError([*settings.problems, *missing])


def fleeting(settings: Settings, env: Mapping[str, str]) -> bool:
    """Whether the database is on a disk that a platform throws away, and is copied nowhere."""
    if settings.backup or not (env.get("K_SERVICE") or env.get("DYNO")):
        return False
    folder = Path(settings.db).resolve().parent
    return not any(p.is_mount() for p in (folder, *folder.parents) if p != Path(folder.anchor))


def _unquoted(text: str) -> str:
    """Without the quotes that `docker run --env-file` leaves around a value, and a shell takes away."""
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _document(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path}: there is no such file; GARDEN_CONFIG should name garden.toml.")
    except OSError as error:
        problems.append(f"{path} cannot be read: {error.strerror or error}.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not valid TOML: {error}.")
    return {}


def _strangers(env: Mapping[str, str], document: Mapping[str, Any], path: Path) -> list[str]:
    """What nobody knows: keys of the file, and names of the environment that look like a slip of ours."""
    names = [o.name for o in OPTIONS if o.name]
    keys = {o.key: o for o in OPTIONS if o.key}
    slips = (n for n in sorted(env) if n.startswith("GARDEN_") and n not in names)
    guesses = ((n, difflib.get_close_matches(n, names, 1, 0.85)) for n in slips)
    out = [f"{n} is not a setting; do you mean {near[0]}?" for n, near in guesses if near]
    for key in document:
        if key in keys:
            continue
        if key.upper() in names:
            out.append(f"{path.name}: {key} does not belong in the file; set {key.upper()} in the environment.")
            continue
        near = difflib.get_close_matches(key, keys, 1, 0.5)
        hint = f"do you mean {near[0]}?" if near else f"known are {', '.join(sorted(keys))}."
        out.append(f"{path.name}: {key} is not a setting; {hint}")
    return out


def _logs(s: Settings) -> list[str]:
    if s.scopes:
        return []
    return ["GOOGLE_CLOUD_PROJECT is missing: the project whose logs are read. (For a file: --logs FILE.)"]


def _chat(s: Settings) -> list[str]:
    out = []
    if not s.slack_bot_token:
        out.append("SLACK_BOT_TOKEN is missing: create the app from manifest.json, install it, copy the bot token.")
    if not s.channel:
        out.append("GARDEN_CHANNEL is missing: the id of the channel for the digest (its details, at the bottom).")
    return out


def _listen(s: Settings) -> list[str]:
    if s.slack_app_token or s.slack_signing_secret:
        return []
    return [
        "SLACK_APP_TOKEN is missing: an app-level token with connections:write, for Socket Mode. "
        "(Or SLACK_SIGNING_SECRET, where Slack reaches the bot over HTTP.)"
    ]


def _tracker(s: Settings) -> list[str]:
    app = {
        "GITHUB_APP_ID": bool(s.github_app_id),
        "GITHUB_INSTALLATION_ID": bool(s.github_installation_id),
        "GITHUB_PRIVATE_KEY": bool(s.github_private_key),
    }
    out = []
    if any(app.values()) and not s.github_token:
        out += [f"{name} is missing: a GitHub App needs {', '.join(app)}." for name, given in app.items() if not given]
    access = bool(s.github_token) or any(app.values())
    if s.github_repository and not access:
        out.append(
            "GITHUB_TOKEN is missing: a token (or a GitHub App) that may read and write issues of the repository."
        )
    if access and not s.github_repository:
        out.append("GITHUB_REPOSITORY is missing: the repository whose issues are kept, as owner/name.")
    return out


PARTS: Mapping[str, Callable[[Settings], list[str]]] = {
    "chat": _chat,
    "listen": _listen,
    "logs": _logs,
    "tracker": _tracker,
}
PURPOSES: Mapping[str, tuple[str, ...]] = {
    **{part: (part,) for part in PARTS},
    "serve": ("chat", "listen", "logs", "tracker"),
    "round": ("logs", "tracker"),
    "post": ("chat",),
    "files": (),
}
