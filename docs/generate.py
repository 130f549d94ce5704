"""Writes the generated parts of the documentation from the tables in the code; `make docs` runs it.

`.env.example` and `garden.toml.example` are made whole. In Markdown files, what stands between
`<!-- generated: NAME -->` and `<!-- /generated -->` is replaced. With `--check` nothing is written, and the exit
code says whether something would be. The picture in the README is the real output of `garden demo --once`; it is
made anew by `make docs`, and not compared.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from bot.settings import OPTIONS

ROOT = Path(__file__).parent.parent
NEEDED = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GARDEN_CHANNEL", "GOOGLE_CLOUD_PROJECT")
SCREEN = 62
"""Lines of the demo that make the picture; its end, the approval, follows."""
PART = re.compile(r"<!-- generated: (?P<name>[\w-]+) -->\n.*?<!-- /generated -->", re.DOTALL)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *[[cell(c) for c in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def settings_tables() -> str:
    """A table per section, of what may be set in the environment."""
    out = []
    for section in dict.fromkeys(o.section for o in OPTIONS if o.name):
        rows = [
            [code(o.name), o.help, code(o.default) or (f"(such as {code(o.example)})" if o.example else "")]
            for o in OPTIONS
            if o.section == section and o.name
        ]
        out.append(f"### {section}\n\n" + table(["Setting", "Meaning", "Default"], rows))
    return "\n\n".join(out)


def file_table() -> str:
    """What stands in garden.toml only."""
    rows = [[code(o.key), o.help, code(o.default) or "empty"] for o in OPTIONS if not o.name]
    return table(["Key", "Meaning", "Default"], rows)


def env_example() -> str:
    """Every setting of the environment; those that `garden serve` needs are left to fill in, the rest commented."""
    out = [
        "# Settings of Log Gardener, made by `make docs`; docs/configuration.md has the same as tables.",
        "# Copy to .env and fill in. Load it with `set -a; . ./.env; set +a`, or `docker run --env-file .env`.",
        "# What is commented out shows the default or an example.",
    ]
    section = ""
    for o in OPTIONS:
        if not o.name:
            continue
        if o.section != section:
            section = o.section
            out += ["", f"# ---- {section}"]
        out += ["", *_comment(o.help)]
        value = o.default or o.example
        shown = f'"{value}"' if re.search(r"[\s*]", value) else value
        out.append(f"{o.name}=" if o.name in NEEDED else f"#{o.name}={shown}")
    return "\n".join(out) + "\n"


def toml_example() -> str:
    """Every key of garden.toml, commented out."""
    ours = ", ".join(o.key for o in OPTIONS if o.name and o.key)
    out = [
        "# What the team decided: lists and tables. Made by `make docs`; docs/configuration.md explains each key.",
        "# Copy to garden.toml and uncomment what you need. Tables, in [brackets], come last.",
        *_comment(f"Our own settings may stand here too, and the environment wins: {ours}."),
    ]
    for o in OPTIONS:
        if o.name:
            continue
        out += ["", *_comment(o.help), *(f"#{line}" for line in o.example.splitlines())]
    return "\n".join(out) + "\n"


def _comment(text: str) -> list[str]:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + len(word) >= 110:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return [*lines, line]


def commands_table() -> str:
    """Every command of `garden`, with its options."""
    from bot.cli import cli

    rows = []
    commands = dict(cli.commands)
    for name, group in cli.commands.items():
        if isinstance(group, click.Group):
            commands |= {f"{name} {inner}": command for inner, command in group.commands.items()}
    for name, command in sorted(commands.items()):
        words = ["garden", name, *((p.name or "").upper() for p in command.params if isinstance(p, click.Argument))]
        options = [_flag(p) for p in command.params if isinstance(p, click.Option)]
        first = (command.help or "").strip().split("\n\n")[0].replace("\b", "")
        rows.append([code(" ".join(words)), " ".join(first.split()), "<br>".join(options)])
    return table(["Command", "Does", "Options"], rows)


def _flag(option: click.Option) -> str:
    name = max(option.opts, key=len)
    kind = "" if option.is_flag else f" {option.metavar or option.type.name.upper()}"
    if isinstance(option.type, click.Choice):
        kind = f" {'|'.join(option.type.choices)}"
    return f"{code(name + kind)} {option.help or ''}".strip()


def slack_commands() -> str:
    """What can be typed after `/garden`, from the table that parses it."""
    from handlers.grammar import VERBS

    return table(
        ["Type", "Does", "Who may", "For example"],
        [[code(v.syntax), v.does, v.who.value, ", ".join(code(e) for e in v.examples)] for v in VERBS],
    )


def slack_replies() -> str:
    """What can be replied in a proposal's thread."""
    from handlers.replies import WORDS

    return table(
        ["Reply", "Does", "For example"],
        [[code(w.syntax), w.does, ", ".join(code(e) for e in w.examples)] for w in WORDS],
    )


def demo_output() -> str:
    """What `garden demo --once` prints, in a width that fits the page."""
    command = [str(Path(sys.executable).parent / "garden"), "demo", "--once"]
    env = {"COLUMNS": "100", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    printed = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if printed.returncode:
        sys.exit(f"garden demo --once ended with {printed.returncode}:\n{printed.stderr.strip()}")
    lines = [line.rstrip() for line in printed.stdout.strip("\n").splitlines()]
    return "```text\n" + "\n".join(_excerpt(lines)).replace("```", "'''") + "\n```"


def _excerpt(lines: list[str]) -> list[str]:
    """The first screen up to the end of a problem, and the approval."""
    ends = [i for i, line in enumerate(lines[:SCREEN]) if not line] or [SCREEN]
    replies = next((i for i, line in enumerate(lines) if line.startswith("In the thread")), len(lines))
    after = next((i for i, line in enumerate(lines) if i > replies and line.startswith("==")), len(lines))
    return "\n".join([*lines[: ends[-1]], "", "  ...", "", *lines[replies:after]]).rstrip().splitlines()


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_tables,
    "file": file_table,
    "commands": commands_table,
    "slack-commands": slack_commands,
    "slack-replies": slack_replies,
    "demo": demo_output,
}
PICTURES = ("demo",)
FILES: dict[str, Callable[[], str]] = {".env.example": env_example, "garden.toml.example": toml_example}


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def outdated(*, pictures: bool) -> dict[Path, str]:
    """Files whose generated parts are not what they would be now, with the text they should have."""
    out = {}
    for name, make in FILES.items():
        path = ROOT / name
        text = make()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            out[path] = text

    def made(found: re.Match[str]) -> str:
        name = found["name"]
        if name in PICTURES and not pictures:
            return found[0]
        return f"<!-- generated: {name} -->\n\n{PARTS[name]()}\n\n<!-- /generated -->"

    for path in pages():
        before = path.read_text(encoding="utf-8")
        after = PART.sub(made, before)
        if after != before:
            out[path] = after
    return out


def main() -> int:
    check = "--check" in sys.argv[1:]
    changed = outdated(pictures=not check)
    for path, text in changed.items():
        print(f"{path.relative_to(ROOT)} {'is out of date; run `make docs`' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
