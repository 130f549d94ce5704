"""How urgent a problem is: from evidence, with reasons, and never over a person's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import (
    Cluster,
    Count,
    CriticalPath,
    Incident,
    Issue,
    Kind,
    Level,
    Match,
    Moment,
    Outcome,
    Policy,
    Severity,
    Signature,
    Trend,
    Triage,
)
from bot.steps.triage import triage
from tests.steps.strategies import START

NOW = START + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def cluster(
    kind: Kind = Kind.APPLICATION,
    title: str = "Seat map is gone, order failed",
    *,
    level: Level = Level.ERROR,
    times: int = 1,
    environment: str = "production",
    status: int = 0,
    route: str = "",
    instances: int = 1,
    users: int = 0,
    clients: int = 0,
    minutes: tuple[int, ...] = (0,),
) -> Cluster:
    signature = Signature("k", 1, "shop", kind, title, title, status=status, route=route)
    counts = tuple(Count(START + m * MINUTE, environment, "shop-00001-abc", times, times) for m in minutes)
    moments = tuple(Moment(START + n * MINUTE, f"i{n % instances}") for n in range(times))
    first, last = START + min(minutes) * MINUTE, START + max(minutes) * MINUTE
    total = times * len(minutes)
    return Cluster(
        7, "shop", kind, title, title, (signature,), total, total, first, last,
        counts, moments, users=users, clients=clients, level=level,
    )  # fmt: skip


def judged(
    one: Cluster,
    *,
    match: Match | None = None,
    incident: Incident | None = None,
    previous: Triage | None = None,
    policy: Policy | None = None,
    baseline: bool = False,
) -> Triage:
    return triage(one, match, incident, previous, policy or Policy(), NOW, baseline=baseline)


# ------------------------------------------------------------------------------------------------ severity


@pytest.mark.parametrize(
    ("one", "severity", "kind"),
    [
        (cluster(Kind.PLATFORM, "Container called exit(1)", times=5, instances=5), Severity.P0, Kind.PLATFORM),
        (cluster(Kind.PLATFORM, "Container called exit(1)"), Severity.P1, Kind.PLATFORM),
        (cluster(Kind.DEPLOYMENT, "Deployment failed: not ready"), Severity.P1, Kind.DEPLOYMENT),
        (cluster(Kind.EXCEPTION, "ValueError: no amount"), Severity.P1, Kind.EXCEPTION),
        (cluster(Kind.EXCEPTION, "Error: No module named x", times=9, instances=9), Severity.P0, Kind.EXCEPTION),
        (cluster(Kind.HTTP, "POST /api/orders → 500", status=500, times=4), Severity.P1, Kind.HTTP),
        (cluster(Kind.HTTP, "POST /api/orders → 500", status=500), Severity.P2, Kind.HTTP),
        (cluster(Kind.HTTP, "GET /api/orders → 404", status=404, times=40), Severity.P3, Kind.HTTP),
        (cluster(Kind.HTTP, "GET /favicon.ico → 404", status=404, route="/favicon.ico"), Severity.P4, Kind.EXPECTED),
        (cluster(Kind.SECURITY, "Probes", times=400), Severity.P3, Kind.SECURITY),
        (cluster(title="Seat map could not be drawn"), Severity.P2, Kind.APPLICATION),
        (cluster(title="Connection refused: tickets database"), Severity.P1, Kind.APPLICATION),
        (cluster(title="Token verification failed between services"), Severity.P1, Kind.APPLICATION),
        (cluster(title="Invalid token, caller refused"), Severity.P3, Kind.APPLICATION),
        (cluster(title="[printer] Job <id> FAILED: no such paper"), Severity.P2, Kind.APPLICATION),
        (cluster(title="[printer] Job <id> FAILED: no such paper", times=2), Severity.P1, Kind.APPLICATION),
        (cluster(title="Seats failed: 403 Forbidden"), Severity.P3, Kind.APPLICATION),
        (cluster(title="Seats failed at 10:00:00,403 in line 403 of seats.py:403"), Severity.P2, Kind.APPLICATION),
        (cluster(title="Reached the max retries per request"), Severity.P2, Kind.APPLICATION),
        (cluster(Kind.EXCEPTION, "Reached the max retries per request"), Severity.P1, Kind.EXCEPTION),
        (cluster(title="User does not have seats.maps.get permission"), Severity.P1, Kind.APPLICATION),
        (cluster(title="required key SEAT_MAP missing value", level=Level.WARNING), Severity.P2, Kind.APPLICATION),
        (cluster(title="Seat map: quota exceeded", level=Level.WARNING), Severity.P3, Kind.APPLICATION),
        (cluster(Kind.DEPLOYMENT, "Execution <id> has failed to complete"), Severity.P1, Kind.PLATFORM),
        (cluster(title="Mail was not sent, retry failed", level=Level.WARNING), Severity.P3, Kind.APPLICATION),
        (cluster(title="Mail is not configured", level=Level.WARNING), Severity.P4, Kind.CONFIGURATION),
        (cluster(title="DeprecationWarning: old call", level=Level.WARNING), Severity.P4, Kind.CONFIGURATION),
    ],
)  # fmt: skip
def test_nature(one: Cluster, severity: Severity, kind: Kind) -> None:
    """What a problem is by itself decides first; the level of a line alone does not."""
    found = judged(one)
    assert (found.severity, found.kind) == (severity, kind)


@pytest.mark.parametrize(
    ("title", "level", "severity"),
    [
        (
            "Upload failed: <num> Permission 'storage.objects.create' denied on resource 'labels'",
            Level.ERROR,
            Severity.P1,
        ),
        (
            "Upload failed: <num> Permission 'storage.objects.create' denied on resource 'labels'",
            Level.WARNING,
            Severity.P1,
        ),
        ("service:parcels was refused by stock: unknown key", Level.WARNING, Severity.P1),
        ("Prints come without pictures: no module named labels.pictures", Level.WARNING, Severity.P4),
        ("Prints failed: No module named labels", Level.ERROR, Severity.P1),
        ('error: syntax error at or near ")"', Level.ERROR, Severity.P1),
        ("User token is expired", Level.ERROR, Severity.P3),
        ("Signature verification failed: jwt expired", Level.ERROR, Severity.P3),
        (
            "ValidationError: the 'trust proxy' setting is false, ERR_ERL_UNEXPECTED_X_FORWARDED_FOR",
            Level.ERROR,
            Severity.P3,
        ),
        (
            'Traceback (most recent call last):\n  File "/usr/local/bin/run", line 8, in <module>\nSeatError: 401',
            Level.ERROR,
            Severity.P1,
        ),
        ("Unable to connect to the database. Retrying (<num>)", Level.ERROR, Severity.P2),
        ('relation "labels" does not exist, retrying', Level.ERROR, Severity.P1),
        ("http: panic serving <ip>: index out of range", Level.CRITICAL, Severity.P1),
        ("BadRequestError: request aborted", Level.ERROR, Severity.P3),
        ("giving up on batch, <num> seats dropped, <num> records lost", Level.ERROR, Severity.P1),
        ("malloc_consolidate(): unaligned chunk", Level.CRITICAL, Severity.P1),
        ("AxiosError: Request failed with status code 401", Level.ERROR, Severity.P2),
        ("JobCancellationException: Parent job is Cancelling", Level.ERROR, Severity.P4),
        ("OpenTelemetry trace export failed: connection refused", Level.ERROR, Severity.P4),
        ("Seat map not drawn: <num> RESOURCE_EXHAUSTED: Quota exceeded", Level.ERROR, Severity.P1),
        ("Seat map not drawn: quota exceeded, retry in <duration>", Level.ERROR, Severity.P2),
        ("timeout exceeded when trying to connect", Level.ERROR, Severity.P1),
        ("could not obtain a connection from the pool", Level.ERROR, Severity.P1),
        ("ActiveRecord::RecordNotFound in set_seat", Level.CRITICAL, Severity.P4),
        ("[HostAuthorization] Blocked hosts: <ip>", Level.ERROR, Severity.P4),
        ('open() "/srv/html/seats/*.json" failed (<num>: No such file or directory)', Level.ERROR, Severity.P3),
        ("The 'Via' header is set but currently being ignored", Level.ERROR, Severity.P4),
        ("Error reading seats: Validation failed", Level.ERROR, Severity.P3),
        ("PKIX path validation failed", Level.ERROR, Severity.P2),
        ("First printer failed, trying fallback", Level.WARNING, Severity.P3),
        ("seat map is ready", Level.ERROR, Severity.P4),
        ("seat map reports error code 0", Level.WARNING, Severity.P4),
        ("seat map reports error code 7", Level.WARNING, Severity.P3),
        ("server reached its limit of workers, consider raising it", Level.WARNING, Severity.P2),
        ("caller sends an admin key in the query string", Level.WARNING, Severity.P2),
        ('null value in column "size" violates not-null constraint', Level.ERROR, Severity.P2),
        ("after sending 'websocket.close' or response already completed", Level.ERROR, Severity.P4),
        ("/app/start.sh: line <num>: labels: command not found", Level.ERROR, Severity.P1),
        ("Exception encountered during context initialization", Level.WARNING, Severity.P1),
    ],
)
def test_whose_fault_it_is(title: str, level: Level, severity: Severity) -> None:
    """A refused account of the service's own, or what retrying does not cure, weighs more than a caller's mistake."""
    assert judged(cluster(title=title, level=level)).severity is severity


def test_what_a_library_asks_for_and_is_refused() -> None:
    """The type of an exception tells whose request it was, though its words do not."""
    one = cluster(Kind.EXCEPTION, "Forbidden in read_seats")
    asking = replace(one.signatures[0], exception="google.api_core.exceptions.Forbidden")
    assert judged(one).severity is Severity.P3
    assert judged(replace(one, signatures=(asking,))).severity is Severity.P2


def test_reasons_have_figures() -> None:
    """The reasons say what was seen, in figures."""
    found = judged(cluster(Kind.PLATFORM, "Container called exit(1)", times=5, instances=5))
    assert found.reasons[0] == "A crash loop: 5 instances failed one after the other"
    assert "Seen 5 times" in found.reasons[1]


@pytest.mark.parametrize(
    ("title", "severity"),
    [
        ("ActionController::ParameterMissing in show_label", Severity.P3),
        ("MethodArgumentTypeMismatchException: size", Severity.P3),
        ("SocketTimeoutException: Read timed out", Severity.P2),
        ("SocketTimeoutException: Read timed out, the database pool waits", Severity.P1),
        ("LabelGoneError: no label", Severity.P1),
    ],
)
def test_an_exception_that_a_framework_answers_is_the_callers(title: str, severity: Severity) -> None:
    assert judged(cluster(Kind.EXCEPTION, title)).severity is severity


def test_many_people() -> None:
    """Many users weigh more than one; a single one is named nowhere."""
    few, many = (
        cluster(title="Seat map could not be drawn", users=1),
        cluster(title="Seat map could not be drawn", users=40),
    )
    assert (judged(few).severity, judged(many).severity) == (Severity.P2, Severity.P1)
    assert "40 users are hit" in judged(many).reasons
    assert not any("user" in r for r in judged(few).reasons)


def test_many_people_who_probe() -> None:
    """However many probe, probes that are refused stay low."""
    assert judged(cluster(Kind.SECURITY, "Probes", clients=400)).severity is Severity.P3


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (cluster(title="ticket <num> was charged 2 times", level=Level.WARNING), Severity.P1),
        (cluster(title="second payout for seat <num> went through", level=Level.WARNING), Severity.P1),
        (cluster(title="payment confirmed but ticket was not stored", level=Level.WARNING), Severity.P1),
        (cluster(title="stock of seats fell to -3", level=Level.WARNING), Severity.P1),
        (cluster(title="mail not sent: insufficient_quota", level=Level.WARNING), Severity.P1),
        (cluster(title="curl -H 'Authorization: Bearer <token>'", level=Level.WARNING), Severity.P2),
        (cluster(title="circuit breaker opened for tickets", level=Level.WARNING), Severity.P2),
        (cluster(Kind.EXCEPTION, "ActiveRecord::Deadlocked in reserve"), Severity.P2),
        (cluster(Kind.EXCEPTION, "UniqueViolation: duplicate key value"), Severity.P2),
        (cluster(Kind.EXCEPTION, "ValueError: no amount", level=Level.WARNING), Severity.P2),
        (cluster(Kind.HTTP, "GET /api/report → 504", status=504, times=4), Severity.P2),
        (cluster(title="relay aborted: context canceled"), Severity.P4),
        (cluster(Kind.EXCEPTION, "StripeCardError: Your card was declined"), Severity.P4),
        (cluster(Kind.EXCEPTION, "ZodError: seat: Required", level=Level.WARNING), Severity.P4),
        (cluster(Kind.EXCEPTION, 'RoutingError: No route matches [GET] "<probe>"'), Severity.P4),
        (cluster(Kind.EXCEPTION, "IllegalArgumentException: Invalid character found in method name"), Severity.P4),
        (cluster(Kind.EXCEPTION, "ChunkLoadError: Loading chunk <num> failed"), Severity.P3),
    ],
)
def test_what_is_at_stake(one: Cluster, severity: Severity) -> None:
    """Money and promises weigh more than their level says; what only concerns its sender weighs less."""
    assert judged(one).severity is severity


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        (CriticalPath("buy a ticket", "40 % of revenue", services=("shop",)), True),
        (CriticalPath("buy a ticket", routes=("/api/orders*",)), True),
        (CriticalPath("buy a ticket", services=("mail",)), False),
        (CriticalPath("buy a ticket", routes=("/api/seats*",)), False),
    ],
)
def test_critical_path(path: CriticalPath, touched: bool) -> None:
    """A problem on a way that earns money is a step more urgent, and says so."""
    one = cluster(Kind.HTTP, "POST /api/orders → 500", status=500, route="/api/orders")
    found = judged(one, policy=Policy(critical_paths=(path,)))
    assert (found.severity is Severity.P1) is touched
    assert any("buy a ticket" in r for r in found.reasons) is touched


@pytest.mark.parametrize(
    ("one", "environment", "severity"),
    [
        (cluster(Kind.EXCEPTION, "ValueError: no amount", environment="development"), "development", Severity.P2),
        (cluster(Kind.EXCEPTION, "ValueError: no amount", environment="staging"), "staging", Severity.P1),
        (cluster(title="Seat map could not be drawn", environment="staging"), "staging", Severity.P3),
        (cluster(Kind.PLATFORM, "Container called exit(1)", environment="test"), "test", Severity.P1),
        (cluster(title="Seat map could not be drawn", environment="production"), "production", Severity.P2),
    ],
)
def test_environment(one: Cluster, environment: str, severity: Severity) -> None:
    """What is only seen before production weighs less, but not what keeps a service from starting."""
    assert judged(one).severity is severity


def test_a_service_that_does_not_start_in_staging_wakes_nobody() -> None:
    """Even as a crash loop it is urgent, and not P0, as long as production does not see it."""
    one = cluster(Kind.PLATFORM, "Container called exit(1)", times=6, instances=6, environment="staging")
    assert judged(one).severity is Severity.P1
    assert judged(one).reasons[-1] == "Only in staging"
    assert judged(replace(one, counts=(replace(one.counts[0], environment="production"),))).severity is Severity.P0


@pytest.mark.parametrize(
    ("environment", "read", "severity"),
    [
        ("staging", {"staging"}, Severity.P2),
        ("staging", {"staging", "test", ""}, Severity.P3),
        ("staging", {"staging", "production"}, Severity.P3),
        ("development", {"development"}, Severity.P3),
    ],
)
def test_where_nothing_later_is_read_staging_counts(environment: str, read: set[str], severity: Severity) -> None:
    """A team whose users are on staging, or who shows us nothing else, is told of it in full; what is of no named
    environment may be production."""
    one = cluster(title="Seat map could not be drawn", environment=environment)
    assert triage(one, None, None, None, Policy(), NOW, baseline=False, read=read).severity is severity


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Multiple cart instances for user <id>", Severity.P2),
        ("two wallet records for the same customer", Severity.P2),
        ("response of another user was served", Severity.P2),
        ("tenant isolation was violated", Severity.P2),
        ("multiple retries for user agent", Severity.P4),
        ("two open sessions for the same customer", Severity.P4),
        ("duplicate key for cache entry", Severity.P4),
    ],
)
def test_what_may_mix_up_users_is_no_mere_warning(text: str, severity: Severity) -> None:
    """Whatever level it has; with many users it is P1."""
    one = replace(cluster(title=text), level=Level.WARNING)
    assert judged(one).severity is severity
    many = replace(one, users=12)
    assert judged(many).severity is (Severity.P1 if severity is Severity.P2 else judged(many).severity)


def test_what_raises_is_said_first() -> None:
    """Of the reasons, those that made it urgent come before what it is by itself."""
    one = cluster(title="Seat map could not be drawn")
    found = judged(one, incident=Incident(1, 7, (7, 8, 9), START, NOW, ""))
    assert found.reasons[0] == "The root of an incident with 2 symptoms"


def test_why_it_is_urgent_names_nothing_that_lowers_it() -> None:
    """What it is and each step up; neither figures, nor what part it plays, nor where it is not seen."""
    one = cluster(title="Seat map could not be drawn", users=40, environment="staging")
    found = judged(one, incident=Incident(1, 7, (7, 8), START, NOW, ""))
    assert found.urgent_because == ("40 users are hit", "The code reports an error")
    assert set(found.urgent_because) < set(found.reasons)
    assert "The root of an incident with 1 symptom" in found.reasons
    kept = judged(one, previous=Triage(Severity.P0, "new", Kind.APPLICATION, Trend.NEW, (), by="U017"))
    assert kept.urgent_because == (f"Set to P0 by U017; the evidence alone says {found.severity}",)


def test_environment_with_production() -> None:
    """Seen in production too, nothing is lowered."""
    one = cluster(title="Seat map could not be drawn", environment="staging")
    both = replace(one, counts=(*one.counts, replace(one.counts[0], environment="production")))
    assert judged(both).severity is Severity.P2


def test_critical_path_broken() -> None:
    """It is broken where many are hit."""
    path = CriticalPath("buy a ticket", services=("shop",))
    one, many = (
        cluster(Kind.EXCEPTION, "ValueError: no amount"),
        cluster(Kind.EXCEPTION, "ValueError: no amount", users=40),
    )
    policy = Policy(critical_paths=(path,))
    assert [judged(c, policy=policy).severity for c in (one, many)] == [Severity.P1, Severity.P0]


def test_slow() -> None:
    """What is slow is a smell, however often."""
    assert judged(cluster(title="slow query (3 s)", level=Level.WARNING, times=90)).severity is Severity.P3


def test_incident() -> None:
    """The root of an incident is a step more urgent; a symptom says whose it is."""
    one = cluster(title="Seat map could not be drawn")
    root = judged(one, incident=Incident(1, 7, (7, 8, 9), START, NOW, ""))
    symptom = judged(one, incident=Incident(1, 8, (8, 7), START, NOW, ""))
    assert (root.severity, symptom.severity) == (Severity.P1, Severity.P2)
    assert "The root of an incident with 2 symptoms" in root.reasons
    assert "A symptom of cluster 8" in symptom.reasons


def test_expected() -> None:
    """What the team called expected is expected."""
    found = judged(cluster(title="Nightly import failed"), policy=Policy(expected=("nightly import",)))
    assert (found.severity, found.kind) == (Severity.P4, Kind.EXPECTED)


def test_person() -> None:
    """A person's severity stays, and what the evidence says is told beside it."""
    kept = judged(cluster(), previous=Triage(Severity.P5, "new", Kind.APPLICATION, Trend.NEW, (), by="U017"))
    assert (kept.severity, kept.by) == (Severity.P5, "U017")
    assert kept.reasons[0] == "Set to P5 by U017; the evidence alone says P2"


