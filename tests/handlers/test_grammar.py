"""What people type, read into commands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Severity
from handlers.grammar import VERBS, Command, Escalate, File, Help, Latest, Show, parse
from handlers.replies import WORDS, Approve, Later, Reject, Reply, parse_reply
from handlers.words import Mistake, short

P0, P1 = Severity.P0, Severity.P1


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help()),
        ("help", Help()),
        ("HELP escalate", Help("escalate")),
        ("?", Help()),
        ("latest", Latest()),
        ("Latest Checkout-API p1 6h", Latest("checkout-api", P1, timedelta(hours=6))),
        ("latest 6h P1 checkout", Latest("checkout", P1, timedelta(hours=6))),
        ("latest in the last 2d", Latest(since=timedelta(days=2))),
        ("latest --share", Latest(share=True)),
        ("latest —share", Latest(share=True)),
        ("latest all", Latest(all=True)),
        ("ALL", Latest(all=True)),
        ("latest --all P1 checkout 6h", Latest("checkout", P1, timedelta(hours=6), all=True)),
        ("latest service all", Latest("all")),
        ("latest all service all", Latest("all", all=True)),
        ("P1 6h", Latest("", P1, timedelta(hours=6))),
        ("show 3", Show(3)),
        ("Show C-3", Show(3)),
        ("show #3", Show(3)),
        ("shows clusters 3", Show(3)),
        ("show cluster #3 --share", Show(3, share=True)),
        ("cluster 3", Show(3)),
        ("3", Show(3)),
        ("/garden show 3", Show(3)),
        ("file cluster 3", File(3)),
        ("file 3", File(3)),
        ("FILE CLUSTERS #3", File(3)),
        ("filing C-3", File(3)),
        ("escalate 889 P1", Escalate(P1, issue=889)),
        ("escalate #889 to p1", Escalate(P1, issue=889)),
        ("escalate #\u2060889 P1", Escalate(P1, issue=889)),
        ("escalate P1 889", Escalate(P1, issue=889)),
        ("escalate issue 889 P1 checkout is down", Escalate(P1, issue=889, why="checkout is down")),
        ("escalate acme/shop#889 P0", Escalate(P0, issue=889)),
        ("escalate cluster 3 P1", Escalate(P1, cluster=3)),
        ("escalate c-3 P1 users &amp; guests", Escalate(P1, cluster=3, why="users & guests")),
    ],
)
def test_a_command_is_read_however_it_is_written(text: str, command: Command) -> None:
    """Case, marks, plurals, order and filler words do not matter."""
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("show", "/garden show 3"),
        ("show me", "/garden show 3"),
        ("show 3 5", "/garden show 3"),
        ("file", "/garden file cluster 3"),
        ("escalate", "/garden escalate 889 P1"),
        ("escalate 889", "/garden escalate 889 P1"),
        ("escalate cluster 3", "/garden escalate cluster 3 P1"),
        ("escalate 889 P7", "/garden escalate 889 P1"),
        ("latets", "/garden latest"),
        ("latest a b", "/garden latest checkout P1 6h"),
        ("latest 99999d", "10 years"),
        ("dance", "/garden help"),
        ("show 0", "/garden show 3"),
    ],
)
def test_a_mistake_is_answered_with_what_to_type(text: str, typed: str) -> None:
    """Every mistake names a command that works."""
    found = parse(text)
    assert isinstance(found, Mistake)
    assert typed in found.answer


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("approve", Approve()),
        ("Approve.", Approve()),
        ("*approve* please", Approve()),
        ("approve P1", Approve(P1)),
        ("approve as p0", Approve(P0)),
        ("approve as Checkout fails &amp; burns", Approve(title="Checkout fails & burns")),
        ("approve 17", Approve(proposal=17)),
        ("approve #17 P1", Approve(P1, proposal=17)),
        ("approve proposal 17 as Checkout fails", Approve(title="Checkout fails", proposal=17)),
        ("reject 17 known noise", Reject("known noise", 17)),
        ("later 17 2h", Later(timedelta(hours=2), 17)),
        ("reject", Reject()),
        ("reject known noise", Reject("known noise")),
        ("reject: known noise", Reject("known noise")),
        ("later 2h", Later(timedelta(hours=2))),
        ("later in 2 h", Later(timedelta(hours=2))),
        ("I would approve of that", None),
        ("approve?", None),
        ("approved by legal", None),
        ("later, everybody", None),
        ("looks like the database", None),
        ("", None),
    ],
)
def test_a_reply_is_read_and_other_talk_left_alone(text: str, reply: Reply | None) -> None:
    """Only a reply that begins with one of the words is one."""
    assert parse_reply(text) == reply


@pytest.mark.parametrize("text", ["approve whatever it takes", "approve P9", "later", "later 2x"])
def test_a_reply_that_is_half_understood_decides_nothing(text: str) -> None:
    """What begins like a decision but cannot be read is a mistake, never an approval."""
    assert isinstance(parse_reply(text), Mistake)


READ_AS = {
    "resolved": "silence",
    "snooze": "silence",
    "expected": "silence",
    "history": "past",
    "coverage": "coverageof",
    "worklog": "worklogof",
}


def test_every_example_of_the_tables_is_read_as_its_own_verb() -> None:
    """Help never shows what does not work."""
    for verb in VERBS:
        for example in verb.examples:
            found = parse(example.replace("@ann", "<@U0ANN|ann>"))
            assert type(found).__name__.lower() == READ_AS.get(verb.name, verb.name), example
    for word in WORDS:
        for example in word.examples:
            assert type(parse_reply(example)).__name__.lower() == word.name, example


_NEAR = st.lists(
    st.one_of(
        st.sampled_from([w for v in VERBS for w in (v.name, *v.also)]),
        st.sampled_from(
            ["cluster", "#", "C-3", "889", "P1", "6h", "to", "approve", "as", "reject", "later", "--share", "p"]
        ),
        st.text(max_size=12),
    ),
    max_size=8,
).map(" ".join)


@given(st.one_of(st.text(), _NEAR))
def test_no_text_raises_and_every_command_gets_an_answer(text: str) -> None:
    """Any text at all is a command or a mistake; an escalation names exactly one thing."""
    found = parse(text)
    if isinstance(found, Escalate):
        assert (found.issue > 0) != (found.cluster > 0)
    if isinstance(found, Mistake):
        assert found.answer
    parse_reply(text)


@given(_NEAR)
def test_only_the_word_itself_approves(text: str) -> None:
    """Nothing is approved that does not begin with `approve`."""
    if isinstance(parse_reply(text), Approve):
        assert text.strip().strip("*_~`.,;:!").lower().startswith("approve")


@given(st.text())
def test_a_word_repeated_in_an_answer_cannot_format_or_mention(text: str) -> None:
    """What is quoted back is bounded and holds no mark of Slack's."""
    shown = short(text)
    assert len(shown) <= 30
    assert not set(shown) & set("`<>&*~|@")


@given(st.sampled_from(["", "checkout", "all"]), st.sampled_from([None, P0, P1]), st.integers(1, 10**6))
def test_what_asks_for_the_next_page_is_read_as_it_was_meant(service: str, severity: Severity | None, far: int) -> None:
    """A button holds what would be typed."""
    meant = Latest(service, severity, timedelta(seconds=far), all=True)
    assert parse(meant.typed) == meant
