# ruff: noqa: E501 (an expression or a sentence reads better unbroken)
"""What the code could not load or start with: modules, names, syntax, settings, migrations, secrets."""

from __future__ import annotations

from bot.analysts.recognise import Row
from bot.models import Severity

LOADING: tuple[Row, ...] = (
    Row(
        name="missing module",
        title="[Module {module}|A module] is missing in {service}",
        texts=(
            r"No module named ['\"]?(?P<module>[\w.\-]+)",
            r"Cannot find (?:module|package) ['\"]?(?P<module>[@\w./\-]+)",
            r"java\.lang\.(?:ClassNotFoundException|NoClassDefFoundError): (?P<module>[\w./$]+)",
        ),
        exceptions=("ModuleNotFoundError",),
        cause="The image of {service} does not contain [the module {module}|a module]: the code imports it, and it is not "
        "installed or not copied.",
        technical="Whatever imports [{module}|it] fails to load, at start or at first use, on each instance of this image.",
        business="Everything that depends on this part of {service} is unavailable until an image with the module runs.",
        steps=(
            "Add [{module}|the module] to the dependencies (or to the files that are copied into the image), and build again.",
            "Start the image locally and import [{module}|the module] before it is deployed.",
            "Until then, send the traffic back to the last revision without this error.",
        ),
        severity=Severity.P0,
        confirms=True,
    ),
    Row(
        name="import error",
        title="[{symbol} cannot be imported|An import fails] in {service}",
        texts=(
            r"cannot import name ['\"]?(?P<symbol>\w+)['\"]? from (?:partially initialized module )?['\"]?(?P<module>[\w.]+)",
            r"does not provide an export named ['\"]?(?P<symbol>\w+)",
            r"partially initialized module ['\"]?(?P<module>[\w.]+)",
            r"(?:DLL load failed|cannot open shared object file)[^\n]{0,80}?(?P<module>lib[\w.\-]+)?",
        ),
        exceptions=("ImportError",),
        cause="[{symbol}|A name] is not where the code imports it from[ ({module})]: it was renamed, moved, belongs to another "
        "version of the dependency, or the modules import each other in a circle.",
        technical="The module that contains the import does not load.",
        business="What this module serves is unavailable in {service}.",
        steps=(
            "Compare the installed version of [{module}|the dependency] with the one that the code was written for, and pin it.",
            "Look for a circle of imports where [{module}|a module] is named as partially initialised.",
        ),
        severity=Severity.P0,
        confirms=True,
    ),
    Row(
        name="syntax error",
        title="{service} does not compile[: {exception}]",
        exceptions=("SyntaxError", "IndentationError", "TabError"),
        texts=(r"\b(?:SyntaxError|IndentationError|TabError): (?![^\n]{0,120}\bJSON\b)(?P<message>[^\n]{1,120})",),
        cause="A source file does not parse[, at {frame}][: {message}].",
        technical="The file is never loaded; if it is needed at start, the container does not come up.",
        business="What this file serves is unavailable in {service}.",
        steps=(
            "Correct the file[ at {frame}|: the entry names it].",
            "Compile all sources in the build, so that this cannot be deployed.",
        ),
        severity=Severity.P1,
        confirms=True,
        both=True,
    ),
    Row(
        name="placeholder configuration",
        title="{service} runs with a placeholder in its configuration",
        texts=(
            r"\b(?P<secret>(?-i:(?!(?:WARNING|ERROR|CRITICAL|FATAL|INFO|DEBUG|NOTICE|ALERT|EMERGENCY)\b)[A-Z][A-Z0-9_]{3,60}))\b[^\n]{0,60}\b(?:placeholder|changeme|change[-_ ]me|your[-_]\w+[-_]here|example value|default value)",
            r"\bplaceholder (?:value|secret|key|password|configuration)s?\b",
        ),
        cause="[{secret}|A setting] still has a placeholder instead of a real value.",
        technical="What needs this setting fails, or works without protection.",
        business="Functions of {service} that need this setting do not work, or are not secured.",
        steps=("Set [{secret}|the setting] to its real value in the secret manager, and deploy again.",),
        severity=Severity.P2,
    ),
    Row(
        name="missing secret",
        title="[Secret {secret}|A secret] is missing for {service}",
        texts=(
            r"\bSecret \[?(?:projects/[\w\-]+/secrets/)?(?P<secret>[\w\-]+)(?:/versions/\w+)?\]? (?:was )?not found",
            r"\bsecrets?/(?P<secret>[\w\-]+)/versions/\w+\b[^\n]{0,80}(?:not found|was not found|disabled|destroyed|denied)",
            r"Permission denied on secret:? (?:projects/[\w\-]+/secrets/)?(?P<secret>[\w\-]+)",
            r"\b(?:failed|unable|could not)\b[^\n]{0,40}\b(?:load|read|access|fetch|retrieve|get)\b[^\n]{0,20}\bsecret:? ['\"]?(?P<secret>[\w\-]+)",
        ),
        cause="[The secret {secret}|A secret] does not exist, has no usable version, or the service account may not read it.",
        technical="The revision cannot become ready, or the code that needs [{secret}|it] fails.",
        business="The new revision of {service} serves nothing; the one before goes on if it still has traffic.",
        steps=(
            "Check that [{secret}|the secret] exists in the project, and that the version that is referred to is enabled.",
            "Give the service account of {service} the role roles/secretmanager.secretAccessor on it.",
            "Deploy again.",
        ),
        severity=Severity.P1,
        confirms=True,
    ),
    Row(
        name="missing environment variable",
        title="[{secret}|A setting] is not set for {service}",
        texts=(
            r"(?:environment variable|env(?:ironment)? var|setting|configuration)s? ['\"`]?(?P<secret>(?-i:[A-Z][A-Z0-9_]{2,60}))['\"`]?[^\n]{0,30}(?:is |was |are )?(?:not set|missing|required|undefined|not found|not configured|empty)",
            r"\b(?P<secret>(?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]{1,60}))\b (?:environment variable )?(?:is |was |must be )?(?:not set|missing|required|undefined|not configured|not defined|set)\b",
            r"(?:missing|required|undefined)(?: required)? (?:environment variables?|env vars?|settings?|configuration):? ['\"`\[]*(?P<secret>(?-i:[A-Z][A-Z0-9_]{2,60}))",
            r"KeyError: ['\"](?P<secret>(?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]+))['\"]",
        ),
        cause="[The setting {secret}|A setting] is not set in this revision of {service}.",
        technical="The code that reads [{secret}|it] stops at start, or runs without it.",
        business="What depends on [{secret}|it] does not work in {service}.",
        steps=(
            "Set [{secret}|it] for the service (or mount it from the secret manager), and deploy again.",
            "Compare the variables of this revision with those of the one before.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="start failed",
        title="{service} does not start",
        texts=(
            r"\bapplication (?:startup|exec)\b[^\n]{0,20}\bfailed\b",
            r"\b(?:plugin|module|server|worker|application|service) did not start\b",
            r"\b(?:worker|server|application|service) failed to (?:boot|start)\b(?!: failed to load)",
            r"\bfailed to (?:boot|start) (?:the )?(?:worker|server|application|service)\b",
            r"\bcan't resolve dependencies of (?:the )?(?P<symbol>\w+)",
            r"\berror creating bean with name ['\"](?P<symbol>\w+)",
        ),
        cause="The application ended while it was starting. What it stumbled over is in the same message or in the entries "
        "just before.",
        technical="The instance serves nothing; a new one is started, and ends the same way if the reason lasts.",
        business="{service} has less capacity, or is down if every instance ends like this.",
        steps=(
            "Read what the same instance logged just before.",
            "If it began with a deployment, send the traffic back to the revision before.",
        ),
        severity=Severity.P0,
    ),
    Row(
        name="settings do not fit",
        title="Settings of {service} do not fit together",
        texts=(
            r"\b(?:redirect|callback|oauth\S{0,20})\b[^\n]{0,20}\bmismatch\b",
            r"\b(?P<secret>(?-i:[A-Z][A-Z0-9_]{2,60}))\b[^\n]{0,20}\bcontain(?:s|ed) whitespace\b",
            r"\b(?:configuration|config|setting)s?\b[^\n]{0,30}\b(?:mismatch|invalid|inconsistent)\b",
        ),
        cause="[The setting {secret} has characters that do not belong there.|Two settings contradict each other, or one has characters that do not belong there.]",
        technical="The code mends it or goes on without it, where it can.",
        business="What depends on the setting may not work.",
        steps=(
            "Compare the settings of this revision with what the message expects, and correct them at their source.",
        ),
        severity=Severity.P5,
    ),
    Row(
        name="optional part not set up",
        title="{service} runs without an optional part",
        texts=(
            r"\bnot (?:available|installed)\b[^\n]{0,20}\b(?:install|skipping|disabled)\b",
            r"\b(?:credentials|api key|provider|client|dsn)\b (?:is |are )?not (?:configured|set|provided)\b",
        ),
        cause="Something that {service} can do without is not installed or has no credentials.",
        technical="The code goes on without it.",
        business="The function behind it is off.",
        steps=("Set it up, or switch it off where it is not wanted, so that the warning ends.",),
        severity=Severity.P5,
    ),
    Row(
        name="deprecated interface",
        title="{service} uses a deprecated interface",
        texts=(
            r"\b(?:DeprecationWarning|FutureWarning|PendingDeprecationWarning)\b",
            r"\bis deprecated and will be removed\b",
            r"\b(?:has been|is|are) deprecated\b",
        ),
        exceptions=("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"),
        cause="The code calls something that its author has announced to remove.",
        technical="Nothing fails yet; an update of the dependency will make it fail.",
        business="None today.",
        steps=("Replace the call named in the message before the dependency is updated.",),
        severity=Severity.P4,
    ),
    Row(
        name="warning of a library",
        title="A library warns {service}",
        texts=(r"\b(?P<symbol>(?-i:[A-Z]\w{2,40}Warning)): (?P<message>[^\n]{1,120})",),
        exceptions=("UserWarning", "RuntimeWarning", "ResourceWarning", "InsecureRequestWarning"),
        cause="A library that {service} uses warns about the way it is used.",
        technical="Nothing fails yet.",
        business="None today.",
        steps=("Follow the advice of the warning[, at {frame}].",),
        severity=Severity.P4,
    ),
)
