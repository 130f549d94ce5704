"""The most memory that a round takes, of itself and of the largest of its helpers, for more and more entries.

    make bench                      or: python bench/memory.py [--entries 100000,300000,1000000]

The entries are those of the demo's week, as if its services ran that many times over: each copy with instances,
traces and ids of its own, and up to an hour later. So there is the same time, the same problems and the same mixture
of entries in each batch, however many there are. Each round is a process of its own.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from itertools import islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any

from _bars import bar

from bot.demo.week import week

HERE = Path(__file__).parent
ROUND = """
import resource, sys
from contextlib import closing
from bot import edges, pipeline, settings
from bot.logs.files import FileLogs
from store import open_store
with closing(FileLogs(sys.argv[1])) as logs, open_store(sys.argv[2]) as store:
    pipeline.round(edges.alone(settings.load({}), store, logs), think=False)
    (clusters,) = store._connections.db().execute("SELECT count(*) FROM clusters").fetchone()
print(*(resource.getrusage(w).ru_maxrss / 1024 for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)), clusters)
"""


def write(path: Path, count: int) -> None:
    """So many entries within the same week, in order of time."""
    entries = [(datetime.fromisoformat(entry["timestamp"]), entry) for entry in week()]
    entries.sort(key=itemgetter(0))
    rng = random.Random(1)
    later = [timedelta(seconds=rng.uniform(0, 3_600)) for _ in range(-(-count // len(entries)))]
    copies = [zip(repeat(copy), repeat(moved), entries) for copy, moved in enumerate(later)]
    mixed = heapq.merge(*copies, key=lambda one: one[1] + one[2][0])
    with path.open("w", encoding="utf-8") as out:
        for copy, moved, (time, entry) in islice(mixed, count):
            out.write(json.dumps(copied(entry, time + moved, copy)) + "\n")


def copied(entry: dict[str, Any], time: datetime, copy: int) -> dict[str, Any]:
    """As another instance would have written it."""
    found = {**entry, "insertId": f"{entry['insertId']}-{copy}", "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    if "instanceId" in entry.get("labels", {}):
        found["labels"] = {**entry["labels"], "instanceId": f"{copy:04x}{entry['labels']['instanceId'][4:]}"}
    if "trace" in entry:
        found["trace"] = f"{entry['trace'][:-4]}{copy:04x}"
    return found


def peak(count: int) -> tuple[float, float, int]:
    """Megabytes of the round and of the largest helper, and how many clusters came of it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "logs.json"
        write(path, count)
        command = [sys.executable, "-c", ROUND, str(path), str(Path(name) / "garden.db")]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=HERE.parent)
    own, helpers, clusters = done.stdout.split()
    return float(own), float(helpers), int(clusters)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", default="100000,300000,1000000")
    found = {}
    print(f"{'entries':>11}   {'round':>9}   {'a helper':>9}   clusters")
    for count in map(int, options.parse_args().entries.split(",")):
        own, helper, clusters = found[count] = peak(count)
        print(f"{count:>11,}   {own:>6,.0f} MB   {helper:>6,.0f} MB   {clusters:>8}", flush=True)
    fewest, most = min(found), max(found)
    grown = sum(found[most][:2]) - sum(found[fewest][:2])
    bar(f"memory: MB more for {most:,} entries than for {fewest:,}", grown, most=25)


if __name__ == "__main__":
    main()
