"""What sort of failure a cluster is, how bad that is by itself, and a sentence that says so.

The first rule that fits decides. Rules look at structure (platform, deployment, request, exception) and at the
general vocabulary of failures, never at the words of one product.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.masks import curious
from bot.models import Cluster, Kind, Level, Policy, Severity


@dataclass(frozen=True, slots=True)
class Nature:
    severity: Severity
    kind: Kind
    reason: str
    mild: bool = False
    """Nothing raises it: expected, configuration, refused probes."""
    startup: bool = False
    """It keeps a service from starting: as bad before production as in it."""


MANY = 10
"""So many refused calls are no slip of the hand."""
_WRITES = frozenset({"POST", "PUT", "PATCH"})
_TOOLS = re.compile(
    r"(?i)\b(?:curl|wget|httpx|python-requests|aiohttp|go-http-client|okhttp|postman|insomnia|httpie|zgrab|masscan|nmap"
    r"|nuclei|sqlmap|nikto|headless|bot|crawler|spider|scan\w*)\b"
)
LOOP = 3
"""From so many stopped instances on, a container does not merely stop, it does so again and again."""
_LOOP_GAP = timedelta(minutes=30)

_NOT_STARTED = re.compile(
    r"(?i)\b(?:start-?up|boot(?:strap(?:ping)?)?|initiali[sz](?:ation|e|ing)|entry ?point)\b.{0,60}\b(?:fail"
    r"|error|timed? ?out|abort|exit)"
    r"|\b(?:fail(?:ed|ure)?|error|unable|cannot|could not)\b.{0,40}\b(?:to (?:start|boot|load|initiali[sz]e)"
    r"|start-?up|boot|starting(?! (?:at|from|with)\b))\b"
    r"|\b(?:system|process|server|application|service|worker|master)\b.{0,20}\b(?:halted|exiting|shutting down"
    r"|terminated|did not start|failed to (?:start|boot))"
    r"|\b(?:exception|error)\b.{0,40}\bduring\b.{0,30}\b(?:start-?up|boot\w*|initiali[sz]ation)\b"
    r"|\bdid not start\b|\bshutting down\b|\bcan(?:no|')t resolve dependenc|\bexited with code [1-9]"
    r"|\bcould not import module\b|\berror loading (?:asgi|wsgi) app\b|\bcommand not found\b|\bexec format error\b"
    r"|\bexecutable file not found\b|\bapplication failed to start\b"
    r"|\berror: (?:unrecognized arguments|the following arguments are required|no such option)"
)
_MISSING_PART = re.compile(r"(?i)\bno module named\b|\bcannot find module\b|\bimporterror\b|\bmodulenotfounderror\b")
"""A part of the program; where it is only warned of, the program does without."""
_AT_THE_TOP = re.compile(
    r'Traceback \(most recent call last\):?\s+File "[^"\n]{1,300}", line \d+, in <module>'
    r"|\bin (?:import_module|import_app)\b"
)
"""A Python program ends with what nobody caught at its top, or while its parts were loaded."""
_POLICY = re.compile(r"\b[sS]etIamPolicy\b.{0,20}\bdenied\b")
_REQUIRED = re.compile(
    r"(?i)\brequired (?:key|env\w*(?: variable)?|variable|setting|option|config\w*)\b"
    r".{0,80}\b(?:missing|not set|unset|empty)\b"
)
_DATA = re.compile(
    r"(?i)\bdata ?(?:loss|corruption)\b|\bcorrupt(?:ed|ion)?\b|\bdisk full\b|\bno space left\b|\bout of memory\b"
    r"|\boomkilled\b|\bmemory limit\b"
)
_GONE = re.compile(
    r"(?i)\bdata ?(?:loss|corruption)\b|\bdisk full\b|\bno space left\b|\bout of memory\b|\boomkilled\b"
    r"|\bmemory limit of .{1,40} exceeded\b"
)
"""What is so bad that it is so as a warning, too."""
_CRASHED = re.compile(
    r"(?i)\bsegmentation fault\b|\bcore dumped\b|\bbus error\b|\bkilled process\b|(?m:^killed\W{0,3}$)"
    r"|\b(?:terminated|killed) (?:on|by) signal (?:6|7|9|11)\b"
    r"|\b(?:free|realloc|munmap_chunk|malloc(?:_consolidate)?)\(\): |\bdouble free or corruption\b"
    r"|\bstack smashing detected\b"
)
_LOST = re.compile(
    r"(?i)\b(?:records?|rows?|events?|messages?|orders?|payments?|items?|entries|jobs?|readings?|batch(?:es)?|documents?|e?mails?)"
    r" (?:(?:was|were|are|is|permanently|silently|been) ){0,2}(?:dropped|lost|discarded)\b"
)
_OPEN = re.compile(
    r"(?i)\b(?:api|admin|secret|private|access|signing)[ _-]?(?:keys?|tokens?|credentials?)\b.{0,40}"
    r"\bin (?:the )?(?:query|url|plain)"
    r"|\b(?:secrets?|keys?|tokens?|passwords?|credentials?|traces?|personal data)\b.{0,20}"
    r"\b(?:leaked|exposed|(?:shown|visible) to)\b"
)
_LIMIT = re.compile(
    r"(?i)\breached\b.{0,40}\b(?:max\w*|limit)|\b(?:limit|maximum|quota) (?:was |has been )?reached\b|\bat capacity\b"
)
_TELEMETRY = re.compile(r"(?i)\b(?:opentelemetry|otlp|telemetry|(?:span|trace|metric)s? export(?:er)?)\b")
_LEFT = re.compile(
    r"\b(?:(?:Job)?Cancell?ation(?:Exception|Error)|CancelledError|ClientAbortException|Closed(?:Write)?ChannelException"
    r"|BrokenPipeError|WebSocketDisconnect|ConnectionClosed(?:OK|Error)?)\b|\bafter sending 'websocket\.close'"
    r"|\bonce a close message has been sent\b|(?i:\bbroken pipe\b|\bEPIPE\b)"
)
_ASKING = re.compile(
    r"\b(?:AxiosError|FetchError|HTTPStatusError|HttpClientErrorException|requests\.exceptions\.HTTPError"
    r"|google\.api_core\.exceptions\.\w+|googleapiclient\.errors\.\w+|botocore\.exceptions\.\w+|azure\.core\.exceptions\.\w+)\b"
)
"""What libraries raise for requests that the service itself makes."""
_WORK = re.compile(
    r"(?i)\b(?:job|task|workflow|pipeline|execution|batch|import|export|backup)(?: \S{1,80})? (?:has |was )?failed\b"
)
"""A piece of work that was begun and is not done."""
_NONE = re.compile(
    r"(?i)\b(?:error|exit|return|status) ?code[: =]{0,2}0\b|\b(?:0|no|zero) (?:errors?|failures?)\b|\berrors?[=:] ?0\b"
)
_WAITED = re.compile(
    r"\b(?:SocketTimeout|ReadTimeout|ConnectTimeout|HttpTimeout|RequestTimeout)(?:Exception|Error)?\b"
    r"|\bread timed out\b",
    re.I,
)
_SHARED = re.compile(r"(?i)\b(?:database|db|sql\w*|redis|mongo\w*|pool|jdbc|broker)\b")
_DONE = re.compile(
    r"(?i)\b(?:completed?|started|ready|listening|succeeded|success(?:ful(?:ly)?)?|connected|healthy|recovered)\b"
)
_BACKING = re.compile(
    r"(?i)\b(?:database|relation|table|column|schema|role) \S{1,80} does not exist\b"
    r"|\bpassword authentication failed\b"
    r"|\btoo many (?:connections|clients)\b|\b(?:database|db|redis|postgres\w*|mysql|mongo\w*|broker"
    r"|cluster)\b.{0,80}"
    r"\b(?:refused|unreachable|unavailable|connection is bad|timed? ?out|timeout|failed|lost)"
    r"|\b(?:timeout|timed out)\b.{0,30}\btrying to connect\b"
    r"|\bcould not (?:obtain|get|open) (?:an? )?(?:\w+ )?connection\b"
    r"|\b(?:econnrefused|connection refused|no route to host)\b|\bOperationalError\b"
    r"|\bsecret\b.{0,80}\b(?:not found|missing|denied)"
    r"|\bpermission\b.{0,80}\bdenied\b|\b(?:api|service) (?:is|has been)? ?(?:disabled|not enabled)"
    r"|\bmigrations? .{0,80}\bfailed\b"
    r"|\bfailed to run migrations\b|\bcircuit(?:[ -]breaker)? (?:is )?(?:now )?open(?:ed)?\b|\bBrokenCircuit\w*"
)
_STATUS = r"(?<!\d[,.:/-])(?<!line )(?<!\.[a-z][a-z]:)(?<!\.java:)\b"
"""Before a number that is a status, and neither a fraction of a second nor a line of code."""
_REFUSED = re.compile(
    r"(?i)\bnot authenticated\b|\bunauthenticated\b|\bunauthori[sz]ed\b|" + _STATUS + r"40[013]\b|\bforbidden\b|\b(?:no"
    r"|missing|malformed|expired|invalid"
    r"|invalid or expired) (?:\w+ )?(?:token|jwt|session|credential|cookie|signature|csrf|api[ _-]?key)\w*\b"
    r"|\b(?:token|jwt|session|signature|credentials?|api[ _-]?key)s? (?:(?:is|has|was|are|have) )?(?:been )?(?:expired"
    r"|invalid|malformed|missing|revoked|not valid)\b|\bvalidation error\b|(?<!path )\bvalidation failed\b"
    r"|\bbad request\b|\bnot enough segments\b|\bcsrf\b|\bnot found in the key ring\b"
)
_BETWEEN = re.compile(
    r"(?i)\bsignature (?:verification|mismatch)|\bverification failed\b|\bsecret mismatch\b"
    r"|\bbetween services\b|\bservice account\b|\bservice-to-service\b"
    r"|\bservice[ _-]?(?:token|identity|credentials?)\b|\bto service:\w|\bunknown (?:signing )?key\b"
)
_IDENTITY = re.compile(
    r"(?i)\bpermission\W{1,3}[\w.]{3,80}\W{1,3}denied on\b|\bdenied on resource\b"
    r"|\bthe caller does not have permission\b|\bdoes not have \w+(?:\.\w+)+ (?:permission|access)\b"
    r"|\bPERMISSION_DENIED\b|\buser not authorized to perform this action\b"
    r"|\bservice[ _-]?account\b.{0,80}\b(?:denied|forbidden|refused|rejected|lacks|does not have|missing)"
    r"|\b(?:denied|forbidden|refused|rejected)\b.{0,80}\bservice(?:[ _-]account\b|:\w)|\bservice:[\w.-]+\b.{0,80}"
    r"\b(?:denied|forbidden|refused|rejected)|\bis not authorized to perform\b|\bAccessDeniedException\b"
)
"""The service's own account is refused by something that it needs: each of its requests needs that account, where a
user's token that is refused concerns that user."""
_EXPIRED = re.compile(
    r"(?i)\b(?:jwt|token|session|cookie|link|signature)s? (?:(?:is|was|has|have|had) )?(?:been )?expired\b"
    r"|\bexpired (?:jwt|token|session|cookie|link|signature)s?\b|\bTokenExpired\w*|\bExpiredSignature\w*"
)
"""A caller's, which ends in time as it is meant to."""
_MALFORMED = re.compile(
    r"(?i)\bbody-?parser\b|\braw-body\b|\bRequestValidationError\b|\bBadRequest(?:KeyError|Exception|Error)?\b"
    r"|\bHttpMessageNotReadable\w*|\bBadHttpRequestException\b|\bMultipart\w{0,10}Error\b|\bJSON::ParserError\b.{0,200}"
    r"\brequest\b|\bDisallowedHost\b|\bActionDispatch::Http::Parameters::ParseError\b"
)
"""What web frameworks raise when what a caller sent cannot be read."""
_ANSWERED = re.compile(
    r"\b(?:ActionController::(?:InvalidAuthenticityToken|InvalidCrossOriginRequest|ParameterMissing|BadRequest|UnknownFormat"
    r"|UnknownHttpMethod|MethodNotAllowed|NotImplemented)|AbstractController::ActionNotFound"
    r"|Rack::QueryParser::\w+|Mime::Type::InvalidMimeType|SuspiciousOperation|SuspiciousFileOperation|TooManyFieldsSent"
    r"|NoHandlerFoundException|NoResourceFoundException|HttpRequestMethodNotSupportedException|HttpMediaType\w+Exception"
    r"|MissingServletRequest\w+Exception|MissingRequest\w+Exception|MethodArgument\w+Exception|HandlerMethodValidationException"
    r"|MethodNotAllowedHttpException|TokenMismatchException|AuthenticationException"
    r"|AuthorizationException|AntiforgeryValidationException|NotFoundException|BadRequestException|UnauthorizedException"
    r"|ForbiddenException|ConflictException|UnprocessableEntityException|HttpNotFoundException"
    r"|werkzeug\.exceptions\.(?:NotFound|MethodNotAllowed|BadRequest|Forbidden|Unauthorized))\b"
)
"""Exceptions that web frameworks raise for what a caller asks in vain, and answer with a status of 4xx."""
_SETTING = re.compile(
    r"(?i)\b(?:not configured|not set|unset|placeholder|deprecat\w*|not available|not installed"
    r"|missing (?:optional|config\w*|env\w*|setting\w*)"
    r"|fall(?:ing)? ?back|fallback|using default|skipping|non-critical|unused|duplicate\w*|mismatch"
    r"|recommended|consider"
    r"|will be (?:removed|ignored)|prefer using|unsupported version|not verified|insecure|experimental)\b"
    r"|\w*Warning: "
)
_SET_WRONG = re.compile(r"(?i)\bcould indicate a misconfiguration\b|\bis set but (?:currently )?(?:being )?ignored\b")
_INSTEAD = re.compile(
    r"(?i)\bfail(?:ed|ure|s)?\b.{0,40}\b(?:try(?:ing)?|us(?:e|ing)|fall(?:ing)? back|switching)\b.{0,20}"
    r"\b(?:fallback|to|backup|secondary)\b"
)
"""What does the work now, because what should has failed."""
_MIXED = re.compile(
    r"(?i)\b(?:multiple|duplicated?|several|more than one|two) (?:[\w-]{1,40} ){0,2}(?:instance|manager|context|record"
    r"|account|profile|wallet|cart|balance|cop(?:y|ie))s? for (?:the same |one |a )?(?:user|customer|account|tenant"
    r"|session|member|patient)\b"
    r"|\b(?:user|session|tenant|customer|account|data)[ -]isolation (?:\w{1,10} ){0,2}(?:violat\w+|breach\w*|broken"
    r"|compromised|lost)\b"
    r"|\b(?:session|data|response|cache)\w* (?:of|from|belong\w* to) (?:another|a different|the wrong|some other)"
    r" (?:user|customer|account|tenant|member|patient)\b"
)
"""What should be one person's alone is there twice, or is another's."""
_INTEGRITY = re.compile(
    r"(?i)\b(?:charged|captured|billed|paid|refunded|booked|mailed|sent|shipped)\b.{0,60}\b(?:twice|[2-9] times"
    r"|more than once)\b|\b(?:second|double|duplicate) (?:capture|charge|payment|refund|booking|payout)s?\b"
    r"|\b(?:captured|charged|paid|accepted|acknowledged|ack(?:ed)?|confirmed)\b.{0,60}\bbut\b.{0,60}\b(?:not|never)\b.{0,12}"
    r"\b(?:saved|stored|written|recorded|persisted|created)\b|\bbalance off by\b|\bdoes not (?:balance|add up)\b"
    r"|\b(?:stock|inventory|balance|quantity)\b.{0,40}\b(?:went|fell|dropped) (?:to -\d|below zero|negative)"
)
"""What was paid for, promised or counted is not what is kept."""
_USED_UP = re.compile(
    r"(?i)\binsufficient[_ ]quota\b|\bexceeded your (?:current )?quota\b|\bbilling (?:hard )?limit\b"
    r"|\bcredit balance is too low\b|\baccount (?:is |has been )?(?:suspended|deactivated)\b"
)
_QUOTA = re.compile(
    r"(?i)\bexceed(?:ed|s)(?: \w{1,12}){1,4} quota\b|\bquota[ _](?:has been |was )?(?:exceeded|exhausted)\b"
)
_SOON = re.compile(
    r"(?i)\bper (?:second|minute|min|hour|100 seconds)\b|\b(?:retry(?:ing)?|again) (?:in|after)\b|/(?:s|min)\b"
)
"""What is used up for a moment only."""
_EXPOSED = re.compile(
    r"(?i)\b(?:authorization|password|secret|bearer|api[_ -]?key)\W{0,4}(?:bearer )?<(?:token|key|jwt|secret)>"
)
_COLLISION = re.compile(
    r"(?i)\bdeadlock(?:ed)?\b|Deadlocked\b|\bcould not serialize\b|optimistic ?lock|UpdateConcurrency|StaleObject"
    r"|\bupdated or deleted by another transaction\b"
)
_RULE = re.compile(
    r"(?i)\bduplicate key\b|UniqueViolation|\bE11000\b|RecordNotUnique|\bviolates (?:[\w-]+ )?constraint\b"
    r"|\bconstraint (?:failed|violation)\b|ConstraintViolation|IntegrityError|DataIntegrity"
    r"|NotNullViolation|ForeignKeyViolation|CheckViolation|InvalidForeignKey|\bSQLSTATE[\[( :=]{1,2}23\d{3}\b"
    r"|\bDuplicate entry\b"
)
_GONE_CLIENT = re.compile(
    r"(?i)ClientDisconnect|\bclient (?:has )?(?:disconnected|closed|aborted|went away|gone)\b|\bcontext cancell?ed\b"
    r"|\brequest aborted by the (?:client|user)\b"
)
_NO_HTTP = re.compile(
    r"(?i)\binvalid character found in (?:method name|the request target)|\bbad request (?:version|syntax|type)\b"
    r"|\bblocked hosts?: |\berror parsing http request header\b|\binvalid http request received\b|\bdisallowedhost\b"
)
_NO_ROUTE = re.compile(
    r"(?i)\bno route matches\b|\bno handler found for\b|\bno static resource\b|RoutingError\b"
    r"|(?-i:\bActiveRecord::RecordNotFound\b|\bModelNotFoundException\b|\bNotFoundHttpException\b|\bHttp404\b)"
)
_NO_FILE = re.compile(r"\bopen\(\) \"[^\"\n]{1,500}\" failed \((?:2|<num>): No such file")
_DECLINED = re.compile(
    r"(?i)\bcard (?:was|has been|<card>) declined\b|\bcard has insufficient funds\b|CardError\b|\bcard_declined\b"
)
_INVALID = re.compile(r"ZodError|ValidationError|ValidationException")
_BEHIND = re.compile(r"\bERR_ERL_\w+|'trust proxy' setting")
"""What Express's limiter of requests says once where nobody told it of the platform's proxy."""
_OTHER_VERSION = re.compile(
    r"(?i)\bfrom an older or newer deployment\b|ChunkLoadError|\bloading chunk \S+ failed\b|\bmissing_message\b"
    r"|\b(?:translation missing|missing translation)\b"
)
_MISTAKE = re.compile(
    r"(?i)\bhas no attribute\b|\bis not defined\b|\bis not a function\b|\bNoneType\b|\bof (?:undefined|null)\b"
    r"|\bunexpected keyword argument\b|\bpositional arguments?\b|\bnull ?pointer\b|\b(?:index"
    r"|slice) out of (?:range|bounds)\b"
    r"|\bnil (?:pointer|map)\b|\bdivision by zero\b|\bnot (?:iterable|subscriptable|callable)\b|\bundefined method\b"
    r"|\bsyntax error at or near\b|\berror in your SQL syntax\b|\bbind message supplies\b"
    r"|\bSQLSTATE\W{0,2}42[0-9A-Z]{3}\b"
)
_SLOW = re.compile(
    r"(?i)\bslow (?:query|queries|request|response|call|sql)\b|\btook (?:too long|longer)\b|\b(?:high|long) latency\b"
    r"|\b(?:time|duration|latency) threshold\b|\bevent loop (?:is )?block|\blong[- ]running\b"
)
_TRANSIENT = re.compile(
    r"(?i)\b(?:retry(?:ing)?|retries|will try again|attempt \S+ of|reconnect\w*|backing off|rate limit\w*"
    r"|too many requests)\b|" + _STATUS + r"429\b"
)
_GIVEN_UP = re.compile(
    r"(?i)\bmax(?:imum)?(?: number of)? ?retries|\bretr(?:y|ies)(?: limit| count)? (?:exceeded|exhausted|reached)\b"
    r"|\b(?:giving|gave) up\b|\bout of retries\b|\bafter \d+ (?:retries|attempts|tries)\b"
)
_LASTING = re.compile(
    r"(?i)\b(?:relation|table|column|schema|database|role|secret|bucket|topic|queue) \S{1,80} does not exist\b"
    r"|\bauthentication failed\b|\bno such (?:table|column|database|host)\b|\bunknown (?:database|column|host)\b"
    r"|\b(?:permission|access) denied\b"
)
"""What trying again does not cure."""
_TROUBLE = re.compile(
    r"(?i)\b(?:error|exception|fail(?:ed|ure|ing|s)?|fatal|refused|denied|rejected|aborted|halted|timed[ -]out"
    r"|rate[ -]limited|throttled|exhausted|exceeded|conflict|timeout|unable|could not|cannot)\b|" + _STATUS + r"429\b"
    r"|_(?:failed|error|timeout)(?:\b|_)|(?:Error|Exception)\b"
)


