"""The server's side of a WebSocket (RFC 6455), as small as Slack's Socket Mode needs it: text, ping, close.

Only for loopback, so that the demo and the tests need no further package: no extensions, no TLS, messages of at
most a megabyte.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import threading
from io import BufferedIOBase

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
LONGEST = 1 << 20


def accept(key: str) -> str:
    """The answer to `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()


class WebSocket:
    """One open connection, after the handshake; `send` may be called from any thread."""

    def __init__(self, reader: BufferedIOBase, writer: BufferedIOBase) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self.open = True

    def send(self, text: str) -> None:
        self._frame(_TEXT, text.encode())

    def ping(self) -> None:
        self._frame(_PING, b"")

    def close(self) -> None:
        """Says goodbye; the other side answers and closes."""
        if self.open:
            self.open = False
            self._frame(_CLOSE, struct.pack("!H", 1000))

    def receive(self) -> str | None:
        """The next text; None once the other side has closed. Pings are answered on the way."""
        message = b""
        while True:
            head = self._read(2)
            if head is None:
                return None
            final, code = head[0] & 0x80, head[0] & 0x0F
            length = head[1] & 0x7F
            if length >= 126:
                more = self._read(2 if length == 126 else 8)
                if more is None:
                    return None
                length = int.from_bytes(more, "big")
            mask = self._read(4) if head[1] & 0x80 else bytes(4)
            if length > LONGEST or len(message) + length > LONGEST or mask is None:
                return None
            data = self._read(length)
            if data is None:
                return None
            data = _unmask(data, mask)
            if code == _CLOSE:
                self.close()
                return None
            if code == _PING:
                self._frame(_PONG, data)
            elif code != _PONG:
                message += data
                if final:
                    return message.decode("utf-8", "replace")

    def _read(self, size: int) -> bytes | None:
        try:
            data = self._reader.read(size)
        except (OSError, ValueError):
            data = b""
        if len(data) < size:
            self.open = False
            return None
        return data

    def _frame(self, code: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | code, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | code, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | code, 127, size)
        with self._lock:
            try:
                self._writer.write(head + data)
                self._writer.flush()
            except (OSError, ValueError):
                self.open = False


def _unmask(data: bytes, mask: bytes) -> bytes:
    if not data:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")
