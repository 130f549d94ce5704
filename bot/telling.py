"""What the team is told, and what becomes of its words: digest, proposals and their state in the chat.

A message has a purpose (`digest:C1:2026-01-31`, `proposal:17`) and stands in the chat once; afterwards it is edited
in place, and only if that would change anything. One thread of this process at a time writes to the chat, so that
the order is kept and nothing stands there twice.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot import pipeline, spans
from bot.errors import ChatUnavailable, Forbidden, GardenError, NotFound, Refused, Unavailable
from bot.models import (
    Act,
    Candidate,
    Channel,
    Condition,
    Decision,
    Deed,
    Digest,
    Heard,
    Issue,
    Message,
    Outcome,
    Posted,
    Problem,
    Proposal,
    Report,
    Severity,
    Stage,
    Told,
    Window,
)
from bot.ports import Chat, Edges
from bot.render import phrases, picture, slack
from bot.render.picture import Chart, charted
from bot.steps import propose, route
from bot.steps.approve import must_approve as must_approve
from bot.steps.digest import digest, glimpses
from bot.turns import Turns

DAY = timedelta(hours=24)
"""What a digest looks back on."""
ALONE = 3
"""So many problems are told at once by themselves; more of them come in one message."""
PICTURE_EVERY = timedelta(hours=1)
OFFERED = 3
"""Issues that a proposal offers to be the same as."""
SKEW = timedelta(minutes=5)
"""How far clocks may differ, where a message is looked for that may have been posted."""
Fires = Callable[[str, tzinfo, datetime], datetime | None]
"""When a schedule, in a time zone, fires next after a moment."""
BASELINE = "This is the baseline: all of it counts as known from now on, and nothing of it is proposed by itself."
_turns = Turns()


# ------------------------------------------------------------------------------------------------ the digest


def tell(edges: Edges, told: Report | None = None, *, create: bool = True) -> Posted | None:
    """Brings each channel's digest of today up to date; returns the main channel's.

    `told` is the round's own report. What is wrong with the reading stands in the digest, too, for silence must not
    look like health. Without `create` a digest is only begun for what cannot wait, and for
    the baseline, of which nothing is told but this.
    """
    if edges.chat is None:
        return None
    first, troubles = None, []
    reports = [(channel, _report(edges, channel, told)) for channel in channels(edges) if channel.id]
    for channel, report in reports:
        try:
            _told_at_once(edges, edges.chat, channel, report)
        except (Forbidden, NotFound) as error:  # in that channel; the others are told all the same
            troubles.append(error)
    for channel, report in reports:
        try:
            posted = _tell_in(edges, edges.chat, channel, report, create=create)
            first = posted if channel.id == edges.channel else first
        except (Forbidden, NotFound) as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return first


def channels(edges: Edges) -> list[Channel]:
    """The channels that are told something, the main one first."""
    return route.channels(Channel(edges.channel), edges.policy.channels, edges.store.channels.wishes())


def tell_in(edges: Edges, channel: Channel) -> Posted | None:
    """What is new and urgent at once; then the digest, posted or edited in place; in its thread what changed, and the
    proposals that wait.
    """
    if edges.chat is None or not channel.id:
        return None
    return _tell_in(edges, edges.chat, channel, _report(edges, channel, None), create=True)


def _report(edges: Edges, channel: Channel, told: Report | None) -> Report:
    """What the channel is to be told, as the store has it."""
    store, now = edges.store, edges.clock()
    said = told.notes if told else (store.rounds.note(),)
    stock = BASELINE if _stocktaking(edges) else ""
    report = pipeline.look(edges, Window(now - DAY, now))
    report = replace(
        report,
        spent=tuple(store.analyses.bills((edges.wall or edges.clock)() - DAY)),
        notes=tuple(n for n in (stock, *_conditions(edges, now), *said, *_apart(edges, now)) if n),
        bad_count=told.bad_count if told else 0,
        entries=max(report.entries, told.entries if told else 0),
    )
    return route.told(report, channel)


def _stocktaking(edges: Edges) -> bool:
    """Whether the newest round was the baseline."""
    return edges.logs.lasting and edges.store.rounds.took_stock()


def _told_at_once(edges: Edges, chat: Chat, channel: Channel, report: Report) -> Heard:
    """What cannot wait, before anything else is written anywhere; what the channel has heard by then."""
    with _turns.take(urgent=True):
        if _stocktaking(edges):
            _known(edges, channel, report)
        return _alert(edges, chat, channel, report)


def _tell_in(edges: Edges, chat: Chat, channel: Channel, report: Report, *, create: bool) -> Posted | None:
    store, stock = edges.store, _stocktaking(edges)
    purpose, today = purpose_of_digest(edges, channel.id), edges.clock().astimezone(zone_of(edges, channel.id)).date()
    with _turns.take():
        heard = _told_at_once(edges, chat, channel, report)
        if not (create or stock or store.messages.find(purpose) or _alarming(report, channel)):
            return None
        shown = digest(report, channel.id, today, heard.glimpses)
        stood = store.messages.find(purpose) is not None
        posted = _put_digest(edges, chat, purpose, shown, channel.id)
        turn = _tell_changes(edges, chat, posted, shown, heard) if stood and not stock else heard.turn
        store.channels.hears(channel.id, replace(heard, glimpses=glimpses(report), turn=turn))
    _show_proposals(edges, report, shown, posted)
    return posted


def _put_digest(edges: Edges, chat: Chat, purpose: str, shown: Digest, channel: str) -> Posted:
    """With its picture; without, where Slack has not looked at the file yet, until the next edit."""
    known = edges.store.messages.find(purpose)
    if known and known.fingerprint == shown.fingerprint:
        return known
    file, words = _picture(edges, chat, purpose, shown.report)
    try:
        posted = _put(edges, chat, purpose, slack.digest(shown, file, words), shown.fingerprint, channel)
    except Forbidden:
        if not file:
            raise
        posted = _put(edges, chat, purpose, slack.digest(shown), shown.fingerprint, channel)
    _drop_picture(edges, chat, purpose)
    return posted


def chart(edges: Edges, since: timedelta) -> Chart:
    """How often it happened, up to now."""
    now = edges.clock()
    return charted(pipeline.look(edges, Window(now - since, now)))


def _picture(edges: Edges, chat: Chat, digest: str, report: Report) -> tuple[str, str]:
    """The file of a digest's picture, and what it shows in words; drawn anew when it changed, at most hourly. The one
    that stood there before is kept in mind until it is dropped.
    """
    now, drawn_ = edges.clock(), charted(report)
    if not drawn_.total:
        return "", ""
    purpose, words = f"picture:{digest}", picture.words(drawn_)
    known = edges.store.messages.find(purpose)
    if known is not None:
        looks, _, at = known.fingerprint.partition(" ")
        if looks == drawn_.fingerprint or now - datetime.fromisoformat(at) < PICTURE_EVERY:
            return known.ts, words
    try:
        file = chat.upload("", f"counts-{now:%Y-%m-%d-%H}.png", picture.drawn(drawn_), words=words)
    except GardenError:
        return known.ts if known else "", words  # a digest without its picture is better than none
    old = " ".join(f for f in ((known.thread, known.ts) if known else ()) if f)
    edges.store.messages.remember(Posted(purpose, "", file, old, f"{drawn_.fingerprint} {now.isoformat()}"), now)
    return file, words


def _drop_picture(edges: Edges, chat: Chat, digest: str) -> None:
    """The pictures that the digest does not show any more are deleted; those of other days stand in theirs."""
    known = edges.store.messages.find(f"picture:{digest}")
    if known is None or not known.thread:
        return
    for file in known.thread.split():
        try:
            chat.remove_file(file)
        except Unavailable:
            return  # with the next change
        except GardenError:
            continue  # somebody did already, or Slack keeps it
    edges.store.messages.remember(replace(known, thread=""), edges.clock())


def _alarming(report: Report, channel: Channel) -> bool:
    """Whether anything is there that cannot wait for the day's digest."""
    return any(p.triage.severity <= channel.alert and p.silence is None for p in report.problems)


