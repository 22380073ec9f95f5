"""Cancellation that is not lost, and that does not cut short what has to come to its end.

Before Python 3.12, `asyncio.wait_for` swallows a cancellation that arrives together with its result, and so do the
libraries that use it (nats-py does, for every request). Ours use `asyncio.timeout`, and a loop that calls such a
library asks here on each round.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


def end_if_cancelled() -> None:
    """Raise the cancellation that was asked of this task and got lost on its way.

    Not for a task that has a TaskGroup of its own: before Python 3.12 a failing child counts as a cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do work that is bounded by itself to its end; a cancellation that comes meanwhile is raised afterwards.

    For the `finally` of a task in a TaskGroup: one that failed by itself is cancelled in the midst of its `finally`
    when the next one fails, and of what they share all fail together.
    """
    task, cancelled = asyncio.create_task(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
