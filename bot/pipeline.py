"""The page to read first: how a round goes, and how a decision is carried out.

A round reads what is new, sorts it into problems, thinks about those that changed, and keeps the result. A
decision is a person's word on a proposal; carrying it out writes to the tracker exactly once. Everything outside
is touched here and nowhere else; the steps are pure.

    round:   logs -> normalise -> redact -> assemble -> cluster -> [store] -> mine -> [store]
             -> cascade -> match -> triage -> analyse -> audit -> propose -> [store] -> digest -> [chat]
    decide:  approve -> [store.claim] -> [tracker] -> [store.finish] -> [chat]

A round may be killed anywhere. Reading is kept batch by batch, each in one transaction with the cursor and the
identities of its entries, so that the next round goes on where this one stopped and counts nothing twice.
Thinking is kept at the end; clusters stay marked as changed until it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from bot.consult import explain
from bot.crew import read, seldom_swept
from bot.errors import Forbidden, GardenError, Refused, Unavailable
from bot.models import (
    Act,
    BadLine,
    Batch,
    Case,
    Change,
    Cluster,
    Decision,
    Deployment,
    Draft,
    Entry,
    Harvest,
    Incident,
    Issue,
    Match,
    Outcome,
    Problem,
    Proposal,
    Quiet,
    Rebuilt,
    Report,
    Sighting,
    Spend,
    Stage,
    Stance,
    Window,
)
from bot.ports import Edges
from bot.steps.analyse import choose, informed, may_be_shown
from bot.steps.approve import ALWAYS, approve
from bot.steps.assemble import assemble
from bot.steps.attend import ended
from bot.steps.audit import audit, disputed
from bot.steps.cascade.rethink import FAR, PAUSE, Rethought, begun, came_alone, joined, reach, rethink, stretch, widened
from bot.steps.cluster import cluster
from bot.steps.learn import lesson
from bot.steps.match import alike, match, referred, reordered, words
from bot.steps.mine import mine
from bot.steps.mine.fold import CAP, counted_as, fold, texts
from bot.steps.propose import AFTER_DEPLOYMENT, Around, duplicate, propose, recovered, same, waits_for, wanted
from bot.steps.reconcile import EARLIER, ECHO, echoes, first, own, twins
from bot.steps.reconcile import marker as twin_marker
from bot.steps.redact import keys_going_on, scrub
from bot.steps.triage import looks_back, triage

NEIGHBOURHOOD = timedelta(hours=2)
"""How far before what was read deployments are looked at, as causes of it."""
DEPLOYED = timedelta(days=60)
"""How far back deployments are looked at to tell whether a revision has the fix of an issue."""
HEARD = timedelta(days=7)
"""How far back it is looked whether what is silent came back: what is older is counted by the day, not by the hour."""
LEARNT = timedelta(days=30)
"""How long after an issue last changed it is looked at for what closed it."""
LASTS = timedelta(minutes=1)
"""How long one occurrence may go on: an incident ends when its last occurrence begins."""
LATE = timedelta(days=2)
"""How long twins are looked for after they may have been written."""
LEASE = timedelta(minutes=5)
"""How long a claim on filing holds before another worker may look whether it happened."""
OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
GARDENER = "gardener"
"""Who it was when no person was."""
PATIENCE = 30.0
"""Seconds that a claim may take to be safe. In another's hands later, it is seen, and looked for before it is filed."""
BAD_KEPT = 20
"""Bad lines that are named; the rest are only counted."""

Progress = Callable[[int, float | None], None]
"""Called with the number of entries read so far, and how far the source is (0 to 1) where it can tell."""


# ------------------------------------------------------------------------------------------------ a round


def round(
    edges: Edges,
    since: timedelta | None = None,
    *,
    think: bool = True,
    members: bool = False,
    baseline: bool | None = None,
    progress: Progress | None = None,
) -> Report:
    """One pass over what is new; returns what the store knows now of every problem that was read of.

    The first round that a store keeps is the baseline: all it finds is known, and nothing is proposed by itself.
    """
    store, now = edges.store, edges.clock()
    window = edges.logs.window(store.rounds.cursor(edges.logs.source), since)
    if baseline is None:
        baseline = store.rounds.first() or any(s.starting for s in store.sources.all())
    make_up(edges, baseline, now)
    number = store.rounds.begin(edges.logs.source, window, now, baseline=baseline)

    with seldom_swept():
        reading = collect(edges, number, window, members=members, progress=progress)
        if think:
            thought = ponder(edges, number, window, now, baseline, progress)
        else:
            thought = sort_out(edges, window, now, baseline)
    thought.problems = attend(edges, thought.problems, now)
    thought.notes = [*reading.notes, *thought.notes]
    if think and not baseline:
        offer(edges, thought.problems, now)
    conclude(edges, number, thought, now)
    if edges.logs.lasting:
        store.rounds.age(now, edges.policy.archive_after)

    return report(edges, window, reading, thought)


