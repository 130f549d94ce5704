# ruff: noqa: E501 (an expression reads better unbroken)
"""One way to write each figure: what people write in many ways (dates, clocks, zones, numbers in words, decimal commas)
is rewritten before it is read. Words in quotation marks stay as they are.
"""

from __future__ import annotations

import re

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TENS = {
    word: 10 * n
    for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(f"{m.title()}|{m[:3].title()}\\.?" for m in MONTHS) + r"|Sept\.?"
ZONES = {
    "CET": "+01:00", "CEST": "+02:00", "BST": "+01:00", "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00",
    "EST": "-05:00", "EDT": "-04:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00",
    "PDT": "-07:00", "JST": "+09:00", "KST": "+09:00", "AEST": "+10:00", "AEDT": "+11:00",
}  # fmt: skip
"""Abbreviations that mean one zone; `CST` and `IST` mean several."""

_KEPT = re.compile(r"\"[^\"]{1,600}\"|`[^`]{1,600}`|“[^“”]{0,800}”")
_TEN = re.compile(rf"\b(?P<ten>{'|'.join(TENS)})(?:[- ](?P<one>{'|'.join(UNITS)}))?\b(?!-)", re.IGNORECASE)
_DOZEN = re.compile(r"\b(?P<n>a|one|two|three|four) dozen\b(?! of)", re.IGNORECASE)
_HUNDRED = re.compile(r"\b(?:a|one) hundred\b(?! (?:and|thousand|million))", re.IGNORECASE)
_THOUSANDS = re.compile(
    r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?=(?:\.\d+)? ?(?:ms|milliseconds?|s|secs?|seconds?|min|minutes?|h|hours?|days?)\b)"
)
_RANGE = re.compile(
    r"\b(?:between|at least) (?P<low>\d[\d,]*) and (?:at most )?(?P<high>\d[\d,]*) (?P<what>(?:log )?(?:occurrences|entries|times|users|errors|failures|lines))\b",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"(?<=(?:and|een|nce|ter|ore|rom) )(?:midnight|noon)\b", re.IGNORECASE)
_SHARED_ZONE = re.compile(
    r"(?<![\w:-])(?P<a>\d\d?:\d\d(?::\d\d)?)(?P<mid> (?:and|to|until|till|–|-) )(?P<b>\d\d?:\d\d(?::\d\d)?)(?P<zone>[+-]\d\d:\d\d)"
)
_HUNDREDS = re.compile(
    rf"\b(?P<n>{'|'.join(UNITS)}|ten|eleven|twelve|fifteen|\d{{1,2}}) hundred\b(?! (?:and|thousand|million))",
    re.IGNORECASE,
)
_THAT_IS = re.compile(r"\bi\.e\.|\be\.g\.", re.IGNORECASE)
_SPANS = r"(?P<unit>second|minute|hour|day|week)"
_HALF_MORE = re.compile(rf"\b(?:an?|one) {_SPANS} and a half\b", re.IGNORECASE)
_AND_HALF = re.compile(rf"\b(?P<n>{'|'.join(UNITS)}|\d+) and a half (?P<unit>\w+)", re.IGNORECASE)
_HALF = re.compile(rf"\bhalf an? {_SPANS}\b", re.IGNORECASE)
_ONE = re.compile(
    rf"\b(?P<lead>than|about|around|roughly|nearly|almost|over|under|lasted|for|within|took|approximately|just) an? {_SPANS}\b",
    re.IGNORECASE,
)
_WORDED = re.compile(
    rf"\b(?P<n>{'|'.join(UNITS)}|ten|eleven|twelve|fifteen|twenty) (?P<unit>milliseconds?|seconds?|minutes?|hours?|days?|weeks?)\b",
    re.IGNORECASE,
)
_NUMBERED = {
    **{w: n for n, w in enumerate(UNITS, 1)},
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
}
_DAY_FIRST = re.compile(
    rf"\b(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? (?P<month>{_MONTH}),?(?: (?P<year>\d{{4}}))?(?!\w)"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH}) (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]),?(?: (?P<year>\d{{4}}))?(?![\w:])"
)
_DOTTED = re.compile(r"(?<![\w.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?![\w.]*\d)")
_SLASHED = re.compile(r"(?<![\w./])(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)(?![\w/])")
_JOINED = re.compile(r"(?P<date>\b\d{4}-\d\d-\d\d),? (?:(?:at|around|um) )?(?P<clock>\d{1,2}:\d\d)")
_DATE_AFTER = re.compile(
    r"(?<![\w:-])(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:UTC|GMT|Z)\b|[+-]\d\d:\d\d)?),? (?:on )?(?P<date>\d{4}-\d\d-\d\d\b)(?![T ]\d)"
)
_TWELVE = re.compile(r"(?<![\w:.])(?P<hour>\d{1,2})(?P<rest>:\d\d(?::\d\d(?:\.\d+)?)?)? ?(?P<half>a\.?m\.?|p\.?m\.?)(?!\w)", re.IGNORECASE)  # fmt: skip
_ZONE = re.compile(rf"(?P<clock>\d:\d\d(?:\.\d+)?) ?(?:\((?P<in>{'|'.join(ZONES)})\)|(?P<zone>{'|'.join(ZONES)}))\b")
_SHIFTED = re.compile(
    r"(?P<clock>\d:\d\d(?:\.\d+)?) ?(?:UTC|GMT)(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?\b"
)
_COMMA = re.compile(
    r"(?<![\w.,])(?P<whole>\d+),(?P<part>\d{1,2})(?= ?(?:%|percent|ms|s|sec|seconds?|min|minutes?|h|hours?|[KMG]i?B)\b|\s?%)"
)
_APOSTROPHE = re.compile(r"(?<=\d)['’](?=\d{3}(?!\d))")
_RUN = re.compile(r"\b(?P<lead>(?:lasted|for|over|within|span(?:s|ned)?|duration(?: of| is| was|:)?) )(?P<h>\d{1,3}):(?P<m>\d\d):(?P<s>\d\d)(?![\d:]| ?(?:utc|z\b))", re.IGNORECASE)  # fmt: skip


