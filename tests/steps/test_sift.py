"""What is set aside as quiet is what would have come to nothing, and what is recognised is read as when it was new."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.week import week
from bot.logs.files import FileLogs
from bot.masks import _headed_by, heading
from bot.models import Policy, Sifted
from bot.moments import FIRST, LAST, hour_of, moment
from bot.steps.assemble import assemble
from bot.steps.cluster import cluster
from bot.steps.normalise import _reader, normalise, sift
from bot.steps.normalise.level import of_words
from bot.steps.redact import scrub
from bot.steps.redact.passes import PASSES
from bot.steps.redact.patterns import HINT
from bot.unread import Stretch, Unread, state_of
from tests.scenarios.real import FILES

KEY = b"not-a-real-key"
POLICY = Policy()


def raws() -> Iterator[list[Mapping[str, Any]]]:
    yield list(itertools.islice(week(), 20_000))
    for file in FILES:
        logs = FileLogs(str(file))
        yield [raw for batch in logs.read(logs.window(None, None)) for raw in batch.entries]


def test_quiet_entries_would_come_to_nothing() -> None:
    """Each is, read in full, an occurrence of its own, closed at once, and no problem; the others are the same."""
    for some in raws():
        whole, sifted = normalise(some, POLICY, KEY), sift(some, POLICY, KEY)
        quiet = {key for keys in sifted.quiet.values() for key in keys}
        assert list({e.key: e for e in whole if e.key not in quiet}.values()) == sifted.entries
        assert {(hour_of(e.time), e.key) for e in whole} == {
            *((hour_of(e.time), e.key) for e in sifted.entries),
            *((hour, key) for hour, keys in sifted.quiet.items() for key in keys),
        }
        assert sifted.services == Counter(e.service for e in whole)
        assert sifted.until == max(e.time for e in whole)
        found = assemble(whole)
        for sighting in (*cluster(found.closed, POLICY), *cluster(found.open, POLICY)):
            if quiet & {e.key for e in sighting.occurrence.entries}:
                assert len(sighting.occurrence.entries) == 1
                assert sighting.signature is None


def as_bytes(raws: list[Any]) -> Unread:
    return Unread([json.dumps(raw).encode() for raw in raws])


def as_file(raws: list[Any], path: Path) -> Unread:
    """A block that begins with a line of which the head is strange, and those behind it in another one."""
    strange = json.dumps({**raws[0], "insertId": None}).encode() + b"\n"
    rest = b"".join(json.dumps(raw).encode() + b"\n" for raw in raws)
    blocks = (strange + strange, rest)
    path.write_bytes(b"".join(blocks))
    with path.open("rb") as file:
        return Unread([Stretch(str(path), state_of(file), 0, tuple(map(len, blocks)), 2 + len(raws))])


def test_a_glance_tells_what_reading_in_full_tells(tmp_path: Path) -> None:
    """Of entries as bytes only what is new is parsed; what comes of them is the same."""
    for some in raws():
        assert sift(as_bytes(some), POLICY, KEY) == sift(some, POLICY, KEY)
        skimmed = as_file(some, tmp_path / "logs.json")
        assert len(skimmed) == len(some) + 2
        assert sift(skimmed, POLICY, KEY) == sift(list(skimmed), POLICY, KEY)


VALUES = st.sampled_from(
    [None, True, 0, 7, 404, 1.5, "", "INFO", "error", "x", "failed: 7", {}, [], {"message": "error"}, {"level": 50},
     "2026-03-06T18:00:00.123456Z", "2026-03-06T18:00:00Z", "2026-03-06T18:00:00.123456789Z",
     "2026-03-06T18:00:00.12Z", "2026-13-06T18:00:00.123456Z",
     "GET", "https://shop.example/a", {"labels": {"service_name": "shop"}}, {"instanceId": "a"}, {"message": {"a": 1}},
     {"requestMethod": "GET", "requestUrl": "https://shop.example/a", "status": 200},
     {"requestMethod": "GET", "requestUrl": "https://shop.example/a", "status": 500, "remoteIp": "192.0.2.1"},
     {"requestMethod": "GET", "requestUrl": "https://shop.example/a", "status": "200"}]
)  # fmt: skip
NAMES = st.sampled_from(
    ["timestamp", "insertId", "logName", "severity", "textPayload", "jsonPayload", "protoPayload", "httpRequest",
     "resource", "labels", "trace", "sourceLocation", "receiveTimestamp"]
)  # fmt: skip
LIKELY = st.fixed_dictionaries(
    {"timestamp": st.just("2026-03-06T18:00:00.123456Z"), "insertId": st.sampled_from("abc"), "logName": st.just("x")}
)


@given(st.lists(st.builds(lambda a, b: {**a, **b}, LIKELY, st.dictionaries(NAMES, VALUES, max_size=5)), max_size=4))
def test_a_glance_tells_the_same_of_any_entry(some: list[Any]) -> None:
    """Whatever stands where, and whatever was read before."""
    _reader.cache_clear()
    glanced: Sifted = sift(as_bytes(some), POLICY, KEY)
    _reader.cache_clear()
    assert glanced == sift(some, POLICY, KEY)


def test_what_is_recognised_reads_as_when_it_was_new() -> None:
    """Entries read after ten thousand others are what they are when they are the first."""
    some = list(itertools.islice(week(), 3_000))
    together = normalise(some, POLICY, KEY)
    for raw, entry in itertools.islice(zip(some, together, strict=True), 0, None, 7):
        _reader.cache_clear()
        assert normalise([raw], POLICY, KEY) == [entry]


@given(st.datetimes(), st.sampled_from(["", ".5", ".123", ".123456", ".123456789"]), st.sampled_from(["Z", " Z"]))
def test_times_are_read_alike_by_either_way(time: Any, fraction: str, zone: str) -> None:
    """The fast way and the patient one (which a blank leads to) read the same time."""
    written = f"{time:%H:%M:%S}{fraction}"
    day = f"{time.year:04}-{time.month:02}-{time.day:02}"
    fast, patient = moment(f"{day}T{written}Z"), moment(f" {day}T{written}{zone}")
    assert fast == patient
    assert (fast is not None) == (FIRST <= time.year <= LAST)
    assert fast is None or fast.utcoffset() == timedelta(0)


LINES = st.lists(
    st.sampled_from(
        ["error", "failed", "0", "10", "7", " ", ": ", "=", "errors", "no", "timeout", "exit(0)", "(node:12) ", "at",
         "warning: ", "password", "token", "@", "example.com", "4111111111111111", "key", "://", "Bearer ", "abc123XYZ"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(LINES)
def test_figures_do_not_change_how_loud_a_line_is(line: str) -> None:
    """Lines that differ in figures other than 0 are as loud as each other."""
    assert of_words(line) is of_words(line.translate(str.maketrans("123456789", "987654321")))


FIGURED = st.lists(
    st.sampled_from(
        ["7", "0", "10", "404", " ", "\n", "2026-03-06 18:00:00 ", "ERROR ", "[Nest] 1  - ", "[12] ",
         "shop.cart:add:52 - ", "| WARNING  | ", "E0306 18:00:00.123456   1 cart.go:52] ", '{"level": 30, "msg": "7"}',
         "level=error msg=7",
         "Traceback (most recent call last):\n", '  File "a7.py", line 7, in f\n', "ValueError: 7",
         "goroutine 1 [running]:\n",
         "\tat a.b.C.f(C.java:7)\n", "\\033[31m", "#033[0m", "[U+1F511]", "Container called exit(1).",
         "Uncaught signal: 6",
         "failed", "errors: 0", "(node:12) ", "http: panic serving 10.0.0.7:80: 7"]
    ),
    min_size=1, max_size=5,
).map("".join)  # fmt: skip


@given(FIGURED, st.sampled_from(["ERROR", "DEFAULT", None]))
def test_lines_that_differ_in_figures_are_read_as_alone(line: str, severity: str | None) -> None:
    """What is known of a line that is equal but for its figures tells nothing wrong of another."""
    figures = "123456789", "371982465", "999999999"
    texts = [line.translate(str.maketrans("123456789", other)) for other in figures]
    base = {"timestamp": "2026-03-06T18:00:00.1Z", "logName": "projects/x/logs/stderr", "severity": severity}
    some = [{**base, "insertId": f"{at}", "textPayload": text} for at, text in enumerate(texts)]
    _reader.cache_clear()
    together = sift(as_bytes(some), POLICY, KEY).entries
    heading.cache_clear()
    _headed_by.cache_clear()
    _reader.cache_clear()
    assert together == [e for raw in some for e in sift([raw], POLICY, KEY).entries]


@given(LINES | st.text(max_size=80))
def test_looking_for_words_first_redacts_the_same(text: str) -> None:
    """Whether its words are looked for first or every expression is tried: the same is masked."""
    slow = text
    if HINT.search(text):
        for _, expression, change in PASSES:
            slow = expression.sub(change, slow)
    assert scrub(text, POLICY) == slow
