"""Analysis by Claude, through the anthropic package: one request per case, within time, tries and length.

Whatever goes wrong ends in `AnalystUnavailable` (asking later may help), `Unusable` (there was an answer, and it cost
something) or `Forbidden`, each with words that name the reason and never the key. When the service does not answer,
the cases that follow within a minute are not sent at all, so that a round does not wait for each of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import anthropic
from anthropic.types import Message
from pydantic import ValidationError

from bot.analysts.answer import ANSWER_BOUND, SCHEMA, Answer, analysis
from bot.analysts.evidence import EVIDENCE_BOUND, question
from bot.errors import AnalystUnavailable, Forbidden, GardenError, Unusable
from bot.models import Analysis, Case, Spend
from prompts import text

DEFAULT_MODEL = "claude-sonnet-5-5"
PUBLIC_ADDRESS = "https://api.anthropic.com"
Effort = Literal["low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float
    cache_write: float
    cache_read: float


PRICES: Mapping[str, Price] = {
    "claude-sonnet-5-5": Price(2.0, 10.0, 2.5, 0.2),
    "claude-sonnet-5": Price(2.0, 10.0, 2.5, 0.2),
    "claude-opus-5-5": Price(4.0, 20.0, 5.0, 0.4),
    "claude-fable-5-1": Price(10.0, 50.0, 12.5, 1.0),
}
"""As published in October 2026. A model that is not here costs an unknown sum, not nothing."""
CHARACTERS_IN_A_TOKEN = 2
"""Fewer than log text has: for upper bounds."""
AROUND = 6_000
"""Characters of a request beside the evidence: instructions and figures."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try."""

    timeout: float = 120.0
    tries: int = 3
    first_pause: float = 1.0
    longest_pause: float = 20.0
    rest: float = 60.0
    """After a failure of the service itself: how long nothing is asked."""


