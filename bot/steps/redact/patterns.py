"""What secrets and personal data look like, and the words that stand where a secret might and are none."""

# ruff: noqa: E501, S105, SIM905 - expressions are not broken up; they name fields, and hold no secret

from __future__ import annotations

import re

HINTS = (
    *"""
    @ %40 eyj bearer basic auth pass pw secret token key cookie credential session sig aiza ya29 1//0 gocspx gho_ ghp_
    ghs_ ghu_ ghr_ github_pat glpat xox xapp- hooks. akia asia sk- sk_ rk_ whsec sg. npm_ hf_ shp dop_ pypi- private
    code= otp hvs. hvb. hvr. dckr_ sq0 sbp_ gl $2 $6$ $argon2 dapi lin_api sntr /bot curl kennwort atatt nrak- xai- r8_
    figd_ lsv2_ mysql 2fa mfa eaa atlasv1 dp. pscale_ pmak- fo1_ redis-cli contrase senha
    jwt connect.sid sessid access= verification_code verification-code negotiate pin_code pin-code pincode aroa aida atctt3
    """.split(),
    "identified by",
    "code is",
    *("one-time", "one time", "verification c", "verification p", "security code", "security p", "login code"),
    *("login pin", "sign-in code", "signin code", "confirmation code", "confirmation pin"),
)
_CARD = r"[0-9]{4}(?:[0-9]{9}|[ -][0-9]{4}(?:[0-9]{2})?[ -][0-9]{4})"
HINT = re.compile(
    r"\bpin\b|://[^/\s]{1,200}:|"
    + _CARD
    + r"|[A-Za-z0-9+/]{60}|[0-9]:AA|\bSK[0-9a-f]{32}|[_.][A-Za-z0-9]{36}|s\.[A-Za-z0-9]{24}|"
    r"wachtwoord|пароль|密码|パスワード|" + "|".join(map(re.escape, HINTS)),
    re.I,
)
"""What every secret known here has somewhere; texts without it are done at once. `HINTS` are its plain words."""
RARER = re.compile(r"\bpin\b|://[^/\s]{1,200}:|[0-9]:aa|" + _CARD + r"|[a-z0-9+/]{60}|\bsk[0-9a-f]{32}|s\.[a-z0-9]{24}")
"""The rest of `HINT`, for a text in small letters."""
BEHIND = (
    re.compile(r"_(?=[0-9A-Z]{0,80}[a-z])(?=[0-9a-z]{0,80}[A-Z])(?=[A-Za-z]{0,80}[0-9])[0-9A-Za-z]{36}"),
    re.compile(r"\.[0-9a-f]{64}"),
)
"""The same; each begins with one sign, which is found much faster by itself."""

