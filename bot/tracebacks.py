"""What a traceback says: type, message and innermost frame of the application, in the runtimes people deploy.

Python, Node, Java, Go, Ruby, PHP and .NET, plain or inside other text. Where one exception caused another, the cause
is what is reported, because it names what is to be fixed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.models import Failure, Site

LONGEST = 64 * 1024
"""How much of a text is looked at."""
MESSAGE = 2_000
"""How much of an exception's message is kept."""

_LIBRARY = re.compile(
    r"site-packages|dist-packages|node_modules|^node:|^internal/|<anonymous>|<frozen |^<string>"
    r"|/lib/python\d|/layers/google\.python|/python3?\.\d+/(?:asyncio|logging|concurrent|importlib|threading)"
    r"|/usr/local/go/|/usr/lib/go|/go/pkg/mod/|/vendor/|/gems/|/usr/lib/ruby|/usr/local/lib/ruby|/rubies/"
    r"|^[\w-]{1,80} \(\d[\w.]{0,30}\) "
)
_PACKAGES = (
    "java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.",
    "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "org.postgresql.", "io.netty.",
    "reactor.", "io.grpc.", "com.google.", "com.fasterxml.", "com.zaxxer.", "okhttp3.", "ch.qos.", "org.slf4j.",
    "System.", "Microsoft.", "Npgsql.", "Grpc.", "lambda_method",
)  # fmt: skip
_FLOW = frozenset({"CancelledError", "KeyError", "AttributeError", "IndexError", "LookupError", "StopIteration"})
"""Types that code catches on its way; what is raised while handling them is the news."""
_GIVEN_UP = frozenset({"CancelledError"})

_TYPE = r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*"
_PY_HEAD = re.compile(r"Traceback \(most recent call last\):?")
_PY_FRAME = re.compile(r'^[ \t|+-]*File "([^"\n]{1,400})", line (\d{1,9})(?:, in (\S{1,200}))?', re.M)
_PY_RAISED = re.compile(rf"^[ \t|]{{0,8}}({_TYPE})(?:: (.*))?$", re.S)
_PY_CALL = re.compile(r'of RPC that terminated with:\s*status = StatusCode\.(\w{1,40})\s*details = "([^\n]*)"')
"""What gRPC prints of a call that failed, on several lines; its status tells what failed."""
_PY_CAUSE = re.compile(r"^[ \t|]*The above exception was the direct cause", re.M)
_PY_NEXT = re.compile(
    r"^[ \t|]*(?:During handling of the above exception|The above exception was the direct cause)", re.M
)

_PY_BOXED = re.compile(r"^\u2502 (\S{1,400}\.py):(\d{1,9}) in (\S{1,200})", re.M)
"""A frame as it is drawn in a box."""
_EX_RAISED = re.compile(r"^\*\* \(([A-Z][\w.]{0,120})\) ([^\n]*)", re.M)
_EX_FRAME = re.compile(
    r"^ {4}(?:\([\w ]{1,60} [\w.-]{1,30}\) )?((?:lib|src)/\S{1,200}\.exs?|\S{1,200}\.erl):(\d{1,9}): (\S{1,200})", re.M
)

_JS_FRAME = re.compile(
    r"^[ \t]+at (?:(?:async |new )*([^\n(]{1,200}?) \()?"
    r"((?:file://)?[^\s()\n]{1,400}):(\d{1,9}):\d{1,9}\)?[^\n]{0,8}$",
    re.M,
)
_JS_ERROR = re.compile(
    r"(?:^|(?<=[\s:\]]))([A-Z][\w$]*(?:Error|Exception|Warning)|Error|error)(?: \[[^\]\n]{1,80}\])?: ", re.M
)
_JS_CAUSE = re.compile(
    r"^[ \t]*\[cause\]: ([A-Z][\w$]*(?:Error|Exception)|Error|error)(?: \[[^\]\n]{1,80}\])?: ([^\n]*)", re.M
)
"""What Node prints of an error that another was the reason of, below the frames of that."""
_JS_NET = re.compile(
    r"(?i)\be(?:conn|timedout|host|net|notfound|ai_|pipe)[a-z]*\b|\bconnect timeout\b|\bother side closed|\bhang up"
)
_JS_PEER = re.compile(
    r"(?:\bE[A-Z_]{4,20}|attempted address(?:es)?:) ([\w.-]{1,253}|\[?[0-9a-f:]{2,45}\]?)(?=[:,)\s]|$)"
    r"|^[ \t]+(?:host(?:name)?|address): '([^'\n]{1,253})'",
    re.M,
)
"""Who was not to be reached, however it showed that they were not."""

