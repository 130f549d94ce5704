"""What a line says: its first telling words, what a scanner asks for, and a title made of them."""

# ruff: noqa: SIM905 - a list of plain words is read more easily as words

from __future__ import annotations

import re

from bot.masks import missing, scanned

TITLE = 120
_LEAD = 1_000
_LOOK = 1_500

_NOTHING = re.compile(r"^(?:[\s\W_]*|[\w-]{1,30}:(?:error|warn) *|<--- .* --->|\[\d+:0x[0-9a-f]+\] +\d+ ms: .*)$")
"""Ornaments, and what Node writes above the words it dies with."""
_PAIRS = re.compile(r"^(\S.{0,120}?)(?:\s{2,}|\s+(?=\w+=[\[{\"']))[A-Za-z_][\w.]{0,40}=\S")
_GIVEN = re.compile(r"\s\w+=(?:\S|\s+\w+=)")
"""A value within what is said: then one that stands a little apart behind it (`rhost=b  user=root`) is said, too."""
_EVENT = re.compile(r"^[a-z]+(?:_[a-z]+){2,}(?=:\s|\s|$)")
_BROKEN = re.compile(r"""^\{.{0,400}?["'](?:message|msg|event)["']: ?["'](.{8,})""")
_DECORATION = re.compile(r"^[^\w\s\[\](){}<>\"'`/\\%$#@&*+.,:;!?=|~^-]+\s*")
_TELLING = re.compile(
    r"(?i)^\s{0,2}\S.{0,200}?(?:error|exception|fail|denied|refused|not found|does not exist|timed? ?out|could not )"
    r"|^Can(?:'|no)t \w"
)
_JSON = re.compile(r"^([^{]{8,}?)\s+\{\"\w")
_WARNING = re.compile(r"^(\S{1,400}\.py):\d+: (\w*Warning: .+)$")
_OBJECT = re.compile(r"#<(?:[A-Z]\w*(?:::\w+)*)(?=[ >]|:0x|:<hex>)(?:[^<>\n]|<[^<>\n]*>|<(?:[^<>\n]|<[^<>\n]*>)*>)*>")
"""A Ruby object, printed with all that it holds."""
_NAME = r"(?:'[^'\s]{1,80}(?: [^'\s]{1,40}){0,2}'|\"[^\"\s]{1,80}(?: [^\"\s]{1,40}){0,2}\")"
_NAMES = re.compile(r"\[" + _NAME + "(?:, ?" + _NAME + r")*\]")
"""A list of names, as programs print it; sentences in a list tell what failed."""
_SYNTAX = re.compile(
    r"(?:Expecting (?:value|property name[\w ]{0,40}|'.' delimiter)|Unterminated string starting at|Extra data"
    r"|Invalid control character at|Invalid \\{1,2}\w{0,6} ?escape|Illegal trailing comma[\w ]{0,40})"
    r": line <num> column <num> \(char <num>\)"
    r"|(?:Unexpected token \S{1,8}|Unexpected (?:string|number|non-whitespace character|identifier)\b[^:\n]{0,40}?"
    r"|Expected [^:\n]{1,60}?|Unterminated string|Bad control character in string literal|Bad escaped character)"
    r" (?:after JSON|in JSON) at position <num>(?: \(line <num> column <num>\))?"
    r"|Unexpected end of JSON input|unexpected end of JSON input"
    r"|invalid character '[^'\n]{1,8}' (?:looking for|after|in) [\w :-]{1,60}"
)
"""What parsers of JSON say of a text that is none: where it breaks is chance."""
_SPANNING = ("#<", "['", '["', "JSON", "(char ", "invalid character")
"""Without one of these there is none of the three."""
_LIST = re.compile(r"[\w.'\"/-]+(?:, ?[\w.'\"/-]+){2,}")
_KEY = re.compile(r"(^|[^\w:/.<>-])[\w.<>-]*(?::[\w.<>-]+){2,}")
_COMPOSED = re.compile(
    r"\b([A-Za-z]+(?:_[A-Za-z]+){0,5})_-?(?:[0-9]|<(?:num|hex|id)>)(?:[0-9A-Za-z_]|<(?:num|hex|id)>)*"
)
_RANDOM = re.compile(r"\b(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{20,}\b")
_HOST = re.compile(r"[\w<>-]*<(?:num|ip|id)>[\w<>-]*(?:\.[A-Za-z<][\w<>-]*)*\.[a-z]{2,12}\b")
_INVOKED = re.compile(r"Invalid `[^`\n]{1,200}` invocation(?: in)?:?$")
"""How a database client begins to say that a call failed; why stands below the code that it shows."""
_MISUSED = re.compile(r"(?:[\w./-]{1,100}: )?[Ee]rror: \S")
"""What was wrong with how a command was called, below how it may be."""
_FLUSH = re.compile(r"[^\s\d\u2192/]")
_SIGN = re.compile(r"([\s=:(,\[])-<num>")
_REPEATED = re.compile(r"((?:[A-Za-z]+_)?<[a-z]+>)(?:[ ,]+(?:[A-Za-z]+_)?<[a-z]+>){2,}")
_UNOPENED = re.compile(r"\bopen\(\) \"(/[^\"\n]{1,500})\" failed \(2: ")
"""How a web server says that a file it was asked for is not there."""
_READY = re.compile(r"^.{0,40}\bcondition status changed to False for \w+ \S+ with message: ", re.S)
_EXECUTION = re.compile(r"\bExecution [a-z][a-z0-9-]{0,62}-[a-z0-9]{5}\b")
_REVISION = re.compile(r"^Revision '[^']*' is not ready and cannot serve traffic\. ")
_FAILED = re.compile(
    r"(?i)^.{0,160}?\b(?:error|fail(?:ed|ure|s)?|exception|unable|cannot|could not|couldn't)\b[^:]{0,160}: +(\S.*)$"
)
_WRITES = re.compile(
    r"(?i)(?:^|_|\b)(?:log(?:ger|ging)?|emit|print|write|report|notify|capture|error|warn(?:ing)?)(?:_|\b|$)"
)
_RAISED = re.compile(
    r"(?:\[[^\]\n]{1,60}\]:? *){0,2}(?:uncaught |unhandled )?(?:[\w.]{0,120}(?:Error|Exception)|error): \S", re.I
)
_SOURCE = re.compile(r"node:[\w/]{1,200}:\d{1,9}|(?:file://|node:)?[\w./@\\-]{1,300}\.\w{1,4}:\d{1,9}")
_LISTED = re.compile(r"^(\S.{2,200}?)(?: [A-Za-z_][\w.]{0,40}=(?:\"(?:[^\"\\]|\\.)*\"|[^\s\"]+)){2,}$")
_STATE = re.compile(r"[0-9A-Z]{5}(?=: )")
"""An SQLSTATE in front of what a database says."""
_SHARED = re.compile(
    r"(?i)\btoo many (?:clients|connections)\b|\bconnection slots\b|server ?selection"
    r"|pool[\w-]{0,20}\b.{0,80}\b(?:limit|exhausted|timed? ?out|timeout|not available|full)\b|pool(?:timeout|exhausted)"
    r"|\bno (?:suitable |available )?servers? (?:found|available)|\bthe database system is\b"
    r"|\bconnection to (?:the )?(?:server|database)\b|\bserver (?:closed|terminated) the connection\b"
    r"|\bcan(?:'|no)t (?:connect to|reach) (?:\w+ )?(?:server|database)\b"
    r"|\bcould not (?:open|get|obtain) (?:a )?(?:jdbc |database )?connection\b"
    r"|\b(?:08[0-9A-Z]{3}|53[0-9]{3}|57P0[0-9]): "
    r"|\btoo many open files\b|\bserver has gone away\b|\bout of memory\b|\bheap space\b|\bgc overhead limit\b"
    r"|\bno space left on device\b|\bcannot allocate memory\b|(?-i:\bOutOfMemory|\bMemoryError\b|\bEMFILE\b|\bENOSPC\b)"
)
"""What says that something all code of a service shares is not to be had: a database, connections, memory."""
_UNROUTED = re.compile(
    r"(?i)\bno route\b|\bno handler found\b|\bno static resource\b|\bcannot (?:get|post|head) /|\bnot found: ?/"
)
_PATH = re.compile(r"[^\s\"'()\[\]<>=]*[/.][^\s\"'()\[\]<>=]*")
_QUERY = re.compile(r" ?(?:\((?:Connection: [\w-]{1,60}, )?SQL: .*|\[SQL: .*|; SQL \[.*)$", re.S)
_ABOUT_TO = re.compile(
    r"(?i)[,;.:\u2026-]* *\(?(?:(?:now |will )?(?:re-?try(?:ing)?|repeat(?:ing)?|reconnect(?:ing)?|try(?:ing)? again)\b"
    r"[^:\n]{0,60}"
    r"|(?:attempt|try) (?:\d+|<num>)(?: ?(?:/|of) ?(?:\d+|<num>))?\)?)(?=$|: )"
)
_STATEMENT = re.compile(r"(\S+(?: \S+){2,}?): \S")
_CALL = re.compile(r"[a-z]\w{1,40}\.[a-z]\w{1,40}: (?=\S)")
_LETTER = re.compile(r"[^\W\d_]")
_TOKEN = re.compile(r"<[a-z-]{1,20}>")
_LED_BY = re.compile(r"^(?:<[a-z-]{1,20}>[:|] ?|\[<[a-z-]{1,20}>\]:? ?){1,4}")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_GENERIC = frozenset(
    """
    error exception warning fault failure failed
    http https api client server service app application base internal external general generic custom business domain
    unknown unexpected unhandled runtime system core common
    value type key index attribute name lookup range bounds state argument arguments parameter null pointer reference
    none assertion syntax parse parser parsing json xml format decode encode decoding encoding unicode illegal invalid
    unsupported not found no such missing exists element operation input output io os file eval uri url validation
    operational programming integrity database data interface query sql db connection connect request response
    network socket fetch axios rpc grpc remote transport execution task job module import permission access denied
    timeout timed out exceeded call bad status code aggregate composite nested wrapped panic
    """.split()
)


