"""What loggers write in front of a line, whatever its form: time, level, logger, process, in any order.

Known forms are read where they are known; this reads the rest, field by field, up to a level that stands alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FIELDS = 7
"""A heading has no more of them."""
_LOOKED_AT = 240

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = (
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/. ](?:[0-9]{1,2}|"
    + _MONTH
    + r")[-/. ][0-9]{2,4}|"
    + _MONTH
    + r" {1,2}[0-9]{1,2}(?:,? [0-9]{4})?|[0-9]{2}-[0-9]{2}|[0-9]{6})"
)
_CLOCK = (
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?[AP]M)?(?: [0-9]{4}\b)?"
    r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2}| (?:UTC|GMT|CES?T|E[SD]T|P[SD]T|JST|IST)\b)?"
)
_LEVEL = (
    r"(?:TRACE|TRCE|TRC|DEBUG|DEBU|DBUG|DBG|VERBOSE|VRB|INFORMATION|INFO|INF|NOTICE|WARNING|WARN|WRN|ERROR|ERRO|ERR|EROR|"
    r"SEVERE|CRITICAL|CRIT|FATAL|FATA|FTL|ALERT|EMERGENCY|EMERG|PANIC|PANI)"
)
_LEVELLED = re.compile(r"\b" + _LEVEL + r"\b|[\[(<:](?i:" + _LEVEL + r") ?[\])>]", re.ASCII)
_MAYBE = re.compile(r"[A-Z\[(<:](?:(?<=[A-Z])[A-Z][A-Z]|(?<=[\[(<:]) ?[A-Za-z]{3,11} ?[\])>])", re.ASCII)
"""Without three capitals or a word in brackets there is no level; a tenth as slow to ask."""
_TIME = re.compile(r"\[?(?:" + _DATE + r"[T ,:-]{0,3})?" + _CLOCK + r"\]?", re.ASCII)
_ALONE = re.compile(
    r"[\[(<] *(?:[\w-]{1,20}:)?(?P<inside>(?i:" + _LEVEL + r")) *[\])>]:?"
    r"|(?P<level>" + _LEVEL + r")(?:\[[0-9TZ:.+-]{1,40}\]|(?=[\s:|\u2502\u2503\[(\]]|$))",
    re.ASCII,
)
"""A level that is a field of its own."""
_SIGN = r"[|\u2502\u2503]"
_BETWEEN = re.compile(r"[ \t]*" + _SIGN + r"[ \t]*|[ \t]+-{1,3}[ \t]+|\]?:[ \t]*|\]?[ \t]+|\]", re.ASCII)
_FIELD = re.compile(
    r"(?P<group>\[[^\]\n]{1,80}\]:?|\([^)\n]{1,60}\):?|\{[\w.:/-]{1,80}\})"
    r"|[\w.-]{1,40}=[^\s|]{0,80}|[0-9]{1,9}(?:#[0-9]{1,9})?(?=\W)|\*[0-9]{1,12}(?=\W)"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[A-Z]{3}-[0-9a-z]{1,20}(?=\s)|[\w-]{1,60}\[[0-9]{1,9}\]:?"
    r"|(?P<logger>[A-Za-z_][\w$-]{0,60}(?:[.:/@]+[\w$-]{1,60}){1,12}|__\w{1,40}__)",
    re.ASCII,
)
_NAME = re.compile(
    r"(?P<logger>[A-Za-z_][\w-]{0,60})(?=[ \t]*" + _SIGN + r"|[ \t]+(?:-[ \t]+)?" + _LEVEL + r"\b|[ \t]+\[)", re.ASCII
)
_OWN = re.compile(r"(?P<logger>[a-z_][\w-]{0,60})(?=[ \t]*" + _SIGN + r"| " + _LEVEL + r" ?[:|])", re.ASCII)
"""A bare word, where it is clearly a field: a time stands in front of it, or a level behind it that ends a heading."""
_AFTER = re.compile(
    r"[0-9]{1,9}(?:#[0-9]{1,9})?(?=[:\s])|\*[0-9]{1,12}(?=\s)|\((?:[\w.-]{1,30}/)?[0-9]{1,9}\):?|\[[0-9]{1,9}\]:?"
    r"|(?P<logger>[A-Za-z_][\w$-]{0,60}(?:(?:\.|::)[A-Za-z_$][\w$-]{0,60}){1,12}(?=[ \t]*[:|\u2502\u2503]"
    r"|[ \t]+-[ \t])|__\w{1,40}__(?=\W))"
    r"|(?:[\w-]{1,60}/){0,8}[\w-]{1,60}\.[a-z]{1,4}:(?P<line>[0-9]{1,9})(?=[:\s])",
    re.ASCII,
)

_SURE = re.compile(r"\t| *[\[(]| __\w", re.ASCII)
"""What shows that a word in front is a level, and not the first of a sentence."""


class Fields(NamedTuple):
    level: str
    logger: str
    line: int
    rest: str
    """What is said, with the names in brackets that stood in front of the level."""


def fields(text: str) -> Fields | None:
    """The heading of a line, field by field; None where no level stands alone among the first of them."""
    line = text[:_LOOKED_AT]
    if not _MAYBE.search(line):
        return None
    line = line.partition("\n")[0]
    if not _LEVELLED.search(line):
        return None
    at, logger, names = 0, "", list[str]()
    timed = bare = False
    if found := _TIME.match(line):
        timed, at = True, found.end()
    for _ in range(FIELDS):
        if at and (between := _BETWEEN.match(line, at)):
            bare = bare or any(sign in between[0] for sign in "|\u2502\u2503")
            at = between.end()
        if level := _ALONE.match(line, at):
            if at or level["inside"] or level[0].endswith("]") or _SURE.match(line, level.end()):
                return _behind(text, line, level, logger, names)
            return None
        if not (found := _FIELD.match(line, at)) and (timed or bare or not at):
            found = (_NAME if timed or bare else _OWN).match(line, at)
        if not found or found.end() == at:
            return None
        if found.groupdict().get("group"):
            if _TIME.match(line, at) is None and not any(c.isdigit() for c in found[0]):
                names.append(found[0])
        else:
            logger = found["logger"] or logger
            if found["logger"] and not timed and not bare and line.startswith(":", found.end()):
                return None  # the type of an exception
        at = found.end()
    return None


def _behind(text: str, line: str, level: re.Match[str], logger: str, names: list[str]) -> Fields:
    at, number = level.end(), 0
    for _ in range(3):
        if between := _BETWEEN.match(line, at):
            at = between.end()
        found = _TIME.match(line, at) or _AFTER.match(line, at)
        if not found or found.end() == at:
            break
        known = found.groupdict()
        logger, number = known.get("logger") or logger, int(known.get("line") or number)
        at = found.end()
    named, _, ending = logger.rpartition(":")
    if named and ending.isdigit():
        logger, number = named, number or int(ending[:9])
    said = text[at:].lstrip(" \t:|\u2502\u2503")
    if any(c.isdigit() for c in logger):
        logger = ""  # lines that differ in figures only are read as one
    return Fields((level["inside"] or level["level"]).upper(), logger, number, " ".join([*names, said]))
