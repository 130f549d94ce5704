"""Analysis by Claude, through the anthropic package: the API itself, or Vertex AI, where logs stay with Google.

A request is written down and counted first, and sent once: tried again only where nothing was carried out. Whatever
goes wrong ends in `AnalystUnavailable` (asking later may help), `Unusable` (there was an answer, and it cost
something) or `Forbidden`, each with words that name the reason and never the key. When the service does not answer,
the cases that follow within a minute are not sent at all, so that a round does not wait for each of them.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2
from google.auth.exceptions import GoogleAuthError
from pydantic import ValidationError

from bot.analysts.answer import ANSWER_BOUND, SCHEMA, Answer, Reply, analysis
from bot.analysts.evidence import EVIDENCE_BOUND, question
from bot.errors import AnalystUnavailable, Forbidden, GardenError, Unusable
from bot.models import Analysis, Asked, Case, Price, Spend
from prompts import text

DEFAULT_MODEL = "claude-sonnet-5-5"
PUBLIC_ADDRESS = "https://api.anthropic.com"

PRICES: Mapping[str, Price] = {
    "claude-sonnet-5-5": Price(2.0, 10.0, 2.5, 0.2),
    "claude-sonnet-5": Price(2.0, 10.0, 2.5, 0.2),
    "claude-opus-5-5": Price(4.0, 20.0, 5.0, 0.4),
    "claude-fable-5-1": Price(10.0, 50.0, 12.5, 1.0),
}
"""As published in October 2026. A model that is not here costs an unknown sum, not nothing."""
TOKENS = 12_000
"""Of a whole request; what would be longer is shown less evidence."""
FRAME = 1_500
"""Tokens that the service adds around what it is sent, schema and roles; more than it does."""
FITTINGS = 5
AMBIGUOUS = frozenset({408, 502, 504})
"""Somebody in between gave up; whether the request was carried out, nobody says."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try."""

    timeout: float = 120.0
    """For a whole answer, however it trickles."""
    count_timeout: float = 10.0
    tries: int = 3
    first_pause: float = 1.0
    longest_pause: float = 20.0
    rest: float = 60.0
    """After a failure of the service itself: how long nothing is asked."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """Where Claude is asked in Google's cloud."""

    project: str
    region: str = "global"


