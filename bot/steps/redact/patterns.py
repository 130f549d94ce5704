"""What secrets and personal data look like, and the words that stand where a secret might and are none."""

# ruff: noqa: E501, S105, SIM905 - expressions are not broken up; they name fields, and hold no secret

from __future__ import annotations

import re

HINTS = (
    *"""
    @ %40 eyj bearer basic auth pass pwd secret token key cookie credential session sig aiza ya29 1//0 gocspx gho_ ghp_
    ghs_ ghu_ ghr_ github_pat glpat xox xapp- hooks. akia asia sk- sk_ rk_ whsec sg. npm_ hf_ shp dop_ pypi- private
    code= otp
    """.split(),
    "identified by",
)
HINT = re.compile(
    r"\bpin\b|://[^/\s]{1,200}:|[0-9][0-9 -]{11,22}[0-9]|[A-Za-z0-9+/]{60}|[0-9]:AA|" + "|".join(map(re.escape, HINTS)),
    re.I,
)
"""What every secret known here has somewhere; texts without it are done at once. `HINTS` are its plain words."""
RARER = re.compile(r"\bpin\b|://[^/\s]{1,200}:|[0-9](?:[0-9 -]{11,22}[0-9]|:aa)|[a-z0-9+/]{60}")
"""The rest of `HINT`, for a text in small letters."""

PRIVATE = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]*?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|(?:(?!-----)[\s\S])*)"
)
KEY_LINE = re.compile(r"^(?=[^\n]*[a-z])(?=[^\n]*[A-Z])(?=[^\n]*[0-9])[A-Za-z0-9+/]{64}={0,2}$", re.M)
URL = re.compile(
    r"\b((?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|smtps?|ftp|oracle|clickhouse|nats)[a-z0-9+.]{0,20}://"
    r"[^\s:/@\"'<>]{0,100}:)(?!<[a-z]+>@)[^\s\"']{1,300}(?=@)|"
    r"(\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,100}:)(?!<[a-z]+>@)[^\s/\"']{1,300}(?=@)",
    re.I,
)
URL_TOKEN = re.compile(r"(\bhttps?://)[A-Za-z0-9_-]{20,200}(?=@)")
COOKIE = re.compile(
    r"(\b(?:set-)?cookies?\\*[\"']?\s{0,2}(?:[:=]|=>|,(?=\s?b?\\*[\"']))\s{0,2}(?:b(?=\\*[\"']))?\\*[\"']?)(?=[^\n=\"'<:]{1,80}=)[^\n\"'\\]{2,8000}",
    re.I,
)
SCHEME = re.compile(
    r"\b(bearer|basic|digest|negotiate|apikey|token)(\s{1,3})(?!<)([A-Za-z0-9._~+/:-]{8,4000}={0,2})", re.I
)
HEADER = re.compile(
    r"(\b(?:proxy-)?authorization\\*[\"']?\s{0,2}(?:[:=]|=>|,(?=\s?b?\\*[\"']))\s{0,2}(?:b(?=\\*[\"']))?\\*[\"']?"
    r"(?:(?:bearer|basic|digest|token|apikey|negotiate|aws4-hmac-sha256)\s{1,3})?)(?!<)([^\s\"'<,\\]{4,4000})",
    re.I,
)
JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")
KEYS = re.compile(
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
WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/)[0-9A-Za-z_/-]{10,}"
)

