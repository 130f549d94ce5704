"""Prints the week as JSON, or writes its labels and what is expected of it into a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bot.demo.week import SEED, expected, labels, week


@click.command()
@click.option("--seed", default=SEED, show_default=True, help="Another seed is another week.")
@click.option("--cases", type=click.Path(file_okay=False, path_type=Path), help="Write labels.csv and expected.json.")
def main(seed: int, cases: Path | None) -> None:
    """The demo's week of logs, as `gcloud logging read --format=json` would print it."""
    if cases:
        cases.mkdir(parents=True, exist_ok=True)
        (cases / "labels.csv").write_text(labels(seed), encoding="utf-8")
        text = json.dumps(expected(seed), indent=2, ensure_ascii=False)
        (cases / "expected.json").write_text(f"{text}\n", encoding="utf-8")
        return
    sys.stdout.write("[\n")
    for index, raw in enumerate(week(seed)):
        sys.stdout.write(f"{',' if index else ''}{json.dumps(raw)}\n")
    sys.stdout.write("]\n")


if __name__ == "__main__":
    main()
