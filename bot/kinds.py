"""One message and one view of each kind that people see, of one problem: what `garden doctor --live` shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot import inquire, pipeline
from bot.inquiries.coverage import Coverage
from bot.inquiries.deploys import Health, Validation
from bot.models import Channel, Deployment, Event, Issue, Kin, Message, Problem, Proposal, Stance, Stand, View, Window
from bot.ports import Edges
from bot.render import slack
from handlers.commands import help_page

DAY = timedelta(hours=24)
HOME = "the home tab"


def messages(edges: Edges, p: Problem, who: str) -> dict[str, Message]:
    """By what they are; of one problem, and of nothing outside."""
    now, store = edges.clock(), edges.store
    report = pipeline.look(edges, Window(now - DAY, now))
    issue = Issue(edges.tracker.repository, 1, p.cluster.title, url="https://example.com/1")
    stances = [Stance(p.number, stand, who, now, whom=who, why="a rehearsal", until=now + DAY) for stand in Stand]
    deployed = Deployment(now - DAY, p.cluster.service, "production", f"{p.cluster.service}-00001-abc", who=who)
    healthy = Validation(deployed, Health.HEALTHY, "nothing new since", Window(now - DAY, now))
    alone = replace(edges, analyst=None)
    return {
        "an alert": slack.alert([p]),
        "several alerts": slack.alert([p, p]),
        "what changed": slack.changes([f"Cluster {p.number} is new, {p.triage.severity}."]),
        "latest": slack.latest(report, report.families[:8], 12, "", "latest all"),
        "a page of a list": slack.listing(report, [(p,)] * 50, 0, "", "latest all", False),
        "a cluster": slack.detail(p, now),
        "help": help_page(),
        "a picker of signatures": slack.picker(p),
        "a picker of clusters": slack.kin(p, [Kin(p, "the same exception")]),
        **{f"answer to {s.stand}": slack.said(s, now) for s in stances},
        "what is silent": slack.silences(stances, {p.number: p}, now),
        "linked": slack.linked(p, issue),
        "unlinked": slack.unlinked(p, issue),
        "settings": slack.settings(Channel(edges.channel), {}),
        "history": slack.past([Event(now, who, "take", f"cluster {p.number}", "a rehearsal")], now),
        "search": slack.found([p], "rehearsal", now),
        "deployments": slack.deploys([healthy], "1 d", now),
        "a validated deployment": slack.validated(healthy, now),
        "coverage": slack.covered(Coverage((), (), 1), ""),
        "an answer to a question": slack.reply(inquire.ask(alone, p.number, "since when does it happen?", who)),
        "a checked claim": slack.checked(inquire.check(alone, p.number, "It happened 1 time.", who)),
        "status": slack.status(store.conditions.active(), store.sources.progress(), store.sums.figures(), now),
        "an answer that is not final": slack.provisional(slack.say("Taken."), "The backup does not answer."),
        "the dashboard's link": slack.dashboard(edges.policy.url),
        "a link that says what it leads to": slack.unfurled(p, f"https://example.com/clusters/{p.number}", now),
    }


def views(edges: Edges, p: Problem, proposal: Proposal) -> dict[str, View]:
    """Forms, a page, the home tab."""
    now = edges.clock()
    return {
        "the form of a proposal": slack.edit(proposal, edges.channel, "1.1", "1.0"),
        "the form of a message": slack.report("checkout is slow", edges.channel, "1.1"),
        "a page over the conversation": slack.page(slack.detail(p, now)),
        HOME: slack.home([(p,)], [proposal], [p], [], [], now, now),
    }
