"""What a line says: its first telling words, what a scanner asks for, and a title made of them."""

from __future__ import annotations

import re

TITLE = 120
_LEAD = 1_000

_NOTHING = re.compile(r"^[\s\W_]*$")
_PAIRS = re.compile(r"^(\S.{0,120}?)(?:\s{2,}|\s+(?=\w+=[\[{\"']))[A-Za-z_][\w.]{0,40}=\S")
_READY = re.compile(r"^.{0,40}\bcondition status changed to False for \w+ \S+ with message: ", re.S)
_REVISION = re.compile(r"^Revision '[^']*' is not ready and cannot serve traffic\. ")
_SCANNED = re.compile(
    r"(?i)/etc/passwd|/\.(?:env|git|aws|ssh|svn|hg|vscode|DS_Store|htaccess|htpasswd|docker|npmrc|kube)\b"
    r"|/wp-(?:admin|login|content|includes|config|json)|/xmlrpc\.php|phpinfo|phpmyadmin|/pma\b|/cgi-bin/|/vendor/phpunit"
    r"|/actuator\b|/solr/|/boaform|/HNAP1|/server-status|/owa/|/ecp/|/manager/html|/setup\.cgi|/shell\b|eval-stdin"
    r"|/(?:config|configuration|credentials|secrets?|database|db|backup|dump)\.(?:json|ya?ml|php|sql|ini|bak|zip|tar(?:\.gz)?|env)\b"
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
            pairs = _PAIRS.match(line)
            return pairs[1] if pairs else line
    return text[:_LEAD].strip()


def reason(text: str) -> str:
    """Why a deployment is not ready, without which revision or service says so."""
    text = _READY.sub("", text, count=1)
    return _REVISION.sub("", text, count=1)


def titled(text: str) -> str:
    """One line, short enough for a list."""
    text = " ".join(text.split())
    return text if len(text) <= TITLE else text[: TITLE - 1].rstrip() + "…"
