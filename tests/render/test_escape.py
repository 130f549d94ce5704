"""Hostile text shows its words and does nothing: no mention, no link, no reference, no HTML, nothing hidden."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.render.escape import BREAK, codeblock, cut, fence, link, markdown, mrkdwn, plain, title

UGLY = [
    json.loads(line) for line in Path(__file__).parent.parent.joinpath("cases", "ugly.txt").read_text().splitlines()
]
PIECES = st.sampled_from(
    [*UGLY, "@", "#", "1", "`", "```", "<", ">", "&", "*", "_", "[", "](", "\n", " ", "fixes ", "://"]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join)
CONSOLE = ("https://console.cloud.google.com/logs/",)

MENTION = re.compile(r"@[\w-]")
REFERENCE = re.compile(r"#\w|GH-\d", re.IGNORECASE)
ADDRESS = re.compile(r"\w://|\bwww\.|:(?=//)|\bmailto:", re.IGNORECASE)
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def words_of(text: str) -> str:
    """What a reader sees, without our own invisible characters."""
    return re.sub(r"\s+", " ", plain(text)).strip()


def rendered(source: str) -> tuple[list[str], str]:
    """Tags that GitHub's Markdown makes of it, and the text a reader sees."""
    tokens = GITHUB.parse(source)
    inline = [child for token in tokens for child in token.children or []]
    tags = [t.type for t in [*tokens, *inline] if t.type not in ("paragraph_open", "paragraph_close", "inline", "text")]
    return tags, "".join(child.content for child in inline)


@pytest.mark.parametrize("text", UGLY)
def test_markdown_shows_the_words_and_does_nothing_on_the_ugly_corpus(text: str) -> None:
    """Rendered, it is one paragraph with exactly the words; what GitHub looks for afterwards is taken apart."""
    assert_harmless_markdown(text)


@settings(deadline=None)
@given(TEXTS)
def test_markdown_shows_the_words_and_does_nothing(text: str) -> None:
    """The same for whatever is put together from ugly pieces."""
    assert_harmless_markdown(text)


def assert_harmless_markdown(text: str) -> None:
    tags, shown = rendered(markdown(text))
    assert [t for t in tags if t not in ("text_special",)] == []
    assert shown.replace(BREAK, "") == words_of(text)
    for pattern in (MENTION, REFERENCE, ADDRESS):
        assert not pattern.search(shown), pattern.pattern


@settings(deadline=None)
@given(TEXTS)
def test_titles_mention_and_reference_nothing(text: str) -> None:
    """A title is one line with the words, without mentions, references and addresses."""
    made = title(text)
    assert "\n" not in made
    for pattern in (MENTION, REFERENCE, ADDRESS):
        assert not pattern.search(made), pattern.pattern


@settings(deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=200))
def test_a_fence_holds_whatever_is_inside(text: str, limit: int) -> None:
    """Rendered, it is one code block; nothing inside ends it, and no comment in it can pass for a marker of ours."""
    source = f"before\n\n{fence(text, limit)}\n\nafter"
    tokens = GITHUB.parse(source)
    assert [t.type for t in tokens if t.type in ("fence", "paragraph_open", "html_block")] == [
        "paragraph_open",
        "fence",
        "paragraph_open",
    ]
    inside = next(t.content for t in tokens if t.type == "fence")
    assert "<!--" not in inside
    assert len(inside) <= 3 * limit + 20


def test_a_fence_does_not_grow_with_the_backticks_inside() -> None:
    """Sixty thousand backticks do not make two fences of sixty thousand."""
    assert len(fence("`" * 60_000, 60_000)) < 200


@settings(deadline=None)
@given(TEXTS)
def test_slack_text_mentions_and_links_nothing(text: str) -> None:
    """No angle bracket of its own, no mention, no channel, no address, no code mark, no emoji; the words stay."""
    made = mrkdwn(text)
    assert "<" not in made
    assert ">" not in made
    assert "`" not in made
    for pattern in (MENTION, re.compile(r"#\w"), ADDRESS, re.compile(r":[a-z_]+:")):
        assert not pattern.search(made), pattern.pattern
    back = made.replace(BREAK, "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back == plain(text).replace("`", "\u02cb")


@settings(deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=200))
def test_a_slack_code_block_cannot_be_ended(text: str, limit: int) -> None:
    """Exactly two fences, no bracket, no mention inside."""
    made = codeblock(text, limit)
    assert made.count("`") == 6
    assert "<" not in made
    assert not MENTION.search(made)


@settings(deadline=None)
@given(TEXTS)
def test_plain_text_has_nothing_invisible(text: str) -> None:
    """Every character is visible, a space or a newline; it can be written as UTF-8; twice changes nothing."""
    made = plain(text)
    made.encode("utf-8")
    assert all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") for c in made)
    assert plain(made) == made


def test_plain_names_what_is_invisible() -> None:
    """Colours go, direction marks and runs of zero-width characters are named."""
    assert plain("\x1b[31mred\x1b[0m") == "red"
    assert plain("a\u202eb") == "a[U+202E]b"
    assert plain("a" + "\u200b" * 5 + "b") == "a[U+200B ×5]b"


@settings(deadline=None)
@given(TEXTS, st.integers(min_value=-1, max_value=50))
def test_cut_keeps_the_limit_and_whole_characters(text: str, limit: int) -> None:
    """Never longer than asked, the same where it fits, no accent without its letter at the end."""
    made = cut(text, limit)
    assert len(made) <= max(limit, 0)
    if len(text) <= limit:
        assert made == text
    elif limit > 0:
        assert made.endswith("…")
        assert text.startswith(made[:-1])


@pytest.mark.parametrize(
    "url",
    [
        "http://console.cloud.google.com/logs/query",
        "https://console.cloud.google.com.evil.example.com/logs/query",
        "https://console.cloud.google.com@evil.example.com/logs/",
        "https://console.cloud.google.com/logsx",
        "javascript:alert(1)",
        "//console.cloud.google.com/logs/query",
        "",
    ],
)
def test_links_elsewhere_are_only_their_label(url: str) -> None:
    """Only https, only our host, only below our path."""
    assert link("Open", url, CONSOLE) == "Open"


def test_a_link_to_our_console_cannot_be_broken_out_of() -> None:
    """Brackets, spaces and quotes in the address are encoded, the label is escaped."""
    made = link("Open ](x)", 'https://console.cloud.google.com/logs/query;q=a) [b](c "d>', CONSOLE)
    tags, shown = rendered(made)
    assert tags.count("link_open") == 1
    assert shown == "Open ](x)"


@pytest.mark.parametrize("made", [markdown, mrkdwn, title, plain], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "unit", [":a", "fix ", "@", "#1 ", "\x1b]", "a\u0301", "://", "`", "\u202e\u200b", "<!--", " "]
)
def test_long_text_takes_no_longer_than_its_length(made: Callable[[str], str], unit: str) -> None:
    """No expression of ours can be made to run for minutes by what a log says."""
    for text in (unit * 30_000, unit + "a" * 60_000):
        started = process_time()
        made(text)
        assert process_time() - started < 2