def _alert(edges: Edges, chat: Chat, channel: Channel, report: Report) -> Heard:
    """Tells at once, once, what is new and urgent: a few by themselves, the rest together.

    A channel that was never told anything is told by the digest: what was there before is no news.
    """
    urgent = [f[0] for f in report.families if min(p.triage.severity for p in f) <= channel.alert and not f[0].silence]
    heard = edges.store.channels.heard(channel.id)
    if heard is None:
        return Heard(glimpses(report), frozenset(p.number for p in urgent))
    fresh = [p for p in urgent if p.number not in heard.alerted]
    for problems in (*([p] for p in fresh[:ALONE]), *([fresh[ALONE:]] if fresh[ALONE:] else [])):
        purpose = f"alert:{channel.id}:{problems[0].number}"
        _put(edges, chat, purpose, slack.alert(problems, channel.notify), "", channel.id)
    if fresh:
        heard = replace(heard, alerted=heard.alerted | {p.number for p in fresh})
        edges.store.channels.hears(channel.id, heard)
    return heard


def hush(edges: Edges, report: Report) -> None:
    """What the past holds is no news in any channel."""
    for channel in channels(edges):
        _known(edges, channel, report)


def _known(edges: Edges, channel: Channel, report: Report) -> None:
    heard = edges.store.channels.heard(channel.id)
    if heard is not None:
        alerted = heard.alerted | {p.number for p in report.problems}
        edges.store.channels.hears(channel.id, replace(heard, alerted=alerted))


