"""What belongs together though no line says so: sweeps, calls logged twice, reasons in the next line, rollouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import Entry, Failure, Level, Occurrence, Policy, Site
from bot.steps.assemble import assemble
from bot.steps.assemble.sweeps import GAP, ROUTES
from bot.steps.cluster import cluster
from tests.steps.strategies import PYTHON, entry, not_ready, pieces, refused

SECOND = timedelta(seconds=1)
MS = timedelta(milliseconds=1)


def everything(entries: list[Entry]) -> list[Occurrence]:
    found = assemble(entries)
    return sorted([*found.closed, *found.open], key=lambda o: o.entries[0].order)


def problems(entries: list[Entry]) -> int:
    found = assemble(entries)
    return len({s.signature.key for s in cluster([*found.closed, *found.open], Policy()) if s.signature})


def doors(count: int, every: timedelta = SECOND, *, first: int = 0, **more: object) -> list[Entry]:
    return [refused(f"/door-{chr(97 + n)}", n * every, number=first + n, **more) for n in range(count)]  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ sweeps


def test_sweep() -> None:
    """One client that is refused at many routes in one go is one problem; each request counts."""
    found = everything(doors(ROUTES))
    assert [o.sweep for o in found] == ["doors"] * ROUTES
    assert problems(doors(ROUTES)) == 1


@pytest.mark.parametrize(
    "entries",
    [
        doors(ROUTES - 1),
        doors(ROUTES, GAP + SECOND),
        [*doors(3), *doors(3, first=10, client="c2")],
        [*doors(3), *doors(3, first=10, status=403)],
        doors(ROUTES, client=""),
        [refused("/album/{id}", n * SECOND, number=n) for n in range(20)],
    ],
)
def test_no_sweep(entries: list[Entry]) -> None:
    """Few routes, slowly, by several clients, with several answers, or one route many times: no sweep."""
    assert {o.sweep for o in everything(entries)} == {""}
    assert problems(entries) == len({(e.request.route, e.request.status) for e in entries if e.request})


def failing(*routes: str, every: timedelta = SECOND, status: int = 500) -> list[Entry]:
    return [refused(f"/{r}", n * every, number=n + status, client=f"c{n}", status=status) for n, r in enumerate(routes)]


@pytest.mark.parametrize("entries", [failing(*"abc"), failing(*"ababab"), failing(*"aaaabac")])
def test_outage(entries: list[Entry]) -> None:
    """Several routes that the server fails in one go share what is broken, whoever asks."""
    assert {o.sweep for o in everything(entries)} == {"outage"}
    assert problems(entries) == 1


@pytest.mark.parametrize(
    "entries",
    [
        failing(*"aaaab"),
        failing(*"abc", every=GAP + SECOND),
        [*failing(*"ab"), *failing(*"cd", status=503)],
        failing(*"aaaaaa"),
    ],
)
def test_no_outage(entries: list[Entry]) -> None:
    """One route and once another, one at a time, with several answers, or one route alone: each its own problem."""
    assert {o.sweep for o in everything(entries)} == {""}
    assert problems(entries) == len({(e.request.route, e.request.status) for e in entries if e.request})


def test_sweep_of_a_scanner() -> None:
    """Where one door is one that only scanners try, all of them are probes."""
    entries = [*doors(ROUTES), refused("/.git/config", 10 * SECOND, number=99)]
    assert {o.sweep for o in everything(entries)} == {"probes"}
    assert problems(entries) == 1


def test_a_scanner_is_known_by_one_door() -> None:
    """Whoever asks for what only scanners ask for, asks for the rest in vain for the same reason."""
    assert problems([refused("/.git/config", number=1), refused("/labels/", SECOND, number=2)]) == 1


@pytest.mark.parametrize(
    ("routes", "count"),
    [
        (("/assets/maps/north.json", "/assets/maps/south.json"), 1),
        (("/assets/maps/north.json", "/assets/maps/north.css"), 2),
        (("/assets/maps/north.json", "/assets/signs/north.json"), 2),
        (("/labels/red-for-gifts", "/labels/plain-3pk"), 1),
        (("/labels/red-for-gifts", "/labels/create-many"), 2),
        (("/labels/red", "/labels/plain"), 2),
    ],
)
def test_what_is_missing_for_one_reason(routes: tuple[str, ...], count: int) -> None:
    """Files of one folder, and things of one collection that their titles stand for."""
    assert problems([refused(r, n * SECOND, number=n, client=f"c{n}") for n, r in enumerate(routes)]) == count


def test_a_request_in_two_logs() -> None:
    """The platform's log and the server's own tell of one request: one occurrence, but each line counts once."""
    asked = failing("a", "a", every=SECOND)
    own = [
        replace(e, id=f"own{n}", key=900 + n, time=e.time + 40 * MS, log="run.googleapis.com/stdout")
        for n, e in enumerate(asked)
    ]
    found = everything([*asked, *own])
    assert [len(o.entries) for o in found] == [2, 2]
    assert problems([*asked, *own]) == 1
    late = [replace(e, time=e.time + 20 * SECOND) for e in own]
    assert [len(o.entries) for o in everything([*asked, *late])] == [1, 1, 1, 1]


def test_others_on_the_same_routes() -> None:
    """Somebody else who follows one broken link is no part of the sweep."""
    entries = [*doors(ROUTES), refused("/door-a", SECOND / 2, number=50, client="c2")]
    assert problems(entries) == 2


def test_sweep_stays_open() -> None:
    """While further requests of the client may come, and late ones, nothing of the sweep is final."""
    entries = doors(ROUTES)
    last = entries[-1].time - entries[0].time
    near = entry("x", last + timedelta(seconds=119), number=70)
    assert not any(o.request for o in assemble([*entries, near]).closed)
    far = entry("x", last + timedelta(seconds=121), number=70)
    assert sum(1 for o in assemble([*entries, far]).closed if o.request) == ROUTES


# ------------------------------------------------------------------------------------------------ logged twice


def as_json(text: str, at: timedelta = timedelta(0), *, number: int = 90, **more: object) -> Entry:
    return entry(text, at, number=number, level=Level.ERROR, structured=True, **more)  # type: ignore[arg-type]


def as_text(text: str, at: timedelta = timedelta(0), *, number: int = 91) -> Entry:
    return entry(text, at, number=number, level=Level.ERROR)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR:parcels.labels:printer 7 did not answer",
        "[2026-01-31 10:00:00,123] [ERROR] [parcels.labels] printer 7 did not answer",
        "2026-01-31 10:00:00 ERROR printer 7 did not answer",
        "printer 7 did not answer",
    ],
)
@pytest.mark.parametrize("json_first", [True, False])
def test_twins(line: str, json_first: bool) -> None:
    """A call that two handlers wrote, as JSON and as text, is one occurrence, with the place that the JSON names."""
    site = Site("parcels.labels", "send")
    json_at, text_at = (timedelta(0), 3 * MS) if json_first else (3 * MS, timedelta(0))
    (found,) = everything([as_json("printer 7 did not answer", json_at, site=site), as_text(line, text_at)])
    assert len(found.entries) == 2
    assert found.site == site


@pytest.mark.parametrize(
    "other",
    [
        as_text("printer 8 did not answer", MS),
        as_text("printer 7 did not answer", 2 * SECOND),
        as_json("printer 7 did not answer", MS, number=91),
        as_text("no", MS),
    ],
)
def test_no_twins(other: Entry) -> None:
    """Other words, later, in the same form, or too few words: two occurrences."""
    assert len(everything([as_json("printer 7 did not answer"), other])) == 2


def test_twins_again_and_again() -> None:
    """Each is paired once: three calls written twice are three occurrences."""
    entries = [
        one
        for n in range(3)
        for one in (
            as_json("printer 7 did not answer", 10 * n * MS, number=2 * n),
            as_text("ERROR: printer 7 did not answer", (10 * n + 1) * MS, number=2 * n + 1),
        )
    ]
    assert [len(o.entries) for o in everything(entries)] == [2, 2, 2]


def test_twins_with_a_traceback() -> None:
    """The traceback that the runtime prints behind either of them belongs to the same occurrence."""
    first = as_text("[2026-01-31 10:00:00,123] [ERROR] [shop.web] order failed", number=0)
    lines = pieces(PYTHON, MS, first=1)
    again = as_json("order failed", 2 * MS, number=30)
    more = pieces(PYTHON, 3 * MS, first=40)
    (found,) = everything([first, *lines, again, *more])
    assert found.failure is not None
    assert found.failure.type == "ValueError"
    assert len(found.entries) == 2 + 2 * len(PYTHON)


def test_structure_with_a_traceback() -> None:
    """Words as JSON, and the traceback as lines behind them: one occurrence, an exception."""
    (found,) = everything([as_json("order failed", number=0), *pieces(PYTHON, MS, first=1)])
    assert found.failure is not None
    assert found.text.startswith("order failed\nTraceback")


def test_the_same_exception_twice() -> None:
    """Where words differ but the exception is the same, as JSON and as text, it is one call."""
    boom = Failure("error", "no such seat", Site(function="book", file="/app/seats.js", line=3))
    entries = [as_json("booking: no such seat", failure=boom), replace_failure(as_text("no such seat", MS), boom)]
    assert len(everything(entries)) == 1


def replace_failure(one: Entry, failure: Failure) -> Entry:
    return entry(one.text, MS, number=one.key, level=one.level, failure=failure)


# ------------------------------------------------------------------------------------------------ the next line


@pytest.mark.parametrize(
    "sequel",
    [
        "Reason: the label printer is gone",
        "Print failure details: PrinterGone: no paper",
        "Hint: is it switched on?",
        "Error type: PrinterGone",
        "exception_message: no paper",
        "Full traceback: see below",
        "Response body: {}",
        "Shutting down: Master",
        "exiting",
    ],
)
def test_sequel(sequel: str) -> None:
    """A line that names itself the reason of what was just reported, or says goodbye, is no problem of its own."""
    for make in (as_json, as_text):
        entries = [make("printing failed", number=1), make(sequel, MS, number=2)]
        (found,) = everything(entries)
        assert found.text == f"printing failed\n{sequel}"


@pytest.mark.parametrize(
    "other", [as_text("Reason: no paper", SECOND), as_text("Another thing failed", MS), as_text("Details matter", MS)]
)
def test_no_sequel(other: Entry) -> None:
    """What comes later, or is just another failure, is on its own."""
    assert len(everything([as_text("printing failed", number=1), other])) == 2


def test_a_layer_above_is_no_sequel() -> None:
    """What another logger says of the same failure is that layer's own problem."""
    entries = [
        as_json("printing failed", number=1, site=Site("parcels.printer", "")),
        as_json("PrinterGone traceback: see below", MS, number=2, site=Site("parcels.web", "")),
    ]
    assert len(everything(entries)) == 2


