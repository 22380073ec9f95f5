"""A watchdog for the event loop: how late it comes back to a task that only sleeps, and what kept it.

While the loop is held up nothing in it can say so. A thread beside it writes the stack that it stands in to the log.
"""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final

import structlog

EVERY_SECONDS: Final = 0.05
LONG_BEATS: Final = 6  # a quarter of a second, and the beat that was due anyway
logger = structlog.get_logger()


class Watchdog:
    """Measures the loop it runs in; `observe` gets how late each beat was, in seconds."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._beat = 0.0
        self._over = threading.Event()

    async def run(self) -> None:
        """Beat for ever."""
        self._beat = time.monotonic()
        watcher = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        watcher.start()
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                now = time.monotonic()
                self._observe(max(0.0, now - self._beat - EVERY_SECONDS))
                self._beat = now
        finally:
            self._over.set()

    def _watch(self, loop_thread: int) -> None:
        """Tell of each long stall once, while it lasts; by its own beats, for a busy machine holds both up."""
        seen, beats = 0.0, 0
        while not self._over.wait(EVERY_SECONDS):
            beats = beats + 1 if self._beat == seen else 0
            seen = self._beat
            if beats == LONG_BEATS:
                frame = sys._current_frames().get(loop_thread)
                stack = traceback.format_stack(frame)[-8:] if frame else []
                logger.warning("the event loop is held up", beats=beats, at="".join(stack))