def make_up(edges: Edges, baseline: bool, now: datetime) -> None:
    """What a killed round of the other sort had read is thought about as that round would have.

    So what was only taken stock of alerts nobody, and what is new is not taken for known.
    """
    left = edges.store.rounds.left()
    if left is None or left is baseline:
        return
    window = Window(now, now)
    number = edges.store.rounds.begin(edges.logs.source, window, now, baseline=left)
    thought = sort_out(edges, window, now, left) if left else ponder(edges, number, window, now, left)
    if not left:
        thought.problems = attend(edges, thought.problems, now)
        offer(edges, thought.problems, now)
    conclude(edges, number, thought, now)


def backfill(edges: Edges, since: timedelta | None = None, *, progress: Progress | None = None) -> Report:
    """One step of reading what lies before all that was ever read, with `logs` that read that.

    All of it is known: nothing is explained, nothing is proposed, nobody is told.
    """
    return round(edges, since, think=False, baseline=True, progress=progress)


@dataclass(slots=True)
class Reading:
    """What was read in a round, in figures; who is a member of what only if asked for."""

    entries: int = 0
    new: int = 0
    bad: list[BadLine] = field(default_factory=list)
    bad_count: int = 0
    clusters: set[int] = field(default_factory=set)
    services: Counter[str] = field(default_factory=Counter)
    members: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(
    edges: Edges, number: int, window: Window, *, members: bool = False, progress: Progress | None = None
) -> Reading:
    """Reads the window batch by batch; each batch is sorted into problems and kept before the next is read."""
    store, policy = edges.store, edges.policy
    source = edges.logs.source
    lanes = store.rounds.edge()
    reading = Reading()
    for batch, sifted in read(edges.logs.read(window), policy, store.secret):
        fresh, quiet = store.rounds.unseen(sifted.entries), store.rounds.unheard(sifted.quiet)
        new = len(fresh) + sum(map(len, quiet.values()))
        reading.notes += batch.notes
        if batch.mark and not new:
            store.sources.advance(batch.mark)
        else:
            harvest = reap(edges, batch, fresh, quiet, lanes, sifted.until)
            reading.clusters.update(store.rounds.absorb(number, source, harvest))
            learn(edges)
            lanes[batch.lane] = list(harvest.rest)
        if batch.mark and batch.mark.done and batch.lane != batch.mark.heir:
            lanes[batch.mark.heir] = [*lanes.pop(batch.lane, []), *lanes.get(batch.mark.heir, [])]

        reading.entries += sifted.count
        reading.new += new
        reading.bad_count += len(batch.bad)
        reading.bad += batch.bad[: BAD_KEPT - len(reading.bad)]
        again = _others(sifted.entries, fresh)
        reading.clusters.update(store.clusters.of([e.key for e in again], [e.time for e in again]).values())
        reading.services.update(sifted.services)
        if members:
            reading.members += sifted.entries
        if progress:
            progress(reading.entries, batch.progress)
    return reading


def _others(entries: Sequence[Entry], fresh: Sequence[Entry]) -> list[Entry]:
    """Those that were read before."""
    if len(entries) == len(fresh):
        return []
    new = {e.key for e in fresh}
    return [e for e in entries if e.key not in new]


def reap(
    edges: Edges,
    batch: Batch,
    fresh: list[Entry],
    quiet: Quiet,
    lanes: Mapping[str, Sequence[Entry]],
    until: datetime | None,
) -> Harvest:
    """What the entries of a batch come to, with those before them in their lane. Other lanes wait as they are."""
    edge = lanes.get(batch.lane, ())
    telling = keys_going_on(fresh, edge)
    found = assemble([*edge, *telling], until, batch.seams)
    waiting = [o for lane, rest in lanes.items() if lane != batch.lane for o in assemble(rest).all]
    opened = (*found.open, *waiting)
    closed, growing = bounded(edges, cluster(found.closed, edges.policy), cluster(opened, edges.policy))
    return Harvest(
        entries=tuple(telling),
        closed=closed,
        open=growing,
        rest=tuple(e for o in found.open for e in o.entries),
        deployments=tuple(e.deployment for e in telling if e.deployment),
        read_until=until,
        quiet=quiet,
        lane=batch.lane,
        mark=batch.mark,
    )


def bounded(edges: Edges, *batches: Sequence[Sighting]) -> tuple[tuple[Sighting, ...], ...]:
    """Past the cap of texts, what a service writes counts as a template that is known, or as "other lines"."""
    new = texts(*batches)
    instead = fold(new, edges.store.clusters.crowded(CAP - len(new), {s.service for s in new.values()}))
    return tuple(counted_as(batch, instead) for batch in batches)


