"""Secrets and personal data out of everything that is kept or shown; the mask says what kind it was.

Works on shapes (keys that look like keys) and on names (`password=...`). A value is only taken for a secret where
its name ends in a secret's word and it is not a word of prose: `token_count: 512` and `password: required` stay.
Redacting twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.models import Deployment, Entry, Failure, Policy, Request

_HINT = re.compile(
    r"@|%40|eyJ|bearer|basic|auth|pass|pwd|secret|token|key|cookie|credential|session|sig|identified by|"
    r"AIza|ya29|1//0|GOCSPX|gh[opsur]_|github_pat|glpat|xox|xapp-|hooks\.|A[KS]IA|sk[-_]|rk_|whsec|SG\.|npm_|hf_|shp|dop_|"
    r"pypi-|PRIVATE|code=|otp|\bpin\b|://[^/\s]{1,200}:|[0-9][0-9 -]{11,22}[0-9]|[A-Za-z0-9+/]{60}|[0-9]:AA",
    re.I,
)
"""What every secret known here has somewhere; texts without it are done at once."""

_PRIVATE = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]*?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|(?:(?!-----)[\s\S])*)"
)
_KEY_LINE = re.compile(r"^(?=[^\n]*[a-z])(?=[^\n]*[A-Z])(?=[^\n]*[0-9])[A-Za-z0-9+/]{64}={0,2}$", re.M)
_URL = re.compile(
    r"\b((?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|smtps?|ftp|oracle|clickhouse|nats)[a-z0-9+.]{0,20}://"
    r"[^\s:/@\"'<>]{0,100}:)(?!<[a-z]+>@)[^\s\"']{1,300}(?=@)|"
    r"(\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,100}:)(?!<[a-z]+>@)[^\s/\"']{1,300}(?=@)",
    re.I,
)
_URL_TOKEN = re.compile(r"(\bhttps?://)[A-Za-z0-9_-]{20,200}(?=@)")
_COOKIE = re.compile(
    r"(\b(?:set-)?cookies?\\*[\"']?\s{0,2}(?:[:=]|=>|,(?=\s?b?\\*[\"']))\s{0,2}(?:b(?=\\*[\"']))?\\*[\"']?)(?=[^\n=\"'<:]{1,80}=)[^\n\"'\\]{2,8000}",
    re.I,
)
_SCHEME = re.compile(
    r"\b(bearer|basic|digest|negotiate|apikey|token)(\s{1,3})(?!<)([A-Za-z0-9._~+/:-]{8,4000}={0,2})", re.I
)
_HEADER = re.compile(
    r"(\b(?:proxy-)?authorization\\*[\"']?\s{0,2}(?:[:=]|=>|,(?=\s?b?\\*[\"']))\s{0,2}(?:b(?=\\*[\"']))?\\*[\"']?"
    r"(?:(?:bearer|basic|digest|token|apikey|negotiate|aws4-hmac-sha256)\s{1,3})?)(?!<)([^\s\"'<,\\]{4,4000})",
    re.I,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")
_KEYS = re.compile(
    r"\b(?:AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|1//0[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}|"
    r"gh[opsur]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,}|glpat-[0-9A-Za-z_-]{20,}|"
    r"xox[abeoprs]-[0-9A-Za-z-]{10,}|xapp-[0-9]-[0-9A-Za-z-]{10,}|"
    r"(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?:[\s,:;/\"']{1,4}[A-Za-z0-9/+]{40})?|"
    r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[0-9A-Za-z+/=]{16,}|"
    r"sk-(?:ant-|proj-|or-|svcacct-)?[0-9A-Za-z_-]{20,}|SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}|"
    r"npm_[0-9A-Za-z]{30,}|pypi-[0-9A-Za-z_-]{30,}|hf_[0-9A-Za-z]{30,}|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}|"
    r"do[opr]_v1_[0-9a-f]{60,}|key-[0-9a-f]{32}|SK[0-9a-f]{32}|[0-9]{8,10}:AA[0-9A-Za-z_-]{30,}|"
    r"lin_api_[0-9A-Za-z]{30,}|sntr[yu]s_[0-9A-Za-z_=+/]{30,}|dapi[0-9a-f]{32})"
)
_WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/)[0-9A-Za-z_/-]{10,}"
)

_PASSWORD = r"pass(?:word|wd|phrase|code)?|passwort|pwd"
_SECRET = r"secrets?|client[_-]?secret|credentials?|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|shared[_-]?access[_-]?key"
_TOKEN = r"token|jwt|bearer|authorization|x-amz-credential"
_KEY = r"api[_ -]?key|apikey|access[_-]?key(?:[_-]?id)?|auth[_-]?key|subscription[_-]?key|license[_-]?key|service[_-]?key|secret[_-]?key"
_SESSION = r"session[_-]?id|sessionid|sessid|connect\.sid|csrf[_-]?token|xsrf[_-]?token|session"
_SIGNED = r"signature|\bsig"
_CODE = r"otp|pin[_-]?code|verification[_-]?code|auth[_-]?code|\bpin"
_PAIR = re.compile(
    rf"(?P<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,60}}?(?:(?P<session>{_SESSION})|(?P<key>{_KEY})|(?P<secret>{_SECRET})|"
    rf"(?P<password>{_PASSWORD})|(?P<token>{_TOKEN})|(?P<signature>{_SIGNED})|(?P<code>{_CODE})))"
    r"(?P<between>\\*[\"'`]?\]?(?P<mark>\s{0,3}(?:=>|:=|==?|:)\s{0,3}))"
    r"(?P<open>[bru]?(?P<quote>\\*[\"'`]))?"
    r"(?!<[a-z-]+>)(?P<value>(?(quote)(?:(?!(?P=quote))[^\n]){1,4000}"
    r"|[^\s;&\"'`,{}\[\]()<\\][^\s;&\"'`]{0,4000}?(?=[,.)\]}]*(?:[\s;&\"'`]|$)|,\s*\\*[\"']?[\w.-]{1,60}\\*[\"']?\s*[=:])))",
    re.I,
)
_TUPLE = re.compile(
    rf"(\(\s?b?[\"'][\w-]{{0,40}}(?:{_SESSION}|{_KEY}|{_SECRET}|{_PASSWORD}|{_TOKEN})[\"']\s?,\s?b?([\"']))(?!<)(?:(?!\2)[^\n]){{1,4000}}(?=\2\s?\))",
    re.I,
)
_NAMED = re.compile(
    r"(\\*[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|_KEY|APIKEY|CREDENTIALS?)\\*[\"']\s*,"
    r"\s*\\*[\"']value\\*[\"']\s*:\s*(\\*[\"']))(?!<[a-z]+>)(?:(?!\2)[^\n]){1,4000}",
    re.I,
)
_OPTION = re.compile(
    r"((?<![\w-])--?(?:[a-z0-9]{1,20}-){0,4}(?:password|passwd|passphrase|secret|token|api-key|apikey|access-key)[ ]+[\"']?)"
    r"(?![<-])([^\s\"']{4,400})",
    re.I,
)
_SQL = re.compile(
    r"(\b(?:identified by|(?:with |encrypted )password|password is|password was)\s{1,3}[\"'])(?!<)[^\"'\n]{1,200}", re.I
)
_GRANT = re.compile(r"([?&](?:code|key|auth|access|sig|state_token)=)(?!<)[A-Za-z0-9%._~+/-]{12,4000}={0,2}")
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&*+'=?^{|}~-]{1,64}(?:@|%40)(?![0-9]+\.[0-9]+\.)((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24})(?![\w-])"
)
_CARD = re.compile(
    r"(?<![\w.-])(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|3[47][0-9]{2}([ -])[0-9]{6}\2[0-9]{5}|"
    r"3[0689][0-9]{2}([ -])[0-9]{6}\3[0-9]{4})(?![\w-]|\.[0-9])"
)
_BRAND = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|"
    r"3[47][0-9]{13}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35[0-9]{14}|62[0-9]{14,17}"
)
_IP = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?![\w]|\.[0-9])|"
    r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])|"
    r"(?<![\w:])(?:[0-9][0-9a-fA-F]{1,3}|f[cde][0-9a-f]{2})(?::[0-9a-fA-F]{1,4}){0,5}::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?(?![\w:])"
)
_USER = re.compile(
    r"(\b(?:user|account|customer|member)[_ -]?(?:id|name)?\\*[\"']?\s{0,2}[:=]\s{0,2}\\*[\"']?)(?!<)([A-Za-z0-9_.|@-]{1,200})",
    re.I,
)

_PROSE = frozenset(
    [
        "required",
        "missing",
        "invalid",
        "incorrect",
        "wrong",
        "expired",
        "reset",
        "changed",
        "change",
        "not",
        "no",
        "none",
        "null",
        "nil",
        "undefined",
        "true",
        "false",
        "yes",
        "is",
        "was",
        "are",
        "must",
        "should",
        "cannot",
        "can",
        "could",
        "has",
        "have",
        "had",
        "been",
        "too",
        "the",
        "a",
        "an",
        "field",
        "string",
        "str",
        "text",
        "number",
        "int",
        "integer",
        "boolean",
        "bool",
        "bytes",
        "object",
        "empty",
        "set",
        "unset",
        "ok",
        "success",
        "failed",
        "failure",
        "error",
        "denied",
        "unauthorized",
        "forbidden",
        "mismatch",
        "authentication",
        "authorization",
        "auth",
        "login",
        "verification",
        "validation",
        "rotation",
        "revoked",
        "rejected",
        "refreshed",
        "refresh",
        "received",
        "generated",
        "created",
        "updated",
        "found",
        "provided",
        "supplied",
        "present",
        "absent",
        "unknown",
        "unexpected",
        "expected",
        "hidden",
        "masked",
        "redacted",
        "filtered",
        "removed",
        "rotated",
        "loaded",
        "loading",
        "using",
        "use",
        "please",
        "enter",
        "check",
        "checking",
        "for",
        "from",
        "of",
        "in",
        "on",
        "at",
        "to",
        "and",
        "or",
        "but",
        "with",
        "without",
        "via",
        "by",
        "default",
        "optional",
        "enabled",
        "disabled",
        "type",
        "any",
        "latest",
        "bearer",
        "basic",
        "jwt",
        "oauth",
        "oauth2",
        "password",
        "secret",
        "token",
        "key",
        "value",
        "name",
        "id",
        "user",
        "valid",
        "malformed",
        "bad",
        "truncated",
        "new",
        "old",
        "same",
        "different",
        "exists",
        "unable",
        "cached",
        "fetched",
        "does",
        "did",
        "provider",
        "manager",
        "service",
        "server",
        "client",
        "request",
        "response",
        "header",
        "parameter",
        "argument",
        "attribute",
        "property",
    ]
)
_STARS = re.compile(r"[*x•.…#_-]+|\$\{?\w+\}?|%[sd]|\{\w*\}|\[\w+\]?", re.I)
_REFERENCE = re.compile(r"(?:projects/|secretmanager|gs://|/run/secrets|/etc/|/var/|/secrets?/|\.?/)[\w./@:-]*")


def scrub(text: str, policy: Policy) -> str:
    """The text with everything secret or personal replaced by `<kind>`."""
    if _HINT.search(text):
        for expression, change in _PASSES:
            text = expression.sub(change, text)
    if policy.redact_ips:
        text = _IP.sub("<ip>", text)
    if policy.redact_users:
        text = _USER.sub(r"\1<user>", text)
    return text


def redact(entries: Sequence[Entry], policy: Policy) -> list[Entry]:
    """The entries with every text in them scrubbed; those without secrets are handed on as they are."""
    known: dict[str, str] = {}

    def clean(text: str) -> str:
        if not text:
            return text
        if text not in known:
            known[text] = scrub(text, policy)
        return known[text]

    return [_entry(e, clean) for e in entries]


_Clean = Callable[[str], str]


def _entry(entry: Entry, clean: _Clean) -> Entry:
    text = clean(entry.text)
    failure = _failure(entry.failure, clean) if entry.failure else None
    request = _request(entry.request, clean) if entry.request else None
    deployment = _deployment(entry.deployment, clean) if entry.deployment else None
    request_id = clean(entry.request_id)
    same = (
        text is entry.text
        and failure is entry.failure
        and request is entry.request
        and deployment is entry.deployment
        and request_id is entry.request_id
    )
    if same:
        return entry
    return replace(entry, text=text, failure=failure, request=request, deployment=deployment, request_id=request_id)


def _failure(found: Failure, clean: _Clean) -> Failure:
    message = clean(found.message)
    return found if message is found.message else replace(found, message=message)


def _request(found: Request, clean: _Clean) -> Request:
    url, route, agent = clean(found.url), clean(found.route), clean(found.agent)
    if url is found.url and route is found.route and agent is found.agent:
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
    if not word or word in _PROSE or _STARS.fullmatch(value) or value.startswith("<"):
        return False
    if kind == "password":
        return found["password"].lower() != "pass" or not (value.isdigit() or value.isalpha())
    if _REFERENCE.fullmatch(value) or (" " in value and len(value) < 200 and not any(c.isdigit() for c in value)):
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
    return found[0] if word in _PROSE or word in ("bearer", "header") else f"{found[1]}<token>"


def _card(found: re.Match[str]) -> str:
    digits = "".join(c for c in found[0] if c.isdigit())
    if not _BRAND.fullmatch(digits) or len(set(digits)) < 2:
        return found[0]
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return "<card>" if sum(n // 10 + n % 10 for n in doubled) % 10 == 0 else found[0]


def _email(found: re.Match[str]) -> str:
    if found[1].endswith(".gserviceaccount.com") or found[0].startswith("git@"):
        return found[0]
    return "<email>"


def _url(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}<password>"


_PASSES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PRIVATE, "<private-key>"),
    (_KEY_LINE, "<key>"),
    (_URL, _url),
    (_URL_TOKEN, r"\1<token>"),
    (_COOKIE, r"\1<cookie>"),
    (_JWT, "<jwt>"),
    (_KEYS, "<key>"),
    (_WEBHOOK, r"\1<key>"),
    (_HEADER, _header),
    (_SCHEME, _scheme),
    (_NAMED, r"\1<secret>"),
    (_TUPLE, r"\1<secret>"),
    (_PAIR, _pair),
    (_OPTION, r"\1<secret>"),
    (_SQL, r"\1<password>"),
    (_GRANT, r"\1<key>"),
    (_EMAIL, _email),
    (_CARD, _card),
)
