"""What a provider's reply to a POST means, and when to try again. Pure.

429 and 5xx and connection errors are tried again, later each time, with jitter, never before `Retry-After`; any
other 4xx fails at once.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.events import FailureCode

MAX_RETRY_AFTER: Final = timedelta(hours=24)
MAX_SECONDS: Final = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a workflow is. Seconds, unless named otherwise."""

    max_attempts: int = 5
    base: float = 2.0
    longest: float = 3600.0
    timeout: float = 3600.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Policy":
        """A client's; what it does not say has the defaults above. Raises ValueError and TypeError."""
        default = cls()
        return cls(
            max_attempts=int(config.get("max_attempts", default.max_attempts)),
            base=_seconds(config, "retry_base_seconds", default.base),
            longest=_seconds(config, "retry_longest_seconds", default.longest),
            timeout=_seconds(config, "timeout_seconds", default.timeout),
        )


def _seconds(config: Mapping[str, Any], name: str, default: float) -> float:
    value = float(config.get(name, default))
    if not 0 <= value <= MAX_SECONDS:
        raise ValueError(f"{name} is {value}: it has to be between 0 and {MAX_SECONDS} seconds")
    return value


@dataclass(frozen=True, slots=True)
class Refusal:
    """A POST that did not succeed; `retry_at` None means never again."""

    code: FailureCode
    reason: str
    retry_at: datetime | None


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
        return Refusal(code, reason, next_try(attempt, policy, now, jitter, at_least=wait))
    if status in {401, 403}:
        return Refusal("AUTH", f"{reason}: check the webhook's URL and its secret", None)
    return Refusal("VALIDATION" if status in {400, 413, 422} else "API_ERROR", reason, None)


def of_error(error: str, *, attempt: int, policy: Policy, now: datetime, jitter: float) -> Refusal:
    """What a connection error or time-out means."""
    return Refusal("API_ERROR", f"the webhook could not be reached: {error}", next_try(attempt, policy, now, jitter))


def next_try(
    attempt: int, policy: Policy, now: datetime, jitter: float, at_least: timedelta = timedelta()
) -> datetime | None:
    """When attempt `attempt` + 1 is due: doubled each time, half of it at random; None after the last."""
    if attempt >= policy.max_attempts:
        return None
    longest = min(policy.longest, policy.base * 2.0 ** min(attempt - 1, 60))
    return now + max(timedelta(seconds=longest * (0.5 + jitter / 2)), at_least)


def retry_after(value: str | None, now: datetime) -> timedelta:
    """The wait of a Retry-After header, in seconds or as a date: a day at most, nothing if unreadable."""
    if not value:
        return timedelta()
    digits = value.strip()
    if digits.isdecimal():
        wait = timedelta(seconds=int(digits)) if len(digits) < 7 else MAX_RETRY_AFTER
    else:
        try:
            when = email.utils.parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return timedelta()
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return max(timedelta(), min(wait, MAX_RETRY_AFTER))
