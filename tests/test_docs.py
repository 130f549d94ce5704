"""The documentation: it names every command and every setting, its links resolve, its generated parts are fresh."""

from __future__ import annotations

import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from bot.settings import OPTIONS, load, need

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PROSE = {p.name: p.read_text(encoding="utf-8") for p in PAGES}


def generator() -> ModuleType:
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    heads = re.findall(r"^#+\s+(.*?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def test_generated_parts_are_fresh() -> None:
    """Tables and example files are what the code says now; `make docs` writes them."""
    stale = generator().outdated(pictures=False)
    assert not stale, f"run `make docs`: {', '.join(str(p.relative_to(ROOT)) for p in stale)}"


def test_every_setting_is_documented() -> None:
    """Each setting stands in docs/configuration.md and in one of the example files."""
    examples = (ROOT / ".env.example").read_text() + (ROOT / "garden.toml.example").read_text()
    for option in OPTIONS:
        name = option.name or option.key
        assert f"`{name}`" in PROSE["configuration.md"], name
        assert re.search(rf"^#?\[*{name}\b", examples, re.MULTILINE), name
        assert option.help.endswith("."), f"the help of {name} is no sentence"


def test_every_command_is_documented() -> None:
    """Each command of `garden` stands in docs/configuration.md with all its options, and has help of its own."""
    import click

    from bot.cli import cli

    for name, command in cli.commands.items():
        assert f"`garden {name}" in PROSE["configuration.md"], name
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.name}"
                assert max(option.opts, key=len) in PROSE["configuration.md"], f"{name} {option.name}"


def test_every_word_of_slack_is_documented() -> None:
    """Each verb and each reply stands in docs/slack.md."""
    from handlers.grammar import VERBS
    from handlers.replies import WORDS

    for verb in [*VERBS, *WORDS]:
        assert f"`{verb.syntax}`" in PROSE["slack.md"].replace("\\|", "|"), verb.name


def test_documented_names_exist() -> None:
    """No page names a setting, a command or a make target that is not there."""
    from bot.cli import cli

    names = {o.name for o in OPTIONS}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page, text in PROSE.items():
        if page == "CHANGELOG.md":
            continue
        for name in re.findall(r"\b(?:GARDEN|SLACK|GITHUB|GOOGLE|ANTHROPIC)_[A-Z_]+\b", text):
            assert name in names | {"GARDEN_SHARED"}, f"{page}: {name}"
        for command in re.findall(r"(?:`|^|\$ )garden ([a-z]+)", text, re.MULTILINE):
            assert command in cli.commands, f"{page}: garden {command}"
        for command, rest in re.findall(r"\bgarden ([a-z]+)([^`\n#]*)", text):
            options = {o for p in cli.commands[command].params for o in p.opts} if command in cli.commands else set()
            for flag in re.findall(r"(?<!\S)--[a-z-]+", rest) if options else []:
                assert flag in options | {"--help"}, f"{page}: garden {command} {flag}"
        for target in re.findall(r"(?:`|^|\$ )make ([a-z-]+)", text, re.MULTILINE):
            assert target in targets, f"{page}: make {target}"


def test_links_resolve() -> None:
    """Links inside the documentation lead to files and headings that exist."""
    for path in PAGES:
        text = re.sub(r"```.*?```", "", PROSE[path.name], flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.exists(), f"{path.name}: {link}"
            if anchor:
                assert anchor in anchors(there.read_text(encoding="utf-8")), f"{path.name}: {link}"


def test_readme_starts_with_two_commands_and_a_picture() -> None:
    """The first block of the README is `make demo` and `make test`; then comes what the demo prints."""
    blocks = re.findall(r"```\w*\n(.*?)```", PROSE["README.md"], flags=re.DOTALL)
    assert [line.split("#")[0].strip() for line in blocks[0].strip().splitlines()] == ["make demo", "make test"]
    assert "P0" in blocks[1]
    assert "approve" in blocks[1]


def test_examples_are_right(tmp_path: Path) -> None:
    """The example files, uncommented, are read without a complaint."""
    text = (ROOT / "garden.toml.example").read_text()
    toml = tmp_path / "garden.toml"
    toml.write_text(re.sub(r"^#(?! )", "", text, flags=re.MULTILINE))
    document = tomllib.loads(toml.read_text())
    assert set(document) == {o.key for o in OPTIONS if not o.name}

    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    files = {"GARDEN_CONFIG": str(toml)}
    for name in ("GITHUB_PRIVATE_KEY", "GOOGLE_APPLICATION_CREDENTIALS"):
        files[name] = str(tmp_path / name)
        Path(files[name]).write_text("-----BEGIN EXAMPLE KEY-----")
    env = {name: value or next(o.example for o in OPTIONS if o.name == name) for name, value in lines}
    need(load(env | files), "serve", "round", "post")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_have_one_title(page: Path) -> None:
    """Each page begins with its one title."""
    text = re.sub(r"```.*?```", "", PROSE[page.name], flags=re.DOTALL)
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


def test_manifest_asks_for_least() -> None:
    """The Slack app is created in one paste, with the scopes that something uses and no more."""
    import json

    manifest = json.loads((ROOT / "manifest.json").read_text())
    scopes = manifest["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert scopes["bot"] == sorted(scopes["bot"])
    assert not {s for s in scopes["bot"] if s.startswith(("admin", "im:", "mpim:", "search"))}
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert [c["command"] for c in manifest["features"]["slash_commands"]] == ["/garden"]
    about = manifest["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4000
    for scope in scopes["bot"]:
        assert f"`{scope}`" in PROSE["slack.md"], f"docs/slack.md does not say what {scope} is for"


def test_manifest_covers_every_call() -> None:
    """Each method of the Web API that the bot calls is covered by a scope of the manifest."""
    import json

    from bot.demo.methods import METHODS

    granted = json.loads((ROOT / "manifest.json").read_text())["oauth_config"]["scopes"]["bot"]
    families = "auth|bots|chat|conversations|files|reactions|usergroups|users|views"
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]:
        if "demo" in path.parts:
            continue
        for family, rest in re.findall(rf"client\.({families})_(\w+)\(", path.read_text(encoding="utf-8")):
            if (family, rest) == ("files", "upload_v2"):
                method = "files.completeUploadExternal"
            else:
                head, *tail = rest.split("_")
                words = head + "".join(w.capitalize() for w in tail)
                method = f"usergroups.users.{tail[-1]}" if family == "usergroups" and tail else f"{family}.{words}"
            assert method in METHODS, f"{path.relative_to(ROOT)} calls {method}, which the demo's Slack does not know"
            scope = METHODS[method][0]
            assert not scope or scope in granted, f"{path.relative_to(ROOT)} calls {method}, which needs {scope}"
