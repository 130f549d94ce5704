"""The nouns of the product, as frozen values.

Everything that moves between steps, edges and the store is one of these. They hold data and say simple things
about themselves; they know no database, no Slack and no rendering. Times are aware datetimes in UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from bot.frozen import frozen

Raw = Mapping[str, Any]
"""One log entry as Cloud Logging's JSON has it, before `normalise`."""


class Level(IntEnum):
    """How loud an entry says it is; Cloud Logging's own numbers."""

    DEFAULT = 0
    DEBUG = 100
    INFO = 200
    NOTICE = 300
    WARNING = 400
    ERROR = 500
    CRITICAL = 600
    ALERT = 700
    EMERGENCY = 800


class Form(StrEnum):
    """What sort of entry it is; decided by `normalise`."""

    LINE = "line"
    EXCEPTION = "exception"
    REQUEST = "request"
    PLATFORM = "platform"
    AUDIT = "audit"


class Severity(StrEnum):
    """How urgent a problem is. `P0` sorts first."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"


class Kind(StrEnum):
    """What sort of problem a cluster is; shown beside the severity, never in titles."""

    APPLICATION = "application"
    EXCEPTION = "exception"
    HTTP = "http"
    SECURITY = "security"
    PLATFORM = "platform"
    DEPLOYMENT = "deployment"
    CONFIGURATION = "configuration"
    EXPECTED = "expected"


class Trend(StrEnum):
    NEW = "new"
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    QUIET = "quiet"


# ---------------------------------------------------------------- what was logged


@dataclass(frozen=True, slots=True)
class Site:
    """Where in the code an entry was written or an exception was raised."""

    module: str = ""
    function: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception: its type, its message, and the innermost frame of the application itself."""

    type: str
    message: str = ""
    frame: Site | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The HTTP request an entry is about. `route` is the path with its ids replaced: `/api/messages/{id}`."""

    method: str
    url: str
    route: str
    status: int
    latency: float = 0.0
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A change of a service, read from the audit log."""

    time: datetime
    service: str
    environment: str
    revision: str = ""
    image: str = ""
    who: str = ""
    ok: bool = True
    message: str = ""
    key: int = 0


@frozen
class Entry:
    """One log entry, normalised and redacted.

    `key` is its identity for deduplication (log name, timestamp and insertId hashed to 63 bits); `id` is the
    insertId that people can search for. `user` and `client` are keyed hashes: for counting, never shown.
    """

    id: str
    key: int
    time: datetime
    service: str
    text: str
    level: Level = Level.DEFAULT
    form: Form = Form.LINE
    environment: str = ""
    project: str = ""
    workload: str = ""
    """The name as deployed (`shop-api-staging`), for links; `service` is the name without its environment."""
    revision: str = ""
    instance: str = ""
    log: str = ""
    trace: str = ""
    request_id: str = ""
    user: str = ""
    client: str = ""
    site: Site | None = None
    failure: Failure | None = None
    request: Request | None = None
    deployment: Deployment | None = None
    structured: bool = False
    """It came as a jsonPayload, a request or an audit entry: complete in itself, never a piece of a message."""
    machine: bool = False
    """The user is a service's own identity, and no person."""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """The one order in which entries are looked at, however they arrived."""
        return (self.time, self.id, self.key)

    @property
    def stream(self) -> tuple[str, str, str, str]:
        """Where pieces of one message follow each other."""
        return (self.workload or self.service, self.revision, self.instance, self.log)


Quiet = Mapping[int, Sequence[int]]
"""Keys of entries that are complete in themselves and tell of nothing wrong, by the beginning of their hour in
microseconds: all that is wanted of them is that they were read."""


@dataclass(slots=True)
class Sifted:
    """What became of raw entries: those that tell of something, each once, and the quiet others."""

    entries: list[Entry]
    quiet: Quiet
    services: Counter[str]
    """Of all of them, as often as they stood there."""
    until: datetime | None
    """The newest time of any of them."""

    @property
    def count(self) -> int:
        return self.services.total()