def nature(cluster: Cluster, policy: Policy) -> Nature:
    """What the cluster is by itself: no history, no incident, no environment."""
    text = _text(cluster)
    lowered = text.lower()
    for words in policy.expected:
        if words and words.lower() in lowered:
            return Nature(Severity.P4, Kind.EXPECTED, f"The team expects it: “{words[:60]}”", mild=True)
    return _RULES.get(cluster.kind, _failure)(cluster, text)


def looks_back(cluster: Cluster) -> bool:
    """Whether it is judged by how often something started and stopped, also long ago."""
    return cluster.kind is Kind.PLATFORM or bool(_ends(_text(cluster)))


def _ends(text: str) -> str:
    """How it keeps a program from running; empty where it does not."""
    if _NOT_STARTED.search(text) or _MISSING_PART.search(text):
        return "It keeps the service from starting"
    return "The program ends with it" if _AT_THE_TOP.search(text) else ""


def _text(cluster: Cluster) -> str:
    return f"{cluster.title}\n{cluster.template}\n" + "\n".join(e.text[:600] for e in cluster.evidence[:3])


def _security(cluster: Cluster, text: str) -> Nature:
    return Nature(Severity.P3, Kind.SECURITY, "Probes by scanners, all refused", mild=True)


def _platform(cluster: Cluster, text: str) -> Nature:
    stops = _stops(cluster)
    if stops >= LOOP:
        return Nature(
            Severity.P0, Kind.PLATFORM, f"A crash loop: {stops} instances failed one after the other", startup=True
        )
    if _DATA.search(text):
        return Nature(Severity.P1, Kind.PLATFORM, "Containers run out of memory", startup=True)
    if re.match(r"Truncated response body", cluster.title):
        return Nature(Severity.P3, Kind.PLATFORM, "Answers are cut short")
    if re.search(r"(?i)not (?:authenticated|authori[sz]ed)", text):
        return Nature(Severity.P3, Kind.PLATFORM, "Requests are refused before they reach the service")
    return Nature(Severity.P1, Kind.PLATFORM, "Containers fail to start or stop with an error", startup=True)


