"""What a line says: its first telling words, what a scanner asks for, and a title made of them."""

from __future__ import annotations

import re

TITLE = 120
_LEAD = 1_000

_NOTHING = re.compile(r"^[\s\W_]*$")
_PAIRS = re.compile(r"^(\S.{0,120}?)(?:\s{2,}|\s+(?=\w+=[\[{\"']))[A-Za-z_][\w.]{0,40}=\S")
_EVENT = re.compile(r"^[a-z][a-z0-9]*(?:_[a-z0-9]+){2,}(?=:\s|\s)")
_JSON = re.compile(r"^([^{]{8,}?)\s+\{\"\w")
_WARNING = re.compile(r"^(\S{1,400}\.py):\d+: (\w*Warning: .+)$")
_LIST = re.compile(r"[\w.'\"/-]+(?:, ?[\w.'\"/-]+){2,}")
_KEY = re.compile(r"(?<![\w:/])[\w.<>-]*(?::[\w.<>-]+){2,}")
_READY = re.compile(r"^.{0,40}\bcondition status changed to False for \w+ \S+ with message: ", re.S)
_REVISION = re.compile(r"^Revision '[^']*' is not ready and cannot serve traffic\. ")
_SCANNED = re.compile(
    r"(?i)/etc/passwd|/\.(?:env|git|aws|ssh|svn|hg|vscode|DS_Store|htaccess|htpasswd|docker|npmrc|kube)\b"
    r"|/wp-(?:admin|login|content|includes|config|json)|/xmlrpc\.php|phpinfo|phpmyadmin|/pma\b|/cgi-bin/"
    r"|/vendor/phpunit"
    r"|/actuator\b|/solr/|/boaform|/HNAP1|/server-status|/owa/|/ecp/|/manager/html|/setup\.cgi|/shell\b|eval-stdin"
    r"|/(?:config|configuration|credentials|secrets?|database|db|backup|dump)\.(?:json|ya?ml|php|sql|ini|bak"
    r"|zip|tar(?:\.gz)?|env)\b"
    r"|/id_rsa|\.\./\.\./|%2e%2e%2f|/\w[\w-]{0,30}\.(?:php|asp|aspx|jsp|cgi)\b"
)


def scanned(url: str) -> bool:
    """Whether only a scanner asks for this."""
    return _SCANNED.search(url[:2_000]) is not None


def lead(text: str) -> str:
    """The first line that says something, with the values behind it left out where they are listed as key=value."""
    for line in text[:4_000].split("\n"):
        if not _NOTHING.match(line):
            line = line.strip()[:_LEAD]
            if event := _EVENT.match(line):
                return event[0]
            pairs = _PAIRS.match(line) or _JSON.match(line)
            return pairs[1] if pairs else line
    return text[:_LEAD].strip()


def warning(text: str) -> tuple[str, str] | None:
    """Where a Python warning was raised, and what it says."""
    found = _WARNING.match(text)
    return (found[1], found[2]) if found else None


def varied(template: str) -> str:
    """A masked text with lists and composed keys, which vary as a whole, masked as a whole."""
    return _KEY.sub("<key>", _LIST.sub("<list>", template))


def reason(text: str) -> str:
    """Why a deployment is not ready, without which revision or service says so."""
    text = _READY.sub("", text, count=1)
    return _REVISION.sub("", text, count=1)


def titled(text: str) -> str:
    """One line, short enough for a list."""
    text = " ".join(text.split())
    return text if len(text) <= TITLE else text[: TITLE - 1].rstrip() + "…"