def learn(edges: Edges) -> None:
    """Signatures that turn out to be one template become one problem; killed before, the next batch finds the same."""
    known = edges.store.clusters.unlearnt()
    if known:
        edges.store.clusters.join(mine(known), known, edges.clock())


@dataclass(slots=True)
class Thought:
    """What a round came to think of the problems that changed."""

    problems: list[Problem]
    incidents: list[Incident]
    withdrawn: list[Incident] = field(default_factory=list)
    spent: list[Spend] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sort_out(edges: Edges, window: Window, now: datetime, baseline: bool) -> Thought:
    """Incidents, matches and severities of what changed: everything that costs nothing.

    What did not change itself is judged again, too, if it plays another part in an incident now. Of what was counted
    long ago only the sums are looked at, but where a closed issue asks on which revisions it was seen since.
    """
    store, policy = edges.store, edges.policy
    changed = {store.clusters.resolve(n) or n for n in store.rounds.changed()}
    if not changed:
        return Thought([], [])

    since = min(window.start, now) - FAR
    rethought, known, since = look_again(edges, since)
    before, after = roles(edges, changed, rethought, since - PAUSE)
    recast = {n for n in before.keys() | after.keys() if _part(n, before.get(n)) != _part(n, after.get(n))}

    problems = []
    environments, services = store.clusters.environments(), store.clusters.services()
    deployments = cache(lambda: store.deployments.between(Window(now - DEPLOYED, now)))
    for c in lately(edges, changed | recast, since, known):
        incident = after.get(c.number)
        matched = _matched(edges, c, incident, rethought, services, deployments)
        previous = store.clusters.triage(c.number)
        judged = triage(c, matched, incident, previous, policy, now, baseline=baseline, read=environments)
        problems.append(Problem(cluster=c, triage=judged, match=matched, incident=incident))
    return Thought(problems, list(rethought.incidents), list(rethought.withdrawn))


def _matched(
    edges: Edges,
    c: Cluster,
    incident: Incident | None,
    rethought: Rethought,
    services: Collection[str],
    deployments: Callable[[], Sequence[Deployment]],
) -> Match:
    """What the tracker knows of it. All its past is read only where the answer hangs on it: where the issue is closed,
    or would be kept by a symptom."""
    store, repository = edges.store, edges.tracker.repository
    linked = store.issues.linked(c.number)
    marked = None if linked else store.issues.marked(repository, c.number)
    candidates = [] if linked else store.issues.search(repository, words(c))
    issues = [*(i for i in (linked, marked) if i), *candidates]
    ruled_out = {*store.issues.unlinked(c.number), *_taken(edges, c.number, incident)}
    related = _related(edges, issues, ruled_out)

    def matched(c: Cluster, deployments: Sequence[Deployment], *, alone: bool) -> Match:
        return match(
            c,
            linked=linked,
            marked=None if marked and (marked.repository, marked.number) in ruled_out else marked,
            candidates=[i for i in candidates if (i.repository, i.number) not in ruled_out],
            incident=incident,
            related=related,
            deployments=deployments,
            alone=alone,
            services=services,
        )

    alone, found = True, matched(c, (), alone=True)
    if incident and incident.root != c.number and found.issue and not (linked or marked):
        alone = _came_alone(edges, c, rethought)
        found = found if alone else matched(c, (), alone=False)
    if found.issue and found.issue.closed:
        (whole,) = (c,) if c.ever is None else store.clusters.load([c.number])
        found = matched(whole, deployments(), alone=alone)
    return found


def _came_alone(edges: Edges, c: Cluster, rethought: Rethought) -> bool:
    gone = {i.id for i in (*rethought.incidents, *rethought.withdrawn)}
    own = [i for i in edges.store.incidents.of([c.number]) if i.id not in gone]
    moments = edges.store.clusters.moments([c.number]).get(c.number, ())
    return came_alone(replace(c, moments=tuple(moments)), [*own, *rethought.incidents])


def lately(edges: Edges, numbers: Iterable[int], since: datetime, known: Iterable[Cluster] = ()) -> list[Cluster]:
    """The clusters, in order of number, with what was counted from `since` on, and only sums of what was before; those
    that are `known` need not be read. How often something started and stopped is told by older moments, too."""
    numbers, clusters = set(numbers), edges.store.clusters
    own = [c for c in known if c.number in numbers]
    own += clusters.load(numbers - {c.number for c in own}, since)
    older = [c for c in own if c.first_seen < since]
    ever = clusters.ever(c.number for c in older)
    stops = clusters.moments(c.number for c in older if looks_back(c))
    full = [replace(c, ever=ever.get(c.number), moments=tuple(stops.get(c.number, c.moments))) for c in own]
    return sorted(full, key=lambda c: c.number)


