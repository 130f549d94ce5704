"""What people say of problems: who is on them, silence, which issue they are, what is one problem and what is not.

Each is a change of the store alone, with a line in the history; `undo` takes one's own last change back, where that
is possible. Like `bot.pipeline` and `bot.telling` a page of effects in order; the rules stand in `steps.attend`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from bot import telling
from bot.errors import Refused
from bot.models import Deed, Issue, Kin, Problem, Stance, Stand, Window
from bot.ports import Edges
from bot.steps.attend import stance
from bot.steps.kin import kin as likely

UNTOLD = "This channel gets no digest. GARDEN_CHANNEL or `[[channels]]` in garden.toml names those that do."
LIVELY, COMPARED = timedelta(days=7), 500
"""How long ago a problem may have been seen that another one may be the same as, and how many are looked at."""
PAST = 20
DECIDED = ("link", "unlink", "merge", "split")


def say(
    edges: Edges,
    number: int,
    stand: Stand,
    who: str,
    *,
    whom: str = "",
    why: str = "",
    lasting: timedelta | None = None,
    later: bool = False,
) -> Stance:
    """Somebody is on it, or it is to be silent."""
    now = edges.clock()
    problem = telling.one(edges, number)
    said = stance(
        problem.cluster, stand, who, now, problem.triage.severity, whom=whom, why=why, lasting=lasting, later=later
    )
    said, before = edges.store.stances.say(said)
    _note(edges, who, str(stand), said.cluster, now, {"ended": [said.id], "resumed": list(before)})
    return said


def wake(edges: Edges, number: int, who: str) -> Stance:
    """What was silent is shown again."""
    now = edges.clock()
    problem = telling.one(edges, number)
    silence = problem.silence
    if silence is None:
        raise Refused(f"Cluster {problem.number} is awake. `/garden snoozed` lists those that are not.")
    edges.store.stances.end([silence.id], who, "woken", now)
    _note(edges, who, "wake", problem.number, now, {"resumed": [silence.id]})
    return silence


def issue_for(edges: Edges, number: int) -> Issue:
    """The issue that a cluster is to be linked to."""
    issue = edges.store.issues.get(edges.tracker.repository, number) or edges.tracker.issue(number)
    if issue.pull_request:
        raise Refused(f"#{issue.number} is a pull request. A cluster is linked to an issue.")
    return issue


def link(edges: Edges, number: int, issue: Issue, who: str) -> tuple[Problem, Issue]:
    """From now on the cluster is that issue, by a person's word, which is final."""
    now, store = edges.clock(), edges.store
    problem = telling.one(edges, number)
    before = store.issues.linked(problem.number)
    store.issues.link(problem.number, issue, who, now)
    back = {"issue": [before.number] if before else []}
    _note(edges, who, "link", problem.number, now, back, f"#{issue.number}")
    return problem, issue


def unlink(edges: Edges, number: int, who: str) -> tuple[Problem, Issue]:
    """The cluster is not its issue, and will not be matched with it again."""
    now, store = edges.clock(), edges.store
    problem = telling.one(edges, number)
    before = store.issues.unlink(problem.number, who, now)
    if before is None:
        raise Refused(
            f"Cluster {problem.number} is linked to no issue. `/garden link {problem.number} 889` links it to #889."
        )
    _note(edges, who, "unlink", problem.number, now, {"issue": [before.number]}, f"#{before.number}")
    return problem, before


def merge(edges: Edges, one: int, other: int, who: str) -> tuple[int, int]:
    """Two are one problem, for good: the number that stays, and the one that is an alias now."""
    first, second = telling.one(edges, one).number, telling.one(edges, other).number
    if first == second:
        raise Refused(f"Clusters {one} and {other} are one already: cluster {first}.")
    stays = edges.store.clusters.merge(first, second, who, edges.clock())
    gone = second if stays == first else first
    detail = f"cluster {gone} is cluster {stays} now; `/garden split {stays}` takes signatures out of it again"
    _note(edges, who, "merge", stays, edges.clock(), {}, detail)
    return stays, gone


