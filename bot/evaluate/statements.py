"""True and false observations about a case, in many wordings; what is true is known without the audit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bot.evaluate import relations, tampered
from bot.models import Case, Claim, Entry, Ground

PARTS = 16
"""Quotes of a long entry are taken from so many lines of it."""


@dataclass(frozen=True, slots=True)
class Statement:
    sort: str
    claim: Claim
    true: bool
    issues: frozenset[int] = frozenset()
    """The issues that are known for the case."""
    about: Case | None = None
    """The case, where it is another one than that which it was made of."""


def statements(case: Case, random: Random, others: Sequence[Case] = ()) -> Iterator[Statement]:
    """Each sort in a wording and with values chosen at random, true and false ones."""
    for sort, make in SORTS.items():
        for text, ids, quote, true in make(case, random):
            yield Statement(sort, Claim(text, Ground.OBSERVATION, ids, quote), true)
    known = relations.known_issues(case)
    for sort, relate in relations.SORTS.items():
        for text, ids, quote, true in relate(case, random, others):
            yield Statement(sort, Claim(text, Ground.OBSERVATION, ids, quote), true, known)
    for sort, tamper in tampered.SORTS.items():
        for about, text, ids, quote, true in tamper(case, random):
            yield Statement(sort, Claim(text, Ground.OBSERVATION, ids, quote), true, about=about)


Made = relations.Made
COUNTED = {
    "occurrences": [
        "{n} occurrences.",
        "It occurred {n} times.",
        "It happened {n} times in all.",
        "Seen {n} times.",
        "The problem was logged {n} times.",
        "Occurrences: {n}",
        "The occurrence count is {n}.",
        "There were {n} occurrences of this problem.",
        "A total of {n} occurrences was counted.",
        "The cluster has {n} occurrences.",
        "This was observed {n} times.",
        "The logs show {n} occurrences of the failure.",
        "It recurred; {n} occurrences are recorded.",
        "The same error was logged {n} times in total.",
        "Total occurrences: {n}.",
        "{n} separate occurrences were recorded in the evidence.",
        "The error has been seen {n} times so far.",
        "In total, {n} occurrences were found.",
        "Number of occurrences: {n}",
    ],
    "entries": [
        "{n} log entries.",
        "It came as {n} log entries.",
        "The cluster has {n} log entries.",
        "Log entries: {n}",
        "{n} entries were logged.",
        "There are {n} log lines.",
        "The problem produced {n} log entries.",
        "{n} log records belong to this cluster.",
        "A total of {n} log entries was written.",
        "Number of log entries: {n}",
    ],
    "users": [
        "{n} users were affected.",
        "{n} distinct users.",
        "It hit {n} users.",
        "{n} different users were hit.",
        "The number of affected users is {n}.",
        "Distinct users: {n}",
    ],
    "revisions": ["Seen on {n} revisions.", "It appeared on {n} different revisions.", "{n} revisions show it."],
}
BOUNDS: list[tuple[str, Callable[[int, int], bool]]] = [
    ("At least {n} occurrences.", lambda a, n: a >= n),
    ("It occurred more than {n} times.", lambda a, n: a > n),
    ("At most {n} occurrences were seen.", lambda a, n: a <= n),
    ("It happened fewer than {n} times.", lambda a, n: a < n),
    ("It happened exactly {n} times.", lambda a, n: a == n),
]


def _other(n: int, random: Random) -> int:
    """Another number, near or far."""
    near = [n + 1, n - 1, n + 2, n * 2, n * 10, n + 10, n // 2, n + random.randint(3, 400)]
    return random.choice([m for m in near if m > 1 and m != n])


def _counts(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    known = {"occurrences": c.occurrences, "entries": c.entries, "users": c.users, "revisions": len(c.revisions)}
    for kind, right in known.items():
        if right < 2:
            continue
        text = random.choice(COUNTED[kind])
        shown = f"{right:,}" if random.random() < 0.5 else str(right)
        yield text.format(n=shown), (), "", True
        yield random.choice(COUNTED[kind]).format(n=_other(right, random)), (), "", False
    text, holds = random.choice(BOUNDS)
    n = random.choice([c.occurrences, _other(c.occurrences, random)])
    yield text.format(n=n), (), "", holds(c.occurrences, n)


def _both(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    texts = [
        "{o} occurrences in {e} log entries.",
        "It occurred {o} times in {e} entries.",
        "{e} entries, {o} occurrences",
    ]
    yield random.choice(texts).format(o=c.occurrences, e=c.entries), (), "", True
    wrong = {"o": c.occurrences, "e": c.entries}
    at = random.choice(["o", "e"])
    wrong[at] = _other(wrong[at], random)
    yield random.choice(texts).format(**wrong), (), "", False


def _environments(case: Case, random: Random) -> Made:
    seen = {name: n for name, (_, n) in case.problem.cluster.environments.items() if name}
    for name, n in seen.items():
        if n > 1:
            texts = ["{n} occurrences in {name}.", "It occurred {n} times in {name}."]
            yield random.choice(texts).format(n=n, name=name), (), "", True
            yield random.choice(texts).format(n=_other(n, random), name=name), (), "", False
    for name in ("production", "staging"):
        yield random.choice(["Seen in {}.", "It was logged in {}."]).format(name), (), "", name in seen


def _stamp(moment: datetime, random: Random) -> str:
    moment = moment.astimezone(UTC)
    shapes = [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d at %H:%M:%S",
        "%Y-%m-%d %H:%M UTC",
        "%H:%M:%S UTC",
    ]
    return moment.strftime(random.choice(shapes))


def _times(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    firsts = [
        "First seen {}.",
        "It began at {}.",
        "It started at {}.",
        "First occurrence: {}",
        "Seen since {}.",
        "The first occurrence was at {}.",
        "The earliest entry is of {}.",
        "Started {}.",
    ]
    lasts = [
        "Last seen {}.",
        "It was last logged at {}.",
        "Last occurrence: {}",
        "Seen until {}.",
        "The most recent occurrence was at {}.",
        "The latest entry is from {}.",
    ]
    for texts, right, other in ((firsts, c.first_seen, c.last_seen), (lasts, c.last_seen, c.first_seen)):
        yield random.choice(texts).format(_stamp(right, random)), (), "", True
        far = timedelta(minutes=random.choice([-1500, -61, -2, 2, 7, 60, 1500]))
        yield random.choice(texts).format(_stamp(right + far, random)), (), "", False
        if abs(other - right) > timedelta(minutes=2) and abs(other - right) < timedelta(hours=20):
            yield random.choice(texts).format(_stamp(other, random)), (), "", False
    text = random.choice(["Seen from {} to {}.", "Seen between {} and {}."])
    yield text.format(f"{c.first_seen:%Y-%m-%d %H:%M:%S}", f"{c.last_seen:%Y-%m-%d %H:%M:%S} UTC"), (), "", True
    later = c.last_seen + timedelta(minutes=random.randint(2, 90))
    yield text.format(f"{c.first_seen:%Y-%m-%d %H:%M:%S}", f"{later:%Y-%m-%d %H:%M:%S} UTC"), (), "", False


def _spans(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    seconds = int((c.last_seen - c.first_seen).total_seconds())
    exact = (c.last_seen - c.first_seen).total_seconds() - seconds < 0.5
    if seconds < 10:
        return
    texts = [
        "It lasted {}.",
        "It spans {} from first to last.",
        "All within {}.",
        "Seen over {}.",
        "The occurrences span {}.",
        "It went on for {}.",
    ]

    def said(n: int) -> str:
        hours, rest = divmod(n, 3600)
        minutes, left = divmod(rest, 60)
        parts = [(hours, "h", "hours"), (minutes, "min", "minutes"), (left, "s", "seconds")]
        long = random.random() < 0.5
        words = [f"{v} {(name if v > 1 else name[:-1]) if long else short}" for v, short, name in parts if v]
        return (
            " and ".join([", ".join(words[:-1]), words[-1]]) if long and len(words) > 1 else " ".join(words)
        ) or "0 s"

    if exact:
        yield random.choice(texts).format(random.choice([said(seconds), f"{seconds} seconds"])), (), "", True
    wrong = random.choice([seconds + 3600, seconds * 2, seconds + 61, max(2, seconds // 2 - 3)])
    yield random.choice(texts).format(said(wrong)), (), "", False


def _orders(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    if len(c.revisions) > 1:
        first, last = c.revisions[0], c.revisions[-1]
        for text in ("First seen on revision {}.", "It began with {}.", "Seen since revision {}."):
            yield text.format(first), (), "", True
            yield text.format(last), (), "", False
    times = [d.time for d in case.deployments]
    if times and len(times) == 1:
        after = times[0] <= c.first_seen
        yield "It was first seen after the deployment.", (), "", after
        yield "It was first seen before the deployment.", (), "", not after
        yield "It began after the deployment.", (), "", after


def _revisions(case: Case, random: Random) -> Made:
    c = case.problem.cluster
    for revision in c.revisions[:2]:
        texts = [
            "Seen on {}.",
            "It was logged on revision {}.",
            "Revision {} shows it.",
            "Affected revision: {}",
            "The entries come from revision {}.",
        ]
        yield random.choice(texts).format(revision), (), "", True
        wrong = re.sub(r"\d{5}", lambda n: f"{int(n[0]) + random.randint(1, 7):05d}", revision, count=1)
        if wrong != revision and wrong not in c.revisions:
            yield random.choice(texts).format(wrong), (), "", False
    if len(c.revisions) > 1:
        yield f"Seen only on {c.revisions[0]}.", (), "", False


def _sites(case: Case, random: Random) -> Made:
    for entry in case.problem.cluster.evidence[:2]:
        frame = entry.failure.frame if entry.failure else None
        if entry.failure is None or frame is None or not frame.file or not frame.line:
            continue
        name, kind = frame.file, entry.failure.type.rpartition(".")[2]
        texts = [
            "{k} at {f}:{n}.",
            "{k} was raised in {f}, line {n}.",
            "{k} was raised in {f} at line {n}.",
        ]
        known = {int(n) for e in case.problem.cluster.evidence for n in re.findall(r"(?:line |:)(\d+)", e.text)}
        wrong = frame.line + random.choice([1, 2, 10, 100])
        yield random.choice(texts).format(k=kind, f=name, n=frame.line), (entry.id,), "", True
        if wrong not in known:
            yield random.choice(texts).format(k=kind, f=name, n=wrong), (entry.id,), "", False
        for other in ("ConnectionResetError", "OverflowError", "LookupError"):
            if all(other not in e.text for e in case.problem.cluster.evidence):
                yield random.choice(texts).format(k=other, f=name, n=frame.line), (entry.id,), "", False


def _requests(case: Case, random: Random) -> Made:
    s = case.problem.cluster.signature
    entry = next((e for e in case.problem.cluster.evidence if e.request and e.request.status), None)
    if entry is None or entry.request is None or not s.route or s.status != entry.request.status:
        return
    texts = [
        "{m} {r} answered {n}.",
        "{m} {r} returned status {n}.",
        "{m} {r} responded with {n}.",
        "Requests to {m} {r} fail with HTTP {n}.",
        "The status of {m} {r} was {n}.",
    ]
    said = {"m": s.method, "r": s.route, "n": s.status}
    yield random.choice(texts).format(**said), (entry.id,), "", True
    yield random.choice(texts).format(**{**said, "n": s.status + random.choice([1, 100, -100])}), (entry.id,), "", False
    yield random.choice(texts).format(**{**said, "r": s.route + "/receipts"}), (entry.id,), "", False


def _severities(case: Case, random: Random) -> Made:
    right = case.problem.triage.severity
    other = random.choice([s for s in type(right) if s is not right])
    for severity in (right, other):
        yield random.choice(["Its severity is {}.", "It is rated {}."]).format(severity), (), "", severity is right


def _quotes(case: Case, random: Random) -> Made:
    evidence = [e for e in case.problem.cluster.evidence if len(e.text.split()) >= 4]
    for entry in random.sample(evidence, min(2, len(evidence))):
        quote = _piece(entry, random)
        if not quote:
            continue
        says = random.choice(
            ["An entry says so.", 'The entry says "{}".', "The log line reads “{}”.", "It was logged."]
        )
        yield says.format(quote), (entry.id,), quote, True
        wrong = _bent(quote, random)
        everything = " ".join(" ".join(e.text.split()) for e in case.problem.cluster.evidence)
        if wrong not in everything:
            yield says.format(wrong), (entry.id,), wrong, False
        elsewhere = [e for e in evidence if quote not in " ".join(e.text.split())]
        if elsewhere:
            yield says.format(quote), (random.choice(elsewhere).id,), quote, False
        yield says.format(quote), ("no-such-entry",), quote, False


def _piece(entry: Entry, random: Random) -> str:
    lines = [line.split() for line in entry.text.splitlines()[:PARTS] if len(line.split()) >= 3]
    if not lines:
        return ""
    words = random.choice(lines)
    length = random.randint(3, min(12, len(words)))
    start = random.randint(0, len(words) - length)
    piece = " ".join(words[start : start + length])
    return piece if sum(c.isalnum() for c in piece) >= 8 and '"' not in piece and "`" not in piece else ""


def _bent(quote: str, random: Random) -> str:
    """The quote with something else in it: a word more, a word less inside, another number, two words exchanged."""
    words = quote.split()
    at = random.randint(1, len(words) - 1)
    bent = [
        [*words[:at], "eleven", *words[at:]],
        [*words[:at], "never", *words[at:]],
        [re.sub(r"\d", lambda d: str((int(d[0]) + 3) % 10), w) for w in words],
        [*words[: at - 1], words[at], words[at - 1], *words[at + 1 :]],
        [*words[:at], "elsewhere", *words[at + 1 :]],
    ]
    chosen = random.choice(bent)
    return " ".join(chosen if chosen != words else bent[0])


SORTS: dict[str, Callable[[Case, Random], Made]] = {
    "counts": _counts,
    "both counts": _both,
    "environments": _environments,
    "times": _times,
    "spans": _spans,
    "orders": _orders,
    "revisions": _revisions,
    "sites": _sites,
    "requests": _requests,
    "severities": _severities,
    "quotes": _quotes,
}
