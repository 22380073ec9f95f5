"""A watchdog for the event loop: how late it comes back to a task that only sleeps, and what kept it.

While the loop is held up nothing in it can say so. A thread beside it writes the stack that it stands in to the log.
A machine without a free processor holds up every process on it: that time is the kernel's, which counts it for each
thread, and is taken off where it can be read (Linux). What is left is what this program did to its own loop.
"""

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
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
        self._over = threading.Event()

    async def run(self) -> None:
        """Beat for ever."""
        thread = Thread(threading.get_native_id())
        self._beat = Beat(thread)
        watcher = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        watcher.start()
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                self._observe(max(0.0, self._beat.age() - EVERY_SECONDS))
                self._beat = Beat(thread)
        finally:
            self._over.set()
            watcher.join()
            thread.close()

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


class Thread:
    """One thread of this process (its native id), and for how long no processor was free for it.

    What the kernel says is opened once: it is asked at every beat.
    """

    def __init__(self, native_id: int) -> None:
        try:
            self._file = os.open(f"/proc/self/task/{native_id}/schedstat", os.O_RDONLY)
        except OSError:
            self._file = -1

    def waited(self) -> float:
        """Seconds; 0 where the kernel does not say."""
        return int(os.pread(self._file, 64, 0).split()[1]) / NANO if self._file >= 0 else 0.0

    def close(self) -> None:
        """Ask no more."""
        if self._file >= 0:
            os.close(self._file)


class Beat:
    """A moment of a thread."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        self._at, self._waited = time.monotonic(), thread.waited()

    def age(self) -> float:
        """Seconds since then, without those in which the thread was ready and no processor was free."""
        return time.monotonic() - self._at - (self._thread.waited() - self._waited)
