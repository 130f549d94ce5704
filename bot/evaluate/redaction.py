"""How well secrets are masked, and what only looks like one is left alone.

A case is a line of JSON with a `text`. With `gone` (a list), none of these may be left in what is masked, and `mask`,
where it is given, must stand there; without `gone`, the text must stay as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.models import Policy
from bot.steps.redact import scrub


@dataclass
class Masked:
    """What was masked as it must be, and what was not."""

    secrets: int = 0
    harmless: int = 0
    leaked: list[str] = field(default_factory=list)
    """Where in the files; the secrets themselves are not shown."""
    touched: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.secrets + self.harmless) and not self.leaked and not self.touched

    def data(self) -> dict[str, Any]:
        return {
            "version": 1, "passed": self.passed, "secrets": self.secrets, "leaked": self.leaked,
            "harmless": self.harmless, "touched": self.touched,
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [
            f"{self.secrets - len(self.leaked)} of {self.secrets} secrets masked, "
            f"{self.harmless - len(self.touched)} of {self.harmless} harmless texts left alone"
        ]
        lines += [f"  not masked: {where}" for where in self.leaked]
        return "\n".join([*lines, *(f"  touched: {where}" for where in self.touched)])


def redaction(path: Path, policy: Policy) -> Masked:
    """Masks each text of a file or folder, and looks at what is left."""
    score = Masked()
    for where, case in _cases(path):
        clean = scrub(case["text"], policy)
        if "gone" in case:
            score.secrets += 1
            if any(part in clean for part in case["gone"]) or case.get("mask", "") not in clean:
                score.leaked.append(where)
        else:
            score.harmless += 1
            if clean != case["text"]:
                score.touched.append(where)
    return score


def _cases(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
                case["text"] + "".join(case.get("gone", ()))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{file}:{number} is no case: {error}") from error
            yield f"{file.name}:{number}", case