@dataclass(slots=True)
class Claude:
    """Asks one model of Anthropic's; used by several threads at once. `api_key` stays out of every representation."""

    api_key: str = field(default="", repr=False)
    base_url: str = ""
    vertex: Vertex | None = None
    model: str = DEFAULT_MODEL
    effort: str = "medium"
    """Empty: as much as the model takes by itself."""
    max_tokens: int = 6_000
    prices: Mapping[str, Price] = field(default_factory=lambda: PRICES, repr=False)
    patience: Patience = Patience()
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    boundary: Callable[[], str] = field(default=lambda: secrets.token_hex(16), repr=False)
    name: str = field(init=False)
    _client: anthropic.Anthropic | anthropic.AnthropicVertex = field(init=False, repr=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock, repr=False)
    _down: tuple[float, GardenError] | None = field(init=False, default=None, repr=False)
    """Until when nothing is asked, and why."""
    _uncounted_until: float = field(init=False, default=0.0, repr=False)

    def __post_init__(self) -> None:
        self.name = self.model
        if self.vertex:
            self._client = anthropic.AnthropicVertex(
                region=self.vertex.region,
                project_id=self.vertex.project,
                base_url=self.base_url or None,
                timeout=self.patience.timeout,
                max_retries=0,
            )
        else:
            self._client = anthropic.Anthropic(
                api_key=self.api_key,
                base_url=self.base_url or PUBLIC_ADDRESS,
                timeout=self.patience.timeout,
                max_retries=0,
            )

    def prepare(self, case: Case) -> Asked:
        """The request in words, short enough, and the most that it can cost.

        Money rests on bytes, of which a token has at least one; the service's own count is an estimate.
        """
        self._unless_down()
        bound = EVIDENCE_BOUND
        for _ in range(FITTINGS):
            asked = question(case, self.boundary, bound)
            if self._tokens(asked) <= TOKENS:
                at_most = self._at_most(self._bytes(asked) + FRAME, self.max_tokens)
                return Asked(case, asked, Spend(self.model, self._bytes(asked) + FRAME, self.max_tokens, None, at_most))
            bound //= 2
        raise Unusable("the evidence does not fit into a request")

    def ask(self, asked: Asked) -> tuple[Analysis, Spend]:
        """One analysis and what it cost."""
        self._unless_down()
        reply = self._answered(asked)
        spend = self._spend(reply, asked)
        return analysis(_answer(reply, self.model, spend), asked.case, self.model), spend

    def probe(self) -> None:
        """Whether credentials and model are good; costs nothing. Raises what `ask` would."""
        try:
            self._count("ping", timeout=10)
        except FAILURES as error:
            raise self._translated(error) from error

    def close(self) -> None:
        self._client.close()

    # -------------------------------------------------------------------------------------------- counting

    def _tokens(self, asked: str) -> int:
        """By the service's count; where it does not say, by bytes, which are never fewer."""
        if self.clock() >= self._uncounted_until:
            try:
                return self._count(asked, timeout=self.patience.count_timeout)
            except FAILURES:
                self._uncounted_until = self.clock() + self.patience.rest
        return self._bytes(asked)

    def _count(self, asked: str, timeout: float) -> int:
        config = self._config(asked)
        del config["max_tokens"]
        counted = getattr(self._client.messages.count_tokens(**config, timeout=timeout), "input_tokens", None)
        if not isinstance(counted, int):
            raise anthropic.AnthropicError("the count cannot be read")
        return counted

    def _bytes(self, asked: str) -> int:
        return len((text("analyse.system.md") + asked).encode("utf-8", "replace")) + len(json.dumps(SCHEMA))

    def _at_most(self, input_tokens: int, output_tokens: int) -> float:
        known = [p] if (p := self._price) else [*self.prices.values(), *PRICES.values()]
        return max(input_tokens * p.dearest_input + output_tokens * p.output for p in known) / 1_000_000

    @property
    def _price(self) -> Price | None:
        """Vertex names the day of a model behind an @."""
        return self.prices.get(self.model) or self.prices.get(self.model.partition("@")[0])

    # -------------------------------------------------------------------------------------------- sending

    def _config(self, asked: str) -> dict[str, Any]:
        """What stays the same comes first, so that it is read from the cache."""
        config: dict[str, Any] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if self.effort:
            config["effort"] = self.effort
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": [{"type": "text", "text": text("analyse.system.md"), "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": asked}],
            "output_config": config,
        }

    def _answered(self, asked: Asked) -> Reply:
        for tried in range(self.patience.tries):
            try:
                return self._send(asked)
            except FAILURES as error:
                wait = self._wait(error, tried)
                if tried + 1 < self.patience.tries and wait is not None:
                    self.pause(wait)
                    continue
                raise self._translated(error, asked) from error
        raise AnalystUnavailable("the model was not asked: no try is allowed")

    def _send(self, asked: Asked) -> Reply:
        """The body is read here, piece by piece: the client's own limit is for one piece, not for the whole."""
        ends = self.clock() + self.patience.timeout
        body = bytearray()
        with self._client.messages.with_streaming_response.create(**self._config(asked.text)) as response:
            for piece in response.iter_bytes():
                body += piece
                if self.clock() > ends:
                    raise httpx2.ReadTimeout("the answer trickles")
                if len(body) > 2 * ANSWER_BOUND:
                    break
        try:
            return Reply.model_validate_json(bytes(body))
        except ValidationError as error:
            told = f"the service of {self.model} gave an answer that cannot be read"
            raise AnalystUnavailable(told, spend=asked.at_most) from error

    def _wait(self, error: Exception, tried: int) -> float | None:
        """Seconds to wait before another try; None where it is of no use, waits too long, or may be paid twice."""
        usual = min(self.patience.first_pause * float(4**tried), self.patience.longest_pause)
        if isinstance(error, anthropic.APIStatusError):
            if _ambiguous(error) or not (error.status_code in (409, 429) or error.status_code >= 500):
                return None
            asked = _seconds(error.response.headers.get("retry-after", ""))
            if asked is not None:
                return asked if asked <= self.patience.longest_pause else None
            return usual
        return usual if _never_sent(error) else None

    def _unless_down(self) -> None:
        with self._lock:
            if self._down and self.clock() < self._down[0]:
                raise type(self._down[1])(self._down[1].user_message)

    def _translated(self, error: Exception, asked: Asked | None = None) -> GardenError:
        told, lasting = _reason(error, self.model, self.patience.timeout)
        status = error.status_code if isinstance(error, anthropic.APIStatusError) else 0
        raised = Forbidden(told) if lasting else AnalystUnavailable(told)
        if status not in (400, 413, 422) or "credit" in told:
            with self._lock:
                self._down = (self.clock() + self.patience.rest, raised)
        if asked and _ambiguous(error) and not lasting:
            return AnalystUnavailable(told, spend=asked.at_most)
        return raised

    def _spend(self, reply: Reply, asked: Asked) -> Spend:
        usage, price = reply.usage, self._price
        if usage is None:
            return asked.at_most
        fresh, written, read = usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens
        sent, output = fresh + written + read, usage.output_tokens
        if price is None:
            return Spend(self.model, sent, output, None, self._at_most(sent, output))
        parts = (fresh * price.input, written * price.cache_write, read * price.cache_read, output * price.output)
        return Spend(self.model, sent, output, sum(parts) / 1_000_000)


