"""What has to hold, said in a line that `all.py` collects."""

from __future__ import annotations

MARK = "bar:"


def bar(what: str, value: float, *, least: float | None = None, most: float | None = None, form: str = ",.1f") -> None:
    wanted = f"at least {least:{form}}" if least is not None else f"at most {most:{form}}"
    holds = (least is None or value >= least) and (most is None or value <= most)
    print(f"{MARK} {what:<58} {value:>12{form}}   {wanted:<18} {'holds' if holds else 'DOES NOT HOLD'}")
