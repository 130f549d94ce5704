"""The team's own templates, from garden.toml: titles, labels, branches, bodies and comments in their words.

What the team wrote in a template stands as it is; what a template puts in comes from strangers and is escaped, unless
a filter (`md`, `fence`, `logs`) did that already. Templates run in a sandbox, and a name that is not known is a
mistake, which `check` finds before anything starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.models import Cluster, Entry, Issue, Kind, Match, Outcome, Problem, Severity, Signature, Trend, Triage
from bot.render.escape import markdown

NAMES = ("title", "labels", "branch", "body", "comment", "regression", "escalation", "recovery")
"""What can be replaced; `labels` is a template per line."""
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class _Safe(str):
    """Escaped already."""

    __slots__ = ()


Filters = Mapping[str, Callable[..., Any]]


def rendered(text: str, facts: Mapping[str, object], filters: Filters, escape: Callable[[str], str] = markdown) -> str:
    """The team's text; empty where there is no template, or where these facts are more than it can bear."""
    if not text:
        return ""
    try:
        return render(text, facts, filters, escape)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return ""


def render(text: str, facts: Mapping[str, object], filters: Filters, escape: Callable[[str], str]) -> str:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, not HTML: `finalize` escapes what no filter did
        finalize=lambda value: value if isinstance(value, _Safe) else escape("" if value is None else str(value)),
    )
    environment.filters.update(
        {name: _safe(f) if name in ("md", "fence", "logs") else f for name, f in filters.items()}
    )
    hidden = {name: _Safe(value) for name in ("state", "quiet") if isinstance(value := facts.get(name), str)}
    return environment.from_string(text).render({**facts, **hidden})


def _safe(filter: Callable[..., Any]) -> Callable[..., _Safe]:
    return lambda *args, **more: _Safe(filter(*args, **more))


def mistake(name: str, text: str, facts: Mapping[str, object], filters: Filters) -> str:
    """What is wrong with a template, with its line; empty where it can be rendered."""
    try:
        render(text, facts, filters, str)
    except TemplateSyntaxError as error:
        return f"garden.toml, style.{name}, line {error.lineno}: {error.message}."
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        line, trace = 0, error.__traceback__
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "<template>" else line
            trace = trace.tb_next
        return f"garden.toml, style.{name}, line {line}: {error}."
    return ""


def sample() -> Problem:
    """A problem with a bit of everything, on which templates are tried."""
    entry = Entry(id="e1", key=1, time=_WHEN, service="shop-api", text="it failed")
    signature = Signature("k", 1, "shop-api", Kind.HTTP, "it failed", "it failed", method="GET", route="/", status=500)
    cluster = Cluster(
        1, "shop-api", Kind.HTTP, "it failed", "it failed", (signature,), 1, 1, _WHEN, _WHEN, evidence=(entry,)
    )
    triage = Triage(Severity.P2, "new", Kind.HTTP, Trend.NEW, ("seen once",))
    return Problem(cluster, triage, Match(Outcome.REGRESSION, "closed before", Issue("example/shop", 1, "it failed")))