def _taken(edges: Edges, number: int, incident: Incident | None) -> set[tuple[str, int]]:
    """The issues of the others in an incident: what is only a symptom there stands in them, and is no update."""
    others = [n for n in incident.clusters if n != number] if incident else []
    return {(issue.repository, issue.number) for n in others if (issue := edges.store.issues.linked(n))}


def _related(edges: Edges, issues: Iterable[Issue], ruled_out: Collection[tuple[str, int]]) -> dict[int, Issue]:
    """What closed issues refer to, as the mirror has it."""
    repository, get = edges.tracker.repository, edges.store.issues.get
    return {n: found for n in referred(issues) if (repository, n) not in ruled_out and (found := get(repository, n))}


def look_again(edges: Edges, since: datetime) -> tuple[Rethought, list[Cluster], datetime]:
    """The incidents wherever something new fell into, from all that is known there; and the clusters that were looked
    at, with what was counted from `since` on, or from when it was of account for that, which is returned."""
    store = edges.store
    news = joined(store.rounds.touched(), FAR)
    stretches = joined((stretch(n, store.clusters.busy(widened(n, FAR + PAUSE))) for n in news), timedelta(0))

    numbers = _seen(edges, stretches)
    begin = min((w.start for w in stretches), default=edges.clock()) - FAR
    since = min(since, begin)
    whole = store.clusters.load(numbers, since)
    clusters = [begun(c, begin) for c in whole]
    reached = reach(clusters, stretches)
    whole += store.clusters.load(_seen(edges, reached) - numbers, since)
    clusters += [begun(c, begin) for c in whole[len(clusters) :]]
    known = {i.id: i for w in reached for i in store.incidents.between(widened(w, PAUSE))}
    return rethink(clusters, list(known.values()), stretches, reached, begin), whole, since


def _seen(edges: Edges, windows: Iterable[Window]) -> set[int]:
    return {n for w in windows for n in edges.store.clusters.between(widened(w, PAUSE))}


Parts = dict[int, Incident]
"""The newest incident of each cluster."""


def roles(edges: Edges, changed: Iterable[int], rethought: Rethought, since: datetime) -> tuple[Parts, Parts]:
    """What part the clusters that are concerned have played so far, and what part they play now; what was thought anew
    ended after `since`."""
    concerned = {n for i in (*rethought.incidents, *rethought.withdrawn) for n in i.clusters} | set(changed)
    known = edges.store.incidents.of(concerned, since)
    concerned.update(n for i in known if i.id in {r.id for r in rethought.incidents} for n in i.clusters)
    gone = {i.id for i in (*rethought.incidents, *rethought.withdrawn)}
    now = [*(i for i in known if i.id not in gone), *rethought.incidents]
    return _newest(known, concerned), _newest(now, concerned)


def _newest(incidents: Iterable[Incident], of: Collection[int]) -> Parts:
    ordered = sorted(incidents, key=lambda i: (i.end, i.id == 0, i.id))
    return {n: i for i in ordered for n in i.clusters if n in of}


def _part(number: int, incident: Incident | None) -> tuple[int, frozenset[int], str] | None:
    return (incident.root, frozenset(incident.clusters), incident.reason) if incident else None


def conclude(edges: Edges, number: int, thought: Thought, now: datetime) -> None:
    """Keeps all that a round came to think, in one go."""
    notes = "; ".join(thought.notes)
    edges.store.rounds.conclude(number, thought.problems, thought.incidents, now, notes, withdrawn=thought.withdrawn)


def ponder(
    edges: Edges, number: int, window: Window, now: datetime, baseline: bool, progress: Progress | None = None
) -> Thought:
    """`sort_out`, after a look at the tracker, and then cause and impact of what is new or changed in kind."""
    store = edges.store
    notes = mirror(edges, now)
    remember(edges, now)
    thought = sort_out(edges, window, now, baseline)
    thought.notes = notes

    earlier = {p.number: store.analyses.latest(p.number) for p in thought.problems}
    deployments = store.deployments.between(Window(window.start - NEIGHBOURHOOD, window.end))
    by_number = {p.number: p.cluster for p in thought.problems}
    has_model = edges.analyst is not None
    cases = choose(thought.problems, earlier, deployments, by_number, edges.policy, has_model=has_model)
    cases = _wholly(edges, cases)
    cases = [informed(c, store.causes.wrong(n), store.causes.lessons(n)) for c in cases for n in [c.problem.number]]
    cases = [replace(c, issues=_offered(edges, c.problem.match)) for c in cases]
    known = frozenset(i.number for p in thought.problems if p.match for i in _issues_of(p.match))

    answered, unanswered = False, ""
    for told in explain(edges, cases, number, now):
        if progress:
            progress(len(thought.spent), None)
        if told.provisional:
            unanswered = told.reason
        elif told.spend:
            answered = True
        if told.analysis:
            wrong = store.causes.wrong(told.case.problem.number)
            checked = disputed(told.analysis, audit(told.case, told.analysis, known), wrong)
            store.analyses.keep(told.analysis, checked)
            earlier[told.case.problem.number] = (told.analysis, checked)
        if told.spend:
            thought.spent.append(told.spend)
    if answered:
        store.conditions.well("model")
    elif unanswered:
        store.conditions.strike("model", unanswered, now)
    for index, problem in enumerate(thought.problems):
        analysed, audited = earlier.get(problem.number) or (None, None)
        matched = reordered(problem.match, analysed.issues) if problem.match and analysed else problem.match
        thought.problems[index] = replace(problem, analysis=analysed, audit=audited, match=matched)
    return thought


