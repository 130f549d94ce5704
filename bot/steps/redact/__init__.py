"""Secrets and personal data out of everything that is kept or shown; the mask says what kind it was.

Works on shapes (keys that look like keys) and on names (`password=...`). A value is only taken for a secret where
its name ends in a secret's word and it is not a word of prose: `token_count: 512` and `password: required` stay.
Redacting twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.models import Deployment, Entry, Failure, Policy, Read, Request
from bot.steps.redact import patterns as p


def scrub(text: str, policy: Policy) -> str:
    """The text with everything secret or personal replaced by `<kind>`."""
    if text.isascii():
        text = _scrub_ascii(text)
    elif p.HINT.search(text):
        for _, expression, change in _PASSES:
            text = expression.sub(change, text)
    if policy.redact_ips:
        text = p.IP.sub("<ip>", text)
    if policy.redact_users:
        text = p.USER.sub(r"\1<user>", text)
    return text


def _scrub_ascii(text: str) -> str:
    """The same, for most texts: looks for plain words first, which is ten times as fast as for expressions."""
    small = text.lower()
    if not _has(small, p.HINTS) and not p.RARER.search(small):
        return text
    for needed, expression, change in _PASSES:
        if not needed or _has(small, needed):
            done = expression.sub(change, text)
            if done != text:
                text, small = done, done.lower()
    return text


def _has(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a generator takes twice as long
        if word in text:
            return True
    return False


def redact(entries: Sequence[Read], policy: Policy) -> list[Read]:
    """The entries with every text in them scrubbed; those without secrets are handed on as they are."""
    known: dict[str, str] = {}

    def clean(text: str) -> str:
        if not text:
            return text
        if text not in known:
            known[text] = scrub(text, policy)
        return known[text]

    return [_entry(e, clean) if isinstance(e, Entry) else e for e in entries]


_Clean = Callable[[str], str]


def _entry(entry: Entry, clean: _Clean) -> Entry:
    text = clean(entry.text)
    failure = _failure(entry.failure, clean) if entry.failure else None
    request = _request(entry.request, clean) if entry.request else None
    deployment = _deployment(entry.deployment, clean) if entry.deployment else None
    request_id = clean(entry.request_id)
    changed = (text, failure, request, deployment, request_id)
    if changed == (entry.text, entry.failure, entry.request, entry.deployment, entry.request_id):
        return entry
    return replace(entry, text=text, failure=failure, request=request, deployment=deployment, request_id=request_id)


def _failure(found: Failure, clean: _Clean) -> Failure:
    message = clean(found.message)
    return found if message == found.message else replace(found, message=message)


def _request(found: Request, clean: _Clean) -> Request:
    url, route, agent = clean(found.url), clean(found.route), clean(found.agent)
    if (url, route, agent) == (found.url, found.route, found.agent):
        return found
    return replace(found, url=url, route=route, agent=agent)


def _deployment(found: Deployment, clean: _Clean) -> Deployment:
    return replace(found, message=clean(found.message), who=clean(found.who), image=clean(found.image))


# ---------------------------------------------------------------- what is replaced by what


def _pair(found: re.Match[str]) -> str:
    value = found["value"]
    kind = next(k for k in ("session", "key", "secret", "password", "token", "signature", "code") if found[k])
    if not _secret(kind, value, found):
        return found[0]
    return f"{found['name']}{found['between']}{found['open'] or ''}<{kind}>"


def _secret(kind: str, value: str, found: re.Match[str]) -> bool:
    """Whether the value of a pair is a secret, or prose, a reference, a figure, or masked already."""
    word = value.strip(" .,;:!?)(").lower()
    if not word or word in p.PROSE or p.STARS.fullmatch(value) or value.startswith("<"):
        return False
    if kind == "password":
        return found["password"].lower() != "pass" or not (value.isdigit() or value.isalpha())
    if p.REFERENCE.fullmatch(value) or (" " in value and len(value) < 200 and not any(c.isdigit() for c in value)):
        return False
    if kind == "code":
        return value.isdigit() and 3 < len(value) < 9
    if value.isdigit() and len(value) < 9:
        return False
    if (kind in ("secret", "key") and "=" in found["mark"]) or (kind == "secret" and found["quote"]):
        return len(value) >= 4
    mixed = any(c.isdigit() for c in value) or (value != value.lower() and value[1:] != value[1:].lower())
    return len(value) >= 8 and (mixed or len(value) >= 20 or (found["quote"] is not None and "_" not in value))


def _scheme(found: re.Match[str]) -> str:
    value = found[3]
    if found[1].lower() == "token" and len(value) < 20:
        return found[0]
    if value.isalpha() and (value.islower() or value[1:].islower()) and len(value) < 24:
        return found[0]
    if not any(c.isdigit() for c in value) and (len(value) < 16 or value.islower()):
        return found[0]
    return f"{found[1]}{found[2]}<token>"


def _header(found: re.Match[str]) -> str:
    word = found[2].strip(" .;:!?").lower()
    return found[0] if word in p.PROSE or word in ("bearer", "header") else f"{found[1]}<token>"


def _card(found: re.Match[str]) -> str:
    digits = "".join(c for c in found[0] if c.isdigit())
    if not p.BRAND.fullmatch(digits) or len(set(digits)) < 2:
        return found[0]
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return "<card>" if sum(n // 10 + n % 10 for n in doubled) % 10 == 0 else found[0]


def _email(found: re.Match[str]) -> str:
    if found[1].endswith(".gserviceaccount.com") or found[0].startswith("git@"):
        return found[0]
    return "<email>"


def _url(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}<password>"


_NAMES = ("pass", "pwd", "secret", "credential", "key", "token", "jwt", "bearer", "authorization", "sess", "sid", "sig")
_Change = str | Callable[[re.Match[str]], str]
_PASSES: tuple[tuple[tuple[str, ...], re.Pattern[str], _Change], ...] = (
    (("private key",), p.PRIVATE, "<private-key>"),
    ((), p.KEY_LINE, "<key>"),
    (("://",), p.URL, _url),
    (("://",), p.URL_TOKEN, r"\1<token>"),
    (("cookie",), p.COOKIE, r"\1<cookie>"),
    (("eyj",), p.JWT, "<jwt>"),
    ((), p.KEYS, "<key>"),
    (("hooks",), p.WEBHOOK, r"\1<key>"),
    (("authorization",), p.HEADER, _header),
    (("bearer", "basic", "digest", "negotiate", "apikey", "token"), p.SCHEME, _scheme),
    (("value",), p.NAMED, r"\1<secret>"),
    (("(",), p.TUPLE, r"\1<secret>"),
    ((*_NAMES, "csrf", "xsrf", "otp", "pin", "code"), p.PAIR, _pair),
    (("pass", "secret", "token", "key"), p.OPTION, r"\1<secret>"),
    (("identified by", "password"), p.SQL, r"\1<password>"),
    (("code=", "key=", "auth=", "access=", "sig=", "state_token="), p.GRANT, r"\1<key>"),
    (("@", "%40"), p.EMAIL, _email),
    ((), p.CARD, _card),
)
"""Words of which a text has at least one (in small letters) wherever the expression fits, and what it becomes."""
