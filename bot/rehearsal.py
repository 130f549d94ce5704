"""`garden doctor --live`: a whole small round against the real services, in a thread of its own, and cleaned up after.

Nothing of it touches the bot's database, or what it has said before: it has a store of its own, its messages have no
buttons, and all of them are deleted at the end, however that comes. Without leave to write, the repository is only
read; what is filed for show is kept in memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

from bot import edges as parts
from bot import kinds, pipeline, telling
from bot.doctor import Check, check
from bot.errors import Forbidden, GardenError, NotFound, Refused
from bot.logs.files import FileLogs
from bot.models import Act, Condition, Decision, Draft, Message, Proposal, Report, Told, View
from bot.ports import Edges
from bot.render import markdown, slack
from bot.settings import Settings
from bot.slack import SlackChat
from bot.steps.worklog import worklog
from bot.trackers.local import LocalTracker
from store import open_store

SPAN = timedelta(minutes=30)
"""How much of the logs is read."""
DOLLARS = 0.10
"""What the model may cost at most."""
WHO = "gardener"
SERVICE = "rehearsal-of-log-gardener"
TITLE = "Test of Log Gardener, please ignore"


@dataclass
class Aside:
    """The chat of `bot.ports`, in one thread; without buttons, for what is pressed there would mean something else."""

    chat: SlackChat
    channel: str
    thread: str = ""
    posted: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def greet(self) -> str:
        return self.chat.greet()

    def post(self, channel: str, message: Message, thread: str = "", purpose: str = "") -> str:
        ts = self.chat.post(self.channel, _without_buttons(message), self.thread)
        self.posted.append(ts)
        return ts

    def find(self, channel: str, purpose: str, since: datetime, thread: str = "") -> str:
        return ""

    def shared(self, channel: str) -> bool:
        return self.chat.shared(self.channel)

    def update(self, channel: str, ts: str, message: Message) -> None:
        self.chat.update(self.channel, ts, _without_buttons(message))

    def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        self.post(channel, message)

    def answer(self, address: str, message: Message, *, share: bool = False, instead: bool = False) -> bool:
        return False

    def upload(self, channel: str, name: str, content: bytes, thread: str = "", words: str = "") -> str:
        id = self.chat.upload(self.channel if channel else "", name, content, self.thread if channel else "", words)
        self.files.append(id)
        return id

    def remove_file(self, id: str) -> None:
        """All of them are removed at the end."""

    def open(self, trigger: str, view: View) -> None:
        """Nobody clicked, so there is nobody to show a form to."""

    def publish(self, user: str, view: View) -> None:
        """Nobody's home is touched."""

    def unfurl(self, channel: str, ts: str, shown: Mapping[str, Message]) -> None:
        """Nobody posted a link."""

    def clean(self) -> list[str]:
        """Removes everything, the newest first; returns what could not be removed, in words."""
        left = [_gone(f"file {id}", self.chat.remove_file, id) for id in reversed(self.files)]
        posted = {*self.posted, *self._shown()}
        left += [
            _gone(f"message {ts}", lambda ts: self.chat.remove(self.channel, ts), ts)
            for ts in sorted(posted, reverse=True)
        ]
        return [words for words in left if words]

    def _shown(self) -> list[str]:
        """Also messages that a file was shown with."""
        try:
            return self.chat.ours(self.channel, self.thread) if self.thread else []
        except GardenError:
            return []


def _gone(what: str, remove: Callable[[str], None], id: str) -> str:
    try:
        remove(id)
    except NotFound:
        return ""
    except GardenError as error:
        return f"{what} ({error.user_message.rstrip('.')})"
    return ""


def _without_buttons(message: Message) -> Message:
    return replace(message, blocks=tuple(b for b in message.blocks if b.get("type") != "actions"))


def rehearse(settings: Settings, *, write: bool = False, chat: SlackChat | None = None) -> Iterator[Check]:
    """One check after the other, as they come. What is left behind is named at the end."""
    yield from _rehearsed(settings, Aside(chat or parts.chat(settings), settings.channel), write)