def _tell_changes(edges: Edges, chat: Chat, posted: Posted, shown: Digest, heard: Heard) -> int:
    """In the thread of a digest that stood there before: what differs from what was told last."""
    if not shown.changes:
        return heard.turn
    turn = heard.turn + 1
    purpose = f"changes:{posted.channel}:{turn}"
    _put(edges, chat, purpose, slack.changes(shown.changes), "", posted.channel, posted.ts)
    return turn


def _show_proposals(edges: Edges, report: Report, shown: Digest, posted: Posted) -> None:
    """Those that wait are shown in the channel that is their problem's home; those that stand here are kept true."""
    known = channels(edges)
    for problem in report.problems:
        waits = problem.proposal is not None and problem.proposal.stage is Stage.OPEN
        if (
            problem.proposal
            and waits
            and problem.number in shown.shown
            and route.home(problem, known) == posted.channel
        ):
            show(edges, problem.proposal.id, channel=posted.channel)
    for asked in edges.store.proposals.waiting() if known and posted.channel == known[0].id else ():
        if not asked.cluster and asked.made_by == pipeline.GARDENER:
            show(edges, asked.id, channel=posted.channel)
    for standing in edges.store.messages.thread(posted.channel, posted.ts):
        if (number := number_of(standing.purpose)) is not None:
            show(edges, number)


def tell_due(edges: Edges, digest_at: str, fires: Fires) -> None:
    """Begins the digests that should be there by now, and are not: also late, when the bot was down at their time."""
    for channel in channels(edges):
        own = zone_of(edges, channel.id)
        now = edges.clock().astimezone(own)
        at = fires(channel.schedule or digest_at, own, now.replace(hour=0, minute=0, second=0, microsecond=0))
        if at and at <= now and not edges.store.messages.find(purpose_of_digest(edges, channel.id)):
            tell_in(edges, channel)


def _conditions(edges: Edges, now: datetime) -> list[str]:
    return [f"{c.what} (since {phrases.moment(c.since, now)} UTC)" for c in edges.store.conditions.active()]


def _apart(edges: Edges, now: datetime) -> list[str]:
    """What the logs hold and no figure does: by the team's rules, and what came too late."""
    rules, late = edges.policy.rules, edges.store.sources.too_late(now - DAY)
    return [
        f"Left out by your rules: {phrases.count(rules, 'filter')}" if rules else "",
        f"{phrases.too_late(late)} since yesterday" if late else "",
    ]


def purpose_of_digest(edges: Edges, channel: str) -> str:
    """Of today, by the channel's own clock."""
    return f"digest:{channel}:{edges.clock().astimezone(zone_of(edges, channel)).date()}"


def zone_of(edges: Edges, channel: str) -> tzinfo:
    own = next((c.timezone for c in channels(edges) if c.id == channel), "")
    return ZoneInfo(own) if own else edges.zone


# ------------------------------------------------------------------------------------------------ proposals


