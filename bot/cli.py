"""The `garden` command: what can be done from a terminal, with help that teaches.

Every command puts its edges together, calls one page of the pipeline and prints what came of it. What goes wrong
is said in a sentence on standard error; the exit code is 2 where the input was at fault and 1 where the world was.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot import edges as parts
from bot import inquire, pipeline, settings, spans, telling
from bot.errors import GardenError, InputError, LogsUnavailable, SettingsError, Standby
from bot.evaluate.command import evaluate
from bot.logs.files import FileLogs
from bot.models import Aim, Report, Window
from bot.ports import Edges
from bot.render import issues, markdown, terminal
from bot.render import json as json_render
from bot.steps.worklog import worklog as compose_worklog
from store import Store, open_store, standing
from store.keeper import Keeper

if TYPE_CHECKING:
    from bot.logs.cloud import CloudLogs

FORMATS = click.Choice(["text", "markdown", "json"])


class Span(click.ParamType[timedelta]):
    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        return value if isinstance(value, timedelta) else spans.span(str(value))


class Garden(click.Group):
    """A group whose commands end with a sentence, never with a traceback, when something expected goes wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GardenError as error:
            give_up(error.user_message, error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(141)
        except OSError as error:
            give_up(f"The output cannot be written: {error.strerror or error}.", 1)
        except KeyboardInterrupt:
            give_up("Stopped. What was read so far is kept; the next round goes on from there.", 130)


def give_up(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


@click.group(cls=Garden, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="log-gardener", prog_name="garden")
def cli() -> None:
    """Log Gardener reads all warnings and errors, sorts them into problems, and files the issues you approve.

    \b
    Try it with nothing:         garden demo --once
    Try it with your own logs:   gcloud logging read resource.type=cloud_run_revision --format=json > logs.json
                                 garden cluster logs.json
    Run the bot:                 garden doctor, then garden serve

    Settings come from the environment and from garden.toml; `garden doctor` says what is missing.
    """


# ------------------------------------------------------------------------------------------------ looking at logs


@cli.command(short_help="Read and group a file; keep nothing.")
@click.argument("file")
@click.option("--format", "style", type=FORMATS, default="text", show_default=True, help="How to print it.")
def cluster(file: str, style: str) -> None:
    """Read and group FILE, without keeping anything.

    FILE is what `gcloud logging read --format=json` or a log sink writes: a JSON array, JSON lines or
    concatenated objects, gzipped or not; `-` is standard input.
    """
    chosen = chosen_settings("files")
    with closing(FileLogs(file)) as logs, open_store(":memory:") as store, progress_bar() as tick:
        edges = parts.alone(chosen, store, logs)
        report = pipeline.round(edges, think=False, members=style == "json", baseline=False, progress=tick)
    show(report, style, lambda: json_render.cluster_json(report))


@cli.command(short_help="Read what is new, group it, explain it, keep it.")
@click.option("--logs", "file", help="Read this file instead of Cloud Logging; `-` is standard input.")
@click.option("--since", type=Span(), help="How far back to read: 30m, 6h, 2d. Default: since the last round.")
@click.option("--format", "style", type=FORMATS, default="text", show_default=True, help="How to print it.")
@click.option("--members", is_flag=True, help="With --format json: list the insertIds of each cluster.")
@click.option("--post", is_flag=True, help="Bring the digest in the channel up to date, too.")
@click.option("--beat", is_flag=True, help="Print a line at each step instead of the result: a sign of life.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
@click.option("--lease", default="", hidden=True, help="The lease of the instance that this works for.")
def round(
    file: str | None,
    since: timedelta | None,
    style: str,
    members: bool,
    post: bool,
    beat: bool,
    path: str | None,
    lease: str,
) -> None:
    """Read what is new, sort it into problems, explain them, and keep the result.

    A round may be run again at any time: entries that were counted are not counted twice, unchanged problems are
    not analysed twice, and nothing is written to the tracker without an approval.
    """
    if members and style != "json":
        raise InputError("--members lists insertIds in the JSON; add --format json.")
    chosen = chosen_settings("tracker" if file else "round", *(["post"] if post else []), db=path)
    chat = parts.chat(chosen) if post else None
    with contextlib.ExitStack() as stack:
        tick = sign_of_life if beat else stack.enter_context(progress_bar())
        if file:
            logs = stack.enter_context(closing(FileLogs(file)))
            now = logs.window(None, None).end  # reads the file, before a database is opened or made
            store, hold = acting(chosen, lease, stack)
            edges = parts.build(chosen, store, logs=logs, chat=chat, clock=lambda: now, hold=hold)
        else:
            store, hold = acting(chosen, lease, stack)
            edges = parts.build(chosen, store, chat=chat, hold=hold)
        report = pipeline.round(edges, since, members=members, progress=tick)
        if post:
            telling.tell(edges, report)
        if not file and store.sources.behind(past=True) and not store.sources.behind(past=False):
            past = pipeline.backfill(replace(edges, logs=stack.enter_context(past_logs(chosen, store))), progress=tick)
            told = {p.number for p in report.problems}
            telling.hush(edges, replace(past, problems=tuple(p for p in past.problems if p.number not in told)))
    if not beat:
        show(report, style, lambda: json_render.round_json(report, members=members))


@cli.command(short_help="Read the past, as known.")
@click.option("--since", type=Span(), required=True, help="How far back to read: 7d, 30d.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def backfill(since: timedelta, path: str | None) -> None:
    """Read what was logged before the first round, so that what is known reaches further back.

    All that is found counts as known: it alerts nobody, is shown to no model, and nothing is proposed. It takes no
    more than its share of the pages that may be read in a minute, may be stopped at any time, and goes on where it
    stopped. Where the bot is running, the bot reads it, a minute after each round.
    """
    chosen = chosen_settings("logs", db=path)
    with contextlib.ExitStack() as stack:
        try:
            store, hold = acting(chosen, "", stack)
        except Standby:
            store, hold = acting(chosen, standing(Path(chosen.db)), stack)
            stack.enter_context(past_logs(chosen, store)).window(None, since)
            left = past_left(store)
            click.echo(f"The bot is running, and reads it by itself after each round; {left} are left.")
            return
        logs = stack.enter_context(past_logs(chosen, store))
        if not store.sources.begun():
            raise InputError("Nothing was read yet. Run `garden round` first; the past is what lies before it.")
        edges = parts.build(chosen, store, logs=logs, hold=hold)
        logs.window(None, since)
        read = 0
        with progress_bar() as tick:
            while True:
                before = read
                report = pipeline.backfill(edges, progress=lambda n, share: tick(before + n, share))  # noqa: B023 - used at once
                read += report.new_entries
                telling.hush(edges, report)
                if not store.sources.behind(past=True):
                    break
        if any(s.error for s in store.sources.all()):
            said = " ".join(report.notes)
            raise LogsUnavailable(f"{said} What was read is kept; the same command goes on from there.")
        click.echo(f"Read {read:,} entries. All of them count as known.")


@cli.command(short_help="The full document of a window, as Markdown.")
@click.option("--since", type=Span(), default="24h", show_default=True, help="The window: 6h, 24h, 7d.")
@click.option("--logs", "file", help="Make it of this file alone, without keeping anything.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def worklog(since: timedelta, file: str | None, out: Path | None, path: str | None) -> None:
    """The full document of a window, as Markdown: every problem with cause, impact, evidence, issue and audit."""
    chosen = chosen_settings("files", db=path)
    if file:
        with closing(FileLogs(file)) as logs, open_store(":memory:") as store:
            report = pipeline.round(parts.alone(chosen, store, logs), baseline=False)
    else:
        with existing(chosen) as store:
            edges = parts.build(chosen, store)
            until = store.rounds.read_until() or edges.clock()
            report = pipeline.look(edges, Window(until - since, until))
    text = markdown.worklog(compose_worklog(report))
    if out is None:
        click.echo(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {out} ({len(report.problems)} problems).", err=True)


@cli.command(name="show", short_help="One cluster in full.")
@click.argument("number", type=int)
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def show_one(number: int, path: str | None) -> None:
    """Show all that is known of one cluster: garden show 3"""
    with looking(path) as edges:
        problem = telling.one(edges, number)
        click.echo(terminal.show_problem(problem, now=edges.clock(), width=width(), color=colored()), color=colored())


@cli.command(short_help="Whether a deployment is healthy.")
@click.argument("service", default="")
@click.argument("revision", default="")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def validate(service: str, revision: str, path: str | None) -> None:
    """Say whether the newest deployment is healthy: what is new, worse and gone since. garden validate shop-api"""
    with looking(path) as edges:
        found = inquire.validation(edges, service.lower(), revision.lower())
        click.echo(terminal.show_validation(found, width=width(), color=colored()), color=colored())


@cli.command(short_help="What should be logged and is not.")
@click.argument("service", default="")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def coverage(service: str, path: str | None) -> None:
    """Say what should be logged and is not: failures without a word, lines that no alert would catch."""
    with looking(path) as edges:
        found = inquire.covered(edges, service.lower())
        click.echo(terminal.show_coverage(found, width=width(), color=colored()), color=colored())


@cli.command(short_help="Ask about a cluster; the answer names the lines it rests on.")
@click.argument("number", type=int)
@click.argument("question", nargs=-1, required=True)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def ask(number: int, question: tuple[str, ...], style: str, path: str | None) -> None:
    """Ask a question about a cluster: garden ask 3 "since when, and for whom?"

    The answer is checked against the log lines like every explanation. Without a model, it is the kept lines that fit
    the question best, and it says so.
    """
    chosen = chosen_settings("files", db=path)
    if not Path(chosen.db).exists():
        raise InputError(f"There is no database at {chosen.db}. Run `garden round` first, or name another with --db.")
    with contextlib.ExitStack() as stack:
        try:
            store, hold = acting(chosen, "", stack)
        except Standby:
            store, hold = acting(chosen, standing(Path(chosen.db)), stack)
        edges = parts.build(chosen, store, hold=hold)
        reply = inquire.ask(edges, number, " ".join(question), "the command line")
    if style == "json":
        click.echo(json_render.text(json_render.reply_data(reply)))
    else:
        click.echo(terminal.show_reply(reply, width=width(), color=colored()), color=colored())


@cli.command(name="check", short_help="Hold what somebody says of a cause against the logs.")
@click.argument("number", type=int)
@click.argument("text", nargs=-1)
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def check_claims(number: int, text: tuple[str, ...], path: str | None) -> None:
    """Check what is said of a cluster, sentence by sentence: garden check 3 "It happened 40 times since 10:00 UTC."

    Without a text, standard input is read. No model is asked.
    """
    chosen = chosen_settings("files", db=path)
    said = " ".join(text) or sys.stdin.read()
    if not Path(chosen.db).exists():
        raise InputError(f"There is no database at {chosen.db}. Run `garden round` first, or name another with --db.")
    with open_store(chosen.db) as store:
        found = inquire.check(parts.build(chosen, store), number, said, "the command line")
    click.echo(terminal.show_checked(found, width=width(), color=colored()), color=colored())


# ------------------------------------------------------------------------------------------------ the bot


@cli.command(short_help="The whole product on made-up logs, with nothing set up.")
@click.option("--once", is_flag=True, help="Show everything once in this terminal, and end. All there is so far.")
def demo(once: bool) -> None:
    """The whole product on embedded parts: no Slack, no Google, no GitHub, no Claude, no account.

    A made-up ticketing company has had a bad week. The demo reads its logs, finds the problems, explains them by
    patterns, and shows the digest, a proposal and its approval.
    """
    from bot.demo.tour import tour

    for piece in tour(width=width(), color=colored()):
        click.echo(piece, nl=False, color=colored())


@cli.command(short_help="Run the bot.")
def serve() -> None:
    """Run the bot: answer in Slack, run rounds and post digests on schedule, file what was approved.

    It runs until it is stopped (Ctrl-C, SIGTERM) and needs SLACK_BOT_TOKEN, SLACK_APP_TOKEN, GARDEN_CHANNEL and
    GOOGLE_CLOUD_PROJECT. `garden doctor` says what is missing, and how to get it.
    """
    from bot.app import serve as run

    run(chosen_settings("serve"))


@cli.command(short_help="Check settings and credentials, and how to mend them.")
@click.option("--live", is_flag=True, help="Also go through a small round for real, in a thread that is deleted after.")
@click.option("--write", is_flag=True, help="With --live: also file, comment and close one test issue.")
def doctor(live: bool, write: bool) -> None:
    """Check every setting and credential, and say how to mend what is wrong. Changes nothing anywhere.

    With --live a whole small round runs against the real services, and each kind of message is posted into a thread
    of its own in the channel, which is deleted when it is over; the model may cost ten cents.

    Each service that is set up is asked with its real credentials: whether it answers, whether the roles and
    scopes are there, whether the bot is in the channel. Exit code 1 where something is wrong.
    """
    from bot.doctor import examine

    if write and not live:
        raise InputError("--write is for --live: garden doctor --live --write.")
    chosen = settings.load(os.environ)
    checks = examine(chosen)
    click.echo(terminal.show_checks(checks, color=colored()), color=colored())
    if live:
        from bot.rehearsal import rehearse

        settings.need(chosen, "round", "post")
        for check in rehearse(chosen, write=write):
            click.echo(terminal.show_checks([check], color=colored()), nl=False, color=colored())
            checks.append(check)
    if any(c.wrong for c in checks):
        sys.exit(1)


# ------------------------------------------------------------------------------------------------ the state


@cli.command(short_help="Write all that is kept as JSON lines.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def export(folder: Path, path: str | None) -> None:
    """Write all that is kept into FOLDER as JSON lines, one file per noun: open formats, no lock-in."""
    with existing(chosen_settings("files", db=path)) as store:
        written = store.export(folder)
    for name, count in written.items():
        click.echo(f"{count:>8}  {folder / name}.jsonl")


@cli.command(short_help="Copy the database while it is in use.")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def backup(target: Path, path: str | None) -> None:
    """Copy the database to TARGET while everything goes on; the copy is checked before it is put in place."""
    with existing(chosen_settings("files", db=path)) as store:
        store.backup(target)
    click.echo(f"Wrote {target} ({target.stat().st_size:,} bytes), checked.")


@cli.command(short_help="Find out again which issue is whose, after a loss.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def rebuild(path: str | None) -> None:
    """Find out again which issue belongs to which problem, after the database was lost.

    Reads all issues and comments of the tracker and looks for the gardener's markers in them. Problems that were not
    seen yet get their issue when a round sees them, so it does not matter which is run first.
    """
    chosen = chosen_settings("tracker", db=path)
    with contextlib.ExitStack() as stack:
        store, hold = acting(chosen, "", stack)
        logs = stack.enter_context(closing(FileLogs(os.devnull)))
        edges = parts.build(chosen, store, logs=logs, hold=hold)
        found = pipeline.rebuild(edges, edges.clock())
    click.echo(terminal.show_rebuilt(found))


@cli.command(short_help="Put a copy in the place of the database.")
@click.argument("source", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def restore(source: str | None, yes: bool, path: str | None) -> None:
    """Put a copy in the place of the database, after a check and a look at what it holds.

    SOURCE is a file (from `garden backup`, or one that was put aside), or the name of a copy in GARDEN_BACKUP; without
    it, the copies there are listed. The database that was there is kept beside it. Stop the bot first.
    """
    from bot.keeping import copies_in, look_at, put

    chosen = chosen_settings("files", db=path)
    if source is None:
        click.echo(copies_in(chosen))
        return
    with look_at(chosen, source) as (found, words):
        click.echo(words)
        if not (yes or click.confirm("Put it in the place of the database?")):
            raise InputError("Nothing was changed.")
        click.echo(put(chosen, found))


@cli.command(short_help="Take a secret that slipped through out of everything.")
@click.option("--text", "given", default="-", show_default=True, help="`-`: asked for, or read from standard input.")
@click.option("--apply", is_flag=True, help="Do it. Without, it is only counted where it stands.")
@click.option("--db", "path", help="The database to use instead of GARDEN_DB.")
def purge(given: str, apply: bool, path: str | None) -> None:
    """Take a text, such as a secret that slipped through the masks, out of everything of ours.

    That is the database and its index, the copies beside it and in GARDEN_BACKUP, our messages in Slack, and what we
    wrote on GitHub. The text is never an argument, for those stand in the shell's history: it is asked for, or comes
    on standard input. Stop the bot first. The history says what was removed where, and not what it was.
    """
    from bot.keeping import purge as clean

    if given != "-":
        raise InputError("The text is no argument: it would stand in the shell's history. Type `garden purge` alone.")
    asked = sys.stdin.isatty()
    text = click.prompt("The text", hide_input=True) if asked else sys.stdin.read().rstrip("\r\n")
    click.echo(clean(chosen_settings("files", db=path), text, apply=apply))


# ------------------------------------------------------------------------------------------------ how good it is


cli.add_command(evaluate)


# ------------------------------------------------------------------------------------------------ how things are shown


def chosen_settings(*purposes: str, db: str | None = None) -> settings.Settings:
    """The settings, with all that these purposes need; `--db` wins over GARDEN_DB."""
    chosen = settings.load(os.environ)
    settings.need(chosen, *purposes)
    if wrong := issues.mistakes(chosen.style):
        raise SettingsError(wrong)
    return replace(chosen, db=db) if db else chosen


def acting(chosen: settings.Settings, lease: str, stack: contextlib.ExitStack) -> tuple[Store, Keeper | None]:
    """The database, to change it: as the only one who does, or as a helper of the one who has that lease."""
    if lease:
        return stack.enter_context(open_store(chosen.db, lease=lease)), None
    keeper = stack.enter_context(parts.keeper(chosen))
    return keeper.act(), keeper


def past_left(store: Store) -> str:
    """How much of the past is still to be read."""
    waiting = [s for source in store.sources.all() for s in store.sources.pending(source.name) if s.aim is Aim.PAST]
    return spans.words(sum((s.end - s.at for s in waiting), timedelta(0)))


def past_logs(chosen: settings.Settings, store: Store) -> contextlib.closing[CloudLogs]:
    return closing(parts.cloud_logs(chosen, store, parts.now, past=True))


def existing(chosen: settings.Settings) -> Store:
    """Opens a database that must be there already: a typing error must not make an empty one."""
    if not Path(chosen.db).exists():
        raise InputError(f"There is no database at {chosen.db}. Run `garden round` first, or name another with --db.")
    return open_store(chosen.db, read_only=True)


@contextlib.contextmanager
def looking(path: str | None) -> Iterator[Edges]:
    """The edges for a look at what is kept; now is up to when was read, so that an old file can be looked at, too."""
    chosen = chosen_settings("files", db=path)
    with existing(chosen) as store:
        edges = parts.build(chosen, store)
        until = store.rounds.read_until() or edges.clock()
        yield replace(edges, clock=lambda: until)


def show(report: Report, style: str, as_json: Callable[[], str]) -> None:
    if style == "json":
        click.echo(as_json())
    elif style == "markdown":
        click.echo(markdown.worklog(compose_worklog(report)))
    else:
        click.echo(terminal.show_report(report, width=width(), color=colored()), color=colored())


def colored() -> bool:
    console = Console()
    return console.is_terminal and not console.no_color and not console.is_dumb_terminal


def width() -> int:
    return max(60, min(Console().width, 140))


def sign_of_life(count: int, share: float | None) -> None:
    """For whoever runs a round and would end it if it hung."""
    click.echo(count)


@contextlib.contextmanager
def progress_bar() -> Iterator[pipeline.Progress]:
    """A bar on standard error while something long is read; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _count, _share: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def tick(count: int, share: float | None) -> None:
            total = None if share is None else 1.0
            bar.update(task, description=f"{count:,} entries read", total=total, completed=share or 0.0)

        yield tick


def main() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    cli(prog_name="garden")


if __name__ == "__main__":
    main()
