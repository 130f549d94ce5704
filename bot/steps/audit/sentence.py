"""A sentence that is being checked: what is still unread of it, and what was found of each piece."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.models import Entry, Finding
from bot.steps.audit.facts import Facts, plain, text_of
from bot.steps.audit.wording import written

READ = "\x1f"
"""Stands where a piece was read, so that nothing reads it again."""


QUOTATION = re.compile(r"“[^“”]{0,800}”")
"""Words in curly quotation marks; what they quote may have others inside."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found of one piece of a sentence."""

    piece: str
    finding: Finding
    why: str = ""


@dataclass(slots=True)
class Sentence:
    """`rest` is the text with what was read blanked out; positions stay those of `text`."""

    text: str
    cited: Sequence[Entry]
    facts: Facts
    rest: str = ""
    strict: bool = True
    """Whether it is an observation, of which every piece must be borne out."""
    marks: list[Mark] = field(default_factory=list)
    whole: list[tuple[int, int]] = field(default_factory=list)
    """Where it names a figure that was counted of the whole cluster."""

    @classmethod
    def of(cls, text: str, cited: Sequence[Entry], facts: Facts, *, strict: bool = True, quote: str = "") -> Sentence:
        shown = plain(QUOTATION.sub(lambda q: q.group(0).replace('"', "'").replace("`", "'"), text))
        shown = written(shown, facts.cluster.first_seen.year, plain(quote))
        return cls(shown, cited, facts, shown, strict)

    @property
    def ground(self) -> str:
        """The text of the cited entries, or of all where none is cited; of the service's own where only it is named."""
        return text_of(self.cited or self.facts.among(self.text))

    def find(self, expression: re.Pattern[str]) -> list[re.Match[str]]:
        return list(expression.finditer(self.rest))

    def read(self, start: int, end: int) -> None:
        self.rest = self.rest[:start] + READ * (end - start) + self.rest[end:]

    def holds(self, start: int, end: int) -> None:
        self._mark(start, end, Finding.CONFIRMED, "")

    def counted(self, start: int, end: int) -> None:
        """A figure of the whole cluster that is right."""
        self.whole.append((end - len(self.text[start:end].lstrip()), end))
        self.holds(start, end)

    def wrong(self, start: int, end: int, why: str) -> None:
        self._mark(start, end, Finding.CONTRADICTED, why)

    def open(self, start: int, end: int, why: str) -> None:
        self._mark(start, end, Finding.UNSUPPORTED, why)

    def before(self, start: int, reach: int = 40) -> str:
        return self.text[max(0, start - reach) : start].lower()

    def after(self, end: int, reach: int = 40) -> str:
        return self.text[end : end + reach].lower()

    def otherwise(self, start: int, end: int) -> str:
        """What the cited entries say between the words that this stands between, where that is another figure."""
        before = re.search(r"([A-Za-z]\w*) $", self.text[:start])
        after = re.match(r" ([A-Za-z]\w*)", self.text[end:])
        if not self.cited or not before or not after:
            return ""
        form = rf"\b{re.escape(before[1])}[ :=]+(\d[\d.,]*(?: ?[A-Za-z]{{1,3}}\b)??) {re.escape(after[1])}\b"
        said = set(re.findall(form, text_of(self.cited)))
        return said.pop() if len(said) == 1 else ""

    def amiss(self, start: int, end: int, why: str) -> None:
        """A figure that does not stand where it should: wrong where another one stands there, unsupported otherwise."""
        if other := self.otherwise(start, end):
            self.wrong(start, end, f"the entry says {other}, not {self.text[start:end].strip()}")
        else:
            self.open(start, end, why)

    def _mark(self, start: int, end: int, finding: Finding, why: str) -> None:
        self.marks.append(Mark(self.text[start:end], finding, why))
        self.read(start, end)
