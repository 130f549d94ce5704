"""Reading exported files: every format, broken lines, order of time, bounded memory, and kind words."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.logs import lines
from bot.logs.files import FileLogs
from bot.models import BadLine

Json = dict[str, Any]


def entry(n: int, **more: Any) -> Json:
    return {
        "insertId": f"e{n}",
        "timestamp": f"2026-01-31T10:{n // 60 % 60:02}:{n % 60:02}.000001Z",
        "textPayload": 'braces { [ and "quotes"',
        "resource": {"labels": {"list": [{"a": 1}, []], "empty": {}}},
        **more,
    }


def read(data: bytes | str, **more: Any) -> tuple[list[Json], list[BadLine]]:
    """What a reader of standard input gets."""
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    logs = FileLogs("-", stdin=stream, **more)
    batches = list(logs.read(logs.window(None, None)))
    logs.close()
    return [dict(e) for b in batches for e in b.entries], [b for batch in batches for b in batch.bad]


ENTRIES = [entry(n) for n in range(7)]
LINES = [json.dumps(e) for e in ENTRIES]
FORMATS = {
    "lines": "\n".join(LINES),
    "lines with blank ones": "\r\n\r\n".join(LINES) + "\r\n",
    "array in one line": json.dumps(ENTRIES),
    "array of lines": "[" + ",\n".join(LINES) + "]\n",
    "printed array": json.dumps(ENTRIES, indent=2),
    "printed objects": "\n".join(json.dumps(e, indent=4) for e in ENTRIES),
    "printed without indent": json.dumps(ENTRIES, indent=0),
    "objects in one line": "".join(LINES),
    "several arrays": json.dumps(ENTRIES[:3]) + "\n" + json.dumps(ENTRIES[3:], indent=1),
    "an answer of the API": json.dumps({"entries": ENTRIES, "nextPageToken": "t"}),
    "tabs": json.dumps(ENTRIES, indent="\t"),
}
PACKINGS = {
    "plain": lambda b: b,
    "gzip": gzip.compress,
    "two gzips": lambda b: gzip.compress(b[: len(b) // 2]) + gzip.compress(b[len(b) // 2 :]),
    "byte order mark": lambda b: b"\xef\xbb\xbf" + b,
    "UTF-16": lambda b: b.decode().encode("utf-16"),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same(form: str, packing: str) -> None:
    """Arrays, lines and objects, pretty-printed or not, packed or not, are the same entries."""
    assert read(PACKINGS[packing](FORMATS[form].encode())) == (ENTRIES, [])


@pytest.mark.parametrize(
    ("broken", "lines"),
    [
        ('{"a": "a text that does not end', [3]),
        ('{"a": {"b": [1, 2', [3]),
        ('{"a": 1}}', [3]),
        ("Listed 7 items.", [3]),
        ('{"a": }', [3]),
        ('{"no": "timestamp"}', [3]),
        ('{"timestamp": "yesterday"}', [3]),
        ('{"timestamp": {"a": ["b"]}}', [3]),
        ("[1, 2, 3]", [3]),
        ('{"a": "\\', [3]),
        ('{"a": [\nnonsense\n{"b": ', [3, 4, 5]),
        ('{"timestamp":"2026-01-31T10:00:00Z","x":' + "[" * 100_000 + "]" * 100_000 + "}", [3]),
    ],
)
def test_a_bad_line_is_named_and_skipped(broken: str, lines: list[int]) -> None:
    """A broken line costs itself, whatever stands in it, and is told by its number."""
    found, bad = read("\n".join([*LINES[:2], broken, *LINES[2:]]))
    assert found == ENTRIES
    assert [b.line for b in bad] == lines
    assert all(b.why for b in bad)


def test_a_broken_printed_object_costs_itself() -> None:
    """In a pretty-printed array too: the next object is found again."""
    text = json.dumps(ENTRIES, indent=2)
    found, bad = read(text.replace('"e2",', '"e2'))
    assert [e["insertId"] for e in found] == ["e0", "e1", "e3", "e4", "e5", "e6"]
    assert len(bad) == 1
    parts = [json.dumps(e, indent=2) for e in ENTRIES]
    found, bad = read("\n".join([*parts[:2], parts[2][:-2], *parts[3:]]))
    assert [e["insertId"] for e in found] == ["e0", "e1", "e3", "e4", "e5", "e6"]
    assert len(bad) == 1


def test_a_broken_entry_in_an_array_of_one_line_costs_itself() -> None:
    """Where there are no lines to hold on to, the next whole entry is found."""
    text = json.dumps(ENTRIES)
    for broken in ('"insertId": e2"', '"insertId": "e2', '"insertId": {"e2"', '"insertId": "e2"}'):
        found, bad = read(text.replace('"insertId": "e2"', broken))
        assert [e["insertId"] for e in found] == ["e0", "e1", "e3", "e4", "e5", "e6"]
        assert bad


def test_a_file_that_was_cut_off_is_read_to_where_it_ends() -> None:
    """The last, broken entry is a bad line; the others count."""
    found, bad = read("\n".join(LINES)[:-10])
    assert found == ENTRIES[:-1]
    assert [b.line for b in bad] == [7]


def test_what_strict_json_forbids_survives() -> None:
    """NaN, doubled keys, lone surrogates and numbers beyond all bounds."""
    odd = [
        '{"timestamp":"2026-01-31T10:00:01Z","x":NaN}',
        '{"timestamp":"2026-01-31T10:00:02Z","insertId":"a","insertId":"b"}',
        '{"timestamp":"2026-01-31T10:00:03Z","x":"\\ud800"}',
        '{"timestamp":"2026-01-31T10:00:04Z","x":' + "9" * 400 + "}",
    ]
    found, bad = read("\n".join(odd))
    assert len(found) == 4
    assert bad == []
    assert found[1]["insertId"] == "b"


def test_a_line_that_is_too_long_is_passed_over() -> None:
    """20 MB in one line never are in memory at once, and the entries around it count."""
    long = json.dumps(entry(3, x="y" * 20_000_000))
    data = "\n".join([LINES[0], long, LINES[1]]).encode()
    del long
    tracemalloc.start()
    found, bad = read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ENTRIES[:2]
    assert [(b.line, "MiB" in b.why) for b in bad] == [(2, True)]
    assert peak < 40_000_000


def test_many_broken_lines_take_no_time() -> None:
    """20,000 lines that never end are read about as fast as good ones, and are counted."""
    found, bad = read('{"timestamp": {"b": \n' * 20_000 + LINES[0])
    assert found == ENTRIES[:1]
    assert len(bad) == 20_000


def test_entries_come_in_order_of_time() -> None:
    """Whatever their order in the file, and however many chunks had to be put aside."""
    shuffled = [entry((n * 7919) % 3000) for n in range(3000)]
    found, _ = read("\n".join(json.dumps(e) for e in shuffled), chunk=17, batch=100)
    keys = [(e["timestamp"], e["insertId"]) for e in found]
    assert len(keys) == 3000
    assert keys == sorted(keys)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks that are put aside have no name, even while they are read."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    logs = FileLogs("-", stdin=io.BytesIO("\n".join(LINES).encode()), chunk=2, batch=1)
    reading = logs.read(logs.window(None, None))
    next(reading)
    assert list(tmp_path.iterdir()) == []
    logs.close()


def test_now_is_the_newest_timestamp() -> None:
    """The window is the file's span, or so much before its newest entry; only that is read."""
    logs = FileLogs("-", stdin=io.BytesIO("\n".join(LINES).encode()))
    whole = logs.window(datetime(2026, 6, 1, tzinfo=UTC), None)
    assert (whole.start.second, whole.end.second) == (0, 6)
    last = logs.window(None, timedelta(seconds=2))
    assert last.end - last.start == timedelta(seconds=2)
    assert [e["insertId"] for b in logs.read(last) for e in b.entries] == ["e4", "e5", "e6"]
    assert [e["insertId"] for b in logs.read(whole) for e in b.entries] == [f"e{n}" for n in range(7)]


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    """Each batch says how far the reader is."""
    (tmp_path / "logs.json").write_text("\n".join(LINES))
    logs = FileLogs(str(tmp_path / "logs.json"), batch=2)
    shares = [b.progress or 0.0 for b in logs.read(logs.window(None, None))]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"[" * 100_000, "is not JSON"),
        (b'[{"a": 1}]', "holds no log entries"),
        (b"words\nand words\n", "holds no log entries"),
        (b"\x00\x01\x02" * 100, "binary"),
        (gzip.compress(b"\n".join(line.encode() for line in LINES))[:-20], "damaged gzip"),
        (gzip.compress(b"x" * 9999)[:20] + b"not-gzip" * 20, "damaged gzip"),
    ],
)
def test_input_that_is_no_log_is_refused_kindly(data: bytes, says: str) -> None:
    """One sentence says what it is, and none of its content is repeated."""
    with pytest.raises(InputError, match=says) as caught:
        read(data)
    assert "words" not in caught.value.user_message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """No such file, a directory, a name that cannot be one, no permission: each has its sentence."""
    locked = tmp_path / "locked.json"
    locked.write_text(LINES[0])
    locked.chmod(0)
    cases = [
        (str(tmp_path / "none.json"), "no file"),
        (str(tmp_path), "is a directory"),
        ("a\0b", "cannot be read"),
        ("x" * 5000, "cannot be read"),
    ]
    try:
        locked.read_bytes()
    except PermissionError:  # the administrator may read anything
        cases.append((str(locked), "may not be read"))
    for path, says in cases:
        with pytest.raises(InputError, match=says):
            FileLogs(path).window(None, None)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 6))
