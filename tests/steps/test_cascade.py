"""Clusters to incidents: what begins together belongs together, what merely overlaps does not."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Cluster, Incident, Kind, Level, Moment, Signature, Window
from bot.steps.cascade import cascade
from bot.steps.cascade.episodes import episodes
from bot.steps.cascade.near import Near
from bot.steps.cascade.rethink import Rethought, reach, rethink, stretch
from bot.steps.cascade.ties import tie
from tests.steps.strategies import START

BOOM, EXIT, PROBE, DEPLOY, FAILED = 1, 2, 3, 4, 5


def cluster(
    number: int,
    kind: Kind,
    title: str,
    seconds: Iterable[float],
    *,
    level: Level = Level.ERROR,
    instances: Sequence[str] = (),
    traces: Sequence[str] = (),
    service: str = "shop",
    status: int = 0,
) -> Cluster:
    at = list(seconds)
    moments = tuple(
        Moment(START + timedelta(seconds=s), instances[i] if instances else "i1", traces[i] if traces else "")
        for i, s in enumerate(at)
    )
    route = next((w for w in title.split() if w.startswith("/")), "") if kind is Kind.HTTP else ""
    signature = Signature(f"k{number}", 1, service, kind, title, title, route=route, status=status)
    first, last = START + timedelta(seconds=at[0]), START + timedelta(seconds=at[-1])
    return Cluster(
        number, service, kind, title, title, (signature,), len(at), len(at), first, last, moments=moments, level=level
    )


def crash_loop(start: float, times: int = 5, *, every: float = 20) -> list[Cluster]:
    """An exception, then the exit, then the failed probe, each time on a new instance."""
    at = [start + every * n for n in range(times)]
    names = [f"{start}-{n}" for n in range(times)]
    return [
        cluster(BOOM, Kind.EXCEPTION, "ImportError: no such module", at, instances=names),
        cluster(EXIT, Kind.PLATFORM, "Container called exit(1)", [s + 0.4 for s in at], instances=names),
        cluster(PROBE, Kind.PLATFORM, "Default STARTUP TCP probe failed", [s + 0.9 for s in at], instances=names),
        cluster(DEPLOY, Kind.DEPLOYMENT, "Deployment failed: not ready", [s + 1.2 for s in at[:1]], instances=[""]),
    ]


def both(one: list[Cluster], other: list[Cluster]) -> list[Cluster]:
    """The same clusters, seen at two times."""
    return [
        replace(a, moments=a.moments + b.moments, last_seen=b.last_seen, occurrences=a.occurrences + b.occurrences)
        for a, b in zip(one, other, strict=True)
    ]


def test_crash_loop() -> None:
    """A crash loop is one incident; its root is the exception, and the reason says so in figures."""
    (found,) = cascade(crash_loop(0), [])
    assert found.root == BOOM
    assert found.clusters == (BOOM, EXIT, PROBE, DEPLOY)
    assert found.symptoms == (EXIT, PROBE, DEPLOY)
    assert (found.start, found.end) == (START, START + timedelta(seconds=80.9))
    assert f"cluster {EXIT}: 5 of 5 times within 1 s after cluster {BOOM}" in found.reason


def test_recovered() -> None:
    """Hours later the same again is another episode."""
    found = cascade(both(crash_loop(0), crash_loop(20_000)), [])
    assert [(i.root, i.start) for i in found] == [(BOOM, START), (BOOM, START + timedelta(seconds=20_000))]
    assert found[0].end < found[1].start


def test_two_causes_share_a_symptom() -> None:
    """The same exit is a symptom of one cause in the morning and of another at noon."""
    morning = crash_loop(0)
    other = cluster(6, Kind.APPLICATION, "Secret is missing", [9_000], instances=["x"])
    exits = replace(morning[1], moments=(*morning[1].moments, Moment(START + timedelta(seconds=9_000.3), "x")))
    found = cascade([morning[0], exits, other], [])
    assert [i.clusters for i in found] == [(BOOM, EXIT), (6, EXIT)]


def test_nobody_answers() -> None:
    """While containers keep failing, requests that nobody answers are a symptom, on no instance and at any moment."""
    failed = cluster(FAILED, Kind.HTTP, "GET /seats → 503", [3, 11, 27, 55, 70], instances=[""] * 5, status=503)
    later = cluster(6, Kind.HTTP, "GET /maps → 503", [3, 900, 950, 1_000], instances=[""] * 4, status=503)
    (found,) = cascade([*crash_loop(0), failed, later], [])
    assert FAILED in found.clusters
    assert 6 not in found.clusters


def test_request_before_its_exception() -> None:
    """A failed request is logged with the time it began: it is a symptom all the same."""
    boom = cluster(BOOM, Kind.EXCEPTION, "ValueError: no amount", [30, 90, 150])
    failed = cluster(FAILED, Kind.HTTP, "POST /api/orders → 500", [0, 60, 120], status=500)
    (found,) = cascade([boom, failed], [])
    assert (found.root, found.symptoms) == (BOOM, (FAILED,))


def test_across_services_by_trace() -> None:
    """A trace ties what two services log of one request."""
    boom = cluster(BOOM, Kind.EXCEPTION, "ValueError: no amount", [1, 61], traces=["a", "b"], service="payments")
    failed = cluster(
        FAILED, Kind.HTTP, "POST /api/orders → 502", [0, 60], traces=["a", "b"], instances="pq", status=502
    )
    (found,) = cascade([boom, failed], [])
    assert found.clusters == (BOOM, FAILED)


def test_steady_noise_is_left_alone() -> None:
    """An old steady error that overlaps with a crash is no part of it."""
    noise = cluster(9, Kind.APPLICATION, "Mail server says no", range(-3_000, 3_000, 30), instances=["m"] * 200)
    near = cluster(10, Kind.APPLICATION, "Rates are old, update failed", [-2_000 + 0.5, 0.2, 2_000], instances="mmm")
    (found,) = cascade([*crash_loop(0), noise, near], [])
    assert not {9, 10} & set(found.clusters)


def test_steady_noise_on_the_same_instance() -> None:
    """... even where it comes from the same instance, now and then just when the other fails."""
    noise = cluster(9, Kind.APPLICATION, "Mail server says no", range(0, 3_000, 15))
    boom = cluster(BOOM, Kind.EXCEPTION, "ValueError: no amount", [301, 902, 1_507])
    assert cascade([noise, boom], []) == []


def test_startup_warnings_are_left_alone() -> None:
    """A warning that every start prints is not the cause of the crash that follows."""
    loop = crash_loop(0)
    names = [m.instance for m in loop[0].moments]
    at = [20 * n - 0.1 for n in range(5)]
    warned = cluster(9, Kind.APPLICATION, "Tracking is not set up", at, level=Level.WARNING, instances=names)
    (found,) = cascade([*loop, warned], [])
    assert 9 not in found.clusters


def test_other_instances_and_services() -> None:
    """The same second is not enough: neither on other instances nor in other services."""
    one = cluster(1, Kind.EXCEPTION, "ValueError: no amount", [0], instances=["a"])
    two = cluster(2, Kind.EXCEPTION, "KeyError: seat", [0.1], instances=["b"])
    three = cluster(3, Kind.EXCEPTION, "TypeError: none", [0.2], instances=["a"], service="mail")
    assert cascade([one, two, three], []) == []


def test_probes_are_no_incident() -> None:
    """Scanners are nobody's symptom."""
    probes = cluster(9, Kind.SECURITY, "Probes", [0.1, 0.2, 0.3])
    assert cascade([probes, cluster(1, Kind.EXCEPTION, "ValueError", [0])], []) == []


