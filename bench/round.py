"""The whole way from a file to stored clusters, in entries per second, beside merely parsing the same JSON.

    make bench                      or: python bench/round.py [--entries 50000]

Prints the median of three runs of each, in turn, and their ratio: the machines differ, the ratio hardly.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import edges, pipeline, settings
from bot.demo.week import week
from bot.logs.files import FileLogs
from bot.models import Policy
from bot.steps.normalise import normalise
from bot.steps.redact import redact, scrub
from store import open_store

RUNS = 3


def stream(count: int) -> Iterator[dict[str, Any]]:
    """The week of the demo, again and again, each time a week later and with insertIds of its own."""
    entries = list(week())
    for lap in itertools.count():
        for entry in entries:
            if count <= 0:
                return
            count -= 1
            moved = datetime.fromisoformat(entry["timestamp"]) + timedelta(weeks=lap)
            stamp = moved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            yield {**entry, "insertId": f"{entry['insertId']}-{lap}", "timestamp": stamp}


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


def seconds(work: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=50_000)
    count = options.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "logs.json"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(entry) + "\n" for entry in stream(count))
        size = path.stat().st_size / count
        took = [(seconds(whole_way, path, folder), seconds(parse, path)) for _ in range(RUNS)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        masked = min(count, 20_000)
        each, known, beside = redaction(path, masked)
    way, parsing = (statistics.median(t) for t in zip(*took, strict=True))
    ratio = statistics.median(a / b for a, b in took)
    print(f"{count:,} entries of {size:,.0f} bytes on average, median of {RUNS} runs")
    print(f"file to stored clusters   {count / way:>10,.0f} entries/s   {way:.2f} s")
    print(f"only parsing the JSON     {count / parsing:>10,.0f} entries/s   {parsing:.2f} s")
    print(f"ratio                     {ratio:>10.1f}   peak memory {peak:,.0f} MB")
    print(f"masking, every text new   {masked / each:>10,.0f} entries/s   {beside / each:.1f} times as fast as parsing")
    print(
        f"masking, as a round does  {masked / known:>10,.0f} entries/s   {beside / known:.1f} times as fast as parsing"
    )


if __name__ == "__main__":
    main()