def _rehearsed(settings: Settings, chat: Aside, write: bool) -> Iterator[Check]:
    try:
        yield check("Thread", lambda: _begin(chat))
        if chat.thread:
            with tempfile.TemporaryDirectory(prefix="garden-") as folder:
                yield from _acts(settings, chat, Path(folder), write)
    finally:
        left = chat.clean()
    if left:
        yield Check("Cleaning up", "wrong", f"Please remove by hand what Slack kept: {', '.join(left)}.")
    elif chat.thread:
        yield Check("Cleaning up", "ok", "All messages of the rehearsal are deleted.")


def _begin(chat: Aside) -> str:
    words = "A rehearsal (`garden doctor --live`): messages follow in this thread, and are deleted when it is over."
    chat.thread = chat.post("", slack.sentence(words))
    return "The bot can post in the channel; the rehearsal is in a thread there."


def _acts(settings: Settings, chat: Aside, folder: Path, write: bool) -> Iterator[Check]:
    memory = LocalTracker(":memory:", settings.github_repository or "local/rehearsal")
    with open_store(str(folder / "rehearsal.db")) as store:
        built = parts.build(settings, store, chat=chat)
        policy = replace(built.policy, approvers=frozenset({WHO}), self_approval=True)
        policy = replace(policy, round_budget=min(DOLLARS, policy.round_budget))
        edges = replace(built, policy=policy, tracker=built.tracker if settings.github_repository else memory)

        reports: list[Report] = []
        yield check("Round", lambda: _read(edges, reports))
        yield check("Digest", lambda: _told(telling.tell(edges), "A digest was posted."))
        if reports:
            yield check("File", lambda: _upload(edges, reports[0]))

        proposals: list[Proposal] = []
        aside = replace(edges, tracker=memory, analyst=None)
        yield check("Proposal", lambda: _propose(aside, folder, proposals))
        for proposal in proposals:
            yield check("Refusal", lambda p=proposal: _refuse(aside, p))  # type: ignore[misc] # a default is bound now
            yield check("Views", lambda p=proposal: _views(aside, chat.chat, p))  # type: ignore[misc] # the same
            yield check("Filing", lambda p=proposal: _file(aside, p))  # type: ignore[misc] # the same
            yield check("Messages", lambda p=proposal: _messages(aside, p))  # type: ignore[misc] # the same
        yield check("Silence", lambda: _silence(edges))
        yield check("Error", lambda: _error(edges))
    if settings.github_repository:
        yield (
            check("Writing issues", lambda: _write(settings))
            if write
            else Check(
                "Writing issues", "not set up", "Not tried; `--write` files, comments and closes one test issue."
            )
        )


def _told(posted: object, words: str) -> str:
    if not posted:
        raise GardenError("Nothing was posted, though it should have been. Please report this.")
    return words


def _read(edges: Edges, reports: list[Report]) -> str:
    """The logs, the tracker and the model, for real."""
    report = pipeline.round(edges, SPAN, baseline=True)
    reports.append(report)
    found = f"{report.entries} entries of the last half hour came to {len(report.problems)} problems"
    unasked = {p.analysis.note for p in report.problems if p.analysis and p.analysis.provisional}
    if trouble := [*report.notes, *sorted(unasked)]:
        raise GardenError(f"A round went through: {found}. But: {' '.join(trouble)}")
    return f"A whole round went through: {found}."


def _upload(edges: Edges, report: Report) -> str:
    if edges.chat:
        text = markdown.worklog(worklog(report))
        edges.chat.upload(edges.channel, "rehearsal.md", text.encode("utf-8", "replace"))
    return "A worklog was uploaded."


def _propose(edges: Edges, folder: Path, proposals: list[Proposal]) -> str:
    """Of a made-up failure, so that nobody takes it for a real one."""
    file = folder / "made-up.json"
    file.write_text(json.dumps([_line(edges.clock() - timedelta(minutes=1))]), encoding="utf-8")
    with closing(FileLogs(str(file))) as logs:
        report = pipeline.round(replace(edges, logs=logs), baseline=False)
    number = next((p.number for p in report.problems if p.cluster.service == SERVICE), 0)
    _, proposal = telling.request(edges, number, WHO, edges.clock())
    if proposal is None:
        raise GardenError("A made-up failure gave no proposal. Please report this.")
    proposals.append(proposal)
    return _told(telling.show(edges, proposal.id), "A proposal of a made-up failure was posted.")