# ------------------------------------------------------------------------------------------------ category, trend

ISSUE = Issue("acme/shop", 521, "Orders fail", state="closed", reason="completed")
BACK = Match(Outcome.REGRESSION, "closed as completed", ISSUE)
OPEN = Match(Outcome.KNOWN, "the marker", replace(ISSUE, state="open"))


def before(category: str) -> Triage:
    return Triage(Severity.P2, category, Kind.APPLICATION, Trend.NEW, ())


@pytest.mark.parametrize(
    ("match", "previous", "baseline", "category"),
    [
        (None, None, False, "new"),
        (None, None, True, "active-dev"),
        (None, before("new"), False, "new"),
        (None, before("active-dev"), False, "active-dev"),
        (OPEN, before("new"), False, "active-dev"),
        (BACK, before("active-dev"), False, "regression"),
        (BACK, None, True, "regression"),
        (None, before("billing"), False, "billing"),
    ],
)
def test_category(match: Match | None, previous: Triage | None, baseline: bool, category: str) -> None:
    """New if never seen, active-dev if known, regression if its issue was done; a team's own word stays."""
    assert judged(cluster(), match=match, previous=previous, baseline=baseline).category == category


def test_no_longer_new() -> None:
    """After a day nothing is new any more."""
    old = cluster(minutes=(-2_000, 0))
    assert judged(old, previous=before("new")).category == "active-dev"


def test_regression_weighs_more() -> None:
    """A problem that is back is a step more urgent."""
    found = judged(cluster(), match=BACK)
    assert found.severity is Severity.P1
    assert "It is back: acme/shop#521 was closed as completed" in found.reasons


@pytest.mark.parametrize(
    ("minutes", "trend"),
    [
        ((0, 5), Trend.NEW),
        ((-300, -290), Trend.QUIET),
        ((-300, -45, 0, 5), Trend.RISING),
        ((-300, -45, -40, 5), Trend.FALLING),
        ((-300, -45, -40, 0, 5), Trend.STEADY),
    ],
)
def test_trend(minutes: tuple[int, ...], trend: Trend) -> None:
    """The newest half hour beside the one before."""
    assert judged(cluster(times=5, minutes=minutes)).trend is trend


def test_trend_needs_enough() -> None:
    """Two beside one is no rise."""
    assert judged(cluster(minutes=(-300, -45, 0, 5))).trend is Trend.STEADY
