"""An answer to a question, in Slack."""

from __future__ import annotations

from bot.models import Finding, Message, Reply
from bot.render import replied
from bot.render.blocks import context, fit, header, section
from bot.render.escape import mrkdwn
from bot.render.slack.detail import FINDING
from bot.render.slack.pieces import PARAGRAPH, SENTENCE, prose

CLAIMS = 10
CHECKED = 25
WHAT_FOR = "By the entries that are kept and the counts of the store; no model was asked."


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


def checked(answer: Reply) -> Message:
    """What somebody said of a cause, sentence by sentence, and what was found."""
    audit, number = answer.audit, answer.problem.number
    verdict = f"{audit.verdict}: {audit.rule}"
    counts = [(f, audit.count(f)) for f in Finding]
    tally = ", ".join(f"{n} {f}" for f, n in counts if n)
    lines = []
    for place, claim in enumerate(audit.claims[:CHECKED], 1):
        why = f": {prose(claim.why, SENTENCE)}" if claim.why else ""
        lines.append(f"{place}. {prose(claim.claim.text, SENTENCE)}\n      *{FINDING[claim.finding]}*{why}")
    more = len(audit.claims) - CHECKED
    return fit(
        f"{mrkdwn(answer.question)}, checked against cluster {number}: {mrkdwn(verdict)} ({tally})",
        [
            header("Checked against the logs"),
            section(f"*{prose(answer.question, SENTENCE)}*, against cluster {number}\n*{mrkdwn(verdict)}*"),
            *(section("\n".join(lines[i : i + 5])) for i in range(0, len(lines), 5)),
            context([tally, f"{more} more sentences are not shown" if more > 0 else "", WHAT_FOR]),
        ],
    )
