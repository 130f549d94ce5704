"""Log text made readable: no colours, no control characters, real line breaks, and never too long."""

from __future__ import annotations

import re

LONGEST = 32 * 1024
"""Bytes of text that are kept of one entry."""
_TAIL = 8 * 1024

_COLOUR = re.compile(
    r"(?:\x1b|\\x1b|\\u001b|\\033|#033|\^\[)\[[0-9;?]{0,20}[A-Za-z]|"
    r"\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]"
)
_CODEPOINT = re.compile(r"\[U\+([0-9A-Fa-f]{4,6})\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TAG = re.compile(r"</?(?:white|yellow|red|green|blue|cyan|magenta|black|bold|dim|level|light-[a-z]{3,7})>")
_BROKEN = re.compile(r"\\n(?:[ \t]|\\t|File |at |Traceback|Caused by|goroutine )")


def clean(text: str) -> str:
    """The text as a person would have it: colours, control characters and escaped line breaks resolved."""
    text = text[: 4 * LONGEST]
    if is_clean(text):
        return shorten(text).rstrip()
    if "\x1b" in text or "[" in text:
        text = _COLOUR.sub("", text)
        if "[U+" in text:
            text = _CODEPOINT.sub(_character, text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\\n" in text and "\n" not in text and (_BROKEN.search(text) or text.count("\\n") > 2):
        text = text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    if "</" in text:
        text = _TAG.sub("", text)
    return shorten(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)).rstrip()


def is_clean(text: str) -> bool:
    """Whether there is nothing to resolve."""
    if not (text.isascii() and text.isprintable()) or "\\" in text or "</" in text:
        return False
    return not ("[" in text and ("[U+" in text or "^[" in text or "#033" in text))


def shorten(text: str, longest: int = LONGEST) -> str:
    """At most `longest` bytes, on whole characters: the middle gives way, with a mark that says so."""
    if len(text) * 4 <= longest:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) <= longest:
        return text
    tail = min(_TAIL, longest // 4)
    mark = f"\n[... {len(data) - longest} bytes cut ...]\n"
    head = data[: longest - tail - len(mark) - 8].decode("utf-8", "ignore")
    return head + mark + data[-tail:].decode("utf-8", "ignore")


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else found[0]
