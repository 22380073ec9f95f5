"""The throttle against a clock of its own: rate, burst, places in flight, each webhook for itself."""

import asyncio
from collections.abc import Callable

import pytest

from services.dispatcher import throttle
from services.dispatcher.throttle import Throttle

URL = "https://hook.example/1"


class Clock:
    """Time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.real_sleep = 1_000.0, asyncio.sleep

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await self.real_sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(throttle.time, "monotonic", found.monotonic)
    monkeypatch.setattr(throttle.asyncio, "sleep", found.sleep)
    return found


async def calls(limits: Throttle, count: int, clock: Clock, url: str = URL, **config) -> list[float]:
    """When each of `count` calls in a row could begin, in seconds from now."""
    began, times = clock.now, []
    for _ in range(count):
        async with limits.turn(url, config):
            times.append(round(clock.now - began, 6))
    return times


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate(clock: Clock) -> None:
    times = await calls(Throttle(), 6, clock, rate_per_second=10, burst=3)
    assert times == [0, 0, 0, 0.1, 0.2, 0.3]


async def test_the_limits_of_clay_hold_where_nothing_is_said(clock: Clock) -> None:
    times = await calls(Throttle(), 50, clock)
    assert times[:20] == [0] * 20
    assert times[-1] == pytest.approx(3.0)


async def test_a_pause_fills_the_burst_and_no_more(clock: Clock) -> None:
    limits = Throttle()
    await calls(limits, 5, clock, rate_per_second=10, burst=3)
    clock.now += 3_600
    assert await calls(limits, 4, clock, rate_per_second=10, burst=3) == [0, 0, 0, 0.1]


async def test_rate_zero_is_no_limit(clock: Clock) -> None:
    assert await calls(Throttle(), 500, clock, rate_per_second=0) == [0] * 500


async def test_webhooks_do_not_wait_for_each_other(clock: Clock) -> None:
    limits = Throttle()
    await calls(limits, 3, clock, rate_per_second=1, burst=1)
    assert await calls(limits, 1, clock, url="https://hook.example/2", rate_per_second=1, burst=1) == [0]


async def hold(limits: Throttle, held: list[int], let_go: asyncio.Event, **config) -> None:
    async with limits.turn(URL, config):
        held.append(1)
        await let_go.wait()


async def settle(done: Callable[[], bool]) -> None:
    for _ in range(50):
        if done():
            return
        await asyncio.sleep(0)


async def test_no_more_are_in_flight_than_allowed() -> None:
    limits, let_go, held = Throttle(), asyncio.Event(), []
    tasks = [asyncio.create_task(hold(limits, held, let_go, in_flight=4, burst=99)) for _ in range(10)]
    await settle(lambda: len(held) > 4)
    assert len(held) == 4
    let_go.set()
    await asyncio.gather(*tasks)
    assert len(held) == 10


async def test_a_call_that_fails_gives_its_place_back() -> None:
    limits = Throttle()
    for _ in range(3):
        with pytest.raises(OSError, match="refused"):
            async with limits.turn(URL, {"in_flight": 1}):
                raise OSError("refused")


@pytest.mark.parametrize("config", [{"burst": "many"}, {"rate_per_second": "fast"}, {"in_flight": -1}])
async def test_limits_that_are_no_numbers_are_refused(config) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        async with Throttle().turn(URL, config):
            pass
