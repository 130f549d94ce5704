"""What is outside, as Protocols: logs, analyst, tracker, chat, the store and the clock.

Steps never see these. The pipeline calls them; `app` and `cli` put the real ones in. Each raises only what
`errors` lists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from bot.models import (
    Analysis,
    Asked,
    Audit,
    Batch,
    Bookmark,
    Case,
    Change,
    Cluster,
    Comment,
    Condition,
    Decision,
    Deed,
    Delivery,
    Deployment,
    Draft,
    Entry,
    Event,
    Ever,
    Figures,
    Harvest,
    Heard,
    Incident,
    Issue,
    Learnt,
    Lesson,
    Mark,
    Message,
    Moment,
    Policy,
    Posted,
    Problem,
    Progress,
    Proposal,
    Quiet,
    Rebuilt,
    Severity,
    Source,
    Spend,
    Spent,
    Stance,
    Stretch,
    Strike,
    Triage,
    Turn,
    View,
    Window,
    Wrong,
)

Clock = Callable[[], datetime]


class Logs(Protocol):
    """Where entries come from. `source` names it; one that is not `lasting` (a file) is read whole each time."""

    source: str
    lasting: bool

    def window(self, cursor: datetime | None, since: timedelta | None) -> Window:
        """What to read now: since the last time, or `since` ago; for a file its span. A source that lasts writes
        down here what it is going to read, so that a kill loses nothing of it."""
        ...

    def read(self, window: Window) -> Iterator[Batch]: ...


class Analyst(Protocol):
    """Writes down cause and impact, without asking anybody. `name` is shown as the source."""

    name: str

    def analyse(self, case: Case) -> Analysis: ...


class Model(Protocol):
    """A model that is asked for cause and impact. What a request can cost is known before it is sent."""

    name: str

    def prepare(self, case: Case) -> Asked:
        """Writes the request down and counts it. Costs nothing."""
        ...

    def ask(self, asked: Asked) -> tuple[Analysis, Spend]:
        """Sends it, once. Whatever it raises says what it cost: nothing, or `spend`."""
        ...


class Tracker(Protocol):
    """Issues. Writes are called once per claim; what was ambiguous is found again by its marker."""

    repository: str

    def changes(self, mark: Mark) -> Iterator[Change]:
        """All that changed since the mark, open and closed, oldest change first; each page with a newer mark.

        Issues come without their comments, which come by themselves.
        """
        ...

    def issue(self, number: int) -> Issue: ...

    def turns(self, number: int) -> tuple[Turn, ...]:
        """What was done with one issue, oldest first: labels, closed, opened again."""
        ...

    def file(self, path: str) -> str:
        """The text of a file of the repository; raises `NotFound`."""
        ...

    def find(self, marker: str, issue: int = 0, since: datetime | None = None) -> Issue | None:
        """The issue that carries the marker in its body, or, where `issue` is given, that issue if it or one of
        its comments carries it. Looks at the newest issues themselves, back to `since`, never only at a search
        index."""
        ...

    def newest(self, since: datetime) -> list[Issue]:
        """Issues made since then, without their comments; from the list itself."""
        ...

    def create(self, draft: Draft, marker: str) -> Issue: ...

    def comment(self, draft: Draft, marker: str) -> Issue:
        """Adds the comment, or edits the one that the draft amends; safe to repeat only after a look."""
        ...

    def edit(self, draft: Draft) -> Issue:
        """Sets the title (if the draft has one), swaps our labels, reopens for `Act.REOPEN`; safe to repeat."""
        ...

    def rewrite(self, comment: Comment, text: str) -> Comment:
        """A comment of ours says this instead; nothing where somebody deleted it. Safe to repeat."""
        ...

    def close_as_duplicate(self, number: int, of: int, marker: str) -> Issue:
        """A twin of ours is closed in favour of the lower number, and says so; safe to repeat."""
        ...


class Chat(Protocol):
    """The team's chat, as far as we write to it."""

    def greet(self) -> str:
        """Who we are there; raises in words where we are not let in."""
        ...

    def post(self, channel: str, message: Message, thread: str = "", purpose: str = "") -> str:
        """Posts and returns the message's id (`ts`). Where it is not known what came of it, `find` tells by the
        purpose."""
        ...

    def find(self, channel: str, purpose: str, since: datetime, thread: str = "") -> str:
        """The id of a message that was posted for the purpose; empty where none stands there."""
        ...

    def shared(self, channel: str) -> bool:
        """Whether people of other companies read along."""
        ...

    def update(self, channel: str, ts: str, message: Message) -> None: ...

    def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Shown to one person only."""
        ...

    def answer(self, address: str, message: Message, *, share: bool = False, instead: bool = False) -> bool:
        """To whoever asked, or to everybody, by the address that came with what they did; False if it is spent.

        `instead`: in the place of what was answered there before.
        """
        ...

    def upload(self, channel: str, name: str, content: bytes, thread: str = "", words: str = "") -> str:
        """Returns the file's id; without a channel nobody is shown it until a message does. `words` say what a picture
        shows."""
        ...

    def remove_file(self, id: str) -> None:
        """Deletes a file of ours that nobody is to see any more."""
        ...

    def open(self, trigger: str, view: View) -> None:
        """Shows somebody a form or a page, within three seconds of what they did."""
        ...

    def publish(self, user: str, view: View) -> None:
        """Makes somebody's home tab say this."""
        ...

    def unfurl(self, channel: str, ts: str, shown: Mapping[str, Message]) -> None:
        """Shows below a message what its links lead to."""
        ...