def own(type_: str) -> bool:
    """Whether an exception's type says by itself what went wrong: an application's own `SeatTakenError`, and not
    `ValueError`, `ApiError` or `OperationalError`, which only their words tell apart.
    """
    words = [w.lower() for w in _CAMEL.findall(type_.rpartition(".")[2].rpartition("::")[2])]
    return any(len(w) > 1 and w not in _GENERIC for w in words)


def shared(said: str) -> bool:
    """Whether an exception says that what all code of a service shares is not to be had: then it does not matter which
    code was the first to ask.
    """
    return _SHARED.search(said) is not None


def state(words: str) -> str:
    """The SQLSTATE in front of an exception's words; empty where they begin with none."""
    found = _STATE.match(words)
    return found[0] if found else ""


def source_place(text: str) -> bool:
    """Whether a line is nothing but a place in source code, as runtimes print it above an exception."""
    return _SOURCE.fullmatch(text) is not None


def called(text: str) -> str:
    """What a call raised, without the call's name in front: `page.goto: ...`."""
    found = _CALL.match(text)
    return text[found.end() :] if found else text


def silent(template: str) -> bool:
    """Whether a masked line has no word of its own: a logger's heading, or the tag of a request, and nothing more."""
    return not _LETTER.search(_TOKEN.sub("", template))


