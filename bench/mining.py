"""Masking and mining of mixed streams that have a fixed number of templates, beside Drain3, in one run.

    make bench                      or: python bench/mining.py [--lines 10000,100000] [--seed 1]

The lines are those of a made-up shop, and of random sentences: some templates are much more frequent than others, and
there are numbers, durations, addresses, paths, ids, hosts and names in them. Says how many lines a second, how many
groups, and the most memory that was held meanwhile (measured in a run of its own, because measuring takes time).
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

from _bars import bar
from _peer import MISSING, peer

from bot.crew import seldom_swept
from bot.steps.cluster.recall import recall
from bot.steps.cluster.template import masked
from bot.steps.mine import merges

RUNS = 3
OBJECTS = ("order", "invoice", "parcel", "voucher", "basket", "refund")
DEEDS = (
    "could not be stored for user {name} after {duration}, giving up; the caller will be told to try again later",
    "was refused by {ip}:{port} with code 503",
    "{number} is older than {number} seconds and will be dropped without being delivered to anybody",
    "lookup took {duration}, expected at most 200ms (worker {small}); answers may be out of date until it recovers",
    "could not be read from {path}: no such file or directory",
    "update of {number} rows failed, {small} of {small} retries left, the transaction was rolled back",
    "connection from {ip} (port {port}) was reset by peer before the answer had been sent completely",
    "cache miss ratio is {share}% over the last {number} requests, which is more than was planned for",
    "message {uuid} was delivered twice to queue {small}",
    "payment of {share} for customer {number} was declined: insufficient funds, asking for another means of payment",
    "checksum {hex} does not match for block {number} at offset {number}",
    "host {host} did not answer within {duration} (attempt {small}), trying the next one of the pool",
    "session of user {name} expired {number} seconds ago, sending them back to the page for signing in",
    "worker {small} on shard {small} lags behind by {number} messages, waited {duration} for it to catch up",
    "validation failed: field quantity={number} must be at most {small}",
    "lock held by pid {number} for {duration}, thread {small} waits and will give up when the request is cancelled",
    "page {small} of {number} could not be rendered, falling back to the plain one without any pictures",
    "queue depth {number} exceeds the limit of {number}, shedding load until it is below one half of that again",
    "retry {small} in {duration} because upstream closed the connection early",
    "job {number} finished with {small} warnings and {small} errors after {duration}",
)
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj")


def shop(rng: random.Random) -> list[str]:
    """120 sentences as people write them."""
    return [f"{thing} {deed}" for thing, deed in itertools.product(OBJECTS, DEEDS)]


def made_up(words: int, shortest: int, longest: int) -> Callable[[random.Random], list[str]]:
    """240 random sentences of some of so many words, with values between them."""

    def forms(rng: random.Random) -> list[str]:
        known = ["".join(rng.choices("abcdefghijklmnoprstuvwz", k=rng.randint(3, 9))) for _ in range(words)]

        def sentence() -> str:
            said = rng.choices(known, k=rng.randint(shortest, longest))
            for at in sorted(rng.sample(range(1, len(said) + 1), rng.randint(1, 4)), reverse=True):
                said.insert(at, f"{{{rng.choice(list(VALUES))}}}")
            return " ".join(said)

        return [sentence() for _ in range(240)]

    return forms


STREAMS: dict[str, Callable[[random.Random], list[str]]] = {
    "a shop": shop,
    "few words": made_up(60, 5, 10),
    "many words": made_up(3_000, 6, 14),
    "long lines": made_up(3_000, 12, 30),
}


def lines(count: int, stream: str, seed: int = 1) -> Iterator[str]:
    rng = random.Random(seed)
    forms = STREAMS[stream](rng)
    rng.shuffle(forms)
    weights = [1 / (1 + rank) ** 0.7 for rank in range(len(forms))]
    for form in rng.choices(forms, weights, k=count):
        yield filled(form, rng)


def filled(form: str, rng: random.Random) -> str:
    pieces = form.split("{")
    for at, piece in enumerate(pieces[1:], 1):
        kind, _, rest = piece.partition("}")
        pieces[at] = VALUES[kind](rng) + rest
    return "".join(pieces)


VALUES: dict[str, Callable[[random.Random], str]] = {
    "number": lambda rng: str(int(10 ** rng.uniform(0, 7))),
    "small": lambda rng: str(rng.randrange(64)),
    "share": lambda rng: f"{rng.uniform(0, 100):.2f}",
    "port": lambda rng: str(rng.randrange(1024, 65536)),
    "duration": lambda rng: f"{int(10 ** rng.uniform(0, 5))}ms",
    "ip": lambda rng: ".".join(str(rng.randrange(1, 255)) for _ in range(4)),
    "host": lambda rng: f"db-{rng.randrange(40)}.internal.example.com",
    "path": lambda rng: f"/srv/{rng.choice(NAMES)}/data-{rng.randrange(10_000)}.json",
    "name": lambda rng: rng.choice(NAMES),
    "hex": lambda rng: f"{rng.getrandbits(64):016x}",
    "uuid": lambda rng: (
        f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}"
        f"-a{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}"
    ),
}


def ours(stream: Iterable[str]) -> list[str]:
    """Lines to what stands for their group, with nothing remembered from before."""
    recalled = recall(masked)
    texts = [recalled(line) for line in stream]
    leads = {text: group[0] for group in merges(set(texts)) for text in group}
    return [leads.get(text, text) for text in texts]


def seconds(work: Callable[[Iterable[str]], object], stream: list[str]) -> float:
    """Garbage is looked for as seldom as in a round, for both."""
    with seldom_swept():
        start = time.process_time()
        work(stream)
        return time.process_time() - start


def held(count: int, stream: str) -> float:
    """The most memory of masking and mining in MB; neither the lines are kept, nor what becomes of each."""
    tracemalloc.start()
    recalled = recall(masked)
    merges({recalled(line) for line in lines(count, stream)})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lines", default="10000,100000")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    group = peer()
    print(f"median of {RUNS} runs, seed {given.seed}")
    print(f"{'':>23}   {'ours':<32}   {'drain3' if group else ''}")
    beside = "   lines/s   groups   ratio" if group else ""
    print(f"{'stream':<11}{'lines':>12}   {'lines/s':>10} {'groups':>8} {'memory':>12}   {beside}")
    ratios: dict[int, list[float]] = {}
    groups: dict[str, list[int]] = {}
    for name, count in itertools.product(STREAMS, map(int, given.lines.split(","))):
        stream = list(lines(count, name, given.seed))
        took = [(seconds(ours, stream), seconds(group, stream) if group else 0.0) for _ in range(RUNS)]
        here, there = (statistics.median(t) for t in zip(*took, strict=True))
        groups.setdefault(name, []).append(len(set(ours(stream))))
        row = f"{name:<11}{count:>12,}   {count / here:>10,.0f} {groups[name][-1]:>8} {held(count, name):>9.1f} MB"
        if group:
            ratios.setdefault(count, []).append(statistics.median(b / a for a, b in took))
            row += f"   {count / there:>10,.0f} {len(set(group(stream))):>8} {ratios[count][-1]:>7.1f}"
        print(row, flush=True)
    for count, found in ratios.items():
        for name, ratio in zip(STREAMS, found, strict=True):
            bar(f"mining: times the peer's pace, {count:,} lines, {name}", ratio, least=5 if count < 100_000 else 10)
    bar("mining: groups more, the more lines", max(g[-1] - g[0] for g in groups.values()), most=0, form=",.0f")
    if not group:
        print(MISSING)


if __name__ == "__main__":
    main()