class People(Protocol):
    """Who somebody in the chat is."""

    def groups(self, user: str, among: Iterable[str]) -> frozenset[str]:
        """Those of the user groups that the person is in."""
        ...

    def full_member(self, user: str) -> bool:
        """Neither guest, nor bot, nor of another company."""
        ...


class Vault(Protocol):
    """Where backups are kept: named objects, each with a generation that changes whenever it is written."""

    where: str
    """As it is shown to people."""

    def names(self, prefix: str = "") -> list[str]:
        """In order of name."""
        ...

    def get(self, name: str) -> tuple[bytes, int] | None:
        """A small object and its generation."""
        ...

    def put(self, name: str, content: bytes, generation: int) -> int:
        """Writes if the object has that generation still (0: if there is none), and returns the new one. Raises
        `Overtaken` where somebody else wrote; what was written, and answered by a failure, is found out."""
        ...

    def save(self, name: str, source: Path) -> None:
        """A new object from a file; safe to repeat with the same file."""
        ...

    def load(self, name: str, target: Path) -> None:
        """Raises `NotFound` where there is none."""
        ...

    def delete(self, name: str) -> None: ...


class Hold(Protocol):
    """What this instance has in its hands: whether it acts, and whether what it did is in the backup."""

    @property
    def standing_by(self) -> bool:
        """Another instance acts; this one only answers."""
        ...

    def safe(self, patience: float) -> None:
        """Returns once everything that matters is in the backup; raises `Unsafe` after so many seconds."""
        ...


# ---------------------------------------------------------------- the store, a noun each