def _wholly(edges: Edges, cases: Iterable[Case]) -> list[Case]:
    """The cases with all that was ever counted: claims are checked against it."""
    cases = list(cases)
    numbers = {n for c in cases for n in (c.problem.number, *(s.number for s in c.symptoms))}
    clusters, ever = edges.store.clusters, edges.store.clusters.ever(numbers)
    whole = {c.number: replace(c, ever=ever.get(c.number)) for c in clusters.load(numbers)}
    return [
        replace(
            c,
            problem=replace(c.problem, cluster=whole[c.problem.number]),
            symptoms=tuple(whole[s.number] for s in c.symptoms),
        )
        for c in cases
    ]


def _offered(edges: Edges, found: Match | None) -> tuple[tuple[int, str], ...]:
    """What a model may put in order: the issues that a person would be asked about, but for those of services whose
    logs are not released for models.
    """
    candidates = found.candidates if found and found.outcome is Outcome.OFFER else ()
    return tuple((c.issue.number, scrub(c.issue.title, edges.policy)) for c in candidates if _open(edges, c.issue))


def _open(edges: Edges, issue: Issue) -> bool:
    holders = edges.store.clusters.load(edges.store.issues.holders(issue.repository, issue.number), edges.clock())
    return all(may_be_shown(c.service, edges.policy) for c in holders)


def mirror(edges: Edges, now: datetime) -> list[str]:
    """Brings the local copy of the tracker up to date; a round goes on without it, and says so."""
    try:
        known = edges.store.issues.mark(edges.tracker.repository)
        edges.store.issues.take(edges.tracker.repository, edges.tracker.changes(known))
        _owners(edges, now)
        edges.store.conditions.well("tracker")
    except (Unavailable, Forbidden) as error:
        edges.store.conditions.strike("tracker", error.user_message, now)
        return [f"The tracker was not read: {error.user_message}"]
    return []


def remember(edges: Edges, now: datetime) -> None:
    """Causes of problems whose issue was closed by a change are remembered for the next time."""
    causes, repository = edges.store.causes, edges.tracker.repository
    for number, issue in causes.closed(repository, now - LEARNT):
        analysed = edges.store.analyses.latest(number)
        learnt = analysed and lesson(number, issue, *analysed, now)
        if learnt:
            causes.learn(learnt)


def attend(edges: Edges, problems: Sequence[Problem], now: datetime) -> list[Problem]:
    """The problems with what people said of them; what does not fit any more ends, and the history says why."""
    stances = edges.store.stances
    judged = {p.number: p for p in problems}
    holding: dict[int, tuple[Stance, ...]] = {}
    spoken = {s.id: s for s in [*stances.of(list(judged)), *stances.silent()]}.values()
    silent = {s.cluster for s in spoken if s.silences} & judged.keys()
    counted = {c.number: c for c in edges.store.clusters.load(silent, now - HEARD)}
    for said in spoken:
        problem = judged.get(said.cluster)
        why = ended(said, now, counted.get(said.cluster), problem.triage.severity if problem else None)
        if why:
            stances.end([said.id], GARDENER, why, now)
        else:
            holding[said.cluster] = (*holding.get(said.cluster, ()), said)
    return [replace(p, stances=holding.get(p.number, ())) for p in problems]


def rebuild(edges: Edges, now: datetime) -> Rebuilt:
    """Reads the tracker, and makes the mapping anew from the markers in it; raises where it cannot be read."""
    store, repository = edges.store.issues, edges.tracker.repository
    store.take(repository, edges.tracker.changes(store.mark(repository)))
    return store.rebuild(repository, now)


def _owners(edges: Edges, now: datetime) -> None:
    """Who owns which code, by the repository's own file; looked at once a day."""
    tracker, kept = edges.tracker, edges.store.issues
    known = kept.file(tracker.repository, OWNERS[0])
    if known and now - known[1] < timedelta(days=1):
        return
    text = known[0] if known else ""
    for path in OWNERS:
        try:
            text = tracker.file(path)
            break
        except Forbidden:  # it is not there, or is not ours to see: then nobody is assigned by it
            continue
    kept.keep_file(tracker.repository, OWNERS[0], text, now)