def _line(at: datetime) -> dict[str, object]:
    text = (
        'Traceback (most recent call last):\n  File "/srv/rehearsal/main.py", line 1, in <module>\n    import nothing\n'
        "ModuleNotFoundError: No module named 'nothing'"
    )
    labels = {"service_name": SERVICE, "revision_name": f"{SERVICE}-00001-abc", "project_id": "rehearsal"}
    return {
        "insertId": "rehearsal", "logName": "projects/rehearsal/logs/run.googleapis.com%2Fstderr",
        "timestamp": at.isoformat(), "receiveTimestamp": at.isoformat(), "severity": "ERROR", "textPayload": text,
        "resource": {"type": "cloud_run_revision", "labels": labels},
    }  # fmt: skip


def _refuse(edges: Edges, proposal: Proposal) -> str:
    """Somebody who is on no list says approve."""
    try:
        pipeline.decide(edges, Decision(proposal.id, "approve", "nobody", edges.clock(), proposal.digest))
    except Refused as error:
        _say(edges, error.user_message)
        return "Somebody who may not approve was refused."
    raise GardenError("Somebody who may not approve was not refused. Please report this, and stop the bot.")


def _file(edges: Edges, proposal: Proposal) -> str:
    telling.settle(edges, Decision(proposal.id, "approve", WHO, edges.clock(), proposal.digest), frozenset())
    filed = telling.carry_out(edges, proposal.id)
    if filed is None or not filed.issue:
        raise GardenError(f"It was not filed: {filed.note if filed else 'nobody had the claim'}.")
    return "It was approved and filed, in memory only, and its message says so."


def _messages(edges: Edges, proposal: Proposal) -> str:
    """One of each other kind that the bot posts, whispers or answers with."""
    chat, shown = edges.chat, kinds.messages(edges, telling.one(edges, proposal.cluster), WHO)
    if chat is None:
        return ""
    refused = []
    for name, message in shown.items():
        try:
            chat.post(edges.channel, message)
        except Forbidden as error:
            refused.append(f"{name} ({error.user_message})")
    if refused:
        raise GardenError(f"Slack does not take {', '.join(refused)}. Please report this.")
    return f"Slack takes each of these: {', '.join(shown)}."


def _views(edges: Edges, chat: SlackChat, proposal: Proposal) -> str:
    """A form opens upon a click only, and a home tab is somebody's: Slack is asked whether it would take them."""
    shown = kinds.views(edges, telling.one(edges, proposal.cluster), proposal)
    for name, view in shown.items():
        try:
            chat.validate(view, home=name == kinds.HOME)
        except Forbidden as error:
            raise GardenError(f"Slack would not take {name}: {error.user_message}") from error
    return f"Slack's own validator takes each of these, which only a click shows: {', '.join(shown)}."


def _silence(edges: Edges) -> str:
    now = edges.clock()
    what = "This is how I say that I am silent: the rehearsal of a condition, made up."
    begun = telling.say(edges, Condition("rehearsal", now, what, "Nothing is to be done."))
    over = telling.say(edges, replace(begun, over=now + timedelta(minutes=5)))
    return _told(over.told is Told.OVER, "That something is wrong was said, and that it is over.")


def _error(edges: Edges) -> str:
    _say(edges, "That did not work, and it is a bug. The log has it as 00000000. (It is none: this is the rehearsal.)")
    return "This is how an unexpected error looks."


def _say(edges: Edges, words: str) -> None:
    if edges.chat:
        edges.chat.post(edges.channel, slack.sentence(words))


def _write(settings: Settings) -> str:
    """One issue, commented on and closed, whatever goes wrong between."""
    tracker = parts.github(settings)
    mark = f"rehearsal {token_hex(8)}"
    draft = Draft(
        Act.CREATE, tracker.repository, TITLE, "`garden doctor --live --write` tries whether issues can be written."
    )
    issue = tracker.create(draft, mark)
    try:
        comment = replace(draft, act=Act.COMMENT, issue=issue.number, comment="A comment can be written, too.")
        tracker.comment(comment, f"{mark} comment")
    finally:
        tracker.close(issue.number)
    return f"#{issue.number} was filed, commented on and closed. Issues cannot be deleted; it stays, closed."
