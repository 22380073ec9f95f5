"""Calls that wait for a webhook that takes nothing end, but not those that wait for anything else."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.dispatcher.webhooks import Limits, Webhook

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waited", "took", "failed", "patience", "told"),
    [
        (73, None, 1, 72, 73),
        (73, 80, 1, 72, 73),
        (99, 73, 1, 72, 73),
        (71, None, 99, 72, None),
        (99, 71, 1, 72, None),
        (99, None, 0.2, 72, None),
        (99, None, 0.2, 0.1, 99),
    ],
    ids=["never took", "took before", "took meanwhile", "new", "took lately", "fails only now", "impatient"],
)
def test_what_has_waited_in_vain_is_not_waited_for_any_longer(
    waited: float, took: float | None, failed: float, patience: float, told: float | None
) -> None:
    """All in hours."""
    hook, seconds = Webhook("https://hook.example", Limits(failures=1)), time.monotonic()
    hook.has_taken(7, took and NOW - timedelta(hours=took))
    since = NOW - timedelta(hours=waited)
    hook.circuit.failed(hook.limits, seconds - failed * 3600)
    assert hook.in_vain(since, patience * 3600, NOW) is None, "what comes of the next call tells"
    hook.circuit.failed(hook.limits, seconds)
    assert hook.in_vain(since, patience * 3600, NOW) == (told and NOW - timedelta(hours=told))


def test_nothing_waits_in_vain_for_a_webhook_that_asks_for_pauses() -> None:
    hook = Webhook("https://hook.example", Limits(failures=1))
    hook.circuit.failed(hook.limits, time.monotonic() - 9 * 3600)
    hook.circuit.worked()
    hook.circuit.hold(time.monotonic() + 3600)
    assert hook.in_vain(NOW - timedelta(days=30), 72 * 3600, NOW) is None