@frozen
class Occurrence:
    """One time that a thing happened: the entries it came as, and what they say together."""

    entries: tuple[Entry, ...]
    text: str
    level: Level
    form: Form
    site: Site | None = None
    failure: Failure | None = None
    request: Request | None = None
    sweep: str = ""
    """A refused request that is one of many that one client tried in one go: `doors`, or `probes` where one of them
    is what scanners ask for. One of several routes that the server failed in one go: `outage`."""

    @property
    def head(self) -> Entry:
        return self.entries[0]

    @property
    def first(self) -> datetime:
        return self.entries[0].time

    @property
    def last(self) -> datetime:
        return self.entries[-1].time

    @property
    def service(self) -> str:
        return self.entries[0].service

    @property
    def environment(self) -> str:
        return self.entries[0].environment

    @property
    def revision(self) -> str:
        return self.entries[0].revision


@dataclass(frozen=True, slots=True)
class Assembled:
    """Occurrences that are complete, and those that may still grow with what is read next."""

    closed: tuple[Occurrence, ...]
    open: tuple[Occurrence, ...]

    @property
    def all(self) -> tuple[Occurrence, ...]:
        return (*self.closed, *self.open)


@dataclass(frozen=True, slots=True)
class Signature:
    """What groups occurrences exactly. `key` is a digest of all that must be equal; the rest says it in words."""

    key: str
    version: int
    service: str
    kind: Kind
    title: str
    template: str
    site: str = ""
    exception: str = ""
    method: str = ""
    route: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """An occurrence and the problem it is one of; `signature` is None for what is no problem."""

    occurrence: Occurrence
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Learnt:
    """A signature that has been seen; `certain` unless all its occurrences may still grow into something else."""

    signature: Signature
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Harvest:
    """All that one batch of entries came to; the store takes it in one transaction.

    `closed` occurrences count for good. `open` ones may still grow: they count too, but are taken back and
    counted anew when the next batch has been read. `rest` are the entries of the open ones, healthy ones
    included, from which they are built again.
    """

    entries: tuple[Entry, ...]
    closed: tuple[Sighting, ...]
    open: tuple[Sighting, ...]
    rest: tuple[Entry, ...]
    deployments: tuple[Deployment, ...]
    read_until: datetime | None
    quiet: Quiet = field(default_factory=dict)
    """Entries that are remembered as read, and of which nothing else is kept."""
    lane: str = ""
    """Where `rest` waits for what follows."""
    mark: Bookmark | None = None


# ---------------------------------------------------------------- what the store keeps of it


BUCKET = timedelta(minutes=5)
"""How long a bucket of `Count` is."""
MOMENTS = 500
"""So many of the newest moments of a problem are kept."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often in one bucket of time, environment and revision."""

    start: datetime
    environment: str
    revision: str
    entries: int
    occurrences: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where one occurrence happened; a bounded number is kept per cluster, for `cascade`."""

    time: datetime
    instance: str = ""
    trace: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Ever:
    """Where a cluster was seen in all its time, for one of which only the newer counts are at hand."""

    environments: tuple[tuple[str, int, int], ...]
    """Each with its entries and occurrences."""
    revisions: tuple[str, ...]
    """In the order of their first bucket."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One problem: everything counted and kept of it so far.

    `number` is what people say. `entries`, `occurrences`, `first_seen` and `last_seen` are over all time;
    `counts` are per bucket, and `ever` says what they come to where the older ones are left out; `evidence` are the
    few entries kept, in order of time.
    """

    number: int
    service: str
    kind: Kind
    title: str
    template: str
    signatures: tuple[Signature, ...]
    entries: int
    occurrences: int
    first_seen: datetime
    last_seen: datetime
    counts: tuple[Count, ...] = ()
    moments: tuple[Moment, ...] = ()
    evidence: tuple[Entry, ...] = ()
    users: int = 0
    clients: int = 0
    level: Level = Level.DEFAULT
    aliases: tuple[int, ...] = ()
    ever: Ever | None = None

    @property
    def environments(self) -> dict[str, tuple[int, int]]:
        """Entries and occurrences per environment."""
        if self.ever is not None:
            return {name: (entries, occurrences) for name, entries, occurrences in self.ever.environments}
        out: dict[str, tuple[int, int]] = {}
        for c in self.counts:
            entries, occurrences = out.get(c.environment, (0, 0))
            out[c.environment] = (entries + c.entries, occurrences + c.occurrences)
        return dict(sorted(out.items()))

    def within(self, window: Window) -> tuple[int, int]:
        """Entries and occurrences in the buckets that the window touches; all of them where it holds all."""
        if window.start <= self.first_seen and self.last_seen <= window.end:
            return (self.entries, self.occurrences)
        touched = [c for c in self.counts if window.start - BUCKET < c.start <= window.end]
        return (sum(c.entries for c in touched), sum(c.occurrences for c in touched))

    @property
    def revisions(self) -> tuple[str, ...]:
        """Revisions that showed it, in the order of their first bucket."""
        if self.ever is not None:
            return self.ever.revisions
        return tuple(dict.fromkeys(c.revision for c in self.counts if c.revision))

    @property
    def signature(self) -> Signature:
        return self.signatures[0]


@dataclass(frozen=True, slots=True)
class Incident:
    """An episode: clusters in a span of time with one cause."""

    id: int
    root: int
    clusters: tuple[int, ...]
    start: datetime
    end: datetime
    reason: str

    @property
    def symptoms(self) -> tuple[int, ...]:
        return tuple(n for n in self.clusters if n != self.root)


@dataclass(frozen=True, slots=True)
class Triage:
    severity: Severity
    category: str
    kind: Kind
    trend: Trend
    reasons: tuple[str, ...]
    by: str = ""
    """The person who set the severity; empty where code did. A person's severity is never overwritten."""
    raised: tuple[str, ...] = ()
    """Those of the reasons that make it as urgent as it is; the others only say what else is known."""

    @property
    def urgent_because(self) -> tuple[str, ...]:
        return self.raised or self.reasons


