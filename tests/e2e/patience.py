"""Waiting for what comes a little later: some parts know sooner than others, and some machines are slow."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cli.stack import Stack
from cli.supervisor import Process

T = TypeVar("T")


def eventually(ask: Callable[[], T], enough: Callable[[T], bool] = bool, seconds: float = 60, every: float = 0.1) -> T:
    """What `ask` says as soon as it is `enough`; fails with what it said last."""
    deadline = time.monotonic() + seconds
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {answer}"
        time.sleep(every)
    return answer


@contextmanager
def unwatched(stack: Stack, name: str) -> Iterator[Process]:
    """One part that nobody starts again while the block runs; it is there afterwards whatever happens."""
    part = stack.processes.pop(name)
    try:
        yield part
    finally:
        if not part.alive:
            part.start()
        stack.processes[name] = part


@contextmanager
def away(stack: Stack, name: str, how: signal.Signals = signal.SIGKILL) -> Iterator[None]:
    """One part is ended, is away while the block runs, and is back afterwards."""
    with unwatched(stack, name) as part:
        assert part.running is not None
        part.running.send_signal(how)
        part.running.wait(30)
        yield
