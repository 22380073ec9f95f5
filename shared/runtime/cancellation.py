"""Cancellation that is not lost.

Before Python 3.12, `asyncio.wait_for` swallows a cancellation that arrives together with its result, and so do the
libraries that use it (nats-py does, for every request). Ours use `asyncio.timeout`, and a loop that calls such a
library asks here on each round.
"""

import asyncio


def end_if_cancelled() -> None:
    """Raise the cancellation that was asked of this task and got lost on its way.

    Not for a task that has a TaskGroup of its own: before Python 3.12 a failing child counts as a cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