FAILURES = (anthropic.AnthropicError, httpx2.HTTPError, GoogleAuthError)
"""What the package raises, what reading an answer raises, and what credentials of Google's raise."""


def _answer(reply: Reply, model: str, spend: Spend) -> Answer:
    if reply.stop_reason == "refusal":
        raise Unusable(f"{model} refused to answer", spend)
    if reply.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        raise Unusable(f"the answer of {model} was cut off at its length limit", spend)
    if len(reply.written) > ANSWER_BOUND:
        raise Unusable(f"the answer of {model} is longer than any answer should be", spend)
    try:
        return Answer.model_validate_json(reply.written)
    except ValidationError as error:
        raise Unusable(f"the answer of {model} does not have the form it was asked for", spend) from error


def _never_sent(error: Exception) -> bool:
    """The connection was never there, so that nothing can have been carried out."""
    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)


def _ambiguous(error: Exception) -> bool:
    """Sent, and nobody can say whether it was carried out and paid for."""
    if isinstance(error, anthropic.APIStatusError):
        return error.status_code in AMBIGUOUS
    return isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError) and not _never_sent(error)


def _reason(error: Exception, model: str, timeout: float) -> tuple[str, bool]:
    """Why, in words to show, and whether asking again later is of no use. Foreign texts are not passed on."""
    if isinstance(error, GoogleAuthError):
        return "Google's credentials for the model are missing or not accepted", not error.retryable
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return f"{model} did not answer within {timeout:g} s", False
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        return f"no connection to the service of {model}, or it was cut", False
    if not isinstance(error, anthropic.APIStatusError):
        return f"the service of {model} gave an answer that cannot be read", False
    status, said = error.status_code, str(error.body).lower()
    if status == 402 or "credit balance" in said or "billing_error" in said:
        return "the account of the model's key has no credit left", True
    if status == 401:
        return "the model's key is not accepted (401)", True
    if status == 403:
        return f"the model's key may not use {model} (403)", True
    if status == 404:
        return f"there is no model named {model} (404)", True
    if status == 413:
        return "the request was too large for the model (413)", True
    if status == 429:
        return "the model's rate limit is reached (429)", False
    if status == 529:
        return f"{model} is overloaded (529)", False
    if status >= 500 or status in (408, 409):
        return f"the service of {model} fails ({status})", False
    return f"the request was not accepted by the model ({status})", True


def _seconds(written: str) -> float | None:
    try:
        seconds = float(written)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None
