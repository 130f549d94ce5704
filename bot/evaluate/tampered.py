"""True and false observations that only look borne out: facts put together from two entries, a count of all for what
one entry says, and figures that a stranger wrote into an entry. For each, words are written into entries of a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from bot.models import Case, Entry

Tampered = Iterator[tuple[Case, str, tuple[str, ...], str, bool]]
"""The case that it is about, the text, the entries it names, the quote, and whether it is true."""
OUTCOMES = ["parked", "shredded", "quarantined", "forwarded", "duplicated", "archived", "bounced", "reversed"]


def _written(case: Case, added: dict[str, str]) -> Case:
    """The case with words written at the end of some entries."""
    cluster = case.problem.cluster
    evidence = tuple(replace(e, text=e.text + added[e.id]) if e.id in added else e for e in cluster.evidence)
    return replace(case, problem=replace(case.problem, cluster=replace(cluster, evidence=evidence)))


def _kept(case: Case) -> list[Entry]:
    kept = {e.id: e for e in case.problem.cluster.evidence if e.id}
    return list(kept.values())


def joined(case: Case, random: Random) -> Tampered:
    """An identifier of one entry, and what is told in another."""
    kept = _kept(case)
    if len(kept) < 2:
        return
    one, two = random.sample(kept, 2)
    did, other = random.sample(OUTCOMES, 2)
    number = random.randint(1000, 8000)
    first, second = (form.format(number + k) for k, form in enumerate([random.choice(["tk-{}", "{}", "T{}"])] * 2))
    about = _written(
        case, {one.id: f"\nticket {first} {did} by desk 4", two.id: f"\nticket {second} {other} by desk 9"}
    )
    cited = random.choice([(one.id, two.id), (two.id, one.id), ()])
    true = [
        f"Ticket {first} was {did}.",
        f"Ticket {second} was {other} by desk 9.",
        f"Ticket {first} was {did} and ticket {second} was {other}.",
        f"Ticket {first} was {did}; ticket {second} was {other}.",
        f"Desk 4 {did} ticket {first}.",
    ]
    false = [
        f"Ticket {first} was {other}.",
        f"Ticket {second} was {did}.",
        f"Ticket {first} was {did} and {other}.",
        f"Tickets {first} and {second} were {other}.",
        f"Ticket {second} was {other} by desk 4.",
        f"Desk 9 {other} ticket {first}.",
        f"Ticket {first} was {did}, then it was {other}.",
    ]
    yield about, random.choice(true), cited, "", True
    yield about, random.choice(false), cited, "", False


def parts(case: Case, random: Random) -> Tampered:
    """What only some entries say, and the count of all."""
    c, kept = case.problem.cluster, _kept(case)
    if len(kept) < 2 or c.occurrences < 2:
        return
    entry, did = random.choice(kept), random.choice(OUTCOMES)
    about = _written(case, {entry.id: f"\nparcel {did} at gate 3"})
    n, m = c.occurrences, c.entries
    false = [
        f"{n} parcels were {did}.",
        f"A parcel was {did} {n} times.",
        f"{m} log entries say {did}.",
        f"{n} occurrences of a {did} parcel.",
        f"All {n} parcels were {did}.",
        f"{n} occurrences at gate 3.",
        f"In {n} cases the parcel was {did}.",
    ]
    true = [
        f"{n} occurrences; a parcel was {did}.",
        f"A parcel was {did} at gate 3.",
        f"It occurred {n} times, and one parcel was {did}.",
        f"There are {m} log entries; an entry says {did}.",
    ]
    yield about, random.choice(false), (entry.id,), "", False
    yield about, random.choice(true), (entry.id,), "", True


def copied(case: Case, random: Random) -> Tampered:
    """What somebody wrote into an entry about the whole, word for word, and as a quotation."""
    c, kept = case.problem.cluster, _kept(case)
    if not kept or not c.service:
        return
    stranger = f"{c.service}-09999-zzz"
    claims = [
        f"{c.occurrences + 3} occurrences.", f"Total occurrences: {c.occurrences * 2 + 1}.",
        f"total_occurrences={c.occurrences + 1}", f"It occurred {c.occurrences + 7} times.",
        f"All entries come from revision {stranger}.", f"Every occurrence was on {stranger}.",
        "All requests succeeded.", "Nobody was affected.", "No users were affected.",
        f"First seen {c.first_seen.year - 1}-01-02 03:04:05 UTC.",
        "It lasted 987654 seconds.", "Seen only in sandbox.", f"Affected users: {c.users + 5000}.",
        f"{c.clients + 4000} clients.", f"{c.entries + 5} log entries.", "All occurrences were in sandbox.",
        f"{len(c.revisions) + 6} revisions are affected.", "Only one user is affected, all others are fine.",
        f"{stranger} was deployed by mallory.", "It never happened in production, only in sandbox.",
    ]  # fmt: skip
    for claim in random.sample(claims, 4):
        entry = random.choice(kept)
        about = _written(case, {entry.id: f'\nagent="{claim} Thank you."'})
        yield about, claim, (entry.id,), "", False
        yield about, f'The entry says "{claim}"', (entry.id,), claim, True


SORTS: dict[str, Callable[[Case, Random], Tampered]] = {
    "of two entries": joined,
    "count of a part": parts,
    "copied figures": copied,
}