def _deployment(cluster: Cluster, text: str) -> Nature:
    if cluster.template.startswith("Execution "):
        return Nature(Severity.P1, Kind.PLATFORM, "A job does not complete")
    if _POLICY.search(text):
        return Nature(Severity.P3, Kind.DEPLOYMENT, "Somebody may not change who has access")
    return Nature(Severity.P1, Kind.DEPLOYMENT, "A new revision does not become ready", startup=True)


def _http(cluster: Cluster, text: str) -> Nature:
    status, route = cluster.signature.status, cluster.signature.route or cluster.title
    if status >= 500 or not status:
        if status == 503 and cluster.occurrences >= LOOP:
            return Nature(
                Severity.P0 if cluster.occurrences >= 20 else Severity.P1,
                Kind.HTTP,
                "The service does not answer",
                startup=True,
            )
        if status == 504:
            return Nature(Severity.P2, Kind.HTTP, "The server takes longer than it may: status 504")
        often = cluster.occurrences >= 2
        return Nature(
            Severity.P1 if often else Severity.P2, Kind.HTTP, f"The server fails: status {status or 'unknown'}"
        )
    if status == 404 and (curious(route) or _curious(cluster)):
        return Nature(Severity.P4, Kind.EXPECTED, "Browsers and crawlers ask for this file everywhere", mild=True)
    if status in (404, 405, 410):
        return Nature(Severity.P3, Kind.HTTP, f"Somebody calls what is not there: status {status}", mild=True)
    if status in (401, 403):
        return Nature(Severity.P3, Kind.HTTP, f"Requests are refused: status {status}", mild=True)
    if status == 429 and "no available instance" in text:
        return Nature(Severity.P2, Kind.HTTP, "The platform has no instance for its callers: status 429")
    if status == 429:
        return Nature(Severity.P3, Kind.HTTP, "Callers are slowed down: status 429", mild=True)
    if status == 422 and cluster.signature.method in _WRITES and cluster.occurrences >= MANY and not _tool(cluster):
        said = f"A client's calls are understood, but refused as not valid: {cluster.occurrences} times, status 422"
        return Nature(Severity.P2, Kind.HTTP, said, mild=True)
    return Nature(
        Severity.P4 if cluster.occurrences < LOOP else Severity.P3,
        Kind.HTTP,
        f"Callers send what is not understood: status {status}",
        mild=True,
    )