def show(edges: Edges, number: int, *, channel: str = "") -> Posted | None:
    """Posts a proposal, in the thread of today's digest if there is one, or brings its message up to date."""
    with _turns.take():
        proposal = edges.store.proposals.get(number)
        known = edges.store.messages.find(f"proposal:{number}")
        if proposal is None or edges.chat is None:
            return None
        if known is None and proposal.stage in (Stage.SUPERSEDED, Stage.EXPIRED):
            return None
        who, words = _decided(edges, number)
        offered = candidates(edges, proposal)
        message = slack.proposal(proposal, edges.clock(), who=who, words=words, candidates=offered)
        note = hashlib.sha256(proposal.note.encode("utf-8", "replace")).hexdigest()[:8]
        again = f" {proposal.retry_at:%H:%M}" if proposal.retry_at and proposal.stage is Stage.APPROVED else ""
        picks = "".join(f" #{c.issue.number}" for c in offered)
        fingerprint = f"{proposal.digest} {proposal.stage} {proposal.issue} {note}{again}{picks}"
        channel = channel or edges.channel
        day = edges.store.messages.find(purpose_of_digest(edges, channel))
        posted = _put(
            edges, edges.chat, f"proposal:{number}", message, fingerprint, channel, thread=day.ts if day else ""
        )
        written = slack.written(proposal.draft)
        if known is None and len(written) > slack.SHOWN:
            name = f"proposal-{number}.md"
            edges.chat.upload(posted.channel, name, written.encode("utf-8", "replace"), posted.thread or posted.ts)
        return posted


def candidates(edges: Edges, proposal: Proposal) -> tuple[Candidate, ...]:
    """Issues that an open proposal for a new one may be the same as; a person picks."""
    if proposal.stage is not Stage.OPEN or proposal.draft.act is not Act.CREATE or not proposal.cluster:
        return ()
    found = edges.store.clusters.problems([proposal.cluster])
    known = found[0].match if found else None
    return known.candidates[:OFFERED] if known and known.outcome is Outcome.OFFER else ()


def waiting(edges: Edges) -> list[Proposal]:
    """The open proposals, the newest last."""
    now = edges.clock()
    return [p for p in edges.store.proposals.waiting() if p.expires_at > now]


def propose_message(
    edges: Edges, title: str, text: str, severity: Severity, who: str, source: str, now: datetime
) -> Proposal:
    """Somebody wants a message as an issue: a proposal like any other, of no cluster."""
    draft = propose.of_message(title, text, severity, edges.policy, source)
    as_of = edges.store.rounds.read_until() or now
    return edges.store.proposals.add(0, draft, who, now, edges.policy.proposal_lifetime, as_of)


def request(edges: Edges, number: int, who: str, now: datetime) -> tuple[str, Proposal | None]:
    """A person asks for a proposal; where there is nothing to propose, the reason in words."""
    problem = one(edges, number)
    before = edges.store.proposals.open(problem.number)
    draft, proposal = pipeline.suggest(edges, problem, who, now)
    if before and (proposal is None or before.id != proposal.id):
        show(edges, before.id)
    return draft.reason, proposal


def escalation(
    edges: Edges, number: int, severity: Severity, why: str, who: str, now: datetime, *, of_cluster: bool
) -> Proposal:
    """A person asks for another severity of an issue, named by itself or by its cluster."""
    store = edges.store
    problem: Problem | None
    if of_cluster:
        problem = one(edges, number)
        issue = store.issues.linked(problem.number) or (problem.match.issue if problem.match else None)
        if issue is None:
            raise Refused(
                f"Cluster {problem.number} has no issue yet. `/garden file cluster {problem.number}` proposes one; "
                f"whoever approves it can reply `approve {severity}`."
            )
        issue = pipeline.issue_of(edges, issue.number)
    else:
        issue = pipeline.issue_of(edges, number)
        holders = store.issues.holders(issue.repository, issue.number)
        problem = one(edges, holders[0]) if holders else None
    draft = propose.escalate(issue, severity, why, problem, edges.policy, who)
    cluster = problem.number if problem else 0
    before = store.proposals.open(cluster) if cluster else None
    as_of = store.rounds.read_until() or now
    proposal = store.proposals.add(cluster, draft, who, now, edges.policy.proposal_lifetime, as_of)
    if before and before.id != proposal.id:
        show(edges, before.id)
    return proposal


