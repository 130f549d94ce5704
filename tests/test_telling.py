"""The digest and the proposals as they stand in the channel: one message each, edited in place, quiet otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import pipeline, telling
from bot.analysts.patterns import Patterns
from bot.demo.server import Fault
from bot.demo.slack import Slack
from bot.errors import ChatUnavailable, Forbidden, Refused
from bot.logs.files import FileLogs
from bot.models import Bookmark, Channel, Condition, Decision, Policy, Severity, Stage, Told
from bot.ports import Edges
from bot.render import slack
from bot.schedule import fires
from bot.slack import SlackChat
from bot.trackers.local import LocalTracker
from bot.turns import Pace
from store import open_store
from tests.scenarios.office import ANN, CHANNEL, bad_hour, entry

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


@dataclass
class Team:
    slack: Slack
    edges: Edges
    folder: Path

    def read(self, at: datetime, id: str = "e") -> Edges:
        """A round over a bad hour before `at`; the edges with their clock set to it."""
        file = self.folder / f"{id}.json"
        file.write_text(json.dumps(bad_hour(at, id)), encoding="utf-8")
        self.edges = replace(self.edges, logs=FileLogs(str(file)), clock=lambda: at)
        pipeline.round(self.edges)
        return self.edges

    def standing(self) -> list[str]:
        """What stands at the top level of the channel."""
        return [m["ts"] for m in self.slack.messages(CHANNEL) if "thread_ts" not in m]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with Slack() as slack, open_store(str(tmp_path / "garden.db")) as store:
        slack.add_channel(CHANNEL, "logs")
        slack.add_user(ANN, "ann")
        policy = Policy(approvers=frozenset({ANN}), repository="local")
        chat = SlackChat(slack.bot_token, slack.url)
        tracker = LocalTracker(":memory:", "local", clock=lambda: NOW)
        logs = FileLogs(str(tmp_path / "none.json"))
        edges = Edges(logs, None, Patterns(), tracker, store, lambda: NOW, policy, chat=chat, channel=CHANNEL)
        yield Team(slack, edges, tmp_path)


def test_one_digest_a_day_edited_in_place_and_silent_if_nothing_changed(team: Team) -> None:
    """The same is not sent again; more of it edits; the next day begins a new one."""
    edges = team.read(NOW)
    first = telling.tell(edges)
    assert first is not None
    assert telling.tell(edges) == first
    assert (team.slack.calls["chat.postMessage"], team.slack.calls["chat.update"]) == (1, 0)

    later = team.read(NOW + timedelta(hours=3), "later")
    assert telling.tell(later) is not None
    assert team.standing() == [first.ts]
    assert team.slack.calls["chat.update"] == 1

    tomorrow = telling.tell(replace(later, clock=lambda: NOW + timedelta(hours=14)))
    assert tomorrow is not None
    assert team.standing() == [first.ts, tomorrow.ts]


def test_the_day_is_the_teams_own(team: Team) -> None:
    """Late in the evening in UTC it is tomorrow in Tokyo."""
    edges = replace(team.edges, clock=lambda: NOW.replace(hour=20), zone=ZoneInfo("Asia/Tokyo"))
    assert telling.purpose_of_digest(edges, CHANNEL) == f"digest:{CHANNEL}:2026-03-07"


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Tokyo", 20), ("Pacific/Honolulu", 5)])
def test_what_the_minute_shows_is_put_in_the_thread_of_the_channels_own_day(team: Team, zone: str, hour: int) -> None:
    """A proposal that Slack did not take at first, beyond the date line: tomorrow in Tokyo, yesterday in Honolulu."""
    edges = replace(team.read(NOW), clock=lambda: NOW.replace(hour=hour))
    edges = replace(edges, policy=replace(edges.policy, channels=(Channel(CHANNEL, timezone=zone),)))
    digest = telling.tell(edges)
    assert digest is not None
    assert not digest.purpose.endswith(str(NOW.date()))
    _, proposal = telling.request(edges, 1, ANN, edges.clock())
    assert proposal is not None
    team.slack.fail("chat.postMessage", Fault(status=503))
    with pytest.raises(ChatUnavailable):
        telling.show(edges, proposal.id, channel=CHANNEL)
    telling.drain(edges)
    assert any(m["text"].startswith("Proposal 1:") for m in team.slack.thread(CHANNEL, digest.ts))


def test_a_digest_has_one_picture_and_leaves_none_behind(team: Team) -> None:
    """The one before is deleted once the new one is shown; that of yesterday still stands in its digest."""
    telling.tell(team.read(NOW))
    assert len(team.slack.files) == 1
    later = team.read(NOW + timedelta(hours=3), "later")
    team.slack.fail("files.delete", Fault(status=503))
    telling.tell(later)
    assert len(team.slack.files) == 2
    latest = team.read(NOW + timedelta(hours=6), "latest")
    telling.tell(latest)
    assert len(team.slack.files) == 1
    shown = [b["slack_file"]["id"] for b in team.slack.messages(CHANNEL)[0]["blocks"] if b["type"] == "image"]
    assert shown == list(team.slack.files)
    telling.tell(team.read(NOW + timedelta(hours=14), "tomorrow"))
    assert len(team.slack.files) == 2
    del team.slack.files[list(team.slack.files)[-1]]
    telling.tell(team.read(NOW + timedelta(hours=17), "much later"))
    assert len(team.slack.files) == 2


def test_a_digest_that_was_deleted_is_posted_anew(team: Team) -> None:
    """By whoever: the team has one again after the next change."""
    first = telling.tell(team.read(NOW))
    assert first is not None
    team.slack.remove(CHANNEL, first.ts)
    second = telling.tell(team.read(NOW + timedelta(hours=3), "later"))
    assert second is not None
    assert team.standing() == [second.ts]


def test_a_round_begins_a_digest_only_for_what_cannot_wait(team: Team) -> None:
    """Without a P0 the digest waits for its hour; with one it is told at once."""
    edges = team.read(NOW)
    for problem in pipeline.look(edges, telling.Window(NOW - telling.DAY, NOW)).problems:
        edges.store.clusters.set_severity(problem.number, Severity.P2, ANN, NOW)
    assert telling.tell(edges, create=False) is None
    assert team.standing() == []
    edges.store.clusters.set_severity(1, Severity.P0, ANN, NOW)
    assert telling.tell(edges, create=False) is not None
    assert len(team.standing()) == 1


def test_what_is_wrong_stands_in_the_digest_and_is_taken_back(team: Team) -> None:
    """Nobody takes a digest for all there is while something is not read."""
    edges = replace(team.edges, clock=lambda: NOW)
    wrong = Condition("access cloud:a", NOW, "The logs of a may not be read. No permission.")
    edges.store.conditions.put(wrong)
    telling.tell(edges)
    assert "No permission" in str(team.slack.messages(CHANNEL)[0]["blocks"])
    edges.store.conditions.put(replace(wrong, well=NOW, over=NOW, told=Told.OVER))
    telling.tell(edges)
    assert "No permission" not in str(team.slack.messages(CHANNEL)[0]["blocks"])
    assert len(team.standing()) == 1


def test_what_no_figure_counts_is_said(team: Team) -> None:
    """Rules of the team, and entries that came too late: in the digest of that day, and for good in `status`."""
    sources = team.edges.store.sources
    sources.expect(["cloud:a"])
    late = (1, 2, 3)
    for _ in range(2):  # the next round sees them once more
        sources.advance(Bookmark("cloud:a", 1, NOW, NOW, done=True, heir="cloud:a", too_late=late))
    edges = replace(team.edges, clock=lambda: NOW, policy=Policy(rules=2))
    telling.tell(edges)
    said = str(team.slack.messages(CHANNEL)[0]["blocks"])
    assert "Left out by your rules: 2 filters" in said
    assert "3 entries came too late to be counted since yesterday" in said
    tomorrow = replace(team.edges, clock=lambda: NOW + timedelta(days=1, hours=1))
    telling.tell(tomorrow)
    said = str(team.slack.messages(CHANNEL)[-1]["blocks"])
    assert "rules" not in said
    assert "too late" not in said
    status = slack.status((), sources.progress(), edges.store.sums.figures(), NOW + timedelta(days=9))
    assert "3 entries came too late to be counted" in str(status.blocks)


def test_a_digest_that_could_not_be_posted_is_posted_next_time(team: Team) -> None:
    """Nothing is remembered of what did not arrive."""
    edges = team.read(NOW)
    team.slack.fail("chat.postMessage", Fault(status=503))
    with pytest.raises(ChatUnavailable):
        telling.tell(edges)
    assert telling.tell(edges) is not None
    assert len(team.standing()) == 1


def test_a_proposal_stands_in_the_thread_of_the_digest_and_follows_its_state(team: Team) -> None:
    """Open, approved, filed: one message, edited."""
    edges = team.read(NOW)
    digest = telling.tell(edges)
    assert digest is not None
    _, proposal = telling.request(edges, 1, ANN, NOW)
    assert proposal is not None
    shown = telling.show(edges, proposal.id)
    assert shown is not None
    assert telling.show(edges, proposal.id) == shown
    (message,) = team.slack.thread(CHANNEL, digest.ts)
    assert "Waits for an approver" in message["text"]
    telling.settle(edges, Decision(proposal.id, "approve", ANN, NOW, proposal.digest, "t1"), frozenset())
    telling.drain(edges)
    (message,) = team.slack.thread(CHANNEL, digest.ts)
    assert "Filed" in message["text"]
    assert f"approved by <@{ANN}>" in message["text"]


def test_what_nobody_decided_expires_and_says_so(team: Team) -> None:
    """After its lifetime; the buttons are gone."""
    edges = team.read(NOW)
    _, proposal = telling.request(edges, 1, ANN, NOW)
    assert proposal is not None
    telling.show(edges, proposal.id)
    telling.drain(replace(edges, clock=lambda: NOW + timedelta(days=8)))
    (message,) = team.slack.messages(CHANNEL)
    assert "Expired" in message["text"]
    assert not [b for b in message["blocks"] if b["type"] == "actions"]


def test_a_proposal_too_long_for_a_message_is_attached_whole(team: Team) -> None:
    """Nobody approves what they could not read."""
    edges = team.read(NOW)
    _, proposal = telling.request(edges, 1, ANN, NOW)
    assert proposal is not None
    long = replace(proposal.draft, cause="another", body="every line counts\n" * 800)
    lifetime = edges.policy.proposal_lifetime
    made = edges.store.proposals.add(1, long, ANN, NOW, lifetime, NOW)
    telling.show(edges, made.id)
    (file,) = team.slack.files.values()
    assert file["content"].decode() == long.body
    assert "attached" in str(team.slack.messages(CHANNEL)[0]["blocks"])


def test_an_issue_of_no_cluster_and_an_unknown_cluster_are_refused_in_words(team: Team) -> None:
    """With what to type instead."""
    edges = team.read(NOW)
    with pytest.raises(Refused, match="There is no cluster 77"):
        telling.one(edges, 77)
    with pytest.raises(Refused, match="has no issue yet"):
        telling.escalation(edges, 1, Severity.P1, "", ANN, NOW, of_cluster=True)


def test_a_severity_given_with_the_approval_stays(team: Team) -> None:
    """`approve P3` is the person's severity from then on."""
    edges = team.read(NOW)
    _, proposal = telling.request(edges, 1, ANN, NOW)
    assert proposal is not None
    said = Decision(proposal.id, "approve", ANN, NOW, proposal.digest, "t1", "P3")
    assert telling.settle(edges, said, frozenset()).stage is Stage.APPROVED
    judged = edges.store.clusters.triage(1)
    assert judged is not None
    assert (judged.severity, judged.by) == (Severity.P3, ANN)


