"""How good the audit is: thousands of claims whose truth is known, whole answers with their verdicts, and with a model
live answers; and how often people said that a cause was wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.errors import GardenError
from bot.evaluate.cases import Labelled, alone
from bot.evaluate.statements import Statement, statements
from bot.models import Audit, Case, Finding, Verdict
from bot.ports import Model
from bot.steps.audit import audit

FALSE_AT_MOST = 0.001
TRUE_AT_LEAST = 0.95
EXAMPLES = 5


@dataclass
class Tally:
    """How many of the true and the false statements were confirmed, and which should not have been, or should."""

    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[Statement, str]] = field(default_factory=list)
    believed: list[Statement] = field(default_factory=list)

    def add(self, case: Case, statement: Statement) -> None:
        about = statement.about or case
        checked = audit(about, alone(about, statement.claim), statement.issues).claims[0]
        confirmed = checked.finding is Finding.CONFIRMED
        (self.true if statement.true else self.false)[statement.sort] += 1
        if statement.true and not confirmed:
            self.missed.append((statement, checked.why))
        if confirmed and not statement.true:
            self.believed.append(statement)

    @property
    def holds(self) -> bool:
        """Nearly all that is true is confirmed, and hardly anything that is false."""
        true, false = self.true.total(), self.false.total()
        return len(self.believed) <= FALSE_AT_MOST * false and true - len(self.missed) >= TRUE_AT_LEAST * true

    def rows(self) -> list[tuple[str, int, int, int, int]]:
        """For each kind: true ones, those of them confirmed; false ones, those of them confirmed."""
        missed = Counter(s.sort for s, _ in self.missed)
        believed = Counter(s.sort for s in self.believed)
        kinds = sorted(self.true.keys() | self.false.keys())
        return [(k, self.true[k], self.true[k] - missed[k], self.false[k], believed[k]) for k in kinds]

    def __str__(self) -> str:
        lines = [f"{'kind':22} {'true':>6} {'confirmed':>10} {'false':>6} {'confirmed':>10}"]
        true, false = self.true.total(), self.false.total()
        total = ("all", true, true - len(self.missed), false, len(self.believed))
        return "\n".join(
            [*lines, *(f"{k:22} {t:>6} {c:>10} {f:>6} {b:>10}" for k, t, c, f, b in [*self.rows(), total])]
        )


def tallied(cases: Sequence[Case], random: Random, times: int = 1) -> Tally:
    """Statements about each case, with what stands in the other cases as false ones, too."""
    tally = Tally()
    for _ in range(times):
        for case in cases:
            for statement in statements(case, random, cases):
                tally.add(case, statement)
    return tally


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, and what the audit said of it beside what it must say; `wrong` in words, empty where all is right."""

    labelled: Labelled
    audit: Audit
    wrong: tuple[str, ...]


def answered(labelled: Labelled) -> Answered:
    checked = audit(labelled.case, labelled.analysis, labelled.issues)
    expected = labelled.expected
    wrong = []
    for number, wanted in enumerate(expected.claims, 1):
        found = checked.claims[number - 1] if number <= len(checked.claims) else None
        if found is None or (wanted and found.finding not in wanted):
            got = f"{found.finding}{f' ({found.why})' if found.why else ''}" if found else "missing"
            wrong.append(f"claim {number} is {got}, not {' or '.join(sorted(wanted))}")
    if expected.verdict and checked.verdict.value not in expected.verdict:
        wrong.append(f"the verdict is {checked.verdict} ({checked.rule}), not {' or '.join(sorted(expected.verdict))}")
    if expected.cause and checked.cause.value not in expected.cause:
        wrong.append(f"the cause is {checked.cause}, not {' or '.join(sorted(expected.cause))}")
    return Answered(labelled, checked, tuple(wrong))


@dataclass(frozen=True, slots=True)
class Live:
    """What a model wrote of a case now, as the audit found it."""

    case: str
    verdict: str
    confirmed: int
    observations: int
    note: str = ""


def live(labelled: Iterable[Labelled], model: Model, dollars: float) -> list[Live]:
    """Each case is given to the model once, within what may be spent."""
    out: dict[int, Live] = {}
    spent = 0.0
    for one in labelled:
        if id(one.case) in out:
            continue
        try:
            asked = model.prepare(one.case)
            if spent + asked.at_most.counted > dollars:
                out[id(one.case)] = Live(one.name, "", 0, 0, "not asked: the budget of a round is used up")
                continue
            analysis, spend = model.ask(asked)
        except GardenError as error:
            out[id(one.case)] = Live(one.name, "", 0, 0, error.user_message)
            continue
        spent += spend.counted
        checked = audit(one.case, analysis, one.issues)
        observed = (Finding.CONFIRMED, Finding.CONTRADICTED, Finding.UNSUPPORTED)
        out[id(one.case)] = Live(
            one.name, checked.verdict.value, checked.count(Finding.CONFIRMED), sum(checked.count(f) for f in observed)
        )
    return list(out.values())