def test_refused_requests() -> None:
    """However many are refused in one go, with a sweep or probes among them or not: nothing failed, so no incident."""
    routes = [
        cluster(n, Kind.HTTP, f"GET /api/{n} → 404", [n / 10], level=Level.WARNING, status=404) for n in range(1, 9)
    ]
    swept = cluster(11, Kind.HTTP, "One client tries many routes → 404", [0.2, 0.4, 0.6], status=404)
    probes = cluster(12, Kind.SECURITY, "Probes for files", [0.3, 0.5])
    assert cascade(routes, []) == []
    assert cascade([*routes, swept, probes], []) == []


def test_slow_database_first() -> None:
    """Slow queries, then a pool that is exhausted, then requests that time out: the slow queries are the root."""
    slow = cluster(1, Kind.APPLICATION, "Slow query: <duration> on bookings", range(0, 240, 4), level=Level.WARNING)
    pool = cluster(2, Kind.EXCEPTION, "PoolTimeout: no connection became free", range(31, 240, 3))
    late = cluster(3, Kind.HTTP, "GET /bookings → 504", [20 + 7 * n for n in range(30)], status=504)
    (found,) = cascade([slow, pool, late], [])
    assert found.clusters == (1, 3, 2)


def test_slow_afterwards() -> None:
    """What becomes slow because something failed is a symptom."""
    pool = cluster(1, Kind.EXCEPTION, "PoolTimeout: no connection became free", range(0, 240, 3))
    slow = cluster(2, Kind.APPLICATION, "Slow query: <duration> on bookings", range(31, 240, 4), level=Level.WARNING)
    (found,) = cascade([slow, pool], [])
    assert found.root == 1