_FRAMED = re.compile(r"(?:^|\n)[ \t]+at ")
"""What all of the frames of Node, Java and .NET begin with."""
_JVM_FRAME = re.compile(
    r"^[ \t]+at ([\w.$/@<>-]{1,300})\.([\w$<>]{1,120})\(([\w.$-]{0,120})(?::(\d{1,9}))?[^)\n]{0,40}\)", re.M
)
_JVM_ERROR = re.compile(
    r'^(?:Exception in thread "[^"\n]{0,80}" |[^\n]{0,200}?\b)?((?:[a-z_][\w$]*\.){1,12}[A-Z][\w$]*)(?:: ([^\n]*))?$'
)
_JVM_CAUSE = re.compile(r"^[ \t]*Caused by: ", re.M)

_NET_FRAME = re.compile(
    r"^[ \t]+at ([\w.`<>\[\],+$ ]{1,300})\.([\w`<>|$]{1,120})\([^\n]{0,400}?\)"
    r"(?: in ([^\n]{1,300}):line (\d{1,9}))?[ \t]*$",
    re.M,
)
_NET_ERROR = re.compile(
    r"(?:^|Unhandled exception\. | ---> |\s)((?:[A-Z]\w*\.){1,8}[A-Z]\w*Exception)(?: \([^)\n]{1,40}\))?: ([^\n]*)",
    re.M,
)

_GO_PANIC = re.compile(r"^(?:[^\n]{0,80}\s)?(?:panic|http: panic serving [^\s]{1,80}): ([^\n]*)", re.M)
_GO_FRAME = re.compile(
    r"^([\w./$·-]{1,200}(?:\(\*?[\w.\[\]]{1,80}\))?[\w./$·{}\[\]-]{0,200})\([^\n]{0,500}\)\n"
    r"[ \t]+(\S{1,300}\.go):(\d{1,9})",
    re.M,
)

_GO_PLACE = re.compile(r"^(/\S{1,300}\.(?:go|s)):(\d{1,9}) \(0x[0-9a-f]{1,16}\)(?:\n[ \t]+([^:\n]{1,200}): )?", re.M)
"""A frame as web frameworks write it that recover from a panic; what was said stands above the first."""

_RUBY_HEAD = re.compile(
    r"^([^\s:][^:\n]{0,300}\.rb):(\d{1,9}):in [`']([^'\n]{1,120})': ([^\n]*) \(([A-Z][\w:]*)\)", re.M
)
_RUBY_FRAME = re.compile(
    r"^[ \t]+(?:from |\d+: from )?([^\s:][^:\n]{0,300}\.rb):(\d{1,9}):in [`']([^'\n]{1,120})'", re.M
)
_RUBY_SAID = re.compile(
    r"^(?:[^\n]{0,200}[\s\]])?((?:[A-Z]\w*::)+[A-Z]\w*|[A-Z]\w*(?:Error|Exception|Timeout))"
    r"(?:: ([^\n]*)| \(([^\n]*?)\)?:?$)",
    re.M,
)
"""An exception as Rails and job runners write it: `Type (message):` or `Type: message`, its frames below."""
_RUBY_PLACE = re.compile(
    r"^[ \t]*([^\s:][^:\n]{0,300}\.(?:rb|erb|haml|slim|rake|jbuilder|builder"
    r"|ru)):(\d{1,9})(?::in [`']([^'\n]{1,120})')?$",
    re.M,
)

_PHP_RAISED = re.compile(
    r"\[object\] \((?P<type>[\w\\]{1,200})\(code: [^)\n]{1,20}\): (?P<said>.{0,2000}?) "
    r"at (?P<file>/[^\s:]{1,400}\.php):(?P<line>\d{1,9})\)"
    r"|\bUncaught (?P<fatal>[\w\\]{1,200})(?:: (?P<words>.{0,2000}?))? "
    r"in (?P<where>/[^\s:]{1,400}\.php):(?P<at>\d{1,9})$",
    re.M | re.S,
)
"""An exception as loggers write it into their context, and as the runtime does when nobody caught it."""
_PHP_FRAME = re.compile(r"^#\d{1,4} (/[^\s(]{1,400}\.php)\((\d{1,9})\): ", re.M)


