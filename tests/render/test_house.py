"""The team's own templates, and who owns the code that failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.models import Entry, Failure, Policy, Site
from bot.render import issues, titles
from tests import samples
from tests.samples import HOSTILE, REPOSITORY


def policy(**style: str) -> Policy:
    return Policy(repository=REPOSITORY, style=style)


def test_templates_replace_title_labels_branch_and_texts() -> None:
    """What is not named stays in house style; the hidden state is there all the same."""
    own = policy(
        title="[{{ severity }}] {{ service }}: {{ name }}",
        labels="{{ severity }}\nteam/{{ service }}\nteam/{{ service }}",
        branch="fix/{{ slug }}",
        body="Hello team,\n\n{{ c.title }} happened {{ c.occurrences | number }} times.\n\n"
        "{{ c.template | fence(200) }}",
    )
    problem = samples.crash()
    assert titles.title(problem, own) == "[P0] checkout-api: Missing Python module"
    assert titles.labels(problem, own) == ("P0", "team/checkout-api")
    text = issues.body(problem, own)
    assert text.startswith("Hello team,")
    assert "<!-- log-gardener:state cluster=1 " in text
    assert "fix/missing-python-module" in issues.body(problem, policy(branch="fix/{{ slug }}"))
    assert issues.comment(problem, own, None) == issues.comment(problem, Policy(repository=REPOSITORY), None)


def test_what_a_template_puts_in_is_escaped() -> None:
    """A template that forgets its filters is as harmless as house style."""
    hostile = samples.problem(1, HOSTILE)
    text = issues.body(hostile, policy(body="{{ c.title }} and {{ c.evidence[0].text }}"))
    for bad in ("<img", " [click](", "@everyone", "fixes #1", "</details>"):
        assert bad not in text


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ({"body": "one\n{{ c.title"}, "style.body, line 2"),
        ({"comment": "one\n\n{{ clutser.title }}"}, "style.comment, line 3: 'clutser' is undefined"),
        ({"title": "{{ name | shout }}"}, "style.title, line 1: No filter named 'shout'"),
        ({"labels": "{{ severity }}\n{{ p.nothing.at_all }}"}, "style.labels, line 1"),
        ({"body": "{{ c.__class__.__mro__ }}"}, "style.body, line 1"),
    ],
)
def test_a_broken_template_is_told_with_its_line(style: dict[str, str], words: str) -> None:
    """Before anything starts; where it is used all the same, house style takes its place."""
    (said,) = issues.mistakes(style)
    assert words in said
    assert titles.title(samples.crash(), policy(**style)) == titles.title(samples.crash(), Policy())


def test_templates_that_work_are_no_mistake() -> None:
    """Each of them, in the simplest form."""
    names = ("body", "comment", "regression", "escalation", "recovery", "title", "labels", "branch")
    assert issues.mistakes(dict.fromkeys(names, "{{ t.severity.value }} {{ c.title }}")) == []


OWNERS = """
*                     @example/everybody
/docs/                @docs-example
shop/payments/        @ann-example @example/payments  # the team
*.sql                 @db-example nobody@example.com
/shop/web/*.py        @web-example
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("srv/app/shop/payments/card.py", ("ann-example",)),
        ("shop/payments/deep/er.py", ("ann-example",)),
        ("migrations/0001.sql", ("db-example",)),
        ("app/shop/web/view.py", ("web-example",)),
        ("shop/web/deep/view.py", ()),
        ("elsewhere.py", ()),
    ],
)
def test_owners_by_the_repositorys_own_file(path: str, owners: tuple[str, ...]) -> None:
    """The last line that fits wins, wherever the container has the file; teams and addresses cannot be assigned."""
    assert titles.owners_of([path], OWNERS) == owners


def test_the_team_in_garden_toml_wins_over_the_repositorys_file() -> None:
    """Else the innermost frame of the evidence decides."""
    frame = Failure("ValueError", "no", Site(file="/srv/shop/payments/card.py", function="pay", line=3))
    entry: Entry = samples.entry(failure=frame)
    problem = replace(samples.problem(), cluster=samples.cluster(evidence=[entry]))
    assert titles.assignees(problem, Policy(), OWNERS) == ("ann-example",)
    assert titles.assignees(problem, Policy(owners={"checkout-api": ("bob-example",)}), OWNERS) == ("bob-example",)
    assert titles.assignees(problem, Policy(), "") == ()
