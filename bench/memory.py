"""The most memory that a round takes, of itself and of the largest of its helpers, for more and more entries.

    make bench                      or: python bench/memory.py [--entries 100000,300000]

The entries are those of the demo's week, each many times over within milliseconds and with ids of its own: the same
time and the same problems, however many there are. Each round is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

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
    """So many entries within the same week, nearly in order of time."""
    entries = list(week())
    copies = -(-count // len(entries))
    with path.open("w", encoding="utf-8") as out:
        for at in range(count):
            entry, copy = entries[at // copies], at % copies
            moved = datetime.fromisoformat(entry["timestamp"]) + timedelta(milliseconds=copy)
            stamp = moved.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            out.write(json.dumps({**entry, "insertId": f"{entry['insertId']}-{copy}", "timestamp": stamp}) + "\n")


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
    options.add_argument("--entries", default="100000,300000")
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