def _curious(cluster: Cluster) -> bool:
    """Whether all that is known to have been asked for is asked for everywhere."""
    routes = [e.request.route for e in cluster.evidence if e.request]
    return not cluster.signature.route and bool(routes) and all(map(curious, routes))


def _tool(cluster: Cluster) -> bool:
    """Whether what calls is a script or a scanner, or does not say what it is."""
    agents = {e.request.agent for e in cluster.evidence if e.request}
    return all(not agent or _TOOLS.search(agent) for agent in agents)


def _failure(cluster: Cluster, text: str) -> Nature:
    """Exceptions and error lines."""
    kind = cluster.kind
    if mild := _mild(cluster, text):
        return mild
    if _INTEGRITY.search(text):
        return Nature(Severity.P1, kind, "What was paid for or promised is not what is kept")
    if _USED_UP.search(text):
        return Nature(Severity.P1, kind, "What it pays another service for is used up")
    if cluster.level < Level.ERROR and kind is not Kind.EXCEPTION:
        return _warned(cluster, text)
    if _QUOTA.search(text) and not _SOON.search(text):
        return Nature(Severity.P1, kind, "What another service grants it is used up")
    if _COLLISION.search(text):
        return Nature(Severity.P2, kind, "Two changes collide, and one is refused")
    if _RULE.search(text):
        return Nature(Severity.P2, kind, "A change breaks a rule of the database, and is refused", mild=True)
    if why := _ends(text):
        severity = Severity.P0 if _stops(cluster) >= LOOP else Severity.P1
        return Nature(severity, kind, why, startup=True)
    if _DATA.search(text):
        return Nature(Severity.P1, kind, "Data or memory is at stake")
    if _CRASHED.search(text):
        return Nature(Severity.P1, kind, "The process crashes")
    if _LOST.search(text):
        return Nature(Severity.P1, kind, "Data is lost")
    if _LEFT.search(text):
        return Nature(Severity.P4, kind, "The caller went away before it was answered", mild=True)
    if _TELEMETRY.search(text):
        return Nature(Severity.P4, kind, "Only what is measured is lost", mild=True)
    if _EXPIRED.search(text) and not any(e.machine for e in cluster.evidence):
        return Nature(Severity.P3, kind, "A caller's session is over", mild=True)
    if _BETWEEN.search(text):
        return Nature(Severity.P1, kind, "Services do not trust each other's tokens")
    if _IDENTITY.search(text):
        return Nature(Severity.P1, kind, "The service's own account is refused")
    if _REFUSED.search(text) and any(e.machine for e in cluster.evidence):
        return Nature(Severity.P1, kind, "The service's own identity is refused: all its requests need it")
    if cluster.kind is Kind.EXCEPTION and _ANSWERED.search(cluster.title):
        return Nature(Severity.P3, kind, "A caller asks for what it cannot have", mild=True)
    if not any(s.site for s in cluster.signatures) and _MALFORMED.search(text):
        return Nature(Severity.P3, kind, "A caller sends what cannot be read")
    if _REFUSED.search(text) and (_ASKING.search(text) or any(_ASKING.search(s.exception) for s in cluster.signatures)):
        return Nature(Severity.P2, kind, "What it asks for is refused")
    if _REFUSED.search(text):
        return Nature(Severity.P3, kind, "A caller is refused")
    if _TRANSIENT.search(text) and not _GIVEN_UP.search(text) and not _LASTING.search(text):
        return Nature(Severity.P2, kind, "It is tried again")
    if _BACKING.search(text):
        return Nature(Severity.P1, kind, "What the service depends on is not there")
    if _WAITED.search(cluster.title) and not _SHARED.search(text):
        return Nature(Severity.P2, kind, "What it asks for does not come in time")
    if _MISTAKE.search(text):
        return Nature(Severity.P1, kind, "The code has a mistake")
    if cluster.kind is Kind.EXCEPTION and cluster.level >= Level.ERROR:
        return Nature(Severity.P1, kind, "The code fails with an exception")
    if cluster.kind is Kind.EXCEPTION:
        return Nature(Severity.P2, kind, "An exception that the code expects and warns of")
    if _DONE.search(text) and not _TROUBLE.search(text):
        return Nature(Severity.P4, kind, "Logged as an error, but tells of none", mild=True)
    if _WORK.search(text) and cluster.occurrences >= 2:
        return Nature(Severity.P1, kind, f"Work is begun and fails: {cluster.occurrences} times")
    return Nature(Severity.P2, kind, "The code reports an error")


