# ruff: noqa: E501 (an expression or a sentence reads better unbroken)
"""What the platform did to a container: memory, exits, probes, start, images, deployments."""

from __future__ import annotations

from bot.analysts.recognise import Row
from bot.models import Severity

PLATFORM: tuple[Row, ...] = (
    Row(
        name="out of memory",
        title="{service} runs out of memory",
        texts=(
            r"Memory limit of (?P<limit>\d+(?:\.\d+)? ?[KMG]i?B?) exceeded",
            r"exceeded (?:the )?memory limit(?: of (?P<limit>\d+ ?[KMG]i?B?))?",
            r"JavaScript heap out of memory",
            r"java\.lang\.OutOfMemoryError",
            r"\bOOM[- ]?[Kk]ill(?:ed|er)\b|\bOOMKilled\b",
            r"\b(?:Cannot allocate memory|Out of memory: Killed process)\b",
            r"\bout of memory\b",
        ),
        exceptions=("MemoryError", "OutOfMemoryError"),
        cause="The container used more memory than it may[ ({limit})], and was ended or could go no further.",
        technical="The instance is stopped in the middle of its requests; a new one starts.",
        business="Requests that ran on the instance fail; {service} is slower while instances start again.",
        steps=(
            "Look at the memory curve per instance: a slope is a leak, a step is one large request.",
            "Raise the limit, or lower the concurrency per instance, until the cause is mended.",
        ),
        severity=Severity.P1,
        confirms=True,
    ),
    Row(
        name="did not listen on its port",
        title="{service} does not listen on its port",
        texts=(
            r"failed to start and (?:then )?listen on the port (?:defined|provided) by the PORT(?:=(?P<port>\d+))?",
            r"user-provided container failed to start and listen on the port",
            r"\bEADDRINUSE\b[^\n]{0,40}?:(?P<port>\d{2,5})",
            r"Default STARTUP TCP probe failed[^\n]{0,120}?port (?P<port>\d{2,5})",
        ),
        cause="The container did not accept connections on its port[ ({port})] in time: it crashed before, is slow to start, "
        "or listens on another port or only on localhost.",
        technical="The revision does not become ready.",
        business="The new revision of {service} serves nothing; the one before goes on if it still has traffic.",
        steps=(
            "Read the entries of the same instance before this one: the crash is there.",
            "Listen on 0.0.0.0 and on the port in PORT.",
            "If it only needs longer, give the startup probe more time.",
        ),
        severity=Severity.P0,
    ),
    Row(
        name="probe failed",
        title="The health probe of {service} fails",
        texts=(
            r"\b(?P<probe>STARTUP|LIVENESS|READINESS)\b[^\n]{0,20}\bprobe failed",
            r"\b(?:liveness|startup|readiness|health)[ -](?:probe|check)\b[^\n]{0,40}\b(?:failed|failing|unhealthy|timed? ?out)",
        ),
        cause="The container did not answer its health probe in time.",
        technical="The platform stops the instance, or sends it no requests.",
        business="{service} has less capacity, or none if it concerns all instances.",
        steps=(
            "Read the entries of the same instance before the probe failed: what kept it busy or made it crash?",
            "Let the probe's route do no work that depends on others.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="image not found",
        title="The image or command of {service} cannot be run",
        texts=(
            r"\bImage ['\"]?(?P<file>[\w./:@\-]+)['\"]? (?:was )?not found",
            r"\b(?:manifest unknown|ErrImagePull|ImagePullBackOff)\b",
            r"\bfailed to load /?(?P<file>[\w./\-]+): exec",
            r"exec (?:format error|/?[\w./\-]+: no such file)",
            r"\bexecutable file not found\b",
            r"terminated: Application failed to start\b",
        ),
        cause="What the revision should run is not there, or is built for another machine.",
        technical="No instance starts.",
        business="The new revision of {service} serves nothing; the one before goes on if it still has traffic.",
        steps=(
            "Check name, tag and digest of the image, and the right to read it.",
            "Check the command in the image, its executable bit, and that it is built for linux/amd64.",
        ),
        severity=Severity.P0,
        confirms=True,
    ),
    Row(
        name="revision not ready",
        title="A deployment of {service} did not become ready",
        texts=(
            r"Revision ['\"]?(?P<revision>[\w\-]+)['\"]? is not ready",
            r"\b(?:Ready|RoutesReady|ConfigurationsReady) condition status changed to False",
            r"\bdeployment\b[^\n]{0,40}\b(?:failed|not ready|exceeded its progress deadline)",
        ),
        cause="The platform gave up waiting for the new revision to become ready; the reason is in the same message or just before it.",
        technical="The new revision gets no traffic.",
        business="The change that was deployed is not live; the revision before goes on if it still has traffic.",
        steps=(
            "Read the message to its end, and the entries of the new revision just before.",
            "Mend that, and deploy again.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="killed by signal",
        title="Containers of {service} are killed",
        texts=(
            r"(?:terminated|killed|exited)[^\n]{0,30}\b(?:on|by|with|due to)? ?signal:? ?(?P<code>\d+|SIG[A-Z]+)",
            r"Uncaught signal: (?P<code>\d+)",
            r"Worker \(pid:\d+\) was sent (?P<code>SIG[A-Z]+)",
            r"\bSegmentation fault\b|\bSIGSEGV\b",
        ),
        cause="The process was ended by a signal[ ({code})]. SIGKILL (signal 9) usually means memory, SIGABRT (6) and SIGSEGV (11) native "
        "code that crashed, SIGTERM (15) a regular stop.",
        technical="The instance stops in the middle of its requests; a new one starts.",
        business="Requests that ran on the instance fail.",
        steps=(
            "Look at memory and latency of the instance just before.",
            "If a worker was too slow, look for what blocked it, before its timeout is raised.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="shutdown",
        title="A server process of {service} is shut down",
        texts=(r"\bShutting down\b", r"\b(?:received|got|handling) (?:signal:? )?SIG(?:TERM|INT|QUIT)\b"),
        cause="A server process stopped because it was told to, or because its workers could not go on. This is an effect: the "
        "reason is in the entries just before.",
        technical="The process ends; the platform starts another one where it is needed.",
        business="None if it was told to stop; else {service} has less capacity.",
        steps=("Read what the same instance logged just before.",),
    ),
    Row(
        name="container exit",
        title="Containers of {service} exit",
        texts=(
            r"Container called exit\((?P<code>\d+)\)",
            r"\bexit(?:ed)?\b[^\n]{0,25}\b(?:code|status)\b[ :=]{0,2}(?P<code>[1-9]\d{0,2})",
            r"Process exited with status code (?P<code>[1-9]\d*)",
        ),
        cause="The process ended by itself[ with code {code}]. This is an effect: what it stumbled over is in the entries before.",
        technical="The instance is gone; a new one starts, and ends the same way if the reason lasts.",
        business="{service} has less capacity, or is down if every instance ends like this.",
        steps=(
            "Read what the same instance logged just before it exited.",
            "If it began with a deployment, send the traffic back to the revision before.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="request took too long",
        title="Requests to {service} run into the platform's time limit",
        texts=(
            r"request has been terminated because it has reached the maximum request timeout",
            r"\bupstream request timeout\b",
        ),
        cause="A request ran longer than the time limit of the service, and was cut off.",
        technical="The client gets an error; the work in the container may still go on.",
        business="Those requests fail after a long wait.",
        steps=("Find what the slow requests wait for.", "Move long work to a job, or raise the time limit."),
        severity=Severity.P2,
        confirms=True,
    ),
    Row(
        name="no instance available",
        title="{service} has no instance for its requests",
        texts=(r"\bno available instance\b", r"\bmaximum (?:number of )?(?:running )?(?:container )?instances\b"),
        cause="All instances were busy or starting, and the limit of instances was reached.",
        technical="Requests are refused before they reach the code.",
        business="Those requests fail.",
        steps=("Raise the maximum number of instances or the concurrency, or keep some instances warm.",),
        severity=Severity.P1,
        confirms=True,
    ),
    Row(
        name="malformed response",
        title="Requests to {service} fail in the container",
        texts=(r"HTTP response was malformed or connection to the instance had an error",),
        cause="The instance closed the connection or crashed while it answered, or its answer was no valid HTTP.",
        technical="The client gets 503 although the request had reached the instance.",
        business="Those requests to {service} fail.",
        steps=(
            "Read what the same instance logged at that time: an exit, a lack of memory, a worker's timeout.",
            "Let the server keep connections open longer than the load balancer does.",
        ),
        severity=Severity.P1,
    ),
)
