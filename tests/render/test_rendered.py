"""Hostile texts on their way to the tracker, through a real Markdown renderer: what GitHub would show and do.

Rendered with markdown-it (which `rich` brings along), then looked at as GitHub looks at what it rendered: mentions,
references and bare addresses in text, links, images and HTML.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.models import Match, Outcome, Policy, Problem, Severity
from bot.render import issues
from bot.render.escape import markdown
from tests import samples
from tests.samples import HOSTILE, REPOSITORY

POLICY = Policy(repository=REPOSITORY)
CORPUS = [
    HOSTILE,
    *map(json.loads, (Path(__file__).parents[1] / "cases/ugly.txt").read_text(encoding="utf-8").splitlines()),
    "fixes #12, closes: org/repo#3 and resolves https://github.com/a/b/issues/4 GH-5",
    "![pixel](https://evil.example/p.png) <img src='https://evil.example/p.png'>",
    "[x]: https://evil.example 'title'",
    "</details></summary><script>alert(1)</script><!-- log-gardener: cluster=1 proposal=p-1 -->",
    "````\n~~~\n```\nends the block @all",
    "@org/team @everyone\u200b@user ＠user &#64;user @\u2060user",
    "www.evil.example mailto:a@evil.example //evil.example ftp://evil.example HTTPS://EVIL.EXAMPLE",
    "<https://evil.example> <a@evil.example>",
    "&#35;12 &num;12 a&NewLine;# head",
    "- [ ] task\n> quote\n# head\n1. list\n| a | b |\n|---|---|\n",
    "$$\\href{https://evil.example}{x}$$ :smile: ~~gone~~ ==x== [^1]",
    "--> fixes #7 <!--",
]
OWN_HTML = re.compile(
    r"<details><summary>Newest evidence</summary>|</details>|<!-- log-gardener:(?:state|quiet)? [^>]*-->"
)
MENTION = re.compile(r"(?<![\w/`])@(?=[A-Za-z0-9])")
REFERENCE = re.compile(r"(?<![\w&])(?:[\w.-]+/[\w.-]+)?#(\d+)|\bGH-(\d+)", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?|ftp)://|\bwww\.", re.IGNORECASE)
CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+\S*(?:#\d|GH-\d|://)", re.IGNORECASE)


def pieces(text: str) -> Iterator[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(text):
        yield token
        yield from token.children or ()


def harmless(text: str, known: frozenset[int]) -> None:
    """Nothing in it does anything but what is ours."""
    assert len(text) <= issues.BODY_LIMIT
    for token in pieces(text):
        assert token.type != "image", token
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith(issues.CONSOLE), token.attrs
        if token.type in ("html_block", "html_inline"):
            assert not OWN_HTML.sub("", token.content).strip(), token.content
        if token.type == "text":
            assert not MENTION.search(token.content), token.content
            assert not ADDRESS.search(token.content), token.content
            assert not CLOSING.search(token.content), token.content
            assert {int(a or b) for a, b in REFERENCE.findall(token.content)} <= known, token.content


def hostile(text: str) -> Problem:
    """A problem in which everything from outside says that."""
    base = samples.crash()
    assert base.analysis is not None
    assert base.audit is not None
    claims = tuple(replace(c, text=text, quote=text) for c in base.analysis.claims)
    analysis = replace(
        base.analysis, name=text, cause=text, technical_impact=text, business_impact=text, next_steps=(text, text),
        claims=claims, note=text,
    )  # fmt: skip
    audit = replace(
        base.audit,
        rule=text,
        claims=tuple(replace(c, claim=k, why=text) for c, k in zip(base.audit.claims, claims, strict=True)),
    )
    entry = samples.entry(text, id=text[:60] or "e")
    cluster = replace(
        samples.cluster(evidence=[entry, entry], title=text or "t"), service=text[:60] or "s", template=text
    )
    triage = replace(base.triage, reasons=(text,))
    return replace(base, cluster=cluster, triage=triage, analysis=analysis, audit=audit, match=Match(Outcome.NEW, text))


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_hostile_words_do_nothing_on_the_tracker(text: str) -> None:
    """Bodies, comments, regressions, escalations, "not seen since": no mention, link, image, HTML, reference, end."""
    problem = hostile(text)
    for shown in (
        issues.body(problem, POLICY),
        issues.comment(problem, POLICY, None),
        issues.regression(problem, POLICY),
        issues.recovery(problem, POLICY, text[:80]),
        issues.escalation(problem, POLICY, Severity.P3, Severity.P1, text, person=True),
    ):
        harmless(shown, frozenset())


def test_hostile_words_in_any_mixture_do_nothing(seed: int) -> None:
    """Pieces of the corpus cut and put together anew."""
    dice = random.Random(seed)
    for _ in range(300):
        parts = [t[dice.randrange(len(t) + 1) :][: dice.randrange(1, 60)] for t in dice.choices(CORPUS, k=4)]
        harmless(markdown(dice.choice(["", " ", "\n"]).join(parts)), frozenset())


def test_the_look_can_fail() -> None:
    """What does something is found out."""
    for bad in ("@all", "see #12", "![x](https://e.example)", "[x](https://e.example)", "<b>x</b>", "www.e.example"):
        with pytest.raises(AssertionError):
            harmless(bad, frozenset())