PRIVATE = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]*?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|(?:(?!-----)[\s\S])*)"
)
KEY_LINE = re.compile(
    r"((?:^|(?<=[\s\"'|>`\[(])|(?<=\\n))[ \t]{0,40})(?=[^\n]{0,60}[a-z])(?=[^\n]{0,60}[A-Z])(?=[^\n]{0,60}[0-9])"
    r"[A-Za-z0-9+][A-Za-z0-9+/]{59,75}={0,2}(?:(?:\n|\\n)[ \t>|\"']{0,40}[A-Za-z0-9+/]{60,76}={0,2})*"
    r"(?:(?:\n|\\n)[ \t>|\"']{0,40}(?=[^\n]{0,74}(?:[0-9=+/]|[a-z][A-Z]))[A-Za-z0-9+/]{1,76}={0,2}(?=[ \t\"',]*$))?"
    r"(?![A-Za-z0-9+/=_.-])",
    re.M,
)
KEY_BEGINS = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?![\s\S]*-----END )")
"""What follows on the stream is a key, line by line."""
KEY_GOES_ON = re.compile(
    r"\s{0,40}(?:[A-Za-z0-9+/]{1,80}={0,2}|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,200})\s{0,40}"
)
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
    r"(?:\b|(?<=/bot))(?:AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|1//0[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}|"
    r"gh[opsur]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,}|gl(?:pat|dt|rt|cbt|ptt|soat|ft|agent)-[0-9A-Za-z_-]{16,}|gl(?:sa|c)_[0-9A-Za-z_+/=-]{24,}|"
    r"xox[abeoprs]-[0-9A-Za-z-]{10,}|xapp-[0-9]-[0-9A-Za-z-]{10,}|"
    r"(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?:[\s,:;/\"']{1,4}[A-Za-z0-9/+]{40})?|"
    r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[0-9A-Za-z+/=]{16,}|"
    r"sk-(?:ant-|proj-|or-|svcacct-)?[0-9A-Za-z_-]{20,}|SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}|"
    r"npm_[0-9A-Za-z]{30,}|pypi-[0-9A-Za-z_-]{30,}|hf_[0-9A-Za-z]{30,}|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}|"
    r"do[opr]_v1_[0-9a-f]{60,}|key-[0-9a-f]{32}|SK[0-9a-f]{32}|[0-9]{8,10}:AA[0-9A-Za-z_-]{30,}|"
    r"hv[sbr]\.[0-9A-Za-z_-]{20,}|dckr_[po]at_[0-9A-Za-z_-]{16,}|sq0[a-z]{3}-[0-9A-Za-z_-]{18,}|sbp_[0-9a-f]{40}|"
    r"(?<=/bot)[0-9]{6,12}:[0-9A-Za-z_-]{20,}|AT[AC]TT3[0-9A-Za-z_=-]{30,}|NRAK-[0-9A-Z]{20,}|xai-[0-9A-Za-z]{30,}|"
    r"r8_[0-9A-Za-z]{30,}|figd_[0-9A-Za-z_-]{30,}|lsv2_[a-z]{2}_[0-9a-f_]{30,}|"
    r"EAA[0-9A-Za-z_-]{57,}|pat[0-9A-Za-z]{14}\.[0-9a-f]{64}|AGE-SECRET-KEY-1[0-9A-Z]{58}|"
    r"dp\.(?:pt|st|ct|sa)\.[0-9A-Za-z]{40,}|pscale_[a-z]{2,6}_[0-9A-Za-z_.-]{32,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|fo1_[0-9A-Za-z_-]{43}|"
    r"s\.(?=[A-Za-z]{0,23}[0-9])(?=[0-9a-z]{0,23}[A-Z])[0-9A-Za-z]{24}(?![\w.])|"
    r"lin_api_[0-9A-Za-z]{30,}|sntr[yu]s_[0-9A-Za-z_=+/]{30,}|dapi[0-9a-f]{32})"
)
ATLAS = re.compile(r"\b[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_-]{60,}")
PREFIXED = re.compile(
    r"(?<=[a-z0-9]_)(?=[0-9A-Z]{0,80}[a-z])(?=[0-9a-z]{0,80}[A-Z])(?=[A-Za-z]{0,80}[0-9])[0-9A-Za-z]{36,}"
)
"""What vendors put behind their name and an underscore: nobody's file or id has that many mixed letters."""
WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/)[0-9A-Za-z_/-]{10,}"
)