def test_any_bytes_between_entries_are_survived(noise: bytes, place: int) -> None:
    """Garbage never raises anything but our own sentence, and never costs an entry on another line."""
    lines = [line.encode() for line in LINES]
    noise = noise.translate(None, b"\0{")
    found, _ = read(b"\n".join([*lines[:place], b"#" + noise, *lines[place:]]))
    assert found == ENTRIES


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=8), x, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_JSON, max_size=6), st.sampled_from([None, 0, 1, 2]), st.sampled_from(["\n", "", " , "]))
def test_any_json_between_entries_is_survived(values: list[Any], indent: int | None, between: str) -> None:
    """Whatever valid JSON stands around it, an entry is found."""
    parts = [json.dumps(v, indent=indent) for v in values]
    half = len(parts) // 2
    found, _ = read(
        "\n".join([between.join(parts[:half]), json.dumps(ENTRIES[0], indent=indent), between.join(parts[half:])])
    )
    assert ENTRIES[0] in found


_DAMAGE = st.tuples(
    st.integers(0, 2_000),
    st.sampled_from([b"{", b"}", b'"', b"[", b"]", b"\\", b"\n", b",", b"\n{", b"\xff", b""]),
    st.integers(0, 30),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.lists(_DAMAGE, min_size=1, max_size=6))
