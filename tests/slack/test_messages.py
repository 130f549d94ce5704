"""Messages for Slack: within its limits, readable without blocks, harmless whatever a log says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.blocks import MOST_CHARACTERS, characters, problems, view_problems
from bot.models import (
    Act,
    Candidate,
    Case,
    Condition,
    Message,
    Problem,
    Reply,
    Report,
    Severity,
    Stage,
    Stance,
    Stand,
    View,
)
from bot.render import blocks, slack
from bot.slack import modal
from bot.steps.audit import audit
from bot.steps.audit.authored import authored
from bot.steps.digest import digest
from handlers import commands, grammar
from tests import samples
from tests.samples import HOSTILE, NOW, report
from tests.slack.kinds import messages_that_say

DAY = NOW.date()


def every_message() -> dict[str, Message]:
    """One of each kind."""
    shown = report()
    waiting = samples.proposal()
    return {
        "digest": slack.digest(digest(shown, "C0LOGS", DAY)),
        "digest with picture": slack.digest(digest(shown, "C0LOGS", DAY), "F1", "12 occurrences"),
        "quiet": slack.digest(digest(replace(shown, problems=()), "C0LOGS", DAY)),
        "latest": slack.latest(shown, shown.families, 12, "checkout", "latest all checkout"),
        "latest all": slack.listing(many := long_report(), many.families, 40, "checkout", "latest all checkout", True),
        "latest all, beyond the end": slack.listing(shown, shown.families, 900, "", "latest all", False),
        **{f"detail {p.number}": slack.detail(p, NOW) for p in shown.problems},
        **{
            f"proposal {stage}": slack.proposal(replace(waiting, stage=stage, issue=7), NOW, who="U0ANN", words="why")
            for stage in Stage
        },
        **{
            f"proposal to {act}": slack.proposal(samples.proposal(1, samples.draft(act, number=889)), NOW)
            for act in Act
        },
        "proposal with candidates": slack.proposal(
            waiting, NOW, candidates=[Candidate(samples.issue(n, HOSTILE), 0.5, "") for n in (1, 2, 3)]
        ),
        "checked": slack.checked(checked()),
        "dashboard": slack.dashboard("https://garden.example.com"),
        "no dashboard": slack.dashboard(""),
        "link": slack.unfurled(samples.hostile(), "https://garden.example.com/clusters/9", NOW),
        **messages_that_say("checkout cannot reach the database"),
        "help": commands.help_page(),
        "help escalate": commands.help_page("escalate"),
        "mistake": slack.say(grammar.parse("dance").answer),  # type: ignore[union-attr]  # it is a mistake
    }


def long_report() -> Report:
    """Three hundred problems, some of them named by an attacker, one with as many symptoms."""
    incident = samples.incident(1, *range(1000, 1300))
    root = replace(samples.problem(1, HOSTILE, Severity.P0), incident=incident)
    symptoms = [replace(samples.problem(n, "exit(3)"), incident=incident) for n in range(1000, 1300)]
    others = [samples.problem(n, HOSTILE if n % 3 else "x" * 300, list(Severity)[n % 6]) for n in range(2, 301)]
    return report(root, *symptoms, *others)


def checked() -> Reply:
    said = authored(1, f"It happened 12 times since 06:00 UTC. It fails because of {HOSTILE}.")
    return Reply(samples.crash(), "#7", said, audit(Case(samples.crash()), said, frozenset()))


def every_view() -> dict[str, View]:
    """One of each kind that one person gets."""
    shown, waiting = report(), samples.proposal()
    many = tuple((samples.problem(n, HOSTILE),) for n in range(1, 20))
    health = [Condition("lag x", NOW, HOSTILE, HOSTILE)] * 5
    silent = [Stance(3, Stand.SNOOZED, "U0BOB", NOW, why=HOSTILE, until=NOW)] * 12
    home = slack.home(
        many,
        [replace(waiting, id=n) for n in range(12)],
        shown.problems,
        silent,
        health,
        NOW,
        NOW,
        url="https://g.example",
    )
    long = replace(waiting, draft=replace(waiting.draft, body=HOSTILE * 100, title=HOSTILE * 9, labels=("x" * 50,) * 9))
    return {
        **{
            f"edit {act}": slack.edit(samples.proposal(1, samples.draft(act, number=889)), "C1", "1.1", "1.0")
            for act in (Act.CREATE, Act.ESCALATE)
        },
        "edit what is long": slack.edit(long, "C1", "1.1", "1.0"),
        "report": slack.report(HOSTILE * 200, "C1", "1.1"),
        "page": slack.page(slack.detail(samples.crash(), NOW)),
        "home": home,
        "home of a guest": slack.home((), [], [], [], [], None, NOW, names=False),
    }


@pytest.mark.parametrize("name", every_view())
def test_slack_would_take_every_view(name: str) -> None:
    """Forms, pages and home tabs are within the limits, whatever stands in them."""
    view = every_view()[name]
    home = name.startswith("home")
    sent = {"type": "home", "blocks": list(view.blocks)} if home else modal(view)
    assert view_problems(sent, "home" if home else "modal") == []
    assert not home or mentions(Message("", view.blocks)) in ([], ["<@U0BOB>"] * 8)


@pytest.mark.parametrize("name", every_message())
def test_slack_would_take_every_message(name: str) -> None:
    """No limit is broken, and the text alone says something."""
    message = every_message()[name]
    assert problems(list(message.blocks)) == []
    assert characters(list(message.blocks)) <= MOST_CHARACTERS
    assert len(message.text) >= len("Cluster 9")


def test_the_digest_leads_with_the_worst_and_folds_symptoms() -> None:
    """Severity as a word beside its symbol; symptoms under their root; what does not fit is counted."""
    message = slack.digest(digest(report(), "C0LOGS", DAY))
    sections = [b["text"]["text"] for b in message.blocks if b["type"] == "section"]
    assert sections[0].startswith("🔴 *P0 · ModuleNotFoundError")
    assert "Its symptoms: 2 clusters" in sections[0]
    assert "Cause (confirmed, pattern-based): The image lacks a module" in sections[0]
    assert "more" in sections[-1]
    footer = message.blocks[-1]["elements"]
    assert footer[0]["text"] == "Read up to 6 Mar 11:58 UTC"
    assert message.text.startswith("7 problems (1 P0")


def test_every_problem_stands_on_one_page_of_the_list() -> None:
    """Three hundred of them, however long their names; each page leads to the next, within the limits of a message."""
    many, start, pages = long_report(), 0, 0
    seen: list[str] = []
    while start is not None:
        message = slack.listing(many, many.families, start, "", "latest all", False)
        assert problems(list(message.blocks)) == []
        assert characters(list(message.blocks)) <= MOST_CHARACTERS
        seen += re.findall(r"P[0-5] · cluster ([0-9]+)", str(message.blocks))
        asked = [e["value"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]
        start = int(asked[0].removesuffix(" latest all")) if asked else None
        pages += 1
        assert "parts are left out" not in str(message.blocks)
    assert sorted(map(int, seen)) == list(range(1, 301))
    assert pages < 20
    assert "symptoms: 1000, 1001" in str(slack.listing(many, many.families, 0, "", "latest all", False).blocks)


def test_a_collapsed_list_says_what_shows_the_rest() -> None:
    """In the digest, in what was asked for, and in a flood of alerts."""
    many = long_report()
    assert slack.digest(digest(many, "C0LOGS", DAY)).text.startswith("300 problems (8 P0 and 292 more).")
    assert "And 292 more: `/garden latest all`" in str(slack.digest(digest(many, "C0LOGS", DAY)).blocks)
    asked = slack.latest(many, many.families[:8], 5, "checkout", "latest all checkout P1")
    assert "And 5 more: `/garden latest all checkout P1`" in str(asked.blocks)
    urgent = [p for p in many.problems if p.triage.severity is Severity.P0]
    assert "`/garden latest all P0`" in str(slack.alert(urgent).blocks)


def test_a_cause_that_was_struck_out_is_not_shown() -> None:
    """Only what the audit lets pass is said."""
    text = str(slack.detail(samples.known(), NOW))
    assert "Queries hold connections" not in text


def test_evidence_is_left_out_where_strangers_read_along() -> None:
    """No log line, but the rest."""
    assert "Traceback" in str(slack.detail(samples.crash(), NOW))
    assert "Traceback" not in str(slack.detail(samples.crash(), NOW, evidence=False))


def mentions(message: Message) -> list[str]:
    """Everything in angle brackets that Slack would act on."""
    texts = [message.text, *blocks.texts(list(message.blocks))]
    return [found for text in texts for found in re.findall(r"<[@!#][^>]*>|<[a-z]+:[^>]*>", text)]


@pytest.mark.parametrize("name", every_message())
def test_hostile_text_mentions_nobody_and_links_nowhere(name: str) -> None:
    """Only our own links to the tracker and mentions of who decided are there."""
    ours = ("<https://github.com/ticketry/platform/", "<https://garden.example", "<@U0ANN>", "<!subteam^S0ONCALL>")
    assert [m for m in mentions(every_message()[name]) if not m.startswith(ours)] == []


@given(st.text(max_size=4000), st.integers(0, 4000))
def test_any_text_in_any_place_fits(text: str, times: int) -> None:
    """Whatever a log, a model or a person writes, however long: Slack would take it."""
    hostile = samples.hostile()
    long = (text + HOSTILE) * (times // 100 + 1)
    drafted = replace(samples.draft(), title=long, body=long * 3, comment=long, reason=long)
    problem = replace(
        hostile,
        cluster=replace(hostile.cluster, title=long, evidence=(samples.entry(long),) * 9),
        analysis=replace(samples.analysis(9, long), next_steps=(long,) * 9, technical_impact=long),
        proposal=samples.proposal(9, drafted),
    )
    for message in (
        slack.detail(problem, NOW),
        slack.proposal(samples.proposal(9, drafted), NOW, who=long, words=long),
        slack.sentence(long or "x"),
    ):
        assert problems(list(message.blocks)) == []
        assert characters(list(message.blocks)) <= MOST_CHARACTERS


UGLY = [json.loads(line) for line in (Path(__file__).parents[1] / "cases/ugly.txt").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("times", [1, 40])
def test_ugly_words_fit_into_every_kind_of_message_and_do_nothing(times: int) -> None:
    """Each alone, all of them at once, and in long lists: within Slack's limits, with no mention and no link."""
    for words in [*UGLY, " ".join(UGLY), HOSTILE * 40]:
        for name, message in messages_that_say(words, times).items():
            assert problems(list(message.blocks)) == [], (name, words)
            assert characters(list(message.blocks)) <= MOST_CHARACTERS, (name, words)
            assert message.text.strip(), (name, words)
            ours = ("<https://github.com/", "<https://garden.example/", "<@U0ANN>", "<!subteam^S0ONCALL>")
            marked = replace(message, blocks=tuple(b for b in message.blocks if b["type"] != "header"))  # plain text
            assert [m for m in mentions(marked) if not m.startswith(ours)] == [], (name, words)


