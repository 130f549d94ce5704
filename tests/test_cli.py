"""The command line: what is wrong with the input is said in a sentence, and nothing is harmed by it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.demo.week import week

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in (
        "GARDEN_DB",
        "GARDEN_CONFIG",
        "GITHUB_REPOSITORY",
        "GITHUB_TOKEN",
        "SLACK_BOT_TOKEN",
        "ANTHROPIC_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)

    def invoke(*words: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), input=given)

    return invoke


@pytest.fixture(scope="module")
def day() -> list[dict[str, object]]:
    entries = list(week())
    return entries[-800:]


def write(path: Path, entries: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(e) for e in entries), encoding="utf-8")
    return path


def one_sentence(result: Result) -> str:
    """Exit code 2, nothing on standard output, and words on standard error that are no traceback."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


BAD: dict[str, Callable[[Path], str]] = {
    "no such file": lambda folder: str(folder / "nowhere.json"),
    "a directory": lambda folder: str(folder),
    "binary data": lambda folder: _made(folder, bytes(range(256)) * 64),
    "an empty file": lambda folder: _made(folder, b""),
    "only white space": lambda folder: _made(folder, b"\n \n\t\n"),
    "JSON that is not logs": lambda folder: _made(folder, b'{"name": "log-gardener", "version": 1}'),
    "a number": lambda folder: _made(folder, b"42"),
    "a line of 50 MB": lambda folder: _made(folder, b'{"textPayload": "' + b"x" * 50_000_000 + b'"}'),
    "half of a gzip": lambda folder: _made(folder, gzip.compress(b'{"insertId": "1"}' * 1000)[:40]),
    "text": lambda folder: _made(folder, b"ERROR: this is what a log looks like elsewhere\n" * 20),
}


def _made(folder: Path, content: bytes) -> str:
    path = folder / "input"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("command", ["cluster", "round"])
@pytest.mark.parametrize("what", BAD)
def test_bad_input_gives_a_sentence_and_leaves_the_store(
    what: str, command: str, run: Run, tmp_path: Path, day: list[dict[str, object]]
) -> None:
    """Each kind of bad input ends with exit code 2 and words; the database is as it was before."""
    assert run("round", "--logs", str(write(tmp_path / "good.json", day))).exit_code == 0
    before = run("round", "--logs", "good.json", "--format", "json").stdout
    words = ["--logs", BAD[what](tmp_path)] if command == "round" else [BAD[what](tmp_path)]
    one_sentence(run(command, *words))
    assert run("round", "--logs", "good.json", "--format", "json").stdout == before


def test_bad_input_does_not_make_a_database(run: Run, tmp_path: Path) -> None:
    """A typing error in the file's name leaves no empty database behind."""
    one_sentence(run("round", "--logs", "nowhere.json"))
    assert not list(tmp_path.glob("*.db*"))