def test_any_damage_is_survived(form: str, damage: list[tuple[int, bytes, int]]) -> None:
    """Bytes put in and left out anywhere: entries, bad lines, or our own sentence, and nothing else."""
    data = FORMATS[form].encode()
    for place, put, left_out in damage:
        data = data[:place] + put + data[place + left_out :]
    try:
        found, bad = read(data, chunk=3)
    except InputError as error:
        found, bad = [], [BadLine(0, error.user_message)]
    assert found or bad


@pytest.mark.parametrize("data", [b"[]", b"[]\n", b" [ ]\n[]", b'{"entries": []}'])
def test_a_quiet_hour_is_no_mistake(data: bytes) -> None:
    """An export of nothing holds no entries, and that is all."""
    assert read(data) == ([], [])


def test_a_line_in_another_encoding_is_read() -> None:
    """What is not UTF-8 costs its letters, not its entry."""
    (found,), bad = read(json.dumps(entry(1, textPayload="caf\u00e9 failed"), ensure_ascii=False).encode("latin-1"))
    assert found["textPayload"] == "caf\N{REPLACEMENT CHARACTER} failed"
    assert not bad


@pytest.mark.parametrize("at", [0, 5, 100_000])
def test_a_stray_nul_costs_its_line_at_most(at: int) -> None:
    """One NUL, early or late, does not make a file of log entries binary."""
    data = "\n".join(json.dumps(entry(n)) for n in range(1_000)).encode()
    found, _ = read(data[:at] + b"\0" + data[at:])
    assert len(found) >= 999


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "logs.json"


