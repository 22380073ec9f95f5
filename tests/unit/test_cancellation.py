"""What has to come to its end does so, whoever fails meanwhile."""

import asyncio
import contextlib

import pytest

from shared.runtime.cancellation import AGAIN_SECONDS, end_now, to_the_end


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


async def test_after_a_cancellation_work_that_has_no_end_has_so_many_seconds() -> None:
    task = asyncio.create_task(to_the_end(stubborn(3), seconds=0.1))
    await asyncio.sleep(0.2)
    assert not task.done(), "nobody has cancelled it"
    task.cancel()
    async with asyncio.timeout(3 * AGAIN_SECONDS + 2):
        with pytest.raises(asyncio.CancelledError):
            await task


async def stubborn(times: int) -> None:
    """As psycopg with a server that stands still: asked to leave off so many times, it does."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


@pytest.mark.parametrize("error", [None, ValueError("its own")])
async def test_a_task_is_asked_to_end_until_it_has(error: Exception | None) -> None:
    async def working() -> None:
        await stubborn(2)
        if error is not None:
            raise error

    task = asyncio.create_task(working())
    await asyncio.sleep(0)
    async with asyncio.timeout(2 * AGAIN_SECONDS + 2):
        await end_now(task)
    assert task.done()
