"""What a webhook's reply means, as a table; and that no header and no setting can upset the policy."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outcomes import (
    MAX_RETRY_AFTER,
    MOST_ATTEMPTS,
    Policy,
    ask_again,
    next_try,
    of_error,
    of_status,
    retry_after,
)

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
POLICY = Policy(max_attempts=3, base=2.0, longest=60.0)
NEVER = None


def reply(status: int, attempt: int = 1, policy: Policy = POLICY, jitter: float = 1.0, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_status(status, named, attempt=attempt, policy=policy, now=NOW, jitter=jitter)


@pytest.mark.parametrize(
    ("status", "code", "seconds"),
    [
        (429, "RATE_LIMIT", 2),
        (500, "API_ERROR", 2),
        (502, "API_ERROR", 2),
        (503, "API_ERROR", 2),
        (504, "API_ERROR", 2),
        (301, "API_ERROR", NEVER),
        (400, "VALIDATION", NEVER),
        (401, "AUTH", NEVER),
        (403, "AUTH", NEVER),
        (404, "API_ERROR", NEVER),
        (408, "API_ERROR", NEVER),
        (410, "API_ERROR", NEVER),
        (413, "VALIDATION", NEVER),
        (422, "VALIDATION", NEVER),
    ],
)
def test_what_a_status_means(status: int, code: str, seconds: int | None) -> None:
    found = reply(status)
    assert found is not None
    assert (found.code, str(status) in found.reason) == (code, True)
    assert found.retry_at == (NEVER if seconds is NEVER else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("status", "outage"), [(429, False), (500, True), (503, True), (404, False), (400, False)])
def test_what_speaks_against_the_webhook_itself(status: int, outage: bool) -> None:
    found = reply(status)
    assert found is not None
    assert found.outage == outage


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_no_refusal(status: int) -> None:
    assert reply(status) is None


def test_a_connection_error_is_tried_again_and_named() -> None:
    found = of_error("TimeoutError", attempt=1, policy=POLICY, now=NOW, jitter=0.0)
    assert (found.code, found.retry_at) == ("API_ERROR", NOW + timedelta(seconds=1))
    assert "TimeoutError" in found.reason


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0.0, 1), (1, 1.0, 2), (2, 0.0, 2), (2, 1.0, 4), (3, 1.0, 8), (9, 0.0, 30), (5000, 1.0, 60)],
)
def test_each_wait_is_twice_the_last_and_half_of_it_random(attempt: int, jitter: float, seconds: int) -> None:
    patient = Policy(max_attempts=10_000, base=2.0, longest=60.0)
    assert next_try(attempt, patient, NOW, jitter) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("attempt", [3, 4, 100])
def test_the_last_attempt_is_the_last(attempt: int) -> None:
    assert next_try(attempt, POLICY, NOW, 0.5) is None
    assert reply(503, attempt, Retry_After="1").retry_at is None


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, timedelta()),
        ("", timedelta()),
        ("0", timedelta()),
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("0000000120", timedelta(minutes=2)),
        ("0" * 5_000, timedelta()),
        ("999999", MAX_RETRY_AFTER),
        ("9" * 5_000, MAX_RETRY_AFTER),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), timedelta(hours=1)),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), timedelta()),
        ("Sun, 01 Feb 2026 09:00:30", timedelta(seconds=30)),
        ("Sun, 01 Feb 2999 09:00:30 GMT", MAX_RETRY_AFTER),
        ("soon", timedelta()),
        ("-5", timedelta()),
        ("1.5", timedelta()),
        ("²", timedelta()),
    ],
)
def test_retry_after(header: str | None, wait: timedelta) -> None:
    assert retry_after(header, NOW) == wait


def test_retry_after_is_obeyed_where_it_is_longer() -> None:
    assert reply(429, Retry_After="50").retry_at == NOW + timedelta(seconds=50)
    assert reply(429, Retry_After="1").retry_at == NOW + timedelta(seconds=2)


def test_a_policy_is_what_the_client_says_over_the_defaults() -> None:
    assert Policy.of({}) == Policy()
    told = {"max_attempts": "7", "retry_base_seconds": 1, "retry_longest_seconds": 9, "timeout_seconds": "60"}
    told |= {"retry_span_seconds": 100, "missing_attempts": "2"}
    assert Policy.of(told) == Policy(7, 1.0, 9.0, 100.0, 60.0, 2)


def test_the_plan_spans_three_days_unless_told_otherwise() -> None:
    plan = Policy()
    waits = [plan.delay(attempt) * 0.75 for attempt in range(1, plan.attempts)]
    assert waits[:3] == [1.5, 3, 6]
    assert sum(waits[:-1]) < 72 * 3600 <= sum(waits)
    assert next_try(plan.attempts, plan, NOW, 0.5) is None
    assert next_try(plan.attempts - 1, plan, NOW, 0.5) == NOW + timedelta(hours=4.5)


@pytest.mark.parametrize(("told", "hours"), [
    ({}, 72), ({"retry_span_seconds": 60}, 1 / 60), ({"max_attempts": 3}, 72),
    ({"max_attempts": 101, "retry_base_seconds": 7200, "retry_longest_seconds": 7200}, 150),
    ({"max_attempts": 10**30}, 44_961.4),
])  # fmt: skip
def test_a_webhook_that_takes_nothing_is_tried_as_long_as_all_attempts_at_it_would_take(told, hours: float) -> None:
    assert Policy.of(told).patience == pytest.approx(hours * 3600, rel=1e-3)


def test_a_plan_of_tiny_delays_is_not_endless() -> None:
    assert Policy(base=0.0).attempts == MOST_ATTEMPTS
    assert Policy(base=0.001, longest=0.001).attempts == MOST_ATTEMPTS


def test_a_missing_answer_is_not_asked_for_as_often_as_a_refusal_is_tried() -> None:
    policy = Policy(missing=2)
    assert ask_again(1, 1, policy, NOW, 0.5) == next_try(1, policy, NOW, 0.5)
    assert ask_again(9, 1, policy, NOW, 0.5) is not None
    assert ask_again(2, 2, policy, NOW, 0.5) is None


@pytest.mark.parametrize("value", ["soon", "nan", "inf", -1, 1e12, None, []])
@pytest.mark.parametrize(
    "name", ["retry_base_seconds", "retry_longest_seconds", "retry_span_seconds", "timeout_seconds"]
)
def test_a_policy_that_cannot_be_kept_is_refused(name: str, value) -> None:
    with pytest.raises((ValueError, TypeError)):
        Policy.of({name: value})


@given(st.text() | st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,9} \d\d:\d\d:\d\d ([+-]\d{1,9}|GMT)"))
def test_no_header_upsets_the_wait(header: str) -> None:
    assert timedelta() <= retry_after(header, NOW) <= MAX_RETRY_AFTER


@given(
    st.integers(1, 10_000), st.floats(0, 366 * 86_400), st.floats(0, 366 * 86_400), st.floats(0, 1),
)  # fmt: skip
def test_every_policy_gives_a_time(attempt: int, base: float, longest: float, jitter: float) -> None:
    due = next_try(attempt, Policy(20_000, base, longest), NOW, jitter)
    assert due is not None
    assert NOW <= due <= NOW + timedelta(seconds=longest)
