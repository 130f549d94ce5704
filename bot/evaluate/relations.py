"""True and false observations about how figures of a case relate: shares, rates, windows, orders, forms and units.

What is true is worked out here from the counts and the entries, without the audit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from random import Random

from bot.models import Case, Cluster, Entry

Made = Iterator[tuple[str, tuple[str, ...], str, bool]]
MOVED = {"CEST": 2, "EST": -5, "JST": 9, "PDT": -7, "UTC+1": 1, "UTC-4": -4}
SCALES = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
DURATION = re.compile(r"(?<![\w.,:/#-])(\d{1,6}) ?(ms|s|min|h)(?![\w/])")
SIZE = re.compile(r"(?<![\w.,-])(\d{1,5}) ?(MiB|KiB|GiB|MB|GB)(?!\w)")
ID = re.compile(r"(?<![\w.-])(?=\w*[a-z])(?=\w*\d)[a-z0-9]{8,32}(?![\w.-])")


def known_issues(case: Case) -> frozenset[int]:
    """Issues that count as known for a case."""
    return frozenset({200 + case.problem.number, 3 * case.problem.number + 1017})


def places(cluster: Cluster) -> dict[str, int]:
    """Occurrences by environment and by revision."""
    out: dict[str, int] = {}
    for c in cluster.counts:
        for name in (c.environment, c.revision):
            if name:
                out[name] = out.get(name, 0) + c.occurrences
    return out


def shares(case: Case, random: Random, others: Sequence[Case]) -> Made:
    c = case.problem.cluster
    for place, n in places(c).items():
        if c.occurrences < 2:
            return
        percent = 100 * n / c.occurrences
        texts = ["{p} % of the occurrences were in {w}.", "{p}% of all occurrences came from {w}.",
                 "{w} accounts for {p} % of the occurrences."]  # fmt: skip
        right = random.choice([f"{percent:.1f}", f"{percent:.0f}"])
        yield random.choice(texts).format(p=right, w=place), (), "", True
        off = random.choice([-25, -10, -3, 3, 10, 25])
        wrong = percent + off if 0 < percent + off <= 100 else percent - abs(off)
        yield random.choice(texts).format(p=f"{wrong:.1f}", w=place), (), "", False
        part = ["{n} of {m} occurrences were in {w}.", "{n} of the {m} occurrences happened in {w}."]
        yield random.choice(part).format(n=n, m=c.occurrences, w=place), (), "", True
        bad_n, bad_m = random.choice([(n + 1, c.occurrences), (n, c.occurrences + 1), (max(0, n - 1), c.occurrences)])
        yield random.choice(part).format(n=bad_n, m=bad_m, w=place), (), "", False
        if 2 * n != c.occurrences:
            most = random.choice(["Most occurrences were in {}.", "The majority of occurrences came from {}."])
            yield most.format(place), (), "", 2 * n > c.occurrences


def comparisons(case: Case, random: Random, others: Sequence[Case]) -> Made:
    c = case.problem.cluster
    for names in (list(c.environments), list(c.revisions)):
        names = [n for n in names if n]
        if len(names) < 2:
            continue
        one, two = random.sample(names, 2)
        counted = places(c)
        if counted[one] != counted[two]:
            text = random.choice(
                ["More occurrences in {} than in {}.", "There were more occurrences in {} than in {}."]
            )
            yield text.format(one, two), (), "", counted[one] > counted[two]
            yield f"Fewer occurrences in {one} than in {two}.", (), "", counted[one] < counted[two]
            ratio = counted[one] / counted[two]
            text = f"It occurred {{}} times as often in {one} as in {two}."
            if ratio >= 1.2:
                yield text.format(f"{ratio:.1f}"), (), "", True
            yield text.format(f"{ratio + random.choice([1, 2, 5]):.1f}"), (), "", False
        everywhere = random.choice(["Seen in both {} and {}.", "Both {} and {} show it."])
        yield everywhere.format(one, two), (), "", True


def everything(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """ "All", "only", "every", "never"."""
    c = case.problem.cluster
    for names in ([n for n in c.environments if n], list(c.revisions)):
        if not names:
            continue
        name = random.choice(names)
        texts = ["All occurrences were in {}.", "Seen only in {}.", "Every occurrence was in {}.",
                 "It was exclusively observed in {}.", "It only affects {}."]  # fmt: skip
        yield random.choice(texts).format(name), (), "", len(names) == 1
        never = random.choice(["It was never seen in {}.", "No occurrence was seen in {}."])
        yield never.format(name), (), "", False
    for other in ("production", "staging", "development"):
        if other not in c.environments:
            yield f"It was never seen in {other}.", (), "", True
            yield f"All occurrences were in {other}.", (), "", False
    named = {s.exception.rpartition(".")[2] for s in c.signatures}
    if len(named) == 1 and (name := named.pop()) and name.endswith(("Error", "Exception")):
        yield f"All occurrences are {name}.", (), "", True
        yield "All occurrences are ArithmeticError.", (), "", name == "ArithmeticError"


def rates(case: Case, random: Random, others: Sequence[Case]) -> Made:
    c = case.problem.cluster
    if c.occurrences > 1:
        average = c.entries / c.occurrences
        if average == int(average):
            texts = ["{} log entries per occurrence.", "Each occurrence produced {} log entries."]
            yield random.choice(texts).format(int(average)), (), "", True
            yield random.choice(texts).format(int(average) + random.choice([1, 2, 5])), (), "", False
    seconds = (c.last_seen - c.first_seen).total_seconds()
    for unit, size in (("minute", 60), ("hour", 3600), ("day", 86_400)):
        if seconds >= 1.5 * size and (rate := c.occurrences * size / seconds) >= 5:
            text = random.choice(["About {} occurrences per {}.", "The rate was about {} occurrences per {}."])
            yield text.format(round(rate), unit), (), "", True
            yield text.format(round(rate * random.choice([2, 3, 10])), unit), (), "", False


def windows(case: Case, random: Random, others: Sequence[Case]) -> Made:
    c = case.problem.cluster
    if len(c.moments) != c.occurrences or c.occurrences < 3:
        return
    times = sorted(m.time for m in c.moments)
    cut = times[random.randrange(1, len(times))].replace(microsecond=0)
    before = sum(t < cut for t in times)
    said = f"{cut:%Y-%m-%d %H:%M:%S} UTC"
    later = len(times) - before
    texts = ["{n} occurrences {w} {t}.", "{n} occurrences were seen {w} {t}."]
    if before > 1:
        yield random.choice(texts).format(n=before, w="before", t=said), (), "", True
        yield random.choice(texts).format(n=before + random.choice([1, 3]), w="before", t=said), (), "", False
        yield f"No occurrences were seen before {said}.", (), "", False
    if later > 1:
        yield random.choice(texts).format(n=later, w="since", t=said), (), "", True
        yield random.choice(texts).format(n=later + random.choice([1, 3]), w="since", t=said), (), "", False
    first = f"{c.first_seen:%Y-%m-%d %H:%M:%S} UTC"
    yield f"No occurrences were seen before {first}.", (), "", True
    yield f"Nothing was logged after {c.last_seen + timedelta(seconds=1):%Y-%m-%d %H:%M:%S} UTC.", (), "", True
    if (middle := c.last_seen - timedelta(seconds=2)) > c.first_seen:
        yield f"Nothing was logged after {middle:%Y-%m-%d %H:%M:%S} UTC.", (), "", False


def since(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """Before and after deployments and clusters of the incident."""
    c = case.problem.cluster
    named = [d for d in case.deployments if d.revision]
    for d in named:
        if sum(o.revision == d.revision for o in named) > 1:
            continue
        gap = (c.first_seen - d.time).total_seconds()
        if gap == 0:
            continue
        texts = ["It began {} the deployment of {}.", "It was first seen {} the deployment of {}."]
        yield random.choice(texts).format("after", d.revision), (), "", gap > 0
        yield random.choice(texts).format("before", d.revision), (), "", gap < 0
        minutes = int(abs(gap) // 60)
        if minutes >= 10:
            word, not_word = ("after", "before") if gap > 0 else ("before", "after")
            yield f"It began {minutes} minutes {word} the deployment of {d.revision}.", (), "", True
            yield f"It began {minutes * 2 + 5} minutes {word} the deployment of {d.revision}.", (), "", False
            yield f"It began {minutes} minutes {not_word} the deployment of {d.revision}.", (), "", False
        yield f"{d.revision} was deployed at {d.time:%H:%M:%S} UTC.", (), "", True
        wrong = d.time + timedelta(minutes=random.choice([-31, 7, 90]))
        yield f"{d.revision} was deployed at {wrong:%H:%M:%S} UTC.", (), "", False
    for s in case.symptoms[:2]:
        if s.first_seen != c.first_seen:
            later = s.first_seen > c.first_seen
            yield f"Cluster {s.number} began after cluster {c.number}.", (), "", later
            yield f"Cluster {s.number} began before cluster {c.number}.", (), "", not later
        yield f"Cluster {s.number} occurred {s.occurrences} times.", (), "", True
        yield f"Cluster {s.number} occurred {s.occurrences + random.choice([1, 7])} times.", (), "", False


def entries_in_order(case: Case, random: Random, others: Sequence[Case]) -> Made:
    found = [e for e in case.problem.cluster.evidence if e.id]
    if len(found) < 2:
        return
    one, two = sorted(random.sample(found, 2), key=lambda e: e.time)
    if one.time == two.time or one.id == two.id:
        return
    texts = ["Entry {a} was logged before entry {b}.", "Entry {a} precedes entry {b}.", "Entry {b} follows entry {a}."]
    text = random.choice(texts)
    yield text.format(a=one.id, b=two.id), (one.id, two.id), "", True
    yield text.format(a=two.id, b=one.id), (one.id, two.id), "", False


def issues(case: Case, random: Random, others: Sequence[Case]) -> Made:
    known = sorted(known_issues(case))
    texts = ["Issue #{} tracks it.", "It is tracked in #{}.", "See issue {}."]
    yield random.choice(texts).format(random.choice(known)), (), "", True
    wrong = random.choice(known) + random.choice([-1, 1, 10, 900])
    if wrong not in known:
        yield random.choice(texts).format(wrong), (), "", False


def zones(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """The same moment in other zones and forms, and another moment that looks like it."""
    c = case.problem.cluster
    first = c.first_seen.astimezone(UTC)
    zone, hours = random.choice(list(MOVED.items()))
    local = first + timedelta(hours=hours)
    for text in (
        f"First seen {local:%Y-%m-%d %H:%M:%S} {zone}.",
        f"The first occurrence was at {local:%H:%M:%S} {zone}.",
    ):
        yield text, (), "", True
    yield f"First seen {first:%Y-%m-%d %H:%M:%S} {zone}.", (), "", False
    day = f"{first.day} {first:%B %Y}"
    forms = [
        f"First seen on {day} at {first:%H:%M} UTC.",
        f"First seen on {first:%B} {first.day}, {first.year}, {first:%H:%M} UTC.",
        f"First seen on {first:%d.%m.%Y} {first:%H:%M:%S}.",
        f"First seen at {first:%I:%M %p} UTC on {first:%Y-%m-%d}.",
    ]
    yield random.choice(forms), (), "", True
    other = first + random.choice([timedelta(days=1), timedelta(hours=12), timedelta(days=-2)])
    yield f"First seen on {other.day} {other:%B %Y} at {other:%H:%M} UTC.", (), "", False
    yield f"First seen at {other:%I:%M %p} UTC on {other:%Y-%m-%d}.", (), "", False


def rounded(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """A figure that is rounded rightly, and one that is not."""
    c = case.problem.cluster
    for n, word in ((c.occurrences, "occurrences"), (c.entries, "log entries")):
        if n >= 11:
            near = round(n, -1)
            if abs(near - n) <= 0.05 * n:
                yield f"{random.choice(['About', 'Roughly', 'Around', 'Approximately'])} {near} {word}.", (), "", True
            yield f"About {round(n * random.choice([1.5, 2, 3]), -1)} {word}.", (), "", False
        if n > 1_000:
            yield f"{n / 1000:.1f}k {word}.", (), "", True
            yield f"{n / 1000 + 0.3:.1f}k {word}.", (), "", False
    seconds = (c.last_seen - c.first_seen).total_seconds()
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 12 * size:
            yield f"It went on for about {seconds / size:.0f} {unit}.", (), "", True
            yield f"It went on for about {seconds / size * random.choice([0.5, 1.5, 2]):.0f} {unit}.", (), "", False
            other = "minutes" if unit == "hours" else "hours"
            yield f"It went on for about {seconds / size:.0f} {other}.", (), "", False
            break


def units(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """Durations and sizes that stand in an entry, in the unit that stands there, in another, and in a wrong one."""
    for entry in case.problem.cluster.evidence:
        durations = DURATION.findall(entry.text[:2_000])
        for n, unit in durations[:1]:
            seconds = {float(a) * SCALES[b] for a, b in durations}
            yield f"It says {n} {unit}.", (entry.id,), "", True
            for other in ("ms", "s", "min"):
                if float(n) * SCALES[other] not in seconds:
                    yield f"It says {n} {other}.", (entry.id,), "", False
            if unit == "ms" and int(n) % 100 == 0:
                yield f"It says {int(n) / 1000:g} s.", (entry.id,), "", True
        sizes = SIZE.findall(entry.text[:2_000])
        for n, unit in sizes[:1]:
            yield f"It says {n} {unit}.", (entry.id,), "", True
            wrong = "GB" if unit != "GB" else "MB"
            if (n, wrong) not in sizes:
                yield f"It says {n} {wrong}.", (entry.id,), "", False


def ids(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """Request ids, users and their like, letter by letter."""
    for entry in case.problem.cluster.evidence[:3]:
        found = ID.findall(entry.text[:2_000])
        for name in found[:1]:
            texts = ["The entry names {}.", "{} stands in the log line.", "The id is {}."]
            yield random.choice(texts).format(name), (entry.id,), "", True
            at = random.randrange(len(name))
            wrong = name[:at] + ("7" if name[at] != "7" else "8") + name[at + 1 :]
            if wrong not in entry.text:
                yield random.choice(texts).format(wrong), (entry.id,), "", False


def foreign(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """Quotes of another cluster, and a quote with one character changed."""
    own = case.problem.cluster.evidence
    everything = " ".join(" ".join(e.text.split()) for s in (case.problem.cluster, *case.symptoms) for e in s.evidence)
    strangers = [e for o in random.sample(list(others), min(3, len(others))) for e in o.problem.cluster.evidence[:2]]
    for entry in strangers:
        line = _line(entry)
        if line and line not in everything and own:
            yield f'The entry says "{line}".', (own[0].id,), line, False
            yield f'An entry says "{line}".', (), "", False
    for entry in own[:2]:
        line = _line(entry)
        if len(line) < 12:
            continue
        at = random.choice([i for i, ch in enumerate(line) if ch.isalnum()] or [0])
        wrong = line[:at] + random.choice([ch for ch in "abkz259" if ch != line[at].lower()]) + line[at + 1 :]
        if wrong not in everything and "<" not in wrong:
            yield f'The entry says "{wrong}".', (entry.id,), wrong, False


def _line(entry: Entry) -> str:
    lines = [" ".join(line.split()) for line in entry.text.splitlines()[:8]]
    lines = [line for line in lines if 10 <= len(line) <= 120 and '"' not in line and "`" not in line]
    return lines[0] if lines else ""


def mixed(case: Case, random: Random, others: Sequence[Case]) -> Made:
    """Several facts in one sentence, of which one may be wrong, as a model writes them."""
    c = case.problem.cluster
    if c.occurrences < 2:
        return
    facts: list[tuple[str, str]] = [
        (f"{c.occurrences} occurrences", f"{c.occurrences + random.choice([1, 10])} occurrences"),
        (f"{c.entries} log entries", f"{c.entries * 2 + 1} log entries"),
        (f"first seen {c.first_seen:%Y-%m-%d %H:%M:%S} UTC",
         f"first seen {c.first_seen - timedelta(minutes=13):%Y-%m-%d %H:%M:%S} UTC"),
        (f"last seen {c.last_seen:%Y-%m-%d %H:%M:%S} UTC",
         f"last seen {c.last_seen + timedelta(minutes=13):%Y-%m-%d %H:%M:%S} UTC"),
    ]  # fmt: skip
    if c.users > 1:
        facts.append((f"{c.users} distinct users", f"{c.users + 1} distinct users"))
    if c.revisions:
        facts.append((f"revision {c.revisions[0]}", f"revision {c.revisions[0][:-3]}zzz"))
    chosen = random.sample(facts, random.randint(2, 3))
    joined = random.choice([", ", "; ", " and "])
    wrapped = random.choice(["The cluster has {}.", "The figures are: {}.", "Recorded: {}.", "{}."])
    yield wrapped.format(joined.join(right for right, _ in chosen)), (), "", True
    at = random.randrange(len(chosen))
    false = joined.join(wrong if i == at else right for i, (right, wrong) in enumerate(chosen))
    if c.revisions and c.revisions[0].endswith("zzz"):
        return
    yield wrapped.format(false), (), "", False


SORTS: dict[str, Callable[[Case, Random, Sequence[Case]], Made]] = {
    "shares": shares,
    "comparisons": comparisons,
    "all, only, never": everything,
    "averages and rates": rates,
    "windows": windows,
    "since, before, after": since,
    "entries in order": entries_in_order,
    "issue numbers": issues,
    "zones and forms": zones,
    "rounded": rounded,
    "units": units,
    "ids": ids,
    "foreign quotes": foreign,
    "mixed": mixed,
}
