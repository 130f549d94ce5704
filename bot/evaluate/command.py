"""`garden eval ...`: scores on labelled cases, as text or as JSON. The exit code is 1 where a bound does not hold."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import click

from bot import settings
from bot.errors import InputError

STYLE = click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
CASES = Path("tests/cases")
"""Where the cases are in a copy of the sources."""
TIMES = 5


@click.group(name="eval", short_help="Scores on labelled cases.")
def evaluate() -> None:
    """Scores on labelled cases: `garden eval analysis`, and so on for other parts. What a case looks like is told in
    docs/evaluation.md.

    The exit code is 1 where a bound does not hold, and 2 where nothing could run.
    """


@evaluate.command(short_help="Is what the audit confirms true? Are the verdicts right?")
@click.argument("cases", required=False, type=click.Path(path_type=Path))
@click.option("--logs", "files", multiple=True, help="Make claims about this log file, not about the demo's week.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which claims are made.")
@click.option("--times", type=click.IntRange(0), default=TIMES, show_default=True, help="How often each kind is made.")
@click.option("--offline", is_flag=True, help="Ask no model, even if there is a key.")
@click.option("--db", "path", help="Count in this database which causes people marked as wrong.")
@STYLE
def analysis(
    cases: Path | None, files: tuple[str, ...], seed: int, times: int, offline: bool, path: str | None, style: str
) -> None:
    """Claims that are true or false by construction, and whole answers with their verdicts (CASES: a folder or a file).

    With ANTHROPIC_API_KEY the model answers the cases, too, within the budget of a round.
    """
    from bot import edges
    from bot.evaluate import analysis as score
    from bot.evaluate.cases import read
    from bot.evaluate.rounds import cases as of_round
    from bot.evaluate.rounds import of_the_week

    chosen = settings.load(os.environ)
    told = _folder(cases, "analysis")
    labelled = list(read(told)) if told else []
    about = [c for f in files for c in of_round(_entries(f))] if files else list(of_the_week())
    tally = score.tallied(about if times else [], Random(seed), times)  # noqa: S311 - reproducible claims, no secret
    model = None if offline else edges.analyst(chosen)
    result = score.Score(
        seed=seed,
        tally=tally,
        answers=tuple(score.answered(one) for one in labelled),
        people=_people(path) if path else (),
        lives=tuple(score.live(labelled, model, chosen.policy().round_budget)) if model else (),
    )
    _print(result.data(), str(result), style)
    if not result.ran:
        raise InputError("Nothing ran: name a folder of cases, or --times above 0.")
    _leave(passed=result.passed)


@evaluate.command(short_help="Are labelled logs grouped into the right problems?")
@click.argument("logs", nargs=-1, type=click.Path(path_type=Path))
@STYLE
def grouping(logs: tuple[Path, ...], style: str) -> None:
    """Labelled logs against what `garden cluster` says of them.

    LOGS are files or folders; beside NAME.json there is NAME.labels.csv. Without any, the demo's week is grouped.
    """
    from bot.evaluate import grouping as score

    chosen = settings.load(os.environ)
    scores = [score.grouping(f, chosen) for path in logs for f in score.labelled_files(path)]
    scores = scores or [score.of_the_week(chosen)]
    _print(score.data(scores), score.text(scores), style)


@evaluate.command(short_help="Does each cluster find its issue?")
@click.argument("cases", required=False, type=click.Path(path_type=Path))
@click.argument("issues", required=False, type=click.Path(path_type=Path))
@STYLE
def matching(cases: Path | None, issues: Path | None, style: str) -> None:
    """Labelled clusters (CASES) against the issues of a tracker (ISSUES), both as JSON lines; or a folder with
    `cases.jsonl` and `issues.jsonl`. No model is asked, and nothing is kept.
    """
    from bot.evaluate.matching import matching as score

    told = _folder(cases, "matching")
    if told is None:
        raise InputError("Name the cases and the issues: garden eval matching CASES ISSUES.")
    if told.is_dir():
        told, issues = told / "cases.jsonl", issues or told / "issues.jsonl"
    if issues is None:
        raise InputError("Name the issues, too: garden eval matching CASES ISSUES.")
    result = score(told, issues, settings.load(os.environ).policy())
    _print(result.data(), str(result), style)
    if not result.answers:
        raise InputError(f"{told} has no cases.")


@evaluate.command(short_help="Are secrets masked, and harmless texts left alone?")
@click.argument("cases", required=False, type=click.Path(path_type=Path))
@STYLE
def redaction(cases: Path | None, style: str) -> None:
    """Texts with secrets in them, and texts that only look so (CASES: JSON lines, or a folder of them)."""
    from bot.evaluate.redaction import redaction as score

    told = _folder(cases, "redaction")
    if told is None:
        raise InputError("Name a file or folder of cases: garden eval redaction CASES.")
    result = score(told, settings.load(os.environ).policy())
    _print(result.data(), str(result), style)
    _leave(passed=result.passed)


def _people(path: str) -> tuple[tuple[str, int, int], ...]:
    from store import open_store

    if not Path(path).exists():
        raise InputError(f"There is no database at {path}.")
    with open_store(path, read_only=True) as store:
        return tuple(store.causes.tally())


def _folder(given: Path | None, name: str) -> Path | None:
    """What was named; else the cases that come with the sources, where they are at hand."""
    if given is not None:
        if not given.exists():
            raise InputError(f"There is no {given}.")
        return given
    beside = Path(__file__).resolve().parents[2] / CASES / name
    return next((p for p in (CASES / name, beside) if p.is_dir()), None)


def _entries(file: str) -> list[Any]:
    from bot.logs.files import FileLogs

    with closing(FileLogs(file)) as logs:
        window = logs.window(None, None)
        read = [raw for batch in logs.read(window) for raw in batch.entries]
    return [json.loads(raw) if isinstance(raw, bytes | str) else raw for raw in read]


def _print(data: dict[str, Any], text: str, style: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=1) if style == "json" else text)


def _leave(*, passed: bool) -> None:
    if not passed:
        sys.exit(1)