def linking(edges: Edges, number: int, issue: Issue, who: str, now: datetime) -> Proposal:
    """Somebody who may not decide says that a cluster is that issue: an approver is asked."""
    store, problem = edges.store, one(edges, number)
    linked = store.issues.linked(problem.number)
    if linked and linked.ref == issue.ref:
        raise Refused(f"Cluster {problem.number} is #{issue.number} already.")
    before = store.proposals.open(problem.number)
    draft = propose.link(issue, edges.policy)
    as_of = store.rounds.read_until() or now
    proposal = store.proposals.add(problem.number, draft, who, now, edges.policy.proposal_lifetime, as_of)
    if before and before.id != proposal.id:
        show(edges, before.id)
    return proposal


def one(edges: Edges, number: int) -> Problem:
    """The problem of that number, or of the cluster that it became part of."""
    known = edges.store.clusters.resolve(number)
    found = edges.store.clusters.problems([known]) if known is not None else []
    if not found:
        raise Refused(f"There is no cluster {number}. `/garden latest` lists those that matter now.")
    return found[0]


# ------------------------------------------------------------------------------------------------ our own silence


def say(edges: Edges, condition: Condition) -> Condition:
    """Says that a condition holds, or that it is over, unless that was said; returns it as told.

    What was over before anybody could hear of it is told once, as such.
    """
    if edges.chat is None or not edges.channel:
        return condition
    now, purpose = edges.clock(), f"condition:{condition.key}:{condition.since.isoformat()}"
    with _turns.take():
        if condition.over is None:
            if condition.told is Told.NOTHING:
                _put(edges, edges.chat, purpose, slack.condition(condition, now), "begun")
            return replace(condition, told=Told.BEGUN)
        _put(edges, edges.chat, f"{purpose}:over", slack.over(condition, now), "over")
        if condition.told is Told.BEGUN:
            _put(edges, edges.chat, purpose, slack.condition(condition, now), "over")
        return replace(condition, told=Told.OVER)


# ------------------------------------------------------------------------------------------------ decisions


def settle(edges: Edges, decision: Decision, groups: frozenset[str]) -> Proposal:
    """A person's word on a proposal is recorded, and the severity that came with it stays the cluster's."""
    shown = edges.store.proposals.get(decision.proposal)

    def then(proposal: Proposal) -> None:
        severity = proposal.draft.severity
        typed = decision.edit.severity if decision.edit else None
        chosen = (
            typed not in (None, shown.draft.severity if shown else None)
            or decision.words.strip().upper() == str(severity)
            or proposal.draft.act is Act.ESCALATE
        )
        _not_taken_back(edges, decision, proposal)
        if decision.verb == "approve" and severity is not None and chosen and proposal.cluster:
            edges.store.clusters.set_severity(proposal.cluster, severity, decision.who, decision.at)

    return pipeline.decide(edges, decision, groups, then)


def _not_taken_back(edges: Edges, decision: Decision, proposal: Proposal) -> None:
    """So that `undo` says what to do instead, and does not take back what was changed before."""
    part = f"; `/garden unlink {proposal.cluster}` parts the cluster from its issue" if proposal.cluster else ""
    instead = {
        "approve": f"what was written stands on the tracker, where it can be closed{part}",
        "reject": phrases.anew(proposal),
    }
    if decision.verb in instead:
        deed = Deed(0, decision.who, decision.at, decision.verb, proposal.cluster, instead[decision.verb])
        edges.store.deeds.add(deed)


def revoke(edges: Edges, number: int, who: str, groups: frozenset[str], now: datetime) -> str:
    """Takes back `approve always` for the issue of a proposal; says what holds now."""
    must_approve(who, edges.policy, groups)
    proposal = edges.store.proposals.get(number)
    issue = (proposal.draft.issue or proposal.issue) if proposal else 0
    if proposal is None or not edges.store.proposals.revoke(proposal.draft.repository, issue, who, now):
        raise Refused("Nothing goes without asking there, so there is nothing to take back.")
    return f"From now on comments on #{issue} wait for an approval again."


def carry_out(edges: Edges, number: int) -> Proposal | None:
    """Files an approved proposal and shows what came of it."""
    filed = pipeline.file(edges, number)
    if filed is not None:
        show(edges, number)
    return filed