@lru_cache(maxsize=1024)
def failure(text: str) -> Failure | None:
    """The exception that `text` is a traceback of; None where it is none."""
    text = text[:LONGEST]
    if "Traceback (most recent call last)" in text:
        return _python(text) or _boxed(text)
    if "\n** (" in f"\n{text}" and (found := _elixir(text)):
        return found
    if "goroutine " in text and (found := _go(text)):
        return found
    if ".go:" in text and "panic recovered" in text and (found := _recovered(text)):
        return found
    if (":in " in text or "::Error (" in text) and (found := _ruby(text)):
        return found
    if ".php" in text and (found := _php(text)):
        return found
    if "at " not in text or not _FRAMED.search(text):
        return None
    return _jvm(text) or _dotnet(text) or _node(text)


def _python(text: str) -> Failure | None:
    parts = [m.end() for m in _PY_HEAD.finditer(text)]
    raised: list[tuple[Failure, bool]] = []
    for i, start in enumerate(parts):
        end = parts[i + 1] if i + 1 < len(parts) else len(text)
        block = text[start:end]
        marker = _PY_NEXT.search(block)
        caused = bool(marker and _PY_CAUSE.match(block, marker.start()))
        if found := _python_block(block[: marker.start()] if marker else block):
            raised.append((found, caused))
    if not raised:
        return None
    chosen = len(raised) - 1
    while chosen and raised[chosen - 1][0].type.rpartition(".")[2] not in (
        _GIVEN_UP if raised[chosen - 1][1] else _FLOW
    ):
        chosen -= 1
    found = raised[chosen][0]
    if found.frame is None:
        frame = next((f.frame for f, _ in raised if f.frame), None)
        found = Failure(found.type, found.message, frame)
    return found


def _python_block(block: str) -> Failure | None:
    frames = list(_PY_FRAME.finditer(block))
    if not frames:
        return None
    site = None
    for m in reversed(frames):
        if not _LIBRARY.search(m[1]):
            site = Site(function=m[3] or "", file=m[1], line=int(m[2]))
            break
    tail = block[frames[-1].end() :].split("\n")[1:]
    for i, line in enumerate(tail):
        bare = line.lstrip(" |")
        if line[:2] in ("  ", "\t") or not bare or set(bare) <= set("^~-+ "):
            continue
        if raised := _PY_RAISED.match(line):
            rest = "\n".join(t for t in tail[i + 1 :] if t.strip())
            message = (raised[2] or "") + ("\n" + rest if rest and raised[2] else "")
            if call := _PY_CALL.search(message):
                message = f"{call[1]}: {call[2]}"
            return Failure(raised[1], message[:MESSAGE].strip(), site)
        break
    return None


def _boxed(text: str) -> Failure | None:
    end = text.find("\n\u2570")
    if end < 0:
        return None
    own = [m for m in _PY_BOXED.finditer(text, 0, end) if not _LIBRARY.search(m[1])]
    site = Site(function=own[-1][3], file=own[-1][1], line=int(own[-1][2])) if own else None
    said = text[end + 1 :].partition("\n")[2].strip("\n")
    raised = _PY_RAISED.match(said)
    return Failure(raised[1], (raised[2] or "")[:MESSAGE].strip(), site) if raised else None


def _elixir(text: str) -> Failure | None:
    raised = _EX_RAISED.search(text)
    if raised is None:
        return None
    places = _EX_FRAME.finditer(text, raised.end())
    own = next(
        (m for m in places if m[1].startswith("lib/") and not m[3].startswith(("GenServer.", "Ecto.", "Plug."))), None
    )
    site = Site(function=own[3], file=own[1], line=int(own[2])) if own else None
    return Failure(raised[1], raised[2][:MESSAGE].strip(), site)


def _node(text: str) -> Failure | None:
    first = _JS_FRAME.search(text)
    if first is None:
        return None
    head = text[: first.start()].rstrip("\n")
    named = _JS_ERROR.search(head)
    if named is None:
        return None
    while inner := _JS_ERROR.match(head, named.end()):
        named = inner
    site = None
    for m in _JS_FRAME.finditer(text, first.start()):
        path = m[2].removeprefix("file://")
        if not _LIBRARY.search(path):
            name = (m[1] or "").removeprefix("async ").split(" [as ")[0]
            site = Site(function=name, file=path, line=int(m[3]))
            break
    kind, said = named[1], head[named.end() :].strip()
    if causes := _JS_CAUSE.findall(text, first.start()):
        why = causes[-1][1]
        if not _JS_NET.search(why):
            kind, said = causes[-1]
        elif peer := _JS_PEER.search(text, text.rindex("[cause]: ")):
            said = f"{said}: {peer[1] or peer[2]}"
    return Failure(kind, said[:MESSAGE].strip(), site)


