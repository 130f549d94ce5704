"""What one line of text looks like, as far as that tells whether it goes on with the message before it."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from bot.headings import fields
from bot.masks import figureless


class Look(Enum):
    BLANK = "blank"
    INDENTED = "indented"
    CLOSER = "closer"
    """Ends something that was opened: `}`, `]);`, three backticks."""
    LINK = "link"
    """Only ever stands inside a traceback: `Caused by:`, `During handling of ...`, `goroutine 1 [running]:`."""
    DETAIL = "detail"
    """Adds to the line above: a name and an object, or a remark in brackets."""
    CALL = "call"
    """A Go stack's `main.run(0x1)`."""
    RAISED = "raised"
    """Begins or ends a traceback: `Traceback (most recent call last):`, `ValueError: ...`, `panic: ...`."""
    HEADED = "headed"
    """Has a time, a level or a tag in front: begins a message."""
    PLAIN = "plain"


class Shape(NamedTuple):
    look: Look
    opens: bool
    """The end announces more: an opening bracket, a colon."""
    traced: bool
    """Holds frames of a stack."""
    caret: bool
    """Points at a place in source code: an exception follows."""
    python: bool
    """A Python traceback that has not come to its exception yet."""
    chains: bool
    """Another exception of the same failure follows."""
    tag: str
    """The tags of the request behind Ruby's heading: its logger repeats them, alone, on each further line."""
    logged: str
    """Level and tags of Ruby's heading: what is logged line by line repeats both in front of each."""
    hollow: bool
    """Ruby's heading and nothing behind it: Rails begins what it says of an exception with an empty line."""


_HEADED = re.compile(
    r"""^\s{0,8}(?:
        \[?\d{4}[-/]\d\d[-/]\d\d[T\ ]                                       # a date
      | \[?\d\d[:.]\d\d[:.]\d\d | \d{1,2}:\d\d[AP]M\s | \d\d-[A-Z][a-z]{2}-\d{4}\s
      | (?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d{4,}\]\s
      | \d\d/[A-Z][a-z]{2}/\d{4} | [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d
      | [IWEFD]\d{4}\ \d\d:\d\d:\d\d                                        # klog
      | [\[<(|\s]{0,3}(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)[\])>|:\s]
      | \u256d\u2500                                                         # a box begins
  | (?:fail|crit|warn|info|dbug|trce):\ [\w.`+]{1,200}\[\d+\]
      | (?:level|time|ts|severity)= | PHP\ (?:\w+\ )?(?:error|Error|Warning|Notice|Deprecated):
      | \d{1,3}(?:\.\d{1,3}){3}[\ :]                                        # an access log
      | [\u2a2f\u26a0\u2713\u2716\u2718\u25b2\u25cb\u25cf]\ufe0f?\s                    # a sign in the place of a level
    )""",
    re.X,
)
_TAGGED = re.compile(r"""^(?:\[[^\]\n]{1,60}\]\s|\{["'])""")
_RUBY = re.compile(
    r"(?P<level>[A-Z]), \[[^\]\n]{10,60}\] {1,2}[A-Z]+ -- [^:\n]{0,80}: (?P<tags>(?:\[[^\]\n]{1,80}\] ?)*)"
)
"""What Ruby's logger writes in front of each line of one message, with the tags of the request."""
_JOB = re.compile(
    r"\d{4}-\d\d-\d\dT\S{8,20} (?P<tags>pid=\d+ tid=\w+ (?:\w+=\S+ )*)(?P<level>[A-Z]+): (?=(?P<said>.*))", re.S
)
"""What Ruby's job runner writes in front of a message."""
_RUBY_PLACE = re.compile(r"\S{1,300}\.(?:rb|erb|haml|slim|rake|jbuilder|builder|ru):\d+(?::in [`'][^'\n]{1,120}')?$")
"""A frame; what begins an exception goes on behind it."""
_CLOSER = re.compile(r"^(?:[\"']?[\])}]+[:;,.)\]}]*|`{3}|\]\S?.{0,200}[}\]]|END[;.]?)\s*$")
_FACADE = re.compile(r"SLF4J(?:\([A-Z]\))?:|npm (?:ERR!|error)")
"""What Java's logging facade and npm write in front of each line when they have a message of their own."""
_LINK = re.compile(
    r"^(?:During handling of the above exception|The above exception was the direct cause|Caused by: |Suppressed: "
    r"|\.\.\. \d+ (?:more|common frames)|--- End of |Node\.js v\d|goroutine \d+ \[|created by \S+|\[signal "
    r"|exit status \d|note: (?:run with `RUST_BACKTRACE|Some details are omitted)|stack backtrace:"
    r"|\[(?:SQL|parameters|generated in|cached since)\b"
    r"|(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|WHERE): "
    r"|\[stacktrace\]$|\[previous exception\] |(?:PHP )?Stack trace:$|#\d+ (?:/|\{main\}|\[internal function\])"
    r"|\(Use `\S{1,80} --trace-"
    r"|Require stack:$|Call log:$)"
)
"""The last two lines are what databases and their libraries add to an exception."""
_DETAIL = re.compile(
    r"^(?:\[[0-9.]{1,12}[mu\u00b5]?s\] +(?:\[rows:|[A-Z]{4,12} )"
    r"|[a-z][a-z_]{2,30}: (?:<[A-Za-z_][\w. ]{2,80}|\[['\"(<])|\([A-Z][^\n]{8,}\)$"
    r"|(?:Code|Message|Target|Exception Details|Inner error|AdditionalInformation): )"
)
"""How long a statement took, and the statement, as database libraries write it below the place that made it; what
Python's event loop says of an object that it warns of, name by name; what is put in brackets; and what clients of cloud
services add of an answer that was an error."""
_CALL = re.compile(r"^[\w./$*{}()\[\]·-]{1,300}\([^\n]{0,300}\)$")
_RAISED = re.compile(
    r"^(?:Traceback \(most recent call last\)|panic: |fatal error: "
    r"|thread '[^'\n]{1,80}' (?:\(\d+\) )?panicked at |Unhandled exception|Exception in thread "
    r"|(?:Uncaught |Unhandled )?(?:[A-Za-z_$][\w$]*(?:\.|::))*(?:[A-Za-z_$][\w$]*)?"
    r"(?:Error|Exception|Warning|Interrupt|Exit|Failure|Timeout|Refused|NotFound|DoesNotExist)"
    r"(?: \[[^\]\n]{1,80}\])?(?::|$)"
    r"|(?:[a-z_][\w$]*\.){2,12}[A-Z][\w$]*(?::|$)|[^\s:]+\.rb:\d+:in )"
)
_CHAINS = ("During handling of the above", "The above exception was", "Caused by:", "Suppressed:")
_FRAME = re.compile(
    r'^[ \t]*(?:at \S|File "[^"]+", line \d|from \S+:\d+:in |#\d+ (?:/\S+\(\d+\)|\{main\})'
    r"|[\w./$*()-]+\.go:\d+|\S+\.go:\d+ \+0x)",
    re.M,
)
_BESIDE = " \t\u2502\u2503\u251c\u2514\u2570"
"""With what a line begins that goes on: blanks, and the left side of a box."""
_OPENER = re.compile(r"(?:[{\[(:]|`{3}\w{0,12}|^[\w-]{1,30}:(?:error|warn)|^(.)\1{7,200})\s*$")
_BOX = re.compile(r"\u256d\u2500+ Traceback \(most recent call last\)")
_ENDED = re.compile(r"^(?! |\t)(?!Traceback)(?:[A-Za-z_][\w.]*)(?::|$)", re.M)


