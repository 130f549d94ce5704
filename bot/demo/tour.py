"""The demo in a terminal: a made-up company's week, from its logs to an approved issue, on embedded parts.

Nothing here is played back: the rounds, the proposal, the approval and the issue are made by the same code that
`garden serve` runs, with the pattern table for Claude, a tracker in SQLite for GitHub, and a file for the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.demo.replay import Replay
from bot.demo.week import END, REPOSITORY, issues, week
from bot.errors import Refused
from bot.models import Act, CriticalPath, Decision, Policy, Problem, Raw, Report, Stage, Window
from bot.ports import Edges
from bot.render import terminal
from bot.render.escape import plain
from bot.steps.digest import digest
from bot.trackers.local import LocalTracker
from store import open_store

BASELINE = timedelta(days=2)
STEP = timedelta(hours=6)
APPROVER = "U0APPROVER"
POLICY = Policy(
    repository=REPOSITORY,
    approvers=frozenset({APPROVER}),
    critical_paths=(CriticalPath("Buying a ticket", "all revenue", services=("checkout-api",), routes=("/orders",)),),
)


SHOWN = 24
"""Lines of the proposal's text that are shown."""


YEAR = timedelta(days=365)


def tour(*, width: int, color: bool) -> Iterator[str]:
    """The demo, piece by piece, each ready to be printed."""
    with TemporaryDirectory(prefix="garden-demo-") as folder:
        path = str(Path(folder) / "demo.db")
        with open_store(path) as store:
            tracker = LocalTracker(path, REPOSITORY, clock=lambda: END)
            tracker.adopt(issues())
            entries = list(week())
            edges = Edges(Replay(entries), None, Patterns(), tracker, store, lambda: END, POLICY)
            yield from _walk(entries, edges, width=width, color=color)
            tracker.shut()


def _walk(entries: Sequence[Raw], edges: Edges, *, width: int, color: bool) -> Iterator[str]:
    yield _heading(1, "A week of logs becomes a short list of problems", width)
    yield (
        f"{len(entries):,} log entries of a made-up ticketing company: four services, two environments.\n"
        "Two days are the baseline; the rest is read in rounds of six hours, as the bot would.\n"
    )
    replay(entries, edges)
    end = edges.clock()
    whole = replace(pipeline.look(edges, Window(end - timedelta(days=7), end)), source="the demo", entries=len(entries))
    shown = digest(whole, "demo", end.date())
    report = _only(whole, shown.shown)
    yield terminal.show_report(report, width=width, color=color)
    more = len(whole.problems) - len(report.problems)
    yield f"\nAnd {more} lesser problems of {len(whole.problems)}; the bot's worklog has them all.\n" if more else ""

    waiting = [p for p in report.problems if p.proposal and p.proposal.stage is Stage.OPEN]
    if waiting:
        yield _heading(2, "A person approves an issue", width)
        yield from _approve(edges, min(waiting, key=_telling))

    yield _heading(3, "Reading the same logs again changes nothing", width)
    before = len(edges.tracker.newest(end - YEAR))
    again = replay(entries, edges)
    after = len(edges.tracker.newest(end - YEAR))
    yield f"{again.new_entries} new entries, {after - before} new issues, nothing posted.\n"

    yield _heading(4, "With your own logs", width)
    yield (
        "    gcloud logging read 'resource.type=cloud_run_revision' --freshness=1d --format=json > logs.json\n"
        "    garden cluster logs.json           group them, keep nothing\n"
        "    garden round --logs logs.json      keep them, explain them; from the second on, propose issues\n"
        "    garden worklog                     the whole document, as Markdown\n"
        "    garden doctor                      what is still to be set up for Slack, GitHub, Google and Claude\n"
    )


def _only(report: Report, roots: Sequence[int]) -> Report:
    """The report with the families of these problems, and nothing else."""
    kept = {p.number for family in report.families if family[0].number in roots for p in family}
    return replace(report, problems=tuple(p for p in report.problems if p.number in kept))


def _telling(problem: Problem) -> tuple[bool, bool, str, int]:
    """What shows most comes first: a new issue for the root of an incident, the worst, the most frequent."""
    creates = problem.proposal is not None and problem.proposal.draft.act is Act.CREATE
    return (not creates, problem.incident is None, problem.triage.severity, -problem.cluster.entries)


def _heading(step: int, words: str, width: int) -> str:
    return f"\n== {step}. {words} ".ljust(width - 1, "=") + "\n"


def _approve(edges: Edges, problem: Problem) -> Iterator[str]:
    """Shows the frozen text, lets somebody who may not and then somebody who may approve it, and files it."""
    proposal = problem.proposal
    if proposal is None:
        return
    draft, now = proposal.draft, edges.clock()
    target = f"issue #{draft.issue}" if draft.issue else f"a new issue in {draft.repository}"
    text = (draft.body or draft.comment).splitlines()
    yield f"Proposal {proposal.id} for cluster {problem.number}: {draft.act} {target}\n\n"
    yield f"    {plain(draft.title)}\n" if draft.title else ""
    yield f"    labels: {plain(', '.join(draft.labels))}\n" if draft.labels else ""
    yield "".join(f"    | {plain(line)}\n" for line in text[:SHOWN])
    yield f"    | ... and {len(text) - SHOWN} more lines\n" if len(text) > SHOWN else ""

    yield "\nIn the thread, a passer-by replies:  approve\n"
    try:
        pipeline.decide(edges, Decision(proposal.id, "approve", "U0PASSERBY", now, proposal.digest, "demo-1"))
    except Refused as refused:
        yield f"    {refused.user_message}\n"
    yield "An approver replies:  approve\n"
    pipeline.decide(edges, Decision(proposal.id, "approve", APPROVER, now, proposal.digest, "demo-2"))
    filed = pipeline.file(edges, proposal.id)
    if filed:
        yield f"    {filed.stage}: {filed.url}\n"
    yield "The same reply arrives a second time:\n"
    try:
        pipeline.decide(edges, Decision(proposal.id, "approve", APPROVER, now, proposal.digest, "demo-3"))
    except Refused as refused:
        yield f"    {refused.user_message}\n"


def replay(entries: Sequence[Raw], edges: Edges) -> Report:
    """The whole week in rounds: a baseline of two days, then a round every few hours; what the last one came to."""
    border = datetime.fromisoformat(entries[0]["timestamp"]) + BASELINE
    pieces: list[list[Raw]] = [[]]
    for raw in entries:
        while datetime.fromisoformat(raw["timestamp"]) >= border:
            pieces.append([])
            border += STEP
        pieces[-1].append(raw)
    for piece in filter(None, pieces):
        logs = Replay(piece)
        report = pipeline.round(replace(edges, logs=logs, clock=logs.now))
    return report
