# ruff: noqa: E501 (an expression or a sentence reads better unbroken)
"""Bare HTTP statuses: the last resort, where only the status tells."""

from __future__ import annotations

from bot.analysts.recognise import Row
from bot.models import Severity

HTTP: tuple[Row, ...] = (
    Row(
        name="bad request",
        title="{request} is asked wrongly (400)",
        statuses=(400,),
        cause="Clients send requests to {request} that {service} cannot read.",
        technical="The requests are refused; nothing is changed.",
        business="Those callers do not get what they ask for.",
        steps=("See whether it is one client or many: one has a mistake, many point to a change of the interface.",),
        severity=Severity.P3,
    ),
    Row(
        name="authentication 401",
        title="{request} refuses callers as not authenticated (401)",
        statuses=(401,),
        cause="Callers of {request} present no identity, or one that is not accepted any more.",
        technical="The requests are refused.",
        business="Those callers cannot use {request}.",
        steps=(
            "See who the callers are: a service (key, secret, audience) or people (expired sessions).",
            "Compare with the last deployment and the last rotation of keys.",
        ),
        severity=Severity.P2,
    ),
    Row(
        name="authorisation 403",
        title="{request} refuses callers as not allowed (403)",
        statuses=(403,),
        cause="Callers of {request} are not allowed to do this: a role is missing, or the platform refuses them before the code.",
        technical="The requests are refused.",
        business="Those callers cannot use {request}.",
        steps=(
            "Compare the roles of the callers with what the route asks for.",
            "If the platform refused them, check who may invoke {service}.",
        ),
        severity=Severity.P2,
    ),
    Row(
        name="not found 404",
        title="{request} does not exist (404)",
        statuses=(404, 410),
        cause="Something that is not there is asked for: an address that was removed or is written wrongly, or a record that was deleted.",
        technical="The requests are answered with 404.",
        business="None if it is a stray address; callers of a removed route do not get what they ask for.",
        steps=("See whether the route exists in this revision, and who still asks for it.",),
        severity=Severity.P3,
    ),
    Row(
        name="method not allowed 405",
        title="{request} is called with another method (405)",
        statuses=(405,),
        cause="The route exists, and does not take the method {method}.",
        technical="The requests are refused.",
        business="Those callers do not get what they ask for.",
        steps=("Compare the client's call with the routes of this revision.",),
        severity=Severity.P3,
    ),
    Row(
        name="conflict 409",
        title="{request} refuses conflicting changes (409)",
        statuses=(409, 412),
        cause="The state had changed before the request came: done twice, or changed by somebody else.",
        technical="The change is refused.",
        business="The single action must be done again.",
        steps=("Look for a client that sends twice, and let it read the state first.",),
        severity=Severity.P3,
    ),
    Row(
        name="payload too large 413",
        title="{request} is sent too much (413)",
        statuses=(413,),
        cause="The body of the request is larger than {service} or the platform accepts.",
        technical="The requests are refused before the code sees them.",
        business="Those uploads do not work.",
        steps=("Let clients upload large files to a bucket, by a signed address.",),
        severity=Severity.P3,
    ),
    Row(
        name="validation 422",
        title="{request} is given values that do not fit (422)",
        statuses=(422,),
        cause="The requests to {request} can be read, and their values do not fit: a field is missing or has another type.",
        technical="The requests are refused; nothing is changed.",
        business="Those callers do not get what they ask for.",
        steps=("Compare what clients send with the model of the route; look for a change on either side.",),
        severity=Severity.P3,
    ),
    Row(
        name="rate limit 429",
        title="{request} is asked too often (429)",
        statuses=(429,),
        cause="More requests came than {service} accepts in a span of time, or it had no instance for them.",
        technical="The requests above the limit are refused.",
        business="Those callers are late or do without.",
        steps=(
            "See who sends them, and whether they pause between tries.",
            "If the platform refused them, raise the maximum number of instances.",
        ),
        severity=Severity.P2,
    ),
    Row(
        name="bad gateway or unavailable",
        title="{request} is unavailable ({status})",
        statuses=(502, 503),
        cause="No instance gave a good answer: it crashed, was starting, or was overloaded. The status is an effect; the "
        "reason is in what the instances logged at that time.",
        technical="Requests to {request} fail before or while they are answered.",
        business="Callers of {request} get errors while this lasts.",
        steps=(
            "Read what the instances logged at these times: exits, memory, failed probes.",
            "Compare with deployments just before.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="gateway timeout 504",
        title="{request} does not answer in time (504)",
        statuses=(504, 408),
        cause="The answer took longer than the time limit of the service or of the load balancer.",
        technical="The request is cut off; the work may still go on.",
        business="Callers of {request} wait long and then get an error.",
        steps=(
            "Find what the slow requests wait for: a query, another service, a lock.",
            "Move long work to a job, or raise the time limit.",
        ),
        severity=Severity.P1,
    ),
    Row(
        name="server error 500",
        title="{request} fails ({status})",
        statuses=(500, 501, 505, 507, 508),
        cause="The code of {service} ended a request with an error; the exception is in another entry of the same time or trace.",
        technical="The requests fail; what they had done before the error may stay.",
        business="Callers of {request} get errors.",
        steps=(
            "Search the exception by the trace of one of these requests.",
            "If there is none, log exceptions in {service}.",
        ),
        severity=Severity.P1,
    ),
)
