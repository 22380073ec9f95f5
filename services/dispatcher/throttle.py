"""How fast one webhook is called: a token bucket and a limit in flight, for each URL.

Only the leading replica sends, so one process's buckets are everybody's.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

# Clay takes 10 records a second in a workspace, in bursts of 20.
RATE: Final = 10.0
BURST: Final = 20
IN_FLIGHT: Final = 16


@dataclass
class Bucket:
    """`rate` tokens a second up to `burst`; rate 0 means no limit."""

    rate: float
    burst: int
    slots: asyncio.Semaphore
    tokens: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.at = float(self.burst), time.monotonic()

    async def take(self) -> None:
        """Wait for a token, in turn."""
        if not self.rate:
            return
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - 1
        self.at = now
        if self.tokens < 0:
            await asyncio.sleep(-self.tokens / self.rate)


class Throttle:
    """The buckets of all webhooks, made as they are met."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, float, int, int], Bucket] = {}

    @asynccontextmanager
    async def turn(self, url: str, config: Mapping[str, Any]) -> AsyncIterator[None]:
        """Hold one of the webhook's places, once it may be called."""
        rate, burst = float(config.get("rate_per_second", RATE)), int(config.get("burst", BURST))
        in_flight = int(config.get("in_flight", IN_FLIGHT))
        key = (url, rate, burst, in_flight)
        if key not in self._buckets:
            self._buckets[key] = Bucket(rate, burst, asyncio.Semaphore(in_flight))
        bucket = self._buckets[key]
        async with bucket.slots:
            await bucket.take()
            yield
