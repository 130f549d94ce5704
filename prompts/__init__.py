"""Text for the model, one file each, rendered strictly: a value that is missing is an error, never an empty gap."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined


def text(name: str) -> str:
    """A prompt as it stands in its file."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def render(name: str, **values: object) -> str:
    """A prompt with its values filled in; nothing is added that was not handed in."""
    return _environment.get_template(name).render(**values)


_environment = Environment(
    loader=FunctionLoader(text),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 (plain text for a model; hostile text stands inside a fence)
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