class Rounds(Protocol):
    def begin(self, source: str, window: Window, now: datetime, *, baseline: bool = False) -> int: ...

    def cursor(self, source: str) -> datetime | None: ...

    def unseen(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those never absorbed before, each once."""
        ...

    def unheard(self, quiet: Quiet) -> Quiet:
        """The same, of those that tell of nothing wrong."""
        ...

    def edge(self) -> dict[str, list[Entry]]:
        """Entries of the occurrences that were still open at the end of what was read last, by lane."""
        ...

    def absorb(self, number: int, source: str, harvest: Harvest) -> list[int]:
        """Takes back what was open before, adds the harvest, remembers the entries, moves the cursor: all in
        one transaction. Clusters that changed are marked until a round concludes. Returns those that the harvest's
        entries belong to, without those of what was open before."""
        ...

    def changed(self) -> list[int]:
        """Clusters that were touched since a round last concluded, in order of number."""
        ...

    def touched(self) -> list[Window]:
        """When what changed since a round last concluded happened, in order of time."""
        ...

    def conclude(
        self,
        number: int,
        problems: Sequence[Problem],
        incidents: Sequence[Incident],
        now: datetime,
        note: str = "",
        *,
        withdrawn: Sequence[Incident] = (),
    ) -> None:
        """Keeps what was thought of the problems, and closes the round; one transaction. An incident with an id
        takes the place of the one known under it; the withdrawn ones are gone, and the history says so."""
        ...

    def age(self, now: datetime, archive_after: timedelta = timedelta(0)) -> None:
        """Drops what need not be recognised any more, and keeps old counts by the day and the month; of problems that
        did not happen for the time given (zero: for ever), only what they are recognised by is kept."""
        ...

    def read_until(self) -> datetime | None: ...

    def note(self) -> str:
        """What the newest concluded round could not do; empty where it did everything."""
        ...

    def left(self) -> bool | None:
        """Whether the newest round, which was killed, took stock only; None where the newest came to its end."""
        ...

    def took_stock(self) -> bool:
        """Whether all rounds that came to their end so far were a baseline."""
        ...

    def first(self) -> bool:
        """No round has concluded yet: what is found is the baseline."""
        ...


class Clusters(Protocol):
    def of(self, keys: Sequence[int], times: Sequence[datetime] | None = None) -> dict[int, int]:
        """Entry keys to the numbers of their clusters; healthy entries are left out. Where the times of the entries
        are given, only those hours are looked at: it takes no longer the more is remembered."""
        ...

    def load(self, numbers: Iterable[int], since: datetime | None = None) -> list[Cluster]:
        """With all that was counted of them, or from the day of `since` on, and their newest moments, or those from
        then on; all else is of all time."""
        ...

    def ever(self, numbers: Iterable[int]) -> dict[int, Ever]:
        """Where they were seen in all their time, without reading when."""
        ...

    def moments(self, numbers: Iterable[int]) -> dict[int, list[Moment]]:
        """The newest of all time, in order of time."""
        ...

    def between(self, window: Window) -> list[int]:
        """Numbers of the clusters seen in the window."""
        ...

    def environments(self) -> frozenset[str]:
        """All in which anything was ever seen."""
        ...

    def services(self) -> frozenset[str]:
        """All that ever logged something that was counted."""
        ...

    def busy(self, window: Window) -> list[Window]:
        """When any cluster at all was seen in the window, in order of time and in spans of a bucket at most."""
        ...

    def problems(self, numbers: Iterable[int], known: Iterable[Cluster] = ()) -> list[Problem]:
        """Clusters with the newest triage, match, analysis, audit, proposal and incident of each; those that are
        `known` are not loaded again."""
        ...

    def search(self, words: Sequence[str], limit: int) -> list[int]:
        """Clusters that have all the words in their names, texts or evidence; those seen last come first."""
        ...

    def resolve(self, number: int) -> int | None:
        """The number itself, the lower number whose alias it is, or None."""
        ...

    def set_severity(self, number: int, severity: Severity, who: str, now: datetime) -> None:
        """A person's severity: stays until a person changes it."""
        ...

    def triage(self, number: int) -> Triage | None: ...

    def crowded(self, size: int, services: Iterable[str]) -> dict[str, list[Learnt]]:
        """Those of the services with at least so many signatures of free text, and these."""
        ...

    def unlearnt(self) -> list[Learnt]:
        """Signatures not yet compared with the others of their service and kind, together with those others."""
        ...

    def join(self, groups: Iterable[Collection[str]], known: Iterable[Learnt], now: datetime) -> None:
        """The clusters of the signatures in each group become one, the lower number stays; what is `known` counts
        as compared. One transaction; the same again changes nothing."""
        ...

    def merge(self, one: int, other: int, who: str, now: datetime, why: str = "") -> int:
        """A person says that two are one; for good. Returns the number that stays."""
        ...

    def split(self, number: int, keys: Collection[str], who: str, now: datetime) -> int:
        """A person takes signatures out of a cluster; for good. Returns the number of the cluster they are now."""
        ...


class Incidents(Protocol):
    def between(self, window: Window) -> list[Incident]: ...

    def of(self, clusters: Iterable[int], since: datetime | None = None) -> list[Incident]:
        """All that any of the clusters was ever part of, in order of time; with `since`, of those that ended before it
        only the newest of each."""
        ...


class Deployments(Protocol):
    def between(self, window: Window) -> list[Deployment]: ...


class Analyses(Protocol):
    def latest(self, cluster: int) -> tuple[Analysis, Audit] | None: ...

    def keep(self, analysis: Analysis, audit: Audit) -> None: ...

    def reserve(
        self, at_most: Spend, now: datetime, judge: Callable[[Spent], str], *, round: int = 0
    ) -> tuple[int, str]:
        """Counts a request at the most it can cost, before it is sent, unless `judge`, asked in the same transaction,
        gives a reason not to. Returns the bill's number, or 0 and that reason. `round` is 0 where a person asks."""
        ...

    def settle(self, bill: int, spend: Spend) -> None:
        """What the request did cost. A bill that is never settled stays counted at its most."""
        ...

    def bills(self, since: datetime) -> list[Spend]:
        """Every request since then, the oldest first."""
        ...


class Causes(Protocol):
    """What people said of causes: wrong, or confirmed."""

    def mark(self, wrong: Wrong) -> None:
        """Kept for good, with a line in the history."""
        ...

    def wrong(self, cluster: int) -> list[Wrong]:
        """The newest first."""
        ...

    def learn(self, lesson: Lesson) -> None:
        """Kept once for each issue."""
        ...

    def lessons(self, cluster: int) -> list[Lesson]:
        """The newest first."""
        ...

    def closed(self, repository: str, since: datetime, limit: int = 100) -> list[tuple[int, Issue]]:
        """Clusters with their issues that were closed as completed, and of which nothing was learnt yet; those that
        changed, or were linked, since then."""
        ...

    def tally(self) -> list[tuple[str, int, int]]:
        """By source: clusters for which it had a cause, and those of them whose cause people marked as wrong."""
        ...


class Issues(Protocol):
    """The local mirror of the tracker."""

    def put(self, issues: Iterable[Issue]) -> int: ...

    def mark(self, repository: str) -> Mark:
        """How far the mirror has come."""
        ...

    def take(self, repository: str, changes: Iterable[Change]) -> int:
        """Mirrors what changed, page by page, each together with how far that is; returns how many issues."""
        ...

    def get(self, repository: str, number: int) -> Issue | None: ...

    def search(self, repository: str, words: str, limit: int = 20) -> list[Issue]: ...

    def marked(self, repository: str, cluster: int) -> Issue | None:
        """The lowest-numbered mirrored issue whose body carries one of our markers for the cluster."""
        ...

    def comments(self, repository: str, number: int) -> list[Comment]:
        """The mirrored comments of an issue, in the order in which they were written."""
        ...

    def rebuild(self, repository: str, now: datetime) -> Rebuilt:
        """The mapping from the markers, for clusters that have none; says what could not be told."""
        ...

    def twins(self, repository: str, marker: str) -> list[Issue]:
        """Mirrored issues whose markers name the same signature, in order of number."""
        ...

    def quiet(self, repository: str, before: datetime) -> list[int]:
        """Clusters that belong to an open issue and were not seen since then."""
        ...

    def keep_file(self, repository: str, path: str, body: str, now: datetime) -> None: ...

    def file(self, repository: str, path: str) -> tuple[str, datetime] | None:
        """A file of the repository as it was read last, and when."""
        ...

    def link(self, cluster: int, issue: Issue, who: str, now: datetime) -> None: ...

    def linked(self, cluster: int) -> Issue | None: ...

    def unlink(self, cluster: int, who: str, now: datetime, *, final: bool = True) -> Issue | None:
        """A person says that the cluster is not its issue; if that is final, it is not matched with it again. The
        issue that it was."""
        ...

    def duplicates(self, repository: str) -> list[tuple[int, int]]:
        """Issues of clusters that turned out to be one, of which nobody was asked yet: the other's, and the one that
        stays."""
        ...

    def asked(self, repository: str, number: int) -> None:
        """Somebody was asked whether this one is a duplicate, or there is nothing to ask."""
        ...

    def unlinked(self, cluster: int) -> list[tuple[str, int]]:
        """The issues, by repository and number, that a person said the cluster is not."""
        ...

    def holders(self, repository: str, number: int) -> list[int]:
        """The clusters that belong to the issue, in order of number."""
        ...


class Proposals(Protocol):
    def open(self, cluster: int) -> Proposal | None: ...

    def creating(self) -> list[Proposal]:
        """Those that will make a new issue if nobody objects, the oldest first."""
        ...

    def add(
        self, cluster: int, draft: Draft, made_by: str, now: datetime, lifetime: timedelta, as_of: datetime
    ) -> Proposal:
        """Freezes the draft. An open proposal of the same cluster is superseded; an equal one is returned."""
        ...

    def waiting(self) -> list[Proposal]:
        """Those that nobody decided on yet, the oldest first, a bounded number."""
        ...

    def get(self, number: int) -> Proposal | None: ...

    def decided(self, via: str) -> Proposal | None:
        """The proposal that a decision by this delivery was about."""
        ...

    def decide(self, decision: Decision, draft: Draft | None = None) -> Proposal:
        """Open to approved or rejected, exactly once; `draft` replaces the text where the approval changes it.
        Raises `Refused`, saying what happened meanwhile, where the proposal is not open any more."""
        ...

    def claim(self, number: int, worker: str, now: datetime, lease: timedelta) -> Proposal | None:
        """Approved to filing. One winner; a claim whose lease ran out can be taken over."""
        ...

    def finish(self, number: int, worker: str, issue: Issue, now: datetime) -> Proposal:
        """Filing to filed; links the cluster to the issue and mirrors the issue."""
        ...

    def renew(self, number: int, worker: str, now: datetime, lease: timedelta) -> bool:
        """Whether the claim is still the worker's; it then holds for another lease."""
        ...

    def release(
        self, number: int, worker: str, why: str, now: datetime, *, final: bool, retry_at: datetime | None = None
    ) -> Proposal:
        """Filing back to approved (to be tried again after a pause, not before `retry_at`), or to failed."""
        ...

    def withdraw(self, cluster: int, why: str, now: datetime) -> Proposal | None:
        """The open proposal of the cluster is superseded by nothing, and says why."""
        ...

    def reconciled(self, number: int, issue: Issue, now: datetime) -> Proposal:
        """What was filed turned out to be a twin: the lower issue is the one."""
        ...

    def filed_since(self, since: datetime) -> list[Proposal]:
        """Proposals that became issues or comments since then."""
        ...

    def allow(self, repository: str, issue: int, who: str, now: datetime) -> None:
        """Later "still happening" comments on that issue go without asking."""
        ...

    def revoke(self, repository: str, issue: int, who: str, now: datetime) -> bool: ...

    def allowed(self, repository: str, issue: int) -> str:
        """Who allowed that; empty where nobody did."""
        ...

    def postponed(self) -> list[tuple[int, int, str, datetime, str]]:
        """Open proposals of which the last word was `later`: proposal, decision, who, when, and for how long."""
        ...

    def due(self, now: datetime) -> list[int]:
        """Approved, or claimed by somebody whose lease ran out."""
        ...

    def expire(self, now: datetime) -> list[int]: ...


class Messages(Protocol):
    """Messages of ours that stand in the chat, or were to be posted there."""

    def find(self, purpose: str) -> Posted | None: ...

    def begin(self, purpose: str, channel: str, thread: str, now: datetime) -> datetime | None:
        """It is about to be posted. When that was tried before, and nobody knows what came of it; else None."""
        ...

    def drop(self, purpose: str) -> None:
        """It was certainly not posted."""
        ...

    def at(self, channel: str, ts: str) -> Posted | None: ...

    def thread(self, channel: str, ts: str) -> list[Posted]:
        """The message itself, if it is ours, and ours below it, in the order in which they were posted."""
        ...

    def remember(self, posted: Posted, now: datetime) -> None: ...

    def stranded(self) -> list[tuple[str, str]]:
        """Purpose and channel of what was to be posted, and is not known to stand there."""
        ...

    def recent(self, kind: str, since: datetime) -> list[Posted]:
        """Those of a kind of purpose that changed since, the oldest first."""
        ...


class Deliveries(Protocol):
    """What came from the chat, and how far it got."""

    def begin(self, delivery: Delivery, life: str, now: datetime) -> Delivery | None:
        """What is to be done, with the answer that is there already; None for what is done, or being done in this
        life. `life` is a start of the process."""
        ...

    def undone(self, id: str) -> Delivery | None:
        """As it stands, unless it is done by now."""
        ...

    def keep(self, id: str, answer: Message) -> None:
        """Its change is made, in the same transaction, and this is what is to be said of it."""
        ...

    def done(self, id: str, now: datetime) -> None: ...

    def unfinished(self, life: str, since: datetime) -> list[Delivery]:
        """What was begun and did not come to its end, the oldest first; from now on it is this life's."""
        ...


class Channels(Protocol):
    """Channels: what was said there about themselves, and what they were told last."""

    def wishes(self) -> dict[str, dict[str, str]]:
        """What was said in each channel, by the name of the setting."""
        ...

    def wish(self, channel: str, name: str, value: str | None, who: str, now: datetime) -> str | None:
        """From now on the channel has it so; None takes it back. What it was before."""
        ...

    def heard(self, channel: str) -> Heard | None: ...

    def hears(self, channel: str, heard: Heard) -> None: ...


class Stances(Protocol):
    """What people say of clusters."""

    def say(self, stance: Stance) -> tuple[Stance, tuple[int, ...]]:
        """From now on this holds; returned with the ids of what held before in its place. A cluster has one owner
        and one silence."""
        ...

    def of(self, clusters: Sequence[int]) -> list[Stance]:
        """What holds."""
        ...

    def silent(self) -> list[Stance]: ...

    def owned(self, whom: str) -> list[Stance]: ...

    def end(self, ids: Sequence[int], who: str, why: str, now: datetime) -> None: ...

    def resume(self, ids: Sequence[int], who: str, why: str, now: datetime) -> None:
        """What had ended holds again, unless something took its place meanwhile."""
        ...


class Deeds(Protocol):
    """What people changed, and how to take it back."""

    def add(self, deed: Deed) -> None: ...

    def last(self, who: str) -> Deed | None:
        """A person's newest change that was not taken back."""
        ...

    def undone(self, deed: Deed, now: datetime) -> bool:
        """False for one that was taken back before."""
        ...


class Conditions(Protocol):
    """In which ways we went silent, what was said of it, and what fails outside. Kept even while the disk is full."""

    def open(self) -> list[Condition]:
        """Those of which not all was told yet, in the order in which they began."""
        ...

    def active(self) -> list[Condition]: ...

    def put(self, condition: Condition) -> None: ...

    def count(self, key: str, since: datetime) -> int:
        """How often it began since then."""
        ...

    def strikes(self) -> list[Strike]: ...

    def strike(self, part: str, words: str, now: datetime) -> None:
        """It failed once more."""
        ...

    def well(self, part: str) -> None:
        """It works."""
        ...

    def rhythm(self) -> Mapping[str, Mapping[int, int]]:
        """How many entries each source had in each hour since 1970, for some weeks."""
        ...

    def beat(self, now: datetime) -> None:
        """Writes something, to see whether that can be done; what waited meanwhile comes along."""
        ...

    def set_aside(self) -> None:
        """Takes the little room that is needed once there is none."""
        ...


class Sums(Protocol):
    def figures(self) -> Figures: ...


class History(Protocol):
    def add(self, event: Event) -> None: ...

    def latest(self, subject: str = "", limit: int = 50) -> list[Event]: ...


class Sources(Protocol):
    """How far each source was read, what is still to be read of it, and what is wrong with it."""

    def get(self, name: str) -> Source | None: ...

    def all(self) -> list[Source]:
        """Those that are read now."""
        ...

    def begun(self) -> bool:
        """Whether any source was ever asked."""
        ...

    def expect(self, names: Collection[str]) -> None:
        """These are the sources from now on."""
        ...

    def pending(self, name: str) -> list[Stretch]:
        """What is still to be read, in order of time."""
        ...

    def plan(self, name: str, stretches: Sequence[Stretch], asked_until: datetime | None = None) -> None:
        """Writes down what is to be read. `asked_until` is given where the news begin anew."""
        ...

    def advance(self, mark: Bookmark) -> None:
        """Crosses out what was read."""
        ...

    def behind(self, *, past: bool | None = None) -> bool:
        """Whether something is to be read that could be read at once; of the past, or apart from it, if asked."""
        ...

    def progress(self) -> list[Progress]:
        """How far each was read, and why no further."""
        ...

    def too_late(self, since: datetime) -> int:
        """Entries that came since then, and too late to be counted."""
        ...

    def failed(self, name: str, error: str, words: str, now: datetime) -> None: ...


class Place(Protocol):
    """A place in the quota, or, without a number, how long to wait before asking again."""

    @property
    def number(self) -> int | None: ...
    @property
    def wait(self) -> timedelta: ...


class Quota(Protocol):
    """Pages of logs that may be asked for in a minute, shared by `rounds`, `inquiries` and `people`."""

    def take(self, project: str, use: str, now: datetime, patience: timedelta) -> Place: ...

    def give_back(self, number: int, now: datetime) -> None: ...


class Store(Protocol):
    @property
    def rounds(self) -> Rounds: ...
    @property
    def clusters(self) -> Clusters: ...
    @property
    def incidents(self) -> Incidents: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def analyses(self) -> Analyses: ...
    @property
    def causes(self) -> Causes: ...
    @property
    def issues(self) -> Issues: ...
    @property
    def proposals(self) -> Proposals: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def stances(self) -> Stances: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def deeds(self) -> Deeds: ...
    @property
    def history(self) -> History: ...
    @property
    def conditions(self) -> Conditions: ...
    @property
    def sums(self) -> Sums: ...
    @property
    def sources(self) -> Sources: ...
    @property
    def quota(self) -> Quota: ...

    def together(self) -> AbstractContextManager[object]:
        """All that is changed within, or nothing of it."""
        ...

    @property
    def secret(self) -> bytes:
        """The key of this installation, made once, for hashes that are counted and never shown."""
        ...


@dataclass(frozen=True, slots=True)
class Edges:
    """All that a round or a decision touches, put together once by `app` or `cli`."""

    logs: Logs
    analyst: Model | None
    """The model; None where there is no key."""
    patterns: Analyst
    """The pattern table, which always works."""
    tracker: Tracker
    store: Store
    clock: Clock
    policy: Policy
    chat: Chat | None = None
    channel: str = ""
    worker: str = "gardener"
    wall: Clock | None = None
    """The time for what costs money, where `clock` stands still at the end of a file."""
    hold: Hold | None = None
    """The backup that a claim has to be in before what is claimed is written; None where there is none."""
    zone: tzinfo = UTC
    """Of a digest's day and hour, in a channel that has none of its own."""
