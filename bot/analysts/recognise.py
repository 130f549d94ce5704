"""How a row of the pattern table recognises a cluster: structure first, then expressions with named groups.

What is looked at is a `View` of an entry: the form, the status and the exception that the entry has by itself, and
its text without the request's URL, which anybody can write. A match is solid where structure carries it, not where
words in a line do; only a solid match confirms a cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.analysts.wording import clean
from bot.models import Cluster, Entry, Form, Severity

LOOKED_AT = 12
TEXT_BOUND = 6_000
HEADLINE_BOUND = 600
NAMED = re.compile(
    r"^\W{0,4}(?P<type>(?:\w{1,60}\.){0,8}[A-Z]\w{0,60}(?:Error|Exception|Fault|Timeout|Refused|Warning|Exit)): "
    r"(?P<message>\S.{0,400})",
    re.MULTILINE,
)
"""A line that names an exception the way tracebacks end."""
STATUS = re.compile(
    r"(?:\bHTTP(?:/\d(?:\.\d)?\"?)?|\bstatus(?: code)?|\banswered|\breturned|^)[ :=]{0,3}"
    r"(?P<status>[45]\d\d)\b(?! ?(?:m?s|rows|records|items|results|bytes|entries|messages|events|users|lines|times)\b)",
    re.IGNORECASE,
)
"""A status in words; it tells, but is not solid."""


@dataclass(frozen=True, slots=True)
class Row:
    """A known failure: what recognises it, and what it means. Texts may name groups in braces."""

    name: str
    title: str
    cause: str
    technical: str
    business: str
    steps: tuple[str, ...]
    texts: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    routes: tuple[str, ...] = ()
    """Expressions on the address that was asked for."""
    forms: tuple[Form, ...] = ()
    severity: Severity | None = None
    confirms: bool = False
    both: bool = False
    """The exception alone is not enough: a text must match as well."""


@dataclass(frozen=True, slots=True)
class View:
    """What a row looks at."""

    entry: Entry | None
    headline: str
    text: str
    exception: str = ""
    status: int = 0
    form: Form = Form.LINE
    address: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    row: Row
    view: View
    values: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    """The words of the entry that the expression matched, for the quote."""
    solid: bool = False

    @property
    def confirms(self) -> bool:
        return self.row.confirms and self.solid


def recognise(cluster: Cluster, rows: Sequence[Row]) -> Hit | None:
    """The first row that knows one of the entries: by their headlines, and only then by all of their text."""
    seen = views(cluster)
    for whole in (False, True):
        for row in rows:
            for view in seen:
                hit = _try(row, view, view.text if whole else view.headline)
                if hit:
                    return hit if hit.words else _told(hit, seen)
    return None


def _told(hit: Hit, seen: Sequence[View]) -> Hit:
    """A row that was recognised by structure alone, with the words that another entry has for it."""
    for view in (hit.view, *seen):
        again = _try(hit.row, view, view.text)
        if again and again.words:
            return replace(again, solid=hit.solid)
    return hit


def views(cluster: Cluster) -> list[View]:
    """The cluster's entries as rows see them; the signature stands in where no entry is kept."""
    found = [_view(e, cluster) for e in spread(cluster.evidence, LOOKED_AT)]
    signature = cluster.signature
    line = " ".join(t for t in (signature.exception, signature.template or cluster.template) if t)
    form = Form.REQUEST if signature.status and signature.route else Form.LINE
    return found or [View(None, line, line, signature.exception, signature.status, form, signature.route)]


def spread(entries: Sequence[Entry], most: int) -> list[Entry]:
    """At most so many of them: first, last, and evenly between."""
    if len(entries) <= most:
        return list(entries)
    return [entries[round(i * (len(entries) - 1) / (most - 1))] for i in range(most)]


def _view(entry: Entry, cluster: Cluster) -> View:
    text = entry.text[:TEXT_BOUND]
    signature = cluster.signature
    exception, message = (entry.failure.type, entry.failure.message) if entry.failure else ("", "")
    if not entry.failure:
        for named in NAMED.finditer(text):
            exception, message = named["type"], named["message"]
    if entry.request and entry.form is Form.REQUEST:
        for written in (entry.request.url, entry.request.route, entry.request.agent):
            text = text.replace(written, " ") if len(written) > 1 else text
    status = entry.request.status if entry.request else signature.status
    headline = f"{exception}: {message}" if exception else text[:HEADLINE_BOUND]
    told = STATUS.search(headline)
    status = status or (int(told["status"]) if told else 0)
    address = f"{entry.request.url} {entry.request.route}" if entry.request else signature.route
    return View(entry, headline[:HEADLINE_BOUND], text, exception or signature.exception, status, entry.form, address)


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


def _try(row: Row, view: View, text: str) -> Hit | None:
    if row.forms and view.form not in row.forms:
        return None
    if row.statuses and view.status not in row.statuses:
        return None
    asked = next(_matches(row.routes, view.address), None) if view.status else None
    if asked is not None:
        return Hit(row, view, solid=True)
    named = bool(view.exception) and any(_is(view.exception, e) for e in row.exceptions)
    match = next(_matches(row.texts, text), None)
    if match is None and (row.both or not named) and (row.texts or row.exceptions or row.routes):
        return None
    solid = named or (view.form is Form.REQUEST and bool(row.statuses)) or view.form is Form.PLATFORM
    solid = solid or (match is not None and bool(view.exception) and text is view.headline)
    values = {k: clean(v) for k, v in match.groupdict().items() if v} if match else {}
    return Hit(row, view, values, match.group(0) if match else "", solid)


def _matches(expressions: Iterable[str], text: str) -> Iterator[re.Match[str]]:
    for expression in expressions:
        match = _compiled(expression).search(text)
        if match:
            yield match


def _is(exception: str, expected: str) -> bool:
    return exception == expected or exception.rsplit(".", 1)[-1] == expected