PASSWORD = r"pass(?:word|wd|phrase|code)?|passwort|pwd"
SECRET = (
    r"secrets?|client[_-]?secret|credentials?|private[_-]?key|signing[_-]?key|encryption[_-]?key|"
    r"account[_-]?key|shared[_-]?access[_-]?key"
)
TOKEN = r"token|jwt|bearer|authorization|x-amz-credential"
KEY = (
    r"api[_ -]?key|apikey|access[_-]?key(?:[_-]?id)?|auth[_-]?key|subscription[_-]?key|license[_-]?key|"
    r"service[_-]?key|secret[_-]?key"
)
SESSION = r"session[_-]?id|sessionid|sessid|connect\.sid|csrf[_-]?token|xsrf[_-]?token|session"
SIGNED = r"signature|\bsig"
CODE = r"otp|pin[_-]?code|verification[_-]?code|auth[_-]?code|\bpin"
PAIR = re.compile(
    rf"(?P<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,60}}?(?:(?P<session>{SESSION})|(?P<key>{KEY})|(?P<secret>{SECRET})|"
    rf"(?P<password>{PASSWORD})|(?P<token>{TOKEN})|(?P<signature>{SIGNED})|(?P<code>{CODE})))"
    r"(?P<between>\\*[\"'`]?\]?(?P<mark>\s{0,3}(?:=>|:=|==?|:)\s{0,3}))"
    r"(?P<open>[bru]?(?P<quote>\\*[\"'`]))?"
    r"(?!<[a-z-]+>)(?P<value>(?(quote)(?:(?!(?P=quote))[^\n]){1,4000}"
    r"|[^\s;&\"'`,{}\[\]()<\\][^\s;&\"'`]{0,4000}?(?=[,.)\]}]*(?:[\s;&\"'`]|$)|,\s*\\*[\"']?[\w.-]{1,60}\\*[\"']?\s*[=:])))",
    re.I,
)
TUPLE = re.compile(
    rf"(\(\s?b?[\"'][\w-]{{0,40}}(?:{SESSION}|{KEY}|{SECRET}|{PASSWORD}|{TOKEN})[\"']\s?,\s?b?([\"']))(?!<)(?:(?!\2)[^\n]){{1,4000}}(?=\2\s?\))",
    re.I,
)
NAMED = re.compile(
    r"(\\*[\"']name\\*[\"']\s*:\s*\\*[\"'][\w.-]{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|_KEY|APIKEY|CREDENTIALS?)\\*[\"']\s*,"
    r"\s*\\*[\"']value\\*[\"']\s*:\s*(\\*[\"']))(?!<[a-z]+>)(?:(?!\2)[^\n]){1,4000}",
    re.I,
)
OPTION = re.compile(
    r"((?<![\w-])--?(?:[a-z0-9]{1,20}-){0,4}(?:password|passwd|passphrase|secret|token|api-key|apikey|access-key)[ ]+[\"']?)"
    r"(?![<-])([^\s\"']{4,400})",
    re.I,
)
SQL = re.compile(
    r"(\b(?:identified by|(?:with |encrypted )password|password is|password was)\s{1,3}[\"'])(?!<)[^\"'\n]{1,200}", re.I
)
GRANT = re.compile(r"([?&](?:code|key|auth|access|sig|state_token)=)(?!<)[A-Za-z0-9%._~+/-]{12,4000}={0,2}")
EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&*+'=?^{|}~-]{1,64}(?:@|%40)(?![0-9]+\.[0-9]+\.)((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24})(?![\w-])"
)
CARD = re.compile(
    r"(?<![\w.-])(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|3[47][0-9]{2}([ -])[0-9]{6}\2[0-9]{5}|"
    r"3[0689][0-9]{2}([ -])[0-9]{6}\3[0-9]{4})(?![\w-]|\.[0-9])"
)
BRAND = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|"
    r"3[47][0-9]{13}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35[0-9]{14}|62[0-9]{14,17}"
)
IP = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?![\w]|\.[0-9])|"
    r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])|"
    r"(?<![\w:])(?:[0-9][0-9a-fA-F]{1,3}|f[cde][0-9a-f]{2})(?::[0-9a-fA-F]{1,4}){0,5}::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?(?![\w:])"
)
USER = re.compile(
    r"(\b(?:user|account|customer|member)[_ -]?(?:id|name)?\\*[\"']?\s{0,2}[:=]\s{0,2}\\*[\"']?)(?!<)([A-Za-z0-9_.|@-]{1,200})",
    re.I,
)

PROSE = frozenset(
    """
    required missing invalid incorrect wrong expired reset changed change not no none null nil undefined true
    false yes is was are must should cannot can could has have had been too the a an field string str text
    number int integer boolean bool bytes object empty set unset ok success failed failure error denied
    unauthorized forbidden mismatch authentication authorization auth login verification validation rotation
    revoked rejected refreshed refresh received generated created updated found provided supplied present absent
    unknown unexpected expected hidden masked redacted filtered removed rotated loaded loading using use please
    enter check checking for from of in on at to and or but with without via by default optional enabled
    disabled type any latest bearer basic jwt oauth oauth2 password secret token key value name id user valid
    malformed bad truncated new old same different exists unable cached fetched does did provider manager
    service server client request response header parameter argument attribute property
    """.split()
)
STARS = re.compile(r"[*x•.…#_-]+|\$\{?\w+\}?|%[sd]|\{\w*\}|\[\w+\]?", re.I)
REFERENCE = re.compile(r"(?:projects/|secretmanager|gs://|/run/secrets|/etc/|/var/|/secrets?/|\.?/)[\w./@:-]*")