SHAPED = re.compile(
    r"AIza|ya29|1//0|GOCSPX|gh[opsur]_|github_pat|gl[a-z]{1,5}[-_]|xox|xapp-|A(?:KI|SI|RO|ID)A|sk[-_]|rk_|SK[0-9a-f]|whsec_|"
    r"SG\.|npm_|pypi-|hf_|shp|do[opr]_|key-|:|lin_|sntr|dapi|hv[sbr]\.|dckr_|sq0|sbp_|AT[AC]TT|NRAK|xai-|r8_|figd_|@|"
    r"lsv2_|eyJ|\$|hooks|discord|PRIVATE KEY|(?i:passw|pwd=|secret=|token=|key=)"
)
"""A quick look at ids and names: whether one may be a secret."""
PASSWORD = r"passwort|pass(?:word|wd|phrase|code)?|pwd|(?<![A-Za-z0-9])pw|mot de passe|kennwort"
ELSEWHERE = r"contrase[nñ]a|(?<![A-Za-z0-9])senha|wachtwoord|пароль|密码|パスワード"
SECRET = (
    r"secret[_-]?key[_-]?base|secrets?|client[_-]?secret|credentials?|private[_-]?key|signing[_-]?key|encryption[_-]?key|"
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
    rf"(?P<password>{PASSWORD}|{ELSEWHERE})|(?P<token>{TOKEN})|(?P<signature>{SIGNED})|(?P<code>{CODE})))"
    r"(?P<between>\\*[\"'`]?\]?(?P<mark>\s{0,3}(?:=>|:=|==?(?!>)|:|%3[dD])(?:[ \t]{0,3}(?:[|>][+-]?)?\n\s{0,20}|\s{0,3})))"
    r"(?P<open>[bru]?(?P<quote>\\*[\"'`]))?"
    r"(?!<[a-z-]+>)(?P<value>(?(quote)(?:(?!(?P=quote))(?:\\[^\n]|[^\n\\])){1,4000}"
    r"|[^\s;&\"'`,{}\[\]()<\\][^\s;&\"'`]{0,4000}?(?=[,.)\]}]*(?:[\s;&\"'`]|$)|,\s*\\*[\"']?[\w.-]{1,60}\\*[\"']?\s*[=:])))",
    re.I,
)
LISTED = re.compile(
    rf"(?P<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,60}}?(?:(?P<cookie>cookies?)|(?P<session>{SESSION})|(?P<key>{KEY})|"
    rf"(?P<secret>{SECRET})|(?P<password>{PASSWORD})|(?P<token>{TOKEN})))"
    r"(?P<between>\\*[\"'`]?\s{0,3}(?:=>|:=|==?|:)\s{0,3})\[(?P<value>[^\[\]\n]{1,4000})\]",
    re.I,
)
ELEMENT = re.compile(
    rf"(<(?:\w{{1,40}}:)?([\w.-]{{0,40}}(?:{SESSION}|{KEY}|{SECRET}|{PASSWORD}|{TOKEN}))(?:\s[^<>]{{0,200}})?>)"
    r"(?P<value>[^<>]{1,4000})(?=</(?:\w{1,40}:)?\2>)",
    re.I,
)
SAID = re.compile(
    r"(\b(?:(?:password|passwd|passphrase|passcode|pwd) (?:is|was|=)|with (?:the )?(?:password|passphrase)|"
    r"(?:password|passwd|passphrase) for (?:the )?(?:user |account |role |login )?[^\s:=]{1,100}(?P<mark>\s{0,2}[:=]))"
    r":?\s{1,3}[\"'`]?)(?!<)(?P<value>[^\s\"'`<>,;]{3,200})(?P<end>[\"'`.]{0,2}[ \t]*$|\\*[\"'][\])},])?",
    re.I | re.M,
)
PHRASE = re.compile(
    r"(\b(?:password|passwd|passphrase|pwd|passwort)\s{0,3}:[ ]{1,3})(?!<)([^\s\"'`<>{}\[\]=:,;]{2,40}(?:[ ][^\s\"'`<>{}\[\]=:,;]{1,40}){1,11})[ ]*$",
    re.I | re.M,
)
CURL = re.compile(
    r"(\bcurl\b[^\n]{0,2000}?\s(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[^\s:\"']{1,100}:)(?!<)([^\s\"']{1,300})"
)
ORACLE = re.compile(
    r"((?:\bjdbc:oracle:\w{1,10}:|\bsqlplus\s(?:-\w{1,10}\s){0,4}|\bconn(?:ect)?\s)\w[\w$#]{0,60}/)(?!<)[^\s@\"'/]{1,200}(?=@)|"
    r"((?<![\w./:@-])\w[\w$#]{0,60}/)(?!<)[^\s@\"'/]{1,200}(?=@(?://[\w.-]{1,200}:\d|\(DESCRIPTION|[\w.-]{1,200}:1[5-9]\d\d[/:]))",
    re.I,
)
HASHED = re.compile(
    r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{40,60}|\$argon2(?:id|i|d)\$[^\s\"';<>]{30,400}|\$[56]\$[^\s\"',;<>]{30,200}"
)
ANNOUNCED = re.compile(
    r"(\b(?:verification|confirmation|security|login|log-in|sign-in|one-time|access|authentication|otp|2fa|mfa) code is:?\s)[0-9]{4,8}\b",
    re.I,
)
TUPLE = re.compile(
    rf"(\(\s?b?[\"'][\w-]{{0,40}}(?:{SESSION}|{KEY}|{SECRET}|{PASSWORD}|{TOKEN})[\"']\s?,\s?b?([\"']))(?!<)(?:(?!\2)[^\n]){{1,4000}}(?=\2\s?\))",
    re.I,
)
_SECRETLY = r"[\w.-]{0,60}(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD?|SECRET|TOKEN|_KEY|APIKEY|CREDENTIALS?|_SALT|_PEPPER|(?:REDIS|BASIC|HTTP|SMTP|PROXY)_AUTH)"
NAMED = re.compile(
    rf"(\\*[\"']name\\*[\"']\s*:\s*\\*[\"']{_SECRETLY}\\*[\"']\s*,"
    r"\s*\\*[\"']value\\*[\"']\s*:\s*(\\*[\"']))(?!<[a-z]+>)(?:(?!\2)[^\n]){1,4000}",
    re.I,
)
NAMED_AFTER = re.compile(
    r"(\\*[\"']value\\*[\"']\s*:\s*(\\*[\"']))(?!<[a-z]+>)(?:(?!\2)[^\n]){1,4000}"
    rf"(\\*[\"']\s*,\s*\\*[\"']name\\*[\"']\s*:\s*\\*[\"']{_SECRETLY}\\*[\"'])",
    re.I,
)
NAMED_BARE = re.compile(
    rf"(\bname:\s{{0,3}}[\"']?{_SECRETLY}[\"']?\s{{1,20}}value:\s{{0,3}}[\"']?)(?!<[a-z]+>)[^\s\"'{{}}][^\n\"'{{}}]{{0,4000}}",
    re.I,
)
"""The same in YAML, and in the text form of protocol buffers."""
CONNECTION = re.compile(r"(;\s?(?:password|pwd)\s?=\s?)(?!<[a-z]+>;)[^;\n\"'<>]{1,300}(?=;\s?[A-Za-z])", re.I)
"""In a connection string, where a value may have spaces and ends with a semicolon."""
PASS_PHRASE = re.compile(
    r"(\bpass[ _-]?phrase\s{0,3}[:=]\s{0,3})(?!<)([^\s\"'`<>{}\[\]=:,;\\]{2,40}(?:[ ][^\s\"'`<>{}\[\]=:,;\\]{1,40}){1,15})(?=[ ]*(?:$|[\"'`,;)\]}\\]))",
    re.I | re.M,
)
DIGEST = re.compile(
    r"(\bauthorization\\*[\"']?\s{0,2}[:=]\s{0,2}\\*[\"']?(?:digest|aws4-hmac-sha256)\s{1,3})(?!<)[^\n\"'\\]{4,4000}",
    re.I,
)
TYPED = re.compile(
    r"(\bsshpass\s{1,3}-p\s{0,3}|\bmysql(?:dump|admin|import|check)?\b[^\n|;]{0,200}?\s-p|\bredis-cli\b[^\n|;]{0,200}?\s(?:-a|--pass)\s{1,3})(?![\s<-])[\"']?[^\s\"'<>]{1,200}[\"']?"
)
"""Behind an option of programs that take a password there."""
ONCE = re.compile(
    r"(\b(?:one[- ]time|verification|security|login|sign-?in|confirmation|2fa|mfa) (?:code|pass(?:word|code)|pin)(?: is)?[: ]{1,3})"
    r"[0-9]{4,8}\b",
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
GRANT = re.compile(r"([?&](?:code|key|auth|access|sig|state_token)=)(?!<)([A-Za-z0-9%._~+/-]{12,4000}={0,2})")
GRANTED = re.compile(
    r"((?:oauth|callback|/cb\b|login|authorize|signin|/auth)[^\s\"'<>]{0,400}?[?&]code=|[?&]state=[^\s&\"'<>]{1,400}&(?:[^\s\"'<>]{0,200}&)?code=|"
    r"[?&]code=(?=[^\s&\"'<>]{4,400}&(?:[^\s\"'<>]{0,400}&)?state=))(?!<)([A-Za-z0-9%._~+/-]{4,4000})",
    re.I,
)
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
    blank least characters short long match matches may will locked try again account do this that contain contains
    attempt attempts be being only if when used you your we it weak strong compromised needed before after
    service server client request response header parameter argument attribute property
    """.split()
)
STARS = re.compile(r"[*x•.…#_-]+|\$\{?\w+\}?|%[sd]|\{\w*\}|\[\w+\]?", re.I)
RANDOM = re.compile(r"/(?=[^0-9]{0,39}[0-9])(?=[^a-z]{0,39}[a-z])(?=[^A-Z]{0,39}[A-Z])[A-Za-z0-9+/]{39}")
"""As long as a cloud's secret, which may begin as a path does."""
CONSTANT = re.compile(r"[A-Z]{2,}(?:_[A-Z]{2,})+[,.;)]*")
"""The name of a setting, not its value."""
FOREIGN = frozenset({"contraseña", "contrasena", "senha", "wachtwoord", "пароль", "密码", "パスワード"})
REFERENCE = re.compile(r"(?:projects/|secretmanager|gs://|/run/secrets|/etc/|/var/|/secrets?/|\.?/)[\w./@:-]*")