# ---------------------------------------------------------------- cause, impact and what was checked


class Ground(StrEnum):
    OBSERVATION = "observation"
    INFERENCE = "inference"


class Finding(StrEnum):
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    INFERRED = "inferred"
    STRUCK = "struck out"


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence that can be right or wrong, and what it rests on.

    For an observation `rests_on` are insertIds; for an inference they are the numbers ("1", "3") of the claims
    it follows from. `quote` must stand in one of the entries named.
    """

    text: str
    ground: Ground
    rests_on: tuple[str, ...] = ()
    quote: str = ""


BUDGET = "the model budget for today is used up"
ROUND_BUDGET = "the model budget for this round is used up"
KEPT = "what is left of the model budget for today is kept for people"
BUDGETS = frozenset({BUDGET, ROUND_BUDGET, KEPT})
"""Reasons that money gives for not asking a model."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Root cause and impact of a cluster, as somebody (`source`) wrote it down. Nothing in it is checked yet."""

    cluster: int
    source: str
    """`patterns` or the name of the model."""
    name: str
    cause: str
    technical_impact: str
    business_impact: str
    next_steps: tuple[str, ...]
    claims: tuple[Claim, ...]
    confidence: float = 0.0
    severity: Severity | None = None
    rule: str = ""
    """The deterministic rule that confirms the cause; only the pattern table has such rules."""
    note: str = ""
    """Why this source and not another: "no key", "budget for today is used up"."""
    made_at: datetime | None = None
    fingerprint: str = ""
    """What the evidence looked like; what has not changed in kind since is not analysed again."""
    provisional: bool = False
    """Stands in for a model that could not be reached; asked again when the cluster is next seen."""
    alternatives: tuple[str, ...] = ()
    """Other causes that the evidence does not rule out."""
    severity_reason: str = ""
    """Why `severity`; it is a proposal, code decides."""
    category: str = ""
    category_reason: str = ""
    issues: tuple[int, ...] = ()
    """The issues that it may belong to, the likeliest first, as a model orders them; it can add none."""

    @property
    def unaffordable(self) -> bool:
        """A model was not asked because of what it costs."""
        return self.note in BUDGETS


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim after the audit."""

    claim: Claim
    finding: Finding
    why: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    verdict: Verdict
    rule: str
    claims: tuple[Checked, ...] = ()
    cause: Finding = Finding.UNSUPPORTED
    """Whether the cause may be shown: confirmed (by a rule), inferred, or struck out."""

    def count(self, finding: Finding) -> int:
        return sum(c.finding is finding for c in self.claims)


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens of a model."""

    input: float
    output: float
    cache_write: float
    cache_read: float

    @property
    def dearest_input(self) -> float:
        return max(self.input, self.cache_write, self.cache_read)