def test_a_sweep_is_nobodys_symptom() -> None:
    """Somebody who tries doors while something fails has nothing to do with it."""
    boom = cluster(1, Kind.EXCEPTION, "ValueError: no seat", [0, 1, 2, 3])
    sweep = cluster(2, Kind.HTTP, "One client tries many routes → 404", [0.1, 1.1, 2.1, 3.1], status=404)
    assert cascade([boom, sweep], []) == []


def test_alone() -> None:
    """One cluster is no incident."""
    assert cascade(crash_loop(0)[:1], []) == []
    assert cascade([], []) == []


def test_known_keeps_its_id() -> None:
    """What goes on keeps its id, and has the span of what is found now; what is over gives its id to nobody."""
    (first,) = cascade(crash_loop(0), [])
    known = replace(first, id=7, start=START - timedelta(seconds=30))
    over = replace(first, id=3, start=START - timedelta(hours=9), end=START - timedelta(hours=8))
    (again,) = cascade(crash_loop(0, 8), [over, known])
    assert (again.id, again.start) == (7, first.start)
    assert first.id == 0


def test_known_with_an_earlier_root() -> None:
    """Where an earlier cause turns up, the incident keeps its id and gets the new root."""
    known = Incident(4, EXIT, (EXIT, PROBE), START, START + timedelta(seconds=90), "")
    (found,) = cascade(crash_loop(0), [known])
    assert (found.id, found.root) == (4, BOOM)


def hours(start: float, end: float) -> Window:
    return Window(START + timedelta(hours=start), START + timedelta(hours=end))


def test_a_stretch_ends_at_a_pause_or_far_away() -> None:
    """Activity is followed to both sides, up to a pause, and never further than a day."""
    new = hours(10, 10.1)
    assert stretch(new, []) == new
    assert stretch(new, [hours(5, 5.1), hours(8.5, 9), hours(9.5, 10.05), hours(11, 11), hours(14, 14)]) == hours(
        8.5, 11
    )
    assert stretch(new, [hours(n / 2, n / 2) for n in range(-80, 160)]) == hours(10 - 24, 10.1 + 24)


def again(clusters: list[Cluster], known: list[Incident], at: Window) -> Rethought:
    return rethink(clusters, known, [at], reach(clusters, [at]))


def test_what_is_not_found_again_is_withdrawn() -> None:
    """But only where something was thought anew."""
    here = Incident(4, EXIT, (EXIT, 99), START, START + timedelta(seconds=5), "")
    elsewhere = replace(here, id=5, start=START - timedelta(hours=9), end=START - timedelta(hours=8))
    done = again([cluster(EXIT, Kind.PLATFORM, "Container called exit(1)", [0])], [here, elsewhere], hours(0, 0))
    assert done == Rethought((), (here,))


def test_what_is_forgotten_is_not_taken_back() -> None:
    """Where moments were cut off, an incident keeps its beginning, and those of its members that are cut off, too."""
    (first,) = cascade(crash_loop(0), [])
    known = replace(first, id=7, clusters=(*first.clusters, 99), start=START - timedelta(hours=2))
    cut = [replace(c, occurrences=900) for c in crash_loop(0)]
    gone = replace(cluster(99, Kind.HTTP, "GET / → 503", [3000], status=503), occurrences=900)
    (kept,) = again([*cut, gone], [known], hours(0, 1)).incidents
    assert (kept.id, kept.start, kept.end, set(kept.clusters)) == (7, known.start, first.end, {*first.clusters, 99})
    (kept,) = again(crash_loop(0), [known], hours(0, 1)).incidents
    assert (kept.start, set(kept.clusters)) == (first.start, set(first.clusters))
    over = replace(known, id=8, root=99, clusters=(99, 98), end=START - timedelta(hours=1))
    assert again([gone], [over], hours(-2, 1)) == Rethought(())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Kind)),
            st.lists(st.integers(0, 400), min_size=1, max_size=12),
            st.sampled_from(["i1", "i2", ""]),
            st.sampled_from([Level.WARNING, Level.ERROR]),
            st.sampled_from([404, 500]),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_contract(drawn: list[tuple[Kind, list[int], str, Level, int]], random: object) -> None:
    """Whatever is given: at least two clusters each, no cluster twice at the same time, in any order the same."""
    clusters = [
        cluster(n, kind, f"{n} failed", sorted(20 * s for s in at), level=level, instances=[i] * 12, status=status)
        for n, (kind, at, i, level, status) in enumerate(drawn, 1)
    ]  # fmt: skip
    found = cascade(clusters, [])
    assert all(len(set(i.clusters)) == len(i.clusters) >= 2 for i in found)
    assert all(i.root == i.clusters[0] and i.start <= i.end and i.reason for i in found)
    for one in found:
        for other in found:
            apart = one is other or one.end < other.start or other.end < one.start
            assert apart or not set(one.clusters) & set(other.clusters)
    random.shuffle(clusters)  # type: ignore[attr-defined]
    assert cascade(clusters, []) == found