# ------------------------------------------------------------------------------------------------ rollouts


def test_rollout() -> None:
    """The platform's words on the revision and on its service are one failed rollout; the next one is another."""
    first = [not_ready("Revision", number=1), not_ready("Service", 2 * SECOND, number=2)]
    second = [not_ready("Revision", 20 * SECOND, number=3), not_ready("Service", 21 * SECOND, number=4)]
    found = everything([*first, *second])
    assert [len(o.entries) for o in found] == [2, 2]
    assert problems([*first, *second]) == 1


def test_a_failure_that_gives_no_reason() -> None:
    """What could not be done, without a why, is explained by the exception that comes a second later."""
    head = as_text("[2026-01-31 10:00:00,123] [ERROR] Unable to reach the printer. Retrying (6)...", number=1)
    stack = "PaperGoneError: tray is empty\n    at feed (/app/src/feed.js:7:9)"
    (found,) = everything([head, entry(stack, SECOND, number=2, level=Level.ERROR)])
    assert found.failure is not None
    assert found.failure.type == "PaperGoneError"


def test_twins_with_the_name_of_the_logger() -> None:
    """The text form may have the logger in front, where JSON has it in a field of its own."""
    said = "callback mismatch for ticket 12"
    one = as_json(said, site=Site("tickets.pay", "callback"))
    (found,) = everything([one, as_text(f"tickets.pay {said}", MS)])
    assert len(found.entries) == 2
