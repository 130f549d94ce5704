"""What goes wrong in the demo's week, and what should come of it: the outcome that tests hold the product to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Trouble:
    """One problem. `severity` is the range that a person would accept; `kind` is informative only."""

    name: str
    service: str
    kind: str
    severity: str
    incident: str = ""
    category: str = ""
    """`regression`, or empty: new or known, as the first round meets it."""
    proposed: str = "nothing"
    """`create`, `comment`, `escalate`, `reopen` or `nothing`, with the default policy; `either` of create and nothing
    where the range of severity reaches across the line below which nothing is proposed, or it is over by itself."""
    issue: int = 0
    root: bool = False
    """Whether it is the cause of its incident; the others there are symptoms."""


BAD_DEPLOY = "checkout-cannot-start"
AUTH_BREAK = "service-token-refused"
SLOW_DATABASE = "orders-database-slow"
REDIS_GONE = "seat-cache-gone"
PANIC = "mailer-panics"
QUOTES = "quotes-fail"
QUOTES_STAGING = "quotes-fail-staging"

# A deployment without a module, and all that follows from it.
MISSING_MODULE = Trouble(
    "checkout-missing-module", "checkout-api", "exception", "P0-P1", BAD_DEPLOY, proposed="create", root=True
)
EXITED = Trouble("checkout-container-exit", "checkout-api", "platform", "P0-P2", BAD_DEPLOY)
PROBE_FAILED = Trouble("checkout-startup-probe", "checkout-api", "platform", "P0-P2", BAD_DEPLOY)
NOT_READY = Trouble("checkout-not-ready", "checkout-api", "deploy", "P0-P2", BAD_DEPLOY)
ORDERS_503 = Trouble("checkout-503-orders", "checkout-api", "http-5xx", "P0-P2", BAD_DEPLOY)
EVENTS_503 = Trouble("checkout-503-events", "checkout-api", "http-5xx", "P0-P2", BAD_DEPLOY)

# One service refuses another after a secret was rotated. Still going on.
TOKEN_REFUSED = Trouble(
    "identity-service-token-refused", "identity", "app-error", "P0-P1", AUTH_BREAK, proposed="create", root=True
)
VERIFY_403 = Trouble("identity-403-verify", "identity", "http-4xx", "P0-P2", AUTH_BREAK)
IDENTITY_REFUSED = Trouble("checkout-identity-refused", "checkout-api", "exception", "P0-P1", AUTH_BREAK)
ORDERS_502 = Trouble("checkout-502-orders", "checkout-api", "http-5xx", "P0-P1", AUTH_BREAK)

# A slow database: queries, then the pool, then timeouts. An open issue knows of the pool.
SLOW_QUERY = Trouble("checkout-slow-query", "checkout-api", "app-error", "P1-P3", SLOW_DATABASE, root=True)
POOL = Trouble(
    "checkout-pool-exhausted", "checkout-api", "exception", "P1-P2", SLOW_DATABASE, proposed="escalate", issue=231
)
ORDER_504 = Trouble("checkout-504-order", "checkout-api", "http-5xx", "P1-P2", SLOW_DATABASE)

# A cache that restarted; nobody had to do anything.
CACHE_REFUSED = Trouble(
    "seat-map-cache-refused", "seat-map", "exception", "P1-P3", REDIS_GONE, proposed="either", root=True
)
SEATS_500 = Trouble("seat-map-500-availability", "seat-map", "http-5xx", "P1-P3", REDIS_GONE)

# A panic whose issue was closed as completed, back in a newer revision.
RENDER_PANIC = Trouble(
    *("mailer-render-panic", "mailer", "exception", "P1-P2", PANIC, "regression", "reopen", 214), root=True
)
MAILER_EXITED = Trouble("mailer-container-exit", "mailer", "platform", "P1-P3", PANIC)

# A bug in two environments, its tracebacks split over entries and interleaved.
QUOTE_KEY = Trouble(
    "checkout-quote-keyerror", "checkout-api", "exception", "P1-P2", QUOTES, proposed="create", root=True
)
QUOTE_500 = Trouble("checkout-500-quotes", "checkout-api", "http-5xx", "P1-P3", QUOTES)

# Problems of their own.
DIRECTORY = Trouble("identity-directory-sync", "identity", "app-error", "P2-P3", proposed="either")
SMTP = Trouble("mailer-smtp-login", "mailer", "app-error", "P1-P2", proposed="create")
STAGING_BUG = Trouble("seat-map-staging-typeerror", "seat-map", "exception", "P2-P4", proposed="either")
SEARCH = Trouble("seat-map-search-refused", "seat-map", "app-error", "P3-P4")
SEARCH_400 = Trouble("seat-map-400-search", "seat-map", "http-4xx", "P3-P4")
SEATS_PROBED = Trouble("seat-map-probes", "seat-map", "http-4xx", "P2-P3", proposed="either")
IDENTITY_PROBED = Trouble("identity-probes", "identity", "http-4xx", "P2-P3", proposed="either")
ORDERS_422 = Trouble("checkout-422-orders", "checkout-api", "http-4xx", "P3-P4")
ORDERS_400 = Trouble("checkout-400-orders", "checkout-api", "http-4xx", "P3-P4")
MAP_404 = Trouble("seat-map-404-map", "seat-map", "http-4xx", "P3-P4")
LOGIN_401 = Trouble("identity-401-login", "identity", "http-4xx", "P3-P4")
EXPIRED = Trouble("identity-token-expired", "identity", "app-error", "P3-P4")
DECLINED = Trouble("checkout-card-declined", "checkout-api", "app-error", "P3-P4")
FAVICON = Trouble("seat-map-favicon", "seat-map", "expected-noise", "P4-P5", issue=187)
DEPRECATED = Trouble("checkout-deprecation", "checkout-api", "config-warning", "P4-P5")
RETRIED = Trouble("mailer-retried", "mailer", "expected-noise", "P3-P5")

TROUBLES = tuple(
    chain(
        (MISSING_MODULE, EXITED, PROBE_FAILED, NOT_READY, ORDERS_503, EVENTS_503),
        (TOKEN_REFUSED, VERIFY_403, IDENTITY_REFUSED, ORDERS_502),
        (SLOW_QUERY, POOL, ORDER_504),
        (CACHE_REFUSED, SEATS_500),
        (RENDER_PANIC, MAILER_EXITED),
        (QUOTE_KEY, QUOTE_500),
        (DIRECTORY, SMTP, STAGING_BUG, SEARCH, SEARCH_400, SEATS_PROBED, IDENTITY_PROBED),
        (ORDERS_422, ORDERS_400, MAP_404, LOGIN_401, EXPIRED, DECLINED, FAVICON, DEPRECATED, RETRIED),
    )
)