@dataclass(frozen=True, slots=True)
class Spend:
    """What one request to a model cost. `dollars` is None where the price is not known."""

    model: str
    input_tokens: int
    output_tokens: int
    dollars: float | None = None
    at_most: float = 0.0
    """What it may have cost, where `dollars` is None."""
    purpose: str = ""
    """What was asked about, or by whom: `cluster 3`, `ask 3 by U1`."""
    note: str = ""
    """Why nothing came of it, where nothing did."""

    @property
    def counted(self) -> float:
        """What counts towards the ceilings: an unknown sum counts as the most that it can be."""
        return self.at_most if self.dollars is None else self.dollars


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts towards the ceilings so far: in 24 hours, how much of that by rounds, and in this round. A request
    that is not settled counts as the most that it can cost."""

    day: float = 0.0
    rounds: float = 0.0
    round: float = 0.0


@dataclass(frozen=True, slots=True)
class Wrong:
    """A person's word that the cause of a cluster is another one."""

    cluster: int
    cause: str
    source: str
    """Who had written the cause down: `patterns` or the name of the model."""
    who: str
    why: str
    at: datetime
    approved: bool = False
    """Whether the audit had approved it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A cause that people confirmed: the issue of the cluster was closed as completed, by a change that is named."""

    cluster: int
    cause: str
    source: str
    issue: str
    """Repository and number: `acme/shop#889`."""
    change: str
    """What closed it: `#901`, or a commit."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """A question about a cluster, its answer as an analysis (the cause is the answer), and what was checked of it."""

    problem: Problem
    question: str
    analysis: Analysis
    audit: Audit
    symptoms: tuple[Cluster, ...] = ()
    """The other clusters of the incident, whose entries the answer may rest on, too."""

    @property
    def by_patterns(self) -> bool:
        """No model answered: these are the log lines that fit."""
        return self.analysis.source == "patterns"


@dataclass(frozen=True, slots=True)
class Case:
    """What an analyst is given: one cluster and what is known around it."""

    problem: Problem
    symptoms: tuple[Cluster, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    critical_paths: tuple[CriticalPath, ...] = ()
    fingerprint: str = ""
    question: str = ""
    """What a person asks about it; the answer is then what the analysis gives as cause."""
    wrong: tuple[str, ...] = ()
    """Causes that people said are wrong, each with their reason."""
    known: tuple[str, ...] = ()
    """Causes that people confirmed for it before."""
    issues: tuple[tuple[int, str], ...] = ()
    """Issues that it may belong to, by number and title, secrets masked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a model, written down and counted, but not sent yet."""

    case: Case
    text: str
    at_most: Spend
    """What it can cost at most, answer included."""


# ---------------------------------------------------------------- the tracker


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of the tracker, with as much of it as matching and regressions need."""

    repository: str
    number: int
    title: str
    body: str = ""
    state: str = "open"
    reason: str = ""
    """Why it is closed: `completed`, `not_planned`, `duplicate`."""
    labels: tuple[str, ...] = ()
    url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    locked: bool = False
    pull_request: bool = False
    merged_at: datetime | None = None
    """When a pull request was merged."""
    comments: tuple[str, ...] = ()
    """The newest of them, in the order in which they were written."""
    severity_by: str = ""
    """The person who set the priority label last; empty where the gardener did, or where it is not known."""
    commit: str = ""
    """The commit that closed it, where one did."""
    pull: int = 0
    """The merged pull request that says that it closes it, where one does."""

    @property
    def closed(self) -> bool:
        return self.state == "closed"

    @property
    def ref(self) -> str:
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    issue: int
    body: str
    author: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was done with an issue: a label set or taken away, closed, opened again."""

    id: int
    issue: int
    what: str
    """`labeled`, `unlabeled`, `closed`, `reopened`."""
    who: str = ""
    person: bool = False
    """Neither the gardener itself nor another bot."""
    at: datetime | None = None
    label: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the mirror of a tracker has come; the tags are the tracker's own names for the state it was in."""

    issues: datetime | None = None
    comments: datetime | None = None
    turn: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A page of what changed in the tracker, and how far the mirror has come with it."""

    mark: Mark
    issues: tuple[Issue, ...] = ()
    comments: tuple[Comment, ...] = ()
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the markers in the tracker told of a lost mapping, and what they could not tell."""

    linked: tuple[tuple[int, int], ...] = ()
    """Clusters and the issues that they belong to again."""
    unseen: tuple[int, ...] = ()
    """Issues of problems that this database has not seen yet; each is linked when its problem is seen."""
    unsigned: tuple[int, ...] = ()
    """Issues whose marker names no signature: whose they are cannot be told."""
    several: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Clusters with more than one open issue; the lowest was taken."""


class Outcome(StrEnum):
    """What the tracker already knows of a cluster."""

    KNOWN = "known"
    """It belongs to an open issue."""
    REGRESSION = "regression"
    """Its issue was closed as completed, and it is here again."""
    COMMENT_ONLY = "comment only"
    """Its issue was closed as not planned: a comment at most."""
    OFFER = "offer"
    """Perhaps one of these; a person picks."""
    NEW = "new"
    SYMPTOM = "symptom"
    """It belongs to the root of its incident and owns no issue."""


@dataclass(frozen=True, slots=True)
class Candidate:
    issue: Issue
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    outcome: Outcome
    reason: str
    issue: Issue | None = None
    candidates: tuple[Candidate, ...] = ()


class Act(StrEnum):
    CREATE = "create"
    COMMENT = "comment"
    ESCALATE = "escalate"
    REOPEN = "reopen"
    LINK = "link"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Draft:
    """The exact text that would be written to the tracker. Frozen when it is shown."""

    act: Act
    repository: str
    title: str = ""
    body: str = ""
    comment: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    issue: int = 0
    amends: int = 0
    """The comment of ours, of the same day, in whose place `comment` is put."""
    severity: Severity | None = None
    reason: str = ""
    cause: str = ""
    """The cause that the text gives, or what else it is about: where that changes, a new proposal is due."""


class Stage(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    APPROVED = "approved"
    FILING = "filing"
    FILED = "filed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft that waits for a person. `cluster` is 0 where it is of an issue alone; `marker` goes into what is
    written, so that it is found again."""

    id: int
    cluster: int
    draft: Draft
    stage: Stage
    marker: str
    digest: str
    """A hash of the draft; an approval names it, so that nothing else is approved."""
    made_at: datetime
    made_by: str
    expires_at: datetime
    as_of: datetime
    issue: int = 0
    url: str = ""
    note: str = ""
    retry_at: datetime | None = None
    """When filing is tried again, where it did not succeed."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an approver wrote into the form before approving; None where the form did not ask for it."""

    title: str | None = None
    severity: Severity | None = None
    labels: tuple[str, ...] | None = None
    text: str | None = None
    """The body of an issue, or the comment."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said to a proposal."""

    proposal: int
    verb: str
    """`approve`, `reject` or `later`."""
    who: str
    at: datetime
    digest: str = ""
    via: str = ""
    """The delivery it came by (event id, trigger id); the same one never counts twice."""
    words: str = ""
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to the chat. `text` alone must read well: notifications and screen readers get only that."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What one person gets besides messages: a form, a page over the conversation, or the home tab."""

    title: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    callback: str = ""
    """Which form it is; empty where nothing is to be sent."""
    submit: str = ""
    metadata: str = ""
    """Comes back with the form."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that came from the chat: who works on it, what was asked, and the answer where it is there already."""

    id: str
    handle: str = ""
    body: str = ""
    answer: Message | None = None
    again: bool = False
    """It was begun before, by a process that is gone."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours that stands in the chat. `fingerprint` tells whether an edit would change anything."""

    purpose: str
    """`digest:C1:2026-01-31`, `proposal:17`, ...: there is at most one message for a purpose."""
    channel: str
    ts: str
    thread: str = ""
    fingerprint: str = ""