def _mild(cluster: Cluster, text: str) -> Nature | None:
    """What sounds like a failure and concerns only whoever sent it, or how it is set up."""
    if _SET_WRONG.search(text):
        return Nature(Severity.P4, Kind.CONFIGURATION, "It is set up in a way that it should not be", mild=True)
    if _GONE_CLIENT.search(text):
        return Nature(Severity.P4, Kind.EXPECTED, "A client went away before it was answered", mild=True)
    if _NO_FILE.search(text):
        return Nature(Severity.P3, cluster.kind, "Somebody asks a web server for a file that is not there", mild=True)
    if _NO_HTTP.search(text):
        return Nature(Severity.P4, Kind.EXPECTED, "Somebody sends what is no request", mild=True)
    if _NO_ROUTE.search(text):
        return Nature(Severity.P4, Kind.EXPECTED, "Somebody asks for what is not there", mild=True)
    if _DECLINED.search(text):
        return Nature(Severity.P4, Kind.EXPECTED, "A customer's card is declined", mild=True)
    if _BEHIND.search(text):
        return Nature(Severity.P3, Kind.CONFIGURATION, "It does not know that it stands behind a proxy", mild=True)
    if cluster.level < Level.ERROR and _INVALID.search(text):
        return Nature(Severity.P4, Kind.EXPECTED, "A caller sends what is not valid", mild=True)
    if _OTHER_VERSION.search(text):
        return Nature(Severity.P3, cluster.kind, "A page asks for what another version has", mild=True)
    return None


