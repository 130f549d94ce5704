"""Sightings, harvests and stores made of few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.models import Act, Draft, Entry, Form, Harvest, Kind, Level, Occurrence, Sighting, Signature, Window
from store import Store

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = Window(START - timedelta(hours=1), START + timedelta(days=1))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def entry(key: int, seconds: float = 0.0, **fields: object) -> Entry:
    given: dict[str, object] = {"service": "shop", "text": f"text {key}", "environment": "production"} | fields
    return Entry(id=f"id-{key}", key=key, time=at(seconds), **given)  # type: ignore[arg-type]


def signature(key: str) -> Signature:
    return Signature(key, 1, "shop", Kind.APPLICATION, f"title {key}", f"template {key}")


def sighting(name: str | None, *entries: Entry, level: Level = Level.ERROR) -> Sighting:
    text = "\n".join(e.text for e in entries)
    return Sighting(Occurrence(entries, text, level, Form.LINE), signature(name) if name else None)


def harvest(
    closed: Iterable[Sighting] = (),
    opened: Iterable[Sighting] = (),
    *,
    fresh: Iterable[Entry] | None = None,
    healthy: Iterable[Entry] = (),
    read_until: datetime | None = None,
) -> Harvest:
    closed, opened = tuple(closed), tuple(opened)
    own = tuple(e for s in (*closed, *opened) for e in s.occurrence.entries)
    entries = (*(own if fresh is None else fresh), *healthy)
    return Harvest(
        entries=entries,
        closed=closed,
        open=opened,
        rest=tuple(e for s in opened for e in s.occurrence.entries),
        deployments=(),
        read_until=read_until or max((e.time for e in entries), default=None),
    )


def absorb(store: Store, closed: Iterable[Sighting] = (), opened: Iterable[Sighting] = (), **more: object) -> int:
    """One batch in a round of its own; returns the round's number."""
    number = store.rounds.begin("file", DAY, START)
    store.rounds.absorb(number, "file", harvest(closed, opened, **more))  # type: ignore[arg-type]
    return number


def plant(store: Store, *names: str) -> None:
    """Clusters 1, 2, ... one occurrence each, a second apart."""
    absorb(store, [sighting(name, entry(1000 + i, i)) for i, name in enumerate(names)])


def conclude(store: Store, number: int = 1) -> None:
    """A round that thought nothing new of anything."""
    store.rounds.conclude(number, store.clusters.problems(store.rounds.changed()), [], at(900))


def draft(title: str = "GCP-new | P1 | checkout fails", **fields: object) -> Draft:
    given: dict[str, object] = {"act": Act.CREATE, "repository": "acme/shop", "title": title, "body": "It fails."}
    return Draft(**(given | fields))  # type: ignore[arg-type]
