"""A small Cloud Storage on loopback, for the real client: generations, preconditions, and faults on order.

    with StorageServer("backups") as storage:
        storage.fault("unavailable, written")
        Bucket("gs://backups/garden", emulator=storage.url).put("lease.json", b"{}", 0)

It knows what the JSON API documents: objects with generations that only grow, `ifGenerationMatch`, uploads in one
piece or resumable in several, listing, downloading with checksums. With `chance` given, faults come by themselves.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standins.loopback import Loopback

FAULTS = {
    "unavailable": (503, False),
    "unavailable, written": (503, True),
    "too many": (429, False),
    "bad gateway, written": (502, True),
    "dropped": (0, False),
    "dropped, written": (0, True),
    "cut": (0, True),
    "twice": (0, True),
    "slow": (0, True),
    "forbidden": (403, False),
    "failed": (412, False),
}
"""Name of a fault to its status, and whether the request is carried out all the same."""
PASSING = ("unavailable", "unavailable, written", "too many", "bad gateway, written", "dropped", "dropped, written",
           "cut", "twice", "slow")  # fmt: skip


@dataclass
class Object:
    name: str
    content: bytes
    generation: int

    def resource(self, bucket: str) -> dict[str, Any]:
        return {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": bucket,
            "generation": str(self.generation),
            "metageneration": "1",
            "size": str(len(self.content)),
            "md5Hash": digest(self.content),
            "timeCreated": "2026-03-06T12:00:00Z",
        }


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


@dataclass
class Upload:
    name: str
    query: dict[str, str]
    content: bytes = b""


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class StorageServer:
    """Start with `with`; ends with all its threads."""

    def __init__(self, bucket: str = "backups", *, seed: int = 1, chance: float = 0.0) -> None:
        self.bucket = bucket
        self.chance = chance
        self.random = random.Random(seed)
        self.objects: dict[str, Object] = {}
        self.requests: list[tuple[str, str]] = []
        self.history: list[tuple[str, bytes]] = []
        self.faults: list[tuple[str, str, str, float]] = []
        self.down = threading.Event()
        self.lock = threading.RLock()
        self.released = threading.Event()
        self._generation = 1_700_000_000_000_000
        self._uploads: dict[str, Upload] = {}
        handler = type("Handler", (_Handler,), {"storage": self})
        self._server = Loopback(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StorageServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ------------------------------------------------------------------------------------ for tests

    def fault(self, kind: str, verb: str = "", path: str = "", *, times: int = 1, seconds: float = 0.2) -> None:
        """The next `times` requests with this verb whose path holds that go wrong in this way."""
        assert kind in FAULTS, kind
        with self.lock:
            self.faults += [(kind, verb, path, seconds)] * times

    def written(self, name: str) -> list[bytes]:
        """Everything that an object was, one after the other; of small ones only."""
        return [content for written, content in self.history if written == name]

    def content(self, name: str) -> bytes:
        return self.objects[name].content

    # ------------------------------------------------------------------------------------ what it does

    def chosen(self, verb: str, path: str) -> tuple[str, float]:
        """The fault of this request, if any."""
        if self.down.is_set():
            return "unavailable", 0.0
        if path.partition("?")[0] == f"/storage/v1/b/{self.bucket}":
            return "", 0.0  # the client looks at the bucket by itself, when it likes
        for index, (kind, wanted, part, seconds) in enumerate(self.faults):
            if wanted in ("", verb) and part in path:
                del self.faults[index]
                return kind, seconds
        if self.chance and self.random.random() < self.chance:
            return self.random.choice(PASSING), self.random.uniform(0.0, 0.05)
        return "", 0.0

    def answer(self, verb: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        if match := re.fullmatch(r"/(?:resumable/)?upload/storage/v1/b/([^/]+)/o", path):
            return self._upload(verb, query, headers, body) if match[1] == self.bucket else self._missing()
        if match := re.fullmatch(r"(?:/download)?/storage/v1/b/([^/]+)/o/(.+)", path):
            return self._object(verb, unquote(match[2]), query) if match[1] == self.bucket else self._missing()
        if match := re.fullmatch(r"/storage/v1/b/([^/]+)/o", path):
            if match[1] != self.bucket:
                return self._missing()
            found = [o for n, o in sorted(self.objects.items()) if n.startswith(query.get("prefix", ""))]
            return self._json(200, {"kind": "storage#objects", "items": [o.resource(self.bucket) for o in found]})
        if path == f"/storage/v1/b/{self.bucket}":
            return self._json(200, {"kind": "storage#bucket", "name": self.bucket, "location": "EU"})
        return self._missing()

    def _object(self, verb: str, name: str, query: dict[str, str]) -> Answer:
        known = self.objects.get(name)
        if known is None:
            return self._missing()
        wanted = query.get("ifGenerationMatch")
        if wanted is not None and int(wanted) != known.generation:
            return self._failed()
        if verb == "DELETE":
            del self.objects[name]
            return Answer(204)
        if query.get("alt") == "media":
            headers = {"Content-Type": "application/octet-stream", "X-Goog-Generation": str(known.generation),
                       "X-Goog-Hash": f"md5={digest(known.content)}"}  # fmt: skip
            return Answer(200, known.content, headers)
        return self._json(200, known.resource(self.bucket))

    def _upload(self, verb: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        if query.get("uploadType") == "multipart":
            boundary = re.search(r'boundary="?([^";]+)', headers.get("content-type", ""))
            assert boundary is not None
            parts = body.split(b"--" + boundary[1].encode())
            about, content = (part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in parts[1:3])
            return self._create(json.loads(about)["name"], query, content)
        if verb == "POST":
            key = f"upload-{len(self._uploads) + 1}"
            self._uploads[key] = Upload(json.loads(body)["name"], query)
            where = f"{self.url}/upload/storage/v1/b/{self.bucket}/o?uploadType=resumable&upload_id={key}"
            return Answer(200, b"", {"Location": where})
        upload = self._uploads[query["upload_id"]]
        begin, _, total = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", headers["content-range"]).groups()  # type: ignore[union-attr]
        if begin is not None and int(begin) == len(upload.content):
            upload.content += body
        if total != "*" and len(upload.content) == int(total):
            return self._create(upload.name, upload.query, upload.content)
        return Answer(308, b"", {"Range": f"bytes=0-{len(upload.content) - 1}"} if upload.content else {})

    def _create(self, name: str, query: dict[str, str], content: bytes) -> Answer:
        wanted, known = query.get("ifGenerationMatch"), self.objects.get(name)
        if wanted is not None and int(wanted) != (known.generation if known else 0):
            return self._failed()
        self._generation += 1
        self.objects[name] = Object(name, content, self._generation)
        if len(content) < 10_000:
            self.history.append((name, content))
        return self._json(200, self.objects[name].resource(self.bucket))

    def _missing(self) -> Answer:
        return self._json(404, {"error": {"code": 404, "message": "Not Found"}})

    def _failed(self) -> Answer:
        return self._json(412, {"error": {"code": 412, "message": "At least one of the pre-conditions did not hold."}})

    def _json(self, status: int, value: object) -> Answer:
        return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"})


class _Handler(BaseHTTPRequestHandler):
    storage: StorageServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_any(self) -> None:
        storage, parts = self.storage, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        ask = (self.command, parts.path, query, headers, body)
        with storage.lock:
            storage.requests.append((self.command, self.path))
            kind, seconds = storage.chosen(self.command, self.path)
            status, done = FAULTS.get(kind, (0, True))
        if kind == "slow":
            storage.released.wait(seconds)
        with storage.lock:
            answer = storage.answer(*ask) if done else Answer(0)
            if kind == "twice":
                answer = storage.answer(*ask)
        if kind.startswith("dropped"):
            self.close_connection = True
            return
        if status:
            answer = Answer(status, json.dumps({"error": {"code": status, "message": kind}}).encode())
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if kind == "cut" and len(answer.body) > 1:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
            return
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any