def read_from(path: Path, **more: Any) -> tuple[list[Json], list[BadLine], int]:
    """What a reader of a file gets, and how many entries were put in order by being written down again."""
    with closing(FileLogs(str(path), **more)) as logs:
        batches = list(logs.read(logs.window(None, None)))
        found = [dict(e) for b in batches for e in b.entries], [b for batch in batches for b in batch.bad]
        return *found, logs._entries.count


_STAMPS = st.builds(
    lambda second, fraction: f"2026-01-31T10:00:{second:02}{fraction}",
    st.integers(0, 59),
    st.sampled_from([".1Z", ".000001Z", ".123456789Z", "Z", "+01:00", ".5-00:30"]),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(_STAMPS, st.sampled_from("abc")), min_size=1, max_size=12), st.sampled_from([1, 70, 150, 10_000])
)
def test_lines_are_read_as_they_stand(file: Path, stamps: list[tuple[str, str]], piece: int) -> None:
    """In whatever order entries stand and however their times are written, a file gives what standard input gives,
    and is not written down again."""
    entries = [{"timestamp": time, "insertId": id, "n": n} for n, (time, id) in enumerate(stamps)]
    file.write_text("\n".join(map(json.dumps, entries)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_PIECE", piece)
        assert read_from(file) == (*read(file.read_bytes()), 0)


@settings(max_examples=100, deadline=None)
@given(st.lists(_DAMAGE, min_size=1, max_size=4))
def test_a_damaged_file_is_read_as_from_standard_input(file: Path, damage: list[tuple[int, bytes, int]]) -> None:
    """The patient way is taken where a line is no entry."""
    data = FORMATS["lines"].encode()
    for place, added, removed in damage:
        data = data[:place] + added + data[place + removed :]
    try:
        expected = read(data)
    except InputError:
        return
    file.write_bytes(data)
    assert read_from(file)[:2] == expected


def test_newest_first_and_late_entries_are_read_as_they_stand(file: Path) -> None:
    """As exports have them; `since` reads the end of it only."""
    entries = [entry(n) for n in range(3_000)]
    moved = [*reversed(entries[:2_000]), *entries[2_010:], *entries[2_000:2_010]]
    file.write_text("\n".join(map(json.dumps, moved)))
    assert read_from(file) == (entries, [], 0)
    with closing(FileLogs(str(file))) as logs:
        some = [dict(e) for b in logs.read(logs.window(None, timedelta(seconds=99))) for e in b.entries]
    assert some == entries[-100:]


def test_a_file_without_any_order_is_sorted_on_disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more would have to wait than may be held in memory."""
    monkeypatch.setattr(lines, "_HELD", 50_000)
    entries = [entry(n) for n in range(3_000)]
    file.write_text("\n".join(json.dumps(entries[at * 7 % 3_000]) for at in range(3_000)))
    assert read_from(file) == (entries, [], 3_000)


def test_a_file_that_is_written_to_meanwhile_is_refused_kindly(file: Path) -> None:
    """Pieces that have moved would be read as something else."""
    file.write_text("\n".join(LINES))
    logs = FileLogs(str(file))
    window = logs.window(None, None)
    file.write_text("\n".join(LINES[1:]))
    with pytest.raises(InputError, match="written to while it was read"):
        [list(batch.entries) for batch in logs.read(window)]
