"""What needs more than a look: deployments, coverage, the worklog; questions to the model."""

from __future__ import annotations

from dataclasses import replace

from bot import inquire, pipeline, telling
from bot.errors import Refused
from bot.models import Problem, Window
from bot.render import markdown, phrases, picture, slack
from bot.spans import words as span_words
from bot.steps.worklog import worklog as composed
from handlers.desk import Asked, Desk
from handlers.grammar import Analyze, Ask, Check, CoverageOf, Deploys, Trends, Validate, WorklogOf, Wrong

LINES = "guests and bots do not get them, and nobody does in a channel that is shared with another company."


def deploys(desk: Desk, asked: Asked, command: Deploys) -> None:
    found = inquire.deploys(desk.edges, command.since)
    desk.answer(asked, slack.deploys(found, span_words(command.since), desk.now()), share=command.share)


def validate(desk: Desk, asked: Asked, command: Validate) -> None:
    found = inquire.validation(desk.edges, command.service, command.revision)
    desk.answer(asked, slack.validated(found, desk.now()), share=command.share)


def coverage(desk: Desk, asked: Asked, command: CoverageOf) -> None:
    found = inquire.covered(desk.edges, command.service)
    desk.answer(asked, slack.covered(found, command.service), share=command.share)


def worklog(desk: Desk, asked: Asked, command: WorklogOf) -> None:
    """The document as a file in the channel; it quotes log lines, so nobody from outside may ask for it."""
    if not desk.may_see_lines(asked):
        raise Refused(f"The worklog quotes log lines; {LINES}")
    chat, now = desk.edges.chat, desk.now()
    if chat is None:
        return
    report = pipeline.look(desk.edges, Window(now - command.since, now))
    written = markdown.worklog(composed(report)).encode("utf-8", "replace")
    chat.upload(asked.channel, f"worklog-{now:%Y-%m-%d-%H%M}.md", written, asked.thread)
    desk.say(asked, f"The worklog of the last {span_words(command.since)} is in the channel, as a file.")


def run(desk: Desk, asked: Asked) -> None:
    """A round now; the digest follows by itself."""
    desk.must_operate(asked.user)

    def work(slow: Desk, asked: Asked) -> None:
        ended = slow.round()
        until = slow.edges.store.rounds.read_until()
        if ended.stopped:
            slow.say(asked, "The bot stops, and the round with it; it goes on after the start.")
        elif ended.trouble:
            slow.answer(asked, slack.sentence(f"The round did not end well. {ended.trouble}"))
        else:
            read = f"{phrases.moment(until, slow.now())} UTC" if until else "now; nothing was there"
            slow.say(asked, f"The logs are read up to {read}. `/garden latest` shows what matters now.")

    desk.later(asked, "On it: the logs are read now; the digest follows by itself.", work, desk.rounds)


# ---------------------------------------------------------------- questions to the model


def ask(desk: Desk, asked: Asked, command: Ask) -> None:
    """An answer quotes log lines, which guests do not see."""
    if not desk.may_see_lines(asked):
        raise Refused(f"An answer quotes log lines; {LINES}")
    number = telling.one(desk.edges, command.cluster).number

    def answer(slow: Desk, asked: Asked) -> None:
        slow.tell(asked, slack.reply(inquire.ask(slow.edges, number, command.question, asked.user)))

    desk.later(asked, f"On it: I look what the log lines of cluster {number} say to that.", answer)


def check(desk: Desk, asked: Asked, command: Check) -> None:
    """What is found names log lines, which guests do not see."""
    if not desk.may_see_lines(asked):
        raise Refused(f"What is found quotes log lines; {LINES}")

    def answer(slow: Desk, asked: Asked) -> None:
        if command.issue:
            found = inquire.check_issue(slow.edges, command.issue, asked.user)
        else:
            found = inquire.check(slow.edges, command.cluster, command.text, asked.user)
        slow.answer(asked, slack.checked(found), share=command.share)

    what = f"what #{command.issue} says" if command.issue else "that"
    desk.later(asked, f"On it: I hold {what} against the log lines.", answer)


def trends(desk: Desk, asked: Asked, command: Trends) -> None:
    """The picture as a file where it was asked for, and the same in words for whoever asked."""
    chart = telling.chart(desk.edges, command.since)
    if chart.total and desk.edges.chat is not None:
        name = f"trends-{desk.now():%Y-%m-%d-%H%M}.png"
        desk.edges.chat.upload(asked.channel, name, picture.drawn(chart), asked.thread, picture.words(chart))
    desk.answer(asked, slack.sentence(picture.words(chart)))


def analyze(desk: Desk, asked: Asked, command: Analyze) -> None:
    desk.must_operate(asked.user)
    number = telling.one(desk.edges, command.cluster).number
    desk.later(
        asked,
        f"On it: cluster {number} is looked at again.",
        lambda slow, asked: _shown(slow, asked, *inquire.analyze(slow.edges, number, asked.user)),
    )


def wrong(desk: Desk, asked: Asked, command: Wrong) -> None:
    desk.must_operate(asked.user)
    number = telling.one(desk.edges, command.cluster).number
    desk.later(
        asked,
        f"On it: the cause of cluster {number} is struck out, and asked for again with your word.",
        lambda slow, asked: _shown(slow, asked, *inquire.wrong(slow.edges, number, command.why, asked.user)),
    )


def _shown(desk: Desk, asked: Asked, problem: Problem, reason: str) -> None:
    """The cluster as it is now, and why no model wrote of it, where none did."""
    evidence = desk.may_see_lines(asked)
    desk.tell(asked, slack.detail(problem, desk.now(), evidence=evidence))
    if reason:
        desk.answer(
            replace(asked, waiting=False, again=False),
            slack.sentence(f"No model was asked about cluster {problem.number}: {reason}."),
        )
