"""Reading Cloud Logging through Google's client: what is asked for, pages, late entries, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from bot.errors import Forbidden, InputError, LogsUnavailable, NotFound
from bot.logs.cloud import CloudLogs
from bot.logs.cloud.plan import NEWEST, OVERLAP
from bot.models import Aim, Policy, Scope
from bot.steps.normalise import normalise
from bot.values import exclusions
from store import Store, open_store
from tests.standins.logging_server import LoggingServer, Time

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry(name: str, minutes: float, **more: Any) -> dict[str, Any]:
    """An entry from so many minutes ago."""
    time = NOW - timedelta(minutes=minutes)
    return {
        "insertId": name,
        "timestamp": stamp(time),
        "receiveTimestamp": stamp(time + timedelta(seconds=1)),
        "logName": "projects/shop/logs/run.googleapis.com%2Fstdout",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "service_name": "shop-api-staging",
                "project_id": "shop",
                "revision_name": "shop-api-staging-00007-abc",
            },
        },
        **({"textPayload": "words"} if "Payload" not in "".join(more) else {}),
        **more,
    }


def logs(
    server: LoggingServer, store: Store, *, now: datetime | Time = NOW, project: str = "shop", **more: Any
) -> CloudLogs:
    clock = now if isinstance(now, Time) else Time(now)
    of = {name: tuple(more.pop(name, ())) for name in ("services", "jobs", "exclude")}
    return CloudLogs(
        more.pop("scopes", None) or [Scope(project, **of)],
        clock=clock, sources=store.sources, quota=store.quota, emulator=server.host, patience=more.pop("patience", 2),
        pause=clock.sleep, **more,
    )  # fmt: skip


def read(source: CloudLogs, store: Store, since: timedelta | None = 2 * HOUR) -> list[str]:
    """One round's reading, crossed out as a round does; the insertIds in the order in which they came."""
    found = []
    for batch in source.read(source.window(None, since)):
        found += [str(e["insertId"]) for e in batch.entries]
        if batch.mark:
            store.sources.advance(batch.mark)
    return found


@pytest.fixture
def server() -> Iterator[LoggingServer]:
    with LoggingServer() as running:
        yield running


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store(":memory:") as opened:
        yield opened


def test_what_matters_is_asked_for(server: LoggingServer, store: Store) -> None:
    """Warnings, what has no severity, failed requests and deployments come; healthy entries do not."""
    server.entries = [
        entry("warning", 9, severity="WARNING"),
        entry("plain", 8),
        entry("healthy", 7, severity="INFO"),
        entry("failed", 6, severity="INFO", httpRequest={"status": 503, "requestUrl": "/a"}),
        entry("fine", 5, severity="INFO", httpRequest={"status": 200, "requestUrl": "/a"}),
        entry("deployed", 4, severity="NOTICE", logName="projects/shop/logs/cloudaudit.googleapis.com%2Factivity"),
        entry("other", 3, severity="ERROR", resource={"type": "gce_instance", "labels": {}}),
    ]
    assert read(logs(server, store), store) == ["warning", "plain", "failed", "deployed"]


def test_pages_are_read_to_the_end(server: LoggingServer, store: Store) -> None:
    """Every page is asked for, once, and comes as a batch in order of time."""
    server.entries = [entry(f"e{i:03}", 100 - i / 10) for i in range(25)]
    server.page = 10
    source = logs(server, store)
    batches = [b for b in source.read(source.window(None, 2 * HOUR)) if b.mark]
    assert [len(b.entries) for b in batches] == [10, 10, 5]
    assert [e["insertId"] for b in batches for e in b.entries] == [f"e{i:03}" for i in range(25)]
    assert [r.page_token for r in server.requests] == ["", "10", "20"]
    shares = [b.progress or 0.0 for b in batches]
    assert shares == sorted(shares)


def test_the_timestamp_is_always_bounded(server: LoggingServer, store: Store) -> None:
    """An entry older than a day comes when it is asked for."""
    server.entries = [entry("old", 60 * 40)]
    assert read(logs(server, store), store, 48 * HOUR) == ["old"]
    assert "timestamp>=" in server.requests[0].filter


def test_a_round_goes_on_a_little_before_where_the_last_one_ended(server: LoggingServer, store: Store) -> None:
    """The first round takes a day; the next begins just before the time up to which the first had asked."""
    server.entries = [entry("day", 23 * 60), entry("older", 25 * 60), entry("edge", 1), entry("before", 30)]
    assert read(logs(server, store), store, None) == ["day", "before", "edge"]
    assert OVERLAP > MINUTE
    assert read(logs(server, store, now=NOW + 5 * MINUTE), store, None) == ["edge"]


