"""An answer to a question, in Slack."""

from __future__ import annotations

from bot.models import Finding, Message, Reply
from bot.render import replied
from bot.render.blocks import context, fit, header, section
from bot.render.escape import mrkdwn
from bot.render.slack.detail import FINDING
from bot.render.slack.pieces import PARAGRAPH, SENTENCE, prose

CLAIMS = 10


def reply(answer: Reply) -> Message:
    """The question, the answer and how far it may be believed, and the lines that it rests on."""
    number, said = answer.problem.number, replied.text(answer)
    lines = []
    for place, claim in enumerate(list(replied.claims(answer))[:CLAIMS], 1):
        text = prose(claim.text, SENTENCE)
        text = f"~{text}~" if claim.finding in (Finding.CONTRADICTED, Finding.STRUCK) else text
        why = f": {prose(claim.why, SENTENCE)}" if claim.why else ""
        cited = "".join(f"\n      {e.time:%Y-%m-%d %H:%M:%S} UTC, entry `{mrkdwn(e.id)}`" for e in claim.entries[:2])
        lines.append(f"{place}. {text} _{FINDING[claim.finding]}{why}_{cited}")
    blocks = [
        header(f"Cluster {number}, asked"),
        section(f"*{prose(answer.question, PARAGRAPH)}*\n{prose(said, PARAGRAPH)}"),
        context([mrkdwn(replied.worth(answer))]),
    ]
    if lines:
        blocks.append(section("*What it rests on*\n" + "\n".join(lines)))
    return fit(f"Cluster {number}: {prose(said, SENTENCE)} ({mrkdwn(replied.worth(answer))})", blocks)
