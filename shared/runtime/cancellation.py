"""Cancellation that is not lost, nor waited for, and that does not cut short what has to come to its end.

Before Python 3.12, `asyncio.wait_for` swallows a cancellation that arrives together with its result, and so do the
libraries that use it (nats-py does, for every request). Ours use `asyncio.timeout`, and a loop that calls such a
library asks here on each round.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

AGAIN_SECONDS: Final = 0.5


def end_if_cancelled() -> None:
    """Raise the cancellation that was asked of this task and got lost on its way.

    Not for a task that has a TaskGroup of its own: before Python 3.12 a failing child counts as a cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for the event, no longer than so many seconds; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def end_now(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended, however it does.

    Cancelled once, psycopg asks a server that stands still for ten seconds more to leave off; cancelled again it ends.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
    if not task.cancelled():
        task.exception()  # asked for, or it is told of as one that nobody heard of


async def to_the_end(work: Coroutine[Any, Any, None], seconds: float | None = None) -> None:
    """Do work to its end; a cancellation that comes meanwhile is raised afterwards.

    From then on it has `seconds`; without a limit it has to be bounded by itself. For the `finally` of a task in a
    TaskGroup: one that failed by itself is cancelled in the midst of its `finally` when the next one fails, and of what
    they share all fail together.
    """
    task, cancelled, until = asyncio.create_task(work), False, None
    while not task.done():
        left = None if until is None else until - time.monotonic()
        try:
            if not (await asyncio.wait([task], timeout=left))[0]:
                await end_now(task)
        except asyncio.CancelledError:
            if seconds is not None and not cancelled:
                until = time.monotonic() + seconds
            cancelled = True
    if not (cancelled and task.cancelled()):
        task.result()
    if cancelled:
        raise asyncio.CancelledError
