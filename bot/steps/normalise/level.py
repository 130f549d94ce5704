"""How loud an entry is: what its severity, its payload or its own words say, whichever is loudest."""

# ruff: noqa: E501 - expressions are not broken up

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.masks import Heading, bare
from bot.models import Level

NAMES: Mapping[str, Level] = {
    "DEFAULT": Level.DEFAULT,
    "TRACE": Level.DEBUG, "VERBOSE": Level.DEBUG, "DEBUG": Level.DEBUG, "SILLY": Level.DEBUG, "FINE": Level.DEBUG,
    "INFO": Level.INFO, "INFORMATION": Level.INFO, "LOG": Level.INFO, "HTTP": Level.INFO, "SUCCESS": Level.INFO,
    "I": Level.INFO, "NOTICE": Level.NOTICE,
    "WARN": Level.WARNING, "WARNING": Level.WARNING, "W": Level.WARNING,
    "ERROR": Level.ERROR, "ERR": Level.ERROR, "E": Level.ERROR, "SEVERE": Level.ERROR, "NPM ERR!": Level.ERROR, "FAIL": Level.ERROR,
    "VRB": Level.DEBUG, "TRC": Level.DEBUG, "TRAC": Level.DEBUG, "DBG": Level.DEBUG, "DEBU": Level.DEBUG, "INF": Level.INFO,
    "WRN": Level.WARNING, "ERRO": Level.ERROR, "EROR": Level.ERROR, "FTL": Level.CRITICAL, "FATA": Level.CRITICAL, "PNC": Level.CRITICAL, "PANI": Level.CRITICAL,
    "DBUG": Level.DEBUG, "TRCE": Level.DEBUG,
    "ERR!": Level.ERROR, "PARSE ERROR": Level.ERROR, "FATAL ERROR": Level.CRITICAL, "RECOVERABLE FATAL ERROR": Level.ERROR,
    "DEPRECATED": Level.WARNING, "INFORMATIONAL": Level.INFO,
    "CRITICAL": Level.CRITICAL, "CRIT": Level.CRITICAL, "FATAL": Level.CRITICAL, "F": Level.CRITICAL,
    "PANIC": Level.CRITICAL, "DPANIC": Level.CRITICAL,
    "ALERT": Level.ALERT, "EMERGENCY": Level.EMERGENCY, "EMERG": Level.EMERGENCY,
}  # fmt: skip
_FIELDS = (
    "severity", "level_name", "levelname", "level", "log_level", "logLevel", "loglevel", "lvl", "@level",
    "Level", "LogLevel", "Severity", "log.level", "@l", "severityText", "severity_text", "SeverityText",
)  # fmt: skip

_WRONG = re.compile(
    r"\b(?i:errors?|failed|failure|failing|fails|exception|fatal|panic(?:ked)?|unhandled|uncaught|cannot|can't|couldn't|"
    r"could not|unable to|denied|refused|timed out|timeout (?:error|exceeded|expired)|crashed|aborted|unreachable|"
    r"not authorized|unauthorized|forbidden|unsupported|invalid|traceback|deadlock|out of memory|corrupt|"
    r"does not exist|no such file|not found|missing required|missing value|not configured|falling back|slow sql|(?:env(?:ironment)? variable|required (?:key|variable|setting|option|field|config\w*)) .{0,60}\b(?:missing|not set|unset|undefined|empty)|rejected|rollback|deadline exceeded|segmentation fault|"
    r"unclosed (?:client|connection|connector|file|resource|session|socket|transport)|core dumped|bus error|killed process)\b|^Killed\W{0,3}$|\bnpm ERR!"
    r"|(?:Error|Exception|Failure)\b|\bERR_[A-Z_]{3,}\b"
    r"|\bE(?:CONN|NOENT|ACCES|PERM|ADDR|PIPE|TIMEDOUT|HOST|NET|AI_|MFILE|NOSPC|NOTFOUND)[A-Z]*\b",
)
_FINE = re.compile(
    r"\b(?:no|zero|without|0|any|handle|handles|handling|handler|prevent|prevents|avoid|ignoring|ignored|recovered from|"
    r"checking for|on|if|for|until)[ -](?:\w+ )?(?:errors?|failures?|exceptions?|failed|fails|invalid)\b"
    r"|\b(?:errors?|failed|failures?|exceptions?|invalid|aborted|rejected)[\"']?\s*[:=]\s*(?:0|none|null|false|\[\]|\{\}|\"\"|'')(?:\W|$)"
    r"|\berrors?[ _-]?(?:handler|handling|handlers|boundary|reporting|tracking|rate|page|pages|count|middleware|log|logging)\b",
    re.I,
)  # fmt: skip
_AHEAD = re.compile(
    r"^(?:\[[\w.:/ -]{1,40}\]:? ){0,2}\W{0,6}(?:\[[^\]\n]{0,60}(?:error|fail|exception)[^\]\n]{0,40}\]|(?:[\w.]{0,80}(?:Error|Exception|Failure))\b|"
    r"(?:fatal|panic|uncaught|unhandled|error|failed|failure|critical|traceback|cannot|unable to|could not|"
    r"out of memory|segmentation fault|bus error)\b|\S{1,200}: (?:line \d{1,6}: )?\S{1,200}: (?:command )?not found$|npm ERR!|killed\W{0,3}$)|\(core dumped\)|\bkilled process\b",
    re.I,
)
_REASONED = re.compile(r"\bfailed(?:,? (?:with )?(?:an )?(?:error|exception))?: \S|\bpanic recovered\b", re.I)
"""That something failed, and why: what an error handler says of it."""
_UNCAUGHT = re.compile(r"(?:(?:file://)?/\S{1,300}\.[cm]?[jt]sx?|node:\S{1,200}):\d{1,7}$")
"""The place that Node names in front of an exception that nobody caught."""
_ENDED = re.compile(
    r"(?:Killed|Segmentation fault|Aborted|Bus error|Illegal instruction)(?: \(core dumped\))?$"
    r"|(?:free|realloc|munmap_chunk|malloc(?:_consolidate)?)\(\): |(?:double free or corruption|\*\*\* stack smashing detected|corrupted (?:size vs|double-linked))\b"
    r"|http: panic serving |thread '[^'\n]{1,80}' (?:\(\d+\) )?panicked at "
)
"""What a shell or a runtime says of a process or a request that came to its end by a fault."""
_WARNED = re.compile(
    r"^\W{0,6}(?-i:WARN(?:ING)?)\b|(?:^|[\s:])(?:[A-Z]\w*Warning:(?: |$)|\(node:\d+\) |warning[:!] |deprecat|.{0,120}\bmay not work\b|(?:\S{1,300}\.\w{1,4}:\d{1,7} )?slow (?:sql|query)\b|.{0,400}[.;,!:-] (?:aborting|giving up)\b)",
    re.I,
)


