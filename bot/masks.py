r"""What varies from one occurrence to the next, as expressions, and the texts with it replaced.

Every expression stays within RE2's dialect (no look-around, no back-references), because the embedded engine and
a log analytics engine must mask the same way. An expression begins and ends on a word boundary or with a character
that is none, so that masking twice changes nothing.
"""

# ruff: noqa: E501, S108 - expressions are not broken up; /tmp is only looked for

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.headings import fields


@dataclass(frozen=True, slots=True)
class Mask:
    """One named expression; an empty `token` keeps what was found as it stands.

    An expression may have one group, `stem`: the part in front of what is replaced, which stays.
    """

    name: str
    expression: str
    token: str


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = (
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?:Z\b|[AP]M\b|\b(?: ?[+-][0-9]{2}:?[0-9]{2}\b| UTC\b| GMT\b| [AP]M\b)?)"
)
_REASON = (
    r"(?:Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed|Not Acceptable|"
    r"Request Timeout|Conflict|Gone|Payload Too Large|Unsupported Media Type|Unprocessable|Too Many Requests|"
    r"Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Time-?[Oo]ut)"
)

MASKS: tuple[Mask, ...] = (
    Mask("token", r"<[a-z][a-z_-]{0,30}>", ""),
    Mask("reason", r"\b[1-5][0-9]{2}:? " + _REASON + r"\b", ""),
    Mask(
        "status",
        r"\b(?i:status(?:[_ ]?code)?|http(?:/[0-9.]{1,3})?|exit(?:ed)?(?: with)?(?: code| status)?|errno|"
        r"(?:error|return|response)[_ ]?code|signal|code)[\"' ]{0,2}[:=(\[ ]{0,2}[\"']?[0-9]{1,3}\b",
        "",
    ),
    Mask("email", r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}\b", "<email>"),
    Mask("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", "<uuid>"),
    Mask(
        "time",
        r"\b(?:[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4},? |"
        r"[0-9]{1,2}/" + _MONTH + r"/[0-9]{4}:|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
        r"(?:[0-9]{1,2}[ -]" + _MONTH + r"[ -][0-9]{4}|" + _MONTH + r" {1,2}[0-9]{1,2}(?:,? [0-9]{4})?),? |"
        r"[IWEF][0-9]{4} )" + _CLOCK,
        "<time>",
    ),
    Mask("date", r"\b[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}\b", "<date>"),
    Mask("clock", r"\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?\b(?: ?[AP]M\b)?", "<time>"),
    Mask("ip", r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b(?::[0-9]{1,5}\b)?", "<ip>"),
    Mask(
        "ip6",
        r"\b(?:[0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}\b|"
        r"\b(?:[0-9][0-9a-fA-F]{1,3}|[fF][cCdDeE][0-9a-fA-F]{2})(?::[0-9a-fA-F]{1,4}){0,6}::"
        r"(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6}\b)?",
        "<ip>",
    ),
    Mask("query", r"\?[A-Za-z0-9_.\[\]%-]{1,80}=[^ \t\r\n\"'<>)]{0,4000}", "?<query>"),
    Mask("tmp", r"/tmp/[A-Za-z0-9_.-]{1,200}", "/tmp/<id>"),
    Mask("revision", r"-[0-9]{5}-[a-z0-9]{3}\b", "-<revision>"),
    Mask("task", r"-[a-z0-9]{5}-task[0-9]{1,6}\b", "-<id>"),
    Mask("pointer", r"\b0[xX][0-9a-fA-F]{1,40}\b", "<hex>"),
    Mask("digest", r"\bsha(?:1|256|512)[:-][0-9a-fA-F]{7,128}\b", "<hex>"),
    Mask(
        "duration",
        r"\b(?:[0-9]{1,9}(?:\.[0-9]{1,12})?(?:ms|us|ns|sec|secs|min|mins|h|m|s)){1,4}\b|"
        r"\b[0-9]{1,9}(?:\.[0-9]{1,12})? (?:milliseconds?|microseconds?|seconds?|secs?|minutes?|mins?|hours?|days?|ms)\b",
        "<duration>",
    ),
    Mask("size", r"\b[0-9]{1,15}(?:\.[0-9]{1,6})? ?(?:[kKMGT]i?B|[kKMGT]i|bytes)\b", "<size>"),
    Mask("number", r"\b[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]{1,3})?\b%?", "<num>"),
    Mask("hex", r"\b(?:[0-9a-f]{7,}|[0-9A-F]{7,})\b", "<hex>"),
    Mask("tail_hex", r"_[0-9a-f]{8,}\b", "_<hex>"),
    Mask("ulid", r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b", "<id>"),
    Mask("opaque", r"\b[A-Za-z]*[0-9]+[A-Za-z]+[0-9]+[A-Za-z]+[0-9][A-Za-z0-9]*\b", "<id>"),
    Mask("tail_opaque", r"_[A-Za-z]*[0-9]+[A-Za-z]+[0-9]+[A-Za-z]+[0-9][A-Za-z0-9]*\b", "_<id>"),
    Mask(
        "tail",
        r"\b(?P<stem>(?:[A-Za-z]*_)+|(?:[A-Za-z]*_)*(?:[A-Za-z]{1,7}|[A-Za-z]*[G-Zg-z][A-Za-z]*))[0-9]{4,}\b",
        "<num>",
    ),
)
"""In order: where two expressions fit at one place, the first one wins."""

_TOKENS = {m.name: m.token for m in MASKS}
_PLAIN = (
    r"\b(?:(?!(?i:stat|http|exit|err|ret|resp|sig|code)|" + _MONTH + r"|Mon|Tue|Wed|Thu|Fri|Sat|Sun|[a-f]{7}|[A-F]{7})"
    r"[A-Za-z]++[,;:.]?+ ++)++"
)
"""Words that no mask begins with, skipped at once: what is in no group stays. It only saves time, so it need not be
in RE2's dialect."""
_REST = r"[A-Za-z0-9]++"
"""Where no mask begins with a word, none begins within it: the rest of it is skipped. It only saves time, too."""
_COMBINED = re.compile("|".join([_PLAIN, *(f"(?P<{m.name}>{m.expression})" for m in MASKS), _REST]), re.ASCII)


def _token(found: re.Match[str]) -> str:
    name = found.lastgroup
    if name is None:
        return found[0]
    return (found["stem"] or "") + (_TOKENS[name] or found[0])


def mask(text: str) -> str:
    """The text with everything that varies replaced by `<...>`; masking again changes nothing.

    HTTP statuses, exit codes and signals that say what they are stay: they tell problems apart.
    """
    return _COMBINED.sub(_token, text)


# ---------------------------------------------------------------- routes

_ORIGIN = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^/?#]*")
_IDENTIFIER = re.compile(
    r"[0-9]+|"  # 17
    r"[0-9]+[-_.,~][^/]*|"  # 17-a-title, 2026-01-31, 1.5
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[^/]*|"  # uuids
    r"[0-9a-f]{7,}|[0-9A-F]{7,}|"
    r"[^/]*(?:@|%40)[^/]*|"  # addresses
    r"[^/]*<[a-z_-]+>[^/]*|"  # what was redacted
    r"[A-Za-z0-9]{0,20}[-_][0-9a-f]{8,}|"  # user_0af31c99
    r"[A-Za-z_-]{1,20}[-_]?[0-9]{4,}|"  # order-20117
    r"[A-Za-z]{2,20}[-_][0-9]{1,3}|"  # table-07
    r"[A-Za-z_-]*[0-9]+[A-Za-z_-]+[0-9]+[A-Za-z_-]+[0-9][A-Za-z0-9_-]*|"  # opaque: three runs of digits
    r"[A-Za-z0-9_-]{22,}={0,2}[0-9][A-Za-z0-9_-]*={0,2}|"
    r"[A-Za-z0-9_-]*(?:[A-Z][a-z0-9]+[A-Z0-9]+[a-z]+[0-9]|[0-9][a-z]+[A-Z]+[a-z0-9])[A-Za-z0-9_-]*",
    re.ASCII,
)
_WORD = re.compile(r"v[0-9]{1,3}(?:[a-z]{1,6}[0-9]{0,2})?|[a-z]{2,12}[0-9]", re.ASCII)
_HASHED_FILE = re.compile(
    r"([A-Za-z_-]{1,60})[.-](?:[0-9a-f]{6,}|[A-Za-z0-9_-]{8})(\.[a-z0-9]{1,5}(?:\.map|\.gz)?)", re.ASCII
)
_HASH_FILE = re.compile(r"(?:[0-9a-f]{12,}|[0-9]+)(\.(?:js|mjs|css)(?:\.map|\.gz)?)", re.ASCII)
"""Pieces of a page as bundlers name them."""
ROUTE_LENGTH = 300


@lru_cache(maxsize=4096)
def route(path: str) -> str:
    """The path of a URL with its ids replaced, without host and query: `/api/messages/{id}`."""
    path = _ORIGIN.sub("", path[:4000], count=1)
    for mark in ("?", "#", ";"):
        path = path.partition(mark)[0]
    parts = [p for p in path.split("/") if p]
    return ("/" + "/".join(_segment(p) for p in parts))[:ROUTE_LENGTH]


def _segment(part: str) -> str:
    if _WORD.fullmatch(part):
        return part
    if _IDENTIFIER.fullmatch(part):
        return "{id}"
    if bare := _HASH_FILE.fullmatch(part):
        return f"{{id}}{bare[1]}"
    hashed = _HASHED_FILE.fullmatch(part)
    if hashed and any(c.isdigit() for c in part[len(hashed[1]) : -len(hashed[2])]):
        return f"{hashed[1]}.{{id}}{hashed[2]}"
    return part


_VERBS = (
    "add|all|apply|archive|bulk|cancel|change|check|clear|close|confirm|count|create|delete|disable|download|edit|enable"
    "|export|fetch|find|forgot|generate|get|import|invite|list|lookup|mark|move|new|notify|open|pay|process|publish|refresh"
    "|register|remove|rename|request|resend|reset|restore|run|save|search|send|set|sign|start|stop|submit|sync|test"
    "|transfer|unsubscribe|update|upload|validate|verify|view|by|my|top"
)
"""With what the name of an action begins."""
_ASSET = re.compile(
    r"(/[^/]+/(?:[^/]+/)*)[^/]+(\.(?:html?|js|mjs|css|json|xml|txt|map|wasm|data|bin|png|jpe?g|gif|svg|webp|avif|ico|mp[34]"
    r"|webm|woff2?|ttf|pdf|gz|br)(?:\.(?:gz|br|map))?)"
)
_TITLE = re.compile(r"((?:/[^/]+)*/[a-z][a-z-]*s/)(?!(?:" + _VERBS + r")-)[a-z0-9]+(?:-[a-z0-9]+)+")


def missing(route: str) -> str:
    """A route that is not there, as one of those that are missed for the same reason: files of a folder, things of
    a collection that their titles stand for.
    """
    if asset := _ASSET.fullmatch(route):
        return f"{asset[1]}*{asset[2]}"
    if titled := _TITLE.fullmatch(route):
        return f"{titled[1]}{{id}}"
    return route


_SCANNED = re.compile(
    r"(?i)/etc/passwd|/\.(?:env|git|aws|ssh|svn|hg|vscode|DS_Store|htaccess|htpasswd|docker|npmrc|kube)\b"
    r"|/wp-(?:admin|login|content|includes|config|json)|/xmlrpc\.php|phpinfo|phpmyadmin|/pma\b|/cgi-bin/"
    r"|/vendor/phpunit"
    r"|/actuator\b|/solr/|/boaform|/HNAP1|/server-status|/owa/|/ecp/|/manager/html|/setup\.cgi|/shell\b|eval-stdin"
    r"|/(?:config|configuration|credentials|secrets?|database|db|backup|dump)\.(?:json|ya?ml|php|sql|ini|bak"
    r"|zip|tar(?:\.gz)?|env)\b"
    r"|/id_rsa|\.\./\.\./|%2e%2e%2f|/\w[\w-]{0,30}\.(?:php|asp|aspx|jsp|cgi)\b"
)


@lru_cache(maxsize=1024)
def scanned(url: str) -> bool:
    """Whether only a scanner asks for this."""
    return _SCANNED.search(url[:2_000]) is not None


_CURIOUS = re.compile(
    r"(?i)/(?:favicon[^/]*|robots\.txt|sitemap[^/]*\.xml|ads\.txt|app-ads\.txt|humans\.txt|apple-touch-icon[^/]*"
    r"|browserconfig\.xml|security\.txt|manifest\.(?:json|webmanifest)|\.well-known(?:/.*)?|[^/]+\.map)$"
)


def curious(route: str) -> bool:
    """Whether browsers and crawlers ask for this everywhere."""
    return _CURIOUS.search(route) is not None


# ---------------------------------------------------------------- headings of text lines

_LEVEL = (
    r"(?P<level>(?i:TRACE|DEBUG|VERBOSE|LOG|INFO|INFORMATION|NOTICE|SUCCESS|WARN|WARNING|ERROR|ERR|SEVERE|"
    r"CRITICAL|CRIT|FATAL|ALERT|EMERG|EMERGENCY|PANIC)|VRB|TRC|DBG|INF|WRN|ERRO|FTL|PNC)"
)
_WHEN = (
    r"(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
    r"|[0-9]{2}-" + _MONTH + r"-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?|[0-9]{1,2}:[0-9]{2}[AP]M"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}, [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)"
)
_HEADINGS = tuple(
    re.compile(expression, re.ASCII)
    for expression in (
        # 2026-01-31 10:00:00.123 | WARNING  | shop.cart:add:52 | words
        _WHEN + r" *\| *" + _LEVEL + r" *\| *(?P<logger>[\w.<>]*):(?P<function>[\w<>]*):(?P<line>[0-9]*) *[|-] *",
        _WHEN + r" *\| *" + _LEVEL + r" *\| *(?P<logger>[\w-]+(?:\.[\w-]+)+) +- +",
        _WHEN + r" *\| *" + _LEVEL + r" *\| *(?:(?P<logger>[\w.-]+) *\| *)?",
        # [Nest] 1  - 01/31/2026, 10:00:00 AM  ERROR [Module] words
        r"\[Nest\] [0-9]+ +- +" + _WHEN + r" +" + _LEVEL + r" +(?:\[(?P<logger>[^\]\n]{1,80})\] *)?",
        # [2026-01-31 10:00:00 +0000] [13] [ERROR] words, [2026-01-31 10:00:00,246] WARNING shop.cart: words
        r"\[" + _WHEN + r"\] *(?:\[[0-9]+\] *)?\[?" + _LEVEL + r"\]?:? +"
        r"(?:\[?(?:in )?(?P<logger>[a-z_][\w.-]*|[\w-]+\.[\w.-]+)(?:\] *:?|:) )?",
        # 2026-01-31 10:00:00,123 - shop.cart - ERROR - words
        _WHEN + r" +- +(?P<logger>[\w.-]+) +- +" + _LEVEL + r" +- +",
        # [2026-01-31 10:00:00.123][12][error][upstream] words
        r"\[" + _WHEN + r"\](?:\[[0-9]+\])?\[" + _LEVEL + r"\](?:\[(?P<logger>[\w./-]+)\])? *",
        # [Sat Jan 31 10:00:00.123456 2026] [core:error] [pid 17:tid 12] [client 10.0.0.7:4711] words, as Apache writes
        r"\[[A-Z][a-z]{2} " + _MONTH + r" [ 0-9]{2} [0-9:.]{8,15} [0-9]{4}\] \[(?P<logger>\w*):" + _LEVEL + r"\] "
        r"(?:\[(?:pid|client) [^\]\n]{1,80}\] )*",
        # 2026/01/31 10:00:00 [error] 24#24: *77 words, as nginx writes
        _WHEN + r" \[" + _LEVEL + r"\] [0-9]+#[0-9]+: (?:\*[0-9]+ )?",
        # 2026-01-31T10:00:00.123Z pid=1 tid=2kwf class=ShipJob jid=ab4e2e58 WARN: words, as Sidekiq writes
        _WHEN + r" pid=[0-9]+ tid=\w+ (?:class=(?P<logger>[\w:]+) )?(?:\w+=\S* )*" + _LEVEL + r": ",
        # 2026-01-31 10:00:00 [error    ] words, 2026-01-31 10:00:00 [error]: words, 2026-01-31 10:00:00 ERROR words
        _WHEN + r" +" + _LEVEL + r" +[0-9]+ --- (?:\[[^\]\n]{0,80}\] )+(?P<logger>[\w.$/\[\]-]+) +: ",
        _WHEN
        + r"[:,]?[ \t]*(?:- *)?[\[(<]?"
        + _LEVEL
        + r" *[\])>]?(?: *[:|-] *|[ \t]+)(?:\[(?P<logger>[\w.-]+)\] *:? *|(?P<crate>\w+(?:::\w+)+): +)?",
        # 10:00:00.123 [main] ERROR shop.Cart - words
        _WHEN + r" +\[[^\]\n]{1,80}\] +" + _LEVEL + r" +(?P<logger>[\w.$-]+) *[-:] +",
        # E, [2026-01-31T10:00:00.123456 #1] ERROR -- : words
        r"[A-Z], \[" + _WHEN + r"[^\]\n]{0,30}\] +" + _LEVEL + r" -- (?P<logger>[\w.:-]*?) ?: ",
        # [2026-01-31T10:00:00Z ERROR shop::cart] words
        r"\[" + _WHEN + r" +" + _LEVEL + r" +(?P<logger>[\w:.-]+)\] +",
        # [2026-01-31T10:00:00+00:00] shop.ERROR: words
        r"\[" + _WHEN + r"\] (?P<logger>[\w-]+)\." + _LEVEL + r": +",
        # the words on the next line, as in .NET: fail: Shop.Cart[0]
        r"(?P<level>fail|crit|warn|info|dbug|trce): (?P<logger>[\w.`+]+)\[[0-9]+\]\s*",
        # ERROR:shop.cart:words, WARNING 2026-01-31 10:00:00,123 words, [ERROR] words, ERROR: words, ERROR - words
        _LEVEL + r":(?P<logger>[A-Za-z_][\w.-]*):",
        r"[\[(<]?"
        + _LEVEL
        + r"[\])>]?:? +\[?"
        + _WHEN
        + r"\]? +(?P<logger>[a-z_]\w*(?:\.[A-Za-z_]\w*)+)(?: *[:|-])? +",
        r"\[(?P<logger>[\w./-]{1,60})\] ?\[" + _LEVEL + r"\]:? +",
        r"[\[(<]?" + _LEVEL + r"[\])>]?:? +\[?" + _WHEN + r"\]?(?: +(?P<logger>[a-z_][\w.-]*) +[0-9]+ +[0-9]+)?[ :-]*",
        r"[\[(<] ?" + _LEVEL + r" *[\])>] *:? *(?:[\[(]?" + _WHEN + r"[\])]?)?[ :-]*",
        r"(?P<level>INFO|DEBUG|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)(?: *[:|] *| +- +| {2,})",
        r"(?P<level>info|debug|warn|warning|error|fatal|critical|npm ERR!)(?: *: +)",
        # level=error ts=... msg=words
        r"(?:(?:time|ts|timestamp)=\S{1,60} +)?level=\"?" + _LEVEL + r"\b\"? *",
        # [2026-01-31 10:00:00,123: ERROR/Worker-1] words
        r"\[" + _WHEN + r": *" + _LEVEL + r"/[\w-]+\] *",
        # 2026-01-31 10:00:00.123 UTC [17] shop@seats FATAL:  words, as databases write
        _WHEN + r" (?:[A-Z]{3,4} )?\[[0-9]+\](?: [\w@\[\]-]{1,80})? " + _LEVEL + r": +",
        # PHP Fatal error:  words
        r"PHP (?P<level>(?:Parse|Fatal|Recoverable fatal) error|Warning|Notice|Deprecated): +",
        r"npm (?P<level>ERR!|error) ",
        r"SLF[0-9]J\((?P<level>[WEI])\): ",
        # ERROR shop.cart words; a name with a dot in it is a logger's
        r"(?P<level>INFO|DEBUG|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL) +(?P<logger>[a-z_][\w-]*(?:\.[a-z_][\w-]*)+) +",
        # shop.cart - ERROR: words
        r"(?P<logger>[a-z_][\w.-]{0,80}) +- +(?P<level>INFO|DEBUG|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)(?: +- +|: +)",
        # E0131 10:00:00.123456   1 cart.go:52] words
        r"(?P<level>[IWEF])[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2,10}\.[0-9]+ +[0-9]+ (?P<logger>[\w./-]+):(?P<line>[0-9]+)\] ",
    )
)
_STAMP = re.compile(r"\[?" + _WHEN + r"\]?[ :-]+", re.ASCII)
_MAYBE = re.compile(
    r"[\[(<]? ?(?:[0-9]{1,2}[0-9:/-]|[A-Z][a-z]{2} "
    + _MONTH
    + r" |DEBU|TRAC|FATA|PANI|(?i:TRACE|DEBUG|VERBOSE|LOG|INFO|NOTICE|SUCCESS|WARN|ERR|SEVERE|CRIT|FATAL|ALERT|EMERG|PANIC)"
    r"|(?:time|ts|timestamp|level)=|[IWEF][0-9]{4} |[A-Z], \[|Nest\]|[\w./-]{1,60}\] ?\[|npm |SLF4J|fail: |dbug: |trce: |PHP "
    r"|[a-z_][\w.-]{0,80} +- +[A-Z])",
    re.ASCII,
)
"""How a text begins that has one of them in front."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a logging library wrote in front of the words: level, logger, function, line, as they stand there."""

    level: str
    logger: str
    function: str
    line: int
    rest: str


@lru_cache(maxsize=256)
def heading(text: str) -> Heading | None:
    """Reads the heading of a text line; None where it has none that names a level."""
    text = text.lstrip()
    return (_known(text) if _MAYBE.match(text) else None) or _anyhow(text)


def _anyhow(text: str) -> Heading | None:
    found = fields(text)
    return Heading(found.level, found.logger, "", found.line, found.rest) if found else None


def _known(text: str) -> Heading | None:
    """A heading of one of the forms that are known."""
    if len(text) < _SHORT:
        expression = _headed_by(figureless(text))
        found = expression.match(text) if expression else None
    else:
        found = next((m for e in _HEADINGS if (m := e.match(text))), None)
    if not found:
        return None
    parts = found.groupdict()
    return Heading(
        level=found["level"].strip().upper(),
        logger=parts.get("logger") or parts.get("crate") or "",
        function=parts.get("function") or "",
        line=int((parts.get("line") or "0")[:9]),
        rest=text[found.end() :],
    )


@lru_cache(maxsize=8192)
def _headed_by(form: bytes) -> re.Pattern[str] | None:
    """Which of the expressions fits texts that differ in figures only; no expression asks for a certain figure."""
    text = form.decode("utf-8", "surrogatepass")
    return next((e for e in _HEADINGS if e.match(text)), None)


_SHORT = 500
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def figureless(text: str) -> bytes:
    """The same for texts that differ in figures only."""
    return text.encode("utf-8", "surrogatepass").translate(_ZEROS)


def bare(text: str) -> str:
    """The words of a line without time, level and logger in front: the same whether it came as JSON or as text."""
    found = heading(text)
    if found and found.rest.strip():
        return found.rest
    return _STAMP.sub("", text, count=1) if _STAMP.match(text) else text