def report(edges: Edges, window: Window, reading: Reading, thought: Thought) -> Report:
    """What the round is shown as: all problems it read of, as the store has them now."""
    store = edges.store
    numbers = sorted(reading.clusters | {p.number for p in thought.problems})
    problems = store.clusters.problems(numbers, (p.cluster for p in thought.problems))
    numbers = [p.number for p in problems]
    incidents = [i for i in store.incidents.between(window) if set(i.clusters) & set(numbers)]
    read = {e.key: e for e in reading.members}
    of = store.clusters.of(list(read), [e.time for e in read.values()])
    owned: dict[int, list[Entry]] = {}
    for entry in sorted(read.values(), key=lambda e: e.order):
        if entry.key in of:
            owned.setdefault(of[entry.key], []).append(entry)
    return Report(
        window=window,
        read_until=store.rounds.read_until(),
        made_at=edges.clock(),
        source=edges.logs.source,
        entries=reading.entries,
        new_entries=reading.new,
        problems=tuple(problems),
        incidents=tuple(incidents),
        deployments=tuple(store.deployments.between(window)),
        bad=tuple(reading.bad),
        bad_count=reading.bad_count,
        spent=tuple(thought.spent),
        services=tuple(s for s, _ in reading.services.most_common()),
        notes=tuple(thought.notes),
        members={n: tuple(e.id for e in entries) for n, entries in owned.items()},
        incident_members=_shared(incidents, owned),
    )


def _shared(incidents: Iterable[Incident], owned: Mapping[int, list[Entry]]) -> dict[int, tuple[str, ...]]:
    """The entries of each incident: those of its clusters in its time, with what the last occurrence went on with."""
    out: dict[int, list[str]] = {i.id: [] for i in incidents}
    for number, entries in owned.items():
        episodes = sorted((i for i in incidents if number in i.clusters), key=lambda i: i.start, reverse=True)
        for entry in entries:
            found = next((i for i in episodes if i.start <= entry.time), None)
            if found is not None and entry.time <= found.end + LASTS:
                out[found.id].append(entry.id)
    return {id_: tuple(ids) for id_, ids in out.items()}


def look(edges: Edges, window: Window, numbers: Iterable[int] | None = None) -> Report:
    """A report from the store alone, for `latest`, `worklog` and the digest; waits for nothing outside."""
    store = edges.store
    chosen = store.clusters.between(window) if numbers is None else list(numbers)
    known = lately(edges, chosen, window.start) if numbers is None else []
    problems = store.clusters.problems(chosen, known)
    return Report(
        window=window,
        read_until=store.rounds.read_until(),
        made_at=edges.clock(),
        source="store",
        entries=sum(c.entries for p in problems for c in p.cluster.counts if window.start <= c.start <= window.end),
        new_entries=0,
        problems=tuple(problems),
        incidents=tuple(store.incidents.between(window)),
        deployments=tuple(store.deployments.between(window)),
        services=tuple(dict.fromkeys(p.cluster.service for p in problems)),
    )


def _issues_of(found: Match) -> list[Issue]:
    return [*([found.issue] if found.issue else []), *(c.issue for c in found.candidates)]


# ------------------------------------------------------------------------------------------------ a decision


def offer(edges: Edges, problems: Sequence[Problem], now: datetime) -> None:
    """What a round proposes by itself, and what it thinks of its open proposals now; then what has gone quiet."""
    urgent = {p.number for p in wanted(problems, edges.policy, baseline=False)}
    creating = _creating(edges, now) if problems else {}
    for problem in sorted(problems, key=lambda p: (p.triage.severity, p.number)):
        waiting = edges.store.proposals.open(problem.number)
        if problem.number in urgent or (waiting and waiting.made_by == GARDENER):
            suggest(edges, problem, GARDENER, now, creating)

    _link_duplicates(edges, now)
    store, policy = edges.store, edges.policy
    before = now - min(AFTER_DEPLOYMENT, policy.quiet_after)
    numbers = store.issues.quiet(edges.tracker.repository, before)
    quiet = store.clusters.problems(numbers, lately(edges, numbers, now))
    deployments = store.deployments.between(Window(now - policy.quiet_after, now)) if quiet else []
    for problem in quiet:
        linked = store.issues.linked(problem.number)
        draft = recovered(replace(problem, match=Match(Outcome.KNOWN, "", linked)), policy, deployments, now)
        if draft and store.proposals.open(problem.number) is None:
            _freeze(edges, problem.number, draft, GARDENER, now)