def shape(text: str) -> Shape:
    """What the text of one entry, mostly a single line, looks like."""
    if len(text) >= _SHORT:
        return _shape(text)
    if "SLF4J" not in text:
        found = _alike(figureless(text))
        if not (found.tag or found.logged):
            return found
    return _short(text)


def _shape(text: str) -> Shape:
    first, _, rest = text.partition("\n")
    bare = first.strip()
    last = text.rstrip().rpartition("\n")[2] if rest else first
    traced = bool(_FRAME.search(text[:_LOOK]))
    tagged = _RUBY.match(text) if text[1:4] == ", [" else None
    python = bare.startswith(("Traceback (most recent call last)", 'File "')) or bool(_BOX.match(bare))
    if python and rest:
        python = not _ENDED.search(rest)
    return Shape(
        look=_look(first, bare, traced),
        opens=bool(_OPENER.search(last)),
        traced=traced or python,
        caret=bool(bare) and not rest and set(bare) <= {"^", "~"},
        python=python,
        chains=bare.startswith(_CHAINS),
        tag=tagged["tags"].rstrip() if tagged else facade[0] if (facade := _FACADE.match(text)) else "",
        logged=f"{tagged['level']} {tagged['tags'].rstrip()}" if tagged else "",
        hollow=tagged is not None and not text[tagged.end() :].strip(),
    )


_SHORT = 1_000
_LOOK = 20_000
_short = lru_cache(maxsize=8192)(_shape)
"""Long texts are rarely equal, and would fill the memory."""


@lru_cache(maxsize=8192)
def _alike(form: bytes) -> Shape:
    """What texts look like that differ in figures only; but for a tag, it is of no account which these are."""
    return _shape(form.decode("utf-8", "surrogatepass"))


def _look(first: str, bare: str, traced: bool) -> Look:
    if not bare:
        return Look.BLANK
    if "pid=" in first and (job := _JOB.match(first)):
        return Look.INDENTED if _RUBY_PLACE.match(job["said"]) else Look.HEADED
    if tagged := _RUBY.match(first):
        rest = first[tagged.end() :]
        return Look.BLANK if not rest.strip() else Look.INDENTED if _RUBY_PLACE.match(rest) else Look.HEADED
    if _HEADED.match(first):
        return Look.HEADED
    if first[0] in _BESIDE:
        return Look.INDENTED
    if _LINK.match(first):
        return Look.LINK
    if _CLOSER.match(first):
        return Look.CLOSER
    if _DETAIL.match(first):
        return Look.DETAIL
    if _RUBY_PLACE.match(first):
        return Look.INDENTED
    if _TAGGED.match(first):
        return Look.HEADED
    if _RAISED.match(first):
        return Look.RAISED
    if _CALL.match(first):
        return Look.CALL
    return Look.HEADED if fields(first) else Look.PLAIN


def said(text: str) -> str:
    """The text without Ruby's heading."""
    found = _RUBY.match(text)
    return text[found.end() :] if found else text


def source_echo(text: str) -> bool:
    """Node's first line of an uncaught exception: the file and line, and nothing else."""
    return text.startswith(("/", "file://")) and bool(_ECHO.match(text))


_ECHO = re.compile(r"^(?:file://)?/\S+\.[cm]?[jt]sx?:\d+$")
