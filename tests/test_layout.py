"""The shape of the code: who may import whom, who may read the environment, and what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "prompts", "store")

WORDS = {"models", "errors", "frozen", "headings", "masks", "moments", "spans", "tracebacks", "unread"}
"""What everybody may use: nouns, exceptions and text, without any effect."""
PURE = WORDS | {"ports"}
EDGE = PURE | {"prompts", "render", "values"}
TOLD = PURE | {"steps", "inquiries", "render"}
HEARD = TOLD | {"pipeline", "inquire", "telling", "tending", "handlers", "schedule", "web", "values"}
MAY_IMPORT: dict[str, set[str] | None] = {
    "frozen": set(),
    "models": {"frozen"},
    "errors": {"models"},
    "headings": set(),
    "masks": {"headings"},
    "moments": set(),
    "spans": WORDS,
    "tracebacks": WORDS,
    "unread": WORDS,
    "values": WORDS,
    "options": WORDS | {"values"},
    "settings": WORDS | {"values", "options"},
    "ports": WORDS,
    "turns": set(),
    "steps": WORDS | {"render"},  # the text of a proposal is frozen by the step that makes it
    "inquiries": WORDS,
    "render": PURE | {"inquiries"},
    "prompts": WORDS,
    "crew": WORDS | {"steps"},
    "consult": TOLD,
    "pipeline": TOLD | {"crew", "consult"},
    "inquire": TOLD | {"consult", "pipeline"},
    "telling": TOLD | {"pipeline", "turns"},
    "tending": TOLD | {"pipeline", "telling"},
    "keeping": None,
    "guarded": PURE | {"render"},
    "handlers": HEARD,
    "schedule": HEARD,
    "vigil": TOLD | {"telling"},
    "watchdog": WORDS,
    "listening": WORDS,
    "journal": WORDS | {"steps"},
    "web": HEARD,
    "store": EDGE,
    "logs": EDGE,
    "analysts": EDGE,
    "trackers": EDGE,
    "cloud": EDGE,
    "slack": EDGE | {"turns"},
    "edges": None,
    "doctor": None,
    "rehearsal": None,
    "kinds": None,
    "app": None,
    "cli": None,
    "demo": None,
    "evaluate": None,
}
"""Part of the program to the parts it may import besides itself; None for those that put the others together."""

KNOWN = {("markdown", "bot.steps.worklog")}
"""Single exceptions: the worklog's document (`bot.render.markdown`) is made from the types that its step returns."""


def part(module: str) -> str:
    """The part of the program that a module is of: `bot.steps.match` is of `steps`, `store.rounds` of `store`."""
    names = module.split(".")
    return names[1] if names[0] == "bot" and len(names) > 1 else names[0]


def modules() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def own_tests() -> list[Path]:
    return sorted(p for p in (ROOT / "tests").rglob("*.py") if "node_modules" not in p.parts)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, wherever in it: `from bot.steps import match` gives `bot.steps.match`."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def ours(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    """A part imports only what lies to the left of it."""
    here = part(name_of(path))
    if name_of(path) == "bot":
        return
    assert here in MAY_IMPORT, f"{name_of(path)} is a new part: say in MAY_IMPORT what it may import"
    allowed = MAY_IMPORT[here]
    if allowed is None:
        return
    inner = ".".join(name_of(path).split(".")[2:3])
    there = [m for m in imports(path) if ours(m) and (inner, m.rpartition(".")[0]) not in KNOWN]
    wrong = sorted(m for m in there if part(m) not in allowed | {here})
    assert not wrong, f"{name_of(path)} may not import {', '.join(wrong)}"


@pytest.mark.parametrize("folder", ["steps", "inquiries"])
def test_steps_do_not_know_each_other(folder: str) -> None:
    """A step imports no other step; a step that is a package imports only itself."""
    for path in (ROOT / "bot" / folder).rglob("*.py"):
        here = name_of(path).split(".")[2:3]
        others = [m.split(".")[2] for m in imports(path) if m.startswith(f"bot.{folder}.")]
        assert [o for o in others if [o] != here] == [], name_of(path)


@pytest.mark.parametrize("folder", ["steps", "inquiries", "render"])
def test_pure_parts_touch_nothing(folder: str) -> None:
    """Pure parts have no clock, no files, no network, no log and no chance."""
    outside = {"os", "socket", "subprocess", "logging", "time", "random", "requests", "urllib", "sqlite3", "threading"}
    for path in (ROOT / "bot" / folder).rglob("*.py"):
        found = {m.split(".")[0] for m in imports(path)} & outside
        found -= {"urllib"} if not any(m.startswith("urllib.request") for m in imports(path)) else set()
        assert not found, f"{name_of(path)} imports {found}"
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in ("now", "utcnow", "today"), (
                    f"{name_of(path)}:{node.lineno} reads the clock"
                )


def test_only_the_ends_read_the_environment() -> None:
    """The environment is handed to `settings` by the command line; nobody else looks at it."""
    allowed = {"bot.settings", "bot.cli", "bot.app", "bot.evaluate.command"}
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and name_of(path) not in allowed:
                pytest.fail(f"{name_of(path)}:{node.lineno} reads the environment")


def test_nothing_is_mocked() -> None:
    """Tests speak to small servers and to fakes with state; patches of a library prove nothing about it."""
    for path in own_tests():
        wrong = [m for m in imports(path) if m.startswith(("unittest.mock", "mock.", "pytest_mock"))]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_every_module_says_what_it_answers_for() -> None:
    """Each module that holds something begins with a docstring."""
    for path in [*modules(), *own_tests()]:
        tree = tree_of(path)
        assert not tree.body or ast.get_docstring(tree), f"{path.relative_to(ROOT)} has no docstring"


def test_every_test_folder_is_a_package() -> None:
    """Without `__init__.py`, two tests of the same name would hide each other."""
    for path in own_tests():
        assert (path.parent / "__init__.py").is_file(), path.parent


def test_suppressions_carry_their_reason() -> None:
    """`noqa` and `type: ignore` name what they silence, and say why on the same line."""
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)(?!(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|\[[\w, -]+\])\s+\S)")
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not silent, "these say no reason"


def tracked() -> list[Path]:
    """Files of the repository; without git, those of its folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [ROOT / n for n in listed.stdout.decode().split("\0") if n and (ROOT / n).is_file()]
    return [p for folder in (*PACKAGES, "tests", "docs", "bench") for p in (ROOT / folder).rglob("*") if p.is_file()]


def test_no_file_knows_where_it_was_written() -> None:
    """No file names the folders of somebody's machine."""
    folders = re.compile("|".join(("/" + "work/", "/" + "Users/" + r"\w", "/" + "home/" + r"\w", r"\.py" + "env/")))
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = folders.search(text)
        assert not found, f"{path.relative_to(ROOT)} holds {found[0] if found else ''}"
