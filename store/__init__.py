"""The store: everything that must survive, in one SQLite file, a module per noun.

`open_store` is the way in. Nothing outside this package knows SQL.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from store import backup, export
from store.analyses import Analyses
from store.causes import Causes
from store.channels import Channels
from store.clusters import Clusters
from store.conditions import Conditions
from store.connection import MEMORY, PATIENCE, Connections
from store.deeds import Deeds
from store.deliveries import Deliveries
from store.deployments import Deployments
from store.figures import Sums
from store.history import History
from store.incidents import Incidents
from store.issues import Issues
from store.lease import Fence, standing
from store.messages import Messages
from store.opening import check_writable, open_connections
from store.proposals import Proposals
from store.quota import Quota
from store.reserve import Reserve
from store.rounds import Rounds
from store.sources import Sources
from store.stances import Stances

__all__ = ["MEMORY", "Store", "check_writable", "open_store", "standing"]


class Store:
    """One database, usable from any number of threads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        named = connections.path != MEMORY and not connections.read_only
        self.reserve = Reserve(Path(f"{connections.path}-reserve") if named else None)
        self.rounds = Rounds(connections)
        self.clusters = Clusters(connections)
        self.incidents = Incidents(connections)
        self.deployments = Deployments(connections)
        self.analyses = Analyses(connections)
        self.causes = Causes(connections)
        self.issues = Issues(connections)
        self.proposals = Proposals(connections)
        self.messages = Messages(connections, self.reserve)
        self.deliveries = Deliveries(connections)
        self.stances = Stances(connections)
        self.channels = Channels(connections)
        self.deeds = Deeds(connections)
        self.history = History(connections)
        self.conditions = Conditions(connections, self.reserve)
        self.sums = Sums(connections)
        self.sources = Sources(connections)
        self.quota = Quota(connections)

    def together(self) -> AbstractContextManager[object]:
        """All that is changed within, or nothing of it."""
        return self._connections.change()

    @property
    def path(self) -> str:
        return self._connections.path

    @property
    def secret(self) -> bytes:
        """The key of this installation, for hashes that are counted and never shown."""
        with self._connections.read() as db:
            return bytes(db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0])

    def holds(self) -> dict[str, int]:
        """How many there are of what people know."""
        with self._connections.read() as db:
            return {
                noun: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of ours
                for noun, table in (("clusters", "clusters"), ("proposals", "proposals"), ("decisions", "decisions"))
            }

    def backup(self, target: Path) -> None:
        """A checked copy of everything, taken while it is in use; `target` is replaced whole or not at all."""
        with self._connections.alone() as db:
            backup.write(db.conn, target)

    def export(self, target: Path) -> dict[str, int]:
        """Everything but keys, as a folder of JSON lines; returns how many of each noun."""
        with self._connections.read() as db:
            return export.write(db, target)

    def close(self) -> None:
        self._connections.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_store(path: str, *, read_only: bool = False, patience: float = PATIENCE, lease: str = "") -> Store:
    """The store in the file at `path`, made or brought up to date if need be; `:memory:` lasts as long as it is held.

    `patience` is how many seconds to wait for another process that writes; `lease` is that of the instance for which
    this process works (`Keeper.token`, or `standing`): then it must be up to date. Raises `StoreError` in words.
    """
    claim = (lambda _: Fence(int(lease))) if lease.isdecimal() else None
    return Store(open_connections(path, read_only=read_only, patience=patience, claim=claim, beside=claim is not None))
