"""Deployments: each once, by its key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlite_utils import Database

from bot.models import Deployment, Window
from store.codec import clean, dump, load, micros
from store.connection import Connections


class Deployments:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def between(self, window: Window) -> list[Deployment]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT body FROM deployments WHERE time BETWEEN ? AND ? ORDER BY time, key",
                [micros(window.start), micros(window.end)],
            )
            return [load(Deployment, row[0]) for row in rows]


def keep(db: Database, deployments: Iterable[Deployment]) -> None:
    db.conn.executemany(
        "INSERT INTO deployments (key, time, service, environment, revision, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [
            (d.key or _key(d), micros(d.time), clean(d.service), clean(d.environment), clean(d.revision), dump(d))
            for d in deployments
        ],
    )


def _key(deployment: Deployment) -> int:
    """For one that was given no key: what it is."""
    digest = hashlib.blake2b(dump(deployment).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
