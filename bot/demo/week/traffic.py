"""What a healthy ticket shop logs: buyers by day, few by night, and services that talk about their work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.demo.week.catalog import DEPRECATED, FAVICON, RETRIED
from bot.demo.week.story import (
    CHECKOUT,
    IDENTITY,
    MAILER,
    PLACES,
    SEATS,
    Place,
    Raw,
    Story,
    source,
)

RHYTHM = (1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 10, 11, 10, 9, 9, 10, 12, 14, 15, 13, 9, 5, 2)
"""How busy each hour of a day is."""
BUSY = {"checkout-api": 1.0, "seat-map": 1.1, "identity": 0.7, "mailer": 0.6}
STAGING = 0.18
NOISY = timedelta(hours=4)

Route = tuple[str, str, int]

ROUTES: dict[str, tuple[Route, ...]] = {
    "checkout-api": (
        ("GET", "/events/{event}", 200),
        ("POST", "/quotes", 200),
        ("POST", "/orders", 201),
        ("GET", "/orders/{order}", 200),
        ("GET", "/healthz", 200),
    ),
    "seat-map": (
        ("GET", "/maps/{event}", 200),
        ("GET", "/maps/{event}/availability", 200),
        ("GET", "/assets/plan.{word}.css", 304),
        ("GET", "/search?q=jazz", 200),
    ),
    "identity": (("POST", "/v1/token/verify", 200), ("POST", "/v1/login", 200), ("POST", "/v1/token", 200)),
    "mailer": (("POST", "/tasks/send", 204), ("POST", "/tasks/render", 200)),
}


def traffic(story: Story) -> None:
    """Seven days of it, in all places."""
    hour = story.start.replace(minute=0, second=0, microsecond=0)
    while hour < story.end:
        for place in PLACES:
            share = BUSY[place.service] * (STAGING if place.environment == "staging" else 1.0)
            for _ in range(_some(story, RHYTHM[hour.hour] * share * 0.8)):
                _visit(story, place, story.later(hour, 0, 3600))
        if hour.hour == 3:
            _nightly(story, hour)
        if hour.hour % 4 == 0 and hour + NOISY < story.end:
            _noise(story, hour)
        hour += timedelta(hours=1)


def _some(story: Story, mean: float) -> int:
    return int(mean) + (story.chance.random() < mean % 1)


def _visit(story: Story, place: Place, at: datetime) -> None:
    """A request that is answered, and what the service says while it works."""
    method, path, status = story.chance.choice(ROUTES[place.service])
    event, order, word = story.chance.randint(1000, 9999), story.chance.randint(10_000, 99_999), story.word(8)
    trace = story.hex(32)
    path = path.format(event=event, order=order, word=word)
    if not story.works(place, at, path):
        return
    story.request(place, at, method, path, status, latency=story.chance.uniform(0.01, 0.3), trace=trace)
    if path == "/healthz" or story.chance.random() > 0.65:
        return
    _TALK[place.service](story, place, story.later(at, 0.005, 0.1), trace, order)


def _checkout(story: Story, place: Place, at: datetime, trace: str, order: int) -> None:
    if story.chance.random() < 0.5:
        payload: Raw = {
            "message": f"order {order} priced at {story.chance.randint(20, 240)}.00 EUR",
            "level": "info",
            "labels": source("checkout.pricing", "price", 88),
            "request_id": f"req-{story.word(10)}",
        }
        story.structured(place, at, payload, severity="INFO", trace=trace)
    else:
        story.line(place, at, f"INFO:     order {order} handed to the payment provider", stream="stdout")


def _seats(story: Story, place: Place, at: datetime, trace: str, order: int) -> None:
    # pino writes its level as a number, and a healthy line may carry an empty error
    payload: Raw = {"level": 30, "pid": 1, "msg": f"map drawn in {story.chance.randint(3, 90)} ms", "error": None}
    story.structured(place, at, payload, trace=trace)


def _identity(story: Story, place: Place, at: datetime, trace: str, order: int) -> None:
    payload: Raw = {"message": "token issued", "level": "INFO", "labels": source("identity.tokens", "issue", 41)}
    story.structured(place, at, payload, trace=trace, stream="stderr")


def _mailer(story: Story, place: Place, at: datetime, trace: str, order: int) -> None:
    text = f"{at:%Y/%m/%d %H:%M:%S} sent ticket for order {order} in {story.chance.randint(80, 900)}ms"
    story.line(place, at, text)


_TALK: dict[str, Callable[[Story, Place, datetime, str, int], None]] = {
    "checkout-api": _checkout,
    "seat-map": _seats,
    "identity": _identity,
    "mailer": _mailer,
}


def _nightly(story: Story, at: datetime) -> None:
    """A job that settles the day, and an instance that goes home."""
    for offset, text in enumerate(("settlement started", "settled 412 orders", "settlement finished")):
        story.job(CHECKOUT, at + timedelta(seconds=20 * offset), "settlement", text)
    story.platform(MAILER, story.later(at, 60, 900), "Container called exit(0).", "WARNING")


def _noise(story: Story, at: datetime) -> None:
    """What looks like trouble and is none."""
    for _ in range(story.chance.randint(1, 3)):
        story.request(SEATS, story.later(at, 0, NOISY.total_seconds() - 60), "GET", "/favicon.ico", 404, of=FAVICON)
        story.occurred(FAVICON)
    if at.hour % 8 == 0:
        story.line(
            *(CHECKOUT, story.later(at, 0, NOISY.total_seconds() - 60)),
            "/srv/checkout/clock.py:12: DeprecationWarning: datetime.datetime.utcnow() is deprecated and scheduled for "
            "removal in a future version. Use timezone-aware objects to represent datetimes in UTC: "
            "datetime.datetime.now(datetime.UTC).",
            of=DEPRECATED,
        )
        story.occurred(DEPRECATED)
    if at.hour % 8 == 4:
        when = story.later(at, 0, NOISY.total_seconds() - 60)
        order = story.chance.randint(10_000, 99_999)
        instance = story.chance.choice(story.instances(story.revision(MAILER, when)))
        failed = {
            "message": f"attempt 1 of 3 to send order {order} failed: i/o timeout; trying again in 2s",
            "level": "warn",
            "logger": "mailer/queue",
        }
        done = {"message": f"order {order} sent on attempt 2", "level": "info", "logger": "mailer/queue"}
        story.structured(MAILER, when, failed, severity="WARNING", instance=instance, of=RETRIED)
        story.structured(MAILER, when + timedelta(seconds=2), done, severity="INFO", instance=instance)
        story.occurred(RETRIED)
    if at.hour == 8:
        story.structured(IDENTITY, story.later(at, 0, 3600), {"message": "0 errors in the last day", "error": {}})