def _link_duplicates(edges: Edges, now: datetime) -> None:
    """Where clusters with an issue each became one: a proposal of no cluster, to say so on the issue that is left."""
    issues, proposals, repository = edges.store.issues, edges.store.proposals, edges.tracker.repository
    busy = {p.draft.issue for p in proposals.waiting() if not p.cluster}
    for number, original in issues.duplicates(repository):
        if number in busy:
            continue
        other, stays = issues.get(repository, number), issues.get(repository, original)
        draft = duplicate(other, stays) if other and stays else None
        if draft:
            _freeze(edges, 0, draft, GARDENER, now)
        issues.asked(repository, number)


Creating = dict[int, tuple[Proposal, Cluster]]
"""Proposals of new issues, each with its problem."""


def _creating(edges: Edges, now: datetime) -> Creating:
    waiting = edges.store.proposals.creating()
    found = edges.store.clusters.load({p.cluster for p in waiting}, now)
    of = {n: c for c in found for n in (c.number, *c.aliases)}
    return {of[p.cluster].number: (p, of[p.cluster]) for p in waiting if p.cluster in of}


def suggest(
    edges: Edges, problem: Problem, who: str, now: datetime, creating: Creating | None = None
) -> tuple[Draft, Proposal | None]:
    """Freezes what would be written for a problem; no proposal where nothing should be, and the draft says why.

    What the gardener itself proposed before and would not now is withdrawn. `creating` are the new issues that are
    proposed already, where they are known, and is kept up.
    """
    linked = edges.store.issues.linked(problem.number)
    if linked and not (problem.match and problem.match.issue and problem.match.issue.ref == linked.ref):
        now_known = match(problem.cluster, linked=linked, marked=None, candidates=(), incident=None)
        problem = replace(problem, match=now_known)  # a person linked it since the last round
    draft = propose(problem, edges.policy, now, _around(edges, problem, who))
    if creating is None:
        creating = _creating(edges, now) if draft.act is Act.CREATE else {}
    if draft.act is Act.CREATE:
        other = alike(problem.cluster, [cluster for _, cluster in creating.values()])
        draft = waits_for(problem, edges.policy, creating[other[0]][0], other[1]) if other else draft
    creating.pop(problem.number, None)
    if draft.act is not Act.NOTHING:
        made = _freeze(edges, problem.number, draft, who, now)
        if draft.act is Act.CREATE:
            creating[problem.number] = (made, problem.cluster)
        return draft, made
    waiting = edges.store.proposals.open(problem.number)
    if waiting and who == waiting.made_by == GARDENER:
        edges.store.proposals.withdraw(problem.number, draft.reason, now)
    return draft, None


def _freeze(edges: Edges, number: int, draft: Draft, who: str, now: datetime) -> Proposal:
    """Shown from now on as it is. Where somebody said `approve always`, "still happening" goes without asking."""
    proposals, as_of = edges.store.proposals, edges.store.rounds.read_until() or now
    made = proposals.add(number, draft, who, now, edges.policy.proposal_lifetime, as_of)
    always = proposals.allowed(draft.repository, draft.issue) if draft.act is Act.COMMENT else ""
    if always and edges.policy.approvers and made.stage is Stage.OPEN and who == GARDENER and draft.severity:
        said = f"always, on #{draft.issue}"
        return proposals.decide(Decision(made.id, "approve", always, now, made.digest, f"always:{made.id}", said))
    return made


def _around(edges: Edges, problem: Problem, who: str) -> Around:
    store, issue = edges.store.issues, problem.match.issue if problem.match else None
    symptoms = problem.incident.symptoms if problem.incident and not problem.is_symptom else ()
    theirs = {n: linked.number for n in symptoms if (linked := store.linked(n))}
    owners = store.file(edges.tracker.repository, OWNERS[0])
    return Around(
        comments=store.comments(issue.repository, issue.number) if issue else (),
        owners=owners[0] if owners else "",
        issues=theirs,
        asked=who != GARDENER,
    )


def decide(
    edges: Edges,
    decision: Decision,
    groups: frozenset[str] = frozenset(),
    then: Callable[[Proposal], None] = lambda proposal: None,
) -> Proposal:
    """A person's word on a proposal: checked, then recorded once, with what goes with it. Filing is left to `file`."""
    proposals = edges.store.proposals
    if (heard := proposals.decided(decision.via)) is not None:
        return heard
    proposal = proposals.get(decision.proposal)
    draft = approve(
        proposal, decision, edges.policy, groups, lambda number: _same(edges, proposal, number, decision.at)
    )
    with edges.store.together():
        decided = proposals.decide(decision, draft)
        if decision.words == ALWAYS and decided.stage is Stage.APPROVED:
            proposals.allow(decided.draft.repository, decided.draft.issue, decision.who, decision.at)
        then(decided)
    return decided