def test_a_flood_is_cut_and_says_so() -> None:
    """More blocks than a message takes: the footer stays, what is left out is counted."""
    message = blocks.fit("many", [*(blocks.section("x" * 500) for _ in range(90)), blocks.context(["footer"])])
    assert problems(list(message.blocks)) == []
    assert characters(list(message.blocks)) <= MOST_CHARACTERS
    assert message.blocks[-1]["elements"][0]["text"] == "footer"
    assert "left out" in message.blocks[-2]["elements"][0]["text"]


@given(st.text(), st.integers(10, 200))
def test_a_cut_leaves_no_entity_link_or_code_open(text: str, limit: int) -> None:
    """Cut mrkdwn stays mrkdwn."""
    shown = blocks.trim(f"{text.replace('&', '').replace('<', '').replace('>', '')}&amp;<http://a.example|b>", limit)
    assert len(shown) <= limit
    assert not re.search(r"&(?!amp;)|<[^>]*$", shown)


def test_all_of_a_proposals_text_is_shown_up_to_a_bound() -> None:
    """What would be written is there word for word."""
    body = "\n".join(f"line {n} of the issue" for n in range(200))
    waiting = replace(samples.proposal(), draft=replace(samples.draft(), body=body))
    shown = "\n".join(blocks.texts(list(slack.proposal(waiting, NOW).blocks)))
    assert all(f"line {n} of the issue" in shown for n in range(200))