@pytest.mark.parametrize("since", ["yesterday", "6", "-6h", "6 parsecs", "0h", "99999999d", ""])
def test_a_wrong_span_says_what_to_type(since: str, run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """A `--since` that is no span of time is answered with examples."""
    write(tmp_path / "good.json", day)
    assert "6h" in one_sentence(run("round", "--logs", "good.json", "--since", since))


def test_a_database_that_cannot_be_used_says_so(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Not SQLite, a directory, from a newer version: words, exit code 2, and the file untouched byte by byte."""
    write(tmp_path / "good.json", day)
    alien = tmp_path / "alien.db"
    alien.write_bytes(b"this is not a database" * 500)
    one_sentence(run("round", "--logs", "good.json", "--db", str(alien)))
    assert alien.read_bytes() == b"this is not a database" * 500

    one_sentence(run("round", "--logs", "good.json", "--db", str(tmp_path)))

    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("create table somebody_elses (id integer)")
    connection.close()
    content = other.read_bytes()
    one_sentence(run("round", "--logs", "good.json", "--db", str(other)))
    assert other.read_bytes() == content


def test_a_database_that_must_stay_as_it_is_says_so(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Read-only, or made by a newer version: words, exit code 2, and the file untouched byte by byte."""
    write(tmp_path / "good.json", day)
    assert run("round", "--logs", "good.json", "--db", "kept.db").exit_code == 0
    kept = tmp_path / "kept.db"
    kept.chmod(0o444)
    content = kept.read_bytes()
    assert "read-only" in one_sentence(run("round", "--logs", "good.json", "--db", "kept.db"))
    assert kept.read_bytes() == content

    kept.chmod(0o644)
    with sqlite3.connect(kept) as connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('log-gardener', 'm9999_later', '')"
        )
    connection.close()
    content = kept.read_bytes()
    assert "newer version" in one_sentence(run("round", "--logs", "good.json", "--db", "kept.db"))
    assert kept.read_bytes() == content


def test_a_repeated_round_finds_nothing_new(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """The same file again: the same output, and `new_entries` is 0."""
    write(tmp_path / "good.json", day)
    first = json.loads(run("round", "--logs", "good.json", "--format", "json").stdout)
    second = json.loads(run("round", "--logs", "good.json", "--format", "json").stdout)
    assert first["new_entries"] == len(day)
    assert second["new_entries"] == 0
    assert {**first, "new_entries": 0} == second


def test_logs_come_through_a_pipe(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """`-` reads standard input, also gzipped, and gives what the file gives."""
    path = write(tmp_path / "good.json", day)
    whole = run("cluster", str(path), "--format", "json")
    assert whole.exit_code == 0
    assert run("cluster", "-", "--format", "json", given=path.read_bytes()).stdout == whole.stdout
    assert run("cluster", "-", "--format", "json", given=gzip.compress(path.read_bytes())).stdout == whole.stdout


def test_bad_lines_are_counted_and_named(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """A broken line among good ones is skipped, and named with its number."""
    path = write(tmp_path / "good.json", day)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.insert(3, '{"insertId": "broken",')
    path.write_text("\n".join(lines), encoding="utf-8")
    result = run("cluster", str(path))
    assert result.exit_code == 0
    assert "line 4" in result.stdout


@pytest.mark.parametrize("command", ["round", "cluster", "worklog", "demo", "serve", "doctor", "export", "backup"])
def test_every_command_has_help(command: str, run: Run) -> None:
    """`--help` of each command says what it does."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout) > 200


def test_export_and_backup_need_a_database(run: Run, tmp_path: Path) -> None:
    """Without a database there is nothing to copy, and none is made."""
    for words in (["export", "out"], ["backup", "copy.db"], ["worklog"]):
        assert "garden round" in one_sentence(run(*words))
    assert not list(tmp_path.glob("*.db*"))


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_is_wrong_breaks_nothing(
    stamp: str, run: Run, tmp_path: Path, day: list[dict[str, object]]
) -> None:
    """An entry dated at the end of time falls back to when it arrived, and later rounds go on."""
    write(tmp_path / "bad.json", [{**day[0], "severity": "ERROR", "timestamp": stamp}, *day[1:]])
    write(tmp_path / "good.json", day)
    assert run("round", "--logs", "bad.json").exit_code == 0
    assert run("round", "--logs", "good.json").exit_code == 0


def test_members_are_listed_once(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Entries that stand in the file twice are members once, as they are counted once."""
    path = write(tmp_path / "twice.json", [*day, *day])
    for found in json.loads(run("cluster", str(path), "--format", "json").stdout)["clusters"]:
        assert len(found["members"]) == len(set(found["members"])) == found["entries"]


def test_what_is_kept_is_private(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Database, backup and export may be read by nobody else."""
    write(tmp_path / "good.json", day)
    for words in (["round", "--logs", "good.json"], ["backup", "copy.db"], ["export", "out"]):
        assert run(*words).exit_code == 0
    for name in ("garden.db", "copy.db", "out"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0, name


def test_a_backup_replaces_backups_only(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Neither the database itself nor somebody's text is overwritten; an earlier backup is."""
    write(tmp_path / "good.json", day)
    assert run("round", "--logs", "good.json").exit_code == 0
    (tmp_path / "notes.txt").write_text("precious")
    one_sentence(run("backup", "notes.txt"))
    one_sentence(run("backup", "garden.db"))
    assert (tmp_path / "notes.txt").read_text() == "precious"
    assert [run("backup", "copy.db").exit_code for _ in range(2)] == [0, 0]


def test_members_go_with_json(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """Asked for members in a format that has none, it says what to add."""
    write(tmp_path / "good.json", day)
    assert "--format json" in one_sentence(run("round", "--logs", "good.json", "--members"))


def test_what_is_kept_can_be_looked_at(run: Run, tmp_path: Path) -> None:
    """One cluster, a deployment, what is not logged; what is not there is a sentence."""
    write(tmp_path / "week.json", list(week()))
    assert run("round", "--logs", "week.json").exit_code == 0
    assert "cluster 3" in run("show", "3").output
    assert run("show", "999").stderr.startswith("There is no cluster 999")
    assert "verdict" in run("validate", "checkout").output
    assert run("validate", "nowhere").stderr.startswith("No deployment of nowhere")
    assert "gaps in" in run("coverage").output
    assert run("coverage", "nowhere").stderr.startswith("No problem of a service called nowhere")


def test_what_is_said_of_a_cause_is_checked(run: Run, tmp_path: Path, day: list[dict[str, object]]) -> None:
    """From the words of the line, or from standard input; nothing to check is said so."""
    logs = write(tmp_path / "logs.json", day)
    assert run("round", "--logs", str(logs)).exit_code == 0
    told = run("check", "1", "It happened 99999 times.").output
    assert "contradicted: It happened 99999 times." in told
    assert "contradicted" in run("check", "1", given=b"It happened 99999 times.").output
    assert "no sentence" in run("check", "1", "no").output
