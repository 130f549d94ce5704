"""What needs more than a look: deployments, coverage, the worklog."""

from __future__ import annotations

from bot import inquire, pipeline
from bot.errors import Refused
from bot.models import Window
from bot.render import markdown, slack
from bot.spans import words as span_words
from bot.steps.worklog import worklog as composed
from handlers.desk import Asked, Desk
from handlers.grammar import CoverageOf, Deploys, Validate, WorklogOf


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
    if not desk.people.full_member(asked.user):
        raise Refused("The worklog quotes log lines; guests and bots do not get it. A full member can ask for it.")
    chat, now = desk.edges.chat, desk.now()
    if chat is None:
        return
    report = pipeline.look(desk.edges, Window(now - command.since, now))
    written = markdown.worklog(composed(report)).encode("utf-8", "replace")
    chat.upload(asked.channel, f"worklog-{now:%Y-%m-%d-%H%M}.md", written, asked.thread)
    desk.say(asked, f"The worklog of the last {span_words(command.since)} is in the channel, as a file.")