def texts(team: Team, channel: str = CHANNEL) -> list[str]:
    return [m["text"] for m in team.slack.messages(channel)]


def urgent(edges: Edges, number: int, severity: Severity = Severity.P0) -> None:
    """A person says so; the same as if code had."""
    edges.store.clusters.set_severity(number, severity, ANN, edges.clock())


def calm(team: Team, at: datetime = NOW, id: str = "e") -> Edges:
    """A bad hour in which nothing is urgent."""
    edges = team.read(at, id)
    for problem in pipeline.look(edges, telling.Window(at - telling.DAY, at)).problems:
        urgent(edges, problem.number, Severity.P2)
    return edges


def test_what_is_new_and_urgent_is_told_at_once_and_once(team: Team) -> None:
    """By itself, with a name and a call for those on duty; what was there at first is told by the digest."""
    edges = calm(team)
    edges = replace(edges, policy=replace(edges.policy, channels=(Channel(CHANNEL, notify="S0ONCALL"),)))
    telling.tell(edges)
    assert len(texts(team)) == 1
    urgent(edges, 2)
    telling.tell(edges, create=False)
    telling.tell(edges, create=False)
    (alert,) = [m for m in team.slack.messages(CHANNEL) if m["text"].startswith("New P0")]
    assert "<!subteam^S0ONCALL>" in str(alert["blocks"])
    assert "thread_ts" not in alert


