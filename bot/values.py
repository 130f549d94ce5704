"""How the text of a setting becomes a value. Each function takes what was given and returns the value, or raises
`ValueError` with half a sentence that says what is wrong and what to write instead.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import InputError
from bot.models import Channel, CriticalPath, Expectation, Kind, Level, Price, Scope, Severity
from bot.spans import span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CRON = "five cron fields with day names, as in `0 9 * * mon-fri`"


class Secret:
    """A value that is never shown by accident: not in a message, a log line or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for handing to the library that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(<set>)" if self._value else "Secret(<not set>)"

    __str__ = __repr__


def text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError("it should be a text in quotes.")
    return raw.strip()


def secret(raw: object) -> Secret:
    return Secret(text(raw))


def _prefixed(prefix: str, other: str) -> Callable[[object], Secret]:
    def parse(raw: object) -> Secret:
        value = text(raw)
        if value and not value.startswith(prefix):
            swapped = f" This one begins with {other}: are the two tokens swapped?" if value.startswith(other) else ""
            raise ValueError(f"it should begin with {prefix}.{swapped}")
        return Secret(value)

    return parse


slack_bot_token = _prefixed("xoxb-", "xapp-")
slack_app_token = _prefixed("xapp-", "xoxb-")


def private_key(raw: object) -> Secret:
    value = text(raw).replace("\\n", "\n")
    if value and not value.startswith("-----BEGIN"):
        try:
            value = Path(value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError("it is neither a PEM text nor the path of a file that can be read.") from None
        if not value.startswith("-----BEGIN"):
            raise ValueError("the file does not hold a private key in PEM form.")
    return Secret(value)


SECRETS = (secret, slack_bot_token, slack_app_token, private_key)


def url(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("it should be an address that begins with https:// or http://.")
    return value.rstrip("/")


def base_url(raw: object) -> str:
    return url(raw) + "/"


def host_port(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"[\w.-]+:\d{1,5}", value):
        raise ValueError("it should be a host and a port, as in 127.0.0.1:8085.")
    return value


def channel(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"[CG][A-Z0-9]{2,}", value):
        raise ValueError("it should be the id of a channel, as in C0123456789, not its name.")
    return value


def people(raw: object) -> frozenset[str]:
    ids = names(raw)
    wrong = [i for i in ids if not re.fullmatch(r"[UWS][A-Z0-9]{2,}", i)]
    if wrong:
        raise ValueError(
            f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} no id of a user (U...) or user group (S...); "
            "a profile's menu has *Copy member ID*."
        )
    return frozenset(ids)


def repository(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", value):
        raise ValueError("it should be owner/name, as in example-org/shop.")
    return value


def number_id(raw: object) -> str:
    value = str(raw).strip()
    if value and not value.isdecimal():
        raise ValueError("it should be a number.")
    return value


def project(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{1,62}", value):
        raise ValueError("it should be the id of a project, as in example-prod, not its name or number.")
    return value


def path(raw: object) -> str:
    return str(Path(_expanded(text(raw))))


def _expanded(value: str) -> str:
    return os.path.expanduser(value)  # noqa: PTH111 - of an unknown user it leaves the text as it is


def existing_file(raw: object) -> str:
    value = text(raw)
    if value and not Path(value).is_file():
        raise ValueError("there is no such file.")
    return value


def names(raw: object) -> tuple[str, ...]:
    """Words, separated by commas or white space in the environment, a list in the file."""
    if isinstance(raw, str):
        raw = re.split(r"[\s,]+", raw.strip())
    return texts(raw)


def texts(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        raise ValueError('it should be a list of texts, as in ["one", "two"].')
    return tuple(dict.fromkeys(item.strip() for item in raw if item.strip()))


def dollars(raw: object) -> float:
    try:
        value = math.nan if isinstance(raw, bool) else float(str(raw).strip().removeprefix("$"))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError("it should be an amount of dollars, 0 or more, as in 2.50.")
    return value


def share(raw: object) -> float:
    written = str(raw).strip()
    try:
        value = math.nan if isinstance(raw, bool) else float(written.removesuffix("%"))
    except ValueError:
        value = math.nan
    value = value / 100 if written.endswith("%") else value
    if not 0 <= value <= 1:
        raise ValueError("it should be a share, as in 20%.")
    return value


def effort(raw: object) -> str:
    value = text(raw).lower()
    if value not in ("low", "medium", "high", "xhigh", "max", "none"):
        raise ValueError("it should be low, medium, high, xhigh, max or none.")
    return "" if value == "none" else value


def region(raw: object) -> str:
    value = text(raw)
    if value and not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", value):
        raise ValueError("it should be a region, as in europe-west1, or global.")
    return value


def prices(raw: object) -> dict[str, Price]:
    if not isinstance(raw, Mapping) or not all(isinstance(v, Mapping) for v in raw.values()):
        raise ValueError('it should be a table of "model" = { input = 2.0, output = 10.0 }.')
    return {str(model): _price(given) for model, given in raw.items()}


def _price(raw: Mapping[str, object]) -> Price:
    known = ("input", "output", "cache_write", "cache_read")
    if not {"input", "output"} <= set(raw) <= set(known):
        raise ValueError("each needs input and output, and may have cache_write and cache_read.")
    given = {name: dollars(value) for name, value in raw.items()}
    return Price(
        given["input"],
        given["output"],
        given.get("cache_write", 1.25 * given["input"]),
        given.get("cache_read", given["input"]),
    )


def port(raw: object) -> int:
    value = str(raw).strip()
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ValueError("it should be a number from 1 to 65535.")
    return int(value)


def severity(raw: object) -> Severity:
    try:
        return Severity(text(raw).upper())
    except ValueError:
        raise ValueError("it should be one of P0, P1, P2, P3, P4, P5.") from None


def timezone(raw: object) -> str:
    value = text(raw)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("there is no such time zone; write a name such as Europe/Berlin or UTC.") from None
    return value


def duration(raw: object) -> timedelta:
    try:
        return span(text(raw))
    except InputError:
        raise ValueError("it should be a span of time: 90s, 5m, 6h, 7d or 2w.") from None


def duration_or_never(raw: object) -> timedelta:
    return timedelta(0) if text(raw) in ("0", "0d") else duration(raw)


def backup(raw: object) -> str:
    """A bucket with an optional path, or a folder."""
    value = text(raw)
    if value.startswith("gs://"):
        if not re.fullmatch(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\s?#]*)?", value):
            raise ValueError("it should be a bucket and a path, as in gs://example-garden/backups, or a folder.")
        return value.rstrip("/")
    if re.match(r"\w+://", value):
        raise ValueError("it should begin with gs://, or be a folder.")
    return _expanded(value)


def schedule(raw: object) -> str:
    """`every 5m`, or a crontab line. Days of the week are words: numbers mean another day in each scheduler."""
    value = " ".join(text(raw).lower().split())
    if value.startswith("every "):
        try:
            often = span(value.removeprefix("every "))
        except InputError:
            raise ValueError(f"it should be `every` with a number and a unit, as in `every 5m`, or {CRON}.") from None
        if often < timedelta(minutes=1):
            raise ValueError("at most once a minute; write `every 1m` or more.")
        return value
    parts = value.split(" ")
    if len(parts) != 5:
        raise ValueError(f"it should be `every 5m`, or {CRON}.")
    if re.search(r"\d", parts[4].split("/")[0]):
        raise ValueError(
            "write the days of the week as words (mon-fri): numbers mean different days in different tools."
        )
    allowed = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, -1, DAYS))
    for part, (low, high, words) in zip(parts, allowed, strict=True):
        if not all(_cron(piece, low, high, words) for piece in part.split(",")):
            raise ValueError(f"{part[:40]!r} cannot be used there; write {CRON}.")
    return value


def _cron(piece: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    reach, slash, step = piece.partition("/")
    if slash and (not step.isdecimal() or int(step) == 0):
        return False
    if reach == "*":
        return True
    ends = reach.split("-")
    if all(end in words for end in ends):
        places = [words.index(end) for end in ends]
        return len(ends) <= 2 and not slash and places == sorted(places)
    if not all(end.isdecimal() and low <= int(end) <= high for end in ends):
        return False
    return len(ends) <= 2 and int(ends[0]) <= int(ends[-1])


def redactions(raw: object) -> frozenset[str]:
    chosen = frozenset(texts(raw))
    if chosen - {"ips", "users"}:
        raise ValueError('it should be a list of "ips" and "users", or empty.')
    return chosen


def log_style(raw: object) -> str:
    value = text(raw).lower()
    if value not in ("", "json", "text"):
        raise ValueError("it should be json or text.")
    return value


def yes_no(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("it should be true or false.")
    return raw


def environments(raw: object) -> dict[str, str]:
    if not isinstance(raw, Mapping) or not all(isinstance(v, str) and v for v in raw.values()):
        raise ValueError('it should be a table of pattern = "environment".')
    return {str(pattern): name for pattern, name in raw.items()}


def owners(raw: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(raw, Mapping):
        raise ValueError('it should be a table of service = ["login"].')
    return {str(service): texts([who] if isinstance(who, str) else who) for service, who in raw.items()}


STYLE = ("title", "labels", "branch", "body", "comment", "regression", "escalation", "recovery")


def style(raw: object) -> dict[str, str]:
    """Templates by what they replace; `labels` is a list of them, kept a line each."""
    if not isinstance(raw, Mapping) or set(raw) - set(STYLE):
        raise ValueError(f"it should be a table of templates: {', '.join(STYLE)}.")
    found = {}
    for name, value in raw.items():
        if name == "labels" and not isinstance(value, str):
            value = "\n".join(texts(value))
        if not isinstance(value, str):
            raise ValueError(f"{name} should be a text.")
        found[str(name)] = value
    return found


def critical_paths(raw: object) -> tuple[CriticalPath, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("it should be tables that begin with [[critical_paths]].")
    return tuple(_critical_path(item) for item in raw)


def channels(raw: object) -> tuple[Channel, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("it should be tables that begin with [[channels]].")
    made = tuple(_channel(item) for item in raw)
    twice = {c.id for c in made if sum(c.id == d.id for d in made) > 1}
    if twice:
        raise ValueError(f"{', '.join(sorted(twice))}: each channel may stand there once.")
    return made


def _channel(raw: Any) -> Channel:
    known = {f.name for f in fields(Channel)}
    if not isinstance(raw, Mapping) or not re.fullmatch(r"[CG][A-Z0-9]{2,20}", str(raw.get("id", ""))):
        raise ValueError('each needs an id such as "C0123456789", from the channel\'s details in Slack.')
    if unknown := set(raw) - known:
        raise ValueError(f"{', '.join(sorted(unknown))}: known are {', '.join(sorted(known))}.")
    kinds = texts(raw.get("kinds", []))
    if wrong := set(kinds) - {str(k) for k in Kind}:
        raise ValueError(f"kinds: {', '.join(sorted(wrong))} is none of {', '.join(Kind)}.")
    notify = text(raw.get("notify", ""))
    if notify and not re.fullmatch(r"S[A-Z0-9]{2,20}", notify):
        raise ValueError('notify: it should be the id of a user group, such as "S0123456789".')
    return Channel(
        id=text(raw["id"]),
        services=texts(raw.get("services", [])),
        kinds=tuple(Kind(k) for k in kinds),
        severity=severity(raw.get("severity", "P5")),
        alert=severity(raw.get("alert", "P0")),
        notify=notify,
        schedule=schedule(raw["schedule"]) if raw.get("schedule") else "",
        timezone=timezone(raw["timezone"]) if raw.get("timezone") else "",
    )


def expectations(raw: object) -> tuple[Expectation, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("it should be tables that begin with [[coverage]].")
    return tuple(_expectation(item) for item in raw)


def _expectation(raw: Any) -> Expectation:
    if not isinstance(raw, Mapping) or not all(text(raw.get(name) or "").strip() for name in ("name", "words")):
        raise ValueError("each needs a name, and words that stand in the entry.")
    unknown = set(raw) - {"name", "words", "service"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: known are name, words, service.")
    return Expectation(text(raw["name"]), text(raw["words"]), text(raw.get("service", "")))


def _critical_path(raw: Any) -> CriticalPath:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str) or not raw["name"].strip():
        raise ValueError("each needs a name.")
    unknown = set(raw) - {"name", "worth", "services", "routes"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: known are name, worth, services, routes.")
    return CriticalPath(
        name=text(raw["name"]),
        worth=text(raw.get("worth", "")),
        services=texts(raw.get("services", [])),
        routes=texts(raw.get("routes", [])),
    )


def sources(raw: object) -> tuple[Scope, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("it should be tables that begin with [[sources]].")
    found = tuple(_source(item) for item in raw)
    twice = {s.project for s in found if sum(s.project == o.project for o in found) > 1}
    if twice:
        raise ValueError(f"{', '.join(sorted(twice))} stands there twice; put all its services into one table.")
    return found


def _source(raw: Any) -> Scope:
    if not isinstance(raw, Mapping) or not raw.get("project"):
        raise ValueError("each needs a project.")
    unknown = set(raw) - {"project", "services", "jobs", "exclude"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: known are project, services, jobs, exclude.")
    return Scope(
        project=project(raw["project"]),
        services=texts(raw.get("services", [])),
        jobs=texts(raw.get("jobs", [])),
        exclude=exclusions(raw.get("exclude", [])),
    )


def exclusions(raw: object) -> tuple[str, ...]:
    """Rules of what is not read, each as a filter of Cloud Logging."""
    if not isinstance(raw, list | tuple):
        raise ValueError('it should be a list, as in [{ service = "shop-web", path = "/healthz" }].')
    return tuple(_exclusion(rule) for rule in raw)


_RULES: Mapping[str, str] = {
    "service": "resource.labels.service_name={}",
    "job": "resource.labels.job_name={}",
    "log": "log_id({})",
    "path": "httpRequest.requestUrl:{}",
    "text": "SEARCH({})",
}


def _exclusion(rule: object) -> str:
    if isinstance(rule, str):
        return _filter(rule)
    if not isinstance(rule, Mapping) or not rule:
        raise ValueError('each rule is a filter in quotes, or a table such as { service = "shop-web" }.')
    unknown = set(rule) - {*_RULES, "severity", "status"}
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: known are {', '.join(sorted({*_RULES, 'severity', 'status'}))}."
        )
    parts = []
    for key, value in rule.items():
        if key == "severity":
            if str(value).upper() not in Level.__members__:
                raise ValueError(f"{value!r} is no severity; write one such as WARNING.")
            parts.append(f"severity={str(value).upper()}")
        elif key == "status":
            if isinstance(value, bool) or not str(value).isdecimal():
                raise ValueError("status should be a number, as in 404.")
            parts.append(f"httpRequest.status={value}")
        else:
            named = text(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(_RULES[key].format(f'"{named}"'))
    return " AND ".join(parts)


def _filter(rule: str) -> str:
    """A filter that cannot reach beyond itself: its quotes and parentheses are closed, and it holds no comment."""
    rule = rule.strip()
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", rule)
    depth = 0
    for sign in bare:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
    if not rule or depth or '"' in bare or "--" in bare or "\n" in bare:
        raise ValueError(f"{rule[:60]!r} is not a whole filter: close its quotes and parentheses, on one line.")
    return rule
