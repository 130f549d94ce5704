"""What `garden restore` and `garden purge` do: they hold the database as a bot that acts does, and nobody else may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from bot import edges as parts
from bot.errors import GardenError, InputError, StoreError
from bot.models import Event
from bot.settings import Settings
from bot.trackers.local import LocalTracker
from store import Store, copies, open_store
from store.keeper import beside
from store.purge import cleaned, find, forms

# ------------------------------------------------------------------------------------------------ restoring


def copies_in(settings: Settings) -> str:
    """The copies that may be restored, newest first."""
    vault = parts.vault(settings)
    names = [str(p) for p in beside(Path(settings.db))]
    if vault is not None:
        names += sorted(vault.names(copies.PREFIX), reverse=True)
    return "\n".join(names) or "There are no copies: GARDEN_BACKUP is not set, and none was made by an upgrade."


@contextmanager
def look_at(settings: Settings, source: str) -> Iterator[tuple[Path, str]]:
    """The copy as a checked file that goes away again, and what it holds, beside what is there now."""
    path = Path(settings.db)
    part = path.with_name(f".{path.name}.looked-at")
    packed = path.with_name(f".{path.name}.looked-at.gz")
    try:
        if Path(source).is_file():
            copies.unpack(Path(source), part)
        else:
            vault = parts.vault(settings)
            if vault is None or source not in vault.names(copies.PREFIX):
                raise InputError(
                    f"{source} is neither a file nor a copy in GARDEN_BACKUP. `garden restore` lists them."
                )
            vault.load(source, packed)
            copies.unpack(packed, part)
        with open_store(str(part)) as store:
            words = f"{source} is whole. It holds {_holds(store)}."
        try:
            with open_store(str(path), read_only=True) as store:
                words += f"\nThe database {path} now holds {_holds(store)}."
        except StoreError as error:
            words += f"\n{error.user_message}"
        yield part, words
    finally:
        for left in (packed, part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            left.unlink(missing_ok=True)


def _holds(store: Store) -> str:
    counts = store.holds()
    until = store.rounds.read_until()
    last = next(iter(store.history.latest(limit=1)), None)
    said = ", ".join(f"{count:,} {noun}" for noun, count in counts.items())
    return f"{said}; read up to {_when(until)}; last change on {_when(last.at if last else None)}"


def _when(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"


def put(settings: Settings, found: Path) -> str:
    """Replaces the database with the one in the file, as the only one who acts; the backup has it then, too."""
    path = Path(settings.db)
    with parts.keeper(settings) as keeper:
        aside = keeper.replace(found)
    kept = f" What was there is {aside}." if aside else ""
    return f"Restored into {path}.{kept}"


# ------------------------------------------------------------------------------------------------ purging


def purge(settings: Settings, text: str, *, apply: bool) -> str:
    """Takes the text out of everything of ours, or counts where it stands; says so."""
    wanted = forms(text)
    path = Path(settings.db)
    if not path.exists():
        raise InputError(f"There is no database at {path}.")
    if not apply:
        found = {f"table {table}": count for table, count in find(path, text).items() if count}
        for file in beside(path):
            if count := sum(find(file, text).values()):
                found[f"file {file.name}"] = count
        where = ["the copies in the backup"] if settings.backup else []
        where += ["our messages in Slack"] if settings.slack_bot_token else []
        where += ["our texts on GitHub"] if settings.github_repository else []
        more = f"\nAlso looked through, with --apply: {', '.join(where)}." if where else ""
        return f"{_listed(found)}{more}\nNothing was changed. `garden purge --apply` takes it out."

    with parts.keeper(settings) as keeper:
        store = keeper.act()
        threads, files = store.messages.threads(), store.proposals.holding(wanted)
        outside = _outside(settings, partial(cleaned, wanted=wanted), threads, files)
        found = keeper.purge(text) | {where: count for where, (count, _) in outside.items() if count}
        failed = [f"{where}: {why}" for where, (_, why) in outside.items() if why]
        said = _listed(found)
        store.history.add(Event(parts.now(), "operator", "purged", "a text", said))
    if failed:
        raise GardenError(f"{said}\nNot everywhere, run it again: {'; '.join(failed)}")
    return (
        f"{said}\nIt is gone from there. Copies that you made elsewhere are not known here. Revoke the secret itself."
    )


def _outside(
    settings: Settings, clean: partial[str], threads: list[tuple[str, str]], files: frozenset[str]
) -> Mapping[str, tuple[int, str]]:
    """How much was edited in Slack and on GitHub, or why not."""
    done: dict[str, tuple[int, str]] = {}
    if settings.slack_bot_token:
        try:
            done["messages in Slack"] = (parts.chat(settings).purge(threads, clean, files), "")
        except GardenError as error:
            done["messages in Slack"] = (0, error.user_message)
    tracker = parts.tracker(settings)
    if not isinstance(tracker, LocalTracker):
        try:
            done["texts on GitHub"] = (parts.github(settings).purge(clean), "")
        except GardenError as error:
            done["texts on GitHub"] = (0, error.user_message)
    return done


def _listed(found: Mapping[str, int]) -> str:
    return "\n".join(f"{count:>8}  {where}" for where, count in found.items()) or "It is nowhere."
