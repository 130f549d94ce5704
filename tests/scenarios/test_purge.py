"""A secret that slipped through is taken out of everything of ours: after it, no byte of it is left."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.cloud.storage import Bucket
from bot.demo.slack import Slack
from bot.models import Event, Issue, Message, Posted
from bot.slack import SlackChat
from bot.trackers.github import GitHubTracker
from store import Store, open_store
from store.keeper import Keeper
from tests.scenarios.office import CHANNEL, REPOSITORY
from tests.standins.github_server import GitHubServer
from tests.standins.storage_server import StorageServer
from tests.store.making import START, absorb, at, draft, entry, sighting

SECRET = 'not"a&real\\secret-Zürich-4711'
FORMS = (SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], "zürich", "4711")
MARKER = "<!-- log-gardener: cluster=1 signature=0123456789abcdef proposal=p-0123456789abcdef -->"


class Place:
    """A bot's belongings, with the secret everywhere."""

    def __init__(self, folder: Path, slack: Slack, github: GitHubServer, storage: StorageServer) -> None:
        self.path, self.slack, self.github, self.storage = folder / "garden.db", slack, github, storage
        self.env = {
            "GARDEN_DB": str(self.path), "GARDEN_BACKUP": "gs://backups/garden", "STORAGE_EMULATOR_HOST": storage.url,
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_API_URL": slack.url, "GARDEN_CHANNEL": CHANNEL,
            "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": github.token, "GITHUB_API_URL": github.url,
        }  # fmt: skip

    def vault(self) -> Bucket:
        return Bucket("gs://backups/garden", emulator=self.storage.url, pause=0.01)

    def fill(self) -> None:
        """Three copies in the backup; messages, a document and texts of others; a copy from before an upgrade."""
        chat = SlackChat(self.slack.bot_token, self.slack.url)
        tracker = GitHubTracker(REPOSITORY, token=self.github.token, base_url=self.github.url, pause=0)
        tracker.create(draft(f"It says {SECRET}"), MARKER)
        tracker.shut()
        self.github.add(
            f"Theirs: {SECRET}", f"we say {SECRET}", comments=(f"ours {SECRET} {MARKER}", f"their {SECRET}")
        )
        ts = chat.post(
            CHANNEL, Message(f"seen {SECRET}", ({"type": "section", "text": {"type": "mrkdwn", "text": SECRET}},))
        )
        reply = chat.post(CHANNEL, Message(f"proposal {SECRET}"), ts)
        chat.upload(CHANNEL, "proposal-1.md", SECRET.encode(), ts)
        chat.upload(CHANNEL, "proposal-2.md", b"nothing in it", ts)
        with Keeper(self.path, self.vault(), holder="bot") as keeper:
            store = keeper.act()
            absorb(store, [sighting("a", entry(1, text=f"ERROR {SECRET}"), entry(2))])
            store.proposals.add(1, draft(f"GCP-new | P1 | {SECRET}"), "U1", START, timedelta(days=1), START)
            store.history.add(Event(START, "U1", "take", "cluster 1", f"because of {SECRET}"))
            keeper.safe(10)
            store.issues.link(1, Issue(REPOSITORY, 5, f"about {SECRET}", body=SECRET, comments=(SECRET,)), "U1", at(1))
            store.messages.remember(Posted("digest:C1:2026-03-02", CHANNEL, ts), START)
            store.messages.remember(Posted("proposal:1", CHANNEL, reply, ts), START)
            keeper.safe(10)
            store.backup(self.path.with_name(f"{self.path.name}.before-3"))

    def run(self, *words: str, given: str = SECRET) -> Result:
        return CliRunner().invoke(cli, ["purge", *words], input=given, env=self.env)

    def belongings(self) -> dict[str, bytes]:
        """Every byte that is ours: files, copies, messages, documents, texts on GitHub."""
        files = {p.name: p.read_bytes() for p in self.path.parent.iterdir() if p.is_file()}
        copies = {
            n: gzip.decompress(o.content) if n.endswith(".gz") else o.content for n, o in self.storage.objects.items()
        }
        said = {f"message {m['ts']}": json.dumps(m, ensure_ascii=False).encode() for m in self.slack.messages(CHANNEL)}
        documents = {f"document {i}": f["content"] for i, f in self.slack.files.items()}
        return {**files, **copies, **said, **documents}

    def holding(self) -> list[str]:
        return sorted(n for n, data in self.belongings().items() if any(f.encode() in data for f in FORMS))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with Slack() as slack, GitHubServer(REPOSITORY) as github, StorageServer() as storage:
        slack.add_channel(CHANNEL, "logs")
        made = Place(tmp_path, slack, github, storage)
        made.fill()
        yield made


def test_nothing_is_changed_without_being_told_to(place: Place) -> None:
    """It is only counted, and the text is not repeated."""
    before = place.belongings()
    result = place.run()
    assert result.exit_code == 0, result.output
    assert "table evidence" in result.output
    assert "file garden.db.before-3" in result.output
    assert "--apply" in result.output
    assert "4711" not in result.output
    assert place.belongings().keys() == before.keys()
    assert len(place.holding()) > 6


def test_afterwards_no_byte_is_left(place: Place) -> None:
    """Not in the database, its log, index and free pages, the files beside it, the copies, Slack or what we wrote on
    GitHub; what others wrote stays, and so does everything else. The history says what was done, and not to what."""
    result = place.run("--apply")
    assert result.exit_code == 0, result.output
    assert place.holding() == []
    assert sum(n.endswith(".gz") for n in place.storage.objects) >= 3
    issues, comments = place.github.state.issues, place.github.state.comments
    assert SECRET not in issues[1]["title"] + issues[1]["body"]
    assert [SECRET in c["body"] for c in comments[2]] == [False, True]
    assert SECRET in issues[2]["title"]
    assert [f["name"] for f in place.slack.files.values()] == ["proposal-2.md"]
    with open_store(str(place.path), read_only=True) as store:
        assert store.proposals.get(1) is not None
        assert "<purged>" in known(store)
        (event,) = (e for e in store.history.latest() if e.verb == "purged")
        assert "messages in Slack" in event.detail
        assert "copy garden-" in event.detail
    assert "It is nowhere" in place.run().output
    with Keeper(place.path.parent / "elsewhere.db", place.vault(), holder="next") as keeper:
        assert "<purged>" in known(keeper.act())


def known(store: Store) -> str:
    return " ".join(e.text for c in store.clusters.load([1]) for e in c.evidence)


def test_what_cannot_be_reached_is_said(place: Place) -> None:
    """The rest is done; run again, that is, too."""
    place.github.fault("forbidden", "GET", "/issues")
    result = place.run("--apply")
    assert result.exit_code == 1
    assert "texts on GitHub" in result.output
    assert "run it again" in result.output
    assert place.run("--apply").exit_code == 0
    assert SECRET not in place.github.state.issues[1]["body"]


def test_a_bot_that_acts_is_not_disturbed(place: Place) -> None:
    """It has to be stopped first; and the text never stands in an argument."""
    with Keeper(place.path, place.vault(), holder="bot") as keeper:
        keeper.act()
        result = place.run("--apply")
        assert result.exit_code == 1
        assert "is acting; try again in" in result.output
    assert "no argument" in place.run("--text", SECRET).output
    assert "at least 6" in place.run(given="abc").output
