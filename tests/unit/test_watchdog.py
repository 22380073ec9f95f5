"""The watchdog: a held-up event loop is measured, and the stack it stands in is told while it does."""

import asyncio
import time

import structlog

from shared.runtime.watchdog import Watchdog


def hold_up(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_stall_is_measured_and_its_place_is_told() -> None:
    late: list[float] = []
    watching = asyncio.create_task(Watchdog(late.append).run())
    with structlog.testing.capture_logs() as told:
        await asyncio.sleep(0.2)
        assert told == []
        hold_up(2)
        await asyncio.sleep(0.2)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert 1.5 < max(late) < 10
    assert sum(seconds > 1.5 for seconds in late) == 1
    (entry,) = [each for each in told if each["event"] == "the event loop is held up"]
    assert "hold_up" in entry["at"]