# ---------------------------------------------------------------- what becomes of us ourselves


class Told(IntEnum):
    """How much of a condition was said in the channel."""

    NOTHING = 0
    BEGUN = 1
    OVER = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """A way in which the gardener is silent, or will be soon: what happened, since when, and what to do about it."""

    key: str
    """What it is, and of which source: `lag cloud:example-prod`, `disk`."""
    since: datetime
    what: str
    mend: str = ""
    well: datetime | None = None
    """Since when it does not hold any more; it is over when that lasted."""
    over: datetime | None = None
    told: Told = Told.NOTHING

    @property
    def done(self) -> bool:
        return self.over is not None and self.told is Told.OVER

    @property
    def kind(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def of(self) -> str:
        """The source; empty where there is only one such thing."""
        return self.key.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Strike:
    """Something outside (`tracker`, `model`, `chat`, ...) failed so often in a row, since then, and said this last."""

    part: str
    count: int
    since: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source was read, and why no further where that failed."""

    source: str
    read_until: datetime | None
    trouble: str = ""
    denied: bool = False
    """It says no, and will say so again; else it does not answer."""
    since: datetime | None = None
    """Since when it fails."""
    failures: int = 0
    starting: bool = False
    """Stock is still being taken."""
    too_late: int = 0
    """Entries that came later than they are remembered, and were not counted."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over all that is kept, for whoever draws curves of them."""

    rounds: int = 0
    concluded: int = 0
    entries: int = 0
    clusters: int = 0
    proposals: Mapping[str, int] = field(default_factory=dict)
    """By stage."""
    unfiled: int = 0
    """Approved, and not written to the tracker yet."""
    unfiled_since: datetime | None = None
    spent: float = 0.0
    last_round: timedelta | None = None
    """How long the newest concluded round took."""


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history: who did what to what. Only ever added to."""

    at: datetime
    who: str
    verb: str
    subject: str
    detail: str = ""


class Stand(StrEnum):
    """What a person can say of a cluster."""

    TAKEN = "taken"
    SNOOZED = "snoozed"
    EXPECTED = "expected"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Stance:
    """What a person said of a cluster: it holds until somebody takes it back, or what happens ends it."""

    cluster: int
    stand: Stand
    who: str
    at: datetime
    whom: str = ""
    """Who is on it, of `taken`."""
    why: str = ""
    until: datetime | None = None
    peak: int = 0
    """The most occurrences within an hour when it was said; many more than that end a silence."""
    severity: Severity | None = None
    """How urgent it was when it was said; more urgent ends a silence."""
    revisions: tuple[str, ...] = ()
    """Those that had shown it when it was said."""
    later: bool = False
    """Resolved, but only in the next revision."""
    id: int = 0

    @property
    def silences(self) -> bool:
        return self.stand is not Stand.TAKEN


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person changed, and what it takes to take it back."""

    id: int
    who: str
    at: datetime
    verb: str
    cluster: int
    detail: str = ""
    back: Mapping[str, Any] = field(default_factory=dict)
    """Empty where it cannot be taken back; `detail` then says what to do instead."""


# ---------------------------------------------------------------- rounds and what is shown of them


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime

    @property
    def span(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class BadLine:
    """Input that is no log entry: counted, named, skipped."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A piece of what a source reads. Batches come in order of time; inside a batch the order does not matter."""

    entries: Sequence[Raw]
    bad: tuple[BadLine, ...] = ()
    progress: float | None = None
    """How far the source is, from 0 to 1, where it can tell."""
    unread: bool = False
    """The entries are bytes as yet, that are parsed when they are looked at; others may do that."""
    lane: str = ""
    """Batches of one lane follow each other in time; what is still open in one lane waits for the next of it."""
    mark: Bookmark | None = None
    """What a source that lasts has read with this batch; kept together with what came of it."""
    seams: tuple[Window, ...] = ()
    """Where something is still to be read beside what was: what stands there may go on with that, and stays open."""
    notes: tuple[str, ...] = ()
    """What could not be read, in words."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is read of one project. Names may end in `*`; with none of them, everything is read."""

    project: str
    services: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Filters in Cloud Logging's language; what one of them finds is not read."""


class Aim(StrEnum):
    """Why a stretch of logs is read."""

    NEWS = "news"
    """The newest; read first, so that what happens now is told now."""
    LATE = "late"
    """What arrived after its time had been read."""
    GAP = "gap"
    """What was logged while nobody read."""
    FIRST = "first"
    """What the very first round takes stock of."""
    PAST = "past"
    """What was logged before the first round, read on request: all of it is known, none of it alerts."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a source's logs that is to be read. It is kept until it has been, whoever is killed meanwhile."""

    id: int
    source: str
    aim: Aim
    start: datetime
    end: datetime
    at: datetime
    """Up to when it has been read."""
    arrived: datetime | None = None
    """Only what arrived from then on; for `LATE`."""
    token: str = ""
    """Of the next page, for the question in `asked`."""
    asked: str = ""

    @property
    def lane(self) -> str:
        return self.source if self.aim is Aim.NEWS else f"{self.source}#{self.id}"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a stretch has been read; kept in one transaction with what was read."""

    source: str
    stretch: int
    at: datetime
    now: datetime
    token: str = ""
    asked: str = ""
    done: bool = False
    heir: str = ""
    """The lane that takes over what is still open once all was read: that of what follows, or the source's."""
    newest: datetime | None = None
    """The newest entry that was read, by its own time."""
    too_late: tuple[int, ...] = ()
    """Identities of entries that came when it was no longer known what had been counted."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of one source of logs: how far it was read, and what is wrong with it."""

    name: str
    since: datetime | None = None
    """From when on it was read."""
    asked_until: datetime | None = None
    """Up to when it was asked for; some of that may still be to be read (`gaps`)."""
    read_until: datetime | None = None
    """Everything up to then has been read, whether or not anything was logged."""
    checked_at: datetime | None = None
    """When it last answered."""
    last_entry: datetime | None = None
    """The time of the newest entry that it ever gave."""
    error: str = ""
    """What sort of trouble there is: `credentials`, `permission`, `disabled`, `missing`, `question`, `quota`, `slow`
    or `unreachable`; empty where the last question was answered."""
    words: str = ""
    """The same in words that may be shown, with how to mend it."""
    error_since: datetime | None = None
    failures: int = 0
    """Rounds in a row that could not read it."""
    too_late: int = 0
    """Entries that came later than they are remembered, and were not counted."""
    gaps: tuple[Window, ...] = ()
    """What is still to be read, in order of time."""
    starting: bool = False
    """Stock is still being taken: all that is found there is known, and nothing alerts."""

    def lag(self, now: datetime) -> timedelta | None:
        """How far what has been read is behind; None where nothing was read yet."""
        return now - self.read_until if self.read_until else None


@dataclass(frozen=True, slots=True)
class Problem:
    """All that is known of one cluster now: what every page, message and document is rendered from."""

    cluster: Cluster
    triage: Triage
    match: Match | None = None
    analysis: Analysis | None = None
    audit: Audit | None = None
    proposal: Proposal | None = None
    incident: Incident | None = None
    stances: tuple[Stance, ...] = ()
    """What people said of it, and what holds now."""
    wrong: tuple[Wrong, ...] = ()
    """Causes that people said are wrong, the newest first."""
    lessons: tuple[Lesson, ...] = ()
    """Causes that people confirmed, the newest first."""

    @property
    def number(self) -> int:
        return self.cluster.number

    @property
    def owner(self) -> str:
        """Who is on it."""
        return next((s.whom for s in self.stances if s.stand is Stand.TAKEN), "")

    @property
    def silence(self) -> Stance | None:
        """Why it is not shown among what matters now, by a person's word."""
        return next((s for s in self.stances if s.silences), None)

    @property
    def is_symptom(self) -> bool:
        return self.incident is not None and self.incident.root != self.cluster.number

    @property
    def rank(self) -> tuple[Severity, int, int]:
        """The order in which people are shown problems: worst first, then the most frequent, then by number."""
        return (self.triage.severity, -self.cluster.occurrences, self.cluster.number)


@dataclass(frozen=True, slots=True)
class Report:
    """What a round, a day or a window came to. Rendered as text, Markdown, JSON, Slack blocks."""

    window: Window
    read_until: datetime | None
    made_at: datetime
    source: str
    entries: int
    new_entries: int
    problems: tuple[Problem, ...]
    incidents: tuple[Incident, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    bad: tuple[BadLine, ...] = ()
    bad_count: int = 0
    spent: tuple[Spend, ...] = ()
    services: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    members: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    incident_members: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def families(self) -> tuple[tuple[Problem, ...], ...]:
        """All problems, each once: a root followed by its symptoms, or a problem by itself.

        The family with the worst member comes first; among equals what still happens before what has gone quiet, then
        the one that happened most, symptoms included.
        A symptom whose root is not in the report stands by itself. Where two are each other's symptom, in one
        incident this way and in another that way, the worse one leads.
        """
        by_number = {n: p for p in self.problems for n in (*p.cluster.aliases, p.number)}

        def head(problem: Problem) -> Problem:
            path = [problem]
            while path[-1].is_symptom and path[-1].incident is not None:
                root = by_number.get(path[-1].incident.root)
                if root is None or root is path[-1]:
                    break
                if root in path:
                    return min(path[path.index(root) :], key=lambda p: p.rank)
                path.append(root)
            return path[-1]

        found: dict[int, list[Problem]] = {}
        for problem in sorted(self.problems, key=lambda p: p.rank):
            found.setdefault(head(problem).number, []).append(problem)
        families = [tuple(sorted(f, key=lambda p: (p.number != n, p.rank))) for n, f in found.items()]

        def rank(family: tuple[Problem, ...]) -> tuple[Severity, bool, int, int]:
            occurrences = sum(p.cluster.occurrences for p in family)
            quiet = all(p.triage.trend is Trend.QUIET for p in family)
            return (min(p.triage.severity for p in family), quiet, -occurrences, family[0].number)

        return tuple(sorted(families, key=rank))


@dataclass(frozen=True, slots=True)
class Kin:
    """A problem that may be the same as another one, and why."""

    problem: Problem
    why: str


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a channel was told of a problem last; what differs from it is worth a line."""

    severity: Severity
    quiet: bool = False
    silent: str = ""
    owner: str = ""
    issue: int = 0
    state: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel was told last: its problems, which of them were told at once, and how often something changed."""

    glimpses: Mapping[int, Glimpse] = field(default_factory=dict)
    alerted: frozenset[int] = frozenset()
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """The message of a channel and day: its problems worst first, and what changed since it was last shown."""

    channel: str
    day: date
    report: Report
    changes: tuple[str, ...] = ()
    """What is worth a line in its thread."""
    fingerprint: str = ""
    """Equal fingerprints look equal: nothing is posted."""
    shown: tuple[int, ...] = ()
    """The heads of `report.families` that fit, worst first; their symptoms are folded under them."""
    more: int = 0
    """How many families did not fit."""
    silent: int = 0
    """How many families people have silenced."""


# ---------------------------------------------------------------- what the team decided beforehand


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """A way through the product that earns money; from `garden.toml`."""

    name: str
    worth: str = ""
    services: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of the team, and what it is told; from `garden.toml`, and from what was said in the channel."""

    id: str
    services: tuple[str, ...] = ()
    """Patterns; empty: all."""
    kinds: tuple[Kind, ...] = ()
    """Empty: all."""
    severity: Severity = Severity.P5
    """Down to which it is told."""
    alert: Severity = Severity.P0
    """Down to which something new is told at once."""
    notify: str = ""
    """The user group that is called when something is told at once."""
    schedule: str = ""
    """When the day's digest is posted; empty: as everywhere."""
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something that a service should log when it happens; from `garden.toml`."""

    name: str
    words: str
    """Words that stand in the entry or in the name of its cluster."""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a step needs to know of the team's wishes; made by `settings` from the environment and garden.toml."""

    repository: str = ""
    approvers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    environments: Mapping[str, str] = field(default_factory=dict)
    """Pattern in a project or service name to environment, e.g. `*-stg` to `staging`; before the built-in rules."""
    critical_paths: tuple[CriticalPath, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Service to logins who are assigned."""
    rules: int = 0
    """How many rules of the team leave out what is not read."""
    expected: tuple[str, ...] = ()
    """Texts that make a cluster expected behaviour, by the team's own word."""
    channels: tuple[Channel, ...] = ()
    """Channels that are told a part, beside the main one, or the main one with its own wishes."""
    coverage: tuple[Expectation, ...] = ()
    """What the team wants to see logged when it happens."""
    model_services: tuple[str, ...] = ()
    """Services whose entries may be shown to a model (`*` for all). Empty: none."""
    propose_down_to: Severity = Severity.P2
    proposal_lifetime: timedelta = timedelta(days=7)
    archive_after: timedelta = timedelta(days=90)
    """How long after its last occurrence a problem is archived; zero: never."""
    self_approval: bool = True
    url: str = ""
    """The public address of the dashboard."""
    labels: tuple[str, ...] = ("log-gardener",)
    style: Mapping[str, str] = field(default_factory=dict)
    """The team's own templates for what is written to the tracker, by what they replace."""
    quiet_after: timedelta = timedelta(days=7)
    """After so long without it, a word on its open issue is proposed."""
    reopen_within: timedelta = timedelta(days=14)
    """A regression of an issue that was closed no longer ago opens it again; later, a new one is filed."""
    redact_ips: bool = False
    redact_users: bool = False
    round_budget: float = 0.5
    day_budget: float = 5.0
    people_budget: float = 1.0
    """What of the day's budget rounds leave for people."""