_SIGN = re.compile(
    r"\s*(?:(?P<warned>[\u26a0\U0001f7e1])|[\u274c\u2a2f\u2a2f\u2716\u2718\u26d4\U0001f6a8\U0001f534])\ufe0f?\s"
)
"""A sign in front that stands for a level."""
_FAILED = "fail"
"""All that Ruby's job runner says of a job that failed."""
_CALM = re.compile(r"[\[(<]?(?:INFO|DEBUG|TRACE|NOTICE)[\])>]?:? ")


def of_word(value: Any) -> Level:
    """A level from a word, or from the numbers of Cloud Logging, pino, bunyan or Python."""
    if isinstance(value, str):
        if known := NAMES.get(value):
            return known
        name = value.strip().upper()
        if name.isascii() and name.isdigit() and len(name) < 5:
            return of_word(int(name))
        return NAMES.get(name, Level.DEFAULT)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = value
        if number >= 100:
            return max((x for x in Level if x <= number), default=Level.DEFAULT)
        if number >= 60:
            return Level.CRITICAL
        if number >= 50:
            return Level.ERROR
        if number >= 40:
            return Level.WARNING
        if number >= 30:
            return Level.INFO
        if number >= 10:
            return Level.DEBUG
    return Level.DEFAULT


def of_payload(payload: Mapping[str, Any]) -> Level:
    """What a structured payload says of itself."""
    if not payload:
        return Level.DEFAULT
    for name in _FIELDS:
        value = payload.get(name)
        if value is not None and (found := of_word(value)):
            return found
    named = payload.get("level") or payload.get("log")
    return of_word(named.get("name") or named.get("level")) if isinstance(named, Mapping) else Level.DEFAULT


def of_heading(found: Heading | None) -> Level:
    if found is None:
        return Level.DEFAULT
    return max(NAMES.get(found.level, Level.DEFAULT), Level.WARNING if found.rest == _FAILED else Level.DEFAULT)


def of_words(text: str) -> Level:
    """A guess for a line that says nothing of its level: whether its words tell of something going wrong."""
    line = bare(text.lstrip()[:2000]).partition("\n")[0][:600]
    return _of_line(line.translate(_ALIKE)) if line else Level.DEFAULT


_ALIKE = str.maketrans("23456789", "11111111")
"""Lines that differ in figures only are judged once; nothing but "0 errors" asks for a figure."""


@lru_cache(maxsize=8192)
def _of_line(line: str) -> Level:
    if _ENDED.match(line):
        return Level.CRITICAL
    if _UNCAUGHT.match(line):
        return Level.ERROR
    if _WARNED.search(line):
        return Level.WARNING
    if _CALM.match(line):
        return Level.INFO
    if sign := _SIGN.match(line):
        return Level.WARNING if sign["warned"] else Level.ERROR
    if not _WRONG.search(line):
        return Level.DEFAULT
    rest = _FINE.sub(" ", line)
    if not _WRONG.search(rest):
        return Level.DEFAULT
    return Level.ERROR if _AHEAD.search(rest) or _REASONED.search(rest) else Level.WARNING