@dataclass(frozen=True, slots=True)
class Score:
    """All that one evaluation came to."""

    seed: int
    tally: Tally
    answers: tuple[Answered, ...] = ()
    lives: tuple[Live, ...] = ()
    people: tuple[tuple[str, int, int], ...] = ()
    """By source: causes that were shown, and those of them that people marked as wrong."""

    @property
    def ran(self) -> bool:
        return bool(self.tally.true or self.tally.false or self.answers or self.lives)

    @property
    def passed(self) -> bool:
        rejected = [a for a in self.lives if a.verdict == Verdict.REJECTED.value]
        unheard = [a for a in self.lives if not a.verdict]
        lives = not self.lives or (len(rejected) * 2 <= len(self.lives) and len(unheard) < len(self.lives))
        return self.ran and self.tally.holds and not any(a.wrong for a in self.answers) and lives

    def data(self) -> dict[str, Any]:
        """As JSON has it; docs/evaluation.md names the keys."""
        tally = self.tally
        return {
            "version": 1,
            "seed": self.seed,
            "passed": self.passed,
            "claims": {
                "true": tally.true.total(),
                "true_confirmed": tally.true.total() - len(tally.missed),
                "false": tally.false.total(),
                "false_confirmed": len(tally.believed),
                "kinds": [
                    dict(zip(("kind", "true", "true_confirmed", "false", "false_confirmed"), r, strict=True))
                    for r in tally.rows()
                ],
                "examples_missed": [{"text": s.claim.text, "why": why} for s, why in tally.missed[:EXAMPLES]],
                "examples_believed": [{"text": s.claim.text} for s in tally.believed[:EXAMPLES]],
            },
            "answers": [
                {
                    "case": a.labelled.name,
                    "about": a.labelled.about,
                    "right": not a.wrong,
                    "wrong": list(a.wrong),
                    "verdict": a.audit.verdict.value,
                    "rule": a.audit.rule,
                    "cause": a.audit.cause.value,
                    "claims": [{"finding": c.finding.value, "why": c.why} for c in a.audit.claims],
                }
                for a in self.answers
            ],
            "live": [
                {"case": o.case, "verdict": o.verdict, "confirmed": o.confirmed, "observations": o.observations,
                 "note": o.note}
                for o in self.lives
            ],
            "people": [{"source": s, "causes": n, "marked_wrong": w} for s, n, w in self.people],
        }  # fmt: skip

    def __str__(self) -> str:
        """As text, for a terminal."""
        lines = []
        tally = self.tally
        if tally.true or tally.false:
            true, false = tally.true.total(), tally.false.total()
            lines += [f"Claims that were made of known facts (seed {self.seed})", str(tally)]
            lines.append(f"{_share(true - len(tally.missed), true)} of the true ones confirmed (at least 95 % wanted), "
                         f"{len(tally.believed)} of {false} false ones (at most 1 in 1,000)")  # fmt: skip
            lines += [f"  missed: {s.claim.text[:110]} ({why[:80]})" for s, why in tally.missed[:EXAMPLES]]
            lines += [f"  believed: {s.claim.text[:150]}" for s in tally.believed[:EXAMPLES]]
        if self.answers:
            right = sum(not a.wrong for a in self.answers)
            lines += ["", f"Labelled answers and claims: {right} of {len(self.answers)} as they must be"]
            lines += [f"  {a.labelled.name}: {'; '.join(a.wrong)}" for a in self.answers if a.wrong]
        if self.lives:
            lines += ["", "Live answers of the model"]
            lines += [f"  {o.case:30} {o.note or f'{o.verdict}, {o.confirmed} of {o.observations} confirmed'}"
                      for o in self.lives]  # fmt: skip
        if self.people:
            lines += ["", "Causes that people marked as wrong"]
            lines += [f"  {source}: {wrong} of {shown}" for source, shown, wrong in self.people]
        return "\n".join([*lines, "", "passed" if self.passed else "NOT PASSED" if self.ran else "Nothing ran."])


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
