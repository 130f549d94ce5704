"""What a cluster may be the same as: for a person to pick, with the reasons."""

from __future__ import annotations

from dataclasses import replace

from bot.models import Cluster
from bot.steps.kin import MOST, kin
from tests import samples


def made(number: int, template: str, *, service: str = "checkout-api", **signature: object) -> Cluster:
    named = replace(samples.signature(template, service=service), template=template, **signature)  # type: ignore[arg-type]  # any field
    return replace(samples.cluster(number, template), service=service, template=template, signatures=(named,))


ONE = made(1, "pool exhausted after <num> ms", exception="PoolTimeout", site="db.pool:acquire")


def test_what_failed_alike_comes_first_with_its_reasons() -> None:
    """The same exception, the same place, the same words; another service is named."""
    twin = made(5, "pool exhausted for user <id>", exception="PoolTimeout", site="db.pool:acquire")
    elsewhere = made(3, "cannot get a connection", service="seat-map", exception="PoolTimeout", site="db:get")
    other = made(2, "template missing", exception="KeyError")
    found = kin(ONE, [other, elsewhere, ONE, twin])
    assert [number for number, _ in found] == [5, 3]
    assert "the same exception, PoolTimeout; the same place in the code, db.pool:acquire" in found[0][1]
    assert "the same exception, PoolTimeout, in seat-map" in found[1][1]


def test_texts_that_are_much_alike_are_enough_and_one_incident_is_not() -> None:
    """Together in an incident counts beside another reason."""
    alike = made(4, "the pool exhausted after <num> ms again")
    beside = made(6, "container called exit")
    incident = samples.incident(1, 4, 6)
    assert kin(ONE, [alike, beside], incident) == [(4, "67% of their words are the same; in one incident with it")]


def test_the_same_route_with_another_status_is_offered() -> None:
    """By method and route, the status beside it."""
    one = made(1, "GET /orders/{id}", method="GET", route="/orders/{id}", status=500)
    two = made(2, "GET /orders/{id} slow", method="GET", route="/orders/{id}", status=503)
    three = made(3, "POST", method="POST", route="/orders/{id}", status=500)
    ((number, why),) = kin(one, [two, three])
    assert number == 2
    assert "the same route, GET /orders/{id}, 503 there" in why


def test_few_are_offered_and_none_where_nothing_is_like_it() -> None:
    """In the same order whatever the order they come in."""
    many = [made(n, f"pool exhausted after <num> ms {'x' * n}", exception="PoolTimeout") for n in range(2, 40)]
    assert len(kin(ONE, many)) == MOST
    assert kin(ONE, many) == kin(ONE, list(reversed(many)))
    assert kin(ONE, [made(2, "", exception="")]) == []
