"""A database of each released schema, with data in every table: `python -m tests.store.schemas` makes today's anew.

The file is called as the version in pyproject.toml. Once CHANGELOG.md names that version as released, its file stays as
it is for ever: raise the version first.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import sys
import tempfile
import tomllib
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bot.models import Decision, Delivery, Deployment, Event, Incident, Issue, Posted, Severity
from store import Store, open_store
from tests.store.making import absorb, at, conclude, draft, entry, harvest, sighting

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "cases" / "schemas"
AGAIN = "Run `python -m tests.store.schemas`."


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def released() -> list[str]:
    """Versions that the changelog calls released."""
    return re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def unpacked(name: str, target: Path) -> Path:
    target.write_bytes(gzip.decompress((FOLDER / f"{name}.db.gz").read_bytes()))
    return target


def fill(store: Store) -> None:
    """Three problems, two of them merged, with all that people and rounds leave behind."""
    shop = sighting("a", entry(1, 0, user="hash-of-a-user", client="hash-of-a-client"), entry(2, 1))
    number = absorb(
        store, [shop, sighting("b", entry(3, 5)), sighting("c", entry(4, 9))], [sighting("c", entry(5, 20))]
    )
    made = Deployment(at(3), "shop", "production", "shop-00002-abc", message="deployed", key=7)
    store.rounds.absorb(number, "file", harvest([sighting("a", entry(6, 30, deployment=made))], fresh=[entry(6, 30)]))
    store.rounds.conclude(
        number,
        store.clusters.problems(store.rounds.changed()),
        [Incident(0, 1, (1, 3), at(0), at(30), "3 of 3 times within 2 s after cluster 1")],
        at(60),
    )
    store.clusters.merge(1, 2, "U1", at(61))
    store.clusters.set_severity(1, Severity.P1, "U1", at(62))
    store.issues.link(1, Issue("acme/shop", 5, "checkout fails", body="It fails.", comments=("still",)), "U1", at(63))
    proposal = store.proposals.add(3, draft(), "U1", at(64), timedelta(days=1), at(60))
    store.proposals.decide(Decision(proposal.id, "reject", "U2", at(65), proposal.digest, "Ev1", "not now"))
    store.messages.remember(Posted("digest:C1:2026-03-02", "C1", "170.1"), at(66))
    store.deliveries.begin(Delivery("Ev1"), "life", at(67))
    store.deliveries.done("Ev1", at(67))
    store.history.add(Event(at(68), "U1", "take", "cluster 1", "mine"))
    conclude(store, number)


def top_up(path: Path) -> None:
    """A row of nothing in particular in each table that has none: a migration has to get along with it."""
    with closing(sqlite3.connect(path)) as conn, conn:
        for (table,) in tables(conn):
            if not conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
                kinds = [row[2] for row in conn.execute(f"PRAGMA table_info({table})")]
                values = [{"INTEGER": 999, "REAL": 1.0}.get(kind, "{}") for kind in kinds]
                conn.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in values)})", values)
        conn.execute("UPDATE meta SET value = ? WHERE key = 'secret'", [b"not-a-real-key-for-tests-of-32-b"])
        conn.execute("UPDATE _sqlite_migrations SET applied_at = ''")


def tables(conn: sqlite3.Connection) -> list[tuple[str]]:
    """Ours; not those that SQLite and its index keep for themselves."""
    return conn.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name NOT LIKE 'issue\\_texts\\_%' ESCAPE '\\' ORDER BY name"
    ).fetchall()


def make() -> Path:
    if version() in released():
        sys.exit(f"{version()} is released, and its schema stays. Raise the version in pyproject.toml, then run this.")
    with tempfile.TemporaryDirectory() as folder:
        path, copy = Path(folder) / "garden.db", Path(folder) / "copy.db"
        with open_store(str(path)) as store:
            fill(store)
        top_up(path)
        with open_store(str(path)) as store:
            store.backup(copy)
        FOLDER.mkdir(exist_ok=True)
        target = FOLDER / f"{version()}.db.gz"
        target.write_bytes(gzip.compress(copy.read_bytes(), mtime=0))
    return target


if __name__ == "__main__":
    print(f"{make()} written")  # noqa: T201 - a command
