"""Sends answers to their callback URLs: limited in flight, on kept-alive connections, retried with backoff.

An answer that waits for its delay or its retry takes no place among those in flight.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from simulator.ledger import Entry
from simulator.settings import SimulatorSettings
from simulator.wire import Poster

Retried = Callable[["Callback"], None]
Ended = Callable[["Callback", int], None]
NO_REPLY = 0


@dataclass(slots=True)
class Callback:
    """One copy of an answer on its way; `attempt` counts the retries."""

    url: str
    body: bytes
    malformed: bool
    entry: Entry
    attempt: int = 0


def can_be_retried(status: int) -> bool:
    """Whether Clay's HTTP column would try again after this reply."""
    return status == NO_REPLY or status == 429 or status >= 500


class CallbackSender:
    """`retried` is told of every retry, `ended` of every end with the HTTP status, `NO_REPLY` for none."""

    def __init__(self, knobs: SimulatorSettings, poster: Poster, retried: Retried, ended: Ended) -> None:
        self.knobs = knobs
        self._poster = poster
        self._retried = retried
        self._ended = ended
        self._ready: deque[Callback] = deque()
        self._sending: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(self, callback: Callback, delay: float) -> None:
        """Send it after `delay` seconds."""
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self._queue, callback)
        else:
            self._queue(callback)

    async def close(self) -> None:
        """Send nothing more; those in flight have two seconds to end."""
        self._closed = True
        self._ready.clear()
        if self._sending:
            await asyncio.wait(self._sending, timeout=2)
        for task in self._sending:
            task.cancel()

    def _queue(self, callback: Callback) -> None:
        if self._closed:
            return
        self._ready.append(callback)
        self._start()

    def _start(self) -> None:
        """Have as many sent as are ready and may be in flight: one may be ended, or the knob be turned."""
        while self._ready and len(self._sending) < self.knobs.max_callbacks_in_flight:
            task = asyncio.get_running_loop().create_task(self._send(self._ready.popleft()))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._start()

    async def _send(self, callback: Callback) -> None:
        status = await self._post(callback)
        if can_be_retried(status) and callback.attempt < self.knobs.callback_retries:
            self._retry(callback)
        else:
            self._ended(callback, status)

    def _retry(self, callback: Callback) -> None:
        self._retried(callback)
        delay = self.knobs.callback_backoff_ms / 1000 * 2**callback.attempt
        callback.attempt += 1
        self.send(callback, delay)

    async def _post(self, callback: Callback) -> int:
        try:
            return await self._poster.post(callback.url, callback.body)
        except (OSError, TimeoutError, ValueError):
            return NO_REPLY