def test_a_flood_of_urgent_problems_is_three_messages_and_one_more(team: Team) -> None:
    """So many at once, the rest folded; severities are not lowered."""
    edges = calm(team)
    telling.tell(edges)
    file = team.folder / "flood.json"
    fresh = [entry(f"svc-{n}", f"cannot open ledger {'abcdefgh'[n]}", NOW, f"flood-{n}") for n in range(8)]
    file.write_text(json.dumps(fresh), encoding="utf-8")
    edges = replace(edges, logs=FileLogs(str(file)))
    pipeline.round(edges)
    known = pipeline.look(edges, telling.Window(NOW - telling.DAY, NOW)).problems
    for problem in known:
        urgent(edges, problem.number)
    telling.tell(edges, create=False)
    alerts = [t for t in texts(team) if t.startswith("New P0") or "more new problems" in t]
    assert len(alerts) == telling.ALONE + 1
    assert f"{len(known) - telling.ALONE} more new problems" in alerts[-1]


def test_what_changed_stands_in_the_digests_thread(team: Team) -> None:
    """Not with the first digest, and not where nothing did."""
    edges = calm(team)
    digest = telling.tell(edges)
    assert digest is not None
    telling.tell(edges)
    assert team.slack.thread(CHANNEL, digest.ts) == []
    urgent(edges, 2, Severity.P1)
    telling.tell(edges)
    (change,) = team.slack.thread(CHANNEL, digest.ts)
    assert "Cluster 2 went from P2 to P1" in change["text"]
    telling.tell(edges)
    assert len(team.slack.thread(CHANNEL, digest.ts)) == 1