def _warned(cluster: Cluster, text: str) -> Nature:
    if _GONE.search(text):
        return Nature(Severity.P1, cluster.kind, "Data or memory is at stake")
    if _CRASHED.search(text):
        return Nature(Severity.P1, cluster.kind, "The process crashes")
    if _NOT_STARTED.search(text):
        return Nature(Severity.P1, cluster.kind, "It keeps the service from starting", startup=True)
    if _REQUIRED.search(text):
        return Nature(Severity.P2, cluster.kind, "A setting that it requires is missing")
    if _SLOW.search(text):
        return Nature(Severity.P3, cluster.kind, "Something is slow")
    if _IDENTITY.search(text):
        return Nature(Severity.P1, cluster.kind, "The service's own account is refused")
    if _MIXED.search(text):
        return Nature(Severity.P2, cluster.kind, "What is one user's alone may be mixed up")
    if _OPEN.search(text):
        return Nature(Severity.P2, cluster.kind, "What is secret may be seen by others")
    if _LIMIT.search(text):
        return Nature(Severity.P2, cluster.kind, "A limit is reached")
    if _INSTEAD.search(text):
        return Nature(Severity.P3, cluster.kind, "Something else has to do the work of what failed")
    if _SETTING.search(text):
        return Nature(Severity.P4, Kind.CONFIGURATION, "A warning about how it is set up", mild=True)
    if _BACKING.search(text):
        return Nature(Severity.P2, cluster.kind, "What the service depends on is not there")
    if _REFUSED.search(text):
        return Nature(Severity.P3, cluster.kind, "A caller is refused")
    if _EXPOSED.search(text):
        return Nature(Severity.P2, cluster.kind, "A secret was written to the log")
    if _TROUBLE.search(_NONE.sub("", text)):
        return Nature(Severity.P3, cluster.kind, "A warning that something failed")
    return Nature(Severity.P4, cluster.kind, "A warning, nothing failed", mild=True)


_RULES: dict[Kind, Callable[[Cluster, str], Nature]] = {
    Kind.SECURITY: _security,
    Kind.PLATFORM: _platform,
    Kind.DEPLOYMENT: _deployment,
    Kind.HTTP: _http,
    Kind.EXCEPTION: _failure,
}


def _stops(cluster: Cluster) -> int:
    """How many instances it happened on, one soon after the other."""
    times: dict[str, datetime] = {}
    for moment in sorted(cluster.moments, key=lambda m: m.time):
        times.setdefault(moment.instance or moment.time.isoformat(), moment.time)
    ordered = sorted(times.values())
    best = run = 1 if ordered else 0
    for before, after in pairwise(ordered):
        run = run + 1 if after - before <= _LOOP_GAP else 1
        best = max(best, run)
    return best
