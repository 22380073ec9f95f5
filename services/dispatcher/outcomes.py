"""What a provider's reply to a POST means, and when to try again. Pure.

429 and 5xx and connection errors are tried again, later each time, with jitter, never before `Retry-After`; any other
4xx fails at once.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.events import FailureCode

MAX_RETRY_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a workflow is. Seconds, unless named otherwise."""

    max_attempts: int = 5
    base: float = 2.0
    longest: float = 3600.0
    timeout: float = 3600.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Policy":
        """The policy of a client's configuration; what it does not say has the defaults above. Raises ValueError."""
        default = cls()
        return cls(
            max_attempts=int(config.get("max_attempts", default.max_attempts)),
            base=float(config.get("retry_base_seconds", default.base)),
            longest=float(config.get("retry_longest_seconds", default.longest)),
            timeout=float(config.get("timeout_seconds", default.timeout)),
        )


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
    return Refusal(
        "API_ERROR", f"the webhook could not be reached: {error}", next_try(attempt, policy, now, jitter)
    )


def next_try(
    attempt: int, policy: Policy, now: datetime, jitter: float, at_least: timedelta = timedelta()
) -> datetime | None:
    """When attempt number `attempt` + 1 is due: doubled each time, half of it at random; None after the last."""
    if attempt >= policy.max_attempts:
        return None
    longest = min(policy.longest, policy.base * 2 ** (attempt - 1))
    return now + max(timedelta(seconds=longest * (0.5 + jitter / 2)), at_least)


def retry_after(value: str | None, now: datetime) -> timedelta:
    """The wait that a Retry-After header asks for, in seconds or as a date; a day at most, nothing if unreadable."""
    if not value:
        return timedelta()
    if value.strip().isdigit():
        wait = timedelta(seconds=min(int(value), 10**6))
    else:
        try:
            when = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return timedelta()
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return max(timedelta(), min(wait, MAX_RETRY_AFTER))
