"""The pen of the demo's week: writes log entries as Cloud Run does, and remembers which problem each belongs to.

Nothing here knows what happens in the week; `traffic`, `outages` and `visitors` tell that.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.demo.week.catalog import Trouble

Raw = dict[str, Any]

REGION = "europe-west1"


@dataclass(frozen=True, slots=True)
class Place:
    """One service in one environment."""

    service: str
    workload: str
    project: str
    environment: str
    first: int
    """The number of the revision that serves when the week begins."""

    @property
    def host(self) -> str:
        return f"{self.workload}.ticketry.example"


def _pair(service: str, production: int, staging: int) -> tuple[Place, Place]:
    return (
        Place(service, service, "ticketry-prod", "production", production),
        Place(service, f"{service}-staging", "ticketry-staging", "staging", staging),
    )


CHECKOUT, CHECKOUT_STAGING = _pair("checkout-api", 41, 63)
SEATS, SEATS_STAGING = _pair("seat-map", 18, 27)
MAILER, MAILER_STAGING = _pair("mailer", 30, 44)
IDENTITY, IDENTITY_STAGING = _pair("identity", 18, 35)
PLACES = (
    *(CHECKOUT, SEATS, MAILER, IDENTITY),
    *(CHECKOUT_STAGING, SEATS_STAGING, MAILER_STAGING, IDENTITY_STAGING),
)


@dataclass(frozen=True, slots=True)
class Label:
    """What an entry is part of."""

    problem: str
    incident: str
    kind: str
    severity: str


@dataclass(slots=True)
class Story:
    """Everything written so far. One source of chance, so that a seed gives the same week, byte for byte."""

    end: datetime
    chance: random.Random
    entries: list[tuple[datetime, str, Raw]] = field(default_factory=list)
    labels: dict[str, Label] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    """Occurrences per problem: how often it happened, however many entries that took."""
    _down: list[tuple[Place, datetime, datetime, str]] = field(default_factory=list)
    _revisions: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    _instances: dict[str, list[str]] = field(default_factory=dict)

    # -------------------------------------------------------------------------------------------- time and chance

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=7)

    def ago(self, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        return self.end - timedelta(days=days, hours=hours, minutes=minutes)

    def later(self, moment: datetime, low: float, high: float) -> datetime:
        """Between `low` and `high` seconds after the moment."""
        return moment + timedelta(microseconds=int(self.chance.uniform(low, high) * 1_000_000))

    def hex(self, length: int) -> str:
        return f"{self.chance.getrandbits(length * 4):0{length}x}"

    def word(self, length: int) -> str:
        return "".join(self.chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))

    # -------------------------------------------------------------------------------------------- revisions

    def revision(self, place: Place, at: datetime) -> str:
        """The revision that serves at that time."""
        timeline = self._revisions.setdefault(place.workload, [(self.start, self.name_revision(place, place.first))])
        return next(name for since, name in reversed(timeline) if since <= at or since == timeline[0][0])

    def name_revision(self, place: Place, number: int) -> str:
        return f"{place.workload}-{number:05d}-{self.word(3)}"

    def serve(self, place: Place, at: datetime, revision: str) -> None:
        """From now on this revision serves. Told in order of time."""
        self.revision(place, at)
        self._revisions[place.workload].append((at, revision))

    def break_down(self, place: Place, since: datetime, until: datetime, path: str = "/") -> None:
        """Nothing is answered well there in that time."""
        self._down.append((place, since, until, path))

    def works(self, place: Place, at: datetime, path: str) -> bool:
        return not any(p == place and a <= at <= b and path.startswith(where) for p, a, b, where in self._down)

    def instances(self, revision: str) -> list[str]:
        return self._instances.setdefault(revision, [f"00{self.hex(94)}" for _ in range(3)])

    # -------------------------------------------------------------------------------------------- entries

    def line(
        self,
        place: Place,
        at: datetime,
        text: str,
        *,
        severity: str = "",
        stream: str = "stderr",
        revision: str = "",
        instance: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        """A line of text on standard output or error; most have no severity."""
        return self._write(
            place, at, stream, {"textPayload": text}, severity, revision, instance, of=of, incident=incident
        )

    def lines(
        self,
        place: Place,
        at: datetime,
        lines: Iterable[str],
        *,
        revision: str = "",
        instance: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> datetime:
        """One message that came as many entries, a line each; returns the time of the last."""
        revision = revision or self.revision(place, at)
        instance = instance or self.chance.choice(self.instances(revision))
        for text in lines:
            self.line(place, at, text, revision=revision, instance=instance, of=of, incident=incident)
            at += timedelta(microseconds=self.chance.randint(40, 900))
        return at

    def structured(
        self,
        place: Place,
        at: datetime,
        payload: Raw,
        *,
        severity: str = "",
        stream: str = "stdout",
        trace: str = "",
        instance: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        """A line of JSON."""
        return self._write(
            place, at, stream, {"jsonPayload": payload}, severity, "", instance, trace=trace, of=of, incident=incident
        )

    def request(
        self,
        place: Place,
        at: datetime,
        method: str,
        path: str,
        status: int,
        *,
        latency: float = 0.04,
        agent: str = "",
        client: str = "",
        text: str = "",
        trace: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        """An entry of the request log, with the severity that Cloud Run gives it."""
        http: Raw = {
            "latency": f"{latency + self.chance.random() / 500:.9f}s",
            "protocol": "HTTP/1.1",
            "remoteIp": client or self.client(),
            "requestMethod": method,
            "requestSize": str(self.chance.randint(200, 2200)),
            "requestUrl": f"https://{place.host}{path}",
            "responseSize": str(self.chance.randint(120, 9000)),
            "serverIp": "192.0.2.10",
            "status": status,
            "userAgent": agent or self.chance.choice(BROWSERS),
        }
        payload: Raw = {"httpRequest": http}
        if text:
            payload["textPayload"] = text
        severity = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"
        trace = trace or self.hex(32)
        return self._write(place, at, "requests", payload, severity, "", "", trace=trace, of=of, incident=incident)

    def platform(
        self,
        place: Place,
        at: datetime,
        text: str,
        severity: str = "INFO",
        *,
        revision: str = "",
        instance: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        """What Cloud Run itself says of an instance."""
        return self._write(
            place, at, "varlog%2Fsystem", {"textPayload": text}, severity, revision, instance, of=of, incident=incident
        )

    def audit(
        self,
        place: Place,
        at: datetime,
        payload: Raw,
        severity: str,
        log: str,
        *,
        revision: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        """An entry of the audit log."""
        labels = _resource(place, revision)
        labels["configuration_name"] = place.workload if revision else ""
        raw: Raw = {
            "insertId": f"{self.chance.choice(['', '-'])}{self.word(12)}",
            "timestamp": _stamp(at),
            "receiveTimestamp": _stamp(self.later(at, 0.2, 1.2)),
            "severity": severity,
            "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", **payload},
            "resource": {"labels": labels, "type": "cloud_run_revision"},
            "logName": f"projects/{place.project}/logs/cloudaudit.googleapis.com%2F{log}",
        }
        return self._keep(at, raw, of, incident)

    def job(self, place: Place, at: datetime, job: str, text: str) -> str:
        """A line of a Cloud Run job, which has no service."""
        raw: Raw = {
            "insertId": self._id(at),
            "timestamp": _stamp(at),
            "receiveTimestamp": _stamp(self.later(at, 0.01, 0.3)),
            "textPayload": text,
            "resource": {
                "labels": {"job_name": job, "location": REGION, "project_id": place.project},
                "type": "cloud_run_job",
            },
            "labels": {"run.googleapis.com/execution_name": f"{job}-{at:%m%d}x", "instanceId": f"00{self.hex(94)}"},
            "logName": f"projects/{place.project}/logs/run.googleapis.com%2Fstdout",
        }
        return self._keep(at, raw, None, "")

    def occurred(self, *troubles: Trouble) -> None:
        """Each of them happened once more."""
        self.happened.update(t.name for t in troubles)

    def client(self) -> str:
        """Somebody's address, from the blocks that are kept for documentation."""
        return f"{self.chance.choice(['198.51.100', '203.0.113'])}.{self.chance.randint(1, 250)}"

    def _write(
        self,
        place: Place,
        at: datetime,
        stream: str,
        payload: Raw,
        severity: str,
        revision: str,
        instance: str,
        *,
        trace: str = "",
        of: Trouble | None = None,
        incident: str = "",
    ) -> str:
        revision = revision or self.revision(place, at)
        raw: Raw = {
            "insertId": self._id(at),
            "timestamp": _stamp(at),
            "receiveTimestamp": _stamp(self.later(at, 0.005, 0.4)),
            **({"severity": severity} if severity else {}),
            **payload,
            "resource": {"labels": _resource(place, revision), "type": "cloud_run_revision"},
            "labels": {"instanceId": instance or self.chance.choice(self.instances(revision))},
            "logName": f"projects/{place.project}/logs/run.googleapis.com%2F{stream}",
        }
        if trace:
            raw["trace"] = f"projects/{place.project}/traces/{trace}"
        return self._keep(at, raw, of, incident)

    def _keep(self, at: datetime, raw: Raw, of: Trouble | None, incident: str) -> str:
        id: str = raw["insertId"]
        if self.start <= at <= self.end:
            self.entries.append((at, id, raw))
            if of:
                self.labels[id] = Label(of.name, incident or of.incident, of.kind, of.severity)
        return id

    def _id(self, at: datetime) -> str:
        return f"{int(at.timestamp()):08x}{at.microsecond:08x}{self.hex(8)}"


def source(module: str, function: str, line: int) -> Raw:
    """The code site as a structured logger writes it."""
    return {"module": module, "function": function, "line": str(line)}


def traceback(*frames: tuple[str, int, str, str], error: str) -> Sequence[str]:
    """Python's own words, a line each."""
    lines = ["Traceback (most recent call last):"]
    for file, number, function, code in frames:
        lines += [f'  File "{file}", line {number}, in {function}', f"    {code}"]
    return (*lines, error)


BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3",
    "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36",
)


def _resource(place: Place, revision: str) -> dict[str, str]:
    return {
        "configuration_name": place.workload,
        "location": REGION,
        "project_id": place.project,
        "revision_name": revision,
        "service_name": place.workload,
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z"