def _same(edges: Edges, proposal: Proposal | None, number: int, now: datetime) -> Draft:
    """What `same as #889` comes to: the problem is told there instead."""
    found = edges.store.clusters.problems([proposal.cluster] if proposal else [])
    if not found:
        raise Refused("This proposal is of an issue already. Say `approve` or `reject`.")
    return same(found[0], edges.policy, issue_of(edges, number), now)


def issue_of(edges: Edges, number: int) -> Issue:
    """The issue as the tracker has it now; as the mirror has it where the tracker does not answer."""
    try:
        issue = edges.tracker.issue(number)
    except Unavailable:
        known = edges.store.issues.get(edges.tracker.repository, number)
        if known is None:
            raise
        return known
    known = edges.store.issues.get(edges.tracker.repository, number)
    return replace(issue, severity_by=known.severity_by) if known else issue


def file(edges: Edges, number: int) -> Proposal | None:
    """Writes an approved proposal to the tracker: claim, look for the marker, write, finish.

    Killed between any two of these, or told of a failure that may have been a success, the next try finds the
    marker and does not write again. None where another worker has the claim.
    """
    store, now = edges.store, edges.clock()
    claimed = store.proposals.claim(number, edges.worker, now, LEASE)
    if claimed is None:
        return None
    try:
        if edges.hold:
            edges.hold.safe(PATIENCE)
        issue = _filed(edges, claimed) if claimed.draft.act is Act.CREATE else _told(edges, claimed)
    except Unavailable as error:
        return store.proposals.release(
            number, edges.worker, error.user_message, edges.clock(), final=False, retry_at=error.retry_at
        )
    except GardenError as error:
        return store.proposals.release(number, edges.worker, error.user_message, edges.clock(), final=True)
    return store.proposals.finish(number, edges.worker, issue, edges.clock()) if issue else None


def _told(edges: Edges, proposal: Proposal) -> Issue | None:
    """The comment, and what goes with it; each only where it is not there yet. None where the claim is lost."""
    tracker, draft = edges.tracker, proposal.draft
    issue = tracker.find(proposal.marker, draft.issue, proposal.made_at)
    if issue is None:
        if not edges.store.proposals.renew(proposal.id, edges.worker, edges.clock(), LEASE):
            return None
        issue = tracker.comment(draft, proposal.marker)
    return tracker.edit(draft) if draft.act in (Act.ESCALATE, Act.REOPEN) else issue


def _filed(edges: Edges, proposal: Proposal) -> Issue | None:
    """The issue: ours if it is there already, another bot's if that was first, or a new one. A twin that was
    committed after the look gives way to the lower number."""
    tracker, since = edges.tracker, proposal.made_at - EARLIER
    newest = tracker.newest(since)
    known = next(iter(own(proposal, newest)), None)
    issue = known or first(proposal, newest, _apart(edges, proposal))
    if issue is None:
        if not edges.store.proposals.renew(proposal.id, edges.worker, edges.clock(), LEASE):
            return None
        issue = tracker.create(proposal.draft, proposal.marker)
        newest = tracker.newest(since)
    return _settled(edges, proposal, newest) or issue


def _settled(edges: Edges, proposal: Proposal, issues: Iterable[Issue]) -> Issue | None:
    """Closes our own twins; returns the issue that stays."""
    stays, twins_ = twins(proposal, issues, _apart(edges, proposal))
    for twin in twins_ if stays else ():
        edges.tracker.close_as_duplicate(twin.number, stays.number if stays else 0, twin_marker(proposal))
    return stays


def _silence(edges: Edges, proposal: Proposal) -> None:
    """A comment that was written again because it showed only later says so from now on, here and in the mirror."""
    store, repository = edges.store.issues, edges.tracker.repository
    again = echoes(proposal, store.comments(repository, proposal.issue))
    changed = tuple(edges.tracker.rewrite(comment, ECHO) for comment in again)
    if changed:
        store.take(repository, [Change(store.mark(repository), comments=changed)])


def _apart(edges: Edges, proposal: Proposal) -> set[int]:
    """Issues that are not the cluster's, by people's word."""
    return {number for _, number in edges.store.issues.unlinked(proposal.cluster)}


def reconcile(edges: Edges, now: datetime) -> list[int]:
    """Twins that show only later, as the mirror has them; returns the proposals whose issue was one."""
    settled = []
    for proposal in edges.store.proposals.filed_since(now - LATE):
        if proposal.draft.act is not Act.CREATE:
            _silence(edges, proposal)
            continue
        known = edges.store.issues.twins(edges.tracker.repository, proposal.marker)
        stays, gone = twins(proposal, known, _apart(edges, proposal))
        if stays is None or not gone:
            continue
        _settled(edges, proposal, known)
        if proposal.issue != stays.number:
            edges.store.proposals.reconciled(proposal.id, stays, now)
        settled.append(proposal.id)
    return settled
