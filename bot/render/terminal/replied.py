"""An answer to a question, in the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from bot.models import Reply
from bot.render import replied
from bot.render.escape import cut
from bot.render.terminal.page import SENTENCE, at, line, printed, rows


def show_reply(reply: Reply, *, width: int, color: bool) -> str:
    """The question, the answer and how far it may be believed, and the lines that it rests on."""
    page = [*rows([(f"cluster {reply.problem.number}", reply.question), ("answer", replied.text(reply)),
                   ("written", replied.worth(reply))])]  # fmt: skip
    for place, claim in enumerate(replied.claims(reply), 1):
        why = f" ({claim.why})" if claim.why else ""
        page.append(at(2, Text(cut(line(f"{place}. {claim.finding}: {claim.text}{why}"), SENTENCE))))
        page += [at(5, Text(f"{e.time:%Y-%m-%d %H:%M:%S} UTC {line(e.id)}", style="dim")) for e in claim.entries[:2]]
    return printed(Group(*page), width, color)


def show_checked(reply: Reply, *, width: int, color: bool) -> str:
    """What somebody said of a cause, sentence by sentence, and what was found."""
    verdict = f"{reply.audit.verdict}: {reply.audit.rule}"
    page = [*rows([(f"cluster {reply.problem.number}", reply.question), ("verdict", verdict)])]
    for place, claim in enumerate(reply.audit.claims, 1):
        why = f" ({claim.why})" if claim.why else ""
        page.append(at(2, Text(cut(line(f"{place}. {claim.finding}: {claim.claim.text}{why}"), SENTENCE))))
    return printed(Group(*page), width, color)