@dataclass(slots=True)
class Claude:
    """Asks one model of Anthropic's. `api_key` is kept out of every representation."""

    api_key: str = field(repr=False)
    base_url: str = ""
    model: str = DEFAULT_MODEL
    effort: Effort | None = "medium"
    max_tokens: int = 6_000
    prices: Mapping[str, Price] = field(default_factory=lambda: PRICES, repr=False)
    patience: Patience = Patience()
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    boundary: Callable[[], str] = field(default=lambda: secrets.token_hex(16), repr=False)
    name: str = field(init=False)
    _client: anthropic.Anthropic = field(init=False, repr=False)
    _down: str = field(init=False, default="", repr=False)
    _down_lasts: bool = field(init=False, default=False, repr=False)
    _down_until: float = field(init=False, default=0.0, repr=False)

    def __post_init__(self) -> None:
        self.name = self.model
        self._client = anthropic.Anthropic(
            api_key=self.api_key,
            base_url=self.base_url or PUBLIC_ADDRESS,
            timeout=self.patience.timeout,
            max_retries=0,
        )

    def analyse(self, case: Case) -> tuple[Analysis, Spend | None]:
        """One analysis and what it cost."""
        if self._down and self.clock() < self._down_until:
            raise Forbidden(self._down) if self._down_lasts else AnalystUnavailable(self._down)
        message = self._ask(question(case, self.boundary))
        spend = self._spend(message)
        return analysis(_answer(message, self.model, spend), case, self.model), spend

    @property
    def ceiling(self) -> float:
        """Dollars that one request may cost at most; a model without a known price counts as the dearest known."""
        return self._at_most((EVIDENCE_BOUND + AROUND) // CHARACTERS_IN_A_TOKEN, self.max_tokens)

    def _at_most(self, input_tokens: int, output_tokens: int) -> float:
        known = [p] if (p := self.prices.get(self.model)) else list((self.prices or PRICES).values())
        return max(input_tokens * p.cache_write + output_tokens * p.output for p in known) / 1_000_000

    def probe(self) -> None:
        """Whether key and model are good; costs nothing. Raises what `analyse` would."""
        try:
            self._client.models.retrieve(self.model, timeout=10)
        except anthropic.APIError as error:
            raise self._translated(error) from error

    def close(self) -> None:
        self._client.close()

    def _ask(self, asked: str) -> Message:
        for left in reversed(range(self.patience.tries)):
            try:
                return self._create(asked)
            except anthropic.APIError as error:
                wait = self._wait(error, self.patience.tries - left - 1)
                if left and wait is not None:
                    self.pause(wait)
                    continue
                raise self._translated(error, asked) from error
        raise AnalystUnavailable("The model was not asked: no try is allowed.")

    def _create(self, asked: str) -> Message:
        config: anthropic.types.OutputConfigParam = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if self.effort:
            config["effort"] = self.effort
        return self._client.messages.create(
            model=self.model,
            max_tokens=self.max_tokens,
            system=[{"type": "text", "text": text("analyse.system.md"), "cache_control": {"type": "ephemeral"}}],
            messages=[{"role": "user", "content": asked}],
            output_config=config,
        )

    def _wait(self, error: anthropic.APIError, tried: int) -> float | None:
        """Seconds to wait before another try; None where another try is of no use, or would have to wait too long."""
        if isinstance(error, anthropic.APITimeoutError):
            return None
        usual = min(self.patience.first_pause * float(4**tried), self.patience.longest_pause)
        if isinstance(error, anthropic.APIStatusError):
            if error.status_code not in (408, 409, 429) and error.status_code < 500:
                return None
            asked = _seconds(error.response.headers.get("retry-after", ""))
            if asked is not None:
                return asked if asked <= self.patience.longest_pause else None
            return usual
        return usual if isinstance(error, anthropic.APIConnectionError) else None

    def _translated(self, error: anthropic.APIError, asked: str = "") -> GardenError:
        told, lasting = _reason(error, self.model, self.patience.timeout)
        status = error.status_code if isinstance(error, anthropic.APIStatusError) else 0
        if status not in (400, 413, 422):
            self._down, self._down_lasts, self._down_until = told, lasting, self.clock() + self.patience.rest
        sent = len(asked) // CHARACTERS_IN_A_TOKEN + AROUND // CHARACTERS_IN_A_TOKEN
        unanswered = asked and isinstance(error, anthropic.APITimeoutError)
        spend = (
            Spend(self.model, sent, self.max_tokens, None, self._at_most(sent, self.max_tokens)) if unanswered else None
        )
        return Forbidden(told) if lasting else AnalystUnavailable(told, spend=spend)

    def _spend(self, message: Message) -> Spend:
        usage = getattr(message, "usage", None)
        fresh, written, read, output = (
            int(getattr(usage, name, None) or 0)
            for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        )
        price = self.prices.get(self.model) if usage else None
        dollars = None
        if price:
            parts = (fresh * price.input, written * price.cache_write, read * price.cache_read, output * price.output)
            dollars = sum(parts) / 1_000_000
        sent = fresh + written + read
        at_most = self._at_most(sent, output) if usage else self.ceiling
        return Spend(self.model, sent, output, dollars, 0.0 if price else at_most)


def _answer(message: Message, model: str, spend: Spend) -> Answer:
    stop = getattr(message, "stop_reason", None)
    if stop == "refusal":
        raise Unusable(f"{model} refused to answer", spend)
    if stop in ("max_tokens", "model_context_window_exceeded"):
        raise Unusable(f"the answer of {model} was cut off at its length limit", spend)
    blocks = getattr(message, "content", None) or []
    written = "".join(b.text for b in blocks if getattr(b, "type", "") == "text" and isinstance(b.text, str))
    if len(written) > ANSWER_BOUND:
        raise Unusable(f"the answer of {model} is longer than any answer should be", spend)
    try:
        return Answer.model_validate_json(written)
    except ValidationError as error:
        raise Unusable(f"the answer of {model} does not have the form it was asked for", spend) from error


def _reason(error: anthropic.APIError, model: str, timeout: float) -> tuple[str, bool]:
    """Why, in words to show, and whether asking again later is of no use. Foreign texts are not passed on."""
    if isinstance(error, anthropic.APITimeoutError):
        return f"{model} did not answer within {timeout:g} s", False
    if isinstance(error, anthropic.APIConnectionError):
        return f"no connection to the service of {model}", False
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
