"""`/garden` and its verbs, and the buttons that do the same: looking, asking for a proposal, escalating."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot import pipeline, telling
from bot.errors import Refused
from bot.models import Decision, Message, Problem, Proposal, Severity, Window
from bot.render import slack
from bot.spans import words as span_words
from handlers import grammar, inquiries, replies, tending
from handlers.desk import Asked, Desk
from handlers.grammar import (
    Analyze,
    Ask,
    Check,
    CoverageOf,
    Dashboard,
    Deploys,
    Escalate,
    File,
    Help,
    Latest,
    Link,
    Merge,
    Past,
    Run,
    Search,
    Settings,
    Show,
    Silence,
    Snoozed,
    Split,
    Status,
    Take,
    Trends,
    Undo,
    Unlink,
    Validate,
    Wake,
    WorklogOf,
    Wrong,
)
from handlers.words import Mistake

LATEST = timedelta(hours=24)
"""What `latest` looks back on if no span is given."""
SHOWN = 8
STRANGE = "That button is not one of ours. `/garden latest` shows the problems."


def garden(desk: Desk, asked: Asked) -> None:
    """`/garden`, whatever follows."""
    desk.begins(asked)
    run(desk, asked, grammar.parse(asked.text))


def run(desk: Desk, asked: Asked, command: grammar.Command | Mistake) -> None:
    match command:
        case Latest():
            latest(desk, asked, command)
        case Show():
            show(desk, asked, command)
        case File():
            file(desk, asked, command)
        case Escalate():
            escalate(desk, asked, command)
        case Take():
            tending.take(desk, asked, command)
        case Silence():
            tending.silence(desk, asked, command)
        case Wake():
            tending.wake(desk, asked, command)
        case Snoozed():
            tending.snoozed(desk, asked)
        case Link():
            tending.link(desk, asked, command)
        case Unlink():
            tending.unlink(desk, asked, command)
        case Split():
            tending.split(desk, asked, command)
        case Merge():
            tending.merge(desk, asked, command)
        case Undo():
            tending.undo(desk, asked)
        case Past():
            tending.past(desk, asked, command)
        case Search():
            tending.search(desk, asked, command)
        case Status():
            status(desk, asked, command)
        case Deploys():
            inquiries.deploys(desk, asked, command)
        case Validate():
            inquiries.validate(desk, asked, command)
        case CoverageOf():
            inquiries.coverage(desk, asked, command)
        case WorklogOf():
            inquiries.worklog(desk, asked, command)
        case Ask():
            inquiries.ask(desk, asked, command)
        case Check():
            inquiries.check(desk, asked, command)
        case Trends():
            inquiries.trends(desk, asked, command)
        case Dashboard():
            desk.answer(asked, slack.dashboard(desk.edges.policy.url))
        case Analyze():
            inquiries.analyze(desk, asked, command)
        case Wrong():
            inquiries.wrong(desk, asked, command)
        case Settings():
            tending.settings(desk, asked, command)
        case Run():
            inquiries.run(desk, asked)
        case Help():
            desk.answer(asked, help_page(command.topic))
        case Mistake():
            desk.say(asked, command.answer)


def latest(desk: Desk, asked: Asked, command: Latest, start: int = 0) -> None:
    """The problems that matter now, as the store has them; all of them from a place in the list on."""
    now = desk.now()
    report = pipeline.look(desk.edges, Window(now - (command.since or LATEST), now))
    families = [f for f in report.families if f[0].silence is None and _wanted(f, command)]
    what = [command.service, f"{command.severity} and above" if command.severity else ""]
    what.append(f"last {span_words(command.since)}" if command.since else "")
    said = ", ".join(w for w in what if w)
    if command.all:
        namesake = not command.service and _called_all(families)
        message = slack.listing(report, families, start, said, command.typed, namesake)
    else:
        message = slack.latest(report, families[:SHOWN], max(0, len(families) - SHOWN), said, command.typed)
    desk.answer(asked, message, share=command.share)


def _called_all(families: Sequence[tuple[Problem, ...]]) -> bool:
    """Whether a service has the name that means every problem."""
    return any(p.cluster.service.lower() == grammar.ALL for f in families for p in f)


def _wanted(family: tuple[Problem, ...], command: Latest) -> bool:
    lowest = command.severity or (Severity.P5 if command.all else Severity.P3)
    if min(p.triage.severity for p in family) > lowest:
        return False
    return not command.service or any(_is_of(p, command.service) for p in family)


def _is_of(problem: Problem, service: str) -> bool:
    name = problem.cluster.service.lower()
    return name == service or name.startswith(f"{service}-") or f"-{service}" in name


def show(desk: Desk, asked: Asked, command: Show) -> None:
    """One cluster. Shared answers and those for guests go without the log lines."""
    problem = telling.one(desk.edges, command.cluster)
    evidence = not command.share and desk.may_see_lines(asked)
    desk.answer(asked, slack.detail(problem, desk.now(), evidence=evidence), share=command.share)


def status(desk: Desk, asked: Asked, command: Status) -> None:
    """How the gardener itself is, from the store."""
    store, now = desk.edges.store, desk.now()
    told = slack.status(store.conditions.active(), store.sources.progress(), store.sums.figures(), now)
    desk.answer(asked, told, share=command.share)


def file(desk: Desk, asked: Asked, command: File) -> None:
    """A proposal in the channel; nothing is written before it is approved."""
    desk.must_operate(asked.user)
    reason, proposal = telling.request(desk.edges, command.cluster, asked.user, desk.now())
    if proposal is None:
        desk.answer(asked, slack.sentence(f"Nothing to propose for cluster {command.cluster}. {reason}"))
        return
    telling.show(desk.edges, proposal.id, channel=asked.channel)
    desk.say(asked, f"Proposal {proposal.id} is in the channel. It waits for an approver.")


def escalate(desk: Desk, asked: Asked, command: Escalate) -> None:
    """From an approver the command is the approval; from an operator it is a proposal."""
    desk.must_operate(asked.user)
    now, number = desk.now(), command.cluster or command.issue
    words = f"/garden escalate {'cluster ' if command.cluster else ''}{number} {command.severity} {command.why}".strip()
    if (heard := desk.edges.store.proposals.decided(asked.delivery)) is not None:
        _by_command(desk, asked, heard, words)
        return
    proposal = telling.escalation(
        desk.edges, number, command.severity, command.why, asked.user, now, of_cluster=bool(command.cluster)
    )
    if desk.is_approver(asked.user) and desk.edges.policy.self_approval:
        _by_command(desk, asked, proposal, words)
        return
    telling.show(desk.edges, proposal.id, channel=asked.channel)
    desk.say(asked, f"Proposal {proposal.id} is in the channel. It waits for an approver.")


def _by_command(desk: Desk, asked: Asked, proposal: Proposal, words: str) -> None:
    """An approver's own command approves the text that it resulted in; that text is shown and recorded."""
    decision = Decision(
        proposal=proposal.id, verb="approve", who=asked.user, at=desk.now(), digest=proposal.digest, via=asked.delivery
    )
    settled = telling.settle(desk.edges, decision, desk.groups(asked.user))
    desk.file(settled.id, asked)
    telling.show(desk.edges, settled.id, channel=asked.channel)
    desk.answer(
        asked, slack.sentence(f"Approved by your own word ({words}) as proposal {settled.id}; it is written now.")
    )