def written(text: str, year: int, keep: str = "") -> str:
    """The text with each figure as it is read; a date without a year is of this one. `keep` is left as it is."""
    out, at = [], 0
    kept = [m.span() for m in _KEPT.finditer(text)]
    if keep and (start := text.find(keep)) >= 0:
        kept = [s for s in kept if s[1] <= start or s[0] >= start + len(keep)] + [(start, start + len(keep))]
    for start, end in sorted(kept):
        out += [_written(text[at:start], year), text[start:end]]
        at = end
    return "".join([*out, _written(text[at:], year)])


def _written(text: str, year: int) -> str:
    text = _APOSTROPHE.sub(",", text)
    text = _COMMA.sub(r"\g<whole>.\g<part>", text)
    text = _TEN.sub(lambda m: str(TENS[m["ten"].lower()] + _unit(m["one"])), text)
    text = _DOZEN.sub(lambda m: str(12 * max(1, _unit(m["n"]))), text)
    text = _THOUSANDS.sub(lambda m: m[0].replace(",", ""), text)
    text = _RANGE.sub(r"at least \g<low> \g<what> and at most \g<high> \g<what>", text)
    text = _MIDNIGHT.sub(lambda m: "00:00" if m[0].lower() == "midnight" else "12:00", text)
    text = _HUNDREDS.sub(lambda m: str(100 * (_NUMBERED.get(m["n"].lower()) or int(m["n"]))), text)
    text = _HUNDRED.sub("100", text)
    text = _THAT_IS.sub("that is", text)
    text = _HALF_MORE.sub(lambda m: f"1.5 {m['unit']}s", text)
    text = _AND_HALF.sub(lambda m: f"{m['n'] if m['n'].isdigit() else _unit(m['n'])}.5 {m['unit']}", text)
    text = _HALF.sub(lambda m: {"hour": "30 minutes", "minute": "30 seconds", "day": "12 hours"}.get(
        m["unit"].lower(), m[0]), text)  # fmt: skip
    text = _ONE.sub(lambda m: f"{m['lead']} 1 {m['unit']}", text)
    text = _WORDED.sub(lambda m: f"{_NUMBERED[m['n'].lower()]} {m['unit']}", text)
    text = _RUN.sub(lambda m: f"{m['lead']}{int(m['h'])} h {int(m['m'])} min {int(m['s'])} s", text)
    for dated in (_DAY_FIRST, _MONTH_FIRST, _DOTTED, _SLASHED):
        text = dated.sub(lambda m: _date(m, year), text)
    text = _TWELVE.sub(_twelve, text)
    text = _ZONE.sub(lambda m: m["clock"] + ZONES[m["zone"] or m["in"]], text)
    text = _SHIFTED.sub(lambda m: f"{m['clock']}{m['sign']}{int(m['hours']):02d}:{m['minutes'] or '00'}", text)
    text = _SHARED_ZONE.sub(r"\g<a>\g<zone>\g<mid>\g<b>\g<zone>", text)
    return _JOINED.sub(r"\g<date> \g<clock>", _DATE_AFTER.sub(r"\g<date> \g<clock>", text))


def _unit(word: str | None) -> int:
    return UNITS.index(word.lower()) + 1 if word and word.lower() in UNITS else 0


def _date(found: re.Match[str], year: int) -> str:
    named, day = found["month"].lower().rstrip("."), int(found["day"])
    month = int(named) if named.isdigit() else next((n for n, m in enumerate(MONTHS, 1) if m.startswith(named[:3])), 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found[0]
    return f"{found['year'] or year}-{month:02d}-{day:02d}" + (" " if found[0].endswith(" ") else "")


def _twelve(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    if not 1 <= hour <= 12:
        return found[0]
    hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    return f"{hour:02d}{found['rest'] or ':00'}"
