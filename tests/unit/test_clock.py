"""One time of day for all: the database's, where a machine's own clock is off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.runtime import clock

SOON = timedelta(milliseconds=5)


@pytest.fixture(autouse=True)
def believed_before_and_after() -> Iterator[None]:
    yield
    told(timedelta())


def told(off: timedelta, took: timedelta = SOON) -> timedelta:
    """By how much the clock is corrected when the database, asked for `took`, says another time by `off`."""
    asked = datetime.now(UTC)
    clock.compare(asked + took / 2 + off, asked, asked + took)
    return clock.now() - datetime.now(UTC)


@pytest.mark.parametrize("minutes", [-10, 10, 60 * 24])
def test_a_clock_that_is_off_is_corrected(minutes: int) -> None:
    assert abs(told(timedelta(minutes=minutes)) - timedelta(minutes=minutes)) < SOON


@pytest.mark.parametrize("milliseconds", [-900, 0, 900])
def test_a_clock_within_a_second_is_believed(milliseconds: int) -> None:
    assert abs(told(timedelta(milliseconds=milliseconds))) < SOON


def test_an_answer_that_took_long_proves_nothing() -> None:
    assert abs(told(timedelta(seconds=3), took=timedelta(seconds=4))) < SOON


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    told(timedelta(minutes=10))
    assert abs(told(timedelta())) < SOON