def kin(edges: Edges, problem: Problem) -> tuple[Kin, ...]:
    """Those of the newest problems, and of its incident, that it may be the same as."""
    store, now = edges.store, edges.clock()
    near = problem.incident.clusters if problem.incident else ()
    newest = store.clusters.between(Window(now - LIVELY, now))[-COMPARED:]
    found = dict(likely(problem.cluster, store.clusters.load({*newest, *near}, now), problem.incident))
    known = {p.number: p for p in store.clusters.problems(found)}
    return tuple(Kin(known[number], why) for number, why in found.items())


def must_be(edges: Edges, known: Mapping[int, str], again: str) -> None:
    """Each cluster is still there by its number, and has the signature that it was shown with; else what became of it.

    `again` is what shows how it is now.
    """
    found = {c.number: {s.key for s in c.signatures} for c in edges.store.clusters.load(known)}
    for number, key in known.items():
        if key in found.get(number, ()):
            continue
        became = edges.store.clusters.resolve(number)
        if became is None:
            raise Refused(f"There is no cluster {number}. `/garden latest` lists those that matter now.")
        past = edges.store.history.latest(f"cluster {became}", PAST)
        said = next((e for e in past if e.verb in ("merge", "split")), None)
        what = f" {said.at:%Y-%m-%d %H:%M} UTC, {said.subject}, {said.verb}: {said.detail}." if said else ""
        raise Refused(f"Cluster {number} is not what that list showed any more.{what} `{again}` shows it as it is now.")


def split(edges: Edges, number: int, keys: Collection[str], who: str) -> tuple[int, int]:
    """The signatures become a cluster of their own, for good: its number, and that of the one they were in."""
    problem = telling.one(edges, number)
    made = edges.store.clusters.split(problem.number, keys, who, edges.clock())
    _note(edges, who, "split", problem.number, edges.clock(), {"merge": [problem.number, made]}, f"cluster {made}")
    return made, problem.number


def wish(edges: Edges, channel: str, name: str, value: str | None, who: str) -> None:
    """The channel has it so from now on; None takes it back to what garden.toml says."""
    now = edges.clock()
    if not any(c.id == channel for c in telling.channels(edges)):
        raise Refused(UNTOLD)
    before = edges.store.channels.wish(channel, name, value, who, now)
    edges.store.deeds.add(Deed(0, who, now, "settings", 0, name, {"wish": [channel, name, before]}))


def undo(edges: Edges, who: str, *, approver: bool) -> Deed:
    """Takes back a person's own last change; refused, with what to do instead, where that is not possible.

    What only an approver may do, only somebody who is one still may take back.
    """
    store, now = edges.store, edges.clock()
    deed = store.deeds.last(who)
    if deed is None:
        raise Refused("You have changed nothing yet that could be taken back. `/garden history` shows who did what.")
    if not deed.back:
        raise Refused(f"Your last change was `{deed.verb}`, which stays: {deed.detail}.")
    if not approver and deed.verb in DECIDED:
        raise Refused(f"Your last change was `{deed.verb}`. Only approvers take that back.")
    if not store.deeds.undone(deed, now):
        raise Refused("That was taken back already.")
    back = deed.back
    if ended := back.get("ended"):
        store.stances.end(ended, who, "taken back", now)
    if resumed := back.get("resumed"):
        store.stances.resume(resumed, who, "as it was before", now)
    if (issue := back.get("issue")) is not None:
        _relink(edges, deed.cluster, issue, who, now)
    if wished := back.get("wish"):
        store.channels.wish(wished[0], wished[1], wished[2], who, now)
    if merged := back.get("merge"):
        store.clusters.merge(merged[0], merged[1], who, now, "the split was taken back")
    return deed


def _relink(edges: Edges, number: int, issue: list[int], who: str, now: datetime) -> None:
    known = edges.store.issues.get(edges.tracker.repository, issue[0]) if issue else None
    if known:
        edges.store.issues.link(number, known, who, now)
    else:
        edges.store.issues.unlink(number, who, now, final=False)


def _note(
    edges: Edges, who: str, verb: str, cluster: int, now: datetime, back: dict[str, list[int]], detail: str = ""
) -> None:
    edges.store.deeds.add(Deed(0, who, now, verb, cluster, detail, back))
