"""Three pages for platforms: `/healthz` (alive?), `/readyz` (able to do its work?) and `/metrics` (for Prometheus).

They hold names of sources, kinds of conditions and figures, and no word of any log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bot.errors import StoreError
from bot.models import Condition, Figures, Progress
from bot.ports import Edges
from bot.web.server import Route, WebRequest, WebResponse, as_json

KINDS = (
    "access", "backup", "chat", "disk", "empty", "filing", "lag", "model", "reading", "round", "schedule", "socket",
    "tracker",
)  # fmt: skip
"""Every way of going silent, so that a curve is there before it rises."""
UNREADY = frozenset({"access", "chat", "disk", "reading", "round", "schedule", "socket"})
"""With these, what the bot is for is not done."""
TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class Health:
    """`alive` says whether the watchdog still looks; `active` what is wrong, from memory."""

    def __init__(
        self,
        edges: Edges,
        *,
        alive: Callable[[], bool],
        active: Callable[[], Iterable[Condition]],
        connected: Callable[[], bool],
        restarts: Callable[[], Mapping[str, int]],
    ) -> None:
        self._edges = edges
        self._alive = alive
        self._active = active
        self._connected = connected
        self._restarts = restarts

    def routes(self) -> dict[str, Route]:
        return {"GET /healthz": self.healthz, "GET /readyz": self.readyz, "GET /metrics": self.metrics}

    def healthz(self, request: WebRequest) -> WebResponse:
        """503 where only a new process helps."""
        alive = self._alive()
        return as_json({"ok": alive}, 200 if alive else 503)

    def readyz(self, request: WebRequest) -> WebResponse:
        """503 where something keeps the bot from its work, with what that is; `status` in Slack has the words."""
        active = list(self._active())
        wrong = {c.kind for c in active} & UNREADY
        if not self._connected():
            wrong.add("socket")
        until = None
        try:
            until = self._edges.store.rounds.read_until()
        except StoreError:
            wrong.add("disk")
        ready = not wrong
        state = {
            "ready": ready,
            "read_until": until.isoformat() if until else None,
            "wrong": sorted(wrong),
            "conditions": [{"kind": c.kind, "since": c.since.isoformat()} for c in active],
        }
        return as_json(state, 200 if ready else 503)

    def metrics(self, request: WebRequest) -> WebResponse:
        now = self._edges.clock()
        try:
            figures, progress = self._edges.store.sums.figures(), self._edges.store.sources.progress()
        except StoreError:
            figures, progress = None, []
        text = exposition(now, figures, progress, list(self._active()), self._restarts(), self._connected())
        return WebResponse(200, text, TEXT)


Sample = tuple[Mapping[str, str], float]


def exposition(
    now: datetime,
    figures: Figures | None,
    progress: Iterable[Progress],
    active: Iterable[Condition],
    restarts: Mapping[str, int],
    connected: bool,
) -> str:
    """The text format of Prometheus, by hand: a name, its help, its type, a line for each value."""
    kinds = {c.kind for c in active}
    read = [(p.source, p.read_until) for p in progress if p.read_until]
    tables: list[tuple[str, str, str, list[Sample]]] = [
        ("garden_up", "gauge", "The bot answers.", [({}, 1)]),
        ("garden_slack_connected", "gauge", "Slack is listened to.", [({}, int(connected))]),
        (
            "garden_read_lag_seconds", "gauge", "How far reading is behind.",
            [({"source": s}, max(0.0, (now - at).total_seconds())) for s, at in read],
        ),
        (
            "garden_condition_active", "gauge", "Whether the bot is silent in that way.",
            [({"kind": kind}, int(kind in kinds)) for kind in KINDS],
        ),
        (
            "garden_restarts_total", "counter", "What the watchdog restarted.",
            [({"part": part}, n) for part, n in restarts.items()],
        ),
    ]  # fmt: skip
    if figures:
        tables += [
            ("garden_entries_read_total", "counter", "Entries read, each once.", [({}, figures.entries)]),
            ("garden_rounds_begun_total", "counter", "Rounds that began.", [({}, figures.rounds)]),
            ("garden_rounds_concluded_total", "counter", "Rounds that came to their end.", [({}, figures.concluded)]),
            ("garden_clusters", "gauge", "Problems known.", [({}, figures.clusters)]),
            (
                "garden_proposals", "gauge", "Proposals by what became of them.",
                [({"stage": stage}, n) for stage, n in figures.proposals.items()],
            ),
            ("garden_approvals_unfiled", "gauge", "Approved, and not written yet.", [({}, figures.unfiled)]),
            ("garden_spend_dollars_total", "counter", "Spent on the model.", [({}, figures.spent)]),
        ]  # fmt: skip
        if figures.last_round is not None:
            seconds = figures.last_round.total_seconds()
            tables.append(("garden_round_seconds", "gauge", "How long the newest round took.", [({}, seconds)]))
    return "".join(_table(*table) for table in tables)


def _table(name: str, kind: str, help: str, samples: Iterable[Sample]) -> str:
    head = f"# HELP {name} {help}\n# TYPE {name} {kind}\n"
    return head + "".join(f"{name}{_labels(labels)} {value:.15g}\n" for labels, value in samples)


def _labels(labels: Mapping[str, str]) -> str:
    quoted = (f'{k}="{_escaped(v)}"' for k, v in labels.items())
    return "{" + ",".join(quoted) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