def handles(function: str) -> bool:
    """Whether a function does something of its own; what only writes down what others report is no handler."""
    return bool(function) and not _WRITES.search(function)


def raised(text: str) -> bool:
    """Whether a line is an exception that was written down without its stack: `[checkout] TypeError: ...`."""
    return _RAISED.match(text) is not None


def cause(text: str) -> str:
    """What "it failed: why" gives as the reason; empty where a line is not of that form, or the reason is one word."""
    found = _FAILED.match(text)
    return found[1] if found and " " in found[1].strip() else ""


def statement(text: str) -> str:
    """What "it did not work: why" says without the reason."""
    found = _STATEMENT.match(text)
    return found[1] if found else text


def lead(text: str) -> str:
    """The first line that says something, with the values behind it left out where they are listed as key=value.

    Where it only announces more ("query failed:"), the next line that tells of trouble belongs to it.
    """
    lines = text[:_LOOK].split("\n")
    carets = [at for at, line in enumerate(lines[:6]) if line.strip() == "^"] if source_place(lines[0]) else []
    if carets and any(map(_LETTER.search, lines[carets[0] + 1 :])):
        del lines[: carets[0] + 1]  # Node shows the code, and says below what is wrong with it
    for at, line in enumerate(lines):
        if not _NOTHING.match(line):
            if line.count('"') % 2 and at + 1 < len(lines) and lines[at + 1].lstrip().startswith('"'):
                line = line.rstrip() + lines[at + 1].lstrip()  # a value with a line break at its end
            said = _said(line.strip()[:_LEAD])
            if at and said.isupper() and "Description:" in lines[at:]:
                return (
                    f"{said}: {next(filter(_LETTER.search, lines[lines.index('Description:', at) + 1 :]), '')}".rstrip(
                        ": "
                    )
                )
            if said.startswith(("Usage: ", "usage: ")):
                return next((x.strip()[:_LEAD] for x in lines[at + 1 :] if _MISUSED.match(x)), said)
            if _INVOKED.match(said):
                return next(
                    (_said(x.strip()[:_LEAD]) for x in lines[at + 1 :] if _FLUSH.match(x) and _LETTER.search(x)), said
                )
            if said.endswith(":") and (more := next((x for x in lines[at + 1 :] if _TELLING.match(x)), "")):
                return f"{said} {_said(more.strip()[:_LEAD])}"
            return said
    return text[:_LEAD].strip()


