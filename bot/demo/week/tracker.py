"""The issues that the ticketing company already has when the week begins to be read."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.models import Issue

REPOSITORY = "ticketry/platform"


def tracked(end: datetime) -> list[Issue]:
    """Open ones, closed as completed, closed as not planned; some have nothing to do with the week."""

    def issue(
        number: int, title: str, body: str, created: float, *, closed: float = 0, reason: str = "", labels: str = "bug"
    ) -> Issue:
        changed = end - timedelta(days=closed or created)
        return Issue(
            repository=REPOSITORY,
            number=number,
            title=title,
            body=body,
            state="closed" if closed else "open",
            reason=reason,
            labels=tuple(labels.split()),
            url=f"https://github.com/{REPOSITORY}/issues/{number}",
            created_at=end - timedelta(days=created),
            updated_at=changed,
            closed_at=changed if closed else None,
        )

    return [
        issue(
            *(187, "404 for /favicon.ico on seat-map"),
            "Browsers ask seat-map for GET /favicon.ico and get 404. We serve no icon there and do not want to.",
            90,
            closed=88,
            reason="not_planned",
            labels="wontfix",
        ),
        issue(
            *(198, "Add a dark colour scheme to the seat map"),
            "Buyers in dark halls asked for it.",
            60,
            labels="enhancement",
        ),
        issue(
            *(214, "mailer panics in renderTicket: nil pointer dereference"),
            "`panic: runtime error: invalid memory address or nil pointer dereference` in "
            "`main.(*Renderer).renderTicket` (render.go), then the container exits with 2. Orders without a seat, such "
            "as standing places, have a nil seat. Fixed by a check, released with mailer 00031.",
            9,
            closed=4,
            reason="completed",
            labels="bug P1",
        ),
        issue(
            *(222, "Login page stays blank after a typing mistake"),
            "Who mistypes the password sees no hint in the form.",
            30,
            closed=25,
            reason="completed",
        ),
        issue(
            *(231, "GCP-active-dev | P3 | checkout-api: QueuePool limit of size 5 overflow 10 reached"),
            "Under load checkout-api runs out of database connections: `sqlalchemy.exc.TimeoutError: QueuePool limit "
            "of size 5 overflow 10 reached, connection timed out, timeout 30.00`, in orders.py, find. Rare so far.",
            20,
            labels="bug P3",
        ),
        issue(
            *(236, "Group bookings: more than eight seats in one order"),
            "POST /orders should take up to twenty seats for schools.",
            14,
            labels="enhancement",
        ),
        issue(
            *(240, "Move settlement to its own project"),
            "The nightly settlement job shares quotas with checkout.",
            8,
            labels="chore",
        ),
    ]