def test_read_until_is_what_was_asked_for(server: LoggingServer, store: Store) -> None:
    """A service that logs nothing has been read; a wrong clock in the year 2099 moves nothing."""
    read(logs(server, store), store)
    assert store.rounds.read_until() == NOW
    server.entries = [entry("ahead", -2, timestamp="2099-01-01T00:00:00Z", receiveTimestamp=stamp(NOW + MINUTE))]
    source = logs(server, store, now=NOW + 5 * MINUTE)
    found = [e for b in source.read(source.window(None, None)) for e in b.entries]
    assert [e["timestamp"] for e in found] == [(NOW + MINUTE).strftime("%Y-%m-%dT%H:%M:%S.000000000Z")]
    assert read(logs(server, store, now=NOW + 6 * MINUTE), store, None) == ["ahead"]
    state = store.sources.get("cloud:shop")
    assert state is not None
    assert (state.read_until, state.last_entry) == (NOW + 6 * MINUTE, NOW + MINUTE)
    assert read(logs(server, store, now=NOW + 60 * MINUTE), store, None) == []


def test_late_entries_are_read(server: LoggingServer, store: Store) -> None:
    """What arrives with an older timestamp is read; what is older than entries are remembered is only counted, once."""
    server.entries = [entry("there", 60)]
    clock = Time(NOW)
    assert read(logs(server, store, now=clock), store) == ["there"]
    clock.sleep(300)
    arrived = stamp(NOW + 3 * MINUTE)
    server.entries = [
        entry("there", 60),
        entry("late", 50, receiveTimestamp=arrived),
        entry("very late", 13 * 24 * 60, receiveTimestamp=arrived),
        entry("too late", 15 * 24 * 60, receiveTimestamp=arrived),
    ]
    assert read(logs(server, store, now=clock), store, None) == ["very late", "late"]
    clock.sleep(60)
    read(logs(server, store, now=clock), store, None)
    assert [s.too_late for s in store.sources.all()] == [1]


def test_what_was_missed_is_read_newest_first_and_all_of_it(server: LoggingServer, store: Store) -> None:
    """After hours away the last minutes come first, and say so; each round reads so much, and the rest is not lost."""
    clock = Time(NOW - 6 * HOUR)
    read(logs(server, store, now=clock), store)
    clock.sleep(6 * 3600)
    server.entries = [entry(f"e{n:03}", 359 - n) for n in range(359)]
    server.page = 10
    first = read(logs(server, store, now=clock, pages=3), store, None)
    newest = int(NEWEST / MINUTE)
    assert first[:newest] == [f"e{n:03}" for n in range(359 - newest, 359)]
    assert store.rounds.read_until() < NOW - 5 * HOUR
    assert {s.aim for s in store.sources.pending("cloud:shop")} == {Aim.GAP, Aim.LATE}
    found = list(first)
    while store.sources.pending("cloud:shop"):
        clock.sleep(60)
        found += read(logs(server, store, now=clock, pages=7), store, None)
    assert set(found) == {f"e{n:03}" for n in range(359)}
    assert len(server.requests) < 60, "what was missed is not read a second time as having come late"
    assert store.rounds.read_until() == clock()


def test_a_kill_goes_on_with_the_next_page(server: LoggingServer, store: Store) -> None:
    """What was crossed out is not asked for again; where the token is spent, the time that was reached is."""
    server.entries = [entry(f"e{n}", 50 - n) for n in range(6)]
    server.page = 2
    source = logs(server, store)
    batches = source.read(source.window(None, HOUR))
    store.sources.advance(next(batches).mark)
    batches.close()
    assert read(logs(server, store), store, None)[:4] == ["e2", "e3", "e4", "e5"]


def test_a_token_that_is_spent_costs_a_page(server: LoggingServer, store: Store) -> None:
    """Where the service has forgotten its place, the question is asked anew from the time that was reached."""
    server.entries = [entry(f"e{n}", 50 - n) for n in range(6)]
    server.page = 2
    source = logs(server, store)
    batches = source.read(source.window(None, HOUR))
    store.sources.advance(next(batches).mark)
    batches.close()
    server.entries = server.entries  # whatever was asked before is forgotten
    assert read(logs(server, store), store, None)[:5] == ["e1", "e2", "e3", "e4", "e5"]


