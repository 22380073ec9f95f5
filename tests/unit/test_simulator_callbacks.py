"""How many answers the simulator sends at once, while its knob is turned."""

import asyncio
from typing import Any

import pytest

from simulator.callbacks import Callback, CallbackSender
from simulator.settings import SimulatorSettings
from tests.integration.log_harness import eventually


class Door:
    """Takes answers once it is opened, each in a moment; notes how many were there at once."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.inside = self.most = 0

    async def post(self, url: str, body: bytes) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.opened.wait()
        await asyncio.sleep(0)
        self.inside -= 1
        return 202


async def counted(ended: list[int]) -> int:
    return len(ended)


def allowing(count: int) -> SimulatorSettings:
    return SimulatorSettings(max_callbacks_in_flight=count)


@pytest.mark.parametrize(("before", "after"), [(8, 2), (2, 8), (1, 1)])
async def test_all_are_sent_whichever_way_the_knob_is_turned(before: int, after: int) -> None:
    door, ended = Door(), list[int]()
    poster: Any = door
    entry: Any = None
    sender = CallbackSender(allowing(before), poster, lambda _: None, lambda _, status: ended.append(status))
    for number in range(20):
        sender.send(Callback(f"http://somewhere/{number}", b"{}", False, entry), 0)
    await asyncio.sleep(0)
    assert door.most == before
    sender.knobs, door.most = allowing(after), 0
    door.opened.set()
    await eventually(lambda: counted(ended), lambda count: count == 20)
    assert ended == [202] * 20
    assert door.most <= max(before, after)
    await sender.close()