def _jvm(text: str) -> Failure | None:
    if not _JVM_FRAME.search(text):
        return None
    causes = [m.end() for m in _JVM_CAUSE.finditer(text)]
    part = text[causes[-1] if causes else 0 :]
    first = _JVM_FRAME.search(part)
    head = (part[: first.start()] if first else part).strip("\n")
    lines = head.split("\n")
    named = [(i, m) for i, line in enumerate(lines) if (m := _JVM_ERROR.match(line[:MESSAGE]))]
    if not named:
        return None
    i, m = next((n for n in named if n[1].start(1) == 0), named[0])  # not in a sentence, where one stands alone
    message = "\n".join([m[2] or "", *lines[i + 1 :]]).strip()
    return Failure(m[1], message[:MESSAGE], _jvm_site(part) or _jvm_site(text))


def _jvm_site(text: str) -> Site | None:
    for found in _JVM_FRAME.finditer(text):
        where = found[1].rpartition("/")[2]
        if not where.startswith(_PACKAGES):
            return Site(module=where, function=found[2], file=found[3], line=int(found[4] or 0))
    return None


def _dotnet(text: str) -> Failure | None:
    errors = list(_NET_ERROR.finditer(text))
    if not errors or not _NET_FRAME.search(text):
        return None
    site = None
    for m in _NET_FRAME.finditer(text):
        if not m[1].strip().startswith(_PACKAGES):
            site = Site(module=m[1].strip(), function=m[2], file=m[3] or "", line=int(m[4] or 0))
            break
    return Failure(errors[-1][1], errors[-1][2].split(" ---> ")[0][:MESSAGE].strip(), site)


def _go(text: str) -> Failure | None:
    panic = _GO_PANIC.search(text)
    if panic is None:
        return None
    site = None
    for m in _GO_FRAME.finditer(text, panic.end()):
        if not m[1].startswith(("runtime.", "panic", "net/http.", "testing.")) and not _LIBRARY.search(m[2]):
            site = Site(function=m[1], file=m[2], line=int(m[3]))
            break
    return Failure("panic", panic[1][:MESSAGE].strip(), site)


def _recovered(text: str) -> Failure | None:
    first = _GO_PLACE.search(text)
    if first is None:
        return None
    said = text[: first.start()].rstrip("\n").rpartition("\n")[2]
    own = next((m for m in _GO_PLACE.finditer(text) if not _LIBRARY.search(m[1])), None)
    site = Site(function=(own[3] or "").strip(), file=own[1], line=int(own[2])) if own else None
    return Failure("panic", said[:MESSAGE].strip(), site)


def _ruby(text: str) -> Failure | None:
    head = _RUBY_HEAD.search(text)
    if head is None:
        return _rails(text)
    places = [(head[1], head[2], head[3]), *((m[1], m[2], m[3]) for m in _RUBY_FRAME.finditer(text, head.end()))]
    site = next((Site(function=f, file=p, line=int(n)) for p, n, f in places if not _LIBRARY.search(p)), None)
    return Failure(head[5], head[4][:MESSAGE].strip(), site)


def _rails(text: str) -> Failure | None:
    said = _RUBY_SAID.search(text)
    if said is None:
        return None
    places = list(_RUBY_PLACE.finditer(text, said.end()))
    if not places:
        return None
    own = next((m for m in places if not _LIBRARY.search(m[1])), None)
    site = Site(function=own[3] or "", file=own[1], line=int(own[2])) if own else None
    return Failure(said[1], (said[2] or said[3] or "")[:MESSAGE].strip(), site)


def _php(text: str) -> Failure | None:
    raised = _PHP_RAISED.search(text)
    if raised is None:
        return None
    named = (raised["type"] or raised["fatal"]).replace("\\\\", "\\").rpartition("\\")[2]
    places = [(raised["file"] or raised["where"], raised["line"] or raised["at"])]
    places += [(m[1], m[2]) for m in _PHP_FRAME.finditer(text, raised.end())]
    site = next((Site(file=p, line=int(n)) for p, n in places if not _LIBRARY.search(p)), None)
    said = (raised["said"] or raised["words"] or "").replace('\\"', '"').replace("\\\\", "\\")
    return Failure(named, said[:MESSAGE].strip(), site)