def test_a_project_that_is_added_later_is_taken_stock_of(server: LoggingServer, store: Store) -> None:
    """Its first day is the past, which is read by itself and alerts nobody; its news are news."""
    read(logs(server, store), store)
    server.entries = [entry("old", 50), entry("new", -1)]
    both = [Scope("shop"), Scope("mail")]
    read(logs(server, store, scopes=both), store, None)
    assert [s.aim for s in store.sources.pending("cloud:mail")] == [Aim.PAST]
    assert not any(s.starting for s in store.sources.all())
    assert read(logs(server, store, scopes=both, past=True), store, None) == ["old"]
    assert read(logs(server, store, scopes=[Scope("mail")], now=NOW + 2 * MINUTE), store, None) == ["new"]


def test_only_the_services_named(server: LoggingServer, store: Store) -> None:
    """Services are asked for by name, or by the beginning of it; quotes in a name cannot change the question."""
    named = {"type": "cloud_run_revision", "labels": {"service_name": "mail"}}
    job = {"type": "cloud_run_job", "labels": {"job_name": "shop-nightly"}}
    server.entries = [entry("a", 3), entry("b", 2, resource=named), entry("c", 1, resource=job)]

    def asked(**of: list[str]) -> list[str]:
        return read(logs(server, store, **of), store, HOUR)

    assert asked(services=["mail"]) == ["b"]
    assert asked(services=["shop-*"]) == ["a", "c"]
    assert asked(jobs=["shop-nightly"]) == ["c"]
    assert asked(services=["mail"], jobs=["shop-*"]) == ["b", "c"]
    assert asked(services=['mail" OR severity="DEFAULT']) == []
    with pytest.raises(InputError, match="too many"):
        asked(services=[f"service-{i}" for i in range(2_000)])


def test_what_the_team_excludes_is_not_read(server: LoggingServer, store: Store) -> None:
    """Rules are filters, or tables of which all parts must hold."""
    health = {"status": 404, "requestUrl": "/healthz"}
    server.entries = [
        entry("kept", 5, severity="ERROR"),
        entry("canary", 4, severity="ERROR", labels={"canary": "yes"}),
        entry("health", 3, httpRequest=health),
        entry("words", 2, textPayload="the balancer asks"),
        entry("other", 1, severity="ERROR", httpRequest={"status": 404, "requestUrl": "/pay"}),
    ]
    rules = exclusions(['labels.canary="yes"', {"path": "/healthz", "status": 404}, {"text": "balancer"}])
    assert read(logs(server, store, exclude=rules), store) == ["kept", "other"]


def test_one_project_in_trouble_keeps_no_other_waiting(server: LoggingServer, store: Store) -> None:
    """Each project has its own place; the trouble of one is noted in words, since when, and taken back."""
    server.entries = [entry("a", 5)]
    server.missing = {"closed"}
    clock = Time(NOW)

    def notes() -> list[str]:
        source = logs(server, store, now=clock, scopes=[Scope("closed"), Scope("open")])
        out = []
        for batch in source.read(source.window(None, None)):
            out += batch.notes
            if batch.mark:
                store.sources.advance(batch.mark)
        return out

    assert "roles/logging.viewer" in "".join(notes())
    clock.sleep(300)
    notes()
    closed, opened = store.sources.all()
    assert (closed.error, closed.error_since, closed.read_until) == ("permission", NOW, None)
    assert "roles/logging.viewer" in closed.words
    assert (opened.error, opened.read_until) == ("", clock())
    assert store.rounds.read_until() == clock()
    server.missing = set()
    assert notes() == []
    assert [s.error for s in store.sources.all()] == ["", ""]
    server.missing = {"closed", "open"}
    with pytest.raises(Forbidden):
        notes()


def test_entries_look_as_in_exports(server: LoggingServer, store: Store) -> None:
    """Payloads, requests, labels and audit entries have the JSON that a file has, and mean the same."""
    raws = [
        entry(
            "json", 3, severity="ERROR", trace="projects/shop/traces/abc", labels={"instanceId": "i1"},
            jsonPayload={"message": "no", "n": 7, "f": 0.5, "deep": [{"x": 1}]},
            httpRequest={"status": 500, "requestUrl": "/a/7", "requestMethod": "GET", "latency": "0.250s"},
        ),
        entry(
            "audit", 2, severity="ERROR", logName="projects/shop/logs/cloudaudit.googleapis.com%2Fsystem_event",
            protoPayload={
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "methodName": "/Services.ReplaceService",
                "resourceName": "namespaces/shop/revisions/shop-api-staging-00008-xyz",
                "status": {"code": 9, "message": "Ready condition status changed to False for Revision r."},
                "response": {"kind": "Revision", "metadata": {"name": "shop-api-staging-00008-xyz"}},
            },
        ),
    ]  # fmt: skip
    server.entries = raws
    source = logs(server, store)
    got = [e for b in source.read(source.window(None, timedelta(hours=1))) for e in b.entries]
    assert got[0]["jsonPayload"] == raws[0]["jsonPayload"]
    assert isinstance(got[0]["jsonPayload"]["n"], int)
    assert normalise(got, Policy(), b"k") == normalise(raws, Policy(), b"k")
    deployed = normalise(got, Policy(), b"k")[1].deployment
    assert deployed is not None
    assert (deployed.revision, deployed.ok) == ("shop-api-staging-00008-xyz", False)


