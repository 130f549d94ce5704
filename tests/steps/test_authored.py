"""What somebody wrote, cut into claims."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.models import Ground
from bot.steps.audit.authored import MOST, authored, sentences


def test_prose_is_cut_into_sentences() -> None:
    """Headings, tables, code, questions and what is hidden claim nothing; markup and links are taken off."""
    text = """## Root cause of it all
<!-- hidden words are here. -->
The **database** refused 40 connections. It began at 10.30 UTC, e.g. on seat-map! Why did it?
- [x] See [the run book](https://example.com/a) for more
| a | table | row |
```
It was logged 9 times.
```
ok then
"""
    assert sentences(text) == [
        "The database refused 40 connections.",
        "It began at 10.30 UTC, e.g. on seat-map!",
        "See the run book for more",
    ]


def test_a_conclusion_rests_on_what_is_observed() -> None:
    """The first conclusion is the cause."""
    made = authored(3, "It was logged 12 times. It fails because the pool is empty. It was seen in production.")
    assert [c.ground for c in made.claims] == [Ground.OBSERVATION, Ground.INFERENCE, Ground.OBSERVATION]
    assert made.claims[1].rests_on == ("1", "3")
    assert made.cause == "It fails because the pool is empty."


@given(st.text(max_size=3000))
def test_any_text_is_bounded(text: str) -> None:
    """Nothing raises."""
    assert len(authored(1, text * 20).claims) <= MOST
