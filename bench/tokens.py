"""A day of 100,000 entries with 50 problems: tokens that go to the model, against sending it the entries.

    python bench/tokens.py [--entries 100000] [--problems 50] [--round 24h]

Both sides are measured by the same rule, a token for every four bytes of the request as it is sent: instructions,
schema and all on our side; the entries as JSON, as `gcloud logging read` writes them, on the other. The rounds are
real, against a stand-in for Claude on loopback.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.spans import span
from tests.scenarios.asking import FREELY, asking, sane
from tests.standins.claude_server import Received

DAY = datetime(2026, 3, 6, tzinfo=UTC)
BYTES = 4
SERVICES = ("checkout-api", "seat-map", "mailer", "identity", "prices")
THINGS = ("basket", "seat", "order", "mail", "price", "stock", "ticket", "coupon", "invoice", "refund")


def entries(count: int, problems: int, random: Random) -> Iterator[dict[str, Any]]:
    """Every problem a few thousand times over the day, with ids, users and hosts that differ."""
    for n in range(count):
        problem = n % problems
        service, thing = SERVICES[problem % len(SERVICES)], THINGS[problem // len(SERVICES) % len(THINGS)]
        at = DAY + timedelta(seconds=86_400 * n / count)
        text = (
            f"{thing} {UUID(int=random.getrandbits(128))} of user {random.randint(1, 9999)} could not be handled\n"
            "Traceback (most recent call last):\n"
            f'  File "/srv/{service}/{thing}s.py", line {20 + problem}, in handle_{thing}\n'
            f"    self.store.{thing}(request)\n"
            f'  File "/srv/{service}/store.py", line {60 + problem}, in {thing}\n'
            f"    raise {thing.title()}Refused(host)\n"
            f"{thing.title()}Refused: 10.0.{random.randint(0, 255)}.{random.randint(0, 255)}:5432 did not answer"
        )
        yield {
            "insertId": f"{n:x}{random.getrandbits(32):08x}",
            "logName": "projects/ticketry-prod/logs/run.googleapis.com%2Fstderr",
            "timestamp": at.isoformat(),
            "receiveTimestamp": (at + timedelta(milliseconds=300)).isoformat(),
            "severity": "ERROR",
            "jsonPayload": {"message": text, "logger": f"{service}.{thing}s", "pid": 1},
            "trace": f"projects/ticketry-prod/traces/{random.getrandbits(128):032x}",
            "labels": {"instanceId": f"00{random.getrandbits(256):064x}"},
            "resource": {
                "type": "cloud_run_revision",
                "labels": {
                    "service_name": service,
                    "revision_name": f"{service}-00042-abc",
                    "configuration_name": service,
                    "location": "europe-west1",
                    "project_id": "ticketry-prod",
                },
            },
        }


def tokens(received: Received) -> int:
    """Of the request as it came over the wire."""
    return int(received.headers["content-length"]) // BYTES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--problems", type=int, default=50)
    parser.add_argument("--round", default="24h", help="how much of the day one round reads")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()

    logged = list(entries(chosen.entries, chosen.problems, Random(1)))
    whole = sum(len(json.dumps(e, indent=2).encode()) for e in logged) // BYTES
    each = span(chosen.round)
    policy = replace(FREELY, day_budget=1e6, round_budget=1e6)
    with tempfile.TemporaryDirectory(prefix="garden-bench-") as folder, asking(Path(folder), policy) as place:
        place.server.answer = sane
        start = 0
        for n in range(int(timedelta(days=1) / each)):
            end = chosen.entries * (n + 1) * each // timedelta(days=1)
            place.round(logged[start:end])
            start = end
        sent = place.server.requests
        ours = sum(tokens(r) for r in sent)
    told = {
        "entries": chosen.entries,
        "problems": chosen.problems,
        "round": chosen.round,
        "requests": len(sent),
        "tokens sent": ours,
        "tokens of the entries": whole,
        "times fewer": round(whole / ours),
        "tokens of a request": ours // len(sent),
    }
    print(json.dumps(told, indent=2) if chosen.json else "\n".join(f"{k:>22} {v:>12}" for k, v in told.items()))


if __name__ == "__main__":
    main()
