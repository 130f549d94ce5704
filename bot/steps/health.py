"""In which ways the gardener is silent, from the facts: what happened, since when, and what to do about it.

A reader that lags, may not read, or sees nothing where there is always something; a schedule that is dead, rounds that
end early, a full disk; a tracker, a model, a chat or a backup that fails. Silence must never look like health, and a
hiccup is nobody's business: what fails is a condition only when it failed twice in a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.models import Condition, Progress, Strike

ENOUGH = 2
"""Failures in a row."""
DEAF = timedelta(minutes=1)
"""How long Slack may be gone before it is worth a word; it renews connections every few hours."""
UNFILED = timedelta(minutes=15)
"""How long an approved proposal may wait to be filed."""

QUIET_HOURS = 2
"""Hours without an entry that are looked into."""
LONGEST = 48
"""Hours back that are looked at."""
SURELY = 20
"""Entries that a silence must lack, by the least of what there ever was at these hours."""
WEEKS, DAYS = 3, 6
"""Of so many weeks the same hour must be known, or else of so many days."""

_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rhythm = Mapping[int, int]
"""Hours since 1970 to entries; an hour that is not there had none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of how we are."""

    now: datetime
    lag: timedelta
    """How far reading may be behind."""
    sources: Collection[Progress] = ()
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)
    strikes: Collection[Strike] = ()
    active: Collection[Condition] = ()
    """What holds so far."""
    overdue_since: datetime | None = None
    """Since when a round should have begun, where two in a row did not."""
    deaf_since: datetime | None = None
    """Since when Slack is not connected."""
    full_since: datetime | None = None
    """Since when nothing can be written to the database."""
    unfiled: int = 0
    unfiled_since: datetime | None = None


def health(facts: Facts) -> list[Condition]:
    """All that is wrong, in the order in which it began."""
    return sorted(_conditions(facts), key=lambda c: (c.since, c.key))


CALM = timedelta(minutes=15)
"""What comes and goes must be well for so long, times how often it came already, before it is over."""


def settle(
    found: Collection[Condition], known: Collection[Condition], often: Mapping[str, int], now: datetime
) -> list[Condition]:
    """What has to be kept of it: what is new, what is said in other words now, what is well and what is over.

    `known` are those of which not all was told; `often` says how often a key began lately.
    """
    holding = {c.key: c for c in known if c.over is None}
    out = []
    for condition in found:
        before = holding.pop(condition.key, None)
        if before is None:
            out.append(condition)
        elif (before.what, before.mend, before.well) != (condition.what, condition.mend, None):
            out.append(replace(before, what=condition.what, mend=condition.mend, well=None))
    for before in holding.values():
        well = before.well or now
        over = well if now - well >= CALM * max(0, often.get(before.key, 1) - 1) else None
        after = replace(before, well=well, over=over)
        out += [after] if after != before else []
    return out


def _conditions(facts: Facts) -> Iterator[Condition]:
    strikes = {s.part: s for s in facts.strikes}
    disk = _disk(facts, strikes.get("disk"))
    yield from disk
    denied = False
    for source in facts.sources:
        found = list(_reading(source, facts))
        denied = denied or any(c.kind in ("access", "reading") for c in found)
        yield from found
    if facts.overdue_since:
        yield Condition(
            "schedule", facts.overdue_since,
            f"No round has begun since {_at(facts.overdue_since, facts.now)}; new entries are not read.",
            "The schedule is started again by itself. If this stays, restart the bot, and look into its log for why.",
        )  # fmt: skip
    round_ = strikes.get("round")
    if round_ and round_.count >= ENOUGH and not disk and not denied:
        yield Condition(
            "round", round_.since, f"Rounds do not come to their end. {round_.words}",
            "What was read is kept, and the next round goes on from there. `garden round` in a terminal shows more.",
        )  # fmt: skip
    yield from _outside(facts, strikes)


def _disk(facts: Facts, strike: Strike | None) -> list[Condition]:
    since = facts.full_since or (strike.since if strike else None)
    if since is None:
        return []
    return [
        Condition(
            "disk", since, "The disk of the database is full, so nothing new can be kept.",
            "Make room where GARDEN_DB is, or give it a larger disk. What was not kept is read again by itself; "
            "what is known can still be looked up.",
        )
    ]  # fmt: skip


def _reading(source: Progress, facts: Facts) -> Iterator[Condition]:
    name = source.source.partition(":")[2] or source.source
    if source.trouble and source.failures >= ENOUGH:
        failing = source.since or facts.now
        kind, what = ("access", "may not be read") if source.denied else ("reading", "cannot be read")
        mend = "`garden doctor` checks every credential and role, and says how to mend them."
        yield Condition(
            f"{kind} {source.source}", failing, f"The logs of {name} {what}. {source.trouble}",
            mend if source.denied else f"It is tried again with each round, and nothing is lost. {mend}",
        )  # fmt: skip
    elif source.read_until and not source.starting and facts.now - source.read_until > facts.lag:
        yield Condition(
            f"lag {source.source}", source.read_until + facts.lag,
            f"The logs of {name} are read only up to {_at(source.read_until, facts.now)}.",
            "Reading catches up by itself, the newest first. If it does not, `garden doctor` says why, and naming "
            "fewer services in GARDEN_SERVICES makes it faster.",
        )  # fmt: skip
    rhythm = facts.rhythms.get(source.source, {})
    held = next((c.since for c in facts.active if c.key == f"empty {source.source}"), None)
    if source.read_until and (since := silent(rhythm, source.read_until, held)):
        hours = int((source.read_until - since) / _HOUR)
        yield Condition(
            f"empty {source.source}", since,
            f"Nothing came from the logs of {name} for {hours} hours, where at this time there always was something.",
            "Are the services up, and do a log exclusion, a renamed service or GARDEN_SERVICES hide their entries? "
            "If all is well, nothing is to be done: this is said once.",
        )  # fmt: skip


def silent(rhythm: Rhythm, until: datetime, held: datetime | None = None) -> datetime | None:
    """Since when there is nothing where there is always something; what is held goes on until something comes.

    An hour is compared with the same hour of the week in the weeks before, and the hours beside it, or where these are
    not known yet, with those of the days before. The least of them is what it surely lacks: hours that are quiet now
    and then, at night or on Sundays, lack nothing.
    """
    last = int((until - _EPOCH) / _HOUR)
    if held is not None:
        return None if any(hour >= int((held - _EPOCH) / _HOUR) for hour in rhythm) else held
    if not rhythm or rhythm.get(last):
        return None
    hours = lacking = lacks = 0
    for hour in range(last - 1, last - 1 - LONGEST, -1):
        if rhythm.get(hour):
            break
        hours += 1
        least = _least(rhythm, hour)
        lacking, lacks = lacking + bool(least), lacks + least
    if lacking < QUIET_HOURS or lacks < SURELY:
        return None
    return _EPOCH + (last - hours) * _HOUR


def _least(rhythm: Rhythm, hour: int) -> int:
    """What there was at least, about that hour of the week or the day; 0 where too little is known."""
    first = min(rhythm)
    weeks = [hour - 168 * n for n in range(1, 6) if hour - 168 * n >= first]
    days = [hour - 24 * n for n in range(1, 8) if hour - 24 * n >= first]
    known = weeks if len(weeks) >= WEEKS else days if len(days) >= DAYS else []
    return min((rhythm.get(h + aside, 0) for h in known for aside in (-1, 0, 1)), default=0)


_OUTSIDE = {
    "tracker": (
        "The tracker cannot be read. {words}",
        "Problems are matched with the issues known so far, and approved proposals wait. `garden doctor` checks the "
        "token and its permissions.",
    ),
    "model": (
        "The model does not answer: {words}.",
        "Causes come from the table of known patterns meanwhile, and say so. `garden doctor` checks key and model.",
    ),
    "chat": (
        "Slack does not take messages. {words}",
        "Rounds go on, and what was to be said is said when Slack is back. `garden doctor` checks token and channel.",
    ),
    "backup": (
        "The backup cannot be written. {words}",
        "Everything is in the database and nowhere else. Check GARDEN_BACKUP and the rights of its bucket or folder.",
    ),
}
"""Part to what is said of it, and what to do."""


def _outside(facts: Facts, strikes: Mapping[str, Strike]) -> Iterator[Condition]:
    for part, (what, mend) in _OUTSIDE.items():
        strike = strikes.get(part)
        if strike and strike.count >= ENOUGH:
            said = what.format(words=strike.words.rstrip(".") if what.endswith("}.") else strike.words)
            yield Condition(part, strike.since, said, mend)
    if facts.deaf_since and facts.now - facts.deaf_since >= DEAF:
        yield Condition(
            "socket", facts.deaf_since, "The connection to Slack is cut: commands and approvals are not heard.",
            "It is made anew by itself. What was typed meanwhile has to be typed again.",
        )  # fmt: skip
    if facts.unfiled_since and facts.now - facts.unfiled_since >= UNFILED and "tracker" not in strikes:
        many = f"{facts.unfiled} approved proposals wait" if facts.unfiled > 1 else "An approved proposal waits"
        yield Condition(
            "filing", facts.unfiled_since, f"{many} to be written to the tracker.",
            "It is tried again every minute, and never written twice. The proposal's message says why it did not work.",
        )  # fmt: skip


def _at(time: datetime, now: datetime) -> str:
    """`14:05 UTC`, with the day where it is another one."""
    time = time.astimezone(UTC)
    return f"{time:%H:%M} UTC" if time.date() == now.astimezone(UTC).date() else f"{time.day} {time:%b %H:%M} UTC"