def test_large() -> None:
    """Three hundred clusters with five hundred moments each are done in seconds."""
    at = [60 * m for m in range(500)]
    clusters = [
        cluster(n, Kind.EXCEPTION, f"E{n}: failed", [n * 40 + s for s in at], instances=[f"i{n % 7}"] * 500)
        for n in range(1, 301)
    ]
    assert len(cascade(clusters, [])) <= 150


def scattered(count: int) -> list[Cluster]:
    """So many unrelated problems of one service on a few instances within an hour, some of them failed requests."""
    chance = random.Random(count)
    made = []
    for n in range(1, count + 1):
        at = sorted(chance.uniform(0, 3_600) for _ in range(chance.randint(1, 4)))
        on = [f"i{chance.randrange(20)}" for _ in at]
        if n % 5:
            words = " ".join(f"thing{chance.randrange(count)}" for _ in range(8))
            made.append(cluster(n, Kind.APPLICATION, f"failed {words}", at, instances=on))
        else:
            made.append(cluster(n, Kind.HTTP, f"GET /{n} → 500", at, instances=on, status=500))
    return made


def test_few_of_the_pairs_are_compared() -> None:
    """Of 2,000 problems in one hour there are four million pairs; only those that come near each other get a look."""
    found = [e for c in scattered(2_000) for e in episodes(c)]
    near = Near([e for e in found if e.cause])
    assert sum(len(near.of(e)) for e in found) < 2_000**2 / 30


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(0, 2**32))
def test_what_is_not_near_is_not_tied(count: int, seed: int) -> None:
    """Looking only at what comes near finds every tie that looking at all pairs finds."""
    chance = random.Random(seed)
    greek = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    kinds = (Kind.APPLICATION, Kind.EXCEPTION, Kind.HTTP, Kind.PLATFORM, Kind.DEPLOYMENT)
    made = []
    for n in range(1, count + 1):
        at = sorted(chance.choice((0, 600)) + chance.uniform(0, 200) for _ in range(chance.randint(1, 6)))
        kind, words = (
            chance.choice(kinds),
            " ".join(chance.sample(greek, 5)),
        )
        on, by = [chance.choice(("", "i1", "i2")) for _ in at], [chance.choice(("", "", "t1", "t2")) for _ in at]
        status = chance.choice((404, 500, 503)) if kind is Kind.HTTP else 0
        made.append(
            cluster(n, kind, f"failed {words}", at, instances=on, traces=by, service=chance.choice("ab"), status=status)
        )
    for chosen in (lambda e: e.cause, lambda e: True):
        found = [e for c in made for e in episodes(c) if chosen(e)]
        near = Near(found)
        for effect in (e for c in made for e in episodes(c)):
            tied = {i for i, cause in enumerate(found) if tie(cause, effect)}
            assert tied <= near.of(effect)


def test_only_interleaved() -> None:
    """What goes on beside something else for long is always near it: that ties nothing."""
    slow = cluster(1, Kind.HTTP, "GET /search \u2192 502", [40 * n for n in range(13)], status=502)
    late = cluster(2, Kind.HTTP, "POST /exports \u2192 504", [46 * n + 3 for n in range(12)], status=504)
    assert not cascade([slow, late], [])
    soon = cluster(3, Kind.HTTP, "POST /exports \u2192 504", [40 * n + 3 for n in range(12)], status=504)
    assert len(cascade([slow, soon], [])) == 1


def test_same_type_elsewhere() -> None:
    """Two exceptions of one type, raised in different places at different times, say the same and are two problems."""
    said = "TypeError: Cannot read properties of undefined (reading <id>)"

    def thrown(number: int, seconds: list[float], site: str) -> Cluster:
        one = cluster(number, Kind.EXCEPTION, said, seconds)
        return replace(one, signatures=(replace(one.signature, exception="TypeError", site=site),))

    apart = thrown(1, [0, 100, 200], "seats.js:draw"), thrown(2, [60, 170], "orders.js:place")
    assert not cascade(apart, [])


def test_symptom_of_a_noisier_cause() -> None:
    """What only ever comes with something that is told of far more often is its consequence."""
    refused = cluster(1, Kind.EXCEPTION, "connect ECONNREFUSED", [float(n) for n in range(20)])
    gave_up = cluster(2, Kind.EXCEPTION, "No answer to the join of a room", [n + 0.2 for n in range(3, 19, 3)])
    (found,) = cascade([refused, gave_up], [])
    assert found.root == 1
