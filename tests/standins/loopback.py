"""An HTTP server for clients that may be killed in the middle of anything."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any


class Loopback(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no fault of the stand-in's, and is not told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
