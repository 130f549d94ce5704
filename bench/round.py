"""The whole way from a file to stored clusters, in entries per second, beside merely parsing the same JSON.

    make bench                      or: python bench/round.py [--entries 300000]

Prints the median of three runs of each, in turn, and their ratio: the machines differ, the ratio hardly.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _bars import bar

from bot import edges, pipeline, settings
from bot.demo.week import week
from bot.logs.files import FileLogs
from bot.models import Policy
from bot.steps.normalise import normalise
from bot.steps.redact import redact, scrub
from store import open_store

RUNS = 3
FIGURES = re.compile(r"\b\d{5}\b")
"""Numbers of orders, and the like."""


def stream(count: int) -> Iterator[dict[str, Any]]:
    """The week of the demo, again and again, each time a week later and with ids and figures of its own."""
    entries, chance = list(week()), random.Random(1)
    for lap in itertools.count():
        for entry in entries:
            if count <= 0:
                return
            count -= 1
            moved = datetime.fromisoformat(entry["timestamp"]) + timedelta(weeks=lap)
            stamp = moved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            made = {**entry, "insertId": f"{entry['insertId']}-{lap}", "timestamp": stamp}
            if lap and "trace" in entry:
                made["trace"] = f"{entry['trace'][:-8]}{chance.getrandbits(32):08x}"
            if lap and "textPayload" in entry:
                made["textPayload"] = FIGURES.sub(lambda m: str(chance.randint(10_000, 99_999)), entry["textPayload"])
            yield made


def parse(path: Path) -> None:
    with path.open("rb") as lines:
        for line in lines:
            json.loads(line)


def whole_way(path: Path, folder: Path) -> None:
    with closing(FileLogs(str(path))) as logs, open_store(str(folder / f"{time.monotonic_ns()}.db")) as store:
        pipeline.round(edges.alone(settings.load({}), store, logs), think=False)


def redaction(path: Path, count: int) -> tuple[float, float, float]:
    """Seconds of masking every text of the entries as if it were the first of its kind, of masking them as a round
    does, which knows again what it has masked, and of parsing the entries."""
    some = list(itertools.islice(path.open("rb"), count))
    raws = [json.loads(line) for line in some]
    texts, policy = [t for raw in raws for t in said(raw)], Policy()
    entries = normalise(raws, policy, b"not-a-real-key")
    return (
        seconds(lambda: [scrub(text, policy) for text in texts]),
        seconds(lambda: [redact(entries[i : i + 5_000], policy) for i in range(0, len(entries), 5_000)]),
        seconds(lambda: [json.loads(line) for line in some]),
    )


def said(entry: dict[str, Any]) -> Iterator[str]:
    """What an entry says in words: all that would be kept or shown of it."""
    payload, asked = entry.get("jsonPayload", {}), entry.get("httpRequest", {})
    for value in (entry.get("textPayload"), *payload.values(), asked.get("requestUrl"), asked.get("userAgent")):
        if isinstance(value, str):
            yield value


def cpu_time() -> tuple[float, float]:
    """Of this process, and of those that it has waited for."""
    spent = os.times()
    return spent.user + spent.system, spent.children_user + spent.children_system


def seconds(work: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=300_000)
    count = options.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "logs.json"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(entry) + "\n" for entry in stream(count))
        size = path.stat().st_size / count
        took, spent = [], []
        for _ in range(RUNS):
            began = cpu_time()
            way = seconds(whole_way, path, folder)
            done = cpu_time()
            took.append((way, seconds(parse, path)))
            spent.append((done[0] - began[0], done[1] - began[1], cpu_time()[0] - done[0]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        masked = min(count, 20_000)
        each, known, beside = redaction(path, masked)
    way, parsing = (statistics.median(t) for t in zip(*took, strict=True))
    ratio = statistics.median(a / b for a, b in took)
    print(f"{count:,} entries of {size:,.0f} bytes on average, median of {RUNS} runs")
    print(f"file to stored clusters   {count / way:>10,.0f} entries/s   {way:.2f} s")
    print(f"only parsing the JSON     {count / parsing:>10,.0f} entries/s   {parsing:.2f} s")
    print(f"ratio                     {ratio:>10.1f}   peak memory {peak:,.0f} MB")
    own, others, alone = (statistics.median(t) / count * 1e6 for t in zip(*spent, strict=True))
    print(f"CPU time of an entry      {own + others:>10.1f} µs: {own:.1f} of this process, {others:.1f} of its helpers")
    print(f"CPU time of only parsing  {alone:>10.1f} µs")
    print(f"masking, every text new   {masked / each:>10,.0f} entries/s   {beside / each:.1f} times as fast as parsing")
    print(
        f"masking, as a round does  {masked / known:>10,.0f} entries/s   {beside / known:.1f} times as fast as parsing"
    )
    bar("whole way from file to clusters: entries a second", count / way, least=60_000, form=",.0f")


if __name__ == "__main__":
    main()
