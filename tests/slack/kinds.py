"""One message of each kind that tells of what people and logs said, with whatever words they used."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.inquiries.coverage import Coverage, Gap, Lack, Met
from bot.inquiries.deploys import Health, Validation
from bot.models import (
    Channel,
    Condition,
    Deployment,
    Event,
    Expectation,
    Kin,
    Message,
    Problem,
    Reply,
    Stance,
    Stand,
    Window,
)
from bot.render import slack
from tests import samples
from tests.samples import NOW

AGO = NOW - timedelta(hours=2)


def problem_that_says(words: str) -> Problem:
    found = samples.hostile()
    own = tuple(samples.signature(f"{words} {n}") for n in range(3))
    named = replace(found.cluster, title=words, evidence=(samples.entry(words),) * 5, signatures=own)
    said = replace(samples.analysis(9, words), next_steps=(words,) * 5, technical_impact=words, business_impact=words)
    return replace(found, cluster=named, analysis=said)


def messages_that_say(words: str, times: int = 3) -> dict[str, Message]:
    """By kind; lists have so many of it."""
    problem = problem_that_says(words)
    number, many = problem.number, [problem] * times
    issue = samples.issue(889, title=words)
    condition = Condition("reader", AGO, words, mend=words)
    deployment = Deployment(AGO, words[:200], "production", words[:200], who=words, message=words)
    checked = Validation(deployment, next(iter(Health)), words, Window(AGO, NOW), new=tuple(many))
    gaps = tuple(Gap(problem, lack, words) for lack in Lack for _ in range(times))
    met = tuple(Met(Expectation("login", words), (number,)) for _ in range(times))
    stances = {
        stand: Stance(number, stand, "U0ANN", AGO, whom="U0ANN", why=words, until=NOW, severity=problem.triage.severity)
        for stand in Stand
    }
    return {
        "alert": slack.alert([problem], "S0ONCALL"),
        "alerts": slack.alert(many),
        "changes": slack.changes([words] * times),
        "condition": slack.condition(condition, NOW),
        "over": slack.over(replace(condition, over=NOW), NOW),
        "deploys": slack.deploys([checked] * times, "1 d", NOW),
        "no deploys": slack.deploys([], "1 d", NOW),
        "validated": slack.validated(checked, NOW),
        "covered": slack.covered(Coverage(gaps, met, times), words[:60]),
        "reply": slack.reply(Reply(problem, words, samples.analysis(number, words), samples.audit())),
        **{f"said {stand}": slack.said(stance, NOW) for stand, stance in stances.items()},
        "silences": slack.silences([stances[Stand.SNOOZED]] * times, {number: problem}, NOW),
        "linked": slack.linked(problem, issue),
        "unlinked": slack.unlinked(problem, issue),
        "picker": slack.picker(problem),
        "kin": slack.kin(problem, [Kin(problem, words)] * min(times, 5)),
        "no kin": slack.kin(problem, []),
        "settings": slack.settings(Channel("C0LOGS", services=(words[:60],) * times), {"services": words}),
        "past": slack.past([Event(AGO, "U0ANN", "refused", f"channel {words[:50]}", words)] * times, NOW),
        "past of one": slack.past([Event(AGO, words[:40], words[:40], "cluster 3", words)] * times, NOW, 3),
        "found": slack.found(many, words, NOW),
        "nothing found": slack.found([], words, NOW),
        "provisional": slack.provisional(slack.say("Taken."), words),
        "unfurled": slack.unfurled(problem, "https://garden.example/clusters/9", NOW),
    }
