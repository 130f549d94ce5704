"""Hostile text made harmless at each exit: GitHub's Markdown, Slack's mrkdwn, a terminal.

Log text, model text, issue text and Slack text are written by people we do not know. What is escaped here shows the
same words everywhere and does nothing: it mentions nobody, links nowhere, refers to no issue, closes none, holds no
HTML and no image, hides nothing behind invisible characters. Each function escapes once, at the very end; escaping
twice shows the escapes. All results are bounded by what goes in; `cut` bounds that.

    markdown   one line of prose in GitHub's Markdown
    title      a title on GitHub, which is no Markdown
    fence      a code block in GitHub's Markdown
    link       a link in GitHub's Markdown, to places of our own only
    mrkdwn     prose in Slack
    codeblock  a code block in Slack
    plain      a terminal (rich's own markup is not looked at: hand it over as `rich.text.Text`)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

BREAK = "\u2060"
"""A word joiner: invisible, not a word character, so that what stands around it is no mention, no reference, no link.
GitHub looks for these after Markdown is rendered, where a backslash or an entity is long gone."""
LONGEST_RUN = 12
"""Backticks in a row that a code block shows; a fence has to be longer than that."""

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]"  # colours, movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"  # titles, links, anything else
)
_NEWLINES = re.compile(r"\r\n?|[\u0085\u2028\u2029\x0b\x0c]")
_SPACES = re.compile(r"\s+")
_LOOK = re.compile(r"([^\x20-\x7e\n\t])\1*")
_VARIATION = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_PILED = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
                    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
"""Letters and marks by category that show nothing."""

_MENTION = re.compile(r"@(?=[\w-])")
_REFERENCE = re.compile(r"#(?=\w)|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_URL = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)|(?<=\btel)(?=:)|(?<=\bxmpp)(?=:)", re.IGNORECASE)
_CLOSING = re.compile(r"\b(clos(?:e[sd]?)|fix(?:e[sd])?|resolve[sd]?)(:?\s+)(?=\S*(?:#|GH-|://))", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_]))")
_LINE_START = re.compile(r"^([#+\-=]|\d{1,9}(?=[.)]))")
_EMOJI = re.compile(r":(?=[0-9_+\-']*+[a-z][a-z0-9_+\-']*+:)", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![^\W_])[*_~]|[*_~](?![^\W_])")
_RUN = re.compile(r"`+")
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)


def plain(text: str) -> str:
    """For terminals: no control characters, no ANSI; what is invisible or turns the direction is named."""
    text = _NEWLINES.sub("\n", _ANSI.sub("", text))
    return _LOOK.sub(_named, _PILED.sub(r"\1", _VARIATION.sub("", text)))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, whole ones as people see them, with an ellipsis where something was left out."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    end = limit - 1
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip() + "…"


def markdown(text: str) -> str:
    """Prose in GitHub's Markdown, in one line: shown as it is, and nothing else happens."""
    text = _SPACES.sub(" ", plain(text)).strip()
    text = _entities(_PUNCTUATION.sub(r"\\\1", _EMOJI.sub(f":{BREAK}", _inert(text))))
    return _LINE_START.sub(_start, text)


def title(text: str) -> str:
    """A title on GitHub, which is no Markdown (but for backticks) and is copied into commit messages."""
    return _inert(_SPACES.sub(" ", plain(text)).strip().replace("`", "'"))


def fence(text: str, limit: int) -> str:
    """A code block that no text inside can end; the text is cut to `limit`."""
    inside = _CLOSING.sub(rf"\1{BREAK}\2", cut(plain(text).strip("\n"), limit))
    inside = inside.replace("<!--", f"<!{BREAK}--").replace("-->", f"--{BREAK}>")
    inside = _RUN.sub(lambda run: run[0] if len(run[0]) <= LONGEST_RUN else run[0][:LONGEST_RUN] + "…", inside)
    ticks = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(inside)), default=0))
    return f"{ticks}text\n{inside}\n{ticks}"


def link(label: str, url: str, allowed: Iterable[str]) -> str:
    """`[label](url)` where the address is https and begins with one of ours; the bare label elsewhere."""
    safe = quote(url, safe=":/?#@!$&'*+,;=%~-._")
    parts = urlsplit(safe)
    ours = (urlsplit(place) for place in allowed)
    if parts.scheme == "https" and any(_within(parts.netloc, parts.path, p.netloc, p.path) for p in ours):
        return f"[{markdown(label)}]({safe})"
    return markdown(label)


def authored(text: str, shown: str, limit: int) -> str:
    """What somebody made of a text of ours, in GitHub's Markdown: lines they left as shown stay byte for byte; in
    their own, formatting and links stand, but nobody is mentioned, no issue is closed and nothing is hidden. What was
    hidden in ours stays at its end."""
    known = {_seen(line): line for line in visible(shown).split("\n")}
    lines = []
    for line in _NEWLINES.sub("\n", text.replace("\r\n", "\n")).split("\n"):
        if _seen(line) in known:
            lines.append(known[_seen(line)])
            continue
        own = _CLOSING.sub(rf"\1{BREAK}\2", _MENTION.sub(f"@{BREAK}", _apart(line)))
        lines.append(own.replace("<!--", f"<!{BREAK}--").replace("-->", f"--{BREAK}>"))
    hidden = "\n".join(_HIDDEN.findall(shown))
    written = cut("\n".join(lines).strip(), limit - len(hidden) - 2)
    return f"{written}\n\n{hidden}" if hidden and written else written


def visible(text: str) -> str:
    """A text of ours without what is hidden in it."""
    return _HIDDEN.sub("", text).strip()


def _apart(line: str) -> str:
    """`plain`, with the word joiners left that take things apart."""
    return BREAK.join(plain(piece) for piece in line.split(BREAK))


def _seen(line: str) -> str:
    return line.replace(BREAK, "").rstrip()


def mrkdwn(text: str) -> str:
    """Prose in Slack: no mention, no link, no emoji, no formatting; lines are kept."""
    text = _EMPHASIS.sub(rf"{BREAK}\g<0>{BREAK}", _inert(plain(text).replace("`", "\u02cb")))
    return _entities(_EMOJI.sub(f":{BREAK}", text))


def codeblock(text: str, limit: int) -> str:
    """A code block in Slack that no text inside can end; the text is cut to `limit` before it is escaped."""
    inside = cut(plain(text).strip("\n"), limit).replace("`", "\u02cb")
    return f"```\n{_entities(_URL.sub(BREAK, _MENTION.sub(f'@{BREAK}', inside)))}\n```"


def _inert(text: str) -> str:
    """Mentions, references, closing words and addresses taken apart, invisibly."""
    text = _URL.sub(BREAK, _MENTION.sub(f"@{BREAK}", text))
    text = _CLOSING.sub(rf"\1{BREAK}\2", text)
    return _REFERENCE.sub(lambda found: found[0] + BREAK, text)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _start(found: re.Match[str]) -> str:
    return f"{found[0]}{BREAK}" if found[0].isdigit() else f"\\{found[0]}"


def _named(run: re.Match[str]) -> str:
    char, times = run[1], len(run[0])
    if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn") and char not in _BLANK:
        return run[0]
    return f"[U+{ord(char):04X}{f' ×{times}' if times > 1 else ''}]"


def _within(host: str, path: str, our_host: str, our_path: str) -> bool:
    return host == our_host and (path == our_path or path.startswith(our_path.rstrip("/") + "/"))