def test_each_channel_is_told_its_part(team: Team) -> None:
    """By service, and by severity; what was said in the channel wins."""
    team.slack.add_channel("C0MAIL", "mail")
    edges = calm(team)
    edges = replace(edges, policy=replace(edges.policy, channels=(Channel("C0MAIL", services=("mailer",)),)))
    telling.tell(edges)
    assert "mailer" in texts(team, "C0MAIL")[0]
    assert "seat-map" not in str(team.slack.messages("C0MAIL"))
    assert "seat-map" in str(team.slack.messages(CHANNEL))
    edges.store.channels.wish("C0MAIL", "severity", "P1", ANN, NOW)
    telling.tell(edges)
    assert "Nothing needs attention" in texts(team, "C0MAIL")[0]
    number = next(
        p.number
        for p in pipeline.look(edges, telling.Window(NOW - telling.DAY, NOW)).problems
        if p.cluster.service == "mailer"
    )
    edges.store.channels.wish("C0MAIL", "severity", None, ANN, NOW)
    telling.request(edges, number, "gardener", NOW)
    telling.tell(edges)
    assert [t for t in texts(team, "C0MAIL") if t.startswith("Proposal")]
    assert not [t for t in texts(team) if t.startswith("Proposal")]


@pytest.mark.parametrize("fault", [Fault(dropped="after"), Fault(dropped="before"), Fault(status=503)])
def test_a_post_of_which_nobody_knows_what_came_is_looked_for(team: Team, fault: Fault) -> None:
    """It stands there once, whether it had arrived or not; in the channel and in a thread."""
    edges = calm(team)
    team.slack.fail("chat.postMessage", fault)
    with pytest.raises(ChatUnavailable):
        telling.tell(edges)
    digest = telling.tell(edges)
    assert digest is not None
    assert team.standing() == [digest.ts]
    urgent(edges, 2, Severity.P1)
    team.slack.fail("chat.postMessage", fault)
    with pytest.raises(ChatUnavailable):
        telling.tell(edges)
    telling.tell(edges)
    assert len(team.slack.thread(CHANNEL, digest.ts)) == 1


def test_a_p0_is_told_in_every_channel_before_anything_else(team: Team) -> None:
    """Also where the bot was never invited to one of them, and at the pace that Slack takes."""
    team.slack.add_channel("C0EAST", "east")
    team.slack.add_channel("C0SECRET", "secret", joined=False)
    team.slack.rate, every = 20.0, 1.05 / 20.0
    edges = calm(team)
    more = (Channel("C0SECRET"), Channel("C0EAST"))
    chat = SlackChat(team.slack.bot_token, team.slack.url, Pace(every))
    edges = replace(edges, chat=chat, policy=replace(edges.policy, channels=more))
    with pytest.raises(Forbidden, match="/invite"):
        telling.tell(edges)
    urgent(edges, 2, Severity.P0)
    urgent(edges, 3, Severity.P0)
    before = max(m["ts"] for c in (CHANNEL, "C0EAST") for m in team.slack.messages(c))
    with pytest.raises(Forbidden, match="/invite"):
        telling.tell(edges)
    said = [m for c in (CHANNEL, "C0EAST") for m in team.slack.messages(c) if m["ts"] > before]
    said.sort(key=lambda m: m["ts"])
    assert [m["text"].startswith("New P0") for m in said[:4]] == [True] * 4
    assert len(said) > 4
    assert team.slack.limited == 0


def test_a_digest_is_due_at_its_hour_also_late_and_in_the_channels_own_zone(team: Team) -> None:
    """Once a day; not before its hour, not on other days."""
    team.slack.add_channel("C0EAST", "east")
    edges = calm(team)
    edges = replace(edges, policy=replace(edges.policy, channels=(Channel("C0EAST", timezone="Asia/Tokyo"),)))

    def due(hour: int, minute: int = 0) -> tuple[int, int]:
        at = replace(edges, clock=lambda: NOW.replace(hour=hour, minute=minute))
        telling.tell_due(at, "30 9 * * mon-fri", fires)
        return len(team.standing()), len(texts(team, "C0EAST"))

    assert due(0, 29) == (0, 0)
    assert due(0, 31) == (0, 1)
    assert due(9, 29) == (0, 1)
    assert due(13) == (1, 1)
    assert due(13, 1) == (1, 1)
