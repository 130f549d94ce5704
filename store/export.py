"""Everything in open formats: a folder with one file of JSON lines per noun. No keys, and no hashes of people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
from sqlite_utils import Database

from bot.errors import StoreError
from bot.models import Analysis, Audit, Cluster, Deed, Deployment, Draft, Issue, Lesson, Match, Stance, Triage, Wrong
from store import clusters, incidents
from store.codec import dump, load, moment

Line = dict[str, Any]


def write(db: Database, target: Path) -> dict[str, int]:
    """Writes the folder whole or not at all; one that has something in it is left alone."""
    try:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise StoreError(f"{target} is there already; name a new folder for the export.")
        part = target.with_name(f".{target.name}.{token_hex(4)}")
        try:
            part.mkdir(mode=0o700)
            written = {noun: _write(part / f"{noun}.jsonl", lines(db)) for noun, lines in NOUNS.items()}
            part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"The export {target} cannot be written: {error.strerror or error}.") from error
    return written


def _write(path: Path, lines: Iterator[Line]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def _plain(value: object) -> Any:
    return orjson.loads(dump(value))


def _rows(sql: str) -> Callable[[Database], Iterator[Line]]:
    """Columns as they are; those that end in `_at` or are called so are times."""

    def lines(db: Database) -> Iterator[Line]:
        cursor = db.execute(sql)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield {name: _value(name, value) for name, value in zip(names, row, strict=True)}

    return lines


_TIMES = frozenset(
    {"at", "ended", "undone", "began", "concluded", "window_start", "window_end", "made_at", "expires_at", "as_of"}
    | {"since", "asked", "checked", "newest", "error_since"}
)
_BODIES: dict[str, type[Any]] = {
    "analysis": Analysis,
    "audit": Audit,
    "deployment": Deployment,
    "deed": Deed,
    "draft": Draft,
    "mirrored": Issue,
    "judged": Triage,
    "stance": Stance,
    "match": Match,
    "wrong": Wrong,
    "lesson": Lesson,
}


def _value(name: str, value: Any) -> Any:
    if value is not None and name in _TIMES:
        return moment(value)
    if value is not None and name in _BODIES:
        return _plain(load(_BODIES[name], value))
    return value


def _clusters(db: Database) -> Iterator[Line]:
    numbers = [row[0] for row in db.execute("SELECT number FROM clusters ORDER BY number")]
    for start in range(0, len(numbers), 100):
        for cluster in clusters.read(db, numbers[start : start + 100]):
            yield _plain(_without_people(cluster))


def _without_people(cluster: Cluster) -> Cluster:
    return replace(cluster, evidence=tuple(replace(e, user="", client="") for e in cluster.evidence))


def _incidents(db: Database) -> Iterator[Line]:
    for incident in incidents.read(db, [row[0] for row in db.execute("SELECT id FROM incidents")]):
        yield _plain(incident)


NOUNS: dict[str, Callable[[Database], Iterator[Line]]] = {
    "clusters": _clusters,
    "aliases": _rows("SELECT number, cluster FROM aliases ORDER BY number"),
    "triage": _rows("SELECT cluster, severity, by, at, body AS judged, match FROM triage ORDER BY cluster"),
    "incidents": _incidents,
    "deployments": _rows("SELECT body AS deployment FROM deployments ORDER BY time, key"),
    "analyses": _rows("SELECT cluster, analysis, audit FROM analyses ORDER BY id"),
    "spend": _rows(
        "SELECT at, purpose, model, input_tokens, output_tokens, dollars, known, round, note FROM spend ORDER BY id"
    ),
    "wrong_causes": _rows("SELECT body AS wrong FROM wrong_causes ORDER BY id"),
    "lessons": _rows("SELECT body AS lesson FROM lessons ORDER BY id"),
    "issues": _rows("SELECT body AS mirrored FROM issues ORDER BY repository, number"),
    "stances": _rows("SELECT id, cluster, body AS stance, ended FROM stances ORDER BY id"),
    "wishes": _rows("SELECT channel, name, value, who, at FROM wishes ORDER BY channel, name"),
    "deeds": _rows("SELECT id, who, at, body AS deed, undone FROM deeds ORDER BY id"),
    "duplicates": _rows("SELECT repository, number, original FROM duplicates ORDER BY repository, number"),
    "unlinked": _rows("SELECT cluster, repository, number FROM unlinked ORDER BY cluster, repository, number"),
    "links": _rows("SELECT cluster, repository, number, who, at FROM links ORDER BY cluster"),
    "proposals": _rows(
        "SELECT id, cluster, draft, stage, marker, digest, made_at, made_by, expires_at, as_of, issue, url, note"
        " FROM proposals ORDER BY id"
    ),
    "decisions": _rows("SELECT proposal, verb, who, at, digest, words FROM decisions ORDER BY id"),
    "always": _rows("SELECT repository, number, who, at FROM always ORDER BY repository, number"),
    "messages": _rows("SELECT purpose, channel, ts, thread, at FROM messages ORDER BY purpose"),
    "rounds": _rows(
        "SELECT number, source, window_start, window_end, began, concluded, entries, note FROM rounds ORDER BY number"
    ),
    "conditions": _rows(
        "SELECT key, since AS began, over AS concluded, what, mend FROM conditions ORDER BY since, key"
    ),
    "cursors": _rows("SELECT source, at FROM cursors ORDER BY source"),
    "sources": _rows(
        "SELECT name, since, asked, checked, newest, error, words, error_since, too_late FROM sources ORDER BY name"
    ),
    "history": _rows("SELECT at, who, verb, subject, detail FROM history ORDER BY id"),
}
