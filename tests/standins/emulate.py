"""Slack's Web API and GitHub as the npm package `emulate` plays them: a stand-in that nobody here wrote.

It is installed with `npm install --no-package-lock --prefix tests/contracts`. It has no socket, commands or clicks.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[1] / "contracts/node_modules/emulate/dist/index.js"
BOT_TOKEN, GITHUB_TOKEN = "xoxb-not-a-real-token", "not-a-real-token"
REPOSITORY = "ticketry/platform"


@dataclass(frozen=True)
class Emulate:
    slack: str
    github: str
    channel: str
    people: dict[str, str]
    """Name to user id."""

    def ask_slack(self, method: str, **args: Any) -> dict[str, Any]:
        return _ask(f"{self.slack}{method}", BOT_TOKEN, args)

    def ask_github(self, path: str) -> Any:
        return _ask(f"{self.github}{path}", GITHUB_TOKEN, None)


def needed() -> None:
    """Skips without Node or the package, unless `CI` is set."""
    if shutil.which("node") and PROGRAM.exists():
        return
    message = "emulate is missing: npm install --no-package-lock --prefix tests/contracts"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def emulate(folder: Path) -> Iterator[Emulate]:
    """Both services started on free ports, with a repository, a channel and two people; ended at the end."""
    needed()
    seed = {
        "tokens": {
            GITHUB_TOKEN: {"login": "gardener", "scopes": ["repo"]},
            BOT_TOKEN: {"login": "U000000001", "scopes": ["chat:write"]},
        },
        "github": {
            "users": [{"login": "gardener"}],
            "orgs": [{"login": "ticketry"}],
            "repos": [{"owner": "ticketry", "name": "platform"}],
        },
        "slack": {
            "team": {"name": "Ticketry", "domain": "ticketry"},
            "users": [{"name": n, "real_name": n.title(), "email": f"{n}@example.com"} for n in ("ann", "bob")],
            "channels": [{"name": "logs"}],
        },
    }
    file = folder / "emulate.json"
    file.write_text(json.dumps(seed), encoding="utf-8")
    port = _two_free_ports()
    command = ["node", str(PROGRAM), "start", "--service", "slack,github", "--port", str(port), "--seed", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        slack, github = f"http://localhost:{port}/api/", f"http://localhost:{port + 1}"
        _wait(f"{slack}auth.test", process)
        members = _ask(f"{slack}users.list", BOT_TOKEN, {})["members"]
        channels = _ask(f"{slack}conversations.list", BOT_TOKEN, {})["channels"]
        channel = next(c["id"] for c in channels if c["name"] == "logs")
        yield Emulate(slack, github, channel, {m["name"]: m["id"] for m in members})
    finally:
        process.terminate()
        process.wait(10)


def _ask(url: str, token: str, args: dict[str, Any] | None) -> Any:
    body = None if args is None else json.dumps(args).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return json.load(answer)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            _ask(url, BOT_TOKEN, {})
        except urllib.error.URLError:
            assert process.poll() is None, "emulate ended at once"
            time.sleep(0.05)
        else:
            return
    raise AssertionError("emulate does not answer")


def _two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
