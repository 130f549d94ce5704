"""What people say of clusters in Slack, and what comes of it; through Bolt, over a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline, telling
from bot.demo.server import Fault
from bot.logs.files import FileLogs
from bot.models import Stand
from tests.scenarios.office import ANN, BOB, CHANNEL, GUS, Place, entry, office


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with office(tmp_path) as made:
        made.round()
        yield made


def say(place: Place, user: str, text: str, answer: str) -> None:
    """Types a command and waits for the answer."""
    before = len(place.slack.whispers(user))
    assert place.slack.command(user, CHANNEL, text).ok

    def answered() -> bool:
        return any(answer in t for w in place.slack.whispers(user)[before:] for t in (w["text"], *w.get("before", ())))

    assert place.slack.wait(answered), (text, [w["text"] for w in place.slack.whispers(user)[before:]])


def test_somebody_takes_a_cluster_and_gives_it_back(place: Place) -> None:
    """For oneself, for somebody else; the digest says who; `undo` takes it back to whom it was before."""
    say(place, BOB, "take 1", "<@U0BOB> is on cluster 1")
    say(place, BOB, "take cluster 1 <@U0ANN|ann>", "<@U0ANN> is on cluster 1")
    place.round()
    assert "on it: <@U0ANN>" in str(place.digest()["blocks"])
    say(place, BOB, "undo", "Taken back")
    assert [s.whom for s in place.store.stances.of([1])] == [BOB]
    say(place, BOB, "undo", "Taken back")
    assert place.store.stances.of([1]) == []
    say(place, BOB, "undo", "nothing yet that could be taken back")


def test_a_snoozed_cluster_is_gone_from_the_digest_until_it_is_woken(place: Place) -> None:
    """It stays in the list, with the reason."""
    say(place, BOB, "snooze 1 2d the fix is in review", "silent until")
    place.round()
    assert "Cluster 1 ·" not in str(place.digest()["blocks"])
    assert "1 silent" in str(place.digest()["blocks"])
    say(place, BOB, "snoozed", "1 cluster silent")
    assert "the fix is in review" in str(place.slack.whispers(BOB)[-1]["blocks"])
    say(place, BOB, "latest", "problems (")
    assert "Cluster 1 ·" not in str(place.slack.whispers(BOB)[-1]["blocks"])
    say(place, BOB, "wake 1", "awake")
    place.round()
    assert "Cluster 1 ·" in str(place.digest()["blocks"])
    say(place, BOB, "wake 1", "is awake")
    say(place, BOB, "undo", "Taken back")
    assert [s.stand for s in place.store.stances.of([1])] == [Stand.SNOOZED]


def test_expected_needs_a_reason_and_resolved_none(place: Place) -> None:
    """One silence at a time: the newest word counts."""
    say(place, BOB, "expected 2", "Why is it expected?")
    say(place, BOB, "expected 2 load test every night", "is expected")
    say(place, BOB, "resolved 2 in next revision", "counts as resolved")
    (stance,) = place.store.stances.of([2])
    assert (stance.stand, stance.later) == (Stand.RESOLVED, True)


def test_an_approver_links_and_unlinks(place: Place) -> None:
    """A link is final, and so is the word that it is not that issue; both can be taken back."""
    place.github.add("Seats cannot be loaded", "since Monday")
    number = place.number_of("seat-map")
    say(place, BOB, f"unlink {number}", "not on the list of approvers")
    say(place, ANN, f"link {number} 1", "> now, by your word")
    assert place.store.issues.holders(place.edges.tracker.repository, 1) == [number]
    say(place, ANN, f"unlink {number}", "not be matched with it again")
    place.round()
    assert place.store.issues.linked(number) is None
    say(place, ANN, "undo", "Taken back")
    assert place.store.issues.linked(number)
    say(place, ANN, f"link {number} 99", "it is not there")
    say(place, ANN, "undo", "Taken back: `link`")
    assert place.store.issues.linked(number) is None
    assert place.store.issues.unlinked(number) == []


def test_two_clusters_become_one_and_are_taken_apart_again(place: Place) -> None:
    """Merging is for good; what was split off by mistake goes back with `undo`."""
    say(place, BOB, "merge 1 2", "not on the list of approvers")
    say(place, ANN, "merge 2 and 1", "cluster 1; 2 is another name")
    say(place, ANN, "undo", "stays")
    say(place, ANN, "split 1", "2 signatures")
    say(place, ANN, "split 1 7", "none in place 7")
    say(place, ANN, "split 1 2", "was taken out of cluster 1")
    say(place, ANN, "split 1", "one signature only")
    say(place, ANN, "undo", "Taken back: `split`")
    assert len(place.store.clusters.load([1])[0].signatures) == 2


def pick(place: Place, user: str, number: int) -> dict[str, Any]:
    """The list of what a cluster may be the same as, as somebody sees it."""
    say(place, user, f"merge {number}", f"Most like cluster {number}")
    return place.slack.whispers(user)[-1]


def test_an_approver_picks_what_is_the_same(place: Place) -> None:
    """With reasons, once, however often the click arrives; others are refused, also by a button."""
    one, other = alike(place, 2)
    say(place, BOB, f"merge {one}", "not on the list of approvers")
    shown = pick(place, ANN, one)
    assert "the same exception" in str(shown["blocks"])
    place.slack.click(BOB, CHANNEL, shown["ts"], "merge-1", times=2)
    assert place.slack.wait(lambda: len([w for w in place.slack.whispers(BOB) if "approvers" in w["text"]]) == 2)
    assert place.store.clusters.resolve(other) == other
    before = len(place.slack.whispers(ANN))
    place.slack.click(ANN, CHANNEL, shown["ts"], "merge-1", times=4)
    assert place.told(ANN, f"One problem now: cluster {one}; {other} is another name")
    place.slack.click(ANN, CHANNEL, shown["ts"], "merge-1")
    assert place.told(ANN, f"Cluster {other} is not what that list showed any more")
    place.garden.stop()
    assert place.store.clusters.resolve(other) == one
    assert len([e for e in place.store.history.latest(f"cluster {one}") if e.verb == "merge"]) == 1
    assert len(place.slack.whispers(ANN)) == before + 2


def test_a_stale_pick_says_what_happened_meanwhile(place: Place) -> None:
    """Nothing is merged that the list did not show: it became part of another one, or was taken apart."""
    one, two, three = alike(place, 3)
    shown = pick(place, ANN, one)
    say(place, ANN, f"merge {two} {three}", "One problem now")
    by_number = {
        e["text"]["text"]: e["action_id"] for b in shown["blocks"] if b["type"] == "actions" for e in b["elements"]
    }
    place.slack.click(ANN, CHANNEL, shown["ts"], by_number[f"{one} and {three} are one"])
    assert place.told(ANN, f"cluster {three} is the same")
    assert place.store.clusters.resolve(three) == two
    say(place, ANN, f"split {two} 1", "was taken out")
    place.slack.click(ANN, CHANNEL, shown["ts"], by_number[f"{one} and {two} are one"])
    assert place.told(ANN, "split: 1 of its signatures")
    for value in ("1:2", "1:2 a", "x", "1:2 a b c", "9:8 a b"):
        payload = place.slack.click_payload(ANN, CHANNEL, shown["ts"], "merge-1")
        payload["actions"][0]["value"] = value
        place.slack._send("interactive", payload, 1)
    place.garden.stop()
    assert place.store.clusters.resolve(one) == one
    assert place.store.clusters.resolve(two) == two


def test_a_signature_that_is_picked_twice_says_where_it_is(place: Place) -> None:
    """The list of signatures may be older than the cluster."""
    say(place, ANN, "merge 1 2", "One problem now")
    say(place, ANN, "split 1", "2 signatures")
    shown = place.slack.whispers(ANN)[-1]
    place.slack.click(ANN, CHANNEL, shown["ts"], "split-2")
    assert place.told(ANN, "was taken out of cluster 1")
    place.slack.click(ANN, CHANNEL, shown["ts"], "split-2")
    assert place.told(ANN, "split: 1 of its signatures")


def alike(place: Place, count: int) -> list[int]:
    """Problems that failed alike in services of their own."""
    now = place.edges.clock()
    text = 'Traceback (most recent call last):\n  File "/srv/{0}.py", line 7, in {0}\n    run()\nPoolTimeout: no room'
    entries = [entry(f"part-{n}", text.format("abc"[n]), now, f"k{n}") for n in range(count)]
    file = place.settings.db + ".kin.json"
    Path(file).write_text(json.dumps(entries), encoding="utf-8")
    with closing(FileLogs(file)) as logs:
        pipeline.round(replace(place.edges, logs=logs), baseline=True)
    return sorted(place.number_of(f"part-{n}") for n in range(count))


def test_the_past_and_what_was_seen_can_be_looked_up(place: Place) -> None:
    """By anybody, guests too; guests change nothing."""
    say(place, BOB, "take 1", "is on cluster 1")
    say(place, GUS, "history 1", "history of cluster 1")
    assert "taken" in str(place.slack.whispers(GUS)[-1]["blocks"])
    say(place, GUS, "search template missing", "1 cluster with")
    say(place, GUS, "search 100%_nothing", "No cluster has")
    for text in ("take 1", "snooze 1 2d", "wake 1", "expected 1 so", "resolved 1", "undo"):
        say(place, GUS, text, "Guests and bots")
    say(place, GUS, "link 1 1", "Guests and bots cannot")
    for text in ("unlink 1", "merge 1 2", "merge 1", "split 1"):
        say(place, GUS, text, "not on the list of approvers")


def test_a_channel_has_settings_of_its_own(place: Place) -> None:
    """Shown to anybody, set by operators, kept with their history, and taken back."""
    say(place, GUS, "settings", "severity down to P5")
    say(place, GUS, "settings severity P1", "Guests and bots")
    say(place, BOB, "settings severity P7", "P0, P1, P2")
    say(place, BOB, "settings colour red", "I know the settings")
    say(place, BOB, "settings severity P1", "severity down to P1")
    say(place, BOB, "settings services checkout-api, mailer", "services checkout-api, mailer")
    say(place, BOB, "undo", "Taken back: `settings`")
    say(place, BOB, "settings", "services all")
    say(place, BOB, "settings severity default", "severity down to P5")
    verbs = [e.verb for e in place.store.history.latest(f"channel {CHANNEL}")]
    assert verbs == ["settings"] * 4 + ["refused"]


def test_inquiries_answer_from_the_store(place: Place) -> None:
    """Deployments, one of them, what is not logged, and the worklog as a file, which guests do not get."""
    say(place, GUS, "deploys", "No deployment was read")
    say(place, GUS, "validate checkout", "No deployment of checkout")
    say(place, GUS, "coverage", "in 3 problems")
    say(place, GUS, "coverage nowhere", "No problem of a service called nowhere")
    say(place, GUS, "worklog", "guests and bots do not get them")
    say(place, BOB, "worklog 6h", "in the channel, as a file")
    assert any("worklog-" in str(m.get("files")) for m in place.slack.messages(CHANNEL))


def test_a_round_can_be_asked_for(place: Place) -> None:
    """It says so at once, and again when it is done; guests cannot."""
    say(place, GUS, "run", "Guests and bots")
    say(place, BOB, "run", "On it")
    assert place.told(BOB, "The logs are read up to")


def test_a_slow_answer_takes_the_place_of_the_first(place: Place) -> None:
    """One message, edited; where the address has expired meanwhile, the answer is whispered below it."""
    say(place, BOB, "run", "On it")
    assert place.told(BOB, "The logs are read up to")
    (whisper,) = place.slack.whispers(BOB)
    (first,) = whisper["before"]
    assert "On it" in first
    payload = place.slack.command_payload(BOB, CHANNEL, "run")
    place.slack.response_urls[payload["response_url"].rsplit("/", 1)[-1]]["uses"] = 1
    place.slack._send("slash_commands", payload, 1)
    assert place.slack.wait(lambda: len(place.slack.whispers(BOB)) == 3)
    said = [w["text"] for w in place.slack.whispers(BOB)]
    assert "On it" in said[1]
    assert "The logs are read up to" in said[2]


def test_what_takes_longer_than_a_moment_says_so_and_is_answered_in_its_place(place: Place) -> None:
    """A tracker that is slow, a channel that is, an answer that is an error; what is instant is said once."""
    place.github.add("Seats cannot be loaded", "since Monday")
    place.github.fault("slow", "GET", "/issues/1", seconds=2.0, times=2)
    cases = (
        ("escalate 1 P1", "waits for an approver", 1),
        ("file cluster 2", "waits for an approver", 1),
        ("escalate 99 P1", "it is not there", 0),
        ("validate", "No deployment", 0),
    )
    for text, answer, before in cases:
        count = len(place.slack.whispers(BOB))
        if text.startswith("file"):
            place.slack.fail("chat.postMessage", Fault(status=429, retry_after=2))
        place.slack.command(BOB, CHANNEL, text)
        assert place.slack.wait(lambda: answer in str(place.slack.whispers(BOB)[count:])), text  # noqa: B023 - at once
        (said,) = place.slack.whispers(BOB)[count:]
        assert [w for w in said.get("before", []) if w.startswith("On it")] == said.get("before", [])
        assert len(said.get("before", [])) == before, (text, said)


def test_a_slow_answer_arrives_though_its_address_has_expired_meanwhile(place: Place) -> None:
    """Below what was said first."""
    place.github.add("Seats cannot be loaded", "since Monday")
    place.github.fault("slow", "GET", "/issues/1", seconds=2.0)
    payload = place.slack.command_payload(BOB, CHANNEL, "escalate 1 P1")
    place.slack.response_urls[payload["response_url"].rsplit("/", 1)[-1]]["uses"] = 1
    place.slack._send("slash_commands", payload, 1)
    assert place.told(BOB, "On it")
    assert place.told(BOB, "waits for an approver")
    assert len(place.slack.whispers(BOB)) == 2


def test_whoever_said_later_is_asked_again(place: Place) -> None:
    """Below the proposal, once, when the time has come; not if it was decided meanwhile."""
    place.slack.command(BOB, CHANNEL, "file 1")
    place.slack.command(BOB, CHANNEL, "file 2")
    for number in (1, 2):
        place.slack.say(ANN, CHANNEL, f"later {number} 2h", place.proposal(number)["thread_ts"])
        assert place.slack.wait(lambda: len(place.store.proposals.postponed()) == number)  # noqa: B023 - at once
    place.slack.say(ANN, CHANNEL, "reject 2 noise", place.proposal(2)["thread_ts"])
    assert place.shown("Rejected", 2)
    thread = place.proposal(1)["thread_ts"]
    for hours, asked in ((1, 0), (3, 1), (4, 1)):
        telling.remind(place.edges, place.edges.clock() + timedelta(hours=hours))
        said = [m["text"] for m in place.slack.thread(CHANNEL, thread) if "waits for your word" in m["text"]]
        assert len(said) == asked
    assert "<@U0ANN>, proposal 1 waits" in said[0]


def test_strangers_see_no_log_lines(place: Place) -> None:
    """In a channel shared with another company, nobody does; elsewhere guests do not."""
    place.slack.add_channel("C0SHARED", "shared", shared=True)
    for user, channel, lines in ((BOB, CHANNEL, True), (GUS, CHANNEL, False), (BOB, "C0SHARED", False)):
        place.slack.command(user, channel, "show 1")
        assert place.slack.wait(lambda: place.slack.whispers(user, channel))  # noqa: B023 - at once
        assert ("*Evidence*" in str(place.slack.whispers(user, channel)[-1]["blocks"])) is lines
    place.slack.command(BOB, "C0SHARED", "worklog")
    assert place.told(BOB, "shared with another company", "C0SHARED")
