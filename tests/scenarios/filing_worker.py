"""A process that files what is due, and kills itself with SIGKILL at a chosen step: for `test_filing`."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.models import Policy
from bot.pipeline import file
from bot.ports import Edges
from bot.trackers.github import GitHubTracker
from store import Store, open_store
from tests.samples import REPOSITORY


class Steps:
    """Counts calls from outside, before and after each; at the chosen one the process is gone."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Anything, whose calls may be the last."""

    def __init__(self, inner: Any, steps: Steps, *names: str) -> None:
        self._inner, self._steps, self._names = inner, steps, names

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if self._names and name not in self._names:
            return value

        def mortal(*args: object, **more: object) -> object:
            self._steps.step()
            answer = value(*args, **more)
            self._steps.step()
            return answer

        return mortal if callable(value) else value


class Shop:
    """The store, with its proposals mortal."""

    def __init__(self, store: Store, steps: Steps) -> None:
        self._store = store
        self.proposals = Mortal(store.proposals, steps, "claim", "renew", "finish", "release")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def edges(store: Any, tracker: Any, now: Any, worker: str, policy: Policy) -> Edges:
    return Edges(
        logs=None,  # type: ignore[arg-type]  # filing reads no logs
        analyst=None,
        patterns=None,  # type: ignore[arg-type]  # and analyses nothing
        tracker=tracker,
        store=store,
        clock=now,
        policy=policy,
        worker=worker,
    )


def main(path: str, url: str, token: str, when: str, last: str) -> None:
    now, steps = datetime.fromisoformat(when), Steps(int(last))
    tracker = GitHubTracker(REPOSITORY, token=token, base_url=url, timeout=2, pause=0.0, clock=lambda: now)
    wire = tracker._wire  # each request of its own may be the last, too
    tracker._wire = Mortal(wire, steps, "send")  # type: ignore[assignment]  # answers like the one it wraps
    with open_store(path) as store:
        made = edges(Shop(store, steps), Mortal(tracker, steps), lambda: now, f"w{os.getpid()}", Policy())
        for number in store.proposals.due(now):
            file(replace(made), number)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
