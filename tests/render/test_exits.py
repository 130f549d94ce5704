"""What the log lines do not bear out never leaves as a fact: titles, issues, digest, worklog, terminal, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import Act, Analysis, Case, Claim, Finding, Ground, Match, Outcome, Policy, Problem, Wrong
from bot.render import json as json_render
from bot.render import markdown, slack, terminal, titles
from bot.steps.audit import audit, disputed
from bot.steps.digest import digest
from bot.steps.propose import propose
from bot.steps.worklog import worklog
from tests import samples

POLICY = Policy(repository=samples.REPOSITORY)
INVENTED = "Quicksilver"
"""Stands in everything that is false."""
MARKS = re.compile(r"contradicted|unsupported|struck|✗|~|inconclusive|not supported|wrong", re.IGNORECASE)


def observed(text: str, quote: str = "") -> Claim:
    return Claim(text, Ground.OBSERVATION, ("e1",) if quote else (), quote)


def told(*claims: Claim, cause: str, source: str = "a-model", **more: str) -> Problem:
    """A problem whose explanation claims this, audited as in a round."""
    problem = replace(samples.crash(), match=Match(Outcome.NEW, "nothing like it"), incident=None, proposal=None)
    said = Claim(cause, Ground.INFERENCE, tuple(str(n + 1) for n in range(len(claims))))
    written = Analysis(
        problem.number, source, more.get("name", ""), cause, more.get("technical", ""), more.get("business", ""),
        (), (*claims, said), confidence=0.8,
    )  # fmt: skip
    return replace(problem, analysis=written, audit=audit(Case(problem), written, frozenset()))


def counted() -> Claim:
    return observed(f"{samples.crash().cluster.occurrences} occurrences.")


CASES: Mapping[str, Problem] = {
    "an invented quote, and a cause that rests on it": told(
        observed(f"The {INVENTED} failed.", f"{INVENTED} is full"), cause=f"The {INVENTED} is full.", name=INVENTED
    ),
    "an unsupported sentence beside true ones": told(
        counted(), observed(f"{INVENTED} was restarted."), cause="It fails."
    ),
    "a contradicted figure": told(
        observed(f"9999 occurrences of {INVENTED}."), cause=f"{INVENTED}.", name=f"{INVENTED} fails"
    ),
    "an impact with invented figures": told(
        counted(), cause="It fails.", technical=f"{INVENTED} lost 4711 users.", business=f"{INVENTED} costs 500 euros."
    ),
    "a name with an exception that nobody raised": told(counted(), cause="It fails.", name=f"{INVENTED}Error in start"),
    "a cause with a revision that never was": told(
        counted(), cause=f"{INVENTED} of shop-00077-zzz broke it.", technical=f"{INVENTED} is down."
    ),
}


def exits(problem: Problem) -> dict[str, str]:
    """Where what is told as a fact leaves."""
    report = samples.report(problem)
    draft = propose(problem, POLICY, samples.NOW)
    comment = replace(problem, match=Match(Outcome.KNOWN, "its marker", samples.issue()))
    reopened = replace(
        problem, match=Match(Outcome.REGRESSION, "closed before", replace(samples.issue(), state="closed"))
    )
    told = [d.title + d.body + d.comment for d in (propose(p, POLICY, samples.NOW) for p in (comment, reopened))]
    assert draft.act is Act.CREATE
    return {
        "title": titles.title(problem, POLICY),
        "issue": draft.title + draft.body,
        "comments": "".join(told),
        "digest": json.dumps(slack.digest(digest(report, "C0", samples.NOW.date())).blocks, ensure_ascii=False),
        "list": json.dumps(slack.latest(report, report.families, 0, "", "latest all").blocks, ensure_ascii=False),
        "report": terminal.show_report(report, width=120, color=False),
    }


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_what_is_told_as_a_fact_is_borne_out(problem: Problem) -> None:
    """Titles, issues, comments, the digest and lists hold nothing of it."""
    assert problem.audit is not None
    for where, text in exits(problem).items():
        assert INVENTED not in text, where


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_where_claims_are_listed_each_false_one_is_marked(problem: Problem) -> None:
    """The worklog, one cluster in full and JSON show claims, and what was found of each beside it."""
    report = samples.report(problem)
    pages = {
        "worklog": markdown.worklog(worklog(report)),
        "terminal": terminal.show_problem(problem, now=samples.NOW, width=2_000, color=False),
        "slack": "\n".join(str(b) for b in slack.detail(problem, samples.NOW).blocks).replace("\\n", "\n"),
    }
    for where, page in pages.items():
        for line in page.splitlines():
            assert INVENTED not in line or MARKS.search(line), (where, line)
    data = json_render.round_data(report)["clusters"][0]
    found = {c["text"]: c["finding"] for c in data["audit"]["claims"]}
    assert all(f not in ("confirmed", "inferred") for text, f in found.items() if INVENTED in text)
    if INVENTED in data["analysis"]["cause"]:
        assert data["audit"]["cause"] not in ("confirmed", "inferred")


@pytest.mark.parametrize("source", ["a-model", "patterns"])
def test_a_cause_that_people_called_wrong_is_no_fact_any_more(source: str) -> None:
    """Struck at every exit, the table's own, confirmed by its rule, not excepted; who said so and why is shown."""
    problem = samples.crash() if source == "patterns" else told(counted(), cause=f"{INVENTED} is the cause.")
    assert problem.analysis is not None
    assert problem.audit is not None
    cause = problem.analysis.cause
    said = Wrong(problem.number, cause, source, "U0BOB", "it is another one", samples.NOW - timedelta(hours=1))
    struck = replace(problem, wrong=(said,), audit=disputed(problem.analysis, problem.audit, [said]))
    assert struck.audit is not None
    assert struck.audit.cause is Finding.STRUCK
    plain = replace(struck, match=Match(Outcome.NEW, "nothing like it"), incident=None, proposal=None)
    for where, text in exits(plain).items():
        assert cause not in text, where
    shown = str(slack.detail(struck, samples.NOW).blocks)
    assert f"~{cause}~ is wrong, says <@U0BOB>: it is another one" in shown
    assert "it is another one" in markdown.worklog(worklog(samples.report(struck)))
    assert "it is another one" in terminal.show_problem(struck, now=samples.NOW, width=200, color=False)
