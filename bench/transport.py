"""From a page as it comes over the wire to our entries, in entries per second, by each way there is.

    make bench                      or: python bench/transport.py [--entries 1000]

gRPC as Google's types have it, gRPC with Google's own JSON, gRPC as we read it, REST with orjson: each up to the JSON
of exports, and on to `Entry`. CPU time, the best of five runs in turn.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from google.cloud.logging_v2.types import ListLogEntriesResponse, LogEntry
from google.protobuf.json_format import MessageToDict, ParseDict

from bot.demo.week import week
from bot.logs.cloud.entries import entry
from bot.models import Policy, Raw
from bot.steps.normalise import normalise

RUNS = 5
Way = Callable[[], Sequence[Raw]]


def ways(raws: list[dict[str, Any]]) -> dict[str, Way]:
    response = ListLogEntriesResponse.pb(ListLogEntriesResponse())
    for raw in raws:
        ParseDict(raw, response.entries.add(), ignore_unknown_fields=True)
    wire, text, kind = response.SerializeToString(), orjson.dumps({"entries": raws}), type(response)

    def typed() -> list[Raw]:
        entries = ListLogEntriesResponse.deserialize(wire).entries
        return [LogEntry.to_dict(e, use_integers_for_enums=False, preserving_proto_field_name=False) for e in entries]

    print(f"a page of {len(raws):,} entries: {len(wire):,} bytes over gRPC, {len(text):,} as JSON")
    return {
        "gRPC, Google's Python types": typed,
        "gRPC, Google's JSON": lambda: [MessageToDict(e) for e in kind.FromString(wire).entries],
        "gRPC, read by hand": lambda: [entry(e) for e in kind.FromString(wire).entries],
        "REST, orjson": lambda: orjson.loads(text)["entries"],
    }


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=1_000)
    count = options.parse_args().entries
    print(f"{'':30} {'to JSON':>12} {'to Entry':>12}   entries/s")
    for name, way in ways(list(itertools.islice(itertools.cycle(week()), count))).items():
        whole = best(lambda way=way: normalise(way(), Policy(), b"not-a-real-key"))  # type: ignore[misc]
        print(f"{name:30} {count / best(way):>12,.0f} {count / whole:>12,.0f}")


if __name__ == "__main__":
    main()