# ---------------------------------------------------------------- the buttons that do the same


def show_clicked(desk: Desk, asked: Asked) -> None:
    show(desk, asked, Show(_clicked(asked)))


def file_clicked(desk: Desk, asked: Asked) -> None:
    file(desk, asked, File(_clicked(asked)))


def more_clicked(desk: Desk, asked: Asked) -> None:
    """The next page of a list, for whoever clicked; the button holds what was typed, and the place."""
    start, _, typed = asked.value.partition(" ")
    if not (start.isascii() and start.isdecimal() and len(start) < 7):
        raise Refused(STRANGE)
    match grammar.parse(typed):
        case Latest(all=True) as command:
            latest(desk, asked, command, int(start))
        case Snoozed():
            tending.snoozed(desk, asked, int(start))
        case _:
            raise Refused(STRANGE)


def _clicked(asked: Asked) -> int:
    if not asked.value.isascii() or not asked.value.isdecimal() or len(asked.value) > 9:
        raise Refused(STRANGE)
    return int(asked.value)


# ---------------------------------------------------------------- help


def help_page(topic: str = "") -> Message:
    """The table of verbs, or one row of it."""
    rows = [(v.syntax, v.does, str(v.who), v.examples) for v in grammar.VERBS if topic in ("", v.name)]
    words = [] if topic else [(w.syntax, w.does) for w in replies.WORDS]
    return slack.help_page(rows, words)