def drain(edges: Edges) -> None:
    """Everything that is approved and not filed yet, and everything that expired meanwhile."""
    now = edges.clock()
    for number in edges.store.proposals.due(now):
        pipeline.file(edges, number)
        _show_if_heard(edges, number)
    for number in edges.store.proposals.expire(now):
        _show_if_heard(edges, number)
    for number, place in _unshown(edges, now):
        _show_if_heard(edges, number, place)
    with contextlib.suppress(ChatUnavailable, Forbidden):
        remind(edges, now)
    with contextlib.suppress(Unavailable, Forbidden):  # twins can wait
        for number in pipeline.reconcile(edges, now):
            _show_if_heard(edges, number)


def remind(edges: Edges, now: datetime) -> None:
    """Asks again, below the proposal, whoever said `later` and whose time has come; once."""
    for number, decision, who, at, words in edges.store.proposals.postponed():
        shown = edges.store.messages.find(f"proposal:{number}")
        purpose = f"later:{decision}"
        if shown is None or edges.chat is None or at + spans.span(words) > now or edges.store.messages.find(purpose):
            continue
        with _turns.take():
            message = slack.say(f"{slack.person(who)}, proposal {number} waits for your word: you said later.")
            _put(edges, edges.chat, purpose, message, "", shown.channel, shown.thread or shown.ts)


def _unshown(edges: Edges, now: datetime) -> list[tuple[int, str]]:
    """Proposals of which Slack may not have taken the newest state, with their channel: those that were to be posted,
    and those that were spoken of within the day."""
    messages = edges.store.messages
    found = messages.stranded() + [(m.purpose, m.channel) for m in messages.recent("proposal", now - DAY)]
    return [(number, channel) for purpose, channel in found if (number := number_of(purpose)) is not None]


def _show_if_heard(edges: Edges, number: int, channel: str = "") -> None:
    """One message that cannot be edited now does not keep the others from being filed; the digest catches up on it."""
    with contextlib.suppress(ChatUnavailable, Forbidden):
        show(edges, number, channel=channel)


def standing(edges: Edges, channel: str, thread: str) -> list[tuple[int, Posted]]:
    """The proposals in a thread, with their messages; one that is being posted right now is waited for."""
    with _turns.take():
        found = edges.store.messages.thread(channel, thread)
    return [(number, posted) for posted in found if (number := number_of(posted.purpose)) is not None]


def standing_at(edges: Edges, channel: str, ts: str) -> int | None:
    """The proposal that a message is of; None for any other message."""
    with _turns.take():
        posted = edges.store.messages.at(channel, ts)
    return number_of(posted.purpose) if posted else None


def digest_of(posted: Posted) -> str:
    """Which text of the proposal the message shows."""
    return posted.fingerprint.split(" ", 1)[0]


def number_of(purpose: str) -> int | None:
    """The proposal a message is of."""
    kind, _, number = purpose.partition(":")
    return int(number) if kind == "proposal" and number.isdecimal() else None


def _decided(edges: Edges, number: int) -> tuple[str, str]:
    """Who decided, and with which words."""
    for event in edges.store.history.latest(f"proposal {number}", 20):
        if event.verb in ("approve", "reject"):
            return event.who, event.detail
    return "", ""


def _put(
    edges: Edges, chat: Chat, purpose: str, message: Message, fingerprint: str, channel: str = "", thread: str = ""
) -> Posted:
    """Makes the message of that purpose say this: posted once, edited afterwards, left alone if it says it already.

    Where it is not known whether it was posted, because the answer got lost or the process died, it is looked for
    before it is posted again.
    """
    store = edges.store
    known = store.messages.find(purpose)
    if known and known.fingerprint == fingerprint:
        return known
    if known:
        try:
            chat.update(known.channel, known.ts, message)
        except NotFound:
            known = None
        else:
            posted = replace(known, fingerprint=fingerprint)
    if known is None:
        posted = _post(edges, chat, purpose, message, fingerprint, channel or edges.channel, thread)
    store.messages.remember(posted, edges.clock())
    return posted


def _post(
    edges: Edges, chat: Chat, purpose: str, message: Message, fingerprint: str, place: str, thread: str
) -> Posted:
    store = edges.store
    tried = store.messages.begin(purpose, place, thread, datetime.now(UTC))
    if tried is not None and (ts := chat.find(place, purpose, tried - SKEW, thread)):
        chat.update(place, ts, message)
        return Posted(purpose, place, ts, thread, fingerprint)
    try:
        return Posted(purpose, place, chat.post(place, message, thread, purpose), thread, fingerprint)
    except Forbidden:
        store.messages.drop(purpose)
        raise
