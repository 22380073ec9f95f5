"""While a server is away, who waits for it tries ever less often, and within two seconds."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime import follower, relay
from shared.runtime.follower import Follower
from shared.runtime.settings import Settings
from tests.integration.counting import counting


class Enough(Exception):
    """As often as the test wants it."""


async def test_a_follower_waits_longer_each_time_until_it_has_led(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    following = Follower(counting(), Settings())

    async def term(*_: object) -> None:
        following.leading = len(waited) == 5
        raise ExceptionGroup("", [OSError("away")])

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 7:
            raise Enough

    monkeypatch.setattr(following, "_term", term)
    monkeypatch.setattr(follower.asyncio, "sleep", sleep)
    monkeypatch.setattr(follower.random, "uniform", lambda least, most: most)
    nobody: Any = None
    with pytest.raises(Enough):
        await following.run(nobody, nobody)
    assert waited == [1, 2, 2, 2, 2, 0.5, 1]


async def test_a_relay_waits_longer_each_time_until_it_has_worked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    now, stop = 0.0, asyncio.Event()

    async def lead(*_: object) -> None:
        nonlocal now
        now += 60 if len(waited) == 4 else 1
        raise OSError("away")

    async def within(seconds: float, _: object) -> None:
        waited.append(seconds)
        if len(waited) == 6:
            stop.set()

    monkeypatch.setattr(relay, "_lead", lead)
    monkeypatch.setattr(relay, "within", within)
    monkeypatch.setattr(relay, "time", SimpleNamespace(monotonic=lambda: now))
    await relay.run(Settings(), stop)
    assert waited == [0.5, 1, 2, 2, 0.5, 1]