def test_an_error_in_the_middle_loses_nothing(server: LoggingServer, store: Store) -> None:
    """Pages before an error have been handed out; the next round gets the rest, and the trouble is told."""
    server.entries = [entry(f"e{i}", 50 - i) for i in range(4)]
    server.page = 2
    server.fail(grpc.StatusCode.PERMISSION_DENIED, after=1)
    source = logs(server, store)
    batches = source.read(source.window(None, HOUR))
    first, trouble = batches
    store.sources.advance(first.mark)
    assert [e["insertId"] for e in first.entries] == ["e0", "e1"]
    assert "roles/logging.viewer" in trouble.notes[0]
    assert read(logs(server, store), store, None)[:2] == ["e2", "e3"]


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "ABORTED", "UNKNOWN"])
def test_a_passing_failure_is_tried_again(server: LoggingServer, store: Store, code: str) -> None:
    """Some failed requests in the middle are not noticed."""
    server.entries = [entry(f"e{i}", 50 - i) for i in range(4)]
    server.page = 2
    server.fail(grpc.StatusCode[code], after=1, times=3)
    assert read(logs(server, store), store, HOUR) == ["e0", "e1", "e2", "e3"]
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("code", "message", "times", "kind", "says", "sort"),
    [
        ("PERMISSION_DENIED", "no", 1, Forbidden, "roles/logging.viewer", "permission"),
        ("PERMISSION_DENIED", "API has not been used in project 1", 1, Forbidden, "gcloud services enable", "disabled"),
        ("UNAUTHENTICATED", "no", 1, Forbidden, "gcloud auth", "credentials"),
        ("UNAVAILABLE", "Getting metadata from plugin failed: invalid_grant", 1, Forbidden, "expired", "credentials"),
        ("NOT_FOUND", "no", 1, NotFound, "GOOGLE_CLOUD_PROJECT", "missing"),
        ("INVALID_ARGUMENT", "no", 1, InputError, "GARDEN_SERVICES", "question"),
        ("RESOURCE_EXHAUSTED", "no", 9, LogsUnavailable, "quota", "quota"),
        ("UNKNOWN", "no", 9, LogsUnavailable, "next round", "unreachable"),
        ("DEADLINE_EXCEEDED", "no", 9, LogsUnavailable, "does not answer", "slow"),
    ],
)
def test_what_goes_wrong_is_said(
    server: LoggingServer,
    store: Store,
    code: str,
    message: str,
    times: int,
    kind: type[Exception],
    says: str,
    sort: str,
) -> None:
    """Each failure has its own sentence, with what to do."""
    server.fail(grpc.StatusCode[code], message, times=times)
    with pytest.raises(kind, match=says):
        read(logs(server, store), store)
    assert [s.error for s in store.sources.all()] == [sort]


def test_a_service_that_stays_away_is_unavailable(store: Store) -> None:
    """Nobody at the address: after some patience, in words."""
    away = LoggingServer()
    away.host = "127.0.0.1:1"
    with pytest.raises(LogsUnavailable):
        read(logs(away, store, patience=0.2), store)


def test_a_project_is_needed(server: LoggingServer, store: Store) -> None:
    """Without a project, the sentence says which setting is missing."""
    with pytest.raises(InputError, match="GOOGLE_CLOUD_PROJECT"):
        read(logs(server, store, project=""), store)


def test_rounds_that_fail_pile_nothing_up(server: LoggingServer, store: Store) -> None:
    """After a day of failures there is little more to ask for than after one, and nothing of it is lost."""
    clock = Time(NOW)
    read(logs(server, store, now=clock), store)
    server.missing = {"shop"}
    for _ in range(48):
        clock.sleep(300)
        with pytest.raises(Forbidden):
            read(logs(server, store, now=clock), store, None)
    assert len(store.sources.pending("cloud:shop")) < 24
    server.missing = set()
    server.entries = [entry(f"e{n:03}", -n) for n in range(239)]
    assert set(read(logs(server, store, now=clock), store, None)) == {f"e{n:03}" for n in range(239)}
    assert store.rounds.read_until() == clock()
