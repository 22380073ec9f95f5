"""What a provider's reply to a POST means, and when to try again. Pure.

429 and 5xx and connection errors are tried again, later each time, with jitter, never before `Retry-After`; any
other 4xx fails at once. A missing answer is asked for again, but not as often.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from shared.events import FailureCode

MAX_RETRY_AFTER: Final = timedelta(hours=24)
MAX_SECONDS: Final = 366 * 86_400
MOST_ATTEMPTS: Final = 100
MEAN_JITTER: Final = 0.75


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a workflow is. Seconds, unless named otherwise.

    Refused, it is tried again for `span` or a little longer on average, or `max_attempts` times. An answer that went
    `missing` that many times is not asked for again: each time may have been paid for.
    """

    max_attempts: int | None = None
    base: float = 2.0
    longest: float = 6 * 3600.0
    span: float = 72 * 3600.0
    timeout: float = 3600.0
    missing: int = 3

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Policy":
        """A client's; what it does not say has the defaults above. Raises ValueError and TypeError."""
        default = cls()
        told = config.get("max_attempts")
        return cls(
            max_attempts=None if told is None else int(told),
            base=_seconds(config, "retry_base_seconds", default.base),
            longest=_seconds(config, "retry_longest_seconds", default.longest),
            span=_seconds(config, "retry_span_seconds", default.span),
            timeout=_seconds(config, "timeout_seconds", default.timeout),
            missing=int(config.get("missing_attempts", default.missing)),
        )

    @classmethod
    def or_default(cls, config: Mapping[str, Any]) -> "Policy":
        """A client's, or the default where theirs cannot be used: one mistake must not stop everyone."""
        try:
            return cls.of(config)
        except (ValueError, TypeError, ArithmeticError):
            return cls()

    def delay(self, attempt: int) -> float:
        """Between attempt `attempt` and the next, at most: doubled each time."""
        return min(self.longest, self.base * 2.0 ** min(attempt - 1, 60))

    @property
    def attempts(self) -> int:
        """How many there are in all: as many as reach over the span, but not endless where delays are tiny."""
        if self.max_attempts is not None:
            return self.max_attempts
        return _attempts(self)

    @property
    def patience(self) -> float:
        """For how long a call is tried at a webhook that takes nothing: `span`, or as long as `max_attempts` take."""
        return self.span if self.max_attempts is None else max(self.span, _seconds_of_attempts(self))


@lru_cache
def _seconds_of_attempts(policy: Policy) -> float:
    return sum(policy.delay(attempt) * MEAN_JITTER for attempt in range(1, min(policy.attempts, 10_000)))


@lru_cache
def _attempts(policy: Policy) -> int:
    waits = accumulate(policy.delay(attempt) * MEAN_JITTER for attempt in range(1, MOST_ATTEMPTS))
    return 1 + next((n for n, waited in enumerate(waits, start=1) if waited >= policy.span), MOST_ATTEMPTS - 1)


def _seconds(config: Mapping[str, Any], name: str, default: float) -> float:
    value = float(config.get(name, default))
    if not 0 <= value <= MAX_SECONDS:
        raise ValueError(f"{name} is {value}: it has to be between 0 and {MAX_SECONDS} seconds")
    return value


@dataclass(frozen=True, slots=True)
class Refusal:
    """A POST that did not succeed; `retry_at` None means never again. `outage`: it speaks against the webhook.

    `in_doubt`: it went out and had no answer, so it may have arrived all the same.
    """

    code: FailureCode
    reason: str
    retry_at: datetime | None
    outage: bool = False
    in_doubt: bool = False


def of_status(
    status: int, headers: Mapping[str, str], *, attempt: int, policy: Policy, now: datetime, jitter: float
) -> Refusal | None:
    """What an HTTP status means; None for success. `jitter`: a random number between 0 and 1."""
    if 200 <= status < 300:
        return None
    reason = f"the webhook answered {status}"
    if status == 429 or status >= 500:
        code: FailureCode = "RATE_LIMIT" if status == 429 else "API_ERROR"
        wait = retry_after(headers.get("Retry-After"), now)
        retry_at = next_try(attempt, policy, now, jitter, at_least=wait)
        return Refusal(code, reason, retry_at, outage=status != 429)
    if status in {401, 403}:
        return Refusal("AUTH", f"{reason}: check the webhook's URL and its secret", None)
    return Refusal("VALIDATION" if status in {400, 413, 422} else "API_ERROR", reason, None)


def of_error(
    error: str, *, attempt: int, policy: Policy, now: datetime, jitter: float, in_doubt: bool = False
) -> Refusal:
    """What a connection error or time-out means; `in_doubt`: when it came the POST was out."""
    retry_at = next_try(attempt, policy, now, jitter)
    what = "the webhook gave no answer and may have taken the call" if in_doubt else "the webhook could not be reached"
    return Refusal("API_ERROR", f"{what}: {error}", retry_at, outage=True, in_doubt=in_doubt)


def next_try(
    attempt: int, policy: Policy, now: datetime, jitter: float, at_least: timedelta = timedelta()
) -> datetime | None:
    """When attempt `attempt` + 1 is due: doubled each time, half of it at random; None after the last."""
    if attempt >= policy.attempts:
        return None
    return now + max(timedelta(seconds=policy.delay(attempt) * (0.5 + jitter / 2)), at_least)


def ask_again(attempt: int, missing: int, policy: Policy, now: datetime, jitter: float) -> datetime | None:
    """When to ask again after the answer of attempt `attempt` went missing, the `missing`th that did."""
    return None if missing >= policy.missing else next_try(attempt, policy, now, jitter)


def retry_after(value: str | None, now: datetime) -> timedelta:
    """The wait of a Retry-After header, in seconds or as a date: a day at most, nothing if unreadable."""
    if not value:
        return timedelta()
    digits = value.strip()
    if digits.isdecimal():
        digits = digits.lstrip("0") or "0"
        wait = timedelta(seconds=int(digits)) if len(digits) < 7 else MAX_RETRY_AFTER
    else:
        try:
            when = email.utils.parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return timedelta()
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return max(timedelta(), min(wait, MAX_RETRY_AFTER))