def _said(line: str) -> str:
    if line.startswith("{") and (broken := _BROKEN.match(line)):
        line = broken[1]
    line = _DECORATION.sub("", line) or line
    if event := _EVENT.match(line):
        return event[0]
    line = _QUERY.sub("", line, count=1) or line
    line = _UNOPENED.sub(
        _folder, line.partition(", client: ")[0], count=1
    )  # what proxies add to each line: of which request it was
    pairs = _LISTED.match(line) or _PAIRS.match(line) or _JSON.match(line)
    if pairs and not (line.startswith("  ", pairs.end(1)) and _GIVEN.search(pairs[1])):
        line = pairs[1]
    return _ABOUT_TO.sub("", line, count=1) or line


def _folder(found: re.Match[str]) -> str:
    return found[0].replace(found[1], missing(found[1]))


def warning(text: str) -> tuple[str, str] | None:
    """Where a Python warning was raised, and what it says."""
    found = _WARNING.match(text)
    return (found[1], found[2]) if found else None


def varied(template: str) -> str:
    """A masked text with what varies as a whole masked as a whole: lists, composed keys and ids, hosts."""
    if unrouted(template):
        template = _PATH.sub(_probed, template)
    if spanning(template):
        template = _SYNTAX.sub("<broken>", _NAMES.sub("[<list>]", _OBJECT.sub("<object>", template)))
    template = _RANDOM.sub("<id>", template)
    if "_" in template:
        template = _COMPOSED.sub(r"\1_<id>", template)
    if "<" in template:
        if "." in template:
            template = _HOST.sub("<host>", template)
        if "-<num>" in template:
            template = _SIGN.sub(r"\1<num>", template)
        if template.count("<") > 2:
            template = _REPEATED.sub(r"\1", template)
    if template.count(",") > 1:
        template = _LIST.sub("<list>", template)
    return _KEY.sub(r"\1<key>", template) if template.count(":") > 1 else template


def spanning(text: str) -> bool:
    """Whether something may be in it that varies as a whole and has plain words in it."""
    return any(map(text.__contains__, _SPANNING))


def unrouted(text: str) -> bool:
    """Whether a router may be telling that it could not find something."""
    if "/" not in text:
        return False
    small = text.lower()
    return ("no " in small or "not found:" in small or "cannot " in small) and _UNROUTED.search(text) is not None


def _probed(path: re.Match[str]) -> str:
    """What a router could not find is left out where only scanners ask for it."""
    return "<probe>" if scanned(path[0]) else path[0]


def reason(text: str) -> str:
    """Why a deployment is not ready, without which revision or service says so."""
    text = _EXECUTION.sub("Execution <id>", _READY.sub("", text, count=1), count=1)
    return _REVISION.sub("", text, count=1)


def titled(text: str) -> str:
    """One line, short enough for a list, without the ids that it may begin with."""
    text = " ".join(text.split())
    text = _LED_BY.sub("", text, count=1) or text
    return text if len(text) <= TITLE else text[: TITLE - 1].rstrip() + "…"