def test_buttons_of_a_proposal_carry_its_number_and_its_text() -> None:
    """Nothing else can be approved by them; once decided they are gone."""
    waiting = samples.proposal()
    buttons = [e for b in slack.proposal(waiting, NOW).blocks if b["type"] == "actions" for e in b["elements"]]
    wanted = [("approve", "17:d1"), ("edit", "17:d1"), ("reject", "17:d1")]
    assert [(b["action_id"], b["value"]) for b in buttons] == wanted
    decided = slack.proposal(
        replace(waiting, stage=Stage.FILED, issue=7, url="https://example.com/7"), NOW, who="U0ANN"
    )
    assert not [b for b in decided.blocks if b["type"] == "actions"]
    assert "<https://example.com/7|#" in decided.blocks[1]["text"]["text"]
    assert "approved by <@U0ANN>" in decided.blocks[1]["text"]["text"]


def test_what_a_sentence_tells_to_type_looks_like_it() -> None:
    """Backticks of ours stay; words from elsewhere do nothing, inside of them or outside."""
    shown = slack.sentence("No *such* <!here>. Type `/garden show 3` or `<@U0ANN> _x_`.").text
    assert "`/garden show 3`" in shown
    assert "`&lt;@U0ANN&gt; _x_`" in shown
    assert "&lt;!here&gt;" in shown
    assert "*such*" not in shown


def test_a_long_quiet_problem_says_since_when() -> None:
    """Times are in UTC and say so."""
    old = samples.cluster(3, first=NOW - timedelta(days=400))
    text = str(slack.digest(digest(report(Problem(old, samples.triage())), "C0LOGS", DAY)).blocks)
    assert "since 30 Jan 2025 12:00 UTC" in text


def test_everything_silent_can_be_seen_page_by_page() -> None:
    """However many, whatever was said of them."""
    known = {n: samples.problem(n, HOSTILE) for n in range(1, 101)}
    silent = [Stance(n, Stand.SNOOZED, "U0BOB", NOW, why=HOSTILE, until=NOW) for n in known]
    shown: list[str] = []
    start, pages = 0, 0
    while pages < 30:
        message = slack.silences(silent, known, NOW, start)
        shown += re.findall(r"\*Cluster ([0-9]+)\*", str(message.blocks))
        asked = [e["value"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]
        pages += 1
        if not asked:
            break
        start = int(asked[0].removesuffix(" snoozed"))
    assert list(map(int, shown)) == list(known)
