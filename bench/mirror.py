"""A tracker with many issues: how long it takes to find the issue of a problem in the mirror.

    make bench                      or: python bench/mirror.py [--issues 20000] [--asked 60]

Issues with bodies and comments, made of a few thousand words of which some are in nearly all of them. Printed is the
CPU time of one match, from the cluster to the outcome: median and 95th percentile. Before that, the mirror is filled
through the real client from a GitHub on loopback: the requests and the memory of the first sync, of one after ten
changes, and of one after none.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.models import Cluster, Issue, Kind, Signature
from bot.steps.match import match, words
from bot.trackers.github import GitHubTracker
from store import open_store
from tests.standins.github_server import GitHubServer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = "acme/shop"
COMMON = re.findall(r"\w+", "error failed timeout request connection service user order database null response server")
BEGUN = re.findall(r"\w+", "pay seat tick mail queue cart order user sess tok cach pool conn time lock read")
GONE_ON = re.findall(r"\w+", "ment ing er map list state flow point out box link rate store sync view form")
ENDED = ("", "s", "less", "able", "_id", "Error", "Table", "Worker")
RARER = ["".join(parts) for parts in product(BEGUN, GONE_ON, ENDED)]


def writer(seed: int) -> Callable[[int], str]:
    chance = random.Random(seed)
    return lambda n: " ".join(chance.choice(COMMON if chance.random() < 0.5 else RARER) for _ in range(n))


def issues(count: int) -> Iterator[Issue]:
    write, chance = writer(1), random.Random(2)
    for number in range(1, count + 1):
        comments = tuple(write(30) for _ in range(chance.randint(0, 4)))
        yield Issue(REPOSITORY, number, write(8), body=write(chance.randint(20, 200)), comments=comments)


def cluster(text: str) -> Cluster:
    signature = Signature("k", 1, "shop", Kind.APPLICATION, text, text)
    return Cluster(1, "shop", Kind.APPLICATION, text, text, (signature,), 3, 3, NOW, NOW)


def sync(count: int) -> None:
    """Requests, those that cost nothing, time and memory of syncs through the real client."""
    with GitHubServer(REPOSITORY) as github, tempfile.TemporaryDirectory() as folder:
        for issue in issues(count):
            github.add(issue.title, issue.body, comments=issue.comments)
        said = sum(map(len, github.state.comments.values()))
        tracker = GitHubTracker(REPOSITORY, token=github.token, base_url=github.url, pause=0)
        with open_store(str(Path(folder) / "garden.db")) as store:
            for what in ("first sync", "after ten changes", "after none", "after none again"):
                if what == "after ten changes":
                    for number in range(1, 11):
                        github.state.new_comment(number, "news")
                asked, github.unchanged, begun = len(github.requests), 0, time.perf_counter()
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                store.issues.take(REPOSITORY, tracker.changes(store.issues.mark(REPOSITORY)))
                grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
                requests = len(github.requests) - asked
                took = time.perf_counter() - begun
                print(
                    f"{what} ({count:,} issues, {said:,} comments): {requests} requests, {github.unchanged} of them "
                    f"free, {took:.1f} s, the process grew by {grown:.0f} MB"
                )
        tracker.shut()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--issues", type=int, default=20_000)
    options.add_argument("--asked", type=int, default=60)
    given = options.parse_args()
    sync(given.issues)
    write, took, found = writer(3), [], 0
    with open_store(":memory:") as store:
        begun = time.process_time()
        store.issues.put(issues(given.issues))
        print(f"mirrored {given.issues:,} issues: {time.process_time() - begun:.1f} s of CPU time")
        for _ in range(given.asked):
            one = cluster(f"{write(12)}: connection failed for order")
            begun = time.process_time()
            candidates = store.issues.search(REPOSITORY, words(one))
            match(one, linked=None, marked=None, candidates=candidates, incident=None)
            took.append(1000 * (time.process_time() - begun))
            found += len(candidates)
    print(f"one match: median {median(took):.1f} ms, 95 of 100 within {quantiles(took, n=20)[-1]:.1f} ms")
    print(f"candidates looked at: {found / given.asked:.0f} each")


if __name__ == "__main__":
    main()
