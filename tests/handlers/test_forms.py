"""Forms, pickers, the home tab, the shortcut, mentions and links; through Bolt, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import telling
from bot.demo import forms
from bot.demo.methods import BOT_USER
from bot.models import Candidate, Draft, Issue, Match, Outcome, Severity, Stage
from store.codec import dump
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, Place, office
from tests.slack.test_messages import HOSTILE

URL = "https://garden.example.com"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path, GARDEN_URL=URL, GARDEN_APPROVERS="S0ONCALL,U0CAT") as made:
        made.slack.add_user("U0CAT", "cat")
        made.round()
        yield made


def proposed(place: Place) -> dict[str, Any]:
    assert place.slack.command(BOB, CHANNEL, "file 1").ok
    return place.proposal()


def written(place: Place, body: str) -> Draft:
    """A proposal with that body, in the place of the one that was there."""
    proposed(place)
    one = place.store.proposals.get(1)
    assert one is not None
    draft = replace(one.draft, body=body, cause="another")
    place.store.proposals.add(1, draft, BOB, one.made_at, one.expires_at - one.made_at, one.as_of)
    telling.show(place.edges, 2)
    return draft


def shown_to(place: Place, user: str) -> dict[str, Any]:
    """The form that comes up."""
    assert place.slack.wait(lambda: forms.newest(place.slack, user)), place.slack.whispers(user)
    return forms.newest(place.slack, user) or {}


def field(view: dict[str, Any], name: str) -> str:
    element = next(b["element"] for b in view["blocks"] if b.get("block_id") == name)
    return str(element.get("initial_value") or element["initial_option"]["value"])


def test_an_approver_changes_and_approves_in_one(place: Place) -> None:
    """Title, severity, labels and text as sent are written and recorded; our hidden state stays; once."""
    before = written(place, "It fails.\n\n<!-- log-gardener:state x -->")
    assert place.slack.click(ANN, CHANNEL, place.proposal(2)["ts"], "edit", times=2).ok
    view = shown_to(place, ANN)
    assert "<!--" not in field(view, "text-1")
    changed = field(view, "text-1") + "\n\nSeen by @everyone, fixes #1. <!-- log-gardener: cluster=9 -->"
    said = {"title": "Checkout is *down* @here", "severity": "P0", "labels": "P2, money, money", "text-1": changed}
    assert forms.submit(place.slack, ANN, said, times=3).ok
    assert place.shown("Filed", 2)
    (issue,) = place.github.state.issues.values()
    assert issue["title"].replace("\u2060", "") == "Checkout is *down* @here"
    assert [label["name"] for label in issue["labels"]] == ["P0", "money"]
    assert "@\u2060everyone" in issue["body"]
    assert "cluster=9 -->" not in issue["body"]
    assert "log-gardener:state" in before.body
    assert issue["body"].count("log-gardener:state") == 1
    kept = place.store.proposals.get(2)
    assert kept is not None
    assert kept.draft.title == issue["title"]
    assert kept.draft.severity is Severity.P0
    assert place.store.clusters.problems([1])[0].triage.by == ANN
    assert "with changes" in str(place.store.history.latest("proposal 2"))


def test_a_form_is_checked_again_when_it_is_sent(place: Place) -> None:
    """Taken off the list meanwhile: refused in the form, and kept; nothing is decided."""
    message = proposed(place)
    place.slack.click("U0CAT", CHANNEL, message["ts"], "edit")
    view = shown_to(place, "U0CAT")
    policy = replace(place.edges.policy, approvers=frozenset({"S0ONCALL"}))
    object.__setattr__(place.garden.desk.edges, "policy", policy)
    forms.submit(place.slack, "U0CAT")
    assert "not on the list of approvers" in view["errors"]["title"]
    assert place.store.proposals.get(1).stage is Stage.OPEN  # type: ignore[union-attr]  # it is there
    assert place.slack.wait(lambda: any(e.verb == "refused" for e in place.store.history.latest("", 5)))


def test_only_approvers_are_shown_the_form_and_an_empty_title_stands_there(place: Place) -> None:
    message = proposed(place)
    place.slack.click(BOB, CHANNEL, message["ts"], "edit")
    assert place.told(BOB, "not on the list of approvers")
    place.slack.click(ANN, CHANNEL, message["ts"], "edit")
    view = shown_to(place, ANN)
    forms.submit(place.slack, ANN, {"title": " "})
    assert view["errors"] == {"title": "An issue needs a title."}
    assert view["open"]


def test_a_form_of_what_was_decided_meanwhile_changes_nothing(place: Place) -> None:
    """It is bound to the text that was shown, and works once."""
    message = proposed(place)
    place.slack.click(ANN, CHANNEL, message["ts"], "edit")
    shown_to(place, ANN)
    place.slack.say("U0CAT", CHANNEL, "reject 1 noise", message["thread_ts"])
    assert place.shown("Rejected")
    forms.submit(place.slack, ANN, {"title": "Mine"})
    assert place.told(ANN, "was rejected")
    assert not place.github.state.issues


def test_what_is_longer_than_a_field_is_not_edited(place: Place) -> None:
    """The form says so, and the text stays as it was shown."""
    written(place, "x" * 4000)
    place.slack.click(ANN, CHANNEL, place.proposal(2)["ts"], "edit")
    view = shown_to(place, ANN)
    assert "too long for a form" in str(view["blocks"])
    forms.submit(place.slack, ANN, {"title": "Long"})
    assert place.shown("Filed", 2)
    (issue,) = place.github.state.issues.values()
    assert "x" * 4000 in issue["body"]


def test_a_long_text_stands_in_several_fields(place: Place) -> None:
    """In whole lines; what was left alone is written as it was shown."""
    body = "\n".join(f"line {n} of the issue, seen by @\u2060ops" for n in range(120))
    written(place, body)
    place.slack.click(ANN, CHANNEL, place.proposal(2)["ts"], "edit")
    view = shown_to(place, ANN)
    second = field(view, "text-2").replace("line 119 ", "the last line ").replace("\u2060", "")
    forms.submit(place.slack, ANN, {"text-2": second})
    assert place.shown("Filed", 2)
    (issue,) = place.github.state.issues.values()
    assert body.replace("line 119 ", "the last line ") in issue["body"]


def test_the_best_three_are_buttons_and_one_of_them_is_picked(place: Place) -> None:
    """By the same rights as `same as #889`."""
    numbers = [place.github.add(f"Module missing {n}", "since Monday") for n in range(3)]
    issues = [place.edges.tracker.issue(n if isinstance(n, int) else n["number"]) for n in numbers]
    _offer(place, issues)
    message = proposed(place)
    labels = [e["text"]["text"] for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert [x for x in labels if x.startswith("Same as #")] == [f"Same as #{i.number} {i.title}" for i in issues]
    place.slack.click(BOB, CHANNEL, message["ts"], f"same-{issues[1].number}")
    assert place.told(BOB, "not on the list of approvers")
    place.slack.click(ANN, CHANNEL, message["ts"], f"same-{issues[1].number}")
    assert place.shown("Filed")
    assert place.store.issues.holders(place.edges.tracker.repository, issues[1].number) == [1]


def _offer(place: Place, issues: list[Issue]) -> None:
    """The match of cluster 1 becomes an offer."""
    place.store.issues.put(issues)
    match = Match(Outcome.OFFER, "perhaps", candidates=tuple(Candidate(i, 0.5, "alike") for i in issues))
    with place.store.clusters._connections.change() as db:
        db.execute("UPDATE triage SET match = ? WHERE cluster = 1", [dump(match)])


def test_the_home_tab_says_what_is_open_waits_is_mine_and_is_silent(place: Place) -> None:
    """Its buttons work, though it is no channel; guests see numbers, no names."""
    proposed(place)
    for text, answer in (("take 1", "is on cluster 1"), ("snooze 2 2d why", "is silent")):
        place.slack.command(BOB, CHANNEL, text)
        assert place.told(BOB, answer)
    forms.open_home(place.slack, BOB, times=2)
    assert place.slack.wait(lambda: BOB in place.slack.homes)
    home = str(place.slack.homes[BOB])
    for words in ("All is well", "1 proposal", "*Yours:* 1 cluster", "Cluster 2, snoozed by <@U0BOB>", URL):
        assert words in home, words
    forms.click(place.slack, BOB, place.slack.homes[BOB], "show")
    assert "Evidence" in str(shown_to(place, BOB)["blocks"]) or "Traceback" in str(shown_to(place, BOB)["blocks"])
    forms.click(place.slack, BOB, place.slack.homes[BOB], "edit")
    assert place.slack.wait(lambda: "not on the list" in str((forms.newest(place.slack, BOB) or {}).get("blocks")))
    forms.open_home(place.slack, GUS)
    assert place.slack.wait(lambda: GUS in place.slack.homes)
    assert "ModuleNotFoundError" in home
    assert "ModuleNotFoundError" not in str(place.slack.homes[GUS])


def test_a_message_becomes_a_proposal_and_nothing_more(place: Place) -> None:
    """Secrets are masked, whatever it says does nothing; guests may not; the same message twice is one proposal."""
    secret = "password=" + "hunter2hunter2"
    text = f"Payments fail {HOSTILE}\n{secret} <https://evil.example/x|click>"
    ts = place.slack.message_payload(GUS, CHANNEL, text)["event"]["ts"]
    forms.shortcut(place.slack, GUS, CHANNEL, ts, "file_message")
    assert place.told(GUS, "Guests and bots cannot")
    forms.shortcut(place.slack, BOB, CHANNEL, ts, "file_message", times=2)
    view = shown_to(place, BOB)
    assert "hunter2" not in str(view)
    assert forms.submit(place.slack, BOB, {"severity": "P1"}, times=2).ok
    message = place.proposal()
    assert "Waits for an approver" in str(message["blocks"])
    assert not place.github.state.issues
    forms.shortcut(place.slack, BOB, CHANNEL, ts, "file_message")
    shown_to(place, BOB)
    forms.submit(place.slack, BOB, {"severity": "P1"})
    place.slack.click(ANN, CHANNEL, message["ts"], "approve")
    assert place.shown("Filed")
    assert len(place.github.state.issues) == 1
    body = next(iter(place.github.state.issues.values()))["body"]
    assert "hunter2" not in body
    assert "@everyone" not in body


def test_a_mention_in_a_thread_is_a_question(place: Place) -> None:
    """Of the only proposal's cluster, or of the one that is named; answered once; guests are refused."""
    message = proposed(place)
    thread = message["thread_ts"]
    place.slack.say(BOB, CHANNEL, f"<@{BOT_USER}> since when does it happen?", thread, times=3)
    assert place.told(BOB, "Cluster 1:")
    place.slack.say(BOB, CHANNEL, f"<@{BOT_USER}> cluster 2 since when?", thread)
    assert place.told(BOB, "Cluster 2:")
    place.slack.say(BOB, CHANNEL, f"<@{BOT_USER}> approve", thread)
    assert place.told(BOB, "without `@garden`")
    place.slack.say(GUS, CHANNEL, f"<@{BOT_USER}> since when?", thread)
    assert place.told(GUS, "guests and bots do not get them")
    answers = [w["text"] for w in place.slack.whispers(BOB)]
    assert sum(a.startswith("Cluster 1:") for a in answers) == 1


def test_a_link_to_a_problem_says_what_it_is(place: Place) -> None:
    """Posted by a full member; nothing else is looked at, and nothing is said to others."""
    ts = forms.post_link(place.slack, BOB, CHANNEL, f"{URL}/clusters/1")
    assert place.slack.wait(lambda: place.slack.channels[CHANNEL].messages[ts].get("unfurled"))
    assert "cluster 1" in str(place.slack.channels[CHANNEL].messages[ts]["unfurled"])
    others = [
        forms.post_link(place.slack, who, CHANNEL, url)
        for who, url in ((GUS, f"{URL}/clusters/1"), (BOB, f"{URL}/clusters/99"), (BOB, "https://x.example/clusters/1"))
    ]
    place.slack.command(BOB, CHANNEL, "status")
    assert place.told(BOB, "All is well")
    assert not [t for t in others if place.slack.channels[CHANNEL].messages[t].get("unfurled")]
