"""What has to come to its end does so, whoever fails meanwhile."""

import asyncio

import pytest

from shared.runtime.cancellation import to_the_end


async def test_a_task_that_failed_ends_what_it_began_although_its_group_is_cancelled() -> None:
    said: list[str] = []
    failed = asyncio.Event()

    async def ending() -> None:
        failed.set()
        await asyncio.sleep(0.05)
        said.append("ended")

    async def first() -> None:
        try:
            raise ConnectionError("the server is gone")
        finally:
            await to_the_end(ending())

    async def second() -> None:
        await failed.wait()
        raise ConnectionError("for me too")

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(first())
            group.create_task(second())

    with pytest.raises(ExceptionGroup) as raised:
        await both()
    assert said == ["ended"]
    assert [str(error) for error in raised.value.exceptions] == ["for me too"]


async def test_a_cancellation_is_raised_afterwards_however_often_it_came() -> None:
    said: list[str] = []

    async def ending() -> None:
        await asyncio.sleep(0.05)
        said.append("ended")

    task = asyncio.create_task(to_the_end(ending()))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert said == ["ended"]


async def test_what_goes_wrong_in_the_end_is_raised() -> None:
    async def ending() -> None:
        raise ValueError("not so")

    with pytest.raises(ValueError, match="not so"):
        await to_the_end(ending())
