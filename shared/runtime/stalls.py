"""A watchdog for the event loop: how late it comes back to a task that only sleeps, and what kept it.

While the loop is held up nothing in it can say so. A thread beside it writes the stack that it stands in to the log.
A machine without a free processor holds up every process on it: that time is the kernel's, which counts it for each
thread, and is taken off where it can be read (Linux). What is left is what this program did to its own loop.
"""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

EVERY_SECONDS: Final = 0.05
LONG_BEATS: Final = 6  # a quarter of a second, and the beat that was due anyway
NANO: Final = 1_000_000_000
logger = structlog.get_logger()


class Watchdog:
    """Measures the loop it runs in; `observe` gets how late each beat was, in seconds."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._beat = Beat(threading.get_native_id())
        self._over = threading.Event()

    async def run(self) -> None:
        """Beat for ever."""
        self._beat = Beat(threading.get_native_id())
        watcher = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        watcher.start()
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                self._observe(max(0.0, self._beat.age() - EVERY_SECONDS))
                self._beat = Beat(self._beat.thread)
        finally:
            self._over.set()

    def _watch(self, loop_thread: int) -> None:
        """Tell of each long stall once, while it lasts; by its own beats too, for what freezes a process stops both."""
        seen, told, beats = None, None, 0
        while not self._over.wait(EVERY_SECONDS):
            beat = self._beat
            seen, beats = beat, beats + 1 if beat is seen else 0
            if beats >= LONG_BEATS and beat is not told and (age := beat.age()) > LONG_BEATS * EVERY_SECONDS:
                told = beat
                frame = sys._current_frames().get(loop_thread)
                stack = traceback.format_stack(frame)[-8:] if frame else []
                logger.warning("the event loop is held up", seconds=round(age, 3), at="".join(stack))


class Beat:
    """A moment of one thread (its native id)."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self._at, self._waited = time.monotonic(), _waited(thread)

    def age(self) -> float:
        """Seconds since then, without those in which the thread was ready and no processor was free."""
        return time.monotonic() - self._at - (_waited(self.thread) - self._waited)


def _waited(thread: int) -> float:
    """Seconds for which a thread of this process has waited for a processor; 0 where the kernel does not say."""
    try:
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_bytes().split()[1]) / NANO
    except (OSError, IndexError, ValueError):
        return 0.0
