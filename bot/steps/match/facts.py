"""What a text names, of a log or of an issue alike: statuses, codes, routes, hosts, files, places, quoted words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from bot.masks import route

LONGEST = 4000
MANY = 50
"""So many of one sort are looked at."""

_MASK = r"<[^<>\s]{0,40}>"
_UNIT = r"(?: ?(?:[kmgt]i?b|bytes|ms|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?)\b)?"
_SPOKEN = re.compile(_MASK + r"|[0-9][\w.:-]*" + _UNIT + r"|[^\W\d_]+")
_COUNTED = (
    r"(?!\s?(?:ms|s|sec|seconds?|min|minutes?|h|hours?|days?|[kmg]i?b|bytes|rows|lines|times|users|calls|requests"
    r"|events|messages|orders|entries|people|customers|%)\b)"
)
_STATUS = re.compile(r"(?<![\w.#-])[45]\d\d(?![\w.-]*\d)" + _COUNTED)
_CODE = re.compile(
    r"\b(close code|exit status|exit code|error code|status|code|errno|exit|signal|error)\b[ =:(#]{1,3}"
    r"(?:code |status )?(0x[0-9a-f]{1,8}|\d{1,6})\b(?![.\d])" + _COUNTED
)
_NUMBER = re.compile(r"(?<![\w.,:/#-])\d{4,6}(?![\w.,-]*\d)|(?<![\w-])[a-z]{1,4}-?\d{3,6}\b|\b\d\.\d\.\d{1,3}\b")
_PATH = re.compile(r"(?<![\w/.:])/[\w{}./:<>-]*")
_ASKED = re.compile(r"\b(get|post|put|patch|delete|head|options) (/[\w{}./:<>-]*)")
_HOST = re.compile(
    r"(?<![\w.@/-])(?:[a-z]{2,8}://)?((?:[a-z0-9][a-z0-9-]{0,40}\.){1,6}"
    r"(?:com|net|org|io|dev|app|cloud|internal|local|example|test|svc|eu|de|fr|uk|us|ch|at|nl|co|info))"
    r"(?![\w-]|\.\w|\()"
)
_FILE = re.compile(r"\.(py|go|jsx?|tsx?|mjs|cjs|java|kt|scala|rb|php|rs|cs|exs?)\b(?!\.\w|\()")
_BEFORE = re.compile(r"([\w.@/-]*/)?([\w-][\w.-]{0,60})$")
_PLACE = re.compile(r"(?<![\w/.-])[a-z_]\w*(?:\.\w+){2,}")
_THROWN = re.compile(r"\b(?:[a-z_]\w*\.){1,6}([A-Z]\w{4,60})(?=:|`)|\b([A-Z]\w{2,60}(?:Error|Exception))\b")
_QUOTED = re.compile(r"['\"`]([\w./-]{2,60})['\"`]")
_WORD = re.compile(r"([a-z]\w{2,30})\W{0,2}$")
_LINE = re.compile(r"`([^`\n]{8,300})`")
_JOINED = re.compile(r"\w")


@dataclass(frozen=True)
class Facts:
    """Each is found when it is asked for, in lower case."""

    text: str

    @cached_property
    def raw(self) -> str:
        return self.text.lower()

    @cached_property
    def squeezed(self) -> str:
        """`stats_client` and `StatsClient` are written alike."""
        return self.raw.replace("_", "")

    @cached_property
    def spoken(self) -> str:
        return f" {' '.join(spoken(self.raw))} "

    @cached_property
    def order(self) -> list[str]:
        return self.spoken.split()

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.order)

    @cached_property
    def statuses(self) -> frozenset[str]:
        return frozenset(_STATUS.findall(self.raw))

    @cached_property
    def codes(self) -> dict[str, set[str]]:
        """What a number is called, and the numbers: `code 1006`."""
        found: dict[str, set[str]] = {}
        for name, number in _CODE.findall(self.raw)[:MANY]:
            found.setdefault(name.rpartition(" ")[2], set()).add(number)
        return found

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(_NUMBER.findall(self.raw)[:MANY])

    @cached_property
    def paths(self) -> frozenset[str]:
        return routes_in(self.raw)

    @cached_property
    def asked(self) -> frozenset[tuple[str, str]]:
        return frozenset((method, routed(path)) for method, path in _ASKED.findall(self.raw)[:MANY])

    @cached_property
    def hosts(self) -> frozenset[str]:
        return frozenset(_HOST.findall(self.raw)[:MANY])

    @cached_property
    def _sources(self) -> list[tuple[str, str]]:
        """Folders and names of source files, without their endings."""
        ends = islice(_FILE.finditer(self.raw), MANY)
        before = (_BEFORE.search(self.raw, max(0, at.start() - 120), at.start()) for at in ends)
        return [(found[1] or "", found[2]) for found in before if found]

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(name for _, name in self._sources)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The outermost packages, and the folders, of the places in code that it names."""
        dotted = {p.partition(".")[0] for p in _PLACE.findall(self.raw)[:MANY] if not _HOST.fullmatch(p)}
        return frozenset(dotted | {f for folders, _ in self._sources for f in folders.split("/") if f})

    @cached_property
    def thrown(self) -> frozenset[str]:
        """Exceptions, by their form."""
        return frozenset((one or other).lower() for one, other in _THROWN.findall(self.text)[:MANY])

    @cached_property
    def quoted(self) -> list[tuple[str, str]]:
        """A word, and what stands in quotation marks after it."""
        quotes = islice(_QUOTED.finditer(self.raw), MANY)
        before = ((_WORD.search(self.raw, max(0, at.start() - 34), at.start()), at[1]) for at in quotes)
        return [(found[1], name) for found, name in before if found]

    @cached_property
    def lines(self) -> list[list[str]]:
        """What stands there as code, in words."""
        return [spoken(line) for line in _LINE.findall(self.raw)[:20]]

    def has(self, name: str) -> bool:
        return stands_in(name, self.raw)


def spoken(text: str) -> list[str]:
    """Words, with `#` for whatever varies."""
    return [w if w[0].isalpha() else "#" for w in _SPOKEN.findall(text.lower())]


def routed(path: str) -> str:
    return route(path.rstrip(".:")).lower()


def routes_in(text: str) -> frozenset[str]:
    """The routes that stand in a text in lower case."""
    return frozenset(routed(p) for p in _PATH.findall(text)[:MANY])


def stands_in(name: str, text: str) -> bool:
    """As a whole: `lint_failed` does not stand in `post_lint_failed`."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (at and _JOINED.match(text[at - 1])) and not (end < len(text) and _JOINED.match(text[end])):
            return True
        at = text.find(name, at + 1)
    return False
